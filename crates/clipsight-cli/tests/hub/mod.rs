//! A local server that plays the hub, with the faults that a test asks for.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sha1::Sha1;
use sha2::{Digest, Sha256};

/// The commit that the hub's main branch is at.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// Every answer with weights breaks off after so many bytes, as long as there are breaks left.
    pub(crate) break_after: usize,
    pub(crate) breaks: usize,
    /// Bytes of weights that are changed on the way.
    pub(crate) corrupt: bool,
    /// The token without which nothing is shown.
    pub(crate) token: Option<String>,
    /// Weights come in pieces of so many bytes with a pause after each.
    pub(crate) slow: Option<(usize, Duration)>,
    /// Weights stand still after the first byte, as often as this.
    pub(crate) stalls: usize,
    /// Weights are sent on to this address, as large files are to other hosts.
    pub(crate) elsewhere: Option<String>,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) path: String,
    pub(crate) range: Option<String>,
    pub(crate) authorization: Option<String>,
}

/// A running hub with one repository.
pub(crate) struct Hub {
    pub(crate) endpoint: String,
    pub(crate) faults: Arc<Mutex<Faults>>,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Hub {
    /// Serves `files` as the repository `name` until the test's process ends.
    pub(crate) fn serve(name: &str, files: BTreeMap<String, Vec<u8>>, faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let (faults, seen) = (Arc::new(Mutex::new(faults)), Arc::new(Mutex::new(Vec::new())));
        let hub = Self { endpoint, faults: Arc::clone(&faults), seen: Arc::clone(&seen) };
        let (name, files) = (name.to_owned(), Arc::new(files));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (name, files) = (name.clone(), Arc::clone(&files));
                let (faults, seen) = (Arc::clone(&faults), Arc::clone(&seen));
                // A client that goes away is the test's affair.
                std::thread::spawn(move || drop(answer(stream, &name, &files, &faults, &seen)));
            }
        });
        hub
    }

    /// What was asked for below this path.
    pub(crate) fn requests(&self, end: &str) -> Vec<Seen> {
        self.seen.lock().unwrap().iter().filter(|seen| seen.path.ends_with(end)).cloned().collect()
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn is_large(file: &str) -> bool {
    !file.ends_with(".json")
}

fn tree(files: &BTreeMap<String, Vec<u8>>) -> String {
    let entry = |(path, bytes): (&String, &Vec<u8>)| {
        let git = hex(&Sha1::new()
            .chain_update(format!("blob {}\0", bytes.len()))
            .chain_update(bytes)
            .finalize());
        let mut entry =
            serde_json::json!({"type": "file", "path": path, "oid": git, "size": bytes.len()});
        if is_large(path) {
            let oid = hex(&Sha256::digest(bytes));
            entry["lfs"] = serde_json::json!({"oid": oid, "size": bytes.len(), "pointerSize": 134});
        }
        entry
    };
    serde_json::Value::Array(files.iter().map(entry).collect()).to_string()
}

fn answer(
    mut stream: TcpStream,
    name: &str,
    files: &BTreeMap<String, Vec<u8>>,
    faults: &Mutex<Faults>,
    seen: &Mutex<Vec<Seen>>,
) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let first = lines.next().unwrap_or(Ok(String::new()))?;
    let path = first.split(' ').nth(1).unwrap_or("").to_owned();
    let mut request = Seen { path: path.clone(), range: None, authorization: None };
    for line in lines {
        let line = line?;
        match line.split_once(": ") {
            Some((header, value)) if header.eq_ignore_ascii_case("range") => {
                request.range = Some(value.to_owned())
            }
            Some((header, value)) if header.eq_ignore_ascii_case("authorization") => {
                request.authorization = Some(value.to_owned());
            }
            _ if line.is_empty() => break,
            _ => {}
        }
    }
    seen.lock().unwrap().push(request.clone());
    let mut head = |status: &str, more: &str, length: usize| {
        let head = format!(
            "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes())
    };
    let now = faults.lock().unwrap().clone();
    if now.token.is_some_and(|token| request.authorization != Some(format!("Bearer {token}"))) {
        return head("401 Unauthorized", "", 0);
    }
    if path == format!("/api/models/{name}/revision/main") {
        let body = format!(r#"{{"id": "{name}", "sha": "{COMMIT}", "private": false}}"#);
        head("200 OK", "Content-Type: application/json\r\n", body.len())?;
        return stream.write_all(body.as_bytes());
    }
    if path == format!("/api/models/{name}/tree/{COMMIT}") {
        let body = tree(files);
        head("200 OK", "Content-Type: application/json\r\n", body.len())?;
        return stream.write_all(body.as_bytes());
    }
    let file = path.strip_prefix(&format!("/{name}/resolve/{COMMIT}/"));
    let Some((file, bytes)) = file.and_then(|file| files.get(file).map(|bytes| (file, bytes)))
    else {
        return head("404 Not Found", "", 0);
    };
    if let Some(elsewhere) = now.elsewhere.filter(|_| is_large(file)) {
        return head("302 Found", &format!("Location: {elsewhere}{path}\r\n"), 0);
    }
    let (from, to) = match &request.range {
        Some(range) => {
            let (from, to) = range.trim_start_matches("bytes=").split_once('-').unwrap();
            (
                from.parse().unwrap(),
                to.parse::<usize>().map_or(bytes.len(), |to| bytes.len().min(to + 1)),
            )
        }
        None => (0, bytes.len()),
    };
    let mut body = bytes[from..to].to_vec();
    let range = format!("Content-Range: bytes {from}-{}/{}\r\n", to.max(1) - 1, bytes.len());
    head("206 Partial Content", &range, body.len())?;
    if !is_large(file) {
        return stream.write_all(&body);
    }
    if now.corrupt
        && let Some(byte) = body.last_mut()
    {
        *byte ^= 1;
    }
    if now.stalls > 0 {
        faults.lock().unwrap().stalls -= 1;
        stream.write_all(&body[..1])?;
        std::thread::sleep(Duration::from_secs(20));
        return Ok(());
    }
    if now.breaks > 0 {
        faults.lock().unwrap().breaks -= 1;
        return stream.write_all(&body[..now.break_after.min(body.len())]);
    }
    let (piece, pause) = now.slow.unwrap_or((usize::MAX, Duration::ZERO));
    for part in body.chunks(piece) {
        stream.write_all(part)?;
        std::thread::sleep(pause);
    }
    Ok(())
}
