//! The list of certificates. Each order has the statement that an index serves, of a whole programme, of a city
//! and of a county; what is below them is little, and sorted as it is found. What is looked for beside.

mod search;

use tisheng_kernel::{Id, pinyin};
use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{Order, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Kind;

use super::certificate;
use crate::certificate::model::Certificate;

/// The columns that sort.
pub const COLUMNS: [&str; 4] = ["name", "school", "number", "issued"];

/// What is read of a certificate, and by which text it stands where it does.
macro_rules! read {
    ($key:literal, $rest:expr) => {
        concat!(
            "select c.number, c.programme, c.person, c.path, c.name, c.school, c.state, c.facts, c.signature,
            c.issued_at, c.ended_at, c.reason, c.superseded_by, c.scheme_version, ",
            $key,
            " ",
            $rest
        )
    };
}
use read;

/// What a macro makes for the whole programme, for a city and for a county, in the order of [`Part`]. The
/// concatenation keeps the index on paths out of the first, which would have to sort everything.
macro_rules! of_each_part {
    ($make:ident, $($how:literal),*) => {
        [
            $make!("c.path || '' >= $2 and c.path || '' < $3", $($how),*),
            $make!("c.city = $2 and $3 <> ''", $($how),*),
            $make!("c.county = $2 and $3 <> ''", $($how),*),
        ]
    };
}
use of_each_part;

/// Walks the certificates of a part in an order.
macro_rules! walk {
    ($part:literal, $key:literal, $after:literal, $order:literal) => {
        read!(
            $key,
            concat!(
                "from certificate c where c.programme = $1 and ",
                $part,
                " and ($4 = '' or c.state = $4) and ",
                $after,
                " order by ",
                $order,
                " limit $7"
            )
        )
    };
}

type Walks = [&'static str; 3];

const BY_NAME: Walks =
    of_each_part!(walk, "c.sort_key", "(c.sort_key, c.number) > ($5, $6)", "c.sort_key, c.number");
const BY_NAME_BACK: Walks =
    of_each_part!(walk, "c.sort_key", "(c.sort_key, c.number) < ($5, $6)", "c.sort_key desc, c.number desc");
const BY_SCHOOL: Walks = of_each_part!(
    walk,
    "c.school || '\u{1f}' || c.sort_key",
    "(c.school, c.sort_key, c.number) > ($5, $8, $6)",
    "c.school, c.sort_key, c.number"
);
const BY_NUMBER: Walks = of_each_part!(walk, "c.number", "c.number > $5 and $6 <> '-'", "c.number");
const BY_NUMBER_BACK: Walks = of_each_part!(walk, "c.number", "c.number < $5 and $6 <> '-'", "c.number desc");
const BY_ISSUE: Walks = of_each_part!(
    walk,
    "cast(c.issued_at as text)",
    "(c.issued_at, c.number) > ($5, $6)",
    "c.issued_at, c.number"
);
const BY_ISSUE_BACK: Walks = of_each_part!(
    walk,
    "cast(c.issued_at as text)",
    "(c.issued_at, c.number) < ($5, $6)",
    "c.issued_at desc, c.number desc"
);

/// The few there are of a place, of those that have ended, or whose holder has met everything no longer, sorted
/// as they are found.
macro_rules! of_few {
    ($from:literal, $beyond:literal, $way:literal) => {
        read!(
            "w.place",
            concat!(
                "from (select t.number, t.place from (select f.number, case $8
                        when 'school' then f.school || '\u{1f}' || f.sort_key when 'number' then f.number
                        when 'issued' then cast(f.issued_at as text) else f.sort_key end as place
                    from ",
                $from,
                " and ($4 = '' or f.state = $4)
                    and ($9 = '' or f.name like $9 escape '\\' or f.number like $9 escape '\\'
                        or f.school like $9 escape '\\' or exists (select 1 from person p where p.id = f.person
                            and (p.pinyin like $10 escape '\\' or p.initials like $10 escape '\\')))) t
                    where (t.place, t.number) ",
                $beyond,
                " ($5, $6) order by t.place",
                $way,
                ", t.number",
                $way,
                " limit $7) w
                cross join certificate c where c.number = w.number order by w.place",
                $way,
                ", w.number",
                $way
            )
        )
    };
}

/// Statements that sort the same few forwards and backwards.
macro_rules! both_ways {
    ($from:literal) => {
        [of_few!($from, ">", ""), of_few!($from, "<", " desc")]
    };
}

const OF_PLACE: [&str; 2] =
    both_ways!("certificate f where f.programme = $1 and f.path >= $2 and f.path < $3 and f.state <> ''");
const OF_ENDED: [&str; 2] = both_ways!(
    "certificate f where f.programme = $1 and f.path >= $2 and f.path < $3 and f.state <> 'valid'"
);
/// The way leads from the few standings to their certificates: `cross join` keeps SQLite from walking all of these.
const OF_UNMET: [&str; 2] = both_ways!(
    "standing s cross join certificate f where s.programme = $1 and s.path >= $2 and s.path < $3
    and s.held = 'valid' and not s.met and f.programme = $1 and f.person = s.person and f.state = 'valid'"
);

/// How many of them there are, counted up to `$4`.
const COUNT_UNMET: &str = "select count(*) from (select 1 from standing s where s.programme = $1
    and s.path >= $2 and s.path < $3 and s.held = 'valid' and not s.met limit $4) t";

/// What is asked for instead of a state: valid certificates whose holder has met everything no longer.
pub const UNMET: &str = "unmet";

/// After everything.
pub(super) const END: &str = "\u{10ffff}";

/// What a list of certificates is narrowed to, and its order; empty texts narrow nothing.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The state's code, or [`UNMET`].
    pub state: &'a str,
    /// The beginning of a number, a school or a name, of its pinyin or its initials.
    pub words: &'a str,
    /// By which column; what is looked for comes in an order of its own.
    pub order: Order,
}

/// A part of the tree whose certificates an index walks in every order.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// All of the programme.
    Whole,
    City,
    County,
}

impl Part {
    /// The part that a scope spans; nothing where it holds few. `kind` is that of its node.
    fn of(scope: &Scope, kind: Option<Kind>, programme: &Programme) -> Option<Self> {
        match kind {
            _ if scope.holds(&programme.path) => Some(Self::Whole),
            Some(Kind::City) => Some(Self::City),
            Some(Kind::County) => Some(Self::County),
            Some(Kind::Province) => Some(Self::Whole),
            _ => None,
        }
    }
}

/// A certificate and the key of its place.
type Placed = (Certificate, String);

fn placed(row: &Row<'_>) -> Result<Placed, DbError> {
    Ok((certificate(row)?, row.get(14)?))
}

/// Certificates of a file that are read at once along an index.
const STRIDE: i64 = 2_000;
/// Those of a file that are read at once where all of them are found and sorted each time: as many as memory takes.
const FEW: i64 = 50_000;

/// How a list is read: along the index of a part or, without one, by statements that sort what they find; and the
/// state that narrows it.
fn way<'a>(
    programme: &Programme,
    (scope, kind): (&Scope, Option<Kind>),
    asked: Asked<'a>,
) -> (Option<Part>, [&'static str; 2], &'a str) {
    match asked.state {
        "" | "valid" => (Part::of(scope, kind, programme), OF_PLACE, asked.state),
        UNMET => (None, OF_UNMET, ""),
        ended => (None, OF_ENDED, ended),
    }
}

/// How many certificates of a list are read for a file at once.
pub fn at_once(programme: &Programme, part: (&Scope, Option<Kind>), asked: Asked<'_>) -> i64 {
    let (part, ..) = way(programme, part, asked);
    part.map_or(FEW, |_| STRIDE)
}

/// A part of a list: at most so many certificates after a place, with the keys of their places. `kind` is that
/// of the node of `scope`.
pub async fn list(
    tx: &mut Tx,
    programme: &Programme,
    (scope, kind): (&Scope, Option<Kind>),
    asked: Asked<'_>,
    (after, most): (&Cursor, i64),
) -> Result<Vec<Placed>, DbError> {
    let (part, sorted, state) = way(programme, (scope, kind), asked);
    let asked = Asked { state, ..asked };
    match part {
        None => few(tx, programme, scope, asked, (after, most), sorted).await,
        Some(part) if asked.words.is_empty() => {
            walk(tx, programme, (scope, part), asked, (after, most)).await
        }
        Some(part) => {
            let words = (asked.words, pinyin::query(asked.words));
            search::found(tx, programme, (scope, part), (asked.state, &words), (after, most)).await
        }
    }
}

/// After which key and number the page begins.
fn begin(order: Order, after: &Cursor) -> (&str, &str) {
    if order.backwards && *after == Cursor::default() { (END, END) } else { (&after.key, &after.id) }
}

async fn few(
    tx: &mut Tx,
    programme: &Programme,
    scope: &Scope,
    Asked { state, words, order }: Asked<'_>,
    (after, most): (&Cursor, i64),
    [forwards, backwards]: [&'static str; 2],
) -> Result<Vec<Placed>, DbError> {
    let (key, number) = begin(order, after);
    let anywhere = if words.is_empty() { String::new() } else { format!("%{}%", literal(words)) };
    let spelt = format!("{}%", literal(&pinyin::query(words)));
    let (from, until) = (&scope.from, &scope.until);
    let row = args![programme.id, from, until, state, key, number, most, order.by, anywhere, spelt];
    tx.rows(if order.backwards { backwards } else { forwards }, row, placed).await
}

/// How many valid certificates there are whose holder has met everything no longer, counted up to `most`.
pub async fn count_unmet(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    most: i64,
) -> Result<i64, DbError> {
    tx.row(COUNT_UNMET, args![programme, &scope.from, &scope.until, most], |row| row.get(0)).await
}

async fn walk(
    tx: &mut Tx,
    programme: &Programme,
    (scope, part): (&Scope, Part),
    Asked { state, order, .. }: Asked<'_>,
    (after, most): (&Cursor, i64),
) -> Result<Vec<Placed>, DbError> {
    let (from, until, part) = (&scope.from, &scope.until, part as usize);
    let (key, number) = begin(order, after);
    let sql = match (order.by, order.backwards) {
        ("school", _) => {
            let [school, key] = after.parts();
            let row = args![programme.id, from, until, state, school, number, most, key];
            return tx.rows(BY_SCHOOL[part], row, placed).await;
        }
        ("issued", backwards) => {
            let at = key.parse().unwrap_or(if backwards { i64::MAX } else { i64::MIN });
            let row = args![programme.id, from, until, state, at, number, most];
            let sql = if backwards { BY_ISSUE_BACK } else { BY_ISSUE };
            return tx.rows(sql[part], row, placed).await;
        }
        ("number", false) => BY_NUMBER,
        ("number", true) => BY_NUMBER_BACK,
        (_, false) => BY_NAME,
        (_, true) => BY_NAME_BACK,
    };
    tx.rows(sql[part], args![programme.id, from, until, state, key, number, most], placed).await
}

/// Every statement that walks an index.
#[cfg(test)]
pub fn walks() -> impl Iterator<Item = &'static str> {
    let plain = [BY_NAME, BY_NAME_BACK, BY_SCHOOL, BY_NUMBER, BY_NUMBER_BACK, BY_ISSUE, BY_ISSUE_BACK];
    plain.into_iter().chain(search::WALKS).flatten()
}
