//! The same inputs at every run: an unchanged program is not at fault by luck. libFuzzer's own
//! are not the same even from a fixed seed: what it tries next depends on edges and compared
//! values, and those on the hash maps' random order.

use std::path::Path;

use clipsight::rng::Rng;

use crate::faults;
use crate::png;
use crate::seeds;
use crate::target::Target;

/// Longest input, as in `scripts/fuzz.mjs`.
const MAX_BYTES: usize = 1 << 16;

/// What formats count, end and quote with.
const TELLING: &[&[u8]] = &[
    b"\0",
    b"\xFF",
    b"\x7F",
    b"\x80",
    b"\0\0\0\0",
    b"\xFF\xFF\xFF\xFF",
    b"\x7F\xFF\xFF\xFF",
    b"\xFF\xFF\xFF\x7F",
    b"\0\0\0\x80",
    b"\x80\0",
    b"\0\x80",
    b"\0\x01",
    b"\x01\0",
    b"-1",
    b"1e999",
    b"99999999999999999999",
    b"null",
    b"{}",
    b"[]",
    b"\"",
    b"\\",
    b"\\u0000",
    b"/",
    b"..",
    b":",
    b"\n",
    b",",
    b"\xEF\xBB\xBF",
    b"\xC3\x28",
];

/// Runs the target on its seeds and on so many inputs made of them. Whatever runs lies in the
/// folder as `now`, for what ends the process.
pub(crate) fn run(target: &Target, folder: &Path) -> std::io::Result<usize> {
    let seeds = seeds::of(target)?;
    let now = folder.join("now");
    let mut rng = Rng::new(1);
    for run in 0..seeds.len() + target.runs {
        let bytes = match seeds.get(run) {
            Some(seed) => seed.clone(),
            None => damaged(target, &seeds, &mut rng),
        };
        std::fs::write(&now, &bytes)?;
        faults::judge(target, &bytes);
    }
    std::fs::remove_file(&now)?;
    Ok(seeds.len() + target.runs)
}

/// A seed that was changed at one to eight places.
fn damaged(target: &Target, seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut pick = || seeds.get(below(rng, seeds.len())).cloned().unwrap_or_default();
    let (mut bytes, other) = (pick(), pick());
    for _ in 0..1 << rng.below(4) {
        change(&mut bytes, &other, rng);
    }
    bytes.truncate(MAX_BYTES);
    if target.name == "png" {
        png::mend(&mut bytes);
    }
    bytes
}

/// Changes bytes at one place.
fn change(bytes: &mut Vec<u8>, other: &[u8], rng: &mut Rng) {
    let at = below(rng, bytes.len() + 1);
    // Mostly short, as fields are.
    let longest = 1 << rng.below(9);
    let length = below(rng, longest.min(bytes.len() - at) + 1);
    let telling = TELLING[below(rng, TELLING.len())];
    match rng.below(9) {
        0 => drop(bytes.drain(at..at + length)),
        1 => drop(bytes.splice(at..at, telling.iter().copied())),
        2 => bytes.truncate(at),
        3 => {
            let part = bytes[at..at + length].to_vec();
            let to = below(rng, bytes.len() + 1);
            drop(bytes.splice(to..to, part));
        }
        4 => {
            let from = below(rng, other.len() + 1);
            let part = &other[from..other.len().min(from + longest)];
            drop(bytes.splice(at..at + length, part.iter().copied()));
        }
        5 => {
            let end = bytes.len().min(at + telling.len());
            bytes[at..end].copy_from_slice(&telling[..end - at]);
        }
        _ if at == bytes.len() => bytes.push(rng.below(256) as u8),
        6 => bytes[at] ^= 1 << rng.below(8),
        7 => bytes[at] = bytes[at].wrapping_add(if rng.chance(0.5) { 1 } else { 255 }),
        _ => bytes[at] = rng.below(256) as u8,
    }
}

fn below(rng: &mut Rng, end: usize) -> usize {
    rng.below(u32::try_from(end).unwrap_or(u32::MAX).max(1)) as usize
}
