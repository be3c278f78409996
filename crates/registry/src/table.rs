//! A list handed out as a file.

use axum::response::Response;
use tisheng_platform::web::Failure;
use tisheng_platform::web::serve::download;

/// Rows of a file at most: a sheet of a workbook holds little more than a million.
pub(crate) const MOST: i64 = 1_000_000;

/// The kind of file that an address ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Xlsx,
    Csv,
}

/// `rows` under `head` as a file called `name`. Columns marked in `numbers` are written as
/// numbers.
pub(crate) fn file(
    name: &str,
    format: Format,
    head: &[&str],
    numbers: &[bool],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Response, Failure> {
    let failed = |e: tisheng_sheet::WriteError| Failure::Internal(e.to_string());
    Ok(match format {
        Format::Xlsx => {
            let bytes = tisheng_sheet::xlsx("名单", head, numbers, rows).map_err(failed)?;
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            download(&format!("{name}.xlsx"), kind, bytes)
        }
        Format::Csv => {
            let bytes = tisheng_sheet::csv(head, rows).map_err(failed)?;
            download(&format!("{name}.csv"), "text/csv; charset=utf-8", bytes)
        }
    })
}
