//! What has become of the rows of a file, told to their platforms.

use std::collections::BTreeMap;

use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::roster::Desk;

use super::of_hours;
use crate::hours::actions::batch::why;
use crate::hours::model::{Logged, Report};
use crate::hours::told::{Outcome, ToldRow, told};

/// Rows of one event.
const AT_ONCE: usize = 500;

/// What is to be told to each platform.
#[derive(Debug, Default)]
pub(super) struct Words(BTreeMap<String, Vec<ToldRow>>);

impl Words {
    /// Adds what became of `report`; nothing of one that was taken before.
    pub(super) async fn logged(
        &mut self,
        tx: &mut Tx,
        programme: &Programme,
        report: &Report,
        logged: Logged,
    ) -> Result<(), DbError> {
        if logged != Logged::Same {
            let reason = why(tx, programme, logged).await.map_err(of_hours)?;
            self.add((&report.source, &report.source_id), Outcome::of(logged), &reason);
        }
        Ok(())
    }

    /// Adds what became of a number of a source.
    pub(super) fn add(&mut self, (source, number): (&str, &str), outcome: Outcome, reason: &str) {
        let row = ToldRow { number: number.to_owned(), outcome, reason: reason.to_owned() };
        self.0.entry(source.to_owned()).or_default().push(row);
    }

    /// Tells all of it.
    pub(super) async fn tell(self, desk: &Desk, tx: &mut Tx, programme: &Programme) -> Result<(), DbError> {
        for (source, rows) in self.0 {
            for rows in rows.chunks(AT_ONCE) {
                told(&desk.ctx, tx, programme, &source, rows.to_vec()).await?;
            }
        }
        Ok(())
    }
}
