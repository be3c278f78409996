//! `/organisations` and `/people`: who is there within the node of a token.

use axum::response::Response;
use serde_json::{Value, json};
use tisheng_platform::Tx;
use tisheng_platform::web::Cursor;
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people::{self, Order, RollFilter, RollLine};

use super::call::{Call, id};
use super::place::{page, read};
use super::problem::Told;
use crate::token::Scope;

/// `GET /organisations`
pub async fn organisations(call: &Call) -> Told<Response> {
    call.knows("GET")?;
    call.needs(Scope::RosterRead)?;
    call.takes(&["limit", "after"])?;
    let limit = call.limit()?;
    let [place] = read::<1>(call)?;
    let mut tx = call.ctx.read().await?;
    let nodes = organisation::below(&mut tx, &call.ctx.scope(), &place, limit + 1).await?;
    Ok(page(call, limit, nodes, |node| vec![node.path.clone()], written))
}

fn written(node: &Node) -> Value {
    json!({
        "id": node.id.to_string(),
        "parent": node.parent.map(|parent| parent.to_string()),
        "kind": node.kind.key(),
        "name": node.name,
        "code": node.code,
        "open": node.is_open(),
    })
}

/// `GET /people`: teachers with an open post, school by school; never a number of a paper or a phone.
pub async fn people(call: &Call) -> Told<Response> {
    call.knows("GET")?;
    call.needs(Scope::RosterRead)?;
    call.takes(&["organisation", "limit", "after"])?;
    let limit = call.limit()?;
    let [key, last] = read::<2>(call)?;
    let mut tx = call.ctx.read().await?;
    let node = node(call, &mut tx).await?;
    let filter = RollFilter { order: Order::School, ..RollFilter::default() };
    let place = Cursor { key, id: last };
    let rows = people::roll(&mut tx, &node, &filter, &place, limit + 1).await?;
    let place = |line: &RollLine| {
        let (key, id) = line.place(Order::School);
        vec![key, id]
    };
    Ok(page(call, limit, rows, place, teacher))
}

fn teacher(line: &RollLine) -> Value {
    json!({
        "id": line.person.to_string(),
        "name": line.name,
        "organisation": line.school.to_string(),
        "organisation_name": line.school_name,
        "subject": line.subject,
        "stage": line.stage,
        "title": line.title,
        "since": line.since.to_string(),
    })
}

/// The node that a call is about: that of the token, or one within it.
pub async fn node(call: &Call, tx: &mut Tx) -> Told<Node> {
    let wanted = match call.param("organisation") {
        "" => call.token.node,
        text => id(text)?,
    };
    Ok(organisation::visible(&call.ctx, tx, wanted).await?)
}
