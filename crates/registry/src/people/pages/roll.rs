//! Lists of teachers.

use askama::Template;
use tisheng_kernel::{Id, pinyin};
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Page};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Cursor, Failure, Filters, once};

use crate::organisation::{self, Kind, Node, Stage};
use crate::people::model::{PostState, SUBJECTS};
use crate::people::roll::roll;
use crate::people::store::{Order, PAGE, RollFilter, RollLine};
use crate::role::{Permission, allows, permit};
use crate::table::{self, Format};

#[derive(Template)]
#[template(path = "people/pages/roll.html")]
struct RollPage<'a> {
    page: Page,
    node: Node,
    rows: Vec<RollLine>,
    first: String,
    next: String,
    filters: &'a Filters,
    subjects: Vec<(&'static str, &'static str)>,
    may_keep: bool,
    may_import: bool,
    may_see_looks: bool,
    /// The order in force, as the address names it; empty where the list has but one.
    order: &'static str,
}

impl RollPage<'_> {
    /// The name of a stage's code.
    fn stage(&self, code: &str) -> &'static str {
        code.parse().map_or("—", Stage::title)
    }
}

fn filter(filters: &Filters) -> RollFilter {
    let by_name = !filters.text("q").is_empty() || filters.text("state") == PostState::Left.key();
    let order = match filters.text("sort") {
        _ if by_name => Order::Name,
        "-name" => Order::NameBackwards,
        "school" => Order::School,
        _ => Order::Name,
    };
    RollFilter {
        order,
        query: pinyin::query(filters.text("q")),
        subject: filters.text("subject").to_owned(),
        stage: filters.text("stage").to_owned(),
        state: filters.text("state").to_owned(),
    }
}

/// How the address names the order in force; empty for a search and for those who have left, which
/// come by name alone.
fn order_key(filters: &Filters, filter: &RollFilter) -> &'static str {
    match filter.order {
        _ if !filters.text("q").is_empty() || filter.state == PostState::Left.key() => "",
        Order::Name => "name",
        Order::NameBackwards => "-name",
        Order::School => "school",
    }
}

/// Subjects as the choices of a form.
pub(crate) fn subjects() -> Vec<(&'static str, &'static str)> {
    SUBJECTS.iter().map(|subject| (*subject, *subject)).collect()
}

/// `GET /people`: the teachers of the asker's own node.
pub async fn own(asker: SignedIn, filters: Filters) -> Answer {
    permit(&asker.ctx, Permission::SeePeople)?;
    let node: Id<Node> = Id::from_uuid(asker.member().node);
    let asked = filters.with("after", "");
    let asked = if asked == "?" { "" } else { asked.as_str() };
    Ok(once::redirect(&format!("/organisation/{node}/people{asked}"), asker.flash.as_ref()))
}

async fn node_of(asker: &SignedIn, tx: &mut Tx, node: &str) -> Result<Node, Failure> {
    permit(&asker.ctx, Permission::SeePeople)?;
    organisation::visible(&asker.ctx, tx, node.parse().map_err(|_| Failure::NotFound)?).await
}

/// `GET /organisation/{node}/people`
pub async fn list(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let node = node_of(&asker, &mut tx, &node).await?;
    let place = filters.cursor();
    let filter = filter(&filters);
    let rows = roll(&mut tx, &node, &filter, &place, PAGE).await?;
    let slice = Slice::cut(rows, |row| row.place(filter.order));
    let page = Page::new(&asker, "教师", "/people");
    layout::show(&RollPage {
        page: page.crumb(&node.name, format!("/organisation/{}", node.id)),
        rows: slice.rows,
        first: if place == Cursor::default() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        filters: &filters,
        subjects: subjects(),
        may_keep: allows(&asker.ctx, Permission::KeepPeople) && node.is_open(),
        order: order_key(&filters, &filter),
        may_see_looks: allows(&asker.ctx, Permission::SeeLooks),
        may_import: allows(&asker.ctx, Permission::ImportRoster) && node.is_open(),
        node,
    })
}

/// `GET /organisation/{node}/people.xlsx`
pub async fn xlsx(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    file(&asker, &node, &filters, Format::Xlsx).await
}

/// `GET /organisation/{node}/people.csv`
pub async fn csv(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    file(&asker, &node, &filters, Format::Csv).await
}

/// The whole list as a file; it holds no identity or phone number.
async fn file(asker: &SignedIn, node: &str, filters: &Filters, format: Format) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let node = node_of(asker, &mut tx, node).await?;
    let rows = roll(&mut tx, &node, &filter(filters), &Cursor::default(), table::MOST).await?;
    drop(tx);
    let head = ["姓名", "性别", "学校", "任教学科", "学段", "职称", "在岗状态", "任职起始"];
    let cells = rows.into_iter().map(|row| {
        let sex = row.sex.parse::<tisheng_kernel::Sex>().map_or("", |sex| sex.chinese());
        vec![
            row.name,
            sex.to_owned(),
            row.school_name,
            row.subject,
            row.stage.parse().map_or("", Stage::title).to_owned(),
            row.title,
            row.state.title().to_owned(),
            row.since.to_string(),
        ]
    });
    table::file(&format!("{}教师名单", node.name), format, &head, &[], cells)
}
