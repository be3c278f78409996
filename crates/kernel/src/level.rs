//! The three levels of every judgement: 优秀, 合格, 不合格.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a piece of evidence, a capability or a teacher's whole result was judged to be.
///
/// The order is that of merit, so that the least of several levels is their minimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 不合格: at least one thing asked for is not there.
    Fail,
    /// 合格: everything asked for is there.
    Pass,
    /// 优秀: everything asked for is there, and everything that marks good work.
    Excellent,
}

impl Level {
    /// Every level, the best first, as forms list them.
    pub const ALL: [Self; 3] = [Self::Excellent, Self::Pass, Self::Fail];

    /// The word of the official texts.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Excellent => "优秀",
            Self::Pass => "合格",
            Self::Fail => "不合格",
        }
    }

    /// The form stored in the database and used in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Excellent => "excellent",
            Self::Pass => "pass",
            Self::Fail => "fail",
        }
    }

    /// Whether the work stands: 合格 or better.
    #[must_use]
    pub fn is_passed(self) -> bool {
        self >= Self::Pass
    }

    /// The least of several levels, which is the level of the whole; `None` when there is none.
    #[must_use]
    pub fn least<I: IntoIterator<Item = Self>>(levels: I) -> Option<Self> {
        levels.into_iter().min()
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chinese())
    }
}

/// The text is the code of no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("等级应为优秀、合格或不合格")]
pub struct NotALevel;

impl FromStr for Level {
    type Err = NotALevel;

    /// Reads the code or the Chinese word.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|level| level.code() == text || level.chinese() == text).ok_or(NotALevel)
    }
}

#[cfg(test)]
mod tests {
    use super::{Level, NotALevel};

    #[test]
    fn the_whole_is_as_good_as_its_weakest_part() {
        assert_eq!(Level::least([Level::Excellent, Level::Pass]), Some(Level::Pass));
        assert_eq!(Level::least([Level::Excellent, Level::Fail, Level::Pass]), Some(Level::Fail));
        assert_eq!(Level::least([]), None);
    }

    #[test]
    fn read_by_code_or_word() {
        for level in Level::ALL {
            assert_eq!(level.code().parse(), Ok(level));
            assert_eq!(level.chinese().parse(), Ok(level));
        }
        assert_eq!("良好".parse::<Level>(), Err(NotALevel));
    }
}
