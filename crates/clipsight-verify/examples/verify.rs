//! `cargo run --release -p clipsight-verify --example verify -- FILE...`: what there is to say of
//! each file's Content Credentials, a line of JSON each.
#![allow(clippy::print_stdout, reason = "a program")]

use serde_json::{Value, json};

fn main() {
    for path in std::env::args().skip(1) {
        let found = std::fs::read(&path).map_err(|error| json!({ "message": error.to_string() }));
        let found = found.and_then(|bytes| {
            clipsight_verify::verify(&bytes)
                .map_err(|error| json!({ "code": error.code(), "message": error.to_string() }))
        });
        let line = match found {
            Ok(verification) => json!({ "path": path, "verification": verification }),
            Err(error) => json!({ "path": path, "error": error }),
        };
        println!("{}", Value::to_string(&line));
    }
}
