//! Who may sign: the lists, and what is asked of a chain of certificates.
//!
//! c2pa takes one list for signers and time stamps together, and asks of a chain only that each
//! certificate is signed with the next one's key. So it is asked with all lists at once, for what
//! a file is worth by the standard's rules; what it then calls trusted is looked at again here, by
//! the lists of signers alone, one by one, and with the rules of RFC 5280 for who may issue
//! certificates: else whoever has any certificate under a listed root could sign as anybody else.
//! Where a time stamp counts, c2pa is asked once more, with the lists for these alone.

use std::sync::OnceLock;

use c2pa::crypto::cose::CertificateTrustPolicy;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::ExtendedKeyUsage;
use x509_parser::pem::Pem;
use x509_parser::prelude::FromDer;

use crate::lists::{TrustList, TrustListId};

const C2PA: &str = include_str!("../trust/c2pa.pem");
const C2PA_TSA: &str = include_str!("../trust/c2pa-tsa.pem");
const INTERIM: &str = include_str!("../trust/interim.pem");
const INTERIM_TSA: &str = include_str!("../trust/interim-tsa.pem");
/// Certificates that the interim list trusts by themselves, by the SHA-256 of each.
pub(crate) const INTERIM_SIGNERS: &str = include_str!("../trust/interim-signers.txt");
const LISTS: &str = include_str!("../trust/lists.json");

/// What a signer's certificate must be for, one of them: document signing (RFC 9336), Microsoft's
/// and the C2PA's own purpose. Beside these, e-mail protection: what was signed before 2025 has it.
const PURPOSES: [&str; 3] =
    ["1.3.6.1.5.5.7.3.36", "1.3.6.1.4.1.311.76.59.1.9", "1.3.6.1.4.1.62558.2.1"];

/// All of them, with their dates.
pub(crate) fn lists() -> &'static [TrustList] {
    static ALL: OnceLock<Vec<TrustList>> = OnceLock::new();
    // A test reads the file too: without it no list is claimed, and nobody is trusted the more.
    ALL.get_or_init(|| serde_json::from_str(LISTS).unwrap_or_default())
}

/// The name of a list with its date, for sentences.
pub(crate) fn named(id: TrustListId) -> String {
    if id == TrustListId::Own {
        return "the list of your own".to_owned();
    }
    let found = lists().iter().find(|list| list.id == id);
    found.map_or_else(String::new, |list| format!("the {} of {}", list.name, list.date))
}

/// Whom to trust.
#[derive(Debug)]
pub(crate) struct Trust {
    /// A user's authorities for signers, in PEM.
    signers: String,
    /// A user's authorities for time stamps.
    time_stamps: String,
    /// Each list of signers by itself, the official one first.
    policies: Vec<(TrustListId, CertificateTrustPolicy)>,
}

impl Trust {
    /// The program's lists.
    pub(crate) fn of_lists() -> Self {
        let lists =
            [(TrustListId::C2pa, C2PA, ""), (TrustListId::Interim, INTERIM, INTERIM_SIGNERS)];
        let policies = lists
            .into_iter()
            .filter_map(|(id, anchors, signers)| Some((id, policy(anchors, signers)?)))
            .collect();
        Self { signers: String::new(), time_stamps: String::new(), policies }
    }

    /// The program's lists, then a user's authorities.
    pub(crate) fn with_anchors(signers: &str, time_stamps: &str) -> Option<Self> {
        let mut trust = Self::of_lists();
        if !(are_authorities(signers) && are_authorities(time_stamps)) {
            return None;
        }
        if !signers.is_empty() {
            trust.policies.push((TrustListId::Own, policy(signers, "")?));
        }
        signers.clone_into(&mut trust.signers);
        time_stamps.clone_into(&mut trust.time_stamps);
        Some(trust)
    }

    /// Every anchor of every list.
    pub(crate) fn all_anchors(&self) -> String {
        [C2PA, INTERIM, &self.signers, &self.time_stamp_anchors()].join("\n")
    }

    /// Those that vouch for time stamps.
    pub(crate) fn time_stamp_anchors(&self) -> String {
        [C2PA_TSA, INTERIM_TSA, &self.time_stamps].join("\n")
    }

    /// The list that a signer is on, the official one first.
    ///
    /// `chain`: certificates in DER, the signer's first, each followed by its issuer's. `at`: the
    /// seconds since 1970 at which a verified time stamp says that it was signed.
    pub(crate) fn list_of(&self, chain: &[Vec<u8>], at: Option<i64>) -> Option<TrustListId> {
        let signer = chain.first()?;
        if !(may_sign(signer)? && issuers_may_issue(chain)?) {
            return None;
        }
        let is_on = |(_, policy): &&(TrustListId, CertificateTrustPolicy)| {
            policy.check_certificate_trust(&chain[1..], signer, at).is_ok()
        };
        self.policies.iter().find(is_on).map(|(id, _)| *id)
    }
}

/// Whether there is nothing in a text but certificates of authorities in PEM.
fn are_authorities(pem: &str) -> bool {
    let is_authority = |block: Result<Pem, _>| {
        block.is_ok_and(|block| block.parse_x509().is_ok_and(|found| found.is_ca()))
    };
    let mut blocks = Pem::iter_from_buffer(pem.as_bytes()).peekable();
    pem.is_empty() || (blocks.peek().is_some() && blocks.all(is_authority))
}

/// Authorities in PEM, and signers by their hashes.
fn policy(anchors: &str, signers: &str) -> Option<CertificateTrustPolicy> {
    let mut policy = CertificateTrustPolicy::new();
    policy.add_default_valid_ekus();
    policy.add_trust_anchors(anchors.as_bytes()).ok()?;
    policy.add_end_entity_credentials(signers.as_bytes()).ok()?;
    Some(policy)
}

/// Whether a certificate is made for signing documents, not for time stamps or answers about
/// revocation, say: c2pa leaves that to who makes the list.
fn may_sign(certificate: &[u8]) -> Option<bool> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let usage: &ExtendedKeyUsage<'_> = certificate.extended_key_usage().ok()??.value;
    let listed = |oid: &_| PURPOSES.contains(&format!("{oid}").as_str());
    let signs = usage.email_protection || usage.other.iter().any(listed);
    Some(signs && !usage.any && !usage.time_stamping && !usage.ocsp_signing)
}

/// Whether each certificate behind the first is an authority's, which may have as many others below
/// it as there are (RFC 5280, 4.2.1.3 and 4.2.1.9).
fn issuers_may_issue(chain: &[Vec<u8>]) -> Option<bool> {
    for (below, issuer) in chain[1..].iter().enumerate() {
        let (_, issuer) = X509Certificate::from_der(issuer).ok()?;
        let Some(constraints) = issuer.basic_constraints().ok()? else { return Some(false) };
        let constraints = constraints.value;
        let signs = issuer.key_usage().ok()?.is_none_or(|usage| usage.value.key_cert_sign());
        let deep =
            constraints.path_len_constraint.is_some_and(|most| below as u64 > u64::from(most));
        if !constraints.ca || !signs || deep {
            return Some(false);
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_is_described_and_holds_what_is_said() {
        let of = |id| match id {
            TrustListId::C2pa => C2PA,
            TrustListId::C2paTsa => C2PA_TSA,
            TrustListId::Interim => INTERIM,
            TrustListId::InterimTsa => INTERIM_TSA,
            TrustListId::Own => panic!("no list of the program"),
        };
        assert_eq!(lists().len(), 4);
        for list in lists() {
            let certificates: Vec<Pem> =
                Pem::iter_from_buffer(of(list.id).as_bytes()).collect::<Result<_, _>>().unwrap();
            assert_eq!(certificates.len(), list.certificates, "{}", list.name);
            assert!(certificates.iter().all(|pem| pem.parse_x509().unwrap().is_ca()));
            assert_eq!(list.date.len(), 10, "{}", list.date);
            assert!(named(list.id).contains(&list.name) && named(list.id).contains(&list.date));
        }
    }

    #[test]
    fn the_lists_of_signers_load() {
        assert_eq!(Trust::of_lists().policies.len(), 2);
        let hashes = INTERIM_SIGNERS.lines().filter(|line| !line.starts_with('#'));
        assert!(hashes.clone().count() > 80);
        assert!(hashes.into_iter().all(|line| line.len() == 44), "SHA-256 in base 64");
    }
}
