//! `clipsight-verify` for browsers. It decides nothing. The clock is `Date`'s; randomness, which
//! only signing needs, is not linked in.

use clipsight_verify::Verifier;
use serde_json::json;
use wasm_bindgen::prelude::wasm_bindgen;

/// Checks a file's Content Credentials, by the lists of the program and by authorities in PEM, for
/// signers and for time stamps. Gives JSON: `verification`, or `error` with `code` and `message`.
#[wasm_bindgen]
#[must_use]
pub fn verify(bytes: &[u8], signers: &str, time_stamps: &str) -> String {
    match Verifier::with_anchors(signers, time_stamps).and_then(|verifier| verifier.verify(bytes)) {
        Ok(verification) => json!({ "verification": verification }),
        Err(error) => json!({ "error": { "code": error.code(), "message": error.to_string() } }),
    }
    .to_string()
}
