//! What a file says of how it was made: Content Credentials (C2PA), XMP, EXIF, IPTC, and the notes
//! that generators leave.
//!
//! [`read`] believes nothing and checks no signature: whatever it returns is what "the file says".
//! Anybody can write such metadata, and most places where images are shared remove it, so that its
//! absence means nothing, and nothing here ever moves a model's number.
//!
//! A mark counts only inside the container that its definition puts it in: [`containers`] walks
//! each format's own structure and hands out blocks of metadata; a file is never searched for
//! words. What follows the image's end, stands in pixels or in a foreign block, is not metadata.
//!
//! ```
//! use clipsight::provenance::{Claim, read};
//! // A PNG that holds nothing but a text, as Stable Diffusion's web interface writes it.
//! let text = b"parameters\0a cat\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 1";
//! let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
//! for (name, data) in [(b"tEXt", &text[..]), (b"IEND", &[])] {
//!     png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
//!     png.extend(name);
//!     png.extend(data);
//!     png.extend([0; 4]); // the checksum, which is not read
//! }
//! assert_eq!(read(&png)?.says, Some(Claim::Generated));
//! # Ok::<(), clipsight::Error>(())
//! ```

mod boxes;
mod c2pa;
mod cbor;
mod claim;
mod containers;
mod exif;
mod generators;
mod iptc;
mod marks;
mod png_text;
mod report;
mod source_type;
mod statements;
mod text;
mod xmp;

use crate::error::Result;
use crate::image::format_within_limit;
pub use claim::Claim;
pub use report::{
    Action, Container, ContentCredentials, CredentialState, Ingredient, Manifest, Mark, Place,
    Provenance, Relationship, Signal, Software, Statement, TrainingMining, Unread, UnreadReason,
};
pub use source_type::SourceType;

use statements::Statements;

/// Reads what a file says of how it was made; needs no model.
///
/// Damaged metadata are no error: what can be read is returned, and [`Provenance::unread`] says
/// what could not.
///
/// # Errors
/// [`Decode`](crate::ErrorKind::Decode) if the bytes are not an image,
/// [`Unsupported`](crate::ErrorKind::Unsupported) for a format that is not read,
/// [`Limit`](crate::ErrorKind::Limit) if the file is too large.
pub fn read(bytes: &[u8]) -> Result<Provenance> {
    let format = format_within_limit(bytes)?;
    let mut statements = Statements::default();
    let blocks = containers::blocks(bytes, format);
    statements.unread(blocks.unread);
    let mut content_credentials = None;
    for store in &blocks.manifest_stores {
        match c2pa::read(store) {
            // JUMBF holds other things, too.
            None => {}
            // There is one manifest store in a file (C2PA 2.2, 11.1.1).
            Some(_) if content_credentials.is_some() => {
                statements.not_read(Container::ContentCredentials, UnreadReason::Repeated);
            }
            Some(Ok(store)) => content_credentials = c2pa::state(store, &mut statements),
            Some(Err(reason)) => statements.not_read(Container::ContentCredentials, reason),
        }
    }
    for packet in &blocks.xmp {
        xmp::state(packet, &mut statements);
    }
    for block in &blocks.exif {
        exif::state(block, &mut statements);
    }
    for block in &blocks.iptc {
        iptc::state(block, &mut statements);
    }
    png_text::state(&blocks.texts, &mut statements);
    for comment in &blocks.comments {
        marks::comment(comment, format, &mut statements);
    }
    Ok(statements.finish(format, content_credentials))
}
