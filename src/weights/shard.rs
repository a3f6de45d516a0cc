//! Weight files, as listed in manifests.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::limits::{MAX_SHARD_BYTES, MAX_SHARDS};
use crate::{Error, ErrorKind, Result};

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
        // A plain name: a manifest must not reach outside its folder.
        let plain = file.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if !plain || file.starts_with('.') || file.is_empty() || !seen.insert(file) {
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
