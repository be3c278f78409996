//! Signing in, step by step: password, second factor where a role asks for it, role.

use axum::http::HeaderValue;
use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Phone};
use tisheng_platform::ctx::{Member, READER};
use tisheng_platform::web::Failure;
use tisheng_platform::web::session::{self, Token};
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::accounts::AccessError;
use super::model::{Account, Grant, Standing, needs_second_factor, plain_login};
use super::password;
use super::recovery;
use super::second_factor::{SecretText, step_of};
use super::store::{self, Credentials};
use super::ways::{Way, Ways};
use crate::people::{self, Person, phone_index};

/// Minutes within which failures add up.
const WINDOW_MINUTES: i64 = 15;
/// Failures of one account from one address before it waits, and for how many minutes.
const PAIR: (i64, i64) = (5, 5);
/// Failures of one account from anywhere.
const ACCOUNT: (i64, i64) = (50, 15);
/// Failures from one address, which a whole school may share.
const ADDRESS: (i64, i64) = (500, 5);
/// Wrong codes of one account.
const CODES: (i64, i64) = (5, 5);
/// Hours after which a failure is forgotten in any case.
const FORGET_HOURS: i64 = 24;

/// Why nobody was let in. Unknown account and wrong password are one case.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Account and password do not belong together.
    #[error("账号或密码不正确。连续输错会暂时锁定；忘记密码请联系本单位管理员重新发放设置链接。")]
    Wrong,
    /// The code is wrong, too old, or has been used.
    #[error("动态口令不正确或已使用，请输入验证器上最新的6位数字；恢复码每个只能用一次。")]
    WrongCode,
    /// Too many failures.
    #[error("连续输错次数较多，请在 {0} 分钟后再试。忘记密码或者换了手机，请联系本单位管理员。")]
    Locked(i64),
    /// The password was right, but the account is entered by another way.
    #[error("您所在的地区统一使用“{}”登录，不再使用本系统的密码。", .0.name)]
    Elsewhere(Way),
    /// The account is closed.
    #[error("您的账号已停用，请联系本单位管理员。")]
    Closed,
    /// Nothing to act in.
    #[error("您的账号目前没有任何身份，请联系本单位管理员。")]
    NoRole,
    /// The sign-in has to begin again.
    #[error("登录已过期，请重新输入账号和密码。")]
    Again,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for SignInError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for SignInError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

/// Somebody is let in, so far.
#[derive(Debug)]
pub enum Accepted {
    /// The person is in; with several roles and none used before, one has yet to be chosen.
    In {
        /// The header that sets the cookie.
        cookie: HeaderValue,
        /// Whether to ask for the role first.
        choose: bool,
    },
    /// A code of the second factor is awaited.
    Code(HeaderValue),
    /// A second factor has to be enrolled first.
    Enrol(HeaderValue),
}

/// Keys of the failures of one attempt.
struct Keys {
    pair: Vec<u8>,
    account: Vec<u8>,
    address: Vec<u8>,
}

impl Keys {
    fn of(ctx: &Ctx, login: &str, address: &str) -> Self {
        let index = |kind: &str, value: &str| ctx.app.keys.index(kind, value);
        Self {
            pair: index("sign-in pair", &format!("{login}\n{address}")),
            account: index("sign-in account", login),
            address: index("sign-in address", address),
        }
    }
}

/// Tries `typed` (login or phone number) with `password`, coming from `address`.
///
/// # Errors
/// [`SignInError`].
pub async fn sign_in(ctx: &Ctx, typed: &str, password: &str, address: &str) -> Result<Accepted, SignInError> {
    let login = plain_login(typed);
    let mut tx = ctx.read().await?;
    let found = find(ctx, &mut tx, &login).await?;
    // One account counts as one, whether its login or its phone number was typed.
    let counted = found.as_ref().map_or(login, |found| found.login.clone());
    let keys = Keys::of(ctx, &counted, address);
    let locked = store::locked_until(&mut tx, [&keys.pair, &keys.account, &keys.address], ctx.at).await?;
    drop(tx);
    if let Some(until) = locked {
        return Err(SignInError::Locked(minutes(until - ctx.at)));
    }
    let hash = found.as_ref().and_then(|found| found.password.as_deref());
    let right = password::verify(password, hash).await?;
    let mut tx = ctx.write().await?;
    let Some(found) = found.filter(|_| right) else {
        let limits = [(&keys.pair, PAIR), (&keys.account, ACCOUNT), (&keys.address, ADDRESS)];
        for (key, limit) in limits {
            count(ctx, &mut tx, key, limit).await?;
        }
        tx.commit().await?;
        return Err(SignInError::Wrong);
    };
    store::forget_failures(&mut tx, &keys.pair, ctx.at + TimeDelta::hours(-FORGET_HOURS)).await?;
    let accepted = by_password(ctx, &mut tx, &found).await;
    tx.commit().await?;
    accepted
}

/// Why an account is let in that gave no password.
#[derive(Debug, Clone, Copy)]
pub struct Vouched<'a> {
    /// Who vouches: kept in the session, and asked again when another role is taken up.
    pub via: &'a str,
    /// Whether that was with several factors, so that ours need not be given.
    pub second_factor: bool,
}

/// Lets `account` in because somebody else vouches for its owner.
///
/// # Errors
/// [`SignInError::Closed`], [`SignInError::NoRole`].
pub async fn sign_in_vouched(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Id<Account>,
    vouched: Vouched<'_>,
) -> Result<Accepted, SignInError> {
    let found = store::credentials(tx, account).await?.ok_or(SignInError::Closed)?;
    let grants = store::grants_of(tx, found.person, ctx.at.date()).await?;
    if vouched.second_factor {
        return begin(ctx, tx, &found, &grants, Some(vouched.via)).await;
    }
    accept(ctx, tx, &found, &grants, Some(vouched.via)).await
}

/// What is known of `account`; nothing when it is closed.
///
/// # Errors
/// What the database reports.
pub async fn standing(ctx: &Ctx, tx: &mut Tx, account: Id<Account>) -> Result<Option<Standing>, DbError> {
    let Some(found) = store::credentials(tx, account).await? else { return Ok(None) };
    let Credentials { account, person, name, login, .. } = found;
    let grants = store::grants_of(tx, person, ctx.at.date()).await?;
    Ok(Some(Standing { account, person, name, login, grants }))
}

/// The same of the account of `person`.
///
/// # Errors
/// What the database reports.
pub async fn standing_of(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<Option<Standing>, DbError> {
    match store::of_person(tx, person).await? {
        Some(account) => standing(ctx, tx, account.id).await,
        None => Ok(None),
    }
}

async fn find(ctx: &Ctx, tx: &mut Tx, login: &str) -> Result<Option<Credentials>, DbError> {
    if let Some(found) = store::by_login(tx, login).await? {
        return Ok(Some(found));
    }
    match Phone::parse(login) {
        Ok(phone) => store::by_phone(tx, &phone_index(&ctx.app.keys, &phone)).await,
        Err(_) => Ok(None),
    }
}

/// The password was right. Only then is said that another way is to be taken: it tells where
/// somebody belongs.
async fn by_password(ctx: &Ctx, tx: &mut Tx, found: &Credentials) -> Result<Accepted, SignInError> {
    let grants = store::grants_of(tx, found.person, ctx.at.date()).await?;
    if let Some(way) = (Ways::of(&ctx.app).instead)(tx, &grants).await? {
        return Err(SignInError::Elsewhere(way));
    }
    accept(ctx, tx, found, &grants, None).await
}

/// The first factor was right: a session begins, as far as it may.
async fn accept(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Credentials,
    grants: &[Grant],
    via: Option<&str>,
) -> Result<Accepted, SignInError> {
    if grants.iter().any(|grant| needs_second_factor(grant.role)) {
        let cookie = session::start_via(ctx, tx, found.account.uuid(), None, via).await?;
        let enrolled = found.totp_sealed.is_some();
        return Ok(if enrolled { Accepted::Code(cookie) } else { Accepted::Enrol(cookie) });
    }
    begin(ctx, tx, found, grants, via).await
}

/// Starts the session in the role used last, or the first.
async fn begin(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Credentials,
    grants: &[Grant],
    via: Option<&str>,
) -> Result<Accepted, SignInError> {
    let last = grants.iter().find(|grant| Some(grant.id) == found.last_grant);
    let Some(grant) = last.or_else(|| grants.iter().min_by_key(|grant| grant.role)) else {
        return read_on(ctx, tx, found, via).await;
    };
    let member = grant.member(found.account, &found.name, grants.len() > 1);
    let cookie = session::start_via(ctx, tx, found.account.uuid(), Some(&member), via).await?;
    store::act_in(tx, found.account, Some(grant.id), ctx.at).await?;
    let detail = json!({ "role": grant.role.key(), "node": grant.node, "via": via });
    audit::record(ctx, tx, "access.signed_in", found.account.uuid(), &detail).await?;
    Ok(Accepted::In { cookie, choose: grants.len() > 1 && last.is_none() })
}

/// A path that is none below a school: whoever has left sees nobody and nothing of it.
const NOBODYS: &str = "-/";

/// Starts the session of somebody who has left a school and holds no role. Whoever vouches for roles
/// vouches for nobody without one.
async fn read_on(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Credentials,
    via: Option<&str>,
) -> Result<Accepted, SignInError> {
    let last = people::posts(tx, found.person).await?.into_iter().next();
    let post = last.filter(|post| post.until.is_some() && via.is_none()).ok_or(SignInError::NoRole)?;
    let member = Member {
        account: found.account.uuid(),
        person: found.person.uuid(),
        name: found.name.clone(),
        role: READER.to_owned(),
        role_title: "离任教师".to_owned(),
        node: post.school.uuid(),
        node_name: post.school_name,
        path: format!("{}{NOBODYS}", post.path),
        has_other_roles: false,
    };
    let cookie = session::start_via(ctx, tx, found.account.uuid(), Some(&member), None).await?;
    store::act_in(tx, found.account, None, ctx.at).await?;
    let detail = json!({ "role": READER, "node": post.school });
    audit::record(ctx, tx, "access.signed_in", found.account.uuid(), &detail).await?;
    Ok(Accepted::In { cookie, choose: false })
}

/// Takes the code of the second factor for the account whose password was right in this session.
///
/// # Errors
/// [`SignInError`].
pub async fn give_code(
    ctx: &Ctx,
    (account, token): (Id<Account>, &Token),
    code: &str,
) -> Result<Accepted, SignInError> {
    let mut tx = ctx.write().await?;
    let found = store::credentials(&mut tx, account).await?.ok_or(SignInError::Again)?;
    if found.totp_sealed.is_none() {
        return Err(SignInError::Again);
    }
    if let Err(wrong) = proved(ctx, &mut tx, &found, code).await {
        // The failure counts.
        tx.commit().await?;
        return Err(wrong);
    }
    let grants = store::grants_of(&mut tx, found.person, ctx.at.date()).await?;
    // Whoever has seen the half-way session's cookie learns nothing of the whole one.
    let via = session::via(&mut tx, token).await?;
    session::end(ctx, &mut tx, token).await?;
    let accepted = begin(ctx, &mut tx, &found, &grants, via.as_deref()).await?;
    tx.commit().await?;
    Ok(accepted)
}

/// Passes when `code` is a fresh code of the account's second factor, or a recovery code; what
/// fails is counted in the transaction.
pub(super) async fn proved(
    ctx: &Ctx,
    tx: &mut Tx,
    found: &Credentials,
    code: &str,
) -> Result<(), SignInError> {
    let key = ctx.app.keys.index("sign-in code", &found.login);
    if let Some(until) = store::locked_until(tx, [&key, &key, &key], ctx.at).await? {
        return Err(SignInError::Locked(minutes(until - ctx.at)));
    }
    let sealed = found.totp_sealed.as_ref().ok_or(SignInError::WrongCode)?;
    let opened = ctx.app.keys.open(sealed).map_err(|e| Failure::Internal(e.to_string()))?;
    let fresh = match step_of(&SecretText::parse(&opened)?, code, ctx.app.wall())? {
        Some(step) => store::take_step(tx, found.account, step).await?,
        None => recovery::spend(ctx, tx, found.account, code).await?,
    };
    if !fresh {
        count(ctx, tx, &key, CODES).await?;
        return Err(SignInError::WrongCode);
    }
    Ok(store::forget_failures(tx, &key, ctx.at + TimeDelta::hours(-FORGET_HOURS)).await?)
}

/// Enrols the second factor `secret` once a code of it proves that the owner has it, and signs
/// the owner in.
///
/// # Errors
/// [`SignInError::WrongCode`]; [`SignInError::Again`] when one is enrolled already.
pub async fn enrol(
    ctx: &Ctx,
    (account, token): (Id<Account>, &Token),
    secret: &SecretText,
    code: &str,
) -> Result<Accepted, SignInError> {
    let mut tx = ctx.write().await?;
    let found = store::credentials(&mut tx, account).await?.ok_or(SignInError::Again)?;
    if found.totp_sealed.is_some() {
        return Err(SignInError::Again);
    }
    let step = step_of(secret, code, ctx.app.wall())?.ok_or(SignInError::WrongCode)?;
    store::set_totp(&mut tx, account, Some(&ctx.app.keys.seal(secret.as_str()))).await?;
    store::take_step(&mut tx, account, step).await?;
    audit::record(ctx, &mut tx, "access.second_factor_enrolled", account.uuid(), &json!({})).await?;
    let grants = store::grants_of(&mut tx, found.person, ctx.at.date()).await?;
    let via = session::via(&mut tx, token).await?;
    session::end(ctx, &mut tx, token).await?;
    let accepted = begin(ctx, &mut tx, &found, &grants, via.as_deref()).await?;
    tx.commit().await?;
    Ok(accepted)
}

/// Lets the asker's session act in another role that the asker holds.
///
/// # Errors
/// Not found when the asker does not hold it today; refused when whoever let the asker in does not
/// vouch for roles there.
pub async fn switch(ctx: &Ctx, tx: &mut Tx, token: &Token, to: Id<Grant>) -> Result<Member, AccessError> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let grants = store::grants_of(tx, Id::from_uuid(member.person), ctx.at.date()).await?;
    let grant = grants.iter().find(|grant| grant.id == to).ok_or(Failure::NotFound)?;
    if let Some(via) = session::via(tx, token).await?
        && !(Ways::of(&ctx.app).vouches)(tx, &via, &grant.path).await?
    {
        return Err(AccessError::NotVouched);
    }
    let account = Id::from_uuid(member.account);
    let now = grant.member(account, &member.name, grants.len() > 1);
    session::take_up(tx, token, &now).await?;
    store::act_in(tx, account, Some(grant.id), ctx.at).await?;
    let detail = json!({ "role": grant.role.key(), "node": grant.node });
    audit::record(ctx, tx, "access.role_switched", member.account, &detail).await?;
    Ok(now)
}

/// Passes when `password` is the account's own; failures count as failed sign-ins do.
pub(super) async fn check_own_password(
    ctx: &Ctx,
    own: &Credentials,
    password: &str,
) -> Result<(), AccessError> {
    let keys = Keys::of(ctx, &own.login, "own account page");
    let mut tx = ctx.read().await?;
    let locked = store::locked_until(&mut tx, [&keys.pair, &keys.account, &keys.pair], ctx.at).await?;
    drop(tx);
    if let Some(until) = locked {
        return Err(AccessError::Locked(minutes(until - ctx.at)));
    }
    if password::verify(password, own.password.as_deref()).await? {
        return Ok(());
    }
    let mut tx = ctx.write().await?;
    count(ctx, &mut tx, &keys.pair, PAIR).await?;
    tx.commit().await?;
    Err(AccessError::WrongPassword)
}

/// Counts a failure under `key`; the one that reaches the limit locks it for as many minutes.
pub(super) async fn count(ctx: &Ctx, tx: &mut Tx, key: &[u8], limit: (i64, i64)) -> Result<(), DbError> {
    let window = ctx.at + TimeDelta::minutes(-WINDOW_MINUTES);
    let until = ctx.at + TimeDelta::minutes(limit.1);
    store::count_failure(tx, key, ctx.at, window, limit.0, until).await
}

/// Whole minutes to wait, at least one.
fn minutes(span: TimeDelta) -> i64 {
    span.num_minutes() + 1
}
