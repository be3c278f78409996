//! The list of teachers behind a figure, with their hours and what is missing.

use std::cmp::Ordering;

use askama::Template;
use tisheng_assessment::certificate;
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Filters, Page, Path};
use tisheng_platform::{DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};

use tisheng_registry::organisation::{Kind, Node};
use tisheng_rules::{Condition, Facts, Scheme};

use super::{order, place, table_file};
use crate::monitoring::model::Stage;
use crate::monitoring::store::{self, Listed, Wanted};

/// Rows of a download, and of a list that is sorted by a column, at most.
const ALL: i64 = 100_000;

#[derive(Template)]
#[template(path = "monitoring/pages/people.html")]
struct PeoplePage {
    page: Page,
    rows: Vec<Shown>,
    filters: Filters,
    next: String,
    state: String,
    states: Vec<(String, String)>,
    dimensions: Vec<(String, String)>,
    capabilities: Vec<(String, String)>,
    categories: Vec<(String, String)>,
    /// The words over the column of hours.
    hours: String,
    may_open: bool,
    /// Whether it is one school's list, which needs no column of schools.
    is_school: bool,
    /// Whether the columns sort: a list of a school or a town does.
    sorts: bool,
    order: String,
}

/// A teacher with the words for hours and for what is missing.
struct Shown {
    teacher: Listed,
    hours: String,
    missing: String,
}

fn states() -> Vec<(String, String)> {
    let mut states = Vec::new();
    for stage in &Stage::ALL[1..] {
        states.push((stage.key().to_owned(), stage.title().to_owned()));
        let undone = stage.title().replacen('已', "未", 1);
        states.push((format!("not_{}", stage.key()), undone));
    }
    states
}

fn state_of(filters: &Filters) -> String {
    let asked = filters.text("state");
    let known = states().iter().any(|(key, _)| key == asked);
    if known { asked.to_owned() } else { Stage::Teachers.key().to_owned() }
}

/// The capabilities of a dimension, each between commas.
fn capabilities_of(rules: &Scheme, dimension: &str) -> String {
    if dimension.is_empty() {
        return String::new();
    }
    let of = rules.framework.capabilities.iter().filter(|capability| capability.dimension == dimension);
    of.fold(",".to_owned(), |codes, capability| codes + &capability.code + ",")
}

/// Whether the figures count anybody of a dimension; of none they count everybody. A walk for somebody whom
/// there is not would go through the whole territory.
async fn is_counted(
    tx: &mut Tx,
    programme: Id<Programme>,
    node: &Node,
    dimension: &str,
) -> Result<bool, DbError> {
    if dimension.is_empty() {
        return Ok(true);
    }
    let counted = store::dimensions_below(tx, programme, node).await?;
    Ok(counted.iter().any(|(key, teachers)| key == dimension && *teachers > 0))
}

/// The gates as they stand for a teacher of whom nothing is known.
fn untouched(rules: &Scheme) -> Vec<Condition> {
    rules.verdict(&Facts::default()).gates
}

fn worded(length: HourLength, gates: &[Condition], teacher: Listed) -> Shown {
    let missing: Vec<&str> = match &teacher.open_gates {
        Some(open) => open
            .split(',')
            .filter_map(|key| gates.iter().find(|gate| gate.key == key).map(|gate| gate.title.as_str()))
            .collect(),
        None => gates.iter().filter(|gate| !gate.met).map(|gate| gate.title.as_str()).collect(),
    };
    let hours = Seconds::new(teacher.seconds).in_hours(length);
    Shown { missing: missing.join("、"), hours, teacher }
}

/// Sorts by a column; what is equal stays by name.
fn sort(rows: &mut [Shown], text: &str) {
    let (key, down) = order(text);
    let compare: fn(&Shown, &Shown) -> Ordering = match key {
        "school" => |a, b| a.teacher.school.cmp(&b.teacher.school),
        "subject" => |a, b| a.teacher.subject.cmp(&b.teacher.subject),
        "hours" => |a, b| a.teacher.seconds.cmp(&b.teacher.seconds),
        "met" => |a, b| a.teacher.met.cmp(&b.teacher.met),
        "missing" => |a, b| {
            let parts = |row: &Shown| row.missing.split('、').filter(|part| !part.is_empty()).count();
            (parts(a), &a.missing).cmp(&(parts(b), &b.missing))
        },
        _ => |a, b| a.teacher.sort_key.cmp(&b.teacher.sort_key),
    };
    rows.sort_by(|a, b| if down { compare(b, a) } else { compare(a, b) });
}

/// `GET /monitor/{node}/people`: exactly the people whom a figure counts.
pub(super) async fn people(asker: SignedIn, Path(node): Path<Id<Node>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (node, programme) = place(ctx, &mut tx, node).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let scope = Scope::below(&node.path);
    let state = state_of(&filters);
    let one_of = capabilities_of(&rules, filters.text("dimension"));
    let wanted = Wanted {
        state: &state,
        search: filters.text("q"),
        capability: filters.text("capability"),
        one_of: &one_of,
        category: filters.text("category"),
    };
    let category = rules.hours.category(wanted.category).map(|category| category.title.value.clone());
    let hours = category.map_or_else(|| "入账学时".to_owned(), |title| format!("入账学时（{title}）"));
    let is_file = !filters.text("format").is_empty();
    // However high the tree is: the list of a school is short, that of a county is not.
    let sorts = matches!(node.kind, Kind::School | Kind::Town);
    let order = if sorts { filters.text("sort").to_owned() } else { String::new() };
    let whole = is_file || !order.is_empty();
    let (after, most) = if whole { (Cursor::default(), ALL) } else { (filters.cursor(), store::PAGE) };
    let rows = match is_counted(&mut tx, programme.id, &node, filters.text("dimension")).await? {
        true => store::people(&mut tx, programme.id, &scope, wanted, &after, most).await?,
        false => Vec::new(),
    };
    drop(tx);
    let (gates, length) = (untouched(&rules), *rules.hours.length);
    let mut rows: Vec<Shown> = rows.into_iter().map(|teacher| worded(length, &gates, teacher)).collect();
    if !order.is_empty() {
        sort(&mut rows, &order);
    }
    if is_file {
        let head = ["姓名", "学校", "学科", hours.as_str(), "是否达标", "还差"];
        let numbers = [false, false, false, true, false, false];
        let rows = rows.into_iter().map(cells).collect();
        return table_file(&filters, ("教师名单", Vec::new()), (&head, &numbers), rows);
    }
    if !order.is_empty() {
        rows = filters.cursor().rest_of(rows, |row| row.teacher.person.uuid());
    }
    let slice = Slice::cut(rows, |row| (row.teacher.sort_key.clone(), row.teacher.person.to_string()));
    let next = slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default();
    let page = Page::new(&asker, format!("{}：教师", node.name), "/monitor")
        .crumb(node.name.clone(), format!("/monitor/{}", node.id));
    show(&PeoplePage {
        page,
        rows: slice.rows,
        next,
        states: states(),
        state,
        dimensions: rules.framework.dimensions.iter().map(|d| (d.key.clone(), d.title.clone())).collect(),
        capabilities: rules.framework.capabilities.iter().map(|c| (c.code.clone(), c.label())).collect(),
        categories: rules.hours.categories.iter().map(|c| (c.key.clone(), c.title.value.clone())).collect(),
        hours,
        may_open: certificate::sees_standings(ctx),
        is_school: node.kind == Kind::School,
        sorts,
        order,
        filters,
    })
}

fn cells(row: Shown) -> Vec<String> {
    let Shown { teacher, hours, missing } = row;
    let met = if teacher.met { "是" } else { "否" };
    vec![teacher.name, teacher.school, teacher.subject, hours, met.to_owned(), missing]
}
