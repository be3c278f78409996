//! Judged rows into the tables, many at a time.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::Instant;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::leaving;
use super::row::Row;
use super::{ACCOUNTS, Memory};
use crate::access::intake::{self as accounts, Giving, LEFT, Opening};
use crate::people::PostState;
use crate::people::intake::{self, Duties, NewPost, Newcomer, OnRoll, PostOnRoll};
use crate::role::Role;
use crate::roster::kind::{Book, Desk, Item};
use crate::roster::schoolbook::Schoolbook;

/// A person.
pub const PERSON: &str = "person";
/// A post.
pub const POST: &str = "post";
/// A post that was ended.
pub const END: &str = "end";
/// A membership in a team that was ended.
pub const TEAM_END: &str = "team_end";
/// A secondment that was ended.
pub const LOAN_END: &str = "loan_end";
/// A role.
pub const GRANT: &str = "grant";
/// A role that was ended.
pub const GRANT_END: &str = "grant_end";
/// An account.
pub const ACCOUNT: &str = "account";

/// What a roll has made of the duties of a post.
#[derive(Debug, Serialize, Deserialize)]
pub struct Duty {
    /// What they were.
    #[serde(flatten)]
    pub before: Duties,
    /// What they have become; `None` in what was taken before this was kept.
    pub made: Option<Duties>,
}

/// A row with the person it is about.
struct Placed<'r> {
    row: &'r Row,
    person: Uuid,
    school: Uuid,
    path: String,
}

/// Takes `items`: newcomers first, then what changes for those known, then accounts.
pub async fn take(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    items: Vec<Item<Row>>,
    book: &mut Book,
) -> Result<(), DbError> {
    let rows: Vec<Row> = items.into_iter().filter_map(|item| item.row).collect();
    let placed: Vec<Placed<'_>> = rows.iter().filter_map(|row| place(&memory.schools, desk, row)).collect();
    let newcomers: Vec<Newcomer<'_>> = placed
        .iter()
        .filter(|one| one.row.known.is_none())
        .map(|one| Newcomer { person: one.person, entered: &one.row.entered, kept_by: &one.path })
        .collect();
    intake::take_on(tx, &newcomers).await?;
    for one in &newcomers {
        book.made_as(PERSON, one.person, one.entered.mark());
    }
    // The file names them, though nobody knew them when it was judged.
    memory.present.extend(newcomers.iter().map(|one| one.person));
    for (known, post) in rows.iter().filter_map(leaving::ends) {
        let why = (desk.today, (PostState::Left, "名册中登记为离校"), LEFT);
        leave(desk, tx, (known.person, post.id, post.school), why, book).await?;
    }
    for one in &placed {
        if let Some(known) = &one.row.known {
            update(desk, tx, one, known, book).await?;
        }
    }
    let arriving: Vec<&Placed<'_>> = placed.iter().filter(|one| !holds_post_at(one)).collect();
    take_up(desk, tx, &arriving, book).await?;
    if desk.chose(ACCOUNTS, "open") {
        open_accounts(desk, tx, &placed, book).await?;
    }
    Ok(())
}

fn place<'r>(schools: &Schoolbook, desk: &Desk, row: &'r Row) -> Option<Placed<'r>> {
    let school = schools.get(row.school.filter(|_| !row.leaves)?)?;
    let person = row.known.as_ref().map_or_else(|| desk.ctx.id::<Row>().uuid(), |known| known.person);
    Some(Placed { row, person, school: school.id, path: school.path.clone() })
}

/// The open post of a known person at the school that the row names.
fn post_there<'r>(one: &Placed<'r>) -> Option<&'r PostOnRoll> {
    one.row.known.as_ref()?.post.as_ref().filter(|post| post.school == one.school)
}

fn holds_post_at(one: &Placed<'_>) -> bool {
    post_there(one).is_some()
}

/// Brings what is known of a person up to what the row says.
async fn update(
    desk: &Desk,
    tx: &mut Tx,
    one: &Placed<'_>,
    known: &OnRoll,
    book: &mut Book,
) -> Result<(), DbError> {
    let entered = &one.row.entered;
    let same_phone = entered.phone_index.is_none() || entered.phone_index == known.phone_index;
    let same_year = entered.birth_year.is_none() || entered.birth_year == known.birth_year;
    let same =
        known.name == entered.name.as_str() && same_phone && same_year && known.sex == entered.sex.code();
    if !same {
        let (before, made) = intake::change(tx, known.person, entered, desk.ctx.at).await?;
        book.changed_to(PERSON, known.person, &before, made)?;
    }
    let Some(post) = &known.post else { return Ok(()) };
    if post.school != one.school {
        let why = (one.row.since.unwrap_or(desk.today), (PostState::Active, "调动"), accounts::MOVED);
        return leave(desk, tx, (known.person, post.id, post.school), why, book).await;
    }
    let title = if one.row.title.is_empty() { post.title.as_str() } else { one.row.title };
    let duties = Duties {
        subject: one.row.subject.to_owned(),
        stage: one.row.stage.map_or_else(String::new, |stage| stage.key().to_owned()),
        title: title.to_owned(),
        since: Some(one.row.since.unwrap_or(post.since)),
    };
    let before = Duties {
        subject: post.subject.clone(),
        stage: post.stage.clone(),
        title: post.title.clone(),
        since: Some(post.since),
    };
    if before != duties {
        let before = change_post(tx, post.id, &duties, desk.ctx.at).await?;
        book.changed(POST, post.id, &Duty { before, made: Some(duties) })?;
    }
    Ok(())
}

/// Changes the duties of `post`, and with its first day that of the teacher's role; gives what they were.
pub async fn change_post(tx: &mut Tx, post: Uuid, duties: &Duties, at: Instant) -> Result<Duties, DbError> {
    let before = intake::change_duties(tx, post, duties, at).await?;
    if let (Some(from), Some(to)) = (before.since, duties.since)
        && from != to
    {
        accounts::begin_with_post(tx, post, (from, to)).await?;
        // The day of a transfer is the last one at the school that was left, too.
        if let Some(left) = intake::end_with(tx, post, (from, to), at).await? {
            accounts::left_school_on(tx, left, (from, to)).await?;
        }
    }
    Ok(before)
}

/// Ends a post at `school` on `day` with what hangs on it, and the roles that went with it; `how` says in
/// which state and for what reason, `because` is told at the sign-in page.
pub async fn leave(
    desk: &Desk,
    tx: &mut Tx,
    (person, post, school): (Uuid, Uuid, Uuid),
    (day, how, because): (NaiveDate, (PostState, &str), &str),
    book: &mut Book,
) -> Result<(), DbError> {
    let ended = intake::end_post(tx, (person, post, school), (day, desk.ctx.at), how).await?;
    // Undone backwards: the post is open again before it is lent again.
    for loan in ended.loans {
        book.changed(LOAN_END, loan, &())?;
    }
    for team in ended.teams {
        book.changed(TEAM_END, team, &())?;
    }
    if ended.post {
        book.changed(END, post, &())?;
    }
    for grant in accounts::leave_school(tx, person, school, (day, desk.ctx.at), because).await? {
        let made = accounts::term(Some(day.max(grant.since)));
        book.changed_to(GRANT_END, grant.id, &grant.until, made)?;
    }
    Ok(())
}

/// Posts, and the teacher's role at the school, for those who have none there.
async fn take_up(desk: &Desk, tx: &mut Tx, arriving: &[&Placed<'_>], book: &mut Book) -> Result<(), DbError> {
    let mut posts = Vec::with_capacity(arriving.len());
    let mut givings = Vec::with_capacity(arriving.len());
    for one in arriving {
        // Somebody who is transferred begins on the day on which the other post ends.
        let since = one.row.since.unwrap_or(desk.today);
        let title =
            one.row.known.as_ref().and_then(|known| known.post.as_ref()).map_or("", |post| &post.title);
        posts.push(NewPost {
            id: desk.ctx.id::<Row>().uuid(),
            person: one.person,
            sort_key: one.row.entered.sort_key(),
            school: one.school,
            path: &one.path,
            subject: one.row.subject,
            stage: one.row.stage.map_or("", |stage| stage.key()),
            title: if one.row.title.is_empty() { title } else { one.row.title },
            since,
        });
        givings.push(Giving {
            id: desk.ctx.id::<Row>().uuid(),
            person: one.person,
            role: Role::Teacher.key(),
            node: one.school,
            path: &one.path,
            since,
            until: None,
            given_by: desk.member.account,
        });
    }
    intake::take_up(tx, &posts).await?;
    accounts::give(tx, &givings).await?;
    let returning = |one: &&&Placed<'_>| one.row.known.as_ref().is_some_and(|known| known.post.is_none());
    for one in arriving.iter().filter(returning) {
        accounts::sign_out(tx, one.person, desk.ctx.at, accounts::ROLES_CHANGED).await?;
    }
    for (post, giving) in posts.iter().zip(&givings) {
        book.made_as(POST, post.id, post.mark());
        book.made_as(GRANT, giving.id, accounts::term(giving.until));
    }
    Ok(())
}

async fn open_accounts(
    desk: &Desk,
    tx: &mut Tx,
    placed: &[Placed<'_>],
    book: &mut Book,
) -> Result<(), DbError> {
    let people: Vec<Uuid> =
        placed.iter().filter(|one| one.row.known.is_some()).map(|one| one.person).collect();
    let with_account: HashMap<Uuid, Uuid> = accounts::accounts_of(tx, &people).await?;
    let openings: Vec<Opening<'_>> = placed
        .iter()
        .filter(|one| !with_account.contains_key(&one.person))
        .map(|one| Opening {
            person: one.person,
            login: one.row.login.as_deref(),
            initials: one.row.entered.initials(),
        })
        .collect();
    for (_, account) in accounts::open(tx, desk.ctx.at, &openings).await? {
        book.made(ACCOUNT, account);
    }
    Ok(())
}
