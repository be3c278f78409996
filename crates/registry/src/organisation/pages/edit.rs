//! Founding, renaming, recoding and closing.

use askama::Template;
use chrono::NaiveDate;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};

use super::{page_of, parse};
use crate::organisation::actions::{self, NewNode, OrganisationError, Recode, Rename};
use crate::organisation::model::{Kind, Node};
use crate::organisation::visible;
use crate::role::{Permission, permit};

#[derive(Template)]
#[template(path = "organisation/pages/new.html")]
struct NewPage {
    page: Page,
    parent: Node,
    kinds: Vec<(&'static str, &'static str)>,
    typed: Fields,
    errors: FormErrors,
}

#[derive(Template)]
#[template(path = "organisation/pages/edit.html")]
pub(crate) struct EditPage {
    page: Page,
    node: Node,
    typed: Fields,
    errors: FormErrors,
    today: NaiveDate,
}

impl EditPage {
    /// What was typed into `field` of the form `form`, or what stands there now.
    fn value<'v>(&'v self, form: &str, field: &str, now: &'v str) -> &'v str {
        if self.typed.text("form") == form { self.typed.text(field) } else { now }
    }

    /// What is wrong with `field` of the form `form`.
    fn error(&self, form: &str, field: &str) -> &str {
        if self.typed.text("form") == form { self.errors.of(field) } else { "" }
    }
}

/// `GET /organisation/{node}/new`
pub async fn new_form(asker: SignedIn, Path(node): Path<String>) -> Answer {
    layout::show(&new_page(&asker, &node, Fields::default(), FormErrors::default()).await?)
}

async fn new_page(
    asker: &SignedIn,
    node: &str,
    typed: Fields,
    errors: FormErrors,
) -> Result<NewPage, Failure> {
    permit(&asker.ctx, Permission::ShapeOrganisation)?;
    let mut tx = asker.ctx.read().await?;
    let parent = visible(&asker.ctx, &mut tx, parse(node)?).await?;
    let page = page_of(asker, &mut tx, &parent, "新设下级机构").await?;
    let kinds = Kind::ALL.iter().filter(|kind| kind.may_stand_below(Some(parent.kind)));
    Ok(NewPage {
        page: page.crumb(&parent.name, format!("/organisation/{}", parent.id)),
        kinds: kinds.map(|kind| (kind.key(), kind.title())).collect(),
        parent,
        typed,
        errors,
    })
}

/// `POST /organisation/{node}/new`
pub async fn found(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let parent = parse(&node)?;
    let mut check = fields.check();
    let kind: Option<Kind> = check.chosen("kind", "类型");
    let name = check.required("name", "名称", 60);
    let valid_from = check.date("valid_from", "设立日期");
    let mut errors = check.errors();
    if let (Some(kind), Some(valid_from), true) = (kind, valid_from, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        let new = NewNode { parent: Some(parent), kind, name, code: fields.text("code"), valid_from };
        match actions::create(&asker.ctx, &mut once.tx, &new).await {
            Ok(node) => {
                let flash = Flash::good(format!("已设立“{}”。", node.name));
                return once.done(&format!("/organisation/{}", node.id), flash).await;
            }
            Err(error) => {
                let titles =
                    [("kind", "类型"), ("name", "名称"), ("code", "代码"), ("valid_from", "设立日期")];
                errors = form_errors(error)?.titled(&titles);
            }
        }
    }
    again(&new_page(&asker, &node, fields.clone(), errors).await?)
}

/// `GET /organisation/{node}/edit`
pub async fn form(asker: SignedIn, Path(node): Path<String>) -> Answer {
    layout::show(&edit_page(&asker, &node, Fields::default(), FormErrors::default()).await?)
}

pub(crate) async fn edit_page(
    asker: &SignedIn,
    node: &str,
    typed: Fields,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    permit(&asker.ctx, Permission::ShapeOrganisation)?;
    let mut tx = asker.ctx.read().await?;
    let node = visible(&asker.ctx, &mut tx, parse(node)?).await?;
    if node.path == asker.member().path {
        return Err(Failure::NotFound);
    }
    let page = page_of(asker, &mut tx, &node, "更名、调整、停用").await?;
    Ok(EditPage {
        page: page.crumb(&node.name, format!("/organisation/{}", node.id)),
        node,
        typed,
        errors,
        today: asker.ctx.at.date(),
    })
}

/// The field that an error is about; what is no field's error is no form's either.
pub(crate) fn form_errors(error: OrganisationError) -> Result<FormErrors, Failure> {
    let field = match &error {
        OrganisationError::Failed(_) | OrganisationError::Stale => return Err(error.into()),
        OrganisationError::Code(_) | OrganisationError::CodeTaken { .. } => "code",
        OrganisationError::Place { .. } => "kind",
        OrganisationError::NoReason => "reason",
        OrganisationError::StillInUse(_)
        | OrganisationError::StillTaught(_)
        | OrganisationError::TooEarly(_)
        | OrganisationError::NotYet => "on",
        _ => "name",
    };
    Ok(FormErrors::one(field, error.to_string()))
}

/// What each of the forms of the page sends.
pub(crate) struct Sent<'f> {
    pub version: i64,
    pub on: Option<NaiveDate>,
    pub reason: &'f str,
    pub errors: FormErrors,
}

pub(crate) fn sent(fields: &Fields) -> Sent<'_> {
    let mut check = fields.check();
    let on = check.date("on", "日期");
    let reason = check.required("reason", "原因", 200);
    Sent { version: fields.text("version").parse().unwrap_or(0), on, reason, errors: check.errors() }
}

/// `POST /organisation/{node}/rename`
pub async fn rename(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id = parse(&node)?;
    let Sent { version, on, reason, mut errors } = sent(&fields);
    if let (Some(from), true) = (on, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        let change = Rename { node: id, version, name: fields.text("name"), from, reason };
        match actions::rename(&asker.ctx, &mut once.tx, &change).await {
            Ok(node) => {
                let flash = Flash::good(format!("已更名为“{}”，原名称保留在沿革中。", node.name));
                return once.done(&format!("/organisation/{id}"), flash).await;
            }
            Err(error) => {
                errors =
                    form_errors(error)?.titled(&[("name", "新名称"), ("on", "生效日期"), ("reason", "原因")]);
            }
        }
    }
    again(&edit_page(&asker, &node, fields.clone(), errors).await?)
}

/// `POST /organisation/{node}/recode`
pub async fn recode(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id = parse(&node)?;
    let Sent { version, on, reason, mut errors } = sent(&fields);
    if let (Some(from), true) = (on, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        let change = Recode { node: id, version, code: fields.text("code"), from, reason };
        match actions::recode(&asker.ctx, &mut once.tx, &change).await {
            Ok(_) => {
                let flash = Flash::good("代码已变更，原代码保留在沿革中。");
                return once.done(&format!("/organisation/{id}"), flash).await;
            }
            Err(error) => {
                errors =
                    form_errors(error)?.titled(&[("code", "新代码"), ("on", "生效日期"), ("reason", "原因")]);
            }
        }
    }
    again(&edit_page(&asker, &node, fields.clone(), errors).await?)
}

/// `POST /organisation/{node}/reopen`
pub async fn reopen(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id = parse(&node)?;
    let Sent { version, on, reason, mut errors } = sent(&fields);
    if let (Some(on), true) = (on, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        match actions::reopen(&asker.ctx, &mut once.tx, (id, version), on, reason).await {
            Ok(()) => {
                let flash = Flash::good("机构已恢复使用。");
                return once.done(&format!("/organisation/{id}"), flash).await;
            }
            Err(error) => errors = form_errors(error)?.titled(&[("on", "生效日期"), ("reason", "原因")]),
        }
    }
    again(&edit_page(&asker, &node, fields.clone(), errors).await?)
}
