//! Entering somebody new.

use askama::Template;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};

use super::actions;
use crate::organisation::{self, Kind, Node, Stage};
use crate::people::pages::{Told, form_errors, papers, sexes, subjects, title_of, titles, told};
use crate::people::{self, NewPerson, NewPost, PeopleError, Person};
use crate::role::{Permission, permit};

#[derive(Template)]
#[template(path = "posting/pages/new.html")]
struct NewPage {
    page: Page,
    node: Node,
    typed: Fields,
    errors: FormErrors,
    papers: Vec<(&'static str, &'static str)>,
    sexes: Vec<(&'static str, &'static str)>,
    subjects: Vec<(&'static str, &'static str)>,
    titles: Vec<(&'static str, &'static str)>,
}

/// `GET /organisation/{node}/people/new`
pub async fn form(asker: SignedIn, Path(node): Path<String>) -> Answer {
    layout::show(&new_page(&asker, &node, Fields::default(), FormErrors::default()).await?)
}

async fn new_page(
    asker: &SignedIn,
    node: &str,
    typed: Fields,
    errors: FormErrors,
) -> Result<NewPage, Failure> {
    permit(&asker.ctx, Permission::KeepPeople)?;
    let mut tx = asker.ctx.read().await?;
    let id = node.parse().map_err(|_| Failure::NotFound)?;
    let node = organisation::visible(&asker.ctx, &mut tx, id).await?;
    let title = if node.kind == Kind::School { "登记教师" } else { "登记工作人员" };
    Ok(NewPage {
        page: Page::new(asker, title, "/people")
            .crumb(&node.name, format!("/organisation/{}/people", node.id)),
        node,
        typed,
        errors,
        papers: papers(),
        sexes: sexes(),
        subjects: subjects(),
        titles: titles(),
    })
}

/// The fields of the form.
const TITLES: [(&str, &str); 6] = [
    ("name", "姓名"),
    ("paper", "证件号码"),
    ("phone", "手机号"),
    ("subject", "任教学科"),
    ("stage", "学段"),
    ("since", "任职起始日期"),
];

/// `POST /organisation/{node}/people/new`: enters the record and, at a school, the post.
pub async fn submit(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id = node.parse().map_err(|_| Failure::NotFound)?;
    let Told { name, identity, phone, sex, mut errors } = told(&fields);
    if fields.text("paper").is_empty() {
        errors.add("paper", "请填写证件号码");
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    permit(ctx, Permission::KeepPeople)?;
    let place = organisation::visible(ctx, &mut once.tx, id).await?;
    let teaches = place.kind == Kind::School;
    let mut check = fields.check();
    let stage: Option<Stage> = if teaches { check.chosen("stage", "学段") } else { None };
    let since = if teaches { check.date("since", "任职起始日期") } else { None };
    errors = errors.and(check.errors());
    if let (Some(name), Some(identity), true) = (&name, &identity, errors.is_empty()) {
        let new = NewPerson { name, identity, phone: phone.as_ref(), sex, birth_year: None, kept_by: id };
        let entered = enter(&asker, &mut once, &new, stage.zip(since), &fields).await;
        match entered {
            Ok(person) => {
                let flash = Flash::good(format!("已登记{}。", name.as_str()));
                return once.done(&format!("/people/{person}"), flash).await;
            }
            Err(error) => errors = form_errors(error)?,
        }
    }
    drop(once);
    // The number is not sent back: what was typed wrongly is typed again.
    again(&new_page(&asker, &node, fields, errors.titled(&TITLES)).await?)
}

/// Registers the person, or finds the record of somebody who has left elsewhere, and appoints.
async fn enter(
    asker: &SignedIn,
    once: &mut tisheng_platform::web::Once,
    new: &NewPerson<'_>,
    post: Option<(Stage, chrono::NaiveDate)>,
    fields: &Fields,
) -> Result<tisheng_kernel::Id<Person>, PeopleError> {
    let ctx = &asker.ctx;
    let person = match people::register(ctx, &mut once.tx, new).await {
        Err(PeopleError::Known { person, ref name, .. }) if post.is_some() && name == new.name.as_str() => {
            person
        }
        other => other?,
    };
    if let Some((stage, since)) = post {
        let new = NewPost {
            person,
            school: new.kept_by,
            subject: fields.text("subject"),
            stage,
            title: title_of(fields),
            since,
        };
        actions::appoint(ctx, &mut once.tx, &new).await?;
    }
    Ok(person)
}
