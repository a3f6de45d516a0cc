//! Puts into the package what lies elsewhere in the repository: the compact model, the licences.

use std::error::Error;
use std::fs;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = package.parent().ok_or("python/ lies in the repository")?;
    let model = repository.join("models/compact");
    let to = package.join("clipsight/models/compact");
    fs::create_dir_all(&to)?;
    for entry in fs::read_dir(&model)? {
        let name = entry?.file_name();
        let shown = name.to_string_lossy();
        // The figures are what reports on corpora estimate shares with.
        let figures = ["eval.json", "operating-points.json"];
        if ["model.json", "README.md"].contains(&&*shown)
            || figures.contains(&&*shown)
            || shown.ends_with(".safetensors")
        {
            copy(&model.join(&name), &to.join(&name))?;
        }
    }
    let to = package.join("clipsight/licences");
    fs::create_dir_all(&to)?;
    for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
        copy(&repository.join(licence), &to.join(licence))?;
    }
    Ok(())
}

/// Copies a file where it differs, so that nothing that is up to date looks new.
fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={}", from.display());
    println!("cargo::rerun-if-changed={}", to.display());
    let bytes = fs::read(from)?;
    if fs::read(to).ok().as_ref() != Some(&bytes) {
        fs::write(to, bytes)?;
    }
    Ok(())
}
