//! Keeping and approving activities: the list, one of them, its code, record and attendance.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::{self, Person};
use tisheng_registry::{access, organisation};

use super::super::actions;
use super::super::model::{Activity, ActivityError, Attendee, Form, State};
use super::super::store::{self, Narrow};
use super::{Row, as_form, ground, row};
use crate::table::Table;

#[derive(Template)]
#[template(path = "activity/pages/list.html")]
struct ListPage {
    page: Page,
    school: String,
    /// Whether the list is of what the schools below an office cannot approve by themselves.
    is_above: bool,
    tabs: Vec<(String, String, bool)>,
    state: String,
    words: String,
    form: String,
    forms: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// The states in which an activity may be the offices' to approve.
const ABOVE: [State; 2] = [State::Submitted, State::Approved];

/// `GET /activities/school`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let is_above = access::is_office(ctx);
    let (school, scope) = if is_above {
        (asker.member().node_name.clone(), ctx.scope())
    } else {
        let school = actions::own_school(ctx, &mut tx).await?;
        (school.name, Scope::below(&school.path))
    };
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let narrow = Narrow {
        state: filters.text("state").to_owned(),
        form: filters.text("form").to_owned(),
        words: filters.text("q").to_owned(),
    };
    let (day, cursor) = (ctx.at.date(), filters.cursor());
    let (waiting, found) = if is_above {
        (
            store::waiting_above(&mut tx, programme.id, &scope, day).await?,
            store::list_above(&mut tx, programme.id, (&scope, day), &narrow, &cursor).await?,
        )
    } else {
        (
            store::waiting(&mut tx, programme.id, &scope).await?,
            store::list(&mut tx, programme.id, &scope, &narrow, &cursor).await?,
        )
    };
    let slice = Slice::cut(found, |a| (a.plan.begins_at.micros().to_string(), a.id.to_string()));
    let mut rows = Vec::with_capacity(slice.rows.len());
    for activity in &slice.rows {
        let school = match is_above {
            true => organisation::of_id(&mut tx, activity.school).await?.map(|node| node.name),
            false => None,
        };
        rows.push(Row { school: school.unwrap_or_default(), ..row(&rules, activity) });
    }
    let states = if is_above { &ABOVE[..] } else { &State::ALL[..] };
    // An office sees what waits for it, and the approved only where it asks for them.
    let all = (!is_above).then(|| (filters.with("state", ""), "全部".to_owned(), narrow.state.is_empty()));
    let shown = if is_above && narrow.state.is_empty() { State::Submitted.code() } else { &narrow.state };
    let tabs = all.into_iter().chain(states.iter().map(|tab| {
        let label = match tab {
            State::Submitted => format!("{}（{waiting}）", tab.chinese()),
            _ => tab.chinese().to_owned(),
        };
        (filters.with("state", tab.code()), label, tab.code() == shown)
    }));
    let tabs = tabs.collect();
    layout::show(&ListPage {
        page: Page::new(&asker, "校本活动管理", "/activities/school"),
        school,
        is_above,
        tabs,
        state: narrow.state,
        words: narrow.words,
        form: narrow.form,
        forms: Form::ALL.iter().map(|form| (form.code(), form.chinese())).collect(),
        rows,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

/// A teacher of the school who is not on the list.
struct Absent {
    person: String,
    name: String,
}

#[derive(Template)]
#[template(path = "activity/pages/show.html")]
struct ShowPage {
    page: Page,
    row: Row,
    ends: String,
    /// From when one can sign in, while it is too early for it; else empty.
    doors: String,
    content: String,
    record: String,
    version: i64,
    decision: String,
    state: State,
    attendees: Vec<Attendee>,
    absent: Vec<Absent>,
    /// Who approves it, in a sentence without its full stop.
    approved_by: String,
    may_approve: bool,
    is_own: bool,
    typed: String,
    /// The people who are ticked to be entered or taken off.
    ticked: Vec<String>,
    /// The minutes that are kept, where somebody else has saved them since the reader's page was made.
    theirs: Option<String>,
    errors: FormErrors,
}

/// `GET /activities/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Activity>>) -> Answer {
    layout::show(&show_page(&asker, id, "", FormErrors::default()).await?)
}

async fn show_page(
    asker: &SignedIn,
    id: Id<Activity>,
    typed: &str,
    errors: FormErrors,
) -> Result<ShowPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let activity = actions::seen(ctx, &mut tx, &programme, id).await?;
    let attendees = store::attendees(&mut tx, id).await?;
    let absent = if activity.state.takes_attendance() {
        let teachers = people::teachers_of(&mut tx, activity.school).await?;
        let missing = teachers.into_iter().filter(|t| !attendees.iter().any(|a| a.person == t.person));
        missing
            .map(|t| Absent { person: t.person.to_string(), name: format!("{}（{}）", t.name, t.subject) })
            .collect()
    } else {
        Vec::new()
    };
    let school = match access::is_office(ctx) {
        true => organisation::of_id(&mut tx, activity.school).await?.map(|node| node.name),
        false => None,
    };
    let school = school.unwrap_or_default();
    Ok(ShowPage {
        page: Page::new(asker, activity.plan.title.as_str(), "/activities/school")
            .crumb("校本活动管理", "/activities/school"),
        row: Row { school, ..row(&rules, &activity) },
        ends: activity.plan.ends(),
        doors: if activity.opens_at(ctx.at).is_err() { activity.doors().chinese() } else { String::new() },
        content: activity.plan.content.clone(),
        record: activity.record.clone(),
        version: activity.version,
        decision: activity.decision.clone(),
        state: activity.state,
        attendees,
        absent,
        approved_by: actions::who_approves(ctx, &mut tx, &activity).await?,
        may_approve: actions::judges(ctx),
        is_own: asker.member().person == activity.planned_by.uuid(),
        typed: typed.to_owned(),
        ticked: Vec::new(),
        theirs: None,
        errors,
    })
}

/// The page once more with what was typed. Minutes that somebody else has saved meanwhile stand beside
/// those typed, so that nobody writes over them unseen.
async fn show_again(asker: &SignedIn, id: Id<Activity>, fields: &Fields, errors: FormErrors) -> Answer {
    let page = show_page(asker, id, fields.text("reason"), errors).await?;
    let Some(typed) = fields.all("record").next() else { return again(&page) };
    let has_changed = fields.text("version") != page.version.to_string();
    if !has_changed || page.record == typed {
        return again(&ShowPage { record: typed.to_owned(), ..page });
    }
    let errors = FormErrors::one("record", "纪要刚刚被他人修改，请对照后再提交");
    let theirs = Some(page.record.clone());
    again(&ShowPage { record: typed.to_owned(), theirs, errors, ..page })
}

/// What is wrong with minutes that came with a form.
fn wrong_minutes(fields: &Fields) -> FormErrors {
    let mut check = fields.check();
    check.optional("record", "活动纪要", MINUTES);
    check.errors()
}

#[derive(Template)]
#[template(path = "activity/pages/code.html")]
struct CodePage {
    page: Page,
    id: String,
    code: String,
    count: i64,
}

/// `GET /activities/{id}/code`: the code, large enough for the back of the room.
pub async fn code(asker: SignedIn, Path(id): Path<Id<Activity>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let activity = actions::activity(ctx, &mut tx, &programme, id).await?;
    if activity.code.is_empty() {
        return Err(ActivityError::NotNow(activity.state).into());
    }
    let count = store::count(&mut tx, id).await?;
    layout::show(&CodePage {
        page: Page::of(ctx, activity.plan.title),
        id: id.to_string(),
        code: activity.code,
        count,
    })
}

/// Characters of the minutes of an activity.
const MINUTES: usize = 5000;

/// `POST /activities/{id}/step`
pub async fn step(asker: SignedIn, Path(id): Path<Id<Activity>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let errors = wrong_minutes(&fields);
    if !errors.is_empty() {
        return show_again(&asker, id, &fields, errors).await;
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match take_step(ctx, &mut once.tx, &programme, id, &fields).await {
        Ok(said) => {
            // What was handed back is the school's again.
            let to = match access::is_office(ctx) {
                true => "/activities/school".to_owned(),
                false => format!("/activities/{id}"),
            };
            once.done(&to, Flash::good(said)).await
        }
        Err(error) => {
            drop(once);
            // What only the moment or the list speaks against is no field's mistake.
            let field = match error {
                ActivityError::NoRecord | ActivityError::Stale => "record",
                ActivityError::NoReason => "reason",
                _ => "step",
            };
            let errors = as_form(error, field)?;
            show_again(&asker, id, &fields, errors).await
        }
    }
}

/// Keeps what stands in the field of the minutes when a button beside it is pressed.
async fn keep_minutes(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    fields: &Fields,
) -> Result<(), ActivityError> {
    let Some(text) = fields.all("record").next().map(str::trim) else { return Ok(()) };
    let found = actions::activity(ctx, tx, programme, id).await?;
    if text == found.record || !found.state.takes_attendance() {
        return Ok(());
    }
    if text.is_empty() {
        return Err(ActivityError::NoRecord);
    }
    let version: i64 = fields.text("version").parse().map_err(|_| Failure::NotFound)?;
    actions::write_record(ctx, tx, programme, (id, version), text).await
}

/// Does what the button says, and gives the sentence for the next page.
async fn take_step(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Activity>,
    fields: &Fields,
) -> Result<String, ActivityError> {
    let reason = fields.text("reason");
    keep_minutes(ctx, tx, programme, id, fields).await?;
    Ok(match fields.text("do") {
        "open" => {
            actions::open(ctx, tx, programme, id).await?;
            "签到已开始，请在现场显示签到码。".to_owned()
        }
        "close" => {
            actions::close(ctx, tx, programme, id).await?;
            "签到已结束，请补充纪要后提交审核。".to_owned()
        }
        "cancel" => {
            actions::cancel(ctx, tx, programme, id, reason).await?;
            "活动已取消。".to_owned()
        }
        "submit" => {
            actions::submit(ctx, tx, programme, id).await?;
            let found = actions::activity(ctx, tx, programme, id).await?;
            format!("已提交，{}。", actions::who_approves(ctx, tx, &found).await?)
        }
        "approve" => {
            let receipt = actions::approve(ctx, tx, programme, id).await?;
            let held = receipt.held + receipt.conflict + receipt.parked;
            match held {
                0 => format!("已认定，{} 人的学时已入账。", receipt.entered),
                held => format!("已认定，{} 人的学时已入账，另有 {held} 人待核实。", receipt.entered),
            }
        }
        "return" => {
            actions::hand_back(ctx, tx, programme, id, reason).await?;
            "已退回组织者。".to_owned()
        }
        "withdraw" => {
            actions::withdraw_approval(ctx, tx, programme, id, reason).await?;
            "已撤销认定，相关学时已冲销。".to_owned()
        }
        _ => return Err(Failure::Malformed("没有选择要做的操作。".to_owned()).into()),
    })
}

/// `POST /activities/{id}/record`
pub async fn record(asker: SignedIn, Path(id): Path<Id<Activity>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut check = fields.check();
    let text = check.required("record", "活动纪要", MINUTES);
    let errors = check.errors();
    if !errors.is_empty() {
        return show_again(&asker, id, &fields, errors).await;
    }
    let version: i64 = fields.text("version").parse().map_err(|_| Failure::NotFound)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::write_record(ctx, &mut once.tx, &programme, (id, version), text).await {
        Ok(()) => once.done(&format!("/activities/{id}"), Flash::good("活动纪要已保存。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "record")?;
            show_again(&asker, id, &fields, errors).await
        }
    }
}

/// `POST /activities/{id}/list`
pub async fn enlist(asker: SignedIn, Path(id): Path<Id<Activity>>, fields: Fields) -> Answer {
    change_list(asker, id, fields, true).await
}

/// `POST /activities/{id}/strike`
pub async fn strike(asker: SignedIn, Path(id): Path<Id<Activity>>, fields: Fields) -> Answer {
    change_list(asker, id, fields, false).await
}

async fn change_list(asker: SignedIn, id: Id<Activity>, fields: Fields, enters: bool) -> Answer {
    let ctx = &asker.ctx;
    let people: Result<Vec<Id<Person>>, _> = fields.all("person").map(str::parse).collect();
    let people = people.map_err(|_| Failure::NotFound)?;
    let mut check = fields.check();
    let reason = check.required("reason", "原因", 200);
    if people.is_empty() {
        check.fail("person", if enters { "请勾选要补签的教师" } else { "请勾选要移出签到表的教师" });
    }
    let errors = check.errors().titled(&[("person", "教师")]);
    if !errors.is_empty() {
        return again(&list_again(&asker, id, &fields, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    let done = if enters {
        actions::enlist(ctx, &mut once.tx, &programme, id, (&people, reason)).await
    } else {
        actions::strike(ctx, &mut once.tx, &programme, id, (&people, reason)).await
    };
    match done {
        Ok(listed) => {
            let (verb, already) = if enters { ("补签", "已在") } else { ("移出签到表", "不在") };
            let said = format!("已{verb} {} 人。", listed.done);
            let flash = match listed.left.as_slice() {
                [] => Flash::good(said),
                left => Flash::warn(format!("{said}{}{already}签到表上，没有改动。", left.join("、"))),
            };
            once.done(&format!("/activities/{id}"), flash).await
        }
        Err(error) => {
            drop(once);
            let field = match error {
                ActivityError::OnList(_) | ActivityError::OffList(_) => "person",
                _ => "reason",
            };
            let errors = as_form(error, field)?;
            again(&list_again(&asker, id, &fields, errors).await?)
        }
    }
}

/// The page once more with the ticks and the reason. Once the attendance is closed the page asks for the reason of
/// another deed, which says nothing of this one.
async fn list_again(
    asker: &SignedIn,
    id: Id<Activity>,
    fields: &Fields,
    errors: FormErrors,
) -> Result<ShowPage, Failure> {
    let page = show_page(asker, id, fields.text("reason"), errors).await?;
    let ticked = fields.all("person").map(str::to_owned).collect();
    let errors = if page.state.takes_attendance() { page.errors } else { page.errors.untitled() };
    Ok(ShowPage { ticked, errors, ..page })
}

/// `GET /activities/{id}/sheet`: the attendance list as a table.
pub async fn sheet(asker: SignedIn, Path(id): Path<Id<Activity>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let activity = actions::seen(ctx, &mut tx, &programme, id).await?;
    let attendees = store::attendees(&mut tx, id).await?;
    let rows = attendees.into_iter().map(|a| {
        let manner = if a.by_code { "现场签到".to_owned() } else { format!("补签：{}", a.reason) };
        vec![a.name, a.school, a.signed_at.chinese(), manner]
    });
    let head = ["姓名", "学校", "签到时间", "方式"].map(|title| (title, false));
    Table::new(format!("签到表-{}", activity.plan.title), &head, rows.collect()).answer(&filters)
}
