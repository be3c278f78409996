//! A tool for the stories of higher rooms.

use chrono::TimeDelta;
use serde_json::{Map, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::access::require;
use tisheng_training::platform::Platform;

use super::actions::tools::{KEEPERS, of_platform, register, turn};
use super::model::{Item, Pick, Tool, ToolState, digest, secret};
use super::settings::Settings;
use super::store::grades;

/// Registers an invented tool for `platform`, as whoever keeps it would, and puts it in use.
///
/// # Errors
/// What the actions report.
pub async fn tool(ctx: &Ctx, tx: &mut Tx, platform: Id<Platform>) -> Result<Id<Tool>, Failure> {
    let settings = Settings {
        name: "演示学习工具".to_owned(),
        login: "https://tool.test/login".to_owned(),
        target: "https://tool.test/launch".to_owned(),
        redirects: vec!["https://tool.test/launch".to_owned()],
        key_set: String::new(),
        keys: json!({ "keys": [] }).to_string(),
        picker: "https://tool.test/launch".to_owned(),
        names: false,
    };
    let id = register(ctx, tx, platform, &settings).await?.ok_or(Failure::NotFound)?;
    turn(ctx, tx, (platform, 1), ToolState::Active).await?;
    Ok(id)
}

/// A course that whoever asks has chosen in the tool of `platform` and not handed in yet.
///
/// # Errors
/// 404 for a platform that the asker does not keep, or one without a tool.
pub async fn pick(ctx: &Ctx, tx: &mut Tx, platform: Id<Platform>) -> Result<Id<Pick>, Failure> {
    let tool = of_platform(ctx, tx, platform).await?.1.ok_or(Failure::NotFound)?;
    let account = Id::from_uuid(require(ctx, &KEEPERS)?.account);
    let pick = Pick { id: ctx.id(), tool: tool.id, account, items: Vec::new() };
    let until = ctx.at + TimeDelta::days(7);
    grades::add_pick(tx, (&pick, &digest(&secret())), (ctx.at, until)).await?;
    let item = Item {
        title: "演示课程".to_owned(),
        text: String::new(),
        url: String::new(),
        custom: Map::new(),
        line: None,
    };
    grades::fill_pick(tx, pick.id, &[item], until).await?;
    Ok(pick.id)
}
