//! Looks at personal data that is otherwise masked: each asks for a reason and leaves a row.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};

use super::actions::{PeopleError, reason};
use super::model::Person;
use super::store;
use crate::role::{Permission, permit};

/// The whole number of somebody's paper.
///
/// # Errors
/// [`PeopleError::NoReason`], or not found.
pub async fn show_paper(ctx: &Ctx, tx: &mut Tx, id: Id<Person>, why: &str) -> Result<String, PeopleError> {
    let (paper, _) = opened(ctx, tx, id, "people.paper_shown", why).await?;
    ctx.app.keys.open(&paper).map_err(|e| Failure::Internal(e.to_string()).into())
}

/// The whole phone number; `None` when none is recorded.
///
/// # Errors
/// [`PeopleError::NoReason`], or not found.
pub async fn show_phone(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Person>,
    why: &str,
) -> Result<Option<String>, PeopleError> {
    let (_, phone) = opened(ctx, tx, id, "people.phone_shown", why).await?;
    let open = |sealed: Vec<u8>| ctx.app.keys.open(&sealed).map_err(|e| Failure::Internal(e.to_string()));
    Ok(phone.map(open).transpose()?)
}

/// The sealed numbers, once the look is in the audit trail.
async fn opened(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Person>,
    action: &'static str,
    why: &str,
) -> Result<(Vec<u8>, Option<Vec<u8>>), PeopleError> {
    permit(ctx, Permission::ShowPersonalData)?;
    let person = super::visible(ctx, tx, id).await?;
    let why = reason(why)?;
    audit::record(ctx, tx, action, person.id.uuid(), &json!({ "reason": why })).await?;
    Ok(store::sealed(tx, person.id).await?)
}
