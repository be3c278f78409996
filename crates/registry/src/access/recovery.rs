//! Recovery codes: for whoever has lost the device of the second factor, and for changing it.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::code;
use super::model::Account;
use super::sign_in::{SignInError, proved};
use super::store::{self, Credentials, recovery};

/// Codes that are given at once.
const CODES: usize = 10;
/// Signs of a code: five bits each, so that nobody guesses one.
const LENGTH: usize = 10;
fn digest(ctx: &Ctx, code: &str) -> Vec<u8> {
    ctx.app.keys.index("recovery code", code)
}

/// Takes `typed` as a recovery code of `account`: whether it is one that was not used before.
pub(super) async fn spend(
    ctx: &Ctx,
    tx: &mut Tx,
    account: Id<Account>,
    typed: &str,
) -> Result<bool, DbError> {
    let Some(code) = code::plain(typed, LENGTH) else { return Ok(false) };
    let spent = recovery::spend(tx, account, &digest(ctx, &code), ctx.at).await?;
    if spent {
        audit::record(ctx, tx, "access.recovery_code_used", account.uuid(), &json!({})).await?;
    }
    Ok(spent)
}

/// Gives the asker new recovery codes in place of all earlier ones, for a code of the second
/// factor. They are shown now and never again. Opens its own transaction.
///
/// # Errors
/// [`SignInError::WrongCode`], [`SignInError::Locked`].
pub async fn renew(ctx: &Ctx, code: &str) -> Result<Vec<String>, SignInError> {
    let mut tx = ctx.write().await?;
    let own = match proved_own(ctx, &mut tx, code).await {
        Ok(own) => own,
        Err(wrong) => {
            // The failure counts.
            tx.commit().await?;
            return Err(wrong);
        }
    };
    recovery::forget(&mut tx, own.account).await?;
    let codes: Vec<String> = (0..CODES).map(|_| code::fresh::<LENGTH>()).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| digest(ctx, code)).collect();
    recovery::add(&mut tx, own.account, &digests).await?;
    audit::record(ctx, &mut tx, "access.recovery_codes_given", own.account.uuid(), &json!({})).await?;
    tx.commit().await?;
    Ok(codes.iter().map(|code| code::shown(code)).collect())
}

/// Takes the asker's own second factor away for a code of it or a recovery code, and ends all
/// sessions: the next sign-in enrols another device. Opens its own transaction.
///
/// # Errors
/// [`SignInError::WrongCode`], [`SignInError::Locked`].
pub async fn change_device(ctx: &Ctx, code: &str) -> Result<(), SignInError> {
    let mut tx = ctx.write().await?;
    let own = match proved_own(ctx, &mut tx, code).await {
        Ok(own) => own,
        Err(wrong) => {
            tx.commit().await?;
            return Err(wrong);
        }
    };
    store::set_totp(&mut tx, own.account, None).await?;
    recovery::forget(&mut tx, own.account).await?;
    session::end_all(&mut tx, own.account.uuid(), ctx.at, None).await?;
    audit::record(ctx, &mut tx, "access.second_factor_changed", own.account.uuid(), &json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// The asker's own account, once `code` proves that the asker has its second factor.
async fn proved_own(ctx: &Ctx, tx: &mut Tx, code: &str) -> Result<Credentials, SignInError> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let own = store::credentials(tx, Id::from_uuid(member.account)).await?.ok_or(Failure::NotFound)?;
    if own.totp_sealed.is_none() {
        return Err(Failure::NotFound.into());
    }
    proved(ctx, tx, &own, code).await?;
    Ok(own)
}
