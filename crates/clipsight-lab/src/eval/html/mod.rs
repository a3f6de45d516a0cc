//! The evaluation as one page: everything is in the file, nothing is fetched, nothing runs.

mod plots;

use std::fmt::Write as _;

use clipsight::Result;
use clipsight_measure::figures::OriginFigures;
use clipsight_measure::metrics::{Interval, Share};
use clipsight_native::io::printable;
use html_escape::encode_text;

use super::attribution::AttributionFigures;
use super::report::{EvalReport, number};
use super::section::Section;

const STYLE: &str = include_str!("style.css");

/// The page of a report.
///
/// # Errors
/// [`ErrorKind::Internal`](clipsight::ErrorKind::Internal) when a plot cannot be drawn.
pub fn render(report: &EvalReport) -> Result<String> {
    let mut page = String::new();
    let name = text(&report.model.id);
    // Even if a name slipped through, the policy lets nothing run and nothing be fetched.
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src \
         'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{name}: evaluation</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
    );
    page += &header(report);
    page += &tiles(report);
    page += &curves(report)?;
    page += &perturbations(report)?;
    page += &failures(report);
    page += &attribution(report);
    page += &belief(report);
    page += &limits(report);
    let _ = write!(
        page,
        "<footer>Written by <code>clipsight eval</code>. Weights {}, calibration {}, list of \
         images {}.</footer>\n\
         </main>\n</body>\n</html>\n",
        text(&report.model.weights_sha256),
        text(&report.model.calibration_id),
        text(&report.data.manifest_sha256),
    );
    Ok(page)
}

/// Strangers' text, inert.
fn text(name: &str) -> String {
    encode_text(&printable(name)).into_owned()
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn header(report: &EvalReport) -> String {
    let figures = &report.figures;
    let origins =
        |generated| figures.origins.iter().filter(|origin| origin.generated == generated).count();
    let mut html = format!(
        "<p class=\"eyebrow\">Evaluation of an AI image detector</p>\n<h1>{}</h1>\n<p \
         class=\"lede\">At its shipped threshold it finds <strong>{}</strong> of the generated \
         images and raises a false alarm on <strong>{}</strong> of the others.</p>\n<p>Measured on \
         the role <code>{}</code>: {} images by {} generators and {} others from {} sources, {} of \
         each image. Intervals are 95 %.</p>\n",
        text(&report.model.id),
        percent(figures.recall.rate),
        percent(1.0 - figures.specificity.rate),
        text(&report.data.role),
        figures.generated,
        origins(true),
        figures.real,
        origins(false),
        match (report.views, report.early_exit) {
            (1, true) => "one view, or five if one gives no grade,".to_owned(),
            (1, false) => "one view".to_owned(),
            (views, _) => format!("{views} views"),
        },
    );
    if report.confounds.as_ref().is_some_and(|confounds| !confounds.passed) {
        html += "<p class=\"warn\">The confound gate fails: the way the files are stored separates \
                 the classes without a single pixel, so none of these figures counts.</p>\n";
    }
    if report.controls.as_ref().is_some_and(|controls| !controls.passed) {
        html += "<p class=\"warn\">Shuffled labels do not score like chance: something is wrong \
                 with the measurement.</p>\n";
    }
    html
}

fn range(low: f64, high: f64, rate: f64) -> String {
    format!(
        "<span class=\"range\" style=\"--low:{low:.4};--high:{high:.4};--rate:{rate:.4}\"></span>"
    )
}

fn tile(name: &str, value: f64, interval: Option<(f64, f64)>, detail: &str) -> String {
    let mut html = format!(
        "<div class=\"tile\"><p class=\"name\">{}</p><p class=\"value\">{}</p>",
        text(name),
        number(value)
    );
    let mut details = detail.to_owned();
    if let Some((low, high)) = interval {
        html += &range(low, high, value);
        let between = format!("{} to {}", number(low), number(high));
        details = if details.is_empty() { between } else { format!("{between}; {details}") };
    }
    let _ = writeln!(html, "<p class=\"detail\">{}</p></div>", text(&details));
    html
}

fn tiles(report: &EvalReport) -> String {
    let figures = &report.figures;
    let share = |share: &Share| Some((share.low, share.high));
    let (area, accuracy) = (figures.auc_interval, figures.balanced_accuracy_interval);
    let mut html = "<div class=\"tiles\">\n".to_owned();
    let ends = |interval: Option<Interval>| interval.map(|ends| (ends.low, ends.high));
    html += &tile("AUC", figures.auc, ends(area), "bootstrap by origin");
    html += &tile(
        "balanced accuracy",
        figures.balanced_accuracy,
        ends(accuracy),
        "bootstrap by origin",
    );
    let five = &figures.recall_at_5_percent;
    html += &tile("TPR at 5 % FPR", five.rate, share(five), "");
    html += &tile(
        "calibration error (ECE)",
        figures.calibration_error,
        None,
        "15 bins, at even odds; 0 is perfect",
    );
    for (name, worst) in
        [("worst generator", &figures.worst_generator), ("worst source", &figures.worst_source)]
    {
        if let Some(OriginFigures { origin, accuracy, .. }) = worst {
            html += &tile(
                &format!("{name}: {origin}"),
                accuracy.rate,
                share(accuracy),
                "share decided rightly",
            );
        }
    }
    if let Some(robustness) = &report.perturbations {
        let worst = &robustness.worst;
        let detail = format!("balanced accuracy, {:+.3} against untouched", 0.0 - worst.loss);
        html += &tile(
            &format!("worst perturbation: {}", worst.condition),
            worst.balanced_accuracy,
            None,
            &detail,
        );
    }
    if let Some(value) = figures.predictive_value_at_1_percent {
        html += &tile(
            "precision at 1 % generated",
            value,
            None,
            "of the images called generated, if 1 % of all images were",
        );
    }
    html + "</div>\n"
}

fn figure(title: &str, svg: &str, caption: &str) -> String {
    format!("<figure><h3>{title}</h3>\n{svg}<figcaption>{caption}</figcaption></figure>\n")
}

fn card(section: &Section) -> String {
    format!("<div class=\"card\"><h3>{}</h3>{}</div>\n", text(section.title), section.html())
}

fn curves(report: &EvalReport) -> Result<String> {
    let (curves, figures) = (&report.curves, &report.figures);
    let mut html = "<h2>How well it separates them</h2>\n<div class=\"grid\">\n".to_owned();
    html += &figure(
        "Receiver operating characteristic",
        &plots::roc(curves, figures)?,
        "All possible thresholds; the dot is the one that ships.",
    );
    html += &figure(
        "Reliability",
        &plots::reliability(curves, figures)?,
        "On the diagonal, probabilities are calibrated. Larger dots represent more images.",
    );
    html += &figure(
        "Probabilities",
        &plots::histogram(curves, figures)?,
        "<span class=\"key generated\">generated</span><span class=\"key real\">not</span>The line \
         is the threshold.",
    );
    html += &figure(
        "Risk and coverage",
        &plots::risk_coverage(curves, figures)?,
        "How often it is wrong if it decides only where it is most certain; the dot is where it \
         abstains today.",
    );
    html += "</div>\n<h2>All figures</h2>\n<div class=\"stack\">\n";
    let shared = [report.overview(), report.grades(), report.risk_coverage()];
    for section in shared.into_iter().chain(report.operating_points()) {
        html += &card(&section);
    }
    Ok(html + "</div>\n")
}

fn perturbations(report: &EvalReport) -> Result<String> {
    let (Some(robustness), Some(section)) = (&report.perturbations, report.perturbations()) else {
        return Ok("<h2>Perturbed images</h2>\n<p>Not measured: run with <code>--perturbations \
                   full</code>.</p>\n"
            .to_owned());
    };
    let caption =
        "The line is the untouched image; the worst perturbation has a colour of its own.";
    Ok(format!(
        "<h2>Perturbed images</h2>\n<div class=\"stack\">\n{}{}</div>\n",
        figure(
            "Balanced accuracy under every perturbation",
            &plots::robustness(robustness)?,
            caption
        ),
        card(&section),
    ))
}

fn failures(report: &EvalReport) -> String {
    let mut html =
        "<h2>Where it is right and where it is not</h2>\n<div class=\"stack\">\n".to_owned();
    if !report.figures.contents.is_empty() {
        html += &card(&report.contents());
    }
    let own = report.mistakes().into_iter().chain(report.unjudged());
    for section in report.matched_sets().into_iter().chain(report.sizes()).chain(own) {
        html += &card(&section);
    }
    for generated in [true, false] {
        let title = text(report.origins(generated).title);
        let name = if generated { "generator" } else { "source" };
        let mut origins: Vec<&OriginFigures> =
            report.figures.origins.iter().filter(|origin| origin.generated == generated).collect();
        origins.sort_by(|a, b| a.accuracy.rate.total_cmp(&b.accuracy.rate));
        let _ = write!(
            html,
            "<div class=\"card\"><h3>{title}</h3><div class=\"scroll\"><table \
             class=\"origins\"><thead><tr><th scope=\"col\">{name}</th><th \
             scope=\"col\">images</th><th scope=\"col\">right</th><th \
             scope=\"col\">interval</th><th></th></tr></thead><tbody>"
        );
        for OriginFigures { origin, accuracy: Share { rate, low, high, n }, .. } in origins {
            let _ = write!(
                html,
                "<tr><th scope=\"row\">{}</th><td>{n}</td><td>{}</td><td>{} to \
                 {}</td><td>{}</td></tr>",
                text(origin),
                number(*rate),
                number(*low),
                number(*high),
                range(*low, *high, *rate),
            );
        }
        html += "</tbody></table></div><p class=\"note\">The worst first. Intervals: \
                 Clopper-Pearson.</p></div>\n";
    }
    html + "</div>\n"
}

fn attribution(report: &EvalReport) -> String {
    let title = "<h2>Which generator made an image</h2>\n";
    let (Some(figures), Some(section)) = (&report.attribution, report.attribution()) else {
        return format!("{title}<p>This model does not name generators.</p>\n");
    };
    format!("{title}<div class=\"stack\">\n{}{}</div>\n", card(&section), matrix(figures))
}

/// The confusion matrix; a cell's strength is its share of the row.
fn matrix(figures: &AttributionFigures) -> String {
    let mut html = "<div class=\"card\"><h3>Confusion matrix</h3><div class=\"scroll\"><table \
                    class=\"matrix\"><thead><tr><th scope=\"col\">made by</th>"
        .to_owned();
    for name in &figures.columns {
        let _ = write!(html, "<th scope=\"col\">{}</th>", text(name));
    }
    html += "</tr></thead><tbody>";
    for row in &figures.rows {
        let class = if row.known { "known" } else { "unknown" };
        let _ =
            write!(html, "<tr class=\"{class}\"><th scope=\"row\">{}</th>", text(&row.generator));
        let total = row.counts.iter().sum::<usize>().max(1);
        for count in &row.counts {
            let part = *count as f64 / total as f64;
            let count = if *count == 0 { String::new() } else { count.to_string() };
            let _ = write!(html, "<td style=\"--part:{part:.3}\">{count}</td>");
        }
        html += "</tr>";
    }
    html + "</tbody></table></div><p class=\"note\">Rows: who made the images, in italics those \
            that the model does not know. Columns: the names it assigned.</p></div>\n"
}

fn belief(report: &EvalReport) -> String {
    let mut html = "<h2>Can these figures be trusted?</h2>\n<div class=\"stack\">\n".to_owned();
    match report.controls() {
        Some(section) => html += &card(&section),
        None => html += "<p>Controls were not measured: run with <code>--controls</code>.</p>\n",
    }
    html += &card(&report.confounds());
    html + "</div>\n"
}

fn limits(report: &EvalReport) -> String {
    let [least, median, most] = report.data.short_sides;
    let figures = &report.figures;
    let mut points = vec![
        "Other generators and other sources. The intervals of AUC and balanced accuracy show how \
         much depends on which ones were at hand; those that nobody has seen yet may be harder \
         still."
            .to_owned(),
        format!(
            "Other sizes. These images have shorter sides of {least} to {most} px (median \
             {median}); larger originals carry other traces."
        ),
        "How often it is right on your images. Accuracy here weights both classes equally; where \
         few images are generated, most alarms are false ones, see the precision at 1 % and 10 %."
            .to_owned(),
        "Images that are partly generated, retouched or edited, and labels that are wrong in the \
         list itself."
            .to_owned(),
        "Attacks: nobody tried to fool the model on purpose.".to_owned(),
        "Origins of few images: with 8 of 8 right, a share of .63 is still within the interval."
            .to_owned(),
    ];
    if report.perturbations.is_none() {
        points.push(
            "Recompressed, resized or cropped images: perturbations were not measured.".to_owned(),
        );
    } else if report
        .perturbations
        .as_ref()
        .is_some_and(|robustness| robustness.views != report.views || report.early_exit)
    {
        points.push(
            "Perturbations with all views: they were measured with fewer, and show how figures \
             change, not what they are."
                .to_owned(),
        );
    }
    if figures.contents.iter().any(|content| content.generated == 0 || content.real == 0) {
        let names: Vec<String> = figures
            .contents
            .iter()
            .filter(|content| content.generated == 0 || content.real == 0)
            .map(|content| text(&content.content))
            .collect();
        points
            .push(format!("Content that has images of one class only here: {}.", names.join(", ")));
    }
    let items: String = points.iter().map(|point| format!("<li>{point}</li>\n")).collect();
    format!("<h2>What this does not show</h2>\n<ul>\n{items}</ul>\n")
}

#[cfg(test)]
mod tests {
    use super::super::report::tests::example;
    use super::*;

    #[test]
    fn the_page_holds_everything_and_fetches_nothing() {
        let html = render(&example()).unwrap();
        for part in [
            "<h1>m</h1>",
            "0.750",
            "worst perturbation: JPEG 90",
            "Confusion matrix",
            "The confound gate fails",
            "the head, its weights shuffled",
            "What this does not show",
            "224 to 512 px",
            "aria-label=\"Risk against coverage",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
        assert_eq!(html.matches("<svg ").count(), 5);
        for outside in
            ["http:", "https:", "//", "<script", "url(", "@import", "<link", "<img", " on"]
        {
            let found = html.find(outside);
            // " on" stands in sentences, but never before an attribute's equals sign.
            let attribute = |at: usize| {
                html[at + 1..].split([' ', '>']).next().is_some_and(|word| word.contains('='))
            };
            assert!(
                found.is_none_or(|at| outside == " on" && !attribute(at)),
                "{outside} is in the page"
            );
        }
    }

    #[test]
    fn colours_of_the_plots_are_in_the_style_sheet() {
        let page = render(&example()).unwrap();
        let (_, html) = page.split_once("</style>").unwrap();
        assert!(html.contains("fill=\"#"));
        for (at, _) in html.match_indices("=\"#") {
            let attribute = html[..at].rsplit(' ').next().unwrap();
            let rule = format!("svg [{attribute}{}]", &html[at..at + 10]);
            assert!(STYLE.contains(&rule), "no rule {rule}");
        }
    }

    #[test]
    fn hostile_names_stay_text() {
        let hostile = "</td><script>alert(1)</script><img src=x onerror=alert(1)>\"'\u{202e}\u{1b}";
        let mut report = example();
        report.model.id = hostile.to_owned();
        report.data.role = hostile.to_owned();
        report.figures.worst_generator = Some(report.figures.origins[0].clone());
        for origin in report.figures.origins.iter_mut().chain(&mut report.figures.worst_generator) {
            origin.origin = hostile.to_owned();
        }
        for content in &mut report.figures.contents {
            content.content = hostile.to_owned();
            content.real = 0;
        }
        let robustness = report.perturbations.as_mut().unwrap();
        robustness.conditions[1].condition = hostile.to_owned();
        robustness.worst.condition = hostile.to_owned();
        let attribution = report.attribution.as_mut().unwrap();
        attribution.columns[0] = hostile.to_owned();
        attribution.rows[0].generator = hostile.to_owned();
        let html = render(&report).unwrap();
        for part in ["<script", "<img", "\u{202e}", "\u{1b}", "</td><"] {
            let harmless = if part == "</td><" {
                html.matches("</td></tr>").count() + html.matches("</td><td").count()
            } else {
                0
            };
            assert_eq!(html.matches(part).count(), harmless, "{part}");
        }
        assert!(html.matches("&lt;script&gt;alert(1)&lt;/script&gt;").count() > 8);
    }

    #[test]
    fn parts_that_were_not_measured_are_named() {
        let mut report = example();
        (report.perturbations, report.attribution, report.controls) = (None, None, None);
        let html = render(&report).unwrap();
        for part in [
            "--perturbations full",
            "does not name generators",
            "--controls",
            "perturbations were not measured",
        ] {
            assert!(html.contains(part), "{part} is missing");
        }
    }
}
