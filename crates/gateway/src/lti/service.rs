//! What machines ask: our configuration and keys, tokens, members, columns and scores.

mod columns;
mod configuration;
mod grades;
mod members;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use serde_json::Value;
use tisheng_kernel::Id;
use tisheng_platform::web::Filters;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_training::course::{self, Course};
use tisheng_training::platform::{self, Platform};

use super::actions::tools::acting;
use super::fault::{Fault, Told};
use super::model::{Tool, ToolState, digest};
use super::pages::visit;
use super::store::{self, passes};

/// Bytes of a request at most.
const MOST: usize = 256 << 10;

/// The addresses for machines, and those at which a tool sends a browser back: a form from another
/// site, which no cookie comes with.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration::show))
        .route("/.well-known/jwks.json", get(configuration::keys))
        .route("/lti/register", any(configuration::register))
        .route("/lti/token", any(token::give))
        .route("/lti/auth", any(visit::answer))
        .route("/lti/picked", any(visit::picked))
        .route("/lti/courses/{course}/members", any(members::list))
        .route("/lti/courses/{course}/lineitems", any(columns::all))
        .route("/lti/courses/{course}/lineitems/{line}", any(columns::one))
        .route("/lti/courses/{course}/lineitems/{line}/scores", any(grades::score))
        .route("/lti/courses/{course}/lineitems/{line}/results", any(grades::results))
}

/// What a tool asks at one of our services.
struct Call {
    ctx: Ctx,
    tool: Tool,
    course: Course,
    method: Method,
    query: Filters,
    body: Bytes,
}

impl Call {
    /// Takes a request about `course` apart; one of `scopes` has to be held.
    async fn read(
        app: Arc<App>,
        (method, headers): (Method, &HeaderMap),
        course: Id<Course>,
        (query, body): (Filters, Bytes),
        scopes: &[&str],
    ) -> Told<Self> {
        let ctx = Ctx::system(app, "learning tool");
        let (tool, platform) = holder(&ctx, headers, scopes).await?;
        let ctx = acting(&ctx, (&tool, &platform));
        if body.len() > MOST {
            return Err(Fault::malformed("more than may be sent at once"));
        }
        let mut tx = ctx.read().await?;
        let course = course::of_id(&mut tx, course).await?.filter(|course| course.platform == tool.platform);
        let course = course.ok_or_else(Fault::absent)?;
        drop(tx);
        Ok(Self { ctx, tool, course, method, query, body })
    }

    /// How many rows are asked for at once.
    fn limit(&self) -> i64 {
        /// Rows of a page unless fewer are asked for.
        const ROWS: i64 = 100;
        self.query.text("limit").parse::<i64>().unwrap_or(ROWS).clamp(1, ROWS)
    }
}

/// The tool that shows a token for one of `scopes` (RFC 6750, 2.1).
async fn holder(ctx: &Ctx, headers: &HeaderMap, scopes: &[&str]) -> Told<(Tool, Platform)> {
    let shown = bearer(headers).ok_or_else(|| Fault::token("an access token is needed (Bearer)"))?;
    let mut tx = ctx.read().await?;
    let known = passes::token(&mut tx, &digest(shown), ctx.at).await?;
    let (tool, held) = known.ok_or_else(|| Fault::token("the token is not known or over"))?;
    let tool = store::of_id(&mut tx, tool).await?.filter(|tool| tool.state == ToolState::Active);
    let tool = tool.ok_or_else(|| Fault::token("the tool is suspended"))?;
    let platform = in_use(&mut tx, &tool).await?;
    if !held.split(' ').any(|one| scopes.contains(&one)) {
        return Err(Fault::scope(scopes.first().copied().unwrap_or_default()));
    }
    Ok((tool, platform))
}

/// The platform of `tool`, when it is in use: a tool of one that is suspended neither reads nor writes.
async fn in_use(tx: &mut Tx, tool: &Tool) -> Told<Platform> {
    let platform = platform::of_id(tx, tool.platform).await?.ok_or_else(Fault::absent)?;
    if platform.state == platform::State::Active {
        Ok(platform)
    } else {
        Err(Fault::forbidden("the platform is suspended"))
    }
}

/// The token of a request.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

/// An answer of JSON.
fn answer(status: StatusCode, media: &'static str, content: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, media)], content.to_string()).into_response()
}

/// The same with the address at which the list goes on.
fn paged(media: &'static str, content: &Value, next: Option<String>) -> Response {
    let mut response = answer(StatusCode::OK, media, content);
    if let Some(next) = next
        && let Ok(link) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\""))
    {
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// The application that a machine asks.
type Here = State<Arc<App>>;
