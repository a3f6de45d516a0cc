//! `clipsight-measure` for JavaScript (`www/app/bench/module.ts`), without glue:
//!
//! - `input(length)`: the address of so many bytes;
//! - `sort()`, `quantiser()`, `report()`: take them, and give the address of two numbers, address
//!   and length of an answer in JSON.
//!
//! An instance answers once: what it took is given back with it.

use std::cell::RefCell;

use clipsight_measure::confounds::mean_quantiser;
use clipsight_measure::folder::{Input, Problem, Table, sort as sort_folder};
use serde::{Deserialize, Serialize};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static ANSWER: RefCell<[u32; 2]> = const { RefCell::new([0; 2]) };
}

/// What [`sort`] takes.
#[derive(Deserialize)]
struct Folder {
    paths: Vec<String>,
    tables: Vec<Table>,
}

/// An answer, or why there is none.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
enum Answer<T> {
    Ok(T),
    /// The folder is not what it should be.
    Problem(Problem),
    /// The caller is at fault.
    Error(String),
}

/// Memory for the input.
#[unsafe(no_mangle)]
pub extern "C" fn input(length: u32) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        *input = vec![0; length as usize];
        input.as_mut_ptr()
    })
}

/// Sorts the paths of `{ paths, tables: [{ path, text }] }` by class.
#[unsafe(no_mangle)]
pub extern "C" fn sort() -> *const u32 {
    answer(match serde_json::from_slice::<Folder>(&INPUT.take()) {
        Ok(Folder { paths, tables }) => {
            sort_folder(&paths, &tables).map_or_else(Answer::Problem, Answer::Ok)
        }
        Err(error) => Answer::Error(error.to_string()),
    })
}

/// The quality of a JPEG, from the beginning of its bytes; `null` where it is not in them.
#[unsafe(no_mangle)]
pub extern "C" fn quantiser() -> *const u32 {
    answer(Answer::Ok(mean_quantiser(&INPUT.take())))
}

/// The report of an [`Input`].
#[unsafe(no_mangle)]
pub extern "C" fn report() -> *const u32 {
    let report = serde_json::from_slice::<Input>(&INPUT.take())
        .map_err(|error| error.to_string())
        .and_then(|input| input.report().map_err(|error| error.message().to_owned()));
    answer(report.map_or_else(Answer::Error, Answer::Ok))
}

fn answer<T: Serialize>(answer: Answer<T>) -> *const u32 {
    // What cannot be written is a fault of ours, as is all that is left to a caller of no answer.
    let json = serde_json::to_vec(&answer).unwrap_or_default().leak();
    ANSWER.with_borrow_mut(|place| {
        *place = [json.as_ptr() as usize as u32, json.len() as u32];
        place.as_ptr()
    })
}
