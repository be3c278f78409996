//! A tool that registers itself (Dynamic Registration 1.0).

use serde_json::{Map, Value, json};
use tisheng_platform::{Ctx, audit};

use super::tools::{enter, told};
use crate::lti::fault::{Fault, Told};
use crate::lti::model::{Tool, digest};
use crate::lti::settings::Settings;
use crate::lti::store::passes;

/// Registers the tool that shows `token` and says `said` of itself; not in use until somebody who
/// keeps the platform says so. The invitation ends with it.
///
/// # Errors
/// 401 for a token that is not known, over or used; 400 with what is wrong; 409 where the platform
/// has a tool.
pub async fn register(ctx: &Ctx, token: &str, said: &Map<String, Value>) -> Told<(Tool, Settings)> {
    let token = digest(token);
    let over = || Fault::token("the registration token is not known, over or used");
    let mut tx = ctx.write().await?;
    let (platform, by) = passes::invited(&mut tx, &token, ctx.at).await?.ok_or_else(over)?;
    let settings = Settings::registered(said, &ctx.app.outbound)
        .map_err(|(error, sentence)| Fault::bad(error, sentence))?;
    if !passes::take_invitation(&mut tx, &token).await? {
        return Err(over());
    }
    let tool = enter(ctx, &mut tx, platform, &settings).await?;
    let tool = tool.ok_or_else(|| Fault::conflict("the platform has a tool already"))?;
    let detail = json!({ "platform": platform, "by": "invitation", "of": by, "settings": told(&settings) });
    audit::record(ctx, &mut tx, "lti.tool_registered", tool.id.uuid(), &detail).await?;
    tx.commit().await?;
    Ok((tool, settings))
}
