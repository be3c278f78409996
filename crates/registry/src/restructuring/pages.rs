//! The pages on which a node gets another place in the tree, or ends.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::pinyin;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};
use tisheng_platform::{App, Ctx, Tx};

use super::{close as close_node, relocate};
use crate::organisation::pages::edit::{Sent, edit_page, form_errors, sent};
use crate::organisation::pages::{page_of, parse};
use crate::organisation::{self, Close, Node, OrganisationError};
use crate::role::{Permission, permit};

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/organisation/{node}/move", get(form).post(submit))
        .route("/organisation/{node}/close", post(close))
}

#[derive(Template)]
#[template(path = "restructuring/pages/move.html")]
struct MovePage {
    page: Page,
    node: Node,
    typed: Fields,
    errors: FormErrors,
    places: Vec<Node>,
}

/// `GET /organisation/{node}/move`
async fn form(asker: SignedIn, Path(node): Path<String>) -> Answer {
    layout::show(&move_page(&asker, &node, Fields::default(), FormErrors::default(), Vec::new()).await?)
}

async fn move_page(
    asker: &SignedIn,
    node: &str,
    typed: Fields,
    errors: FormErrors,
    places: Vec<Node>,
) -> Result<MovePage, Failure> {
    permit(&asker.ctx, Permission::ShapeOrganisation)?;
    let mut tx = asker.ctx.read().await?;
    let node = organisation::visible(&asker.ctx, &mut tx, parse(node)?).await?;
    if node.path == asker.member().path {
        return Err(Failure::NotFound);
    }
    let page = page_of(asker, &mut tx, &node, "调整上级机构").await?;
    let page = page.crumb(&node.name, format!("/organisation/{}", node.id));
    Ok(MovePage { page, node, typed, errors, places })
}

/// `POST /organisation/{node}/move`
async fn submit(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id = parse(&node)?;
    permit(ctx, Permission::ShapeOrganisation)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let moving = organisation::visible(ctx, &mut once.tx, id).await?;
    let mut check = fields.check();
    let typed = check.required("parent_name", "新的上级机构", 60);
    let on = check.date("on", "生效日期");
    let reason = check.required("reason", "原因", 200);
    let places = meant(ctx, &mut once.tx, &moving, fields.text("parent"), typed).await?;
    let is_certain = |place: &Node| place.name == typed || place.id.to_string() == fields.text("parent");
    match &places[..] {
        [] if !typed.is_empty() => check.fail("parent_name", "没有找到可以移入的机构，请核对名称"),
        [] => {}
        [one] if is_certain(one) => {}
        _ => check.fail("parent_name", "没有完全同名的机构，请在下面选定一个"),
    }
    let mut errors = check.errors();
    if let (Some(on), [parent], true) = (on, &places[..], errors.is_empty()) {
        let version = fields.text("version").parse().unwrap_or(0);
        match relocate(ctx, &mut once.tx, (id, version), parent.id, on, reason).await {
            Ok(_) => {
                let flash = Flash::good(format!("已移到“{}”之下，教师和角色一并移动。", parent.name));
                return once.done(&format!("/organisation/{id}"), flash).await;
            }
            Err(error @ (OrganisationError::Failed(_) | OrganisationError::Stale)) => {
                return Err(error.into());
            }
            Err(error) => errors.add("parent_name", error.to_string()),
        }
    }
    drop(once);
    let errors = errors.titled(&[("parent_name", "新的上级机构")]);
    again(&move_page(&asker, &node, fields, errors, places).await?)
}

/// `POST /organisation/{node}/close`
async fn close(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let id = parse(&node)?;
    let Sent { version, on, reason, mut errors } = sent(&fields);
    if let (Some(on), true) = (on, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        let end = Close { node: id, version, on, reason };
        match close_node(&asker.ctx, &mut once.tx, &end).await {
            Ok(()) => {
                let flash = Flash::good("机构已停用，历史数据全部保留；如有误可以恢复使用。");
                return once.done(&format!("/organisation/{id}"), flash).await;
            }
            Err(error) => errors = form_errors(error)?.titled(&[("on", "生效日期"), ("reason", "原因")]),
        }
    }
    again(&edit_page(&asker, &node, fields.clone(), errors).await?)
}

/// The open nodes that a name may mean and below which `moving` may stand; the one picked, if
/// any.
async fn meant(
    ctx: &Ctx,
    tx: &mut Tx,
    moving: &Node,
    picked: &str,
    typed: &str,
) -> Result<Vec<Node>, Failure> {
    if let Ok(id) = picked.parse() {
        return Ok(vec![organisation::visible(ctx, tx, id).await?]);
    }
    let query = pinyin::query(typed);
    if query.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = organisation::search(tx, &ctx.scope(), &query, None).await?;
    found.retain(|place| {
        place.is_open()
            && moving.kind.may_stand_below(Some(place.kind))
            && !place.path.starts_with(&moving.path)
    });
    let exact: Vec<Node> = found.iter().filter(|place| place.name == typed).cloned().collect();
    Ok(if exact.len() == 1 { exact } else { found })
}
