//! The hub's HTTP interface, as far as a checkpoint needs it: the files of a revision, resumed
//! where a download stopped and checked against the hashes that the revision states.
//!
//! This is the program's only network code; nothing but `import hf:...` calls it, and it sends a
//! name and, where `HF_TOKEN` is set, that token, which redirects to other hosts do not get. The
//! crate `hf-hub` 1.0.0 verifies no hash of what it downloads over HTTP, restarts an interrupted
//! download from the beginning, and needs an async runtime.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clipsight::limits::MAX_MANIFEST_BYTES;
use clipsight::{Error, ErrorKind, Result};
use clipsight_import::shards_of_index;
use clipsight_import::source::{CONFIGS, Found, HubName, WEIGHTS, find};
use indicatif::ProgressBar;
use serde::Deserialize;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use ureq::http::Response;
use ureq::{Agent, Body};

use super::bar;

/// The hub, unless `HF_ENDPOINT` names a mirror.
const ENDPOINT: &str = "https://huggingface.co";

/// Attempts without a single byte after which a download is given up.
const ATTEMPTS: u32 = 5;

/// Pause before the first retry; doubled each time.
const PAUSE: Duration = Duration::from_millis(500);

/// Most redirects followed for one request.
const REDIRECTS: usize = 5;

/// One file of a revision.
#[derive(Clone, Debug, Deserialize)]
struct RemoteFile {
    path: String,
    /// Git's object id of the stored file.
    oid: String,
    size: u64,
    lfs: Option<Lfs>,
}

/// A large file.
#[derive(Clone, Debug, Deserialize)]
struct Lfs {
    /// SHA-256.
    oid: String,
    size: u64,
}

#[derive(Deserialize)]
struct Revision {
    sha: String,
}

struct Hub<'a> {
    agent: Agent,
    endpoint: String,
    token: Option<String>,
    name: &'a HubName,
}

fn failed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Io, message)
}

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// Fetches the best checkpoint of a repository, with its configuration.
///
/// # Errors
/// [`ErrorKind::Argument`] when the hub refuses access; [`ErrorKind::WeightsCorrupt`] when a file
/// does not match its hash; [`ErrorKind::Io`] when the hub cannot be reached or the disk written.
pub(super) fn fetch(name: &HubName, stall: Duration) -> Result<Found> {
    let hub = Hub::new(name, stall);
    let Revision { sha } =
        hub.json(&format!("api/models/{}/revision/{}", name.repository, name.revision))?;
    if sha.len() != 40 || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(failed("the hub returned a revision that is not a commit"));
    }
    let entries: Vec<RemoteFile> =
        hub.json(&format!("api/models/{}/tree/{sha}", name.repository))?;
    let entry = |file: &str| entries.iter().find(|entry| entry.path == file);
    let weights = WEIGHTS.iter().find_map(|file| entry(file)).ok_or_else(|| {
        let message = format!("{} contains none of {}", name.repository, WEIGHTS.join(", "));
        Error::new(ErrorKind::Argument, message)
    })?;
    let folder = cache()?.join(name.repository.replace('/', "--")).join(&sha);
    std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
    for config in CONFIGS.iter().filter_map(|file| entry(file)) {
        hub.download(&sha, config, &folder, &ProgressBar::hidden())?;
    }
    let shards = if weights.path.ends_with(".index.json") {
        hub.download(&sha, weights, &folder, &ProgressBar::hidden())?;
        shards_of_index(&crate::io::read_at_most(
            &folder.join(&weights.path),
            MAX_MANIFEST_BYTES as u64,
        )?)?
    } else {
        BTreeSet::from([weights.path.clone()])
    };
    let shards = shards
        .iter()
        .map(|file| {
            entry(file).ok_or_else(|| failed(format!("{} lacks the shard {file}", name.repository)))
        })
        .collect::<Result<Vec<_>>>()?;
    let bar = bar("fetching", "{bytes} of {total_bytes}, {bytes_per_sec}");
    bar.set_length(shards.iter().map(|shard| shard.size()).sum());
    for shard in shards {
        hub.download(&sha, shard, &folder, &bar)?;
    }
    bar.finish_and_clear();
    let found = find(&folder.join(&weights.path))?;
    Ok(Found { download: Some(folder), ..found })
}

/// The folder for downloads until they are converted.
fn cache() -> Result<PathBuf> {
    set("CLIPSIGHT_CACHE")
        .map(PathBuf::from)
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| Path::new(&cache).join("clipsight")))
        .or_else(|| std::env::home_dir().map(|home| home.join(".cache").join("clipsight")))
        .ok_or_else(|| failed("no folder for downloads was found: set CLIPSIGHT_CACHE"))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    failed(format!("{} cannot be written: {error}", path.display())).with_source(error)
}

impl RemoteFile {
    fn size(&self) -> u64 {
        self.lfs.as_ref().map_or(self.size, |lfs| lfs.size)
    }

    /// Checks a file against the hash that the revision states.
    fn check(&self, path: &Path) -> Result<()> {
        let mut file = File::open(path).map_err(|error| unwritable(path, error))?;
        let found = match &self.lfs {
            Some(_) => hash(Sha256::new(), &mut file),
            None => hash(Sha1::new().chain_update(format!("blob {}\0", self.size)), &mut file),
        };
        let found = found.map_err(|error| unwritable(path, error))?;
        let expected = self.lfs.as_ref().map_or(&self.oid, |lfs| &lfs.oid);
        if found == *expected {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::WeightsCorrupt,
            format!(
                "{} does not match the hub's hash: {found} instead of {expected}; import it again",
                self.path
            ),
        ))
    }
}

fn hash<D: Digest + Write>(mut digest: D, file: &mut File) -> io::Result<String> {
    io::copy(file, &mut digest)?;
    Ok(digest.finalize().iter().fold(String::new(), |mut hex, byte| {
        hex.push_str(&format!("{byte:02x}"));
        hex
    }))
}

/// Scheme and host of an address.
fn origin(url: &str) -> &str {
    let host = url.find("://").map_or(0, |at| at + 3);
    url[host..].find('/').map_or(url, |end| &url[..host + end])
}

fn same_host(a: &str, b: &str) -> bool {
    origin(a).eq_ignore_ascii_case(origin(b))
}

/// Why an attempt did not finish a file.
enum Interruption {
    /// The connection broke or stalled.
    Broken(String),
    /// Another attempt would fail in the same way.
    Final(Error),
}

impl<'a> Hub<'a> {
    fn new(name: &'a HubName, stall: Duration) -> Self {
        let endpoint = set("HF_ENDPOINT").unwrap_or_else(|| ENDPOINT.to_owned());
        let endpoint = endpoint.trim_end_matches('/').to_owned();
        // Redirects are followed here: the agent distinguishes hosts by name only, and the token is
        // for one origin.
        let agent = Agent::config_builder()
            .user_agent(concat!("clipsight/", env!("CARGO_PKG_VERSION")))
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(stall))
            .timeout_per_read(Some(stall))
            .timeout_per_write(Some(stall))
            .build()
            .new_agent();
        Self { agent, endpoint, token: set("HF_TOKEN"), name }
    }

    /// Requests a path, or its content from some byte on.
    fn get(
        &self,
        path: &str,
        from: Option<u64>,
    ) -> std::result::Result<Response<Body>, ureq::Error> {
        let mut url = format!("{}/{path}", self.endpoint);
        for _ in 0..REDIRECTS {
            let mut request = self.agent.get(&url);
            // Large files are on other hosts, which must not see the token.
            if let Some(token) = self.token.as_ref().filter(|_| same_host(&url, &self.endpoint)) {
                request = request.header("Authorization", format!("Bearer {token}"));
            }
            if let Some(from) = from {
                request = request.header("Range", format!("bytes={from}-"));
            }
            let response = request.call()?;
            let next = match response.status().as_u16() {
                301 | 302 | 303 | 307 | 308 => response.headers().get("location"),
                _ => None,
            };
            match next.map(|next| next.to_str()) {
                None => return Ok(response),
                Some(Ok(next)) if next.starts_with('/') => url = format!("{}{next}", origin(&url)),
                Some(Ok(next)) => next.clone_into(&mut url),
                Some(Err(_)) => {
                    return Err(ureq::Error::BadUri(
                        "a redirect without a valid address".to_owned(),
                    ));
                }
            }
        }
        Err(ureq::Error::TooManyRedirects)
    }

    /// What a status other than success means.
    fn refusal(&self, status: u16, path: &str) -> Error {
        let HubName { repository, revision } = self.name;
        match status {
            401 | 403 => Error::new(
                ErrorKind::Argument,
                format!(
                    "the hub refuses access to {repository} (status {status}): it is private, \
                     gated or misspelt; {}",
                    if self.token.is_some() {
                        "HF_TOKEN does not grant access to it"
                    } else {
                        "set HF_TOKEN if you have access"
                    }
                ),
            ),
            404 => Error::new(
                ErrorKind::Argument,
                format!(
                    "the hub does not have {repository} at revision {revision}, or not all of it \
                     ({path}, status 404)"
                ),
            ),
            _ => failed(format!("the hub answered {path} with status {status}")),
        }
    }

    fn json<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<T> {
        let unreachable = |error: &dyn std::fmt::Display| {
            failed(format!(
                "{} cannot be reached: {error}; HF_ENDPOINT may name a mirror",
                self.endpoint
            ))
        };
        let response =
            self.get(path, None).map_err(|error| unreachable(&error).with_source(error))?;
        if response.status() != 200 {
            return Err(self.refusal(response.status().as_u16(), path));
        }
        let mut bytes = Vec::new();
        let limit = MAX_MANIFEST_BYTES as u64;
        Read::take(response.into_body().into_reader(), limit)
            .read_to_end(&mut bytes)
            .map_err(|error| unreachable(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| {
            failed(format!("the hub's answer for {path} is not in the expected format: {error}"))
                .with_source(error)
        })
    }

    /// Fetches one file, or the rest of it, and checks it.
    fn download(
        &self,
        sha: &str,
        entry: &RemoteFile,
        folder: &Path,
        bar: &ProgressBar,
    ) -> Result<()> {
        let path = folder.join(&entry.path);
        let before = bar.position();
        if path.is_file() && entry.check(&path).is_ok() {
            bar.set_position(before + entry.size());
            return Ok(());
        }
        let part = folder.join(format!("{}.part", entry.path));
        let mut fruitless = 0;
        loop {
            let have = std::fs::metadata(&part).map_or(0, |metadata| metadata.len());
            if have >= entry.size() && part.is_file() {
                break;
            }
            bar.set_position(before + have);
            match self.attempt(sha, entry, &part, have, bar) {
                Ok(()) => {}
                Err(Interruption::Final(error)) => return Err(error),
                Err(Interruption::Broken(why)) => {
                    let got = std::fs::metadata(&part).map_or(0, |metadata| metadata.len());
                    fruitless = if got > have { 0 } else { fruitless + 1 };
                    if fruitless == ATTEMPTS {
                        return Err(failed(format!(
                            "the download of {} stopped at {got} of {} bytes: {why}; run the same \
                             command to resume it",
                            entry.path,
                            entry.size()
                        )));
                    }
                    std::thread::sleep(PAUSE * (1 << fruitless));
                }
            }
        }
        if let Err(error) = entry.check(&part) {
            // A damaged file cannot be resumed.
            std::fs::remove_file(&part).map_err(|error| unwritable(&part, error))?;
            return Err(error);
        }
        std::fs::rename(&part, &path).map_err(|error| unwritable(&path, error))?;
        bar.set_position(before + entry.size());
        Ok(())
    }

    /// One request for what is missing.
    fn attempt(
        &self,
        sha: &str,
        entry: &RemoteFile,
        part: &Path,
        have: u64,
        bar: &ProgressBar,
    ) -> std::result::Result<(), Interruption> {
        let disk = |error| Interruption::Final(unwritable(part, error));
        let broken = |error: &dyn std::fmt::Display| Interruption::Broken(error.to_string());
        let path = format!("{}/resolve/{sha}/{}", self.name.repository, entry.path);
        let response = self.get(&path, Some(have)).map_err(|error| broken(&error))?;
        let mut file = match response.status().as_u16() {
            206 => OpenOptions::new().append(true).create(true).open(part).map_err(disk)?,
            // The whole file, whatever was requested.
            200 => File::create(part).map_err(disk)?,
            status @ (429 | 500..=599) => return Err(broken(&format!("status {status}"))),
            status => return Err(Interruption::Final(self.refusal(status, &path))),
        };
        let start = file.metadata().map_err(disk)?.len();
        // One byte more than announced is enough to notice a different file.
        let mut body = Read::take(
            response.into_body().into_reader(),
            (entry.size() + 1).saturating_sub(start),
        );
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = body.read(&mut buffer).map_err(|error| broken(&error))?;
            if read == 0 {
                break;
            }
            file.write_all(&buffer[..read]).map_err(disk)?;
            bar.inc(read as u64);
        }
        let length = file.metadata().map_err(disk)?.len();
        if length < entry.size() { Err(broken(&"the connection was closed")) } else { Ok(()) }
    }
}
