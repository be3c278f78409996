//! Teams of one school, and how far the schools of a region have come with theirs.

use std::collections::BTreeMap;

use askama::Template;
use tisheng_kernel::Id;
use tisheng_kernel::number::percent;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Cursor, Failure, Fields, Filters, FormErrors, once};
use tisheng_platform::{Scope, Tx};

use super::{actions, duty_of};
use crate::access::{self, Staff};
use crate::organisation::{self, Kind, Node, SchoolFilter};
use crate::people::pages::form_errors;
use crate::people::{self, Member, Person, Team, TeamSource, TeamState, team_state};
use crate::role::{Permission, Role, allows, permit};

/// A team of the school with its members and its state.
struct Card {
    state: TeamState,
    members: Vec<Member>,
    /// The duties that the scheme counts: code and name.
    duties: Vec<(String, String)>,
}

impl Card {
    /// The duties of a member as shown.
    fn titles(&self, member: &Member) -> String {
        let title = |code: &String| {
            self.duties.iter().find(|(known, _)| known == code).map(|(_, title)| title.as_str())
        };
        let titles: Vec<&str> = member.duties.iter().filter_map(title).collect();
        if titles.is_empty() { "成员".to_owned() } else { titles.join("、") }
    }

    /// What is missing, under a heading that says that it is.
    fn lacking(&self) -> &str {
        let said = self.state.missing.trim_end_matches('。');
        said.strip_prefix("还差 ").or_else(|| said.strip_prefix('缺')).unwrap_or(said)
    }

    /// The field in which its duties are ticked.
    fn field(&self) -> String {
        duties_of(self.state.team)
    }

    /// Which duties come with a role, in a sentence; empty where none does.
    fn by_role(&self) -> String {
        let told = [Role::Principal, Role::Cio, Role::GroupLead].iter().filter_map(|role| {
            let code = duty_of(*role)?;
            let (_, title) = self.duties.iter().find(|(known, _)| known == code)?;
            Some(format!("加入{}时自动计为“{title}”", role.title()))
        });
        let told = told.collect::<Vec<_>>().join("，");
        if told.is_empty() { told } else { format!("{told}，不用勾选。") }
    }
}

#[derive(Template)]
#[template(path = "posting/pages/teams.html")]
struct TeamsPage {
    page: Page,
    node: Node,
    cards: Vec<Card>,
    /// Who may be put into a team: those in post and those with a role at the school.
    candidates: Vec<(String, String)>,
    may_keep: bool,
    typed: Fields,
    errors: FormErrors,
}

impl TeamsPage {
    /// Whether there is the form that puts somebody into a team.
    const fn has_form(&self) -> bool {
        self.may_keep && !self.candidates.is_empty()
    }

    /// The teams as choices.
    fn teams(&self) -> Vec<(&'static str, &str)> {
        self.cards.iter().map(|card| (card.state.team.key(), card.state.title.as_str())).collect()
    }
}

/// The field in which duties in `team` are ticked.
fn duties_of(team: Team) -> String {
    format!("duty-{}", team.key())
}

/// One school in the coverage of a region.
struct Line {
    school: Id<Node>,
    name: String,
    states: Vec<TeamState>,
}

#[derive(Template)]
#[template(path = "posting/pages/coverage.html")]
struct CoveragePage {
    page: Page,
    schools: i64,
    complete: i64,
    share: String,
    lines: Vec<Line>,
    first: String,
    next: String,
    only_missing: bool,
    /// What the teams are called, in the order of the columns.
    titles: Vec<String>,
}

/// Adds the duties that the roles of a member bring to those that were given.
fn with_roles(person: Id<Person>, given: &[String], staff: &[&Staff]) -> Vec<String> {
    let mut duties = given.to_vec();
    let of_roles = staff.iter().filter(|one| one.person == person).filter_map(|one| duty_of(one.role));
    for duty in of_roles {
        if !duties.iter().any(|known| known == duty) {
            duties.push(duty.to_owned());
        }
    }
    duties
}

/// `GET /organisation/{node}/teams`
pub async fn show(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    permit(&asker.ctx, Permission::SeeOrganisation)?;
    let mut tx = asker.ctx.read().await?;
    let node = load(&asker, &mut tx, &node).await?;
    drop(tx);
    match node.kind {
        Kind::School => {
            layout::show(&teams_page(&asker, node, Fields::default(), FormErrors::default()).await?)
        }
        Kind::Group => Err(Failure::NotFound),
        _ => layout::show(&coverage_page(&asker, node, &filters).await?),
    }
}

async fn load(asker: &SignedIn, tx: &mut Tx, node: &str) -> Result<Node, Failure> {
    organisation::visible(&asker.ctx, tx, node.parse().map_err(|_| Failure::NotFound)?).await
}

async fn teams_page(
    asker: &SignedIn,
    node: Node,
    typed: Fields,
    errors: FormErrors,
) -> Result<TeamsPage, Failure> {
    let ctx = &asker.ctx;
    let rules = ctx.app.parts.get::<TeamSource>().rules(ctx, node.id).await?;
    let mut tx = ctx.read().await?;
    let staff = access::staff(&mut tx, &Scope::below(&node.path), ctx.at.date()).await?;
    let here: Vec<&Staff> = staff.iter().filter(|one| one.school == node.id).collect();
    let mut cards = Vec::new();
    for team in Team::ALL {
        let mut members = people::members(ctx, &mut tx, node.id, *team).await?;
        for member in &mut members {
            member.duties = with_roles(member.person, &member.duties, &here);
        }
        let duties: Vec<Vec<String>> = members.iter().map(|member| member.duties.clone()).collect();
        let rule = rules.iter().find(|rule| rule.key == team.key());
        let named = rule.into_iter().flat_map(|rule| &rule.roles);
        let named = named.map(|role| (role.key.clone(), (*role.title).clone())).collect();
        cards.push(Card { state: team_state(*team, &duties, &rules), members, duties: named });
    }
    let teachers = people::teachers_of(&mut tx, node.id).await?;
    let mut candidates: Vec<(String, String)> =
        here.iter().map(|one| (one.person.to_string(), format!("{}（{}）", one.name, one.role))).collect();
    candidates.dedup_by(|one, other| one.0 == other.0);
    for one in &teachers {
        let person = one.person.to_string();
        if !candidates.iter().any(|(known, _)| *known == person) {
            candidates.push((person, one.name.clone()));
        }
    }
    let may_keep = allows(ctx, Permission::KeepSchool) && node.is_open();
    let fields: Vec<String> = cards.iter().map(Card::field).collect();
    let duties = fields.iter().map(|field| (field.as_str(), "分工"));
    let titles: Vec<(&str, &str)> = duties.chain([("person", "成员")]).collect();
    // Without anybody to pick there is no form beside which a mistake could stand.
    let has_form = may_keep && !candidates.is_empty();
    let errors = if has_form { errors.titled(&titles) } else { errors.untitled() };
    Ok(TeamsPage {
        page: Page::new(asker, format!("{}的团队", node.name), "/organisation")
            .crumb(&node.name, format!("/organisation/{}", node.id)),
        cards,
        candidates,
        may_keep,
        typed,
        errors,
        node,
    })
}

async fn coverage_page(asker: &SignedIn, node: Node, filters: &Filters) -> Result<CoveragePage, Failure> {
    let ctx = &asker.ctx;
    let rules = ctx.app.parts.get::<TeamSource>().rules(ctx, node.id).await?;
    let scope = Scope::below(&node.path);
    let mut tx = ctx.read().await?;
    let members = people::duties_by_school(&mut tx, &scope).await?;
    let mut staff: BTreeMap<Id<Node>, Vec<Staff>> = BTreeMap::new();
    for one in access::staff(&mut tx, &scope, ctx.at.date()).await? {
        staff.entry(one.school).or_default().push(one);
    }
    let every = i64::MAX;
    let schools =
        organisation::schools(&mut tx, &scope, &SchoolFilter::default(), &Cursor::default(), every).await?;
    let states = |school: Id<Node>| -> Vec<TeamState> {
        let here: Vec<&Staff> = staff.get(&school).into_iter().flatten().collect();
        let held = |team: Team| -> Vec<Vec<String>> {
            let members = members.get(&(school, team)).into_iter().flatten();
            members.map(|(person, given)| with_roles(*person, given, &here)).collect()
        };
        Team::ALL.iter().map(|team| team_state(*team, &held(*team), &rules)).collect()
    };
    let total = i64::try_from(schools.len()).unwrap_or(i64::MAX);
    let only_missing = filters.text("show") != "all";
    let place = filters.cursor();
    let (mut complete, mut lines) = (0, Vec::new());
    for school in &schools {
        let states = states(school.id);
        let is_complete = states.iter().all(TeamState::is_complete);
        complete += i64::from(is_complete);
        let wanted = !(only_missing && is_complete);
        let key = (school.place.as_str(), school.id.to_string());
        if wanted && key > (place.key.as_str(), place.id.clone()) && lines.len() <= most() {
            lines.push((key.0.to_owned(), Line { school: school.id, name: school.name.clone(), states }));
        }
    }
    let slice = Slice::cut(lines, |(key, line)| (key.clone(), line.school.to_string()));
    Ok(CoveragePage {
        page: Page::new(asker, format!("{}的学校团队", node.name), "/organisation")
            .crumb(&node.name, format!("/organisation/{}", node.id)),
        schools: total,
        complete,
        share: percent(complete, total),
        lines: slice.rows.into_iter().map(|(_, line)| line).collect(),
        first: if place == Cursor::default() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        only_missing,
        titles: Team::ALL.iter().map(|team| team_state(*team, &[], &rules).title).collect(),
    })
}

/// Lines of a page, which [`Slice::cut`] is given one more of.
fn most() -> usize {
    usize::try_from(ROWS).unwrap_or(usize::MAX)
}

/// `POST /organisation/{node}/teams`
pub async fn enlist(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    permit(ctx, Permission::KeepSchool)?;
    let mut tx = ctx.read().await?;
    let node = load(&asker, &mut tx, &node).await?;
    drop(tx);
    let mut check = fields.check();
    let team: Option<Team> = check.chosen("team", "团队");
    let person: Option<Id<Person>> = check.chosen("person", "成员");
    let mut errors = check.errors();
    let others = Team::ALL.iter().filter(|other| team.is_some_and(|team| team != **other));
    for field in others.map(|other| duties_of(*other)) {
        if fields.all(&field).next().is_some() {
            errors.add(&field, "这里的分工不属于所选的团队，请改选团队或取消勾选");
        }
    }
    if let (Some(team), Some(person), true) = (team, person, errors.is_empty()) {
        let field = duties_of(team);
        let duties: Vec<&str> = fields.all(&field).collect();
        let rules = ctx.app.parts.get::<TeamSource>().rules(ctx, node.id).await?;
        let rule = rules.iter().find(|rule| rule.key == team.key());
        let mut once = match once::begin(ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        match actions::enlist(ctx, &mut once.tx, (node.id, team), person, &duties, rule).await {
            Ok(()) => {
                let to = format!("/organisation/{}/teams", node.id);
                return once
                    .done(&to, Flash::good(format!("{}已更新。", team_state(team, &[], &rules).title)))
                    .await;
            }
            Err(error) => errors = form_errors(error)?,
        }
    }
    again(&teams_page(&asker, node, fields, errors).await?)
}

/// `POST /organisation/{node}/teams/dismiss`
pub async fn dismiss(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id: Id<Node> = node.parse().map_err(|_| Failure::NotFound)?;
    let team: Team = fields.text("team").parse().map_err(|_| Failure::NotFound)?;
    let person: Id<Person> = fields.text("person").parse().map_err(|_| Failure::NotFound)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            people::dismiss(&asker.ctx, &mut once.tx, (id, team), person).await?;
            once.done(&format!("/organisation/{id}/teams"), Flash::good("已移出团队。")).await
        }
    }
}
