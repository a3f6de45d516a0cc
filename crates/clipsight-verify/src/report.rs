//! From what c2pa found to what is said.

use c2pa::validation_results::ValidationState;
use c2pa::{Manifest, Reader, SigningAlg};
use chrono::{DateTime, Utc};
use x509_parser::certificate::X509Certificate;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;
use x509_parser::x509::X509Name;

use crate::lists::TrustListId;
use crate::trust::{self, Trust};
use crate::verification::{
    Algorithm, Cause, ManifestFacts, Problem, Signer, State, TimeStamp, Verification,
};

/// Longest text taken from a file, in characters.
const MAX_TEXT: usize = 300;

/// Most problems that are listed.
const MAX_PROBLEMS: usize = 50;

const UNTRUSTED: &str = "signingCredential.untrusted";
const EXPIRED: &str = "signingCredential.expired";

/// Of a manifest store that could be read. `again`: the same by the lists for time stamps alone.
pub(crate) fn of_manifests(
    reader: &Reader,
    trust: &Trust,
    again: impl FnOnce() -> Option<Reader>,
) -> Verification {
    let manifest = reader.active_manifest();
    let chain = manifest.map(chain_of).unwrap_or_default();
    let mut time_stamp = manifest.and_then(|manifest| time_stamp_of(reader, manifest));
    let mut problems = problems_of(reader);
    let mut state = match reader.validation_state() {
        ValidationState::Trusted => State::Trusted,
        ValidationState::Valid => State::Valid,
        ValidationState::Invalid => State::Invalid,
    };

    let run_out = has_run_out(&chain);
    if state != State::Invalid && (run_out || is_verified(time_stamp.as_ref())) {
        let again = again();
        let stamped = again.as_ref().is_some_and(has_trusted_time_stamp);
        if let Some(stamp) = &mut time_stamp {
            stamp.verified = stamped;
        }
        // In claims of the first version c2pa takes any time stamp that an assertion brings for
        // granted: a certificate that has run out would do for ever.
        let first = manifest.and_then(Manifest::claim_version) == Some(1);
        if run_out && first && !stamped {
            problems.push(problem(EXPIRED, false));
        }
        let found = again.as_ref().map(problems_of).unwrap_or_default();
        problems.extend(found.into_iter().filter(|problem| problem.code != UNTRUSTED));
        if problems.iter().any(|problem| problem.code != UNTRUSTED) {
            state = State::Invalid;
        }
    }

    let stamped = time_stamp.as_ref().filter(|stamp| stamp.verified);
    let at = stamped.and_then(|stamp| stamp.time.as_deref()).and_then(seconds);
    let list = trust.list_of(&chain, at);
    if state == State::Trusted && list.is_none() {
        problems.push(problem(UNTRUSTED, false));
        state = State::Valid;
    }
    if state == State::Invalid && problems.is_empty() {
        problems.push(problem("general.error", false));
    }
    problems.sort_by(|a, b| order(a).cmp(&order(b)));
    problems.dedup();

    let signer = manifest.and_then(|manifest| signer_of(manifest, &chain, list));
    let summary = summary(state, signer.as_ref(), &problems);
    Verification {
        state,
        summary,
        problems,
        manifest: manifest.map(facts_of),
        signer,
        time_stamp,
        remote_manifest: None,
        trust_lists: trust::lists(),
    }
}

/// Those of the file itself first, then by gravity.
fn order(problem: &Problem) -> (bool, Cause, &str) {
    (problem.ingredient, problem.cause, &problem.code)
}

/// Of a file whose manifest store could not be read, or that has none.
pub(crate) fn of_error(error: &c2pa::Error, bytes: &[u8]) -> Verification {
    use c2pa::Error;
    let code = match error {
        Error::RemoteManifestUrl(address) => return Verification::absent(Some(clean(address))),
        Error::JumbfNotFound | Error::UnsupportedType => return Verification::absent(None),
        // A damaged image says nothing of signatures if it never had one.
        _ if !has_marks(bytes) => return Verification::absent(None),
        Error::ClaimMissing { .. } | Error::ProvenanceMissing => "claim.missing",
        Error::HashMismatch(_) => "assertion.dataHash.mismatch",
        Error::AssertionMissing { .. } => "assertion.missing",
        Error::AssertionDecoding(_) => "assertion.cbor.invalid",
        Error::ClaimDecoding(_) => "claim.cbor.invalid",
        _ => "general.error",
    };
    let problems = vec![problem(code, false)];
    let summary = summary(State::Invalid, None, &problems);
    Verification { state: State::Invalid, summary, problems, ..Verification::absent(None) }
}

/// Whether there are the names of a C2PA manifest store's boxes.
fn has_marks(bytes: &[u8]) -> bool {
    let has = |mark: &[u8]| bytes.windows(mark.len()).any(|window| window == mark);
    has(b"jumb") && has(b"c2pa")
}

fn problem(code: &str, ingredient: bool) -> Problem {
    let cause = Cause::of(code);
    let sentence = cause.sentence();
    let explanation = if ingredient {
        format!("Of a file that this one was made from: {sentence}")
    } else {
        sentence.to_owned()
    };
    Problem { code: clean(code), cause, explanation, ingredient }
}

/// What c2pa calls failures: of the active manifest, and of its ingredients.
fn problems_of(reader: &Reader) -> Vec<Problem> {
    let Some(results) = reader.validation_results() else { return Vec::new() };
    let own = results.active_manifest().into_iter().flat_map(|found| found.failure());
    let deltas = results.ingredient_deltas().into_iter().flatten();
    let others = deltas.flat_map(|delta| delta.validation_deltas().failure());
    let mut problems: Vec<Problem> = own
        .map(|status| problem(status.code(), false))
        .chain(others.map(|status| problem(status.code(), true)))
        .collect();
    problems.sort_by(|a, b| order(a).cmp(&order(b)));
    problems.dedup();
    problems.truncate(MAX_PROBLEMS);
    problems
}

/// The certificates that came with the signature, in DER, the signer's first.
fn chain_of(manifest: &Manifest) -> Vec<Vec<u8>> {
    let Some(info) = manifest.signature_info() else { return Vec::new() };
    let blocks = Pem::iter_from_buffer(info.cert_chain().as_bytes());
    blocks.map_while(Result::ok).map(|block| block.contents).collect()
}

fn signer_of(manifest: &Manifest, chain: &[Vec<u8>], list: Option<TrustListId>) -> Option<Signer> {
    let (_, certificate) = X509Certificate::from_der(chain.first()?).ok()?;
    let validity = certificate.validity();
    Some(Signer {
        name: common_name(certificate.subject()),
        organisation: organisation(certificate.subject()),
        issuer: organisation(certificate.issuer()).or_else(|| common_name(certificate.issuer())),
        serial: hex(certificate.raw_serial()),
        algorithm: manifest.signature_info()?.alg.map(algorithm),
        not_before: validity.not_before.timestamp(),
        not_after: validity.not_after.timestamp(),
        list,
    })
}

fn algorithm(alg: SigningAlg) -> Algorithm {
    match alg {
        SigningAlg::Es256 => Algorithm::Es256,
        SigningAlg::Es384 => Algorithm::Es384,
        SigningAlg::Es512 => Algorithm::Es512,
        SigningAlg::Ps256 => Algorithm::Ps256,
        SigningAlg::Ps384 => Algorithm::Ps384,
        SigningAlg::Ps512 => Algorithm::Ps512,
        SigningAlg::Ed25519 => Algorithm::Ed25519,
    }
}

fn common_name(name: &X509Name<'_>) -> Option<String> {
    name.iter_common_name().last()?.as_str().ok().map(clean)
}

fn organisation(name: &X509Name<'_>) -> Option<String> {
    name.iter_organization().last()?.as_str().ok().map(clean)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().take(32).map(|byte| format!("{byte:02x}")).collect()
}

fn facts_of(manifest: &Manifest) -> ManifestFacts {
    let info = manifest.claim_generator_info.iter().flatten().next();
    let named = info.map(|info| match &info.version {
        Some(version) => format!("{} {version}", info.name),
        None => info.name.clone(),
    });
    ManifestFacts {
        label: clean(manifest.label().unwrap_or_default()),
        claim_generator: named
            .or_else(|| manifest.claim_generator().map(str::to_owned))
            .map(|text| clean(&text)),
    }
}

/// What c2pa says of a time stamp, in front of the authority's name.
const OF_AUTHORITY: [&str; 4] = [
    "timestamp cert trusted: ",
    "timestamp cert untrusted: ",
    "timestamp message digest matched: ",
    "timestamp message digest did not match: ",
];

fn time_stamp_of(reader: &Reader, manifest: &Manifest) -> Option<TimeStamp> {
    let codes = reader.validation_results()?.active_manifest()?;
    let found: Vec<_> = codes.success().iter().chain(codes.informational()).collect();
    let found: Vec<_> =
        found.into_iter().filter(|status| status.code().starts_with("timeStamp.")).collect();
    let time = manifest.signature_info().and_then(|info| info.time.clone());
    if found.is_empty() && time.is_none() {
        return None;
    }
    let verified = has_trusted_time_stamp(reader);
    let authority = found.iter().find_map(|status| {
        let said = status.explanation()?;
        OF_AUTHORITY.iter().find_map(|before| said.strip_prefix(before)).map(clean)
    });
    Some(TimeStamp { verified, time: time.map(|text| clean(&text)), authority })
}

fn is_verified(stamp: Option<&TimeStamp>) -> bool {
    stamp.is_some_and(|stamp| stamp.verified)
}

/// Whether c2pa found an authority for the active manifest's time stamp.
fn has_trusted_time_stamp(reader: &Reader) -> bool {
    let codes = reader.validation_results().and_then(|results| results.active_manifest());
    codes.is_some_and(|codes| codes.success().iter().any(|one| one.code() == "timeStamp.trusted"))
}

/// Seconds since 1970 of a time in RFC 3339.
fn seconds(time: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(time).ok().map(|time| time.timestamp())
}

/// Whether the signer's certificate is not valid at this moment, by the machine's clock.
fn has_run_out(chain: &[Vec<u8>]) -> bool {
    // Not x509-parser's clock: there is none in WebAssembly.
    let Ok(now) = ASN1Time::from_timestamp(Utc::now().timestamp()) else { return true };
    let certificate = chain.first().and_then(|der| X509Certificate::from_der(der).ok());
    certificate.is_none_or(|(_, certificate)| !certificate.validity().is_valid_at(now))
}

fn summary(state: State, signer: Option<&Signer>, problems: &[Problem]) -> String {
    let who = signer.and_then(|signer| match (&signer.organisation, &signer.name) {
        (Some(organisation), Some(name)) if organisation != name => {
            Some(format!("{organisation} ({name})"))
        }
        (Some(one), _) | (None, Some(one)) => Some(one.clone()),
        (None, None) => None,
    });
    let who = who.unwrap_or_else(|| "somebody without a name".to_owned());
    let on = signer.and_then(|signer| signer.list).map(trust::named);
    match (state, on) {
        (State::Trusted, Some(list)) => {
            format!("Signed by {who}, who is on {list}. The file is what was signed.")
        }
        (State::Valid, Some(list)) => format!(
            "Signed by {who}, who is on {list}. The file is what was signed, but it was made from \
             another one whose signer is on no list."
        ),
        (State::Valid | State::Trusted, None) => format!(
            "The file is what was signed, but {who} is on none of the trust lists: anybody can \
             make such a signature."
        ),
        _ => {
            let first =
                problems.first().map_or_else(String::new, |first| first.explanation.clone());
            format!("The Content Credentials do not hold. {first}")
        }
    }
}

/// Text of a file, made short and of one line: control characters and such as turn the direction
/// of writing are left out.
fn clean(text: &str) -> String {
    let turns = |c: char| {
        ['\u{200e}', '\u{200f}'].contains(&c)
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    text.chars().filter(|c| !c.is_control() && !turns(*c)).take(MAX_TEXT).collect()
}

impl Verification {
    /// Of a file without Content Credentials, or that says where they are kept.
    pub(crate) fn absent(remote_manifest: Option<String>) -> Self {
        let summary = match &remote_manifest {
            None => "The file has no Content Credentials. That means nothing: they are easily \
                     removed."
                .to_owned(),
            Some(address) => format!(
                "The file says that its Content Credentials are kept elsewhere, at {address}. \
                 They were not fetched."
            ),
        };
        Self {
            state: State::Absent,
            summary,
            problems: Vec::new(),
            manifest: None,
            signer: None,
            time_stamp: None,
            remote_manifest,
            trust_lists: trust::lists(),
        }
    }
}
