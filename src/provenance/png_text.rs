//! Texts of PNG files: what generators note there, under keywords of their own.

use super::claim::Claim;
use super::containers::Text;
use super::generators::{self, Settings};
use super::marks;
use super::report::{Container, Mark};
use super::statements::{Found, Statements};

const AT: Container = Container::PngText;

/// Says what the texts of a file say. Keywords are ordinary words, so that most count only with a
/// text of the shape that their generator gives it.
pub(super) fn state(texts: &[Text], statements: &mut Statements) {
    let easy = easy_diffusion(texts);
    if let Some(settings) = &easy {
        marks::settings(settings, AT, "use_stable_diffusion_model", statements);
    }
    for Text { keyword, text } in texts {
        match keyword.as_str() {
            // Stable Diffusion web UI (`modules/images.py`), SwarmUI, Fooocus; the second and third
            // are ComfyUI's, the fourth Tensor.Art's.
            "parameters" | "prompt" | "workflow" | "generation_data" | "Comment" => {
                let web_ui = (keyword == "parameters").then(|| generators::web_ui(text)).flatten();
                if let Some(settings) = web_ui.or_else(|| generators::json(text)) {
                    marks::settings(&settings, AT, keyword, statements);
                }
            }
            "invokeai_metadata" | "sd-metadata" => {
                let settings = generators::json(text).filter(|found| found.generator == "InvokeAI");
                match settings {
                    Some(settings) => marks::settings(&settings, AT, keyword, statements),
                    // Nobody else has such a keyword.
                    None => named("InvokeAI", keyword, statements),
                }
            }
            "invokeai_graph" | "invokeai_workflow" => named("InvokeAI", keyword, statements),
            "Dream" => {
                if let Some(settings) = generators::dream(text) {
                    marks::settings(&settings, AT, keyword, statements);
                }
            }
            "fooocus_scheme" if matches!(text.as_str(), "fooocus" | "a1111") => {
                named("Fooocus", keyword, statements);
            }
            "AIGC" => {
                if let Some(label) = marks::aigc_object(text, false) {
                    let label = serde_json::Value::Object(label).to_string();
                    marks::aigc_label(&label, AT, keyword, statements);
                }
            }
            // PNG's own keywords (third edition, 11.3.3.1).
            "Software" => marks::software(text, AT, keyword, statements),
            "Source" => source(text, statements),
            "Description" => marks::description(text, AT, keyword, statements),
            _ => {}
        }
    }
}

/// A generator that is told by its keyword alone.
fn named(generator: &str, keyword: &str, statements: &mut Statements) {
    let found = Found::new(Mark::Settings, Claim::Generated).names(generator);
    statements.add(AT, keyword, found);
}

/// The device that a picture comes from, says PNG; NovelAI writes its model there, other files a
/// camera.
fn source(text: &str, statements: &mut Statements) {
    if let Some(name) = generators::named(text) {
        let found = Found::new(Mark::Software, Claim::Generated).names(name).text(text);
        statements.add(AT, "Source", found);
    }
}

/// Easy Diffusion has a text for each setting.
///
/// Source: easydiffusion/easydiffusion, `ui/easydiffusion/utils/save_utils.py`.
fn easy_diffusion(texts: &[Text]) -> Option<Settings> {
    let text = |wanted: &str| {
        texts.iter().find(|text| text.keyword == wanted).map(|text| text.text.clone())
    };
    text("num_inference_steps").or_else(|| text("guidance_scale"))?;
    Some(Settings {
        generator: "Easy Diffusion".to_owned(),
        claim: Claim::Generated,
        details: Some(text("use_stable_diffusion_model")?),
        prompt: text("prompt"),
    })
}
