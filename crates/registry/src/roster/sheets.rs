//! The spreadsheets that a clerk gets: the template, the marked copy of their own file, the list
//! of set-up tokens.

use tisheng_sheet::{Header, Mark, WriteError};

use super::column::{Hint, fields};
use super::finding::Weight;
use super::kind::About;
use super::model::Run;
use super::origin::Sought;
use super::reading::limits;
use super::store::Kept;

/// The template of a kind with the hints of where it is used.
///
/// # Errors
/// When the format refuses.
pub fn template(about: &About, hints: &[Hint]) -> Result<Vec<u8>, WriteError> {
    tisheng_sheet::template(about.title, &fields(about.columns, hints))
}

/// The titles of the same template as text.
///
/// # Errors
/// When the text cannot be written.
pub fn template_text(about: &About) -> Result<Vec<u8>, WriteError> {
    tisheng_sheet::template_text(&fields(about.columns, &[]))
}

/// A copy of the clerk's own file with `findings` marked in it; `None` when it cannot be read.
///
/// # Errors
/// When there are more rows than a sheet holds.
pub fn marked(
    (about, run): (&About, &Run),
    bytes: &[u8],
    upload_mib: u64,
    findings: &[Kept],
) -> Result<Option<Vec<u8>>, WriteError> {
    let sought = Sought::of(about.columns, run.origin.as_ref());
    let wanted = sought.wanted();
    let Ok(sheet) = tisheng_sheet::read_for(bytes, &limits(upload_mib), &wanted) else { return Ok(None) };
    let header_row = Header::find(&sheet, &wanted).map_or(1, |header| header.row);
    let marks: Vec<Mark> = findings
        .iter()
        .filter(|finding| finding.row > 0)
        .map(|finding| Mark {
            row: finding.row,
            column: finding.place.and_then(|place| usize::try_from(place).ok()),
            is_error: finding.weight == Weight::Error,
            message: words(finding),
        })
        .collect();
    tisheng_sheet::annotated(bytes, &sheet, header_row, &marks).map(Some)
}

/// A finding as it stands beside its row: the column is named, since one cell holds all of a row, and
/// so is whom the row is about, whose name may lie screens away.
fn words(finding: &Kept) -> String {
    let Kept { weight, field, about, message, .. } = finding;
    let known: Vec<&str> = [about.as_str(), field].into_iter().filter(|part| !part.is_empty()).collect();
    if known.is_empty() {
        format!("{}：{message}", weight.chinese())
    } else {
        format!("{}（{}）：{message}", weight.chinese(), known.join("，"))
    }
}
