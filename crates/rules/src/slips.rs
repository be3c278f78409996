//! How a line that TOML cannot read is mended, by what stands there.

/// What is said where nothing better is known.
const GENERAL: &str = "请核对引号、括号和等号";

/// How to mend what is wrong in `text` at the byte `start`, of which the reader said `message`.
pub fn mend(text: &str, start: usize, message: &str) -> String {
    let line = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
    let line = bare(line);
    if let Some((wide, narrow)) = line.chars().find_map(|c| narrow(c).map(|narrow| (c, narrow))) {
        return format!("“{wide}”是全角符号，请改用半角的 {narrow}");
    }
    let is_day = line.starts_with(|c: char| c.is_ascii_digit()) && line.contains('-');
    if is_day || message.contains("date") {
        return "日期写作 2022-12-31，不加引号；请核对月份和日期".to_owned();
    }
    GENERAL.to_owned()
}

/// What TOML reads of a line: any sign may stand between quotes and in a comment.
fn bare(line: &str) -> String {
    let mut open = None;
    let mut bare = String::new();
    for c in line.chars() {
        match (open, c) {
            (None, '#') => break,
            (None, '"' | '\'') => open = Some(c),
            (None, _) => bare.push(c),
            (Some(quote), _) if quote == c => open = None,
            (Some(_), _) => {}
        }
    }
    bare
}

/// The sign of the keyboard that a wide one was typed for.
fn narrow(wide: char) -> Option<char> {
    match wide {
        '“' | '”' => Some('"'),
        '‘' | '’' => Some('\''),
        '、' => Some(','),
        '\u{3000}' => Some(' '),
        '【' => Some('['),
        '】' => Some(']'),
        '！'..='～' => char::from_u32(u32::from(wide) - 0xFEE0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_typed_in_the_chinese_way_is_named() {
        for (text, wanted) in [("a = ５０", "５"), ("a = “选”", "“"), ("a ＝ 1", "＝"), ("a = 【1】", "【")]
        {
            let start = text.find(|c: char| !c.is_ascii()).expect("a wide sign");
            let said = mend(text, start, "string values must be quoted");
            assert!(said.contains(wanted) && said.contains("半角"), "{said}");
        }
    }

    #[test]
    fn a_day_that_is_none_is_asked_for() {
        assert!(mend("until = 2022-13-31", 8, "invalid date").contains("月份"));
        assert_eq!(mend("a = {", 5, "missing }"), GENERAL);
        assert_eq!(mend("a = \"一，二\" b", 0, "unexpected key"), GENERAL);
        assert_eq!(mend("a = '一，二' b", 0, "unexpected key"), GENERAL);
        assert_eq!(mend("a = tru  # 见（二），2020-2022", 4, "invalid boolean"), GENERAL);
    }
}
