use super::*;
use crate::ErrorKind;
use crate::rng::Rng;

const WIDTH: usize = 40;

/// Features, on scales of their own, of an image that shows the mark of its generator in feature
/// `mark`, and what the shipped head, which knows the mark in feature 0, says.
fn image(rng: &mut Rng, mark: Option<usize>) -> (Vec<f32>, f32) {
    let standard: Vec<f32> = (0..WIDTH)
        .map(|at| rng.normal() as f32 + if Some(at) == mark { 4.0 } else { 0.0 })
        .collect();
    let logit = 2.0 * standard[0] - 4.0;
    let features = standard.iter().enumerate().map(|(at, x)| x * scale(at) + 7.0).collect();
    (features, logit)
}

fn scale(at: usize) -> f32 {
    0.5 + at as f32
}

fn references(rng: &mut Rng) -> References {
    let mut rows = Vec::new();
    for at in 0..160 {
        let (label, mark) = if at % 2 == 0 { (Label::Ai, Some(0)) } else { (Label::Real, None) };
        let (features, logit) = image(rng, mark);
        rows.push(Reference { label, check: at >= 80, logit, features });
    }
    let deviation = (0..WIDTH).map(scale).collect();
    References::new("a".repeat(64), vec![7.0; WIDTH], deviation, rows).unwrap()
}

fn examples(rng: &mut Rng, count: usize) -> Vec<Example> {
    let mut example = || {
        let (features, logit) = image(rng, Some(5));
        Example { logit, features }
    };
    (0..count).map(|_| example()).collect()
}

fn lesson(label: Label) -> Lesson {
    Lesson {
        label,
        name: "new".to_owned(),
        model: "model".to_owned(),
        weights_sha256: "a".repeat(64),
        slope: 2.0,
        threshold: 0.0,
    }
}

fn logit(change: &Change, Example { logit, features }: &Example) -> f64 {
    let moved: f64 =
        features.iter().zip(&change.weight).map(|(x, w)| f64::from(*x) * f64::from(*w)).sum();
    f64::from(*logit) + 2.0 * (moved + f64::from(change.bias))
}

#[test]
fn a_new_mark_is_learnt_and_what_is_forgotten_is_said() {
    let mut rng = Rng::new(4);
    let references = references(&mut rng);
    let taught = examples(&mut rng, 40);
    let head = teach(lesson(Label::Ai), &references, &taught).unwrap();
    let report = *head.report();
    assert_eq!((report.label, report.examples, report.near_duplicates), (Label::Ai, 40, 0));
    assert!(report.held_out.right_before <= 6, "{report:?}");
    assert!(report.held_out.right_after >= 28, "{report:?}");
    assert_eq!((report.check_ai.images, report.check_real.images), (40, 40));
    // Eighty references hold forty features loosely: some is forgotten, and said to be.
    assert!((-12.0..-1.0).contains(&report.check_gain()) && report.forgets(), "{report:?}");

    // The change means on raw features what the report says: it holds on images of nobody's fit.
    let fresh = examples(&mut rng, 200);
    let right = fresh.iter().filter(|image| logit(head.change(), image) >= 0.0).count();
    assert!(right >= 140, "{right} of 200");
    let real = (0..200).filter(|_| {
        let (features, shipped) = image(&mut rng, None);
        logit(head.change(), &Example { logit: shipped, features }) >= 0.0
    });
    assert!(real.count() <= 20);
    assert_eq!(teach(lesson(Label::Ai), &references, &taught).unwrap(), head);
}

#[test]
fn as_real_the_same_examples_move_the_other_way() {
    let mut rng = Rng::new(5);
    let references = references(&mut rng);
    let mut accused = examples(&mut rng, 30);
    accused.iter_mut().for_each(|example| example.logit += 5.0);
    let head = teach(lesson(Label::Real), &references, &accused).unwrap();
    let HeldOut { right_before, right_after, .. } = head.report().held_out;
    assert!(right_after >= right_before + 10, "{:?}", head.report());
}

/// At the optimum of the stated problem, found in another way: gradient descent on the weights
/// themselves.
#[test]
fn the_dual_solves_the_stated_problem() {
    let mut rng = Rng::new(6);
    let references = references(&mut rng);
    let taught = examples(&mut rng, 12);
    let head = teach(lesson(Label::Ai), &references, &taught).unwrap();
    let mut rows: Vec<(f64, f64, Vec<f64>)> = Vec::new();
    let widened = |values: Vec<f32>| values.into_iter().map(f64::from).collect();
    for Example { logit, features } in &taught {
        rows.push((1.0, f64::from(*logit), widened(references.standardised(features))));
    }
    for row in references.rows.iter().filter(|row| !row.check) {
        let label = if row.label == Label::Ai { 1.0 } else { 0.0 };
        rows.push((label, f64::from(row.logit), widened(row.values())));
    }
    let precision = WIDTH as f64 / fit::STRENGTH;
    let mut weights = vec![0.0; WIDTH];
    for _ in 0..20_000 {
        let mut gradient: Vec<f64> = weights.iter().map(|w| precision * w).collect();
        for (label, shipped, values) in &rows {
            let z: f64 = shipped + weights.iter().zip(values).map(|(w, x)| w * x).sum::<f64>();
            let error = 1.0 / (1.0 + (-z).exp()) - label;
            gradient.iter_mut().zip(values).for_each(|(g, x)| *g += error * x);
        }
        weights.iter_mut().zip(gradient).for_each(|(w, g)| *w -= 0.01 * g);
    }
    for (at, expected) in weights.iter().enumerate() {
        let found = f64::from(head.change().weight[at]) * f64::from(scale(at)) * 2.0;
        assert!((found - expected).abs() < 1e-3, "{at}: {found} {expected}");
    }
}

#[test]
fn too_few_different_examples_are_refused() {
    let mut rng = Rng::new(7);
    let references = references(&mut rng);
    let ten = examples(&mut rng, 10);
    assert!(teach(lesson(Label::Ai), &references, &ten).is_ok());
    let mut copies = ten[..9].to_vec();
    copies.extend_from_slice(&ten[..5]);
    let error = teach(lesson(Label::Ai), &references, &copies).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Argument);
    assert!(error.message().contains("at least 10") && error.message().contains("there are 9"));
    assert!(error.message().contains("5 that nearly equal others"), "{error}");
    let head = teach(lesson(Label::Ai), &references, &[ten.clone(), ten.clone()].concat());
    assert_eq!(head.unwrap().report().near_duplicates, 10);

    let mut narrow = ten.clone();
    narrow[3].features.pop();
    let mut infinite = ten.clone();
    infinite[3].logit = f32::INFINITY;
    let many = vec![ten[0].clone(); crate::limits::MAX_EXAMPLES + 1];
    for wrong in [&[], narrow.as_slice(), &infinite, &many] {
        let error = teach(lesson(Label::Ai), &references, wrong).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument);
    }
    let other = Lesson { weights_sha256: "b".repeat(64), ..lesson(Label::Ai) };
    assert_eq!(teach(other, &references, &ten).unwrap_err().kind(), ErrorKind::Argument);
    let unnamed = Lesson { name: " ".to_owned(), ..lesson(Label::Ai) };
    assert_eq!(teach(unnamed, &references, &ten).unwrap_err().kind(), ErrorKind::Argument);
}

#[test]
fn files_come_back_whole_or_not_at_all() {
    let mut rng = Rng::new(8);
    let references = references(&mut rng);
    let bytes = references.to_bytes();
    assert_eq!(References::from_bytes(&bytes).unwrap(), references);
    let head = teach(lesson(Label::Ai), &references, &examples(&mut rng, 12)).unwrap();
    let file = head.to_bytes().unwrap();
    assert_eq!(TaughtHead::from_bytes(&file).unwrap(), head);
    assert_eq!((head.name(), head.model_id()), ("new", "model"));
    for at in 0..file.len() {
        let mut altered = file.clone();
        altered[at] ^= 1;
        let error = TaughtHead::from_bytes(&altered).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "byte {at}");
    }
    for length in (0..file.len()).step_by(7) {
        assert!(TaughtHead::from_bytes(&file[..length]).is_err());
    }
    for at in (0..bytes.len()).step_by(97).chain(0..200) {
        let mut altered = bytes.clone();
        altered[at] ^= 1;
        assert!(References::from_bytes(&altered).is_err(), "byte {at}");
        assert!(References::from_bytes(&bytes[..at]).is_err());
    }
}

/// Files whose hash is right and whose content is not: who writes one means it.
#[test]
fn a_right_hash_does_not_make_a_file_right() {
    let hashed = |content: &[u8]| {
        let hash = crate::weights::sha256_hex(content);
        [content, hash.as_bytes()].concat()
    };
    let mut rng = Rng::new(9);
    let references = references(&mut rng);
    let file = references.to_bytes();
    let content = &file[..file.len() - 64];
    let width = 23 + 64;
    for (at, value) in [(width, 0_u32), (width, u32::MAX), (width + 4, 161), (width + 4, u32::MAX)]
    {
        let mut altered = content.to_vec();
        altered[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(References::from_bytes(&hashed(&altered)).is_err(), "{at} {value}");
    }
    for (at, value) in [(width + 8, f32::NAN), (width + 8 + 4 * WIDTH, 0.0)] {
        let mut altered = content.to_vec();
        altered[at..at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(References::from_bytes(&hashed(&altered)).is_err(), "{at} {value}");
    }
    // More rows than a fit has memory for.
    let row = &content[content.len() - 5 - WIDTH..];
    let mut many = content.to_vec();
    let count = crate::limits::MAX_REFERENCES + 1;
    many[width + 4..width + 8].copy_from_slice(&u32::try_from(count).unwrap().to_le_bytes());
    many.extend(row.repeat(count - 160));
    assert!(References::from_bytes(&hashed(&many)).is_err());

    let head = teach(lesson(Label::Ai), &references, &examples(&mut rng, 12)).unwrap();
    let file = head.to_bytes().unwrap();
    let content = &file[..file.len() - 64];
    let replaced = |from: &str, to: &str| {
        let text: Vec<u8> = content.to_vec();
        let at = text.windows(from.len()).position(|part| part == from.as_bytes()).unwrap();
        hashed(&[&text[..at], to.as_bytes(), &text[at + from.len()..]].concat())
    };
    assert!(TaughtHead::from_bytes(&replaced("\"new\"", "\"old\"")).is_ok());
    let wide = TaughtHead::from_bytes(&replaced("\"name\":", "\"name\" : ")).unwrap();
    assert_eq!(TaughtHead::from_bytes(&wide.to_bytes().unwrap()).unwrap().report(), head.report());
    for (from, to) in [
        ("\"new\"", "\"\""),
        ("\"new\"", "\"\\u0007\""),
        ("\"images\":12", "\"images\":1"),
        ("\"report\"", "\"rapport\""),
    ] {
        let error = TaughtHead::from_bytes(&replaced(from, to)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WeightsCorrupt, "{from} {to}");
    }
    let mut infinite = content.to_vec();
    let end = infinite.len();
    infinite[end - 4..].copy_from_slice(&f32::INFINITY.to_le_bytes());
    assert!(TaughtHead::from_bytes(&hashed(&infinite)).is_err());
    assert!(TaughtHead::from_bytes(&hashed(&content[..end - 1])).is_err());
    assert_eq!(
        TaughtHead::from_bytes(&vec![0; crate::limits::MAX_TAUGHT_HEAD_BYTES + 1])
            .unwrap_err()
            .kind(),
        ErrorKind::Limit
    );
}

#[test]
fn a_head_that_forgets_says_so() {
    let result =
        |images, right_before, right_after| CheckResult { images, right_before, right_after };
    let mut report = Report {
        label: Label::Ai,
        examples: 10,
        near_duplicates: 0,
        held_out: result(10, 1, 9),
        check_ai: result(100, 80, 84),
        check_real: result(100, 80, 74),
    };
    assert!((report.check_gain() + 1.0).abs() < 1e-9 && !report.forgets());
    report.check_real.right_after = 73;
    assert!(report.forgets());
}
