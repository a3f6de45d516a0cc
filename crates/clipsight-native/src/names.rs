//! What a file found in a folder is by its name: nobody chose each of them, so that only images
//! are read, and what is passed over is counted.
//!
//! The page goes by the same tables: `npm run generate` writes them for it.
//!
//! ```
//! use std::path::Path;
//!
//! use clipsight_native::names::{Passed, passed_over};
//! assert_eq!(passed_over(Path::new("IMG_1.HIF")), None);
//! assert_eq!(passed_over(Path::new("._IMG_1.jpg")), Some(Passed::AppleDouble));
//! ```

use std::path::Path;

/// Extensions by which files in folders count as images, in lower case: of formats that are read,
/// and of those that people have and expect to be, so that they are reported rather than missing.
pub const IMAGE_EXTENSIONS: &[&str] = &[
    // JPEG; Windows writes jfif, pjpeg and pjp, saving from X (Twitter) the last ones.
    "jpg",
    "jpeg",
    "jpe",
    "jfif",
    "pjpeg",
    "pjp",
    "jpg_large",
    "jpg_orig",
    "png",
    "apng",
    "png_large",
    "webp",
    "gif",
    "bmp",
    "dib",
    "tif",
    "tiff",
    "avif",
    "avifs",
    "heic",
    "heif",
    "hif",
    "jxl",
    "jp2",
];

/// What systems keep beside images, in lower case: caches of thumbnails and settings of folders.
pub const SYSTEM_NAMES: &[&str] = &[
    ".ds_store",
    ".thumbnails",
    "@eadir",
    "desktop.ini",
    "ehthumbs.db",
    "ehthumbs_vista.db",
    "thumbs.db",
];

/// How the names begin of what a Mac keeps of files' resource forks on foreign disks.
pub const APPLE_DOUBLE_PREFIX: &str = "._";

/// Why something in a folder is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// Its extension is none of [`IMAGE_EXTENSIONS`].
    NotAnImage,
    /// Its name begins with a dot.
    Hidden,
    /// A Mac's resource fork, `._x.jpg` beside `x.jpg`.
    AppleDouble,
    /// One of [`SYSTEM_NAMES`].
    System,
    /// A link to a folder: it could lead anywhere, and in circles.
    LinkToFolder,
}

/// Why a file or folder is passed over for its name, if it is; of folders only names count that
/// hide them.
pub fn passed_over(path: &Path) -> Option<Passed> {
    hidden(path).or_else(|| (!is_image_name(path)).then_some(Passed::NotAnImage))
}

/// Why a file or folder is passed over whatever it holds, if it is.
pub fn hidden(path: &Path) -> Option<Passed> {
    let name = path.file_name()?.to_string_lossy();
    if SYSTEM_NAMES.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
        Some(Passed::System)
    } else if name.starts_with(APPLE_DOUBLE_PREFIX) {
        Some(Passed::AppleDouble)
    } else {
        name.starts_with('.').then_some(Passed::Hidden)
    }
}

fn is_image_name(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| {
        IMAGE_EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_files_are() {
        let passed = |name: &str| passed_over(&Path::new("folder").join(name));
        for image in ["a.JPE", "a.b.pjpeg", "a.jpg_large", "A.HIF", "x.avifs", "ü.JFIF", "a b.Tif"]
        {
            assert_eq!(passed(image), None, "{image}");
        }
        for (name, why) in [
            ("jpg", Passed::NotAnImage),
            ("a.txt", Passed::NotAnImage),
            ("a.jpg.part", Passed::NotAnImage),
            ("a.jpgx", Passed::NotAnImage),
            (".a.jpg", Passed::Hidden),
            (".jpg", Passed::Hidden),
            (".git", Passed::Hidden),
            ("._a.jpg", Passed::AppleDouble),
            ("._DS_Store", Passed::AppleDouble),
            ("Thumbs.db", Passed::System),
            (".DS_Store", Passed::System),
            (".thumbnails", Passed::System),
            ("@eaDir", Passed::System),
        ] {
            assert_eq!(passed(name), Some(why), "{name}");
        }
        // Names that say where a folder is, not how it is called.
        for place in [".", "..", "/", "a/.."] {
            assert_eq!(hidden(Path::new(place)), None, "{place}");
        }
    }

    #[test]
    fn the_tables_are_in_lower_case_and_name_nothing_twice() {
        for table in [IMAGE_EXTENSIONS, SYSTEM_NAMES] {
            let mut sorted = table.to_vec();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), table.len());
            assert!(table.iter().all(|name| *name == name.to_lowercase()));
        }
    }
}
