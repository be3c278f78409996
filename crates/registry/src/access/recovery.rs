//! Recovery codes: for whoever has lost the device of the second factor, and for changing it.

use serde_json::json;
use tisheng_kernel::{Id, text};
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, DbError, Tx, audit};

use super::model::Account;
use super::sign_in::{SignInError, proved};
use super::store::{self, Credentials, recovery};

/// Codes that are given at once.
const CODES: usize = 10;
/// Signs of a code: five bits each, so that nobody guesses one.
const LENGTH: usize = 10;
/// Signs that are not taken for one another when they are copied by hand (Crockford's base 32).
const SIGNS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// What was typed in the form in which codes are kept; nothing when it cannot be one.
fn plain(typed: &str) -> Option<String> {
    let sign = |c: char| match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let typed = text::tidy(typed).to_ascii_uppercase();
    let code: String = typed.chars().filter(|c| !matches!(c, '-' | ' ')).map(sign).collect();
    let whole = code.len() == LENGTH && code.bytes().all(|byte| SIGNS.contains(&byte));
    whole.then_some(code)
}

/// In two halves, as it is read off.
fn shown(code: &str) -> String {
    let (first, second) = code.split_at(LENGTH / 2);
    format!("{first}-{second}")
}

fn fresh() -> String {
    let bytes: [u8; LENGTH] = rand::random();
    bytes.iter().map(|byte| char::from(SIGNS[usize::from(byte % 32)])).collect()
}

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
    let Some(code) = plain(typed) else { return Ok(false) };
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
    let codes: Vec<String> = (0..CODES).map(|_| fresh()).collect();
    let digests: Vec<Vec<u8>> = codes.iter().map(|code| digest(ctx, code)).collect();
    recovery::add(&mut tx, own.account, &digests).await?;
    audit::record(ctx, &mut tx, "access.recovery_codes_given", own.account.uuid(), &json!({})).await?;
    tx.commit().await?;
    Ok(codes.iter().map(|code| shown(code)).collect())
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
    session::end_all(&mut tx, own.account.uuid(), None).await?;
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

#[cfg(test)]
mod tests {
    use super::{LENGTH, fresh, plain, shown};

    #[test]
    fn a_code_is_found_however_it_is_copied() {
        let code = "0123456ABC";
        for typed in ["01234-56ABC", "01234 56abc", " oi234-56abc ", "０１２３４－５６ＡＢＣ"] {
            assert_eq!(plain(typed).as_deref(), Some(code), "{typed}");
        }
        for typed in ["", "123456", "01234-56ABCD", "01234-56AB!", "01234-56ABU"] {
            assert_eq!(plain(typed), None, "{typed}");
        }
        let code = fresh();
        assert_eq!((code.len(), plain(&shown(&code))), (LENGTH, Some(code)));
    }
}
