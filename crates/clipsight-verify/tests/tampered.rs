//! Files that are signed here, and then changed in every way one can think of: none may pass.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod signing;

use std::sync::OnceLock;

use c2pa::jumbf_io;
use clipsight_verify::{Cause, Error, MAX_BYTES, State, Verification, Verifier, verify};
use proptest::prelude::*;
use signing::{ALGORITHMS, PICTURES, picture, root, sign, signer, unchecked};

fn verifier() -> &'static Verifier {
    static VERIFIER: OnceLock<Verifier> = OnceLock::new();
    VERIFIER.get_or_init(|| Verifier::with_anchors(&root(), &root()).unwrap())
}

fn check(bytes: &[u8]) -> Verification {
    verifier().verify(bytes).unwrap()
}

fn codes(found: &Verification) -> Vec<&str> {
    found.problems.iter().map(|problem| &*problem.code).collect()
}

/// Every format, signed with ECDSA on P-256.
fn signed() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    PICTURES.iter().map(|(format, _)| (*format, sign(format, &picture(format), &*signer("es256"))))
}

/// Where the picture's own bytes stand in a signed file: the longest piece of the original that is
/// found there.
fn pixels(original: &[u8], signed: &[u8]) -> usize {
    let piece = &original[original.len() * 3 / 4..original.len() - original.len() / 8];
    signed.windows(piece.len()).rposition(|window| window == piece).unwrap()
}

#[test]
fn every_format_and_algorithm_is_trusted_as_it_was_signed() {
    for (format, _) in PICTURES {
        for (_, name) in ALGORITHMS {
            let found = check(&sign(format, &picture(format), &*signer(name)));
            assert_eq!(found.state, State::Trusted, "{format}, {name}: {found:#?}");
        }
    }
}

#[test]
fn a_picture_without_a_signature_has_none() {
    for (format, _) in PICTURES {
        assert_eq!(check(&picture(format)).state, State::Absent, "{format}");
    }
}

#[test]
fn one_byte_of_the_pixels() {
    for (format, mut bytes) in signed() {
        let at = pixels(&picture(format), &bytes);
        bytes[at] ^= 1;
        let found = check(&bytes);
        assert_eq!(found.state, State::Invalid, "{format}");
        assert_eq!(found.problems[0].cause, Cause::ContentChanged, "{format}: {:?}", codes(&found));
        assert!(found.summary.contains("changed after it was signed"), "{}", found.summary);
    }
}

#[test]
fn one_letter_of_the_claim_or_of_a_statement() {
    for (format, bytes) in signed() {
        for (words, cause) in [
            ("Test generator", Cause::SignatureWrong),
            ("trainedAlgorithmicMedia", Cause::StatementsChanged),
        ] {
            let mut bytes = bytes.clone();
            let at = bytes.windows(words.len()).position(|window| window == words.as_bytes());
            bytes[at.unwrap()] ^= 0x20;
            let found = check(&bytes);
            assert_eq!(found.state, State::Invalid, "{format}, {words}");
            let causes: Vec<Cause> = found.problems.iter().map(|problem| problem.cause).collect();
            assert!(causes.contains(&cause), "{format}, {words}: {:?}", codes(&found));
        }
    }
}

#[test]
fn one_byte_anywhere_that_means_something() {
    for (format, bytes) in signed() {
        let passes = |at: &usize| {
            let mut changed = bytes.clone();
            changed[*at] ^= 1 << (at % 8);
            let found = verifier().verify(&changed);
            found.is_ok_and(|found| matches!(found.state, State::Valid | State::Trusted))
        };
        let passed: Vec<usize> = (0..bytes.len()).step_by(29).filter(passes).collect();
        // Outside of the manifest nothing does, but the head of what holds it; and of AVIF and HEIC
        // `ftyp`, which stands before that and which the standard leaves out of the hash.
        let manifest = jumbf_io::load_jumbf_from_memory(format, &bytes).unwrap();
        let find = |piece: &[u8]| bytes.windows(16).rposition(|window| window == piece).unwrap();
        let (from, to) = (find(&manifest[..16]), find(&manifest[manifest.len() - 16..]));
        let from = if bytes[4..8] == *b"ftyp" { 0 } else { from - 16 };
        assert!(passed.iter().all(|at| (from..to).contains(at)), "{format}: {passed:?}");
        // Inside, what nothing vouches for: zeros that keep room for a signature, and a few numbers
        // in the heads of boxes.
        let filling = |at: usize| {
            bytes[at.saturating_sub(8)..at + 8].iter().filter(|&&b| b != 0).count() <= 1
        };
        let others: Vec<usize> = passed.into_iter().filter(|at| !filling(*at)).collect();
        assert!(others.len() <= 8, "{format}: of {} bytes {others:?}", bytes.len());
    }
}

#[test]
fn cut_short_anywhere() {
    for (format, bytes) in signed() {
        for length in (0..bytes.len()).step_by(37) {
            let Ok(found) = verifier().verify(&bytes[..length]) else { continue };
            let gone = matches!(found.state, State::Invalid | State::Absent);
            assert!(gone, "{format}, {length} of {}: {:?}", bytes.len(), found.state);
        }
        let found = check(&bytes[..bytes.len() - 1]);
        assert_eq!(found.state, State::Invalid, "{format}, all but a byte");
    }
}

#[test]
fn bytes_behind_the_end() {
    for (format, mut bytes) in signed() {
        bytes.extend_from_slice(b"more");
        let found = check(&bytes);
        assert_eq!(found.state, State::Invalid, "{format}: {found:#?}");
    }
}

#[test]
fn the_manifest_of_another_picture() {
    for (format, bytes) in signed() {
        let manifest = jumbf_io::load_jumbf_from_memory(format, &bytes).unwrap();
        // The same picture, encoded a little differently.
        let mut other = picture(format);
        let at = other.len() * 7 / 8;
        other[at] ^= 1;
        let forged = jumbf_io::save_jumbf_to_memory(format, &other, &manifest).unwrap();
        let found = check(&forged);
        assert_eq!(found.state, State::Invalid, "{format}");
        assert_eq!(found.problems[0].cause, Cause::ContentChanged, "{format}: {:?}", codes(&found));
        // And into a picture of another kind.
        let (kind, _) = PICTURES.into_iter().find(|(kind, _)| *kind != format).unwrap();
        let forged = jumbf_io::save_jumbf_to_memory(kind, &picture(kind), &manifest).unwrap();
        assert_eq!(check(&forged).state, State::Invalid, "{format} in {kind}");
    }
}

#[test]
fn certificates_that_must_not_sign() {
    for (name, state, cause) in [
        ("server", State::Invalid, Cause::CertificateUnfit),
        // c2pa lets authorities for time stamps sign claims.
        ("stamper", State::Valid, Cause::SignerUnknown),
        ("expired", State::Invalid, Cause::Expired),
    ] {
        let found = check(&sign("image/jpeg", &picture("image/jpeg"), &unchecked(name)));
        assert_eq!(found.state, state, "{name}: {found:#?}");
        assert_eq!(found.problems[0].cause, cause, "{name}: {:?}", codes(&found));
    }
    let found = check(&sign("image/jpeg", &picture("image/jpeg"), &unchecked("es256")));
    assert_eq!(found.state, State::Trusted, "the same way, by who may");
}

#[test]
fn too_large_is_an_error() {
    assert_eq!(verify(&vec![0; MAX_BYTES + 1]), Err(Error::TooLarge));
    assert!(verify(&vec![0; MAX_BYTES]).is_ok());
}

#[test]
fn files_made_to_keep_the_reader_busy_are_refused() {
    let started = std::time::Instant::now();
    let boxes = [picture("image/heic"), b"\0\0\0\x08free".repeat(1_000_000)].concat();
    assert_eq!(verify(&boxes), Err(Error::Broken));
    // A page with a list of 10,000 others, all of them itself.
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x4a\x01\x04\0\x10\x27\0\0\x1a\0\0\0\0\0\0\0".to_vec();
    tiff.extend(8_u32.to_le_bytes().repeat(10_000));
    assert_eq!(verify(&tiff), Err(Error::Broken));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[test]
fn no_image_has_no_place_for_a_manifest() {
    let manifest = sign("image/jpeg", &picture("image/jpeg"), &*signer("es256"));
    let text = [b"Look: ".as_slice(), &manifest].concat();
    for bytes in [b"".as_slice(), b"BM", b"<svg/>", b"ID3", &text] {
        assert_eq!(check(bytes).state, State::Absent);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..Default::default()
    })]

    /// Files of any content behind the first bytes of a format, and damaged ones: an answer, not a
    /// panic.
    #[test]
    fn anything(kind in 0..PICTURES.len(), tail in proptest::collection::vec(any::<u8>(), 0..400)) {
        let (format, _) = PICTURES[kind];
        let head = &picture(format)[..16];
        let found = verifier().verify(&[head, &tail].concat());
        prop_assert!(found.is_err() || found.unwrap().state == State::Absent);
    }

    #[test]
    fn anything_in_a_signed_file(
        kind in 0..PICTURES.len(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
        cut in any::<prop::sample::Index>(),
    ) {
        static SIGNED: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
        let all = SIGNED.get_or_init(|| signed().map(|(_, bytes)| bytes).collect());
        let mut bytes = all[kind].clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(bytes.len() - cut.index(bytes.len()) % 64);
        let found = verifier().verify(&bytes);
        prop_assert!(found.is_ok() || matches!(kind, 4..=6), "{:?}", found);
    }
}
