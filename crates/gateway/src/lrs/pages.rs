//! A platform's keys to the record store: who runs the platform, or its office, makes and ends them.

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
use tisheng_registry::access::{Role, role};
use tisheng_training::platform::{self, OFFICES, Platform};

use super::credential::{self, Listed};
use super::desk::Desk;
use super::model::{Credential, Scope, USUAL_RATE, Wanted};
use super::store::credentials;

/// What a platform may be allowed in what it writes itself.
const OFFERED: [(Scope, &str); 5] = [
    (Scope::Write, "写入学习记录"),
    (Scope::ReadMine, "读取自己写入的记录"),
    (Scope::State, "保存学习进度"),
    (Scope::Profile, "读写活动和学员的资料"),
    (Scope::Define, "更新活动的名称和说明"),
];
/// What reaches beyond it, to everything in the store: given by an office with nothing outside its part of the
/// tree, and by nobody else.
const WIDE: [(Scope, &str); 3] = [
    (Scope::Read, "读取所有平台写入的记录"),
    (Scope::AllRead, "读取学习记录库的全部内容"),
    (Scope::All, "全部权限：读写一切，可作废他人的记录"),
];
/// Requests a second that an institution may give its key, and an office.
const MOST_RATE: [u32; 2] = [USUAL_RATE, 10_000];
/// What a new key is allowed unless somebody says otherwise.
const USUAL: [Scope; 3] = [Scope::Write, Scope::ReadMine, Scope::State];
/// Hours for which the secret before is taken, so that a platform can change over.
const GRACE: i64 = 24;

/// The pages of the room.
pub fn pages() -> Router<Arc<App>> {
    Router::new()
        .route("/platforms/{id}/credentials", get(list).post(make))
        .route("/platforms/{id}/credentials/{credential}/rotate", post(rotate))
        .route("/platforms/{id}/credentials/{credential}/revoke", post(revoke))
}

/// A key as a line of the list.
struct Row {
    id: Id<Credential>,
    name: String,
    key: String,
    scopes: String,
    limits: String,
    created: Instant,
    revoked: Option<Instant>,
}

#[derive(Template)]
#[template(path = "lrs/pages/credentials.html")]
struct CredentialsPage {
    page: Page,
    platform: Platform,
    address: String,
    rows: Vec<Row>,
    /// Scope, words, whether it is ticked.
    scopes: Vec<(&'static str, &'static str, bool)>,
    /// Whether what reaches beyond the platform's own is among them.
    is_wide: bool,
    name: String,
    rate: String,
    most_rate: u32,
    quota: String,
    errors: FormErrors,
}

impl CredentialsPage {
    fn rate_hint(&self) -> String {
        format!("1 到 {}，超过的请求稍后重发即可", self.most_rate)
    }
}

#[derive(Template)]
#[template(path = "lrs/pages/issued.html")]
struct IssuedPage {
    page: Page,
    platform: Platform,
    address: String,
    key: String,
    secret: String,
    /// Whether there was a secret before, which is taken for a while.
    renewed: bool,
}

/// The platform, for its office and for whoever runs it.
async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Platform>) -> Result<Platform, Failure> {
    let holds = role(ctx).is_some_and(|role| role == Role::Institution || OFFICES.contains(&role));
    if holds { platform::visible(ctx, tx, id).await } else { Err(Failure::NotFound) }
}

/// What the asker may give: scopes with their words, and requests a second.
async fn giving(ctx: &Ctx, tx: &mut Tx) -> Result<(Vec<(Scope, &'static str)>, u32), Failure> {
    let mut scopes = OFFERED.to_vec();
    let is_office = role(ctx).is_some_and(|role| OFFICES.contains(&role));
    if is_office && !credentials::is_anything_outside(tx, &ctx.scope()).await? {
        scopes.extend(WIDE);
    }
    let [institution, office] = MOST_RATE;
    Ok((scopes, if is_office { office } else { institution }))
}

fn address(ctx: &Ctx) -> String {
    format!("{}/xapi/", ctx.app.config.public_url.trim_end_matches('/'))
}

fn page_of(asker: &SignedIn, title: &str, platform: &Platform) -> Page {
    Page::new(asker, title, "/platforms")
        .crumb("学习平台", "/platforms")
        .crumb(platform.name.clone(), format!("/platforms/{}", platform.id))
}

/// `GET /platforms/{id}/credentials`
async fn list(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    show(&list_page(&asker, id, None, FormErrors::default()).await?)
}

async fn list_page(
    asker: &SignedIn,
    id: Id<Platform>,
    typed: Option<&Fields>,
    errors: FormErrors,
) -> Result<CredentialsPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = own(ctx, &mut tx, id).await?;
    let (giving, most_rate) = giving(ctx, &mut tx).await?;
    let all = credential::list(&mut tx).await?;
    let rows = all.into_iter().filter(|one| one.credential.platform == Some(id.uuid())).map(row);
    let ticked = |scope: Scope| match typed {
        Some(fields) => fields.has("scope", scope.code()),
        None => USUAL.contains(&scope),
    };
    let text = |name: &str| typed.map(|fields| fields.text(name).to_owned()).unwrap_or_default();
    Ok(CredentialsPage {
        page: page_of(asker, "学习记录库的凭证", &platform),
        address: address(ctx),
        rows: rows.collect(),
        is_wide: giving.len() > OFFERED.len(),
        scopes: giving.into_iter().map(|(scope, words)| (scope.code(), words, ticked(scope))).collect(),
        name: text("name"),
        rate: typed.map_or_else(|| USUAL_RATE.to_string(), |fields| fields.text("rate").to_owned()),
        most_rate,
        quota: text("quota"),
        errors,
        platform,
    })
}

fn row(listed: Listed) -> Row {
    let Listed { credential, created, revoked } = listed;
    let scopes: Vec<&str> = OFFERED
        .iter()
        .chain(&WIDE)
        .filter(|(scope, _)| credential.scopes.contains(scope))
        .map(|(_, words)| *words)
        .collect();
    let quota = credential.quota.map(|quota| format!("，每天 {quota} 条")).unwrap_or_default();
    Row {
        id: credential.id,
        name: credential.name,
        key: credential.key,
        scopes: scopes.join("、"),
        limits: format!("每秒 {} 次{quota}", credential.rate),
        created,
        revoked,
    }
}

/// The fields of the form, which say what is wrong with them.
const TITLES: [(&str, &str); 4] =
    [("name", "名称"), ("scope", "权限"), ("rate", "每秒最多的请求次数"), ("quota", "每天最多写入的条数")];

/// What the form asks for, of what the asker may give.
fn wanted(
    fields: &Fields,
    platform: Id<Platform>,
    (giving, most_rate): (&[(Scope, &str)], u32),
) -> Result<Wanted, FormErrors> {
    let mut errors = FormErrors::default();
    let name = text::tidy(fields.text("name"));
    if name.is_empty() || name.chars().count() > 40 {
        errors.add("name", "请写一个名称，不超过 40 个字，如“生产环境”");
    }
    let asked = |scope: &Scope| fields.has("scope", scope.code());
    let scopes: Vec<Scope> = giving.iter().map(|(scope, _)| *scope).filter(asked).collect();
    if WIDE.iter().any(|(scope, _)| asked(scope) && !scopes.contains(scope)) {
        errors.add("scope", "读写其他平台的记录，只能由管理全部区域的工程办授权；请改选其他权限");
    } else if scopes.is_empty() {
        errors.add("scope", "请至少选择一项权限");
    }
    let rate = match fields.text("rate") {
        "" => Some(USUAL_RATE),
        typed => typed.parse::<u32>().ok().filter(|rate| (1..=most_rate).contains(rate)),
    };
    if rate.is_none() {
        errors.add("rate", format!("每秒的次数应为 1 到 {most_rate} 的整数"));
    }
    let typed = fields.text("quota");
    let quota = if typed.is_empty() { Ok(None) } else { typed.parse::<u32>().map(Some) };
    if quota.is_err() {
        errors.add("quota", "每天的条数应为整数，不限就不填");
    }
    match (rate, quota) {
        (Some(rate), Ok(quota)) if errors.is_empty() => {
            let platform = Some(platform.uuid());
            Ok(Wanted { platform, rate, quota, ..Wanted::new(&name, &scopes) })
        }
        _ => Err(errors.titled(&TITLES)),
    }
}

/// `POST /platforms/{id}/credentials`: the secret stands in this answer alone; whoever sends the form
/// again is told so.
async fn make(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    own(ctx, &mut tx, id).await?;
    let (giving, most_rate) = giving(ctx, &mut tx).await?;
    drop(tx);
    let wanted = match wanted(&fields, id, (&giving, most_rate)) {
        Ok(wanted) => wanted,
        Err(errors) => {
            let page = list_page(&asker, id, Some(&fields), errors).await?;
            return again(&page);
        }
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let platform = own(ctx, &mut once.tx, id).await?;
    let issued = credential::create(ctx, &mut once.tx, &wanted).await?;
    let told = format!("凭证“{}”已经生成过，密钥只显示一次。没有抄下来的话，请换一个密钥。", wanted.name);
    once.shown_once(&format!("/platforms/{id}/credentials"), Flash::note(told)).await?;
    issued_page(&asker, platform, (issued.key, issued.secret), false)
}

fn issued_page(
    asker: &SignedIn,
    platform: Platform,
    (key, secret): (String, String),
    renewed: bool,
) -> Answer {
    let page = page_of(asker, "密钥只显示这一次", &platform);
    let address = address(&asker.ctx);
    show(&IssuedPage { page, platform, address, key, secret, renewed })
}

/// A key of the platform that was not revoked.
async fn of_platform(tx: &mut Tx, platform: &Platform, id: Id<Credential>) -> Result<Credential, Failure> {
    let all = credential::list(tx).await?;
    let found = all.into_iter().find(|one| one.credential.id == id && one.revoked.is_none());
    let found = found.map(|one| one.credential).ok_or(Failure::NotFound)?;
    if found.platform == Some(platform.id.uuid()) { Ok(found) } else { Err(Failure::NotFound) }
}

/// `POST /platforms/{id}/credentials/{credential}/rotate`: like [`make`].
async fn rotate(
    asker: SignedIn,
    Path((id, credential)): Path<(Id<Platform>, Id<Credential>)>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let platform = own(ctx, &mut once.tx, id).await?;
    let found = of_platform(&mut once.tx, &platform, credential).await?;
    let secret = credential::rotate(ctx, &mut once.tx, found.id, TimeDelta::hours(GRACE)).await?;
    let secret = secret.ok_or(Failure::NotFound)?;
    let told = format!("凭证“{}”的密钥已经换过，只显示一次。没有抄下来的话，请再换一次。", found.name);
    once.shown_once(&format!("/platforms/{id}/credentials"), Flash::note(told)).await?;
    ctx.app.parts.get::<Desk>().forget();
    issued_page(&asker, platform, (found.key, secret), true)
}

/// `POST /platforms/{id}/credentials/{credential}/revoke`
async fn revoke(
    asker: SignedIn,
    Path((id, credential)): Path<(Id<Platform>, Id<Credential>)>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let platform = own(ctx, &mut begun.tx, id).await?;
    let found = of_platform(&mut begun.tx, &platform, credential).await?;
    credential::revoke(ctx, &mut begun.tx, found.id).await?;
    let flash = Flash::good(format!("凭证“{}”已作废，用它发来的请求会被拒绝。", found.name));
    let answer = begun.done(&format!("/platforms/{id}/credentials"), flash).await;
    ctx.app.parts.get::<Desk>().forget();
    answer
}
