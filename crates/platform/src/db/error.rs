//! What can go wrong between a room and its tables.

/// A failure of the database, in the few kinds that callers treat differently.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A unique rule is broken: the row exists already. Carries the rule's name or columns.
    #[error("unique rule broken: {0}")]
    Unique(String),
    /// A row that other rows need is missing, or still needed.
    #[error("reference broken: {0}")]
    Reference(String),
    /// Another transaction was in the way; the same work may succeed at once.
    #[error("in conflict with another transaction: {0}")]
    Conflict(String),
    /// A statement that always gives a row gave none.
    #[error("the row is not there")]
    NoRow,
    /// A change was asked of a reading transaction.
    #[error("a reading transaction cannot write")]
    ReadOnly,
    /// A stored value is not of the kind the code expects.
    #[error("column {column}: {problem}")]
    Column {
        /// Position in the row, from 0.
        column: usize,
        /// What was found.
        problem: String,
    },
    /// The engine in use cannot do this.
    #[error("{0}")]
    Unsupported(&'static str),
    /// The shared commit of a group of transactions failed; none of them happened.
    #[error("the group's commit failed: {0}")]
    GroupCommit(String),
    /// No connection could be had.
    #[error("no connection: {0}")]
    Connection(String),
    /// Anything else the engine reports.
    #[error("{0}")]
    Engine(String),
}

impl DbError {
    /// Whether a unique rule was broken.
    #[must_use]
    pub const fn is_unique(&self) -> bool {
        matches!(self, Self::Unique(_))
    }
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let rusqlite::Error::SqliteFailure(code, message) = &error else {
            return Self::Engine(error.to_string());
        };
        let text = message.clone().unwrap_or_else(|| code.to_string());
        match code.extended_code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => Self::Unique(text),
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Self::Reference(text),
            _ if code.code == rusqlite::ErrorCode::DatabaseBusy => Self::Conflict(text),
            _ => Self::Engine(text),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        use tokio_postgres::error::SqlState;
        let Some(db) = error.as_db_error() else {
            return if error.is_closed() {
                Self::Connection(error.to_string())
            } else {
                Self::Engine(error.to_string())
            };
        };
        let rule = || db.constraint().unwrap_or_else(|| db.message()).to_owned();
        match *db.code() {
            SqlState::UNIQUE_VIOLATION => Self::Unique(rule()),
            SqlState::FOREIGN_KEY_VIOLATION => Self::Reference(rule()),
            SqlState::T_R_SERIALIZATION_FAILURE
            | SqlState::T_R_DEADLOCK_DETECTED
            | SqlState::LOCK_NOT_AVAILABLE => Self::Conflict(db.message().to_owned()),
            _ => Self::Engine(format!("{}: {}", db.code().code(), db.message())),
        }
    }
}
