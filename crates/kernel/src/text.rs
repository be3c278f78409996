//! Characters as people type them into forms and spreadsheets.

/// The half-width form of a full-width letter, digit or sign; the ideographic space becomes a
/// plain one. Everything else is unchanged.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

/// The text without surrounding space and byte-order marks, full-width signs made half-width.
#[must_use]
pub fn tidy(text: &str) -> String {
    let narrow: String =
        text.chars().filter(|c| !matches!(c, '\u{feff}' | '\u{200b}')).map(half_width).collect();
    narrow.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::tidy;

    #[test]
    fn full_width_becomes_half_width() {
        assert_eq!(tidy("\u{feff}　ＡＢ１２ｘ　"), "AB12x");
        assert_eq!(tidy("教学，设计"), "教学,设计");
    }
}
