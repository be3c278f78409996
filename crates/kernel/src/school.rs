//! School identification codes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The ten digits by which the state knows a school. New schools, teaching points and training
/// colleges may have none.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SchoolCode(String);

/// What is wrong with a school code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SchoolCodeError {
    /// Not ten digits.
    #[error("学校标识码应为10位数字")]
    NotTenDigits,
    /// The spreadsheet took it for a number.
    #[error("学校标识码被表格软件转成了科学计数法，请把该列设为“文本”后重新填写")]
    RoundedBySpreadsheet,
}

impl SchoolCode {
    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SchoolCode {
    type Err = SchoolCodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = crate::text::tidy(text);
        if plain.to_ascii_uppercase().contains("E+") {
            return Err(SchoolCodeError::RoundedBySpreadsheet);
        }
        if plain.len() == 10 && plain.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(plain))
        } else {
            Err(SchoolCodeError::NotTenDigits)
        }
    }
}

impl TryFrom<String> for SchoolCode {
    type Error = SchoolCodeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SchoolCode> for String {
    fn from(code: SchoolCode) -> Self {
        code.0
    }
}

impl fmt::Display for SchoolCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{SchoolCode, SchoolCodeError};

    #[test]
    fn ten_digits() {
        assert_eq!(
            "３１５１００００１２".parse::<SchoolCode>().map(String::from),
            Ok("3151000012".to_owned())
        );
        assert_eq!("315100001".parse::<SchoolCode>(), Err(SchoolCodeError::NotTenDigits));
        assert_eq!("31510000I2".parse::<SchoolCode>(), Err(SchoolCodeError::NotTenDigits));
        assert_eq!("3.15E+09".parse::<SchoolCode>(), Err(SchoolCodeError::RoundedBySpreadsheet));
    }
}
