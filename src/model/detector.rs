//! The detector: a loaded model that turns bytes into an [`Analysis`].

use super::analysis::{
    Analysis, AttributionFacts, Evidence, Fidelity, FileFacts, InputFacts, Maker, SCHEMA_VERSION,
    TaughtFacts, Verdict,
};
use super::occlusion::{BATCH, MAP_VIEWS, OcclusionMap, Shares, occluded};
use super::request::{IfUnsteady, Request, Watch};
use super::score::Score;
use super::stability::{Delivered, Stability};
use super::work::Work;
use super::{LoadedTensors, Manifest};
use crate::calibration::{
    AbstainReason, DETAIL_LEVELS, DETAIL_REACH, Grade, MIN_DETAIL_SHARE, MIN_GRADED_SIDE,
    MeasuredError,
};
use crate::engine::Encoder;
use crate::heads::captions::attribute;
use crate::heads::residual::ResidualScorer;
use crate::heads::{AttributionHead, CaptionMatcher, HeadScorer, QualityPerceptron};
use crate::image::{Decoded, Delivery, Rectangle, Region, Rgb8, ViewCount, decode, pictures};
use crate::limits::MAX_VIEWS;
use crate::teach::{Example, Label, Lesson, References, TaughtHead, teach};
use crate::weights::{sha256_hex, sha256_hex_of};
use crate::{Error, ErrorKind, Result};

/// A model on its device.
#[derive(Debug)]
pub struct Detector {
    manifest: Manifest,
    encoder: Box<dyn Encoder>,
    head: HeadScorer,
    attribution: Option<CaptionMatcher>,
    quality: Option<QualityPerceptron>,
    residual: Option<ResidualScorer>,
    /// Whoever judges in the place of the shipped head.
    taught: Option<TaughtHead>,
}

/// A decoded image, cut into views: all remaining work needs the device.
#[derive(Clone, Debug)]
pub struct Encoded {
    file: FileFacts,
    evidence: Vec<Evidence>,
    /// Pictures inside the image.
    pictures: Vec<Rectangle>,
    pixels: Cut,
    /// The same of the image as it would be delivered, where stability is asked for.
    delivered: Vec<(Delivery, Cut)>,
    abstain: Option<AbstainReason>,
    /// What the first view shows of the whole image.
    region: Region,
    request: Request,
}

/// What a model reads of an image.
#[derive(Clone, Debug)]
struct Cut {
    views: Vec<Rgb8>,
    /// What the model's residual network reads, if it has one.
    whole: Option<Rgb8>,
    /// Whether the first view alone decides where it yields a grade.
    first_view_may_do: bool,
}

/// What a model says of a [`Cut`].
struct Judged {
    score: Score,
    answers: Answers,
    /// Number of views scored.
    views: usize,
    /// `None` between grades.
    grade: Option<Grade>,
    measured: [Option<MeasuredError>; 4],
}

/// The answers of all heads of a model for the views of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    /// One logit per view.
    pub logits: Vec<f32>,
    /// Their mean, each view weighted by its share
    /// ([`Preprocessing::view_shares`](crate::image::Preprocessing::view_shares)).
    pub logit: f64,
    /// One logit per caption, averaged in the same way, if the model names generators.
    pub captions: Option<Vec<f32>>,
    /// Technical quality, 0 to 1, averaged in the same way, if the model has a head for it.
    pub quality: Option<f64>,
}

/// The result of the self-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfTestResult {
    /// Whether the logit is within the tolerance.
    pub passed: bool,
    /// The logit computed here.
    pub logit: f32,
    /// The logit that the manifest holds.
    pub expected: f32,
    /// The largest difference that passes.
    pub tolerance: f32,
}

impl Detector {
    /// The detector of a loaded model.
    ///
    /// # Errors
    /// [`ErrorKind::WeightsCorrupt`] when a tensor is missing.
    pub fn new(loaded: LoadedTensors) -> Result<Self> {
        let LoadedTensors { manifest, encoder, mut tensors } = loaded;
        let head = HeadScorer::assemble(&manifest.head, &manifest.architecture, &mut tensors)?;
        let attribution = manifest.attribution.as_ref();
        let attribution =
            attribution.map(|head| CaptionMatcher::assemble(head, &mut tensors)).transpose()?;
        let quality = manifest.quality.as_ref();
        let quality = quality.map(|_| QualityPerceptron::assemble(&mut tensors)).transpose()?;
        let residual = manifest.residual.as_ref();
        let residual = residual
            .map(|branch| ResidualScorer::assemble(&branch.network, &mut tensors))
            .transpose()?;
        Ok(Self { manifest, encoder, head, attribution, quality, residual, taught: None })
    }

    /// The model's manifest.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The encoder on its device.
    #[must_use]
    pub fn encoder(&self) -> &dyn Encoder {
        self.encoder.as_ref()
    }

    /// Checks that the model can give verdicts.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it is an encoder without a head.
    pub fn check_head(&self) -> Result<()> {
        if self.manifest.head.is_detector() {
            return Ok(());
        }
        let message = format!(
            "{} is an encoder without a detection head and cannot give a verdict: import it with \
             --head FILE",
            self.manifest.id
        );
        Err(Error::new(ErrorKind::Argument, message))
    }

    /// Decodes an image and prepares what was asked for: a [`Request`], or a number of views.
    ///
    /// # Errors
    /// As [`decode`]; [`ErrorKind::Argument`] for a number of views that the model is not
    /// calibrated for, a part that is empty or reaches beyond the image, or a model
    /// [without a head](Self::check_head).
    pub fn prepare(&self, bytes: &[u8], request: impl Into<Request>) -> Result<Encoded> {
        self.check_head()?;
        self.prepare_decoded(bytes, decode(bytes)?, request)
    }

    /// As [`prepare`](Self::prepare), for an image that a decoder outside of this crate read from
    /// these bytes: [`Samples::into_decoded`](crate::image::Samples::into_decoded) makes it.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`], as [`prepare`](Self::prepare).
    pub fn prepare_decoded(
        &self,
        bytes: &[u8],
        decoded: Decoded,
        request: impl Into<Request>,
    ) -> Result<Encoded> {
        self.check_head()?;
        let request = request.into();
        let Decoded { pixels: mut image, format, width, height, notes, .. } = decoded;
        let mut inside = Vec::new();
        if let Some(Rectangle { x, y, width, height }) = request.crop {
            image = image.crop(x, y, width, height)?;
        } else {
            inside = pictures(&image);
        }
        let pixels = self.cut(&image, request.views)?;
        let abstain = if image.width().min(image.height()) < MIN_GRADED_SIDE {
            Some(AbstainReason::TooSmall)
        } else if !pixels.views.iter().any(shows_something) {
            Some(AbstainReason::NoContent)
        } else {
            None
        };
        let mut delivered = Vec::new();
        if request.stability.is_some() && abstain.is_none() {
            for delivery in Delivery::ALL {
                delivered.push((delivery, self.cut(&delivery.apply(&image)?, request.views)?));
            }
        }
        let file =
            FileFacts { sha256: sha256_hex(bytes), bytes: bytes.len(), format, width, height };
        let evidence = notes.into_iter().map(|code| Evidence::Note { code }).collect();
        let mut region = self.manifest.preprocessing.first_region(&image);
        if let Some(crop) = request.crop {
            region = region.within(crop, (width, height));
        }
        Ok(Encoded {
            file,
            evidence,
            pictures: inside,
            pixels,
            delivered,
            abstain,
            region,
            request,
        })
    }

    /// What the model reads of an upright image.
    fn cut(&self, image: &Rgb8, views: Option<usize>) -> Result<Cut> {
        let calibration = &self.manifest.calibration;
        let first_view_may_do = views.is_none() && calibration.early_exit.is_some();
        let views = if first_view_may_do {
            MAX_VIEWS
        } else {
            views.unwrap_or_else(|| calibration.default_views())
        };
        calibration.for_views(views)?;
        let views = self.manifest.preprocessing.views(image, ViewCount::try_from(views)?)?;
        Ok(Cut { views, whole: self.whole(image)?, first_view_may_do })
    }

    /// Scores a prepared image.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] when the device fails or returns values that are not finite
    /// numbers.
    pub async fn score(&self, image: Encoded) -> Result<Analysis> {
        self.score_watched(image, &()).await
    }

    /// As [`score`](Self::score), telling how far it is: an explanation takes some twenty times as
    /// long as a verdict.
    ///
    /// # Errors
    /// As [`score`](Self::score), and whatever `watch` ends the analysis with.
    pub async fn score_watched(&self, image: Encoded, watch: &dyn Watch) -> Result<Analysis> {
        let Encoded { file, evidence, pictures, pixels, delivered, abstain, region, request } =
            image;
        let cuts = || std::iter::once(&pixels).chain(delivered.iter().map(|(_, cut)| cut));
        let explained = if request.explain && abstain.is_none() { MAP_VIEWS } else { 0 };
        let mut work = Work::new(watch, cuts().map(Cut::least).sum::<usize>() + explained);
        let judged = self.judge(&pixels, abstain.is_some(), &mut work).await?;
        let Judged { score, answers, views, grade, measured } = judged;
        let calibration = &self.manifest.calibration;
        let mut model = match (abstain, grade) {
            (None, Some(grade)) => {
                // What was measured on the shipped head says nothing of another.
                let measured_error = measured[grade as usize].filter(|_| self.taught.is_none());
                Verdict::Scored { score, grade, measured_error }
            }
            (reason, _) => {
                Verdict::Abstained { score, reason: reason.unwrap_or(calibration.no_grade()) }
            }
        };
        let mut stability = None;
        if request.stability.is_some() && abstain.is_none() {
            let mut deliveries = Vec::with_capacity(delivered.len());
            for (delivery, cut) in &delivered {
                let Judged { score, grade, .. } = self.judge(cut, false, &mut work).await?;
                deliveries.push(Delivered { delivery: *delivery, score, grade });
            }
            stability = Some(Stability::of(grade, deliveries));
        }
        let unsteady = stability.as_ref().is_some_and(|stability| stability.unsteady);
        if unsteady && request.stability == Some(IfUnsteady::Abstain) {
            model = Verdict::Abstained { score, reason: AbstainReason::Unsteady };
        }
        let map = match (explained, pixels.views.first()) {
            (0, _) | (_, None) => None,
            (_, Some(view)) => Some(self.occlusion(view, region, &mut work).await?),
        };
        // There is nothing more to say about a flat or tiny image.
        let attribution = match (abstain, answers.captions, &self.manifest.attribution) {
            (None, Some(logits), Some(head)) => Some(attributed(&logits, head)?),
            _ => None,
        };
        Ok(Analysis {
            schema_version: SCHEMA_VERSION,
            file,
            model,
            view_logits: answers.logits,
            attribution,
            quality: answers.quality.filter(|_| abstain.is_none()),
            stability,
            map,
            pictures,
            evidence,
            taught: self.taught.as_ref().map(TaughtFacts::from),
            provenance: None,
            input: InputFacts {
                fidelity: Fidelity::OriginalBytes,
                views,
                views_sha256: pixels.sha256(views),
                crop: request.crop,
            },
            timings: None,
        })
    }

    /// The model's answers and grade. With `first_only` nothing hangs on the grade, and no view is
    /// scored for its sake.
    async fn judge(&self, cut: &Cut, first_only: bool, work: &mut Work<'_>) -> Result<Judged> {
        let Cut { views, whole, first_view_may_do } = cut;
        let calibration = &self.manifest.calibration;
        let residual = whole.as_ref().and_then(|whole| self.residual_logit(whole)).map(f64::from);
        let now = cut.least();
        let mut rows = self.rows(&views[..now]).await?;
        work.did(now).await?;
        let mut answers = self.combined(&rows);
        let mut probability = self.probability(rows.len(), answers.logit, residual)?;
        let early = calibration.early_exit.filter(|_| *first_view_may_do);
        if *first_view_may_do && !first_only && calibration.grade(probability).is_none() {
            work.grows(views.len() - now);
            rows.extend(self.rows(&views[now..]).await?);
            work.did(views.len() - now).await?;
            answers = self.combined(&rows);
            probability = self.probability(rows.len(), answers.logit, residual)?;
        }
        let measured = match early {
            Some(exit) => exit.measured,
            None => calibration.for_views(rows.len())?.measured,
        };
        Ok(Judged {
            score: Score { probability, logit: answers.logit },
            grade: calibration.grade(probability),
            views: rows.len(),
            answers,
            measured,
        })
    }

    /// Where the model looks in a view.
    async fn occlusion(
        &self,
        view: &Rgb8,
        region: Region,
        work: &mut Work<'_>,
    ) -> Result<OcclusionMap> {
        let views = occluded(view)?;
        let mut logits = Vec::with_capacity(views.len());
        let mut shares = None;
        for batch in views.chunks(BATCH) {
            let features = self.transformed(batch).await?;
            if let ([], [view, hidden, ..]) = (logits.as_slice(), features.as_slice()) {
                let Manifest { head, architecture, .. } = &self.manifest;
                let weights = self.head_weights();
                shares = Shares::of(head, weights, architecture.width, [view, hidden]);
            }
            logits.extend(features.iter().map(|features| self.head.forward(features)));
            work.did(batch.len()).await?;
        }
        OcclusionMap::of(region, &logits, shares)
    }

    /// Decodes, prepares and scores an image.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare) and [`score`](Self::score).
    pub async fn analyze(&self, bytes: &[u8], request: impl Into<Request>) -> Result<Analysis> {
        self.score(self.prepare(bytes, request)?).await
    }

    /// One logit per view.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`].
    pub async fn logits(&self, views: &[Rgb8]) -> Result<Vec<f32>> {
        Ok(self
            .transformed(views)
            .await?
            .iter()
            .map(|features| self.head.forward(features))
            .collect())
    }

    /// The answers of every head of the model for the views of one image.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`].
    pub async fn answers(&self, views: &[Rgb8]) -> Result<Answers> {
        Ok(self.combined(&self.rows(views).await?))
    }

    /// Every view's answers: the logit, one logit per caption, the quality.
    async fn rows(&self, views: &[Rgb8]) -> Result<Vec<Vec<f32>>> {
        let views = self.transformed(views).await?;
        let answers = views.iter().map(|features| {
            let mut row = vec![self.head.forward(features)];
            row.extend(self.attribution.iter().flat_map(|matcher| matcher.forward(features)));
            row.extend(self.quality.iter().map(|perceptron| perceptron.forward(features)));
            row
        });
        Ok(answers.collect())
    }

    /// Every view's features, transformed as the heads read them.
    async fn transformed(&self, views: &[Rgb8]) -> Result<Vec<Vec<f32>>> {
        let features = self.features(views).await?;
        let width = features.len() / views.len().max(1);
        let rows = features.chunks(width.max(1)).map(|features| {
            let mut features = features.to_vec();
            self.head.transform(&mut features);
            features
        });
        Ok(rows.collect())
    }

    /// Combines the views' answers into the image's.
    fn combined(&self, rows: &[Vec<f32>]) -> Answers {
        let shares = self.manifest.preprocessing.view_shares(rows.len());
        let mean = |output: usize| {
            rows.iter().zip(&shares).map(|(row, share)| f64::from(row[output]) * share).sum::<f64>()
        };
        let width = rows.first().map_or(1, Vec::len);
        let captions = width - 1 - usize::from(self.quality.is_some());
        #[expect(clippy::cast_possible_truncation, reason = "a mean of f32 values")]
        let mean_of_captions = || (1..=captions).map(|output| mean(output) as f32).collect();
        Answers {
            logits: rows.iter().map(|row| row[0]).collect(),
            logit: mean(0),
            captions: self.attribution.as_ref().map(|_| mean_of_captions()),
            quality: self.quality.as_ref().map(|_| mean(width - 1).clamp(0.0, 1.0)),
        }
    }

    /// The part of an upright image that the model's residual network reads; `None` if it has no
    /// such network.
    ///
    /// # Errors
    /// As [`Preprocessing::reduced`](crate::image::Preprocessing::reduced).
    pub fn whole(&self, image: &Rgb8) -> Result<Option<Rgb8>> {
        let branch = self.manifest.residual.as_ref();
        branch.map(|branch| branch.network.crop(&self.manifest.preprocessing, image)).transpose()
    }

    /// The residual network's logit for the result of [`whole`](Self::whole); `None` if the model
    /// has no such network.
    #[must_use]
    pub fn residual_logit(&self, whole: &Rgb8) -> Option<f32> {
        self.residual.as_ref().map(|network| network.logit(whole))
    }

    /// The model's probability, from the encoder's mean logit over `views` views and the residual
    /// network's logit: the two fused and calibrated again (see
    /// [`ResidualBranch`](crate::heads::residual::ResidualBranch)); the encoder's alone if there is
    /// no second logit.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a number of views that the model is not calibrated for.
    pub fn probability(&self, views: usize, logit: f64, residual: Option<f64>) -> Result<f64> {
        let by_views = self.manifest.calibration.for_views(views)?;
        Ok(match (&self.manifest.residual, residual) {
            (Some(branch), Some(residual)) => {
                branch.probability(by_views.slope * logit + by_views.offset, residual)
            }
            _ => by_views.probability(logit),
        })
    }

    /// The head's features of every view, or the embedding where it reads that, before the head's
    /// transform: `[views, features]` row-major.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`].
    pub async fn features(&self, views: &[Rgb8]) -> Result<Vec<f32>> {
        if views.is_empty() {
            return Ok(Vec::new());
        }
        let pixels = self.manifest.preprocessing.tensor(views);
        let encoding = self.encoder.encode(&pixels, views.len()).await?;
        let features = if self.manifest.head.reads_embedding() {
            encoding.embedding
        } else {
            encoding.features
        };
        // A device that computes nonsense is treated as lost.
        if features.iter().all(|value| value.is_finite()) {
            return Ok(features);
        }
        Err(Error::new(
            ErrorKind::DeviceLost,
            "the device returned values that are not finite numbers; use the CPU",
        ))
    }

    /// Judges with a taught head from now on; `None` puts the shipped one back.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] when it was taught on another model.
    pub fn use_head(&mut self, head: Option<TaughtHead>) -> Result<()> {
        if let Some(head) = &head {
            self.check_taught(head)?;
        }
        let change = head.as_ref().map(TaughtHead::change);
        self.head.change(change.map(|change| (change.weight.as_slice(), change.bias)))?;
        self.taught = head;
        Ok(())
    }

    /// Checks that a head was taught on this model.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`].
    pub fn check_taught(&self, head: &TaughtHead) -> Result<()> {
        if head.weights_sha256() == self.manifest.weights_sha256()
            && head.change().weight.len() == self.head_weights().len()
        {
            return Ok(());
        }
        let message = format!(
            "the head \"{}\" was taught on {}, and this is {} with other weights: use that model, \
             or teach this one with the same images",
            head.name(),
            head.model_id(),
            self.manifest.id
        );
        Err(Error::new(ErrorKind::Argument, message))
    }

    /// The taught head in use.
    #[must_use]
    pub fn taught(&self) -> Option<&TaughtHead> {
        self.taught.as_ref()
    }

    /// A prepared image as an example to teach with.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for an image that is too small or shows nothing, and for a model
    /// whose head cannot be taught; [`ErrorKind::DeviceLost`].
    pub async fn example(&self, image: &Encoded) -> Result<Example> {
        let refused = |message| Err(Error::new(ErrorKind::Argument, message));
        if self.head_weights().is_empty() {
            return refused("this model cannot be taught: its head is not linear");
        }
        match (image.abstain, image.pixels.views.first()) {
            (None, Some(view)) => self.example_of(view).await,
            (Some(AbstainReason::TooSmall), _) => {
                refused("the image is too small to learn from: choose a larger one")
            }
            _ => refused("the image shows too little to learn from: choose another"),
        }
    }

    /// An image's first view as an example.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`].
    pub async fn example_of(&self, view: &Rgb8) -> Result<Example> {
        let mut rows = self.transformed(std::slice::from_ref(view)).await?;
        self.example_from(rows.pop().unwrap_or_default())
    }

    /// The transformed features of an image's first view as an example.
    ///
    /// # Errors
    /// [`ErrorKind::Argument`] for a model that is not calibrated for one view.
    pub fn example_from(&self, features: Vec<f32>) -> Result<Example> {
        let by_views = self.manifest.calibration.for_views(1)?;
        let logit = by_views.slope * f64::from(self.shipped_logit(&features)) + by_views.offset;
        #[expect(clippy::cast_possible_truncation, reason = "made of an f32")]
        let logit = logit as f32;
        Ok(Example { logit, features })
    }

    /// The shipped head's logit of one view's transformed features, whichever head judges.
    #[must_use]
    pub fn shipped_logit(&self, transformed: &[f32]) -> f32 {
        self.head.shipped(transformed)
    }

    /// Fits a head to examples of this model, all of one label; see [`teach`]. It is not used until
    /// [`use_head`](Self::use_head) gets it.
    ///
    /// # Errors
    /// As [`teach`].
    pub fn teach(
        &self,
        references: &References,
        examples: &[Example],
        label: Label,
        name: &str,
    ) -> Result<TaughtHead> {
        let Manifest { id, calibration, .. } = &self.manifest;
        let lesson = Lesson {
            label,
            name: name.to_owned(),
            model: id.clone(),
            weights_sha256: self.manifest.weights_sha256(),
            slope: calibration.for_views(1)?.slope,
            threshold: (calibration.threshold / (1.0 - calibration.threshold)).ln(),
        };
        teach(lesson, references, examples)
    }

    /// The head's weights, in the features' order.
    #[must_use]
    pub fn head_weights(&self) -> &[f32] {
        self.head.weights()
    }

    /// Computes the logit of the known image and compares it with the manifest's; then the same for
    /// the residual network, if there is one: its numbers are reported if only it fails.
    ///
    /// # Errors
    /// [`ErrorKind::DeviceLost`] when the device fails outright.
    pub async fn self_test(&self) -> Result<SelfTestResult> {
        let view = self_test_view(self.manifest.preprocessing.crop)?;
        let tolerance = self.manifest.self_test.tolerance;
        let compare = |logit: f32, expected: f32| SelfTestResult {
            passed: (logit - expected).abs() <= tolerance,
            logit,
            expected,
            tolerance,
        };
        let features = self.transformed(std::slice::from_ref(&view)).await?;
        // The manifest knows the shipped head's logit, whichever judges.
        let logit = features.first().map_or(f32::NAN, |features| self.head.shipped(features));
        let encoder = compare(logit, self.manifest.self_test.logit);
        match (&self.manifest.residual, self.residual_logit(&view)) {
            (Some(branch), Some(logit)) if encoder.passed => {
                let residual = compare(logit, branch.self_test);
                Ok(if residual.passed { encoder } else { residual })
            }
            _ => Ok(encoder),
        }
    }
}

impl Cut {
    /// How many views are scored first.
    fn least(&self) -> usize {
        if self.first_view_may_do { self.views.len().min(1) } else { self.views.len() }
    }

    /// SHA-256 of all that was read when so many views were scored.
    fn sha256(&self, views: usize) -> String {
        let shown = self.views.iter().take(views).chain(&self.whole);
        sha256_hex_of(shown.map(Rgb8::pixels))
    }
}

/// Names for the captions that the logits favour.
fn attributed(logits: &[f32], head: &AttributionHead) -> Result<AttributionFacts> {
    let found = attribute(logits, &head.captions, head.threshold)?;
    let maker = |caption: Option<usize>, share: f64| {
        head.captions.name(caption?).map(|name| Maker { name: name.to_owned(), share })
    };
    Ok(AttributionFacts {
        family: maker(found.family, found.family_share),
        generator: maker(found.generator, found.generator_share),
    })
}

/// Whether enough of a view is edge or texture: see [`MIN_DETAIL_SHARE`].
fn shows_something(view: &Rgb8) -> bool {
    let (width, height) = (view.width() as usize, view.height() as usize);
    let brightness: Vec<i32> = view
        .pixels()
        .chunks_exact(3)
        .map(|pixel| pixel.iter().copied().map(i32::from).sum())
        .collect();
    // The sum over a square of 3 x 3 pixels, edges repeated.
    let rows: Vec<i32> = brightness
        .chunks_exact(width)
        .flat_map(|row| {
            (0..width).map(|x| row[x.saturating_sub(1)] + row[x] + row[(x + 1).min(width - 1)])
        })
        .collect();
    let smooth: Vec<i32> = (0..width * height)
        .map(|at| {
            let (x, y) = (at % width, at / width);
            let of_row = |y: usize| rows[y * width + x];
            of_row(y.saturating_sub(1)) + of_row(y) + of_row((y + 1).min(height - 1))
        })
        .collect();
    // Three channels, nine pixels.
    let limit = DETAIL_LEVELS * 27;
    let (mut pixels, mut detailed) = (0_usize, 0_usize);
    for y in DETAIL_REACH..height.saturating_sub(DETAIL_REACH) {
        for x in DETAIL_REACH..width.saturating_sub(DETAIL_REACH) {
            let at = y * width + x;
            let bend = |step: usize| (smooth[at + step] + smooth[at - step] - 2 * smooth[at]).abs();
            pixels += 1;
            let most = bend(DETAIL_REACH).max(bend(DETAIL_REACH * width));
            detailed += usize::from(most > limit);
        }
    }
    detailed as f64 >= MIN_DETAIL_SHARE * pixels.max(1) as f64
}

/// The self-test's image: smooth ramps, so that every layer sees structure, and pseudo-random
/// texture (Knuth's MMIX generator), so that no two patches are the same. Integer arithmetic, so
/// the same on every machine.
///
/// # Errors
/// [`ErrorKind::Argument`] for a side of zero.
pub fn self_test_view(side: u32) -> Result<Rgb8> {
    let mut state = 1_u64;
    let mut pixels = Vec::with_capacity(side as usize * side as usize * 3);
    for y in 0..side {
        for x in 0..side {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 58) as u32;
            for ramp in [x * 190 / side, y * 190 / side, (x + y) * 95 / side] {
                #[expect(clippy::cast_possible_truncation, reason = "at most 190 + 63")]
                pixels.push((ramp + noise) as u8);
            }
        }
    }
    Rgb8::new(side, side, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A square picture of `side` pixels from the brightness at every place, 0 to 1 across.
    fn picture(side: u32, value: impl Fn(f32, f32) -> [f32; 3]) -> Rgb8 {
        let at = |i: u32| i as f32 / side as f32;
        let pixels = (0..side * side).flat_map(|i| value(at(i % side), at(i / side)));
        Rgb8::new(side, side, pixels.map(|value| value.clamp(0.0, 255.0) as u8).collect()).unwrap()
    }

    #[test]
    fn one_colour_gradients_and_blurs_show_nothing() {
        let noise = |x: f32, y: f32| ((x * 1237.0 + y * 7919.0).sin() * 43_758.547).fract() * 9.0;
        for side in [1, 6, 7, 32, 224] {
            let plain = [
                picture(side, |_, _| [200.0; 3]),
                picture(side, |x, y| [255.0 * x, 255.0 * y, 128.0]),
                picture(side, |x, y| [255.0 - 255.0 * (x - 0.25).hypot(y - 0.25); 3]),
                picture(side, |x, y| {
                    [20.0 + 200.0 * (-((x - 0.5).powi(2) + (y - 0.5).powi(2)) / 0.02).exp(); 3]
                }),
                picture(side, |x, y| [90.0 + 80.0 * y + noise(x, y); 3]),
            ];
            // A few pixels across, a spot is a detail.
            for (which, view) in
                plain.iter().enumerate().filter(|(which, _)| side > 32 || *which < 2)
            {
                assert!(!shows_something(view), "{which} at {side}");
            }
        }
    }

    #[test]
    fn texture_and_a_few_edges_show_something() {
        let texture =
            picture(224, |x, y| [128.0 + 60.0 * (x * 160.0).sin() * (y * 140.0).cos(); 3]);
        let bars =
            picture(224, |x, _| [if (x * 8.0).rem_euclid(2.0) < 1.0 { 40.0 } else { 255.0 }; 3]);
        let small = picture(224, |x, y| {
            [if (x - 0.5).abs() < 0.06 && (y - 0.5).abs() < 0.06 { 10.0 } else { 240.0 }; 3]
        });
        for view in [texture, bars, small] {
            assert!(shows_something(&view));
        }
    }
}
