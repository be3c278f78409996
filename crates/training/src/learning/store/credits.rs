//! Credits: what followed for the ledger.

use tisheng_kernel::{Id, Seconds};
use tisheng_platform::{Ctx, DbError, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::super::model::Credit;
use super::Whose;
use crate::course::Course;

const CREDITS: &str = "select number, revision, seconds, worked_on from learning_credit
    where programme = $1 and person = $2 and course = $3 order by number";

const ADD_CREDIT: &str = "insert into learning_credit (programme, person, course, number, revision, seconds,
    worked_on, logged_at) values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing";

const DROP_CREDIT: &str =
    "delete from learning_credit where programme = $1 and person = $2 and course = $3 and number = $4";

const EVERY_CREDIT: &str = "select distinct person, course from learning_credit
    where programme = $1 and (person, course) > ($2, $3) order by person, course limit $4";

const COURSES_BETWEEN: &str = "select distinct course from learning_credit
    where programme = $1 and person = $2 and worked_on >= $3 and worked_on <= $4 order by course";

/// The courses for which a teacher was credited on days from one to another.
pub async fn courses_between(
    tx: &mut Tx,
    (programme, person): (Id<Programme>, Id<Person>),
    (from, until): (chrono::NaiveDate, chrono::NaiveDate),
) -> Result<Vec<Id<Course>>, DbError> {
    tx.rows(COURSES_BETWEEN, args![programme, person, from, until], |row| row.get(0)).await
}

/// A line that was handed to the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credited {
    pub number: String,
    pub revision: i64,
    pub seconds: Seconds,
    pub worked_on: chrono::NaiveDate,
}

impl Credited {
    /// Whether it says what `credit` says.
    pub fn says(&self, credit: &Credit) -> bool {
        (&self.number, self.seconds, self.worked_on) == (&credit.number, credit.seconds, credit.worked_on)
    }
}

/// What was handed to the ledger for a teacher's course.
pub async fn credited(tx: &mut Tx, whose: Whose, course: Id<Course>) -> Result<Vec<Credited>, DbError> {
    tx.rows(CREDITS, args![whose.programme, whose.person, course], |row| {
        Ok(Credited {
            number: row.get(0)?,
            revision: row.get(1)?,
            seconds: Seconds::new(row.get(2)?),
            worked_on: row.get(3)?,
        })
    })
    .await
}

/// Notes that a line was handed to the ledger by the terms of `revision`.
pub async fn add_credit(
    ctx: &Ctx,
    tx: &mut Tx,
    (whose, course, revision): (Whose, Id<Course>, i64),
    credit: &Credit,
) -> Result<(), DbError> {
    let row = args![
        whose.programme,
        whose.person,
        course,
        &credit.number,
        revision,
        credit.seconds.get(),
        credit.worked_on,
        ctx.at
    ];
    tx.run(ADD_CREDIT, row).await.map(drop)
}

/// Notes that a line was taken back from the ledger.
pub async fn drop_credit(
    tx: &mut Tx,
    (whose, course): (Whose, Id<Course>),
    number: &str,
) -> Result<(), DbError> {
    tx.run(DROP_CREDIT, args![whose.programme, whose.person, course, number]).await.map(drop)
}

/// Teachers and courses with something in the ledger, after `after`.
pub async fn every_credit(
    tx: &mut Tx,
    programme: Id<Programme>,
    after: (Id<Person>, Id<Course>),
    most: i64,
) -> Result<Vec<(Id<Person>, Id<Course>)>, DbError> {
    tx.rows(EVERY_CREDIT, args![programme, after.0, after.1, most], |row| Ok((row.get(0)?, row.get(1)?)))
        .await
}
