//! Intervals around measured shares.

use serde::{Deserialize, Serialize};

/// Two ends of an interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A measured share with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share.
    pub rate: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
    /// Of how many.
    pub n: usize,
}

impl Share {
    /// `part` of `n`, with the Clopper-Pearson interval. `None` of nothing.
    #[must_use]
    pub fn clopper_pearson(part: usize, n: usize) -> Option<Self> {
        let Interval { low, high } = clopper_pearson(part, n)?;
        Some(Self { rate: part as f64 / n as f64, low, high, n })
    }
}

/// The Clopper-Pearson 95 % interval of `part` successes in `n` trials: the exact one, from
/// quantiles of the beta distribution (Clopper & Pearson 1934). `None` of no trials or more
/// successes than trials.
#[must_use]
pub fn clopper_pearson(part: usize, n: usize) -> Option<Interval> {
    if n == 0 || part > n {
        return None;
    }
    let (successes, failures) = (part as f64, (n - part) as f64);
    let low = if part == 0 { 0.0 } else { beta_quantile(0.025, successes, failures + 1.0) };
    let high = if part == n { 1.0 } else { beta_quantile(0.975, successes + 1.0, failures) };
    Some(Interval { low, high })
}

/// Wilson's 95 % score interval (Wilson 1927) of a share `rate` in `n` trials, which need not be
/// whole: with weights, `n` is an effective number. `None` unless `n > 0`.
#[must_use]
pub fn wilson(rate: f64, n: f64) -> Option<Interval> {
    /// The normal distribution's 97.5 % quantile.
    const Z: f64 = 1.959_963_984_540_054;
    if !(n > 0.0 && (0.0..=1.0).contains(&rate)) {
        return None;
    }
    let shrink = 1.0 + Z * Z / n;
    let centre = (rate + Z * Z / (2.0 * n)) / shrink;
    let half = Z / shrink * (rate * (1.0 - rate) / n + Z * Z / (4.0 * n * n)).sqrt();
    Some(Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// Of images of two classes of which `part` of `all` and `other.0` of `other.1` were picked, the
/// share of the first class among the picked, as if both classes were equally many. Wilson's
/// interval, with Kish's effective number of images `(sum w)^2 / sum w^2` (Kish 1965), for the
/// weights that make the classes equal.
///
/// `None` when a class is empty or nothing was picked.
#[must_use]
pub fn balanced_share(
    (part, all): (usize, usize),
    (other, others): (usize, usize),
) -> Option<Share> {
    if all == 0 || others == 0 || part + other == 0 {
        return None;
    }
    let (weight, other_weight) = (1.0 / all as f64, 1.0 / others as f64);
    let (mass, other_mass) = (part as f64 * weight, other as f64 * other_weight);
    let total = mass + other_mass;
    let effective = total * total / (mass * weight + other_mass * other_weight);
    let rate = mass / total;
    let Interval { low, high } = wilson(rate, effective)?;
    Some(Share { rate, low, high, n: part + other })
}

/// The `probability` quantile of the beta distribution, by bisection: its distribution function
/// only grows.
fn beta_quantile(probability: f64, a: f64, b: f64) -> f64 {
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    // Halving an interval of 1 sixty times goes below the resolution of a double.
    for _ in 0..60 {
        let middle = f64::midpoint(low, high);
        if incomplete_beta(middle, a, b) < probability {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The regularised incomplete beta function `I_x(a, b)`: the beta distribution's distribution
/// function (NIST Digital Library of Mathematical Functions, 8.17.22, the continued fraction by
/// Lentz's method).
fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast below the mean; 8.17.4 mirrors the rest there.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let front =
        (a * x.ln() + b * (-x).ln_1p() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b)).exp() / a;
    // Keeps denominators from zero (Lentz, as modified by Thompson & Barnett 1986).
    let guard = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    // Some multiple of the square root of the larger parameter suffices: enough for a billion
    // trials.
    for m in 1..100_000 {
        let m = f64::from(m);
        for numerator in [
            m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)),
        ] {
            d = 1.0 / guard(1.0 + numerator * d);
            c = guard(1.0 + numerator / c);
            fraction *= c * d;
        }
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}

/// `ln Gamma(x)` for `x > 0` (Lanczos 1964, with g = 7 and nine terms).
fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const FIRST: f64 = 0.999_999_999_999_809_9;
    const TERMS: [f64; 8] = [
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let mut sum = FIRST;
    let mut denominator = x;
    for term in TERMS {
        denominator += 1.0;
        sum += term / denominator;
    }
    let t = x + G + 0.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(interval: Option<Interval>, low: f64, high: f64) {
        let Interval { low: a, high: b } = interval.unwrap();
        assert!((a - low).abs() < 1e-5 && (b - high).abs() < 1e-5, "{a} {b}");
    }

    #[test]
    fn gamma_of_whole_and_half_numbers() {
        for (n, factorial) in [(1.0, 1.0), (2.0, 1.0), (5.0, 24.0), (11.0, 3_628_800.0)] {
            let expected: f64 = factorial;
            assert!((ln_gamma(n) - expected.ln()).abs() < 1e-12, "{n}");
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-12);
    }

    #[test]
    fn incomplete_beta_has_closed_forms() {
        for x in [0.01, 0.3, 0.5, 0.77, 0.99] {
            // I_x(1, b) = 1 - (1 - x)^b and I_x(a, 1) = x^a.
            assert!((incomplete_beta(x, 1.0, 7.0) - (1.0 - (1.0_f64 - x).powi(7))).abs() < 1e-13);
            assert!((incomplete_beta(x, 7.0, 1.0) - x.powi(7)).abs() < 1e-13);
            // The upper tail of a binomial: P(X >= 3) of 5.
            let tail =
                10.0 * x.powi(3) * (1.0 - x).powi(2) + 5.0 * x.powi(4) * (1.0 - x) + x.powi(5);
            assert!((incomplete_beta(x, 3.0, 3.0) - tail).abs() < 1e-13);
        }
    }

    #[test]
    fn clopper_pearson_is_the_published_one() {
        // 0 of n: 1 - .025^(1/n).
        close(clopper_pearson(0, 10), 0.0, 1.0 - 0.025_f64.powf(0.1));
        close(clopper_pearson(10, 10), 0.025_f64.powf(0.1), 1.0);
        close(clopper_pearson(5, 10), 0.187_086, 0.812_914);
        // Newcombe 1998, table I: 81 of 263 and 15 of 148.
        let Interval { low, high } = clopper_pearson(81, 263).unwrap();
        assert!((low - 0.2527).abs() < 5e-5 && (high - 0.3676).abs() < 5e-5, "{low} {high}");
        let Interval { low, high } = clopper_pearson(15, 148).unwrap();
        assert!((low - 0.0578).abs() < 5e-5 && (high - 0.1617).abs() < 5e-5, "{low} {high}");
        assert_eq!(clopper_pearson(0, 0), None);
        assert_eq!(clopper_pearson(2, 1), None);
    }

    #[test]
    fn wilson_is_the_published_one() {
        // Newcombe 1998, table I.
        let Interval { low, high } = wilson(81.0 / 263.0, 263.0).unwrap();
        assert!((low - 0.2553).abs() < 5e-5 && (high - 0.3662).abs() < 5e-5, "{low} {high}");
        let Interval { low, high } = wilson(0.0, 20.0).unwrap();
        assert!(low == 0.0 && (high - 0.1611).abs() < 5e-5, "{high}");
        assert_eq!(wilson(0.5, 0.0), None);
    }

    #[test]
    fn balanced_share_by_hand() {
        // 10 of 100 against 10 of 1000: .1 / (.1 + .01).
        let share = balanced_share((10, 100), (10, 1000)).unwrap();
        assert!((share.rate - 10.0 / 11.0).abs() < 1e-12);
        assert_eq!(share.n, 20);
        // Equal classes: Wilson's own.
        let share = balanced_share((3, 50), (7, 50)).unwrap();
        close(wilson(0.3, 10.0), share.low, share.high);
        assert_eq!(balanced_share((0, 5), (0, 5)), None);
        assert_eq!(balanced_share((1, 5), (0, 0)), None);
    }

    #[test]
    fn many_trials_converge() {
        let Interval { low, high } = clopper_pearson(500_000, 1_000_000).unwrap();
        // The normal approximation is exact here to five digits.
        assert!(
            (low - (0.5 - 0.000_98)).abs() < 1e-5 && (high - (0.5 + 0.000_98)).abs() < 1e-5,
            "{low} {high}"
        );
    }
}
