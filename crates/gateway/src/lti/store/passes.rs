//! Every statement about what counts once and for a while: invitations, hints, nonces, tokens.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Tx, args};
use tisheng_registry::access::Account;
use tisheng_training::platform::Platform;

use crate::lti::model::{Hint, Tool};

const INVITE: &str =
    "insert into lti_invitation (token, platform, by_account, expires_at) values ($1, $2, $3, $4)";
const INVITED: &str = "select platform, by_account from lti_invitation where token = $1 and expires_at > $2";
const TAKE_INVITATION: &str = "delete from lti_invitation where token = $1";
const FORGET_INVITATIONS: &str = "delete from lti_invitation where expires_at <= $1 or platform = $2";

const SET_OUT: &str =
    "insert into lti_hint (hint, tool, account, course, expires_at) values ($1, $2, $3, $4, $5)";
const HINT: &str = "select tool, account, course from lti_hint where hint = $1 and expires_at > $2";
const TAKE_HINT: &str = "delete from lti_hint where hint = $1";
const FORGET_HINTS: &str = "delete from lti_hint where expires_at <= $1";

const SEE: &str = "insert into lti_seen (tool, value, expires_at) values ($1, $2, $3) on conflict do nothing";
const FORGET_SEEN: &str = "delete from lti_seen where expires_at <= $1";

const ISSUE: &str = "insert into lti_token (token, tool, scopes, expires_at) values ($1, $2, $3, $4)";
const TOKEN: &str = "select tool, scopes from lti_token where token = $1 and expires_at > $2";
const FORGET_TOKENS: &str = "delete from lti_token where expires_at <= $1";
const END_TOKENS: &str = "delete from lti_token where tool = $1";

/// Lets whoever shows `token` register the tool of a platform until `expires`; an earlier
/// invitation for it ends.
pub async fn invite(
    tx: &mut Tx,
    (token, platform): (&[u8], Id<Platform>),
    by: Id<Account>,
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_INVITATIONS, args![at, platform]).await?;
    tx.run(INVITE, args![token, platform, by, expires]).await.map(drop)
}

/// For which platform `token` invites, and who gave it.
pub async fn invited(
    tx: &mut Tx,
    token: &[u8],
    at: Instant,
) -> Result<Option<(Id<Platform>, Id<Account>)>, DbError> {
    tx.row_opt(INVITED, args![token, at], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Ends an invitation; says whether it was there.
pub async fn take_invitation(tx: &mut Tx, token: &[u8]) -> Result<bool, DbError> {
    Ok(tx.run(TAKE_INVITATION, args![token]).await? == 1)
}

/// Somebody sets out for a tool.
pub async fn set_out(
    tx: &mut Tx,
    (secret, hint): (&[u8], &Hint),
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_HINTS, args![at]).await?;
    tx.run(SET_OUT, args![secret, hint.tool, hint.account, hint.course, expires]).await.map(drop)
}

/// Who is on the way with `secret`.
pub async fn hint(tx: &mut Tx, secret: &[u8], at: Instant) -> Result<Option<Hint>, DbError> {
    let read = |row: &tisheng_platform::Row<'_>| {
        Ok(Hint { tool: row.get(0)?, account: row.get(1)?, course: row.get(2)? })
    };
    tx.row_opt(HINT, args![secret, at], read).await
}

/// Takes somebody off the way; says whether nobody else did.
pub async fn take_hint(tx: &mut Tx, secret: &[u8]) -> Result<bool, DbError> {
    Ok(tx.run(TAKE_HINT, args![secret]).await? == 1)
}

/// Notes that a tool has used `value`, which could count until `expires`; says whether it is the
/// first time.
pub async fn see(
    tx: &mut Tx,
    (tool, value): (Id<Tool>, &[u8]),
    (at, expires): (Instant, Instant),
) -> Result<bool, DbError> {
    tx.run(FORGET_SEEN, args![at]).await?;
    Ok(tx.run(SEE, args![tool, value, expires]).await? == 1)
}

/// Gives a tool a token.
pub async fn issue(
    tx: &mut Tx,
    (token, tool): (&[u8], Id<Tool>),
    scopes: &str,
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_TOKENS, args![at]).await?;
    tx.run(ISSUE, args![token, tool, scopes, expires]).await.map(drop)
}

/// Whose `token` is, and what it is good for.
pub async fn token(tx: &mut Tx, token: &[u8], at: Instant) -> Result<Option<(Id<Tool>, String)>, DbError> {
    tx.row_opt(TOKEN, args![token, at], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// Ends the tokens of a tool.
pub async fn end_tokens(tx: &mut Tx, tool: Id<Tool>) -> Result<(), DbError> {
    tx.run(END_TOKENS, args![tool]).await.map(drop)
}
