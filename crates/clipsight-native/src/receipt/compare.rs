//! What a receipt says, computed anew.

use clipsight::calibration::Calibration;
use clipsight::image::Rectangle;
use clipsight::model::{Analysis, IfUnsteady, Request};
use clipsight::{Error, ErrorKind, Result, provenance};
use serde::Serialize;
use serde_json::Value;

use super::{Judge, Receipt};
use crate::runtime::Runtime;

/// Builds of the 8-bit engine that fuse products and sums as this program does: their integers and
/// what is f32 between them agree, but for the order of a few sums.
const ALIKE: [&str; 3] = ["cpu", "cpu-i16", "native"];

/// How far their logits may lie apart.
const ALIKE_LOGITS: f64 = 0.01;

/// How far those of other engines and builds may lie from this one's. What is rounded otherwise
/// becomes another integer here and there: of 156 images of role `test` the logits of WebAssembly
/// without relaxed SIMD lay 0.014 apart in the median, 0.084 at most (compact model, one view).
const OTHER_LOGITS: f64 = 0.2;

/// Where a receipt may say less than is known here: nobody asked for it, or it is of an earlier
/// version.
const OPTIONAL: [&str; 5] = ["map", "stability", "provenance", "viewLogits", "input.viewsSha256"];

/// A field whose value is another here.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Where it stands in the analysis, such as `model.logit`.
    pub field: String,
    /// The receipt's value; null where it has none.
    pub receipt: Value,
    /// The value here.
    pub here: Value,
    /// How far numbers may lie apart there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<f64>,
}

/// What came of computing anew.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// What differs.
    pub differences: Vec<Difference>,
    /// What could not be compared: only whoever made the receipt knows it.
    pub unchecked: Vec<String>,
    /// How far logits lie apart at most.
    pub largest_logit_difference: f64,
    /// How far they may, the receipt's device being what it says.
    pub allowed_logit_difference: f64,
}

impl Comparison {
    /// Of two analyses.
    fn of(receipt: &Receipt, here: &Value) -> Self {
        let Judge { device, build, .. } = &receipt.detector;
        let alike = device == "cpu" && ALIKE.contains(&build.as_str());
        let mut comparison = Self {
            differences: Vec::new(),
            unchecked: Vec::new(),
            largest_logit_difference: 0.0,
            allowed_logit_difference: if alike { ALIKE_LOGITS } else { OTHER_LOGITS },
        };
        comparison.walk("", "", &receipt.analysis, here);
        comparison
    }

    /// Whether the receipt is confirmed.
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty()
    }

    fn walk(&mut self, path: &str, name: &str, theirs: &Value, ours: &Value) {
        match (theirs, ours) {
            (Value::Object(theirs), Value::Object(ours)) => {
                let ours_only = ours.keys().filter(|name| !theirs.contains_key(*name));
                for name in theirs.keys().chain(ours_only) {
                    let at = |object: &serde_json::Map<String, Value>| {
                        object.get(name).cloned().unwrap_or(Value::Null)
                    };
                    let within =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    self.field(&within, name, &at(theirs), &at(ours));
                }
            }
            (Value::Array(theirs), Value::Array(ours)) => {
                for at in 0..theirs.len().max(ours.len()) {
                    let item = |list: &[Value]| list.get(at).cloned().unwrap_or(Value::Null);
                    self.walk(&format!("{path}[{at}]"), name, &item(theirs), &item(ours));
                }
            }
            (Value::Number(a), Value::Number(b)) => {
                let (Some(a), Some(b)) = (a.as_f64(), b.as_f64()) else { return };
                self.number(path, name, a, b);
            }
            _ if theirs == ours => {}
            _ => self.differs(path, theirs, ours, None),
        }
    }

    /// A field of an object, unless it is one that is not compared.
    fn field(&mut self, path: &str, name: &str, theirs: &Value, ours: &Value) {
        // What time it took is no result.
        let not_said = OPTIONAL.contains(&path) && theirs.is_null();
        if path == "timings" || not_said {
            return;
        }
        // Who hands over a picture of the screen knows that; and who checked a signature had the
        // certificates for it.
        let not_known = path == "input.fidelity"
            || (path == "provenance.contentCredentials.state" && ours == "unverified");
        if not_known && theirs != ours {
            self.unchecked.push(path.to_owned());
            return;
        }
        self.walk(path, name, theirs, ours);
    }

    fn number(&mut self, path: &str, name: &str, theirs: f64, ours: f64) {
        // Logits are computed in f32, which JavaScript writes with the digits of f64.
        #[expect(clippy::cast_possible_truncation, reason = "both in the precision of the engines")]
        let single = |value: f64| f64::from(value as f32);
        let apart = (single(theirs) - single(ours)).abs();
        let logits = self.allowed_logit_difference;
        let allowed = match name {
            "logit" | "hiddenLogit" | "viewLogits" => {
                self.largest_logit_difference = self.largest_logit_difference.max(apart);
                logits
            }
            // Each is the sum of two differences of logits.
            "parts" => 4.0 * logits,
            // Logistic functions of logits and softmaxes over them: a quarter as steep, or less,
            // times a calibration's slope, which is about 1.
            "probability" | "share" | "quality" => logits,
            // Counted, or copied from a manifest; readers of JSON may miss the last bit.
            _ if (theirs - ours).abs() <= 1e-12 * ours.abs() => return,
            _ => return self.differs(path, &theirs.into(), &ours.into(), None),
        };
        // Neither is the difference of two numbers too large for f32.
        if apart.is_nan() || apart > allowed {
            self.differs(path, &theirs.into(), &ours.into(), Some(allowed));
        }
    }

    fn differs(&mut self, path: &str, theirs: &Value, ours: &Value, allowed: Option<f64>) {
        self.differences.push(Difference {
            field: path.to_owned(),
            receipt: theirs.clone(),
            here: ours.clone(),
            allowed,
        });
    }
}

/// Analyses the image again, as the receipt's maker did, and compares.
///
/// # Errors
/// As [`Runtime::prepare`] and [`Runtime::score`].
pub fn recompute(runtime: &Runtime, image: &[u8], receipt: &Receipt) -> Result<Comparison> {
    let mut best: Option<Comparison> = None;
    for request in requests(receipt, &runtime.detector().manifest().calibration)? {
        let mut analysis = runtime.score(runtime.prepare(image, request)?)?;
        if !receipt.analysis["provenance"].is_null() {
            analysis.provenance = provenance::read(image).ok();
        }
        let comparison = Comparison::of(receipt, &values(&analysis)?);
        let better = |best: &Comparison| comparison.differences.len() < best.differences.len();
        if best.as_ref().is_none_or(better) {
            best = Some(comparison);
        }
        if best.as_ref().is_some_and(Comparison::is_equal) {
            break;
        }
    }
    best.ok_or_else(|| Error::new(ErrorKind::Internal, "nothing was computed"))
}

/// What may have been asked: a receipt tells how many views were scored, not whether that number
/// was asked for or came about.
fn requests(receipt: &Receipt, calibration: &Calibration) -> Result<Vec<Request>> {
    let analysis = &receipt.analysis;
    let crop = match &analysis["input"]["crop"] {
        Value::Null => None,
        part => Some(serde_json::from_value::<Rectangle>(part.clone()).map_err(|_| {
            let message = "the receipt's part of the image (input.crop) is not a rectangle";
            Error::new(ErrorKind::Argument, message)
        })?),
    };
    let unsteady = analysis["model"]["reason"] == "unsteady";
    let stability = (!analysis["stability"].is_null()).then_some(if unsteady {
        IfUnsteady::Abstain
    } else {
        IfUnsteady::Say
    });
    let explain = !analysis["map"].is_null();
    let views = analysis["input"]["views"].as_u64().and_then(|views| usize::try_from(views).ok());
    let came_about = calibration.early_exit.is_some().then_some(None);
    // A number that no model takes is refused by whoever is asked for it.
    let asked_for = Some(views.or(Some(0)));
    let all = [came_about, asked_for].into_iter().flatten();
    Ok(all.map(|views| Request { views, explain, stability, crop }).collect())
}

/// An analysis as a receipt that was written here says it.
fn values(analysis: &Analysis) -> Result<Value> {
    let text = serde_json::to_vec(analysis).and_then(|text| serde_json::from_slice(&text));
    text.map_err(|error| {
        Error::new(ErrorKind::Internal, "an analysis cannot be written").with_source(error)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn receipt([device, build]: [&str; 2], analysis: Value) -> Receipt {
        let detector = Judge {
            model_id: String::new(),
            weights_sha256: String::new(),
            calibration_id: String::new(),
            threshold: 0.5,
            device: device.to_owned(),
            build: build.to_owned(),
            adapter: String::new(),
        };
        let (clipsight, time) = (String::new(), String::new());
        Receipt { receipt_version: 1, clipsight, time, detector, analysis }
    }

    fn fields(judge: [&str; 2], theirs: Value, ours: &Value) -> Vec<String> {
        let comparison = Comparison::of(&receipt(judge, theirs), ours);
        comparison.differences.into_iter().map(|difference| difference.field).collect()
    }

    const CPU: [&str; 2] = ["cpu", "cpu"];

    #[test]
    fn logits_may_differ_by_what_the_device_rounds() {
        let ours = json!({"model": {"logit": 1.0, "probability": 0.7}, "viewLogits": [1.0, 2.0]});
        let moved = |by: f64| {
            let model = json!({"logit": 1.0 + by, "probability": 0.7 + by});
            json!({"model": model, "viewLogits": [1.0, 2.0 + by]})
        };
        let all = ["model.logit", "model.probability", "viewLogits[1]"];
        for judge in [["cpu", "native"], ["cpu", "cpu"], ["cpu", "cpu-i16"]] {
            assert_eq!(fields(judge, moved(0.009), &ours), [""; 0]);
            assert_eq!(fields(judge, moved(0.011), &ours), all);
        }
        for judge in [["webgpu", "gpu"], ["cpu", "cpu-simd128"], ["reference", "native"]] {
            assert_eq!(fields(judge, moved(0.19), &ours), [""; 0]);
            assert_eq!(fields(judge, moved(0.21), &ours), all);
        }
        // The digits of f64 for a number of f32.
        let theirs = json!({"viewLogits": [0.1]});
        let comparison =
            Comparison::of(&receipt(CPU, theirs), &json!({"viewLogits": [f64::from(0.1_f32)]}));
        assert_eq!((comparison.is_equal(), comparison.largest_logit_difference), (true, 0.0));
    }

    #[test]
    fn everything_else_is_the_same_or_differs() {
        let ours = json!({
            "schemaVersion": 1, "file": {"width": 7, "bytes": 40_000_000},
            "model": {"grade": "weak"},
            "evidence": [{"code": "a"}], "input": {"views": 1}, "measuredError": {"rate": 0.25},
        });
        assert_eq!(fields(CPU, ours.clone(), &ours), [""; 0]);
        for (pointer, value, field) in [
            ("/file/width", json!(8), "file.width"),
            ("/file/bytes", json!(40_000_001), "file.bytes"),
            ("/file/width", json!("7"), "file.width"),
            ("/file", json!([]), "file"),
            ("/model/grade", json!("strong"), "model.grade"),
            ("/model/grade", Value::Null, "model.grade"),
            ("/evidence", json!([]), "evidence[0]"),
            ("/evidence/0/code", json!("b"), "evidence[0].code"),
            ("/input/views", json!(5), "input.views"),
            ("/measuredError/rate", json!(0.26), "measuredError.rate"),
            ("/measuredError/rate", json!(1e308), "measuredError.rate"),
        ] {
            let mut theirs = ours.clone();
            *theirs.pointer_mut(pointer).unwrap() = value;
            assert_eq!(fields(CPU, theirs, &ours), [field]);
        }
        let mut more = ours.clone();
        more["secret"] = json!(true);
        assert_eq!(fields(CPU, more, &ours), ["secret"]);
        assert_eq!(fields(CPU, json!(null), &ours), [""]);
    }

    #[test]
    fn what_only_the_maker_knows_is_told() {
        let ours = json!({
            "input": {"fidelity": "original-bytes", "viewsSha256": "a"}, "viewLogits": [1],
            "provenance": {"contentCredentials": {"state": "unverified"}},
        });
        let theirs = json!({
            "input": {"fidelity": "screen-capture"}, "timings": {"totalMs": 3},
            "provenance": {"contentCredentials": {"state": "trusted"}},
        });
        let comparison = Comparison::of(&receipt(CPU, theirs), &ours);
        assert_eq!(comparison.differences, []);
        let unchecked = ["input.fidelity", "provenance.contentCredentials.state"];
        assert_eq!(comparison.unchecked, unchecked);
        let other = json!({"input": {"viewsSha256": "b", "fidelity": "original-bytes"}});
        assert_eq!(fields(CPU, other, &ours), ["input.viewsSha256"]);
    }
}
