//! The files of a node, taken away by an office.

use serde_json::{Value, json};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, audit};
use tisheng_policy::scheme;
use tisheng_registry::access::{Role, require};

use super::fault::Fault;
use super::records::{Collection, Ground};
use super::sheets::{self, TABLES};

/// Who takes the files of their node away.
pub const OFFICES: [Role; 3] = [Role::Province, Role::City, Role::County];

/// The zip of the asker's node.
///
/// # Errors
/// [`Failure::Refused`] for more teachers than a file takes; 404 for whoever is no office.
pub async fn zip(ctx: &Ctx) -> Result<Vec<u8>, Failure> {
    let member = require(ctx, &OFFICES)?;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let part = ctx.scope();
    let address = ctx.app.config.public_url.trim_end_matches('/');
    let ground = Ground::new(&programme, &rules, (&part, member.node), address);
    let mut tables = Vec::new();
    for table in &TABLES {
        tables.push((table, whole(&ground, &mut tx, table.collection).await?));
    }
    drop(tx);
    let users = tables.iter().find(|(table, _)| table.name == "users").map_or(0, |(_, rows)| rows.len());
    let source = member.node_name.clone();
    let made = tokio::task::spawn_blocking(move || sheets::write(&source, &tables)).await;
    let internal = |cause: String| Failure::Internal(cause);
    let bytes = made.map_err(|e| internal(e.to_string()))?.map_err(|e| internal(e.to_string()))?;
    let mut tx = ctx.write().await?;
    audit::record(ctx, &mut tx, "oneroster.exported", member.node, &json!({ "users": users })).await?;
    tx.commit().await?;
    Ok(bytes)
}

async fn whole(
    ground: &Ground<'_>,
    tx: &mut tisheng_platform::Tx,
    collection: Collection,
) -> Result<Vec<Value>, Failure> {
    ground.whole(tx, collection).await.map_err(|fault: Fault| fault.for_people())
}
