//! The core's types from this crate's.

use clipsight::image::{Cicp, Format, Layout, Note, SampleData, Samples};

use crate::error::ErrorKind;

/// Decodes a file of one of the formats; none where it is of another.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<clipsight::Result<Samples>> {
    Some(crate::decode_samples(bytes)?.map(Samples::from).map_err(error))
}

/// The core's error from this crate's. A function, as a second `From` for it would leave every `?`
/// within a closure undecided, in crates that never heard of this one.
fn error(error: crate::Error) -> clipsight::Error {
    let kind = match error.kind {
        ErrorKind::Decode => clipsight::ErrorKind::Decode,
        ErrorKind::Unsupported => clipsight::ErrorKind::Unsupported,
        ErrorKind::Limit => clipsight::ErrorKind::Limit,
    };
    clipsight::Error::new(kind, error.message)
}

impl From<crate::Samples> for Samples {
    fn from(samples: crate::Samples) -> Self {
        Self {
            format: samples.format.into(),
            width: samples.width,
            height: samples.height,
            layout: match samples.layout {
                crate::Layout::Gray => Layout::Gray,
                crate::Layout::GrayAlpha => Layout::GrayAlpha,
                crate::Layout::Rgb => Layout::Rgb,
                crate::Layout::Rgba => Layout::Rgba,
                crate::Layout::Cmyk => Layout::Cmyk,
            },
            data: match samples.data {
                crate::SampleData::U8(samples) => SampleData::U8(samples),
                crate::SampleData::U16(samples) => SampleData::U16(samples),
            },
            premultiplied: samples.premultiplied,
            orientation: samples.orientation,
            icc: samples.icc,
            cicp: samples
                .cicp
                .map(|crate::Cicp { primaries, transfer }| Cicp { primaries, transfer }),
            notes: samples.notes.into_iter().map(Note::from).collect(),
        }
    }
}

impl From<crate::Format> for Format {
    fn from(format: crate::Format) -> Self {
        match format {
            crate::Format::Avif => Self::Avif,
            crate::Format::Heif => Self::Heif,
            crate::Format::Jxl => Self::Jxl,
        }
    }
}

impl From<crate::Note> for Note {
    fn from(note: crate::Note) -> Self {
        match note {
            crate::Note::FirstFrameOnly => Self::FirstFrameOnly,
            crate::Note::GainMapIgnored => Self::GainMapIgnored,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::limits;

    #[test]
    fn limits_are_the_cores() {
        use clipsight::limits as core;
        assert_eq!(limits::MAX_IMAGE_BYTES, core::MAX_IMAGE_BYTES);
        assert_eq!(limits::MAX_IMAGE_SIDE, core::MAX_IMAGE_SIDE);
        assert_eq!(limits::MAX_IMAGE_PIXELS, core::MAX_IMAGE_PIXELS);
        assert_eq!(limits::MAX_DECODE_ALLOCATION, core::MAX_DECODE_ALLOCATION);
    }
}
