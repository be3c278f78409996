//! A table that is written while its rows are read, some at a time: of a long list only what is being read stands in
//! memory, and the file as it is packed.

use rust_xlsxwriter::Workbook;

use crate::WriteError;
use crate::write::{harmless, head, line, sheet_name, text};

/// A table that is being written, as [`crate::xlsx`] or [`crate::csv`] writes one.
pub struct Growing(Form);

enum Form {
    /// A workbook, whose rows go to a file of the system.
    Book {
        book: Box<Workbook>,
        numbers: Vec<bool>,
        /// The row that comes next.
        next: u32,
    },
    /// Text, which is the file already.
    Text(Box<::csv::Writer<Vec<u8>>>),
}

impl Growing {
    /// A table under the titles `titles`: text where `form` is `csv`, else a workbook with a sheet called `name`,
    /// in which columns marked in `numbers` hold numbers.
    ///
    /// # Errors
    /// When the format refuses, or the system has no place for the rows.
    pub fn new(form: &str, name: &str, titles: &[&str], numbers: &[bool]) -> Result<Self, WriteError> {
        if form == "csv" {
            return Ok(Self(Form::Text(Box::new(text(titles)?))));
        }
        let mut book = Box::new(Workbook::new());
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(name))?;
        head(sheet, 0, titles)?;
        Ok(Self(Form::Book { book, numbers: numbers.to_vec(), next: 1 }))
    }

    /// Writes further rows.
    ///
    /// # Errors
    /// When there are more rows than a sheet holds.
    pub fn add<R, C>(&mut self, rows: R) -> Result<(), WriteError>
    where
        R: IntoIterator<Item = C>,
        C: IntoIterator<Item = String>,
    {
        match &mut self.0 {
            Form::Book { book, numbers, next } => {
                let sheet = book.worksheet_from_index(0)?;
                for cells in rows {
                    line(sheet, *next, numbers, cells)?;
                    *next += 1;
                }
            }
            Form::Text(out) => {
                for cells in rows {
                    out.write_record(cells.into_iter().map(harmless))?;
                }
            }
        }
        Ok(())
    }

    /// How the name of such a file ends.
    #[must_use]
    pub fn ending(&self) -> &'static str {
        match self.0 {
            Form::Book { .. } => "xlsx",
            Form::Text(_) => "csv",
        }
    }

    /// What such a file is called where files are sent.
    #[must_use]
    pub fn media_type(&self) -> &'static str {
        match self.0 {
            Form::Book { .. } => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Form::Text(_) => "text/csv; charset=utf-8",
        }
    }

    /// The file.
    ///
    /// # Errors
    /// When it cannot be packed.
    pub fn finish(self) -> Result<Vec<u8>, WriteError> {
        match self.0 {
            Form::Book { mut book, .. } => Ok(book.save_to_buffer()?),
            Form::Text(out) => out.into_inner().map_err(|e| ::csv::Error::from(e.into_error()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Growing;
    use crate::{Cell, Limits, csv, read};

    #[test]
    fn what_is_written_by_and_by_is_what_is_written_at_once() {
        let rows: Vec<[String; 2]> = (0..250).map(|n| [format!("=教师{n}"), format!("{n}.5")]).collect();
        let (head, numbers) = (["姓名", "学时"], [false, true]);
        let grown = |form: &str| {
            let mut table = Growing::new(form, "名单", &head, &numbers).expect("begun");
            for some in rows.chunks(100) {
                table.add(some.to_vec()).expect("written");
            }
            (table.ending(), table.finish().expect("a file"))
        };
        assert_eq!(grown("csv"), ("csv", csv(&head, rows.clone()).expect("text")));
        let (ending, book) = grown("xlsx");
        let sheet = read(&book, &Limits::default()).expect("a sheet");
        let last = sheet.rows.get(250).expect("the last row");
        assert_eq!((ending, sheet.name.as_str()), ("xlsx", "名单"));
        assert_eq!(last.cells[..], [Cell::Text("=教师249".to_owned()), Cell::Number(249.5)]);
        assert!(sheet.rows.get(251).is_none());
    }
}
