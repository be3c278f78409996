//! How a name of any thing is read: for the order of lists and for search by pinyin.

use pinyin::ToPinyin;

/// The pinyin of a text, in the forms that lists and search boxes need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// The syllables apart, then the text itself: the order of a list.
    pub sort_key: String,
    /// Without tones or spaces: `shiyanxiaoxue`.
    pub pinyin: String,
    /// The first letters: `syxx`.
    pub initials: String,
}

impl Reading {
    /// Reads `text`. Latin words and numbers stand for themselves, each as one syllable; other
    /// signs are left out.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let syllables = syllables(text);
        Self {
            sort_key: format!("{} {text}", syllables.join(" ")),
            pinyin: syllables.concat(),
            initials: syllables.iter().filter_map(|syllable| syllable.chars().next()).collect(),
        }
    }
}

/// The form in which a search box's text is held against names, pinyin and initials: half-width,
/// lower case, without spaces.
#[must_use]
pub fn query(typed: &str) -> String {
    crate::text::tidy(typed).to_lowercase().split_whitespace().collect()
}

/// The syllables of `text` without tones; see [`Reading::of`].
pub(crate) fn syllables(text: &str) -> Vec<String> {
    let mut syllables: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in text.chars() {
        if let Some(reading) = c.to_pinyin() {
            syllables.push(reading.plain().replace('ü', "v"));
            in_word = false;
        } else if c.is_ascii_alphanumeric() {
            let letter = c.to_ascii_lowercase();
            match syllables.last_mut().filter(|_| in_word) {
                Some(word) => word.push(letter),
                None => syllables.push(letter.to_string()),
            }
            in_word = true;
        } else {
            in_word = false;
        }
    }
    syllables
}

#[cfg(test)]
mod tests {
    use super::{Reading, query};

    #[test]
    fn read_for_lists_and_search() {
        let school = Reading::of("测试第12中学（东区）");
        assert_eq!(school.pinyin, "ceshidi12zhongxuedongqu");
        assert_eq!(school.initials, "csd1zxdq");
        assert!(school.sort_key.starts_with("ce shi di 12 zhong xue dong qu "), "{}", school.sort_key);
    }

    #[test]
    fn a_query_is_written_in_one_way() {
        assert_eq!(query("　ＣＳ Yi "), "csyi");
        assert_eq!(query("测 试"), "测试");
    }
}
