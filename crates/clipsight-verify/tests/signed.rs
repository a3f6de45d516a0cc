//! Files that were signed once and for all (`fixtures/make.sh`): what is said of each. The same
//! files and words are tested in WebAssembly, by tests/web/verifier.test.mjs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

mod signing;

use std::collections::BTreeMap;

use clipsight_verify::{Algorithm, Cause, State, TrustListId, Verification, Verifier};
use serde_json::Value;
use signing::{fixture, root};

/// By file: the outcome, and the standard's codes of what is wrong.
const EXPECTED: [(&str, State, &[&str]); 25] = [
    ("changed.jpg", State::Invalid, &["assertion.dataHash.mismatch"]),
    ("cut.jpg", State::Invalid, &["assertion.dataHash.mismatch"]),
    ("ed25519.jpg", State::Trusted, &[]),
    ("elsewhere.jpg", State::Absent, &[]),
    ("es256.avif", State::Trusted, &[]),
    ("es256.gif", State::Trusted, &[]),
    ("es256.heic", State::Trusted, &[]),
    ("es256.jpg", State::Trusted, &[]),
    ("es256.jxl", State::Trusted, &[]),
    ("es256.png", State::Trusted, &[]),
    ("es256.tif", State::Trusted, &[]),
    ("es256.webp", State::Trusted, &[]),
    ("es384.jpg", State::Trusted, &[]),
    ("es512.jpg", State::Trusted, &[]),
    ("expired-stamped-by-unknown.jpg", State::Invalid, &["signingCredential.expired"]),
    // By a verified time stamp it was signed while the certificate was valid.
    ("expired-stamped.jpg", State::Trusted, &[]),
    ("expired.jpg", State::Invalid, &["signingCredential.expired"]),
    // Its certificate was issued by who may not issue any: c2pa alone calls it trusted.
    ("forged.jpg", State::Valid, &["signingCredential.untrusted"]),
    ("longer.jpg", State::Invalid, &["assertion.dataHash.mismatch"]),
    // Whose signer says that he does not know who signed what he made it from.
    ("made-from-unknown.jpg", State::Trusted, &[]),
    ("moved.png", State::Invalid, &["assertion.dataHash.mismatch"]),
    ("ps256.jpg", State::Trusted, &[]),
    ("stamped-by-unknown.jpg", State::Trusted, &[]),
    ("stamped.jpg", State::Trusted, &[]),
    ("unknown.jpg", State::Valid, &["signingCredential.untrusted"]),
];

fn verified() -> BTreeMap<String, Verification> {
    let verifier = Verifier::with_anchors(&root(), &root()).unwrap();
    std::fs::read_dir(fixture("signed"))
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, verifier.verify(&std::fs::read(&path).unwrap()).unwrap())
        })
        .collect()
}

#[test]
fn every_file_has_its_outcome_and_its_codes() {
    let verified = verified();
    assert_eq!(verified.len(), EXPECTED.len());
    for (name, state, codes) in EXPECTED {
        let found = &verified[name];
        let problems: Vec<&str> = found.problems.iter().map(|problem| &*problem.code).collect();
        assert_eq!((found.state, &*problems), (state, codes), "{name}: {found:#?}");
        assert!(found.summary.ends_with(['.', '!']) || found.remote_manifest.is_some());
        assert_eq!(found.trust_lists.len(), 4, "{name}");
    }
}

#[test]
fn the_signer_is_named_with_list_and_algorithm() {
    let verified = verified();
    for (name, algorithm) in [
        ("es256.jpg", Algorithm::Es256),
        ("es384.jpg", Algorithm::Es384),
        ("es512.jpg", Algorithm::Es512),
        ("ps256.jpg", Algorithm::Ps256),
        ("ed25519.jpg", Algorithm::Ed25519),
    ] {
        let signer = verified[name].signer.as_ref().unwrap();
        assert_eq!(signer.algorithm, Some(algorithm), "{name}");
        assert_eq!(signer.list, Some(TrustListId::Own), "{name}");
        assert!(signer.name.as_deref().unwrap().starts_with("Test signer"), "{name}");
        assert_eq!(signer.organisation.as_deref(), Some("Clipsight tests"), "{name}");
        assert_eq!(signer.issuer.as_deref(), Some("Clipsight tests"), "{name}");
        assert_eq!(signer.serial.len(), 4, "{name}: {}", signer.serial);
        assert_eq!((signer.not_before, signer.not_after), (1_577_836_800, 4_733_510_400));
        let manifest = verified[name].manifest.as_ref().unwrap();
        assert!(manifest.label.starts_with("urn:c2pa:"), "{}", manifest.label);
        assert_eq!(manifest.claim_generator.as_deref(), Some("Test generator 1.0"));
        assert!(verified[name].summary.contains("Clipsight tests"), "{}", verified[name].summary);
    }
    for name in ["unknown.jpg", "forged.jpg"] {
        assert_eq!(verified[name].signer.as_ref().unwrap().list, None, "{name}");
        assert_eq!(verified[name].problems[0].cause, Cause::SignerUnknown);
    }
}

#[test]
fn a_time_stamp_counts_only_from_an_authority_on_a_list() {
    let verified = verified();
    for (name, is_verified, authority) in [
        ("stamped.jpg", true, "Test time stamps"),
        ("stamped-by-unknown.jpg", false, "Unknown time stamps"),
        ("expired-stamped.jpg", true, "Test time stamps"),
        ("expired-stamped-by-unknown.jpg", false, "Unknown time stamps"),
    ] {
        let stamp = verified[name].time_stamp.as_ref().unwrap_or_else(|| panic!("{name}"));
        assert_eq!(stamp.verified, is_verified, "{name}");
        assert_eq!(stamp.authority.as_deref(), Some(authority), "{name}");
        let year = if name.starts_with("expired") { "2020-06-01T" } else { "2026-" };
        assert!(stamp.time.as_deref().unwrap().starts_with(year), "{name}: {stamp:?}");
    }
    assert_eq!(verified["es256.jpg"].time_stamp, None);
}

#[test]
fn who_vouches_for_signers_vouches_for_no_time_stamp() {
    let verifier = Verifier::with_anchors(&root(), "").unwrap();
    for (name, state) in [("stamped.jpg", State::Trusted), ("expired-stamped.jpg", State::Invalid)]
    {
        let found = verifier.verify(&std::fs::read(fixture("signed").join(name)).unwrap()).unwrap();
        assert_eq!(found.state, state, "{name}: {found:#?}");
        assert!(!found.time_stamp.unwrap().verified, "{name}");
    }
    // Nor the other way round.
    let verifier = Verifier::with_anchors("", &root()).unwrap();
    let found = verifier.verify(&std::fs::read(fixture("signed/stamped.jpg")).unwrap()).unwrap();
    assert_eq!(found.state, State::Valid, "{found:#?}");
    assert!(found.time_stamp.unwrap().verified);
}

#[test]
fn a_manifest_elsewhere_is_told_of_and_not_fetched() {
    let found = &verified()["elsewhere.jpg"];
    assert_eq!(found.remote_manifest.as_deref(), Some("https://manifests.test/picture.c2pa"));
    assert!(found.summary.contains("not fetched"), "{}", found.summary);
}

#[test]
fn without_anchors_of_ones_own_nobody_here_is_trusted() {
    for (name, state, _) in EXPECTED {
        let bytes = std::fs::read(fixture("signed").join(name)).unwrap();
        let found = clipsight_verify::verify(&bytes).unwrap();
        // Nor are the time stamps, so that the certificates that ran out have none.
        let expected = match state {
            State::Trusted if name == "expired-stamped.jpg" => State::Invalid,
            State::Trusted => State::Valid,
            other => other,
        };
        assert_eq!(found.state, expected, "{name}");
        assert!(found.time_stamp.is_none_or(|stamp| !stamp.verified), "{name}");
    }
}

#[test]
fn anchors_must_be_authorities() {
    let chain = std::fs::read_to_string(fixture("certificates/es256.chain.pem")).unwrap();
    for anchors in ["nonsense", &chain, &root().replace('M', "!")] {
        for pair in [(anchors, ""), ("", anchors)] {
            let error = Verifier::with_anchors(pair.0, pair.1).unwrap_err();
            assert_eq!(error.code(), "argument", "{anchors}");
        }
    }
}

#[test]
fn what_is_said_is_what_was_committed() {
    let verified = verified();
    let mut said = serde_json::to_value(&verified).unwrap();
    for found in said.as_object_mut().unwrap().values_mut() {
        found.as_object_mut().unwrap().remove("trustLists");
    }
    let path = fixture("signed.json");
    if std::env::var_os("CLIPSIGHT_WRITE").is_some() {
        let text = serde_json::to_string_pretty(&said).unwrap();
        std::fs::write(&path, format!("{text}\n")).unwrap();
    }
    let committed: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(said, committed);
}
