//! Marks written into the clerk's own workbook: cells take another colour and the rows their
//! reasons in a last column; everything else of the package stays as it was, byte for byte.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use crate::annotate::Mark;
use crate::cell::column_letters;
use crate::write::fitting;

/// Where the styles of every workbook stand.
const STYLES: &str = "xl/styles.xml";
/// Columns of a sheet.
const COLUMNS: usize = 16_384;

/// The package with `marks` in the sheet called `sheet`, the title of the new column in row
/// `header_row`; `None` when the package is written in a way that this cannot follow, such as rows
/// without numbers.
pub(crate) fn mark(bytes: &[u8], sheet: &str, header_row: u32, marks: &[Mark]) -> Option<Vec<u8>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).ok()?;
    let path = path_of(&mut archive, sheet)?;
    let text = part(&mut archive, &path)?;
    let mut styles = Styles::of(part(&mut archive, STYLES)?)?;
    let marked = marked_sheet(&text, header_row, marks, &mut styles)?;
    let styles = styles.text();
    let mut out = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let file = archive.by_index_raw(index).ok()?;
        let changed = match file.name() {
            name if name == path => Some(&marked),
            STYLES => Some(&styles),
            _ => None,
        };
        match changed {
            None => out.raw_copy_file(file).ok()?,
            Some(text) => {
                out.start_file(file.name(), SimpleFileOptions::default()).ok()?;
                out.write_all(text.as_bytes()).ok()?;
            }
        }
    }
    Some(out.finish().ok()?.into_inner())
}

fn part(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<String> {
    let mut text = String::new();
    archive.by_name(name).ok()?.read_to_string(&mut text).ok()?;
    Some(text)
}

/// The part that holds the sheet called `name`.
fn path_of(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Option<String> {
    let book = part(archive, "xl/workbook.xml")?;
    let links = part(archive, "xl/_rels/workbook.xml.rels")?;
    let entry = tags(&book, "sheet").find(|tag| attribute(tag, "name").as_deref() == Some(name))?;
    let id = attribute(entry, "r:id")?;
    let link = tags(&links, "Relationship").find(|tag| attribute(tag, "Id").as_deref() == Some(&*id))?;
    let target = attribute(link, "Target")?;
    Some(target.strip_prefix('/').map_or_else(|| format!("xl/{target}"), str::to_owned))
}

/// The tags called `name` in `text`, without their angle brackets.
fn tags<'t>(text: &'t str, name: &'t str) -> impl Iterator<Item = &'t str> {
    let begins = format!("<{name}");
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let start = from + text.get(from..)?.find(&begins)?;
            let end = start + text.get(start..)?.find('>')?;
            from = end;
            let tag = &text[start + 1..end];
            if tag[name.len()..].starts_with([' ', '/', '\t', '\n', '\r']) || tag.len() == name.len() {
                return Some(tag);
            }
        }
    })
}

/// The value of an attribute in a tag.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let (start, end) = place_of(tag, name)?;
    let plain = tag[start..end].replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    Some(plain.replace("&apos;", "'").replace("&amp;", "&"))
}

/// Where the value of an attribute stands in a tag.
fn place_of(tag: &str, name: &str) -> Option<(usize, usize)> {
    let at = tag.find(&format!(" {name}=\""))?;
    let start = at + name.len() + 3;
    Some((start, start + tag.get(start..)?.find('"')?))
}

/// `tag` with the attribute `name` set to `value`.
fn with_attribute(tag: &str, name: &str, value: usize) -> String {
    match place_of(tag, name) {
        Some((start, end)) => format!("{}{value}{}", &tag[..start], &tag[end..]),
        None => {
            let end = tag.find([' ', '/']).unwrap_or(tag.len());
            format!("{} {name}=\"{value}\"{}", &tag[..end], &tag[end..])
        }
    }
}

/// `tag` without the attribute `name`.
fn without_attribute(tag: &str, name: &str) -> String {
    match place_of(tag, name) {
        Some((start, end)) => format!("{}{}", &tag[..start - name.len() - 3], &tag[end + 1..]),
        None => tag.to_owned(),
    }
}

/// The styles of a workbook, with those that marks need.
struct Styles {
    before_fills: String,
    fills: String,
    between: String,
    /// The formats of cells, in their order.
    formats: Vec<String>,
    after: String,
    fill_count: usize,
    /// For a format and whether it is an error, the marked one.
    made: HashMap<(usize, bool), usize>,
}

impl Styles {
    fn of(text: String) -> Option<Self> {
        let fills = text.find("<fills")?;
        let fills_open = fills + text[fills..].find('>')? + 1;
        let fills_end = text.find("</fills>")?;
        let formats = text.find("<cellXfs")?;
        let formats_open = formats + text[formats..].find('>')? + 1;
        let formats_end = text.find("</cellXfs>")?;
        if !(fills_open <= fills_end && fills_end < formats && formats_open <= formats_end) {
            return None;
        }
        let mut list = Vec::new();
        let mut rest = &text[formats_open..formats_end];
        while let Some(start) = rest.find("<xf") {
            let open = start + rest[start..].find('>')?;
            let end = if rest[..open].ends_with('/') {
                open + 1
            } else {
                start + rest[start..].find("</xf>")? + "</xf>".len()
            };
            list.push(rest[start..end].to_owned());
            rest = &rest[end..];
        }
        let inside = text[fills_open..fills_end].to_owned();
        Some(Self {
            before_fills: text[..fills].to_owned(),
            fill_count: inside.matches("<fill>").count() + inside.matches("<fill ").count(),
            fills: inside,
            between: text[fills_end + "</fills>".len()..formats].to_owned(),
            formats: list,
            after: text[formats_end + "</cellXfs>".len()..].to_owned(),
            made: HashMap::new(),
        })
    }

    /// The format like `format`, in the colour of an error or of a warning.
    fn marked(&mut self, format: usize, is_error: bool) -> Option<usize> {
        if let Some(made) = self.made.get(&(format, is_error)) {
            return Some(*made);
        }
        let like = self.formats.get(format)?;
        let fill = self.fill_count + usize::from(!is_error);
        let end = like.find('>')?;
        let tag = with_attribute(&with_attribute(&like[1..end], "fillId", fill), "applyFill", 1);
        let new = format!("<{tag}{}", &like[end..]);
        self.formats.push(new);
        self.made.insert((format, is_error), self.formats.len() - 1);
        Some(self.formats.len() - 1)
    }

    fn text(&self) -> String {
        let solid = |colour: &str| {
            format!(
                "<fill><patternFill patternType=\"solid\"><fgColor rgb=\"{colour}\"/><bgColor indexed=\"64\"/></patternFill></fill>"
            )
        };
        let (error, warning) = (solid("FFFCD5D0"), solid("FFFFF2CC"));
        format!(
            "{}<fills count=\"{}\">{}{error}{warning}</fills>{}<cellXfs count=\"{}\">{}</cellXfs>{}",
            self.before_fills,
            self.fill_count + 2,
            self.fills,
            self.between,
            self.formats.len(),
            self.formats.concat(),
            self.after
        )
    }
}

fn marked_sheet(text: &str, header_row: u32, marks: &[Mark], styles: &mut Styles) -> Option<String> {
    let mut by_row: BTreeMap<u32, Vec<&Mark>> = BTreeMap::new();
    for mark in marks {
        by_row.entry(mark.row).or_default().push(mark);
    }
    by_row.entry(header_row).or_default();
    let reasons = tags(text, "c").map(|tag| Some(column_of(&attribute(tag, "r")?)? + 1));
    let last = reasons.collect::<Option<Vec<usize>>>()?.into_iter().max()?;
    if last >= COLUMNS {
        return None;
    }
    let mut out = String::with_capacity(text.len() + marks.len() * 200);
    let (mut rest, mut left) = (text, by_row.len());
    while let Some(start) = find_tag(rest, "row") {
        let open = start + rest[start..].find('>')?;
        let tag = &rest[start + 1..open];
        let number: u32 = attribute(tag, "r")?.parse().ok()?;
        if tag.ends_with('/') || !by_row.contains_key(&number) {
            out.push_str(&rest[..=open]);
            rest = &rest[open + 1..];
            continue;
        }
        let end = open + rest[open..].find("</row>")?;
        out.push_str(&rest[..start]);
        // The span that the writer noted no longer holds.
        let _ = write!(out, "<{}>", without_attribute(tag, "spans"));
        marked_row(&mut out, &rest[open + 1..end], number, by_row.get(&number)?, styles)?;
        let words = if number == header_row {
            "错误说明".to_owned()
        } else {
            by_row.get(&number)?.iter().map(|m| m.message.as_str()).collect::<Vec<_>>().join("；")
        };
        let words = escaped(fitting(&words));
        let _ = write!(
            out,
            "<c r=\"{}{number}\" t=\"inlineStr\"><is><t xml:space=\"preserve\">{words}</t></is></c></row>",
            column_letters(last)
        );
        left -= 1;
        rest = &rest[end + "</row>".len()..];
    }
    out.push_str(rest);
    // A row that is nowhere would lose its reasons.
    (left == 0).then_some(out)
}

/// The cells of one row, those in question in their colour; cells that are not there are made.
fn marked_row(out: &mut String, cells: &str, row: u32, marks: &[&Mark], styles: &mut Styles) -> Option<()> {
    let mut wanted: BTreeMap<usize, bool> = BTreeMap::new();
    for mark in marks {
        if let Some(column) = mark.column {
            *wanted.entry(column).or_default() |= mark.is_error;
        }
    }
    let mut rest = cells;
    while let Some(start) = find_tag(rest, "c") {
        let open = start + rest[start..].find('>')?;
        let tag = &rest[start + 1..open];
        let column = column_of(&attribute(tag, "r")?)?;
        out.push_str(&rest[..start]);
        for (missing, is_error) in wanted.extract_if(..column, |_, _| true).collect::<Vec<_>>() {
            let format = styles.marked(0, is_error)?;
            let _ = write!(out, "<c r=\"{}{row}\" s=\"{format}\"/>", column_letters(missing));
        }
        match wanted.remove(&column) {
            None => out.push_str(&rest[start..=open]),
            Some(is_error) => {
                let now = attribute(tag, "s").and_then(|s| s.parse().ok()).unwrap_or(0);
                let _ = write!(out, "<{}>", with_attribute(tag, "s", styles.marked(now, is_error)?));
            }
        }
        rest = &rest[open + 1..];
    }
    out.push_str(rest);
    for (missing, is_error) in wanted {
        let format = styles.marked(0, is_error)?;
        let _ = write!(out, "<c r=\"{}{row}\" s=\"{format}\"/>", column_letters(missing));
    }
    Some(())
}

/// Where the next tag called `name` begins.
fn find_tag(text: &str, name: &str) -> Option<usize> {
    let begins = format!("<{name}");
    let mut from = 0;
    loop {
        let start = from + text.get(from..)?.find(&begins)?;
        let after = text.as_bytes().get(start + begins.len())?;
        if matches!(after, b' ' | b'>' | b'/' | b'\t' | b'\n' | b'\r') {
            return Some(start);
        }
        from = start + begins.len();
    }
}

/// The column, from 0, of a reference such as `AB12`.
fn column_of(reference: &str) -> Option<usize> {
    let letters = reference.bytes().take_while(u8::is_ascii_uppercase);
    let number = letters
        .fold(0_usize, |sum, letter| sum.saturating_mul(26).saturating_add(usize::from(letter - b'A') + 1));
    number.checked_sub(1)
}

fn escaped(text: &str) -> String {
    let plain: String = text.chars().filter(|c| !c.is_control() || *c == '\n').collect();
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::{Color, Format, Workbook};

    use super::{attribute, column_of, with_attribute, without_attribute};
    use crate::annotate::{Mark, annotated};
    use crate::{Cell, Limits, read};

    fn part(bytes: &[u8], name: &str) -> String {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).expect("an archive");
        let mut text = String::new();
        let mut part = archive.by_name(name).expect("a part");
        std::io::Read::read_to_string(&mut part, &mut text).expect("text");
        text
    }

    #[test]
    fn attributes_are_read_and_set() {
        let tag = "c r=\"B3\" s=\"5\" t=\"s\"/";
        assert_eq!(attribute(tag, "s").as_deref(), Some("5"));
        assert_eq!(with_attribute(tag, "s", 9), "c r=\"B3\" s=\"9\" t=\"s\"/");
        assert_eq!(with_attribute("c r=\"B3\"/", "s", 9), "c s=\"9\" r=\"B3\"/");
        assert_eq!(without_attribute(tag, "s"), "c r=\"B3\" t=\"s\"/");
        assert_eq!((column_of("A1"), column_of("AA10"), column_of("7")), (Some(0), Some(26), None));
    }

    #[test]
    fn the_clerks_own_workbook_keeps_its_sheets_merges_and_formats() {
        let mut book = Workbook::new();
        book.add_worksheet().set_name("封面").expect("a name").write_string(0, 0, "某校").expect("text");
        let sheet = book.add_worksheet().set_name("名册 & 表").expect("a name");
        let blue = Format::new().set_background_color(Color::Blue).set_bold();
        sheet.merge_range(0, 0, 0, 2, "某校名册", &blue).expect("merged");
        for (column, title) in (0_u16..).zip(["姓名", "证件", "学科"]) {
            sheet.write_string_with_format(1, column, title, &blue).expect("text");
        }
        sheet.write_string(2, 0, "甲").expect("text").write_string(2, 1, "123").expect("text");
        sheet.write_string(3, 0, "乙").expect("text").write_string(3, 2, "语文").expect("text");
        sheet.set_row_hidden(3).expect("hidden");
        let own = book.save_to_buffer().expect("a workbook");
        let wanted = [crate::Column { key: "name", titles: &["姓名"], required: true }];
        let read_back = crate::read_for(&own, &Limits::default(), &wanted).expect("a sheet");
        let mark = |row, column, is_error, message: &str| Mark {
            row,
            column,
            is_error,
            message: message.to_owned(),
        };
        let marks = [
            mark(3, Some(1), true, "证件号码应为 18 位 <实为 3 位>"),
            mark(4, Some(1), true, "请填写证件号码"),
            mark(4, Some(2), false, "请核对"),
        ];
        let copy = annotated(&own, &read_back, 2, &marks).expect("a copy");
        let sheet = part(&copy, "xl/worksheets/sheet2.xml");
        assert!(sheet.contains("<mergeCell ref=\"A1:C1\"/>") && sheet.contains("hidden=\"1\""), "{sheet}");
        assert_eq!(part(&copy, "xl/worksheets/sheet1.xml"), part(&own, "xl/worksheets/sheet1.xml"));
        let styles = part(&copy, "xl/styles.xml");
        assert!(styles.contains("FFFCD5D0") && styles.contains("FFFFF2CC"), "{styles}");
        let again = crate::read_for(&copy, &Limits::default(), &wanted).expect("a sheet");
        assert_eq!(again.name, "名册 & 表");
        let text = |row: usize, column: usize| again.rows.get(row)?.cells.get(column).map(Cell::text);
        assert_eq!(text(1, 3).as_deref(), Some("错误说明"));
        assert_eq!(text(2, 1).as_deref(), Some("123"));
        assert_eq!(text(2, 3).as_deref(), Some("证件号码应为 18 位 <实为 3 位>"));
        assert_eq!(text(3, 3).as_deref(), Some("请填写证件号码；请核对"));
    }

    #[test]
    fn a_text_file_becomes_a_workbook() {
        let own = "姓名,证件\n甲,123\n".as_bytes();
        let sheet = read(own, &Limits::default()).expect("a sheet");
        let marks = [Mark { row: 2, column: Some(1), is_error: true, message: "应为 18 位".to_owned() }];
        let copy = annotated(own, &sheet, 1, &marks).expect("a copy");
        let copy = read(&copy, &Limits::default()).expect("a sheet");
        assert_eq!(copy.rows.get(1).expect("a row").cells[2].text(), "应为 18 位");
    }
}
