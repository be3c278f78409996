//! `/progress`: how far the teachers of a node have come.

use axum::response::Response;
use serde_json::{Map, Value, json};
use tisheng_insight::monitoring::{self, Child, Figures, Stage};
use tisheng_platform::Scope as Part;
use tisheng_xapi::time;

use super::call::Call;
use super::place::json_answer;
use super::problem::Told;
use super::roster::node;
use crate::token::Scope;

/// `GET /progress`
pub async fn answer(call: &Call) -> Told<Response> {
    call.knows("GET")?;
    call.needs(Scope::ProgressRead)?;
    call.takes(&["organisation"])?;
    let mut tx = call.ctx.read().await?;
    let node = node(call, &mut tx).await?;
    let programme = call.programme(&mut tx).await?;
    let (own, counted_at) =
        monitoring::figures_below(&mut tx, programme.id, &Part::below(&node.path)).await?;
    let children = monitoring::children(&mut tx, programme.id, node.id).await?;
    let below: Vec<Value> = children.iter().filter(|child| child.stands_with_teachers()).map(child).collect();
    Ok(json_answer(&json!({
        "organisation": node.id.to_string(),
        "name": node.name,
        "figures": figures(&own),
        "below": below,
        "counted_at": counted_at.map(|at| time::written(at.micros())),
    })))
}

fn child(child: &Child) -> Value {
    let figures = figures(&child.figures);
    json!({ "organisation": child.id.to_string(), "name": child.name, "figures": figures })
}

fn figures(figures: &Figures) -> Value {
    let of = |stage: &Stage| (stage.key().to_owned(), Value::from(figures.of(*stage)));
    Value::Object(Stage::ALL.iter().map(of).collect::<Map<String, Value>>())
}
