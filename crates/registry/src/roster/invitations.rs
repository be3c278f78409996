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
const PAGE: i64 = 36;

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
            let waiting = intake::waiting(&mut tx, &accounts(&opened)).await?;
            add(ctx, &mut tx, waiting, &mut list).await?;
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

/// The slips of one page.
#[derive(Debug)]
pub struct Slips {
    /// In the order of the file, thirty-six at a time school by school.
    pub list: Vec<Slip>,
    /// The number to go on from, where more wait.
    pub next: Option<i64>,
    /// People left out, whom somebody else looks after by now.
    pub left: usize,
}

/// The same for as many as stand on one page, of those after number `after`.
///
/// # Errors
/// As [`invite`].
pub async fn slips(ctx: &Ctx, run: &Run, after: i64) -> Result<Slips, Failure> {
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let (mut waiting, mut from) = (Vec::new(), after);
    let mut tx = ctx.read().await?;
    let next = loop {
        let opened = store::subjects(&mut tx, run.id, ACCOUNT, from, PAGE).await?;
        let Some((last, _)) = opened.last() else { break None };
        let found = intake::waiting(&mut tx, &accounts(&opened)).await?;
        if waiting.len() + found.len() > most {
            break Some(from);
        }
        waiting.extend(found);
        from = *last;
    };
    drop(tx);
    let mut list = Vec::new();
    let mut tx = ctx.write().await?;
    let left = add(ctx, &mut tx, waiting, &mut list).await?;
    audit::record(ctx, &mut tx, "roster.tokens_listed", run.id.uuid(), &list.len()).await?;
    tx.commit().await?;
    Ok(Slips { list, next, left })
}

fn accounts(opened: &[(i64, Uuid)]) -> Vec<Uuid> {
    opened.iter().map(|(_, account)| *account).collect()
}

/// Makes tokens for `waiting` and says for how many it made none: people who have moved to where the
/// asker looks after nobody, or who have been appointed above.
async fn add(ctx: &Ctx, tx: &mut Tx, waiting: Vec<Waiting>, list: &mut Vec<Slip>) -> Result<usize, Failure> {
    let mut left = 0;
    for Waiting { person, login, name, place } in waiting {
        match access::issue_setup_token(ctx, tx, Id::from_uuid(person)).await.map_err(Failure::from) {
            Ok(issued) => {
                let address = issued.address(&ctx.app);
                list.push(Slip { name, place, login, address, until: issued.expires });
            }
            Err(Failure::NotFound) => left += 1,
            Err(other) => return Err(other),
        }
    }
    Ok(left)
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
