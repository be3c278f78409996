//! A judged row into the tables.

use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::Memory;
use super::row::Row;
use crate::access::intake::{self as accounts, Giving, Opening};
use crate::access::needs_second_factor;
use crate::people::intake::{self, Newcomer};
use crate::roster::kind::{Book, Desk};
use crate::roster::teachers::{ACCOUNT, ACCOUNTS, GRANT, GRANT_END, PERSON};

/// Gives the role of `row`, entering the person and opening an account where there is none.
pub async fn take(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: Row,
    book: &mut Book,
) -> Result<(), DbError> {
    let Some(place) = row.place.and_then(|id| memory.places.get(id)) else { return Err(DbError::NoRow) };
    let (node, path) = (place.id, place.path.clone());
    let person = match row.person {
        Some(person) => person,
        None => enter(memory, desk, tx, &row, &path, book).await?,
    };
    match &row.held {
        Some(held) if held.until == row.until => {}
        Some(held) => {
            accounts::reopen_grant(tx, held.id, row.until).await?;
            if let Some(until) = row.until {
                accounts::end_on(tx, person, held.id, until).await?;
            }
            book.changed_to(GRANT_END, held.id, &held.until, accounts::term(row.until))?;
        }
        None => {
            let id = desk.ctx.id::<Row>().uuid();
            let giving = Giving {
                id,
                person,
                role: row.role.key(),
                node,
                path: &path,
                since: row.since.unwrap_or(desk.today),
                until: row.until,
                given_by: desk.member.account,
            };
            accounts::give(tx, &[giving]).await?;
            if let Some(until) = row.until {
                accounts::end_on(tx, person, id, until).await?;
            }
            if needs_second_factor(row.role) {
                accounts::sign_out(tx, person, desk.ctx.at, accounts::ROLES_CHANGED).await?;
            }
            book.made_as(GRANT, id, accounts::term(row.until));
        }
    }
    if desk.chose(ACCOUNTS, "open") {
        open_account(desk, tx, &row, person, book).await?;
    }
    Ok(())
}

/// Enters somebody not known yet, once however many roles the list gives them.
async fn enter(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    path: &str,
    book: &mut Book,
) -> Result<Uuid, DbError> {
    let Some(entered) = &row.entered else { return Err(DbError::NoRow) };
    if let Some(person) = memory.entered.get(&entered.paper_index) {
        return Ok(*person);
    }
    let person = desk.ctx.id::<Row>().uuid();
    intake::take_on(tx, &[Newcomer { person, entered, kept_by: path }]).await?;
    book.made_as(PERSON, person, entered.mark());
    memory.entered.insert(entered.paper_index.clone(), person);
    Ok(person)
}

async fn open_account(
    desk: &Desk,
    tx: &mut Tx,
    row: &Row,
    person: Uuid,
    book: &mut Book,
) -> Result<(), DbError> {
    if accounts::accounts_of(tx, &[person]).await?.contains_key(&person) {
        return Ok(());
    }
    let initials = row.name.initials();
    let opening = Opening { person, login: None, initials: &initials };
    for (_, account) in accounts::open(tx, desk.ctx.at, &[opening]).await? {
        book.made(ACCOUNT, account);
    }
    Ok(())
}
