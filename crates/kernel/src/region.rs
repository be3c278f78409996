//! Codes of regions (GB/T 2260) and of the towns below them, and local codes of places that have none.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A level of the tree of regions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RegionLevel {
    /// 省、自治区、直辖市
    Province,
    /// 市、州
    City,
    /// 县、市、区
    County,
    /// 镇、街道
    Town,
}

/// A code of six digits (province, city, county) or nine (town or street).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode(String);

/// The text is no region code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("区划代码应为6位数字，镇街为9位数字")]
pub struct NotARegionCode;

impl RegionCode {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Which level the code is of, as its zeros say.
    #[must_use]
    pub fn level(&self) -> RegionLevel {
        if self.0.len() == 9 {
            RegionLevel::Town
        } else if self.0.ends_with("0000") {
            RegionLevel::Province
        } else if self.0.ends_with("00") {
            RegionLevel::City
        } else {
            RegionLevel::County
        }
    }

    /// The code one level up; `None` for a province. Cities without counties (a town directly
    /// below the city) are found in the table of regions, not in the code.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        match self.level() {
            RegionLevel::Province => None,
            RegionLevel::City => Some(Self(format!("{}0000", &self.0[..2]))),
            RegionLevel::County => Some(Self(format!("{}00", &self.0[..4]))),
            RegionLevel::Town => Some(Self(self.0[..6].to_owned())),
        }
    }

    /// Whether `other` is this region or lies in it, by its digits.
    #[must_use]
    pub fn holds(&self, other: &Self) -> bool {
        let significant = match self.level() {
            RegionLevel::Province => 2,
            RegionLevel::City => 4,
            RegionLevel::County => 6,
            RegionLevel::Town => 9,
        };
        other.0.starts_with(&self.0[..significant])
    }
}

impl FromStr for RegionCode {
    type Err = NotARegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = crate::text::tidy(text);
        let digits = plain.bytes().all(|b| b.is_ascii_digit());
        let begins = plain.as_bytes().first().is_some_and(|b| (b'1'..=b'8').contains(b));
        if digits && begins && matches!(plain.len(), 6 | 9) { Ok(Self(plain)) } else { Err(NotARegionCode) }
    }
}

impl TryFrom<String> for RegionCode {
    type Error = NotARegionCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.0
    }
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A local code of a place to which the state has given none, such as a development zone: 2 to 12 letters
/// and digits, in capitals. It begins with a letter, so that it is never taken for an official one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalCode(String);

/// The text is no local code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("地方代码应以字母开头，由2至12位字母和数字组成")]
pub struct NotALocalCode;

impl LocalCode {
    /// The letters and digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for LocalCode {
    type Err = NotALocalCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = crate::text::tidy(text).to_ascii_uppercase();
        let begins = plain.starts_with(|c: char| c.is_ascii_uppercase());
        let fits = (2..=12).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_alphanumeric());
        if begins && fits { Ok(Self(plain)) } else { Err(NotALocalCode) }
    }
}

impl fmt::Display for LocalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{LocalCode, NotALocalCode, NotARegionCode, RegionCode, RegionLevel};

    fn code(text: &str) -> RegionCode {
        text.parse().expect(text)
    }

    #[test]
    fn level_and_parent_follow_the_zeros() {
        assert_eq!(code("210000").level(), RegionLevel::Province);
        assert_eq!(code("210100").level(), RegionLevel::City);
        assert_eq!(code("210102").level(), RegionLevel::County);
        assert_eq!(code("210102003").level(), RegionLevel::Town);
        assert_eq!(code("210102003").parent(), Some(code("210102")));
        assert_eq!(code("210102").parent(), Some(code("210100")));
        assert_eq!(code("210100").parent(), Some(code("210000")));
        assert_eq!(code("210000").parent(), None);
        assert!(code("210100").holds(&code("210102003")));
        assert!(!code("210100").holds(&code("210202")));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "21010", "2101023", "21010A", "010000"] {
            assert_eq!(text.parse::<RegionCode>(), Err(NotARegionCode), "{text}");
        }
        assert_eq!("２１０１０２".parse::<RegionCode>(), Ok(code("210102")));
    }

    #[test]
    fn a_local_code_begins_with_a_letter_and_an_official_one_never_does() {
        let local = |text: &str| text.parse::<LocalCode>().map(|code| code.to_string());
        assert_eq!(local(" ｇxq１ "), Ok("GXQ1".to_owned()));
        assert_eq!(local("KF"), Ok("KF".to_owned()));
        for text in ["", "K", "210102", "1KF", "KF-1", "KF 1", "ABCDEFGHIJ123", "开发区"] {
            assert_eq!(local(text), Err(NotALocalCode), "{text}");
        }
        assert_eq!("GXQ1".parse::<RegionCode>(), Err(NotARegionCode));
    }
}
