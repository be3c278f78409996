//! What is found wrong, or worth a question, in a file.

use std::fmt::Display;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// The file cannot be taken until it is mended.
    Error,
    /// The clerk decides before the file is taken.
    Question,
    /// Worth a look; the file can be taken as it is.
    Warning,
}

impl Weight {
    /// Every weight, the heaviest first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Question, Self::Warning];

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Question => "question",
            Self::Warning => "warning",
        }
    }

    /// The weight stored as `code`.
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|weight| weight.code() == code)
    }

    /// The word in the page.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Error => "错误",
            Self::Question => "待决定",
            Self::Warning => "提醒",
        }
    }

    /// The class of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Error => "bad",
            Self::Question => "note",
            Self::Warning => "warn",
        }
    }
}

/// One thing found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The row, as the spreadsheet counts; 0 for the file as a whole.
    pub row: u32,
    /// Whom or what the row is about, as the file has it; empty where that itself is what was found.
    pub about: String,
    /// The place of the column in the sheet, from 0; `None` for the row as a whole.
    pub place: Option<usize>,
    /// The heading of the column; empty for the row as a whole.
    pub column: &'static str,
    /// How much it weighs.
    pub weight: Weight,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// The findings about one row while it is looked at.
#[derive(Debug, Clone, Default)]
pub struct Findings(Vec<Finding>);

impl Findings {
    /// Adds a finding.
    pub fn add(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds a finding about the file as a whole.
    pub fn file(&mut self, weight: Weight, message: impl Display) {
        let (about, message) = (String::new(), message.to_string());
        self.add(Finding { row: 0, about, place: None, column: "", weight, message });
    }

    /// Whether a row with these findings can be taken.
    #[must_use]
    pub fn has_error(&self) -> bool {
        self.0.iter().any(|finding| finding.weight == Weight::Error)
    }

    /// Whether the clerk decides about the row.
    #[must_use]
    pub fn has_question(&self) -> bool {
        self.0.iter().any(|finding| finding.weight == Weight::Question)
    }

    /// The findings, as they were found.
    #[must_use]
    pub fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}
