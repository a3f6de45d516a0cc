//! What every decoder module exports to JavaScript (`www/lib/decoders/decode.ts`), without glue:
//!
//! - `input(length)`: the address of so many bytes for the file;
//! - `decode()`: decodes them; gives the address of a [`Report`]'s numbers.
//!
//! An instance decodes one file. What it took is given back with it, and a file that makes it trap
//! takes nothing else along.

use std::cell::RefCell;

use clipsight_codecs::{Error, ErrorKind, Layout, Note, Result, SampleData, Samples};

/// What became of a file, in numbers, in this order; addresses are in the module's memory.
///
/// 0. what it is: 0 a picture, 1 `decode`, 2 `unsupported`, 3 `limit`
/// 1. address and 2. length of the message in UTF-8, for all but a picture
/// 3. width
/// 4. height
/// 5. layout: 0 gray, 1 gray and alpha, 2 RGB, 3 RGBA, 4 CMYK
/// 6. bits of a sample: 8 or 16
/// 7. address and 8. length of the samples in bytes
/// 9. 1 where colours are multiplied by alpha
/// 10. EXIF's orientation, 1 to 8
/// 11. address and 12. length of the ICC profile
/// 13. colour primaries and 14. transfer characteristics by H.273; both 0 where not known
/// 15. what was left out, added up: 1 later frames, 2 a gain map
pub type Report = [u32; 16];

thread_local! {
    static FILE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static REPORT: RefCell<Report> = const { RefCell::new([0; 16]) };
}

/// Makes the exports of a module whose decoder is given.
#[macro_export]
macro_rules! export {
    ($decode:path) => {
        /// Memory for the file.
        #[unsafe(no_mangle)]
        pub extern "C" fn input(length: u32) -> *mut u8 {
            $crate::input(length)
        }

        /// Decodes the file.
        #[unsafe(no_mangle)]
        pub extern "C" fn decode() -> *const u32 {
            $crate::decode($decode)
        }
    };
}

/// The address of so many zeros.
#[must_use]
pub fn input(length: u32) -> *mut u8 {
    FILE.with_borrow_mut(|file| {
        *file = vec![0; length as usize];
        file.as_mut_ptr()
    })
}

/// Decodes what was put there, and gives the address of the report.
#[must_use]
pub fn decode(decode: fn(&[u8]) -> Result<Samples>) -> *const u32 {
    let file = FILE.take();
    let report = match decode(&file) {
        Ok(samples) => picture(samples),
        Err(error) => failure(error),
    };
    REPORT.with_borrow_mut(|place| {
        *place = report;
        place.as_ptr()
    })
}

fn picture(samples: Samples) -> Report {
    let Samples { width, height, layout, data, premultiplied, orientation, .. } = samples;
    let layout = match layout {
        Layout::Gray => 0,
        Layout::GrayAlpha => 1,
        Layout::Rgb => 2,
        Layout::Rgba => 3,
        Layout::Cmyk => 4,
    };
    let (bits, [at, length]) = match data {
        SampleData::U8(samples) => (8, kept(samples)),
        SampleData::U16(samples) => (16, kept(samples)),
    };
    let [icc, icc_length] = samples.icc.map_or([0, 0], kept);
    let (primaries, transfer) = samples.cicp.map_or((0, 0), |cicp| (cicp.primaries, cicp.transfer));
    let note = |note, value| if samples.notes.contains(&note) { value } else { 0 };
    let notes = note(Note::FirstFrameOnly, 1) + note(Note::GainMapIgnored, 2);
    [
        0,
        0,
        0,
        width,
        height,
        layout,
        bits,
        at,
        length,
        premultiplied.into(),
        orientation.into(),
        icc,
        icc_length,
        primaries.into(),
        transfer.into(),
        notes,
    ]
}

fn failure(error: Error) -> Report {
    let kind = match error.kind {
        ErrorKind::Decode => 1,
        ErrorKind::Unsupported => 2,
        ErrorKind::Limit => 3,
    };
    let [at, length] = kept(error.message.into_bytes());
    let mut report = [0; 16];
    report[..3].copy_from_slice(&[kind, at, length]);
    report
}

/// Address and length in bytes of values that stay for as long as the instance does.
fn kept<T>(values: Vec<T>) -> [u32; 2] {
    let values = values.leak();
    [values.as_ptr() as usize as u32, size_of_val(values) as u32]
}
