//! Where a file comes from: somebody whose own titles stand in its heading, and what holds of each
//! of its rows without being said.

use serde::{Deserialize, Serialize};
use tisheng_platform::{Ctx, DbError, Tx};

use super::column::Column;
use super::kind::Work;

/// Where a file comes from. It is kept with the file, so that what is confirmed is what was checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// By which forms know it.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Our column by its name in code, and the title that it has there.
    pub titles: Vec<(String, String)>,
    /// Our column by its name in code, and what holds of a row that says nothing there.
    pub given: Vec<(String, String)>,
    /// Whether the file says only what has changed: what it does not name, or leaves out of a row, stays.
    #[serde(default)]
    pub is_part: bool,
}

impl Origin {
    /// What holds of a row that says nothing in the column `key`; empty for nothing.
    #[must_use]
    pub fn given(&self, key: &str) -> &str {
        self.given.iter().find(|(known, _)| known == key).map_or("", |(_, value)| value)
    }
}

/// The origins that a file of a kind may have where the asker stands.
pub type Origins = for<'a> fn(&'a Ctx, &'a mut Tx) -> Work<'a, Vec<Origin>, DbError>;

/// The columns of a kind as they are looked for in one file.
#[derive(Debug)]
pub struct Sought<'a> {
    columns: &'static [Column],
    titles: Vec<Vec<&'a str>>,
    required: Vec<bool>,
}

impl<'a> Sought<'a> {
    /// The columns in a file of `origin`: its own titles come first, and a title that it uses for one
    /// column means no other. A column of which something is given may be missing.
    #[must_use]
    pub fn of(columns: &'static [Column], origin: Option<&'a Origin>) -> Self {
        let own: &[(String, String)] = origin.map_or(&[], |origin| &origin.titles);
        let titles = columns.iter().map(|column| {
            let theirs =
                own.iter().filter(|(key, _)| key == column.named.key).map(|(_, title)| title.as_str());
            let elsewhere =
                |title: &str| own.iter().any(|(key, other)| key != column.named.key && other == title);
            theirs.chain(column.named.titles.iter().copied().filter(|title| !elsewhere(title))).collect()
        });
        let given = |column: &Column| origin.is_some_and(|origin| !origin.given(column.named.key).is_empty());
        Self {
            columns,
            titles: titles.collect(),
            required: columns.iter().map(|column| column.named.required && !given(column)).collect(),
        }
    }

    /// The columns as the reader of sheets wants them.
    #[must_use]
    pub fn wanted(&self) -> Vec<tisheng_sheet::Column<'_>> {
        let named = self.columns.iter().zip(&self.titles).zip(&self.required);
        named
            .map(|((column, titles), required)| tisheng_sheet::Column {
                key: column.named.key,
                titles,
                required: *required,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Origin, Sought};
    use crate::roster::column::{Column, optional, required};

    const COLUMNS: [Column; 3] = [
        required("name", &["姓名"], &[], 1, ""),
        optional("kind", &["项目", "子类"], &[], 1, ""),
        required("title", &["课程"], &[], 1, ""),
    ];

    #[test]
    fn a_title_that_somebody_uses_for_one_column_means_no_other() {
        let pair = |key: &str, title: &str| (key.to_owned(), title.to_owned());
        let origin = Origin {
            titles: vec![pair("title", "项目"), pair("name", "学员")],
            given: vec![pair("name", "某人")],
            ..Origin::default()
        };
        let sought = Sought::of(&COLUMNS, Some(&origin));
        let wanted = sought.wanted();
        assert_eq!(wanted[0].titles, ["学员", "姓名"]);
        assert_eq!(wanted[1].titles, ["子类"]);
        assert_eq!(wanted[2].titles, ["项目", "课程"]);
        assert!(!wanted[0].required && wanted[2].required);
        let plain = Sought::of(&COLUMNS, None);
        assert_eq!(plain.wanted()[1].titles, ["项目", "子类"]);
    }
}
