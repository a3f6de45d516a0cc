//! The IPTC's vocabulary of digital sources, and the C2PA's additions to it.

use serde::Serialize;

use super::claim::Claim;

/// What kind of source a picture has, by the IPTC's NewsCodes `digitalsourcetype` and, for the last
/// two, the C2PA's vocabulary (C2PA 2.2, 18.15.4.5). The IPTC retired `minorHumanEdits`,
/// `softwareImage`, `digitalArt` and `algorithmicMedia`, which older files have.
///
/// Source: <http://cv.iptc.org/newscodes/digitalsourcetype/>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(rename = "DigitalSourceType"))]
#[non_exhaustive]
pub enum SourceType {
    /// A digital camera recorded a real scene.
    DigitalCapture,
    /// A camera put it together from several exposures of a real scene.
    ComputationalCapture,
    /// Scanned from a negative.
    NegativeFilm,
    /// Scanned from a transparency.
    PositiveFilm,
    /// Scanned from a print or another opaque original.
    Print,
    /// Corrected or enhanced by a person, without a generative model.
    HumanEdits,
    /// As `humanEdits`, slightly.
    MinorHumanEdits,
    /// Put together from several pictures, any of which may be generated.
    Composite,
    /// Put together from several recordings.
    CompositeCapture,
    /// Put together from several pictures, at least one of them synthetic.
    CompositeSynthetic,
    /// Put together with something that a generative model made, or edited with one.
    CompositeWithTrainedAlgorithmicMedia,
    /// Made by a model that was trained on sampled content.
    TrainedAlgorithmicMedia,
    /// Made by an algorithm that was not.
    AlgorithmicMedia,
    /// Altered by an algorithm, without new content.
    AlgorithmicallyEnhanced,
    /// Made from data, such as a chart.
    DataDrivenMedia,
    /// Made by a person with software that is not generative.
    DigitalCreation,
    /// As `digitalCreation`.
    DigitalArt,
    /// Made by software.
    SoftwareImage,
    /// A picture of a screen.
    ScreenCapture,
    /// A recording of a virtual event.
    VirtualRecording,
    /// An empty canvas.
    Empty,
    /// Data from a model that was trained.
    TrainedAlgorithmicData,
}

/// Every type with its code.
const CODES: [(&str, SourceType); 22] = [
    ("digitalCapture", SourceType::DigitalCapture),
    ("computationalCapture", SourceType::ComputationalCapture),
    ("negativeFilm", SourceType::NegativeFilm),
    ("positiveFilm", SourceType::PositiveFilm),
    ("print", SourceType::Print),
    ("humanEdits", SourceType::HumanEdits),
    ("minorHumanEdits", SourceType::MinorHumanEdits),
    ("composite", SourceType::Composite),
    ("compositeCapture", SourceType::CompositeCapture),
    ("compositeSynthetic", SourceType::CompositeSynthetic),
    ("compositeWithTrainedAlgorithmicMedia", SourceType::CompositeWithTrainedAlgorithmicMedia),
    ("trainedAlgorithmicMedia", SourceType::TrainedAlgorithmicMedia),
    ("algorithmicMedia", SourceType::AlgorithmicMedia),
    ("algorithmicallyEnhanced", SourceType::AlgorithmicallyEnhanced),
    ("dataDrivenMedia", SourceType::DataDrivenMedia),
    ("digitalCreation", SourceType::DigitalCreation),
    ("digitalArt", SourceType::DigitalArt),
    ("softwareImage", SourceType::SoftwareImage),
    ("screenCapture", SourceType::ScreenCapture),
    ("virtualRecording", SourceType::VirtualRecording),
    ("empty", SourceType::Empty),
    ("trainedAlgorithmicData", SourceType::TrainedAlgorithmicData),
];

/// Where the codes are defined, without the scheme: files have `http` and `https`.
const VOCABULARIES: [&str; 2] =
    ["://cv.iptc.org/newscodes/digitalsourcetype/", "://c2pa.org/digitalsourcetype/"];

impl SourceType {
    /// From a value of a field for such codes: a URI of one of the vocabularies, the IPTC's QCode
    /// (`digsrctype:`), or the code by itself, as some generators write it. Case is ignored, as the
    /// IPTC itself writes the last part in several ways.
    pub(super) fn of(value: &str) -> Option<Self> {
        let value = value.trim();
        let uri = || {
            let (scheme, rest) = value.split_at_checked(value.find("://")?)?;
            let http = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
            VOCABULARIES.iter().filter(|_| http).find_map(|vocabulary| {
                let (start, code) = rest.split_at_checked(vocabulary.len())?;
                start.eq_ignore_ascii_case(vocabulary).then_some(code)
            })
        };
        let code = uri().or_else(|| value.strip_prefix("digsrctype:")).unwrap_or(value);
        CODES.iter().find(|(known, _)| known.eq_ignore_ascii_case(code)).map(|(_, kind)| *kind)
    }

    /// Whether a model that was trained made all of it or a part.
    pub(super) fn is_generative(self) -> bool {
        matches!(self.claim(), Claim::Generated | Claim::PartlyGenerated)
    }

    /// What it claims of the picture that it stands for.
    pub(super) fn claim(self) -> Claim {
        match self {
            Self::TrainedAlgorithmicMedia | Self::TrainedAlgorithmicData => Claim::Generated,
            Self::CompositeWithTrainedAlgorithmicMedia | Self::CompositeSynthetic => {
                Claim::PartlyGenerated
            }
            Self::Composite => Claim::Composite,
            Self::ScreenCapture => Claim::ScreenCapture,
            Self::DigitalCapture
            | Self::ComputationalCapture
            | Self::CompositeCapture
            | Self::NegativeFilm
            | Self::PositiveFilm
            | Self::Print => Claim::Captured,
            Self::AlgorithmicMedia
            | Self::DataDrivenMedia
            | Self::DigitalCreation
            | Self::DigitalArt
            | Self::SoftwareImage
            | Self::VirtualRecording
            | Self::Empty => Claim::Created,
            Self::HumanEdits | Self::MinorHumanEdits | Self::AlgorithmicallyEnhanced => {
                Claim::Edited
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_files_have_them() {
        for (code, kind) in CODES {
            assert_eq!(serde_json::to_value(kind).unwrap(), code);
            for value in [
                format!("http://cv.iptc.org/newscodes/digitalsourcetype/{code}"),
                format!("https://cv.iptc.org/newscodes/digitalSourceType/{code}"),
                format!(" HTTP://c2pa.org/digitalsourcetype/{code}\n"),
                format!("digsrctype:{code}"),
                code.to_owned(),
            ] {
                assert_eq!(SourceType::of(&value), Some(kind), "{value}");
            }
        }
    }

    #[test]
    fn other_values_are_no_codes() {
        for value in [
            "",
            "trained",
            "not trainedAlgorithmicMedia",
            "http://example.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "ftp://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
            "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia/x",
            "http://cv.iptc.org/newscodes/scene/trainedAlgorithmicMedia",
            "é://",
        ] {
            assert_eq!(SourceType::of(value), None, "{value}");
        }
    }
}
