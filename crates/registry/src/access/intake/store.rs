//! Statements about many accounts and grants at once; see the same file of `people` for groups.

use std::collections::HashMap;

use chrono::NaiveDate;
use tisheng_platform::{DbError, Tx, Value, args};
use uuid::Uuid;

use super::Giving;

/// Keys in one statement.
const GROUP: usize = 40;

const OPEN: &str = "insert into account (id, person, login, version) values";

const ACCOUNTS_OF: &str = "select person, id from account
    where person in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const LOGINS: &str = "select login, person from account
    where login in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const ACTIVATED: &str = "select p.name from account a join person p on p.id = a.person
    where a.password is not null and a.id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const WAITING: &str = "select a.person, a.login, p.name, coalesce(n.name, (select m.name from role_grant g
        join node m on m.id = g.node where g.person = a.person order by g.until is null desc, g.id limit 1), '')
    from account a
    join person p on p.id = a.person
    left join post o on o.person = a.person and o.until is null
    left join node n on n.id = o.school
    where a.password is null and a.disabled_at is null
    and a.id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)
    order by n.name, p.sort_key, a.id";

const UNMAKE_ACCOUNTS: &str = "delete from account where password is null
    and id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const GIVE: &str = "insert into role_grant (id, person, role, node, path, since, until, given_by) values";

const UNMAKE_GRANTS: &str = "delete from role_grant
    where id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const GRANTS_OF: &str = "select id, role, node, path, since, until from role_grant
    where person = $1 and (until is null or until > $2) order by since, id";

const GRANTS_NOW: &str = "select g.id, p.name, g.until from role_grant g join person p on p.id = g.person
    where g.id in ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19,
    $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40)";

const END_GRANT: &str =
    "update role_grant set until = case when since > $2 then since else cast($2 as text) end
    where id = $1 and (until is null or until > $2)";
/// The person and the school are asked for one by one, so that the grants of one person are looked at alone.
const BEGIN_WITH_POST: &str = "update role_grant set since = $3
    where person = (select person from post where id = $1) and node = (select school from post where id = $1)
        and role = 'teacher' and until is null and since = $2";
const REOPEN_GRANT: &str = "update role_grant set until = $2 where id = $1";

fn filled<'v>(mut keys: Vec<Value<'v>>) -> Vec<Value<'v>> {
    let last = keys.last().cloned().unwrap_or(Value::Null);
    keys.resize(GROUP, last);
    keys
}

fn of_ids(ids: &[Uuid]) -> impl Iterator<Item = Vec<Value<'static>>> + '_ {
    ids.chunks(GROUP).map(|group| filled(group.iter().map(|id| Value::from(*id)).collect()))
}

/// An account about to be opened.
#[derive(Debug)]
pub struct Account {
    /// The account.
    pub id: Uuid,
    /// Whose.
    pub person: Uuid,
    /// The name to sign in with.
    pub login: String,
}

/// Writes accounts; those whose person or login has one already are left out.
pub(super) async fn open(tx: &mut Tx, accounts: &[Account]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = accounts
        .iter()
        .map(|account| args![account.id, account.person, account.login.as_str(), 1_i64].to_vec())
        .collect();
    tx.bulk(OPEN, 4, "on conflict do nothing", rows).await.map(drop)
}

/// The accounts of `people`, by person.
///
/// # Errors
/// What the database reports.
pub async fn accounts_of(tx: &mut Tx, people: &[Uuid]) -> Result<HashMap<Uuid, Uuid>, DbError> {
    let mut found = HashMap::new();
    for keys in of_ids(people) {
        found
            .extend(tx.rows(ACCOUNTS_OF, &keys, |row| Ok((row.get::<Uuid>(0)?, row.get::<Uuid>(1)?))).await?);
    }
    Ok(found)
}

/// Of `logins` (lower case), those in use, with the person who uses each.
///
/// # Errors
/// What the database reports.
pub async fn logins_taken(tx: &mut Tx, logins: &[String]) -> Result<HashMap<String, Uuid>, DbError> {
    let mut found = HashMap::new();
    for group in logins.chunks(GROUP) {
        let keys = filled(group.iter().map(|login| Value::from(login.as_str())).collect());
        found.extend(tx.rows(LOGINS, &keys, |row| Ok((row.get::<String>(0)?, row.get::<Uuid>(1)?))).await?);
    }
    Ok(found)
}

/// How many of `accounts` have a password.
///
/// # Errors
/// What the database reports.
pub async fn activated(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<String>, DbError> {
    let mut names = Vec::new();
    for keys in of_ids(accounts) {
        names.extend(tx.rows(ACTIVATED, &keys, |row| row.get::<String>(0)).await?);
    }
    Ok(names)
}

/// An account whose owner has not chosen a password yet.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The owner.
    pub person: Uuid,
    /// The name to sign in with.
    pub login: String,
    /// The owner's name.
    pub name: String,
    /// The name of the owner's school, else of the node of a role; empty without either.
    pub place: String,
}

/// Of `accounts`, those without a password that are not disabled, school by school.
///
/// # Errors
/// What the database reports.
pub async fn waiting(tx: &mut Tx, accounts: &[Uuid]) -> Result<Vec<Waiting>, DbError> {
    let mut found = Vec::new();
    for keys in of_ids(accounts) {
        let group = tx
            .rows(WAITING, &keys, |row| {
                Ok(Waiting { person: row.get(0)?, login: row.get(1)?, name: row.get(2)?, place: row.get(3)? })
            })
            .await?;
        found.extend(group);
    }
    Ok(found)
}

/// Removes accounts that a roll has opened and nobody has used.
///
/// # Errors
/// What the database reports.
pub async fn unmake_accounts(tx: &mut Tx, accounts: &[Uuid]) -> Result<u64, DbError> {
    let mut changed = 0;
    for keys in of_ids(accounts) {
        changed += tx.run(UNMAKE_ACCOUNTS, &keys).await?;
    }
    Ok(changed)
}

/// Gives roles.
///
/// # Errors
/// What the database reports.
pub async fn give(tx: &mut Tx, givings: &[Giving<'_>]) -> Result<(), DbError> {
    let rows: Vec<Vec<Value<'_>>> = givings
        .iter()
        .map(|one| {
            args![one.id, one.person, one.role, one.node, one.path, one.since, one.until, one.given_by]
                .to_vec()
        })
        .collect();
    tx.bulk(GIVE, 8, "", rows).await.map(drop)
}

/// Removes grants that a roll has made.
///
/// # Errors
/// What the database reports.
pub async fn unmake_grants(tx: &mut Tx, grants: &[Uuid]) -> Result<u64, DbError> {
    let mut changed = 0;
    for keys in of_ids(grants) {
        changed += tx.run(UNMAKE_GRANTS, &keys).await?;
    }
    Ok(changed)
}

/// Whose a role is, and how long it lasts as it stands.
#[derive(Debug, Clone)]
pub struct GrantNow {
    /// The grant.
    pub id: Uuid,
    /// The name of whoever holds it.
    pub holder: String,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
}

/// Those of `grants` that are there, as they stand.
///
/// # Errors
/// What the database reports.
pub async fn grants_now(tx: &mut Tx, grants: &[Uuid]) -> Result<Vec<GrantNow>, DbError> {
    let mut found = Vec::with_capacity(grants.len());
    for keys in of_ids(grants) {
        let some = tx
            .rows(GRANTS_NOW, &keys, |row| {
                Ok(GrantNow { id: row.get(0)?, holder: row.get(1)?, until: row.get(2)? })
            })
            .await?;
        found.extend(some);
    }
    Ok(found)
}

/// A role that somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The grant.
    pub id: Uuid,
    /// The role's key.
    pub role: String,
    /// Where.
    pub node: Uuid,
    /// Its path.
    pub path: String,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
}

/// The roles of `person` that have not ended by `day`.
///
/// # Errors
/// What the database reports.
pub async fn grants_of(tx: &mut Tx, person: Uuid, day: NaiveDate) -> Result<Vec<Grant>, DbError> {
    tx.rows(GRANTS_OF, args![person, day], |row| {
        Ok(Grant {
            id: row.get(0)?,
            role: row.get(1)?,
            node: row.get(2)?,
            path: row.get(3)?,
            since: row.get(4)?,
            until: row.get(5)?,
        })
    })
    .await
}

/// Lets `grant` end on `day`; says whether it was still held.
///
/// # Errors
/// What the database reports.
pub async fn end_grant(tx: &mut Tx, grant: Uuid, day: NaiveDate) -> Result<bool, DbError> {
    Ok(tx.run(END_GRANT, args![grant, day]).await? == 1)
}

/// Lets the teacher's role that goes with `post` begin with it on the day `to`, where it began with it on
/// the day `from`; says whether there was one.
///
/// # Errors
/// What the database reports.
pub async fn begin_with_post(
    tx: &mut Tx,
    post: Uuid,
    (from, to): (NaiveDate, NaiveDate),
) -> Result<bool, DbError> {
    Ok(tx.run(BEGIN_WITH_POST, args![post, from, to]).await? > 0)
}

/// Lets `grant` last until `until` again.
///
/// # Errors
/// What the database reports.
pub async fn reopen_grant(tx: &mut Tx, grant: Uuid, until: Option<NaiveDate>) -> Result<(), DbError> {
    tx.run(REOPEN_GRANT, args![grant, until]).await.map(drop)
}
