//! The manifest's entry for the branch, and the fusion of two probabilities.

use serde::{Deserialize, Serialize};

use super::ResidualConfig;
use crate::{Error, ErrorKind, Result};

/// Platt scaling: `p = sigmoid(slope * logit + offset)`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Platt {
    /// Above zero: scaling never reverses an order.
    pub slope: f64,
    /// See `slope`.
    pub offset: f64,
}

/// The manifest's entry for the branch. Its weights are the tensors `residual.*`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResidualBranch {
    /// Architecture.
    pub network: ResidualConfig,
    /// From the network's logit to its own probability of AI generation, at even odds.
    pub calibration: Platt,
    /// From the fused logit (see [`fuse`](Self::fuse)) to the model's probability, at even odds.
    pub fused: Platt,
    /// The network's logit of the self-test's image, of the size of a view, with the same tolerance
    /// as the encoder's.
    pub self_test: f32,
}

impl Platt {
    /// Leaves logits as they are.
    pub const IDENTITY: Self = Self { slope: 1.0, offset: 0.0 };

    /// The calibrated logit.
    #[must_use]
    pub fn logit(self, logit: f64) -> f64 {
        self.slope * logit + self.offset
    }

    /// The calibrated probability.
    #[must_use]
    pub fn probability(self, logit: f64) -> f64 {
        1.0 / (1.0 + (-self.logit(logit)).exp())
    }

    fn is_usable(self) -> bool {
        self.slope.is_finite() && self.slope > 0.0 && self.offset.is_finite()
    }
}

impl ResidualBranch {
    /// The logit of `p = 1 - (1 - p1) (1 - p2)`, Cozzolino et al.'s fusion: an image counts as real
    /// only if both branches find it real. `p1` and `p2` are passed as calibrated logits.
    ///
    /// Even for calibrated `p1` and `p2` the result overstates: two coins make three quarters.
    /// Hence [`fused`](Self::fused).
    #[must_use]
    pub fn fuse(encoder: f64, residual: f64) -> f64 {
        // ln(1 - p) = -softplus(z1) - softplus(z2)
        let real = -softplus(encoder) - softplus(residual);
        (-real.exp_m1()).ln() - real
    }

    /// The model's probability, from the encoder's calibrated logit and the network's own.
    #[must_use]
    pub fn probability(&self, encoder: f64, residual: f64) -> f64 {
        self.fused.probability(Self::fuse(encoder, self.calibration.logit(residual)))
    }

    /// Checks ranges.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`]: the numbers come from a model's manifest.
    pub fn validate(&self) -> Result<()> {
        self.network.validate()?;
        if !self.calibration.is_usable() || !self.fused.is_usable() || !self.self_test.is_finite() {
            return Err(Error::new(
                ErrorKind::WeightsCorrupt,
                "the calibration or self-test of the model's residual network is out of range",
            ));
        }
        Ok(())
    }
}

/// `ln(1 + exp(x))`.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logit(p: f64) -> f64 {
        (p / (1.0 - p)).ln()
    }

    #[test]
    fn fuses_as_published() {
        for (p1, p2) in [(0.5, 0.5), (0.1, 0.9), (0.999, 0.2), (1e-9, 1e-6)] {
            let fused = ResidualBranch::fuse(logit(p1), logit(p2));
            let expected: f64 = 1.0 - (1.0 - p1) * (1.0 - p2);
            let probability = Platt::IDENTITY.probability(fused);
            assert!(
                (probability - expected).abs() < 1e-9 * expected.max(1e-7),
                "{p1} {p2} {probability}"
            );
        }
        for (z1, z2, end) in [
            (-800.0, -800.0, 0.0),
            (800.0, -800.0, 1.0),
            (1e300, 1e300, 1.0),
            (-1e300, -1e300, 0.0),
        ] {
            let fused = ResidualBranch::fuse(z1, z2);
            assert_eq!(Platt { slope: 0.5, offset: 1.0 }.probability(fused), end, "{z1} {z2}");
        }
    }

    #[test]
    fn unusable_numbers_are_refused() {
        let valid = ResidualBranch {
            network: ResidualConfig::compact(),
            calibration: Platt::IDENTITY,
            fused: Platt { slope: 0.8, offset: -0.4 },
            self_test: 0.1,
        };
        valid.validate().unwrap();
        let expected = 1.0 / (1.0 + (-(0.8 * ResidualBranch::fuse(0.3, -0.2) - 0.4)).exp());
        assert!((valid.probability(0.3, -0.2) - expected).abs() < 1e-12);
        for broken in [
            ResidualBranch { calibration: Platt { slope: 0.0, offset: 0.0 }, ..valid.clone() },
            ResidualBranch { fused: Platt { slope: 1.0, offset: f64::NAN }, ..valid.clone() },
            ResidualBranch { fused: Platt { slope: f64::INFINITY, offset: 0.0 }, ..valid.clone() },
            ResidualBranch { self_test: f32::NAN, ..valid },
        ] {
            assert_eq!(broken.validate().unwrap_err().kind(), ErrorKind::WeightsCorrupt);
        }
    }
}
