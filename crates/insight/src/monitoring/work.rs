//! Where works stand: the steps of their assessment and the levels they came to.

use tisheng_assessment::evidence::State;
use tisheng_kernel::Level;
use tisheng_kernel::number::thousands;

/// Where a work that was handed in stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Under way, or given back.
    In(State),
    /// Final, with its level.
    Ended(Level),
}

impl Work {
    /// Every one, in the order of a good course.
    pub const ALL: [Self; 8] = [
        Self::In(State::Submitted),
        Self::In(State::Peers),
        Self::In(State::Panel),
        Self::In(State::Notice),
        Self::Ended(Level::Excellent),
        Self::Ended(Level::Pass),
        Self::Ended(Level::Fail),
        Self::In(State::Returned),
    ];

    /// What a stored state and level say; nothing of a draft, and of words that are none.
    #[must_use]
    pub fn read(state: &str, level: &str) -> Option<Self> {
        match state.parse() {
            Ok(State::Final) => level.parse().ok().map(Self::Ended),
            Ok(State::Draft) | Err(_) => None,
            Ok(state) => Some(Self::In(state)),
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::In(State::Submitted) => "待自评",
            Self::In(State::Panel) => "小组评审中",
            Self::In(state) => state.chinese(),
            Self::Ended(level) => level.chinese(),
        }
    }

    /// The filter of the board that leaves exactly these, and its value.
    #[must_use]
    pub const fn filter(self) -> (&'static str, &'static str) {
        match self {
            Self::In(state) => ("state", state.code()),
            Self::Ended(level) => ("level", level.code()),
        }
    }
}

/// How many works stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Works {
    /// In the order of [`Work::ALL`].
    pub counts: [i64; 8],
}

impl Works {
    /// All of them.
    #[must_use]
    pub fn all(&self) -> i64 {
        self.counts.iter().sum()
    }

    /// Each with its count, also as shown.
    pub fn each(&self) -> impl Iterator<Item = (Work, i64, String)> {
        Work::ALL.into_iter().zip(self.counts).map(|(work, count)| (work, count, thousands(count)))
    }
}

impl FromIterator<(Option<Work>, i64)> for Works {
    fn from_iter<I: IntoIterator<Item = (Option<Work>, i64)>>(counted: I) -> Self {
        let mut works = Self::default();
        for (work, count) in counted {
            if let Some(place) = Work::ALL.iter().position(|one| Some(*one) == work) {
                works.counts[place] += count;
            }
        }
        works
    }
}

#[cfg(test)]
mod tests {
    use super::{Work, Works};

    #[test]
    fn works_are_counted_where_they_stand() {
        let said = [("submitted", "", 2), ("final", "pass", 3), ("final", "excellent", 4), ("draft", "", 9)];
        let works: Works = said.iter().map(|(s, l, count)| (Work::read(s, l), *count)).collect();
        assert_eq!((works.counts, works.all()), ([2, 0, 0, 0, 4, 3, 0, 0], 9));
    }

    #[test]
    fn each_place_is_read_as_it_is_filtered() {
        for work in Work::ALL {
            let read = match work.filter() {
                ("level", level) => Work::read("final", level),
                (_, state) => Work::read(state, ""),
            };
            assert_eq!(read, Some(work));
        }
    }
}
