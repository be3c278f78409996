//! What taking a file would change, as the clerk sees it.

use std::hash::{DefaultHasher, Hash, Hasher};

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

/// What is known of everything that a file changes, field by field, in short: what was shown at the check is told
/// by it from what would happen now. Only what is known counts: what the file says cannot have changed.
#[derive(Debug, Default)]
pub struct Seal(DefaultHasher);

impl Seal {
    /// Adds what a row changes.
    pub fn add(&mut self, difference: &Difference) {
        if !matches!(difference.what, What::Changed | What::Moved) {
            return;
        }
        (difference.row, difference.what.code()).hash(&mut self.0);
        for field in &difference.fields {
            (&field.field, &field.old).hash(&mut self.0);
        }
    }

    /// Its form in the database; never 0.
    #[must_use]
    pub fn code(&self) -> u64 {
        self.0.finish().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(fields: &[(&str, &str, &str)], what: What) -> u64 {
        let fields = fields.iter().map(|(field, old, new)| Alteration::new(field, *old, *new)).collect();
        let mut seal = Seal::default();
        seal.add(&Difference { row: 2, what, subject: String::new(), place: String::new(), fields });
        seal.code()
    }

    #[test]
    fn a_field_that_has_become_another_breaks_the_seal() {
        let shown = sealed(&[("职称", "", "二级教师")], What::Changed);
        assert_eq!(shown, sealed(&[("职称", "", "二级教师")], What::Changed));
        assert_ne!(shown, sealed(&[("职称", "正高级教师", "二级教师")], What::Changed));
        let more = [("任教学科", "英语", "语文"), ("职称", "", "二级教师")];
        assert_ne!(shown, sealed(&more, What::Changed));
        assert_ne!(shown, sealed(&[], What::Same));
    }
}
