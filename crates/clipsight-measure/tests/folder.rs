//! A folder's report, whole: the same as it was, and the same as in browsers, which
//! `tests/web/measure.test.mjs` compares with the same file.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::fs::{read_to_string, write};

use clipsight::ErrorKind;
use clipsight_measure::folder::{Image, Input, Report};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/measure");

fn input() -> Input {
    serde_json::from_str(&read_to_string(format!("{FIXTURES}/input.json")).unwrap()).unwrap()
}

#[test]
fn the_report_is_the_one_that_browsers_make() {
    let json = serde_json::to_string_pretty(&input().report().unwrap()).unwrap() + "\n";
    let path = format!("{FIXTURES}/report.json");
    if std::env::var_os("CLIPSIGHT_WRITE").is_some() {
        write(&path, &json).unwrap();
    }
    assert!(
        read_to_string(path).unwrap() == json,
        "the report has changed: CLIPSIGHT_WRITE=1 writes it anew"
    );
}

#[test]
fn order_changes_nothing() {
    let Input { mut images, .. } = input();
    images.reverse();
    assert_eq!(Input { images, ..input() }.report().unwrap(), input().report().unwrap());
}

#[test]
fn a_report_says_what_is_in_it() {
    let report: Report = input().report().unwrap();
    assert_eq!((report.figures.generated, report.figures.real), (100, 130));
    assert_eq!(report.folder.repeated, 1);
    assert_eq!(report.folder.unjudged[0].name, "ai/torn.jpg");
    let mistakes = &report.folder.mistakes;
    assert!(mistakes.iter().all(|mistake| (mistake.probability >= 0.5) != mistake.generated));
    let far = |place: usize| (mistakes[place].probability - 0.5).abs();
    assert!((1..mistakes.len()).all(|place| far(place) <= far(place - 1) + 1e-4));
    // 65 real images a half bear a false alarm of 2 %, and none of 1 %.
    let budgets: Vec<f64> = report.folder.points.iter().map(|point| point.budget).collect();
    assert_eq!(budgets, [0.02, 0.05, 0.1, 0.2]);
    assert!(report.early_exit && report.views == 1);
    let again: Report = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(again, report);
}

#[test]
fn few_images_promise_nothing() {
    let Input { images, .. } = input();
    let of = |generated: bool, n: usize| -> Vec<Image> {
        images.iter().filter(|image| image.generated == generated).take(n).cloned().collect()
    };
    let few = [of(true, 9), of(false, 9)].concat();
    let report = Input { images: few, ..input() }.report().unwrap();
    assert_eq!((report.figures.auc_interval, report.confounds), (None, None));
    assert!(report.folder.points.is_empty());
    let error = Input { images: of(true, 30), ..input() }.report().unwrap_err();
    assert!(error.kind() == ErrorKind::Argument && error.message().contains("all images are"));
    for images in [Vec::new(), vec![Image { probability: f64::NAN, ..images[0].clone() }]] {
        assert_eq!(Input { images, ..input() }.report().unwrap_err().kind(), ErrorKind::Argument);
    }
    let mut flat = [of(true, 1), of(false, 1)].concat();
    flat[0].width = 0;
    assert!(Input { images: flat, ..input() }.report().is_err());
}
