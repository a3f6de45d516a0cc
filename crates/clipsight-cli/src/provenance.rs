//! `clipsight provenance`: what files say of how they were made.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clipsight::provenance::{
    self, Claim, Container, ContentCredentials, CredentialState, Manifest, Mark, Provenance,
    Statement, Unread, UnreadReason,
};
use clipsight::{Error, ErrorKind, Result};
use clipsight_native::io::{is_apple_double, print, printable, resource_fork};
use clipsight_native::names::Passed;
use clipsight_native::walk::{self, Item};
use clipsight_verify::Verification;
use serde::Serialize;

use crate::files::{Failure, Place, SOME_FAILED, caught, check_input, read};
use crate::signature;

/// Arguments of `provenance`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Image files of any name; folders, which are searched for files with image extensions;
    /// patterns such as '*.jpg' or '**/*.png' where there is no file of that name; `-`, an image
    /// from standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check the signatures of Content Credentials, too: whether the file is what was signed, and
    /// who signed it
    #[arg(long)]
    verify: bool,
    /// JSON lines instead of text
    #[arg(long)]
    json: bool,
}

/// One file's line: part of the public interface.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    place: Place,
    /// Null for a file that failed.
    provenance: Option<&'a Provenance>,
    /// With `--verify`: what became of checking the signature.
    #[serde(skip_serializing_if = "Option::is_none")]
    verification: Option<&'a Verification>,
    /// Why it could not be checked.
    #[serde(rename = "verificationError", skip_serializing_if = "Option::is_none")]
    verification_error: Option<Failure>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Failure>,
}

/// What is known of one file.
struct Answer {
    provenance: Provenance,
    verification: Option<Result<Verification>>,
}

/// Reads every file; one that fails is told and stops nothing.
///
/// # Errors
/// When the results cannot be written; never for an image.
pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    check_input(&args.paths, "provenance")?;
    if args.verify {
        // A build that cannot check says so once, not with every file.
        signature::check(&[])?;
    }
    let found = walk::items(&args.paths);
    let (mut done, mut failed, mut passed) = (0, 0, found.passed);
    for item in &found.items {
        let result = match caught(item.path(), || attempt(item, args.verify)) {
            Ok(None) => {
                passed.add(Path::new(""), Passed::AppleDouble);
                continue;
            }
            Ok(Some(answer)) => Ok(answer),
            Err(error) => Err(error),
        };
        *(if result.is_ok() { &mut done } else { &mut failed }) += 1;
        print(&match args.json {
            true => json(item.path(), &result)?,
            false => text(item.path(), &result),
        })?;
    }
    eprintln!("clipsight: {done} read, {failed} failed");
    if !passed.is_empty() {
        eprintln!("clipsight: passed over in folders: {passed}");
    }
    Ok(if failed > 0 { ExitCode::from(SOME_FAILED) } else { ExitCode::SUCCESS })
}

/// What a file says; none where nobody named it and it is no picture.
fn attempt(item: &Item, verify: bool) -> Result<Option<Answer>> {
    let bytes = read(item)?;
    if is_apple_double(&bytes) {
        return match item {
            Item::Found(_) => Ok(None),
            _ => Err(resource_fork(item.path())),
        };
    }
    let provenance = provenance::read(&bytes)?;
    let verification = verify.then(|| signature::check(&bytes));
    Ok(Some(Answer { provenance, verification }))
}

fn json(path: &Path, result: &Result<Answer>) -> Result<String> {
    let verification = result.as_ref().ok().and_then(|answer| answer.verification.as_ref());
    let record = Record {
        place: Place::of(path),
        provenance: result.as_ref().ok().map(|answer| &answer.provenance),
        verification: verification.and_then(|checked| checked.as_ref().ok()),
        verification_error: verification
            .and_then(|checked| checked.as_ref().err().map(Failure::from)),
        error: result.as_ref().err().map(Failure::from),
    };
    let line = serde_json::to_string(&record).map_err(|error| {
        Error::new(ErrorKind::Internal, format!("a result cannot be written: {error}"))
    })?;
    Ok(line + "\n")
}

/// A file in words, an empty line behind it.
fn text(path: &Path, result: &Result<Answer>) -> String {
    let mut lines = printable(&path.to_string_lossy()) + "\n";
    match result {
        Err(error) => {
            let message = printable(error.message());
            // Writing to a string cannot fail.
            let _ = writeln!(lines, "  not read: {message} [{}]", error.kind().code());
        }
        Ok(Answer { provenance, verification }) => {
            describe(provenance, &mut lines);
            match verification {
                Some(Ok(verification)) => signature::describe(verification, &mut lines),
                Some(Err(error)) => {
                    let message = printable(error.message());
                    let code = error.kind().code();
                    let _ = writeln!(lines, "  signature not checked: {message} [{code}]");
                }
                None => {}
            }
        }
    }
    lines + "\n"
}

fn describe(provenance: &Provenance, lines: &mut String) {
    let _ = writeln!(
        lines,
        "  {}",
        match provenance.says {
            Some(claim) => format!("the file says: {}", claimed(claim)),
            None => "the file says nothing of how it was made, which means nothing".to_owned(),
        }
    );
    if provenance.contradictory {
        let _ = writeln!(lines, "  it contradicts itself: it names a camera's recording, too");
    }
    for statement in &provenance.statements {
        let _ = writeln!(lines, "  - {}", in_words(statement));
    }
    if let Some(credentials) = &provenance.content_credentials {
        describe_credentials(credentials, lines);
    }
    for unread in &provenance.unread {
        let _ = writeln!(lines, "  {}", not_read(*unread));
    }
}

fn claimed(claim: Claim) -> &'static str {
    match claim {
        Claim::Generated => "a generative model made the picture",
        Claim::PartlyGenerated => "a generative model made a part of the picture",
        Claim::PossiblyGenerated => "the picture may be generated",
        Claim::GeneratorNamed => "a generative tool was used, for what is not said",
        Claim::Composite => "the picture was put together from several, which may be generated",
        Claim::ScreenCapture => "the picture shows a screen, whose content may be generated",
        Claim::Captured => "a camera or scanner recorded the picture",
        Claim::Created => "the picture was made with software, not by a generative model",
        Claim::Edited => "the picture was edited, not with a generative model",
        _ => "something that this version does not know",
    }
}

/// A statement: where it stands, what it is and what it says.
fn in_words(statement: &Statement) -> String {
    let place = container(statement.place.container);
    let mut words = format!("{place}, {}: {}", statement.place.field, kind(statement.mark));
    if let Some(source) = statement.digital_source_type {
        let code = serde_json::to_value(source).unwrap_or_default();
        let _ = write!(words, " {}", code.as_str().unwrap_or_default());
    }
    if let Some(names) = &statement.names {
        let _ = write!(words, " {names}");
    }
    if let Some(text) = &statement.text {
        let _ = write!(words, ": {}", shortened(text));
    }
    printable(&words)
}

/// Long prompts in full are for JSON.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn container(container: Container) -> &'static str {
    match container {
        Container::ContentCredentials => "Content Credentials",
        Container::Xmp => "XMP",
        Container::Exif => "EXIF",
        Container::Iptc => "IPTC",
        Container::PngText => "PNG text",
        Container::Comment => "comment",
        _ => "metadata",
    }
}

fn kind(mark: Mark) -> &'static str {
    match mark {
        Mark::DigitalSourceType => "source",
        Mark::Action => "action",
        Mark::Ingredient => "ingredient",
        Mark::AigcLabel => "label of generated content",
        Mark::Settings => "settings of",
        Mark::Prompt => "prompt for",
        Mark::AiSystem => "AI system",
        Mark::Software => "software",
        Mark::Camera => "camera",
        Mark::Credit => "credit",
        Mark::JobId => "job number of",
        Mark::Signature => "signature of",
        Mark::GenerativeFill => "part filled by",
        Mark::RemoteManifest => "Content Credentials kept elsewhere",
        Mark::Screenshot => "remark",
        _ => "mark",
    }
}

fn describe_credentials(credentials: &ContentCredentials, lines: &mut String) {
    let state = match credentials.state {
        CredentialState::Unverified => "read, not checked",
        CredentialState::Trusted => "signed by a trusted signer, unchanged since",
        CredentialState::UnknownSigner => "signed by an unknown signer, unchanged since",
        CredentialState::Invalid => "invalid: changed after they were signed",
        _ => "in a state that this version does not know",
    };
    let count = credentials.manifests.len();
    let _ = writeln!(lines, "  Content Credentials: {state}; manifests: {count}");
    for manifest in credentials.manifests.iter().rev() {
        describe_manifest(manifest, lines);
    }
}

fn describe_manifest(manifest: &Manifest, lines: &mut String) {
    let programs = manifest.claim_generator.iter().map(|program| match &program.version {
        Some(version) => format!("{} {version}", program.name),
        None => program.name.clone(),
    });
    let programs = programs.collect::<Vec<_>>().join(", ");
    let what = if manifest.active { "of the picture" } else { "of an ingredient" };
    let _ = writeln!(lines, "    {what}, written by {}", printable(&programs));
    for action in &manifest.actions {
        let mut words = action.action.clone();
        if let Some(agent) = &action.software_agent {
            let _ = write!(words, " by {}", agent.name);
        }
        if let Some(when) = &action.when {
            let _ = write!(words, ", {when}");
        }
        if let Some(description) = &action.description {
            let _ = write!(words, ": {}", shortened(description));
        }
        let _ = writeln!(lines, "      {}", printable(&words));
    }
    for ingredient in &manifest.ingredients {
        let title = ingredient.title.as_deref().unwrap_or("without a title");
        let own = if ingredient.manifest.is_some() { "with" } else { "without" };
        let words = format!("ingredient {title}, {own} Content Credentials of its own");
        let _ = writeln!(lines, "      {}", printable(&words));
    }
    for entry in &manifest.training_mining {
        let words = format!("use: {} {}", entry.entry, entry.permission);
        let _ = writeln!(lines, "      {}", printable(&words));
    }
}

fn not_read(unread: Unread) -> String {
    let why = match unread.reason {
        UnreadReason::Damaged => "damaged or cut off",
        UnreadReason::Compressed => "compressed in a way that is not read here",
        UnreadReason::TooLarge => "more than is read of one file",
        UnreadReason::Repeated => "there twice: the first were read",
        _ => "not readable",
    };
    format!("{}: {why}", container(unread.container))
}
