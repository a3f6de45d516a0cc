//! `clipsight scan`: which files it takes, what it passes over, and how it goes on where it was
//! ended.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on fails"
)]

#[path = "../../../tests/common/mod.rs"]
mod common;
mod support;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::*;

/// What a Mac keeps beside `x.jpg` on a foreign disk: magic number, version, filler, one entry.
fn resource_fork() -> Vec<u8> {
    let mut bytes = vec![0x00, 0x05, 0x16, 0x07, 0x00, 0x02, 0x00, 0x00];
    bytes.extend(b"Mac OS X        ");
    bytes.extend([0, 1, 0, 0, 0, 2, 0, 0, 0, 0x26, 0, 0, 0, 4, b'f', b'o', b'r', b'k']);
    bytes
}

/// A folder of real images and of what lies beside them.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let scene = |name: &str| std::fs::read(common::scene(name)).unwrap();
    let files: [(&str, Vec<u8>); 19] = [
        ("sea.JPG", scene("ridges.jpg")),
        ("._sea.JPG", resource_fork()),
        // Its name was changed on the way.
        ("fork.jpg", resource_fork()),
        ("a/bricks.jpe", scene("bricks.jpg")),
        ("a/glass.jfif", scene("forest.jpg")),
        ("a/pin.pjpeg", scene("portrait.jpg")),
        ("a/post.jpg_large", scene("spheres.jpg")),
        ("a/phone.HIF", b"\0\0\0\x18ftypheic\0\0\0\0".to_vec()),
        ("a/Thumbs.db", b"cache".to_vec()),
        ("a/notes.txt", b"notes".to_vec()),
        ("a/more.TXT", b"notes".to_vec()),
        ("film.mp4", b"film".to_vec()),
        ("README", b"read me".to_vec()),
        (".DS_Store", b"settings".to_vec()),
        (".hidden.jpg", scene("ridges.jpg")),
        (".thumbnails/1.png", scene("pixel.png")),
        (".git/logo.png", scene("pixel.png")),
        ("[1].png", scene("letter.png")),
        ("1.png", scene("window.png")),
    ];
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn scan(folder: &Path, arguments: &[&str]) -> Output {
    scanning(folder, arguments).output().unwrap()
}

fn scanning(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = clipsight();
    command.args(["scan", "--device", "cpu"]).args(arguments).current_dir(folder);
    command.stdin(Stdio::null());
    command
}

fn paths(records: &[Value]) -> Vec<&str> {
    records.iter().map(|record| record["path"].as_str().unwrap()).collect()
}

fn message(record: &Value) -> &str {
    record["error"]["message"].as_str().unwrap_or_else(|| panic!("{record} is no error"))
}

#[test]
fn folders_say_what_was_passed_over() {
    let folder = folder();
    for format in ["json", "csv", "table"] {
        let output = scan(folder.path(), &["--format", format, "."]);
        assert_status(&output, 2);
        let said = stderr(&output);
        let counts = "passed over in folders: not images by name 4 (.txt 2, without an ending 1, \
                      .mp4 1), hidden 2, a Mac's resource forks (._*) 2, thumbnail caches and the \
                      system's own 3\n";
        assert!(said.contains(counts), "{said}");
        assert!(said.contains("7 scored") || said.contains("without a grade, 1 failed"), "{said}");
        if format != "json" {
            continue;
        }
        let records = records(&output);
        assert_eq!(
            paths(&records),
            [
                "./1.png",
                "./[1].png",
                "./a/bricks.jpe",
                "./a/glass.jfif",
                "./a/phone.HIF",
                "./a/pin.pjpeg",
                "./a/post.jpg_large",
                "./sea.JPG",
            ]
        );
        for record in &records {
            let unread = record["path"] == "./a/phone.HIF";
            assert_eq!(record["status"] == "error", unread, "{record}");
        }
    }
    // Where nothing is passed over, nothing is said.
    let output = scan(folder.path(), &["a/bricks.jpe"]);
    assert!(!stderr(&output).contains("passed over"));
}

#[test]
fn a_resource_fork_that_is_named_is_told_from_its_picture() {
    let folder = folder();
    let output = scan(folder.path(), &["._sea.JPG", "fork.jpg", ".hidden.jpg"]);
    assert_status(&output, 2);
    let records = records(&output);
    for (record, picture) in records.iter().zip(["the picture is sea.JPG", "kept beside"]) {
        assert_eq!(record["error"]["code"], "unsupported");
        assert!(message(record).contains("resource fork of a Mac, not the picture"), "{record}");
        assert!(message(record).contains(picture), "{record}");
    }
    assert_ne!(records[2]["status"], "error", "what is named is read, hidden or not");
}

#[test]
fn patterns_are_expanded_where_the_shell_did_not() {
    let folder = folder();
    let found = |pattern: &str| {
        let output = scan(folder.path(), &[pattern]);
        let records = records(&output);
        (paths(&records).join(" "), output.status.code().unwrap())
    };
    assert_eq!(found("*.JPG"), ("sea.JPG".to_owned(), 0));
    assert_eq!(found("?.png"), ("1.png".to_owned(), 0));
    assert_eq!(found("a/*.j[fp][ei]*"), ("a/bricks.jpe a/glass.jfif".to_owned(), 0));
    assert_eq!(found("**/*.jfif"), ("a/glass.jfif".to_owned(), 0));
    assert_eq!(found("**/*.png"), ("1.png [1].png".to_owned(), 0));
    // A file of that name wins; the pattern would fit 1.png.
    assert_eq!(found("[1].png"), ("[1].png".to_owned(), 0));
    for nothing in ["*.gif", "**/*.xyz", "[2].png"] {
        let output = scan(folder.path(), &[nothing, "1.png"]);
        assert_status(&output, 2);
        let records = records(&output);
        assert_eq!(paths(&records), [nothing, "1.png"]);
        assert!(message(&records[0]).contains("no file fits this pattern"), "{}", records[0]);
        assert_ne!(records[1]["status"], "error");
    }
}

#[test]
fn addresses_are_refused_in_words() {
    let folder = folder();
    let addresses = [
        ("https://example.com/a.jpg?size=*", "save the image first"),
        ("HTTP://EXAMPLE.COM/a.jpg", "save the image first"),
        ("data:image/png;base64,iVBORw0KGgo=", "decode it into a file"),
        ("file:///home/me/a.jpg", "by its path, /home/me/a.jpg"),
    ];
    let mut arguments: Vec<&str> = addresses.iter().map(|(address, _)| *address).collect();
    arguments.push("1.png");
    let output = scan(folder.path(), &arguments);
    assert_status(&output, 2);
    let records = records(&output);
    for (record, (address, what)) in records.iter().zip(addresses) {
        assert_eq!(record["path"], address);
        assert_eq!(record["error"]["code"], "argument");
        assert!(message(record).contains("addresses are not read"), "{record}");
        assert!(message(record).contains(what), "{record}");
    }
    assert_ne!(records[4]["status"], "error");
}

fn with_input(folder: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut child = scanning(folder, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let input = input.to_vec();
    // Who reads only up to a limit closes the pipe.
    let writer = std::thread::spawn(move || drop(pipe.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

#[test]
fn standard_input_is_an_image() {
    let folder = folder();
    let picture = std::fs::read(folder.path().join("sea.JPG")).unwrap();
    let output = with_input(folder.path(), &["-", "sea.JPG"], &picture);
    assert_status(&output, 0);
    let lines = records(&output);
    assert_eq!(lines[0]["path"], "-");
    for field in ["status", "logit", "sha256", "width"] {
        assert_eq!(lines[0][field], lines[1][field], "{field}");
    }
    let output = with_input(folder.path(), &["-", "-"], &picture);
    assert_status(&output, 2);
    assert!(message(&records(&output)[1]).contains("name `-` once"));
    let output = with_input(folder.path(), &["-"], b"");
    assert_status(&output, 2);
    assert_eq!(records(&output)[0]["error"]["code"], "decode");
    let output = with_input(folder.path(), &["-"], &vec![0; (64 << 20) + 1]);
    assert_status(&output, 2);
    assert_eq!(records(&output)[0]["error"]["code"], "limit");
    let output = with_input(folder.path(), &["--resume", "x.jsonl", "-"], &picture);
    assert_status(&output, 1);
    assert!(stderr(&output).contains("which standard input has not"), "{}", stderr(&output));
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_no_image() {
    let folder = folder();
    // The one end of a new terminal is one itself.
    let terminal =
        std::fs::OpenOptions::new().read(true).write(true).open("/dev/ptmx").expect("a terminal");
    let output = scanning(folder.path(), &["-"]).stdin(terminal).output().unwrap();
    assert_status(&output, 1);
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("which is a terminal"), "{}", stderr(&output));
}

/// What a scan says of its files, without how long it took, in any order.
fn results(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut value: Value = serde_json::from_str(line).unwrap();
            assert!(value.as_object_mut().unwrap().remove("ms").is_some(), "{line}");
            value.to_string()
        })
        .collect();
    lines.sort();
    lines
}

fn many() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    for index in 0..24_u32 {
        let picture = picture(400 + 8 * index, 380, u64::from(index));
        let bytes = if index % 7 == 3 { b"no image".to_vec() } else { jpeg(&picture) };
        std::fs::write(folder.path().join(format!("in/{index:02}.jpg")), bytes).unwrap();
    }
    folder
}

fn lines_in(path: &Path) -> usize {
    std::fs::read(path).map_or(0, |bytes| bytes.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_scan_that_was_killed_goes_on() {
    let folder = many();
    let path = folder.path();
    let whole = scan(path, &["in"]);
    assert_status(&whole, 2);
    let whole = results(std::str::from_utf8(&whole.stdout).unwrap());
    assert_eq!(whole.len(), 24);

    let out = path.join("out.jsonl");
    let mut child = scanning(path, &["--output", "out.jsonl", "in"])
        .stderr(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while lines_in(&out) < 4 {
        assert!(begun.elapsed() < Duration::from_secs(120), "no results came");
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
        std::thread::sleep(Duration::from_millis(2));
    }
    // SIGKILL: nothing is tidied up.
    child.kill().unwrap();
    child.wait().unwrap();
    let done = lines_in(&out);
    assert!(done < 24, "it was done before it was killed");
    // As if it had been killed within a line.
    let mut bytes = std::fs::read(&out).unwrap();
    bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').unwrap() + 1);
    let cut_at = bytes.len();
    bytes.extend(&bytes.clone()[..40]);
    std::fs::write(&out, &bytes).unwrap();
    // What is done is not read again.
    std::fs::write(path.join("in/00.jpg"), b"another file").unwrap();

    // With --output the earlier file stays as it is.
    let output = scan(path, &["--resume", "out.jsonl", "--output", "all.jsonl", "in"]);
    assert_status(&output, 2);
    assert!(output.stdout.is_empty());
    assert!(stderr(&output).contains("was cut off"), "{}", stderr(&output));
    assert!(stderr(&output).contains(&format!("{done} done before")), "{}", stderr(&output));
    assert_eq!(std::fs::read(&out).unwrap(), bytes);
    assert_eq!(results(&std::fs::read_to_string(path.join("all.jsonl")).unwrap()), whole);

    let output = scan(path, &["--resume", "out.jsonl", "in"]);
    assert_status(&output, 2);
    let text = std::fs::read(&out).unwrap();
    assert_eq!(text[..cut_at], bytes[..cut_at], "whole lines stay");
    let text = String::from_utf8(text).unwrap();
    assert_eq!(results(&text), whole);

    // Once more: nothing is left to do, and what failed then is still said.
    let output = scan(path, &["--resume", "out.jsonl", "--output", "out.jsonl", "in"]);
    assert_status(&output, 2);
    assert!(stderr(&output).contains("24 done before") && stderr(&output).contains("3 failed"));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
}

#[test]
fn results_of_another_kind_are_not_gone_on_with() {
    let folder = many();
    let path = folder.path();
    let output = scan(path, &["--output", "a.jsonl", "in/00.jpg", "in/01.jpg"]);
    assert_status(&output, 0);
    assert!(output.stdout.is_empty());
    let line = std::fs::read_to_string(path.join("a.jsonl")).unwrap();
    let first: Value = serde_json::from_str(line.lines().next().unwrap()).unwrap();
    let id = first["model"].as_str().unwrap();
    assert_eq!(first["model_sha256"].as_str().unwrap().len(), 64);
    assert!(first["views"].is_null());

    let refused = |arguments: &[&str], words: &str| {
        let output = scan(path, arguments);
        assert_status(&output, 1);
        assert!(stderr(&output).contains(words), "{words}: {}", stderr(&output));
        assert!(output.stdout.is_empty());
        assert_eq!(std::fs::read_to_string(path.join("a.jsonl")).unwrap(), line, "it is unchanged");
    };
    refused(&["--resume", "a.jsonl", "--views", "1", "in"], "was written with no --views");
    refused(&["--resume", "a.jsonl", "--format", "csv", "in"], "goes on with JSON lines");
    refused(&["--resume", "gone.jsonl", "in"], "--output FILE begins a new file");
    refused(&["--resume", "in", "in"], "not a regular file");
    refused(&["--resume", "in/00.jpg", "in"], "is not one that `scan` writes");
    refused(&["--resume", "a.jsonl", "./in"], "none of the 2 files");
    refused(&["--output", "a.jsonl", "in"], "is not written over");
    refused(&["--output", "gone/a.jsonl", "in"], "its folder must exist");

    // The same weights with another threshold; then another name.
    let model = copy_of_model(path);
    let manifest = std::fs::read_to_string(model.join("model.json")).unwrap();
    let mut value: Value = serde_json::from_str(&manifest).unwrap();
    value["licence"] = "other".into();
    std::fs::write(model.join("model.json"), value.to_string()).unwrap();
    refused(&["--resume", "a.jsonl", "--model", "model", "in"], &format!("a model {id} of the"));
    value["id"] = "other".into();
    std::fs::write(model.join("model.json"), value.to_string()).unwrap();
    refused(&["--resume", "a.jsonl", "--model", "model", "in"], &format!("the model {id}"));

    // A line of something else in the middle, a table, lines without a model.
    for (wrong, words) in [
        (format!("{line}no\n{line}"), "line 3"),
        ("PROBABILITY  GRADE\n".to_owned(), "line 1"),
        ("PROBABILITY".to_owned(), "line 1"),
        ("{\"path\":\"a\",\"status\":\"scored\"}\n".to_owned(), "missing field `model`"),
    ] {
        std::fs::write(path.join("b.jsonl"), &wrong).unwrap();
        refused(&["--resume", "b.jsonl", "in"], words);
        assert_eq!(std::fs::read_to_string(path.join("b.jsonl")).unwrap(), wrong);
    }

    // Two at a time would mix their lines.
    let held = std::fs::File::open(path.join("a.jsonl")).unwrap();
    held.lock().unwrap();
    refused(&["--resume", "a.jsonl", "in"], "another process is writing");
    held.unlock().unwrap();

    // An empty file is one whose scan was ended at once; a file named twice has two lines.
    std::fs::write(path.join("c.jsonl"), "").unwrap();
    let output = scan(path, &["--resume", "c.jsonl", "in/00.jpg", "in/00.jpg"]);
    assert_status(&output, 0);
    let output = scan(path, &["--resume", "c.jsonl", "in/00.jpg", "in/00.jpg", "in/00.jpg"]);
    assert_status(&output, 0);
    assert!(stderr(&output).contains("3 files; 2 done before"), "{}", stderr(&output));
    assert_eq!(lines_in(&path.join("c.jsonl")), 3);
    // Lines of files that are not named any more stay.
    let output = scan(path, &["--resume", "c.jsonl", "in/00.jpg", "in/02.jpg"]);
    assert_status(&output, 0);
    assert!(stderr(&output).contains("2 of its lines are of other files"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn names_that_are_no_unicode_are_gone_on_with() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let photo = jpeg(&picture(230, 230, 4));
    for name in [b"odd-\xff.jpg", b"odd-\xfe.jpg"] {
        let name = std::ffi::OsStr::from_bytes(name);
        std::fs::write(folder.path().join(name), &photo).unwrap();
    }
    let output = scan(folder.path(), &["--output", "a.jsonl", "."]);
    assert_status(&output, 0);
    let text = std::fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    let first = text.lines().next().unwrap();
    std::fs::write(folder.path().join("a.jsonl"), format!("{first}\n")).unwrap();
    let output = scan(folder.path(), &["--resume", "a.jsonl", "."]);
    assert_status(&output, 0);
    let resumed = std::fs::read_to_string(folder.path().join("a.jsonl")).unwrap();
    assert_eq!(results(&resumed), results(&text));
}

/// A tiled TIFF whose planes lie apart, over which the decoder panics.
fn makes_the_decoder_panic() -> Vec<u8> {
    let tags: [(u16, u16, u32, u32); 11] = [
        (256, 3, 1, 64),
        (257, 3, 1, 64),
        (258, 3, 3, 200),
        (259, 3, 1, 1),
        (262, 3, 1, 2),
        (277, 3, 1, 3),
        (284, 3, 1, 2),
        (322, 3, 1, 32),
        (323, 3, 1, 32),
        (324, 4, 12, 208),
        (325, 4, 12, 256),
    ];
    let mut tiff = b"II*\0\x08\0\0\0".to_vec();
    tiff.extend((tags.len() as u16).to_le_bytes());
    for (tag, kind, count, value) in tags {
        tiff.extend(tag.to_le_bytes());
        tiff.extend(kind.to_le_bytes());
        tiff.extend(count.to_le_bytes());
        tiff.extend(value.to_le_bytes());
    }
    tiff.resize(200, 0);
    tiff.extend([8, 0, 8, 0, 8, 0, 0, 0]);
    for tile in 0..12_u32 {
        tiff.extend((304 + 1024 * tile).to_le_bytes());
    }
    for _ in 0..12 {
        tiff.extend(1024_u32.to_le_bytes());
    }
    tiff.extend((0..12 * 1024_u32).map(|n| (n % 251) as u8));
    tiff
}

#[test]
fn no_file_makes_the_program_name_where_it_was_built() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("tiles.tif"), makes_the_decoder_panic()).unwrap();
    let mut files: Vec<PathBuf> = vec!["tiles.tif".into()];
    // The same from where others found it.
    let case = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/cases/rgb-8-p2-d1-tile-le-none.tif");
    files.extend(case.exists().then_some(case));
    // Whoever looks for faults of their own programs may have it set everywhere.
    for backtrace in ["0", "1", "full"] {
        let output = clipsight()
            .args(["scan", "--device", "cpu"])
            .args(&files)
            .current_dir(folder.path())
            .env("RUST_BACKTRACE", backtrace)
            .output()
            .unwrap();
        let said = stderr(&output);
        for word in ["panicked", ".cargo", "registry", "/src/", "backtrace"] {
            assert!(!said.contains(word), "{said}");
        }
        for record in records(&output) {
            let code = record["error"]["code"].as_str();
            assert!(matches!(code, None | Some("decode" | "unsupported")), "{record}");
        }
    }
}
