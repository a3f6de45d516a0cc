//! The images that GPTQ rounds a 4-bit encoder for.

use std::path::{Path, PathBuf};

use clipsight::{Error, ErrorKind, Result};
use clipsight_native::dataset::{Dataset, Role};
use clipsight_native::walk;

/// The images below a folder, or those of role fit in a manifest.
///
/// # Errors
/// [`ErrorKind::Argument`] when there are none; [`ErrorKind::Io`] when the folder or the manifest
/// cannot be read.
pub(crate) fn listed(path: &Path) -> Result<Vec<PathBuf>> {
    let images: Vec<PathBuf> =
        if path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv")) {
            let dataset = Dataset::read(path)?;
            dataset.role(Role::Fit).iter().map(|entry| dataset.root.join(&entry.file)).collect()
        } else {
            walk::images_below(path)?
        };
    if images.is_empty() {
        let message = format!("{} contains no images", path.display());
        return Err(Error::new(ErrorKind::Argument, message));
    }
    Ok(images)
}
