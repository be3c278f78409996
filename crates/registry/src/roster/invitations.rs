//! Logins and one-time tokens for accounts that a file has opened: made when they are fetched, shown
//! once. Fetching them again makes new tokens, and those before no longer count.

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use uuid::Uuid;

use super::model::Run;
use super::store;
use super::teachers::ACCOUNT;
use crate::access::intake::{self, Waiting};
use crate::access::{self, Slip};

/// Accounts invited in one transaction: the database's writer is not held for the whole list.
const BATCH: i64 = 200;
/// Accounts in one list; the next list goes on with those still without a password.
const MOST: usize = 20_000;
/// Slips on one page: three sheets of paper, and as much as a browser loads at once.
const PAGE: usize = 36;

/// Makes a token for every account that `run` has opened and whose owner has no password yet.
///
/// # Errors
/// What the database or the accounts' room refuses.
pub async fn invite(ctx: &Ctx, run: &Run) -> Result<Vec<Slip>, Failure> {
    let (mut list, mut after) = (Vec::new(), 0);
    loop {
        let mut tx = ctx.write().await?;
        let opened = store::subjects(&mut tx, run.id, ACCOUNT, after, BATCH).await?;
        if let Some((last, _)) = opened.last() {
            after = *last;
            add(ctx, &mut tx, &opened, &mut list).await?;
        }
        let done = opened.is_empty() || list.len() >= MOST;
        if done {
            audit::record(ctx, &mut tx, "roster.tokens_listed", run.id.uuid(), &list.len()).await?;
        }
        tx.commit().await?;
        if done {
            return Ok(list);
        }
    }
}

/// The same for as many as stand on one page, of those after number `after`; also the number to go on
/// from, where there are more.
///
/// # Errors
/// As [`invite`].
pub async fn slips(ctx: &Ctx, run: &Run, after: i64) -> Result<(Vec<Slip>, Option<i64>), Failure> {
    let (mut list, mut next) = (Vec::new(), Some(after));
    let mut tx = ctx.write().await?;
    while let Some(from) = next
        && list.len() < PAGE
    {
        let most = i64::try_from(PAGE - list.len()).unwrap_or(i64::MAX);
        let opened = store::subjects(&mut tx, run.id, ACCOUNT, from, most).await?;
        add(ctx, &mut tx, &opened, &mut list).await?;
        next = opened.last().map(|(last, _)| *last);
    }
    if let Some(last) = next {
        next = store::subjects(&mut tx, run.id, ACCOUNT, last, 1).await?.first().map(|_| last);
    }
    audit::record(ctx, &mut tx, "roster.tokens_listed", run.id.uuid(), &list.len()).await?;
    tx.commit().await?;
    Ok((list, next))
}

/// Makes tokens for those of `opened` whose owners have no password yet.
async fn add(ctx: &Ctx, tx: &mut Tx, opened: &[(i64, Uuid)], list: &mut Vec<Slip>) -> Result<(), Failure> {
    let accounts: Vec<Uuid> = opened.iter().map(|(_, account)| *account).collect();
    for waiting in intake::waiting(tx, &accounts).await? {
        let Waiting { person, login, name, place } = waiting;
        let issued = access::issue_setup_token(ctx, tx, Id::from_uuid(person)).await?;
        list.push(Slip { name, place, login, address: issued.address(&ctx.app), until: issued.expires });
    }
    Ok(())
}

/// The list as a workbook.
///
/// # Errors
/// When the format refuses.
pub fn workbook(list: Vec<Slip>) -> Result<Vec<u8>, tisheng_sheet::WriteError> {
    const HEAD: [&str; 5] = ["姓名", "学校或单位", "登录账号", "首次登录地址（一次有效）", "有效期至"];
    let rows = list.into_iter().map(|one| [one.name, one.place, one.login, one.address, one.until.chinese()]);
    tisheng_sheet::xlsx("首次登录清单", &HEAD, &[], rows)
}
