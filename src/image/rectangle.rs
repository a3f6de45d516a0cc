//! A part of an image.

use serde::{Deserialize, Serialize};

/// A part of an image, in pixels of the upright image.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rectangle {
    /// Left edge.
    pub x: u32,
    /// Upper edge.
    pub y: u32,
    /// Width.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub width: u32,
    /// Height.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub height: u32,
}

impl std::fmt::Display for Rectangle {
    /// As the command line takes it: `X,Y,WIDTHxHEIGHT`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{},{}x{}", self.x, self.y, self.width, self.height)
    }
}
