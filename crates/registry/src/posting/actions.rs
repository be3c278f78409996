//! What is done with a post and the roles that go with it, in one transaction.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_rules::plan::TeamRule;

use crate::access;
use crate::access::intake::{LEFT, MOVED};
use crate::organisation::Node;
use crate::people::{self, Amendment, Departure, NewPost, PeopleError, Person, Post, Team, Transfer};

/// Gives somebody without a post a place at a school, and the teacher's role there.
///
/// # Errors
/// [`PeopleError`].
pub async fn appoint(ctx: &Ctx, tx: &mut Tx, new: &NewPost<'_>) -> Result<Id<Post>, PeopleError> {
    let post = people::appoint(ctx, tx, new).await?;
    begin(ctx, tx, new.person, new.since).await?;
    Ok(post)
}

/// Gives the open post other words and, where it began on another day than `since`, that day; the teacher's
/// role follows, and where a transfer began the post, the end of the post that was left and of the roles there.
/// `seen` is when the post had last been changed as the asker saw it. Gives whether anything is other than it was.
///
/// # Errors
/// [`PeopleError::Stale`] when somebody else has changed the post since, and others.
pub async fn amend(
    ctx: &Ctx,
    tx: &mut Tx,
    change: &Amendment<'_>,
    (since, seen): (NaiveDate, Instant),
) -> Result<bool, PeopleError> {
    people::hold(tx, change.person).await?;
    let post = people::open_post(tx, change.person).await?.ok_or(PeopleError::NoPost)?;
    if post.changed_at != seen {
        return Err(PeopleError::Stale);
    }
    let stands = (post.subject.as_str(), post.stage, post.title.as_str(), post.since);
    if stands == (change.subject, Some(change.stage), change.title, since) {
        return Ok(false);
    }
    people::amend(ctx, tx, change).await?;
    if post.since != since {
        let (days, left) = ((post.since, since), people::redate(ctx, tx, change.person, since).await?);
        access::begin_with_post(ctx, tx, (change.person, post.id), days).await?;
        if let Some(school) = left {
            access::ended_with_post(ctx, tx, (change.person, school), days).await?;
        }
    }
    Ok(true)
}

/// Moves somebody's post to another school; the roles at the old one end.
///
/// # Errors
/// [`PeopleError`].
pub async fn transfer(ctx: &Ctx, tx: &mut Tx, change: &Transfer<'_>) -> Result<Id<Post>, PeopleError> {
    people::hold(tx, change.person).await?;
    let left = people::open_post(tx, change.person).await?;
    let post = people::transfer(ctx, tx, change).await?;
    if let Some(left) = left {
        access::end_with_post(ctx, tx, change.person, (left.school, change.on), MOVED).await?;
    }
    begin(ctx, tx, change.person, change.on).await?;
    Ok(post)
}

/// Ends somebody's post; the roles at the school end.
///
/// # Errors
/// [`PeopleError`].
pub async fn release(ctx: &Ctx, tx: &mut Tx, end: &Departure<'_>) -> Result<(), PeopleError> {
    let left = people::open_post(tx, end.person).await?;
    people::release(ctx, tx, end).await?;
    if let Some(left) = left {
        access::end_with_post(ctx, tx, end.person, (left.school, end.on), LEFT).await?;
    }
    Ok(())
}

async fn begin(ctx: &Ctx, tx: &mut Tx, person: Id<Person>, since: NaiveDate) -> Result<(), PeopleError> {
    let teacher = people::teacher(tx, person).await?;
    access::begin_teaching(ctx, tx, person, (teacher.school, &teacher.path), since).await?;
    Ok(())
}

/// Puts somebody who holds a post or a role at the school into one of its teams, or gives a member
/// other duties. `rule` says which duties there are and how many members at most; without a rule
/// there are only plain members.
///
/// # Errors
/// [`PeopleError::Team`] when the person belongs elsewhere, the team is full or knows no such duty.
pub async fn enlist(
    ctx: &Ctx,
    tx: &mut Tx,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
    duties: &[&str],
    rule: Option<&TeamRule>,
) -> Result<(), PeopleError> {
    let node = people::school_of_team(ctx, tx, school).await?;
    let known = |duty: &&str| rule.is_some_and(|rule| rule.roles.iter().any(|role| role.key == **duty));
    if !duties.iter().all(known) {
        return Err(PeopleError::Team("该团队没有这项分工".to_owned()));
    }
    let teaches = people::open_post(tx, person).await?.is_some_and(|post| post.school == node.id);
    let staff = access::staff(tx, &Scope::below(&node.path), ctx.at.date()).await?;
    if !teaches && !staff.iter().any(|one| one.school == node.id && one.person == person) {
        return Err(PeopleError::Team("团队成员应是本校在任教师，或在本校担任校长等职务".to_owned()));
    }
    let members = people::members(ctx, tx, node.id, team).await?;
    let others = members.iter().filter(|member| member.person != person).count();
    if let Some(most) = rule.and_then(|rule| rule.maximum.as_ref())
        && others >= usize::try_from(**most).unwrap_or(usize::MAX)
    {
        return Err(PeopleError::Team(format!("该团队最多 {} 人，已经满员；请先移出一名成员", **most)));
    }
    people::enlist(ctx, tx, (node.id, team), person, duties).await
}
