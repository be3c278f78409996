//! Tokens for tools: client credentials, proved by a signature (Security Framework 1.0, 4.1).

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use serde_json::json;
use tisheng_platform::Ctx;
use tisheng_platform::web::Fields;

use super::{Here, answer, in_use};
use crate::jose::Unverified;
use crate::lti::actions::launch::here;
use crate::lti::asserted::{self, Wrong};
use crate::lti::fault::{Fault, Told};
use crate::lti::model::{Tool, ToolState, digest, secret};
use crate::lti::names::{ASSERTION, scope};
use crate::lti::store::{self, passes};

/// Seconds for which a token is good.
const LIFE: i64 = 3_600;
/// Hours for which the number of a proof is remembered: longer than any proof counts.
const PROOF_HOURS: i64 = 24;

/// `POST /lti/token`
pub async fn give(State(app): Here, body: Bytes) -> Response {
    let ctx = Ctx::system(app, "learning tool");
    given(&ctx, &body).await.unwrap_or_else(IntoResponse::into_response)
}

async fn given(ctx: &Ctx, body: &[u8]) -> Told<Response> {
    let fields = Fields::read(body).map_err(|_| Fault::malformed("the request is no form"))?;
    let proof = fields.text("client_assertion");
    if proof.is_empty() || fields.text("client_assertion_type") != ASSERTION {
        return Err(Fault::client("a client_assertion of the type jwt-bearer is needed"));
    }
    let tool = proved(ctx, proof).await?;
    if fields.text("grant_type") != "client_credentials" {
        return Err(Fault::bad("unsupported_grant_type", "grant_type has to be client_credentials"));
    }
    let wanted = fields.text("scope");
    let granted: Vec<&str> =
        scope::ALL.into_iter().filter(|known| wanted.split_whitespace().any(|one| one == *known)).collect();
    if granted.is_empty() {
        return Err(Fault::bad(
            "invalid_scope",
            format!("scope has to name some of {}", scope::ALL.join(" ")),
        ));
    }
    let (token, scopes) = (secret(), granted.join(" "));
    let mut tx = ctx.write().await?;
    let expires = ctx.at + TimeDelta::seconds(LIFE);
    passes::issue(&mut tx, (&digest(&token), tool.id), &scopes, (ctx.at, expires)).await?;
    tx.commit().await?;
    let content =
        json!({ "access_token": token, "token_type": "Bearer", "expires_in": LIFE, "scope": scopes });
    let mut response = answer(StatusCode::OK, "application/json", &content);
    response.headers_mut().insert(header::PRAGMA, header::HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// The tool that has made `proof` for this endpoint, and has not used it before.
async fn proved(ctx: &Ctx, proof: &str) -> Told<Tool> {
    let token = Unverified::read(proof).map_err(|error| refused(error.into()))?;
    let client = token.states("iss").unwrap_or_default();
    let mut tx = ctx.read().await?;
    let tool = store::of_client(&mut tx, &client).await?;
    drop(tx);
    let tool = tool.ok_or_else(|| refused(Wrong::Issuer))?;
    if tool.state == ToolState::Suspended {
        return Err(Fault::client("the tool is suspended"));
    }
    let mut tx = ctx.read().await?;
    in_use(&mut tx, &tool).await?;
    drop(tx);
    let claims = asserted::verified(ctx, &tool, &token).await.map_err(refused)?;
    let at_token = format!("{}/lti/token", here(ctx));
    asserted::judge(&claims, &tool.client, &[&at_token, here(ctx)], ctx.app.wall()).map_err(refused)?;
    if claims.get("sub").and_then(serde_json::Value::as_str) != Some(&tool.client) {
        return Err(Fault::client("client_assertion: sub is not the client_id"));
    }
    let number = digest(&format!("jti {}", asserted::number(&claims, "jti").map_err(refused)?));
    let mut tx = ctx.write().await?;
    let until = ctx.at + TimeDelta::hours(PROOF_HOURS);
    if !passes::see(&mut tx, (tool.id, &number), (ctx.at, until)).await? {
        return Err(refused(Wrong::Again));
    }
    tx.commit().await?;
    Ok(tool)
}

fn refused(wrong: Wrong) -> Fault {
    match wrong {
        Wrong::Failed(error) => error.into(),
        other => Fault::client(format!("client_assertion: {}", other.plainly())),
    }
}
