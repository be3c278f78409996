//! The list of teachers behind a figure, with their hours and what is missing.

use std::cmp::Ordering;

use askama::Template;
use tisheng_assessment::certificate;
use tisheng_kernel::number::thousands;
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::layout::show;
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::whole::Whole;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, Page, Path};
use tisheng_platform::{DbError, Scope, Tx};
use tisheng_policy::scheme::{self, Programme};

use tisheng_registry::organisation::{Kind, Node};
use tisheng_rules::{Condition, Facts, Scheme};

use super::{order, place};
use crate::monitoring::model::Stage;
use crate::monitoring::store::{self, Listed, Wanted};

/// People who are taken into memory at once, at most: of a list that is sorted by a column, which is that of a
/// school or a town, and of a file. More of them are read for a file some at a time.
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
    /// How many there are; empty where nobody has counted them.
    all: String,
    /// Whether those who hold a certificate are listed.
    certified: bool,
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

/// What puts a row into words.
struct Words {
    gates: Vec<Condition>,
    length: HourLength,
}

impl Words {
    fn of(&self, teacher: Listed) -> Shown {
        let gates = &self.gates;
        let missing: Vec<&str> = match &teacher.open_gates {
            Some(open) => open
                .split(',')
                .filter_map(|key| gates.iter().find(|gate| gate.key == key).map(|gate| gate.title.as_str()))
                .collect(),
            None => gates.iter().filter(|gate| !gate.met).map(|gate| gate.title.as_str()).collect(),
        };
        let hours = Seconds::new(teacher.seconds).in_hours(self.length);
        Shown { missing: missing.join("、"), hours, teacher }
    }
}

/// The people asked for, in their order.
struct List<'a> {
    programme: Id<Programme>,
    scope: &'a Scope,
    wanted: Wanted<'a>,
    words: &'a Words,
    /// The column by which they are sorted; empty for the order of the roll.
    order: &'a str,
}

impl List<'_> {
    /// At most so many of them after a place of the roll, in the order asked for.
    async fn read(&self, tx: &mut Tx, after: &Cursor, most: i64) -> Result<Vec<Shown>, DbError> {
        let rows = store::people(tx, self.programme, self.scope, self.wanted, after, most).await?;
        let mut rows: Vec<Shown> = rows.into_iter().map(|teacher| self.words.of(teacher)).collect();
        if !self.order.is_empty() {
            sort(&mut rows, self.order);
        }
        Ok(rows)
    }

    /// Writes all of them: at once where they are few enough, else as many at a time as a walk along the roll
    /// gives.
    async fn write(&self, tx: &mut Tx, mut whole: Whole) -> Result<Whole, Failure> {
        let (figures, _) = store::figures_below(tx, self.programme, self.scope).await?;
        let most = if figures.of(Stage::Teachers) < ALL { ALL } else { store::STRIDE };
        let mut after = Cursor::default();
        loop {
            let rows = self.read(tx, &after, most).await?;
            let is_last = i64::try_from(rows.len()).is_ok_and(|read| read < most);
            if let Some(Shown { teacher, .. }) = rows.last() {
                after = Cursor { key: teacher.sort_key.clone(), id: teacher.person.to_string() };
            }
            whole = whole.add(rows.into_iter().map(cells).collect()).await?;
            if is_last {
                return Ok(whole);
            }
        }
    }
}

/// How many there are of whom a figure says it: all who have come to a step or have not, or have chosen one
/// capability or something of one dimension. Of others nobody has counted how many.
async fn counted(
    tx: &mut Tx,
    programme: Id<Programme>,
    node: &Node,
    Wanted { state, search, capability, category, .. }: Wanted<'_>,
    dimension: &str,
) -> Result<Option<i64>, DbError> {
    if !(search.is_empty() && category.is_empty()) {
        return Ok(None);
    }
    let is_any = state == Stage::Teachers.key();
    let of = |counts: Vec<(String, i64)>, key: &str| {
        counts.into_iter().find(|(counted, _)| counted == key).map_or(0, |(_, teachers)| teachers)
    };
    Ok(match (capability, dimension) {
        ("", "") => {
            let (figures, _) = store::figures_below(tx, programme, &Scope::below(&node.path)).await?;
            match state.strip_prefix("not_") {
                Some(undone) => {
                    undone.parse().ok().map(|stage: Stage| figures.of(Stage::Teachers) - figures.of(stage))
                }
                None => state.parse().ok().map(|stage: Stage| figures.of(stage)),
            }
        }
        (capability, "") if is_any => Some(of(store::choices_below(tx, programme, node).await?, capability)),
        ("", dimension) if is_any => Some(of(store::dimensions_below(tx, programme, node).await?, dimension)),
        _ => None,
    })
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
    let form = filters.text("format");
    let turn = if form.is_empty() { None } else { Some(ctx.app.turns.take().await?) };
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
    // However high the tree is: the list of a school is short, that of a county is not.
    let sorts = matches!(node.kind, Kind::School | Kind::Town);
    let order = if sorts { filters.text("sort").to_owned() } else { String::new() };
    let is_counted = is_counted(&mut tx, programme.id, &node, filters.text("dimension")).await?;
    let words = Words { gates: untouched(&rules), length: *rules.hours.length };
    let list = List { programme: programme.id, scope: &scope, wanted, words: &words, order: &order };
    if let Some(turn) = turn {
        let head = ["姓名", "学校", "学科", hours.as_str(), "是否达标", "还差"];
        let numbers = [false, false, false, true, false, false];
        let mut whole = Whole::begin(&ctx.app, turn, (form, "教师名单"), (&head, &numbers))?;
        if is_counted {
            whole = list.write(&mut tx, whole).await?;
        }
        drop(tx);
        return whole.answer().await;
    }
    let mut rows = match is_counted {
        true if order.is_empty() => list.read(&mut tx, &filters.cursor(), store::PAGE).await?,
        true => list.read(&mut tx, &Cursor::default(), ALL).await?,
        false => Vec::new(),
    };
    let is_whole = filters.cursor() == Cursor::default() && rows.len() <= usize::try_from(ROWS).unwrap_or(0);
    let all = match is_whole || !order.is_empty() {
        true => i64::try_from(rows.len()).ok(),
        false => counted(&mut tx, programme.id, &node, wanted, filters.text("dimension")).await?,
    };
    drop(tx);
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
        dimensions: rules.framework.dimensions.iter().map(|d| (d.key.clone(), d.title.clone())).collect(),
        capabilities: rules.framework.capabilities.iter().map(|c| (c.code.clone(), c.label())).collect(),
        categories: rules.hours.categories.iter().map(|c| (c.key.clone(), c.title.value.clone())).collect(),
        hours,
        may_open: certificate::sees_standings(ctx),
        is_school: node.kind == Kind::School,
        sorts,
        certified: state == Stage::Certified.key(),
        state,
        order,
        all: all.map(thousands).unwrap_or_default(),
        filters,
    })
}

fn cells(row: Shown) -> Vec<String> {
    let Shown { teacher, hours, missing } = row;
    let met = if teacher.met { "是" } else { "否" };
    vec![teacher.name, teacher.school, teacher.subject, hours, met.to_owned(), missing]
}
