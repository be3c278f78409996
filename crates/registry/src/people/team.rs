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
use super::model::{Person, Team};
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
    /// Codes of the roles in the team that the scheme counts ([`tisheng_rules::plan::TeamRole`]);
    /// empty for a plain member.
    pub duties: Vec<String>,
    /// The first day.
    pub since: NaiveDate,
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
    /// How many it is to have, in words; empty without a rule.
    pub needed: String,
    /// What is missing, in one sentence; empty when nothing is.
    pub missing: String,
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
pub fn team_state(team: Team, duties: &[Vec<String>], rules: &[TeamRule]) -> TeamState {
    let held: Vec<Vec<&str>> = duties.iter().map(|held| held.iter().map(String::as_str).collect()).collect();
    match rules.iter().find(|rule| rule.key == team.key()) {
        Some(rule) => TeamState {
            team,
            title: (*rule.title).clone(),
            conditions: rule.conditions(&held),
            needed: rule.needed(),
            missing: rule.missing(&held),
        },
        None => TeamState {
            team,
            title: team.title().to_owned(),
            conditions: Vec::new(),
            needed: String::new(),
            missing: String::new(),
        },
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

/// Puts a person into a team, or gives a member other duties. Who belongs to the school and how
/// many a team may have is asked by the front door in `posting`.
///
/// # Errors
/// Not found when the school lies outside what the asker may keep.
pub(crate) async fn enlist(
    ctx: &Ctx,
    tx: &mut Tx,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
    duties: &[&str],
) -> Result<(), PeopleError> {
    let school = school_of_team(ctx, tx, school).await?;
    store::enlist(tx, ctx.id(), (school.id, team), person, duties, ctx.at.date()).await?;
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

pub(crate) async fn school_of_team(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<Node, PeopleError> {
    permit(ctx, Permission::KeepSchool)?;
    let node = organisation::visible(ctx, tx, id).await?;
    if node.kind == Kind::School { Ok(node) } else { Err(PeopleError::NotASchool) }
}
