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
use tisheng_registry::access;
use tisheng_registry::people::{self, Person};

use super::super::actions::{self, APPROVERS};
use super::super::model::{Activity, ActivityError, Attendee, Form, State};
use super::super::store::{self, Narrow};
use super::{Row, as_form, ground, row};
use crate::table::Table;

#[derive(Template)]
#[template(path = "activity/pages/list.html")]
struct ListPage {
    page: Page,
    school: String,
    tabs: Vec<(String, String, bool)>,
    state: String,
    words: String,
    form: String,
    forms: Vec<(&'static str, &'static str)>,
    rows: Vec<Row>,
    first: String,
    next: String,
}

/// `GET /activities/school`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let school = actions::own_school(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let scope = Scope::below(&school.path);
    let narrow = Narrow {
        state: filters.text("state").to_owned(),
        form: filters.text("form").to_owned(),
        words: filters.text("q").to_owned(),
    };
    let waiting = store::waiting(&mut tx, programme.id, &scope).await?;
    let found = store::list(&mut tx, programme.id, &scope, &narrow, &filters.cursor()).await?;
    let slice = Slice::cut(found, |a| (a.plan.begins_at.micros().to_string(), a.id.to_string()));
    let all = (filters.with("state", ""), "全部".to_owned(), narrow.state.is_empty());
    let tabs = std::iter::once(all).chain(State::ALL.into_iter().map(|tab| {
        let label = match tab {
            State::Submitted => format!("{}（{waiting}）", tab.chinese()),
            _ => tab.chinese().to_owned(),
        };
        (filters.with("state", tab.code()), label, tab.code() == narrow.state)
    }));
    layout::show(&ListPage {
        page: Page::new(&asker, "活动管理", "/activities/school"),
        school: school.name,
        tabs: tabs.collect(),
        state: narrow.state,
        words: narrow.words,
        form: narrow.form,
        forms: Form::ALL.iter().map(|form| (form.code(), form.chinese())).collect(),
        rows: slice.rows.iter().map(|activity| row(&rules, activity)).collect(),
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
    content: String,
    record: String,
    version: i64,
    decision: String,
    state: State,
    attendees: Vec<Attendee>,
    absent: Vec<Absent>,
    may_approve: bool,
    is_own: bool,
    typed: String,
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
    let activity = actions::activity(ctx, &mut tx, &programme, id).await?;
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
    Ok(ShowPage {
        page: Page::new(asker, activity.plan.title.as_str(), "/activities/school")
            .crumb("活动管理", "/activities/school"),
        row: row(&rules, &activity),
        ends: activity.plan.ends_at.chinese(),
        content: activity.plan.content.clone(),
        record: activity.record.clone(),
        version: activity.version,
        decision: activity.decision.clone(),
        state: activity.state,
        attendees,
        absent,
        may_approve: access::require(ctx, &APPROVERS).is_ok(),
        is_own: asker.member().person == activity.planned_by.uuid(),
        typed: typed.to_owned(),
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
        Ok(said) => once.done(&format!("/activities/{id}"), Flash::good(said)).await,
        Err(error) => {
            drop(once);
            let field = if matches!(error, ActivityError::NoRecord | ActivityError::Stale) {
                "record"
            } else {
                "reason"
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
            "已提交学校审核。".to_owned()
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
    let reason = fields.text("reason");
    let person: Id<Person> = match fields.text("person").parse() {
        Ok(person) => person,
        Err(_) => {
            let errors = FormErrors::one("person", "请选择教师");
            return again(&show_page(&asker, id, reason, errors).await?);
        }
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    let done = if enters {
        actions::enlist(ctx, &mut once.tx, &programme, id, (person, reason)).await.map(drop)
    } else {
        actions::strike(ctx, &mut once.tx, &programme, id, (person, reason)).await
    };
    match done {
        Ok(()) => once.done(&format!("/activities/{id}"), Flash::good("签到表已更新。")).await,
        Err(error) => {
            drop(once);
            let errors = as_form(error, "reason")?;
            again(&show_page(&asker, id, reason, errors).await?)
        }
    }
}

/// `GET /activities/{id}/sheet`: the attendance list as a table.
pub async fn sheet(asker: SignedIn, Path(id): Path<Id<Activity>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, _) = ground(ctx, &mut tx).await?;
    let activity = actions::activity(ctx, &mut tx, &programme, id).await?;
    let attendees = store::attendees(&mut tx, id).await?;
    let rows = attendees.into_iter().map(|a| {
        let manner = if a.by_code { "现场签到".to_owned() } else { format!("补签：{}", a.reason) };
        vec![a.name, a.school, a.signed_at.chinese(), manner]
    });
    let head = ["姓名", "学校", "签到时间", "方式"].map(|title| (title, false));
    Table::new(format!("签到表-{}", activity.plan.title), &head, rows.collect()).answer(&filters)
}
