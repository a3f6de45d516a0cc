//! Every bound on hostile input, once.
//!
//! The bounds hold for one image or one model. They are checked from headers, before memory is
//! taken.
//!
//! ```
//! use clipsight::ErrorKind;
//! use clipsight::image::probe;
//! use clipsight::limits::MAX_IMAGE_BYTES;
//! let error = probe(&vec![0; MAX_IMAGE_BYTES + 1]).unwrap_err();
//! assert_eq!(error.kind(), ErrorKind::Limit);
//! ```

/// Largest encoded image in bytes (64 MiB): above any photograph a phone or a common camera writes.
pub const MAX_IMAGE_BYTES: usize = 64 << 20;

/// Largest width or height in pixels: the largest side WebP can hold, and what browsers' own
/// decoders stop near.
pub const MAX_IMAGE_SIDE: u32 = 16_384;

/// Largest area in pixels (100 megapixels): a 100 MP medium-format photograph still passes.
pub const MAX_IMAGE_PIXELS: u64 = 100_000_000;

/// Most memory a decoder may take, in bytes (512 MiB): 100 MP of RGBA, or 64 MP of 16-bit RGBA.
pub const MAX_DECODE_ALLOCATION: u64 = 512 << 20;

/// Largest model manifest in bytes (4 MiB).
pub const MAX_MANIFEST_BYTES: usize = 4 << 20;

/// Largest weight shard in bytes (4 MiB, the format's own bound): a shard is the most that is ever
/// held twice.
pub const MAX_SHARD_BYTES: u64 = 4 << 20;

/// Most shards of one model (4 GiB in all).
pub const MAX_SHARDS: usize = 1024;

/// Most views of one image that are scored.
pub const MAX_VIEWS: usize = 5;

/// Longest side of a view, in pixels: more than four times the largest published CLIP input (336,
/// 384, 448).
pub const MAX_VIEW_SIDE: u32 = 2048;

/// Most multiplications that a model's residual network may take for one image: ten times the
/// compact model's for its largest input, some seconds on one core.
pub const MAX_RESIDUAL_MACS: u64 = 8 << 30;

/// Most captions of a model that tells who made an image: ten times the generators of the largest
/// benchmarks.
pub const MAX_CAPTIONS: usize = 1024;

/// Longest name of a generator or family, in bytes.
pub const MAX_CAPTION_NAME_BYTES: usize = 64;

/// Most values of one matrix of a head (256 MiB of f32): memory for one that is stored in parts is
/// taken when its first comes. Captions matched with all layers of the largest published CLIP would
/// need 60 million.
pub const MAX_HEAD_VALUES: usize = 1 << 26;

/// Largest scale of caption logits: ten times the bound that CLIP trains under.
pub const MAX_CAPTION_SCALE: f32 = 1000.0;

/// Largest header of a checkpoint to be imported (64 MiB): the largest published have some hundred
/// kilobytes.
pub const MAX_IMPORT_HEADER_BYTES: u64 = 64 << 20;

/// Largest tensor of a checkpoint to be imported (2 GiB): above the token table of any published
/// CLIP.
pub const MAX_IMPORT_TENSOR_BYTES: u64 = 2 << 30;

/// Deepest nesting of a checkpoint's dictionaries and modules; OpenAI's archives have seven levels.
pub const MAX_IMPORT_NESTING: usize = 64;

/// Most objects that the description of a TorchScript archive may be made of: OpenAI's largest has
/// about 20,000.
pub const MAX_IMPORT_OBJECTS: usize = 1 << 20;

/// Largest file of a detector head to be imported (256 MiB): RINE's, the largest published, have
/// some 50.
pub const MAX_HEAD_FILE_BYTES: u64 = 256 << 20;

/// Most concepts of a concept head: clip-cues has 168.
pub const MAX_CONCEPTS: usize = 4096;

/// Most projections before and after the weighing of layers: RINE has 1 to 5.
pub const MAX_PROJECTIONS: usize = 16;

/// Most metadata of one image that is put together or decompressed, in bytes (16 MiB): manifests of
/// Content Credentials with thumbnails have some hundred kilobytes, workflows of ComfyUI some more.
pub const MAX_METADATA_BYTES: usize = 16 << 20;

/// Most blocks of metadata of one kind that are read of one image: real files have one to ten, PNG
/// a text for each setting of its generator.
pub const MAX_METADATA_BLOCKS: usize = 64;

/// Deepest nesting of metadata; XMP of editors has up to twelve levels, manifests up to eight.
pub const MAX_METADATA_NESTING: usize = 32;

/// Most values read of one block of metadata: manifests with long histories have some thousand.
pub const MAX_METADATA_VALUES: usize = 1 << 16;

/// Most manifests of Content Credentials, and most actions and ingredients of one.
pub const MAX_MANIFESTS: usize = 256;

/// Most statements about one image's provenance.
pub const MAX_STATEMENTS: usize = 256;

/// Longest text of a statement, in characters; prompts are rarely longer than 2,000.
pub const MAX_STATEMENT_CHARACTERS: usize = 4096;

/// Fewest different examples that a head is taught with: fewer say too little of what they have in
/// common.
pub const MIN_EXAMPLES: usize = 10;

/// Most examples that a head is taught with: the fit takes the square of their number.
pub const MAX_EXAMPLES: usize = 500;

/// Most labelled rows beside a model, for the same reason.
pub const MAX_REFERENCES: usize = 1024;

/// Largest file of a model's labelled rows (32 MiB): 1,024 of the widest head's features in 8 bits.
pub const MAX_REFERENCES_BYTES: usize = 32 << 20;

/// Largest file of a taught head (1 MiB): 30 times that of the compact model.
pub const MAX_TAUGHT_HEAD_BYTES: usize = 1 << 20;

/// Longest name of a taught head, in characters.
pub const MAX_HEAD_NAME_CHARACTERS: usize = 64;
