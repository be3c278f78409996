//! Lists of teachers: by name within a wide part of the tree, within a narrow one, by search, and
//! of those who have left. Each has the statement that its index serves.

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::db::Row;
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::{DbError, Scope, Tx, args};
use uuid::Uuid;

use super::search;
use crate::organisation::Node;
use crate::people::model::{Person, PostState};
use crate::role::Breadth;

/// Walks the roll in its order and passes over who is elsewhere; the concatenation keeps the
/// index on paths out of it, which would have to sort the whole part of the tree.
const WIDE: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) > ($6, $7)
    order by p.sort_key, p.person limit $8";

const NARROW: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path >= $1 and p.path < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) > ($6, $7)
    order by p.sort_key, p.person limit $8";

const WIDE_BACKWARDS: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path || '' >= $1 and p.path || '' < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) < ($6, $7)
    order by p.sort_key desc, p.person desc limit $8";

const NARROW_BACKWARDS: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path >= $1 and p.path < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.sort_key, p.person) < ($6, $7)
    order by p.sort_key desc, p.person desc limit $8";

/// School by school, in the order of the index on paths.
const BY_SCHOOL: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path >= $1 and p.path < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (p.path, p.sort_key, p.person) > ($6, $7, $8)
    order by p.path, p.sort_key, p.person limit $9";

/// A part of a county or less is looked through whole: the words may stand anywhere in a name.
const SEARCH_WITHIN: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.until is null and p.path >= $1 and p.path < $2
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4) and ($5 = '' or p.state = $5)
        and (o.name like $9 escape '\\' or o.initials like $9 escape '\\' or o.pinyin like $10 escape '\\')
        and (p.sort_key, p.person) > ($6, $7)
    order by p.sort_key, p.person limit $8";

const LEFT: &str = "select p.person, o.name, p.sort_key, o.sex, p.subject, p.stage, p.title, p.state, p.school, n.name, p.since, p.until, p.path
    from post p join person o on o.id = p.person join node n on n.id = p.school
    where p.state = 'left' and p.path >= $1 and p.path < $2
        and not exists (select 1 from post q where q.person = p.person and q.until is null)
        and ($3 = '' or p.subject = $3) and ($4 = '' or p.stage = $4)
        and (p.sort_key, p.person) > ($5, $6)
        and ($8 = '' or (o.name >= $8 and o.name < $9) or (o.pinyin >= $8 and o.pinyin < $9)
            or (o.initials >= $8 and o.initials < $9))
    order by p.sort_key, p.person limit $7";

/// What a list of teachers is narrowed to; an empty text is no condition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RollFilter {
    /// Part of the name or of its initials, or the beginning of its pinyin; within a city or more
    /// the beginning of either alone, which an index finds.
    pub query: String,
    /// The subject.
    pub subject: String,
    /// Code of the stage.
    pub stage: String,
    /// Code of the state; those who have left are shown only when asked for.
    pub state: String,
    /// In which order; a search and those who have left come by name.
    pub order: Order,
}

/// The order of a list of teachers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// By name.
    #[default]
    Name,
    /// By name, the last first.
    NameBackwards,
    /// School by school, and by name within each.
    School,
}

/// A teacher in a list.
#[derive(Debug, Clone)]
pub struct RollLine {
    /// The person.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// The place in the list.
    pub sort_key: String,
    /// Code of the sex.
    pub sex: String,
    /// The subject taught.
    pub subject: String,
    /// Code of the stage taught in.
    pub stage: String,
    /// The professional title.
    pub title: String,
    /// How it stands with the post.
    pub state: PostState,
    /// The school.
    pub school: Id<Node>,
    /// Its name.
    pub school_name: String,
    /// The first day of the post.
    pub since: NaiveDate,
    /// The first day after the post.
    pub until: Option<NaiveDate>,
    /// The school's path.
    pub path: String,
}

impl RollLine {
    /// The place of the line in a list of that order.
    #[must_use]
    pub fn place(&self, order: Order) -> (String, String) {
        let key = match order {
            Order::School => Cursor::joined(&[&self.path, &self.sort_key]),
            Order::Name | Order::NameBackwards => self.sort_key.clone(),
        };
        (key, self.person.to_string())
    }
}

pub(super) fn line(row: &Row<'_>) -> Result<RollLine, DbError> {
    let state: String = row.get(7)?;
    Ok(RollLine {
        person: row.get(0)?,
        name: row.get(1)?,
        sort_key: row.get(2)?,
        sex: row.get(3)?,
        subject: row.get(4)?,
        stage: row.get(5)?,
        title: row.get(6)?,
        state: state
            .parse()
            .map_err(|_| DbError::Column { column: 7, problem: format!("unknown state {state}") })?,
        school: row.get(8)?,
        school_name: row.get(9)?,
        since: row.get(10)?,
        until: row.get(11)?,
        path: row.get(12)?,
    })
}

/// The first text after all that begin with `start`.
pub(super) fn after_all(start: &str) -> String {
    format!("{start}\u{10ffff}")
}

/// `text` as a pattern that finds it after `before`.
fn pattern(before: &str, text: &str) -> String {
    let plain = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{before}{plain}%")
}

/// At most `most` teachers within `scope` after `place`.
pub async fn roll(
    tx: &mut Tx,
    (scope, breadth): (&Scope, Breadth),
    filter: &RollFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<RollLine>, DbError> {
    let RollFilter { query, subject, stage, state, order } = filter;
    let end = after_all(query);
    if state == PostState::Left.key() {
        let given =
            args![&scope.from, &scope.until, subject, stage, &place.key, place.uuid(), most, query, end];
        return tx.rows(LEFT, given, line).await;
    }
    if !query.is_empty() && breadth != Breadth::Widest {
        let (within, beginning) = (pattern("%", query), pattern("", query));
        let given = args![
            &scope.from,
            &scope.until,
            subject,
            stage,
            state,
            &place.key,
            place.uuid(),
            most,
            within,
            beginning
        ];
        return tx.rows(SEARCH_WITHIN, given, line).await;
    }
    if !query.is_empty() {
        return search::wide(tx, scope, filter, place, most).await;
    }
    if *order == Order::School {
        let [path, key] = place.parts();
        let given = args![&scope.from, &scope.until, subject, stage, state, path, key, place.uuid(), most];
        return tx.rows(BY_SCHOOL, given, line).await;
    }
    let wide = matches!(breadth, Breadth::Widest | Breadth::Wide);
    let sql = match (order, wide) {
        (Order::NameBackwards, true) => WIDE_BACKWARDS,
        (Order::NameBackwards, false) => NARROW_BACKWARDS,
        (_, true) => WIDE,
        (_, false) => NARROW,
    };
    let mut after = (place.key.clone(), place.uuid());
    if *order == Order::NameBackwards && *place == Cursor::default() {
        after = (after_all(""), Uuid::max());
    }
    let given = args![&scope.from, &scope.until, subject, stage, state, &after.0, after.1, most];
    tx.rows(sql, given, line).await
}

/// Rows asked for by a page: one more than it shows.
pub const PAGE: i64 = ROWS + 1;
