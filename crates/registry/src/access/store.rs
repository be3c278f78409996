//! Every statement about accounts and grants; those about recovery codes and lists of roles beside.

pub mod holders;
pub mod recovery;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::audit::Entry;
use tisheng_platform::db::{Row, Value};
use tisheng_platform::web::session::Token;
use tisheng_platform::{DbError, Scope, Shift, Tx, args};
use uuid::Uuid;

use super::looks::Look;
use super::model::{Account, Grant, Staff};
use crate::organisation::Node;
use crate::people::Person;
use crate::role::Role;

const INSERT: &str =
    "insert into account (id, person, login, version) values ($1, $2, $3, 1) on conflict do nothing";

const INSERT_ALL: &str = "insert into account (id, person, login, version) values";

const OF_PERSON: &str =
    "select id, person, login, password is not null, totp_sealed is not null, setup_expires,
    signed_in_at, disabled_at, version from account where person = $1";

const BY_ID: &str = "select id, person, login, password is not null, totp_sealed is not null, setup_expires,
    signed_in_at, disabled_at, version from account where id = $1";

const BY_TOKEN: &str =
    "select a.id, a.login, p.name, a.person from account a join person p on p.id = a.person
    where a.setup_token = $1 and a.setup_expires > $2 and a.disabled_at is null";

const BY_LOGIN: &str = "select a.id, a.person, p.name, a.login, a.password, a.totp_sealed, a.last_grant
    from account a join person p on p.id = a.person where a.login = $1 and a.disabled_at is null";

const BY_PHONE: &str = "select a.id, a.person, p.name, a.login, a.password, a.totp_sealed, a.last_grant
    from account a join person p on p.id = a.person
    where p.phone_index = $1 and a.disabled_at is null limit 2";

const CREDENTIALS: &str = "select a.id, a.person, p.name, a.login, a.password, a.totp_sealed, a.last_grant
    from account a join person p on p.id = a.person where a.id = $1 and a.disabled_at is null";

const SET_PASSWORD: &str = "update account set password = $2, setup_token = null, setup_expires = null,
    version = version + 1 where id = $1";

const SPEND_TOKEN: &str = "update account set password = $3, setup_token = null, setup_expires = null,
    version = version + 1 where id = $1 and setup_token = $2";

const SET_TOKEN: &str =
    "update account set setup_token = $2, setup_expires = $3, version = version + 1 where id = $1";

const VOID_TOKEN: &str = "update account set setup_token = null, setup_expires = null where id = $1";

const SET_TOTP: &str =
    "update account set totp_sealed = $2, totp_step = null, version = version + 1 where id = $1";

const TAKE_STEP: &str = "update account set totp_step = $2
    where id = $1 and (totp_step is null or totp_step < $2)";

const SET_DISABLED: &str = "update account set disabled_at = $2, version = version + 1 where id = $1";

/// A role that was given once more since is somebody else's decision.
const GIVE_BACK: &str = "update role_grant set until = $2 where id = $1 and until = $3
    and not exists (select 1 from role_grant o join role_grant g
        on g.person = o.person and g.role = o.role and g.node = o.node
        where o.id = $1 and g.id <> $1 and g.since >= $3)";

const ACT_IN: &str = "update account set last_grant = $2, signed_in_at = $3 where id = $1";

const LOCKED_UNTIL: &str = "select max(locked_until) from sign_in_failure
    where key in ($1, $2, $3) and locked_until > $4";

const COUNT_FAILURE: &str =
    "insert into sign_in_failure (key, failures, since, locked_until) values ($1, 1, $2, null)
    on conflict (key) do update set
        failures = case when sign_in_failure.since < $3 then 1 else sign_in_failure.failures + 1 end,
        since = case when sign_in_failure.since < $3 then excluded.since else sign_in_failure.since end,
        locked_until = case when sign_in_failure.since >= $3 and sign_in_failure.failures + 1 >= $4
            then cast($5 as bigint) end";

const FORGET_FAILURES: &str = "delete from sign_in_failure where key = $1 or since < $2";

const SESSIONS: &str =
    "select created_at, seen_at, token, device from session where account = $1 and expires_at > $2
    order by seen_at desc limit 50";

const GRANTS_OF: &str = "select g.id, g.person, g.role, g.node, n.name, g.path, g.since, g.until
    from role_grant g join node n on n.id = g.node
    where g.person = $1 and g.since <= $2 and (g.until is null or g.until > $2) order by g.since, g.id";

const ALL_GRANTS_OF: &str = "select g.id, g.person, g.role, g.node, n.name, g.path, g.since, g.until
    from role_grant g join node n on n.id = g.node where g.person = $1 order by g.since desc, g.id desc";

const GRANT: &str = "select g.id, g.person, g.role, g.node, n.name, g.path, g.since, g.until
    from role_grant g join node n on n.id = g.node where g.id = $1 and g.path >= $2 and g.path < $3";

const STAFF: &str = "select g.node, g.person, p.name, g.role
    from node n join role_grant g on g.node = n.id join person p on p.id = g.person
    where n.kind = 'school' and n.path >= $1 and n.path < $2
        and g.role in ('principal', 'cio', 'clerk', 'group_lead', 'management_team', 'training_team')
        and g.since <= $3 and (g.until is null or g.until > $3) order by p.sort_key, g.id";

const LOOKS: &str = "select a.id, a.at, a.action, a.detail, a.role, n.name, coalesce(p.name, ''), a.subject,
        coalesce(s.name, '')
    from audit a join node n on n.id = a.node
    left join account c on c.id = a.account left join person p on p.id = c.person
    left join person s on s.id = a.subject
    where a.action in ('people.paper_shown', 'people.phone_shown') and a.id < $1
        and n.path >= $2 and n.path < $3 and ($4 = '' or a.action = $4)
        and ($5 = '' or p.name = $5 or s.name = $5)
    order by a.id desc limit $6";

const INSERT_GRANT: &str = "insert into role_grant (id, person, role, node, path, since, until, given_by)
    values ($1, $2, $3, $4, $5, $6, $7, $8)";

const INSERT_GRANTS: &str = "insert into role_grant (id, person, role, node, path, since, given_by) values";

const END_GRANT: &str =
    "update role_grant set until = case when since > $2 then since else cast($2 as text) end
    where id = $1 and (until is null or until > $2)";

const ACCOUNTS_BELOW: &str = "select distinct a.id from account a join role_grant g on g.person = a.person
    where g.path >= $1 and g.path < $2 and (g.until is null or g.until > $3)";

const REWRITE_PATHS: &str = "update role_grant set path = $3 || substr(path, cast(cast($4 as bigint) as integer)) where path >= $1 and path < $2";

fn account(row: &Row<'_>) -> Result<Account, DbError> {
    Ok(Account {
        id: row.get(0)?,
        person: row.get(1)?,
        login: row.get(2)?,
        has_password: row.get(3)?,
        has_second_factor: row.get(4)?,
        setup_expires: row.get(5)?,
        signed_in_at: row.get(6)?,
        disabled_at: row.get(7)?,
        version: row.get(8)?,
    })
}

fn grant(row: &Row<'_>) -> Result<Grant, DbError> {
    let role: String = row.get(2)?;
    let role: Role =
        role.parse().map_err(|_| DbError::Column { column: 2, problem: format!("unknown role {role}") })?;
    Ok(Grant {
        id: row.get(0)?,
        person: row.get(1)?,
        role,
        node: row.get(3)?,
        node_name: row.get(4)?,
        path: row.get(5)?,
        since: row.get(6)?,
        until: row.get(7)?,
    })
}

/// Says whether person and login were free.
pub(super) async fn insert(
    tx: &mut Tx,
    id: Id<Account>,
    person: Id<Person>,
    login: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(INSERT, args![id, person, login]).await? == 1)
}

pub(super) async fn insert_all(
    tx: &mut Tx,
    accounts: &[(Id<Account>, Id<Person>, String)],
) -> Result<u64, DbError> {
    let rows = accounts
        .iter()
        .map(|(id, person, login)| vec![(*id).into(), (*person).into(), login.into(), Value::Int(1)]);
    tx.bulk(INSERT_ALL, 4, "on conflict do nothing", rows).await
}

pub(super) async fn of_person(tx: &mut Tx, person: Id<Person>) -> Result<Option<Account>, DbError> {
    tx.row_opt(OF_PERSON, args![person], account).await
}

pub(super) async fn by_id(tx: &mut Tx, id: Id<Account>) -> Result<Option<Account>, DbError> {
    tx.row_opt(BY_ID, args![id], account).await
}

/// Whose password a set-up token lets choose.
#[derive(Debug, Clone)]
pub(super) struct TokenHolder {
    pub account: Id<Account>,
    pub login: String,
    pub name: String,
    pub person: Id<Person>,
}

pub(super) async fn by_token(
    tx: &mut Tx,
    digest: &[u8],
    at: Instant,
) -> Result<Option<TokenHolder>, DbError> {
    tx.row_opt(BY_TOKEN, args![digest, at], |row| {
        Ok(TokenHolder { account: row.get(0)?, login: row.get(1)?, name: row.get(2)?, person: row.get(3)? })
    })
    .await
}

/// What signing in needs to know of an account that is not disabled.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    pub account: Id<Account>,
    pub person: Id<Person>,
    pub name: String,
    pub login: String,
    pub password: Option<String>,
    pub totp_sealed: Option<Vec<u8>>,
    pub last_grant: Option<Id<Grant>>,
}

fn read_credentials(row: &Row<'_>) -> Result<Credentials, DbError> {
    Ok(Credentials {
        account: row.get(0)?,
        person: row.get(1)?,
        name: row.get(2)?,
        login: row.get(3)?,
        password: row.get(4)?,
        totp_sealed: row.get(5)?,
        last_grant: row.get(6)?,
    })
}

pub(super) async fn by_login(tx: &mut Tx, login: &str) -> Result<Option<Credentials>, DbError> {
    tx.row_opt(BY_LOGIN, args![login], read_credentials).await
}

/// The account whose owner alone has the phone number.
pub(super) async fn by_phone(tx: &mut Tx, index: &[u8]) -> Result<Option<Credentials>, DbError> {
    let mut found = tx.rows(BY_PHONE, args![index], read_credentials).await?;
    Ok(if found.len() == 1 { found.pop() } else { None })
}

pub(super) async fn credentials(tx: &mut Tx, id: Id<Account>) -> Result<Option<Credentials>, DbError> {
    tx.row_opt(CREDENTIALS, args![id], read_credentials).await
}

pub(super) async fn set_password(tx: &mut Tx, id: Id<Account>, hash: &str) -> Result<(), DbError> {
    tx.run(SET_PASSWORD, args![id, hash]).await.map(drop)
}

/// Says whether the token was still there.
pub(super) async fn spend_token(
    tx: &mut Tx,
    id: Id<Account>,
    digest: &[u8],
    hash: &str,
) -> Result<bool, DbError> {
    Ok(tx.run(SPEND_TOKEN, args![id, digest, hash]).await? == 1)
}

pub(super) async fn set_token(
    tx: &mut Tx,
    id: Id<Account>,
    digest: &[u8],
    expires: Instant,
) -> Result<(), DbError> {
    tx.run(SET_TOKEN, args![id, digest, expires]).await.map(drop)
}

/// Lets an issued set-up token count no more.
pub(super) async fn void_token(tx: &mut Tx, id: Id<Account>) -> Result<(), DbError> {
    tx.run(VOID_TOKEN, args![id]).await.map(drop)
}

pub(super) async fn set_totp(tx: &mut Tx, id: Id<Account>, sealed: Option<&Vec<u8>>) -> Result<(), DbError> {
    tx.run(SET_TOTP, args![id, sealed]).await.map(drop)
}

/// Says whether `step` is later than the last one accepted.
pub(super) async fn take_step(tx: &mut Tx, id: Id<Account>, step: i64) -> Result<bool, DbError> {
    Ok(tx.run(TAKE_STEP, args![id, step]).await? == 1)
}

pub(super) async fn set_disabled(
    tx: &mut Tx,
    id: Id<Account>,
    since: Option<Instant>,
) -> Result<(), DbError> {
    tx.run(SET_DISABLED, args![id, since]).await.map(drop)
}

pub(super) async fn act_in(
    tx: &mut Tx,
    id: Id<Account>,
    grant: Option<Id<Grant>>,
    at: Instant,
) -> Result<(), DbError> {
    tx.run(ACT_IN, args![id, grant, at]).await.map(drop)
}

/// The latest end of the locks on `keys` that hold at `at`.
pub(super) async fn locked_until(
    tx: &mut Tx,
    keys: [&[u8]; 3],
    at: Instant,
) -> Result<Option<Instant>, DbError> {
    tx.row(LOCKED_UNTIL, args![keys[0], keys[1], keys[2], at], |row| row.get(0)).await
}

/// Counts a failure under `key`; the `limit`th since `window` began locks it until `until`.
pub(super) async fn count_failure(
    tx: &mut Tx,
    key: &[u8],
    at: Instant,
    window: Instant,
    limit: i64,
    until: Instant,
) -> Result<(), DbError> {
    tx.run(COUNT_FAILURE, args![key, at, window, limit, until]).await.map(drop)
}

/// Forgets the failures under `key`, and all that began before `stale`.
pub(super) async fn forget_failures(tx: &mut Tx, key: &[u8], stale: Instant) -> Result<(), DbError> {
    tx.run(FORGET_FAILURES, args![key, stale]).await.map(drop)
}

/// A browser in which the account is signed in.
#[derive(Debug, Clone)]
pub(super) struct SignedInAt {
    /// Browser and system in words; empty where they are not known.
    pub device: String,
    /// When it began.
    pub began: Instant,
    /// When it was last used.
    pub seen: Instant,
    /// Whether it is the one that asks.
    pub is_this: bool,
}

/// The sessions of the account; `token` is that of the one that asks.
pub(super) async fn sessions(
    tx: &mut Tx,
    id: Id<Account>,
    token: &Token,
    at: Instant,
) -> Result<Vec<SignedInAt>, DbError> {
    tx.rows(SESSIONS, args![id, at], |row| {
        Ok(SignedInAt {
            began: row.get(0)?,
            seen: row.get(1)?,
            is_this: token.is(&row.get::<Vec<u8>>(2)?),
            device: row.get::<Option<String>>(3)?.unwrap_or_default(),
        })
    })
    .await
}

/// The roles that the person holds on `day`.
pub(super) async fn grants_of(
    tx: &mut Tx,
    person: Id<Person>,
    day: NaiveDate,
) -> Result<Vec<Grant>, DbError> {
    tx.rows(GRANTS_OF, args![person, day], grant).await
}

/// Every role that the person has held, the latest first.
pub(super) async fn all_grants_of(tx: &mut Tx, person: Id<Person>) -> Result<Vec<Grant>, DbError> {
    tx.rows(ALL_GRANTS_OF, args![person], grant).await
}

pub(super) async fn find_grant(tx: &mut Tx, scope: &Scope, id: Id<Grant>) -> Result<Option<Grant>, DbError> {
    tx.row_opt(GRANT, args![id, &scope.from, &scope.until], grant).await
}

/// Lets a grant that ended on `ended` last until `until` again; says whether it did.
pub(super) async fn give_back(
    tx: &mut Tx,
    id: Id<Grant>,
    until: Option<NaiveDate>,
    ended: NaiveDate,
) -> Result<bool, DbError> {
    Ok(tx.run(GIVE_BACK, args![id, until, ended]).await? == 1)
}

/// A grant with everything that is stored.
#[derive(Debug)]
pub(super) struct NewRow<'a> {
    pub id: Id<Grant>,
    pub person: Id<Person>,
    pub role: Role,
    pub node: Id<Node>,
    pub path: &'a str,
    pub since: NaiveDate,
    pub until: Option<NaiveDate>,
    pub given_by: Option<Uuid>,
}

pub(super) async fn insert_grant(tx: &mut Tx, new: &NewRow<'_>) -> Result<(), DbError> {
    let row =
        args![new.id, new.person, new.role.key(), new.node, new.path, new.since, new.until, new.given_by];
    tx.run(INSERT_GRANT, row).await.map(drop)
}

pub(super) async fn insert_grants<'v>(
    tx: &mut Tx,
    grants: impl IntoIterator<Item = NewRow<'v>, IntoIter: Send> + Send,
) -> Result<u64, DbError> {
    let rows = grants.into_iter().map(|new| {
        vec![
            new.id.into(),
            new.person.into(),
            new.role.key().into(),
            new.node.into(),
            new.path.into(),
            new.since.into(),
            new.given_by.into(),
        ]
    });
    tx.bulk(INSERT_GRANTS, 7, "", rows).await
}

/// Says whether the grant was still open.
pub(super) async fn end_grant(tx: &mut Tx, id: Id<Grant>, on: NaiveDate) -> Result<bool, DbError> {
    Ok(tx.run(END_GRANT, args![id, on]).await? == 1)
}

/// The accounts of everybody who holds a role at or below `path` on `day`.
pub(super) async fn accounts_below(
    tx: &mut Tx,
    path: &str,
    day: NaiveDate,
) -> Result<Vec<Id<Account>>, DbError> {
    let scope = Scope::below(path);
    tx.rows(ACCOUNTS_BELOW, args![&scope.from, &scope.until, day], |row| row.get(0)).await
}

pub(super) async fn follow(tx: &mut Tx, shift: &Shift) -> Result<(), DbError> {
    shift.apply(tx, REWRITE_PATHS).await.map(drop)
}

/// The roles besides the teacher's that are held at schools within `scope`.
pub async fn staff(tx: &mut Tx, scope: &Scope, today: NaiveDate) -> Result<Vec<Staff>, DbError> {
    tx.rows(STAFF, args![&scope.from, &scope.until, today], |row| {
        let role: String = row.get(3)?;
        let unknown = |_| DbError::Column { column: 3, problem: format!("unknown role {role}") };
        Ok(Staff {
            school: row.get(0)?,
            person: row.get(1)?,
            name: row.get(2)?,
            role: role.parse().map_err(unknown)?,
        })
    })
    .await
}

/// At most `most` looks at whole numbers before `before`, by those who act within `scope`: of one
/// number and by or at one name (empty: all).
pub async fn looks(
    tx: &mut Tx,
    scope: &Scope,
    (action, name): (&str, &str),
    before: Id<Entry>,
    most: i64,
) -> Result<Vec<Look>, DbError> {
    tx.rows(LOOKS, args![before, &scope.from, &scope.until, action, name, most], |row| {
        Ok(Look {
            id: row.get(0)?,
            at: row.get(1)?,
            action: row.get(2)?,
            detail: row.get(3)?,
            role: row.get(4)?,
            node_name: row.get(5)?,
            looker: row.get(6)?,
            person: row.get(7)?,
            person_name: row.get(8)?,
        })
    })
    .await
}
