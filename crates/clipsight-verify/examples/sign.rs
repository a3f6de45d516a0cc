//! Makes `tests/fixtures/signed`; with `--expired`, in the year 2020, the files of a certificate
//! that was valid then. `tests/fixtures/make.sh` does both. Time stamps come from `openssl ts`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "makes fixtures, and fails aloud")]

#[path = "../tests/signing/mod.rs"]
mod signing;

use std::io::Write;
use std::process::Command;

use c2pa::{BoxedSigner, BuilderIntent, Signer, SigningAlg};
use signing::{builder, fixture, picture, sign, sign_with, signer};

/// Signs, and has it stamped by the time stamps' certificate of this name.
struct Stamped {
    inner: BoxedSigner,
    by: &'static str,
}

impl Signer for Stamped {
    fn sign(&self, data: &[u8]) -> c2pa::Result<Vec<u8>> {
        self.inner.sign(data)
    }

    fn alg(&self) -> SigningAlg {
        self.inner.alg()
    }

    fn certs(&self) -> c2pa::Result<Vec<Vec<u8>>> {
        self.inner.certs()
    }

    fn reserve_size(&self) -> usize {
        self.inner.reserve_size() + 8192
    }

    fn send_timestamp_request(&self, message: &[u8]) -> Option<c2pa::Result<Vec<u8>>> {
        Some(Ok(stamp(message, self.by)))
    }
}

/// An answer of RFC 3161.
fn stamp(message: &[u8], by: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("message"), message).unwrap();
    std::fs::write(at("serial"), "01").unwrap();
    let mut config = std::fs::File::create(at("config")).unwrap();
    let chain = fixture(&format!("certificates/{by}.chain.pem"));
    let key = fixture(&format!("certificates/{by}.key"));
    write!(
        config,
        "[tsa]\ndefault_tsa = one\n\
         [one]\nserial = {serial}\nsigner_cert = {chain}\ncerts = {chain}\nsigner_key = {key}\n\
         signer_digest = sha256\ndefault_policy = 1.2.3.4\ndigests = sha256\n\
         ess_cert_id_chain = no\n",
        serial = at("serial").display(),
        chain = chain.display(),
        key = key.display(),
    )
    .unwrap();
    let run = |command: &mut Command| assert!(command.status().unwrap().success(), "{command:?}");
    run(Command::new("openssl")
        .args(["ts", "-query", "-sha256", "-cert", "-data"])
        .arg(at("message"))
        .arg("-out")
        .arg(at("query")));
    run(Command::new("openssl")
        .args(["ts", "-reply", "-config"])
        .arg(at("config"))
        .arg("-queryfile")
        .arg(at("query"))
        .arg("-out")
        .arg(at("reply")));
    std::fs::read(at("reply")).unwrap()
}

fn main() {
    let folder = fixture("signed");
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.join(name), bytes).unwrap();
    let stamped = |inner: &str, by: &'static str| Stamped { inner: signer(inner), by };
    let jpeg = picture("image/jpeg");
    let signed = |signer: &dyn Signer| sign("image/jpeg", &jpeg, signer);

    if std::env::args().any(|argument| argument == "--expired") {
        write("expired.jpg", signed(&*signer("expired")));
        write("expired-stamped.jpg", signed(&stamped("expired", "stamper")));
        write("expired-stamped-by-unknown.jpg", signed(&stamped("expired", "unknown-stamper")));
        return;
    }

    for (format, name) in [
        ("image/jpeg", "es256.jpg"),
        ("image/png", "es256.png"),
        ("image/webp", "es256.webp"),
        ("image/gif", "es256.gif"),
        ("image/tiff", "es256.tif"),
        ("image/avif", "es256.avif"),
        ("image/heic", "es256.heic"),
        ("image/jxl", "es256.jxl"),
    ] {
        write(name, sign(format, &picture(format), &*signer("es256")));
    }
    for name in ["es384", "es512", "ps256", "ed25519", "unknown", "forged"] {
        write(&format!("{name}.jpg"), signed(&*signer(name)));
    }
    write("stamped.jpg", signed(&stamped("es256", "stamper")));
    write("stamped-by-unknown.jpg", signed(&stamped("es256", "unknown-stamper")));

    // What becomes of a signed file: a bit of its pixels changed, the end cut off, something put
    // behind it; and its manifest put into another picture.
    let whole = signed(&*signer("es256"));
    let mut changed = whole.clone();
    changed[whole.len() - 100] ^= 1;
    write("changed.jpg", changed);
    write("cut.jpg", whole[..whole.len() - 100].to_vec());
    write("longer.jpg", [&*whole, b"more"].concat());
    let manifest = c2pa::jumbf_io::load_jumbf_from_memory("image/jpeg", &whole).unwrap();
    let png = picture("image/png");
    let moved = c2pa::jumbf_io::save_jumbf_to_memory("image/png", &png, &manifest).unwrap();
    write("moved.png", moved);

    let mut elsewhere = builder();
    elsewhere.set_no_embed(true).set_remote_url("https://manifests.test/picture.c2pa");
    write("elsewhere.jpg", sign_with(&mut elsewhere, "image/jpeg", &jpeg, &*signer("es256")));

    let mut edit = builder();
    edit.set_intent(BuilderIntent::Edit);
    let original = signed(&*signer("unknown"));
    write(
        "made-from-unknown.jpg",
        sign_with(&mut edit, "image/jpeg", &original, &*signer("es256")),
    );
}
