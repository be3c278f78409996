//! What is done with platforms.

use std::collections::HashMap;

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{Role, require, role};
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_registry::roster::{Origin, Work, failed};

use super::model::{Draft, Platform, PlatformError, State};
use super::store;
use crate::hours::{self, Channel, Delivered, Sender, Tally};

/// The job that writes down what a file of hours has brought.
pub const FILE_JOB: &str = "platform.file_taken";

/// The offices that enter and change platforms.
pub const OFFICES: [Role; 2] = [Role::Province, Role::City];

/// Who says how a platform's files look: the offices, and the institution for its own.
pub(super) const SENDERS: [Role; 3] = [Role::Province, Role::City, Role::Institution];

/// Who looks at platforms: the offices those of their programme, an institution its own.
pub const READERS: [Role; 5] = [Role::Province, Role::City, Role::County, Role::Institution, Role::Auditor];

/// The part of the tree whose platforms the asker sees: those of an office above or of the programme
/// itself all of the programme, an institution its own, a county those of its programme too, since
/// they report for its teachers.
fn scope(ctx: &Ctx, programme: &Programme) -> Result<Scope, Failure> {
    let member = require(ctx, &READERS)?;
    let own = member.role == Role::Institution.key();
    Ok(if own { ctx.scope() } else { Scope::below(&programme.path) })
}

/// The platform `id`, when the asker may see it.
///
/// # Errors
/// 404 when there is none, it belongs to another programme, or to another institution.
pub async fn visible(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>) -> Result<Platform, Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let scope = scope(ctx, &programme)?;
    let found = store::of_id(tx, id).await?;
    found.filter(|p| p.programme == programme.id && scope.holds(&p.path)).ok_or(Failure::NotFound)
}

/// The platform `id` with the part of the tree about whose people the asker hears of it: an institution
/// everybody whom its own platform reports, whoever decides about hours those of the own node.
///
/// # Errors
/// 404 when there is none in the programme, it is another institution's, or the role decides nothing.
pub async fn here(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>) -> Result<(Platform, Scope), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let found = store::of_id(tx, id).await?.filter(|platform| platform.programme == programme.id);
    let platform = found.ok_or(Failure::NotFound)?;
    match role(ctx) {
        Some(Role::Institution) if ctx.scope().holds(&platform.path) => Ok((platform, Scope::everything())),
        Some(role) if hours::DESK.contains(&role) => Ok((platform, ctx.scope())),
        _ => Err(Failure::NotFound),
    }
}

/// The platforms that the asker may see, by name.
///
/// # Errors
/// 404 for a role that sees none; what the database reports.
pub async fn list(ctx: &Ctx, tx: &mut Tx, programme: &Programme) -> Result<Vec<Platform>, Failure> {
    let scope = scope(ctx, programme)?;
    Ok(store::list(tx, programme.id, &scope).await?)
}

/// The platforms that deliver to a programme at present, by name. Its teachers may know them as well,
/// since their hours come from there.
///
/// # Errors
/// What the database reports.
pub async fn active(tx: &mut Tx, programme: Id<Programme>) -> Result<Vec<Platform>, DbError> {
    let mut platforms = store::list(tx, programme, &Scope::everything()).await?;
    platforms.retain(|platform| platform.state == State::Active);
    Ok(platforms)
}

/// The platforms that the asker may see, for looking them up by name.
///
/// # Errors
/// As [`list`].
pub async fn by_name(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
) -> Result<HashMap<String, Platform>, Failure> {
    let platforms = list(ctx, tx, programme).await?;
    Ok(platforms.into_iter().map(|platform| (platform.name.clone(), platform)).collect())
}

/// What to say where none of them is called `name`.
#[must_use]
pub fn unknown(name: &str) -> String {
    format!("没有登记名为“{name}”的平台，或者不属于您的机构")
}

/// The platform that reports under `name`.
///
/// # Errors
/// What the database reports.
pub async fn of_name(tx: &mut Tx, programme: Id<Programme>, name: &str) -> Result<Option<Platform>, DbError> {
    store::of_name(tx, programme, name).await
}

/// Whether the draft can stand: its institution, which is given, its name and its place of hours.
async fn decide(ctx: &Ctx, tx: &mut Tx, programme: &Programme, draft: &Draft) -> Result<Node, PlatformError> {
    if hours::OWN_SOURCES.contains(&draft.name.as_str()) {
        return Err(PlatformError::OwnSource(draft.name.clone()));
    }
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let category = rules.hours.category(&draft.category).ok_or(PlatformError::NoCategory)?;
    let fits = if draft.kind.is_empty() {
        category.kinds.is_empty()
    } else {
        category.kinds.iter().any(|kind| kind.key == draft.kind)
    };
    if !fits {
        return Err(PlatformError::NoCategory);
    }
    match organisation::visible(ctx, tx, draft.institution).await {
        Ok(node) if node.kind == Kind::Institution && node.path.starts_with(&programme.path) => Ok(node),
        Ok(_) | Err(Failure::NotFound) => Err(PlatformError::NoInstitution),
        Err(failure) => Err(failure.into()),
    }
}

/// Enters a platform.
///
/// # Errors
/// See [`PlatformError`]; 404 for whoever is no office.
pub async fn create(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    draft: &Draft,
) -> Result<Id<Platform>, PlatformError> {
    require(ctx, &OFFICES)?;
    let institution = decide(ctx, tx, programme, draft).await?;
    let id = ctx.id();
    if !store::add(ctx, tx, (id, programme.id, &institution.path), draft).await? {
        return Err(PlatformError::NameTaken);
    }
    store::heard_before(tx, (programme.id, id), &draft.name).await?;
    let detail = json!({ "name": draft.name, "institution": institution.id });
    audit::record(ctx, tx, "platform.entered", id.uuid(), &detail).await?;
    Ok(id)
}

/// Changes what is known of a platform, as of its `version`.
///
/// # Errors
/// See [`PlatformError`]; 404 for whoever is no office.
pub async fn amend(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (id, version): (Id<Platform>, i64),
    draft: &Draft,
) -> Result<(), PlatformError> {
    require(ctx, &OFFICES)?;
    let platform = visible(ctx, tx, id).await?;
    let institution = decide(ctx, tx, programme, draft).await?;
    if platform.version != version {
        return Err(PlatformError::Stale);
    }
    if platform.name != draft.name && hours::has_source(tx, programme.id, &platform.name).await? {
        return Err(PlatformError::HasHours(platform.name));
    }
    if !store::amend(tx, (id, version, &institution.path), draft).await? {
        return Err(PlatformError::NameTaken);
    }
    let detail =
        json!({ "name": draft.name, "institution": institution.id, "length": draft.length.minutes() });
    audit::record(ctx, tx, "platform.changed", id.uuid(), &detail).await?;
    Ok(())
}

/// What a platform sends is refused from now on.
///
/// # Errors
/// [`PlatformError::Stale`]; 404 for whoever is no office.
pub async fn suspend(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>, version: i64) -> Result<(), PlatformError> {
    turn(ctx, tx, (id, version), State::Suspended).await
}

/// A platform may deliver again.
///
/// # Errors
/// As [`suspend`].
pub async fn resume(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>, version: i64) -> Result<(), PlatformError> {
    turn(ctx, tx, (id, version), State::Active).await
}

async fn turn(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    state: State,
) -> Result<(), PlatformError> {
    require(ctx, &OFFICES)?;
    visible(ctx, tx, id).await?;
    if !store::set_state(tx, (id, version), state).await? {
        return Err(PlatformError::Stale);
    }
    audit::record(ctx, tx, "platform.turned", id.uuid(), &json!({ "state": state.key() })).await?;
    Ok(())
}

/// Writes down that `platform` has delivered, in the transaction of what was delivered.
///
/// # Errors
/// What the database reports.
pub async fn arrived(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    channel: Channel,
    tally: &Tally,
) -> Result<(), DbError> {
    if tally.is_empty() {
        return Ok(());
    }
    store::arrived(ctx, tx, (platform, ctx.id()), channel, tally).await
}

/// Adds the jobs of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers.job(FILE_JOB, file_job)
}

/// Writes down what a file of hours has brought from platforms that are entered. Done twice it is
/// one delivery.
async fn file_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let delivered: Delivered = claimed.payload()?;
    let mut tx = ctx.write().await?;
    for (name, tally) in &delivered.sources {
        if let Some(platform) = store::of_name(&mut tx, delivered.programme, name).await? {
            let id = Id::from_uuid(delivered.run);
            store::arrived(&ctx, &mut tx, (&platform, id), Channel::File, tally).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// What the platform calls the columns of our files: our name and its title.
///
/// # Errors
/// What the database reports.
pub async fn columns(tx: &mut Tx, platform: Id<Platform>) -> Result<Vec<(String, String)>, DbError> {
    store::columns(tx, platform).await
}

/// The platforms whose own files of hours can be brought where the asker stands, of an institution its own:
/// those in use, with their titles, and what their rows need not say.
pub fn origins<'a>(ctx: &'a Ctx, tx: &'a mut Tx) -> Work<'a, Vec<Origin>, DbError> {
    Box::pin(async move {
        let Some(member) = ctx.who.member() else { return Ok(Vec::new()) };
        let is_institution = member.role == Role::Institution.key();
        let programme = match scheme::at(tx, &member.path).await {
            Ok(programme) => programme,
            Err(Failure::NotFound) => return Ok(Vec::new()),
            Err(failure) => return Err(failed(failure)),
        };
        let mut origins = Vec::new();
        for platform in store::list(tx, programme.id, &Scope::below(&programme.path)).await? {
            let is_own = !is_institution || platform.path == member.path;
            if is_own && platform.state == State::Active {
                let titles = store::columns(tx, platform.id).await?;
                origins.push(Origin { key: platform.id.to_string(), titles, ..origin(&platform) });
            }
        }
        Ok(origins)
    })
}

/// Who may report in a programme, for files of hours.
pub fn senders(tx: &mut Tx, programme: Id<Programme>) -> Work<'_, Vec<Sender>, DbError> {
    Box::pin(async move {
        let platforms = store::list(tx, programme, &Scope::everything()).await?;
        let sender = |platform: Platform| Sender {
            is_suspended: platform.state == State::Suspended,
            name: platform.name,
            path: platform.path,
        };
        Ok(platforms.into_iter().map(sender).collect())
    })
}

/// What holds of a row of a platform's file that says nothing of it.
fn origin(platform: &Platform) -> Origin {
    let given = [
        ("platform", platform.name.clone()),
        ("category", platform.category.clone()),
        ("kind", platform.kind.clone()),
        ("length", platform.length.minutes().to_string()),
    ];
    let given = given.into_iter().map(|(field, value)| (field.to_owned(), value)).collect();
    Origin { name: platform.name.clone(), given, ..Origin::default() }
}

/// Says what the platform calls the columns of our files. An institution does so for its own.
///
/// # Errors
/// 404 for a platform that the asker may not see.
pub(super) async fn name_columns(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Platform>,
    columns: &[(String, String)],
) -> Result<(), PlatformError> {
    require(ctx, &SENDERS)?;
    visible(ctx, tx, id).await?;
    store::name_columns(tx, id, columns).await?;
    audit::record(ctx, tx, "platform.columns_named", id.uuid(), &columns).await?;
    Ok(())
}
