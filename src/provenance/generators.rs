//! Generators: their names, and the notes that they leave of how they made a picture.

use serde_json::{Map, Value};

use super::claim::Claim;
use super::text::is_uuid;

/// Names of tools that do nothing but generate, as fields for software have them: what to find, and
/// the name to give. Ordinary words, and programs that mostly do other things, are left out.
const NAMES: &[(&str, &str)] = &[
    ("adobe firefly", "Adobe Firefly"),
    ("aphrodite ai", "Aphrodite AI"),
    ("automatic1111", "Stable Diffusion web UI"),
    ("bing image creator", "Bing Image Creator"),
    ("black forest labs", "Black Forest Labs (FLUX)"),
    ("chatgpt", "ChatGPT"),
    ("comfyui", "ComfyUI"),
    ("craiyon", "Craiyon"),
    ("dall-e", "DALL·E"),
    ("dall·e", "DALL·E"),
    ("diffusionbee", "DiffusionBee"),
    ("doubao", "Doubao"),
    ("draw things", "Draw Things"),
    ("dreamina", "Dreamina"),
    ("dreamstudio", "DreamStudio"),
    ("easy diffusion", "Easy Diffusion"),
    ("fooocus", "Fooocus"),
    ("google imagen", "Google Imagen"),
    ("gpt-4o", "GPT-4o"),
    ("gpt-image", "gpt-image"),
    ("ideogram ai", "Ideogram"),
    ("ideogram.ai", "Ideogram"),
    ("image creator from designer", "Microsoft Designer"),
    ("imagined with ai", "Meta AI"),
    ("imagined with meta ai", "Meta AI"),
    ("invokeai", "InvokeAI"),
    ("jimeng", "Jimeng"),
    ("leonardo.ai", "Leonardo.Ai"),
    ("microsoft designer", "Microsoft Designer"),
    ("midjourney", "Midjourney"),
    ("nano banana", "Nano Banana"),
    ("nightcafe", "NightCafe"),
    ("novelai", "NovelAI"),
    ("openai api", "OpenAI"),
    ("openai-api", "OpenAI"),
    ("recraft.ai", "Recraft"),
    ("reve.com", "Reve"),
    ("seedream", "Seedream"),
    ("stability ai", "Stability AI"),
    ("stable diffusion", "Stable Diffusion"),
    ("swarmui", "SwarmUI"),
];

/// The generator that a field for software names. The name stands by itself: `Midjourney v6`, and
/// not `AntiMidjourney`.
pub(super) fn named(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    let stands = |needle: &str| {
        text.match_indices(needle).any(|(start, _)| {
            let outside = |character: Option<char>| !character.is_some_and(char::is_alphanumeric);
            outside(text[..start].chars().next_back())
                && outside(text[start + needle.len()..].chars().next())
        })
    };
    NAMES.iter().find(|(needle, _)| stands(needle)).map(|(_, name)| *name)
}

/// What a generator noted of how it made a picture.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) generator: String,
    pub(super) claim: Claim,
    pub(super) prompt: Option<String>,
    /// Its settings in a few words, such as the model.
    pub(super) details: Option<String>,
}

impl Settings {
    fn of(generator: impl Into<String>) -> Self {
        let generator = generator.into();
        Self { generator, claim: Claim::Generated, prompt: None, details: None }
    }

    fn prompt(self, prompt: Option<&Value>) -> Self {
        Self { prompt: prompt.and_then(Value::as_str).map(str::to_owned), ..self }
    }

    fn details(self, details: Option<&Value>) -> Self {
        Self { details: details.and_then(Value::as_str).map(str::to_owned), ..self }
    }
}

/// The notes of Stable Diffusion web UI, which many programs write: the prompt, `Negative prompt: `
/// and another, and a last line of settings that begins with the number of steps.
///
/// Source: AUTOMATIC1111/stable-diffusion-webui, `modules/infotext_utils.py`,
/// `parse_generation_parameters`.
pub(super) fn web_ui(text: &str) -> Option<Settings> {
    const NEGATIVE: &str = "\nNegative prompt:";
    let text = text.trim();
    let start = match text.rfind("\nSteps: ") {
        Some(place) => place + 1,
        None if text.starts_with("Steps: ") => 0,
        None => return None,
    };
    let settings = text[start..].lines().next()?;
    let value = |name: &str| {
        let at = settings.find(&format!("{name}: "))?;
        (at == 0 || settings[..at].ends_with(", ")).then_some(())?;
        settings[at + name.len() + 2..].split(", ").next().map(str::trim)
    };
    let steps = value("Steps")?;
    let number = !steps.is_empty() && steps.bytes().all(|byte| byte.is_ascii_digit());
    let others = ["Sampler", "CFG scale", "Seed", "Size", "Model hash", "Model"];
    if !number || others.iter().filter(|name| value(name).is_some()).count() < 2 {
        return None;
    }
    let prompt = text[..start].split(NEGATIVE).next().unwrap_or_default().trim();
    let generator = match value("Version") {
        Some("ComfyUI") => "ComfyUI",
        _ => "Stable Diffusion web UI or compatible",
    };
    Some(Settings {
        prompt: (!prompt.is_empty()).then(|| prompt.to_owned()),
        details: Some(settings.to_owned()),
        ..Settings::of(generator)
    })
}

/// The command line that InvokeAI's forerunner noted: a prompt in quotation marks, then options of
/// one letter.
///
/// Source: invoke-ai/InvokeAI 2.3, `ldm/invoke/args.py`, `dream_prompt_str`.
pub(super) fn dream(text: &str) -> Option<Settings> {
    let (prompt, options) = text.trim().strip_prefix('"')?.rsplit_once('"')?;
    let has = |option: &str| options.split(' ').any(|word| word.starts_with(option));
    (has("-s") && has("-S")).then(|| Settings {
        prompt: Some(prompt.to_owned()),
        details: Some(options.trim().to_owned()),
        ..Settings::of("InvokeAI")
    })
}

/// The words that Midjourney puts under a picture: the prompt with its options, and the job's
/// number, a UUID at the end. (Archives number their jobs, too, but not so.)
pub(super) fn midjourney(text: &str) -> Option<(&str, &str)> {
    let (prompt, job) = text.trim().rsplit_once("Job ID:")?;
    is_uuid(job.trim()).then_some((prompt.trim(), job.trim()))
}

/// The notes of generators that write JSON, told apart by their shape.
pub(super) fn json(text: &str) -> Option<Settings> {
    let text = text.trim();
    if !text.starts_with('{') {
        return None;
    }
    let Ok(Value::Object(object)) = serde_json::from_str(&finite(text)) else { return None };
    swarm_ui(&object)
        .or_else(|| invoke_ai(&object))
        .or_else(|| draw_things(&object))
        .or_else(|| fooocus(&object))
        .or_else(|| novel_ai(&object))
        .or_else(|| comfy_graph(&object))
        .or_else(|| comfy_workflow(&object))
}

/// JSON as ComfyUI writes it: Python puts in numbers that JSON has not.
fn finite(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains("NaN") || text.contains("Infinity") {
        let text = text.replace("-Infinity", "null").replace("Infinity", "null");
        return text.replace("NaN", "null").into();
    }
    text.into()
}

/// Source: mcmonkeyprojects/SwarmUI, `src/Utils/Image.cs` and `docs/Image Metadata Format.md`.
fn swarm_ui(object: &Map<String, Value>) -> Option<Settings> {
    let parameters = object.get("sui_image_params")?.as_object()?;
    let settings = Settings::of("SwarmUI").prompt(parameters.get("prompt"));
    Some(settings.details(parameters.get("model")))
}

/// Source: invoke-ai/InvokeAI, `invokeai/app/invocations/metadata.py` (`CoreMetadataInvocation`);
/// of version 2, `ldm/invoke/args.py` (`metadata_dumps`).
fn invoke_ai(object: &Map<String, Value>) -> Option<Settings> {
    let text = |name: &str| object.get(name).filter(|value| value.is_string());
    if text("app_id").is_some_and(|id| id == "invoke-ai/InvokeAI") {
        let prompt = object.get("image").and_then(|image| image.get("prompt"));
        let first = prompt.and_then(|prompt| prompt.get(0)).and_then(|first| first.get("prompt"));
        return Some(
            Settings::of("InvokeAI").prompt(first.or(prompt)).details(text("model_weights")),
        );
    }
    text("app_version")?;
    let mode = text("generation_mode");
    if mode.is_none() && !object.contains_key("positive_prompt") {
        return None;
    }
    let model = object.get("model").and_then(|model| model.get("name").or(model.get("model_name")));
    Some(Settings::of("InvokeAI").prompt(text("positive_prompt")).details(model))
}

/// Source: what its files hold, as read by kcjerrell/dtm and S1D1T1/metaDataBot: `c` the prompt,
/// `uc` the negative one.
fn draw_things(object: &Map<String, Value>) -> Option<Settings> {
    let text = |name: &str| object.get(name).filter(|value| value.is_string());
    let shape = ["uc", "model", "sampler"].iter().all(|name| text(name).is_some());
    (shape && object.contains_key("steps")).then_some(())?;
    Some(Settings::of("Draw Things").prompt(text("c")).details(text("model")))
}

/// Source: lllyasviel/Fooocus, `modules/meta_parser.py` (`FooocusMetadataParser`).
fn fooocus(object: &Map<String, Value>) -> Option<Settings> {
    let version = object.get("version")?.as_str()?;
    let shape = object.contains_key("base_model") && object.contains_key("full_prompt");
    (shape && version.to_lowercase().contains("fooocus")).then_some(())?;
    Some(Settings::of("Fooocus").prompt(object.get("prompt")).details(object.get("base_model")))
}

/// Source: what its files hold, as read by receyuki/stable-diffusion-prompt-reader.
fn novel_ai(object: &Map<String, Value>) -> Option<Settings> {
    let shape = ["prompt", "steps", "sampler", "seed", "uc", "scale"];
    shape.iter().all(|name| object.contains_key(*name)).then_some(())?;
    Some(Settings::of("NovelAI").prompt(object.get("prompt")))
}

/// The graph that ComfyUI ran: nodes of a class with inputs, by their numbers.
///
/// Source: comfyanonymous/ComfyUI, `nodes.py` (`SaveImage`).
fn comfy_graph(object: &Map<String, Value>) -> Option<Settings> {
    let nodes = || object.iter().filter_map(|(id, node)| Some((id, Node::of(node)?)));
    nodes().next()?;
    let samplers = || nodes().map(|(_, node)| node).filter(Node::samples);
    let encodes = |node: &Node<'_>| node.class.contains("TextEncode");
    // What the sampler is to follow, where that is a node with words; else the first such node.
    let positive = samplers().find_map(|sampler| {
        let id = sampler.inputs.get("positive")?.get(0)?.as_str()?;
        Node::of(object.get(id)?)?.words()
    });
    let prompt = positive
        .or_else(|| nodes().map(|(_, node)| node).filter(encodes).find_map(|node| node.words()));
    let model = nodes().find_map(|(_, node)| {
        ["ckpt_name", "unet_name"].iter().find_map(|name| node.inputs.get(*name))
    });
    let claim = match samplers().next() {
        Some(_) => Claim::Generated,
        // It may have been enlarged, or cut, and nothing else.
        None => Claim::GeneratorNamed,
    };
    let settings = Settings { claim, ..Settings::of("ComfyUI") };
    Some(Settings { prompt: prompt.map(str::to_owned), ..settings.details(model) })
}

struct Node<'a> {
    class: &'a str,
    inputs: &'a Map<String, Value>,
}

impl<'a> Node<'a> {
    fn of(node: &'a Value) -> Option<Self> {
        let class = node.get("class_type")?.as_str()?;
        Some(Self { class, inputs: node.get("inputs")?.as_object()? })
    }

    fn samples(&self) -> bool {
        is_sampler(self.class)
    }

    fn words(&self) -> Option<&'a str> {
        ["text", "prompt", "t5xxl", "clip_l", "text_g"]
            .iter()
            .find_map(|name| self.inputs.get(*name)?.as_str())
    }
}

/// Whether a class of nodes runs a generative model.
fn is_sampler(class: &str) -> bool {
    class.contains("Sampler") && !class.contains("SamplerSelect")
}

/// The workflow as ComfyUI's editor shows it.
fn comfy_workflow(object: &Map<String, Value>) -> Option<Settings> {
    let nodes = object.get("nodes")?.as_array()?;
    object.get("links")?.as_array()?;
    let kinds = || nodes.iter().filter_map(|node| node.get("type")?.as_str());
    kinds().next()?;
    let claim = match kinds().any(is_sampler) {
        true => Claim::Generated,
        false => Claim::GeneratorNamed,
    };
    Some(Settings { claim, ..Settings::of("ComfyUI") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_by_themselves() {
        for (text, name) in [
            ("Midjourney", Some("Midjourney")),
            ("midjourney v6.1", Some("Midjourney")),
            ("OpenAI DALL·E 3", Some("DALL·E")),
            ("Fooocus v2.5.5", Some("Fooocus")),
            ("AntiMidjourneyTool", None),
            ("Stable Diffusions", None),
            ("Adobe Photoshop 26.1 (Windows)", None),
            ("HDR+ 1.0.540104767zd", None),
            ("İ dall-e", Some("DALL·E")),
            ("", None),
        ] {
            assert_eq!(named(text), name, "{text}");
        }
    }

    #[test]
    fn names_are_in_lower_case_and_in_order() {
        for pair in NAMES.windows(2) {
            assert!(pair[0].0 < pair[1].0 || pair[0].1 == pair[1].1, "{pair:?}");
        }
        for (needle, _) in NAMES {
            assert_eq!(*needle, needle.to_lowercase());
        }
    }

    #[test]
    fn web_ui_is_told_by_its_shape() {
        let settings = web_ui(
            "a cat,\nsitting\nNegative prompt: dog, <lora:x:1>\nSteps: 20, Sampler: Euler a, \
             CFG scale: 7, Seed: 5, Size: 512x512, Model: v1-5",
        )
        .unwrap();
        assert_eq!(settings.prompt.as_deref(), Some("a cat,\nsitting"));
        assert!(settings.details.unwrap().starts_with("Steps: 20, Sampler"));
        let bare = web_ui("Steps: 30, CFG scale: 7, Sampler: DPM++ 2M, Seed: 1").unwrap();
        assert_eq!(bare.prompt, None);
        for text in [
            "",
            "Steps: 20",
            "Steps: 20, then turn left",
            "First Steps: 20, Sampler: tea, Seed: corn",
            "my notes: Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5",
            "a cat\nSteps: many, Sampler: Euler a, CFG scale: 7, Seed: 5",
            "a cat\nSteps: 20\nSampler: Euler a\nCFG scale: 7",
        ] {
            assert_eq!(web_ui(text), None, "{text}");
        }
    }

    #[test]
    fn job_numbers_are_uuids_at_the_end() {
        let job = "a7421d2f-b262-44f9-977c-ac23e9c7d3e3";
        let text = format!("example --ar 2:1 --v 6 Job ID: {job}\n");
        assert_eq!(midjourney(&text), Some(("example --ar 2:1 --v 6", job)));
        for text in ["Job ID: 4711", "Job ID:", &format!("Job ID: {job}, Reuters")] {
            assert_eq!(midjourney(text), None, "{text}");
        }
    }

    #[test]
    fn json_is_told_by_its_shape() {
        for (text, generator, prompt) in [
            (
                r#"{"sui_image_params": {"prompt": "a", "model": "m", "swarm_version": "0.9"}}"#,
                "SwarmUI",
                Some("a"),
            ),
            (
                r#"{"app_version": "5.0", "generation_mode": "txt2img", "positive_prompt": "a"}"#,
                "InvokeAI",
                Some("a"),
            ),
            (
                r#"{"app_id": "invoke-ai/InvokeAI", "image": {"prompt": [{"prompt": "a"}]}}"#,
                "InvokeAI",
                Some("a"),
            ),
            (
                r#"{"c": "a", "uc": "b", "model": "m", "sampler": "s", "steps": 8}"#,
                "Draw Things",
                Some("a"),
            ),
            (
                r#"{"base_model": "m", "full_prompt": ["a"], "prompt": "a",
                    "version": "Fooocus v2.5.5"}"#,
                "Fooocus",
                Some("a"),
            ),
            (
                r#"{"prompt": "a", "steps": 28, "sampler": "k", "seed": 1, "uc": "", "scale": 5}"#,
                "NovelAI",
                Some("a"),
            ),
            (
                r#"{"3": {"class_type": "KSampler", "inputs": {"positive": ["6", 0]}},
                    "5": {"class_type": "CLIPTextEncode", "inputs": {"text": "no"}},
                    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a"},
                          "is_changed": [NaN]}}"#,
                "ComfyUI",
                Some("a"),
            ),
            (
                r#"{"nodes": [{"id": 1, "type": "SamplerCustomAdvanced"}], "links": []}"#,
                "ComfyUI",
                None,
            ),
        ] {
            let settings = json(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(settings.generator, generator, "{text}");
            assert_eq!(settings.prompt.as_deref(), prompt, "{text}");
            assert_eq!(settings.claim, Claim::Generated, "{text}");
        }
        let enlarged = r#"{"1": {"class_type": "ImageUpscaleWithModel", "inputs": {}}}"#;
        assert_eq!(json(enlarged).unwrap().claim, Claim::GeneratorNamed);
        for text in [
            "",
            "{}",
            "[]",
            r#"{"prompt": "a"}"#,
            r#"{"nodes": [], "links": []}"#,
            r#"{"1": {"class_type": 3}}"#,
            r#"{"app_version": "5.0"}"#,
            &format!("{{\"a\":{}", "[".repeat(1 << 16)),
        ] {
            assert_eq!(json(text), None, "{text:.80}");
        }
    }

    #[test]
    fn command_lines_of_dream_have_options() {
        let settings = dream("\"a \"red\" cat\" -s 50 -S 42 -W 512 -C 7.5").unwrap();
        assert_eq!(settings.prompt.as_deref(), Some("a \"red\" cat"));
        assert_eq!(dream("\"I have a dream\", he said"), None);
        assert_eq!(dream("a dream -s 1 -S 2"), None);
    }
}
