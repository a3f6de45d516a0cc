//! Signing, for tests: by c2pa's own builder, with the certificates of `fixtures/certificates`.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::Cursor;
use std::path::PathBuf;

use c2pa::{BoxedSigner, Builder, BuilderIntent, Context, DigitalSourceType, SigningAlg};
use serde_json::json;

/// A folder or file of the fixtures.
pub(crate) fn fixture(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// Media types and the pictures of the repository's other tests, all of them small.
pub(crate) const PICTURES: [(&str, &str); 8] = [
    ("image/jpeg", "tests/fixtures/image/decode/420.jpg"),
    ("image/png", "tests/fixtures/image/decode/rgb8.png"),
    ("image/webp", "tests/fixtures/image/decode/lossy.webp"),
    ("image/gif", "tests/fixtures/image/decode/still.gif"),
    ("image/tiff", "tests/fixtures/image/decode/plain.tif"),
    ("image/avif", "crates/clipsight-codecs/tests/fixtures/files/8-420-full.avif"),
    ("image/heic", "crates/clipsight-codecs/tests/fixtures/files/8-420-full.heic"),
    ("image/jxl", "crates/clipsight-codecs/tests/fixtures/files/container.jxl"),
];

/// Algorithms and the certificates for them.
pub(crate) const ALGORITHMS: [(SigningAlg, &str); 5] = [
    (SigningAlg::Es256, "es256"),
    (SigningAlg::Es384, "es384"),
    (SigningAlg::Es512, "es512"),
    (SigningAlg::Ps256, "ps256"),
    (SigningAlg::Ed25519, "ed25519"),
];

/// The bytes of one of [`PICTURES`].
pub(crate) fn picture(format: &str) -> Vec<u8> {
    let (_, path) = PICTURES.iter().find(|(known, _)| *known == format).unwrap();
    std::fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// The root of those certificates that a test may trust.
pub(crate) fn root() -> String {
    std::fs::read_to_string(fixture("certificates/root.pem")).unwrap()
}

/// Who signs by the name of a certificate; all but those named otherwise are of P-256.
pub(crate) fn signer(name: &str) -> BoxedSigner {
    let read = |end: &str| std::fs::read(fixture(&format!("certificates/{name}.{end}"))).unwrap();
    let known = ALGORITHMS.iter().find(|(_, known)| *known == name);
    let algorithm = known.map_or(SigningAlg::Es256, |(algorithm, _)| *algorithm);
    c2pa::create_signer::from_keys(&read("chain.pem"), &read("key"), algorithm, None).unwrap()
}

/// A builder of manifests that say a picture was generated.
pub(crate) fn builder() -> Builder {
    let settings = json!({ "verify": { "verify_after_sign": false } }).to_string();
    let context = Context::new().with_settings(settings.as_str()).unwrap();
    let definition = json!({
        "title": "A picture",
        "claim_generator_info": [{ "name": "Test generator", "version": "1.0" }],
    });
    let mut builder = Builder::from_context(context).with_definition(definition).unwrap();
    let source = DigitalSourceType::TrainedAlgorithmicMedia;
    builder.set_intent(BuilderIntent::Create(source));
    builder
}

/// A picture, signed.
pub(crate) fn sign(format: &str, bytes: &[u8], signer: &dyn c2pa::Signer) -> Vec<u8> {
    sign_with(&mut builder(), format, bytes, signer)
}

/// A picture, signed with what a builder holds.
pub(crate) fn sign_with(
    builder: &mut Builder,
    format: &str,
    bytes: &[u8],
    signer: &dyn c2pa::Signer,
) -> Vec<u8> {
    let mut signed = Cursor::new(Vec::new());
    builder.sign(signer, format, &mut Cursor::new(bytes), &mut signed).unwrap();
    signed.into_inner()
}

/// Signs whatever its certificate is for, which c2pa's builder would not do.
pub(crate) struct Unchecked(Box<dyn c2pa::crypto::raw_signature::RawSigner>);

/// As [`signer`], for certificates that must not sign.
pub(crate) fn unchecked(name: &str) -> Unchecked {
    let read = |end: &str| std::fs::read(fixture(&format!("certificates/{name}.{end}"))).unwrap();
    let signer = c2pa::crypto::raw_signature::signer_from_cert_chain_and_private_key(
        &read("chain.pem"),
        &read("key"),
        SigningAlg::Es256,
        None,
    );
    Unchecked(signer.unwrap())
}

impl c2pa::Signer for Unchecked {
    fn sign(&self, claim: &[u8]) -> c2pa::Result<Vec<u8>> {
        let storage = c2pa::crypto::cose::TimeStampStorage::V2_sigTst2_CTT;
        Ok(c2pa::crypto::cose::sign(&*self.0, claim, Some(self.reserve_size()), storage)?)
    }

    fn alg(&self) -> SigningAlg {
        self.0.alg()
    }

    fn certs(&self) -> c2pa::Result<Vec<Vec<u8>>> {
        Ok(self.0.cert_chain().unwrap())
    }

    fn reserve_size(&self) -> usize {
        10_000
    }

    fn direct_cose_handling(&self) -> bool {
        true
    }
}
