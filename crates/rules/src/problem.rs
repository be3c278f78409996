//! What is wrong with a scheme, where, and what would be right.

use std::fmt;

use crate::source::Place;

/// One mistake in a scheme's files. `Display` gives the line a compiler would print.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// Name of the file within the scheme's directory.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, in Chinese.
    pub wrong: String,
    /// What would be right, in Chinese.
    pub right: String,
}

impl Problem {
    /// A mistake at a place.
    pub(crate) fn at(place: &Place, wrong: impl Into<String>, right: impl Into<String>) -> Self {
        let Place { file, line, column } = place.clone();
        Self { file, line, column, wrong: wrong.into(), right: right.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}；{}", self.file, self.line, self.column, self.wrong, self.right)
    }
}
