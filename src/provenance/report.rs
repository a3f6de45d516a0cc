//! What the reading of a file's provenance says.
//!
//! Serialised in camelCase, as an [`Analysis`](crate::model::Analysis) is; the comments speak to
//! readers of Rust, JavaScript and the JSON Schema.

use serde::Serialize;

use super::claim::Claim;
use super::source_type::SourceType;
use crate::image::Format;

/// What a file says of how it was made. Anybody can write such metadata, so that each of these
/// reads "the file says", and their absence means nothing. They never move the model's number.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Provenance {
    /// The file's format, by content.
    pub format: Format,
    /// The strongest claim of all statements; null where the file says nothing of its making, which
    /// means nothing.
    pub says: Option<Claim>,
    /// Whether the file says both that a model generated all of it and that a camera recorded it.
    pub contradictory: bool,
    /// The file's Content Credentials (C2PA); null where it has none.
    pub content_credentials: Option<ContentCredentials>,
    /// Every mark that was found, in the order of the blocks of metadata: Content Credentials, XMP,
    /// EXIF, IPTC, texts.
    pub statements: Vec<Statement>,
    /// What metadata there are that could not be read.
    pub unread: Vec<Unread>,
}

/// One mark in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ProvenanceStatement"))]
pub struct Statement {
    /// What kind of mark it is.
    pub mark: Mark,
    /// What it claims of the picture; null where it only adds to other statements.
    pub claim: Option<Claim>,
    /// Where it stands.
    pub place: Place,
    /// The IPTC's code for the source of the picture, where the mark is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "SourceType"))]
    pub digital_source_type: Option<SourceType>,
    /// Whom or what it names: a generator, software, camera, or the provider that labelled the
    /// picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub names: Option<String>,
    /// Its words, shortened; characters that control terminals or the direction of writing are
    /// replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub text: Option<String>,
}

/// Kinds of marks. Later versions may add some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ProvenanceMark"))]
#[non_exhaustive]
pub enum Mark {
    /// A code of the IPTC's vocabulary of digital sources.
    DigitalSourceType,
    /// An action of the manifest that describes the picture.
    Action,
    /// A picture that went into this one, by its own manifest.
    Ingredient,
    /// The label that Chinese law asks for (GB 45438-2025).
    AigcLabel,
    /// Settings of a generator.
    Settings,
    /// What a generator was asked for.
    Prompt,
    /// The AI system that was used (IPTC 2025.1).
    AiSystem,
    /// The software that wrote the file or edited the picture.
    Software,
    /// The camera, by what it wrote of itself and of the exposure.
    Camera,
    /// A credit line that generators' providers agreed on.
    Credit,
    /// A generator's number for the picture.
    JobId,
    /// A generator's signature, which only its provider can check.
    Signature,
    /// A retouched part that a generative model filled.
    GenerativeFill,
    /// The name of Content Credentials that are kept elsewhere; nothing is fetched.
    RemoteManifest,
    /// A remark by the system that took a picture of the screen.
    Screenshot,
}

/// Where a statement stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ProvenancePlace"))]
pub struct Place {
    /// The kind of metadata.
    pub container: Container,
    /// The field, by the name that its definition gives it.
    pub field: String,
}

/// Kinds of metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "MetadataContainer"))]
#[non_exhaustive]
pub enum Container {
    /// A manifest store of the C2PA.
    ContentCredentials,
    /// XMP (ISO 16684-1).
    Xmp,
    /// EXIF, or the fields of a TIFF file.
    Exif,
    /// IPTC-IIM, in Photoshop's image resources or by itself.
    Iptc,
    /// Texts of a PNG file.
    PngText,
    /// Comments of a JPEG or GIF file.
    Comment,
}

/// Content Credentials of the C2PA.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ContentCredentials {
    /// What is known of signature and picture.
    pub state: CredentialState,
    /// The manifests of the store, in its order; the last describes the picture, the others what
    /// went into it.
    pub manifests: Vec<Manifest>,
}

/// What is known of the signature of Content Credentials, and of whether they belong to the
/// picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum CredentialState {
    /// They were read; signature and picture were not checked. Says no more than other metadata.
    Unverified,
    /// Signed by somebody on the list of those that are trusted, and nothing was changed since.
    Trusted,
    /// Nothing was changed since the signature, whose signer is not on the list.
    UnknownSigner,
    /// The signature is wrong, or the picture was changed after it.
    Invalid,
}

/// A manifest: what one program says it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "CredentialManifest"))]
pub struct Manifest {
    /// Its label in the store.
    pub label: String,
    /// Whether it describes the picture; the others describe what went into it.
    pub active: bool,
    /// The programs that wrote it.
    pub claim_generator: Vec<Software>,
    /// The picture's title.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Option<String>,
    /// The picture's media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub format: Option<String>,
    /// What was done.
    pub actions: Vec<Action>,
    /// What went into the picture.
    pub ingredients: Vec<Ingredient>,
    /// What the picture may be used for.
    pub training_mining: Vec<TrainingMining>,
    /// What the manifest says of the picture, by the C2PA's Asset Rubrics.
    pub signals: Vec<Signal>,
}

/// A program and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Software {
    /// Its name.
    pub name: String,
    /// Its version.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub version: Option<String>,
}

/// Something that was done to a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ManifestAction"))]
pub struct Action {
    /// What was done, such as `c2pa.created`.
    pub action: String,
    /// The program that did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Software"))]
    pub software_agent: Option<Software>,
    /// When, as the manifest writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub when: Option<String>,
    /// The kind of source that its result is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "SourceType"))]
    pub digital_source_type: Option<SourceType>,
    /// What was done, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub description: Option<String>,
}

/// Something that went into a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "ManifestIngredient"))]
pub struct Ingredient {
    /// Its title, often a file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub title: Option<String>,
    /// Its media type.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub format: Option<String>,
    /// What it is to the picture.
    pub relationship: Relationship,
    /// The label of its own manifest, where it had one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    pub manifest: Option<String>,
    /// What its own manifest claims of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Claim"))]
    pub claim: Option<Claim>,
}

/// What an ingredient is to a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "IngredientRelationship"))]
#[non_exhaustive]
pub enum Relationship {
    /// The picture that this one was made from.
    Parent,
    /// A part of the picture.
    Component,
    /// What a process was given, such as a model's reference.
    Input,
    /// Something else, or nothing that is known.
    Other,
}

/// What a picture may be used for, by its manifest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TrainingMining {
    /// The use, such as `c2pa.ai_generative_training`.
    pub entry: String,
    /// `allowed`, `notAllowed` or `constrained`.
    pub permission: String,
}

/// What a manifest says of a picture, in the terms of the C2PA's Asset Rubrics (Conformance Task
/// Force, signals of version 1.0.0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "RubricSignal"))]
#[non_exhaustive]
pub enum Signal {
    /// It began as an empty canvas.
    BlankCanvas,
    /// It was recorded by a device.
    CapturedMedia,
    /// It was put together from recordings.
    CapturedMediaStitched,
    /// It was put together from media that may be generated.
    #[serde(rename = "compositionMayContainGenAI")]
    CompositionMayContainGenAi,
    /// A generative model made all of it.
    #[serde(rename = "fullyGenAIMedia")]
    FullyGenAiMedia,
    /// Something went into it whose provenance is not known.
    MediaUnknownProvenance,
    /// It was made with software, without a generative model.
    #[serde(rename = "nonGenAIDigitalCreation")]
    NonGenAiDigitalCreation,
    /// A generative model made a part of it.
    #[serde(rename = "partlyGenAICreation")]
    PartlyGenAiCreation,
    /// It is a picture of a screen that may have shown generated media.
    #[serde(rename = "screenCaptureMayContainGenAI")]
    ScreenCaptureMayContainGenAi,
    /// It was changed with a generative model.
    #[serde(rename = "editorialAI")]
    EditorialAi,
    /// It was changed without one.
    #[serde(rename = "editorialNonAI")]
    EditorialNonAi,
    /// It was changed by means that may include one.
    #[serde(rename = "editorialPossiblyGenAI")]
    EditorialPossiblyGenAi,
    /// It was converted, resized or the like.
    NonEditorial,
}

/// Metadata that could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "UnreadMetadata"))]
pub struct Unread {
    /// The kind of metadata.
    pub container: Container,
    /// Why.
    pub reason: UnreadReason,
}

/// Why metadata could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub enum UnreadReason {
    /// They are damaged or cut off; what stands before the damage was read.
    Damaged,
    /// They are compressed or encrypted in a way that is not read here.
    Compressed,
    /// They are larger, deeper or more numerous than is read of one file.
    TooLarge,
    /// There is one such block in a file, and this is another.
    Repeated,
}
