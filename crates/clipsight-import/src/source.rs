//! Where a checkpoint lies, and which of the files there are it.

use std::path::{Path, PathBuf};

use crate::Configs;
use clipsight::limits::MAX_MANIFEST_BYTES;
use clipsight::{Error, ErrorKind, Result};

use clipsight_native::io;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file or folder.
    Path(PathBuf),
    /// A repository of the hub.
    Hub(HubName),
}

/// `owner/name` at a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName {
    /// `owner/name`.
    pub repository: String,
    /// Branch, tag or commit.
    pub revision: String,
}

/// A checkpoint on this machine with what lies beside it.
#[derive(Debug)]
pub struct Found {
    /// The file, or the index of its shards.
    pub weights: PathBuf,
    /// What says what the weights do not.
    pub configs: Configs,
    /// The folder that was downloaded for it.
    pub download: Option<PathBuf>,
}

/// Files that hold a checkpoint, the best first: safetensors before pickles, transformers' names
/// before OpenCLIP's.
pub const WEIGHTS: [&str; 6] = [
    "model.safetensors",
    "model.safetensors.index.json",
    "open_clip_model.safetensors",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
    "open_clip_pytorch_model.bin",
];

/// Files that say what the weights do not.
pub const CONFIGS: [&str; 3] = ["config.json", "open_clip_config.json", "preprocessor_config.json"];

impl Source {
    /// Reads `FILE`, `DIR` or `hf:owner/name[@revision]`.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a name that is not one of the hub's.
    pub fn parse(text: &str) -> Result<Self> {
        let Some(name) = text.strip_prefix("hf:") else { return Ok(Self::Path(text.into())) };
        let (repository, revision) = name.split_once('@').unwrap_or((name, "main"));
        let plain = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        };
        match repository.split_once('/') {
            Some((owner, name))
                if plain(owner) && plain(name) && revision.split('/').all(plain) =>
            {
                Ok(Self::Hub(HubName {
                    repository: repository.to_owned(),
                    revision: revision.to_owned(),
                }))
            }
            _ => Err(Error::new(
                ErrorKind::Argument,
                format!(
                    "{text:?} is not a valid hub name: use hf:owner/name or hf:owner/name@revision"
                ),
            )),
        }
    }

    /// The last part, for the folder that is made.
    #[must_use]
    pub fn name(&self) -> String {
        let name = match self {
            Self::Hub(name) => name.repository.rsplit('/').next().unwrap_or("model").to_owned(),
            Self::Path(path) => path
                .file_stem()
                .map_or("model".to_owned(), |stem| stem.to_string_lossy().into_owned()),
        };
        name.to_lowercase()
    }

    /// The hub's name.
    #[must_use]
    pub fn hub_name(&self) -> Option<&str> {
        match self {
            Self::Hub(name) => Some(&name.repository),
            Self::Path(_) => None,
        }
    }
}

/// The checkpoint at `path`, or the best in the folder there.
///
/// # Errors
/// [`ErrorKind::Argument`] when the folder holds none; [`ErrorKind::Io`].
pub fn find(path: &Path) -> Result<Found> {
    let (folder, weights) = if path.is_dir() {
        let weights = WEIGHTS
            .iter()
            .map(|name| path.join(name))
            .find(|weights| weights.is_file())
            .ok_or_else(|| {
                let message = format!("{} holds none of {}", path.display(), WEIGHTS.join(", "));
                Error::new(ErrorKind::Argument, message)
            })?;
        (path.to_owned(), weights)
    } else {
        (path.parent().unwrap_or(Path::new("")).to_owned(), path.to_owned())
    };
    let read = |name: &str| {
        let config = folder.join(name);
        if config.is_file() {
            io::read_at_most(&config, MAX_MANIFEST_BYTES as u64).map(Some)
        } else {
            Ok(None)
        }
    };
    let [config, open_clip, preprocessor] = CONFIGS;
    let configs = Configs {
        config: read(config)?,
        open_clip: read(open_clip)?,
        preprocessor: read(preprocessor)?,
        ..Configs::default()
    };
    Ok(Found { weights, configs, download: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_on_the_hub() {
        let hub = |repository: &str, revision: &str| {
            Source::Hub(HubName {
                repository: repository.to_owned(),
                revision: revision.to_owned(),
            })
        };
        assert_eq!(Source::parse("hf:a-b/C.d").unwrap(), hub("a-b/C.d", "main"));
        assert_eq!(Source::parse("hf:a/b@refs/pr/3").unwrap(), hub("a/b", "refs/pr/3"));
        assert_eq!(Source::parse("hf:a/B").unwrap().name(), "b");
        assert_eq!(Source::parse("x/ViT-B-32.pt").unwrap().name(), "vit-b-32");
        for wrong in [
            "hf:",
            "hf:a",
            "hf:a/b/c",
            "hf:../b",
            "hf:a/b@",
            "hf:a/b@../..",
            "hf:a/b?c",
            "hf:a/b@x y",
        ] {
            assert_eq!(Source::parse(wrong).unwrap_err().kind(), ErrorKind::Argument, "{wrong}");
        }
    }
}
