//! A table that is written while its rows are read, some at a time: of a long list only what is being read stands in
//! memory, and the file as it is packed.

use std::path::Path;

use rust_xlsxwriter::Workbook;

use crate::WriteError;
use crate::write::{harmless, head, line, sheet_name, text};

/// The last row that a sheet holds below its head.
const LAST: u32 = 1_048_575;

/// A table that is being written, as [`crate::xlsx`] or [`crate::csv`] writes one.
pub struct Growing(Form);

enum Form {
    /// A workbook, whose rows go to a file without a name: the system takes it away with the last who has it open.
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
    /// in which columns marked in `numbers` hold numbers. The rows of a workbook stand in `folder` meanwhile.
    ///
    /// # Errors
    /// When the format refuses, or the folder has no place for the rows.
    pub fn new(
        form: &str,
        name: &str,
        titles: &[&str],
        numbers: &[bool],
        folder: &Path,
    ) -> Result<Self, WriteError> {
        if form == "csv" {
            return Ok(Self(Form::Text(Box::new(text(titles)?))));
        }
        let mut book = Box::new(Workbook::new());
        book.set_tempdir(folder)?;
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(name))?;
        head(sheet, 0, titles)?;
        Ok(Self(Form::Book { book, numbers: numbers.to_vec(), next: 1 }))
    }

    /// Writes further rows.
    ///
    /// # Errors
    /// [`WriteError::Rows`] when a sheet does not hold them.
    pub fn add<R, C>(&mut self, rows: R) -> Result<(), WriteError>
    where
        R: IntoIterator<Item = C>,
        C: IntoIterator<Item = String>,
    {
        match &mut self.0 {
            Form::Book { book, numbers, next } => {
                let sheet = book.worksheet_from_index(0)?;
                for cells in rows {
                    if *next > LAST {
                        return Err(WriteError::Rows);
                    }
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
    use std::env::temp_dir;
    use std::path::Path;

    use super::{Form, Growing, LAST};
    use crate::{Cell, Limits, WriteError, csv, read};

    #[test]
    fn what_is_written_by_and_by_is_what_is_written_at_once() {
        let rows: Vec<[String; 2]> = (0..250).map(|n| [format!("=教师{n}"), format!("{n}.5")]).collect();
        let (head, numbers) = (["姓名", "学时"], [false, true]);
        let grown = |form: &str| {
            let mut table = Growing::new(form, "名单", &head, &numbers, &temp_dir()).expect("begun");
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

    #[test]
    fn a_sheet_ends_and_text_does_not() {
        let row = |name: &str| [[name.to_owned()]];
        let mut table = Growing::new("xlsx", "名单", &["姓名"], &[], &temp_dir()).expect("begun");
        let Form::Book { next, .. } = &mut table.0 else { panic!("a workbook is asked for") };
        *next = LAST;
        table.add(row("教师甲")).expect("the last row");
        let told = table.add(row("教师乙")).expect_err("none further");
        assert!(matches!(told, WriteError::Rows) && told.to_string().contains("CSV"), "{told}");
    }

    #[test]
    fn rows_stand_in_the_folder_that_is_given() {
        let nowhere = Path::new("/nowhere/at/all");
        assert!(Growing::new("xlsx", "名单", &["姓名"], &[], nowhere).is_err());
        assert!(Growing::new("csv", "名单", &["姓名"], &[], nowhere).is_ok(), "text needs no folder");
    }
}
