//! Plots as SVG text: lines with deviations, and matrices.

use std::fmt::Display;

use clipsight::{Error, ErrorKind, Result};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Distinguishable for colour-blind readers, too (Okabe and Ito 2008).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];
pub(crate) const FONT: &str = "sans-serif";
const PANEL: (u32, u32) = (420, 340);

/// A line through means, with a bar of one deviation either way at each.
pub(crate) struct Line {
    pub(crate) label: String,
    pub(crate) points: Vec<(f64, f64, f64)>,
}

/// One plot among several side by side.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) lines: Vec<Line>,
}

/// How the axes are named and marked.
pub(crate) struct Axes<'a> {
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    /// What stands at 0, 1, ... of the x axis, where it holds no numbers.
    pub(crate) marks: Option<Vec<String>>,
}

/// Panels of lines on one scale.
pub(crate) fn lines(panels: &[Panel], axes: &Axes<'_>) -> Result<String> {
    let points = || panels.iter().flat_map(|panel| &panel.lines).flat_map(|line| &line.points);
    let over = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        })
    };
    let (left, right) = over(&mut points().map(|point| point.0));
    let (low, _) = over(&mut points().map(|point| point.1 - point.2));
    let (_, high) = over(&mut points().map(|point| point.1 + point.2));
    if !(left <= right && low <= high) {
        return Err(Error::new(ErrorKind::Internal, "the plot has no data"));
    }
    let margin = 0.04 * (right - left).max(1e-9);
    let (x, y) = (left - margin..right + margin, (low - 0.01)..(high + 0.01));
    drawn(panels.len(), PANEL, |area, index| {
        let panel = &panels[index];
        let mut chart = ChartBuilder::on(area)
            .caption(&panel.title, (FONT, 16))
            .margin(8)
            .x_label_area_size(38)
            .y_label_area_size(48)
            .build_cartesian_2d(x.clone(), y.clone())
            .map_err(failed)?;
        let mark = |value: &f64| match &axes.marks {
            None => format!("{value:.0}"),
            Some(marks) => {
                let near = (value - value.round()).abs() < 1e-6 && *value > -0.5;
                marks
                    .get(value.round().max(0.0) as usize)
                    .filter(|_| near)
                    .cloned()
                    .unwrap_or_default()
            }
        };
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_labels(axes.marks.as_ref().map_or(8, |marks| 2 * marks.len()))
            .x_label_formatter(&mark)
            .x_desc(axes.x)
            .y_desc(axes.y)
            .label_style((FONT, 12))
            .draw()
            .map_err(failed)?;
        for (number, line) in panel.lines.iter().enumerate() {
            let colour = COLOURS[number % COLOURS.len()];
            let path: Vec<(f64, f64)> = line.points.iter().map(|(x, y, _)| (*x, *y)).collect();
            chart
                .draw_series(std::iter::once(PathElement::new(path, colour.stroke_width(2))))
                .map_err(failed)?
                .label(&line.label)
                .legend(move |(x, y)| {
                    PathElement::new(vec![(x, y), (x + 16, y)], colour.stroke_width(2))
                });
            let bars = line.points.iter().filter(|point| point.2 > 0.0);
            let bars =
                bars.map(|(x, y, by)| PathElement::new(vec![(*x, y - by), (*x, y + by)], colour));
            chart.draw_series(bars).map_err(failed)?;
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::LowerRight)
            .background_style(WHITE.mix(0.8))
            .label_font((FONT, 11))
            .draw()
            .map_err(failed)
    })
}

/// A matrix of numbers from a low one (white) to 1 (blue), some of which may be missing.
pub(crate) struct Heat {
    pub(crate) title: String,
    pub(crate) rows: Vec<String>,
    pub(crate) columns: Vec<String>,
    pub(crate) cells: Vec<Vec<Option<f64>>>,
    /// The number that is drawn white, and all below it.
    pub(crate) white: f64,
}

/// Matrices side by side.
pub(crate) fn heats(heats: &[Heat]) -> Result<String> {
    let (left, top, cell) = (96_i32, 96_i32, 40_i32);
    let most = |count: fn(&Heat) -> usize| heats.iter().map(count).max().unwrap_or(0) as i32;
    let size = (
        PANEL.0.max((left + cell * most(|heat| heat.columns.len()) + 12).unsigned_abs()),
        PANEL.1.max((top + cell * most(|heat| heat.rows.len()) + 12).unsigned_abs()),
    );
    drawn(heats.len(), size, |area, index| {
        let heat = &heats[index];
        let text = |text: &str, at: (i32, i32), size: i32, anchor: Pos, turned: bool| {
            let style = (FONT, size).into_font();
            let style = if turned { style.transform(FontTransform::Rotate270) } else { style };
            area.draw(&Text::new(text.to_owned(), at, style.into_text_style(area).pos(anchor)))
                .map_err(failed)
        };
        text(&heat.title, (size.0 as i32 / 2, 10), 15, Pos::new(HPos::Center, VPos::Top), false)?;
        for (column, name) in (0..).zip(&heat.columns) {
            let at = (left + column * cell + cell / 2, top - 6);
            text(name, at, 11, Pos::new(HPos::Left, VPos::Center), true)?;
        }
        for (row, (name, values)) in (0..).zip(heat.rows.iter().zip(&heat.cells)) {
            let y = top + row * cell;
            text(name, (left - 6, y + cell / 2), 11, Pos::new(HPos::Right, VPos::Center), false)?;
            for (column, value) in (0..).zip(values) {
                let x = left + column * cell;
                let strength = value.map_or(0.0, |value| {
                    ((value - heat.white) / (1.0 - heat.white)).clamp(0.0, 1.0)
                });
                let shade = |full: f64| (255.0 + (full - 255.0) * strength).round() as u8;
                let fill = RGBColor(shade(0.0), shade(114.0), shade(178.0)).filled();
                let corners = [(x, y), (x + cell - 2, y + cell - 2)];
                area.draw(&Rectangle::new(corners, fill)).map_err(failed)?;
                let number = value.map_or_else(
                    || "-".to_owned(),
                    |value| format!("{value:.2}").replacen("0.", ".", 1),
                );
                let at = (x + cell / 2, y + cell / 2);
                text(&number, at, 12, Pos::new(HPos::Center, VPos::Center), false)?;
            }
        }
        Ok(())
    })
}

/// `count` panels of `size`, each drawn by `draw`.
fn drawn(
    count: usize,
    size: (u32, u32),
    draw: impl Fn(&DrawingArea<SVGBackend<'_>, Shift>, usize) -> Result<()>,
) -> Result<String> {
    let mut svg = String::new();
    {
        let columns = count.max(1);
        let size = (size.0 * columns as u32, size.1);
        let root = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        for (index, area) in root.split_evenly((1, columns)).iter().enumerate().take(count) {
            draw(area, index)?;
        }
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

/// The error of a plot.
pub(crate) fn failed(error: impl Display) -> Error {
    Error::new(ErrorKind::Internal, format!("a plot could not be drawn: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plots_hold_what_they_are_given() {
        let line = |label: &str, y: f64| Line {
            label: label.to_owned(),
            points: vec![(0.0, y, 0.01), (1.0, y + 0.1, 0.0)],
        };
        let panel = Panel {
            title: "clean".to_owned(),
            lines: vec![line("first", 0.6), line("second", 0.7)],
        };
        let marks = Some(vec!["10".to_owned(), "all".to_owned()]);
        let svg = lines(&[panel], &Axes { x: "images", y: "AUC", marks }).unwrap();
        for part in ["clean", "first", "second", "images", "AUC", ">\n10\n", ">\nall\n"] {
            assert!(svg.contains(part), "{part} is missing from {svg}");
        }
        let heat = Heat {
            title: "before".to_owned(),
            rows: vec!["gan".to_owned()],
            columns: vec!["a".to_owned(), "b".to_owned()],
            cells: vec![vec![Some(0.5), Some(1.0)]],
            white: 0.5,
        };
        let svg = heats(&[heat]).unwrap();
        for part in ["before", "gan", "#FFFFFF", "#0072B2", "1.00", ".50"] {
            assert!(svg.contains(part), "{part} is missing from {svg}");
        }
        assert_eq!(
            lines(&[], &Axes { x: "", y: "", marks: None }).unwrap_err().kind(),
            ErrorKind::Internal
        );
    }
}
