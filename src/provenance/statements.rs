//! Statements on their way into a report.

use super::claim::Claim;
use super::report::{
    Container, ContentCredentials, Mark, Place, Provenance, Statement, Unread, UnreadReason,
};
use super::source_type::SourceType;
use super::text::harmless;
use crate::image::Format;
use crate::limits::MAX_STATEMENTS;

/// Collects what is found.
#[derive(Default)]
pub(super) struct Statements {
    statements: Vec<Statement>,
    unread: Vec<Unread>,
}

/// A statement that is being made.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) mark: Mark,
    pub(super) claim: Option<Claim>,
    pub(super) source_type: Option<SourceType>,
    pub(super) names: Option<&'a str>,
    pub(super) text: Option<&'a str>,
}

impl<'a> Found<'a> {
    pub(super) fn new(mark: Mark, claim: impl Into<Option<Claim>>) -> Self {
        Self { mark, claim: claim.into(), source_type: None, names: None, text: None }
    }

    pub(super) fn source(mut self, source_type: SourceType) -> Self {
        self.source_type = Some(source_type);
        self
    }

    pub(super) fn names(mut self, names: impl Into<Option<&'a str>>) -> Self {
        self.names = names.into();
        self
    }

    pub(super) fn text(mut self, text: impl Into<Option<&'a str>>) -> Self {
        self.text = text.into();
        self
    }
}

impl Statements {
    /// Adds a statement, unless it is there.
    pub(super) fn add(&mut self, container: Container, field: &str, found: Found<'_>) {
        let statement = Statement {
            mark: found.mark,
            claim: found.claim,
            place: Place { container, field: harmless(field).unwrap_or_default() },
            digital_source_type: found.source_type,
            names: found.names.and_then(harmless),
            // Which are often the same.
            text: found.text.filter(|text| Some(*text) != found.names).and_then(harmless),
        };
        if self.statements.contains(&statement) {
            return;
        }
        if self.statements.len() == MAX_STATEMENTS {
            self.not_read(container, UnreadReason::TooLarge);
            return;
        }
        self.statements.push(statement);
    }

    /// Says that metadata could not be read, once.
    pub(super) fn not_read(&mut self, container: Container, reason: UnreadReason) {
        let unread = Unread { container, reason };
        if !self.unread.contains(&unread) {
            self.unread.push(unread);
        }
    }

    /// As [`not_read`](Self::not_read), for several.
    pub(super) fn unread(&mut self, unread: Vec<Unread>) {
        for Unread { container, reason } in unread {
            self.not_read(container, reason);
        }
    }

    /// The report.
    pub(super) fn finish(
        self,
        format: Format,
        content_credentials: Option<ContentCredentials>,
    ) -> Provenance {
        let claims = || self.statements.iter().filter_map(|statement| statement.claim);
        let claimed = |claim: Claim| claims().any(|other| other == claim);
        Provenance {
            format,
            says: claims().min(),
            contradictory: claimed(Claim::Generated) && claimed(Claim::Captured),
            content_credentials,
            statements: self.statements,
            unread: self.unread,
        }
    }
}
