//! What taking a file would change, as the clerk sees it.

use serde::{Deserialize, Serialize};

/// What taking a row would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// It is not known yet.
    New,
    /// It is known, and something of it changes.
    Changed,
    /// It is known elsewhere and would move; the clerk decides.
    Moved,
    /// It is known exactly so.
    Same,
    /// It is known and the file does not name it.
    Gone,
    /// It is taken, and then waits for a person to decide.
    Waiting,
}

impl What {
    /// Every value.
    pub const ALL: [Self; 6] = [Self::New, Self::Changed, Self::Moved, Self::Same, Self::Gone, Self::Waiting];

    /// What can become of a row of a roster.
    pub const OF_ROSTERS: &[Self] = &[Self::New, Self::Changed, Self::Moved, Self::Same, Self::Gone];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Moved => "moved",
            Self::Same => "same",
            Self::Gone => "gone",
            Self::Waiting => "waiting",
        }
    }

    /// The value stored as `code`.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.code() == code)
    }

    /// The word in the page.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::New => "新增",
            Self::Changed => "变更",
            Self::Moved => "调动",
            Self::Same => "无变化",
            Self::Gone => "文件中没有",
            Self::Waiting => "待人工处理",
        }
    }
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alteration {
    /// The column.
    pub field: String,
    /// What is known; personal data masked.
    pub old: String,
    /// What the file says; personal data masked.
    pub new: String,
}

impl Alteration {
    /// `field` changes from `old` to `new`.
    #[must_use]
    pub fn new(field: &str, old: impl Into<String>, new: impl Into<String>) -> Self {
        Self { field: field.to_owned(), old: old.into(), new: new.into() }
    }
}

/// What a row would change, as the clerk sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The row; 0 for what the file does not name.
    pub row: u32,
    /// What would happen.
    pub what: What,
    /// Who or what it is about.
    pub subject: String,
    /// Where, such as the school.
    pub place: String,
    /// The fields that change.
    pub fields: Vec<Alteration>,
}
