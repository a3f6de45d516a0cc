//! The files that a scan covers.
//!
//! ```
//! use clipsight_native::walk::images_below;
//! let folder = tempfile::tempdir()?;
//! std::fs::write(folder.path().join("a.jpg"), b"")?;
//! std::fs::write(folder.path().join("notes.txt"), b"")?;
//! assert_eq!(images_below(folder.path())?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use walkdir::{DirEntry, WalkDir};

use crate::names::{self, Passed};
use crate::patterns;

/// A file to score, or a place that could not be read.
#[derive(Debug)]
pub enum Item {
    /// A file that was named.
    Named(PathBuf),
    /// A file in a folder: nobody chose it.
    Found(PathBuf),
    /// Standard input, named `-`.
    Input,
    /// A place that could not be read, and why.
    Unreadable(PathBuf, Error),
}

impl Item {
    /// Where it is; `-` for standard input.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Named(path) | Self::Found(path) | Self::Unreadable(path, _) => path,
            Self::Input => Path::new("-"),
        }
    }
}

/// What a scan covers, and what it does not.
#[derive(Debug, Default)]
pub struct Items {
    /// In the order of the arguments; of a folder, by name.
    pub items: Vec<Item>,
    /// What was passed over in folders.
    pub passed: PassedOver,
}

/// What was passed over in folders, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// By why.
    counts: BTreeMap<Passed, usize>,
    /// Of files that are no images by their names, by extension in lower case.
    extensions: BTreeMap<String, usize>,
}

/// Extensions that are named beside their counts; the others are added up.
const NAMED_EXTENSIONS: usize = 4;

impl PassedOver {
    /// Counts one.
    pub fn add(&mut self, path: &Path, why: Passed) {
        *self.counts.entry(why).or_default() += 1;
        if why == Passed::NotAnImage {
            let extension = path.extension().map_or_else(String::new, |extension| {
                format!(".{}", extension.to_string_lossy().to_lowercase())
            });
            *self.extensions.entry(extension).or_default() += 1;
        }
    }

    /// How many were passed over for this.
    #[must_use]
    pub fn count(&self, why: Passed) -> usize {
        self.counts.get(&why).copied().unwrap_or_default()
    }

    /// Whether nothing was passed over.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// `.txt 3, .mp4 2, others 4`: the most frequent first.
    fn kinds(&self) -> String {
        let mut kinds: Vec<(&str, usize)> =
            self.extensions.iter().map(|(name, count)| (name.as_str(), *count)).collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let others: usize = kinds.iter().skip(NAMED_EXTENSIONS).map(|(_, count)| count).sum();
        let mut named: Vec<String> = kinds
            .iter()
            .take(NAMED_EXTENSIONS)
            .map(|(name, count)| {
                format!("{} {count}", if name.is_empty() { "without an ending" } else { name })
            })
            .collect();
        named.extend((others > 0).then(|| format!("others {others}")));
        named.join(", ")
    }
}

/// The counts in words, on one line.
impl fmt::Display for PassedOver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.counts.iter().map(|(why, count)| match why {
            Passed::NotAnImage => format!("not images by name {count} ({})", self.kinds()),
            Passed::Hidden => format!("hidden {count}"),
            Passed::AppleDouble => format!("a Mac's resource forks (._*) {count}"),
            Passed::System => format!("thumbnail caches and the system's own {count}"),
            Passed::LinkToFolder => format!("links to folders {count}"),
        });
        formatter.write_str(&words.collect::<Vec<_>>().join(", "))
    }
}

/// What the arguments name, in their order: files, folders, which are searched to the bottom,
/// patterns, where there is no file of that name, and `-`. Links to files are followed; links to
/// folders below a named one are not: they could lead anywhere, and in circles.
pub fn items(paths: &[PathBuf]) -> Items {
    let mut all = Items::default();
    for path in paths {
        if path == Path::new("-") {
            all.input();
        } else if path.is_dir() {
            all.search(path);
        } else if path.symlink_metadata().is_ok() {
            all.items.push(Item::Named(path.clone()));
        } else if let Some(error) = address(path) {
            all.items.push(Item::Unreadable(path.clone(), error));
        } else if patterns::is_pattern(path) {
            all.expand(path);
        } else {
            // That it is missing is noticed when it is read.
            all.items.push(Item::Named(path.clone()));
        }
    }
    all
}

impl Items {
    fn input(&mut self) {
        if self.items.iter().any(|item| matches!(item, Item::Input)) {
            let error = Error::new(
                ErrorKind::Argument,
                "standard input holds one image, which was read already: name `-` once",
            );
            self.items.push(Item::Unreadable("-".into(), error));
        } else {
            self.items.push(Item::Input);
        }
    }

    /// Adds what lies below a folder.
    fn search(&mut self, folder: &Path) {
        let mut walk = WalkDir::new(folder).sort_by_file_name().into_iter();
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry) if entry.depth() == 0 => {}
                Ok(entry) => match passed_over(&entry) {
                    Some(why) => {
                        self.passed.add(entry.path(), why);
                        if entry.file_type().is_dir() {
                            walk.skip_current_dir();
                        }
                    }
                    None if entry.file_type().is_dir() => {}
                    None => self.items.push(Item::Found(entry.into_path())),
                },
                Err(error) => {
                    let place = error.path().unwrap_or(folder).to_owned();
                    let message = format!("the folder cannot be read: {error}");
                    let error = Error::new(ErrorKind::Io, message).with_source(error);
                    self.items.push(Item::Unreadable(place, error));
                }
            }
        }
    }

    /// Adds what fits a pattern, as if the shell had named it: each file once.
    fn expand(&mut self, pattern: &Path) {
        let unreadable = |error| Item::Unreadable(pattern.to_owned(), error);
        let places = match patterns::expand(pattern) {
            Ok(places) => places,
            Err(error) => return self.items.push(unreadable(error)),
        };
        if places.is_empty() {
            let message = "no file fits this pattern, and none has this name";
            return self.items.push(unreadable(Error::new(ErrorKind::Io, message)));
        }
        let begin = self.items.len();
        for place in places {
            match place {
                Ok(path) if path.is_dir() => self.search(&path),
                Ok(path) => self.items.push(Item::Named(path)),
                Err((place, error)) => self.items.push(Item::Unreadable(place, error)),
            }
        }
        let mut seen = HashSet::new();
        let mut at = 0;
        self.items.retain(|item| {
            at += 1;
            at <= begin || seen.insert(item.path().to_owned())
        });
    }
}

/// Why an entry of a folder is passed over, if it is.
fn passed_over(entry: &DirEntry) -> Option<Passed> {
    let path = entry.path();
    if entry.file_type().is_dir() {
        return names::hidden(path);
    }
    let why = names::passed_over(path);
    if entry.path_is_symlink() && path.is_dir() {
        return Some(why.filter(|why| *why != Passed::NotAnImage).unwrap_or(Passed::LinkToFolder));
    }
    why
}

/// Why an address is no file, and what to do.
fn address(path: &Path) -> Option<Error> {
    let text = path.to_str()?;
    let (scheme, rest) = text.split_once(':')?;
    let what = match scheme.to_ascii_lowercase().as_str() {
        "file" => {
            let path = rest.strip_prefix("//localhost").or(rest.strip_prefix("//"));
            let path = path.unwrap_or(rest);
            format!("name the file by its path, {path}")
        }
        "data" => "decode it into a file, or into standard input, and name `-`".to_owned(),
        "http" | "https" | "ftp" | "blob" => {
            "save the image first and name the file, or pipe it in and name `-`".to_owned()
        }
        _ => return None,
    };
    let message = format!("addresses are not read, as this program opens no connection: {what}");
    Some(Error::new(ErrorKind::Argument, message))
}

/// The files below `folder` that are images by their names.
///
/// # Errors
/// [`ErrorKind::Io`] when some of it cannot be read.
pub fn images_below(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut below = Items::default();
    below.search(folder);
    let images = below.items.into_iter().map(|item| match item {
        Item::Unreadable(path, error) => {
            let message = format!("{}: {}", path.display(), error.message());
            Err(Error::new(error.kind(), message).with_source(error))
        }
        item => Ok(item.path().to_owned()),
    });
    images.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(paths: &[PathBuf]) -> Vec<PathBuf> {
        items(paths).items.iter().map(|item| item.path().to_owned()).collect()
    }

    fn write(folder: &Path, names: &[&str]) {
        for name in names {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, b"").unwrap();
        }
    }

    #[test]
    fn folders_are_searched_by_name_in_order() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["c.txt", "b/deep/2.PNG", "b/1.jpg", "a.jpeg", "z", "d.heic"]);
        let named = folder.path().join("c.txt");
        let missing = folder.path().join("missing.jpg");
        let found = found(&[missing.clone(), folder.path().to_owned(), named.clone()]);
        let inside =
            ["a.jpeg", "b/1.jpg", "b/deep/2.PNG", "d.heic"].map(|name| folder.path().join(name));
        let expected: Vec<PathBuf> = [missing].into_iter().chain(inside).chain([named]).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_passed_over_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        write(
            folder.path(),
            &[
                "a.jpg",
                "._a.jpg",
                "b/._b.png",
                "b/Thumbs.db",
                ".thumbnails/x.png",
                ".DS_Store",
                ".hidden.jpg",
                ".git/objects/a.png",
                "notes.txt",
                "b/more.TXT",
                "film.mp4",
                "README",
            ],
        );
        let all = items(&[folder.path().to_owned()]);
        assert!(matches!(&all.items[..], [Item::Found(path)] if path.ends_with("a.jpg")));
        let counts = [
            (Passed::NotAnImage, 4),
            (Passed::Hidden, 2),
            (Passed::AppleDouble, 2),
            (Passed::System, 3),
            (Passed::LinkToFolder, 0),
        ];
        for (why, count) in counts {
            assert_eq!(all.passed.count(why), count, "{why:?}");
        }
        assert_eq!(
            all.passed.to_string(),
            "not images by name 4 (.txt 2, without an ending 1, .mp4 1), hidden 2, a Mac's \
             resource forks (._*) 2, thumbnail caches and the system's own 3"
        );
        // A folder that is named itself is searched, whatever it is called.
        let all = items(&[folder.path().join(".git")]);
        assert_eq!(all.items.len(), 1);
        // As is a file.
        let named = items(&[folder.path().join("._a.jpg")]);
        assert!(matches!(&named.items[..], [Item::Named(_)]) && named.passed.is_empty());
    }

    #[test]
    fn kinds_beyond_the_most_frequent_are_added_up() {
        let mut passed = PassedOver::default();
        for name in ["1.a", "2.a", "1.b", "1.c", "1.d", "1.e", "1.f"] {
            passed.add(Path::new(name), Passed::NotAnImage);
        }
        assert_eq!(passed.kinds(), ".a 2, .b 1, .c 1, .d 1, others 2");
    }

    #[test]
    fn patterns_addresses_and_standard_input() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), &["a.jpg", "b.jpg", "c.png", "[a].jpg", "sub/d.jpg", "sub/n.txt"]);
        let place = |name: &str| folder.path().join(name);
        assert_eq!(found(&[place("?.jpg")]), [place("a.jpg"), place("b.jpg")]);
        // A file of that name wins.
        assert_eq!(found(&[place("[a].jpg")]), [place("[a].jpg")]);
        // A folder that fits is searched; what fits in two ways is there once.
        assert_eq!(found(&[place("s*")]), [place("sub/d.jpg")]);
        assert_eq!(found(&[place("sub/../s*/**")]).len(), 2);
        assert_eq!(found(&[place("a.jpg"), place("a.*")]), [place("a.jpg"), place("a.jpg")]);
        let error = |path: &str| match items(&[path.into()]).items.pop() {
            Some(Item::Unreadable(_, error)) => error,
            other => panic!("{path}: {other:?}"),
        };
        assert!(error(place("*.gif").to_str().unwrap()).message().contains("no file fits"));
        assert!(error("[a").message().contains("not valid"));
        for (address, what) in [
            ("https://example.com/a.jpg?b=*", "save the image first"),
            ("HTTP://example.com", "save the image first"),
            ("data:image/png;base64,AAAA", "decode it"),
            ("file:///home/me/a.jpg", "by its path, /home/me/a.jpg"),
        ] {
            let error = error(address);
            assert_eq!(error.kind(), ErrorKind::Argument);
            assert!(error.message().contains(what), "{error}");
        }
        let all = items(&["-".into(), "-".into(), "./-".into(), "C:/a.jpg".into()]).items;
        assert!(matches!(
            &all[..],
            [Item::Input, Item::Unreadable(..), Item::Named(_), Item::Named(_)]
        ));
    }

    #[cfg(unix)]
    #[test]
    fn links_to_files_are_followed_and_circles_are_not() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle")).unwrap();
        std::os::unix::fs::symlink(folder.path(), folder.path().join("circle.jpg")).unwrap();
        std::os::unix::fs::symlink("nowhere", folder.path().join("dangling.jpg")).unwrap();
        let found = items(&[folder.path().to_owned()]);
        assert!(
            matches!(&found.items[..], [Item::Found(path)] if path.ends_with("dangling.jpg")),
            "{found:?}"
        );
        assert_eq!(found.passed.count(Passed::LinkToFolder), 2);
        assert!(found.passed.to_string().ends_with("links to folders 2"));
    }
}
