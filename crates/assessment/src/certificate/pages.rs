//! Pages: the teacher's own standing, the office's list, and the public look-up.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::serve::{Disposition, stored};
use tisheng_platform::web::session::{Session, SignedIn};
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, Page, once};
use tisheng_platform::{App, Ctx};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Role};
use tisheng_registry::people::{self, Person};
use tisheng_rules::{Condition, Verdict};

use super::facts::{Facts, is_signed, public_key};
use super::issue::{self, ISSUERS};
use super::model::{Certificate, CertificateState};
use super::{standing, store};

/// Who sees the certificates of a node.
const SEERS: [Role; 8] = [
    Role::Province,
    Role::City,
    Role::County,
    Role::Town,
    Role::Principal,
    Role::Clerk,
    Role::Auditor,
    Role::Evaluator,
];

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/standing", get(own_standing))
        .route("/people/{person}/standing", get(others_standing))
        .route("/people/{person}/certificate", post(issue_one))
        .route("/certificates", get(list))
        .route("/certificates/batch", post(issue_all))
        .route("/certificates/{number}", get(one))
        .route("/certificates/{number}/pdf", get(pdf))
        .route("/certificates/{number}/revoke", post(revoke))
        .route("/certificates/{number}/reissue", post(reissue))
        .route("/verify", get(look_up))
        .route("/verify/{number}", get(verify))
        .route("/.well-known/tisheng-signing-key", get(signing_key))
}

/// What is met and what is missing, as shown.
struct Shown {
    verdict: Verdict,
    certificate: Option<Certificate>,
    name: String,
    person: Id<Person>,
}

impl Shown {
    fn open(&self) -> impl Iterator<Item = &Condition> {
        self.verdict.gates.iter().filter(|gate| !gate.met)
    }

    fn passed(&self) -> usize {
        self.verdict.gates.iter().filter(|gate| gate.met).count()
    }
}

#[derive(Template)]
#[template(path = "certificate/pages/standing.html")]
struct StandingPage {
    page: Page,
    shown: Shown,
    own: bool,
    may_issue: bool,
}

async fn shown(ctx: &Ctx, person: Id<Person>) -> Result<Shown, Failure> {
    let mut tx = ctx.read().await?;
    let teacher = people::teacher(&mut tx, person).await?;
    let programme = scheme::at(&mut tx, &teacher.path).await?;
    let verdict = standing::verdict(ctx, &mut tx, &programme, person).await?;
    let certificate = store::valid_of(&mut tx, programme.id, person).await?;
    Ok(Shown { verdict, certificate, name: teacher.name, person })
}

/// `GET /standing`
async fn own_standing(asker: SignedIn) -> Answer {
    let member = access::require(&asker.ctx, &[Role::Teacher])?;
    let shown = shown(&asker.ctx, Id::from_uuid(member.person)).await?;
    let page = Page::new(&asker, "达标情况", "/standing");
    show(&StandingPage { page, shown, own: true, may_issue: false })
}

/// `GET /people/{person}/standing`
async fn others_standing(asker: SignedIn, Path(person): Path<Id<Person>>) -> Answer {
    access::require(&asker.ctx, &SEERS)?;
    let mut tx = asker.ctx.read().await?;
    people::visible(&asker.ctx, &mut tx, person).await?;
    drop(tx);
    let shown = shown(&asker.ctx, person).await?;
    let title = format!("{}的达标情况", shown.name);
    let page = Page::new(&asker, title, "/people");
    let may_issue = access::require(&asker.ctx, &ISSUERS).is_ok();
    show(&StandingPage { page, shown, own: false, may_issue })
}

/// `POST /people/{person}/certificate`
async fn issue_one(asker: SignedIn, Path(person): Path<Id<Person>>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let issued = issue::issue(&asker.ctx, &mut begun.tx, person).await?;
    let to = format!("/certificates/{}", issued.number);
    begun.done(&to, Flash::good(format!("已为{}发放证书，编号 {}。", issued.name, issued.number))).await
}

#[derive(Template)]
#[template(path = "certificate/pages/list.html")]
struct ListPage {
    page: Page,
    filters: Filters,
    rows: Vec<Certificate>,
    next: String,
    ready: i64,
    may_issue: bool,
    batch: Option<BatchShown>,
}

struct BatchShown {
    issued: i64,
    total: i64,
    done_at: Option<Instant>,
}

const STATES: [(&str, &str); 3] = [("valid", "有效"), ("revoked", "已撤销"), ("superseded", "已换发")];

/// `GET /certificates`
async fn list(asker: SignedIn, filters: Filters) -> Answer {
    let member = access::require(&asker.ctx, &SEERS)?;
    let scope = asker.ctx.scope();
    let mut tx = asker.ctx.read().await?;
    let programme = scheme::at(&mut tx, &member.path).await?;
    let narrow = (filters.text("state"), filters.text("q"));
    let rows = store::list(&mut tx, programme.id, &scope, narrow, &filters.cursor()).await?;
    let slice = Slice::cut(rows, |(certificate, key)| (key.clone(), certificate.number.clone()));
    let ready = store::count_ready(&mut tx, programme.id, &scope).await?;
    let batch = match store::latest_batch(&mut tx, programme.id, &scope).await? {
        Some((job, issued, done_at)) => {
            let state = jobs::state(&mut tx, Id::from_uuid(job)).await?;
            Some(BatchShown { issued, total: state.map_or(issued, |s| s.total.max(issued)), done_at })
        }
        None => None,
    };
    drop(tx);
    let next = slice.next.map(|place| filters.with("after", &place.write())).unwrap_or_default();
    let page = Page::new(&asker, "证书", "/certificates");
    let may_issue = access::require(&asker.ctx, &ISSUERS).is_ok();
    let rows = slice.rows.into_iter().map(|(certificate, _)| certificate).collect();
    show(&ListPage { page, filters, rows, next, ready, may_issue, batch })
}

/// `POST /certificates/batch`
async fn issue_all(asker: SignedIn, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let ready = issue::issue_batch(&asker.ctx, &mut begun.tx).await?;
    let flash = match ready {
        0 => Flash::note("没有等待发证的教师。"),
        ready => Flash::good(format!("开始为 {ready} 位教师发证，进度显示在本页。")),
    };
    begun.done("/certificates", flash).await
}

#[derive(Template)]
#[template(path = "certificate/pages/one.html")]
struct OnePage {
    page: Page,
    certificate: Certificate,
    facts: Facts,
    may_end: bool,
}

fn facts_of(certificate: &Certificate) -> Result<Facts, Failure> {
    serde_json::from_str(&certificate.facts).map_err(|e| Failure::Internal(e.to_string()))
}

/// The certificate of that number, when the asker may see it: their own, or below their node.
async fn visible(ctx: &Ctx, number: &str) -> Result<Certificate, Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let found = store::of_number(&mut tx, number).await?.ok_or(Failure::NotFound)?;
    let own = found.person.uuid() == member.person;
    let below = access::require(ctx, &SEERS).is_ok() && ctx.scope().holds(&found.path);
    if own || below { Ok(found) } else { Err(Failure::NotFound) }
}

/// `GET /certificates/{number}`
async fn one(asker: SignedIn, Path(number): Path<String>) -> Answer {
    let certificate = visible(&asker.ctx, &number).await?;
    let facts = facts_of(&certificate)?;
    let may_end =
        access::require(&asker.ctx, &ISSUERS).is_ok() && certificate.state == CertificateState::Valid;
    let title = format!("证书 {}", certificate.number);
    let page = Page::new(&asker, title, "/certificates").crumb("证书", "/certificates");
    show(&OnePage { page, certificate, facts, may_end })
}

/// `GET /certificates/{number}/pdf`
async fn pdf(asker: SignedIn, Path(number): Path<String>, headers: HeaderMap) -> Answer {
    let certificate = visible(&asker.ctx, &number).await?;
    let blob = issue::document(&asker.ctx, &certificate).await?;
    let name = format!("{}-{}.pdf", certificate.name, certificate.number);
    stored(&asker.ctx.app, &headers, &blob, "application/pdf", &name, Disposition::Attachment).await
}

/// `POST /certificates/{number}/revoke`
async fn revoke(asker: SignedIn, Path(number): Path<String>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    issue::revoke(&asker.ctx, &mut begun.tx, &number, fields.text("reason")).await?;
    begun.done(&format!("/certificates/{number}"), Flash::good("证书已撤销，查验时会显示“已撤销”。")).await
}

/// `POST /certificates/{number}/reissue`
async fn reissue(asker: SignedIn, Path(number): Path<String>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let fresh = issue::reissue(&asker.ctx, &mut begun.tx, &number, fields.text("reason")).await?;
    let to = format!("/certificates/{}", fresh.number);
    begun
        .done(&to, Flash::good(format!("已换发，新编号 {}；原证书查验时会显示“已换发”。", fresh.number)))
        .await
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    s: String,
}

#[derive(Template)]
#[template(path = "certificate/pages/verify.html")]
struct VerifyPage {
    page: Page,
    number: String,
    looked: bool,
    found: Option<(Certificate, Facts)>,
    /// Whether the signature in the scanned address is that of the facts.
    scanned: Option<bool>,
}

/// `GET /verify`
async fn look_up(session: Session, Query(asked): Query<Asked>) -> Answer {
    let number = asked.number.trim().to_owned();
    if number.is_empty() {
        let page = Page::of(&session.ctx, "证书查验");
        return show(&VerifyPage { page, number, looked: false, found: None, scanned: None });
    }
    answer(&session.ctx, number, &asked.s).await
}

/// `GET /verify/{number}`
async fn verify(session: Session, Path(number): Path<String>, Query(asked): Query<Asked>) -> Answer {
    answer(&session.ctx, number.trim().to_owned(), &asked.s).await
}

async fn answer(ctx: &Ctx, number: String, signature: &str) -> Answer {
    let number: String = number.chars().take(64).collect::<String>().to_ascii_uppercase();
    let mut tx = ctx.read().await?;
    let found = store::of_number(&mut tx, &number).await?;
    drop(tx);
    let found = match found {
        Some(certificate) => {
            let facts = facts_of(&certificate)?;
            Some((certificate, facts))
        }
        None => None,
    };
    let key = public_key(&ctx.app.keys);
    let scanned = found
        .as_ref()
        .filter(|_| !signature.is_empty())
        .map(|(certificate, _)| is_signed(&key, &certificate.facts, signature));
    let page = Page::of(ctx, "证书查验");
    show(&VerifyPage { page, number, looked: true, found, scanned })
}

/// `GET /.well-known/tisheng-signing-key`: the public key, base64, one line.
async fn signing_key(State(app): State<Arc<App>>) -> Answer {
    let text = format!("{}\n", STANDARD.encode(public_key(&app.keys).to_bytes()));
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}
