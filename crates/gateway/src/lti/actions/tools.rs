//! The tool of a platform: registered, amended, stopped.

use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Machine, Tx, Who, audit};
use tisheng_registry::access::{Role, require, role};
use tisheng_training::platform::{self, OFFICES, Platform};

use crate::lti::model::{Tool, ToolState, digest, secret};
use crate::lti::settings::Settings;
use crate::lti::store::{self, passes};

/// Who keeps tools: whoever runs the platform, and its offices.
pub const KEEPERS: [Role; 3] = [Role::Province, Role::City, Role::Institution];

/// Hours for which a tool may register itself by an invitation.
const INVITED_HOURS: i64 = 24;

/// The platform `id` with its tool, when the asker keeps it.
///
/// # Errors
/// 404 when there is none, or it is not the asker's.
pub async fn of_platform(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Platform>,
) -> Result<(Platform, Option<Tool>), Failure> {
    require(ctx, &KEEPERS)?;
    let platform = platform::visible(ctx, tx, id).await?;
    let tool = store::of_platform(tx, id).await?;
    Ok((platform, tool))
}

/// Whether the asker may say that a tool is told the names of teachers: an office, since the
/// agreement is its own.
#[must_use]
pub fn may_agree(ctx: &Ctx) -> bool {
    role(ctx).is_some_and(|role| OFFICES.contains(&role))
}

/// Registers the tool of a platform, not in use yet: first it has to know our addresses. `None`
/// where the platform has one.
///
/// # Errors
/// 404 for a platform that the asker does not keep.
pub async fn register(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Platform>,
    settings: &Settings,
) -> Result<Option<Id<Tool>>, Failure> {
    let (platform, _) = of_platform(ctx, tx, id).await?;
    let settings = Settings { names: settings.names && may_agree(ctx), ..settings.clone() };
    let tool = enter(ctx, tx, platform.id, &settings).await?;
    if let Some(tool) = &tool {
        let detail = json!({ "platform": id, "by": "hand", "settings": told(&settings) });
        audit::record(ctx, tx, "lti.tool_registered", tool.id.uuid(), &detail).await?;
    }
    Ok(tool.map(|tool| tool.id))
}

/// Enters a tool with names of its own; `None` where the platform has one.
pub(super) async fn enter(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: Id<Platform>,
    settings: &Settings,
) -> Result<Option<Tool>, Failure> {
    let id: Id<Tool> = ctx.id();
    let client = hex::encode(rand::random::<[u8; 12]>());
    let added = store::add(ctx, tx, (id, platform), (&client, "1"), settings).await?;
    if added { Ok(store::of_id(tx, id).await?) } else { Ok(None) }
}

/// What the audit trail keeps of what was said.
pub(super) fn told(settings: &Settings) -> Value {
    // Pasted keys by their digest: whoever holds them decides on scores, so that a change shows.
    let pasted = Some(&settings.keys).filter(|keys| !keys.is_empty()).map(|keys| hex::encode(digest(keys)));
    json!({
        "name": settings.name, "login": settings.login, "target": settings.target,
        "redirects": settings.redirects, "key_set": settings.key_set, "picker": settings.picker,
        "names": settings.names, "whole": settings.whole, "keys": pasted,
    })
}

/// The same request with the tool as whoever asks, within the institution that runs its platform.
#[must_use]
pub fn acting(ctx: &Ctx, (tool, platform): (&Tool, &Platform)) -> Ctx {
    let name = format!("tool:{}", tool.client);
    let machine = Machine { name, node: platform.institution.uuid(), path: platform.path.clone() };
    Ctx { who: Who::Machine(Box::new(machine)), ..ctx.clone() }
}

/// The tool of a platform, when the asker keeps it.
pub(super) async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>) -> Result<Tool, Failure> {
    of_platform(ctx, tx, id).await?.1.ok_or(Failure::NotFound)
}

pub(super) fn stale() -> Failure {
    Failure::Stale("工具的登记已被他人修改，请刷新后核对".to_owned())
}

/// Changes what is said of the tool of a platform, as of its `version`.
///
/// # Errors
/// [`Failure::Stale`]; 404 for a platform that the asker does not keep, or one without a tool.
pub async fn amend(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    settings: &Settings,
) -> Result<(), Failure> {
    let tool = own(ctx, tx, id).await?;
    // Somebody agreed to names for the tool as it was: another one behind it does not inherit that.
    let is_same = settings.leads_where(&tool);
    let names = if may_agree(ctx) { settings.names } else { tool.names && is_same };
    let settings = Settings { names, ..settings.clone() };
    if !store::amend(tx, (tool.id, version), &settings).await? {
        return Err(stale());
    }
    if !is_same {
        // Nor do the tokens of the one before.
        passes::end_tokens(tx, tool.id).await?;
    }
    let detail = json!({ "settings": told(&settings) });
    audit::record(ctx, tx, "lti.tool_changed", tool.id.uuid(), &detail).await?;
    Ok(())
}

/// Lets the tool of a platform be opened, or no longer: then its tokens end as well.
///
/// # Errors
/// As [`amend`].
pub async fn turn(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    state: ToolState,
) -> Result<(), Failure> {
    let tool = own(ctx, tx, id).await?;
    if !store::set_state(tx, (tool.id, version), state).await? {
        return Err(stale());
    }
    if state == ToolState::Suspended {
        passes::end_tokens(tx, tool.id).await?;
    }
    audit::record(ctx, tx, "lti.tool_turned", tool.id.uuid(), &json!({ "state": state.key() })).await?;
    Ok(())
}

/// Invites whoever has the token that is given to register the tool of a platform, once.
///
/// # Errors
/// [`Failure::Refused`] when it has one; 404 for a platform that the asker does not keep.
pub async fn invite(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>) -> Result<String, Failure> {
    let (_, tool) = of_platform(ctx, tx, id).await?;
    if tool.is_some() {
        return Err(Failure::Refused("这个平台已登记工具，可以直接修改".to_owned()));
    }
    let token = secret();
    let by = Id::from_uuid(require(ctx, &KEEPERS)?.account);
    let expires = ctx.at + TimeDelta::hours(INVITED_HOURS);
    passes::invite(tx, (&digest(&token), id), by, (ctx.at, expires)).await?;
    audit::record(ctx, tx, "lti.tool_invited", id.uuid(), &json!({})).await?;
    Ok(token)
}
