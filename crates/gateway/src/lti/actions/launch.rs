//! On the way to a tool (Security Framework 1.0, 5.1: third-party initiated login).

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{Account, Role, require};
use tisheng_registry::people::{self, Person};
use tisheng_training::course::{self, Course, State as CourseState};
use tisheng_training::learning;
use tisheng_training::platform::{self, Platform, State as PlatformState};

use super::{openings, pick, scores};
use crate::address::with;
use crate::lti::fault::LaunchError;
use crate::lti::keys;
use crate::lti::message::{self, Envelope, Opening};
use crate::lti::model::{Hint, Tool, ToolState, digest, secret};
use crate::lti::store::{self, grades, passes};

/// Minutes within which a tool has to have sent the browser back.
const AWAY_MINUTES: i64 = 10;
/// Hours for which a nonce of a tool is remembered: longer than any message with it counts.
const NONCE_HOURS: i64 = 24;
/// Characters of a nonce or a state at most.
const LONGEST: usize = 2_000;

/// Where `ctx.app` is reached, as it calls itself.
#[must_use]
pub fn here(ctx: &Ctx) -> &str {
    ctx.app.config.public_url.trim_end_matches('/')
}

/// What has to hold for a teacher to open `course`.
async fn openable(tx: &mut Tx, course: &Course) -> Result<(Platform, Tool), LaunchError> {
    if course.state != CourseState::Offered {
        return Err(LaunchError::NotOffered);
    }
    let platform = platform::of_id(tx, course.platform).await?;
    let platform = platform.ok_or(tisheng_platform::web::Failure::NotFound)?;
    if platform.state == PlatformState::Suspended {
        return Err(LaunchError::PlatformSuspended(platform.name));
    }
    let tool = store::of_platform(tx, platform.id).await?;
    let tool = tool.ok_or(tisheng_platform::web::Failure::NotFound)?;
    in_use(&tool)?;
    if !openings::opens(tx, &tool, course.id).await? {
        return Err(LaunchError::Elsewhere(tool.name));
    }
    Ok((platform, tool))
}

pub(super) fn in_use(tool: &Tool) -> Result<(), LaunchError> {
    match tool.state {
        ToolState::Active => Ok(()),
        ToolState::Suspended => Err(LaunchError::Suspended(tool.name.clone())),
    }
}

/// A teacher sets out to learn a course in the tool of its platform. Gives the address to which the
/// browser goes.
///
/// # Errors
/// [`LaunchError`]; 404 for whoever is no teacher, and for a course that is not there or has no tool.
pub async fn set_out(ctx: &Ctx, id: Id<Course>) -> Result<String, LaunchError> {
    let account = Id::from_uuid(require(ctx, &[Role::Teacher])?.account);
    let mut tx = ctx.write().await?;
    let course = course::course(ctx, &mut tx, id).await?;
    let (_, tool) = openable(&mut tx, &course).await?;
    let opens = grades::link(&mut tx, id).await?;
    let target = message::target(&tool, &course, opens.as_ref()).to_owned();
    let address = begin(ctx, &mut tx, (&tool, &target), (account, Some(id))).await?;
    tx.commit().await?;
    Ok(address)
}

/// Notes that somebody sets out, and gives the address of the tool at which that begins.
pub(super) async fn begin(
    ctx: &Ctx,
    tx: &mut Tx,
    (tool, target): (&Tool, &str),
    (account, course): (Id<Account>, Option<Id<Course>>),
) -> Result<String, LaunchError> {
    let hint = secret();
    let expires = ctx.at + TimeDelta::minutes(AWAY_MINUTES);
    let row = Hint { tool: tool.id, account, course };
    passes::set_out(tx, (&digest(&hint), &row), (ctx.at, expires)).await?;
    let pairs = [
        ("iss", here(ctx)),
        ("login_hint", hint.as_str()),
        ("target_link_uri", target),
        ("client_id", tool.client.as_str()),
        ("lti_deployment_id", tool.deployment.as_str()),
    ];
    Ok(with(&tool.login, &pairs))
}

/// What a tool asks when it sends the browser back (OpenID Connect Core 1.0, 3.1.2.1); an empty
/// text is not there.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// `id_token`.
    pub response_type: &'a str,
    /// `form_post`.
    pub response_mode: &'a str,
    /// Words, `openid` among them.
    pub scope: &'a str,
    /// `none`: nobody is asked anything.
    pub prompt: &'a str,
    /// The tool.
    pub client: &'a str,
    /// Where the message is to go.
    pub redirect: &'a str,
    /// What we gave along.
    pub hint: &'a str,
    /// What the tool asks to see again with the message.
    pub state: &'a str,
    /// What the tool asks to see again in it.
    pub nonce: &'a str,
}

impl Asked<'_> {
    /// What of it is not as the standard has it (Security Framework 1.0, 5.1.1.2).
    fn fault(&self) -> Option<&'static str> {
        let words = [
            (self.response_type == "id_token", "response_type 应为 id_token"),
            (self.response_mode == "form_post", "response_mode 应为 form_post"),
            (self.scope.split(' ').any(|word| word == "openid"), "scope 应含 openid"),
            (self.prompt == "none", "prompt 应为 none"),
            (!self.nonce.is_empty() && self.nonce.len() <= LONGEST, "缺少 nonce，或者 nonce 太长"),
            (self.state.len() <= LONGEST, "state 太长"),
        ];
        words.into_iter().find(|(holds, _)| !holds).map(|(_, sentence)| sentence)
    }
}

/// A message on its way to a tool.
#[derive(Debug)]
pub struct Message {
    /// Where it goes.
    pub to: String,
    /// The signed message.
    pub token: String,
    /// What the tool asked to see again.
    pub state: String,
    /// What the tool is called.
    pub tool: String,
}

/// Takes back a browser from the tool, and gives the message that it takes there. The hint counts
/// once, for the account that set out; a nonce counts once for a tool.
///
/// # Errors
/// [`LaunchError`].
pub async fn answer(ctx: &Ctx, asked: &Asked<'_>) -> Result<Message, LaunchError> {
    let hint = digest(asked.hint);
    let mut tx = ctx.read().await?;
    let known = passes::hint(&mut tx, &hint, ctx.at).await?.ok_or(LaunchError::Expired)?;
    drop(tx);
    let member = ctx.who.member().ok_or(LaunchError::NotSignedIn)?;
    if member.account != known.account.uuid() {
        return Err(LaunchError::Expired);
    }
    let signing = keys::signing(ctx).await?;
    let mut tx = ctx.write().await?;
    let tool = store::of_client(&mut tx, asked.client).await?;
    let tool = tool.ok_or_else(|| LaunchError::UnknownTool(asked.client.chars().take(80).collect()))?;
    if tool.id != known.tool {
        return Err(LaunchError::Expired);
    }
    in_use(&tool)?;
    if !tool.redirects.iter().any(|redirect| redirect == asked.redirect) {
        return Err(LaunchError::Redirect);
    }
    if let Some(sentence) = asked.fault() {
        return Err(LaunchError::Request(sentence));
    }
    let nonce = digest(&format!("nonce {}", asked.nonce));
    let until = ctx.at + TimeDelta::hours(NONCE_HOURS);
    if !passes::take_hint(&mut tx, &hint).await?
        || !passes::see(&mut tx, (tool.id, &nonce), (ctx.at, until)).await?
    {
        return Err(LaunchError::Expired);
    }
    store::hold(&mut tx, tool.id).await?;
    let way = Way { tool: &tool, nonce: asked.nonce, at: ctx.app.wall() };
    let claims = match known.course {
        Some(course) => opened(ctx, &mut tx, &way, (course, Id::from_uuid(member.person))).await?,
        None => pick::opened(ctx, &mut tx, &way, known.account).await?,
    };
    tx.commit().await?;
    Ok(Message {
        to: asked.redirect.to_owned(),
        token: signing.sign(&claims),
        state: asked.state.to_owned(),
        tool: tool.name,
    })
}

/// The tool that waits for a message, and what it asked.
#[derive(Debug, Clone, Copy)]
pub struct Way<'w> {
    pub tool: &'w Tool,
    pub nonce: &'w str,
    pub at: Instant,
}

impl<'w> Way<'w> {
    /// What every message on it says, of somebody whom we call `subject`.
    pub fn envelope<'e>(&self, here: &'e str, subject: &'e str) -> Envelope<'e>
    where
        'w: 'e,
    {
        Envelope { here, tool: self.tool, nonce: self.nonce, subject, at: self.at }
    }
}

/// A teacher opens a course: what the tool is told.
async fn opened(
    ctx: &Ctx,
    tx: &mut Tx,
    way: &Way<'_>,
    (id, person): (Id<Course>, Id<Person>),
) -> Result<serde_json::Value, LaunchError> {
    require(ctx, &[Role::Teacher])?;
    let course = course::course(ctx, tx, id).await?;
    let (platform, tool) = openable(tx, &course).await?;
    if tool.id != way.tool.id {
        return Err(LaunchError::Expired);
    }
    let account = learning::learner_for(ctx, tx, &platform, person).await?;
    if grades::opened(tx, (id, &account.name, person), ctx.at).await? {
        let detail = json!({ "tool": tool.id, "named": tool.names });
        audit::record(ctx, tx, "lti.course_opened", id.uuid(), &detail).await?;
    }
    let line = scores::declared(ctx, tx, &course, None).await?;
    let opens = grades::link(tx, id).await?;
    let name = if tool.names { Some(people::teacher(tx, person).await?.name) } else { None };
    let opening = Opening { course: &course, opens: opens.as_ref(), line: &line, name: name.as_deref() };
    Ok(message::launch(&way.envelope(here(ctx), &account.name), &opening))
}
