//! Weight files, as listed in manifests.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_SHARD_BYTES, MAX_SHARDS};
use crate::{Error, ErrorKind, Result};

/// Longest name of a file that common file systems take.
const MAX_FILE_NAME_BYTES: usize = 255;

/// One weight file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shard {
    /// File name beside the manifest.
    pub file: String,
    /// Length in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole file, lower-case hex.
    pub sha256: String,
}

/// Whether a name that a file gives is that of a file beside it, on every system: what is a name on
/// one (`a\b`, `c:d`, `nul`) is a way out of the folder, or no file at all, on another.
#[must_use]
pub fn is_file_name(name: &str) -> bool {
    const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
    let is_device = || {
        let stem = name.split('.').next().unwrap_or(name).trim_end().to_ascii_lowercase();
        let numbered = ["com", "lpt"].iter().find_map(|kind| stem.strip_prefix(kind));
        DEVICES.contains(&stem.as_str())
            || numbered.is_some_and(|rest| {
                rest.chars().count() == 1 && rest.contains(|c| "0123456789¹²³".contains(c))
            })
    };
    // Windows drops a point or space at the end, and `.` and `..` end so.
    !name.is_empty()
        && name.len() <= MAX_FILE_NAME_BYTES
        && !name.ends_with(['.', ' '])
        && !name.contains(|c: char| c.is_control() || r#"<>:"/\|?*"#.contains(c))
        && !is_device()
}

/// Checks names, sizes and hashes of a model's files.
///
/// # Errors
/// [`ErrorKind::WeightsCorrupt`].
pub fn validate_shards(shards: &[Shard]) -> Result<()> {
    let fail = |why: String| Err(Error::new(ErrorKind::WeightsCorrupt, why));
    if shards.is_empty() || shards.len() > MAX_SHARDS {
        return fail(format!("a model must have 1 to {MAX_SHARDS} shards"));
    }
    let mut seen = HashSet::new();
    for Shard { file, bytes, sha256 } in shards {
        // It is a part of addresses, too.
        let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !is_file_name(file) || !plain || file.starts_with('.') || !seen.insert(file) {
            return fail(format!("{file:?} is not a valid shard name"));
        }
        if *bytes == 0 || *bytes > MAX_SHARD_BYTES {
            return fail(format!("the shard {file} must have 1 to {MAX_SHARD_BYTES} bytes"));
        }
        if sha256.len() != 64
            || !sha256.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        {
            return fail(format!("the shard {file} has no SHA-256 in lower-case hex"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_is_one_on_every_system() {
        for name in [
            "model.safetensors",
            "model-00001-of-00002.safetensors",
            "my model (1), größer+.bin",
            ".hidden",
            "..a",
            "console.bin",
            "com10",
            "a".repeat(255).as_str(),
        ] {
            assert!(is_file_name(name), "{name:?}");
        }
        for name in [
            "",
            ".",
            "..",
            "...",
            "a.",
            "a ",
            "/a",
            "a/b",
            "a/",
            "../a",
            "a\\b",
            "\\a",
            "..\\a",
            "c:a",
            "c:\\a",
            "a:stream",
            "a\0b",
            "a\nb",
            "a\u{85}",
            "a*",
            "a?",
            "<a",
            "a>",
            "a|b",
            "a\"",
            "nul",
            "NUL.safetensors",
            "con .bin",
            "Com1.bin",
            "lpt9",
            "com\u{b2}.bin",
            "a".repeat(256).as_str(),
        ] {
            assert!(!is_file_name(name), "{name:?}");
        }
    }

    #[test]
    fn a_manifest_names_files_beside_it() {
        let shard = |file: &str| Shard { file: file.to_owned(), bytes: 1, sha256: "0".repeat(64) };
        validate_shards(&[shard("a-1_b.safetensors")]).unwrap();
        for file in ["a\\b", "a/b", "..", "nul.bin", "a b", ".a", "a#b", "a%2Fb"] {
            let error = validate_shards(&[shard(file)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{file}");
            assert!(error.to_string().contains("is not a valid shard name"), "{error}");
        }
        let error = validate_shards(&[shard("a"), shard("a")]).unwrap_err();
        assert!(error.to_string().contains("\"a\" is not a valid shard name"), "{error}");
    }
}
