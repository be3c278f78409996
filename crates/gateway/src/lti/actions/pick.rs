//! Courses chosen in a tool (Deep Linking 2.0).

use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{Account, require};
use tisheng_training::course::{self, Course, CourseError, Draft};
use tisheng_training::platform::{self, Platform};

use super::launch::{Way, begin, here, in_use};
use super::scores;
use super::tools::{KEEPERS, acting, of_platform};
use crate::jose::Unverified;
use crate::lti::asserted::{self, Wrong};
use crate::lti::fault::LaunchError;
use crate::lti::message;
use crate::lti::model::{Given, Item, Opens, Pick, Tool, digest, secret};
use crate::lti::names::{VERSION, claim, message as kind};
use crate::lti::store::{self, grades, passes};

/// Hours within which somebody has to have chosen.
const CHOOSING_HOURS: i64 = 2;
/// Days for which what a tool gave back waits to become courses.
const KEPT_DAYS: i64 = 7;
/// Hours for which the nonce of an answer is remembered: longer than an answer counts.
const NONCE_HOURS: i64 = 24;

/// Whoever keeps a platform sets out to choose courses in its tool. Gives the address to which the
/// browser goes.
///
/// # Errors
/// [`LaunchError`]; 404 for a platform that the asker does not keep, or one without a tool.
pub async fn set_out(ctx: &Ctx, id: Id<Platform>) -> Result<String, LaunchError> {
    let mut tx = ctx.write().await?;
    let (_, tool) = of_platform(ctx, &mut tx, id).await?;
    let tool = tool.ok_or(Failure::NotFound)?;
    in_use(&tool)?;
    if tool.picker.is_empty() {
        return Err(LaunchError::NoPicker);
    }
    let account = Id::from_uuid(require(ctx, &KEEPERS)?.account);
    let address = begin(ctx, &mut tx, (&tool, &tool.picker), (account, None)).await?;
    tx.commit().await?;
    Ok(address)
}

/// Somebody begins to choose: what the tool is told.
pub(super) async fn opened(
    ctx: &Ctx,
    tx: &mut Tx,
    way: &Way<'_>,
    account: Id<Account>,
) -> Result<Value, LaunchError> {
    of_platform(ctx, tx, way.tool.platform).await?;
    let data = secret();
    let pick = Pick { id: ctx.id(), tool: way.tool.id, account, items: Vec::new() };
    let expires = ctx.at + TimeDelta::hours(CHOOSING_HOURS);
    grades::add_pick(tx, (&pick, &digest(&data)), (ctx.at, expires)).await?;
    // A name that says nothing and is another one on every platform.
    let subject = hex::encode(ctx.app.keys.index("lti staff", &format!("{}\n{account}", way.tool.id)));
    Ok(message::pick(&way.envelope(here(ctx), &subject), &data))
}

/// What came back from a tool.
#[derive(Debug)]
pub struct Picked {
    /// The platform.
    pub platform: Id<Platform>,
    /// The choice; `None` when nothing that can be a course was chosen.
    pub pick: Option<Id<Pick>>,
    /// Things that are no links for learning.
    pub others: usize,
    /// Links beyond those that are taken at once.
    pub beyond: usize,
    /// What the tool wants to be read.
    pub said: String,
}

/// Takes the answer of a tool, which comes without a session: the browser brings it from another
/// site. It is believed for its signature, and belongs to whoever set out by what it gives back.
/// May ask another host.
///
/// # Errors
/// [`LaunchError::Untrusted`], [`LaunchError::Request`], [`LaunchError::Expired`].
pub async fn picked(ctx: &Ctx, answer: &str) -> Result<Picked, LaunchError> {
    let token = Unverified::read(answer).map_err(Wrong::from)?;
    let client = token.states("iss").unwrap_or_default();
    let mut tx = ctx.read().await?;
    let tool = store::of_client(&mut tx, &client).await?;
    drop(tx);
    let tool = tool.ok_or(Wrong::Issuer)?;
    in_use(&tool)?;
    let claims = asserted::verified(ctx, &tool, &token).await?;
    asserted::judge(&claims, &tool.client, &[here(ctx)], ctx.app.wall())?;
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    for (name, wanted, sentence) in [
        (claim::MESSAGE, kind::PICKED, "message_type 应为 LtiDeepLinkingResponse"),
        (claim::VERSION, VERSION, "version 应为 1.3.0"),
        (claim::DEPLOYMENT, &tool.deployment, "deployment_id 与登记的不同"),
    ] {
        if text(name) != wanted {
            return Err(LaunchError::Request(sentence));
        }
    }
    let nonce = digest(&format!("nonce {}", asserted::number(&claims, "nonce")?));
    let none = Vec::new();
    let items = claims.get(claim::ITEMS).and_then(Value::as_array).unwrap_or(&none);
    let admitted =
        |address: &str| ctx.app.outbound.admits(address).map(drop).map_err(|error| error.to_string());
    let given = Item::read_all(items, admitted).map_err(|(place, title, wrong)| LaunchError::Item {
        place,
        title,
        wrong,
    })?;
    let mut tx = ctx.write().await?;
    let platform = platform::of_id(&mut tx, tool.platform).await?.ok_or(Failure::NotFound)?;
    let ctx = &acting(ctx, (&tool, &platform));
    let until = ctx.at + TimeDelta::hours(NONCE_HOURS);
    if !passes::see(&mut tx, (tool.id, &nonce), (ctx.at, until)).await? {
        return Err(Wrong::Again.into());
    }
    let pick = grades::open_pick(&mut tx, (&digest(text(claim::DATA)), tool.id), ctx.at).await?;
    let pick = pick.ok_or(LaunchError::Expired)?;
    let kept = ctx.at + TimeDelta::days(KEPT_DAYS);
    let Given { links, others, beyond } = given;
    let filled = !links.is_empty() && grades::fill_pick(&mut tx, pick.id, &links, kept).await?;
    if filled {
        let titles: Vec<&str> = links.iter().map(|link| link.title.as_str()).collect();
        let detail = json!({ "platform": platform.id, "by": pick.account, "links": titles, "others": others, "beyond": beyond });
        audit::record(ctx, &mut tx, "lti.courses_picked", pick.id.uuid(), &detail).await?;
    }
    tx.commit().await?;
    let said = text(claim::ERROR).chars().take(200).collect();
    Ok(Picked { platform: tool.platform, pick: filled.then_some(pick.id), others, beyond, said })
}

/// What somebody has chosen for a platform, with the tool: for that person alone.
///
/// # Errors
/// 404 when there is nothing, or it is another's.
pub async fn visible(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, id): (Id<Platform>, Id<Pick>),
) -> Result<(Platform, Tool, Pick), Failure> {
    let (platform, tool) = of_platform(ctx, tx, platform).await?;
    let tool = tool.ok_or(Failure::NotFound)?;
    let account = require(ctx, &KEEPERS)?.account;
    let pick = grades::pick(tx, id, ctx.at).await?;
    let pick = pick.filter(|pick| pick.tool == tool.id && pick.account.uuid() == account);
    Ok((platform, tool, pick.ok_or(Failure::NotFound)?))
}

/// Hands a course in that was chosen in a tool: it waits for the office as every course does, and
/// opens what the tool said.
///
/// # Errors
/// Those of [`course::submit`].
pub async fn hand_in(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, tool): (&Platform, &Tool),
    (item, draft): (&Item, &Draft),
) -> Result<Id<Course>, CourseError> {
    store::hold(tx, tool.id).await?;
    let (id, _) = course::submit(ctx, tx, platform, draft).await?;
    let opens = Opens { target: item.url.clone(), custom: item.custom.clone() };
    grades::add_link(tx, (id, tool.id), &opens).await?;
    if let Some(course) = course::of_id(tx, id).await? {
        scores::declared(ctx, tx, &course, item.line.as_ref()).await?;
    }
    let detail = json!({ "tool": tool.id, "target": item.url });
    audit::record(ctx, tx, "lti.course_linked", id.uuid(), &detail).await?;
    Ok(id)
}

/// The address by which a course is known that was chosen in a tool.
#[must_use]
pub fn activity(ctx: &Ctx, pick: &Pick, place: usize) -> String {
    format!("{}/lti/links/{}/{place}", here(ctx), pick.id)
}

/// Whether a platform has a course of this number already.
///
/// # Errors
/// What the database reports.
pub async fn is_taken(
    tx: &mut Tx,
    platform: &Platform,
    code: &str,
) -> Result<bool, tisheng_platform::DbError> {
    Ok(course::of_code(tx, platform, code).await?.is_some())
}
