//! What the integration tests share.
#![allow(dead_code, reason = "every test file uses its part")]

use std::path::{Path, PathBuf};

/// A path below `../shared`, or `None` and a loud line where that folder is not at hand. In CI it
/// always is, so its absence there fails.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let path = repository().join("../shared").join(path);
    if path.exists() {
        return Some(path);
    }
    assert!(std::env::var_os("CI").is_none(), "CI must have {}", path.display());
    eprintln!("SKIPPED: {} is not on this machine", path.display());
    None
}

/// The repository: the workspace's root, whichever of its packages is tested.
pub(crate) fn repository() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    match package.parent() {
        Some(parent) if parent.ends_with("crates") => package.join("../.."),
        _ => package.to_owned(),
    }
}

/// A file below `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    repository().join("tests/fixtures").join(path)
}

/// A picture of `tests/fixtures/scenes`: something that a model can judge, there in every clone.
pub(crate) fn scene(name: &str) -> PathBuf {
    scenes().join(name)
}

/// The folder of the [scenes](scene).
pub(crate) fn scenes() -> PathBuf {
    fixture("scenes")
}
