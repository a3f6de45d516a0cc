//! What AVIF and HEIC have in common: the container, the tiles, and colours.

mod canvas;
mod colour;
pub(crate) mod container;
mod movie;
mod placement;

pub(crate) use canvas::{Coded, Decoder, Plane, Shape, Values, decode};
pub(crate) use container::{Colours, Tile};
