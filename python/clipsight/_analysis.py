"""The result of one analysis, field by field as the core writes it.

Written by ``python/generate.py`` from ``pkg/schema.json``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, Union

from clipsight._records import Record, each, optional

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

__all__ = [
    "AbstainReason",
    "Abstained",
    "Analysis",
    "Attribution",
    "ContentCredentials",
    "CredentialManifest",
    "CredentialState",
    "Delivered",
    "Delivery",
    "DigitalSourceType",
    "Evidence",
    "Fidelity",
    "FileFacts",
    "Format",
    "Grade",
    "IngredientRelationship",
    "InputFacts",
    "LayerShare",
    "Maker",
    "ManifestAction",
    "ManifestIngredient",
    "MeasuredError",
    "MetadataContainer",
    "Note",
    "OcclusionMap",
    "Pool",
    "PoolShare",
    "Provenance",
    "ProvenanceClaim",
    "ProvenanceMark",
    "ProvenancePlace",
    "ProvenanceStatement",
    "Rectangle",
    "Region",
    "RubricSignal",
    "Scored",
    "Shares",
    "Software",
    "Stability",
    "Taught",
    "TaughtLabel",
    "Timings",
    "TrainingMining",
    "UnreadMetadata",
    "UnreadReason",
    "Verdict",
]


Format: TypeAlias = Literal["jpeg", "png", "webp", "gif", "bmp", "tiff", "avif", "heif", "jxl"]
"""The image formats that are known. `decode` reads the first six; pictures in the others come as
`Samples` from decoders outside of this crate.

- `jpeg`: JPEG: baseline and progressive, 8 bit; gray, YCbCr, RGB, CMYK, YCCK.
- `png`: PNG, 1 to 16 bit, with or without palette, alpha, animation.
- `webp`: WebP: lossy, lossless, with alpha, animated.
- `gif`: GIF, animated or not.
- `bmp`: Windows bitmap.
- `tiff`: TIFF and BigTIFF, the first page.
- `avif`: AVIF: AV1 in an ISO base media file.
- `heif`: HEIF with HEVC, which phones call HEIC.
- `jxl`: JPEG XL, bare or in its container.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class FileFacts(Record):
    """The file that was read."""

    sha256: str
    """SHA-256 of its bytes, in lower-case hex."""
    bytes: int
    """Its length in bytes."""
    format: Format
    """Its format, by content, not by name."""
    width: int
    """Width in pixels, upright."""
    height: int
    """Height in pixels, upright."""

    _keys = (
        ("sha256", "sha256", True),
        ("bytes", "bytes", True),
        ("format", "format", True),
        ("width", "width", True),
        ("height", "height", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            sha256=data["sha256"],
            bytes=data["bytes"],
            format=data["format"],
            width=data["width"],
            height=data["height"],
        )


Grade: TypeAlias = Literal["weak", "moderate", "strong", "very-strong"]
"""How strong the evidence for AI generation is. None of the grades means "real": absence of
evidence is said as `weak`.

- `weak`: Little or no sign of AI generation.
- `moderate`: More likely generated than not.
- `strong`: Probably generated.
- `very-strong`: Almost surely generated.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class MeasuredError(Record):
    """How often results of one grade were wrong on labelled images that the model had never seen,
    both kinds weighted equally.
    """

    rate: float
    """Share of wrong results, 0 to 1: for `weak` of images that were AI-generated, for the other
    grades of those that were not.
    """
    low: float
    """Lower end of its 95 % interval."""
    high: float
    """Upper end of its 95 % interval."""
    n: int
    """Number of labelled images it was measured on."""

    _keys = (
        ("rate", "rate", True),
        ("low", "low", True),
        ("high", "high", True),
        ("n", "n", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            rate=data["rate"],
            low=data["low"],
            high=data["high"],
            n=data["n"],
        )


AbstainReason: TypeAlias = Literal[
    "between-grades",
    "uncalibrated",
    "too-small",
    "no-content",
    "unsteady",
]
"""Why there is no grade.

- `between-grades`: The probability lies where the model is wrong about as often as right.
- `uncalibrated`: The model's head was published without a calibration: the probability is its own
  claim, which nobody has measured.
- `too-small`: The image is too small to carry evidence.
- `no-content`: The image shows nothing to judge: one colour, a gradient, a blur.
- `unsteady`: The verdict flips when the image is handed on (see `stability`), and the caller asked
  for none then.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored(Record):
    """The model could grade the image."""

    status: Literal["scored"]
    probability: float
    """Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
    an `uncalibrated` model its own claim.
    """
    logit: float
    """Mean logit over the views, before calibration."""
    grade: Grade
    """Strength of the evidence for AI generation."""
    measured_error: MeasuredError | None
    """How often this grade was wrong; null where too few labelled images got it to measure, and
    where a taught head judged.
    """

    _keys = (
        ("status", "status", True),
        ("probability", "probability", True),
        ("logit", "logit", True),
        ("grade", "grade", True),
        ("measured_error", "measuredError", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            status=data["status"],
            probability=data["probability"],
            logit=data["logit"],
            grade=data["grade"],
            measured_error=optional(data["measuredError"], MeasuredError.from_dict),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Abstained(Record):
    """The model cannot tell."""

    status: Literal["abstained"]
    probability: float
    """Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
    an `uncalibrated` model its own claim.
    """
    logit: float
    """Mean logit over the views, before calibration."""
    reason: AbstainReason
    """Why there is no grade."""

    _keys = (
        ("status", "status", True),
        ("probability", "probability", True),
        ("logit", "logit", True),
        ("reason", "reason", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            status=data["status"],
            probability=data["probability"],
            logit=data["logit"],
            reason=data["reason"],
        )


Verdict: TypeAlias = Union[Scored, Abstained]
"""The verdict of the model."""


def _verdict(data: Mapping[str, Any]) -> Verdict:
    """Make the Verdict that the field `status` names."""
    if data["status"] == "scored":
        return Scored.from_dict(data)
    if data["status"] == "abstained":
        return Abstained.from_dict(data)
    message = f"a result has the status {data['status']!r}, unknown here"
    raise ValueError(message)


@dataclass(frozen=True, kw_only=True, slots=True)
class Maker(Record):
    """A generator or a family of generators."""

    name: str
    """Its name, as the model's captions say it, such as `sd15` or `diffusion`."""
    share: float
    """Its share of the probability of all generated captions together, 0 to 1."""

    _keys = (
        ("name", "name", True),
        ("share", "share", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            name=data["name"],
            share=data["share"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution(Record):
    """Who made the image, given that it is AI-generated: nothing here says whether it is, nor moves
    the verdict. Worth showing where the grade is `moderate` or stronger.
    """

    family: Maker | None
    """The likeliest family of generators; null where the model knows no families."""
    generator: Maker | None
    """The generator; null where none is clear ("unknown generator")."""

    _keys = (
        ("family", "family", True),
        ("generator", "generator", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            family=optional(data["family"], Maker.from_dict),
            generator=optional(data["generator"], Maker.from_dict),
        )


Delivery: TypeAlias = Literal["jpeg", "half", "crop", "gray"]
"""A way in which images are handed on. Each is computed on the image's own pixels, before it is
prepared for the model.

- `jpeg`: Saved as JPEG of quality 60 with a quarter of the colour samples.
- `half`: Both sides halved.
- `crop`: A tenth of each side cut off around the centre.
- `gray`: Without its colours.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivered(Record):
    """What the model says of one delivery of the image."""

    delivery: Delivery
    """What was done to the image."""
    probability: float
    """Calibrated probability that the image is AI-generated, 0 to 1, at even odds of both kinds; of
    an `uncalibrated` model its own claim.
    """
    logit: float
    """Mean logit over the views, before calibration."""
    grade: Grade | None
    """The grade; null where there is none."""

    _keys = (
        ("delivery", "delivery", True),
        ("probability", "probability", True),
        ("logit", "logit", True),
        ("grade", "grade", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            delivery=data["delivery"],
            probability=data["probability"],
            logit=data["logit"],
            grade=data["grade"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Stability(Record):
    """The verdict over deliveries of the image, each computed on the spot and judged like the image
    itself.
    """

    deliveries: tuple[Delivered, ...]
    """What the model says of each."""
    unsteady: bool
    """Whether the image has a grade, and a delivery one on the other side of the threshold: one
    says `weak` and the other does not.
    """

    _keys = (
        ("deliveries", "deliveries", True),
        ("unsteady", "unsteady", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            deliveries=each(data["deliveries"], Delivered.from_dict),
            unsteady=data["unsteady"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Region(Record):
    """A part of an image, as shares of its width and height: 0 is its left or upper edge, 1 the
    other.
    """

    x: float
    """Left edge."""
    y: float
    """Upper edge."""
    width: float
    """Width."""
    height: float
    """Height."""

    _keys = (
        ("x", "x", True),
        ("y", "y", True),
        ("width", "width", True),
        ("height", "height", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            x=data["x"],
            y=data["y"],
            width=data["width"],
            height=data["height"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerShare(Record):
    """A layer's share."""

    layer: int
    """The layer, counted from 1; one more than there are stands for the final norm."""
    logit: float
    """Its part of the logit."""

    _keys = (
        ("layer", "layer", True),
        ("logit", "logit", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            layer=data["layer"],
            logit=data["logit"],
        )


Pool: TypeAlias = Literal["class", "mean", "std", "mlp-input-class"]
"""How one layer's tokens `[batch, tokens, width]` become one vector `[batch, width]`.

- `class`: The class token.
- `mean`: The mean over the patch tokens.
- `std`: The standard deviation over the patch tokens (biased: divided by their number).
- `mlp-input-class`: The class token as the layer's MLP reads it: after attention, through the
  second norm. Published detectors were trained on it (RINE); the reference alone computes it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class PoolShare(Record):
    """A pool's share."""

    pool: Pool
    """How the tokens are pooled."""
    logit: float
    """Its part of the logit."""

    _keys = (
        ("pool", "pool", True),
        ("logit", "logit", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            pool=data["pool"],
            logit=data["logit"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares(Record):
    """How the difference between the view's logit and that of the blurred view divides, exactly.
    The sums of both lists are the difference.
    """

    layers: tuple[LayerShare, ...]
    """By layers of the encoder."""
    pools: tuple[PoolShare, ...]
    """By the ways in which a layer's tokens are pooled."""

    _keys = (
        ("layers", "layers", True),
        ("pools", "pools", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            layers=each(data["layers"], LayerShare.from_dict),
            pools=each(data["pools"], PoolShare.from_dict),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class OcclusionMap(Record):
    """Where the model looked in the first view of the image, which shows the whole of it or its
    centre. It does not show where an image was changed.
    """

    region: Region
    """The part of the upright image that the map covers."""
    columns: int
    """Parts from left to right."""
    rows: int
    """Parts from top to bottom."""
    parts: tuple[float, ...]
    """Row by row, how far the view's logit falls when the row that this part is in is blurred, and
    when its column is, added up: what is positive speaks for AI generation, what is negative
    against it.
    """
    logit: float
    """The view's logit."""
    hidden_logit: float
    """The logit of the view with all of it blurred."""
    shares: Shares | None = None
    """What the layers of the encoder have in the difference between the two; present where the head
    is linear in them.
    """

    _keys = (
        ("region", "region", True),
        ("columns", "columns", True),
        ("rows", "rows", True),
        ("parts", "parts", True),
        ("logit", "logit", True),
        ("hidden_logit", "hiddenLogit", True),
        ("shares", "shares", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            region=Region.from_dict(data["region"]),
            columns=data["columns"],
            rows=data["rows"],
            parts=tuple(data["parts"]),
            logit=data["logit"],
            hidden_logit=data["hiddenLogit"],
            shares=optional(data.get("shares"), Shares.from_dict),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Rectangle(Record):
    """A part of an image, in pixels of the upright image."""

    x: int
    """Left edge."""
    y: int
    """Upper edge."""
    width: int
    """Width."""
    height: int
    """Height."""

    _keys = (
        ("x", "x", True),
        ("y", "y", True),
        ("width", "width", True),
        ("height", "height", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            x=data["x"],
            y=data["y"],
            width=data["width"],
            height=data["height"],
        )


Note: TypeAlias = Literal[
    "first-frame-only",
    "first-page-only",
    "alpha-over-white",
    "sixteen-bit-reduced",
    "cmyk-converted",
    "profile-converted",
    "hdr-tone-mapped",
    "gain-map-ignored",
    "reduced-copy-skipped",
    "end-missing",
    "scans-missing",
]
"""What decoding changed or left out, to be told to the user.

- `first-frame-only`: The file is an animation; its first frame was read.
- `first-page-only`: The file has several pages; the first was read.
- `alpha-over-white`: The image is partly transparent and was laid over white.
- `sixteen-bit-reduced`: Samples of 16 bits were rounded to 8.
- `cmyk-converted`: Inks (CMYK, YCCK) were converted to RGB without a colour profile.
- `profile-converted`: Colours were converted to sRGB, from the profile or code points that the file
  names.
- `hdr-tone-mapped`: High dynamic range was mapped to what sRGB holds.
- `gain-map-ignored`: A gain map for brighter screens was left out.
- `reduced-copy-skipped`: A reduced copy stands first in the file; the first whole page was read.
- `end-missing`: The file's end is missing or a checksum is wrong; every pixel is there.
- `scans-missing`: A progressive file lacks its last scans, and with them fine detail.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence(Record):
    """Something worth knowing beside the model's verdict. Later versions may add kinds and codes.
    """

    kind: Literal["note"]
    code: Note
    """What it changed or left out."""

    _keys = (
        ("kind", "kind", True),
        ("code", "code", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            kind=data["kind"],
            code=data["code"],
        )


TaughtLabel: TypeAlias = Literal["ai", "real"]
"""What an image is.

- `ai`: AI-generated.
- `real`: By cameras and human hands.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Taught(Record):
    """A head that somebody taught with examples of their own, and that judged in the place of the
    model's.
    """

    name: str
    """What its teacher called it."""
    label: TaughtLabel
    """What its examples are."""
    examples: int
    """How many different examples it was taught with."""
    sha256: str
    """SHA-256 of its file's content, in lower-case hex."""

    _keys = (
        ("name", "name", True),
        ("label", "label", True),
        ("examples", "examples", True),
        ("sha256", "sha256", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            name=data["name"],
            label=data["label"],
            examples=data["examples"],
            sha256=data["sha256"],
        )


ProvenanceClaim: TypeAlias = Literal[
    "generated",
    "partly-generated",
    "possibly-generated",
    "generator-named",
    "composite",
    "screen-capture",
    "captured",
    "created",
    "edited",
]
"""What a statement claims of the picture, from the claim that outweighs all others to the weakest.

- `generated`: A generative model made the picture.
- `partly-generated`: The picture has a part that a generative model made.
- `possibly-generated`: The picture is labelled as possibly or presumably generated.
- `generator-named`: A generative tool is named, but not what it did.
- `composite`: The picture was put together from several, which may have been generated.
- `screen-capture`: The picture is a picture of a screen, and what that showed may have been
  generated.
- `captured`: A camera or a scanner recorded the picture.
- `created`: The picture was made with software, without a generative model.
- `edited`: The picture was edited, without a generative model.
"""


CredentialState: TypeAlias = Literal["unverified", "trusted", "unknown-signer", "invalid"]
"""What is known of the signature of Content Credentials, and of whether they belong to the picture.

- `unverified`: They were read; signature and picture were not checked. Says no more than other
  metadata.
- `trusted`: Signed by somebody on the list of those that are trusted, and nothing was changed
  since.
- `unknown-signer`: Nothing was changed since the signature, whose signer is not on the list.
- `invalid`: The signature is wrong, or the picture was changed after it.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Software(Record):
    """A program and its version."""

    name: str
    """Its name."""
    version: str | None = None
    """Its version."""

    _keys = (
        ("name", "name", True),
        ("version", "version", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            name=data["name"],
            version=data.get("version"),
        )


DigitalSourceType: TypeAlias = Literal[
    "digitalCapture",
    "computationalCapture",
    "negativeFilm",
    "positiveFilm",
    "print",
    "humanEdits",
    "minorHumanEdits",
    "composite",
    "compositeCapture",
    "compositeSynthetic",
    "compositeWithTrainedAlgorithmicMedia",
    "trainedAlgorithmicMedia",
    "algorithmicMedia",
    "algorithmicallyEnhanced",
    "dataDrivenMedia",
    "digitalCreation",
    "digitalArt",
    "softwareImage",
    "screenCapture",
    "virtualRecording",
    "empty",
    "trainedAlgorithmicData",
]
"""What kind of source a picture has, by the IPTC's NewsCodes `digitalsourcetype` and, for the last
two, the C2PA's vocabulary (C2PA 2.2, 18.15.4.5). The IPTC retired `minorHumanEdits`,
`softwareImage`, `digitalArt` and `algorithmicMedia`, which older files have.

Source: <http://cv.iptc.org/newscodes/digitalsourcetype/>

- `digitalCapture`: A digital camera recorded a real scene.
- `computationalCapture`: A camera put it together from several exposures of a real scene.
- `negativeFilm`: Scanned from a negative.
- `positiveFilm`: Scanned from a transparency.
- `print`: Scanned from a print or another opaque original.
- `humanEdits`: Corrected or enhanced by a person, without a generative model.
- `minorHumanEdits`: As `humanEdits`, slightly.
- `composite`: Put together from several pictures, any of which may be generated.
- `compositeCapture`: Put together from several recordings.
- `compositeSynthetic`: Put together from several pictures, at least one of them synthetic.
- `compositeWithTrainedAlgorithmicMedia`: Put together with something that a generative model made,
  or edited with one.
- `trainedAlgorithmicMedia`: Made by a model that was trained on sampled content.
- `algorithmicMedia`: Made by an algorithm that was not.
- `algorithmicallyEnhanced`: Altered by an algorithm, without new content.
- `dataDrivenMedia`: Made from data, such as a chart.
- `digitalCreation`: Made by a person with software that is not generative.
- `digitalArt`: As `digitalCreation`.
- `softwareImage`: Made by software.
- `screenCapture`: A picture of a screen.
- `virtualRecording`: A recording of a virtual event.
- `empty`: An empty canvas.
- `trainedAlgorithmicData`: Data from a model that was trained.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestAction(Record):
    """Something that was done to a picture."""

    action: str
    """What was done, such as `c2pa.created`."""
    software_agent: Software | None = None
    """The program that did it."""
    when: str | None = None
    """When, as the manifest writes it."""
    digital_source_type: DigitalSourceType | None = None
    """The kind of source that its result is."""
    description: str | None = None
    """What was done, in words."""

    _keys = (
        ("action", "action", True),
        ("software_agent", "softwareAgent", False),
        ("when", "when", False),
        ("digital_source_type", "digitalSourceType", False),
        ("description", "description", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            action=data["action"],
            software_agent=optional(data.get("softwareAgent"), Software.from_dict),
            when=data.get("when"),
            digital_source_type=data.get("digitalSourceType"),
            description=data.get("description"),
        )


IngredientRelationship: TypeAlias = Literal["parent", "component", "input", "other"]
"""What an ingredient is to a picture.

- `parent`: The picture that this one was made from.
- `component`: A part of the picture.
- `input`: What a process was given, such as a model's reference.
- `other`: Something else, or nothing that is known.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManifestIngredient(Record):
    """Something that went into a picture."""

    title: str | None = None
    """Its title, often a file's name."""
    format: str | None = None
    """Its media type."""
    relationship: IngredientRelationship
    """What it is to the picture."""
    manifest: str | None = None
    """The label of its own manifest, where it had one."""
    claim: ProvenanceClaim | None = None
    """What its own manifest claims of it."""

    _keys = (
        ("title", "title", False),
        ("format", "format", False),
        ("relationship", "relationship", True),
        ("manifest", "manifest", False),
        ("claim", "claim", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            title=data.get("title"),
            format=data.get("format"),
            relationship=data["relationship"],
            manifest=data.get("manifest"),
            claim=data.get("claim"),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingMining(Record):
    """What a picture may be used for, by its manifest."""

    entry: str
    """The use, such as `c2pa.ai_generative_training`."""
    permission: str
    """`allowed`, `notAllowed` or `constrained`."""

    _keys = (
        ("entry", "entry", True),
        ("permission", "permission", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            entry=data["entry"],
            permission=data["permission"],
        )


RubricSignal: TypeAlias = Literal[
    "blankCanvas",
    "capturedMedia",
    "capturedMediaStitched",
    "compositionMayContainGenAI",
    "fullyGenAIMedia",
    "mediaUnknownProvenance",
    "nonGenAIDigitalCreation",
    "partlyGenAICreation",
    "screenCaptureMayContainGenAI",
    "editorialAI",
    "editorialNonAI",
    "editorialPossiblyGenAI",
    "nonEditorial",
]
"""What a manifest says of a picture, in the terms of the C2PA's Asset Rubrics (Conformance Task
Force, signals of version 1.0.0).

- `blankCanvas`: It began as an empty canvas.
- `capturedMedia`: It was recorded by a device.
- `capturedMediaStitched`: It was put together from recordings.
- `compositionMayContainGenAI`: It was put together from media that may be generated.
- `fullyGenAIMedia`: A generative model made all of it.
- `mediaUnknownProvenance`: Something went into it whose provenance is not known.
- `nonGenAIDigitalCreation`: It was made with software, without a generative model.
- `partlyGenAICreation`: A generative model made a part of it.
- `screenCaptureMayContainGenAI`: It is a picture of a screen that may have shown generated media.
- `editorialAI`: It was changed with a generative model.
- `editorialNonAI`: It was changed without one.
- `editorialPossiblyGenAI`: It was changed by means that may include one.
- `nonEditorial`: It was converted, resized or the like.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class CredentialManifest(Record):
    """A manifest: what one program says it did."""

    label: str
    """Its label in the store."""
    active: bool
    """Whether it describes the picture; the others describe what went into it."""
    claim_generator: tuple[Software, ...]
    """The programs that wrote it."""
    title: str | None = None
    """The picture's title."""
    format: str | None = None
    """The picture's media type."""
    actions: tuple[ManifestAction, ...]
    """What was done."""
    ingredients: tuple[ManifestIngredient, ...]
    """What went into the picture."""
    training_mining: tuple[TrainingMining, ...]
    """What the picture may be used for."""
    signals: tuple[RubricSignal, ...]
    """What the manifest says of the picture, by the C2PA's Asset Rubrics."""

    _keys = (
        ("label", "label", True),
        ("active", "active", True),
        ("claim_generator", "claimGenerator", True),
        ("title", "title", False),
        ("format", "format", False),
        ("actions", "actions", True),
        ("ingredients", "ingredients", True),
        ("training_mining", "trainingMining", True),
        ("signals", "signals", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            label=data["label"],
            active=data["active"],
            claim_generator=each(data["claimGenerator"], Software.from_dict),
            title=data.get("title"),
            format=data.get("format"),
            actions=each(data["actions"], ManifestAction.from_dict),
            ingredients=each(data["ingredients"], ManifestIngredient.from_dict),
            training_mining=each(data["trainingMining"], TrainingMining.from_dict),
            signals=tuple(data["signals"]),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ContentCredentials(Record):
    """Content Credentials of the C2PA."""

    state: CredentialState
    """What is known of signature and picture."""
    manifests: tuple[CredentialManifest, ...]
    """The manifests of the store, in its order; the last describes the picture, the others what
    went into it.
    """

    _keys = (
        ("state", "state", True),
        ("manifests", "manifests", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            state=data["state"],
            manifests=each(data["manifests"], CredentialManifest.from_dict),
        )


ProvenanceMark: TypeAlias = Literal[
    "digital-source-type",
    "action",
    "ingredient",
    "aigc-label",
    "settings",
    "prompt",
    "ai-system",
    "software",
    "camera",
    "credit",
    "job-id",
    "signature",
    "generative-fill",
    "remote-manifest",
    "screenshot",
]
"""Kinds of marks. Later versions may add some.

- `digital-source-type`: A code of the IPTC's vocabulary of digital sources.
- `action`: An action of the manifest that describes the picture.
- `ingredient`: A picture that went into this one, by its own manifest.
- `aigc-label`: The label that Chinese law asks for (GB 45438-2025).
- `settings`: Settings of a generator.
- `prompt`: What a generator was asked for.
- `ai-system`: The AI system that was used (IPTC 2025.1).
- `software`: The software that wrote the file or edited the picture.
- `camera`: The camera, by what it wrote of itself and of the exposure.
- `credit`: A credit line that generators' providers agreed on.
- `job-id`: A generator's number for the picture.
- `signature`: A generator's signature, which only its provider can check.
- `generative-fill`: A retouched part that a generative model filled.
- `remote-manifest`: The name of Content Credentials that are kept elsewhere; nothing is fetched.
- `screenshot`: A remark by the system that took a picture of the screen.
"""


MetadataContainer: TypeAlias = Literal[
    "content-credentials",
    "xmp",
    "exif",
    "iptc",
    "png-text",
    "comment",
]
"""Kinds of metadata.

- `content-credentials`: A manifest store of the C2PA.
- `xmp`: XMP (ISO 16684-1).
- `exif`: EXIF, or the fields of a TIFF file.
- `iptc`: IPTC-IIM, in Photoshop's image resources or by itself.
- `png-text`: Texts of a PNG file.
- `comment`: Comments of a JPEG or GIF file.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvenancePlace(Record):
    """Where a statement stands."""

    container: MetadataContainer
    """The kind of metadata."""
    field: str
    """The field, by the name that its definition gives it."""

    _keys = (
        ("container", "container", True),
        ("field", "field", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            container=data["container"],
            field=data["field"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvenanceStatement(Record):
    """One mark in a file."""

    mark: ProvenanceMark
    """What kind of mark it is."""
    claim: ProvenanceClaim | None
    """What it claims of the picture; null where it only adds to other statements."""
    place: ProvenancePlace
    """Where it stands."""
    digital_source_type: DigitalSourceType | None = None
    """The IPTC's code for the source of the picture, where the mark is one."""
    names: str | None = None
    """Whom or what it names: a generator, software, camera, or the provider that labelled the
    picture.
    """
    text: str | None = None
    """Its words, shortened; characters that control terminals or the direction of writing are
    replaced.
    """

    _keys = (
        ("mark", "mark", True),
        ("claim", "claim", True),
        ("place", "place", True),
        ("digital_source_type", "digitalSourceType", False),
        ("names", "names", False),
        ("text", "text", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            mark=data["mark"],
            claim=data["claim"],
            place=ProvenancePlace.from_dict(data["place"]),
            digital_source_type=data.get("digitalSourceType"),
            names=data.get("names"),
            text=data.get("text"),
        )


UnreadReason: TypeAlias = Literal["damaged", "compressed", "too-large", "repeated"]
"""Why metadata could not be read.

- `damaged`: They are damaged or cut off; what stands before the damage was read.
- `compressed`: They are compressed or encrypted in a way that is not read here.
- `too-large`: They are larger, deeper or more numerous than is read of one file.
- `repeated`: There is one such block in a file, and this is another.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class UnreadMetadata(Record):
    """Metadata that could not be read."""

    container: MetadataContainer
    """The kind of metadata."""
    reason: UnreadReason
    """Why."""

    _keys = (
        ("container", "container", True),
        ("reason", "reason", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            container=data["container"],
            reason=data["reason"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance(Record):
    """What a file says of how it was made. Anybody can write such metadata, so that each of these
    reads "the file says", and their absence means nothing. They never move the model's number.
    """

    format: Format
    """The file's format, by content."""
    says: ProvenanceClaim | None
    """The strongest claim of all statements; null where the file says nothing of its making, which
    means nothing.
    """
    contradictory: bool
    """Whether the file says both that a model generated all of it and that a camera recorded it."""
    content_credentials: ContentCredentials | None
    """The file's Content Credentials (C2PA); null where it has none."""
    statements: tuple[ProvenanceStatement, ...]
    """Every mark that was found, in the order of the blocks of metadata: Content Credentials, XMP,
    EXIF, IPTC, texts.
    """
    unread: tuple[UnreadMetadata, ...]
    """What metadata there are that could not be read."""

    _keys = (
        ("format", "format", True),
        ("says", "says", True),
        ("contradictory", "contradictory", True),
        ("content_credentials", "contentCredentials", True),
        ("statements", "statements", True),
        ("unread", "unread", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            format=data["format"],
            says=data["says"],
            contradictory=data["contradictory"],
            content_credentials=optional(data["contentCredentials"], ContentCredentials.from_dict),
            statements=each(data["statements"], ProvenanceStatement.from_dict),
            unread=each(data["unread"], UnreadMetadata.from_dict),
        )


Fidelity: TypeAlias = Literal["original-bytes", "re-encoded", "screen-capture"]
"""How faithful bytes are to the file they come from.

- `original-bytes`: The file's own bytes were decoded.
- `re-encoded`: The pixels were encoded anew, such as those of an `ImageBitmap`.
- `screen-capture`: The image was cut out of a picture of the screen.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class InputFacts(Record):
    """How the pixels came to the model."""

    fidelity: Fidelity
    """How faithful the bytes are to the file they come from."""
    views: int
    """Number of views scored."""
    views_sha256: str | None = None
    """SHA-256, in lower-case hex, of what the encoder was shown: the pixels of every view scored,
    one view after the other, row by row, a byte each for red, green and blue, before normalisation;
    behind them what a residual network was shown, where a model has one. It is the same wherever
    the image was decoded, turned, converted, reduced and cut in the same way.
    """
    crop: Rectangle | None = None
    """The part of the image that was judged; left out where all of it was. What is said of the file
    is said of all of it.
    """

    _keys = (
        ("fidelity", "fidelity", True),
        ("views", "views", True),
        ("views_sha256", "viewsSha256", False),
        ("crop", "crop", False),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            fidelity=data["fidelity"],
            views=data["views"],
            views_sha256=data.get("viewsSha256"),
            crop=optional(data.get("crop"), Rectangle.from_dict),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Timings(Record):
    """Wall-clock milliseconds."""

    decode_ms: float
    """Decoding, resizing, cutting views."""
    encode_ms: float
    """Encoder and head, until the logits are back."""
    total_ms: float
    """All of it."""

    _keys = (
        ("decode_ms", "decodeMs", True),
        ("encode_ms", "encodeMs", True),
        ("total_ms", "totalMs", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            decode_ms=data["decodeMs"],
            encode_ms=data["encodeMs"],
            total_ms=data["totalMs"],
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis(Record):
    """The result for one image."""

    schema_version: Literal[1]
    """Version of this structure."""
    file: FileFacts
    """The file that was read."""
    model: Verdict
    """The verdict of the model."""
    view_logits: tuple[float, ...] = ()
    """The logit of every view scored, the first view before the corners. Their mean is `logit` of
    the verdict; a first view that shows the whole image weighs as much as all corners together.
    """
    attribution: Attribution | None = None
    """Who made the image, should it be AI-generated; present when the model can tell and the image
    shows something to tell from.
    """
    quality: float | None = None
    """Technical quality of the views as the encoder sees them, 0 (ruined by blur, noise,
    compression or enlargement) to 1 (clean). It says nothing of beauty, and never moves the
    verdict. Present when the model has a head for it and the image shows something to judge.
    """
    stability: Stability | None = None
    """How steady the verdict is; present when it was asked for and the image shows something to
    judge.
    """
    map: OcclusionMap | None = None
    """Where the model looked; present when it was asked for and the image shows something to look
    at.
    """
    pictures: tuple[Rectangle, ...] = ()
    """Pictures inside the image, where it is a screenshot of a page, a picture between bars or a
    collage: a verdict on the whole says little of them, so judge each with `crop`. In reading
    order; left out where none was found, and where only a part was judged.
    """
    evidence: tuple[Evidence, ...]
    """Notes beside the verdict; they never move the model's number."""
    taught: Taught | None = None
    """The taught head that judged; left out where the model's own did. How often a taught head is
    wrong has not been measured: `measuredError` is null then.
    """
    provenance: Provenance | None = None
    """What the file says of how it was made; it never moves the model's number. Left out where it
    was not asked for, and where there are no bytes of a file.
    """
    input: InputFacts
    """How the pixels came to the model."""
    timings: Timings
    """How long it took."""

    _keys = (
        ("schema_version", "schemaVersion", True),
        ("file", "file", True),
        ("model", "model", True),
        ("view_logits", "viewLogits", False),
        ("attribution", "attribution", False),
        ("quality", "quality", False),
        ("stability", "stability", False),
        ("map", "map", False),
        ("pictures", "pictures", False),
        ("evidence", "evidence", True),
        ("taught", "taught", False),
        ("provenance", "provenance", False),
        ("input", "input", True),
        ("timings", "timings", True),
    )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make it from the JSON's object."""
        return cls(
            schema_version=data["schemaVersion"],
            file=FileFacts.from_dict(data["file"]),
            model=_verdict(data["model"]),
            view_logits=tuple(data.get("viewLogits", ())),
            attribution=optional(data.get("attribution"), Attribution.from_dict),
            quality=data.get("quality"),
            stability=optional(data.get("stability"), Stability.from_dict),
            map=optional(data.get("map"), OcclusionMap.from_dict),
            pictures=each(data.get("pictures", ()), Rectangle.from_dict),
            evidence=each(data["evidence"], Evidence.from_dict),
            taught=optional(data.get("taught"), Taught.from_dict),
            provenance=optional(data.get("provenance"), Provenance.from_dict),
            input=InputFacts.from_dict(data["input"]),
            timings=Timings.from_dict(data["timings"]),
        )
