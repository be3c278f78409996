//! Teams of schools.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx, args};
use uuid::Uuid;

use crate::organisation::Node;
use crate::people::model::{Person, Team};
use crate::people::team::Member;

const MEMBERS: &str = "select m.person, o.name, m.duties, m.since
    from team_member m join person o on o.id = m.person
    where m.school = $1 and m.team = $2 and m.until is null order by m.since, m.id";

const ENLIST: &str = "insert into team_member (id, school, team, person, duties, since, until)
    values ($1, $2, $3, $4, $5, $6, null)
    on conflict (school, team, person) where until is null do update set duties = excluded.duties";

const DISMISS: &str = "update team_member set until = cast($4 as text)
    where school = $1 and team = $2 and person = $3 and until is null";

const LEAVE: &str = "update team_member set until = case when since > $3 then since else cast($3 as text) end
    where person = $1 and school = $2 and until is null";

const LEFT_ON: &str =
    "update team_member set until = case when since > $4 then since else cast($4 as text) end
    where person = $1 and school = $2 and until = $3";

const DUTIES_BY_SCHOOL: &str = "select m.school, m.team, m.duties, m.person
    from team_member m join node n on n.id = m.school
    where m.until is null and n.path >= $1 and n.path < $2";

fn duties(text: &str) -> Vec<String> {
    text.split(',').filter(|code| !code.is_empty()).map(str::to_owned).collect()
}

pub async fn members(tx: &mut Tx, school: Id<Node>, team: Team) -> Result<Vec<Member>, DbError> {
    tx.rows(MEMBERS, args![school, team.key()], |row| {
        Ok(Member {
            person: row.get(0)?,
            name: row.get(1)?,
            duties: duties(&row.get::<String>(2)?),
            since: row.get(3)?,
        })
    })
    .await
}

/// Puts a person into a team, or gives a member other duties.
pub async fn enlist(
    tx: &mut Tx,
    id: Id<Member>,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
    held: &[&str],
    since: NaiveDate,
) -> Result<(), DbError> {
    let held = held.join(",");
    tx.run(ENLIST, args![id, school, team.key(), person, held, since]).await.map(drop)
}

/// Says whether the person was in the team.
pub async fn dismiss(
    tx: &mut Tx,
    (school, team): (Id<Node>, Team),
    person: Id<Person>,
    on: NaiveDate,
) -> Result<bool, DbError> {
    Ok(tx.run(DISMISS, args![school, team.key(), person, on]).await? == 1)
}

/// Takes somebody who leaves the school out of its teams.
pub async fn leave_teams(
    tx: &mut Tx,
    person: Id<Person>,
    school: Id<Node>,
    on: NaiveDate,
) -> Result<(), DbError> {
    tx.run(LEAVE, args![person, school, on]).await.map(drop)
}

/// Lets memberships that ended on the day `from`, on which somebody left the school, end on the day `to`.
pub async fn left_on(
    tx: &mut Tx,
    (person, school): (Uuid, Uuid),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<(), DbError> {
    tx.run(LEFT_ON, args![person, school, from, to]).await.map(drop)
}

/// The members of the teams of schools, with their duties.
pub type Teams = BTreeMap<(Id<Node>, Team), Vec<(Id<Person>, Vec<String>)>>;

/// Every member of every team of the schools within `scope`, with the duties.
pub async fn duties_by_school(tx: &mut Tx, scope: &Scope) -> Result<Teams, DbError> {
    let mut found = Teams::new();
    tx.each(DUTIES_BY_SCHOOL, args![&scope.from, &scope.until], |row| {
        let Ok(team) = row.get::<String>(1)?.parse::<Team>() else { return Ok(()) };
        let held = duties(&row.get::<String>(2)?);
        found.entry((row.get(0)?, team)).or_default().push((row.get(3)?, held));
        Ok(())
    })
    .await?;
    Ok(found)
}
