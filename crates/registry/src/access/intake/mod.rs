//! Accounts and roles by the roll: many at a time, for rosters.

mod store;

use chrono::NaiveDate;
use rand::RngExt;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::session;
use tisheng_platform::{DbError, Tx, jobs};
use uuid::Uuid;

use super::grants::{Ending, GRANT_ENDS};
use super::model::goes_with_post;

pub use store::{
    Account, Grant, GrantNow, Waiting, accounts_of, activated, begin_with_post, end_grant, give, grants_now,
    grants_of, logins_taken, reopen_grant, unmake_accounts, unmake_grants, waiting,
};

/// Why somebody is signed out whose roles have changed.
pub const ROLES_CHANGED: &str = "您的身份有变化，请重新登录。";
/// Why somebody is signed out who has moved to another school.
pub const MOVED: &str = "您的工作单位已变更，请重新登录。";
/// Why somebody is signed out whose post has ended.
pub const LEFT: &str = "您已办理离任，请重新登录；登录后可以查看本人的档案。";

/// Marker of an account's identifier.
#[derive(Debug)]
pub struct AccountId;

/// How often new names are tried for accounts whose name is taken.
const TRIES: usize = 6;

/// Somebody who gets an account.
#[derive(Debug)]
pub struct Opening<'r> {
    /// Who.
    pub person: Uuid,
    /// The name to sign in with; `None` makes one from the initials.
    pub login: Option<&'r str>,
    /// The initials of the name.
    pub initials: &'r str,
}

/// Opens an account for each of `openings` who has none; gives those opened, by person. They have
/// no password until a set-up token is used.
///
/// # Errors
/// What the database reports; [`DbError::Unique`] when a login that the roll asks for is taken.
pub async fn open(tx: &mut Tx, at: Instant, openings: &[Opening<'_>]) -> Result<Vec<(Uuid, Uuid)>, DbError> {
    let mut left: Vec<&Opening<'_>> = openings.iter().collect();
    let mut opened = Vec::with_capacity(openings.len());
    for _ in 0..TRIES {
        if left.is_empty() {
            return Ok(opened);
        }
        let attempts: Vec<Account> = left
            .iter()
            .map(|one| Account {
                id: Id::<AccountId>::new(at).uuid(),
                person: one.person,
                login: one.login.map_or_else(|| made_up_login(one.initials), str::to_lowercase),
            })
            .collect();
        store::open(tx, &attempts).await?;
        let people: Vec<Uuid> = left.iter().map(|one| one.person).collect();
        let known = accounts_of(tx, &people).await?;
        for attempt in &attempts {
            if known.get(&attempt.person) == Some(&attempt.id) {
                opened.push((attempt.person, attempt.id));
            }
        }
        left.retain(|one| !known.contains_key(&one.person));
    }
    match left.first() {
        None => Ok(opened),
        Some(one) => Err(DbError::Unique(format!("no free login for person {}", one.person))),
    }
}

/// Initials and six digits, such as `zxl403817`: short enough to be typed from a slip of paper.
fn made_up_login(initials: &str) -> String {
    let letters: String = initials.chars().filter(char::is_ascii_lowercase).take(4).collect();
    let stem = match letters.get(..1) {
        None => "t",
        Some(first) if OFFENSIVE.contains(&letters.as_str()) => first,
        Some(_) => &letters,
    };
    format!("{stem}{:06}", rand::rng().random_range(0..1_000_000_u32))
}

/// Initials that are read as abuse; of such a name only the first letter is taken.
const OFFENSIVE: [&str; 6] = ["sb", "nc", "tmd", "nmd", "cnm", "nmsl"];

/// Ends the sessions of `person` at the moment `at`: whoever loses a role loses the sessions, and a
/// role that asks for a second factor is taken up by signing in again. `because` says why at the
/// sign-in page.
///
/// # Errors
/// What the database reports.
pub async fn sign_out(tx: &mut Tx, person: Uuid, at: Instant, because: &str) -> Result<(), DbError> {
    for account in accounts_of(tx, &[person]).await?.into_values() {
        session::end_all_because(tx, account, at, because).await?;
    }
    Ok(())
}

/// Ends, on `day`, the roles of `person` at `school` that go with a post there, and at the moment
/// `at` the sessions; gives those roles as they were.
///
/// # Errors
/// What the database reports.
pub async fn leave_school(
    tx: &mut Tx,
    person: Uuid,
    school: Uuid,
    (day, at): (NaiveDate, Instant),
    because: &str,
) -> Result<Vec<Grant>, DbError> {
    let mut ended = Vec::new();
    for grant in grants_of(tx, person, day).await? {
        let goes = grant.role.parse().is_ok_and(goes_with_post);
        if goes && grant.node == school && end_grant(tx, grant.id, day).await? {
            ended.push(grant);
        }
    }
    sign_out(tx, person, at, because).await?;
    Ok(ended)
}

/// Lets the roles of `person` that ended on the day `from` with a post at `school` end on the day `to`; gives
/// those roles as they were.
///
/// # Errors
/// What the database reports.
pub async fn left_school_on(
    tx: &mut Tx,
    (person, school): (Uuid, Uuid),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Grant>, DbError> {
    let before = from.pred_opt().unwrap_or(from);
    let mut ended = grants_of(tx, person, before).await?;
    ended.retain(|grant| {
        let goes = grant.role.parse().is_ok_and(goes_with_post);
        goes && grant.until == Some(from) && grant.node == school
    });
    for grant in &ended {
        reopen_grant(tx, grant.id, Some(to.max(grant.since))).await?;
    }
    Ok(ended)
}

/// Orders that the sessions of `person` end when the grant `grant` does, on the day `until`.
///
/// # Errors
/// What the database reports.
pub async fn end_on(tx: &mut Tx, person: Uuid, grant: Uuid, until: NaiveDate) -> Result<(), DbError> {
    let at = Instant::start_of(until);
    let key = format!("{}-{until}", grant.simple());
    let ending = Ending { person: Id::from_uuid(person) };
    jobs::enqueue(tx, at, GRANT_ENDS, &key, &ending).await.map(drop)
}

/// How long a role lasts, as a roll keeps what it has made of it: never empty.
#[must_use]
pub fn term(until: Option<NaiveDate>) -> String {
    until.map_or_else(|| "open".to_owned(), |until| until.to_string())
}

/// A role to be given at a node.
#[derive(Debug)]
pub struct Giving<'r> {
    /// The new grant.
    pub id: Uuid,
    /// To whom.
    pub person: Uuid,
    /// The role's key.
    pub role: &'static str,
    /// Where.
    pub node: Uuid,
    /// Its path.
    pub path: &'r str,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
    /// The account of whoever gives it.
    pub given_by: Uuid,
}

#[cfg(test)]
mod tests {
    use super::made_up_login;

    #[test]
    fn logins_are_short_and_typable() {
        let login = made_up_login("zxl");
        assert!(login.starts_with("zxl") && login.len() == 9, "{login}");
        assert!(made_up_login("").starts_with('t'));
        assert_eq!(made_up_login("abcdefgh").len(), 10);
    }
}
