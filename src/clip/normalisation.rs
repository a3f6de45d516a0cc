//! Normalisation of pixels.

/// Mean and standard deviation per channel, for values from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalisation {
    /// Mean of red, green, blue.
    pub mean: [f32; 3],
    /// Standard deviation of red, green, blue.
    pub std: [f32; 3],
}

impl Normalisation {
    /// That of OpenAI's CLIP and most models since.
    pub const CLIP: Self = Self {
        mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
        std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
    };
    /// Values from -1 to 1.
    pub const INCEPTION: Self = Self { mean: [0.5; 3], std: [0.5; 3] };
}
