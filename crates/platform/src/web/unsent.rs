//! A form that arrives after its session has ended is not lost: it is kept sealed for a while and
//! offered again, to be sent by the person whose session it was.
//!
//! Only the cookie of a session that ended makes us keep anything, so that a stranger stores nothing;
//! only the browser that sent the form, with the same person signed in, gets it back. It keeps its
//! idempotency key: a form that had been taken after all counts once. Of a form with files what was typed is kept;
//! the files are named, to be chosen again.

mod parts;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::body::{Body, Bytes, HttpBody, to_bytes};
use axum::extract::{OriginalUri, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::TimeDelta;
use futures::future::BoxFuture;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use parts::InParts;

use super::layout::{self, Flash, Page};
use super::session::{self, SignedIn, cookie_value};
use super::{Answer, Failure, Fields, Filters, once};
use crate::app::App;
use crate::args;
use crate::db::{DbError, Tx};

/// The cookie that finds the form again.
const COOKIE: &str = "tisheng_unsent";
/// Minutes for which a form is kept.
const KEPT_MINUTES: i64 = 30;
/// Bytes of a form that is kept: what may be typed into all pieces of a draft, at nine bytes a letter.
const MOST: u64 = 1 << 20;
/// Fields of forms that are not kept, since they are typed again and not shown: `password_field`
/// makes them, and codes that are good for a moment.
const SECRET: [&str; 6] = ["password", "current", "chosen", "repeated", "secret", "recovery"];
/// Characters of a field that are shown before the rest is left out.
const SHOWN: usize = 2000;

const KEEP: &str = "insert into unsent_form (account, token, sealed, expires_at) values ($1, $2, $3, $4)
    on conflict (account) do update set token = excluded.token, sealed = excluded.sealed,
        expires_at = excluded.expires_at";
const KEPT: &str = "select sealed from unsent_form where account = $1 and token = $2 and expires_at > $3";
const DROP: &str = "delete from unsent_form where account = $1 and token = $2";

/// A form that came without a session; the answer that leads to the sign-in page carries it.
#[derive(Debug, Clone)]
pub struct Unsent {
    /// The page with the form, an address of this installation.
    page: Option<String>,
    /// Whose session it was, when it has ended not long ago.
    whose: Option<Uuid>,
    /// Why, when somebody else has ended it.
    because: Option<String>,
}

/// Why a session has ended that nobody else has ended.
const TOO_LONG: &str = "登录已过期，请重新登录。";

impl Unsent {
    /// Whether this request is a form that a person sent: a script that sends something in the
    /// background says itself what became of it.
    pub(super) fn is_of_a_person(parts: &Parts) -> bool {
        let mode = parts.headers.get("sec-fetch-mode").and_then(|mode| mode.to_str().ok());
        parts.method == Method::POST && mode.is_none_or(|mode| mode == "navigate")
    }

    /// The form of this request, which has no session.
    pub(super) fn of<'a>(headers: &'a HeaderMap, app: &'a Arc<App>) -> BoxFuture<'a, Result<Self, DbError>> {
        Box::pin(async move {
            let (whose, because) = session::ended(headers, app).await?.unzip();
            Ok(Self { page: page_before(headers), whose, because: because.flatten() })
        })
    }

    /// Why, and what became of the form.
    fn told(&self, became: &str) -> Flash {
        Flash::warn(format!("{}{became}", self.because.as_deref().unwrap_or(TOO_LONG)))
    }

    /// Led to the sign-in page, and told why.
    pub(super) fn answer(self) -> Response {
        let flash = self.told("刚才填写的内容没有提交。");
        let mut response = once::redirect(&sign_in(self.page.as_deref()), Some(&flash));
        response.extensions_mut().insert(self);
        response
    }
}

/// The address of the sign-in page that leads to `back` afterwards.
pub(super) fn sign_in(back: Option<&str>) -> String {
    match back {
        None | Some("/") => "/sign-in".to_owned(),
        Some(back) => format!("/sign-in?back={}", utf8_percent_encode(back, NON_ALPHANUMERIC)),
    }
}

/// The page that the request was sent from. Whatever host it names, we go to our own.
fn page_before(headers: &HeaderMap) -> Option<String> {
    let from: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    let page = from.path_and_query()?.as_str().to_owned();
    once::leads_here(&page).then_some(page)
}

/// What was typed, and where it belongs.
#[derive(Debug, Serialize, Deserialize)]
struct Typed {
    to: String,
    page: Option<String>,
    pairs: Vec<(String, String)>,
    /// Of a form with files: those that were chosen, by field and name.
    #[serde(default)]
    files: Option<Vec<(String, String)>>,
    /// Whether more was sent than is kept.
    #[serde(default)]
    is_cut: bool,
}

/// A form as it came.
enum Sent {
    /// In one piece.
    Whole(Bytes),
    /// In parts, files among them; none when it is no form, or too long to be kept.
    InParts(Option<InParts>),
}

/// What was typed into `sent`, when it may be kept.
fn typed(to: String, page: Option<&str>, sent: Sent) -> Option<Typed> {
    let (pairs, files, is_cut) = match sent {
        Sent::Whole(body) => (Fields::read(&body).ok()?.pairs().to_vec(), None, false),
        Sent::InParts(form) => form.map(|form| (form.pairs, Some(form.files), form.is_cut))?,
    };
    let is_secret = pairs.iter().any(|(name, _)| SECRET.contains(&name.as_str()));
    // What is typed about one's own account proves who one is.
    let is_secret = is_secret || to.starts_with("/account");
    let page = page.map(str::to_owned);
    (!is_secret && once::leads_here(&to)).then_some(Typed { to, page, pairs, files, is_cut })
}

/// Around all pages: keeps a form that turns out to have come after its session.
pub(super) async fn keep(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let whole = request.extensions().get::<OriginalUri>().map(|OriginalUri(uri)| uri);
    let to = whole.unwrap_or(request.uri()).path_and_query().map(ToString::to_string).unwrap_or_default();
    let (head, body) = request.into_parts();
    let (sent, body) = if is_whole(&head, &body) {
        let Ok(body) = to_bytes(body, usize::try_from(MOST).unwrap_or(usize::MAX)).await else {
            return Failure::Malformed("表单没有完整送达。".to_owned()).into_response();
        };
        (Sent::Whole(body.clone()), Body::from(body))
    } else if is_in_parts(&head) && has_ended(&head.headers, &app).await {
        // Nobody else will read it: whoever takes files asks first who sends them. One file of the largest size is
        // waited for, with what is typed around it.
        let longest = (app.config.upload_mib << 20).saturating_add(MOST);
        (Sent::InParts(parts::read(&head.headers, body, (MOST, longest)).await), Body::empty())
    } else {
        return next.run(Request::from_parts(head, body)).await;
    };
    let response = next.run(Request::from_parts(head, body)).await;
    let Some(unsent) = response.extensions().get::<Unsent>() else { return response };
    let (Some(whose), Some(typed)) = (unsent.whose, typed(to, unsent.page.as_deref(), sent)) else {
        return response;
    };
    match stored(&app, whose, &typed).await {
        Ok(cookie) => {
            let flash = unsent.told(match &typed.files {
                _ if typed.is_cut => {
                    "刚才填写的内容没有提交，而且太大，只保留了前面的部分；登录后请核对，缺少的须重新填写。"
                }
                Some(files) if !files.is_empty() => {
                    "刚才填写的内容没有提交，登录后可以接着提交；选好的文件没有保留，须重新选择。"
                }
                _ => "刚才填写的内容没有提交，登录后可以接着提交。",
            });
            let back = typed.page.unwrap_or_else(|| "/".to_owned());
            let back = format!("/unsent?back={}", utf8_percent_encode(&back, NON_ALPHANUMERIC));
            let mut response = once::redirect(&sign_in(Some(&back)), Some(&flash));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            response
        }
        Err(error) => {
            tracing::warn!(%error, "a form without a session cannot be kept");
            response
        }
    }
}

fn is_form(head: &Parts, kind: &str) -> bool {
    let text = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    head.method == Method::POST && text.unwrap_or_default().starts_with(kind)
}

/// Whether it is a form in one piece, and short enough to be kept.
fn is_whole(head: &Parts, body: &Body) -> bool {
    let is_small = body.size_hint().upper().is_some_and(|length| length <= MOST);
    is_form(head, "application/x-www-form-urlencoded") && is_small
}

/// Whether it is a form with files that a person sent.
fn is_in_parts(head: &Parts) -> bool {
    is_form(head, "multipart/form-data") && Unsent::is_of_a_person(head)
}

/// Whether these headers name a session that has ended, and none that goes on.
async fn has_ended(headers: &HeaderMap, app: &Arc<App>) -> bool {
    session::signed_in(headers, app).await.is_none()
        && session::ended(headers, app).await.is_ok_and(|found| found.is_some())
}

async fn stored(app: &Arc<App>, whose: Uuid, typed: &Typed) -> Result<HeaderValue, DbError> {
    let text = serde_json::to_string(typed).map_err(|e| DbError::Engine(e.to_string()))?;
    let sealed = app.keys.seal(&text);
    let secret = hex::encode(rand::random::<[u8; 32]>());
    let until = app.now() + TimeDelta::minutes(KEPT_MINUTES);
    let mut tx = app.db.write().await?;
    tx.run(KEEP, args![whose, &digest(&secret), &sealed, until]).await?;
    tx.commit().await?;
    let age = KEPT_MINUTES * 60;
    let cookie = format!("{COOKIE}={secret}; Path=/unsent; HttpOnly; SameSite=Lax; Max-Age={age}");
    Ok(HeaderValue::from_str(&cookie).expect("hexadecimal digits and attributes are valid in a header"))
}

fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// The pages of the frame for such a form.
pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/unsent", get(show)).route("/unsent/drop", post(discard))
}

#[derive(Template)]
#[template(path = "unsent.html")]
struct UnsentPage {
    page: Page,
    to: String,
    back: String,
    pairs: Vec<(String, String)>,
    /// Of a form with files: those to be chosen again, by field and name.
    files: Option<Vec<(String, String)>>,
    /// Whether more was sent than is here.
    is_cut: bool,
    /// What of it a person has typed, in the order of the form.
    shown: Vec<String>,
}

impl UnsentPage {
    /// The files to be chosen again.
    fn chosen(&self) -> &[(String, String)] {
        self.files.as_deref().unwrap_or_default()
    }

    /// Their names, in a sentence.
    fn names(&self) -> String {
        self.chosen().iter().map(|(_, name)| format!("“{name}”")).collect::<Vec<_>>().join("、")
    }
}

/// `GET /unsent`
async fn show(asker: SignedIn, headers: HeaderMap, filters: Filters) -> Answer {
    let back = Some(filters.text("back")).filter(|back| once::leads_here(back)).unwrap_or("/").to_owned();
    let mut tx = asker.ctx.read().await?;
    let Some(typed) = kept(&asker, &mut tx, &headers).await? else {
        let flash = Flash::warn("刚才填写的内容没有提交，也没有保留，请重新填写。");
        return Ok(once::redirect(&back, Some(&flash)));
    };
    let page = Page::new(&asker, "刚才填写的内容没有提交", "/unsent");
    let shown = typed.pairs.iter().filter(|(name, value)| is_words(name, value));
    let shown = shown.map(|(_, value)| value.chars().take(SHOWN).collect()).collect();
    let Typed { to, pairs, files, is_cut, .. } = typed;
    layout::show(&UnsentPage { page, to, back, pairs, files, is_cut, shown })
}

/// Whether a field holds what a person reads, not a number or a choice that the form needs: Chinese, or several
/// words of another language.
fn is_words(name: &str, value: &str) -> bool {
    !name.starts_with('_') && (!value.is_ascii() || value.split_whitespace().nth(1).is_some())
}

async fn kept(asker: &SignedIn, tx: &mut Tx, headers: &HeaderMap) -> Result<Option<Typed>, Failure> {
    let Some(secret) = cookie_value(headers, COOKIE) else { return Ok(None) };
    let (ctx, key) = (&asker.ctx, digest(secret));
    let whose = asker.member().account;
    let sealed = tx.row_opt(KEPT, args![whose, &key, ctx.at], |row| row.get::<Vec<u8>>(0)).await?;
    let opened = sealed.and_then(|sealed| ctx.app.keys.open(&sealed).ok());
    Ok(opened.and_then(|text| serde_json::from_str(&text).ok()))
}

/// `POST /unsent/drop`
async fn discard(asker: SignedIn, headers: HeaderMap, fields: Fields) -> Answer {
    if let Some(secret) = cookie_value(&headers, COOKIE) {
        let mut tx = asker.ctx.write().await?;
        tx.run(DROP, args![asker.member().account, &digest(secret)]).await?;
        tx.commit().await?;
    }
    Ok(once::redirect(fields.text("back"), Some(&Flash::note("刚才填写的内容已放弃。"))))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderValue, header};

    use super::{InParts, Sent, is_words, page_before, typed};

    #[test]
    fn a_page_before_is_one_of_ours() {
        let from = |referer: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::REFERER, HeaderValue::from_static(referer));
            page_before(&headers)
        };
        assert_eq!(from("https://tisheng.test/people?q=1").as_deref(), Some("/people?q=1"));
        assert_eq!(from("https://evil.test//evil.test/"), None);
        assert_eq!(from("/\\evil.test"), None);
        assert_eq!(from("nonsense of some kind"), None);
        assert_eq!(page_before(&HeaderMap::new()), None);
    }

    #[test]
    fn what_is_secret_is_not_kept() {
        let kept = |to: &str, body: &'static str| {
            typed(to.to_owned(), None, Sent::Whole(body.as_bytes().into())).is_some()
        };
        assert!(kept("/hours/disputes", "reason=x&_key=1"));
        assert!(!kept("/hours/disputes", "current=old&chosen=new"));
        assert!(!kept("/hours/disputes", "a=%00"), "no form at all");
        assert!(!kept("/account/recovery-codes", "code=1234-5678"), "it proves who one is");
        let pairs = vec![("current".to_owned(), "old".to_owned())];
        let secret = Sent::InParts(Some(InParts { pairs, ..InParts::default() }));
        assert!(typed("/hours/disputes".to_owned(), None, secret).is_none());
    }

    #[test]
    fn people_are_shown_what_they_wrote() {
        assert!(is_words("reason", "学时少记了"));
        assert!(is_words("body-A6-2", "Unit 3: warm-up, reading, discussion."));
        assert!(!is_words("item", "0193d5b8a0c07d0e8f6b1c2d3e4f5a6b"));
        assert!(!is_words("minutes", " 12 "));
        assert!(!is_words("_key", "甲"));
    }
}
