//! The row that names the columns: found among the first rows, by any of the titles that real
//! files use.

use std::cmp::Reverse;

use crate::read::Row;
use crate::{Cell, Sheet};

/// Rows among which the header may stand.
pub(crate) const WITHIN: u32 = 10;

/// A column that a caller wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Column<'a> {
    /// The caller's name for it.
    pub key: &'static str,
    /// Titles it goes by, the one to name when it is missing first.
    pub titles: &'a [&'a str],
    /// Whether a file without it can be used.
    pub required: bool,
}

/// Where the wanted columns stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// The number of the header's row, as Excel shows it.
    pub row: u32,
    places: Vec<(&'static str, usize)>,
    /// Titles in the file that no wanted column goes by, with their places.
    pub unknown: Vec<(usize, String)>,
    /// Titles in the file that stand there once more, with their places; only the first is read.
    pub doubled: Vec<(usize, String)>,
}

/// A wanted column that is not in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// The title it should have.
    pub title: String,
    /// The most similar title in the file.
    pub similar: Option<String>,
}

static EMPTY: Cell = Cell::Empty;

impl Header {
    /// Finds the header of `sheet`: the row that names most of the wanted columns.
    ///
    /// # Errors
    /// The required columns that it does not name.
    pub fn find(sheet: &Sheet, wanted: &[Column<'_>]) -> Result<Self, Vec<Missing>> {
        let candidates = sheet.rows.iter().take(WITHIN as usize).map(|row| Self::of(&row, wanted));
        let best = candidates.max_by_key(|header| (header.places.len(), Reverse(header.row)));
        let Some(best) = best.filter(|header| !header.places.is_empty()) else {
            let missing = wanted.iter().filter(|c| c.required);
            return Err(missing.map(|c| Missing { title: first(c), similar: None }).collect());
        };
        let absent: Vec<Missing> = wanted
            .iter()
            .filter(|column| column.required && best.place(column.key).is_none())
            .map(|column| Missing { title: first(column), similar: similar(column, &best.unknown) })
            .collect();
        if absent.is_empty() { Ok(best) } else { Err(absent) }
    }

    fn of(row: &Row, wanted: &[Column<'_>]) -> Self {
        let mut header =
            Self { row: row.number, places: Vec::new(), unknown: Vec::new(), doubled: Vec::new() };
        for (place, cell) in row.cells.iter().enumerate() {
            let title = plain(&cell.text());
            if title.is_empty() {
                continue;
            }
            let column = wanted.iter().find(|c| c.titles.iter().any(|t| plain(t) == title));
            match column {
                Some(column) if header.place(column.key).is_some() => {
                    header.doubled.push((place, cell.text()));
                }
                Some(column) => header.places.push((column.key, place)),
                None => header.unknown.push((place, cell.text())),
            }
        }
        header
    }

    /// The place of column `key`, from 0.
    #[must_use]
    pub fn place(&self, key: &str) -> Option<usize> {
        self.places.iter().find(|(known, _)| *known == key).map(|(_, place)| *place)
    }

    /// The cell of column `key` in `row`; empty when the file has no such column.
    #[must_use]
    pub fn cell<'r>(&self, row: &'r Row, key: &str) -> &'r Cell {
        self.place(key).and_then(|place| row.cells.get(place)).unwrap_or(&EMPTY)
    }
}

/// A title without what people add to it: spaces, a star for required, a remark in brackets.
fn plain(title: &str) -> String {
    let title = title.split(['(', '（', '\n']).next().unwrap_or(title);
    title.chars().filter(|c| !c.is_whitespace() && !matches!(c, '*' | '＊' | ':' | '：')).collect()
}

fn first(column: &Column<'_>) -> String {
    column.titles.first().copied().unwrap_or_default().to_owned()
}

fn similar(column: &Column<'_>, unknown: &[(usize, String)]) -> Option<String> {
    let distance = |text: &str| {
        column.titles.iter().map(|t| strsim::damerau_levenshtein(t, &plain(text))).min().unwrap_or(usize::MAX)
    };
    let nearest = unknown.iter().map(|(_, title)| (distance(title), title)).min()?;
    (nearest.0 <= 2).then(|| nearest.1.clone())
}

#[cfg(test)]
mod tests {
    use super::{Column, Header};
    use crate::{Cell, Limits, read};

    const WANTED: &[Column<'static>] = &[
        Column { key: "name", titles: &["姓名", "教师姓名"], required: true },
        Column { key: "paper", titles: &["证件号码", "身份证号"], required: true },
        Column { key: "phone", titles: &["手机号"], required: false },
    ];

    #[test]
    fn found_below_a_heading_by_any_of_its_titles() {
        let text = "某校教师名册,,\n教师姓名 *,身份证号（必填）,备注\n甲,1,x\n";
        let sheet = read(text.as_bytes(), &Limits::default()).expect("a sheet");
        let header = Header::find(&sheet, WANTED).expect("a header");
        assert_eq!(header.row, 2);
        let row = sheet.rows.get(2).expect("a row");
        assert_eq!(header.cell(&row, "paper"), &Cell::Text("1".to_owned()));
        assert_eq!(header.cell(&row, "phone"), &Cell::Empty);
        assert_eq!(header.unknown, [(2, "备注".to_owned())]);
    }

    #[test]
    fn a_doubled_column_is_told_from_an_unknown_one() {
        let sheet =
            read("姓名,证件号码,教师姓名\n甲,1,乙\n".as_bytes(), &Limits::default()).expect("a sheet");
        let header = Header::find(&sheet, WANTED).expect("a header");
        assert_eq!(header.doubled, [(2, "教师姓名".to_owned())]);
        assert!(header.unknown.is_empty());
    }

    #[test]
    fn a_missing_column_names_the_most_similar() {
        let sheet = read("姓名,身份证号号\n甲,1\n".as_bytes(), &Limits::default()).expect("a sheet");
        let missing = Header::find(&sheet, WANTED).expect_err("no paper");
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].similar.as_deref(), Some("身份证号号"));
    }
}
