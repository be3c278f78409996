//! How far the files in hand have come, for the progress bar. Kept in the memory of the process
//! that does the work: while a file is taken, its one transaction holds the database's writer,
//! so the figure cannot be written there; another process shows a bar without an end.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// Rows done and rows in all, by run.
#[derive(Debug, Default)]
pub struct Board(Mutex<HashMap<Uuid, (u32, u32)>>);

impl Board {
    /// Says that `done` of `total` rows of `run` are done.
    pub fn set(&self, run: Uuid, done: u32, total: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(run, (done, total));
    }

    /// Forgets `run`: its work has ended.
    pub fn clear(&self, run: Uuid) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&run);
    }

    /// Rows done and rows in all; `None` when the work is not in the hands of this process.
    #[must_use]
    pub fn of(&self, run: Uuid) -> Option<(u32, u32)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&run).copied()
    }
}
