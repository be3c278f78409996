//! Every statement about those whom a service vouches for.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Row;
use tisheng_platform::web::Cursor;
use tisheng_platform::{DbError, Tx, args};
use tisheng_registry::access::Account;
use tisheng_registry::people::Person;

use super::{known, pattern};
use crate::door::model::{How, Link, Provider};

const ARRIVE: &str = "insert into door_arrival (browser, provider, subject, shown, expires_at)
    values ($1, $2, $3, $4, $5)
    on conflict (browser, provider) do update set
        subject = excluded.subject, shown = excluded.shown, expires_at = excluded.expires_at";

const ARRIVAL: &str = "select subject, shown from door_arrival
    where browser = $1 and provider = $2 and expires_at > $3";

const TAKE_ARRIVAL: &str = "delete from door_arrival where browser = $1 and provider = $2";

const FORGET_ARRIVALS: &str = "delete from door_arrival where expires_at <= $1";

const LINK: &str = "insert into identity_link (id, provider, subject, account, how, linked_at)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing";

const OF_SUBJECT: &str = "select id, provider, account, how, linked_at, used_at from identity_link
    where provider = $1 and subject = $2";

const OF_ACCOUNT: &str = "select id, provider, account, how, linked_at, used_at from identity_link
    where account = $1 order by linked_at, id";

const LINK_BY_ID: &str =
    "select id, provider, account, how, linked_at, used_at from identity_link where id = $1";

const USED: &str = "update identity_link set used_at = $2 where id = $1";

const CUT: &str = "delete from identity_link where id = $1";

const CUT_ALL: &str = "delete from identity_link where provider = $1";

const COUNT: &str = "select count(*) from identity_link where provider = $1";

const LINKED_PEOPLE: &str = "select l.id, l.how, l.linked_at, l.used_at, q.id, q.name, q.sort_key, a.login
    from identity_link l join account a on a.id = l.account join person q on q.id = a.person
    where l.provider = $1 and ($2 = '' or q.name like $3 escape '\\' or a.login like $3 escape '\\')
        and (q.sort_key, l.id) > ($4, $5)
    order by q.sort_key, l.id limit $6";

fn link(row: &Row<'_>) -> Result<Link, DbError> {
    Ok(Link {
        id: row.get(0)?,
        provider: row.get(1)?,
        account: row.get(2)?,
        how: known::<How>(3, &row.get::<String>(3)?)?,
        linked_at: row.get(4)?,
        used_at: row.get(5)?,
    })
}

/// Somebody whom no account is linked to: the keyed subject, and the name sealed.
#[derive(Debug)]
pub struct Arrival {
    pub subject: Vec<u8>,
    pub shown: Vec<u8>,
}

/// Remembers somebody, and forgets those who did not go on.
pub async fn arrive(
    tx: &mut Tx,
    (browser, provider): (&[u8], Id<Provider>),
    arrival: &Arrival,
    (at, expires): (Instant, Instant),
) -> Result<(), DbError> {
    tx.run(FORGET_ARRIVALS, args![at]).await?;
    tx.run(ARRIVE, args![browser, provider, &arrival.subject, &arrival.shown, expires]).await.map(drop)
}

pub async fn arrival(
    tx: &mut Tx,
    (browser, provider): (&[u8], Id<Provider>),
    at: Instant,
) -> Result<Option<Arrival>, DbError> {
    tx.row_opt(ARRIVAL, args![browser, provider, at], |row| {
        Ok(Arrival { subject: row.get(0)?, shown: row.get(1)? })
    })
    .await
}

/// Says whether it was still there.
pub async fn take_arrival(tx: &mut Tx, (browser, provider): (&[u8], Id<Provider>)) -> Result<bool, DbError> {
    Ok(tx.run(TAKE_ARRIVAL, args![browser, provider]).await? == 1)
}

/// Says whether both the subject and the account were free at this service.
pub async fn insert_link(
    tx: &mut Tx,
    id: Id<Link>,
    (provider, subject): (Id<Provider>, &[u8]),
    (account, how): (Id<Account>, How),
    at: Instant,
) -> Result<bool, DbError> {
    Ok(tx.run(LINK, args![id, provider, subject, account, how.key(), at]).await? == 1)
}

pub async fn link_of_subject(
    tx: &mut Tx,
    provider: Id<Provider>,
    subject: &[u8],
) -> Result<Option<Link>, DbError> {
    tx.row_opt(OF_SUBJECT, args![provider, subject], link).await
}

pub async fn links_of_account(tx: &mut Tx, account: Id<Account>) -> Result<Vec<Link>, DbError> {
    tx.rows(OF_ACCOUNT, args![account], link).await
}

pub async fn link_by_id(tx: &mut Tx, id: Id<Link>) -> Result<Option<Link>, DbError> {
    tx.row_opt(LINK_BY_ID, args![id], link).await
}

pub async fn used(tx: &mut Tx, id: Id<Link>, at: Instant) -> Result<(), DbError> {
    tx.run(USED, args![id, at]).await.map(drop)
}

/// Says whether it was still there.
pub async fn cut(tx: &mut Tx, id: Id<Link>) -> Result<bool, DbError> {
    Ok(tx.run(CUT, args![id]).await? == 1)
}

/// Cuts every link of a service; says how many there were.
pub async fn cut_all(tx: &mut Tx, provider: Id<Provider>) -> Result<u64, DbError> {
    tx.run(CUT_ALL, args![provider]).await
}

pub async fn count_links(tx: &mut Tx, provider: Id<Provider>) -> Result<i64, DbError> {
    tx.row(COUNT, args![provider], |row| row.get(0)).await
}

/// A link with its person, as lists show it.
#[derive(Debug)]
pub struct LinkedPerson {
    pub link: Id<Link>,
    pub how: How,
    pub linked_at: Instant,
    pub used_at: Option<Instant>,
    pub person: Id<Person>,
    pub name: String,
    pub sort_key: String,
    pub login: String,
}

/// The people who come by a service, after `place`; with a text only those who have it in name or
/// login.
pub async fn linked_people(
    tx: &mut Tx,
    provider: Id<Provider>,
    wanted: &str,
    place: &Cursor,
    most: i64,
) -> Result<Vec<LinkedPerson>, DbError> {
    let like = pattern("%", wanted);
    tx.rows(LINKED_PEOPLE, args![provider, wanted, like, &place.key, place.uuid(), most], |row| {
        Ok(LinkedPerson {
            link: row.get(0)?,
            how: known::<How>(1, &row.get::<String>(1)?)?,
            linked_at: row.get(2)?,
            used_at: row.get(3)?,
            person: row.get(4)?,
            name: row.get(5)?,
            sort_key: row.get(6)?,
            login: row.get(7)?,
        })
    })
    .await
}
