//! Fuzzers of everything that reads bytes from outside, on libFuzzer, which stable Rust can
//! instrument for: `node scripts/fuzz.mjs` builds and runs them.
//!
//! The variable `CLIPSIGHT_FUZZ` names the target. An input is a fault when it makes anything
//! panic, also where the panic would be caught; when it takes more memory or time than its target
//! allows; when it is answered in two ways; and when the answer is not what the target promises.
//!
//! With `CLIPSIGHT_FUZZ_SEEDS=FOLDER` the program writes the target's seeds into it and ends. With
//! `CLIPSIGHT_FUZZ_GO_ON=FOLDER` it keeps the first input of every fault there and goes on. With
//! `CLIPSIGHT_FUZZ_FIXED=FOLDER` it does so without libFuzzer on inputs that are the same at every
//! run.
#![no_main]
#![allow(unsafe_code, reason = "what libFuzzer calls is declared by its macros")]

mod faults;
mod fixed;
#[path = "../../tests/metadata/mod.rs"]
mod metadata;
mod png;
mod seeds;
mod target;

use std::sync::OnceLock;

use libfuzzer_sys::{Corpus, fuzz_mutator, fuzz_target};

use target::{TARGETS, Target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fn begin() {
    let name = std::env::var("CLIPSIGHT_FUZZ").unwrap_or_default();
    let names = || TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join(" ");
    let target = TARGETS.iter().find(|target| target.name == name).unwrap_or_else(|| {
        println!("{}", names());
        std::process::exit(i32::from(!name.is_empty()));
    });
    if let Some(folder) = std::env::var_os("CLIPSIGHT_FUZZ_SEEDS") {
        let count = seeds::write(target, folder.as_ref()).unwrap_or_else(|error| {
            eprintln!("the seeds of {name} cannot be written: {error}");
            std::process::exit(1);
        });
        println!("{count}");
        std::process::exit(0);
    }
    TARGET.get_or_init(|| target);
    let fixed = std::env::var_os("CLIPSIGHT_FUZZ_FIXED");
    faults::install(target.name, fixed.as_deref());
    if let Some(folder) = fixed {
        let count = fixed::run(target, folder.as_ref()).unwrap_or_else(|error| {
            eprintln!("the inputs of {name} cannot be tried: {error}");
            std::process::exit(1);
        });
        println!("{count}");
        std::process::exit(0);
    }
}

fuzz_target!(init: begin(), |bytes: &[u8]| -> Corpus {
    match TARGET.get() {
        Some(target) => faults::judge(target, bytes),
        None => Corpus::Reject,
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, _seed: u32| {
    let size = libfuzzer_sys::fuzzer_mutate(data, size, max_size);
    if TARGET.get().is_some_and(|target| target.name == "png") {
        png::mend(&mut data[..size]);
    }
    size
});
