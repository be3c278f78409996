//! One condition and how far someone has come towards it.

use serde::{Deserialize, Serialize};

use crate::source::Source;

/// A condition of the scheme held against the facts: shown as a line with its bar, and frozen
/// with results so that years later it still says why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Code of the condition within its list.
    pub key: String,
    /// Its name.
    pub title: String,
    /// Code of the condition that this one is a part of; empty for one that stands by itself.
    #[serde(default)]
    pub part_of: String,
    /// Whether it holds.
    pub met: bool,
    /// What there is, as shown.
    pub have: String,
    /// What is asked for, as shown.
    pub need: String,
    /// How much of it is there, 0 to 100; 100 exactly when nothing is missing in numbers.
    pub percent: u8,
    /// Whether everything that is missing is in the hands of others, so that there is nothing to do
    /// but wait.
    #[serde(default)]
    pub waiting: bool,
    /// The rule, and what is missing, in a sentence.
    pub sentence: String,
    /// Where the rule comes from, as shown.
    pub source: String,
}

impl Condition {
    /// A condition on a number of things.
    pub(crate) fn counted(key: impl Into<String>, title: impl Into<String>, have: u32, need: u32) -> Self {
        let percent = if have >= need {
            100
        } else {
            u8::try_from(u64::from(have) * 100 / u64::from(need)).unwrap_or(0)
        };
        Self {
            key: key.into(),
            title: title.into(),
            part_of: String::new(),
            met: have >= need,
            have: have.to_string(),
            need: need.to_string(),
            percent,
            waiting: false,
            sentence: String::new(),
            source: String::new(),
        }
    }

    /// A condition that holds or does not.
    pub(crate) fn holds(key: impl Into<String>, title: impl Into<String>, met: bool) -> Self {
        let shown = if met { "已达到" } else { "未达到" };
        Self {
            key: key.into(),
            title: title.into(),
            part_of: String::new(),
            met,
            have: shown.to_owned(),
            need: "达到".to_owned(),
            percent: if met { 100 } else { 0 },
            waiting: false,
            sentence: String::new(),
            source: String::new(),
        }
    }

    /// Whether the official text says nothing of it, so that the rule is a default of ours.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.source == Source::default().to_string()
    }

    /// What there is, in the unit in which it is asked for.
    #[must_use]
    pub fn have_in_full(&self) -> String {
        match self.need.split_once(' ') {
            Some((_, unit)) => format!("{} {unit}", self.have),
            None => self.have.clone(),
        }
    }

    pub(crate) fn saying(mut self, sentence: impl Into<String>, source: &Source) -> Self {
        self.sentence = sentence.into();
        self.source = source.to_string();
        self
    }
}

/// The conditions that do not hold.
#[must_use]
pub fn unmet(conditions: Vec<Condition>) -> Vec<Condition> {
    conditions.into_iter().filter(|condition| !condition.met).collect()
}
