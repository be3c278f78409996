//! Where a value comes from: a place in the official text, or a default of ours.

use std::fmt;
use std::ops::Deref;

/// A line of a scheme's file, for messages about a value that was read well but does not fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Name of the file within the scheme's directory.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// What a value rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// The official text says it.
    Text {
        /// Where in the text, e.g. `二.1` or `附件2备注1`.
        place: String,
        /// The words themselves, where they matter.
        quote: Option<String>,
    },
    /// The text is silent; the value is a default that an office may change.
    Default,
}

/// The basis of a value and the line that states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What the value rests on.
    pub basis: Basis,
    /// Where the scheme's files say so.
    pub at: Place,
}

impl Source {
    /// Whether the value is a default of ours.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.basis == Basis::Default
    }

    /// Whether it says nothing that `other` does not say: both are defaults, or it names the same
    /// place of the text and quotes nothing of its own.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        match (&self.basis, &other.basis) {
            (Basis::Text { place, quote: None }, Basis::Text { place: whole, .. }) => place == whole,
            (own, whole) => own == whole,
        }
    }

    /// The source without its brackets: `二.1`, `二.1：“…”` or `系统默认`.
    pub(crate) fn words(&self) -> String {
        match &self.basis {
            Basis::Text { place, quote: None } => place.clone(),
            Basis::Text { place, quote: Some(quote) } => format!("{place}：“{quote}”"),
            Basis::Default => "系统默认".to_owned(),
        }
    }
}

impl Default for Source {
    fn default() -> Self {
        Self { basis: Basis::Default, at: Place::default() }
    }
}

impl fmt::Display for Source {
    /// `〔二.1〕`, `〔二.1：“…”〕` or `〔系统默认〕`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "〔{}〕", self.words())
    }
}

/// A value together with its source. Reads as the value itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Where it comes from.
    pub source: Source,
}

impl<T> Deref for Sourced<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
