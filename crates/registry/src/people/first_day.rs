//! The first day of a post, put right. Where a transfer began the post, that day is the last one of the post
//! that it ended, too: both are put right together, with the loan, the teams and the roles that ended then.

use chrono::{Days, NaiveDate};
use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit};
use uuid::Uuid;

use super::actions::{PeopleError, arrived, tell};
use super::model::{Person, Post};
use super::moves::in_post;
use super::{intake, store};
use crate::organisation::Node;

/// The post of somebody that ended last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The post.
    pub post: Uuid,
    /// Path of its school.
    pub path: String,
    /// Its first day.
    pub since: NaiveDate,
    /// The first day on which it was no more.
    pub until: NaiveDate,
    /// Whether a transfer ended it.
    pub by_transfer: bool,
}

/// Days on which a post was lent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loan {
    /// The post.
    pub post: Uuid,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it was lent no more.
    pub until: Option<NaiveDate>,
}

/// What else is known of somebody with an open post.
#[derive(Debug, Clone, Copy)]
pub struct Around<'a> {
    /// The post that ended last.
    pub earlier: Option<&'a Earlier>,
    /// All loans.
    pub loans: &'a [Loan],
}

/// Passes when the open post `post`, which began on the day `from`, may begin on the day `to`, by somebody
/// who looks after `scope`.
///
/// # Errors
/// [`PeopleError`], each beginning with the word 日期.
pub fn decide(
    around: Around<'_>,
    post: Uuid,
    (from, to): (NaiveDate, NaiveDate),
    scope: &Scope,
) -> Result<(), PeopleError> {
    match around.earlier {
        Some(left) if left.by_transfer && left.until == from => {
            if !scope.holds(&left.path) {
                return Err(PeopleError::Transferred);
            }
            if to <= left.since {
                return Err(PeopleError::BeforeLeft(left.since));
            }
            if let Some(lent) = lent_until(around.loans, left).filter(|lent| to < *lent) {
                return Err(PeopleError::LentBefore(lent));
            }
        }
        earlier => after(earlier, to)?,
    }
    let own = around.loans.iter().filter(|loan| loan.post == post);
    match own.map(|loan| loan.since).min() {
        Some(lent) if lent <= to => Err(PeopleError::AfterLoan(lent)),
        _ => Ok(()),
    }
}

/// Passes when `earlier` had ended by the day `since`.
///
/// # Errors
/// [`PeopleError::Overlaps`].
pub fn after(earlier: Option<&Earlier>, since: NaiveDate) -> Result<(), PeopleError> {
    match earlier {
        Some(earlier) if since < earlier.until => Err(PeopleError::Overlaps(earlier.until)),
        _ => Ok(()),
    }
}

/// The earliest day on which the post `left` may have ended by its loans: the one that the transfer ended
/// lasted a day at least, any other as long as it is known to have lasted.
fn lent_until(loans: &[Loan], left: &Earlier) -> Option<NaiveDate> {
    let of_left = loans.iter().filter(|loan| loan.post == left.post);
    let ends = of_left.filter_map(|loan| match loan.until {
        Some(until) if until <= loan.since => None,
        Some(until) if until == left.until => loan.since.checked_add_days(Days::new(1)),
        until => until,
    });
    ends.max()
}

/// Lets the open post begin on the day `to`, since another had been entered; where a transfer began it, the
/// post that the transfer ended ends then. Gives the school that was left.
///
/// # Errors
/// [`PeopleError`], as [`decide`] gives it.
pub(crate) async fn redate(
    ctx: &Ctx,
    tx: &mut Tx,
    person: Id<Person>,
    to: NaiveDate,
) -> Result<Option<Id<Node>>, PeopleError> {
    let (person, post) = in_post(ctx, tx, person).await?;
    arrived(ctx, to)?;
    let key = [person.id.uuid()];
    let earlier = intake::last_ended(tx, &key).await?;
    let loans = intake::loans(tx, &key).await?.remove(&key[0]).unwrap_or_default();
    let around = Around { earlier: earlier.get(&key[0]), loans: &loans };
    let days = (post.since, to);
    decide(around, post.id.uuid(), days, &ctx.scope())?;
    let left = end_with(tx, post.id.uuid(), days, ctx.at).await?.map(|(_, school)| school);
    store::redate(tx, post.id, to, ctx.at).await?;
    let detail = json!({ "post": post.id, "before": post.since, "now": to, "left": left });
    audit::record(ctx, tx, "people.post_redated", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await?;
    Ok(left.map(Id::from_uuid))
}

/// Lets the post that a transfer ended on the day `from`, on which `post` began, end on the day `to`, with
/// the loan and the memberships that ended with it; gives the person and the school that was left.
///
/// # Errors
/// What the database reports.
pub(crate) async fn end_with(
    tx: &mut Tx,
    post: Uuid,
    (from, to): (NaiveDate, NaiveDate),
    at: Instant,
) -> Result<Option<(Uuid, Uuid)>, DbError> {
    let Some([left, person, school]) = store::left_for(tx, post, from).await? else { return Ok(None) };
    store::end_on(tx, left, (from, to), at).await?;
    store::left_on(tx, (person, school), (from, to)).await?;
    Ok(Some((person, school)))
}

/// The school that a transfer left on the day on which `post` began.
///
/// # Errors
/// What the database reports.
pub(crate) async fn left_for(tx: &mut Tx, post: &Post) -> Result<Option<Id<Node>>, DbError> {
    let left = store::left_for(tx, post.id.uuid(), post.since).await?;
    Ok(left.map(|[_, _, school]| Id::from_uuid(school)))
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::number::chinese_date;

    use super::*;

    const HERE: Uuid = Uuid::from_u128(1);
    const LEFT: Uuid = Uuid::from_u128(2);

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    fn left(by_transfer: bool) -> Earlier {
        let (since, until) = (day("2020-09-01"), day("2021-03-08"));
        Earlier { post: LEFT, path: "/a/b/".to_owned(), since, until, by_transfer }
    }

    fn loan(post: Uuid, since: &str, until: &str) -> Loan {
        Loan { post, since: day(since), until: until.parse().ok() }
    }

    fn decided(earlier: &Earlier, loans: &[Loan], to: &str, scope: &Scope) -> String {
        let around = Around { earlier: Some(earlier), loans };
        let days = (day("2021-03-08"), day(to));
        decide(around, HERE, days, scope).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_transfer_lies_between_the_posts_and_their_loans() {
        let both = Scope::below("/a/");
        let moved = left(true);
        for fine in ["2020-09-02", "2021-03-01", "2021-03-10"] {
            assert_eq!(decided(&moved, &[], fine, &both), "");
        }
        assert!(decided(&moved, &[], "2020-09-01", &both).contains(&chinese_date(moved.since)));
        assert!(decided(&moved, &[], "2021-03-01", &Scope::below("/a/c/")).contains("同时管理两所学校"));
        let cut = [loan(LEFT, "2021-03-02", "2021-03-08")];
        assert!(decided(&moved, &cut, "2021-03-02", &both).contains("2021年3月3日"));
        assert_eq!(decided(&moved, &cut, "2021-03-03", &both), "");
        let over = [loan(LEFT, "2021-02-01", "2021-03-02"), loan(LEFT, "2021-03-09", "2021-03-09")];
        assert!(decided(&moved, &over, "2021-03-01", &both).contains("2021年3月2日"));
        assert_eq!(decided(&moved, &over, "2021-03-02", &both), "");
        let own = [loan(HERE, "2021-03-09", "")];
        assert!(decided(&moved, &own, "2021-03-09", &both).contains("2021年3月9日"));
    }

    #[test]
    fn what_no_transfer_ended_stays_as_it_is() {
        let here = Scope::below("/a/c/");
        let released = left(false);
        assert!(decided(&released, &[], "2021-03-07", &here).contains("2021年3月8日"));
        assert_eq!(decided(&released, &[], "2021-03-09", &here), "");
    }
}
