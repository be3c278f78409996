//! One course, and what the office decides about it.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};
use tisheng_registry::access::{self, Role, role};

use super::super::actions::{self, AUTHORS};
use super::super::entrance::{Way, entrance};
use super::super::model::{Change, Course, CourseError, State, TermsState};
use super::super::store;
use super::{change_of, ground, hides_haste, whom};
use crate::platform::{self, OFFICES};

/// A revision of the terms as a row.
struct TermsRow {
    revision: i64,
    counts: String,
    material: String,
    state: &'static str,
    tone: &'static str,
    submitted: String,
    decision: String,
}

/// A change that waits beside what is in force.
struct Waits {
    revision: i64,
    submitted: String,
    rows: Vec<Change>,
}

#[derive(Template)]
#[template(path = "course/pages/show.html")]
struct ShowPage {
    page: Page,
    id: String,
    version: i64,
    summary: String,
    facts: Vec<(&'static str, String)>,
    state: &'static str,
    tone: &'static str,
    is_offered: bool,
    is_retired: bool,
    terms: Vec<TermsRow>,
    /// What the institution wants to change of a course that counts.
    change: Option<Waits>,
    /// Whether terms wait that the asker may decide about.
    may_decide: bool,
    /// Their revision.
    waits: i64,
    /// Whether they leave out how long the material lasts, by which the scheme looks for haste.
    hides_haste: bool,
    may_change: bool,
    may_retire: bool,
    is_teacher: bool,
    /// Where it is learnt; empty where no address is known.
    way: Way,
    reason: String,
    errors: FormErrors,
}

/// `GET /courses/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Course>>) -> Answer {
    layout::show(&show_page(&asker, id, "", FormErrors::default()).await?)
}

async fn show_page(
    asker: &SignedIn,
    id: Id<Course>,
    reason: &str,
    errors: FormErrors,
) -> Result<ShowPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, rules) = ground(ctx, &mut tx).await?;
    let course = actions::course(ctx, &mut tx, id).await?;
    let role = role(ctx);
    let is_office = role.is_some_and(|role| OFFICES.contains(&role));
    let is_author = role.is_some_and(|role| AUTHORS.contains(&role));
    let revisions = if is_author { store::terms(&mut tx, id).await? } else { Vec::new() };
    let in_force = actions::terms(&mut tx, &course, None).await?;
    let mut facts = facts(&mut tx, &course, is_author).await?;
    let open = revisions.iter().find(|terms| terms.state == TermsState::Submitted);
    let change = match open.filter(|_| course.revision.is_some()) {
        Some(open) => Some(Waits {
            revision: open.revision,
            submitted: open.submitted_at.chinese(),
            rows: change_of(&mut tx, &rules, &course, open).await?,
        }),
        None => None,
    };
    drop(tx);
    if let Some(terms) = &in_force {
        let category = rules.hours.category(&terms.category).map(|c| c.title.to_string());
        facts.insert(0, ("认定", format!("{}（{}）", terms.sentence(), category.unwrap_or_default())));
    }
    let tone = match course.state {
        State::Offered => "good",
        State::Submitted => "warn",
        State::Retired => "plain",
    };
    Ok(ShowPage {
        page: Page::new(asker, course.title.clone(), "/courses").crumb("课程目录", "/courses"),
        id: id.to_string(),
        version: course.version,
        summary: course.summary.clone(),
        facts,
        state: course.state.title(),
        tone,
        is_offered: course.state == State::Offered,
        is_retired: course.state == State::Retired,
        change,
        may_decide: is_office && open.is_some(),
        waits: open.map_or(0, |terms| terms.revision),
        hides_haste: open.is_some_and(|terms| hides_haste(&rules, terms)),
        may_change: is_author,
        may_retire: is_office && course.revision.is_some(),
        is_teacher: role == Some(Role::Teacher),
        way: entrance(ctx, &course).await?,
        terms: revisions
            .into_iter()
            .map(|terms| TermsRow {
                revision: terms.revision,
                counts: terms.sentence(),
                material: if terms.material.get() > 0 {
                    format!("{} 分钟", terms.material.get() / 60)
                } else {
                    String::new()
                },
                state: terms.state.title(),
                tone: match terms.state {
                    TermsState::Submitted => "warn",
                    TermsState::Approved => "good",
                    TermsState::Returned => "bad",
                    TermsState::Superseded | TermsState::Withdrawn => "plain",
                },
                submitted: terms.submitted_at.chinese(),
                decision: terms.decision,
            })
            .collect(),
        reason: reason.to_owned(),
        errors,
    })
}

async fn facts(
    tx: &mut Tx,
    course: &Course,
    is_author: bool,
) -> Result<Vec<(&'static str, String)>, Failure> {
    let platform = platform::of_id(tx, course.platform).await?.map(|p| p.name).unwrap_or_default();
    let mut facts = vec![
        ("能力点", store::capabilities(tx, course.id).await?.join("、")),
        ("适用", whom(course)),
        ("学习平台", platform),
        ("课程来源", course.source.title().to_owned()),
        ("课程编号", course.code.clone()),
    ];
    if is_author {
        facts.push(("学习网址", course.href.clone()));
        facts.push(("活动地址", store::activities(tx, course.id).await?.join(" ")));
    }
    Ok(facts)
}

/// `POST /courses/{id}/decide`
pub async fn decide(asker: SignedIn, Path(id): Path<Id<Course>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let reason = fields.text("reason");
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let version = fields.text("version").parse().unwrap_or_default();
    let seen = fields.text("revision").parse().ok();
    let tx = &mut once.tx;
    let done = match fields.text("do") {
        "approve" => actions::approve(ctx, tx, id, seen).await.map(|()| "已通过，从现在起按此计学时。"),
        "return" => {
            actions::return_terms(ctx, tx, (id, seen), reason).await.map(|()| "已退回，机构可以看到原因。")
        }
        "retire" => {
            let retired = actions::retire(ctx, tx, (id, version), State::Retired).await;
            retired.map(|()| "课程已停开；已计的学时不受影响。")
        }
        "offer" => {
            let offered = actions::retire(ctx, tx, (id, version), State::Offered).await;
            offered.map(|()| "课程已恢复开设。")
        }
        _ => Err(Failure::Malformed("没有选择要做的操作。".to_owned()).into()),
    };
    match done {
        Ok(said) => once.done(&format!("/courses/{id}"), Flash::good(said)).await,
        Err(CourseError::NoReason) => {
            drop(once);
            let errors = FormErrors::one("reason", CourseError::NoReason.to_string());
            let errors = errors.titled(&[("reason", "退回的原因")]);
            layout::again(&show_page(&asker, id, reason, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /courses/{id}/withdraw`: the institution takes a change back that waits.
pub async fn withdraw(asker: SignedIn, Path(id): Path<Id<Course>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &AUTHORS)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let course = actions::course(ctx, &mut once.tx, id).await?;
    platform::visible(ctx, &mut once.tx, course.platform).await?;
    let revision = fields.text("revision").parse();
    let revision = revision.map_err(|_| Failure::Malformed("表单缺少版本号，请刷新页面。".to_owned()))?;
    actions::withdraw(ctx, &mut once.tx, (id, revision)).await?;
    once.done(&format!("/courses/{id}"), Flash::good("修改已撤回，课程仍按现行的内容。")).await
}
