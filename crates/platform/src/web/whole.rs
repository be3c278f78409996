//! Whole lists as files. However long a list is, few of them are made at once, beside the threads that answer.

use std::sync::Arc;
use std::time::Duration;

use tisheng_sheet::{Growing, WriteError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::serve::download;
use super::{Answer, Failure};
use crate::app::App;

/// Files that are made at once: each is held in memory when it is packed.
const AT_ONCE: usize = 2;
/// How long somebody waits for a turn before being told to come again.
const PATIENCE: Duration = Duration::from_secs(5);

/// Turns at making such files, of one installation.
#[derive(Debug)]
pub struct Turns(Arc<Semaphore>);

impl Default for Turns {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A turn, given back when it is dropped.
#[derive(Debug)]
pub struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Turns {
    /// The next turn. Whoever takes one has no transaction open, since others may be long about theirs.
    ///
    /// # Errors
    /// [`Failure::Crowded`] when none becomes free in some seconds.
    pub async fn take(&self) -> Result<Turn, Failure> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.0).acquire_owned()).await;
        let Ok(permit) = turn else {
            return Err(Failure::Crowded("正在生成的名单较多，这份名单还没有开始生成。".to_owned()));
        };
        Ok(Turn { _permit: permit.map_err(|closed| Failure::Internal(closed.to_string()))? })
    }
}

/// A list that is being written to a file.
pub struct Whole {
    name: String,
    table: Growing,
    turn: Turn,
}

impl Whole {
    /// A file called `name` in the form that an address asks for, under the titles `head`; columns marked in
    /// `numbers` hold numbers. What is written meanwhile stands in the data folder.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn begin(
        app: &App,
        turn: Turn,
        (form, name): (&str, &str),
        (head, numbers): (&[&str], &[bool]),
    ) -> Result<Self, Failure> {
        let table = Growing::new(form, name, head, numbers, &app.config.data).map_err(failed)?;
        Ok(Self { name: format!("{name}.{}", table.ending()), table, turn })
    }

    /// The same with further rows.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there are more than the form holds; when the disk refuses.
    pub async fn add<C>(mut self, rows: Vec<C>) -> Result<Self, Failure>
    where
        C: IntoIterator<Item = String> + Send + 'static,
    {
        beside(move || {
            self.table.add(rows)?;
            Ok(self)
        })
        .await
    }

    /// The answer that is the file. No transaction is open meanwhile: packing a long list takes its time.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub async fn answer(self) -> Answer {
        let Self { name, table, turn } = self;
        let kind = table.media_type();
        let bytes = beside(move || {
            let packed = table.finish();
            // The turn lasts as long as the work, also when nobody waits for it any more.
            drop(turn);
            packed
        })
        .await?;
        Ok(download(&name, kind, bytes))
    }
}

/// Runs `work` on a thread that may be long about it.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WriteError> + Send + 'static,
) -> Result<T, Failure> {
    let done =
        tokio::task::spawn_blocking(work).await.map_err(|error| Failure::Internal(error.to_string()))?;
    done.map_err(failed)
}

fn failed(error: WriteError) -> Failure {
    match error {
        WriteError::Rows => Failure::Refused(format!("{error}。")),
        other => Failure::Internal(other.to_string()),
    }
}
