//! The hours of many teachers, of one, and the taking back of a line.

use std::cmp::Ordering;

use askama::Template;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::{Cursor, Order, ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access;
use tisheng_registry::people::{self, Person, SUBJECTS};
use tisheng_rules::Scheme;

use super::super::actions;
use super::super::model::Entry;
use super::super::store::teachers::{Narrow, TeacherSums};
use super::super::store::{self};
use super::disputes::INBOX;
use super::{
    DESK, LineRow, Overview, READERS, WaitingRow, as_form, ground, ground_of, line_row, overview, some_hours,
    spare, waiting_row,
};
use crate::hours::statement::{self, Standing};
use crate::sorting::Sorting;
use crate::table::{MOST, Table};

struct TeacherRow {
    person: String,
    /// Where it stands in the order of names, and its school in the tree.
    sort_key: String,
    path: String,
    name: String,
    school: String,
    subject: String,
    /// What counts of each category, in the order of the scheme.
    counted: Vec<String>,
    total: String,
    /// What of it is more than one category asks for and fills no other; empty for none.
    spare: String,
    missing: String,
    is_met: bool,
    /// What counts in all and what is missing, to sort by.
    sums: [Seconds; 2],
}

/// The columns by which a short list is sorted.
const COLUMNS: [&str; 5] = ["name", "school", "subject", "total", "missing"];

fn compare(column: &str, a: &TeacherRow, b: &TeacherRow) -> Ordering {
    let ([total, missing], [other_total, other_missing]) = (a.sums, b.sums);
    match column {
        "school" => a.school.cmp(&b.school),
        "subject" => a.subject.cmp(&b.subject),
        "total" => total.cmp(&other_total),
        _ => missing.cmp(&other_missing),
    }
}

#[derive(Template)]
#[template(path = "hours/pages/teachers.html")]
struct TeachersPage {
    page: Page,
    categories: Vec<String>,
    minimum: String,
    words: String,
    subject: String,
    subjects: Vec<(&'static str, &'static str)>,
    booked: String,
    rows: Vec<TeacherRow>,
    sorting: Sorting,
    filters: Filters,
    first: String,
    next: String,
    download: String,
}

/// What the address asks for. `booked` is `none`, `some` or `short`: earned less than is asked
/// for in all.
fn narrow(filters: &Filters, rules: &Scheme) -> Narrow {
    let booked = filters.text("booked");
    let below = if booked == "short" { *rules.hours.total } else { Seconds::ZERO };
    Narrow {
        words: filters.text("q").to_lowercase(),
        subject: filters.text("subject").to_owned(),
        stage: filters.text("stage").to_owned(),
        booked: if ["none", "some"].contains(&booked) { booked.to_owned() } else { String::new() },
        below,
    }
}

/// What the list says of some teachers, each by the rules that measure the teacher; the columns are
/// the categories of the rules in force.
async fn teacher_rows(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, in_force): (&Programme, &Scheme),
    teachers: &[TeacherSums],
) -> Result<Vec<TeacherRow>, Failure> {
    let people: Vec<Id<Person>> = teachers.iter().map(|teacher| teacher.person).collect();
    let rules = scheme::rules_for_each(&ctx.app, tx, programme, &people).await?;
    let measured = teachers.iter().zip(&rules);
    Ok(measured.map(|(teacher, rules)| teacher_row(ctx, rules, in_force, teacher)).collect())
}

fn teacher_row(ctx: &Ctx, rules: &Scheme, in_force: &Scheme, teacher: &TeacherSums) -> TeacherRow {
    let sums: Vec<_> = teacher.totals.iter().map(|total| total.for_rules(ctx.at.date())).collect();
    let tally = rules.hours.tally(&sums);
    let length = *rules.hours.length;
    let counted = |key: &str| tally.category(key).map_or(Seconds::ZERO, |category| category.sum.counted);
    let columns = in_force.hours.categories.iter();
    TeacherRow {
        person: teacher.person.to_string(),
        sort_key: teacher.sort_key.clone(),
        path: teacher.path.clone(),
        name: teacher.name.clone(),
        school: teacher.school.clone(),
        subject: teacher.subject.clone(),
        counted: columns.map(|category| counted(&category.key).in_hours(length)).collect(),
        total: tally.counted.in_hours(length),
        spare: some_hours(spare(&tally), length),
        missing: tally.missing.in_hours(length),
        is_met: tally.is_met(),
        sums: [tally.counted, tally.missing],
    }
}

/// `GET /hours/teachers`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &READERS)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let narrow = narrow(&filters, &rules);
    let sorting = sorting(ctx, &filters);
    let reading = sorting.reading(filters.cursor(), ROWS + 1, MOST);
    let mut rows = sorted(ctx, &mut tx, (&programme, &rules), &narrow, (&sorting, reading)).await?;
    if sorting.in_hand {
        rows = filters.cursor().rest_of(rows, |row| row.person.parse().unwrap_or_default());
    }
    let slice = Slice::cut(rows, |row| (sorting.place(&row.path, &row.sort_key), row.person.clone()));
    let rows = slice.rows;
    layout::show(&TeachersPage {
        page: Page::new(&asker, "教师学时", "/hours/teachers"),
        categories: rules.hours.categories.iter().map(|c| c.title.value.clone()).collect(),
        minimum: rules.hours.shown(*rules.hours.total),
        words: filters.text("q").to_owned(),
        subject: narrow.subject.clone(),
        subjects: SUBJECTS.iter().map(|subject| (*subject, *subject)).collect(),
        booked: filters.text("booked").to_owned(),
        rows,
        sorting,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        download: filters.with("after", ""),
        filters,
    })
}

fn sorting(ctx: &Ctx, filters: &Filters) -> Sorting {
    Sorting::of(access::breadth(ctx), filters.text("q"), filters.text("sort"), &COLUMNS)
}

/// The rows that were asked for, sorted.
async fn sorted(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, rules): (&Programme, &Scheme),
    narrow: &Narrow,
    (sorting, (order, place, most)): (&Sorting, (Order, Cursor, i64)),
) -> Result<Vec<TeacherRow>, Failure> {
    let asked = (order, &place, most);
    let found =
        store::teachers::list(tx, programme.id, (&ctx.scope(), access::breadth(ctx)), narrow, asked).await?;
    let mut rows = teacher_rows(ctx, tx, (programme, rules), &found).await?;
    sorting.sort(&mut rows, compare);
    Ok(rows)
}

/// `GET /hours/teachers/download`
pub async fn download(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &READERS)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let narrow = narrow(&filters, &rules);
    let sorting = sorting(ctx, &filters);
    let reading = sorting.reading(Cursor::default(), MOST, MOST);
    let rows = sorted(ctx, &mut tx, (&programme, &rules), &narrow, (&sorting, reading)).await?;
    let rows = rows.into_iter().map(|row| {
        let state = if row.is_met { "已达到" } else { "未达到" };
        let mut cells = vec![row.name, row.school, row.subject];
        cells.extend(row.counted);
        cells.extend([row.total, row.spare, row.missing, state.to_owned()]);
        cells
    });
    let mut head = vec![("姓名", false), ("学校", false), ("学科", false)];
    head.extend(rules.hours.categories.iter().map(|category| (category.title.as_str(), true)));
    head.extend([("计入合计", true), ("其中不抵其他类别", true), ("还差", true), ("是否达到", false)]);
    Table::new("教师学时", &head, rows.collect()).answer(&filters)
}

#[derive(Template)]
#[template(path = "hours/pages/teacher.html")]
struct TeacherPage {
    page: Page,
    school: String,
    overview: Overview,
    reports: Vec<WaitingRow>,
    /// Whether the asker decides about what waits.
    may_decide: bool,
    may_reverse: bool,
}

/// `GET /hours/teachers/{person}`
pub async fn teacher(asker: SignedIn, Path(person): Path<Id<Person>>) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &READERS)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground_of(ctx, &mut tx, person).await?;
    let found = people::visible(ctx, &mut tx, person).await?;
    let school = people::teacher(&mut tx, person).await.map(|t| t.school_name).unwrap_or_default();
    let entries = store::entries(&mut tx, programme.id, person).await?;
    let reports = store::reports::of_teacher(&mut tx, programme.id, person).await?;
    let own = asker.member().person == person.uuid();
    layout::show(&TeacherPage {
        page: Page::new(&asker, format!("{}的学时", found.name), "/hours/teachers")
            .crumb("教师学时", "/hours/teachers"),
        school,
        overview: overview(&rules, &entries),
        reports: reports.iter().map(|report| waiting_row(&rules, report)).collect(),
        may_decide: access::require(ctx, &DESK).is_ok(),
        may_reverse: !own && access::require(ctx, &DESK).is_ok(),
    })
}

/// What is done to a line of somebody's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// It is taken back.
    Reverse,
    /// What was taken back is entered once more.
    Restore,
}

#[derive(Template)]
#[template(path = "hours/pages/reverse.html")]
struct DeedPage {
    page: Page,
    action: String,
    is_reversal: bool,
    /// Why there is nothing to do; empty while there is.
    nothing: &'static str,
    name: String,
    person: String,
    line: LineRow,
    reason: String,
    errors: FormErrors,
}

/// `GET /hours/entries/{id}/reverse`
pub async fn reverse_form(asker: SignedIn, Path(id): Path<Id<Entry>>) -> Answer {
    layout::show(&deed_page(&asker, (Deed::Reverse, id), "", FormErrors::default()).await?)
}

/// `GET /hours/entries/{id}/restore`
pub async fn restore_form(asker: SignedIn, Path(id): Path<Id<Entry>>) -> Answer {
    layout::show(&deed_page(&asker, (Deed::Restore, id), "", FormErrors::default()).await?)
}

async fn deed_page(
    asker: &SignedIn,
    (deed, id): (Deed, Id<Entry>),
    reason: &str,
    errors: FormErrors,
) -> Result<DeedPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let entry = store::entry_of_id(&mut tx, programme.id, id).await?.ok_or(Failure::NotFound)?;
    let rules = scheme::rules_for(&ctx.app, &mut tx, &programme, entry.person).await?;
    let person = people::visible(ctx, &mut tx, entry.person).await?;
    let entries = store::entries(&mut tx, programme.id, entry.person).await?;
    let lines = statement::lines(&rules.hours, &entries);
    let line = lines.iter().find(|line| line.entry.id == id).ok_or(Failure::NotFound)?;
    let back = format!("/hours/teachers/{}", person.id);
    let (title, verb) = match deed {
        Deed::Reverse => ("冲销学时", "reverse"),
        Deed::Restore => ("恢复学时", "restore"),
    };
    let nothing = match (deed, line.standing) {
        (Deed::Reverse, Standing::TakenBack) => "这条记录已经冲销，不会重复冲销。",
        (Deed::Reverse, Standing::TakesBack) => "冲销记录本身不能再冲销。",
        (Deed::Restore, Standing::Booked | Standing::TakesBack) => "这条记录没有被冲销，不需要恢复。",
        (Deed::Reverse, Standing::Booked) | (Deed::Restore, Standing::TakenBack) => "",
    };
    Ok(DeedPage {
        page: Page::new(asker, title, "/hours/teachers")
            .crumb("教师学时", "/hours/teachers")
            .crumb(person.name.as_str(), back),
        action: format!("/hours/entries/{id}/{verb}"),
        is_reversal: deed == Deed::Reverse,
        nothing,
        name: person.name,
        person: person.id.to_string(),
        line: line_row(&rules, line),
        reason: reason.to_owned(),
        errors: errors.titled(&[("reason", "原因")]),
    })
}

/// `POST /hours/entries/{id}/reverse`
pub async fn reverse(asker: SignedIn, Path(id): Path<Id<Entry>>, fields: Fields) -> Answer {
    do_to(&asker, (Deed::Reverse, id), &fields).await
}

/// `POST /hours/entries/{id}/restore`
pub async fn restore(asker: SignedIn, Path(id): Path<Id<Entry>>, fields: Fields) -> Answer {
    do_to(&asker, (Deed::Restore, id), &fields).await
}

async fn do_to(asker: &SignedIn, (deed, id): (Deed, Id<Entry>), fields: &Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut check = fields.check();
    let reason = check.required("reason", "原因", 500);
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&deed_page(asker, (deed, id), reason, errors).await?);
    }
    let mut once = match once::begin(ctx, fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    let entry = store::entry_of_id(&mut once.tx, programme.id, id).await?.ok_or(Failure::NotFound)?;
    let (done, said) = match deed {
        Deed::Reverse => (
            actions::reversal::reverse(ctx, &mut once.tx, &programme, id, reason).await,
            "已冲销，原记录保留，教师可以看到原因。",
        ),
        Deed::Restore => (
            actions::reversal::restore(ctx, &mut once.tx, &programme, id, reason).await,
            "已恢复入账，冲销的经过保留，教师可以看到原因。",
        ),
    };
    match done {
        Ok(_) => {
            // Back to the dispute that asked for it.
            let mending = store::disputes::mending(&mut once.tx, programme.id, &ctx.scope(), id).await?;
            let to = match mending {
                Some(dispute) => format!("{INBOX}/{dispute}"),
                None => format!("/hours/teachers/{}", entry.person),
            };
            once.done(&to, Flash::good(said)).await
        }
        Err(error) => {
            drop(once);
            let errors = as_form(error, "reason")?;
            again(&deed_page(asker, (deed, id), reason, errors).await?)
        }
    }
}
