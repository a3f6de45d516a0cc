//! What every decoder module exports to JavaScript (`www/lib/decoders/decode.ts`), without glue:
//!
//! - `input(length)`: the address of so many bytes for the file;
//! - `decode(side, pixels)`: decodes them, if the picture is no larger (0: than what is read at
//!   all); gives the address of a [`Report`]'s numbers.
//!
//! An instance decodes one file. What it took is given back with it, and a file that makes it trap
//! takes nothing else along.

use std::cell::RefCell;

use clipsight_codecs::{Bounds, Cicp, Error, ErrorKind, Layout, Note, SampleData, Samples};

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
/// 15. what is to be told, added up: 1 for the first of [`NOTES`], 2 for the second, 4 ...
pub type Report = [u32; 16];

/// What may be told, as the core calls it. `www/lib/decoders/decoders.ts` has the same list.
pub const NOTES: [&str; 9] = [
    "first-frame-only",
    "gain-map-ignored",
    "first-page-only",
    "alpha-over-white",
    "sixteen-bit-reduced",
    "cmyk-converted",
    "profile-converted",
    "reduced-copy-skipped",
    "end-missing",
];

/// A picture with what is to be told of it.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// The samples of one pixel.
    pub layout: Layout,
    /// All samples.
    pub data: SampleData,
    /// Whether colours are multiplied by alpha.
    pub premultiplied: bool,
    /// EXIF's orientation.
    pub orientation: u8,
    /// The embedded profile.
    pub icc: Option<Vec<u8>>,
    /// Colours by code points.
    pub cicp: Option<Cicp>,
    /// Some of [`NOTES`].
    pub notes: Vec<&'static str>,
}

/// Why there is no picture.
#[derive(Clone, Debug)]
pub struct Failure {
    /// As in a [`Report`]: 1 `decode`, 2 `unsupported`, 3 `limit`.
    pub kind: u32,
    /// For people.
    pub message: String,
}

impl From<Samples> for Picture {
    fn from(samples: Samples) -> Self {
        let Samples { width, height, layout, data, premultiplied, orientation, icc, cicp, .. } =
            samples;
        let notes = samples.notes.into_iter().map(|note| match note {
            Note::FirstFrameOnly => NOTES[0],
            Note::GainMapIgnored => NOTES[1],
        });
        let notes = notes.collect();
        Self { width, height, layout, data, premultiplied, orientation, icc, cicp, notes }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Decode => 1,
            ErrorKind::Unsupported => 2,
            ErrorKind::Limit => 3,
        };
        Self { kind, message: error.message }
    }
}

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
        pub extern "C" fn decode(side: u32, pixels: u32) -> *const u32 {
            $crate::decode(side, pixels, |file, bounds| Ok($decode(file, bounds)?.into()))
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
pub fn decode(
    side: u32,
    pixels: u32,
    decode: fn(&[u8], Bounds) -> Result<Picture, Failure>,
) -> *const u32 {
    let file = FILE.take();
    let all = Bounds::default();
    let bounds = Bounds {
        side: if side == 0 { all.side } else { side },
        pixels: if pixels == 0 { all.pixels } else { pixels.into() },
    };
    let report = match decode(&file, bounds) {
        Ok(picture) => of_picture(picture),
        Err(failure) => of_failure(failure),
    };
    REPORT.with_borrow_mut(|place| {
        *place = report;
        place.as_ptr()
    })
}

fn of_picture(picture: Picture) -> Report {
    let Picture { width, height, layout, data, premultiplied, orientation, icc, cicp, notes } =
        picture;
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
    let [icc, icc_length] = icc.map_or([0, 0], kept);
    let (primaries, transfer) = cicp.map_or((0, 0), |cicp| (cicp.primaries, cicp.transfer));
    let place = |told: &&str| NOTES.iter().position(|note| note == told);
    let notes = notes.iter().filter_map(place).fold(0, |all, place| all | 1 << place);
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

fn of_failure(Failure { kind, message }: Failure) -> Report {
    let [at, length] = kept(message.into_bytes());
    let mut report = [0; 16];
    report[..3].copy_from_slice(&[kind, at, length]);
    report
}

/// Address and length in bytes of values that stay for as long as the instance does.
fn kept<T>(values: Vec<T>) -> [u32; 2] {
    let values = values.leak();
    [values.as_ptr() as usize as u32, size_of_val(values) as u32]
}
