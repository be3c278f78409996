//! One's own account, and the page where a first password is chosen.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::IntoResponse;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::{self, Session, SignedIn};
use tisheng_platform::web::{Answer, Failure, Fields, FormErrors, once};

use super::sign_in::{Address, after_leaving};
use crate::access::accounts::{self, AccessError};
use crate::access::model::{Account, Grant};
use crate::access::recovery;
use crate::access::sign_in::SignInError;
use crate::access::store::{self, SignedInAt};
use crate::access::ways::{Links, Way, Ways};

#[derive(Template)]
#[template(path = "access/pages/account.html")]
struct AccountPage {
    page: Page,
    errors: FormErrors,
    account: Account,
    grants: Vec<Grant>,
    sessions: Vec<SignedInAt>,
    links: Links,
    /// Recovery codes that were not used.
    codes: i64,
}

#[derive(Template)]
#[template(path = "access/pages/codes.html")]
struct CodesPage {
    page: Page,
    login: String,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "access/pages/set_up.html")]
struct SetUpPage<'a> {
    page: Page,
    errors: FormErrors,
    token: &'a str,
    login: String,
    name: String,
}

#[derive(Template)]
#[template(path = "access/pages/elsewhere.html")]
struct ElsewherePage {
    page: Page,
    way: Way,
}

/// `GET /account`
pub async fn show(asker: SignedIn) -> Answer {
    layout::show(&account_page(&asker, FormErrors::default()).await?)
}

async fn account_page(asker: &SignedIn, errors: FormErrors) -> Result<AccountPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let id = Id::from_uuid(asker.member().account);
    let account = store::by_id(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let grants = store::grants_of(&mut tx, account.person, ctx.at.date()).await?;
    Ok(AccountPage {
        page: Page::new(asker, "我的账号", "/account"),
        errors,
        links: (Ways::of(&ctx.app).links)(&mut tx, id, &grants).await?,
        codes: store::recovery::left(&mut tx, id).await?,
        grants,
        sessions: store::sessions(&mut tx, id, &asker.token, ctx.at).await?,
        account,
    })
}

/// What is wrong with a field, said beside it.
fn beside(field: &str, message: impl Into<String>) -> FormErrors {
    FormErrors::one(field, message).titled(&[
        ("current", "当前密码"),
        ("chosen", "新密码"),
        ("repeated", "再输入一次新密码"),
        ("code", "动态口令或恢复码"),
    ])
}

/// `POST /account/password`
pub async fn change_password(asker: SignedIn, fields: Fields) -> Answer {
    let raw = |name: &str| fields.pairs().iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let (current, chosen) = (raw("current"), raw("chosen"));
    let result = if chosen == raw("repeated") {
        accounts::change_password(&asker.ctx, &asker.token, current, chosen).await
    } else {
        let errors = beside("repeated", "两次输入的新密码不一致");
        return again(&account_page(&asker, errors).await?);
    };
    match result {
        Ok(()) => {
            let flash = Flash::good("密码已修改，其他设备上的登录已退出。");
            Ok(once::redirect("/account", Some(&flash)))
        }
        Err(AccessError::Failed(failure)) => Err(failure),
        Err(error) => {
            let field = if matches!(error, AccessError::Password(_)) { "chosen" } else { "current" };
            again(&account_page(&asker, beside(field, error.to_string())).await?)
        }
    }
}

/// `POST /account/recovery-codes`: the codes stand in this answer alone, so the form has no stored
/// answer; sending it again gives other codes, and these end.
pub async fn renew_codes(asker: SignedIn, fields: Fields) -> Answer {
    match recovery::renew(&asker.ctx, fields.text("code")).await {
        Ok(codes) => {
            let mut tx = asker.ctx.read().await?;
            let account = store::by_id(&mut tx, Id::from_uuid(asker.member().account)).await?;
            let login = account.ok_or(Failure::NotFound)?.login;
            let page = Page::new(&asker, "恢复码", "/account").crumb("我的账号", "/account");
            layout::show(&CodesPage { page, login, codes })
        }
        Err(error) => wrong_code(&asker, error).await,
    }
}

/// `POST /account/second-factor`
pub async fn change_device(asker: SignedIn, fields: Fields) -> Answer {
    match recovery::change_device(&asker.ctx, fields.text("code")).await {
        Ok(()) => {
            let flash = Flash::good("原来的验证器已停用，请重新登录并设置新的验证器。");
            Ok(once::redirect("/sign-in", Some(&flash)))
        }
        Err(error) => wrong_code(&asker, error).await,
    }
}

async fn wrong_code(asker: &SignedIn, error: SignInError) -> Answer {
    match error {
        SignInError::Failed(failure) => Err(failure),
        error => again(&account_page(asker, beside("code", error.to_string())).await?),
    }
}

/// `POST /sign-out/everywhere`
pub async fn sign_out_everywhere(asker: SignedIn) -> Answer {
    let mut tx = asker.ctx.write().await?;
    let to = after_leaving(&asker.ctx, &mut tx, &asker.token).await?;
    session::end_all(&mut tx, asker.member().account, asker.ctx.at, None).await?;
    let cookie = session::end(&asker.ctx, &mut tx, &asker.token).await?;
    tx.commit().await?;
    let flash = Flash::good("您已在所有设备上退出登录。");
    let mut response = once::redirect(&to, Some(&flash));
    response.headers_mut().append(SET_COOKIE, cookie);
    Ok(response)
}

/// `GET /s/{token}`: a short address, since it is typed from a slip of paper.
pub async fn set_up_form(session: Session, address: Address, Path(token): Path<String>) -> Answer {
    accounts::guessed(&session.ctx, &address.0, false).await?;
    match set_up_page(&session, &token, FormErrors::default()).await {
        Ok(page) => layout::show(&page),
        Err(error) => no_password(&session, &address, error).await,
    }
}

#[derive(Template)]
#[template(path = "access/pages/over.html")]
struct OverPage {
    page: Page,
}

/// The page of whoever cannot choose a password here, or the failure that `error` is.
async fn no_password(session: &Session, address: &Address, error: AccessError) -> Answer {
    let ctx = &session.ctx;
    match error {
        AccessError::Elsewhere(way) => {
            again(&ElsewherePage { page: Page::of(ctx, "请使用统一登录"), way })
        }
        AccessError::Token => {
            accounts::guessed(ctx, &address.0, true).await?;
            let page = layout::show(&OverPage { page: Page::of(ctx, "设置链接无效或已过期") })?;
            Ok((StatusCode::FORBIDDEN, page).into_response())
        }
        other => Err(other.into()),
    }
}

async fn set_up_page<'a>(
    session: &Session,
    token: &'a str,
    errors: FormErrors,
) -> Result<SetUpPage<'a>, AccessError> {
    let mut tx = session.ctx.read().await?;
    let holder = accounts::token_holder(&session.ctx, &mut tx, token).await?;
    let page = Page::of(&session.ctx, "设置密码");
    Ok(SetUpPage { page, errors, token, login: holder.login, name: holder.name })
}

/// `POST /s/{token}`
pub async fn set_up(session: Session, address: Address, Path(token): Path<String>, fields: Fields) -> Answer {
    accounts::guessed(&session.ctx, &address.0, false).await?;
    let raw = |name: &str| fields.pairs().iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    if raw("chosen") != raw("repeated") {
        let errors = beside("repeated", "两次输入的密码不一致");
        return match set_up_page(&session, &token, errors).await {
            Ok(page) => again(&page),
            Err(error) => no_password(&session, &address, error).await,
        };
    }
    match accounts::use_setup_token(&session.ctx, &token, raw("chosen")).await {
        Ok(_) => {
            let flash = Flash::good("密码已设置，请用账号和新密码登录。");
            Ok(once::redirect("/sign-in", Some(&flash)))
        }
        Err(AccessError::Password(message)) => {
            again(&set_up_page(&session, &token, beside("chosen", message)).await?)
        }
        Err(error) => no_password(&session, &address, error).await,
    }
}
