//! The report's plots as SVG text. The page's style sheet knows their colours and replaces them in
//! the dark.

use clipsight::Result;
use clipsight_measure::curves::{Curves, HISTOGRAM_BINS};
use clipsight_measure::figures::Figures;
use clipsight_native::io::printable;
use html_escape::encode_double_quoted_attribute;
use plotters::coord::types::RangedCoordf64;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::super::report::number;
use super::super::robustness::Robustness;
use crate::report::plot::{FONT, failed};

/// Every colour stands in `style.css`, too.
const INK: RGBColor = RGBColor(0x1C, 0x23, 0x33);
const SOFT: RGBColor = RGBColor(0x5A, 0x64, 0x78);
const LINE: RGBColor = RGBColor(0xDF, 0xE3, 0xEA);
const ACCENT: RGBColor = RGBColor(0x44, 0x57, 0xC0);
const GENERATED: RGBColor = RGBColor(0xC2, 0x54, 0x0A);
const REAL: RGBColor = RGBColor(0x0A, 0x6A, 0xA6);
const BAD: RGBColor = RGBColor(0xB3, 0x26, 0x1E);

const SIZE: (u32, u32) = (480, 360);

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

/// The receiver operating characteristic, with what the shipped threshold does.
pub(super) fn roc(curves: &Curves, figures: &Figures) -> Result<String> {
    let label = format!("Receiver operating characteristic, area {}", number(figures.auc));
    chart(&label, ("false positive rate", "true positive rate"), 1.0, |chart| {
        line(chart, [(0.0, 0.0), (1.0, 1.0)], SOFT, 1)?;
        let points =
            curves.roc.iter().map(|point| (point.false_positive_rate, point.true_positive_rate));
        line(chart, std::iter::once((0.0, 0.0)).chain(points), ACCENT, 2)?;
        let shipped = (1.0 - figures.specificity.rate, figures.recall.rate);
        mark(chart, shipped, "the shipped threshold")
    })
}

/// Probability against the share that is generated; the larger a dot, the more images.
pub(super) fn reliability(curves: &Curves, figures: &Figures) -> Result<String> {
    let label =
        format!("Reliability diagram, calibration error {}", number(figures.calibration_error));
    chart(&label, ("probability", "share generated, at even odds"), 1.0, |chart| {
        line(chart, [(0.0, 0.0), (1.0, 1.0)], SOFT, 1)?;
        line(
            chart,
            curves.reliability.iter().map(|bin| (bin.probability, bin.positives)),
            ACCENT,
            2,
        )?;
        let dots = curves.reliability.iter().map(|bin| {
            let radius = (2.0 + 22.0 * bin.mass.sqrt()).round() as i32;
            Circle::new((bin.probability, bin.positives), radius, ACCENT.mix(0.55).filled())
        });
        chart.draw_series(dots).map_err(failed).map(drop)
    })
}

/// How probabilities are spread within each class.
pub(super) fn histogram(curves: &Curves, figures: &Figures) -> Result<String> {
    let shares = |counts: &[usize]| -> Vec<f64> {
        let total = counts.iter().sum::<usize>().max(1) as f64;
        counts.iter().map(|count| *count as f64 / total).collect()
    };
    let classes = [(shares(&curves.real), REAL), (shares(&curves.generated), GENERATED)];
    let highest = classes.iter().flat_map(|(shares, _)| shares).copied().fold(0.05, f64::max);
    chart(
        "Histogram of probabilities by class",
        ("probability", "share of the class"),
        highest * 1.08,
        |chart| {
            for (shares, colour) in &classes {
                let edge = |bin: usize| bin as f64 / HISTOGRAM_BINS as f64;
                let bars = shares.iter().enumerate().filter(|(_, share)| **share > 0.0).map(
                    |(bin, share)| {
                        Rectangle::new(
                            [(edge(bin), 0.0), (edge(bin + 1), *share)],
                            colour.mix(0.4).filled(),
                        )
                    },
                );
                chart.draw_series(bars).map_err(failed)?;
                let outline = shares
                    .iter()
                    .enumerate()
                    .flat_map(|(bin, share)| [(edge(bin), *share), (edge(bin + 1), *share)]);
                line(chart, outline, *colour, 2)?;
            }
            line(chart, [(figures.threshold, 0.0), (figures.threshold, highest * 1.08)], SOFT, 1)
        },
    )
}

/// Wrong decisions if only the images farthest from the threshold are decided.
pub(super) fn risk_coverage(curves: &Curves, figures: &Figures) -> Result<String> {
    let label = format!("Risk against coverage, area {}", number(figures.risk_coverage_area));
    let points = || curves.risk_coverage.iter().map(|point| (point.coverage, point.risk));
    let shipped = figures.graded.map(|point| (point.coverage, point.risk));
    let highest = points().chain(shipped).map(|point| point.1).fold(0.05, f64::max);
    chart(&label, ("share of images decided", "wrong of these"), highest * 1.15, |chart| {
        line(chart, points(), ACCENT, 2)?;
        shipped.map_or(Ok(()), |shipped| mark(chart, shipped, "what gets a grade"))
    })
}

/// Balanced accuracy under every perturbation, the worst marked.
pub(super) fn robustness(robustness: &Robustness) -> Result<String> {
    let (left, right, row, top) = (220, 56, 19, 22);
    let rows = i32::try_from(robustness.conditions.len()).unwrap_or(i32::MAX / 100);
    let (width, height) = (860, top + rows * row + 8);
    let lowest =
        robustness.conditions.iter().map(|figures| figures.balanced_accuracy).fold(0.5, f64::min);
    let low = (lowest * 10.0).floor() / 10.0;
    let at = |value: f64| {
        left + (f64::from(width - left - right) * (value - low) / (1.0 - low)).round() as i32
    };
    let label = "Balanced accuracy under every perturbation";
    svg(label, (width as u32, height as u32), |area| {
        let text = |text: &str, at: (i32, i32), anchor: HPos, colour: &RGBColor| {
            let style = (FONT, 13).into_font().color(colour).pos(Pos::new(anchor, VPos::Center));
            area.draw(&Text::new(printable(text), at, style)).map_err(failed)
        };
        let mut tick = low;
        while tick < 1.0 + 1e-9 {
            let path = vec![(at(tick), top), (at(tick), height - 4)];
            area.draw(&PathElement::new(path, LINE)).map_err(failed)?;
            text(&format!("{tick:.1}"), (at(tick), top / 2), HPos::Center, &SOFT)?;
            tick += 0.1;
        }
        for (index, figures) in (0..).zip(&robustness.conditions) {
            let y = top + index * row;
            let worst = figures.condition == robustness.worst.condition;
            let colour = if worst { BAD } else { ACCENT };
            let fill = colour.mix(if index == 0 { 1.0 } else { 0.6 }).filled();
            let bar = [(left, y + 3), (at(figures.balanced_accuracy), y + row - 4)];
            area.draw(&Rectangle::new(bar, fill)).map_err(failed)?;
            text(&figures.condition, (left - 8, y + row / 2), HPos::Right, &INK)?;
            let value = (at(figures.balanced_accuracy) + 6, y + row / 2);
            text(&number(figures.balanced_accuracy), value, HPos::Left, &INK)?;
        }
        if let Some(untouched) = robustness.conditions.first() {
            let x = at(untouched.balanced_accuracy);
            area.draw(&PathElement::new(vec![(x, top), (x, height - 4)], INK)).map_err(failed)?;
        }
        Ok(())
    })
}

/// A chart over 0 to 1 and 0 to `highest`.
fn chart(
    label: &str,
    axes: (&str, &str),
    highest: f64,
    draw: impl FnOnce(&mut Chart<'_, '_>) -> Result<()>,
) -> Result<String> {
    svg(label, SIZE, |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(46)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..1.0, 0.0..highest)
            .map_err(failed)?;
        let text = |colour: &RGBColor| (FONT, 15).into_font().color(colour);
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(LINE)
            .axis_style(SOFT)
            .x_labels(6)
            .y_labels(6)
            .x_desc(axes.0)
            .y_desc(axes.1)
            .label_style(text(&SOFT))
            .axis_desc_style(text(&INK))
            .draw()
            .map_err(failed)?;
        draw(&mut chart)
    })
}

fn line(
    chart: &mut Chart<'_, '_>,
    points: impl IntoIterator<Item = (f64, f64)>,
    colour: RGBColor,
    width: u32,
) -> Result<()> {
    let path = PathElement::new(points.into_iter().collect::<Vec<_>>(), colour.stroke_width(width));
    chart.draw_series(std::iter::once(path)).map_err(failed).map(drop)
}

/// A dot with its name, on the side that has room.
fn mark(chart: &mut Chart<'_, '_>, at: (f64, f64), name: &str) -> Result<()> {
    // Both curves rise: there is room above to the left, and below to the right.
    let (anchor, by) = if at.0 > 0.5 { (HPos::Right, (-8, -26)) } else { (HPos::Left, (10, 8)) };
    let style = (FONT, 15).into_font().color(&INK).pos(Pos::new(anchor, VPos::Top));
    let dot = EmptyElement::at(at)
        + Circle::new((0, 0), 5, BAD.filled())
        + Text::new(name.to_owned(), by, style);
    chart.draw_series(std::iter::once(dot)).map_err(failed).map(drop)
}

/// What `draw` draws, as an element of a page, named for those who do not see it.
fn svg(
    label: &str,
    size: (u32, u32),
    draw: impl FnOnce(&DrawingArea<SVGBackend<'_>, plotters::coord::Shift>) -> Result<()>,
) -> Result<String> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        draw(&area)?;
        area.present().map_err(failed)?;
    }
    // Within a page the name space goes without saying.
    let label = encode_double_quoted_attribute(label);
    Ok(svg.replacen(" xmlns=\"http://www.w3.org/2000/svg\"", "", 1).replacen(
        "<svg ",
        &format!("<svg role=\"img\" aria-label=\"{label}\" "),
        1,
    ))
}
