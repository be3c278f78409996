//! A row of a file while it is read and judged, and what is said about it.

use std::sync::Arc;

use super::column::{Column, Heading};
use super::difference::Difference;
use super::finding::{Finding, Findings, Weight};
use super::origin::Origin;

/// A row of the file with what is said about it.
#[derive(Debug, Clone)]
pub struct Notes {
    number: u32,
    heading: Arc<Heading>,
    columns: &'static [Column],
    /// What the column that names the row says.
    name: String,
    findings: Findings,
}

/// Characters of a name that are repeated beside what is said about its row.
const NAME_SHOWN: usize = 30;

impl Notes {
    /// Nothing said yet about row `number`.
    #[must_use]
    pub fn new(number: u32, heading: Arc<Heading>, columns: &'static [Column]) -> Self {
        Self { number, heading, columns, name: String::new(), findings: Findings::default() }
    }

    /// The row, as the spreadsheet counts.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The cell in `column` (a place in the kind's columns) is wrong; `message` says how to mend it.
    pub fn wrong(&mut self, column: usize, message: impl Into<String>) {
        self.note(column, Weight::Error, message.into());
    }

    /// The cell in `column` deserves a look.
    pub fn warn(&mut self, column: usize, message: impl Into<String>) {
        self.note(column, Weight::Warning, message.into());
    }

    /// The clerk decides about the row because of the cell in `column`.
    pub fn ask(&mut self, column: usize, message: impl Into<String>) {
        self.note(column, Weight::Question, message.into());
    }

    /// Whether something is wrong.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.findings.has_error()
    }

    /// Whether the clerk decides about the row.
    #[must_use]
    pub fn has_question(&self) -> bool {
        self.findings.has_question()
    }

    /// Everything said.
    #[must_use]
    pub fn into_findings(self) -> Vec<Finding> {
        self.findings.into_vec()
    }

    fn note(&mut self, column: usize, weight: Weight, message: String) {
        let title = self.columns.get(column).map_or("", Column::title);
        let place = self.heading.place(column);
        self.findings.add(Finding {
            row: self.number,
            about: self.name.clone(),
            place,
            column: title,
            weight,
            message,
        });
    }
}

/// A row while it is read by itself.
#[derive(Debug)]
pub struct Line<'a> {
    /// What is said about it.
    pub notes: Notes,
    cells: &'a [String],
    origin: Option<&'a Origin>,
}

impl<'a> Line<'a> {
    /// Row `number` of a sheet with `cells`.
    #[must_use]
    pub fn new(number: u32, cells: &'a [String], heading: &Arc<Heading>, columns: &'static [Column]) -> Self {
        Self { notes: Notes::new(number, Arc::clone(heading), columns), cells, origin: None }
    }

    /// The same row, which the column `named_by` names.
    #[must_use]
    pub fn named_by(mut self, named_by: usize) -> Self {
        // What stands under the name by mistake, such as a number, is repeated nowhere.
        let name = self.own(named_by);
        let is_telling = !name.chars().any(|c| c.is_ascii_digit());
        self.notes.name = if is_telling { name.chars().take(NAME_SHOWN).collect() } else { String::new() };
        self
    }

    /// The same row in a file of `origin`.
    #[must_use]
    pub fn from(self, origin: Option<&'a Origin>) -> Self {
        Self { origin, ..self }
    }

    /// The text in `column` (a place in the kind's columns) without space around it, or what is given
    /// there by where the file comes from; empty when neither says anything.
    #[must_use]
    pub fn text(&self, column: usize) -> &'a str {
        match (self.own(column), self.origin, self.notes.columns.get(column)) {
            ("", Some(origin), Some(column)) => origin.given(column.named.key),
            (own, _, _) => own,
        }
    }

    /// The text in `column` as the file itself has it.
    #[must_use]
    pub fn own(&self, column: usize) -> &'a str {
        self.notes
            .heading
            .place(column)
            .and_then(|place| self.cells.get(place))
            .map_or("", |cell| cell.trim())
    }

    /// The text in `column`, read by `parse`; what is wrong with it is noted. Empty is `None`.
    pub fn read<T, E: std::fmt::Display>(
        &mut self,
        column: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(column);
        if text.is_empty() {
            return None;
        }
        parse(text).map_err(|error| self.notes.wrong(column, error.to_string())).ok()
    }

    /// As [`Line::read`], but empty is wrong too.
    pub fn need<T, E: std::fmt::Display>(
        &mut self,
        column: usize,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.text(column).is_empty() {
            let title = self.notes.columns.get(column).map_or("", Column::title);
            self.notes.wrong(column, format!("{title}没有填写"));
            return None;
        }
        self.read(column, parse)
    }
}

/// A row between reading and taking.
#[derive(Debug)]
pub struct Item<R> {
    /// What is said about it.
    pub notes: Notes,
    /// What it says; `None` when it cannot be read.
    pub row: Option<R>,
    /// What taking it would do; `None` while something is wrong.
    pub difference: Option<Difference>,
}

impl<R> Item<R> {
    /// The row and its notes, while it can still be taken.
    pub fn open(&mut self) -> Option<(&mut R, &mut Notes)> {
        if self.notes.has_error() {
            return None;
        }
        self.told()
    }

    /// The row and its notes, whatever is wrong with it: everything that is wrong is told at once.
    pub fn told(&mut self) -> Option<(&mut R, &mut Notes)> {
        self.row.as_mut().map(|row| (row, &mut self.notes))
    }
}
