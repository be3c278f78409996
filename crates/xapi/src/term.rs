//! By what a statement is found: one term for each thing that a query may ask for.

use sha2::{Digest, Sha256};

/// What a term says about its statement (Communication 2.1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum TermKind {
    /// Is its actor or object, or a member of one.
    Agent = 1,
    /// Stands anywhere in it: authority, instructor, team, in a substatement, or as an `Agent`.
    RelatedAgent = 2,
    /// Is its verb.
    Verb = 3,
    /// Is its object.
    Activity = 4,
    /// Stands anywhere in it: in its context, in a substatement, or as its `Activity`.
    RelatedActivity = 5,
    /// Is its registration.
    Registration = 6,
    /// Brought it: no part of the statement, so whoever stores it adds the term.
    Credential = 7,
}

/// Kind and value as the first half of a SHA-256: short enough for an index, too long for anybody
/// to find two values that share one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Term(pub [u8; 16]);

impl Term {
    /// The term of `kind` for `value`: an agent's key, an IRI, a UUID in lower case.
    #[must_use]
    pub fn of(kind: TermKind, value: &str) -> Self {
        let digest = Sha256::new().chain_update([kind as u8]).chain_update(value.as_bytes()).finalize();
        let mut term = [0; 16];
        term.copy_from_slice(&digest[..16]);
        Self(term)
    }
}

/// The terms of one statement, while they are collected.
#[derive(Debug, Default)]
pub(crate) struct Terms<'v>(Vec<(TermKind, std::borrow::Cow<'v, str>)>);

impl<'v> Terms<'v> {
    pub fn add(&mut self, kind: TermKind, value: impl Into<std::borrow::Cow<'v, str>>) {
        self.0.push((kind, value.into()));
    }

    /// Each once. What is the statement's own is related besides, so that a query for the related
    /// looks for one term.
    pub fn finish(mut self) -> Vec<Term> {
        for place in 0..self.0.len() {
            let related = match self.0[place].0 {
                TermKind::Agent => TermKind::RelatedAgent,
                TermKind::Activity => TermKind::RelatedActivity,
                _ => continue,
            };
            let value = self.0[place].1.clone();
            self.0.push((related, value));
        }
        self.0.sort_unstable();
        self.0.dedup();
        self.0.iter().map(|(kind, value)| Term::of(*kind, value)).collect()
    }
}
