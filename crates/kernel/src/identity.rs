//! Papers that say who a person is: identity numbers (GB 11643), residence permits, passports.
//!
//! Teachers' rolls arrive with full-width digits, small x and numbers that a spreadsheet has
//! rounded; each mistake has its own sentence, so that the clerk knows what to mend.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::text::tidy;

/// Weights of the first 17 digits (GB 11643, ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Check characters by the weighted sum modulo 11.
const CHECKS: [u8; 11] = *b"10X98765432";
/// Nobody on a roll was born earlier.
const EARLIEST_BIRTH_YEAR: i32 = 1900;

/// Sex as coded by GB/T 2261.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sex {
    /// 0 未知的性别
    Unknown,
    /// 1 男性
    Male,
    /// 2 女性
    Female,
    /// 9 未说明的性别
    Unstated,
}

impl Sex {
    /// Every value, in the order of its code.
    pub const ALL: [Self; 4] = [Self::Unknown, Self::Male, Self::Female, Self::Unstated];

    /// The code of GB/T 2261.1.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "0",
            Self::Male => "1",
            Self::Female => "2",
            Self::Unstated => "9",
        }
    }

    /// 男, 女, 未知, 未说明.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Unknown => "未知",
            Self::Male => "男",
            Self::Female => "女",
            Self::Unstated => "未说明",
        }
    }
}

/// The text names no sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("性别应填“男”或“女”")]
pub struct NotASex;

impl FromStr for Sex {
    type Err = NotASex;

    /// Reads the code, the word, and the word with 性 (男性).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = tidy(text);
        let word = plain.strip_suffix('性').unwrap_or(&plain);
        Self::ALL.into_iter().find(|sex| sex.code() == word || sex.chinese() == word).ok_or(NotASex)
    }
}

/// Which paper a number stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaperKind {
    /// 居民身份证
    IdentityCard,
    /// 港澳居民居住证 and 台湾居民居住证: 18 digits beginning 81, 82 or 83.
    ResidencePermit,
    /// 护照
    Passport,
    /// 其他证件
    Other,
}

impl PaperKind {
    /// Every kind, the usual one first.
    pub const ALL: [Self; 4] = [Self::IdentityCard, Self::ResidencePermit, Self::Passport, Self::Other];

    /// The name of the paper.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::IdentityCard => "居民身份证",
            Self::ResidencePermit => "港澳台居民居住证",
            Self::Passport => "护照",
            Self::Other => "其他证件",
        }
    }

    /// The form stored in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::IdentityCard => "identity_card",
            Self::ResidencePermit => "residence_permit",
            Self::Passport => "passport",
            Self::Other => "other",
        }
    }
}

/// The text names no kind of paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("证件类型应为居民身份证、港澳台居民居住证、护照或其他证件")]
pub struct NotAPaperKind;

impl FromStr for PaperKind {
    type Err = NotAPaperKind;

    /// Reads the code or the name; 身份证 and 居住证 for short.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let plain = tidy(text);
        let by_name = Self::ALL.into_iter().find(|kind| kind.code() == plain || kind.chinese() == plain);
        match plain.as_str() {
            "身份证" => Ok(Self::IdentityCard),
            "居住证" | "港澳居民居住证" | "台湾居民居住证" => Ok(Self::ResidencePermit),
            "其他" => Ok(Self::Other),
            _ => by_name.ok_or(NotAPaperKind),
        }
    }
}

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing was given.
    #[error("证件号码为空")]
    Empty,
    /// `1.1E+17`: the spreadsheet took it for a number and the last digits are gone.
    #[error("号码被表格软件转成了科学计数法，后几位已丢失；请把该列设为“文本”后重新填写")]
    RoundedBySpreadsheet,
    /// 18 digits ending in 000: rounded to 15 digits by a spreadsheet and shown in full.
    #[error("号码末三位为000且校验不符，可能被表格软件截断；请把该列设为“文本”后重新填写")]
    CutBySpreadsheet,
    /// A number of the first generation of cards.
    #[error("15位旧号码已停用，请填写18位号码")]
    FifteenDigits,
    /// Not 18 characters.
    #[error("应为18位，实为{0}位")]
    WrongLength(usize),
    /// Something other than digits, or X elsewhere than at the end.
    #[error("只能包含数字，末位可为X")]
    WrongCharacter,
    /// Digits 7 to 14 are no day of the calendar.
    #[error("第7至14位不是有效的出生日期")]
    WrongBirthDate,
    /// The last character does not follow from the others.
    #[error("校验位不符，请核对号码")]
    WrongCheck,
    /// A passport or other paper with signs that no paper has.
    #[error("证件号码应为5至20位字母或数字")]
    NotAPaperNumber,
}

/// A checked number together with the paper it stands on.
///
/// `Debug` and `Display` show the masked form: the full number leaves only through
/// [`Identity::number`].
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    kind: PaperKind,
    number: String,
}

impl Identity {
    /// Reads the number of a paper of the given kind.
    ///
    /// # Errors
    /// [`IdentityError`] with the sentence for the clerk.
    pub fn parse(kind: PaperKind, text: &str) -> Result<Self, IdentityError> {
        let number = tidy(text).replace([' ', '-'], "").to_ascii_uppercase();
        if number.is_empty() {
            return Err(IdentityError::Empty);
        }
        match kind {
            PaperKind::IdentityCard | PaperKind::ResidencePermit => check_citizen_number(&number)?,
            PaperKind::Passport | PaperKind::Other => check_other_number(&number)?,
        }
        let permit = number.starts_with("81") || number.starts_with("82") || number.starts_with("83");
        let kind = if kind == PaperKind::IdentityCard && permit { PaperKind::ResidencePermit } else { kind };
        Ok(Self { kind, number })
    }

    /// Reads an identity card's number; one that begins 81, 82 or 83 is a residence permit's.
    ///
    /// # Errors
    /// As [`Identity::parse`].
    pub fn card(text: &str) -> Result<Self, IdentityError> {
        Self::parse(PaperKind::IdentityCard, text)
    }

    /// The paper.
    #[must_use]
    pub const fn kind(&self) -> PaperKind {
        self.kind
    }

    /// The whole number, for encryption and matching; personal data.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The number with its middle hidden: `110*************2X`.
    #[must_use]
    pub fn masked(&self) -> String {
        mask_paper_number(&self.number)
    }

    /// The day of birth that the number carries; `None` for other papers.
    #[must_use]
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.carries_birth().then(|| birth_date(&self.number)).flatten()
    }

    /// The sex that the number carries; `None` for other papers. One that does not fit the roll
    /// deserves a warning, not a refusal.
    #[must_use]
    pub fn sex(&self) -> Option<Sex> {
        if !self.carries_birth() {
            return None;
        }
        let digit = self.number.as_bytes().get(16)?;
        Some(if (digit - b'0') % 2 == 1 { Sex::Male } else { Sex::Female })
    }

    fn carries_birth(&self) -> bool {
        matches!(self.kind, PaperKind::IdentityCard | PaperKind::ResidencePermit)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.masked())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

/// Hides the middle of a number: of 18 characters the 4th to 16th, of others all but the first
/// and last two. The year of birth stands beside it in records: with the region and the last four
/// shown, fewer than 400 numbers would be left to try.
#[must_use]
pub fn mask_paper_number(number: &str) -> String {
    let length = number.chars().count();
    let (head, tail) = if length == 18 { (3, 2) } else { (2.min(length / 3), 2.min(length / 3)) };
    number.chars().enumerate().map(|(i, c)| if i < head || i >= length - tail { c } else { '*' }).collect()
}

/// The check character of 17 digits, also used for other numbers that must survive a slip of
/// the pen; `None` when `digits` holds anything but digits.
#[must_use]
pub fn check_character(digits: &str) -> Option<char> {
    let mut sum = 0;
    for (index, byte) in digits.bytes().rev().enumerate() {
        if !byte.is_ascii_digit() {
            return None;
        }
        // Weights repeat every 10 places from the right: 2, 4, 8, 5, 10, 9, 7, 3, 6, 1.
        sum += u32::from(byte - b'0') * WEIGHTS[16 - index % 10];
    }
    CHECKS.get(sum as usize % 11).map(|byte| char::from(*byte))
}

fn check_citizen_number(number: &str) -> Result<(), IdentityError> {
    if number.contains("E+") || (number.contains('E') && number.contains('.')) {
        return Err(IdentityError::RoundedBySpreadsheet);
    }
    let bytes = number.as_bytes();
    let digits_then_check = |at: usize, byte: u8| byte.is_ascii_digit() || (byte == b'X' && at == 17);
    if !bytes.iter().enumerate().all(|(at, byte)| digits_then_check(at, *byte)) {
        return Err(IdentityError::WrongCharacter);
    }
    match bytes.len() {
        18 => {}
        15 => return Err(IdentityError::FifteenDigits),
        other => return Err(IdentityError::WrongLength(other)),
    }
    let passes = check_character(&number[..17]) == number.chars().last();
    if !passes && number.ends_with("000") {
        return Err(IdentityError::CutBySpreadsheet);
    }
    if birth_date(number).is_none() {
        return Err(IdentityError::WrongBirthDate);
    }
    if passes { Ok(()) } else { Err(IdentityError::WrongCheck) }
}

fn check_other_number(number: &str) -> Result<(), IdentityError> {
    let fits = (5..=20).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if fits { Ok(()) } else { Err(IdentityError::NotAPaperNumber) }
}

fn birth_date(number: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(number.get(6..14)?, "%Y%m%d").ok()?;
    (date.year() >= EARLIEST_BIRTH_YEAR).then_some(date)
}

/// What is wrong with a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Not 11 digits beginning with 1.
    #[error("手机号应为1开头的11位数字")]
    NotAMobile,
    /// The spreadsheet took it for a number.
    #[error("手机号被表格软件转成了科学计数法，请把该列设为“文本”后重新填写")]
    RoundedBySpreadsheet,
}

/// A mobile number of the mainland. `Debug` and `Display` show the masked form.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Phone(String);

impl Phone {
    /// Reads 11 digits; spaces, hyphens, full-width digits and a leading +86 are accepted.
    ///
    /// # Errors
    /// [`PhoneError`] with the sentence for the clerk.
    pub fn parse(text: &str) -> Result<Self, PhoneError> {
        let plain = tidy(text).replace([' ', '-'], "");
        if plain.to_ascii_uppercase().contains("E+") {
            return Err(PhoneError::RoundedBySpreadsheet);
        }
        let national = plain.strip_prefix("+86").or_else(|| plain.strip_prefix("0086")).unwrap_or(&plain);
        let bytes = national.as_bytes();
        let fits = bytes.len() == 11
            && bytes.iter().all(u8::is_ascii_digit)
            && bytes[0] == b'1'
            && (b'3'..=b'9').contains(&bytes[1]);
        if fits { Ok(Self(national.to_owned())) } else { Err(PhoneError::NotAMobile) }
    }

    /// The whole number; personal data.
    #[must_use]
    pub fn number(&self) -> &str {
        &self.0
    }

    /// `138****5678`.
    #[must_use]
    pub fn masked(&self) -> String {
        format!("{}****{}", &self.0[..3], &self.0[7..])
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Phone({})", self.masked())
    }
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::{
        Identity, IdentityError, PaperKind, Phone, PhoneError, Sex, check_character, mask_paper_number,
    };

    const EXAMPLE: &str = "11010519491231002X";

    #[test]
    fn the_example_of_the_standard_passes() {
        let identity = Identity::card(EXAMPLE).expect("the standard's own example");
        assert_eq!(identity.number(), EXAMPLE);
        assert_eq!(identity.masked(), "110*************2X");
        assert_eq!(format!("{identity:?}"), "Identity(110*************2X)");
        assert_eq!(identity.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(identity.sex(), Some(Sex::Female));
    }

    #[test]
    fn small_x_and_full_width_digits_are_accepted() {
        for text in ["11010519491231002x", "１１０１０５１９４９１２３１００２Ｘ", " 110105 19491231 002X "]
        {
            assert_eq!(Identity::card(text).map(|i| i.number().to_owned()), Ok(EXAMPLE.to_owned()), "{text}");
        }
    }

    #[test]
    fn each_mistake_has_its_own_reason() {
        let reason = |text: &str| Identity::card(text).expect_err(text);
        assert_eq!(reason(""), IdentityError::Empty);
        assert_eq!(reason("1.1E+17"), IdentityError::RoundedBySpreadsheet);
        assert_eq!(reason("1.10105e+17"), IdentityError::RoundedBySpreadsheet);
        assert_eq!(reason("110105194912310000"), IdentityError::CutBySpreadsheet);
        assert_eq!(reason("110105491231002"), IdentityError::FifteenDigits);
        assert_eq!(reason("1101051949123100"), IdentityError::WrongLength(16));
        assert_eq!(reason("11010519491231O02X"), IdentityError::WrongCharacter);
        assert_eq!(reason("11010519490231002X"), IdentityError::WrongBirthDate);
        assert_eq!(reason("110105194912310021"), IdentityError::WrongCheck);
    }

    #[test]
    fn other_papers_keep_their_kind() {
        let permit = format!("8100001990010100{}", 1);
        let permit = format!("{permit}{}", check_character(&permit).expect("digits"));
        assert_eq!(Identity::card(&permit).map(|i| i.kind()), Ok(PaperKind::ResidencePermit));
        let passport = Identity::parse(PaperKind::Passport, "e12345678").expect("a passport number");
        assert_eq!(passport.number(), "E12345678");
        assert_eq!(passport.masked(), "E1*****78");
        assert_eq!(passport.birth_date(), None);
        assert_eq!(Identity::parse(PaperKind::Other, "12#45"), Err(IdentityError::NotAPaperNumber));
        assert_eq!("身份证".parse(), Ok(PaperKind::IdentityCard));
    }

    #[test]
    fn phones_are_checked_and_masked() {
        for text in ["13800005678", "138-0000-5678", "+86 138 0000 5678", "１３８００００５６７８"]
        {
            assert_eq!(Phone::parse(text).map(|p| p.masked()), Ok("138****5678".to_owned()), "{text}");
        }
        assert_eq!(Phone::parse("0757-8338"), Err(PhoneError::NotAMobile));
        assert_eq!(Phone::parse("12800005678"), Err(PhoneError::NotAMobile));
        assert_eq!(Phone::parse("1.38E+10"), Err(PhoneError::RoundedBySpreadsheet));
    }

    #[test]
    fn sex_by_code_or_word() {
        assert_eq!("男性".parse(), Ok(Sex::Male));
        assert_eq!("２".parse(), Ok(Sex::Female));
        assert!("先生".parse::<Sex>().is_err());
    }

    proptest! {
        #[test]
        fn a_number_with_its_check_passes_and_one_wrong_digit_does_not(
            region in 110_000u32..660_000, days in 0u64..40_000, serial in 0u32..1000, place in 0usize..17, by in 1u8..10,
        ) {
            let born = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date") + chrono::Days::new(days);
            let digits = format!("{region}{}{serial:03}", born.format("%Y%m%d"));
            let number = format!("{digits}{}", check_character(&digits).expect("digits"));
            prop_assert_eq!(Identity::card(&number).map(|i| i.birth_date()), Ok(Some(born)));
            let mut wrong = number.into_bytes();
            wrong[place] = b'0' + (wrong[place] - b'0' + by) % 10;
            let wrong = String::from_utf8(wrong).expect("ascii");
            prop_assert!(Identity::card(&wrong).is_err());
        }

        #[test]
        fn a_mask_keeps_length_and_hides_the_birth_date(number in "[0-9]{17}[0-9X]") {
            let masked = mask_paper_number(&number);
            prop_assert_eq!(masked.len(), 18);
            prop_assert_eq!(&masked[6..14], "********");
        }
    }
}
