//! What is said of a list of who may sign.

use serde::{Deserialize, Serialize};

/// A list of certificates, as somebody keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrustList {
    /// Which one.
    pub id: TrustListId,
    /// Its name.
    pub name: String,
    /// The day on which it was issued, or last changed: `2026-08-05`. Who came onto it later is
    /// unknown here.
    pub date: String,
    /// The repository that it comes from.
    pub source: String,
    /// The commit there.
    pub commit: String,
    /// How many certificates are on it.
    pub certificates: usize,
}

/// One of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TrustListId {
    /// Signers whose products the C2PA's conformance programme has accepted.
    C2pa,
    /// The same programme's authorities for time stamps.
    C2paTsa,
    /// The list that the Content Authenticity Initiative kept before that programme, closed since
    /// January 2026: nobody was audited for it.
    Interim,
    /// Its authority for time stamps.
    InterimTsa,
    /// Authorities that the user named.
    Own,
}
