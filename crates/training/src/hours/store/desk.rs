//! The lists of the desks, each in the orders that an index serves: within a city or more the rows of a state are
//! walked in that order, of less they are picked out and sorted.

use std::collections::HashMap;

use tisheng_kernel::Id;
use tisheng_platform::web::paging::{Cursor, Order, ROWS, literal};
use tisheng_platform::{DbError, Scope, Tx, Value, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Breadth;
use tisheng_registry::people::Person;
use uuid::Uuid;

use super::disputes::dispute;
use super::reports::waiting;
use crate::hours::dispute::{Dispute, DisputeState};
use crate::hours::model::{Waiting, WaitingState};

/// The columns by which reports sort.
pub const REPORT_COLUMNS: [&str; 3] = ["received", "day", "hours"];

/// The columns by which disputes sort.
pub const DISPUTE_COLUMNS: [&str; 2] = ["opened", "due"];

/// Reports of a state; `$path` says where, `$after` after which.
macro_rules! reports {
    ($path:literal, $after:literal, $order:literal) => {
        concat!(
            "select id, state, path, person, name, paper_masked, school, category, kind, seconds,
            hour_length, worked_on, title, source, source_id, why, against, received_at, decided_at, decision, entry,
            channel, paper_key, decided_by, long_day
            from hour_report d where programme = $1 and state = $2 and ",
            $path,
            " and ($5 = '' or lower(name) like $5 || '%' escape '\\' or lower(title) like '%' || $5 || '%' escape '\\'
                or lower(source_id) like $5 escape '\\'
                or exists (select 1 from person p where p.id = d.person
                    and (p.pinyin like $5 || '%' escape '\\' or p.initials like $5 || '%' escape '\\')))
            and ($6 = '' or source = $6) and ($7 = '' or long_day) and ",
            $after,
            " order by ",
            $order,
            " limit $9"
        )
    };
}

/// Both ways of an order, in a wide part of the tree and in a narrow one. The concatenation keeps the index on
/// paths out of the walk, and what stands in `coalesce` the walk out of a narrow part.
macro_rules! ways {
    ($of:ident, $wide:tt, $narrow:tt) => {
        [
            ways!(one $of, "d.path || '' >= $3 and d.path || '' < $4", $wide),
            ways!(one $of, "d.path >= $3 and d.path < $4", $narrow),
        ]
    };
    (one $of:ident, $path:literal, ($up:literal, $down:literal, $order:literal, $back:literal)) => {
        [$of!($path, $up, $order), $of!($path, $down, $back)]
    };
}

const REPORTS: [[&str; 2]; 2] = ways!(
    reports,
    ("id > $8", "id < $8", "id", "id desc"),
    ("coalesce(id, id) > $8", "coalesce(id, id) < $8", "coalesce(id, id)", "coalesce(id, id) desc")
);

const REPORTS_BY_DAY: [[&str; 2]; 2] = ways!(
    reports,
    (
        "(worked_on, id) > ($10, $8)",
        "(worked_on, id) < ($10, $8)",
        "worked_on, id",
        "worked_on desc, id desc"
    ),
    (
        "(coalesce(worked_on, ''), id) > ($10, $8)",
        "(coalesce(worked_on, ''), id) < ($10, $8)",
        "coalesce(worked_on, ''), id",
        "coalesce(worked_on, '') desc, id desc"
    )
);

const REPORTS_BY_HOURS: [[&str; 2]; 2] = ways!(
    reports,
    ("(seconds, id) > ($10, $8)", "(seconds, id) < ($10, $8)", "seconds, id", "seconds desc, id desc"),
    (
        "(coalesce(seconds, 0), id) > ($10, $8)",
        "(coalesce(seconds, 0), id) < ($10, $8)",
        "coalesce(seconds, 0), id",
        "coalesce(seconds, 0) desc, id desc"
    )
);

/// Where those teach who are named on a page, [`ROWS`] of them.
const SCHOOLS: &str = "select p.person, p.path, n.name from post p join node n on n.id = p.school
    where p.until is null and p.person in (
    $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
    $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42,
    $43, $44, $45, $46, $47, $48, $49, $50)";

/// Disputes of a state.
macro_rules! disputes {
    ($path:literal, $after:literal, $order:literal) => {
        concat!(
            "select d.id, d.person, p.name, d.path, d.entry, d.title, d.text, d.opened_at, d.due_on,
            d.state, d.answer, d.answered_at, coalesce(q.name, ''), d.mended_at
            from hour_dispute d join person p on p.id = d.person
            left join account a on a.id = d.answered_by left join person q on q.id = a.person
            where d.programme = $1 and d.state = $2 and ",
            $path,
            " and ($5 = '' or lower(p.name) like $5 || '%' escape '\\' or p.pinyin like $5 || '%' escape '\\'
                or p.initials like $5 || '%' escape '\\' or lower(d.title) like '%' || $5 || '%' escape '\\')
            and ",
            $after,
            " order by ",
            $order,
            " limit $7"
        )
    };
}

const DISPUTES: [[&str; 2]; 2] = ways!(
    disputes,
    ("d.id > $6", "d.id < $6", "d.id", "d.id desc"),
    (
        "coalesce(d.id, d.id) > $6",
        "coalesce(d.id, d.id) < $6",
        "coalesce(d.id, d.id)",
        "coalesce(d.id, d.id) desc"
    )
);

const DISPUTES_BY_DUE: [[&str; 2]; 2] = ways!(
    disputes,
    (
        "(d.due_on, d.id) > ($8, $6)",
        "(d.due_on, d.id) < ($8, $6)",
        "d.due_on, d.id",
        "d.due_on desc, d.id desc"
    ),
    (
        "(coalesce(d.due_on, ''), d.id) > ($8, $6)",
        "(coalesce(d.due_on, ''), d.id) < ($8, $6)",
        "coalesce(d.due_on, ''), d.id",
        "coalesce(d.due_on, '') desc, d.id desc"
    )
);

/// The statement for a part of the tree and a way, of those that [`ways`] gives.
fn fitting(all: [[&'static str; 2]; 2], breadth: Breadth, order: Order) -> &'static str {
    all[usize::from(breadth != Breadth::Widest)][usize::from(order.backwards)]
}

/// What is asked of the list of reports.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    pub state: WaitingState,
    /// A name, a part of a title, or a number; empty for all.
    pub words: &'a str,
    /// The one source; empty for all.
    pub source: &'a str,
    /// Whether only those count with which a day holds more than its 24 hours.
    pub long_day: bool,
    pub order: Order,
}

/// The place of a report in a list of that order.
pub fn place_of_report(report: &Waiting, order: Order) -> (String, String) {
    let key = match order.by {
        "day" => report.worked_on.to_string(),
        "hours" => report.seconds.get().to_string(),
        _ => String::new(),
    };
    (key, report.id.to_string())
}

/// Reports within `scope`; one more than a page.
pub async fn reports(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, breadth): (&Scope, Breadth),
    asked: Asked<'_>,
    cursor: &Cursor,
) -> Result<Vec<Waiting>, DbError> {
    let (from, until, long_day) = (&scope.from, &scope.until, if asked.long_day { "only" } else { "" });
    let Asked { state, source, order, .. } = asked;
    let (state, words) = (state.code(), literal(&asked.words.to_lowercase()));
    let (key, id): (&str, Uuid) = order.after(cursor);
    let most = ROWS + 1;
    match order.by {
        "day" => {
            let row = args![programme, state, from, until, words, source, long_day, id, most, key];
            tx.rows(fitting(REPORTS_BY_DAY, breadth, order), row, waiting).await
        }
        "hours" => {
            let seconds = key.parse().unwrap_or(if order.backwards { i64::MAX } else { i64::MIN });
            let row = args![programme, state, from, until, words, source, long_day, id, most, seconds];
            tx.rows(fitting(REPORTS_BY_HOURS, breadth, order), row, waiting).await
        }
        _ => {
            let row = args![programme, state, from, until, words, source, long_day, id, most];
            tx.rows(fitting(REPORTS, breadth, order), row, waiting).await
        }
    }
}

/// The schools within `scope` at which these people teach.
pub async fn schools(
    tx: &mut Tx,
    scope: &Scope,
    people: &[Id<Person>],
) -> Result<HashMap<Id<Person>, String>, DbError> {
    let page = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let mut all = HashMap::new();
    for some in people.chunks(page) {
        // Whoever is named last fills the places that are left.
        let padded = some.iter().chain(some.last().into_iter().cycle()).take(page);
        let asked: Vec<Value<'_>> = padded.map(|person| Value::from(*person)).collect();
        tx.each(SCHOOLS, &asked, |row| {
            if scope.holds(&row.get::<String>(1)?) {
                all.insert(row.get(0)?, row.get(2)?);
            }
            Ok(())
        })
        .await?;
    }
    Ok(all)
}

/// The place of a dispute in a list of that order.
pub fn place_of_dispute(dispute: &Dispute, order: Order) -> (String, String) {
    let key = if order.by == "due" { dispute.due_on.to_string() } else { String::new() };
    (key, dispute.id.to_string())
}

/// Disputes in `state` within `scope`; one more than a page.
pub async fn disputes(
    tx: &mut Tx,
    programme: Id<Programme>,
    (scope, breadth): (&Scope, Breadth),
    (state, words): (DisputeState, &str),
    (order, cursor): (Order, &Cursor),
) -> Result<Vec<Dispute>, DbError> {
    let (from, until, words) = (&scope.from, &scope.until, literal(&words.to_lowercase()));
    let (key, id) = order.after(cursor);
    let (state, most) = (state.code(), ROWS + 1);
    if order.by == "due" {
        let row = args![programme, state, from, until, words, id, most, key];
        return tx.rows(fitting(DISPUTES_BY_DUE, breadth, order), row, dispute).await;
    }
    let row = args![programme, state, from, until, words, id, most];
    tx.rows(fitting(DISPUTES, breadth, order), row, dispute).await
}
