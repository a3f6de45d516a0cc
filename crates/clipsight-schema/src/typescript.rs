//! Codes of errors, limits, version and names of files, as TypeScript that Prettier leaves alone.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use clipsight::error::{ErrorKind, Fault};
use clipsight::{calibration, limits};
use clipsight_native::names;
use schemars::{JsonSchema, schema_for};

use super::Result;
use super::analysis::unwrapped;

const HEADER: &str = "// Written by `npm run generate` from";

/// Columns of the sources.
const WIDTH: usize = 100;

/// The package's codes: what each means, and who can do something about it.
pub(super) fn error_codes() -> Result<String> {
    let mut list = String::new();
    let mut meanings = Vec::new();
    let mut codes_by_fault: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, what) in described::<ErrorKind>()? {
        // Derived names of variants are those of the schema.
        let kind = ErrorKind::ALL.into_iter().find(|kind| format!("{kind:?}") == name);
        let kind = kind.ok_or_else(|| format!("ErrorKind::ALL lacks {name}"))?;
        let code = kind.code();
        list += &comment("  ", &wrapped(&what, WIDTH - "   * ".len()));
        writeln!(list, "  '{code}',")?;
        meanings.push(format!("`{code}`: {what}"));
        codes_by_fault.entry(format!("{:?}", kind.fault())).or_default().push(format!("`{code}`"));
    }
    let faults = described::<Fault>()?.into_iter().filter_map(|(fault, who)| {
        codes_by_fault.remove(&fault).map(|codes| format!("{}: {who}", codes.join(", ")))
    });
    let text = [
        vec!["What went wrong, as a stable code.".to_owned(), String::new()],
        items(meanings),
        vec![String::new(), "Who can do something about it:".to_owned(), String::new()],
        items(faults),
    ];
    if let Some(fault) = codes_by_fault.keys().next() {
        return Err(format!("Fault::{fault} is not described").into());
    }
    let text = comment("", &text.concat());
    Ok(format!(
        "{HEADER} src/error.rs.\n\n\
         /** Every stable code of {{@link DetectorError}}. */\n\
         export const DETECTOR_ERROR_CODES = [\n{list}] as const;\n\n\
         {text}export type DetectorErrorCode = (typeof DETECTOR_ERROR_CODES)[number];\n"
    ))
}

/// The items of a list, in lines for a comment that is not indented.
fn items(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let lines = |text: String| {
        let lines = wrapped(&text, WIDTH - " *   ".len()).into_iter().enumerate();
        lines.map(|(at, line)| format!("{}{line}", if at == 0 { "- " } else { "  " }))
    };
    texts.into_iter().flat_map(lines).collect()
}

/// The variants of an enum without fields, with their doc comments.
fn described<T: JsonSchema>() -> Result<Vec<(String, String)>> {
    let schema = schema_for!(T).to_value();
    let variants = schema["oneOf"].as_array().ok_or("every variant needs a doc comment")?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    variants
        .iter()
        .map(|variant| {
            let name = text(&variant["const"]).ok_or("every variant needs a doc comment")?;
            let what = text(&variant["description"]).ok_or(format!("{name} is not described"))?;
            Ok((name, unwrapped(&what)))
        })
        .collect()
}

/// Constants with the module that they stand in and its source.
macro_rules! limits {
    ($($module:ident::$name:ident),+ $(,)?) => {
        [$((stringify!($module), stringify!($name), $module::$name as u64)),+]
    };
}

/// The bounds that are checked in JavaScript, too.
pub(super) fn limits() -> Result<String> {
    let shared = limits![
        limits::MAX_IMAGE_BYTES,
        limits::MAX_IMAGE_SIDE,
        limits::MAX_IMAGE_PIXELS,
        limits::MAX_MANIFEST_BYTES,
        limits::MAX_SHARD_BYTES,
        limits::MAX_SHARDS,
        limits::MIN_EXAMPLES,
        limits::MAX_EXAMPLES,
        limits::MAX_REFERENCES_BYTES,
        limits::MAX_TAUGHT_HEAD_BYTES,
        limits::MAX_HEAD_NAME_CHARACTERS,
        calibration::MIN_GRADED_SIDE,
    ];
    let sources = [
        ("limits", syn::parse_file(include_str!("../../../src/limits.rs"))?),
        ("calibration", syn::parse_file(include_str!("../../../src/calibration.rs"))?),
    ];
    let mut text = format!("{HEADER} src/limits.rs and src/calibration.rs.\n");
    for (module, name, value) in shared {
        let source = sources.iter().find(|(source, _)| *source == module);
        let what = source.and_then(|(_, file)| comment_of(file, name));
        let what = what.ok_or_else(|| format!("{module}::{name} has no doc comment"))?;
        let comment = comment("", &wrapped(&what, WIDTH - " * ".len()));
        write!(text, "\n{comment}export const {name} = {};\n", number(value))?;
    }
    Ok(text)
}

/// The one version of all parts.
pub(super) fn version() -> String {
    let version = env!("CARGO_PKG_VERSION");
    format!(
        "{HEADER} Cargo.toml.\n\n/** The version of clipsight. */\n\
         export const VERSION = '{version}';\n"
    )
}

/// By which names the page takes files in folders for images, and which it passes over.
pub(super) fn names() -> Result<String> {
    let source = syn::parse_file(include_str!("../../clipsight-native/src/names.rs"))?;
    let quoted = |name: &str| format!("'{name}'");
    let list = |names: &[&str]| {
        let items: String = names.iter().map(|name| format!("  {},\n", quoted(name))).collect();
        format!("[\n{items}] as const")
    };
    let mut text = format!("{HEADER} crates/clipsight-native/src/names.rs.\n");
    for (name, value) in [
        ("IMAGE_EXTENSIONS", list(names::IMAGE_EXTENSIONS)),
        ("SYSTEM_NAMES", list(names::SYSTEM_NAMES)),
        ("APPLE_DOUBLE_PREFIX", quoted(names::APPLE_DOUBLE_PREFIX)),
    ] {
        let what = comment_of(&source, name).ok_or_else(|| format!("{name} is not described"))?;
        let comment = comment("", &wrapped(&what, WIDTH - " * ".len()));
        write!(text, "\n{comment}export const {name} = {value};\n")?;
    }
    Ok(text)
}

/// The doc comment of a constant.
fn comment_of(file: &syn::File, name: &str) -> Option<String> {
    let constant = file.items.iter().find_map(|item| match item {
        syn::Item::Const(constant) if constant.ident == name => Some(constant),
        _ => None,
    })?;
    let lines = constant.attrs.iter().filter_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(syn::MetaNameValue {
            path,
            value: syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(line), .. }),
            ..
        }) if path.is_ident("doc") => Some(line.value()),
        _ => None,
    });
    Some(unwrapped(&lines.collect::<Vec<_>>().join("\n"))).filter(|text| !text.is_empty())
}

/// `16_384`, as our sources write numbers of five digits and more.
fn number(value: u64) -> String {
    let digits = value.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join("_")
}

/// Text in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last().map_or(0, |line| line.chars().count());
        if last > 0 && last + 1 + word.chars().count() > width {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A doc comment; on one line where it fits.
fn comment(indent: &str, lines: &[String]) -> String {
    match lines {
        [line] if indent.len() + "/** ".len() + line.chars().count() + " */".len() <= WIDTH => {
            format!("{indent}/** {line} */\n")
        }
        lines => {
            let lines = lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned());
            let lines = lines.collect::<Vec<_>>().join("\n");
            format!("{indent}/**\n{lines}\n{indent} */\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_groups() {
        let shown = [1024, 16_384, 100_000_000].map(number);
        assert_eq!(shown, ["1024", "16_384", "100_000_000"]);
    }

    #[test]
    fn comments_are_wrapped() {
        assert_eq!(comment("", &wrapped("one two", 20)), "/** one two */\n");
        assert_eq!(
            comment("  ", &wrapped("one two three", 7)),
            "  /**\n   * one two\n   * three\n   */\n"
        );
    }
}
