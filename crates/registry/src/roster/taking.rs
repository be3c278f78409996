//! Taking a file: read and judged once more inside one transaction, row by row into the tables.
//!
//! What was shown to the clerk was true at the check; what counts is what the data say now. When
//! they have come to say something else that the clerk has not seen, nothing is taken and the
//! file is checked again.

use std::collections::HashMap;

use tisheng_platform::{DbError, Tx};

use super::difference::Seal;
use super::kind::{Book, Choice, Desk, Item, Kind, Kinds};
use super::model::{Run, Tally};
use super::reading::{self, Piece};
use super::store;

/// Why a file was not taken.
#[derive(Debug, thiserror::Error)]
pub enum Halt {
    /// Something has changed since the check that the clerk has to see first.
    #[error("the data have changed since the check")]
    Overtaken,
    /// The file cannot be read any more; the sentence is for the clerk.
    #[error("{0}")]
    Unreadable(String),
    /// The database failed; it is tried again.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes the whole file of `run` within `tx`; `answers` says of each row in question whether it
/// is taken. The caller commits, or drops `tx` and nothing has happened.
///
/// # Errors
/// See [`Halt`].
pub async fn walk<K: Kind>(
    desk: &Desk,
    run: &Run,
    tx: &mut Tx,
    answers: &HashMap<u32, bool>,
) -> Result<Tally, Halt> {
    // Reading goes on in a thread of its own, some batches ahead of the writing.
    let mut pieces = reading::start::<K>(desk, run).await;
    let mut memory = K::remember(desk, tx).await?;
    let board = &desk.ctx.app.parts.get::<Kinds>().board;
    let (mut tally, mut book, mut traced) = (Tally::default(), Book::default(), 0);
    let mut seal = Seal::default();
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Refused(sentence) => return Err(Halt::Unreadable(sentence)),
            Piece::Begun { .. } | Piece::About(_) => {}
            Piece::Rows(mut items) => {
                K::judge(&mut memory, desk, tx, &mut items).await?;
                tally.rows += u32::try_from(items.len()).unwrap_or_default();
                items.iter().filter_map(|item| item.difference.as_ref()).for_each(|one| seal.add(one));
                let items = accepted(items, answers, &mut tally)?;
                K::take(&mut memory, desk, tx, items, &mut book).await?;
                write(tx, run, &mut book, &mut traced).await?;
                board.set(desk.run, tally.rows, run.tally.rows);
                tokio::task::yield_now().await;
            }
        }
    }
    let shown = &run.tally.shown;
    if is_other(&shown.rows, seal) {
        return Err(Halt::Overtaken);
    }
    if touches_the_rest(K::ABOUT.choices, desk)
        && is_other(&shown.rest, Seal::of_the_rest(&K::gone(&memory, desk, tx).await?))
    {
        return Err(Halt::Overtaken);
    }
    K::close(&mut memory, desk, tx, &mut book).await?;
    write(tx, run, &mut book, &mut traced).await?;
    tally.gone = run.tally.gone;
    tally.warnings = run.tally.warnings;
    tally.shown = shown.clone();
    Ok(tally)
}

/// Whether something else was shown than would happen now; where no seal was kept nobody knows.
fn is_other(shown: &str, now: Seal) -> bool {
    !shown.is_empty() && shown != now.code()
}

/// Whether the clerk has decided anything about what the file does not name but to leave it alone, which is the
/// first answer.
fn touches_the_rest(choices: &[Choice], desk: &Desk) -> bool {
    let is_left =
        |choice: &Choice| choice.answers.first().is_some_and(|(key, _)| desk.chose(choice.key, key));
    choices.iter().any(|choice| choice.of_the_rest && !is_left(choice))
}

/// The rows that are taken: all that change something, and of those in question the ones that
/// the clerk said yes to.
fn accepted<R>(
    items: Vec<Item<R>>,
    answers: &HashMap<u32, bool>,
    tally: &mut Tally,
) -> Result<Vec<Item<R>>, Halt> {
    let mut taken = Vec::with_capacity(items.len());
    for item in items {
        let Some(difference) = item.difference.as_ref().filter(|_| !item.notes.has_error()) else {
            return Err(Halt::Overtaken);
        };
        let what = difference.what;
        if item.notes.has_question() {
            match answers.get(&item.notes.number()) {
                None => return Err(Halt::Overtaken),
                Some(false) => {
                    tally.same += 1;
                    continue;
                }
                Some(true) => {}
            }
        }
        tally.count(what);
        taken.push(item);
    }
    Ok(taken)
}

async fn write(tx: &mut Tx, run: &Run, book: &mut Book, traced: &mut u32) -> Result<(), DbError> {
    let traces = book.drain();
    let count = u32::try_from(traces.len()).unwrap_or_default();
    store::add_traces(tx, run.id, *traced + 1, traces).await?;
    *traced += count;
    Ok(())
}
