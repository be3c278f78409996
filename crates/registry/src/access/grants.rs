//! Roles given, taken back and listed.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::paging::Order;
use tisheng_platform::web::{Cursor, Failure};
use tisheng_platform::{Ctx, DbError, Tx, audit};
use uuid::Uuid;

use super::accounts::AccessError;
use super::intake;
use super::model::{Grant, Holder, goes_with_post, may_give, needs_second_factor, stands_at};
use super::store;
use crate::organisation::{self, Kind, Node};
use crate::people::{self, Person, Post};
use crate::role::{Permission, Role, permit, role};

/// The kind of job that ends the sessions of a grant on its last day.
pub const GRANT_ENDS: &str = "access.grant_ends";

/// A role of a checked roster.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Who holds it.
    pub person: Id<Person>,
    /// The role.
    pub role: Role,
    /// Where.
    pub node: Id<Node>,
    /// The node's path.
    pub path: String,
}

/// What the job of a grant's end works on.
#[derive(Serialize, Deserialize)]
pub(super) struct Ending {
    pub(super) person: Id<Person>,
}

/// Gives `person` a role at `node` from today on, until it is taken back.
///
/// # Errors
/// [`AccessError`]; not found when the asker may not give it there.
pub async fn grant(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    role: Role,
    node: Id<Node>,
) -> Result<Id<Grant>, AccessError> {
    give(ctx, tx, person, role, node, None).await
}

/// Gives `person` a role at `node` from today to `last_day`.
///
/// # Errors
/// As [`grant`]; [`AccessError::Past`].
pub async fn grant_until(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    role: Role,
    node: Id<Node>,
    last_day: NaiveDate,
) -> Result<Id<Grant>, AccessError> {
    if last_day < ctx.at.date() {
        return Err(AccessError::Past);
    }
    let until = last_day.succ_opt().ok_or(AccessError::Past)?;
    give(ctx, tx, person, role, node, Some(until)).await
}

async fn give(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    role: Role,
    node: Id<Node>,
    until: Option<NaiveDate>,
) -> Result<Id<Grant>, AccessError> {
    permit(ctx, Permission::GiveRoles)?;
    let node = organisation::visible(ctx, tx, node).await?;
    appoints(ctx, role, &node.path)?;
    if !stands_at(role, node.kind) {
        return Err(AccessError::Place { role: role.title() });
    }
    let person = people::visible(ctx, tx, person).await?;
    let today = ctx.at.date();
    let held = store::grants_of(tx, person.id, today).await?;
    if held.iter().any(|grant| grant.role == role && grant.node == node.id) {
        return Err(AccessError::Held(role.title()));
    }
    let id: Id<Grant> = ctx.id();
    let (given_by, _, _) = ctx.who.signature();
    let new = store::NewRow {
        id,
        person: person.id,
        role,
        node: node.id,
        path: &node.path,
        since: today,
        until,
        given_by,
    };
    store::insert_grant(tx, &new).await?;
    if let Some(until) = until {
        let at = Instant::start_of(until);
        jobs::enqueue(tx, at, GRANT_ENDS, &id.to_string(), &Ending { person: person.id }).await?;
    }
    // A running session has not given the second factor that the new role asks for, or reads only.
    if needs_second_factor(role) || held.is_empty() {
        end_sessions(ctx, tx, person.id).await?;
    }
    let detail = json!({ "person": person.id, "role": role.key(), "node": node.id, "until": until });
    audit::record(ctx, tx, "access.role_given", id.uuid(), &detail).await?;
    Ok(id)
}

/// Gives many roles of a checked roster from today on; the caller has checked that the asker may
/// give them and that none is held. One audit row tells of all, under `receipt`.
///
/// # Errors
/// What the database reports.
pub async fn grant_all(ctx: &Ctx, tx: &mut Tx, new: &[NewGrant], receipt: Uuid) -> Result<u64, DbError> {
    let (given_by, _, _) = ctx.who.signature();
    let rows = new.iter().map(|grant| store::NewRow {
        id: ctx.id(),
        person: grant.person,
        role: grant.role,
        node: grant.node,
        path: &grant.path,
        since: ctx.at.date(),
        until: None,
        given_by,
    });
    let given = store::insert_grants(tx, rows).await?;
    audit::record(ctx, tx, "access.roles_given", receipt, &json!({ "roles": given })).await?;
    Ok(given)
}

/// Takes a role back, from today on, and ends the sessions of who held it.
///
/// # Errors
/// Not found when there is no such grant within what the asker may take.
pub async fn take_back(ctx: &Ctx, tx: &mut Tx, id: Id<Grant>) -> Result<Grant, AccessError> {
    permit(ctx, Permission::GiveRoles)?;
    let grant = store::find_grant(tx, &ctx.scope(), id).await?.ok_or(Failure::NotFound)?;
    appoints(ctx, grant.role, &grant.path)?;
    if !store::end_grant(tx, id, ctx.at.date()).await? {
        return Err(Failure::NotFound.into());
    }
    end_sessions(ctx, tx, grant.person).await?;
    let detail = json!({ "person": grant.person, "role": grant.role.key(), "node": grant.node });
    audit::record(ctx, tx, "access.role_taken", id.uuid(), &detail).await?;
    tell(ctx, tx, grant.person).await?;
    Ok(grant)
}

/// Gives back a role that was taken today or yesterday, up to the day before `until` as it was.
///
/// # Errors
/// [`AccessError::TakenLongAgo`], also when it has been given and taken again since;
/// [`AccessError::Held`]; [`AccessError::Moved`]; not found when there is no such grant, or nobody who
/// held it, within what the asker may give.
pub(super) async fn give_back(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Grant>,
    until: Option<NaiveDate>,
) -> Result<Grant, AccessError> {
    permit(ctx, Permission::GiveRoles)?;
    let grant = store::find_grant(tx, &ctx.scope(), id).await?.ok_or(Failure::NotFound)?;
    appoints(ctx, grant.role, &grant.path)?;
    people::visible(ctx, tx, grant.person).await?;
    if goes_with_post(grant.role) && has_left(tx, &grant).await? {
        return Err(AccessError::Moved);
    }
    let today = ctx.at.date();
    let held = store::grants_of(tx, grant.person, today).await?;
    if held.iter().any(|other| other.role == grant.role && other.node == grant.node) {
        return Err(AccessError::Held(grant.role.title()));
    }
    let fresh = grant.until.filter(|ended| ended.succ_opt().is_some_and(|next| next >= today));
    let ended = fresh.ok_or(AccessError::TakenLongAgo)?;
    if until.is_some_and(|until| until <= today) || !store::give_back(tx, id, until, ended).await? {
        return Err(AccessError::TakenLongAgo);
    }
    if let Some(until) = until {
        intake::end_on(tx, grant.person.uuid(), id.uuid(), until).await?;
    }
    if needs_second_factor(grant.role) || held.is_empty() {
        end_sessions(ctx, tx, grant.person).await?;
    }
    let detail =
        json!({ "person": grant.person, "role": grant.role.key(), "node": grant.node, "until": until });
    audit::record(ctx, tx, "access.role_given_back", id.uuid(), &detail).await?;
    Ok(grant)
}

/// Whether whoever held the role at a school has worked there and does so no more. Who never did was given it without
/// a post, and can have it back without one.
async fn has_left(tx: &mut Tx, grant: &Grant) -> Result<bool, AccessError> {
    let mut posts = people::posts(tx, grant.person).await?;
    posts.retain(|post| post.school == grant.node);
    Ok(!posts.is_empty() && posts.iter().all(|post| post.until.is_some()))
}

/// Who holds which role at `node` today, at most `most` after `place`.
///
/// # Errors
/// Not found when the node lies outside what the asker may see.
pub async fn holders(
    ctx: &Ctx,
    tx: &mut Tx,
    node: Id<Node>,
    only: Option<Role>,
    place: &Cursor,
    most: i64,
) -> Result<Vec<Holder>, AccessError> {
    holders_by(ctx, tx, node, (only, store::holders::BY_NAME), (place, most)).await
}

/// The same in any order.
///
/// # Errors
/// As [`holders`].
pub(super) async fn holders_by(
    ctx: &Ctx,
    tx: &mut Tx,
    node: Id<Node>,
    list: (Option<Role>, Order),
    (place, most): (&Cursor, i64),
) -> Result<Vec<Holder>, AccessError> {
    permit(ctx, Permission::SeeRoles)?;
    let node = organisation::visible(ctx, tx, node).await?;
    Ok(store::holders::holders(tx, (node.id, ctx.at.date()), list, place, most).await?)
}

/// The roles that the asker may give at a node of kind `kind` at `path`.
#[must_use]
pub fn roles_given_by(ctx: &Ctx, kind: Kind, path: &str) -> Vec<Role> {
    Role::ALL
        .into_iter()
        .filter(|role| stands_at(*role, kind) && appoints(ctx, *role, path).is_ok())
        .collect()
}

/// Passes when the asker may give or take `wanted` at `path`, or is the installation itself.
fn appoints(ctx: &Ctx, wanted: Role, path: &str) -> Result<(), Failure> {
    let Some(member) = ctx.who.member() else { return permit(ctx, Permission::GiveRoles) };
    match role(ctx) {
        Some(giver) if may_give(giver, &member.path, wanted, path) => Ok(()),
        _ => Err(Failure::NotFound),
    }
}

/// Passes when the asker may give every role that the person holds.
pub(super) async fn outranks(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), Failure> {
    for grant in store::grants_of(tx, person, ctx.at.date()).await? {
        appoints(ctx, grant.role, &grant.path)?;
    }
    Ok(())
}

/// Gives `person` the teacher's role at the school of a new post, from `since` on. The caller has
/// given the post, so nothing more is asked.
///
/// # Errors
/// What the database reports.
pub(crate) async fn begin_teaching(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    (school, path): (Id<Node>, &str),
    since: NaiveDate,
) -> Result<(), DbError> {
    let held = store::grants_of(tx, person, ctx.at.date()).await?;
    if held.iter().any(|grant| grant.role == Role::Teacher && grant.node == school) {
        return Ok(());
    }
    if held.is_empty() {
        // Whoever had left acts in the role from the next sign-in on.
        end_sessions(ctx, tx, person).await?;
    }
    let id: Id<Grant> = ctx.id();
    let (given_by, _, _) = ctx.who.signature();
    let new =
        store::NewRow { id, person, role: Role::Teacher, node: school, path, since, until: None, given_by };
    store::insert_grant(tx, &new).await?;
    let detail = json!({ "person": person, "role": Role::Teacher.key(), "node": school, "with": "post" });
    audit::record(ctx, tx, "access.role_given", id.uuid(), &detail).await?;
    Ok(())
}

/// Lets the teacher's role that goes with `post` of `person` begin with it on the day `to` in place of
/// `from`. The caller has changed the post, so nothing more is asked.
///
/// # Errors
/// What the database reports.
pub(crate) async fn begin_with_post(
    ctx: &Ctx,
    tx: &mut Tx,
    (person, post): (Id<Person>, Id<Post>),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(), DbError> {
    if intake::begin_with_post(tx, post.uuid(), (from, to)).await? {
        let detail = json!({ "role": Role::Teacher.key(), "before": from, "now": to, "with": "post" });
        audit::record(ctx, tx, "access.role_redated", person.uuid(), &detail).await?;
    }
    Ok(())
}

/// Lets the roles that ended with a post of `person` at `school` on the day `from` end on the day `to`. The
/// caller has changed the posts, so nothing more is asked.
///
/// # Errors
/// What the database reports.
pub(crate) async fn ended_with_post(
    ctx: &Ctx,
    tx: &mut Tx,
    (person, school): (Id<Person>, Id<Node>),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(), DbError> {
    for ended in intake::left_school_on(tx, (person.uuid(), school.uuid()), (from, to)).await? {
        let detail = json!({
            "person": person, "role": ended.role, "node": school, "ended_before": from, "ended_now": to,
            "with": "post",
        });
        audit::record(ctx, tx, "access.role_redated", ended.id, &detail).await?;
    }
    Ok(())
}

/// Ends the roles that went with a post of `person` at `school`, and the sessions; `because` is told
/// at the sign-in page.
///
/// # Errors
/// What the database reports.
pub(crate) async fn end_with_post(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    (school, on): (Id<Node>, NaiveDate),
    because: &str,
) -> Result<(), DbError> {
    let times = (on, ctx.at);
    for ended in intake::leave_school(tx, person.uuid(), school.uuid(), times, because).await? {
        let detail = json!({ "person": person, "role": ended.role, "node": school, "with": "post" });
        audit::record(ctx, tx, "access.role_taken", ended.id, &detail).await?;
    }
    Ok(())
}

async fn end_sessions(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), DbError> {
    intake::sign_out(tx, person.uuid(), ctx.at, intake::ROLES_CHANGED).await
}

/// Tells higher rooms that a role has ended that the person may have been chosen for.
async fn tell(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), DbError> {
    jobs::emit(tx, ctx.at, "person.changed", &json!({ "person": person })).await
}

/// The job of a grant that ends by its date: sessions that may act in it end, and higher rooms are told.
///
/// # Errors
/// What the database reports.
pub async fn end_grant(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let ending: Ending = claimed.payload()?;
    let mut tx = ctx.write().await?;
    end_sessions(&ctx, &mut tx, ending.person).await?;
    tell(&ctx, &mut tx, ending.person).await?;
    Ok(tx.commit().await?)
}
