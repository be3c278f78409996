//! The list of runs.

use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{Order, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};

use super::run;
use crate::role::Breadth;
use crate::roster::model::{Run, State};

/// The latest first, which walks the runs in the order of their identifiers.
pub const LATEST_FIRST: Order = Order::back_by("time");

/// What the list may be put in the order of.
const SORTABLE: [&str; 6] = ["file", "kind", "state", "rows", "clerk", "time"];

/// What of a run is read, and by which text it stands where it does.
macro_rules! read {
    ($place:literal, $rest:expr) => {
        concat!(
            "select r.id, r.kind, r.path, r.state, r.file_name, r.digest, r.size, r.clerk, r.brought_at, r.checked_at,
            r.confirmed_at, r.taken_at, r.undone_at, r.tally, r.choices, r.note, r.version, r.origin, ",
            $place,
            " ",
            $rest
        )
    };
}

// The latest first.
macro_rules! latest {
    ($from:literal, $path:literal, $state:literal, $clerk:literal) => {
        read!(
            "''",
            concat!(
                "from ",
                $from,
                " where ",
                $path,
                " >= $1 and ",
                $path,
                " < $2 and $3 like '%,' || r.kind || ',%' and ",
                $state,
                " and ",
                $clerk,
                " and r.id < $6 order by r.id desc limit $7"
            )
        )
    };
}

// By any column: everything that the filter leaves is put in order. `$8` is empty, or `-` for the
// last first: then the first two keys of the order say nothing. States come in the order of a run's life.
macro_rules! sorted {
    ($from:literal, $clerk:literal) => {
        concat!(
            "select * from (",
            read!(
                "case $9 when 'file' then r.file_name when 'kind' then r.kind when 'clerk' then r.clerk_key
                when 'rows' then substr(cast(1000000000 + r.row_count as text), 2)
                when 'state' then case r.state when 'checking' then '0' when 'unreadable' then '1' when 'wrong' then '2'
                    when 'ready' then '3' when 'taking' then '4' when 'taken' then '5' when 'dropped' then '6'
                    when 'undoing' then '7' else '8' end
                else '' end as place",
                concat!(
                    "from ",
                    $from,
                    " where r.path >= $1 and r.path < $2 and $3 like '%,' || r.kind || ',%'
                    and ($4 = '' or r.state = $4) and ",
                    $clerk
                )
            ),
            ") t where ($8 = '' and (place, id) > ($10, $6)) or ($8 = '-' and (place, id) < ($10, $6))
            order by case $8 when '' then place end, case $8 when '' then id end, place desc, id desc limit $7"
        )
    };
}

/// Of a part of the tree, which the index on paths has; what it has is put in order.
const LATEST: &str = latest!(
    "roster_run r",
    "r.path",
    "($4 = '' or r.state = $4)",
    "($5 = '' or r.clerk_words like $5 escape '\\')"
);

/// Of most of the tree: in the order of the identifiers, or of those in a state. The concatenation keeps the index
/// on paths out of it, which would have to put all of them in order.
const LATEST_WIDE: &str =
    latest!("roster_run r", "r.path || ''", "$4 = ''", "($5 = '' or r.clerk_words like $5 escape '\\')");
const LATEST_WIDE_IN: &str =
    latest!("roster_run r", "r.path || ''", "r.state = $4", "($5 = '' or r.clerk_words like $5 escape '\\')");

const SORTED: &str = sorted!("roster_run r", "($5 = '' or r.clerk_words like $5 escape '\\')");

/// Of clerks whose names begin so, when the runs are many in which to look and few that are found; an index
/// finds them.
const LATEST_OF_FEW: &str = latest!(
    "(select id from roster_run where clerk_words >= $5 and clerk_words < $8
        union select id from roster_run where clerk_pinyin >= $5 and clerk_pinyin < $8
        union select id from roster_run where clerk_initials >= $5 and clerk_initials < $8) f
    cross join roster_run r",
    "r.path || ''",
    "($4 = '' or r.state = $4)",
    "r.id = f.id"
);
const SORTED_OF_FEW: &str = sorted!(
    "(select id from roster_run where clerk_words >= $5 and clerk_words < $11
        union select id from roster_run where clerk_pinyin >= $5 and clerk_pinyin < $11
        union select id from roster_run where clerk_initials >= $5 and clerk_initials < $11) f
    cross join roster_run r",
    "r.id = f.id"
);

const COUNT_OF_CLERKS: &str =
    "select count(*) from (select id from roster_run where clerk_words >= $1 and clerk_words < $2
    union all select id from roster_run where clerk_pinyin >= $1 and clerk_pinyin < $2
    union all select id from roster_run where clerk_initials >= $1 and clerk_initials < $2 limit $3) f";

/// From how many runs on all are walked past: fewer are sooner looked up.
const MANY: i64 = 3_000;

/// Which runs a list is about.
#[derive(Debug, Clone)]
pub struct RunFilter {
    /// The keys of their kinds.
    pub kinds: Vec<&'static str>,
    /// Where they stand; `None` for anywhere.
    pub state: Option<State>,
    /// Part of the clerk's name, pinyin or initials, as [`tisheng_kernel::pinyin::query`] writes it, in a county
    /// or more its beginning; empty for anybody.
    pub clerk: String,
    /// In which order.
    pub order: Order,
}

/// The order that an address names.
pub fn order(text: &str) -> Order {
    Order::named(text, &SORTABLE, LATEST_FIRST)
}

/// At most `most` runs within `scope`, which spans so much, after `place`, each with its key in the order.
pub async fn runs(
    tx: &mut Tx,
    (scope, breadth): (&Scope, Breadth),
    filter: &RunFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<(Run, String)>, DbError> {
    let RunFilter { kinds, state, clerk, order } = filter;
    let kinds = format!(",{},", kinds.join(","));
    let state = state.map_or("", State::code);
    let (from, until, way) = (&scope.from, &scope.until, order.way());
    let (key, id) = order.after(place);
    let is_latest = *order == LATEST_FIRST;
    if breadth != Breadth::Narrow && !clerk.is_empty() {
        let end = format!("{clerk}\u{10ffff}");
        let count: i64 = tx.row(COUNT_OF_CLERKS, args![clerk, &end, MANY], |row| row.get(0)).await?;
        if count < MANY && is_latest {
            let given = args![from, until, kinds, state, clerk, id, most, end];
            return tx.rows(LATEST_OF_FEW, given, listed).await;
        }
        if count < MANY {
            let given = args![from, until, kinds, state, clerk, id, most, way, order.by, key, end];
            return tx.rows(SORTED_OF_FEW, given, listed).await;
        }
    }
    let clerk = if clerk.is_empty() { String::new() } else { format!("%{}%", literal(clerk)) };
    if is_latest {
        let latest = match (breadth, state) {
            (Breadth::Widest, "") => LATEST_WIDE,
            (Breadth::Widest, _) => LATEST_WIDE_IN,
            _ => LATEST,
        };
        return tx.rows(latest, args![from, until, kinds, state, clerk, id, most], listed).await;
    }
    let given = args![from, until, kinds, state, clerk, id, most, way, order.by, key];
    tx.rows(SORTED, given, listed).await
}

fn listed(row: &Row<'_>) -> Result<(Run, String), DbError> {
    Ok((run(row)?, row.get(18)?))
}
