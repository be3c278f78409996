//! Teams of schools: who is in them and what is missing (ORG-5, 一校一团队).
//!
//! How many a team needs and which duties must be filled is the scheme's to say
//! ([`TeamRule`]); the assembly gives this room a way to ask for it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use chrono::NaiveDate;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_rules::Condition;
use tisheng_rules::plan::TeamRule;

use super::actions::PeopleError;
use super::model::{Duty, Person, Team};
use super::store;
use crate::organisation::{self, Kind, Node};
use crate::role::{Permission, permit};

/// Somebody in a team.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The person.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// What the person does there; empty for a plain member.
    pub duties: Vec<Duty>,
    /// The first day.
    pub since: NaiveDate,
}

impl Member {
    /// The duties as shown.
    #[must_use]
    pub fn duty_titles(&self) -> String {
        if self.duties.is_empty() {
            return "成员".to_owned();
        }
        self.duties.iter().map(|duty| duty.title()).collect::<Vec<_>>().join("、")
    }
}

/// A team held against its rule.
#[derive(Debug, Clone)]
pub struct TeamState {
    /// Which team.
    pub team: Team,
    /// The rule's name for it, or the usual one when the scheme has no rule.
    pub title: String,
    /// What the rule asks, met or not.
    pub conditions: Vec<Condition>,
}

impl TeamState {
    /// Whether nothing is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.conditions.iter().all(|condition| condition.met)
    }
}

type Rules = Pin<Box<dyn Future<Output = Result<Vec<TeamRule>, Failure>> + Send>>;

/// Where the rules for teams come from: a part that the assembly adds, which asks the scheme in
/// force for a node.
#[derive(Clone)]
pub struct TeamSource(Arc<dyn Fn(Ctx, Id<Node>) -> Rules + Send + Sync>);

impl fmt::Debug for TeamSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TeamSource")
    }
}

impl TeamSource {
    /// Rules as `ask` gives them for the asker and a node.
    pub fn new<F>(ask: fn(Ctx, Id<Node>) -> F) -> Self
    where
        F: Future<Output = Result<Vec<TeamRule>, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, node| Box::pin(ask(ctx, node))))
    }

    /// The rules that hold at `node`.
    ///
    /// # Errors
    /// What the source reports.
    pub async fn rules(&self, ctx: &Ctx, node: Id<Node>) -> Result<Vec<TeamRule>, Failure> {
        (self.0)(ctx.clone(), node).await
    }
}

/// Holds a team of members with `duties` against the rule of its name among `rules`.
#[must_use]
pub fn team_state(team: Team, duties: &[Vec<Duty>], rules: &[TeamRule]) -> TeamState {
    let held: Vec<Vec<&str>> =
        duties.iter().map(|held| held.iter().map(|duty| duty.key()).collect()).collect();
    match rules.iter().find(|rule| rule.key == team.key()) {
        Some(rule) => TeamState { team, title: (*rule.title).clone(), conditions: rule.conditions(&held) },
        None => TeamState { team, title: team.title().to_owned(), conditions: Vec::new() },
    }
}

/// The members of a team, in the order in which they joined.
///
/// # Errors
/// Not found when the school lies outside what the asker may see.
pub async fn members(
    ctx: &Ctx,
    tx: &mut Tx,
    school: Id<Node>,
    team: Team,
) -> Result<Vec<Member>, PeopleError> {
    permit(ctx, Permission::SeeOrganisation)?;
    let school = organisation::visible(ctx, tx, school).await?;
    Ok(store::members(tx, school.id, team).await?)
}

/// Puts a person of the school into a team, or gives a member other duties.
///
/// # Errors
/// [`PeopleError::Team`] when the person works elsewhere or the team has no such duty.
pub async fn enlist(
    ctx: &Ctx,
    tx: &mut Tx,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
    duties: &[Duty],
) -> Result<(), PeopleError> {
    let school = school_of_team(ctx, tx, school).await?;
    if duties.iter().any(|duty| !team.duties().contains(duty)) {
        return Err(PeopleError::Team("该团队没有这项分工"));
    }
    let works_here = store::open_post(tx, person).await?.is_some_and(|post| post.school == school.id);
    if !works_here {
        return Err(PeopleError::Team("团队成员应是本校在任教师"));
    }
    store::enlist(tx, ctx.id(), (school.id, team), person, duties, ctx.at.date()).await?;
    let duties: Vec<&str> = duties.iter().map(|duty| duty.key()).collect();
    let detail = json!({ "team": team.key(), "person": person, "duties": duties });
    audit::record(ctx, tx, "people.team_enlisted", school.id.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, "team.changed", &json!({ "school": school.id })).await?;
    Ok(())
}

/// Takes somebody out of a team.
///
/// # Errors
/// Not found when the person is not in it.
pub async fn dismiss(
    ctx: &Ctx,
    tx: &mut Tx,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
) -> Result<(), PeopleError> {
    let school = school_of_team(ctx, tx, school).await?;
    if !store::dismiss(tx, (school.id, team), person, ctx.at.date()).await? {
        return Err(Failure::NotFound.into());
    }
    let detail = json!({ "team": team.key(), "person": person });
    audit::record(ctx, tx, "people.team_dismissed", school.id.uuid(), &detail).await?;
    jobs::emit(tx, ctx.at, "team.changed", &json!({ "school": school.id })).await?;
    Ok(())
}

async fn school_of_team(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<Node, PeopleError> {
    permit(ctx, Permission::KeepSchool)?;
    let node = organisation::visible(ctx, tx, id).await?;
    if node.kind == Kind::School { Ok(node) } else { Err(PeopleError::NotASchool) }
}
