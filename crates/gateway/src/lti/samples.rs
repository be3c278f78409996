//! A tool for the stories of higher rooms.

use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::access::require;
use tisheng_registry::people::Person;
use tisheng_training::course::{self, Course};
use tisheng_training::learning;
use tisheng_training::platform::{self, Platform};

use super::actions::scores;
use super::actions::tools::{KEEPERS, of_platform, register, turn};
use super::model::{Item, Pick, Tool, ToolState, digest, secret};
use super::score::Score;
use super::settings::Settings;
use super::store::grades;
use crate::jose::sign::SigningKey;

/// Registers an invented tool for `platform`, as whoever keeps it would, and puts it in use.
///
/// # Errors
/// What the actions report.
pub async fn tool(ctx: &Ctx, tx: &mut Tx, platform: Id<Platform>) -> Result<Id<Tool>, Failure> {
    let at = |path: &str| format!("https://tool.test{path}");
    Ok(entered(ctx, tx, platform, (at, json!({ "keys": [] }))).await?.id)
}

/// The same with a tool at `address` that signs with `key`; gives client and deployment.
///
/// # Errors
/// What the actions report.
pub async fn tool_at(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: Id<Platform>,
    (address, key): (&str, &str),
) -> Result<(String, String), Failure> {
    let key = SigningKey::read(key).ok_or_else(|| Failure::Internal("no key".to_owned()))?;
    let at = |path: &str| format!("{address}{path}");
    let tool = entered(ctx, tx, platform, (at, json!({ "keys": [key.public()] }))).await?;
    Ok((tool.client, tool.deployment))
}

/// A key for a tool: PKCS #8 in Base64.
#[must_use]
pub fn key() -> String {
    SigningKey::make().to_string()
}

async fn entered(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: Id<Platform>,
    (at, keys): (impl Fn(&str) -> String, Value),
) -> Result<Tool, Failure> {
    let settings = Settings {
        name: "演示学习工具".to_owned(),
        login: at("/login"),
        target: at("/launch"),
        redirects: vec![at("/launch")],
        key_set: String::new(),
        keys: keys.to_string(),
        picker: at("/launch"),
        names: false,
        whole: true,
    };
    register(ctx, tx, platform, &settings).await?.ok_or(Failure::NotFound)?;
    turn(ctx, tx, (platform, 1), ToolState::Active).await?;
    of_platform(ctx, tx, platform).await?.1.ok_or(Failure::NotFound)
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

/// What the tool of its platform says of a teacher who has opened `course`: it is completed, with
/// four fifths of the highest score, a day ago.
///
/// # Errors
/// What the actions report; 404 for a course that is not there.
pub async fn completed(
    ctx: &Ctx,
    tx: &mut Tx,
    (course, person): (Id<Course>, Id<Person>),
) -> Result<(), Failure> {
    let course = course::of_id(tx, course).await?.ok_or(Failure::NotFound)?;
    let platform = platform::of_id(tx, course.platform).await?.ok_or(Failure::NotFound)?;
    let account = learning::learner_for(ctx, tx, &platform, person).await?;
    grades::opened(tx, (course.id, &account.name, person), ctx.at).await?;
    let line = scores::declared(ctx, tx, &course, None).await?;
    let said = json!({
        "userId": account.name, "timestamp": (ctx.at + TimeDelta::days(-1)).iso(),
        "activityProgress": "Completed", "gradingProgress": "FullyGraded", "scoreGiven": 80, "scoreMaximum": 100,
    });
    let score = Score::read(said.to_string().as_bytes(), line.id, ctx.at).map_err(Failure::Internal)?;
    let taken = scores::take(ctx, tx, (&course, &line), &score).await;
    taken.map_err(|fault| Failure::Internal(fault.sentence))
}
