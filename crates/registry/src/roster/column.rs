//! Columns of a file: what they are called, in whose words, and where they stand in a given file.

use tisheng_sheet::{Field, Header, Missing};

/// A column that a kind of file has.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// How it is found: its name in code, the title of the template and those that files made
    /// elsewhere use for the same thing, and whether a file must have it.
    pub named: tisheng_sheet::Column<'static>,
    /// The terms to choose from in the template; none for free text.
    pub terms: &'static [&'static str],
    /// Characters that are seen at once in the template.
    pub width: u16,
    /// What to fill in, in one sentence.
    pub note: &'static str,
}

/// A column that a file must have.
#[must_use]
pub const fn required(
    key: &'static str,
    titles: &'static [&'static str],
    terms: &'static [&'static str],
    width: u16,
    note: &'static str,
) -> Column {
    Column { named: tisheng_sheet::Column { key, titles, required: true }, terms, width, note }
}

/// A column that a file may leave out.
#[must_use]
pub const fn optional(
    key: &'static str,
    titles: &'static [&'static str],
    terms: &'static [&'static str],
    width: u16,
    note: &'static str,
) -> Column {
    Column { named: tisheng_sheet::Column { key, titles, required: false }, terms, width, note }
}

impl Column {
    /// The title of the template.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.named.titles.first().copied().unwrap_or_default()
    }

    /// The column of the template; `hint` takes the place of what is said everywhere.
    #[must_use]
    pub fn field(&self, hint: Option<&Hint>) -> Field {
        let everywhere = || self.terms.iter().map(|term| (*term).to_owned()).collect();
        Field {
            title: self.title(),
            note: hint.map_or_else(|| self.note.to_owned(), |hint| hint.note.clone()),
            required: self.named.required,
            choices: hint.map_or_else(everywhere, |hint| hint.terms.clone()),
            width: self.width,
        }
    }
}

/// What to fill into a column where the asker stands, such as the names that the scheme there
/// has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The place of the column in those of its kind.
    pub column: usize,
    /// What to fill in, in one sentence.
    pub note: String,
    /// The terms to choose from; none for free text.
    pub terms: Vec<String>,
}

/// The fields of the template of `columns` with these hints. A column without a title is found only in
/// files of an origin that has one for it, and is not offered.
#[must_use]
pub fn fields(columns: &[Column], hints: &[Hint]) -> Vec<Field> {
    let hint = |at| hints.iter().find(|hint| hint.column == at);
    let offered = columns.iter().enumerate().filter(|(_, column)| !column.title().is_empty());
    offered.map(|(at, column)| column.field(hint(at))).collect()
}

/// Where the columns of a kind stand in one sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// The row of the heading, as the spreadsheet counts.
    pub row: u32,
    /// For each column of the kind, in its order, the place in the sheet, from 0.
    places: Vec<Option<usize>>,
}

impl Heading {
    /// The places of `columns` under `header`.
    #[must_use]
    pub fn of(header: &Header, columns: &[Column]) -> Self {
        Self {
            row: header.row,
            places: columns.iter().map(|column| header.place(column.named.key)).collect(),
        }
    }

    /// Where column number `column` of the kind stands in the sheet, from 0.
    #[must_use]
    pub fn place(&self, column: usize) -> Option<usize> {
        self.places.get(column).copied().flatten()
    }
}

/// What to say about a heading that lacks columns.
#[must_use]
pub fn missing_sentence(missing: &[Missing]) -> String {
    let one = |missing: &Missing| match &missing.similar {
        Some(similar) => format!("“{}”（文件中有“{similar}”，如果就是这一列，请改名）", missing.title),
        None => format!("“{}”", missing.title),
    };
    let names: Vec<String> = missing.iter().map(one).collect();
    format!(
        "没有找到必需的列：{}。请确认选对了名册种类，表头在前10行之内，并与模板的列名一致。",
        names.join("、")
    )
}

/// What to say about titles that stand in the heading more than once; `None` when none does.
#[must_use]
pub fn doubled_sentence(header: &Header) -> Option<String> {
    let doubled: Vec<String> = header
        .doubled
        .iter()
        .map(|(place, title)| format!("“{title}”（{}列）", tisheng_sheet::column_letters(*place)))
        .collect();
    let names: Vec<&str> = header.doubled.iter().map(|(_, title)| title.as_str()).collect();
    (!doubled.is_empty()).then(|| {
        format!(
            "“{}”出现了不止一次，只读取了靠左的一列，没有读取：{}。",
            names.join("”“"),
            doubled.join("、")
        )
    })
}

/// Columns that every list has and nobody needs.
const NEEDLESS: [&str; 6] = ["序号", "编号", "行号", "备注", "说明", "错误说明"];

/// What to say about titles that no column of the kind goes by; `None` when there is nothing to say.
#[must_use]
pub fn unknown_sentence(header: &Header) -> Option<String> {
    let unknown: Vec<&str> = header
        .unknown
        .iter()
        .map(|(_, title)| title.as_str())
        .filter(|title| !NEEDLESS.contains(title))
        .collect();
    (!unknown.is_empty()).then(|| format!("这些列不在模板中，没有读取：{}。", unknown.join("、")))
}
