//! What is claimed of a picture.

use serde::Serialize;

/// What a statement claims of the picture, from the claim that outweighs all others to the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ProvenanceClaim"))]
#[non_exhaustive]
pub enum Claim {
    /// A generative model made the picture.
    Generated,
    /// The picture has a part that a generative model made.
    PartlyGenerated,
    /// The picture is labelled as possibly or presumably generated.
    PossiblyGenerated,
    /// A generative tool is named, but not what it did.
    GeneratorNamed,
    /// The picture was put together from several, which may have been generated.
    Composite,
    /// The picture is a picture of a screen, and what that showed may have been generated.
    ScreenCapture,
    /// A camera or a scanner recorded the picture.
    Captured,
    /// The picture was made with software, without a generative model.
    Created,
    /// The picture was edited, without a generative model.
    Edited,
}
