//! Accounts: made for a person, opened with a one-time token, disabled.

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::code;
use super::model::{Account, fits_login, plain_login};
use super::password::{self, Hashed};
use super::second_factor::SecretText;
use super::sign_in;
use super::store;
use super::ways::{Way, Ways};
use crate::people::{self, Person};
use crate::role::{Permission, permit};

/// Days for which a set-up token counts.
const TOKEN_DAYS: i64 = 7;
/// Signs of a set-up token, five bits each: short enough to be typed from a slip of paper, and with a
/// million of them open, and as many addresses guessing as [`UNKNOWN`] lets them for their days, nobody
/// finds one.
const TOKEN_LENGTH: usize = 15;
/// Unknown tokens from one address, which a whole school may share, before it waits, and for how many
/// minutes.
const UNKNOWN: (i64, i64) = (100, 5);

/// Why an account or a role was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The login does not fit.
    #[error("账号应为3至32位小写字母、数字或 . _ - @，且不能使用身份证号或手机号")]
    Login,
    /// The login is another's, or the person has an account.
    #[error("账号“{0}”已被使用，或该人员已有账号")]
    Taken(String),
    /// There is no account.
    #[error("该人员还没有账号")]
    NoAccount,
    /// The password does not fit, with the sentence for the form.
    #[error("{0}")]
    Password(String),
    /// The current password is wrong.
    #[error("当前密码不正确")]
    WrongPassword,
    /// The token has been used, has expired, or never was.
    #[error("设置链接无效或已过期，请联系本单位管理员重新发放")]
    Token,
    /// The account is entered by another way than a password.
    #[error("您所在的地区统一使用“{}”登录，不再使用本系统的密码", .0.name)]
    Elsewhere(Way),
    /// Whoever let the asker in does not vouch for roles at such a place.
    #[error("此身份在登录方式所属的地区以外，请退出后用账号和密码登录，再切换到此身份")]
    NotVouched,
    /// The role does not belong at such a node.
    #[error("“{role}”不能授予在这一级机构")]
    Place {
        /// The role's title.
        role: &'static str,
    },
    /// The person holds the role there already.
    #[error("该人员在此机构已有“{0}”身份")]
    Held(&'static str),
    /// It was not taken back today or yesterday.
    #[error("只能撤销今天或昨天的收回；需要此身份时请重新授予")]
    TakenLongAgo,
    /// Whoever held it works at the school no more.
    #[error("此人已不在该校任职，不能恢复此身份")]
    Moved,
    /// Somebody has opened or closed the account meanwhile.
    #[error("账号状态已被改动，请返回后按现在的状态处理")]
    Changed,
    /// The last day lies in the past.
    #[error("截止日期不能早于今天")]
    Past,
    /// Too many wrong passwords; try again in some minutes.
    #[error("连续输错次数较多，请在 {0} 分钟后再试")]
    Locked(i64),
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for AccessError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for AccessError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}

/// A set-up token, shown once: the database keeps only its digest.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The account that it opens.
    pub account: Id<Account>,
    /// The token as it stands in the address `/s/{token}`.
    pub token: String,
    /// Until when it counts.
    pub expires: Instant,
}

/// An account of a checked roster.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Whose it is.
    pub person: Id<Person>,
    /// What is typed to sign in.
    pub login: String,
}

/// Makes an account without a password for a person whom the asker looks after.
///
/// # Errors
/// [`AccessError::Login`], [`AccessError::Taken`].
pub async fn create_account(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    login: &str,
) -> Result<Id<Account>, AccessError> {
    permit(ctx, Permission::GiveRoles)?;
    let person = people::visible(ctx, tx, person).await?;
    let login = plain_login(login);
    if !fits_login(&login) {
        return Err(AccessError::Login);
    }
    let id: Id<Account> = ctx.id();
    if !store::insert(tx, id, person.id, &login).await? {
        return Err(AccessError::Taken(login));
    }
    let detail = json!({ "person": person.id, "login": login });
    audit::record(ctx, tx, "access.account_created", id.uuid(), &detail).await?;
    Ok(id)
}

/// Makes accounts without passwords for many people of a checked roster; who has one already, or
/// whose login is taken, is passed over. Says how many were made.
///
/// # Errors
/// What the database reports.
pub async fn create_accounts(ctx: &Ctx, tx: &mut Tx, new: &[NewAccount]) -> Result<u64, DbError> {
    let rows: Vec<(Id<Account>, Id<Person>, String)> =
        new.iter().map(|account| (ctx.id(), account.person, plain_login(&account.login))).collect();
    store::insert_all(tx, &rows).await
}

/// Issues a one-time token with which the owner chooses a password; an earlier token ends.
///
/// # Errors
/// [`AccessError::NoAccount`].
pub async fn issue_setup_token(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<Issued, AccessError> {
    let account = cared_for(ctx, tx, person).await?;
    let token = code::fresh::<TOKEN_LENGTH>();
    let expires = ctx.at + TimeDelta::days(TOKEN_DAYS);
    store::set_token(tx, account.id, &digest(ctx, &token), expires).await?;
    let detail = json!({ "person": person, "expires": expires });
    audit::record(ctx, tx, "access.setup_issued", account.id.uuid(), &detail).await?;
    Ok(Issued { account: account.id, token: code::shown(&token), expires })
}

/// Whose password `token` lets choose: the owner's login and name.
///
/// # Errors
/// [`AccessError::Token`]; [`AccessError::Elsewhere`] where passwords are no longer used.
pub(super) async fn token_holder(
    ctx: &Ctx,
    tx: &mut Tx,
    token: &str,
) -> Result<store::TokenHolder, AccessError> {
    let token = code::plain(token, TOKEN_LENGTH).ok_or(AccessError::Token)?;
    let holder = store::by_token(tx, &digest(ctx, &token), ctx.at).await?.ok_or(AccessError::Token)?;
    let grants = store::grants_of(tx, holder.person, ctx.at.date()).await?;
    match (Ways::of(&ctx.app).instead)(tx, &grants).await? {
        Some(way) => Err(AccessError::Elsewhere(way)),
        None => Ok(holder),
    }
}

/// Passes while not too many unknown tokens have come from `address`; `is_unknown` counts one more.
///
/// # Errors
/// [`Failure::TooMany`].
pub(super) async fn guessed(ctx: &Ctx, address: &str, is_unknown: bool) -> Result<(), Failure> {
    let key = ctx.app.keys.index("set-up address", address);
    if is_unknown {
        let mut tx = ctx.write().await?;
        sign_in::count(ctx, &mut tx, &key, UNKNOWN).await?;
        return Ok(tx.commit().await?);
    }
    let mut tx = ctx.read().await?;
    match store::locked_until(&mut tx, [&key, &key, &key], ctx.at).await? {
        Some(until) => {
            let seconds = u32::try_from((until - ctx.at).num_seconds() + 1).unwrap_or(1);
            Err(Failure::TooMany { seconds })
        }
        None => Ok(()),
    }
}

/// Lets the owner of `token` choose a password; the token counts once. Opens its own
/// transactions, since hashing stands between them.
///
/// # Errors
/// [`AccessError::Token`], [`AccessError::Elsewhere`], [`AccessError::Password`].
pub async fn use_setup_token(ctx: &Ctx, token: &str, chosen: &str) -> Result<Id<Account>, AccessError> {
    let mut tx = ctx.read().await?;
    let holder = token_holder(ctx, &mut tx, token).await?;
    drop(tx);
    password::is_acceptable(chosen, &holder.login, &holder.name).map_err(AccessError::Password)?;
    let hashed = password::hash(chosen).await?;
    let mut tx = ctx.write().await?;
    let token = code::plain(token, TOKEN_LENGTH).ok_or(AccessError::Token)?;
    if !store::spend_token(&mut tx, holder.account, &digest(ctx, &token), hashed.as_str()).await? {
        return Err(AccessError::Token);
    }
    session::end_all(&mut tx, holder.account.uuid(), ctx.at, None).await?;
    audit::record(ctx, &mut tx, "access.password_chosen", holder.account.uuid(), &json!({})).await?;
    tx.commit().await?;
    Ok(holder.account)
}

/// Whose open account has `login`: for the command line.
///
/// # Errors
/// What the database reports, or not found.
pub async fn owner(ctx: &Ctx, tx: &mut Tx, login: &str) -> Result<Option<Id<Person>>, AccessError> {
    only_installation(ctx)?;
    let found = store::by_login(tx, &plain_login(login)).await?;
    Ok(found.map(|credentials| credentials.person))
}

/// Gives an account a password that was hashed before the transaction was opened: for the
/// command line and the demo.
///
/// # Errors
/// What the database reports, or not found.
pub async fn set_password(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Id<Account>,
    hashed: &Hashed,
) -> Result<(), AccessError> {
    only_installation(ctx)?;
    store::set_password(tx, account, hashed.as_str()).await?;
    session::end_all(tx, account.uuid(), ctx.at, None).await?;
    audit::record(ctx, tx, "access.password_set", account.uuid(), &json!({})).await?;
    Ok(())
}

/// Gives an account a second factor with a known secret: for the command line and the demo.
///
/// # Errors
/// What the database reports, or not found.
pub async fn set_second_factor(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Id<Account>,
    secret: &SecretText,
) -> Result<(), AccessError> {
    only_installation(ctx)?;
    store::set_totp(tx, account, Some(&ctx.app.keys.seal(secret.as_str()))).await?;
    audit::record(ctx, tx, "access.second_factor_set", account.uuid(), &json!({})).await?;
    Ok(())
}

/// Replaces the asker's own password and ends the other sessions. Opens its own transactions.
///
/// # Errors
/// [`AccessError::WrongPassword`], [`AccessError::Password`].
pub async fn change_password(
    ctx: &Ctx,
    token: &session::Token,
    current: &str,
    chosen: &str,
) -> Result<(), AccessError> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let own = store::credentials(&mut tx, Id::from_uuid(member.account)).await?.ok_or(Failure::NotFound)?;
    drop(tx);
    sign_in::check_own_password(ctx, &own, current).await?;
    password::is_acceptable(chosen, &own.login, &own.name).map_err(AccessError::Password)?;
    let hashed = password::hash(chosen).await?;
    let mut tx = ctx.write().await?;
    store::set_password(&mut tx, own.account, hashed.as_str()).await?;
    session::end_all(&mut tx, own.account.uuid(), ctx.at, Some(token)).await?;
    audit::record(ctx, &mut tx, "access.password_changed", own.account.uuid(), &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes the second factor from an account whose owner has lost the device; the next sign-in
/// enrols another.
///
/// # Errors
/// [`AccessError::NoAccount`].
pub async fn reset_second_factor(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), AccessError> {
    let account = cared_for(ctx, tx, person).await?;
    store::set_totp(tx, account.id, None).await?;
    store::recovery::forget(tx, account.id).await?;
    session::end_all(tx, account.id.uuid(), ctx.at, None).await?;
    audit::record(ctx, tx, "access.second_factor_reset", account.id.uuid(), &json!({ "person": person }))
        .await?;
    Ok(())
}

/// Closes an account: its sessions end and it cannot sign in. Gives the account's version since.
///
/// # Errors
/// [`AccessError::NoAccount`]; [`AccessError::Changed`] when it is closed already.
pub async fn disable(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<i64, AccessError> {
    let account = cared_for(ctx, tx, person).await?;
    if account.disabled_at.is_some() {
        return Err(AccessError::Changed);
    }
    store::set_disabled(tx, account.id, Some(ctx.at)).await?;
    session::end_all(tx, account.id.uuid(), ctx.at, None).await?;
    audit::record(ctx, tx, "access.account_disabled", account.id.uuid(), &json!({ "person": person }))
        .await?;
    Ok(account.version + 1)
}

/// Opens a closed account again. A set-up token that was issued before counts no more: nobody knows
/// who has seen it meanwhile.
///
/// # Errors
/// [`AccessError::NoAccount`].
pub async fn enable(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), AccessError> {
    let account = cared_for(ctx, tx, person).await?;
    store::void_token(tx, account.id).await?;
    open(ctx, tx, &account).await
}

/// Takes the closing back that left the account at `version`: with it, a set-up token counts as before.
///
/// # Errors
/// [`AccessError::NoAccount`]; [`AccessError::Changed`] when somebody has opened or closed it since.
pub async fn undo_disable(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    version: i64,
) -> Result<(), AccessError> {
    let account = cared_for(ctx, tx, person).await?;
    if account.version != version || account.disabled_at.is_none() {
        return Err(AccessError::Changed);
    }
    open(ctx, tx, &account).await
}

async fn open(ctx: &Ctx, tx: &mut Tx, account: &Account) -> Result<(), AccessError> {
    let person = account.person;
    store::set_disabled(tx, account.id, None).await?;
    audit::record(ctx, tx, "access.account_enabled", account.id.uuid(), &json!({ "person": person })).await?;
    Ok(())
}

/// The account of a person whom the asker looks after, and who holds no role that the asker could
/// not give: nobody resets the account of someone above.
///
/// # Errors
/// [`AccessError::NoAccount`]; not found when it is not the asker's to look after.
pub async fn cared_for(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<Account, AccessError> {
    permit(ctx, Permission::GiveRoles)?;
    let person = people::visible(ctx, tx, person).await?;
    super::grants::outranks(ctx, tx, person.id).await?;
    store::of_person(tx, person.id).await?.ok_or(AccessError::NoAccount)
}

fn only_installation(ctx: &Ctx) -> Result<(), Failure> {
    if ctx.who.member().is_none() && ctx.scope().holds("/") { Ok(()) } else { Err(Failure::NotFound) }
}

fn digest(ctx: &Ctx, token: &str) -> Vec<u8> {
    ctx.app.keys.index("set-up token", token)
}
