//! `model.json`: everything about a model except its weights.

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::clip::{TensorSpec, VisionConfig};
use crate::heads::residual::ResidualBranch;
use crate::heads::{AttributionHead, Head, QualityModel};
use crate::image::Preprocessing;
use crate::limits::MAX_MANIFEST_BYTES;
use crate::weights::{Shard, Storage, sha256_hex, validate_shards};
use crate::{Error, ErrorKind, Result};

/// The version of the model format that this program reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// A model's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT_VERSION`].
    pub format: u32,
    /// Name and version of the model, such as `clipsight-compact-1`.
    pub id: String,
    /// SPDX expression of the weights' licence.
    pub licence: String,
    /// Architecture of the image encoder.
    pub architecture: VisionConfig,
    /// From an upright image to the encoder's input.
    pub preprocessing: Preprocessing,
    /// How matrices are stored.
    pub storage: Storage,
    /// The weight files, in the order in which they are best loaded.
    pub shards: Vec<Shard>,
    /// From features to a logit.
    pub head: Head,
    /// From the same features to the generator that made the image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribution: Option<AttributionHead>,
    /// From the same features to technical quality.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quality: Option<QualityModel>,
    /// A second network, over the whole image, whose probability joins the encoder's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub residual: Option<ResidualBranch>,
    /// From a logit to a probability, a grade or an abstention.
    pub calibration: Calibration,
    /// A known answer, recomputed whenever the model is loaded.
    pub self_test: SelfTest,
}

/// The logit of a synthetic image (see [`self_test_view`](super::self_test_view)), computed
/// natively on the CPU when the model was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SelfTest {
    /// The logit.
    pub logit: f32,
    /// Largest difference that still passes.
    pub tolerance: f32,
}

impl Manifest {
    /// Reads and validates a manifest.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when it is not a manifest, has an unknown version, or is
    /// inconsistent; [`ErrorKind::Limit`] when it is too large.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        if bytes.len() > MAX_MANIFEST_BYTES {
            let message =
                format!("the model's manifest is larger than {} MiB", MAX_MANIFEST_BYTES >> 20);
            return Err(Error::new(ErrorKind::Limit, message));
        }
        let corrupt = |error| {
            Error::new(
                ErrorKind::WeightsCorrupt,
                format!("model.json is not a model manifest: {error}"),
            )
            .with_source(error)
        };
        // The version first: a newer manifest may well have fields this program does not know.
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let Version { format } = serde_json::from_slice(bytes).map_err(corrupt)?;
        if format != FORMAT_VERSION {
            let message = format!(
                "the model has format {format}, but this program reads format {FORMAT_VERSION}: \
                 update the older of the two"
            );
            return Err(Error::new(ErrorKind::WeightsCorrupt, message));
        }
        let manifest: Self = serde_json::from_slice(bytes).map_err(corrupt)?;
        manifest.validate()?;
        Ok(manifest)
    }

    /// The manifest as it is written to `model.json`.
    ///
    /// # Errors
    /// [`ErrorKind::Internal`] when a number cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string_pretty(self).map(|json| json + "\n").map_err(|error| {
            Error::new(ErrorKind::Internal, "the manifest cannot be written").with_source(error)
        })
    }

    /// Every tensor of the model: the encoder's, the heads', the residual network's.
    #[must_use]
    pub fn tensors(&self) -> Vec<TensorSpec> {
        let mut specs = self.architecture.tensors();
        specs.extend(self.head.tensors(&self.architecture));
        let features = self.head.width(&self.architecture);
        specs.extend(self.attribution.iter().flat_map(|head| head.tensors(features)));
        specs.extend(self.quality.iter().flat_map(|model| model.tensors(features)));
        specs.extend(self.residual.iter().flat_map(|branch| branch.network.tensors()));
        specs
    }

    /// All shards' bytes.
    #[must_use]
    pub fn total_bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.bytes).sum()
    }

    /// One hash for all weights: SHA-256 of the shards' hashes, each on a line.
    #[must_use]
    pub fn weights_sha256(&self) -> String {
        let hashes: String =
            self.shards.iter().map(|shard| format!("{}\n", shard.sha256)).collect();
        sha256_hex(hashes.as_bytes())
    }

    fn validate(&self) -> Result<()> {
        self.architecture.validate()?;
        // A bad value in a manifest is the model's fault, whichever check finds it.
        self.preprocessing.validate().map_err(|error| {
            Error::new(ErrorKind::WeightsCorrupt, error.message().to_owned()).with_source(error)
        })?;
        self.head.validate(&self.architecture)?;
        let features = self.head.width(&self.architecture);
        self.attribution.as_ref().map_or(Ok(()), |head| head.validate(features))?;
        self.quality.as_ref().map_or(Ok(()), |model| model.validate(features))?;
        self.residual.as_ref().map_or(Ok(()), ResidualBranch::validate)?;
        self.calibration.validate()?;
        let fail = |why: String| Err(Error::new(ErrorKind::WeightsCorrupt, why));
        if self.preprocessing.crop as usize != self.architecture.image_size {
            return fail(
                "the preprocessing's crop and the architecture's image size differ".to_owned(),
            );
        }
        if !self.self_test.logit.is_finite() || !(0.0..1.0).contains(&self.self_test.tolerance) {
            return fail("the self-test's logit or tolerance is out of range".to_owned());
        }
        validate_shards(&self.shards)
    }
}
