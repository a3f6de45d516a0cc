//! Content Credentials: manifest stores of the C2PA, versions 1 and 2 of their claims.
//!
//! Signatures and hashes are not looked at: what is read here is what the file says. As in a check,
//! an assertion counts only if the claim of its manifest lists it, and a manifest only if it has a
//! claim: an empty box says nothing.
//!
//! Source: C2PA Technical Specification 2.2, chapters 8, 10, 11 and 18; ISO/IEC 19566-5 (JUMBF).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::boxes::{are_whole, boxes, c_string, find};
use super::claim::Claim;
use super::generators;
use super::report::{
    Action, Container, ContentCredentials, CredentialState, Ingredient, Manifest, Mark,
    Relationship, Signal, Software, TrainingMining, UnreadReason,
};
use super::source_type::SourceType;
use super::statements::{Found, Statements};
use super::text::harmless;
use super::{cbor, marks};
use crate::image::take;
use crate::limits::{MAX_MANIFESTS, MAX_METADATA_BYTES, MAX_METADATA_NESTING};

const AT: Container = Container::ContentCredentials;

/// Types of superboxes: four letters, and what follows them in all of the C2PA's and ISO's.
const STORE: &[u8; 4] = b"c2pa";
const MANIFEST: &[u8; 4] = b"c2ma";
const UPDATE_MANIFEST: &[u8; 4] = b"c2um";
const COMPRESSED_MANIFEST: &[u8; 4] = b"c2cm";
const ASSERTIONS: &[u8; 4] = b"c2as";
const CLAIM: &[u8; 4] = b"c2cl";
const UUID_END: [u8; 12] = *b"\x00\x11\x00\x10\x80\x00\x00\xAA\x00\x38\x9B\x71";

/// The namespace in which JSON-LD's prefix for the IPTC's extension must be declared.
const IPTC_EXTENSION: &str = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/";

/// A superbox: its type, its label, and the boxes in it.
#[derive(Clone, Copy)]
struct Superbox<'a> {
    kind: [u8; 4],
    label: &'a str,
    content: &'a [u8],
}

impl<'a> Superbox<'a> {
    /// From the content of a box `jumb`: a description, then other boxes. `None` where it has no
    /// label or is of none of the types above and content alone (CBOR, JSON and others).
    fn of(body: &'a [u8]) -> Option<Self> {
        const HAS_LABEL: u8 = 0b10;
        let (name, description) = boxes(body).next()?;
        let kind = take(description, 0)?;
        let [toggles] = take(description, 16)?;
        if name != *b"jumd" || toggles & HAS_LABEL == 0 || description.get(4..16)? != UUID_END {
            return None;
        }
        let label = str::from_utf8(c_string(description, 17)?.0).ok()?;
        let start = description.as_ptr_range().end as usize - body.as_ptr() as usize;
        Some(Self { kind, label, content: &body[start..] })
    }

    /// The superboxes in it.
    fn children(self) -> impl Iterator<Item = Superbox<'a>> {
        let superboxes = boxes(self.content).filter(|(name, _)| name == b"jumb");
        superboxes.filter_map(|(_, body)| Self::of(body))
    }

    /// Its content as JSON: a box of CBOR or of JSON.
    fn value(self) -> Option<Value> {
        let (name, body) = boxes(self.content).next()?;
        match &name {
            b"cbor" => cbor::to_json(body),
            b"json" => serde_json::from_slice(body).ok(),
            _ => None,
        }
    }
}

/// A store that was read.
pub(super) struct Store {
    credentials: ContentCredentials,
    /// What each manifest's metadata assertions say of the source.
    metadata: Vec<Vec<SourceType>>,
    /// Where something in it could not be read.
    unread: Vec<UnreadReason>,
}

/// Reads a manifest store, from its superbox on. `None` where it is something else that JUMBF
/// holds.
pub(super) fn read(bytes: &[u8]) -> Option<Result<Store, UnreadReason>> {
    let store = find(bytes, b"jumb").and_then(Superbox::of);
    match store {
        Some(store) if store.kind == *STORE && store.label == "c2pa" => Some(read_store(store)),
        Some(_) => None,
        // One that is cut off: its type stands behind two headers.
        None => {
            let kind = [16, 24].iter().any(|&at| take(bytes, at) == Some(*STORE));
            kind.then_some(Err(UnreadReason::Damaged))
        }
    }
}

fn read_store(store: Superbox<'_>) -> Result<Store, UnreadReason> {
    if store.content.len() > MAX_METADATA_BYTES {
        return Err(UnreadReason::TooLarge);
    }
    let mut unread = Vec::new();
    if !are_whole(store.content) {
        unread.push(UnreadReason::Damaged);
    }
    let (mut manifests, mut metadata) = (Vec::new(), Vec::new());
    for manifest in store.children() {
        match &manifest.kind {
            MANIFEST | UPDATE_MANIFEST => {}
            COMPRESSED_MANIFEST => {
                unread.push(UnreadReason::Compressed);
                continue;
            }
            _ => continue,
        }
        if manifests.len() == MAX_MANIFESTS {
            unread.push(UnreadReason::TooLarge);
            break;
        }
        match Reading::of(manifest, &mut unread) {
            Some(reading) => {
                manifests.push(reading.manifest);
                metadata.push(reading.metadata);
            }
            None => unread.push(UnreadReason::Damaged),
        }
    }
    if manifests.is_empty() {
        return Err(unread.first().copied().unwrap_or(UnreadReason::Damaged));
    }
    // The last is the one that describes the picture (11.1.4.2).
    if let Some(last) = manifests.last_mut() {
        last.active = true;
    }
    let credentials = ContentCredentials { state: CredentialState::Unverified, manifests };
    Ok(Store { credentials, metadata, unread })
}

/// A manifest on its way into the report.
struct Reading {
    manifest: Manifest,
    metadata: Vec<SourceType>,
}

impl Reading {
    fn of(manifest: Superbox<'_>, unread: &mut Vec<UnreadReason>) -> Option<Self> {
        let claim = manifest.children().find(|child| child.kind == *CLAIM)?;
        let Some(Value::Object(claim)) = claim.value() else { return None };
        let mut reading = Self {
            manifest: Manifest {
                label: harmless(manifest.label)?,
                active: false,
                claim_generator: claim_generators(&claim),
                title: words(&claim, &["dc:title"]),
                format: words(&claim, &["dc:format"]),
                actions: Vec::new(),
                ingredients: Vec::new(),
                training_mining: Vec::new(),
                signals: Vec::new(),
            },
            metadata: Vec::new(),
        };
        let listed = listed_assertions(&claim, manifest.label);
        let assertions = manifest.children().filter(|child| child.kind == *ASSERTIONS);
        for assertion in assertions.flat_map(Superbox::children) {
            if listed.contains(assertion.label) {
                reading.add(assertion, unread);
            }
        }
        reading.manifest.signals = signals(&reading.manifest);
        Some(reading)
    }

    /// Adds what an assertion says, if it is of a kind that is read.
    fn add(&mut self, assertion: Superbox<'_>, unread: &mut Vec<UnreadReason>) {
        // Several of one kind have a number behind the label (6.3).
        let label = assertion.label.split("__").next().unwrap_or_default();
        let kind = label.strip_prefix("c2pa.").or_else(|| label.strip_prefix("cawg."));
        let kind = kind.unwrap_or(label);
        let read = ["actions", "ingredient", "training-mining", "metadata", "stds.iptc"];
        // Later versions of a kind have a number behind a point.
        let known = |name: &&&str| kind == **name || kind.starts_with(&format!("{name}."));
        let Some(name) = read.iter().find(known) else { return };
        let Some(Value::Object(value)) = assertion.value() else {
            unread.push(UnreadReason::Damaged);
            return;
        };
        let Manifest { actions, ingredients, training_mining, .. } = &mut self.manifest;
        match *name {
            "actions" => actions.extend(actions_of(&value)),
            "ingredient" => ingredients.push(ingredient(&value)),
            "training-mining" => training_mining.extend(training(&value)),
            _ => self.metadata.extend(metadata(&value)),
        }
        let whole = shortened(actions) & shortened(ingredients) & shortened(training_mining);
        if !whole {
            unread.push(UnreadReason::TooLarge);
        }
    }
}

/// Cuts a list at its limit; whether it was within it.
fn shortened<T>(list: &mut Vec<T>) -> bool {
    let whole = list.len() <= MAX_MANIFESTS;
    list.truncate(MAX_MANIFESTS);
    whole
}

/// The labels of the assertions that a claim lists (10.3): `self#jumbf=c2pa.assertions/LABEL`, or
/// the same from the root of the store. A set: there may be as many as assertions.
fn listed_assertions<'a>(claim: &'a Map<String, Value>, manifest: &str) -> BTreeSet<&'a str> {
    let lists = ["assertions", "created_assertions", "gathered_assertions"];
    let all = lists.iter().filter_map(|list| claim.get(*list)?.as_array()).flatten();
    let label = |reference: &'a Value| {
        let place = reference.get("url")?.as_str()?.strip_prefix("self#jumbf=")?;
        let place = match place.strip_prefix("/c2pa/") {
            Some(absolute) => absolute.strip_prefix(manifest)?.strip_prefix('/')?,
            None => place,
        };
        place.strip_prefix("c2pa.assertions/")
    };
    all.filter_map(label).collect()
}

/// The first of these fields that is a text, made harmless.
fn words(object: &Map<String, Value>, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| object.get(*name)?.as_str()).and_then(harmless)
}

/// The programs that wrote a claim: a map, of older claims a list of maps, and before that a text
/// like a browser's (10.2.3).
fn claim_generators(claim: &Map<String, Value>) -> Vec<Software> {
    const MOST: usize = 16;
    let info = claim.get("claim_generator_info");
    let list = info.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let info = list.iter().chain(info.filter(|info| info.is_object()));
    let programs: Vec<_> = info.filter_map(software).take(MOST).collect();
    if !programs.is_empty() {
        return programs;
    }
    let text = claim.get("claim_generator").and_then(Value::as_str).and_then(harmless);
    text.map(|name| Software { name, version: None }).into_iter().collect()
}

/// A program: its name, or a map with name and version.
fn software(value: &Value) -> Option<Software> {
    match value {
        Value::String(name) => Some(Software { name: harmless(name)?, version: None }),
        Value::Object(map) => {
            Some(Software { name: words(map, &["name"])?, version: words(map, &["version"]) })
        }
        _ => None,
    }
}

/// The actions of an assertion (18.15). What an action lacks, the template for its kind says.
fn actions_of(assertion: &Map<String, Value>) -> Vec<Action> {
    let list = |name: &str| assertion.get(name).and_then(Value::as_array).map_or(&[][..], |v| v);
    let action = |value: &Value| {
        let own = value.as_object()?;
        let name = own.get("action")?.as_str()?;
        let is_for = |template: &&Value| {
            template.get("action").and_then(Value::as_str).is_some_and(|of| of == name || of == "*")
        };
        let template = list("templates").iter().find(is_for);
        let field = |name: &str| own.get(name).or_else(|| template?.get(name));
        let agent = || {
            let index = field("softwareAgentIndex")?.as_u64()?;
            list("softwareAgents").get(usize::try_from(index).ok()?)
        };
        let parameters = field("parameters").and_then(Value::as_object);
        let description = field("description").and_then(Value::as_str).and_then(harmless);
        Some(Action {
            action: harmless(name)?,
            software_agent: field("softwareAgent").or_else(agent).and_then(software),
            when: field("when").and_then(Value::as_str).and_then(harmless),
            digital_source_type: field("digitalSourceType")
                .and_then(Value::as_str)
                .and_then(SourceType::of),
            description: description
                .or_else(|| words(parameters?, &["description", "com.adobe.acr.value", "name"])),
        })
    };
    list("actions").iter().take(MAX_MANIFESTS + 1).filter_map(action).collect()
}

/// An ingredient, in the three versions of its assertion (18.16).
fn ingredient(assertion: &Map<String, Value>) -> Ingredient {
    let reference = ["activeManifest", "c2pa_manifest"].iter().find_map(|name| {
        let url = assertion.get(*name)?.get("url")?.as_str()?;
        let place = url.strip_prefix("self#jumbf=")?.strip_prefix("/c2pa/")?;
        harmless(place.split('/').next()?)
    });
    Ingredient {
        title: words(assertion, &["dc:title"]),
        format: words(assertion, &["dc:format"]),
        relationship: match assertion.get("relationship").and_then(Value::as_str) {
            Some("parentOf") => Relationship::Parent,
            Some("componentOf") => Relationship::Component,
            Some("inputTo") => Relationship::Input,
            _ => Relationship::Other,
        },
        manifest: reference,
        claim: None,
    }
}

/// What a picture may be used for (CAWG, Training and Data Mining Assertion 1.1).
fn training(assertion: &Map<String, Value>) -> Vec<TrainingMining> {
    let Some(entries) = assertion.get("entries").and_then(Value::as_object) else {
        return Vec::new();
    };
    let entry = |(name, value): (&String, &Value)| {
        let permission = value.get("use").and_then(Value::as_str)?;
        Some(TrainingMining { entry: harmless(name)?, permission: harmless(permission)? })
    };
    entries.iter().take(MAX_MANIFESTS + 1).filter_map(entry).collect()
}

/// The digital source in metadata as JSON-LD (18.17), by a prefix that is declared for its
/// namespace.
fn metadata(assertion: &Map<String, Value>) -> Option<SourceType> {
    let context = assertion.get("@context")?.as_object()?;
    let (prefix, _) = context.iter().find(|(_, uri)| *uri == IPTC_EXTENSION)?;
    let value = assertion.get(&format!("{prefix}:DigitalSourceType"))?;
    SourceType::of(value.as_str().or_else(|| value.get("@id")?.as_str())?)
}

/// Actions that change nothing that is seen, of the rubrics: these, and `c2pa.created` and
/// `c2pa.opened`, which begin a history.
const NON_EDITORIAL: [&str; 11] = [
    "c2pa.converted",
    "c2pa.published",
    "c2pa.repackaged",
    "c2pa.transcoded",
    "c2pa.resized.proportional",
    "c2pa.enhanced",
    "c2pa.edited.metadata",
    "c2pa.watermarked",
    "c2pa.watermarked.bound",
    "c2pa.watermarked.unbound",
    "c2pa.redacted",
];

/// Whether an action is one that changes what is seen.
fn is_editorial(action: &Action) -> bool {
    let name = action.action.as_str();
    !matches!(name, "c2pa.created" | "c2pa.opened") && !NON_EDITORIAL.contains(&name)
}

/// What a manifest says, by the C2PA's Asset Rubrics ("C2PA Asset Signals Rubric", version 1.0.0).
/// Actions of the first version count, too, as most files have them.
fn signals(manifest: &Manifest) -> Vec<Signal> {
    let mut signals = Vec::new();
    for action in &manifest.actions {
        let source = action.digital_source_type;
        if action.action == "c2pa.created" {
            signals.extend(source.and_then(inception));
        } else if NON_EDITORIAL.contains(&action.action.as_str()) {
            signals.push(Signal::NonEditorial);
        } else if let (true, Some(source)) = (is_editorial(action), source) {
            signals.push(match source.is_generative() {
                true => Signal::EditorialAi,
                false => Signal::EditorialNonAi,
            });
            if matches!(source, SourceType::DigitalArt | SourceType::Composite) {
                signals.push(Signal::EditorialPossiblyGenAi);
            }
        }
    }
    if manifest.ingredients.iter().any(|ingredient| ingredient.manifest.is_none()) {
        signals.push(Signal::MediaUnknownProvenance);
    }
    signals.sort_unstable();
    signals.dedup();
    signals
}

/// What a source says of how a picture began.
fn inception(source: SourceType) -> Option<Signal> {
    Some(match source {
        SourceType::Empty => Signal::BlankCanvas,
        SourceType::DigitalCapture | SourceType::ComputationalCapture => Signal::CapturedMedia,
        SourceType::CompositeCapture => Signal::CapturedMediaStitched,
        SourceType::Composite => Signal::CompositionMayContainGenAi,
        SourceType::TrainedAlgorithmicMedia => Signal::FullyGenAiMedia,
        SourceType::DigitalCreation => Signal::NonGenAiDigitalCreation,
        SourceType::CompositeWithTrainedAlgorithmicMedia => Signal::PartlyGenAiCreation,
        SourceType::ScreenCapture => Signal::ScreenCaptureMayContainGenAi,
        _ => return None,
    })
}

/// What an action claims of its result. An edit with a generative model makes a part of it; actions
/// that change nothing that is seen claim nothing.
fn claim_of(action: &Action) -> Option<Claim> {
    let created = action.action == "c2pa.created";
    let agent = action.software_agent.as_ref().and_then(|agent| generators::named(&agent.name));
    match action.digital_source_type {
        Some(source) if created || action.action == "c2pa.opened" => Some(source.claim()),
        Some(source) if is_editorial(action) => Some(match source.claim() {
            Claim::Generated => Claim::PartlyGenerated,
            Claim::Captured | Claim::Created => Claim::Edited,
            other => other,
        }),
        Some(_) => None,
        // The first manifests of image generators had no source types.
        None if created => agent.map(|_| Claim::Generated),
        None => agent.filter(|_| is_editorial(action)).map(|_| Claim::GeneratorNamed),
    }
}

/// What the manifests claim of their pictures, each with what went into it.
struct Graph<'a> {
    manifests: &'a [Manifest],
    metadata: &'a [Vec<SourceType>],
    places: BTreeMap<&'a str, usize>,
    /// What was found of each; none while it is looked at, so that circles end.
    known: Vec<Option<Vec<Claim>>>,
}

impl<'a> Graph<'a> {
    fn of(manifests: &'a [Manifest], metadata: &'a [Vec<SourceType>]) -> Self {
        let labels = manifests.iter().enumerate();
        let places = labels.map(|(place, manifest)| (manifest.label.as_str(), place)).collect();
        Self { manifests, metadata, places, known: vec![None; manifests.len()] }
    }

    /// The claims of a manifest, the strongest first.
    fn claims(&mut self, place: usize, depth: usize) -> Vec<Claim> {
        if let Some(known) = &self.known[place] {
            return known.clone();
        }
        self.known[place] = Some(Vec::new());
        let manifest = &self.manifests[place];
        let mut claims: Vec<Claim> = manifest.actions.iter().filter_map(claim_of).collect();
        claims.extend(self.metadata[place].iter().map(|source| source.claim()));
        for ingredient in &manifest.ingredients {
            claims.extend(self.inherited(manifest, ingredient, depth));
        }
        claims.sort_unstable();
        claims.dedup();
        self.known[place] = Some(claims.clone());
        claims
    }

    /// What an ingredient's own manifest claims of it.
    fn own(&mut self, ingredient: &Ingredient, depth: usize) -> Vec<Claim> {
        let Some(below) = depth.checked_sub(1) else { return Vec::new() };
        let place = ingredient.manifest.as_deref().and_then(|label| self.places.get(label));
        place.copied().map_or_else(Vec::new, |place| self.claims(place, below))
    }

    /// What follows for the picture that an ingredient went into: of a parent everything, of a
    /// component that there is something generated in it.
    fn inherited(
        &mut self,
        manifest: &Manifest,
        ingredient: &Ingredient,
        depth: usize,
    ) -> Option<Claim> {
        let claim = self.own(ingredient, depth).first().copied()?;
        let part = |claim: Claim| match claim {
            Claim::Generated => Some(Claim::PartlyGenerated),
            Claim::PartlyGenerated | Claim::PossiblyGenerated | Claim::GeneratorNamed => {
                Some(claim)
            }
            _ => None,
        };
        let components =
            manifest.ingredients.iter().filter(|of| of.relationship == Relationship::Component);
        match ingredient.relationship {
            // Not all of it is generated any more if something else was added.
            Relationship::Parent if components.count() > 0 => part(claim).or(Some(claim)),
            Relationship::Parent => Some(claim),
            // There is nothing else in the picture, as in the first files of ChatGPT.
            Relationship::Component
                if manifest.ingredients.len() == 1 && manifest.actions.is_empty() =>
            {
                Some(claim)
            }
            Relationship::Component => part(claim),
            Relationship::Input | Relationship::Other => None,
        }
    }
}

/// Says what a store says of the picture; the credentials for the report.
pub(super) fn state(store: Store, statements: &mut Statements) -> Option<ContentCredentials> {
    let Store { mut credentials, metadata, unread } = store;
    for reason in unread {
        statements.not_read(AT, reason);
    }
    let manifests = credentials.manifests.clone();
    let mut graph = Graph::of(&manifests, &metadata);
    for manifest in &mut credentials.manifests {
        for ingredient in &mut manifest.ingredients {
            ingredient.claim = graph.own(ingredient, MAX_METADATA_NESTING).first().copied();
        }
    }
    let active = credentials.manifests.last()?;
    for program in &active.claim_generator {
        // Whoever writes a manifest is not always who made the picture.
        if generators::named(&program.name).is_some() {
            marks::editor(&program.name, AT, "claim_generator", statements);
        }
    }
    for action in &active.actions {
        let Some(claim) = claim_of(action) else { continue };
        let agent = action.software_agent.as_ref().map(|agent| agent.name.as_str());
        let found = Found::new(Mark::Action, claim).names(agent);
        let found = Found { source_type: action.digital_source_type, ..found };
        statements.add(AT, &action.action, found.text(action.description.as_deref()));
    }
    for source in metadata.last().into_iter().flatten() {
        let found = Found::new(Mark::DigitalSourceType, source.claim()).source(*source);
        statements.add(AT, "Iptc4xmpExt:DigitalSourceType", found);
    }
    for ingredient in &active.ingredients {
        let Some(claim) = graph.inherited(active, ingredient, MAX_METADATA_NESTING) else {
            continue;
        };
        let found = Found::new(Mark::Ingredient, claim).text(ingredient.title.as_deref());
        statements.add(AT, "c2pa.ingredient", found);
    }
    Some(credentials)
}
