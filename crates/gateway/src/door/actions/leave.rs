//! Going out again, here and at the service.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::{Failure, session};
use tisheng_platform::{Ctx, audit};

use super::arrive::active;
use crate::door::model::{Kind, Provider};
use crate::door::{cas, oidc, store};

/// Where browsers come back to that have signed out at a service as well, as it has to be
/// registered there.
#[must_use]
pub fn left_to(ctx: &Ctx) -> String {
    format!("{}/sign-in", ctx.app.config.public_url)
}

/// The service by which somebody had come who has signed out here, and the address at which they
/// sign out there as well; `None` when it offers none. May ask another host.
///
/// # Errors
/// Not found when there is no such service.
pub async fn sign_out_elsewhere(ctx: &Ctx, id: Id<Provider>) -> Result<(Provider, Option<String>), Failure> {
    let mut tx = ctx.read().await?;
    let provider = store::by_id(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    drop(tx);
    let back = left_to(ctx);
    let to = match provider.kind {
        Kind::Cas => Some(cas::sign_out_at(&provider, &back)),
        // Who cannot be reached cannot be left either.
        Kind::Oidc => match oidc::endpoints(ctx, &provider).await {
            Ok(endpoints) => endpoints.sign_out_at(&provider, &back),
            Err(_) => None,
        },
    };
    Ok((provider, to))
}

/// Ends the sessions that began with the ticket in `request`, which a CAS server sends when its
/// own session ends. Says how many there were. Opens its own transactions: anybody may send
/// anything here, and nothing is to be written before it is understood.
///
/// # Errors
/// Not found when there is no such service or it speaks otherwise; [`Failure::Malformed`] when
/// `request` is none.
pub async fn signed_out_there(ctx: &Ctx, id: Id<Provider>, request: &str) -> Result<u64, Failure> {
    let mut tx = ctx.read().await?;
    let provider = active(&mut tx, id).await?;
    drop(tx);
    if provider.kind != Kind::Cas {
        return Err(Failure::NotFound);
    }
    let unclear = || Failure::Malformed("不是 CAS 的退出通知。".to_owned());
    let ticket = cas::ended(request).ok_or_else(unclear)?;
    let mut tx = ctx.write().await?;
    let ended = session::end_via(&mut tx, &provider.via(&ticket), ctx.at).await?;
    if ended > 0 {
        let detail = json!({ "sessions_ended": ended });
        audit::record(ctx, &mut tx, "door.signed_out_there", id.uuid(), &detail).await?;
    }
    tx.commit().await?;
    Ok(ended)
}
