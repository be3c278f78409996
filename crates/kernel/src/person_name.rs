//! Names of people: kept as they are written, found by pinyin, ordered as a Chinese roll is.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::text::tidy;

/// The longest name kept, in characters.
pub const MAX_NAME_LENGTH: usize = 50;

/// Surnames read otherwise than the character alone, each with its reading.
const SURNAME_READINGS: [(&str, &[&str]); 22] = [
    ("万俟", &["mo", "qi"]),
    ("尉迟", &["yu", "chi"]),
    ("长孙", &["zhang", "sun"]),
    ("单于", &["chan", "yu"]),
    ("澹台", &["tan", "tai"]),
    ("曾", &["zeng"]),
    ("单", &["shan"]),
    ("仇", &["qiu"]),
    ("解", &["xie"]),
    ("查", &["zha"]),
    ("区", &["ou"]),
    ("朴", &["piao"]),
    ("任", &["ren"]),
    ("盖", &["ge"]),
    ("繁", &["po"]),
    ("翟", &["zhai"]),
    ("乐", &["yue"]),
    ("员", &["yun"]),
    ("召", &["shao"]),
    ("种", &["chong"]),
    ("秘", &["bi"]),
    ("重", &["chong"]),
];

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("姓名为空")]
    Empty,
    /// More than [`MAX_NAME_LENGTH`] characters.
    #[error("姓名不能超过50个字")]
    TooLong,
    /// A digit or a sign that stands in no name.
    #[error("姓名中不能有“{0}”")]
    WrongCharacter(char),
}

/// A name, trimmed, with one kind of middle dot and no space between Chinese characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Reads a name as people and spreadsheets write it: full-width Latin letters, `张　三` with
    /// a space for alignment, and any of the dots used between the parts of a name.
    ///
    /// # Errors
    /// [`NameError`] with the sentence for the clerk.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let one_dot: String = tidy(text).chars().map(|c| if is_middle_dot(c) { '·' } else { c }).collect();
        let name = close_up(&one_dot);
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > MAX_NAME_LENGTH {
            return Err(NameError::TooLong);
        }
        match name.chars().find(|c| !may_stand_in_a_name(*c)) {
            Some(wrong) => Err(NameError::WrongCharacter(wrong)),
            None => Ok(Self(name)),
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The full pinyin without tones or spaces, for search: `zhangsan`.
    #[must_use]
    pub fn pinyin(&self) -> String {
        self.syllables().concat()
    }

    /// The first letters of the syllables, for search: `zs`.
    #[must_use]
    pub fn initials(&self) -> String {
        self.syllables().iter().filter_map(|syllable| syllable.chars().next()).collect()
    }

    /// The key by which a roll is ordered: the syllables apart, so that 李安 comes before 梁安,
    /// then the characters themselves.
    #[must_use]
    pub fn sort_key(&self) -> String {
        format!("{} {}", self.syllables().join(" "), self.0)
    }

    /// The name with all but its first character hidden: `张*`, for lists open to strangers.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut chars = self.0.chars();
        let first = chars.next().map(String::from).unwrap_or_default();
        format!("{first}{}", "*".repeat(chars.count().min(3)))
    }

    fn syllables(&self) -> Vec<String> {
        syllables(&self.0)
    }
}

/// How the beginning of a name, or the whole of it, is read: a surname in its own way.
fn syllables(text: &str) -> Vec<String> {
    let known = SURNAME_READINGS.iter().find(|(surname, _)| text.starts_with(surname));
    let (surname, reading) = known.copied().unwrap_or(("", &[]));
    let read = reading.iter().map(ToString::to_string);
    read.chain(crate::pinyin::syllables(&text[surname.len()..])).collect()
}

/// Between which sort keys all names stand that begin with `beginning` or whose pinyin does: the
/// first key, and the first one beyond. Other names stand there too.
#[must_use]
pub fn sort_keys_spelt(beginning: &str) -> (String, String) {
    if beginning.is_ascii() {
        return between(std::iter::once(first_of_syllable(beginning).to_owned()));
    }
    // More characters may make another surname of what was typed: 单 is read otherwise in 单于.
    let longer = SURNAME_READINGS.iter().filter(|(surname, _)| surname.starts_with(beginning));
    let longer = longer.filter_map(|(_, reading)| reading.first().map(|syllable| (*syllable).to_owned()));
    between(longer.chain(syllables(beginning).into_iter().take(1)))
}

/// The same of names whose initials begin with `beginning`.
#[must_use]
pub fn sort_keys_of_initials(beginning: &str) -> (String, String) {
    between(beginning.chars().next().map(String::from).into_iter())
}

/// The same of names that begin with `beginning`, or whose pinyin or initials do: everything where it
/// is empty.
#[must_use]
pub fn sort_keys_of(beginning: &str) -> (String, String) {
    let beginning = beginning.trim().to_lowercase();
    let (spelt, initials) = (sort_keys_spelt(&beginning), sort_keys_of_initials(&beginning));
    if !beginning.is_ascii() {
        // Initials are letters.
        return spelt;
    }
    (spelt.0.min(initials.0), spelt.1.max(initials.1))
}

/// The letters of pinyin that surely stand in the first syllable: a, e and o may be one by
/// themselves, others are followed by a vowel, with an h before it in zh, ch and sh.
fn first_of_syllable(pinyin: &str) -> &str {
    let is_vowel = |at: usize| pinyin.as_bytes().get(at).is_some_and(|letter| b"aeiouv".contains(letter));
    let sure = match pinyin.as_bytes() {
        [b'a' | b'e' | b'o', ..] => 1,
        [_, b'h', ..] if is_vowel(2) => 3,
        _ if is_vowel(1) => 2,
        _ => 1,
    };
    pinyin.get(..sure).unwrap_or(pinyin)
}

/// From the least of `beginnings` to beyond everything that begins with the greatest.
fn between(beginnings: impl Iterator<Item = String>) -> (String, String) {
    let all: Vec<String> = beginnings.collect();
    match (all.iter().min(), all.iter().max()) {
        (Some(least), Some(most)) => (least.clone(), format!("{most}\u{10ffff}")),
        _ => (String::new(), "\u{10ffff}".to_owned()),
    }
}

/// Whether `query`, as typed into a search box, means a name: part of it, of its pinyin or of
/// its initials.
#[must_use]
pub fn matches_query(name: &PersonName, query: &str) -> bool {
    let wanted = tidy(query).to_ascii_lowercase().replace(' ', "");
    !wanted.is_empty()
        && (name.as_str().to_lowercase().contains(&wanted)
            || name.pinyin().starts_with(&wanted)
            || name.initials().starts_with(&wanted))
}

fn is_middle_dot(c: char) -> bool {
    matches!(c, '·' | '•' | '‧' | '∙' | '⋅' | '・' | '･' | '᛫' | '●' | '.')
}

/// Drops the spaces between Chinese characters and around dots; keeps single ones between
/// Latin words.
fn close_up(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let latin = |word: &str, last: bool| {
        let c = if last { word.chars().last() } else { word.chars().next() };
        c.is_some_and(|c| c.is_ascii_alphabetic())
    };
    let mut name = String::new();
    for word in words {
        if latin(&name, true) && latin(word, false) {
            name.push(' ');
        }
        name.push_str(word);
    }
    name
}

fn may_stand_in_a_name(c: char) -> bool {
    c.is_alphabetic()
        || matches!(c, '·' | ' ' | '-' | '\'' | '〇' | '〓')
        || matches!(u32::from(c), 0xE000..=0xF8FF | 0x2E80..=0x2FDF | 0x20000..=0x3FFFF)
}

impl fmt::Display for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PersonName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NameError, PersonName, matches_query};

    fn name(text: &str) -> PersonName {
        PersonName::parse(text).expect(text)
    }

    #[test]
    fn written_in_one_way() {
        assert_eq!(name(" 张　三 ").as_str(), "张三");
        assert_eq!(name("ＬＩ Ｍｉｎｇ").as_str(), "LI Ming");
        for text in ["阿卜杜•热合曼", "阿卜杜・热合曼", "阿卜杜．热合曼", "阿卜杜 · 热合曼"]
        {
            assert_eq!(name(text).as_str(), "阿卜杜·热合曼", "{text}");
        }
    }

    #[test]
    fn rare_characters_are_kept() {
        for text in ["王𬭎", "李㛃", "赵𠮷", "张\u{e863}"] {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn mistakes_have_reasons() {
        assert_eq!(PersonName::parse("　"), Err(NameError::Empty));
        assert_eq!(PersonName::parse("张3"), Err(NameError::WrongCharacter('3')));
        assert_eq!(PersonName::parse("=HYPERLINK(1)"), Err(NameError::WrongCharacter('=')));
        assert_eq!(PersonName::parse(&"长".repeat(51)), Err(NameError::TooLong));
        assert!(PersonName::parse(&"长".repeat(50)).is_ok());
    }

    #[test]
    fn found_by_pinyin_and_initials() {
        let who = name("曾小丽");
        assert_eq!(who.pinyin(), "zengxiaoli");
        assert_eq!(who.initials(), "zxl");
        assert_eq!(name("吕明").pinyin(), "lvming");
        assert_eq!(name("尉迟·安").initials(), "yca");
        for query in ["曾", "小丽", "zeng", "ZXL", "zeng xiao"] {
            assert!(matches_query(&who, query), "{query}");
        }
        assert!(!matches_query(&who, "ceng") && !matches_query(&who, ""));
    }

    #[test]
    fn ordered_as_a_roll() {
        let mut roll = [name("周明"), name("梁安"), name("李安"), name("安平"), name("李艾")];
        roll.sort_by_key(PersonName::sort_key);
        let ordered: Vec<&str> = roll.iter().map(PersonName::as_str).collect();
        assert_eq!(ordered, ["安平", "李艾", "李安", "梁安", "周明"]);
    }

    #[test]
    fn strangers_see_the_surname_only() {
        assert_eq!(name("张三").masked(), "张*");
        assert_eq!(name("阿卜杜·热合曼").masked(), "阿***");
    }

    proptest! {
        #[test]
        fn a_name_stands_among_those_of_its_beginnings(text in "[单曾尉万解王李张欧乐仇\u{4e00}-\u{9fa5}]{2,6}", length in 1_usize..3) {
            let Ok(name) = PersonName::parse(&text) else { return Ok(()) };
            let key = name.sort_key();
            let part: String = name.as_str().chars().take(length).collect();
            for beginning in [part, name.pinyin().chars().take(length).collect(), name.pinyin()] {
                let (first, beyond) = super::sort_keys_spelt(&beginning);
                prop_assert!(first <= key && key < beyond, "{beginning}: {first} {key} {beyond}");
            }
            let (first, beyond) = super::sort_keys_of_initials(&name.initials());
            prop_assert!(first <= key && key < beyond, "{first} {key} {beyond}");
            let typed = [name.as_str().to_owned(), name.pinyin(), name.initials().to_uppercase(), String::new()];
            for beginning in typed {
                let (first, beyond) = super::sort_keys_of(&beginning);
                prop_assert!(first <= key && key < beyond, "{beginning}: {first} {key} {beyond}");
            }
        }

        #[test]
        fn reading_a_name_again_changes_nothing(text in "[\u{4e00}-\u{9fa5}A-Za-z·• ]{1,60}") {
            if let Ok(first) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(first.as_str()), Ok(first));
            }
        }
    }
}
