//! From an image file's bytes to the tensor a model reads.
//!
//! [`probe`] reads the header and refuses what crosses [`limits`](crate::limits), [`decode`] gives
//! upright 8-bit RGB pixels and says what it changed on the way ([`Note`]), [`resize`] equals
//! Pillow's antialiased resize bit for bit, and [`Preprocessing`], which every model's manifest
//! carries, cuts [views](Preprocessing::views) and makes the [tensor](Preprocessing::tensor).
//!
//! The kind of a file is decided by its content, never by its name. Embedded colour profiles are
//! applied: all pixels are sRGB. Decoders outside of this crate hand over [`Samples`], which take
//! the same way from there.
//!
//! ```
//! use clipsight::image::{Filter, Preprocessing, Rgb8, ViewCount};
//! let image = Rgb8::new(640, 480, vec![128; 640 * 480 * 3])?;
//! let preprocessing = Preprocessing {
//!     resize_short_side: Some(224),
//!     enlarge: true,
//!     filter: Filter::Bicubic,
//!     crop: 224,
//!     whole_first: false,
//!     centre_rounds_down: false,
//!     mean: [0.5; 3],
//!     std: [0.5; 3],
//! };
//! let views = preprocessing.views(&image, ViewCount::Five)?;
//! assert_eq!(preprocessing.tensor(&views).len(), 5 * 3 * 224 * 224);
//! # Ok::<(), clipsight::Error>(())
//! ```

#[cfg(feature = "every-image")]
mod bmp;
mod checks;
mod color;
mod decode;
mod decoded;
mod delivery;
#[cfg_attr(not(feature = "every-image"), expect(dead_code, reason = "EXIF needs one tag"))]
mod directory;
mod format;
mod gif;
mod header;
mod jpeg;
mod layout;
mod orientation;
mod png;
mod preprocessing;
mod resize;
mod rgb8;
mod samples;
#[cfg(feature = "every-image")]
mod tiff;
mod webp;

// How files are laid out, for `provenance`, which reads what stands beside the pixels.
pub(crate) use checks::take;
pub(crate) use directory::{Directory, File as TiffFile};
pub(crate) use gif::{Block as GifBlock, blocks as gif_blocks};
pub(crate) use header::{format_within_limit, riff_chunks};
pub(crate) use jpeg::markers as jpeg_markers;
pub(crate) use png::chunks as png_chunks;

pub use decode::decode;
pub use decoded::{Decoded, Note};
pub use delivery::Delivery;
pub use format::Format;
pub use header::{Header, probe};
pub use layout::{Cicp, Layout, SampleData};
pub use preprocessing::{Preprocessing, Region, ViewCount};
pub use resize::{Filter, Window, resize, resize_window};
pub use rgb8::Rgb8;
pub use samples::Samples;
