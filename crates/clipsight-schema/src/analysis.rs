//! The JSON Schema of an analysis, as the package gives it, and among its definitions that of a
//! verification of Content Credentials.

use clipsight::model::{Analysis, SCHEMA_VERSION};
use clipsight_verify::Verification;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use serde_json::{Map, Value, json};

use super::Result;

/// In draft 7, which validators know that know nothing newer.
pub(super) fn schema() -> Result<String> {
    let settings = SchemaSettings::draft07().for_serialize();
    let draft = settings.meta_schema.clone();
    let mut generator = settings.with_transform(Plain).into_generator();
    let root = generator.subschema_for::<Analysis>();
    generator.subschema_for::<Verification>();
    let definitions: Map<String, Value> = generator.take_definitions(true);
    let schema = json!({
        "$schema": draft,
        "$id": format!("urn:clipsight:analysis:{SCHEMA_VERSION}"),
        "title": "clipsight analysis",
        "$ref": root.get("$ref"),
        "definitions": definitions,
    });
    Ok(format!("{}\n", serde_json::to_string_pretty(&schema)?))
}

/// What is left out of a schema that Rust alone understands, and what is told more strictly.
#[derive(Clone, Debug)]
struct Plain;

impl Transform for Plain {
    fn transform(&mut self, schema: &mut Schema) {
        // Widths of Rust's numbers: strict validators refuse formats that they do not know.
        schema.remove("format");
        // An analysis of this version has no other fields.
        if schema.get("properties").is_some() {
            schema.ensure_object().entry("additionalProperties").or_insert(false.into());
        }
        if let Some(Value::String(description)) = schema.get_mut("description") {
            *description = unwrapped(description);
        }
        transform_subschemas(self, schema);
    }
}

/// A comment's paragraphs without the ends of its lines.
pub(super) fn unwrapped(comment: &str) -> String {
    let paragraphs = comment.split("\n\n").map(|paragraph| {
        paragraph.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>()
    });
    paragraphs.map(|lines| lines.join(" ")).collect::<Vec<_>>().join("\n\n")
}
