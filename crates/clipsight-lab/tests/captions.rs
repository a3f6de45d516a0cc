//! Caption matching against PyTorch (golden file from `tests/fixtures/captions/generate.py`), and a
//! toy problem trained through both towers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails")]

#[path = "../../../tests/common/mod.rs"]
mod common;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{Device, Tensor, TensorData};
use clipsight::clip::{FeatureSpec, Pool, VisionConfig};
use clipsight::rng::Rng;
use clipsight_lab::train::captions::{
    CaptionSet, CaptionTargets, CaptionTower, CaptionsOfImages as _, ImageSource, attribute,
    caption_logits, caption_loss, generated_logits,
};
use clipsight_reference::VisionTower;
use clipsight_reference::init::random_vision_tower;
use safetensors::SafeTensors;

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_into_vec().unwrap()
}

#[test]
fn logits_loss_and_gradients_equal_pytorch() {
    let bytes = std::fs::read(common::fixture("captions/golden.safetensors")).unwrap();
    let golden = SafeTensors::deserialize(&bytes).unwrap();
    let device = Device::flex().autodiff();
    let read = |name: &str| -> Vec<f32> {
        let data = golden.tensor(name).unwrap();
        data.data().as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
    };
    let matrix = |name: &str| {
        let shape: [usize; 2] = golden.tensor(name).unwrap().shape().try_into().unwrap();
        Tensor::<2>::from_data(TensorData::new(read(name), shape), &device)
    };
    let vector = |name: &str| {
        let data = read(name);
        let length = data.len();
        Tensor::<1>::from_data(TensorData::new(data, [length]), &device)
    };
    let check = |name: &str, found: Vec<f32>| {
        let expected = read(name);
        assert_eq!(found.len(), expected.len());
        let difference =
            found.iter().zip(&expected).fold(0.0_f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(difference <= 5e-6, "{name} differs by {difference}");
    };
    let images = matrix("images").require_grad();
    let captions = matrix("captions").require_grad();
    let scale = vector("scale").require_grad();
    let logits = caption_logits(images.clone(), captions.clone(), scale.clone());
    check("logits", values(logits.clone()));
    check("evidence", values(generated_logits(logits.clone())));
    let targets = CaptionTargets { targets: matrix("targets"), positives: matrix("positives") };
    check("unweighted", values(caption_loss(logits.clone(), &targets, None).image_to_text));
    let loss = caption_loss(logits, &targets, Some(vector("weights")));
    check("image_to_text", values(loss.image_to_text.clone()));
    check("text_to_image", values(loss.text_to_image.clone()));
    let gradients = loss.total(0.3).backward();
    check("images.grad", values(images.grad(&gradients).unwrap()));
    check("captions.grad", values(captions.grad(&gradients).unwrap()));
    check("scale.grad", values(scale.grad(&gradients).unwrap()));
}

const SIDE: usize = 16;

/// Stripes of a direction that depends on the source, in random phase, with noise.
fn image(source: usize, rng: &mut Rng) -> Vec<f32> {
    let (dx, dy) = [(0.0, 0.0), (1.6, 0.0), (0.0, 1.6), (1.1, 1.1)][source];
    let phase = rng.between(0.0, std::f64::consts::TAU);
    let mut pixels = Vec::new();
    for _channel in 0..3 {
        for y in 0..SIDE {
            for x in 0..SIDE {
                let wave = (phase + dx * x as f64 + dy * y as f64).sin();
                pixels.push((wave + 0.3 * rng.normal()) as f32);
            }
        }
    }
    pixels
}

/// The largest gradient of every parameter of a module; `None` for one without.
struct Largest<'a> {
    gradients: &'a GradientsParams,
    found: Vec<Option<f32>>,
}

impl ModuleVisitor for Largest<'_> {
    fn visit_float<const D: usize>(&mut self, parameter: &Param<Tensor<D>>) {
        let gradient = self.gradients.get::<D>(parameter.id);
        self.found.push(gradient.map(|gradient| gradient.abs().max().into_scalar::<f32>()));
    }
}

fn largest_gradients<M: Module>(module: &M, gradients: &GradientsParams) -> Vec<Option<f32>> {
    let mut visitor = Largest { gradients, found: Vec::new() };
    module.visit(&mut visitor);
    visitor.found
}

#[test]
fn both_towers_learn_a_toy_problem() {
    let sources = [
        ImageSource::Real,
        ImageSource::Generated { origin: "across", family: "diffusion" },
        ImageSource::Generated { origin: "down", family: "diffusion" },
        ImageSource::Generated { origin: "aslant", family: "gan" },
    ];
    let device = Device::flex().autodiff();
    let set = CaptionSet::new(sources, 1).unwrap();
    let config = VisionConfig {
        image_size: SIDE,
        patch_size: 4,
        width: 32,
        layers: 2,
        heads: 2,
        mlp_width: 64,
        projection: Some(24),
        ..VisionConfig::vit_tiny_patch16_224()
    };
    let mut vision = random_vision_tower(&config, &mut Rng::new(1), &device).unwrap();
    let mut captions = CaptionTower::random(&set, 24, 2, &device).unwrap();
    let features = FeatureSpec { layers: vec![2], pools: vec![Pool::Class], heads: Vec::new() };
    let mut rng = Rng::new(3);
    let mut batch = |size: usize| {
        let sources_of: Vec<usize> = (0..size).map(|index| index % sources.len()).collect();
        let pixels: Vec<f32> =
            sources_of.iter().flat_map(|source| image(*source, &mut rng)).collect();
        (sources_of, TensorData::new(pixels, [size, 3, SIDE, SIDE]))
    };
    let embed = |vision: &VisionTower, pixels: TensorData, device: &Device| {
        vision.forward(Tensor::from_data(pixels, device), &features).embedding
    };
    let (mut first, mut last) = (0.0, 0.0);
    let mut optimizers = [AdamWConfig::new().init(), AdamWConfig::new().init()];
    for step in 0..100 {
        let (of, pixels) = batch(32);
        let targets_of: Vec<ImageSource<'_>> = of.iter().map(|source| sources[*source]).collect();
        let targets = set.targets(&targets_of, 0.5, &device).unwrap();
        let logits = captions.logits(embed(&vision, pixels, &device));
        let loss = caption_loss(logits, &targets, None).total(0.5);
        last = loss.clone().into_scalar::<f32>();
        if step == 0 {
            first = last;
        }
        let mut gradients = loss.backward();
        let of_vision = GradientsParams::from_module(&mut gradients, &vision);
        let of_captions = GradientsParams::from_module(&mut gradients, &captions);
        if step == 0 {
            for found in
                [largest_gradients(&vision, &of_vision), largest_gradients(&captions, &of_captions)]
            {
                assert!(found.len() > 20);
                assert!(
                    found.iter().all(|gradient| gradient.is_some_and(|gradient| gradient > 0.0)),
                    "every parameter has a gradient: {found:?}"
                );
            }
        }
        vision = optimizers[0].step(3e-3, vision, of_vision);
        captions = optimizers[1].step(3e-3, captions, of_captions);
    }
    assert!(last < 0.6 * first, "the loss fell from {first} to {last} only");

    // Held-out images, without autodiff: the sources are named.
    let (of, pixels) = batch(64);
    let logits = captions.valid().logits(embed(&vision.valid(), pixels, &Device::flex()));
    let logits = values(logits);
    let right = of
        .iter()
        .zip(logits.chunks(set.subjects().len()))
        .filter(|(source, logits)| {
            let found = attribute(logits, &set, 0.0).unwrap();
            match sources[**source] {
                ImageSource::Real => found.generated < 0.5,
                made => found.generated > 0.5 && found.generator == set.generator(made),
            }
        })
        .count();
    assert!(right >= 58, "{right} of 64 named rightly");
}
