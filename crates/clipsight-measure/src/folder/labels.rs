//! What people call the two classes.

/// Names of generated images, in lower case, letters and digits only.
const GENERATED: [&str; 26] = [
    "ai",
    "aiart",
    "aigenerated",
    "aigeneratedimages",
    "aiimages",
    "artificial",
    "deepfake",
    "deepfakes",
    "fake",
    "fakeimages",
    "fakes",
    "generated",
    "generatedimages",
    "gen",
    "ia",
    "ki",
    "machine",
    "synthetic",
    "syntheticimages",
    "synth",
    "generiert",
    "generada",
    "generadas",
    "生成",
    "مولدة",
    "1",
];

/// Names of all others.
const REAL: [&str; 29] = [
    "authentic",
    "camera",
    "genuine",
    "human",
    "humans",
    "natural",
    "nature",
    "notai",
    "original",
    "originals",
    "photo",
    "photograph",
    "photographs",
    "photography",
    "photos",
    "real",
    "realimages",
    "realphotos",
    "reals",
    "nonai",
    "echt",
    "foto",
    "fotos",
    "reales",
    "真实",
    "真實",
    "حقيقي",
    "حقيقية",
    "0",
];

/// Whether a name says generated (`true`) or not (`false`); `None` if it is the name of neither.
/// Case, spaces and marks do not count, nor does the digit of `0_real` and `1_fake`, as public sets
/// have them.
#[must_use]
pub fn label_of(name: &str) -> Option<bool> {
    let plain: String =
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let class = |name: &str| {
        if GENERATED.contains(&name) { Some(true) } else { REAL.contains(&name).then_some(false) }
    };
    class(&plain).or_else(|| {
        let (digit, rest) = plain.split_at_checked(1)?;
        let (digit, rest) = (class(digit)?, class(rest)?);
        (digit == rest).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_classes_are_known() {
        for name in ["AI", "Fake", "ai_generated", "AI-Generated Images", "1", "1_fake", "生成"] {
            assert_eq!(label_of(name), Some(true), "{name}");
        }
        for name in ["real", "REAL", "Human", "photos", "0", "0_real", "nature", "非"] {
            assert_eq!(label_of(name), (name != "非").then_some(false), "{name}");
        }
        for name in ["", "train", "airplane", "unreal", "0_fake", "10", "2", "1_", "midjourney"] {
            assert_eq!(label_of(name), (name == "1_").then_some(true), "{name}");
        }
    }

    #[test]
    fn no_name_is_in_both_and_all_are_plain() {
        for name in GENERATED {
            assert!(!REAL.contains(&name));
        }
        for (name, class) in
            GENERATED.map(|name| (name, true)).into_iter().chain(REAL.map(|name| (name, false)))
        {
            assert_eq!(label_of(name), Some(class), "{name}");
        }
    }
}
