//! Scored images: a CSV file shaped like AGIQA-3K's `data.csv`.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use clipsight::weights::sha256_hex;
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{read_image, read_text};

use crate::dataset::{Entry, Label, Role};

/// Longest score file in bytes: a million rows.
const MAX_BYTES: u64 = 256 << 20;

/// A score file's rows, in order.
#[derive(Debug)]
pub(crate) struct ScoreFile {
    pub(crate) rows: Vec<ScoredImage>,
    /// Of the whole file.
    pub(crate) sha256: String,
}

/// One scored image.
#[derive(Debug)]
pub(crate) struct ScoredImage {
    /// The row below the header, from 1.
    pub(crate) number: usize,
    /// File name below the folder of images.
    pub(crate) name: String,
    pub(crate) prompt: String,
    pub(crate) score: f64,
}

impl ScoredImage {
    /// The generator by AGIQA-3K's naming scheme: the part before the first underscore.
    fn generator(&self) -> &str {
        self.name.split('_').next().unwrap_or(&self.name)
    }
}

impl ScoreFile {
    /// Reads the columns `name`, `prompt` and `target`; others may be there.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] when the file cannot be read; [`ErrorKind::Argument`], naming the row, for
    /// a missing column, an empty or repeated name, a missing prompt, a score that is not a finite
    /// number.
    pub(crate) fn read(path: &Path, target: &str) -> Result<Self> {
        let text = read_text(path, MAX_BYTES)?;
        let wrong = |what: String| {
            Error::new(ErrorKind::Argument, format!("the scores {}, {what}", path.display()))
        };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader
            .headers()
            .map_err(|error| wrong("header: it is not valid CSV".to_owned()).with_source(error))?
            .clone();
        let column = |name: &str| {
            // Excel begins files with a byte order mark.
            header
                .iter()
                .position(|column| column.trim_start_matches('\u{feff}').trim() == name)
                .ok_or_else(|| wrong(format!("header: the column {name} is missing")))
        };
        let (name, prompt, score) = (column("name")?, column("prompt")?, column(target)?);
        let mut rows: Vec<ScoredImage> = Vec::new();
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (index, record) in reader.records().enumerate() {
            let number = index + 1;
            let wrong = |what: String| wrong(format!("row {number}: {what}"));
            let record =
                record.map_err(|error| wrong(format!("it is not a valid row: {error}")))?;
            let cell = |column: usize| record.get(column).unwrap_or("").trim();
            if cell(name).is_empty() {
                return Err(wrong("the name is missing".to_owned()));
            }
            if cell(prompt).is_empty() {
                return Err(wrong("the prompt is missing".to_owned()));
            }
            let value = cell(score).parse::<f64>().ok().filter(|value| value.is_finite());
            let Some(value) = value else {
                return Err(wrong(format!(
                    "{target} must be a finite number, not {:?}",
                    cell(score)
                )));
            };
            if let Some(earlier) = seen.insert(cell(name).to_owned(), number) {
                return Err(wrong(format!("{} is already in row {earlier}", cell(name))));
            }
            let (name, prompt) = (cell(name).to_owned(), cell(prompt).to_owned());
            rows.push(ScoredImage { number, name, prompt, score: value });
        }
        if rows.is_empty() {
            return Err(wrong("it has no rows".to_owned()));
        }
        Ok(Self { rows, sha256: sha256_hex(text.as_bytes()) })
    }

    /// Reads every image file once, so that a missing one is noticed before hours of work; returns
    /// a hash of them all.
    ///
    /// # Errors
    /// The first file's that cannot be read, naming the row.
    pub(crate) fn check_images(&self, folder: &Path) -> Result<String> {
        let mut all = String::new();
        for row in &self.rows {
            let path = folder.join(&row.name);
            let bytes = read_image(&path).map_err(|error| {
                let message = format!("row {}, {}: {}", row.number, row.name, error.message());
                Error::new(error.kind(), message).with_source(error)
            })?;
            all.push_str(&sha256_hex(&bytes));
        }
        Ok(sha256_hex(all.as_bytes()))
    }

    pub(crate) fn prompts(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.prompt.as_str()).collect()
    }

    pub(crate) fn generators(&self) -> Vec<&str> {
        self.rows.iter().map(ScoredImage::generator).collect()
    }

    /// The rows as the feature cache knows images.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let entry = |row: &ScoredImage| Entry {
            row: row.number,
            file: row.name.clone(),
            label: Label::Ai,
            role: Role::Fit,
            origin: row.generator().to_owned(),
            content: String::new(),
            other: BTreeMap::new(),
        };
        self.rows.iter().map(entry).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<ScoreFile> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data.csv");
        std::fs::write(&path, text).unwrap();
        ScoreFile::read(&path, "mos_quality")
    }

    #[test]
    fn reads_files_like_agiqa_3ks() {
        let text = "\u{feff}name,prompt,adj1,adj2,style,\
            mos_quality,std_quality,mos_align,std_align\n\
            AttnGAN_normal_000.jpg,statue of a man,,,,1.0046,0.8013,0.8571,0.7\n\
            sd1.5_highcorr_001.jpg,\"a cat, sleeping\",cute,,anime style,3.25,0.8,NaN,\n";
        let file = read(text).unwrap();
        assert_eq!(file.generators(), ["AttnGAN", "sd1.5"]);
        assert_eq!(file.prompts()[1], "a cat, sleeping");
        assert_eq!(file.rows[1].score, 3.25);
    }

    #[test]
    fn refuses_by_row() {
        let header = "name,prompt,mos_quality\n";
        for (text, part) in [
            ("name,prompt,mos_align\na,b,1\n".to_owned(), "column mos_quality is missing"),
            ("file,prompt,mos_quality\na,b,1\n".to_owned(), "column name is missing"),
            (header.to_owned(), "no rows"),
            (
                format!("{header}a,p,1\nb,p,NaN\n"),
                "row 2: mos_quality must be a finite number, not \"NaN\"",
            ),
            (format!("{header}a,p,inf\n"), "row 1: mos_quality"),
            (format!("{header}a,p,\n"), "row 1: mos_quality"),
            (format!("{header}a,p,1\nb,p,2\na,p,3\n"), "row 3: a is already in row 1"),
            (format!("{header}a,p,1\n,p,2\n"), "row 2: the name is missing"),
            (format!("{header}a,,1\n"), "row 1: the prompt is missing"),
            (format!("{header}a,p,1\nb,p\n"), "row 2: it is not a valid row"),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(part), "{}", error.message());
        }
        let missing = ScoreFile::read(Path::new("/nowhere/data.csv"), "mos_quality").unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::Io);
        let error = read("name,prompt,mos_quality\na.png,p,1\n")
            .unwrap()
            .check_images(Path::new("/nowhere"));
        assert!(error.unwrap_err().message().starts_with("row 1, a.png: "));
    }
}
