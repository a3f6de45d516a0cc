//! Records as JSON lines, CSV or a table.

use std::io::{self, Write};

use clap::ValueEnum;
use clipsight::calibration::Grade;
use clipsight::model::Maker;
use clipsight_native::io::printable;
use serde::Serialize;

use super::record::{Record, Status};

/// How results are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// One JSON object per line
    Json,
    /// Comma-separated values with a header
    Csv,
    /// Columns for reading
    Table,
}

const CSV_HEADER: [&str; 27] = [
    "path",
    "path_bytes",
    "status",
    "probability",
    "logit",
    "grade",
    "reason",
    "family",
    "family_share",
    "generator",
    "generator_share",
    "quality",
    "unsteady",
    "error_code",
    "error_message",
    "sha256",
    "ms",
    "format",
    "width",
    "height",
    "notes",
    "model",
    "model_sha256",
    "views",
    "crop",
    "pictures",
    "head",
];

/// A writer of records; each is written at once, and flushed before the next is computed, even into
/// a pipe: whoever ends the program finds whole lines.
#[derive(Debug)]
pub(super) struct Output<W: Write> {
    format: Format,
    out: W,
}

impl<W: Write> Output<W> {
    pub(super) fn new(format: Format, out: W) -> Self {
        Self { format, out }
    }

    /// Writes what precedes the records.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        let titles = ["PROBABILITY", "GRADE", "MAKER", "QUALITY", "FORMAT", "SIZE", "MS", "PATH"];
        let line = match self.format {
            Format::Json => return Ok(()),
            Format::Csv => csv_line(&CSV_HEADER.map(str::to_owned))?,
            Format::Table => table_line(titles.map(str::to_owned)),
        };
        self.put(&line)
    }

    pub(super) fn write(&mut self, record: &Record) -> io::Result<()> {
        let line = match self.format {
            Format::Json => {
                let mut line = serde_json::to_vec(record)?;
                line.push(b'\n');
                line
            }
            Format::Csv => csv_line(&csv_cells(record))?,
            Format::Table => table_line(table_cells(record)),
        };
        self.put(&line)
    }

    fn put(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.flush()
    }
}

fn csv_line(cells: &[String]) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(cells)?;
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn table_line(cells: [String; 8]) -> Vec<u8> {
    let [probability, grade, maker, quality, format, size, ms, path] = cells;
    let line = format!(
        "{probability:>11}  {grade:<14}  {maker:<24}  {quality:>7}  {format:<6}  {size:>11}  \
         {ms:>6}  {path}\n"
    );
    line.into_bytes()
}

/// The name that a value has in JSON.
fn name(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

fn text(value: Option<impl ToString>) -> String {
    value.map_or(String::new(), |value| value.to_string())
}

fn csv_cells(record: &Record) -> [String; 27] {
    let family = record.attribution.as_ref().and_then(|facts| facts.family.as_ref());
    let generator = record.attribution.as_ref().and_then(|facts| facts.generator.as_ref());
    let name_of = |maker: Option<&Maker>| inert_cell(maker.map_or("", |maker| &maker.name));
    [
        inert_cell(&record.place.path),
        text(record.place.path_bytes.as_ref()),
        name(record.status),
        text(record.probability),
        text(record.logit),
        text(record.grade.map(|grade| grade.name())),
        text(record.reason.map(|reason| reason.name())),
        name_of(family),
        text(family.map(|maker| maker.share)),
        name_of(generator),
        text(generator.map(|maker| maker.share)),
        text(record.quality),
        text(record.stability.as_ref().map(|stability| stability.unsteady)),
        text(record.error.as_ref().map(|error| error.code)),
        inert_cell(record.error.as_ref().map_or("", |error| &error.message)),
        text(record.sha256.as_ref()),
        text(Some(record.ms)),
        text(record.format.map(name)),
        text(record.width),
        text(record.height),
        record.notes.iter().map(name).collect::<Vec<_>>().join(" "),
        inert_cell(&record.judge.model),
        record.judge.model_sha256.clone(),
        text(record.judge.views),
        text(record.judge.crop),
        record.pictures.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        text(record.judge.head.as_ref()),
    ]
}

/// A cell that a spreadsheet would run as a formula gets an apostrophe in front (OWASP, "CSV
/// injection"): file names come from strangers.
fn inert_cell(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

fn table_cells(record: &Record) -> [String; 8] {
    let grade = match record.status {
        Status::Scored => text(record.grade.map(|grade| grade.name())),
        Status::Abstained => text(record.reason.map(|reason| reason.name())),
        Status::Error => "error".to_owned(),
    };
    let size = match (record.width, record.height) {
        (Some(width), Some(height)) => format!("{width}x{height}"),
        _ => String::new(),
    };
    let mut path = printable(&record.place.path);
    if let Some(crop) = record.judge.crop {
        path = format!("{path} [{crop}]");
    }
    if !record.pictures.is_empty() && !record.judge.each_picture {
        let count = record.pictures.len();
        let pictures = if count == 1 { "picture" } else { "pictures" };
        path = format!("{path} ({count} {pictures} inside: --pictures scores each)");
    }
    if let Some(error) = &record.error {
        path = format!("{path}: {}", printable(&error.message));
    }
    [
        text(record.probability.map(|probability| format!("{probability:.3}"))),
        grade,
        maker(record),
        text(record.quality.map(|quality| format!("{quality:.2}"))),
        text(record.format.map(clipsight::image::Format::name)),
        size,
        format!("{:.0}", record.ms),
        path,
    ]
}

/// The likely generator. It presumes that the image is generated, so it is empty for a weak grade
/// or none.
fn maker(record: &Record) -> String {
    let shown = record.grade.is_some_and(|grade| grade >= Grade::Moderate);
    let Some(facts) = record.attribution.as_ref().filter(|_| shown) else { return String::new() };
    match (&facts.generator, &facts.family) {
        (Some(generator), _) => printable(&generator.name),
        (None, Some(family)) => format!("{} (unknown)", printable(&family.name)),
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use clipsight::model::AttributionFacts;

    use super::super::record::Judge;
    use super::*;
    use crate::files::{Failure, Place};

    fn failed(path: &str) -> Record {
        Record {
            place: Place { path: path.to_owned(), path_bytes: None },
            status: Status::Error,
            probability: None,
            logit: None,
            grade: None,
            measured_error: None,
            reason: None,
            error: Some(Failure { code: "io", message: "gone, \"really\"".to_owned() }),
            attribution: None,
            quality: None,
            stability: None,
            map: None,
            sha256: None,
            ms: 1.25,
            format: None,
            width: None,
            height: None,
            pictures: Vec::new(),
            notes: Vec::new(),
            judge: Judge {
                model: "m".to_owned(),
                model_sha256: "0".repeat(64),
                views: None,
                if_unsteady: None,
                head: None,
                explain: false,
                crop: None,
                each_picture: false,
            },
            receipt: None,
        }
    }

    fn written(format: Format, record: &Record) -> String {
        let mut bytes = Vec::new();
        let mut output = Output::new(format, &mut bytes);
        output.begin().unwrap();
        output.write(record).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn spreadsheets_find_no_formula() {
        for start in ["=", "+", "-", "@", "\t", "\r"] {
            let text = written(Format::Csv, &failed(&format!("{start}cmd()")));
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let row = reader.records().next().unwrap().unwrap();
            assert_eq!(&row[0], format!("'{start}cmd()"));
            let message = CSV_HEADER.iter().position(|name| *name == "error_message").unwrap();
            assert_eq!(&row[message], "gone, \"really\"");
        }
        assert_eq!(inert_cell("a=b"), "a=b");
    }

    #[test]
    fn the_table_cannot_be_moved_by_a_name() {
        let text = written(Format::Table, &failed("a\u{1b}[2J\n.jpg"));
        assert!(!text.contains('\u{1b}'));
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("error") && text.contains("a\\u{1b}[2J\\n.jpg: gone"));
    }

    #[test]
    fn json_is_one_line_with_nulls_where_nothing_is_known() {
        let text = written(Format::Json, &failed("a\nb.jpg"));
        assert_eq!(text.lines().count(), 1);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["path"], "a\nb.jpg");
        assert_eq!(value["status"], "error");
        assert_eq!(value["error"]["code"], "io");
        assert!(value["probability"].is_null() && value.get("reason").is_none());
    }

    #[test]
    fn the_maker_is_named_where_the_grade_speaks_for_one() {
        let maker = |name: &str| Some(Maker { name: name.to_owned(), share: 0.75 });
        let mut record =
            Record { status: Status::Scored, error: None, quality: Some(0.875), ..failed("a") };
        record.attribution =
            Some(AttributionFacts { family: maker("gan"), generator: maker("=sd\u{1b}15") });
        for (grade, named) in [
            (None, false),
            (Some(Grade::Weak), false),
            (Some(Grade::Moderate), true),
            (Some(Grade::VeryStrong), true),
        ] {
            record.grade = grade;
            let text = written(Format::Table, &record);
            assert_eq!(text.contains("=sd\\u{1b}15"), named, "{text}");
            assert!(text.contains("0.88") && !text.contains('\u{1b}'), "{text}");
        }
        let csv = written(Format::Csv, &record);
        assert!(csv.contains(",gan,0.75,'=sd\u{1b}15,0.75,0.875,"), "{csv}");
        let json: serde_json::Value =
            serde_json::from_str(&written(Format::Json, &record)).unwrap();
        assert_eq!(json["attribution"]["family"]["name"], "gan");
        record.attribution = Some(AttributionFacts { family: maker("gan"), generator: None });
        assert!(written(Format::Table, &record).contains("gan (unknown)"));
        record.attribution = Some(AttributionFacts { family: None, generator: None });
        assert!(written(Format::Table, &record).contains("unknown"));
    }
}
