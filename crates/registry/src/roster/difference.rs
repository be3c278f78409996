//! What taking a file would change, as the clerk sees it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

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

/// What was shown of everything that a file changes, in short: what the clerk has seen is told by it from what
/// would happen now. Only what is known counts: what the file says cannot have changed.
#[derive(Debug, Clone, Default)]
pub struct Seal(Sha256);

impl Seal {
    /// Of what the file does not name, in whatever order it is found.
    #[must_use]
    pub fn of_the_rest(gone: &[Difference]) -> Self {
        let mut gone: Vec<&Difference> = gone.iter().collect();
        gone.sort_by_key(|one| (&one.place, &one.subject));
        let mut seal = Self::default();
        gone.into_iter().for_each(|one| seal.add(one));
        seal
    }

    /// Adds what a row changes.
    pub fn add(&mut self, difference: &Difference) {
        if !matches!(difference.what, What::Changed | What::Moved | What::Gone) {
            return;
        }
        self.word(&difference.row.to_string());
        for word in [difference.what.code(), &difference.subject, &difference.place] {
            self.word(word);
        }
        for field in &difference.fields {
            self.word(&field.field);
            self.word(&field.old);
        }
    }

    /// A word with its end, so that two never look like one.
    fn word(&mut self, word: &str) {
        self.0.update(word);
        self.0.update([0]);
    }

    /// Its form in the database; never empty.
    #[must_use]
    pub fn code(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(fields: &[(&str, &str, &str)], (what, place): (What, &str)) -> String {
        let fields = fields.iter().map(|(field, old, new)| Alteration::new(field, *old, *new)).collect();
        let mut seal = Seal::default();
        seal.add(&Difference { row: 2, what, subject: "甲".to_owned(), place: place.to_owned(), fields });
        seal.code()
    }

    #[test]
    fn a_field_that_has_become_another_breaks_the_seal() {
        let here = (What::Changed, "测试一小");
        let shown = sealed(&[("职称", "", "二级教师")], here);
        assert_eq!(shown, sealed(&[("职称", "", "二级教师")], here));
        assert_ne!(shown, sealed(&[("职称", "正高级教师", "二级教师")], here));
        let more = [("任教学科", "英语", "语文"), ("职称", "", "二级教师")];
        assert_ne!(shown, sealed(&more, here));
        assert_ne!(shown, sealed(&[("职称", "", "二级教师")], (What::Changed, "测试二小")));
        assert_eq!(sealed(&[], (What::Same, "测试一小")), Seal::default().code());
    }

    #[test]
    fn the_rest_is_sealed_by_who_it_is() {
        let gone = |subject: &str| Difference {
            row: 0,
            what: What::Gone,
            subject: subject.to_owned(),
            place: "测试一小".to_owned(),
            fields: Vec::new(),
        };
        let both = Seal::of_the_rest(&[gone("甲"), gone("乙")]).code();
        assert_eq!(both, Seal::of_the_rest(&[gone("乙"), gone("甲")]).code());
        assert_ne!(both, Seal::of_the_rest(&[gone("甲"), gone("丙")]).code());
    }
}
