//! The number of a report as people are told it.

/// Digits of the end of an identifier that tells the teachers of one course apart.
const TAIL: usize = 12;
/// Hexadecimal digits in a row that nobody has given by hand.
const OURS: usize = 32;

/// What follows the name of the source: the number that its platform would know. Of hours that follow from
/// records of a course that is the course's; an identifier of ours says nothing to anybody.
pub(super) fn number_shown(source_id: &str) -> String {
    let is_hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit());
    if let Some((course, rest)) = source_id.rsplit_once('@') {
        let tail = rest.split('/').next().unwrap_or(rest);
        if tail.len() == TAIL && is_hex(tail) {
            return format!("，课程编号 {course}");
        }
    }
    let is_ours = source_id.split(|c: char| !c.is_ascii_alphanumeric()).any(|p| p.len() >= OURS && is_hex(p));
    if source_id.is_empty() || is_ours { String::new() } else { format!("，编号 {source_id}") }
}

#[cfg(test)]
mod tests {
    use super::number_shown;

    #[test]
    fn people_are_told_numbers_that_somebody_knows() {
        assert_eq!(number_shown("K1@aca18608ac42"), "，课程编号 K1");
        assert_eq!(number_shown("K1@aca18608ac42/2021"), "，课程编号 K1");
        assert_eq!(number_shown("c1"), "，编号 c1");
        assert_eq!(number_shown("zhang@school.test"), "，编号 zhang@school.test");
        let ours = "01782cbe8844774d8151179247d9e30e";
        assert_eq!(number_shown(ours), "");
        assert_eq!(number_shown(&format!("{ours}:{ours}:1")), "");
    }
}
