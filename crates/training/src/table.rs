//! A table shown on a page, as a file.

use axum::response::Response;
use tisheng_platform::web::serve::download;
use tisheng_platform::web::{Answer, Failure, Filters};
use tisheng_sheet::{csv, xlsx};

/// Rows of a download at most: beyond it somebody should narrow the list.
pub const MOST: i64 = 20_000;

/// A table with its head; the columns of figures are marked.
pub struct Table {
    /// The file's name without its ending.
    pub name: String,
    /// Titles of the columns, and whether each holds figures.
    pub head: Vec<(String, bool)>,
    /// The rows.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of columns that are always the same.
    pub fn new(name: impl Into<String>, head: &[(&str, bool)], rows: Vec<Vec<String>>) -> Self {
        let head = head.iter().map(|(title, number)| ((*title).to_owned(), *number)).collect();
        Self { name: name.into(), head, rows }
    }

    /// The file in the form that the address asks for with `as=csv`; else a workbook.
    pub fn answer(self, filters: &Filters) -> Answer {
        self.bytes(filters.text("as")).map_err(|e| Failure::Internal(e.to_string()))
    }

    fn bytes(self, form: &str) -> Result<Response, tisheng_sheet::WriteError> {
        let titles: Vec<&str> = self.head.iter().map(|(title, _)| title.as_str()).collect();
        if form == "csv" {
            let bytes = csv(&titles, self.rows)?;
            return Ok(download(&format!("{}.csv", self.name), "text/csv; charset=utf-8", bytes));
        }
        let numbers: Vec<bool> = self.head.iter().map(|(_, number)| *number).collect();
        let bytes = xlsx(&self.name, &titles, &numbers, self.rows)?;
        let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
        Ok(download(&format!("{}.xlsx", self.name), kind, bytes))
    }
}
