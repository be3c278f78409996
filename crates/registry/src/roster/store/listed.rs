//! The list of runs.

use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{Order, literal};
use tisheng_platform::{DbError, Row, Scope, Tx, args};

use super::run;
use crate::roster::model::{Run, State};

/// The latest first, which walks the runs in the order of their identifiers.
pub const LATEST_FIRST: Order = Order::back_by("time");

/// What the list may be put in the order of.
const SORTABLE: [&str; 6] = ["file", "kind", "state", "rows", "clerk", "time"];

const LATEST: &str = "select id, kind, path, state, file_name, digest, size, clerk, brought_at, checked_at,
    confirmed_at, taken_at, undone_at, tally, choices, note, version, origin, ''
    from roster_run where path >= $1 and path < $2 and $3 like '%,' || kind || ',%'
        and ($4 = '' or state = $4) and ($5 = '' or clerk_words like $5 escape '\\') and id < $6
    order by id desc limit $7";

/// By any column: everything that the filter leaves is put in order. `$8` is empty, or `-` for the
/// last first: then the first two keys of the order say nothing. States come in the order of a run's life.
const SORTED: &str = "select * from (select id, kind, path, state, file_name, digest, size, clerk, brought_at, checked_at,
        confirmed_at, taken_at, undone_at, tally, choices, note, version, origin,
        case $9 when 'file' then file_name when 'kind' then kind when 'clerk' then clerk_key
            when 'rows' then substr(cast(1000000000 + row_count as text), 2)
            when 'state' then case state when 'checking' then '0' when 'unreadable' then '1' when 'wrong' then '2'
                when 'ready' then '3' when 'taking' then '4' when 'taken' then '5' when 'dropped' then '6'
                when 'undoing' then '7' else '8' end
            else '' end as place
    from roster_run where path >= $1 and path < $2 and $3 like '%,' || kind || ',%'
        and ($4 = '' or state = $4) and ($5 = '' or clerk_words like $5 escape '\\')) t
    where ($8 = '' and (place, id) > ($10, $6)) or ($8 = '-' and (place, id) < ($10, $6))
    order by case $8 when '' then place end, case $8 when '' then id end, place desc, id desc limit $7";

/// Which runs a list is about.
#[derive(Debug, Clone)]
pub struct RunFilter {
    /// The keys of their kinds.
    pub kinds: Vec<&'static str>,
    /// Where they stand; `None` for anywhere.
    pub state: Option<State>,
    /// Part of the clerk's name, pinyin or initials, as [`tisheng_kernel::pinyin::query`] writes it;
    /// empty for anybody.
    pub clerk: String,
    /// In which order.
    pub order: Order,
}

/// The order that an address names.
pub fn order(text: &str) -> Order {
    Order::named(text, &SORTABLE, LATEST_FIRST)
}

/// At most `most` runs within `scope` after `place`, each with its key in the order.
pub async fn runs(
    tx: &mut Tx,
    scope: &Scope,
    filter: &RunFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<(Run, String)>, DbError> {
    let RunFilter { kinds, state, clerk, order } = filter;
    let kinds = format!(",{},", kinds.join(","));
    let state = state.map_or("", State::code);
    let clerk = if clerk.is_empty() { String::new() } else { format!("%{}%", literal(clerk)) };
    let (key, id) = order.after(place);
    if *order == LATEST_FIRST {
        let given = args![&scope.from, &scope.until, kinds, state, clerk, id, most];
        return tx.rows(LATEST, given, listed).await;
    }
    let given = args![&scope.from, &scope.until, kinds, state, clerk, id, most, order.way(), order.by, key];
    tx.rows(SORTED, given, listed).await
}

fn listed(row: &Row<'_>) -> Result<(Run, String), DbError> {
    Ok((run(row)?, row.get(18)?))
}
