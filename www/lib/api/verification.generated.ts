/**
 * What became of checking a file's Content Credentials, field by field as the Rust library writes
 * it.
 *
 * Written by `npm run generate` from crates/clipsight-verify/src/verification.rs and lists.rs.
 */

/**
 * The outcome of a verification.
 *
 * - `trusted`: The signature is right, the file is what was signed, and the signer is on a trust
 *   list.
 * - `valid`: The signature is right and the file is what was signed; but who signed it, or a part
 *   that it was made from, is on none of the lists. Anybody can make such a signature.
 * - `invalid`: There are Content Credentials, and something about them is wrong: mostly, the file
 *   was changed after it was signed.
 * - `absent`: There are none in the file. That means nothing: they are easily removed.
 */
export type VerificationState = 'trusted' | 'valid' | 'invalid' | 'absent';

/**
 * What a validation code means, in the fewest words that still help.
 *
 * - `content-changed`: The picture, or another part of the file, is not what was signed.
 * - `statements-changed`: What the Content Credentials say is not what was signed.
 * - `signature-wrong`: The signature is not one of this claim.
 * - `revoked`: The signer's certificate was withdrawn.
 * - `expired`: The signer's certificate had run out, or was not yet valid, and no verified time
 *   stamp says that it was signed in time.
 * - `certificate-unfit`: The signer's certificate is not one that may sign Content Credentials.
 * - `incomplete`: Something that the standard asks for is missing.
 * - `malformed`: The Content Credentials cannot be read, or break the standard's rules.
 * - `signer-unknown`: The signer is on none of the lists.
 */
export type ProblemCause =
  | 'content-changed'
  | 'statements-changed'
  | 'signature-wrong'
  | 'revoked'
  | 'expired'
  | 'certificate-unfit'
  | 'incomplete'
  | 'malformed'
  | 'signer-unknown';

/**
 * How a claim is signed: COSE's names.
 *
 * - `ES256`: ECDSA on P-256 with SHA-256.
 * - `ES384`: ECDSA on P-384 with SHA-384.
 * - `ES512`: ECDSA on P-521 with SHA-512.
 * - `PS256`: RSASSA-PSS with SHA-256.
 * - `PS384`: RSASSA-PSS with SHA-384.
 * - `PS512`: RSASSA-PSS with SHA-512.
 * - `EdDSA`: Ed25519.
 */
export type SignatureAlgorithm =
  'ES256' | 'ES384' | 'ES512' | 'PS256' | 'PS384' | 'PS512' | 'EdDSA';

/**
 * One of the lists.
 *
 * - `c2pa`: Signers whose products the C2PA's conformance programme has accepted.
 * - `c2pa-tsa`: The same programme's authorities for time stamps.
 * - `interim`: The list that the Content Authenticity Initiative kept before that programme, closed
 *   since January 2026: nobody was audited for it.
 * - `interim-tsa`: Its authority for time stamps.
 * - `own`: Authorities that the user named.
 */
export type TrustListId = 'c2pa' | 'c2pa-tsa' | 'interim' | 'interim-tsa' | 'own';

/** What became of checking a file's Content Credentials (C2PA). */
export interface Verification {
  /** The outcome. */
  readonly state: VerificationState;
  /** The same in plain English. */
  readonly summary: string;
  /**
   * Why it is not `trusted`, the gravest first: the standard's codes. Empty where it is, and where
   * there is nothing to check.
   */
  readonly problems: readonly VerificationProblem[];
  /**
   * What was signed; present where it could be read. Unless `state` is `trusted` or `valid`, these
   * are no more than words in a file.
   */
  readonly manifest?: ManifestFacts;
  /** Who signed, as the certificate says; present where it could be read. */
  readonly signer?: Signer;
  /** When it was signed, by the word of a third party; present where the file has a time stamp. */
  readonly timeStamp?: TimeStamp;
  /**
   * Where the file says its Content Credentials are kept. They were not fetched: `state` is
   * `absent`.
   */
  readonly remoteManifest?: string;
  /** The lists that signers and time stamps were looked up in. */
  readonly trustLists: readonly TrustList[];
}

/** Something that keeps a file from being `trusted`. */
export interface VerificationProblem {
  /** The code of the C2PA specification, such as `assertion.dataHash.mismatch`. */
  readonly code: string;
  /** What it means. */
  readonly cause: ProblemCause;
  /** What it means, in plain English. */
  readonly explanation: string;
  /** Whether it is not about the file itself, but about one that it was made from. */
  readonly ingredient: boolean;
}

/** What was signed. */
export interface ManifestFacts {
  /** The label of the active manifest. */
  readonly label: string;
  /** The program that made it, as it names itself. */
  readonly claimGenerator?: string;
}

/** Who signed, as the certificate says. */
export interface Signer {
  /** The certificate's common name. */
  readonly name?: string;
  /** The certificate's organisation. */
  readonly organisation?: string;
  /** The organisation, or else the name, of who issued the certificate. */
  readonly issuer?: string;
  /** The certificate's serial number, in lower-case hex. */
  readonly serial: string;
  /** The algorithm of the signature. */
  readonly algorithm?: SignatureAlgorithm;
  /** From when the certificate is valid, in seconds since 1970. */
  readonly notBefore: number;
  /** Until when. */
  readonly notAfter: number;
  /** The list that the signer is on: absent where on none. */
  readonly list?: TrustListId;
}

/** When something was signed, by the word of a third party (RFC 3161). */
export interface TimeStamp {
  /** Whether it is one of this signature, by an authority on a list. */
  readonly verified: boolean;
  /** The time, as RFC 3339 has it; absent where the time stamp cannot be read. */
  readonly time?: string;
  /** The authority's name, as its certificate says. */
  readonly authority?: string;
}

/** A list of certificates, as somebody keeps it. */
export interface TrustList {
  /** Which one. */
  readonly id: TrustListId;
  /** Its name. */
  readonly name: string;
  /**
   * The day on which it was issued, or last changed: `2026-08-05`. Who came onto it later is
   * unknown here.
   */
  readonly date: string;
  /** The repository that it comes from. */
  readonly source: string;
  /** The commit there. */
  readonly commit: string;
  /** How many certificates are on it. */
  readonly certificates: number;
}
