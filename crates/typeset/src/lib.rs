//! Documents typeset as PDF.
//!
//! The templates are ours and stand in this crate; everything that a user wrote reaches them as
//! data, never as markup. Nothing is read from disk or network while a document is made.
//! The same data gives the same bytes.

mod fonts;
mod world;

use std::sync::{Arc, LazyLock};

use serde::Serialize;
use typst::diag::SourceResult;
use typst::syntax::Source;
use typst_layout::PagedDocument;
use typst_pdf::PdfOptions;

pub use fonts::Fonts;

use world::{Desk, template};

/// Sizes of a certificate's text, in points, the most handsome first.
const SIZES: [u8; 8] = [16, 15, 14, 13, 12, 11, 10, 9];
/// Compilations after which unused intermediate results are dropped.
const KEEP: usize = 10;

/// A document could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TypesetError {
    /// The data does not serialise.
    #[error("data: {0}")]
    Data(#[from] serde_json::Error),
    /// The template does not fit its data: a mistake of ours.
    #[error("template: {0}")]
    Template(String),
    /// More text than the page holds.
    #[error("the text does not fit on the page")]
    TooLong,
    /// The text is too long for a code.
    #[error("the text does not fit a QR code")]
    Code,
}

/// A layout of this crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A certificate on A4 across; data: a [`Certificate`] with the size of its text.
    Certificate,
    /// A table on A4 with a repeated head and page n of N; data: [`Table`].
    Table,
}

impl Layout {
    /// The template, read once in the life of a process.
    fn template(self) -> &'static Source {
        static CERTIFICATE: LazyLock<Source> = LazyLock::new(|| template(include_str!("certificate.typ")));
        static TABLE: LazyLock<Source> = LazyLock::new(|| template(include_str!("table.typ")));
        match self {
            Self::Certificate => &CERTIFICATE,
            Self::Table => &TABLE,
        }
    }
}

/// What a certificate says; every word comes from the caller.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// The heading, such as 合格证书.
    pub title: String,
    /// A line above the heading: the programme.
    pub programme: String,
    /// The paragraphs of the text.
    pub body: Vec<String>,
    /// Label and value of each fact, in the order shown.
    pub facts: Vec<(String, String)>,
    /// Its number.
    pub number: String,
    /// Who issues it.
    pub issuer: String,
    /// The date as officials write it.
    pub date: String,
    /// What the code holds.
    pub code: String,
    /// One line under the code, such as where to verify.
    pub code_note: String,
}

/// A certificate at a size of its text, as the template reads it.
#[derive(Serialize)]
struct Sized<'a> {
    #[serde(flatten)]
    certificate: &'a Certificate,
    size: u8,
}

/// A table to be printed.
#[derive(Debug, Clone, Serialize)]
pub struct Table {
    /// The heading.
    pub title: String,
    /// A line below the heading.
    pub note: String,
    /// Titles of the columns.
    pub head: Vec<String>,
    /// Which columns are numbers, set to the right.
    pub numbers: Vec<bool>,
    /// The rows; one may be shorter than the head, never longer.
    pub rows: Vec<Vec<String>>,
}

/// Makes documents. Cheap to clone, shared by all requests.
#[derive(Debug, Clone)]
pub struct Typesetter {
    fonts: Arc<Fonts>,
}

impl Typesetter {
    /// A typesetter with `fonts`.
    #[must_use]
    pub fn new(fonts: Fonts) -> Self {
        Self { fonts: Arc::new(fonts) }
    }

    /// A certificate as PDF.
    ///
    /// # Errors
    /// See [`TypesetError`].
    pub fn certificate(&self, certificate: &Certificate) -> Result<Vec<u8>, TypesetError> {
        let code = tisheng_qr::svg(&certificate.code).map_err(|_| TypesetError::Code)?.into_bytes();
        self.written(|| self.on_one_page(certificate, &code))
    }

    /// The certificate at the largest size at which everything stands on one page; text that fits
    /// at none is refused rather than printed over the foot.
    fn on_one_page(
        &self,
        certificate: &Certificate,
        code: &[u8],
    ) -> Result<SourceResult<PagedDocument>, TypesetError> {
        for size in SIZES {
            let data = Sized { certificate, size };
            let laid_out = self.lay_out(Layout::Certificate, &data, &[("code.svg", code.to_vec())])?;
            if laid_out.as_ref().map_or(1, |document| document.pages().len()) == 1 {
                return Ok(laid_out);
            }
        }
        Err(TypesetError::TooLong)
    }

    /// A table as PDF.
    ///
    /// # Errors
    /// See [`TypesetError`].
    pub fn table(&self, table: &Table) -> Result<Vec<u8>, TypesetError> {
        self.written(|| self.lay_out(Layout::Table, table, &[]))
    }

    /// What `lay_out` gives, as PDF.
    fn written(
        &self,
        lay_out: impl FnOnce() -> Result<SourceResult<PagedDocument>, TypesetError>,
    ) -> Result<Vec<u8>, TypesetError> {
        let made = lay_out().map(|laid_out| {
            laid_out.and_then(|document| {
                let options = PdfOptions { tagged: false, ..PdfOptions::default() };
                typst_pdf::pdf(&document, &options)
            })
        });
        // Also after a failure: what it left behind would stay for ever.
        comemo::evict(KEEP);
        made?.map_err(|problems| {
            let words: Vec<String> = problems.iter().map(|p| p.message.to_string()).collect();
            TypesetError::Template(words.join("; "))
        })
    }

    fn lay_out(
        &self,
        layout: Layout,
        data: &impl Serialize,
        pictures: &[(&str, Vec<u8>)],
    ) -> Result<SourceResult<PagedDocument>, TypesetError> {
        let desk = Desk::new(&self.fonts, layout.template(), serde_json::to_vec(data)?, pictures);
        Ok(typst::compile::<PagedDocument>(&desk).output)
    }

    /// The characters of `text` that no font has a picture for, each once.
    #[must_use]
    pub fn missing(&self, text: &str) -> Vec<char> {
        let mut missing: Vec<char> =
            text.chars().filter(|c| !c.is_whitespace() && !self.fonts.have(*c)).collect();
        missing.sort_unstable();
        missing.dedup();
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::{Certificate, Fonts, Layout, Table, TypesetError, Typesetter};

    fn certificate(name: &str) -> Certificate {
        Certificate {
            title: "合格证书".to_owned(),
            programme: "中小学教师信息技术应用能力提升工程 2.0".to_owned(),
            body: vec![format!("{name}老师参加培训，完成规定学时，考核合格，特发此证。")],
            facts: vec![("学时".to_owned(), "50.00".to_owned())],
            number: "CS2021000001".to_owned(),
            issuer: "测试市工程执行办".to_owned(),
            date: "2021年3月10日".to_owned(),
            code: "http://tisheng.test/verify/CS2021000001".to_owned(),
            code_note: "扫码查验".to_owned(),
        }
    }

    fn typesetter() -> Typesetter {
        Typesetter::new(Fonts::embedded())
    }

    #[test]
    fn the_same_data_gives_the_same_bytes() {
        let setter = typesetter();
        let first = setter.certificate(&certificate("教师甲")).expect("a document");
        assert!(first.starts_with(b"%PDF"));
        assert_eq!(first, setter.certificate(&certificate("教师甲")).expect("a document"));
        assert_ne!(first, setter.certificate(&certificate("教师乙")).expect("a document"));
    }

    #[test]
    fn what_a_user_wrote_is_not_markup() {
        let setter = typesetter();
        for text in ["#panic(\"x\")", "$ x $", "*粗*", "\\", "#read(\"/etc/passwd\")", "<a>", "\u{202e}反"]
        {
            setter.certificate(&certificate(text)).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }

    #[test]
    fn a_long_table_goes_over_pages() {
        let row = || vec!["教师甲".to_owned(), "12.50".to_owned()];
        let pages = |rows: usize| {
            let table = table((0..rows).map(|_| row()).collect());
            let laid_out = typesetter().lay_out(Layout::Table, &table, &[]).expect("data");
            laid_out.expect("a document").pages().len()
        };
        assert_eq!(pages(3), 1);
        assert!(pages(200) > 4);
    }

    fn table(rows: Vec<Vec<String>>) -> Table {
        Table {
            title: "名册".to_owned(),
            note: String::new(),
            head: vec!["姓名".to_owned(), "学时".to_owned()],
            numbers: vec![false, true],
            rows,
        }
    }

    #[test]
    fn rows_may_be_shorter_than_the_head_but_not_longer() {
        let row = |cells: usize| vec!["甲".to_owned(); cells];
        let made = |cells: usize| typesetter().table(&table(vec![row(cells), row(2)]));
        assert!(made(1).is_ok());
        assert!(matches!(made(3), Err(TypesetError::Template(why)) if why.contains("more cells")));
    }

    #[test]
    fn a_long_text_is_set_smaller_and_one_that_fits_at_no_size_is_refused() {
        let setter = typesetter();
        let with_words = |times: usize| {
            let mut long = certificate("教师甲");
            long.facts.push(("能力点".to_owned(), "A1技术支持的学情分析（合格）、".repeat(times)));
            setter.certificate(&long)
        };
        with_words(30).expect("a document");
        assert!(matches!(with_words(400), Err(TypesetError::TooLong)));
    }

    #[test]
    fn missing_pictures_are_named() {
        let setter = typesetter();
        assert!(setter.missing("教师甲·㛃䶮𬭎").is_empty());
        assert_eq!(setter.missing("甲\u{f8ff}\u{f8ff}"), ['\u{f8ff}']);
    }
}
