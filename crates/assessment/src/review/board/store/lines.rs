//! The lines of the board: each order and each filter that leaves few has the statement that an index serves.

use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::Order;
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_registry::access::Breadth;
use uuid::Uuid;

use super::{prefix, wrong};
use crate::evidence::{State, Submission};

/// What a line says, of the works that are asked for, which are found and cut to a page first; `$from` is or
/// leads to `submission s`.
macro_rules! lines {
    ($from:literal, $where:literal, $order:literal) => {
        concat!(
            "select s.id, p.name, s.sort_key, s.capability, s.state, s.revision, s.state_since,
            coalesce(s.level, (select max(d.level) from decision d where d.programme = s.programme
                and d.submission = s.id and d.notice_until is not null)), n.name,
            (select count(*) from review r where r.programme = s.programme and r.submission = s.id
                and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
                and r.state = 'done' and r.duty <> 'chair'),
            (select count(*) from review r where r.programme = s.programme and r.submission = s.id
                and (r.step = s.step or s.state in ('notice', 'final') and r.duty = 'panel')
                and r.state in ('open', 'done') and r.duty <> 'chair'), s.path
            from (select s.id as found from ",
            $from,
            " where s.programme = $1 and s.superseded_by is null
                and ($4 = '' or s.state = $4 or $4 = 'handed_in' and s.state <> 'draft')
                and ($5 = '' or s.capability = $5) and s.state_since <= $6 and ($7 = '' or s.level = $7) and ",
            $where,
            " order by ",
            $order,
            " limit $10) w
            cross join submission s join person p on p.id = s.person join node n on n.id = s.school
            where s.programme = $1 and s.id = w.found order by ",
            $order
        )
    };
}

/// Within a county or less: the part of the tree is small, and sorted as it is found.
const NARROW: &str = lines!(
    "submission s",
    "s.path >= $2 and s.path < $3 and (s.sort_key, s.id) > ($8, $9)",
    "s.sort_key, s.id"
);
const NARROW_BACK: &str = lines!(
    "submission s",
    "s.path >= $2 and s.path < $3 and (s.sort_key, s.id) < ($8, $9)",
    "s.sort_key desc, s.id desc"
);
const NARROW_SINCE: &str = lines!(
    "submission s",
    "s.path >= $2 and s.path < $3 and (s.state_since, s.id) > ($8, $9)",
    "s.state_since, s.id"
);
const NARROW_SINCE_BACK: &str = lines!(
    "submission s",
    "s.path >= $2 and s.path < $3 and (s.state_since, s.id) < ($8, $9)",
    "s.state_since desc, s.id desc"
);
/// Within a city or more: an index is walked in its order, of all, of a state or of a level; the
/// concatenation keeps the index on paths out of it.
const WIDE: &str = lines!(
    "submission s",
    "s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) > ($8, $9)",
    "s.sort_key, s.id"
);
const WIDE_BACK: &str = lines!(
    "submission s",
    "s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) < ($8, $9)",
    "s.sort_key desc, s.id desc"
);
const IN_STATE: &str = lines!(
    "submission s",
    "s.state = $4 and s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) > ($8, $9)",
    "s.sort_key, s.id"
);
const IN_STATE_BACK: &str = lines!(
    "submission s",
    "s.state = $4 and s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) < ($8, $9)",
    "s.sort_key desc, s.id desc"
);
const OF_LEVEL: &str = lines!(
    "submission s",
    "s.level = $7 and s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) > ($8, $9)",
    "s.sort_key, s.id"
);
const OF_LEVEL_BACK: &str = lines!(
    "submission s",
    "s.level = $7 and s.path || '' >= $2 and s.path || '' < $3 and (s.sort_key, s.id) < ($8, $9)",
    "s.sort_key desc, s.id desc"
);
const IN_STATE_SINCE: &str = lines!(
    "submission s",
    "s.state = $4 and s.path || '' >= $2 and s.path || '' < $3 and (s.state_since, s.id) > ($8, $9)",
    "s.state_since, s.id"
);
const IN_STATE_SINCE_BACK: &str = lines!(
    "submission s",
    "s.state = $4 and s.path || '' >= $2 and s.path || '' < $3 and (s.state_since, s.id) < ($8, $9)",
    "s.state_since desc, s.id desc"
);
/// School by school, and in each by state, in the order of the index on paths.
const BY_SCHOOL: &str = lines!(
    "submission s",
    "s.path >= $2 and s.path < $3 and (s.path, s.state, s.sort_key, s.id) > ($11, $12, $8, $9)",
    "s.path, s.state, s.sort_key, s.id"
);
const SEARCH: &str = lines!(
    "(select id from person where name >= $11 and name < $12
        union select id from person where pinyin >= $11 and pinyin < $12
        union select id from person where initials >= $11 and initials < $12) f
    join submission s on s.person = f.id",
    "s.path >= $2 and s.path < $3 and (s.sort_key, s.id) > ($8, $9)",
    "s.sort_key, s.id"
);

/// The columns that sort.
pub const COLUMNS: [&str; 3] = ["name", "school", "age"];

/// A line of the board.
#[derive(Debug, Clone)]
pub struct Line {
    pub id: Id<Submission>,
    pub name: String,
    pub sort_key: String,
    pub capability: String,
    pub state: State,
    pub revision: i64,
    pub since: Instant,
    pub level: Option<Level>,
    pub school: String,
    pub done: i64,
    pub drawn: i64,
    path: String,
}

impl Line {
    /// The place of the line in a list of that order.
    #[must_use]
    pub fn place(&self, order: Order) -> (String, String) {
        let key = match order.by {
            "school" => Cursor::joined(&[&self.path, self.state.code(), &self.sort_key]),
            "age" => self.since.micros().to_string(),
            _ => self.sort_key.clone(),
        };
        (key, self.id.to_string())
    }
}

/// What the board is asked for; empty fields ask for everything.
#[derive(Debug, Clone)]
pub struct Wanted<'a> {
    pub programme: Uuid,
    pub scope: Scope,
    pub breadth: Breadth,
    /// A state, or `handed_in` for all but drafts.
    pub state: &'a str,
    pub level: &'a str,
    pub capability: &'a str,
    /// The beginning of the name, of its pinyin or of its initials.
    pub name: &'a str,
    /// Only what has been in its state since then at the latest.
    pub since: Instant,
    pub after: Cursor,
    /// A search comes by name alone.
    pub order: Order,
    pub most: i64,
}

impl Wanted<'_> {
    /// Whether the list can be sorted by how long works have been in their state: within a city or more an
    /// index serves that for one state.
    #[must_use]
    pub fn sorts_by_age(&self) -> bool {
        self.breadth != Breadth::Widest || self.state.parse::<State>().is_ok()
    }
}

fn line(row: &Row<'_>) -> Result<Line, DbError> {
    Ok(Line {
        id: row.get(0)?,
        name: row.get(1)?,
        sort_key: row.get(2)?,
        capability: row.get(3)?,
        state: row.get::<String>(4)?.parse().map_err(|_| wrong(4))?,
        revision: row.get(5)?,
        since: row.get(6)?,
        level: row.get::<Option<String>>(7)?.and_then(|code| code.parse().ok()),
        school: row.get(8)?,
        done: row.get(9)?,
        drawn: row.get(10)?,
        path: row.get(11)?,
    })
}

pub async fn board(tx: &mut Tx, wanted: &Wanted<'_>) -> Result<Vec<Line>, DbError> {
    let Wanted { programme, scope, state, level, capability, since, most, order, .. } = wanted;
    let (from, until) = (&scope.from, &scope.until);
    let (key, id) = order.after(&wanted.after);
    if !wanted.name.is_empty() {
        let (first, end) = prefix(wanted.name);
        let row =
            args![*programme, from, until, *state, *capability, *since, *level, key, id, *most, first, end];
        return tx.rows(SEARCH, row, line).await;
    }
    if order.by == "school" {
        let [path, stood, key] = wanted.after.parts();
        let row =
            args![*programme, from, until, *state, *capability, *since, *level, key, id, *most, path, stood];
        return tx.rows(BY_SCHOOL, row, line).await;
    }
    let is_one = state.parse::<State>().is_ok();
    if order.by == "age" {
        // Most days first is the earliest first.
        let (least, none) = if order.backwards { (i64::MIN, Uuid::nil()) } else { (i64::MAX, Uuid::max()) };
        let when: Option<i64> = key.parse().ok();
        let (when, id) = when.map_or((least, none), |when| (when, id));
        let sql = match (wanted.breadth == Breadth::Widest, order.backwards) {
            (true, true) => IN_STATE_SINCE,
            (true, false) => IN_STATE_SINCE_BACK,
            (false, true) => NARROW_SINCE,
            (false, false) => NARROW_SINCE_BACK,
        };
        let when = Instant::from_micros(when);
        let row = args![*programme, from, until, *state, *capability, *since, *level, when, id, *most];
        return tx.rows(sql, row, line).await;
    }
    let [forwards, backwards] = match (wanted.breadth == Breadth::Widest, is_one) {
        (false, _) => [NARROW, NARROW_BACK],
        (true, _) if !level.is_empty() => [OF_LEVEL, OF_LEVEL_BACK],
        (true, true) => [IN_STATE, IN_STATE_BACK],
        (true, false) => [WIDE, WIDE_BACK],
    };
    let row = args![*programme, from, until, *state, *capability, *since, *level, key, id, *most];
    tx.rows(if order.backwards { backwards } else { forwards }, row, line).await
}
