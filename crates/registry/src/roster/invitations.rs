//! The list of logins and one-time tokens for accounts that a file has opened: made when it is
//! fetched, shown once. Fetching it again makes new tokens, and those before no longer count.

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, audit};

use super::model::Run;
use super::store;
use super::teachers::ACCOUNT;
use crate::access;
use crate::access::intake::{self, Waiting};

/// Accounts invited in one transaction: the database's writer is not held for the whole list.
const BATCH: i64 = 200;
/// Accounts in one list; the next list goes on with those still without a password.
const MOST: usize = 20_000;

/// A line of the list.
#[derive(Debug, Clone)]
pub struct Invitation {
    /// Whose account.
    pub name: String,
    /// Where.
    pub place: String,
    /// The name to sign in with.
    pub login: String,
    /// The address at which the owner chooses a password.
    pub address: String,
    /// The day until which it counts.
    pub until: String,
}

/// Makes a token for every account that `run` has opened and whose owner has no password yet.
///
/// # Errors
/// What the database or the accounts' room refuses.
pub async fn invite(ctx: &Ctx, run: &Run) -> Result<Vec<Invitation>, Failure> {
    let (mut list, mut after) = (Vec::new(), 0);
    loop {
        let mut tx = ctx.write().await?;
        let opened = store::subjects(&mut tx, run.id, ACCOUNT, after, BATCH).await?;
        let Some((last, _)) = opened.last() else {
            audit::record(ctx, &mut tx, "roster.tokens_listed", run.id.uuid(), &list.len()).await?;
            tx.commit().await?;
            return Ok(list);
        };
        after = *last;
        let accounts: Vec<uuid::Uuid> = opened.iter().map(|(_, account)| *account).collect();
        for waiting in intake::waiting(&mut tx, &accounts).await? {
            let Waiting { person, login, name, place } = waiting;
            let issued = access::issue_setup_token(ctx, &mut tx, Id::from_uuid(person)).await?;
            let address = format!("{}/set-up/{}", ctx.app.config.public_url, issued.token);
            list.push(Invitation { name, place, login, address, until: issued.expires.date().to_string() });
        }
        tx.commit().await?;
        if list.len() >= MOST {
            let mut tx = ctx.write().await?;
            audit::record(ctx, &mut tx, "roster.tokens_listed", run.id.uuid(), &list.len()).await?;
            tx.commit().await?;
            return Ok(list);
        }
    }
}

/// The list as a workbook.
///
/// # Errors
/// When the format refuses.
pub fn workbook(list: Vec<Invitation>) -> Result<Vec<u8>, tisheng_sheet::WriteError> {
    const HEAD: [&str; 5] = ["姓名", "学校或单位", "登录账号", "首次登录地址（一次有效）", "有效期至"];
    let rows = list.into_iter().map(|one| [one.name, one.place, one.login, one.address, one.until]);
    tisheng_sheet::xlsx("首次登录清单", &HEAD, &[], rows)
}
