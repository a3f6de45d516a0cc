//! Marks that several kinds of metadata have alike.

use serde_json::{Map, Value};

use super::claim::Claim;
use super::generators::{self, Settings};
use super::report::{Container, Mark};
use super::source_type::SourceType;
use super::statements::{Found, Statements};
use super::text::utf8_or_latin1;
use crate::image::Format;

/// A field for a code of the IPTC's vocabulary of digital sources.
pub(super) fn source_type(value: &str, at: Container, field: &str, statements: &mut Statements) {
    let found = match SourceType::of(value) {
        Some(kind) => Found::new(Mark::DigitalSourceType, kind.claim()).source(kind),
        None => Found::new(Mark::DigitalSourceType, None).text(value),
    };
    statements.add(at, field, found);
}

/// A field for the program that wrote the file.
pub(super) fn software(value: &str, at: Container, field: &str, statements: &mut Statements) {
    statements.add(
        at,
        field,
        match generators::named(value) {
            Some(name) => Found::new(Mark::Software, Claim::Generated).names(name).text(value),
            None => Found::new(Mark::Software, None).names(value),
        },
    );
}

/// A field for a program that did a part of the work.
pub(super) fn editor(value: &str, at: Container, field: &str, statements: &mut Statements) {
    statements.add(
        at,
        field,
        match generators::named(value) {
            Some(name) => Found::new(Mark::Software, Claim::GeneratorNamed).names(name).text(value),
            None => Found::new(Mark::Software, None).names(value),
        },
    );
}

/// A credit line. Google's models and its photo editor write the first two, Google Photos the
/// others, whatever the extent of the edit was.
///
/// Source: <https://blog.google/technology/ai/google-photos-ai-transparency/>, and files of Gemini
/// and Imagen.
pub(super) fn credit(value: &str, at: Container, field: &str, statements: &mut Statements) {
    let claim = match value.trim() {
        "Made with Google AI" => Claim::Generated,
        "Edited with Google AI" => Claim::PartlyGenerated,
        "AI-Generated with Google" | "AI-Generated with Google Photos" => Claim::GeneratorNamed,
        other if generators::named(other).is_some() => Claim::GeneratorNamed,
        _ => return,
    };
    let name = generators::named(value).unwrap_or("Google AI");
    statements.add(at, field, Found::new(Mark::Credit, claim).names(name).text(value));
}

/// Notes of a generator, with the prompt as a statement of its own.
pub(super) fn settings(
    settings: &Settings,
    at: Container,
    field: &str,
    statements: &mut Statements,
) {
    let found = Found::new(Mark::Settings, settings.claim).names(settings.generator.as_str());
    statements.add(at, field, found.text(settings.details.as_deref()));
    if let Some(prompt) = &settings.prompt {
        let found = Found::new(Mark::Prompt, None).names(settings.generator.as_str());
        statements.add(at, field, found.text(prompt.as_str()));
    }
}

/// A field for a description of the picture, in which Midjourney and others put their notes.
pub(super) fn description(value: &str, at: Container, field: &str, statements: &mut Statements) {
    if let Some((prompt, job)) = generators::midjourney(value) {
        let job = Found::new(Mark::JobId, Claim::Generated).names("Midjourney").text(job);
        statements.add(at, field, job);
        let prompt = Found::new(Mark::Prompt, None).names("Midjourney").text(prompt);
        statements.add(at, field, prompt);
    } else if let Some(found) = generators::web_ui(value) {
        settings(&found, at, field, statements);
    } else if let Some(label) = aigc_object(value, true) {
        aigc(&label, at, field, statements);
    }
}

/// A field for a user's comment, in which generators put their notes.
pub(super) fn user_comment(value: &str, at: Container, field: &str, statements: &mut Statements) {
    if let Some(found) = generators::web_ui(value).or_else(|| generators::json(value)) {
        settings(&found, at, field, statements);
    } else if let Some(label) = aigc_object(value, true) {
        aigc(&label, at, field, statements);
    } else if value.trim() == "Screenshot" {
        // iOS and macOS.
        let found = Found::new(Mark::Screenshot, Claim::ScreenCapture).text(value);
        statements.add(at, field, found);
    }
}

/// A comment of the file itself. In GIF, Stable Diffusion web UI puts its settings there
/// (`modules/images.py`, `save_image_with_geninfo`), in JPEG the library gd its name.
pub(super) fn comment(comment: &[u8], format: Format, statements: &mut Statements) {
    let text = utf8_or_latin1(comment);
    if format == Format::Gif
        && let Some(found) = generators::web_ui(&text)
    {
        settings(&found, Container::Comment, "Comment", statements);
    }
    if let Some(software) = text.strip_prefix("CREATOR: ") {
        let found = Found::new(Mark::Software, None).names(software);
        statements.add(Container::Comment, "COM", found);
    }
}

/// Fields of the label (GB 45438-2025, annex E), by one of which it is told from other objects.
const AIGC_FIELDS: [&str; 5] =
    ["Label", "ContentProducer", "ProduceID", "ContentPropagator", "PropagateID"];

/// The label that Chinese law asks for, from a field that is for nothing else.
pub(super) fn aigc_label(value: &str, at: Container, field: &str, statements: &mut Statements) {
    match aigc_object(value, false) {
        Some(label) => aigc(&label, at, field, statements),
        None => {
            let found = Found::new(Mark::AigcLabel, Claim::PossiblyGenerated).text(value);
            statements.add(at, field, found);
        }
    }
}

/// The code of such a label by itself.
pub(super) fn aigc_code(value: &str, at: Container, field: &str, statements: &mut Statements) {
    let found = Found::new(Mark::AigcLabel, aigc_claim(value)).text(value);
    statements.add(at, field, found);
}

/// A label as JSON, by itself or as `{"AIGC": {...}}`; in a field that is for other things, too,
/// only in the latter form or with two of its fields.
pub(super) fn aigc_object(value: &str, common: bool) -> Option<Map<String, Value>> {
    let value = value.trim();
    if !value.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(mut object)) = serde_json::from_str(value) else { return None };
    let fields = |object: &Map<String, Value>| {
        AIGC_FIELDS.iter().filter(|field| object.contains_key(**field)).count()
    };
    let label = match object.remove("AIGC") {
        Some(Value::Object(label)) => Some(label).filter(|label| fields(label) > 0),
        // Some write the label as a text.
        Some(Value::String(text)) => match serde_json::from_str(&text) {
            Ok(Value::Object(label)) => Some(label).filter(|label| fields(label) > 0),
            _ => None,
        },
        _ => None,
    };
    let least = if common { 2 } else { 1 };
    label.or_else(|| (fields(&object) >= least).then_some(object))
}

fn aigc_claim(code: &str) -> Claim {
    // 1: is generated; 2: may be; 3: is presumed to be.
    if code.trim() == "1" { Claim::Generated } else { Claim::PossiblyGenerated }
}

fn aigc(label: &Map<String, Value>, at: Container, field: &str, statements: &mut Statements) {
    let text = |name: &str| match label.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    };
    let code = text("Label").unwrap_or_default();
    let who = ["ContentProducer", "ContentPropagator"]
        .iter()
        .find_map(|name| text(name).filter(|name| !name.trim().is_empty()));
    let words = (!code.is_empty()).then(|| format!("Label {code}"));
    let found = Found::new(Mark::AigcLabel, aigc_claim(&code));
    statements.add(at, field, found.names(who.as_deref()).text(words.as_deref()));
}
