//! The versions of the standard that are spoken.

use std::fmt;

/// A version of the standard: all patches of one are alike (Communication 3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// 1.0.0 to 1.0.x
    One,
    /// 2.0.0 to 2.0.x
    Two,
}

impl Version {
    /// Every version, the latest last.
    pub const ALL: [Self; 2] = [Self::One, Self::Two];

    /// Reads the header `X-Experience-API-Version`.
    #[must_use]
    pub fn of_header(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.has(text))
    }

    /// Whether `text` is this version or a patch of it: `1.0`, `1.0.3`.
    fn has(self, text: &str) -> bool {
        let Some(rest) = text.strip_prefix(self.minor()) else { return false };
        match rest.strip_prefix('.') {
            Some(patch) => !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()),
            None => rest.is_empty(),
        }
    }

    const fn minor(self) -> &'static str {
        match self {
            Self::One => "1.0",
            Self::Two => "2.0",
        }
    }

    /// The latest patch, which every answer names.
    #[must_use]
    pub const fn latest(self) -> &'static str {
        match self {
            Self::One => "1.0.3",
            Self::Two => "2.0.0",
        }
    }

    /// The `version` of a statement that names none (Data 2.4.10).
    #[must_use]
    pub const fn of_statement(self) -> &'static str {
        match self {
            Self::One => "1.0.0",
            Self::Two => "2.0.0",
        }
    }

    /// Whether a statement sent under this version may say that it is of version `text`: of this
    /// one or an earlier one, whose statements are statements of this one.
    #[must_use]
    pub fn takes(self, text: &str) -> bool {
        Self::of_header(text).is_some_and(|version| version == self || version == Self::One)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.latest())
    }
}

#[cfg(test)]
mod tests {
    use super::Version::{self, One, Two};

    #[test]
    fn patches_of_a_version_are_that_version() {
        for (text, version) in
            [("1.0", Some(One)), ("1.0.9", Some(One)), ("2.0.0", Some(Two)), ("0.95", None)]
        {
            assert_eq!(Version::of_header(text), version, "{text}");
        }
        for wrong in ["", "1", "1.1.0", "1.0.", "1.0.x", "2.1", "10.0"] {
            assert_eq!(Version::of_header(wrong), None, "{wrong}");
        }
        assert!(Two.takes("1.0.3") && Two.takes("2.0.0") && One.takes("1.0") && !One.takes("2.0.0"));
    }
}
