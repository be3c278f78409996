//! The tokens that somebody keeps: made, renewed, revoked.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::{get, post};
use chrono::TimeDelta;
use tisheng_kernel::{Id, Instant, text};
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, Path, once};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_registry::organisation;

use super::actions;
use super::gate::Gate;
use super::model::{Issued, Scope, State, Token, USUAL_RATE, Wanted, decide};

/// Days for which a token may last.
const LASTING: [(u32, &str); 4] = [(90, "3 个月"), (180, "6 个月"), (365, "1 年"), (730, "2 年")];
/// Days for which a new token lasts unless somebody says otherwise.
const USUAL_DAYS: &str = "365";
/// Hours for which the secret before counts, so that a system can change over.
const GRACE: i64 = 24;

/// The pages of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/tokens", get(list).post(make))
        .route("/tokens/{id}/rotate", post(rotate))
        .route("/tokens/{id}/revoke", post(revoke))
}

/// A token as a line of the list.
struct Row {
    id: Id<Token>,
    name: String,
    key: String,
    place: String,
    platform: String,
    scopes: String,
    until: String,
    used: String,
    state: (&'static str, &'static str),
    is_live: bool,
    /// Whether the asker may renew and revoke it.
    is_kept: bool,
}

#[derive(Template)]
#[template(path = "token/pages/list.html")]
struct ListPage {
    page: Page,
    rows: Vec<Row>,
    institution: bool,
    /// Scope, words, whether it is ticked.
    scopes: Vec<(&'static str, &'static str, bool)>,
    platforms: Vec<(String, String)>,
    lasting: Vec<(String, &'static str)>,
    name: String,
    platform: String,
    days: String,
    place: String,
    errors: FormErrors,
}

impl ListPage {
    /// What the choice of a platform says before one is chosen: an institution's token speaks for one.
    const fn no_platform(&self) -> &'static str {
        if self.institution { "请选择" } else { "不代表平台" }
    }
}

#[derive(Template)]
#[template(path = "token/pages/issued.html")]
struct IssuedPage {
    page: Page,
    name: String,
    address: String,
    word: String,
    key: String,
    secret: String,
    /// Whether there was a secret before, which counts for a while.
    renewed: bool,
}

/// `GET /tokens`
async fn list(asker: SignedIn) -> Answer {
    show(&list_page(&asker, None, FormErrors::default()).await?)
}

async fn list_page(
    asker: &SignedIn,
    typed: Option<&Fields>,
    errors: FormErrors,
) -> Result<ListPage, Failure> {
    let ctx = &asker.ctx;
    let institution = actions::is_institution(ctx)?;
    let mut tx = ctx.read().await?;
    let platforms = actions::platforms(ctx, &mut tx).await?;
    let mut rows = Vec::new();
    for token in actions::kept(ctx, &mut tx).await? {
        let place = organisation::by_path(&mut tx, &token.path).await?.map(|node| node.name);
        let platform = platforms.iter().find(|known| Some(known.id) == token.platform);
        let is_kept = !institution || token.scopes.iter().all(|scope| scope.is_for_institutions());
        let names = (place.unwrap_or_default(), platform.map(|known| known.name.clone()).unwrap_or_default());
        rows.push(row(ctx, token, names, is_kept));
    }
    let is_open = |scope: &Scope| !institution || scope.is_for_institutions();
    let offered =
        Scope::ALL.iter().filter(|scope| is_open(scope) && !(scope.needs_platform() && platforms.is_empty()));
    let ticked = |scope: &Scope| typed.is_some_and(|fields| fields.has("scope", scope.key()));
    let text = |name: &str| typed.map(|fields| fields.text(name).to_owned()).unwrap_or_default();
    Ok(ListPage {
        page: Page::new(asker, "接口令牌", "/tokens"),
        rows,
        institution,
        scopes: offered.map(|scope| (scope.key(), scope.title(), ticked(scope))).collect(),
        platforms: platforms.iter().map(|known| (known.id.to_string(), known.name.clone())).collect(),
        lasting: LASTING.map(|(days, words)| (days.to_string(), words)).to_vec(),
        name: text("name"),
        platform: text("platform"),
        days: typed.map_or_else(|| USUAL_DAYS.to_owned(), |fields| fields.text("days").to_owned()),
        place: ctx.who.member().map(|member| member.node_name.clone()).unwrap_or_default(),
        errors: if platforms.is_empty() { errors } else { errors.titled(&PLATFORM) },
    })
}

fn row(ctx: &Ctx, token: Token, (place, platform): (String, String), is_kept: bool) -> Row {
    let state = token.state(ctx.at);
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.title()).collect();
    Row {
        id: token.id,
        name: token.name,
        key: token.key,
        place,
        platform,
        scopes: scopes.join("、"),
        until: token.expires_at.chinese(),
        used: token.used_at.map_or_else(|| "还没有用过".to_owned(), Instant::chinese),
        state: match state {
            State::Live => ("good", "有效"),
            State::Expired => ("plain", "已到期"),
            State::Revoked => ("plain", "已作废"),
        },
        is_live: state == State::Live,
        is_kept,
    }
}

/// The fields that say what is wrong with them.
const TITLES: [(&str, &str); 3] = [("name", "名称"), ("scope", "权限"), ("days", "有效期")];
/// Another, which is there only where there are platforms.
const PLATFORM: [(&str, &str); 1] = [("platform", "代表哪个平台")];

/// What the form asks for.
async fn wanted(ctx: &Ctx, tx: &mut Tx, fields: &Fields) -> Result<Result<Wanted, FormErrors>, Failure> {
    let institution = actions::is_institution(ctx)?;
    let mut errors = FormErrors::default();
    let name = text::tidy(fields.text("name"));
    if name.is_empty() || name.chars().count() > 40 {
        errors.add("name", "请写一个名称，不超过 40 个字，如“研修平台正式环境”");
    }
    let scopes: Vec<Scope> =
        Scope::ALL.iter().copied().filter(|scope| fields.has("scope", scope.key())).collect();
    let platform = actions::chosen_platform(ctx, tx, fields, &mut errors).await?;
    for (field, sentence) in decide(institution, &scopes, platform) {
        errors.add(field, sentence);
    }
    let days = LASTING.iter().find(|(days, _)| days.to_string() == fields.text("days"));
    let Some((days, _)) = days else {
        errors.add("days", "请选择有效期");
        return Ok(Err(errors.titled(&TITLES)));
    };
    if !errors.is_empty() {
        return Ok(Err(errors.titled(&TITLES)));
    }
    let node = actions::ground(ctx, tx).await?;
    Ok(Ok(Wanted { name, node, platform, scopes, rate: USUAL_RATE, days: *days }))
}

/// `POST /tokens`: the secret stands in this answer alone; whoever sends the form again is told so.
async fn make(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let wanted = match wanted(ctx, &mut once.tx, &fields).await? {
        Ok(wanted) => wanted,
        Err(errors) => {
            drop(once);
            return again(&list_page(&asker, Some(&fields), errors).await?);
        }
    };
    let issued = actions::create(ctx, &mut once.tx, &wanted).await?;
    let told = format!("令牌“{}”已经生成过，只显示一次。没有抄下来的话，请换一个密钥。", wanted.name);
    once.shown_once("/tokens", Flash::note(told)).await?;
    issued_page(&asker, wanted.name, issued, false)
}

fn issued_page(asker: &SignedIn, name: String, issued: Issued, renewed: bool) -> Answer {
    let address = format!("{}/api/v1/", asker.ctx.app.config.public_url.trim_end_matches('/'));
    let page = Page::new(asker, "令牌只显示这一次", "/tokens").crumb("接口令牌", "/tokens");
    let word = issued.word();
    let Issued { key, secret, .. } = issued;
    show(&IssuedPage { page, name, address, word, key, secret, renewed })
}

/// `POST /tokens/{id}/rotate`: like [`make`].
async fn rotate(asker: SignedIn, Path(id): Path<Id<Token>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let token = actions::visible(ctx, &mut once.tx, id).await?;
    let secret = actions::rotate(ctx, &mut once.tx, id, TimeDelta::hours(GRACE)).await?;
    let secret = secret.ok_or(Failure::NotFound)?;
    let told = format!("令牌“{}”的密钥已经换过，只显示一次。没有抄下来的话，请再换一次。", token.name);
    once.shown_once("/tokens", Flash::note(told)).await?;
    ctx.app.parts.get::<Gate>().forget();
    issued_page(&asker, token.name, Issued { id, key: token.key, secret }, true)
}

/// `POST /tokens/{id}/revoke`
async fn revoke(asker: SignedIn, Path(id): Path<Id<Token>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let token = actions::visible(ctx, &mut begun.tx, id).await?;
    actions::revoke(ctx, &mut begun.tx, id).await?;
    let flash = Flash::good(format!("令牌“{}”已作废，用它发来的请求会被拒绝。", token.name));
    let answer = begun.done("/tokens", flash).await;
    ctx.app.parts.get::<Gate>().forget();
    answer
}
