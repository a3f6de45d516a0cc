//! Cuts and damages files, and decodes what comes of it: `mutate FLIPS FILE...`. Prints how many
//! were read, how many refused, how many panicked, and the slowest. A panic that cannot be caught
//! ends the program; the seed that was tried last stands in `last-mutation`.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::time::{Duration, Instant};

use clipsight_codecs::{decode_samples, last_panic};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let flips: u64 = arguments.next().unwrap().parse().unwrap();
    let (mut read, mut refused, mut panics, mut slowest) = (0, 0, 0, Duration::ZERO);
    for file in arguments {
        let bytes = fs::read(&file).unwrap();
        let mut attempt = |what: String, bytes: &[u8]| {
            fs::write("last-mutation", format!("{file} {what}")).unwrap();
            let start = Instant::now();
            match decode_samples(bytes) {
                Some(Ok(_)) => read += 1,
                _ => refused += 1,
            }
            if let Some(place) = last_panic() {
                panics += 1;
                println!("panic: {place}: {file} {what}");
            }
            let took = start.elapsed();
            if took > Duration::from_secs(5) {
                println!("slow: {file} {what} {took:?}");
            }
            slowest = slowest.max(took);
        };
        for length in (0..bytes.len()).step_by(37) {
            attempt(format!("cut at {length}"), &bytes[..length]);
        }
        for seed in 0..flips {
            attempt(format!("seed {seed}"), &damaged(&bytes, seed));
        }
    }
    println!("read {read}, refused {refused}, panics {panics}, slowest {slowest:?}");
}

/// One to four bytes changed.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for _ in 0..=next() % 4 {
        let at = (next() % bytes.len() as u64) as usize;
        bytes[at] = (next() >> 32) as u8;
    }
    bytes
}
