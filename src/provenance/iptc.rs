//! IPTC-IIM (IPTC, Information Interchange Model 4.2): datasets of records.

use super::marks;
use super::report::{Container, UnreadReason};
use super::statements::Statements;
use super::text::utf8_or_latin1;
use crate::image::take;
use crate::limits::MAX_METADATA_VALUES;

const AT: Container = Container::Iptc;

/// Datasets of the application record (chapter 6).
const ORIGINATING_PROGRAM: u8 = 65;
const CREDIT: u8 = 110;
const CAPTION: u8 = 120;

/// Says what these datasets say.
pub(super) fn state(mut rest: &[u8], statements: &mut Statements) {
    // A marker of 0x1C, record and number, a length, and that many bytes (1.5). Some writers pad
    // with NUL.
    for _ in 0..MAX_METADATA_VALUES {
        let Some([0x1C, record, number]) = take(rest, 0) else { break };
        let Some(value) = value_of(rest) else {
            statements.not_read(AT, UnreadReason::Damaged);
            return;
        };
        rest = &rest[5 + value.len()..];
        if record != 2 {
            continue;
        }
        let value = || utf8_or_latin1(value);
        match number {
            ORIGINATING_PROGRAM => {
                marks::software(&value(), AT, "Originating Program", statements);
            }
            CREDIT => marks::credit(&value(), AT, "Credit", statements),
            CAPTION => marks::description(&value(), AT, "Caption/Abstract", statements),
            _ => {}
        }
    }
}

/// The data of the first dataset. Lengths of more than 15 bits are for pictures within pictures.
fn value_of(dataset: &[u8]) -> Option<&[u8]> {
    let length = usize::from(u16::from_be_bytes(take(dataset, 3)?));
    dataset.get(5..5 + length).filter(|_| length < 0x8000)
}
