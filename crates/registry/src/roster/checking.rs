//! The check: a file is read and judged, and nothing is written but what was found.

use tisheng_kernel::Id;
use tisheng_platform::{Db, DbError};

use super::difference::Seal;
use super::finding::{Finding, Weight};
use super::kind::{Desk, Difference, Item, Kind, Kinds, What};
use super::model::{MOST_DIFFERENCES, MOST_FINDINGS, Run, Shown, State, Tally};
use super::reading::{self, Piece};
use super::store;

/// Findings and differences gathered before they are written in one short transaction, so that
/// the check leaves the database's writer free.
const GATHER: usize = 2_000;

/// What a check came to.
#[derive(Debug)]
pub struct Checked {
    /// What was counted.
    pub tally: Tally,
}

impl Checked {
    /// The state that follows.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.tally.errors > 0 { State::Wrong } else { State::Ready }
    }
}

/// Why a check came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// The file cannot be read; the sentence is for the clerk.
    #[error("{0}")]
    Unreadable(String),
    /// The database failed; the check is tried again.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Reads and judges the whole file of `run`.
///
/// # Errors
/// See [`Refusal`].
pub async fn walk<K: Kind>(desk: &Desk, run: &Run) -> Result<Checked, Refusal> {
    let mut sink = Sink::open(desk, run.id).await?;
    let mut tx = desk.ctx.read().await?;
    let mut memory = K::remember(desk, &mut tx).await?;
    drop(tx);
    let mut pieces = reading::start::<K>(desk, run).await;
    let board = &desk.ctx.app.parts.get::<Kinds>().board;
    let mut total = 0;
    while let Some(piece) = pieces.recv().await {
        match piece {
            Piece::Refused(sentence) => return Err(Refusal::Unreadable(sentence)),
            Piece::Begun { rows } => total = rows,
            Piece::About(findings) => sink.about_the_file(findings),
            Piece::Rows(mut items) => {
                let mut tx = desk.ctx.read().await?;
                K::judge(&mut memory, desk, &mut tx, &mut items).await?;
                drop(tx);
                for item in items {
                    sink.take_in(item);
                }
                sink.flush_when_full().await?;
                board.set(desk.run, sink.tally.rows, total);
            }
        }
    }
    if sink.tally.rows == 0 {
        return Err(Refusal::Unreadable(
            "表头下面没有数据行。请把内容填写在模板的表头之下，保存后重新上传。".to_owned(),
        ));
    }
    let mut tx = desk.ctx.read().await?;
    let gone = K::gone(&memory, desk, &mut tx).await?;
    drop(tx);
    let rest = Seal::of_the_rest(&gone).code();
    for difference in gone {
        sink.note_difference(difference);
    }
    sink.flush().await?;
    sink.tally.shown = Shown { rows: sink.seal.code(), rest };
    Ok(Checked { tally: sink.tally })
}

/// Counts what is found and writes as much of it as is kept.
struct Sink {
    db: Db,
    run: Id<Run>,
    tally: Tally,
    findings: Vec<Finding>,
    differences: Vec<Difference>,
    findings_kept: u32,
    differences_kept: u32,
    kept_of: [u32; What::ALL.len()],
    seal: Seal,
}

impl Sink {
    async fn open(desk: &Desk, run: Id<Run>) -> Result<Self, DbError> {
        let db = desk.ctx.app.db.clone();
        let mut tx = db.write().await?;
        store::clear_check(&mut tx, run).await?;
        tx.commit().await?;
        Ok(Self {
            db,
            run,
            tally: Tally::default(),
            findings: Vec::new(),
            differences: Vec::new(),
            findings_kept: 0,
            differences_kept: 0,
            kept_of: [0; What::ALL.len()],
            seal: Seal::default(),
        })
    }

    fn about_the_file(&mut self, findings: Vec<Finding>) {
        for finding in findings {
            self.note_finding(finding);
        }
    }

    fn take_in<R>(&mut self, item: Item<R>) {
        self.tally.rows += 1;
        if item.notes.has_error() {
            self.tally.wrong += 1;
        } else if let Some(difference) = item.difference {
            self.seal.add(&difference);
            self.note_difference(difference);
        }
        for finding in item.notes.into_findings() {
            self.note_finding(finding);
        }
    }

    fn note_finding(&mut self, finding: Finding) {
        match finding.weight {
            Weight::Error => self.tally.errors += 1,
            Weight::Warning => self.tally.warnings += 1,
            Weight::Question => {}
        }
        // Questions are always kept: each needs its answer.
        let gathered = u32::try_from(self.findings.len()).unwrap_or(u32::MAX);
        if finding.weight == Weight::Question || self.findings_kept + gathered < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }

    fn note_difference(&mut self, difference: Difference) {
        self.tally.count(difference.what);
        let sort = What::ALL.iter().position(|what| *what == difference.what).unwrap_or_default();
        if difference.what == What::Same || self.kept_of[sort] >= MOST_DIFFERENCES {
            return;
        }
        self.kept_of[sort] += 1;
        self.differences.push(difference);
    }

    async fn flush_when_full(&mut self) -> Result<(), DbError> {
        if self.findings.len() + self.differences.len() < GATHER { Ok(()) } else { self.flush().await }
    }

    async fn flush(&mut self) -> Result<(), DbError> {
        if self.findings.is_empty() && self.differences.is_empty() {
            return Ok(());
        }
        let mut tx = self.db.write().await?;
        store::add_findings(&mut tx, self.run, self.findings_kept + 1, &self.findings).await?;
        store::add_differences(&mut tx, self.run, self.differences_kept + 1, &self.differences).await?;
        tx.commit().await?;
        self.findings_kept += u32::try_from(self.findings.len()).unwrap_or_default();
        self.differences_kept += u32::try_from(self.differences.len()).unwrap_or_default();
        self.findings.clear();
        self.differences.clear();
        Ok(())
    }
}
