//! Writing templates for clerks and tables for download.

use rust_xlsxwriter::{Color, DataValidation, Format, FormatAlign, FormatBorder, Note, Workbook, Worksheet};

use crate::WriteError;

/// Rows of a template prepared for typing.
const PREPARED: u32 = 5000;
/// Characters with which a spreadsheet begins a formula.
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];
/// Characters of the values to choose from that the format holds in all, the commas between them
/// included.
const CHOICES: usize = 255;
/// Characters (as the format counts them) that a cell or note may hold.
const LONGEST: usize = 32_000;

/// A column of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its title.
    pub title: &'static str,
    /// What to fill in, shown as a note on the title.
    pub note: String,
    /// Whether it must be filled in.
    pub required: bool,
    /// The values to choose from; none for free text.
    pub choices: Vec<String>,
    /// Its width in characters.
    pub width: u16,
}

impl Field {
    /// The title as templates show it: a star says that the column must be filled in.
    fn marked_title(&self) -> String {
        if self.required { format!("{} *", self.title) } else { self.title.to_owned() }
    }

    /// Whether the cells of the column get a list to choose from.
    fn has_list(&self) -> bool {
        let characters: usize = self.choices.iter().map(|choice| choice.chars().count() + 1).sum();
        let holds_comma = self.choices.iter().any(|choice| choice.contains(','));
        !self.choices.is_empty() && characters <= CHOICES && !holds_comma
    }
}

fn head_format() -> Format {
    Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00e6_f0f6))
        .set_border_bottom(FormatBorder::Thin)
        .set_align(FormatAlign::VerticalCenter)
        .set_text_wrap()
}

/// A workbook to fill in: titles with notes, every cell prepared as text so that long numbers
/// keep their digits, choices where the format holds them, the rules on a second sheet.
///
/// # Errors
/// When the format refuses.
pub fn template(name: &str, fields: &[Field]) -> Result<Vec<u8>, WriteError> {
    let mut book = Workbook::new();
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet();
    sheet.set_name(name)?;
    for (column, field) in (0_u16..).zip(fields) {
        sheet.write_string_with_format(0, column, field.marked_title(), &head_format())?;
        sheet.insert_note(0, column, &Note::new(&field.note).add_author_prefix(false))?;
        sheet.set_column_width(column, f64::from(field.width))?;
        sheet.set_column_format(column, &text)?;
        if field.has_list() {
            let list = DataValidation::new().allow_list_strings(&field.choices)?;
            sheet.add_data_validation(1, column, PREPARED, column, &list)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.set_row_height(0, 24)?;
    rules(book.add_worksheet(), fields)?;
    Ok(book.save_to_buffer()?)
}

/// The titles alone, as text for Excel (see [`csv`]): for those whose own system writes the file.
///
/// # Errors
/// When the text cannot be written, which memory does not do.
pub fn template_text(fields: &[Field]) -> Result<Vec<u8>, WriteError> {
    let titles: Vec<String> = fields.iter().map(Field::marked_title).collect();
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    csv(&titles, std::iter::empty::<[String; 0]>())
}

/// The sheet of a template that says how each column is filled in.
pub(crate) const RULES: &str = "填写说明";

fn rules(sheet: &mut Worksheet, fields: &[Field]) -> Result<(), WriteError> {
    sheet.set_name(RULES)?;
    for (column, (title, width)) in
        (0_u16..).zip([("列", 18), ("是否必填", 10), ("怎样填写", 60), ("可选的值", 50)])
    {
        sheet.write_string_with_format(0, column, title, &head_format())?;
        sheet.set_column_width(column, width)?;
    }
    for (row, field) in (1_u32..).zip(fields) {
        sheet.write_string(row, 0, field.title)?;
        sheet.write_string(row, 1, if field.required { "必填" } else { "选填" })?;
        sheet.write_string(row, 2, &field.note)?;
        sheet.write_string(row, 3, field.choices.join("、"))?;
    }
    Ok(())
}

/// A table as a workbook: a head that stays in view and repeats on paper, page n of N, every cell
/// text. Columns marked in `numbers` are written as numbers where they read as such.
///
/// # Errors
/// When there are more rows than a sheet holds.
pub fn xlsx<R, C>(name: &str, head: &[&str], numbers: &[bool], rows: R) -> Result<Vec<u8>, WriteError>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory()?;
    sheet.set_name(sheet_name(name))?;
    table(sheet, 0, (head, numbers), rows)?;
    Ok(book.save_to_buffer()?)
}

/// A sheet of a workbook that has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf<'a> {
    /// Its name.
    pub name: &'a str,
    /// What stands above the table: what, and its value.
    pub above: Vec<(&'a str, String)>,
    /// The titles of the table.
    pub head: &'a [&'a str],
    /// Which of its columns hold figures.
    pub numbers: &'a [bool],
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

/// Tables as one workbook, each on a sheet of its own, as [`xlsx`] writes one.
///
/// # Errors
/// When there are more rows than a sheet holds.
pub fn book(leaves: Vec<Leaf<'_>>) -> Result<Vec<u8>, WriteError> {
    let mut book = Workbook::new();
    for leaf in leaves {
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(sheet_name(leaf.name))?;
        let bold = Format::new().set_bold();
        let mut at = 0;
        for (what, value) in &leaf.above {
            sheet.write_string_with_format(at, 0, *what, &bold)?;
            sheet.write_string(at, 1, fitting(value))?;
            at += 1;
        }
        // A row is left free between the two.
        let begin = if at == 0 { 0 } else { at + 1 };
        table(sheet, begin, (leaf.head, leaf.numbers), leaf.rows)?;
    }
    Ok(book.save_to_buffer()?)
}

/// A name as the format takes it: at most 31 characters, without those of its formulas.
pub(crate) fn sheet_name(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !"[]:*?/\\'".contains(*c)).take(31).collect();
    if plain.is_empty() { "表".to_owned() } else { plain }
}

/// Writes a table whose head stands in row `at`.
fn table<R, C>(
    sheet: &mut Worksheet,
    at: u32,
    (titles, numbers): (&[&str], &[bool]),
    rows: R,
) -> Result<(), WriteError>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    head(sheet, at, titles)?;
    for (row, cells) in (at + 1..).zip(rows) {
        line(sheet, row, numbers, cells)?;
    }
    Ok(())
}

/// Writes the head of a table in row `at`, and says how the sheet is seen and printed.
pub(crate) fn head(sheet: &mut Worksheet, at: u32, titles: &[&str]) -> Result<(), WriteError> {
    for (column, title) in (0_u16..).zip(titles) {
        let width = title.chars().count() * 2 + 6;
        sheet.set_column_width(column, f64::from(u16::try_from(width.clamp(10, 40)).unwrap_or(40)))?;
    }
    for (column, title) in (0_u16..).zip(titles) {
        sheet.write_string_with_format(at, column, *title, &head_format())?;
    }
    sheet.set_freeze_panes(at + 1, 0)?;
    sheet.set_repeat_rows(at, at)?;
    sheet.set_footer("&C&P / &N");
    Ok(())
}

/// Writes a row of a table.
pub(crate) fn line<C>(sheet: &mut Worksheet, row: u32, numbers: &[bool], cells: C) -> Result<(), WriteError>
where
    C: IntoIterator<Item = String>,
{
    for (column, cell) in (0_u16..).zip(cells) {
        let number = numbers.get(usize::from(column)).copied().unwrap_or(false);
        match cell.parse::<f64>().ok().filter(|n| number && n.is_finite()) {
            Some(value) => sheet.write_number(row, column, value)?,
            None => sheet.write_string(row, column, fitting(&cell))?,
        };
    }
    Ok(())
}

/// A table as text for Excel: UTF-8 with its mark, and an apostrophe before what a spreadsheet
/// would take for a formula.
///
/// # Errors
/// When the text cannot be written, which memory does not do.
pub fn csv<R, C>(head: &[&str], rows: R) -> Result<Vec<u8>, WriteError>
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut out = text(head)?;
    for cells in rows {
        out.write_record(cells.into_iter().map(harmless))?;
    }
    out.into_inner().map_err(|e| ::csv::Error::from(e.into_error()).into())
}

/// The beginning of a table as text for Excel.
pub(crate) fn text(head: &[&str]) -> Result<::csv::Writer<Vec<u8>>, WriteError> {
    let mut out = ::csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    out.write_record(head)?;
    Ok(out)
}

/// As much of `text` as the format takes: one cell too long must not cost the whole table.
pub(crate) fn fitting(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// `text`, unable to become a formula. Plain negative numbers stay as they are.
pub(crate) fn harmless(text: String) -> String {
    let begins = text.trim_start_matches([' ', '\u{a0}', '\u{3000}']).starts_with(FORMULA)
        || text.starts_with(FORMULA)
        || text.starts_with(['＝', '＋', '－', '＠']);
    if begins && text.parse::<f64>().is_err() { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{Field, Leaf, book, csv, template, template_text, xlsx};
    use crate::{Cell, Limits, read};

    #[test]
    fn every_leaf_of_a_book_has_what_stands_above_its_table() {
        let leaf = |name, above| Leaf {
            name,
            above,
            head: &["项目", "数"],
            numbers: &[false, true],
            rows: vec![vec!["甲".to_owned(), "1.5".to_owned()]],
        };
        let book = book(vec![leaf("汇总：[甲]", vec![("姓名", "=1+1".to_owned())]), leaf("明细", vec![])])
            .expect("a book");
        let sheet = read(&book, &Limits::default()).expect("a sheet");
        assert_eq!(sheet.name, "汇总：甲");
        let rows: Vec<Vec<String>> =
            sheet.rows.iter().map(|row| row.cells.iter().map(Cell::text).collect()).collect();
        assert_eq!(rows, [["姓名", "=1+1"], ["项目", "数"], ["甲", "1.5"]]);
        assert!(!sheet.warnings.is_empty(), "there is another sheet");
    }

    const BEGINNINGS: [&str; 12] =
        ["=", "+", "-", "@", "\t=", "\r=", " =", "\u{3000}=", "＝", "＋", "－", "＠"];
    const TAILS: [&str; 5] =
        ["1+1", "HYPERLINK(\"http://x.test\")", "cmd|' /C calc'!A0", "SUM(A1:A9)", "\"quoted\",x"];

    fn payloads() -> Vec<String> {
        BEGINNINGS.iter().flat_map(|b| TAILS.iter().map(move |t| format!("{b}{t}"))).collect()
    }

    #[test]
    fn no_payload_becomes_a_formula() {
        let payloads = payloads();
        assert_eq!(payloads.len(), 60);
        let rows = || payloads.iter().map(|p| [p.clone()]);
        let text = csv(&["列"], rows()).expect("text");
        let mut reader = ::csv::Reader::from_reader(&text[3..]);
        for (record, payload) in reader.records().zip(&payloads) {
            let cell = record.expect("a record")[0].to_owned();
            assert_eq!(cell, format!("'{payload}"), "defused");
        }
        let book = xlsx("表", &["列"], &[false], rows()).expect("a workbook");
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&book)).expect("an archive");
        let mut sheet = String::new();
        let mut part = archive.by_name("xl/worksheets/sheet1.xml").expect("a sheet");
        std::io::Read::read_to_string(&mut part, &mut sheet).expect("text");
        assert!(!sheet.contains("<f>"), "a formula was written");
        assert_eq!(sheet.matches("<row ").count(), 61);
    }

    #[test]
    fn numbers_stay_numbers_and_long_ones_stay_text() {
        let rows = [["-3.5".to_owned(), "11010519491231002X".to_owned()]];
        let book = xlsx("表", &["数", "证件"], &[true, false], rows.clone()).expect("a workbook");
        let sheet = read(&book, &Limits::default()).expect("a sheet");
        let row = sheet.rows.get(1).expect("a row");
        assert_eq!(row.cells[0], Cell::Number(-3.5));
        assert_eq!(row.cells[1], Cell::Text("11010519491231002X".to_owned()));
        let text = csv(&["数", "证件"], rows).expect("text");
        assert!(String::from_utf8_lossy(&text).contains("\n-3.5,11010519491231002X"));
    }

    #[test]
    fn a_cell_too_long_for_the_format_is_cut() {
        let rows = [["长".repeat(40_000)]];
        let book = xlsx("表", &["列"], &[false], rows).expect("a workbook");
        let sheet = read(&book, &Limits::default()).expect("a sheet");
        assert_eq!(sheet.rows.get(1).expect("a row").cells[0].text().chars().count(), 32_000);
    }

    #[test]
    fn a_template_can_be_read_again_by_its_titles() {
        let field = |title, choices: &[&str]| Field {
            title,
            note: "说明".to_owned(),
            required: true,
            choices: choices.iter().map(|choice| (*choice).to_owned()).collect(),
            width: 12,
        };
        let long = ["很长的名称".repeat(52)];
        let long: Vec<&str> = long.iter().map(String::as_str).collect();
        let fields = [field("姓名", &[]), field("学段", &["小学", "初中"]), field("项目", &long)];
        let book = template("教师", &fields).expect("a template");
        let sheet = read(&book, &Limits::default()).expect("a sheet");
        let titles: Vec<String> = sheet.rows.get(0).expect("a row").cells.iter().map(Cell::text).collect();
        assert_eq!(titles, ["姓名 *", "学段 *", "项目 *"], "too long a list is left out, not the template");
        let text = template_text(&fields).expect("text");
        assert!(text.starts_with("\u{feff}姓名 *,学段 *,".as_bytes()), "with the mark that Excel asks for");
        let sheet = read(&text, &Limits::default()).expect("a sheet");
        let titles: Vec<String> = sheet.rows.get(0).expect("a row").cells.iter().map(Cell::text).collect();
        assert_eq!(titles, ["姓名 *", "学段 *", "项目 *"]);
    }
}
