//! The certificate: its number and its text.

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::identity::check_character;
use tisheng_kernel::number::chinese_date;

use crate::reader::Section;
use crate::source::Sourced;

/// Placeholders that the text of a certificate may hold, each with its meaning.
pub const TEXT_PLACEHOLDERS: [(&str, &str); 9] = [
    ("{name}", "教师姓名"),
    ("{school}", "学校"),
    ("{programme}", "工程名称"),
    ("{period}", "工程起止日期"),
    ("{hours}", "计入学时"),
    ("{breakdown}", "各类学时"),
    ("{capabilities}", "测评通过的能力点"),
    ("{level}", "测评等级"),
    ("{date}", "发证日期"),
];

/// Placeholders that the pattern of a number may hold.
pub const NUMBER_PLACEHOLDERS: [(&str, &str); 4] = [
    ("{region}", "发证地区划代码"),
    ("{year}", "发证年份"),
    ("{sequence}", "七位顺序号"),
    ("{check}", "校验位"),
];

/// The sequence of a number that is shown as an example.
const EXAMPLE: u32 = 1_234_567;

/// How certificates look and are numbered.
#[derive(Debug, Clone)]
pub struct CertificateRule {
    /// The heading, e.g. 培训合格证书.
    pub title: Sourced<String>,
    /// The text, with placeholders.
    pub text: Sourced<String>,
    /// The pattern of the number, with placeholders.
    pub number: Sourced<String>,
    /// Who signs it.
    pub issuer: Sourced<String>,
}

/// What is printed on one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    /// The teacher's name.
    pub name: String,
    /// The school at the time of issue.
    pub school: String,
    /// The programme's title.
    pub programme: String,
    /// The programme's period, as shown.
    pub period: String,
    /// Counted hours in all, as shown.
    pub hours: String,
    /// Counted hours by category, as shown.
    pub breakdown: String,
    /// The capabilities passed, as shown.
    pub capabilities: String,
    /// The level of the whole result, as shown.
    pub level: String,
    /// Day of issue.
    pub date: NaiveDate,
}

impl CertificateRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            title: s.text("title"),
            text: s.text("text"),
            number: s.text("number"),
            issuer: s.text("issuer"),
        }
    }

    /// The number of the `sequence`-th certificate that the region issues in the year of `date`.
    ///
    /// `{check}` is the check character (GB 11643) of every digit before it, so that a slip in
    /// copying shows.
    #[must_use]
    pub fn number(&self, region: &str, date: NaiveDate, sequence: u32) -> String {
        let filled = self
            .number
            .replace("{region}", region)
            .replace("{year}", &date.year().to_string())
            .replace("{sequence}", &format!("{sequence:07}"));
        let digits: String = filled.chars().filter(char::is_ascii_digit).collect();
        filled.replace("{check}", &check_character(&digits).map(String::from).unwrap_or_default())
    }

    /// Whether a number, as typed by someone who checks a certificate, can have been issued under
    /// this pattern: the same shape and, where there is one, the right check character.
    #[must_use]
    pub fn is_number_plausible(&self, number: &str) -> bool {
        if !self.number.ends_with("{check}") {
            return !number.is_empty();
        }
        let typed = number.trim().to_ascii_uppercase();
        let mut chars = typed.chars();
        let check = chars.next_back();
        let digits: String = chars.filter(char::is_ascii_digit).collect();
        !digits.is_empty() && check_character(&digits) == check
    }

    /// What a number that the region issues in the year of `date` looks like; far beyond the numbers in
    /// use, so that it is nobody's.
    #[must_use]
    pub fn example(&self, region: &str, date: NaiveDate) -> String {
        self.number(region, date, EXAMPLE)
    }

    /// Whether `number` looks like `example`: as long, with digits where it has digits. The check
    /// character may be any.
    #[must_use]
    pub fn is_shaped_like(&self, example: &str, number: &str) -> bool {
        let last = example.chars().count().saturating_sub(1);
        let is_check = |at: usize| at == last && self.number.ends_with("{check}");
        let alike = |(at, (wanted, typed)): (usize, (char, char))| match wanted {
            _ if is_check(at) => typed.is_ascii_digit() || typed.eq_ignore_ascii_case(&'x'),
            wanted if wanted.is_ascii_digit() => typed.is_ascii_digit(),
            wanted => wanted.eq_ignore_ascii_case(&typed),
        };
        example.chars().count() == number.chars().count()
            && example.chars().zip(number.chars()).enumerate().all(alike)
    }

    /// The text with every placeholder filled. What is filled in is never read for placeholders
    /// again.
    #[must_use]
    pub fn fill(&self, facts: &CertificateFacts) -> String {
        let date = chinese_date(facts.date);
        let values: [&str; 9] = [
            &facts.name,
            &facts.school,
            &facts.programme,
            &facts.period,
            &facts.hours,
            &facts.breakdown,
            &facts.capabilities,
            &facts.level,
            &date,
        ];
        let mut filled = String::with_capacity(self.text.len() * 2);
        let mut rest = self.text.as_str();
        while let Some(open) = rest.find('{') {
            filled.push_str(&rest[..open]);
            rest = &rest[open..];
            let known = TEXT_PLACEHOLDERS.iter().zip(values).find(|((name, _), _)| rest.starts_with(name));
            let (taken, value) = known.map_or((1, "{"), |((name, _), value)| (name.len(), value));
            filled.push_str(value);
            rest = &rest[taken..];
        }
        filled.push_str(rest);
        filled
    }
}

/// The placeholders of `text` that are not in `known`.
pub(crate) fn unknown_placeholders<'t>(text: &'t str, known: &[(&str, &str)]) -> Vec<&'t str> {
    let mut unknown = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find('{') {
        let end = rest[open..].find('}').map_or(rest.len(), |close| open + close + 1);
        let placeholder = &rest[open..end];
        if !known.iter().any(|(name, _)| *name == placeholder) {
            unknown.push(placeholder);
        }
        rest = &rest[end..];
    }
    unknown
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{CertificateFacts, CertificateRule, TEXT_PLACEHOLDERS, unknown_placeholders};
    use crate::source::{Source, Sourced};

    fn rule(text: &str, number: &str) -> CertificateRule {
        let sourced = |value: &str| Sourced { value: value.to_owned(), source: Source::default() };
        CertificateRule {
            title: sourced("证书"),
            text: sourced(text),
            number: sourced(number),
            issuer: sourced("某局"),
        }
    }

    fn issued() -> NaiveDate {
        NaiveDate::from_ymd_opt(2022, 6, 30).expect("a date")
    }

    #[test]
    fn a_number_carries_its_check() {
        let rule = rule("", "TS{region}{year}{sequence}{check}");
        let number = rule.number("210100", issued(), 42);
        assert!(number.starts_with("TS21010020220000042"), "{number}");
        assert!(rule.is_number_plausible(&number));
        let swapped = number.replace("0042", "0024");
        assert!(!rule.is_number_plausible(&swapped));
        assert!(!rule.is_number_plausible(""));
    }

    #[test]
    fn what_looks_like_a_number_and_what_does_not() {
        let rule = rule("", "TS{region}{year}{sequence}{check}");
        let example = rule.example("210100", issued());
        let like = |number: &str| rule.is_shaped_like(&example, number);
        assert!(like(&example) && like(&rule.number("210200", issued(), 42)));
        assert!(like("ts21010020220000042X"), "the check may be wrong");
        for not in ["", "ABC", "0000", "TS2101002022000004", "XX21010020220000042X", "TS2101002022000X042X"] {
            assert!(!like(not), "{not}");
        }
    }

    #[test]
    fn every_place_is_filled_once() {
        let facts = CertificateFacts {
            name: "{school}".to_owned(),
            school: "山前小学".to_owned(),
            programme: "工程".to_owned(),
            period: "三年".to_owned(),
            hours: "50".to_owned(),
            breakdown: "网络20".to_owned(),
            capabilities: "A1".to_owned(),
            level: "合格".to_owned(),
            date: issued(),
        };
        let text = rule("{name}（{school}）{ 于{date}：{level}", "").fill(&facts);
        assert_eq!(text, "{school}（山前小学）{ 于2022年6月30日：合格");
    }

    #[test]
    fn unknown_placeholders_are_found() {
        assert_eq!(unknown_placeholders("{name}在{shcool}", &TEXT_PLACEHOLDERS), ["{shcool}"]);
        assert!(unknown_placeholders("{name}", &TEXT_PLACEHOLDERS).is_empty());
    }
}
