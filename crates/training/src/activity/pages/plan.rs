//! Planning an activity, and changing the plan.

use askama::Template;
use chrono::{NaiveDate, NaiveTime, TimeDelta, Timelike};
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Checked, Failure, Fields, FormErrors, layout, once};
use tisheng_registry::organisation;
use tisheng_rules::Scheme;
use tisheng_rules::hours::{CategoryRole, ItemUnit};

use super::super::actions;
use super::super::model::{Activity, Form, Plan};
use super::{as_form, ground};

/// The fields of the form, as typed.
#[derive(Default)]
struct Typed {
    form: String,
    title: String,
    content: String,
    place: String,
    host: String,
    day: String,
    begins: String,
    ends: String,
    hours: String,
    place_of_hours: String,
    audience: String,
    version: String,
}

#[derive(Template)]
#[template(path = "activity/pages/plan.html")]
struct PlanPage {
    page: Page,
    action: String,
    back: String,
    typed: Typed,
    forms: Vec<(&'static str, &'static str)>,
    places: Vec<(String, String)>,
    audiences: Vec<(String, String)>,
    length: i64,
    errors: FormErrors,
}

/// `GET /activities/new`
pub async fn new(asker: SignedIn) -> Answer {
    let page = plan_page(&asker, None, Typed::default(), FormErrors::default()).await?;
    layout::show(&page)
}

/// `GET /activities/{id}/plan`
pub async fn edit(asker: SignedIn, Path(id): Path<Id<Activity>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let activity = actions::activity(ctx, &mut tx, &programme, id).await?;
    drop(tx);
    let typed = typed_of(&activity, &rules);
    layout::show(&plan_page(&asker, Some(id), typed, FormErrors::default()).await?)
}

fn typed_of(activity: &Activity, rules: &Scheme) -> Typed {
    let plan = &activity.plan;
    let clock = |at: Instant| {
        let minutes = (at - Instant::start_of(at.date())).num_minutes();
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    };
    Typed {
        form: plan.form.code().to_owned(),
        title: plan.title.clone(),
        content: plan.content.clone(),
        place: plan.place.clone(),
        host: plan.host.clone(),
        day: plan.begins_at.date().to_string(),
        begins: clock(plan.begins_at),
        ends: clock(plan.ends_at),
        hours: plan.seconds.plainly(*rules.hours.length),
        place_of_hours: format!("{}/{}", plan.category, plan.kind),
        audience: plan.audience.clone(),
        version: activity.version.to_string(),
    }
}

async fn plan_page(
    asker: &SignedIn,
    id: Option<Id<Activity>>,
    mut typed: Typed,
    errors: FormErrors,
) -> Result<PlanPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let school = actions::own_school(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    if typed.audience.is_empty() {
        typed.audience.clone_from(&school.path);
    }
    let above = organisation::ancestors(&mut tx, &school.path).await?;
    let audiences = std::iter::once((school.path.clone(), format!("本校（{}）", school.name))).chain(
        above
            .into_iter()
            .rev()
            .filter(|node| node.path != school.path && node.path.starts_with(&programme.path))
            .map(|node| (node.path, format!("{}所有学校", node.name))),
    );
    let (title, action, back) = match id {
        Some(id) => ("修改活动安排", format!("/activities/{id}/plan"), format!("/activities/{id}")),
        None => ("安排活动", "/activities/new".to_owned(), "/activities/school".to_owned()),
    };
    Ok(PlanPage {
        page: Page::new(asker, title, "/activities/school").crumb("校本活动管理", "/activities/school"),
        action,
        back,
        typed,
        forms: Form::ALL.iter().map(|form| (form.code(), form.chinese())).collect(),
        places: places(&rules),
        audiences: audiences.collect(),
        length: rules.hours.length.minutes(),
        errors,
    })
}

/// Where the hours of an activity may be booked: kinds that activities earn first, then the rest
/// of practice.
fn places(rules: &Scheme) -> Vec<(String, String)> {
    let practice = rules.hours.categories.iter().filter(|c| c.role == CategoryRole::Practice);
    let mut places = Vec::new();
    for category in practice {
        if category.kinds.is_empty() {
            places.push((true, (format!("{}/", category.key), category.title.value.clone())));
        }
        for kind in &category.kinds {
            let earned = kind.item.as_ref().is_some_and(|item| item.unit == ItemUnit::Activity);
            let title = format!("{} · {}", *category.title, *kind.title);
            places.push((earned, (format!("{}/{}", category.key, kind.key), title)));
        }
    }
    places.sort_by_key(|(earned, _)| !earned);
    places.into_iter().map(|(_, place)| place).collect()
}

/// Reads the form; what is wrong with it beside what was typed.
fn read(fields: &Fields, rules: &Scheme) -> (Typed, Option<Plan>, FormErrors) {
    let text = |name: &str| fields.text(name).to_owned();
    let typed = Typed {
        form: text("form"),
        title: text("title"),
        content: text("content"),
        place: text("place"),
        host: text("host"),
        day: text("day"),
        begins: text("begins"),
        ends: text("ends"),
        hours: text("hours"),
        place_of_hours: text("place_of_hours"),
        audience: text("audience"),
        version: text("version"),
    };
    // In the order of the page, in which what is wrong is listed.
    let mut check = fields.check();
    check.required("title", "活动主题", 100);
    let form: Option<Form> = check.chosen("form", "活动形式");
    check.optional("content", "活动内容", 2000);
    let day = check.date("day", "活动日期");
    let begins = clock(&mut check, ("begins", "开始时间"), "14:00");
    let ends = clock(&mut check, ("ends", "结束时间"), "16:00");
    check.required("place", "活动地点", 100);
    check.required("host", "主持人", 100);
    let place = typed.place_of_hours.split_once('/');
    if place.is_none() {
        check.fail("place_of_hours", "请选择学时类别");
    }
    let seconds = Seconds::parse_hours(&typed.hours, *rules.hours.length);
    match &seconds {
        Err(_) if typed.hours.is_empty() => check.fail("hours", "请填写认定学时"),
        Err(error) => check.fail("hours", error.to_string()),
        Ok(_) => {}
    }
    let errors = check.errors().titled(&TITLES);
    let plan = match (form, day, begins, ends, seconds, place) {
        (Some(form), Some(day), Some(begins), Some(ends), Ok(seconds), Some((category, kind)))
            if errors.is_empty() =>
        {
            Some(Plan {
                form,
                title: typed.title.clone(),
                content: typed.content.clone(),
                place: typed.place.clone(),
                host: typed.host.clone(),
                begins_at: moment(day, begins),
                ends_at: moment(day, ends),
                category: category.to_owned(),
                kind: kind.to_owned(),
                seconds,
                audience: typed.audience.clone(),
            })
        }
        _ => None,
    };
    (typed, plan, errors)
}

/// A time of day, written like `such`; `None` (with an error) when it is not one.
fn clock(check: &mut Checked<'_>, (name, title): (&str, &str), such: &str) -> Option<NaiveTime> {
    let text = check.required(name, title, 20);
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
    if time.is_none() && !text.is_empty() {
        check.fail(name, format!("{title}应写作 {such}"));
    }
    time
}

fn moment(day: NaiveDate, clock: NaiveTime) -> Instant {
    Instant::start_of(day) + TimeDelta::seconds(i64::from(clock.num_seconds_from_midnight()))
}

/// The fields of the form that are read in another way, and those that a plan may be wrong in.
const TITLES: [(&str, &str); 7] = [
    ("title", "活动主题"),
    ("day", "活动日期"),
    ("begins", "开始时间"),
    ("ends", "结束时间"),
    ("hours", "认定学时"),
    ("place_of_hours", "学时类别"),
    ("audience", "参加范围"),
];

/// `POST /activities/new`
pub async fn create(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let rules = rules(&asker).await?;
    let (typed, plan, errors) = read(&fields, &rules);
    let Some(plan) = plan else {
        return again(&plan_page(&asker, None, typed, errors).await?);
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::plan(ctx, &mut once.tx, &programme, plan).await {
        Ok(id) => {
            let to = format!("/activities/{id}");
            once.done(&to, Flash::good("活动已安排，教师可以在“校本活动”中看到。")).await
        }
        Err(error) => {
            drop(once);
            let errors = as_form(error, "title")?.titled(&TITLES);
            again(&plan_page(&asker, None, typed, errors).await?)
        }
    }
}

async fn rules(asker: &SignedIn) -> Result<std::sync::Arc<Scheme>, Failure> {
    let mut tx = asker.ctx.read().await?;
    actions::own_school(&asker.ctx, &mut tx).await?;
    Ok(ground(&asker.ctx, &mut tx).await?.1)
}

/// `POST /activities/{id}/plan`
pub async fn change(asker: SignedIn, Path(id): Path<Id<Activity>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let rules = rules(&asker).await?;
    let (typed, plan, errors) = read(&fields, &rules);
    let Some(plan) = plan else {
        return again(&plan_page(&asker, Some(id), typed, errors).await?);
    };
    let version: i64 = typed.version.parse().map_err(|_| Failure::NotFound)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::replan(ctx, &mut once.tx, &programme, (id, version), &plan).await {
        Ok(()) => {
            let to = format!("/activities/{id}");
            once.done(&to, Flash::good("活动安排已修改。")).await
        }
        Err(error) => {
            drop(once);
            let errors = as_form(error, "title")?.titled(&TITLES);
            again(&plan_page(&asker, Some(id), typed, errors).await?)
        }
    }
}
