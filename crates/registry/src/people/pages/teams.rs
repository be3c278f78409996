//! Teams of one school, and how far the schools of a region have come with theirs.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_kernel::number::percent;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page};
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Cursor, Failure, Fields, Filters, FormErrors, once};
use tisheng_platform::{Scope, Tx};

use super::form_errors;
use crate::organisation::pages::again;
use crate::organisation::{self, Kind, Node, SchoolFilter};
use crate::people::model::{Duty, Person, Teacher, Team};
use crate::people::store;
use crate::people::team::{self, Member, TeamSource, TeamState, team_state};
use crate::role::{Permission, allows, permit};

/// A team of the school with its members and its state.
struct Card {
    state: TeamState,
    members: Vec<Member>,
}

#[derive(Template)]
#[template(path = "people/pages/teams.html")]
struct TeamsPage {
    page: Page,
    node: Node,
    cards: Vec<Card>,
    teachers: Vec<Teacher>,
    may_keep: bool,
    typed: Fields,
    errors: FormErrors,
}

impl TeamsPage {
    /// The teachers as the choices of a form.
    fn choices(&self) -> Vec<(String, &str)> {
        self.teachers.iter().map(|one| (one.person.to_string(), one.name.as_str())).collect()
    }

    fn error(&self, team: &Team, field: &str) -> &str {
        if self.typed.text("team") == team.key() { self.errors.of(field) } else { "" }
    }
}

/// One school in the coverage of a region.
struct Line {
    school: Id<Node>,
    name: String,
    states: Vec<TeamState>,
}

#[derive(Template)]
#[template(path = "people/pages/coverage.html")]
struct CoveragePage {
    page: Page,
    schools: i64,
    complete: i64,
    share: String,
    lines: Vec<Line>,
    first: String,
    next: String,
    only_missing: bool,
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
    let mut cards = Vec::new();
    for team in Team::ALL {
        let members = team::members(ctx, &mut tx, node.id, *team).await?;
        let duties: Vec<Vec<Duty>> = members.iter().map(|member| member.duties.clone()).collect();
        cards.push(Card { state: team_state(*team, &duties, &rules), members });
    }
    Ok(TeamsPage {
        page: Page::new(asker, format!("{}的团队", node.name), "/organisation")
            .crumb(&node.name, format!("/organisation/{}", node.id)),
        cards,
        teachers: store::teachers_of(&mut tx, node.id).await?,
        may_keep: allows(ctx, Permission::KeepSchool) && node.is_open(),
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
    let duties = store::duties_by_school(&mut tx, &scope).await?;
    let every = i64::MAX;
    let schools =
        organisation::schools(&mut tx, &scope, &SchoolFilter::default(), &Cursor::default(), every).await?;
    let states = |school: Id<Node>| -> Vec<TeamState> {
        let held = |team: Team| duties.get(&(school, team)).map_or(&[][..], Vec::as_slice);
        Team::ALL.iter().map(|team| team_state(*team, held(*team), &rules)).collect()
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
        let key = (school.sort_key.as_str(), school.id.to_string());
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
    let person: Option<Id<Person>> = check.chosen("person", "教师");
    let mut errors = check.errors();
    let team: Team = fields.text("team").parse().map_err(|_| Failure::NotFound)?;
    let duties: Vec<Duty> = fields.all("duty").filter_map(|code| code.parse().ok()).collect();
    if let Some(person) = person {
        let mut once = match once::begin(ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        match team::enlist(ctx, &mut once.tx, (node.id, team), person, &duties).await {
            Ok(()) => {
                let to = format!("/organisation/{}/teams", node.id);
                return once.done(&to, Flash::good(format!("{}已更新。", team.title()))).await;
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
            team::dismiss(&asker.ctx, &mut once.tx, (id, team), person).await?;
            once.done(&format!("/organisation/{id}/teams"), Flash::good("已移出团队。")).await
        }
    }
}
