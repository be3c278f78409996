//! A kind of file: its columns, how a row is read and judged, how it is taken and undone.
//!
//! The loop itself (upload, check, differences, confirmation, receipt, undo) knows no kind. A
//! room that has a file of its own implements [`Kind`] and adds [`Entry::of`] to the assembly's
//! [`Kinds`].

use std::collections::{BTreeMap, HashMap};
use std::future::Future;
use std::pin::Pin;

use chrono::NaiveDate;
use serde::Serialize;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Member, Scope, Tx};
use uuid::Uuid;

use super::board::Board;
use super::column::{Column, Hint};
pub use super::difference::{Alteration, Difference, What};
pub use super::line::{Item, Line, Notes};
use super::model::{Run, Tally};
use super::origin::{Origin, Origins};
use super::{checking, taking};
use crate::role::Role;

/// What a kind of file is about.
#[derive(Debug)]
pub struct About {
    /// The name in addresses and in the database.
    pub key: &'static str,
    /// The title of the page: 教师名册.
    pub title: &'static str,
    /// What one row is about: 教师.
    pub noun: &'static str,
    /// What the clerk gets from it, in one sentence.
    pub purpose: &'static str,
    /// The columns in the order of the template.
    pub columns: &'static [Column],
    /// The place in them of the column that names what a row is about.
    pub named_by: usize,
    /// What the clerk decides for the file as a whole before it is taken.
    pub choices: &'static [Choice],
    /// Who may bring such a file.
    pub roles: &'static [Role],
    /// What can become of a row, in the order of the pages.
    pub outcomes: &'static [What],
    /// The page on which rows that are taken as [`What::Waiting`] are decided; empty when none is.
    pub decided_at: &'static str,
    /// Who decides there.
    pub decided_by: &'static [Role],
    /// What becomes, when a file is undone, of what another file says as well: a sentence for the page.
    pub said_twice: &'static str,
}

impl About {
    /// What names a row: 姓名.
    #[must_use]
    pub fn names(&self) -> &'static str {
        self.columns.get(self.named_by).map_or("", Column::title)
    }

    /// Whether `member` decides about rows that wait.
    #[must_use]
    pub fn is_decided_by(&self, member: &Member) -> bool {
        self.decided_by.iter().any(|role| role.key() == member.role)
    }

    /// Whether `member` may bring such a file.
    #[must_use]
    pub fn open_to(&self, member: &Member) -> bool {
        self.roles.iter().any(|role| role.key() == member.role)
    }
}

/// A decision about a file as a whole.
#[derive(Debug)]
pub struct Choice {
    /// The name in forms and in the database.
    pub key: &'static str,
    /// The question.
    pub question: &'static str,
    /// The answers, as key and words; the first is proposed.
    pub answers: &'static [(&'static str, &'static str)],
    /// Whether it is about what the file does not name: nobody is asked it of a file that says only what has
    /// changed.
    pub of_the_rest: bool,
}

/// Everything that stays the same while one file is read: who brought it, where, when.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The clerk, also while a job does the work.
    pub ctx: Ctx,
    /// The clerk in the role in which the file was brought.
    pub member: Member,
    /// The part of the tree that the file may touch.
    pub scope: Scope,
    /// The day of the check.
    pub today: NaiveDate,
    /// The run.
    pub run: Uuid,
    /// What the clerk decided for the file as a whole; empty before the confirmation.
    pub choices: BTreeMap<String, String>,
    /// Where the file comes from; `None` for our own template.
    pub origin: Option<Origin>,
}

impl Desk {
    /// Whether the file says only what has changed.
    #[must_use]
    pub fn is_part(&self) -> bool {
        self.origin.as_ref().is_some_and(|origin| origin.is_part)
    }

    /// Whether the clerk decided `answer` in the choice `key`.
    #[must_use]
    pub fn chose(&self, key: &str, answer: &str) -> bool {
        self.choices.get(key).is_some_and(|chosen| chosen == answer)
    }
}

/// One change that taking a file made, kept so that it can be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What was changed: a word of the kind, such as `person` or `post`.
    pub thing: String,
    /// The row that was changed.
    pub subject: Uuid,
    /// What it was before, as the kind writes it; empty when it is new.
    pub before: String,
    /// What the file has made of it, in short; empty where nobody asks.
    pub made: String,
}

/// The changes that taking a file has made, in order.
#[derive(Debug, Default)]
pub struct Book(Vec<Trace>);

impl Book {
    /// `subject` is new.
    pub fn made(&mut self, thing: &'static str, subject: Uuid) {
        self.made_as(thing, subject, String::new());
    }

    /// `subject` is new; `made` tells whether it is still as it was made.
    pub fn made_as(&mut self, thing: &'static str, subject: Uuid, made: String) {
        self.0.push(Trace { thing: thing.to_owned(), subject, before: String::new(), made });
    }

    /// `subject` was `before`.
    ///
    /// # Errors
    /// When `before` cannot be written down.
    pub fn changed(
        &mut self,
        thing: &'static str,
        subject: Uuid,
        before: &impl Serialize,
    ) -> Result<(), DbError> {
        self.changed_to(thing, subject, before, String::new())
    }

    /// `subject` was `before`; `made` tells whether it is still what it became.
    ///
    /// # Errors
    /// As [`Book::changed`].
    pub fn changed_to(
        &mut self,
        thing: &'static str,
        subject: Uuid,
        before: &impl Serialize,
        made: String,
    ) -> Result<(), DbError> {
        let before = serde_json::to_string(before).map_err(|e| DbError::Engine(e.to_string()))?;
        self.0.push(Trace { thing: thing.to_owned(), subject, before, made });
        Ok(())
    }

    pub(super) fn drain(&mut self) -> Vec<Trace> {
        std::mem::take(&mut self.0)
    }
}

/// Why a file cannot be undone, or why undoing it failed.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// Something has been built on a row since; the sentence says what.
    #[error("{0}")]
    BuiltOn(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// A failure on the way of a whole file: it is tried again or put aside as one.
#[must_use]
pub fn failed(failure: Failure) -> DbError {
    match failure {
        Failure::Busy(cause) => DbError::Conflict(cause),
        other => DbError::Engine(format!("{other:?}")),
    }
}

/// A kind of file. Its functions are called in this order: `read` for each row by itself, on a
/// thread of its own; `remember` once; `judge` for each batch; `gone` after the last. Taking a
/// file walks the same way inside one transaction, with `take` after each `judge` and `close`
/// at the end, so that what is taken is what the data say at that moment.
pub trait Kind: Send + Sync + 'static {
    /// What it is about.
    const ABOUT: About;
    /// What a row says.
    type Row: Send + 'static;
    /// What is known of the database and of the rows before.
    type Memory: Send;

    /// What to fill into some columns where the asker stands; it takes the place of what
    /// [`About::columns`] says everywhere.
    fn hints(_: &Ctx, _: &mut Tx) -> impl Future<Output = Result<Vec<Hint>, DbError>> + Send {
        std::future::ready(Ok(Vec::new()))
    }

    /// Reads a row by itself.
    fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Self::Row>;

    /// Whether there is such a file at all where the asker stands: what a scheme does not have is not
    /// offered.
    fn is_used(_: &Ctx, _: &mut Tx) -> impl Future<Output = Result<bool, Failure>> + Send {
        std::future::ready(Ok(true))
    }

    /// Loads what all rows are judged by.
    fn remember(desk: &Desk, tx: &mut Tx) -> impl Future<Output = Result<Self::Memory, DbError>> + Send;

    /// Compares rows with the database and with the rows before; sets each item's difference.
    fn judge(
        memory: &mut Self::Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Self::Row>],
    ) -> impl Future<Output = Result<(), DbError>> + Send;

    /// What the file should name and does not.
    fn gone(
        memory: &Self::Memory,
        desk: &Desk,
        tx: &mut Tx,
    ) -> impl Future<Output = Result<Vec<Difference>, DbError>> + Send;

    /// Takes judged rows, none of which is wrong.
    fn take(
        memory: &mut Self::Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Self::Row>>,
        book: &mut Book,
    ) -> impl Future<Output = Result<(), DbError>> + Send;

    /// Does what the clerk's choices say about what the file does not name.
    fn close(
        memory: &mut Self::Memory,
        desk: &Desk,
        tx: &mut Tx,
        book: &mut Book,
    ) -> impl Future<Output = Result<(), DbError>> + Send;

    /// The page on which the change behind a trace is seen, and the words of its link; `None` where no
    /// page shows that one thing.
    fn leads_to(_: &Trace) -> Option<(String, String)> {
        None
    }

    /// Puts changes back, the last first; `traces` come in that order.
    fn undo(
        desk: &Desk,
        tx: &mut Tx,
        traces: Vec<Trace>,
    ) -> impl Future<Output = Result<(), Obstacle>> + Send;
}

/// Work that a kind or tie does.
pub type Work<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;
type Hints = for<'a> fn(&'a Ctx, &'a mut Tx) -> Work<'a, Vec<Hint>, DbError>;
type Used = for<'a> fn(&'a Ctx, &'a mut Tx) -> Work<'a, bool, Failure>;
type Check = for<'a> fn(&'a Desk, &'a Run) -> Work<'a, checking::Checked, checking::Refusal>;
type Take =
    for<'a> fn(&'a Desk, &'a Run, &'a mut Tx, &'a HashMap<u32, bool>) -> Work<'a, Tally, taking::Halt>;
type Undo = for<'a> fn(&'a Desk, &'a mut Tx, Vec<Trace>) -> Work<'a, (), Obstacle>;

/// A kind of file as the loop calls it.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// What it is about.
    pub about: &'static About,
    pub(super) hints: Hints,
    pub(super) used: Used,
    pub(super) check: Check,
    pub(super) take: Take,
    pub(super) leads_to: fn(&Trace) -> Option<(String, String)>,
    pub(super) undo: Undo,
    pub(super) origins: Origins,
}

impl Entry {
    /// The kind `K`.
    #[must_use]
    pub fn of<K: Kind>() -> Self {
        Self {
            about: &K::ABOUT,
            hints: |ctx, tx| Box::pin(K::hints(ctx, tx)),
            used: |ctx, tx| Box::pin(K::is_used(ctx, tx)),
            check: |desk, run| Box::pin(checking::walk::<K>(desk, run)),
            take: |desk, run, tx, answers| Box::pin(taking::walk::<K>(desk, run, tx, answers)),
            leads_to: K::leads_to,
            undo: |desk, tx, traces| Box::pin(K::undo(desk, tx, traces)),
            origins: |_, _| Box::pin(std::future::ready(Ok(Vec::new()))),
        }
    }

    /// The same for files that may also come from whom `origins` names, with titles of their own.
    #[must_use]
    pub fn with_origins(self, origins: Origins) -> Self {
        Self { origins, ..self }
    }
}

/// Whether a higher room keeps something of a person, so that the record of the person cannot be removed.
pub type Tie = for<'a> fn(&'a mut Tx, Uuid) -> Work<'a, bool, DbError>;

/// The kinds of files of an installation; the assembly adds it to the application's parts.
#[derive(Debug)]
pub struct Kinds {
    entries: Vec<Entry>,
    ties: Vec<(&'static str, Tie)>,
    /// How far the work in hand has come.
    pub(super) board: Board,
}

impl Kinds {
    /// The kinds given, in the order of the start page.
    #[must_use]
    pub fn new(entries: Vec<Entry>) -> Self {
        Self { entries, ties: Vec::new(), board: Board::default() }
    }

    /// The same, asking `tie` before records of people are removed; `what` names what the room keeps.
    #[must_use]
    pub fn with_tie(mut self, what: &'static str, tie: Tie) -> Self {
        self.ties.push((what, tie));
        self
    }

    /// The first of `people` of whom a higher room keeps something, and what.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn tied(&self, tx: &mut Tx, people: &[Uuid]) -> Result<Option<(Uuid, &'static str)>, DbError> {
        for person in people {
            for (what, tie) in &self.ties {
                if tie(tx, *person).await? {
                    return Ok(Some((*person, *what)));
                }
            }
        }
        Ok(None)
    }

    /// The kind called `key`.
    #[must_use]
    pub fn find(&self, key: &str) -> Option<Entry> {
        self.entries.iter().find(|entry| entry.about.key == key).copied()
    }

    /// Every kind that `member` may bring.
    pub fn open_to<'k>(&'k self, member: &'k Member) -> impl Iterator<Item = Entry> + 'k {
        self.entries.iter().copied().filter(move |entry| entry.about.open_to(member))
    }
}
