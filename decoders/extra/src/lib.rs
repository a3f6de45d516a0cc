//! The decoder of what the package's builds leave out of the core: TIFF, BMP, and colour profiles
//! made of tables, in whichever format.

use clipsight::image::{decode as read, probe};
use clipsight::{ErrorKind, Result};
use clipsight_codecs::{Bounds, Layout, SampleData};
use clipsight_decoder::{Failure, NOTES, Picture};

clipsight_decoder::export!(of_file);

/// The picture upright and in sRGB: nothing is left to do.
fn of_file(file: &[u8], bounds: Bounds) -> core::result::Result<Picture, Failure> {
    picture(file, bounds).map_err(|error| Failure {
        kind: match error.kind() {
            ErrorKind::Unsupported => 2,
            ErrorKind::Limit => 3,
            _ => 1,
        },
        message: error.message().to_owned(),
    })
}

fn picture(file: &[u8], bounds: Bounds) -> Result<Picture> {
    probe(file)?.check_within(bounds.side, bounds.pixels)?;
    let decoded = read(file)?;
    let told = |name: &&str| {
        let named = |note| serde_json::to_value(note).is_ok_and(|note| note == *name);
        decoded.notes.iter().any(named)
    };
    Ok(Picture {
        width: decoded.width,
        height: decoded.height,
        layout: Layout::Rgb,
        notes: NOTES.iter().copied().filter(told).collect(),
        data: SampleData::U8(decoded.pixels.into_pixels()),
        premultiplied: false,
        orientation: 1,
        icc: None,
        cicp: None,
    })
}
