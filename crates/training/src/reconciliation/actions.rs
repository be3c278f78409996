//! Looking at a month and confirming it.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{Role, role};

use super::model::{Figures, Month, Sheet, SheetError, Side, Standing};
use super::store::{self, Of};
use crate::platform::{self, OFFICES, Platform};

/// The side on which the asker stands; `None` for whoever only looks on.
pub fn side(ctx: &Ctx) -> Option<Side> {
    match role(ctx) {
        Some(Role::Institution) => Some(Side::Institution),
        Some(role) if OFFICES.contains(&role) => Some(Side::Office),
        _ => None,
    }
}

/// What is kept of a month, and what it comes to now.
///
/// # Errors
/// What the database reports.
pub async fn look(tx: &mut Tx, of: Of<'_>) -> Result<(Sheet, Figures), Failure> {
    let sheet = store::sheet(tx, of).await?;
    let figures = store::figures(tx, of, &sheet).await?;
    Ok((sheet, figures))
}

/// The asker's side confirms the figures of `mark`, which must be those of this moment; gives where the
/// month stands then.
///
/// # Errors
/// See [`SheetError`]; 404 for a platform that the asker may not see, and for whoever is neither
/// side.
pub async fn confirm(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, month): (Id<Platform>, Month),
    (mark, note): (&str, &str),
) -> Result<Standing, SheetError> {
    let side = side(ctx).ok_or(Failure::NotFound)?;
    let platform = platform::visible(ctx, tx, platform).await?;
    let of = Of { platform: &platform, month };
    store::open(tx, of).await?;
    let (_, figures) = look(tx, of).await?;
    if ctx.at.date() < month.until() {
        return Err(SheetError::NotOver);
    }
    if figures.mark() != mark {
        return Err(SheetError::Moved);
    }
    if figures.needs_note() && note.trim().is_empty() {
        return Err(SheetError::NoNote);
    }
    store::confirm(ctx, tx, of, side, (mark, note.trim())).await?;
    let detail = json!({ "month": month.to_string(), "figures": mark, "note": note });
    audit::record(ctx, tx, "month.confirmed", platform.id.uuid(), &detail).await?;
    Ok(store::sheet(tx, of).await?.standing(&figures))
}
