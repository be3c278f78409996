//! Statements that tell other rooms how things stand with a person.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_rules::{PeerReviews, UnderWay};
use uuid::Uuid;

use super::wrong;
use crate::evidence::{State, Submission};
use crate::review::model::{Review, last_day};

const KEEPS_OF: &str = "select 1 from programme p
    where exists (select 1 from panel_member m
        where m.programme = p.id and m.person = $1)
    or exists (select 1 from review r where r.programme = p.id and r.reviewer = $1)
    or exists (select 1 from objection o where o.programme = p.id and o.person = $1) limit 1";

const IN_HAND: &str = "select count(*), min(due_on), min(lapses_at) from review
    where programme = $1 and reviewer = $2 and state = 'open'";
/// Those that came to an end, one by one: days and moments are not compared in SQL.
const PEER_REVIEWS: &str = "select reviewer, state, done_at, due_on from review
    where programme = $1 and reviewer >= $2 and reviewer <= $3 and duty = 'peer'
    and state in ('done', 'lapsed') order by reviewer";
const UNDER_WAY: &str = "select s.capability, s.state, d.notice_until from submission s
    left join decision d on d.programme = s.programme and d.submission = s.id and d.notice_until is not null
    where s.programme = $1 and s.person = $2 and s.superseded_by is null
    and s.state in ('submitted', 'peers', 'panel', 'notice', 'returned')
    order by s.capability, d.notice_until";

/// What somebody has still to judge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct InHand {
    /// Works of others.
    pub others: i64,
    /// By when the first of them.
    pub due: Option<NaiveDate>,
    /// Their own works.
    pub own: i64,
    /// The one of them, where there are no others.
    pub own_work: Option<Id<Submission>>,
    /// By when the first of them, where the rules give days for it.
    pub own_due: Option<NaiveDate>,
    /// Objections that wait for them as the chair of a panel.
    pub objections: i64,
}

impl InHand {
    /// Where the own works are judged: the only one at once.
    #[must_use]
    pub fn own_place(&self) -> String {
        self.own_work.map_or_else(|| "/evidence".to_owned(), |work| format!("/review/self/{work}"))
    }
}

/// How many works of others somebody has still to judge, and by when the first of them.
pub async fn of_others(
    tx: &mut Tx,
    programme: Uuid,
    person: Uuid,
) -> Result<(i64, Option<NaiveDate>), DbError> {
    let found = |row: &Row<'_>| Ok((row.get(0)?, last_day(row.get(1)?, row.get(2)?)));
    tx.row(IN_HAND, args![programme, person], found).await
}

/// The reviews of colleagues' work that fell to the people between `first` and `last` and came to an
/// end; whoever had none is left out.
///
/// # Errors
/// What the database reports.
pub async fn peer_reviews(
    tx: &mut Tx,
    programme: Id<Programme>,
    first: Id<Person>,
    last: Id<Person>,
) -> Result<BTreeMap<Id<Person>, PeerReviews>, DbError> {
    let ended = tx
        .rows(PEER_REVIEWS, args![programme, first, last], |row| {
            let state = row.get::<String>(1)?.parse().map_err(|_| wrong(1))?;
            let in_time = Review::was_in_time(state, row.get(2)?, row.get(3)?);
            Ok((row.get::<Id<Person>>(0)?, in_time))
        })
        .await?;
    let mut sums: BTreeMap<Id<Person>, PeerReviews> = BTreeMap::new();
    for (person, in_time) in ended {
        let sum = sums.entry(person).or_default();
        sum.drawn += 1;
        sum.in_time += u32::from(in_time);
    }
    Ok(sums)
}

/// How far the work of a person has come that has no result yet, by capability or work.
///
/// # Errors
/// What the database reports.
pub async fn under_way(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<BTreeMap<String, UnderWay>, DbError> {
    let found = tx
        .rows(UNDER_WAY, args![programme, person], |row| {
            let state: State = row.get::<String>(1)?.parse().map_err(|_| wrong(1))?;
            let until: Option<NaiveDate> = row.get(2)?;
            let under_way = match (state, until) {
                (State::Submitted, _) => UnderWay::OwnJudgement,
                (State::Returned, _) => UnderWay::Returned,
                (State::Notice, Some(until)) => UnderWay::OnNotice(until),
                _ => UnderWay::Judged,
            };
            Ok((row.get::<String>(0)?, under_way))
        })
        .await?;
    Ok(found.into_iter().collect())
}

/// Whether the room keeps anything that a person judges.
///
/// # Errors
/// What the database reports.
pub async fn keeps_of(tx: &mut Tx, person: Uuid) -> Result<bool, DbError> {
    Ok(tx.row_opt(KEEPS_OF, args![person], |_| Ok(())).await?.is_some())
}
