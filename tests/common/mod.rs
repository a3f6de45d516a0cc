//! What the integration tests share.
#![allow(dead_code, reason = "every test file uses its part")]

use std::path::PathBuf;

/// A path below `../shared`, or `None` and a loud line where that folder is not at hand. In CI it
/// always is, so its absence there fails.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "CI must have {}", path.display());
    eprintln!("SKIPPED: {} is not on this machine", path.display());
    None
}

/// A picture of `tests/fixtures/scenes`: something that a model can judge, there in every clone.
pub(crate) fn scene(name: &str) -> PathBuf {
    scenes().join(name)
}

/// The folder of the [scenes](scene).
pub(crate) fn scenes() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/scenes")
}
