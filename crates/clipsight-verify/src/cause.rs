//! From the standard's codes to what a person is told.

use crate::verification::Cause;

impl Cause {
    /// What a code of the C2PA specification means: "Validation" there, "Failure codes".
    pub(crate) fn of(code: &str) -> Self {
        match code {
            "assertion.dataHash.mismatch"
            | "assertion.bmffHash.mismatch"
            | "assertion.boxesHash.mismatch"
            | "assertion.boxesHash.unknownBox"
            | "assertion.collectionHash.mismatch"
            | "assertion.collectionHash.incorrectFileCount" => Self::ContentChanged,
            "assertion.hashedURI.mismatch"
            | "hashedURI.mismatch"
            | "ingredient.hashedURI.mismatch"
            | "ingredient.manifest.mismatch"
            | "ingredient.claimSignature.mismatch"
            | "assertion.undeclared"
            | "assertion.outsideManifest" => Self::StatementsChanged,
            "claimSignature.mismatch" => Self::SignatureWrong,
            "signingCredential.ocsp.revoked" | "signingCredential.ocsp.unknown" => Self::Revoked,
            "signingCredential.expired" | "claimSignature.outsideValidity" => Self::Expired,
            "signingCredential.invalid" | "algorithm.unsupported" | "algorithm.deprecated" => {
                Self::CertificateUnfit
            }
            "signingCredential.untrusted" => Self::SignerUnknown,
            code if code.ends_with("issing") || code == "manifest.inaccessible" => Self::Incomplete,
            _ => Self::Malformed,
        }
    }

    /// One sentence.
    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::ContentChanged => "The file was changed after it was signed.",
            Self::StatementsChanged => {
                "What the Content Credentials say was changed after it was signed."
            }
            Self::SignatureWrong => "The signature does not belong to these Content Credentials.",
            Self::Revoked => "The signer's certificate was withdrawn by who issued it.",
            Self::Expired => {
                "The signer's certificate was not valid, and no verified time stamp says that the \
                 file was signed while it was."
            }
            Self::CertificateUnfit => {
                "The signer's certificate is not one that may sign Content Credentials."
            }
            Self::Incomplete => "A part of the Content Credentials is missing.",
            Self::Malformed => {
                "The Content Credentials are damaged, or do not follow the standard."
            }
            Self::SignerUnknown => "The signer is on none of the trust lists.",
        }
    }
}
