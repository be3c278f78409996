//! Regions taken from the state's table.

use chrono::NaiveDate;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx};

use super::actions::{NewNode, OrganisationError, create};
use super::model::{Kind, region_code};
use super::store;

/// Why a table of regions was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RegionError {
    /// A line cannot be read.
    #[error("line {line}: expected code,name,parent,level, found {found}")]
    Line {
        /// Counted from 1.
        line: usize,
        /// What stands there.
        found: String,
    },
    /// A region's parent stands nowhere above it.
    #[error("line {line}: the parent {parent} has not been named before")]
    Parent {
        /// Counted from 1.
        line: usize,
        /// The code that is missing.
        parent: String,
    },
    /// A region was refused.
    #[error("line {line}: {source}")]
    Refused {
        /// Counted from 1.
        line: usize,
        /// Why.
        source: OrganisationError,
    },
}

impl From<RegionError> for Failure {
    fn from(error: RegionError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// One line of the table.
struct Region<'a> {
    code: String,
    name: &'a str,
    parent: String,
    kind: Kind,
}

/// Founds the regions of `csv` (heading `code,name,parent,level`, parents before children) that
/// are not there yet, and says how many were founded. `root` narrows it to the region of that
/// code and those below it; taking the table in again changes nothing.
///
/// # Errors
/// [`RegionError`], with the line.
pub async fn seed_regions(
    ctx: &Ctx,
    tx: &mut Tx,
    csv: &str,
    root: Option<&str>,
    valid_from: NaiveDate,
) -> Result<usize, RegionError> {
    let mut founded = 0;
    let mut within: Vec<String> = root.into_iter().map(str::to_owned).collect();
    for (number, text) in csv.lines().enumerate().skip(1).filter(|(_, text)| !text.trim().is_empty()) {
        let line = number + 1;
        let region = read(line, text)?;
        if root.is_some() {
            if within.contains(&region.parent) {
                within.push(region.code.clone());
            } else if root != Some(region.code.as_str()) {
                continue;
            }
        }
        let refused = |error: DbError| RegionError::Refused { line, source: error.into() };
        if store::by_code(tx, &region.code).await.map_err(refused)?.is_some() {
            continue;
        }
        let parent = match region.parent.as_str() {
            "" => None,
            _ if root == Some(region.code.as_str()) => None,
            code => {
                let above = store::by_code(tx, code).await.map_err(refused)?;
                Some(above.ok_or_else(|| RegionError::Parent { line, parent: code.to_owned() })?.id)
            }
        };
        let new = NewNode { parent, kind: region.kind, name: region.name, code: &region.code, valid_from };
        create(ctx, tx, &new).await.map_err(|source| RegionError::Refused { line, source })?;
        founded += 1;
    }
    Ok(founded)
}

fn read(line: usize, text: &str) -> Result<Region<'_>, RegionError> {
    let wrong = || RegionError::Line { line, found: text.to_owned() };
    let cells: Vec<&str> = text.trim().split(',').collect();
    let [code, name, parent, level] = cells[..] else { return Err(wrong()) };
    let kind: Kind = level.parse().map_err(|_| wrong())?;
    // Local codes are kept in capitals, whatever the table writes; what is no code is refused once it is used.
    let plain = |code: &str| region_code(code).unwrap_or_else(|_| code.to_owned());
    let (code, parent) = (plain(code), plain(parent));
    if kind.is_region() { Ok(Region { code, name, parent, kind }) } else { Err(wrong()) }
}
