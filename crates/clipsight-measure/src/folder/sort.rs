//! Which files of a folder belong to which class.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::{Problem, label_of};

/// A table of labels has fewer bytes: of a hundred thousand images it has about ten million.
pub const MAX_TABLE_BYTES: usize = 16 << 20;

/// Whether a file may be a table, by its name.
#[must_use]
pub fn is_table_name(path: &str) -> bool {
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["csv", "tsv"].iter().any(|known| known.eq_ignore_ascii_case(ending))
}

/// Whether a text is a table of paths and labels, by its first line.
#[must_use]
pub fn is_table(text: &str) -> bool {
    List::of(&Table { path: String::new(), text: text.to_owned() }).is_some()
}

/// A table that lies among the images.
#[derive(Clone, Debug, Deserialize)]
pub struct Table {
    /// Its path, as those of the images.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// What the labels come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "by", rename_all = "kebab-case")]
pub enum Source {
    /// The names of folders.
    Folders {
        /// Those of generated images.
        generated: Vec<String>,
        /// The others.
        real: Vec<String>,
    },
    /// A table.
    Table {
        /// Its path.
        table: String,
    },
}

/// One image and its class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Labelled {
    /// Its place in the list of paths.
    pub index: usize,
    /// Its path below the folder that holds them all.
    pub name: String,
    /// Whether it is generated.
    pub generated: bool,
    /// Generator or source: what the table says, or the folder within its class's folder, if there
    /// is one; else the class's folder itself.
    pub origin: String,
}

/// Why something is not measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PassedReason {
    /// It lies in no folder of a class, or the table does not name it.
    Unlabelled,
    /// The table names it, and it is not there.
    Missing,
    /// The table gives it a label that means neither class.
    UnknownLabel,
    /// The table names it more than once.
    Repeated,
}

/// An image that is not measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passed {
    /// Its path, or what the table calls it.
    pub name: String,
    /// Why.
    pub reason: PassedReason,
}

/// A folder's images by class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Sorted {
    /// What the labels come from.
    pub source: Source,
    /// Images with a label, by name.
    pub images: Vec<Labelled>,
    /// Those that are not measured.
    pub passed: Vec<Passed>,
}

/// Columns that name a file, the first that is there counts; compared in lower case, without marks.
const PATHS: [&str; 9] =
    ["path", "file", "filename", "filepath", "image", "imagepath", "imagefile", "img", "name"];

/// Columns that say what it is.
const LABELS: [&str; 9] =
    ["label", "class", "target", "truth", "y", "isai", "isfake", "generated", "fake"];

/// Columns that say where it is from.
const ORIGINS: [&str; 4] = ["origin", "generator", "source", "model"];

/// Sorts the images of a folder by class: by a table with a column of paths and one of labels, if
/// one lies among them, else by the names of folders that lie beside each other. Paths have `/`
/// between their parts; those of one folder may all begin with its name.
///
/// # Errors
/// When nothing says what the images are, or they are all of one class.
pub fn sort(paths: &[String], tables: &[Table]) -> Result<Sorted, Problem> {
    let mut sorted = match table_of(tables)? {
        Some(list) => by_table(paths, &list)?,
        None => by_folders(paths).ok_or(Problem::NoLabels)?,
    };
    let Some(first) = sorted.images.first() else {
        return Err(match sorted.source {
            Source::Folders { .. } => Problem::NoLabels,
            Source::Table { table } => {
                let message = "it names no image that is there with a label that means a class";
                Problem::Table { table, message: message.to_owned() }
            }
        });
    };
    if sorted.images.iter().all(|image| image.generated == first.generated) {
        return Err(Problem::OneClass { generated: first.generated });
    }
    let shared = shared_folders(paths, &sorted.images);
    for image in &mut sorted.images {
        image.name = paths[image.index].split('/').skip(shared).collect::<Vec<_>>().join("/");
    }
    sorted.images.sort_by(|a, b| a.name.cmp(&b.name));
    sorted.passed.sort_by(|a, b| (a.reason, &a.name).cmp(&(b.reason, &b.name)));
    Ok(sorted)
}

fn folders_of(path: &str) -> impl Iterator<Item = &str> {
    path.rsplit_once('/').map_or("", |(folders, _)| folders).split('/').filter(|at| !at.is_empty())
}

/// How many folders all of the images have in common.
fn shared_folders(paths: &[String], images: &[Labelled]) -> usize {
    let Some(first) = images.first() else { return 0 };
    let first: Vec<&str> = folders_of(&paths[first.index]).collect();
    let alike = |image: &Labelled| {
        folders_of(&paths[image.index]).zip(&first).take_while(|(a, b)| a == *b).count()
    };
    images.iter().map(alike).min().unwrap_or(0)
}

fn by_folders(paths: &[String]) -> Option<Sorted> {
    // The outermost level that has folders of both names: what is within them may be called
    // anything, such as `ai/photos`.
    let mut names: BTreeMap<usize, [BTreeSet<&str>; 2]> = BTreeMap::new();
    for path in paths {
        for (level, folder) in folders_of(path).enumerate() {
            if let Some(generated) = label_of(folder) {
                names.entry(level).or_default()[usize::from(generated)].insert(folder);
            }
        }
    }
    let (level, [real, generated]) =
        names.into_iter().find(|(_, names)| names.iter().all(|names| !names.is_empty()))?;
    let (mut images, mut passed) = (Vec::new(), Vec::new());
    for (index, path) in paths.iter().enumerate() {
        let folders: Vec<&str> = folders_of(path).collect();
        match folders.get(level).and_then(|folder| label_of(folder)) {
            Some(generated) => images.push(Labelled {
                index,
                name: String::new(),
                generated,
                origin: (*folders.get(level + 1).unwrap_or(&folders[level])).to_owned(),
            }),
            None => passed.push(Passed { name: path.clone(), reason: PassedReason::Unlabelled }),
        }
    }
    let names = |names: BTreeSet<&str>| names.into_iter().map(str::to_owned).collect();
    let source = Source::Folders { generated: names(generated), real: names(real) };
    Some(Sorted { source, images, passed })
}

/// A table with the columns that count.
struct List<'a> {
    table: &'a Table,
    separator: u8,
    path: usize,
    label: usize,
    origin: Option<usize>,
}

/// The table of labels among all tables: of those that have the columns, the outermost.
fn table_of(tables: &[Table]) -> Result<Option<List<'_>>, Problem> {
    let depth = |list: &List<'_>| folders_of(&list.table.path).count();
    let lists: Vec<List<'_>> = tables.iter().filter_map(List::of).collect();
    let Some(outermost) = lists.iter().map(depth).min() else { return Ok(None) };
    let mut lists: Vec<List<'_>> =
        lists.into_iter().filter(|list| depth(list) == outermost).collect();
    if lists.len() > 1 {
        let tables = lists.iter().map(|list| list.table.path.clone()).collect();
        return Err(Problem::SeveralTables { tables });
    }
    Ok(lists.pop())
}

/// Without the mark that some programs put in front of UTF-8.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

impl<'a> List<'a> {
    fn of(table: &'a Table) -> Option<Self> {
        let text = unmarked(&table.text);
        let header = text.lines().next()?;
        // Spreadsheets write what separates values where the comma separates decimals, too.
        let separator = [b',', b';', b'\t'].into_iter().max_by_key(|mark| {
            (header.bytes().filter(|byte| byte == mark).count(), *mark == b',')
        })?;
        let columns: Vec<String> = reader(separator, header.as_bytes())
            .headers()
            .ok()?
            .iter()
            .map(|name| name.chars().filter(|c| c.is_alphanumeric()).collect::<String>())
            .map(|name| name.to_lowercase())
            .collect();
        let find = |names: &[&str]| {
            names.iter().find_map(|name| columns.iter().position(|column| column == name))
        };
        let (path, label) = (find(&PATHS)?, find(&LABELS)?);
        Some(Self { table, separator, path, label, origin: find(&ORIGINS) })
    }
}

fn reader(separator: u8, text: &[u8]) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new().delimiter(separator).trim(csv::Trim::All).from_reader(text)
}

fn by_table(paths: &[String], list: &List<'_>) -> Result<Sorted, Problem> {
    let places = Places::of(paths);
    let (mut images, mut passed) = (Vec::new(), Vec::new());
    let mut named = vec![false; paths.len()];
    let text = unmarked(&list.table.text);
    for row in reader(list.separator, text.as_bytes()).records() {
        let row = row.map_err(|error| Problem::Table {
            table: list.table.path.clone(),
            message: error.to_string(),
        })?;
        let value = |column: usize| row.get(column).unwrap_or("");
        let name = value(list.path);
        let mut pass = |reason| passed.push(Passed { name: name.to_owned(), reason });
        let Some(index) = places.find(&list.table.path, name) else {
            pass(PassedReason::Missing);
            continue;
        };
        if std::mem::replace(&mut named[index], true) {
            pass(PassedReason::Repeated);
            continue;
        }
        let Some(generated) = label_of(value(list.label)) else {
            pass(PassedReason::UnknownLabel);
            continue;
        };
        let origin = list.origin.map(value).filter(|origin| !origin.is_empty());
        let origin = origin.unwrap_or(if generated { "ai" } else { "real" }).to_owned();
        images.push(Labelled { index, name: String::new(), generated, origin });
    }
    let unnamed = paths.iter().zip(named).filter(|(_, named)| !named);
    passed.extend(
        unnamed.map(|(path, _)| Passed { name: path.clone(), reason: PassedReason::Unlabelled }),
    );
    Ok(Sorted { source: Source::Table { table: list.table.path.clone() }, images, passed })
}

/// Where files are, by what a table may call them.
struct Places<'a> {
    exact: HashMap<&'a str, usize>,
    /// By the last part of the path.
    by_name: HashMap<&'a str, Vec<usize>>,
    paths: &'a [String],
}

impl<'a> Places<'a> {
    fn of(paths: &'a [String]) -> Self {
        let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, path) in paths.iter().enumerate() {
            let name = path.rsplit('/').next().unwrap_or(path);
            by_name.entry(name).or_default().push(index);
        }
        let exact = paths.iter().enumerate().map(|(index, path)| (path.as_str(), index)).collect();
        Self { exact, by_name, paths }
    }

    /// The file that a table means: by its path from the table's folder; else the only one whose
    /// path ends like this.
    fn find(&self, table: &str, named: &str) -> Option<usize> {
        let mut parts: Vec<&str> = Vec::new();
        for part in named.split(['/', '\\']).filter(|part| !matches!(*part, "" | ".")) {
            if part == ".." {
                parts.pop();
            } else {
                parts.push(part);
            }
        }
        let end = parts.join("/");
        let from = folders_of(table).chain(parts.iter().copied()).collect::<Vec<_>>().join("/");
        if let Some(index) = self.exact.get(from.as_str()) {
            return Some(*index);
        }
        let ends = |index: &&usize| {
            let path = &self.paths[**index];
            path.strip_suffix(end.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
        };
        let mut found = self.by_name.get(parts.last()?)?.iter().filter(ends);
        let only = found.next()?;
        found.next().is_none().then_some(*only)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    fn table(path: &str, text: &str) -> Table {
        Table { path: path.to_owned(), text: text.to_owned() }
    }

    fn seen(sorted: &Sorted) -> Vec<(&str, bool, &str)> {
        let of = |image: &'_ Labelled| image.generated;
        sorted
            .images
            .iter()
            .map(|image| (image.name.as_str(), of(image), image.origin.as_str()))
            .collect()
    }

    fn passed(sorted: &Sorted) -> Vec<(&str, PassedReason)> {
        sorted.passed.iter().map(|passed| (passed.name.as_str(), passed.reason)).collect()
    }

    #[test]
    fn two_folders_side_by_side() {
        let found = paths(&["real/b.jpg", "ai/photos/a.png", "ai/c.jpg", "d.jpg", "art/e.jpg"]);
        let sorted = sort(&found, &[]).unwrap();
        // What is within a class's folder is its origin, whatever its name means elsewhere.
        let expected = [
            ("ai/c.jpg", true, "ai"),
            ("ai/photos/a.png", true, "photos"),
            ("real/b.jpg", false, "real"),
        ];
        assert_eq!(seen(&sorted), expected);
        let unlabelled =
            [("art/e.jpg", PassedReason::Unlabelled), ("d.jpg", PassedReason::Unlabelled)];
        assert_eq!(passed(&sorted), unlabelled);
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            sorted.source,
            Source::Folders { generated: names(&["ai"]), real: names(&["real"]) }
        );
        // The same, picked as a folder that is called like a class itself.
        let below: Vec<String> = found.iter().map(|path| format!("generated/{path}")).collect();
        assert_eq!(seen(&sort(&below, &[]).unwrap()), expected);
    }

    #[test]
    fn sets_with_parts_and_other_names() {
        let found =
            paths(&["set/train/1_fake/a.png", "set/train/0_real/b.png", "set/test/REAL/c.png"]);
        let sorted = sort(&found, &[]).unwrap();
        assert_eq!(
            seen(&sorted),
            [
                ("test/REAL/c.png", false, "REAL"),
                ("train/0_real/b.png", false, "0_real"),
                ("train/1_fake/a.png", true, "1_fake"),
            ]
        );
    }

    #[test]
    fn what_nothing_is_said_of_cannot_be_measured() {
        assert_eq!(sort(&paths(&["a.jpg", "b/c.jpg"]), &[]), Err(Problem::NoLabels));
        assert_eq!(sort(&[], &[]), Err(Problem::NoLabels));
        // A class's folder alone has nothing beside it.
        assert_eq!(sort(&paths(&["ai/a.jpg", "other/b.jpg"]), &[]), Err(Problem::NoLabels));
        let strange = table("l.csv", "path,label\nx.jpg,ai\na.jpg,perhaps\n");
        let error = sort(&paths(&["a.jpg"]), &[strange]).unwrap_err();
        assert!(error.to_string().starts_with("the table l.csv: it names no image"), "{error}");
        let list = table("l.csv", "path,label\na.jpg,ai\nb.jpg,fake\n");
        assert_eq!(
            sort(&paths(&["a.jpg", "b.jpg"]), &[list]),
            Err(Problem::OneClass { generated: true })
        );
    }

    #[test]
    fn a_table_comes_before_folders() {
        let found = paths(&[
            "mine/img/a.jpg",
            "mine/img/b.jpg",
            "mine/ai/c.jpg",
            "mine/real/d.jpg",
            "mine/sub/a.jpg",
            "mine/left.jpg",
        ]);
        let text = "\u{feff}File Name;Label;generator\nimg\\a.jpg;Fake;sd\n./b.jpg;0;\n\
                    ai/c.jpg;real;\n\
                    d.jpg;maybe;\nnone.jpg;ai;\nimg/a.jpg;real;\na.jpg;ai;\n../../secret.jpg;ai;\n";
        let sorted = sort(&found, &[table("mine/labels.csv", text)]).unwrap();
        assert_eq!(
            seen(&sorted),
            [("ai/c.jpg", false, "real"), ("img/a.jpg", true, "sd"), ("img/b.jpg", false, "real")]
        );
        assert_eq!(
            passed(&sorted),
            [
                ("mine/left.jpg", PassedReason::Unlabelled),
                ("mine/sub/a.jpg", PassedReason::Unlabelled),
                ("../../secret.jpg", PassedReason::Missing),
                // Two files end like this.
                ("a.jpg", PassedReason::Missing),
                ("none.jpg", PassedReason::Missing),
                ("d.jpg", PassedReason::UnknownLabel),
                ("img/a.jpg", PassedReason::Repeated),
            ]
        );
        assert_eq!(sorted.source, Source::Table { table: "mine/labels.csv".to_owned() });
    }

    #[test]
    fn tables_of_other_things_are_no_labels() {
        let found = paths(&["ai/a.jpg", "real/b.jpg"]);
        let sizes = table("sizes.csv", "path,width\nai/a.jpg,3\n");
        let deeper = table("ai/labels.csv", "path,label\na.jpg,real\n");
        let sorted = sort(&found, std::slice::from_ref(&sizes)).unwrap();
        assert!(matches!(sorted.source, Source::Folders { .. }));
        let outer = table("labels.csv", "image,class\nai/a.jpg,1\nreal/b.jpg,0\n");
        let sorted = sort(&found, &[sizes, deeper, outer.clone()]).unwrap();
        assert_eq!(sorted.source, Source::Table { table: "labels.csv".to_owned() });
        let twice = sort(&found, &[outer.clone(), table("more.csv", &outer.text)]);
        assert!(matches!(&twice, Err(Problem::SeveralTables { tables }) if tables.len() == 2));
        let torn = table("labels.csv", "path,label\nai/a.jpg\n");
        let torn = sort(&found, &[torn]).unwrap_err();
        assert!(torn.to_string().starts_with("the table labels.csv: "), "{torn}");
        for text in ["", "\n", "path", "\"path,label", "label,label\na,b"] {
            assert!(sort(&found, &[table("labels.csv", text)]).is_ok(), "{text:?}");
        }
    }
}
