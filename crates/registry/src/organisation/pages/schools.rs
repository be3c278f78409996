//! Schools: the list, and what is known of each.

use askama::Template;
use tisheng_kernel::pinyin;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Cursor, Failure, Fields, Filters, FormErrors, once};
use tisheng_platform::{Scope, Tx};

use super::{page_of, parse};
use crate::organisation::actions::{self, OrganisationError};
use crate::organisation::model::{Facts, Kind, Location, Node, Pilot, Stage};
use crate::organisation::store::{self, PAGE, SchoolFilter, SchoolOrder, SchoolRow};
use crate::organisation::{Environments, environments, visible};
use crate::role::{Permission, permit};
use crate::table::{self, Format};

#[derive(Template)]
#[template(path = "organisation/pages/schools.html")]
struct SchoolsPage<'a> {
    page: Page,
    node: Node,
    rows: Vec<SchoolRow>,
    first: String,
    next: String,
    filters: &'a Filters,
    /// The order in force, as the address names it.
    order: String,
    environments: Environments,
    standings: Vec<(&'static str, &'static str)>,
}

impl SchoolsPage<'_> {
    fn environment_options(&self) -> Vec<(&str, &str)> {
        let mut options = self.environments.options();
        options.push(("unknown", "未填写"));
        options
    }
}

fn filter(filters: &Filters) -> SchoolFilter {
    SchoolFilter {
        query: pinyin::query(filters.text("q")),
        stage: filters.text("stage").to_owned(),
        environment: filters.text("environment").to_owned(),
        location: filters.text("location").to_owned(),
        standing: filters.text("standing").to_owned(),
        order: SchoolOrder::named(filters.text("sort")),
    }
}

async fn node_of(asker: &SignedIn, tx: &mut Tx, node: &str) -> Result<Node, Failure> {
    permit(&asker.ctx, Permission::SeeOrganisation)?;
    visible(&asker.ctx, tx, parse(node)?).await
}

/// `GET /organisation/{node}/schools`
pub async fn list(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let node = node_of(&asker, &mut tx, &node).await?;
    let place = filters.cursor();
    let filter = filter(&filters);
    let rows = store::schools(&mut tx, &Scope::below(&node.path), &filter, &place, PAGE).await?;
    let slice = Slice::cut(rows, |row| (row.place.clone(), row.id.to_string()));
    let page = page_of(&asker, &mut tx, &node, "学校").await?;
    let environments = environments(&asker.ctx, &mut tx, &node.path).await?;
    let mut standings = Pilot::options();
    standings.push(("smart", "智慧教育创建校"));
    layout::show(&SchoolsPage {
        page: page.crumb(&node.name, format!("/organisation/{}", node.id)),
        node,
        rows: slice.rows,
        first: if place == Cursor::default() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        filters: &filters,
        order: filter.order.key(),
        environments,
        standings,
    })
}

/// `GET /organisation/{node}/schools.xlsx`
pub async fn xlsx(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    file(&asker, &node, &filters, Format::Xlsx).await
}

/// `GET /organisation/{node}/schools.csv`
pub async fn csv(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    file(&asker, &node, &filters, Format::Csv).await
}

async fn file(asker: &SignedIn, node: &str, filters: &Filters, format: Format) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let node = node_of(asker, &mut tx, node).await?;
    let scope = Scope::below(&node.path);
    let rows = store::schools(&mut tx, &scope, &filter(filters), &Cursor::default(), table::MOST).await?;
    let environments = environments(&asker.ctx, &mut tx, &node.path).await?;
    drop(tx);
    let head = [
        "学校名称",
        "学校标识码",
        "上级机构",
        "学段",
        "城乡类型",
        "信息化教学环境",
        "智慧教育创建校",
        "试点情况",
        "民族地区",
        "原深度贫困县",
    ];
    let yes = |holds: bool| if holds { "是" } else { "否" }.to_owned();
    let cells = rows.into_iter().map(|row| {
        vec![
            row.name,
            row.code,
            row.parent_name,
            row.facts.stage_titles(),
            row.facts.location.map_or_else(String::new, |l| l.title().to_owned()),
            row.facts.environment.map_or_else(String::new, |key| environments.title(&key).to_owned()),
            yes(row.facts.smart_school),
            row.facts.pilot.map_or_else(String::new, |p| p.title().to_owned()),
            yes(row.facts.ethnic_area),
            yes(row.facts.former_poverty),
        ]
    });
    table::file(&format!("{}学校名单", node.name), format, &head, &[], cells)
}

#[derive(Template)]
#[template(path = "organisation/pages/facts.html")]
struct FactsPage {
    page: Page,
    node: Node,
    facts: Facts,
    environments: Environments,
    errors: FormErrors,
}

impl FactsPage {
    fn has(&self, stage: &Stage) -> bool {
        self.facts.stages.contains(stage)
    }

    fn environment(&self) -> &str {
        self.facts.environment.as_deref().unwrap_or_default()
    }

    fn location(&self) -> &'static str {
        self.facts.location.map_or("", Location::key)
    }

    fn pilot(&self) -> &'static str {
        self.facts.pilot.map_or("", Pilot::key)
    }
}

/// `GET /organisation/{node}/facts`
pub async fn facts_form(asker: SignedIn, Path(node): Path<String>) -> Answer {
    layout::show(&facts_page(&asker, &node, None, FormErrors::default()).await?)
}

async fn facts_page(
    asker: &SignedIn,
    node: &str,
    typed: Option<Facts>,
    errors: FormErrors,
) -> Result<FactsPage, Failure> {
    permit(&asker.ctx, Permission::KeepSchool)?;
    let mut tx = asker.ctx.read().await?;
    let node = visible(&asker.ctx, &mut tx, parse(node)?).await?;
    if node.kind != Kind::School {
        return Err(Failure::NotFound);
    }
    let stored = store::facts(&mut tx, node.id).await?.unwrap_or_default();
    let environments = environments(&asker.ctx, &mut tx, &node.path).await?;
    let page = page_of(asker, &mut tx, &node, "学校情况").await?;
    let page = page.crumb(&node.name, format!("/organisation/{}", node.id));
    Ok(FactsPage { page, node, facts: typed.unwrap_or(stored), environments, errors })
}

/// The fields that something may be wrong with.
const FACTS: [(&str, &str); 2] = [("stage", "学段"), ("environment", "信息化教学环境")];

/// `POST /organisation/{node}/facts`
pub async fn state_facts(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id = parse(&node)?;
    let facts = Facts {
        stages: Stage::ALL.iter().copied().filter(|stage| fields.has("stage", stage.key())).collect(),
        location: fields.text("location").parse().ok(),
        ethnic_area: fields.has("ethnic_area", "yes"),
        former_poverty: fields.has("former_poverty", "yes"),
        environment: Some(fields.text("environment").to_owned()).filter(|key| !key.is_empty()),
        smart_school: fields.has("smart_school", "yes"),
        pilot: fields.text("pilot").parse().ok(),
        version: fields.text("version").parse().unwrap_or(0),
    };
    let mut errors = FormErrors::default();
    if facts.stages.is_empty() {
        errors.add("stage", "请至少选择一个学段");
    }
    if facts.environment.is_none() {
        errors.add("environment", "请选择信息化教学环境");
    }
    if !errors.is_empty() {
        let errors = errors.titled(&FACTS);
        return again(&facts_page(&asker, &node, Some(facts), errors).await?);
    }
    let mut once = match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    match actions::state_facts(&asker.ctx, &mut once.tx, id, &facts).await {
        Ok(()) => once.done(&format!("/organisation/{id}"), Flash::good("学校情况已保存。")).await,
        Err(OrganisationError::NotASchool) => Err(Failure::NotFound),
        Err(error @ OrganisationError::Environment(_)) => {
            drop(once);
            let errors = FormErrors::one("environment", error.to_string()).titled(&FACTS);
            again(&facts_page(&asker, &node, Some(facts), errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}
