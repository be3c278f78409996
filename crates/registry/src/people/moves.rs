//! Transfers, departures and secondments: the post changes, the person and everything that hangs
//! on the person stay.

use chrono::NaiveDate;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::actions::{PeopleError, arrived, open_school, reason, sort_key, tell, words};
use super::model::{Person, Post, PostState};
use super::store;
use crate::organisation::{self, Kind, Node, Stage};
use crate::role::{Permission, permit};

/// Who may move people between schools, for those who may not.
pub(crate) const BEYOND_SCHOOL: &str = "调动和借调涉及另一所学校，由同时管理两所学校的工程办办理：同一县区内由县级，跨县区由市级。也可以先在本校办理离任，再由调入学校登记，档案、学时和成果随人保留。";

/// From one school to another.
#[derive(Debug, Clone)]
pub struct Transfer<'a> {
    /// Who.
    pub person: Id<Person>,
    /// The new school.
    pub to: Id<Node>,
    /// The subject taught there.
    pub subject: &'a str,
    /// The stage taught in there.
    pub stage: Stage,
    /// The professional title; empty when none.
    pub title: &'a str,
    /// The first day at the new school.
    pub on: NaiveDate,
    /// Why.
    pub reason: &'a str,
}

/// The end of a post without another.
#[derive(Debug, Clone)]
pub struct Departure<'a> {
    /// Who.
    pub person: Id<Person>,
    /// The first day on which the post is no more.
    pub on: NaiveDate,
    /// Why: retired, left the profession, …
    pub reason: &'a str,
}

/// Work at another school while the post stays.
#[derive(Debug, Clone)]
pub struct Secondment {
    /// The school that borrows.
    pub host: Id<Node>,
    /// Its name.
    pub host_name: String,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
    /// Why.
    pub reason: String,
}

/// Whether the asker looks after more than one school, and so can move people between them.
///
/// # Errors
/// What the database reports.
pub(crate) async fn spans_schools(ctx: &Ctx, tx: &mut Tx) -> Result<bool, Failure> {
    let Some(member) = ctx.who.member() else { return Ok(true) };
    let node = organisation::visible(ctx, tx, Id::from_uuid(member.node)).await?;
    Ok(!matches!(node.kind, Kind::School | Kind::Group))
}

/// Passes when `day` has come and the post has lasted a day by then: nothing ends before it begins.
fn within_post(ctx: &Ctx, post: &Post, day: NaiveDate) -> Result<(), PeopleError> {
    if day <= post.since {
        return Err(PeopleError::TooEarly(post.since));
    }
    arrived(ctx, day)
}

/// Moves somebody's post to another school. Both schools lie within what the asker may see, so a
/// transfer between counties is the city's to make.
///
/// # Errors
/// [`PeopleError`].
pub(crate) async fn transfer(ctx: &Ctx, tx: &mut Tx, change: &Transfer<'_>) -> Result<Id<Post>, PeopleError> {
    let (person, old) = in_post(ctx, tx, change.person).await?;
    let school = open_school(ctx, tx, change.to).await?;
    words(change.subject, change.title)?;
    let why = reason(change.reason)?;
    if school.id == old.school {
        return Err(PeopleError::SameSchool);
    }
    within_post(ctx, &old, change.on)?;
    store::end_secondment(tx, old.id, change.on).await?;
    store::end_post(tx, old.id, change.on, (PostState::Active, why), ctx.at).await?;
    let id: Id<Post> = ctx.id();
    let row = store::NewRow {
        id,
        person: person.id,
        school: school.id,
        path: &school.path,
        sort_key: sort_key(&person.name),
        subject: change.subject,
        stage: change.stage.key(),
        title: change.title,
        since: change.on,
    };
    if !store::insert_post(tx, row).await? {
        return Err(DbError::NoRow.into());
    }
    store::leave_teams(tx, person.id, old.school, change.on).await?;
    let detail = json!({ "from": old.school, "to": school.id, "on": change.on, "reason": why });
    audit::record(ctx, tx, "people.transferred", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await?;
    Ok(id)
}

/// Ends somebody's post: a leaver. The record stays, and so does everything earned.
///
/// # Errors
/// [`PeopleError`].
pub(crate) async fn release(ctx: &Ctx, tx: &mut Tx, end: &Departure<'_>) -> Result<(), PeopleError> {
    let (person, old) = in_post(ctx, tx, end.person).await?;
    let why = reason(end.reason)?;
    within_post(ctx, &old, end.on)?;
    store::end_secondment(tx, old.id, end.on).await?;
    store::end_post(tx, old.id, end.on, (PostState::Left, why), ctx.at).await?;
    store::leave_teams(tx, person.id, old.school, end.on).await?;
    let detail = json!({ "school": old.school, "on": end.on, "reason": why });
    audit::record(ctx, tx, "people.released", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await
}

/// Lends somebody to the school `host`; both lie within what the asker may see.
///
/// # Errors
/// [`PeopleError`].
pub async fn second(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Person>,
    host: Id<Node>,
    since: NaiveDate,
    why: &str,
) -> Result<(), PeopleError> {
    let (person, post) = in_post(ctx, tx, id).await?;
    let host = open_school(ctx, tx, host).await?;
    let why = reason(why)?;
    if host.id == post.school {
        return Err(PeopleError::SameSchool);
    }
    within_post(ctx, &post, since)?;
    if !store::lend(tx, ctx.id(), &post, host.id, since, why).await? {
        return Err(PeopleError::Secondment("该教师已在借调中，请先结束原借调"));
    }
    store::set_state(tx, post.id, PostState::Seconded).await?;
    let detail = json!({ "host": host.id, "since": since, "reason": why });
    audit::record(ctx, tx, "people.seconded", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await
}

/// Ends a secondment.
///
/// # Errors
/// [`PeopleError`].
pub async fn recall(ctx: &Ctx, tx: &mut Tx, id: Id<Person>, on: NaiveDate) -> Result<(), PeopleError> {
    let (person, post) = in_post(ctx, tx, id).await?;
    if !store::end_secondment(tx, post.id, on).await? {
        return Err(PeopleError::Secondment("该教师目前没有借调"));
    }
    store::set_state(tx, post.id, PostState::Active).await?;
    audit::record(ctx, tx, "people.recalled", person.id.uuid(), &json!({ "on": on })).await?;
    tell(ctx, tx, person.id).await
}

/// The person and the open post, when the asker keeps people there.
pub(super) async fn in_post(ctx: &Ctx, tx: &mut Tx, id: Id<Person>) -> Result<(Person, Post), PeopleError> {
    permit(ctx, Permission::KeepPeople)?;
    let person = super::visible(ctx, tx, id).await?;
    let post = store::open_post(tx, id).await?.ok_or(PeopleError::NoPost)?;
    // One's own record is visible everywhere; a post is changed only within one's node.
    if !ctx.scope().holds(&post.path) {
        return Err(Failure::NotFound.into());
    }
    Ok((person, post))
}
