//! What a verification says. Serialised in camelCase; the comments speak to readers of the
//! JavaScript package too, and name values as they are serialised.

use serde::Serialize;

use crate::lists::{TrustList, TrustListId};

/// What became of checking a file's Content Credentials (C2PA).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verification {
    /// The outcome.
    pub state: State,
    /// The same in plain English.
    pub summary: String,
    /// Why it is not `trusted`, the gravest first: the standard's codes. Empty where it is, and
    /// where there is nothing to check.
    pub problems: Vec<Problem>,
    /// What was signed; present where it could be read. Unless `state` is `trusted` or `valid`,
    /// these are no more than words in a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "ManifestFacts"))]
    pub manifest: Option<ManifestFacts>,
    /// Who signed, as the certificate says; present where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Signer"))]
    pub signer: Option<Signer>,
    /// When it was signed, by the word of a third party; present where the file has a time stamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "TimeStamp"))]
    pub time_stamp: Option<TimeStamp>,
    /// Where the file says its Content Credentials are kept. They were not fetched: `state` is
    /// `absent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub remote_manifest: Option<String>,
    /// The lists that signers and time stamps were looked up in.
    pub trust_lists: &'static [TrustList],
}

/// The outcome of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "VerificationState"))]
pub enum State {
    /// The signature is right, the file is what was signed, and the signer is on a trust list.
    Trusted,
    /// The signature is right and the file is what was signed; but who signed it, or a part that it
    /// was made from, is on none of the lists. Anybody can make such a signature.
    Valid,
    /// There are Content Credentials, and something about them is wrong: mostly, the file was
    /// changed after it was signed.
    Invalid,
    /// There are none in the file. That means nothing: they are easily removed.
    Absent,
}

/// Something that keeps a file from being `trusted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "VerificationProblem"))]
pub struct Problem {
    /// The code of the C2PA specification, such as `assertion.dataHash.mismatch`.
    pub code: String,
    /// What it means.
    pub cause: Cause,
    /// What it means, in plain English.
    pub explanation: String,
    /// Whether it is not about the file itself, but about one that it was made from.
    pub ingredient: bool,
}

/// What a validation code means, in the fewest words that still help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ProblemCause"))]
pub enum Cause {
    /// The picture, or another part of the file, is not what was signed.
    ContentChanged,
    /// What the Content Credentials say is not what was signed.
    StatementsChanged,
    /// The signature is not one of this claim.
    SignatureWrong,
    /// The signer's certificate was withdrawn.
    Revoked,
    /// The signer's certificate had run out, or was not yet valid, and no verified time stamp says
    /// that it was signed in time.
    Expired,
    /// The signer's certificate is not one that may sign Content Credentials.
    CertificateUnfit,
    /// Something that the standard asks for is missing.
    Incomplete,
    /// The Content Credentials cannot be read, or break the standard's rules.
    Malformed,
    /// The signer is on none of the lists.
    SignerUnknown,
}

/// What was signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ManifestFacts {
    /// The label of the active manifest.
    pub label: String,
    /// The program that made it, as it names itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub claim_generator: Option<String>,
}

/// Who signed, as the certificate says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signer {
    /// The certificate's common name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub name: Option<String>,
    /// The certificate's organisation.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub organisation: Option<String>,
    /// The organisation, or else the name, of who issued the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub issuer: Option<String>,
    /// The certificate's serial number, in lower-case hex.
    pub serial: String,
    /// The algorithm of the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Algorithm"))]
    pub algorithm: Option<Algorithm>,
    /// From when the certificate is valid, in seconds since 1970.
    pub not_before: i64,
    /// Until when.
    pub not_after: i64,
    /// The list that the signer is on: absent where on none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "TrustListId"))]
    pub list: Option<TrustListId>,
}

/// How a claim is signed: COSE's names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "SignatureAlgorithm"))]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// ECDSA on P-521 with SHA-512.
    #[serde(rename = "ES512")]
    Es512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    Ed25519,
}

/// When something was signed, by the word of a third party (RFC 3161).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TimeStamp {
    /// Whether it is one of this signature, by an authority on a list.
    pub verified: bool,
    /// The time, as RFC 3339 has it; absent where the time stamp cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub time: Option<String>,
    /// The authority's name, as its certificate says.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub authority: Option<String>,
}
