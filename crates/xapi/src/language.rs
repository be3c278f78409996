//! Language tags (RFC 5646) and the choice of one by `Accept-Language`.

/// Tags of earlier standards that do not follow the pattern (RFC 5646, 2.2.8).
const IRREGULAR: [&str; 17] = [
    "en-gb-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-be-fr",
    "sgn-be-nl",
    "sgn-ch-de",
];

/// Whether `text` is a well-formed language tag.
#[must_use]
pub fn is_language(text: &str) -> bool {
    let alpha = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let alnum = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let mut parts = text.split('-').peekable();
    let first = parts.next().unwrap_or_default();
    if first.eq_ignore_ascii_case("x") {
        return text.len() > 2 && parts.all(|part| (1..=8).contains(&part.len()) && alnum(part));
    }
    if !(2..=8).contains(&first.len()) || !alpha(first) {
        return IRREGULAR.iter().any(|known| known.eq_ignore_ascii_case(text));
    }
    if first.len() <= 3 {
        for _ in 0..3 {
            if parts.next_if(|part| part.len() == 3 && alpha(part)).is_none() {
                break;
            }
        }
    }
    parts.next_if(|part| part.len() == 4 && alpha(part));
    parts.next_if(|part| {
        (part.len() == 2 && alpha(part))
            || (part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit()))
    });
    let variant = |part: &&str| {
        alnum(part)
            && ((5..=8).contains(&part.len()) || (part.len() == 4 && part.as_bytes()[0].is_ascii_digit()))
    };
    while parts.next_if(variant).is_some() {}
    while let Some(singleton) = parts.next() {
        if singleton.len() != 1 || !alnum(singleton) {
            return IRREGULAR.iter().any(|known| known.eq_ignore_ascii_case(text));
        }
        let private = singleton.eq_ignore_ascii_case("x");
        let least = if private { 1 } else { 2 };
        let mut count = 0;
        while parts.next_if(|part| (least..=8).contains(&part.len()) && alnum(part)).is_some() {
            count += 1;
        }
        if count == 0 {
            return false;
        }
    }
    true
}

/// What a reader wants to see, in order: the ranges of an `Accept-Language` header with their
/// weights (RFC 9110, 12.5.4).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Languages(Vec<(String, f32)>);

impl Languages {
    /// Reads the header; what makes no sense in it is left out.
    #[must_use]
    pub fn parse(header: &str) -> Self {
        let mut ranges: Vec<(String, f32)> = header
            .split(',')
            .filter_map(|item| {
                let mut parts = item.split(';');
                let range = parts.next()?.trim().to_lowercase();
                let weight = parts.find_map(|part| part.trim().strip_prefix("q=")?.trim().parse().ok());
                let weight: f32 = weight.unwrap_or(1.0);
                (!range.is_empty() && weight > 0.0).then_some((range, weight))
            })
            .collect();
        ranges.sort_by(|one, other| other.1.total_cmp(&one.1));
        Self(ranges)
    }

    /// The place of the best of `tags`: the first range that a tag equals or begins with, or of
    /// which it is the beginning; the first tag where none fits.
    pub fn choose<'t>(&self, tags: impl Iterator<Item = &'t str> + Clone) -> Option<usize> {
        for (range, _) in &self.0 {
            if range == "*" {
                break;
            }
            let fits = |tag: &str| {
                let tag = tag.to_lowercase();
                tag == *range || tag.strip_prefix(range.as_str()).is_some_and(|rest| rest.starts_with('-'))
            };
            if let Some(place) = tags.clone().position(fits) {
                return Some(place);
            }
            let wider =
                |tag: &str| range.strip_prefix(&tag.to_lowercase()).is_some_and(|r| r.starts_with('-'));
            if let Some(place) = tags.clone().position(wider) {
                return Some(place);
            }
        }
        tags.clone().next().map(|_| 0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Languages, is_language};

    #[test]
    fn tags_follow_the_lengths_of_their_parts() {
        for right in [
            "zh",
            "zh-Hans-CN",
            "en-US",
            "es-419",
            "sl-rozaj-biske",
            "de-CH-1901",
            "zh-cmn-Hans",
            "x-whatever",
            "en-a-bbb-x-a",
            "i-klingon",
            "tlh",
            "und",
        ] {
            assert!(is_language(right), "{right}");
        }
        for wrong in ["", "a", "a12345678", "en_US", "en-", "12", "en-US-x", "en-a", "x", "zhongguohua"] {
            assert!(!is_language(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_reader_gets_the_best_that_is_there() {
        let tags = ["en-US", "zh-CN", "fr"];
        let choose = |header: &str| Languages::parse(header).choose(tags.iter().copied());
        assert_eq!(choose("zh-CN,zh;q=0.8,en;q=0.5"), Some(1));
        assert_eq!(choose("zh"), Some(1));
        assert_eq!(choose("de, fr-CA;q=0.9, en;q=0.1"), Some(2));
        assert_eq!(choose("de"), Some(0));
        assert_eq!(choose("en;q=0, *"), Some(0));
        assert_eq!(Languages::default().choose(std::iter::empty()), None);
    }
}
