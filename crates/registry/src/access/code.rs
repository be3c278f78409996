//! Codes that people copy by hand: recovery codes, and the codes of first addresses.

use tisheng_kernel::text;

/// Signs that are not taken for one another when they are copied by hand (Crockford's base 32), five
/// bits each.
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Signs that are read off together.
const GROUP: usize = 5;

/// A code of `LENGTH` signs.
pub fn fresh<const LENGTH: usize>() -> String {
    let bytes: [u8; LENGTH] = rand::random();
    bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect()
}

/// What was typed in the form in which a code of `length` signs is kept; nothing when it cannot be one.
pub fn plain(typed: &str, length: usize) -> Option<String> {
    let sign = |c: char| match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let typed = text::tidy(typed).to_ascii_uppercase();
    let code: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).map(sign).collect();
    let whole = code.len() == length && code.bytes().all(|byte| SIGNS.contains(&byte));
    whole.then_some(code)
}

/// In groups, as it is read off.
pub fn shown(code: &str) -> String {
    let signs: Vec<char> = code.chars().collect();
    signs.chunks(GROUP).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::{fresh, plain, shown};

    #[test]
    fn a_code_is_found_however_it_is_copied() {
        let code = "0123456ABC";
        for typed in ["01234-56ABC", "01234 56abc", " oi234-56abc ", "０１２３４－５６ＡＢＣ"] {
            assert_eq!(plain(typed, 10).as_deref(), Some(code), "{typed}");
        }
        for typed in ["", "123456", "01234-56ABCD", "01234-56AB!", "01234-56ABU"] {
            assert_eq!(plain(typed, 10), None, "{typed}");
        }
        let code = fresh::<15>();
        assert_eq!(shown(&code).len(), 17);
        assert_eq!(plain(&shown(&code), 15), Some(code));
    }
}
