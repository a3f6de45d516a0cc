//! In place of the crate of that name, its small sister: c2pa looks for five patterns in labels and
//! identifiers, all of ASCII.
pub use regex_lite::*;
