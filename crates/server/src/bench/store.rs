//! What the bench reads beside the rooms: whom it has put where, and the same rows as the bare
//! engine gives them.

pub mod hours;
pub mod records;

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Row, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Node;
use tisheng_registry::people::Person;

const TEACHERS: &str = "select person, school, path, subject, stage, sort_key from post
    where until is null and person > $1 order by person limit $2";

const TEACHER_OF: &str = "select person, school, path, subject, stage, sort_key from post
    where school = $1 and until is null order by sort_key, person limit 1 offset $2";

const SCHOOLS: &str = "select id, path from node where kind = 'school' order by path, id";

const NODES: &str = "select count(*) from node";

const HOURS: &str = "select category, seconds from hour_total where programme = $1 and person = $2";

const CHOSEN: &str = "select capability from choice_capability where programme = $1 and person = $2";

const RESULTS: &str = "select capability, level from result
    where programme = $1 and person = $2 and superseded_by is null";

const VALID: &str = "select number from certificate where programme = $1 and person = $2 and state = 'valid'";

const ALL_HOURS: &str = "select cast(sum(seconds) as bigint) from hour_total where category <> ''";

const ALL_CHOSEN: &str = "select count(*) from choice_capability where capability <> ''";

const ALL_RESULTS: &str = "select count(*) from result where level <> ''";

/// Tables and indexes as those of a roll, filled with the rows that are there. Dropped with the
/// transaction.
const ROLL_ANEW: &str = "
    create temporary table bare_person as select * from person where 1 = 0;
    create unique index bare_person_id on bare_person (id);
    create unique index bare_person_paper on bare_person (paper_index);
    create index bare_person_name on bare_person (name);
    create index bare_person_pinyin on bare_person (pinyin);
    create index bare_person_initials on bare_person (initials);
    create index bare_person_phone on bare_person (phone_index);
    create index bare_person_kept_by on bare_person (kept_by);
    create temporary table bare_post as select * from post where 1 = 0;
    create unique index bare_post_id on bare_post (id);
    create unique index bare_post_open on bare_post (person) where until is null;
    create index bare_post_person on bare_post (person, since);
    create index bare_post_roll on bare_post (sort_key, person, path, subject, stage, state) where until is null;
    create index bare_post_path on bare_post (path, sort_key, person);
    create index bare_post_school on bare_post (school, sort_key);
    create temporary table bare_grant as select * from role_grant where 1 = 0;
    create unique index bare_grant_id on bare_grant (id);
    create index bare_grant_person on bare_grant (person, since);
    create index bare_grant_node on bare_grant (node, role);
    create index bare_grant_path on bare_grant (path);
    insert into bare_person select * from person order by id desc limit 100000;
    insert into bare_post select * from post order by id desc limit 100000;
    insert into bare_grant select * from role_grant order by id desc limit 100000;";

/// Lets PostgreSQL's planner know what has been filled in, as its own housekeeping does in time.
const ANALYZE: &str = "analyze";

/// A teacher and where to find them.
#[derive(Debug, Clone)]
pub struct Placed {
    pub person: Id<Person>,
    pub school: Id<Node>,
    pub path: String,
    pub subject: String,
    pub stage: String,
    pub sort_key: String,
}

fn placed(row: &Row<'_>) -> Result<Placed, DbError> {
    Ok(Placed {
        person: row.get(0)?,
        school: row.get(1)?,
        path: row.get(2)?,
        subject: row.get(3)?,
        stage: row.get(4)?,
        sort_key: row.get(5)?,
    })
}

/// The next teachers in the order of their identifiers.
pub async fn teachers(tx: &mut Tx, after: Id<Person>, most: i64) -> Result<Vec<Placed>, DbError> {
    tx.rows(TEACHERS, args![after, most], placed).await
}

/// The teacher at `place` of a school's roll, counted from 0.
pub async fn teacher_of(tx: &mut Tx, school: Id<Node>, place: i64) -> Result<Option<Placed>, DbError> {
    tx.row_opt(TEACHER_OF, args![school, place], placed).await
}

/// All schools with their paths.
pub async fn schools(tx: &mut Tx) -> Result<Vec<(Id<Node>, String)>, DbError> {
    tx.rows(SCHOOLS, args![], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// How many nodes there are.
pub async fn nodes(tx: &mut Tx) -> Result<i64, DbError> {
    tx.row(NODES, args![], |row| row.get(0)).await
}

/// Everything that a teacher's first page follows from, by key.
pub async fn rows_of(tx: &mut Tx, programme: Id<Programme>, person: Id<Person>) -> Result<usize, DbError> {
    let key = args![programme, person];
    let mut count = 0;
    for statement in [HOURS, CHOSEN, RESULTS, VALID] {
        count += tx.rows(statement, key, |row| row.get::<String>(0)).await?.len();
    }
    Ok(count)
}

/// Everything that all verdicts follow from, read once from end to end.
pub async fn rows_of_all(tx: &mut Tx) -> Result<i64, DbError> {
    let mut sum = 0;
    for statement in [ALL_HOURS, ALL_CHOSEN, ALL_RESULTS] {
        sum += tx.row(statement, args![], |row| row.get::<Option<i64>>(0)).await?.unwrap_or_default();
    }
    Ok(sum)
}

/// Writes a hundred thousand rows of each table of a roll, with its indexes, and drops them.
pub async fn roll_anew(mut tx: Tx) -> Result<(), DbError> {
    tx.batch(ROLL_ANEW).await
}

/// Works the planner's statistics out.
pub async fn analyze(tx: &mut Tx) -> Result<(), DbError> {
    tx.batch(ANALYZE).await
}
