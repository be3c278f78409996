//! The list of certificates.

use tisheng_platform::web::Cursor;
use tisheng_platform::web::paging::{ROWS, literal};
use tisheng_platform::{DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;

use super::certificate;
use crate::certificate::model::Certificate;

/// Walks the certificates of a programme in their order; the concatenation keeps the index on paths
/// out of it, which would have to sort them all.
const LIST: &str = "select number, programme, person, path, name, school, state, facts, signature,
    issued_at, ended_at, reason, superseded_by, scheme_version, sort_key from certificate
    where programme = $1 and path || '' >= $2 and path || '' < $3
    and ($4 = '' or state = $4) and ($5 = '' or name like $5 escape '\\' or number like $5 escape '\\'
        or school like $5 escape '\\' or sort_key like $5 escape '\\')
    and (sort_key, number) > ($6, $7) order by sort_key, number limit $8";

/// Of a part of the territory, which a walk would meet too seldom: its numbers are sorted by what the
/// index on paths says of them, and only those of the page are looked up. The concatenation keeps the
/// order of the whole programme out of it.
const LIST_OF_PART: &str =
    "select c.number, c.programme, c.person, c.path, c.name, c.school, c.state, c.facts,
    c.signature, c.issued_at, c.ended_at, c.reason, c.superseded_by, c.scheme_version, c.sort_key
    from (select number, sort_key from certificate where programme = $1 and path >= $2 and path < $3
        and ($4 = '' or state = $4) and ($5 = '' or name like $5 escape '\\' or number like $5 escape '\\'
            or school like $5 escape '\\' or sort_key like $5 escape '\\')
        and (sort_key || '', number) > ($6, $7) order by sort_key || '', number limit $8) w
    cross join certificate c where c.number = w.number order by w.sort_key, w.number";

/// A page of a list: certificates with their sort keys, one more than is shown.
pub async fn list(
    tx: &mut Tx,
    programme: &Programme,
    scope: &Scope,
    (state, search): (&str, &str),
    after: &Cursor,
) -> Result<Vec<(Certificate, String)>, DbError> {
    let like = if search.is_empty() { String::new() } else { format!("%{}%", literal(search)) };
    let row = args![programme.id, &scope.from, &scope.until, state, like, &after.key, &after.id, ROWS + 1];
    let list = if scope.holds(&programme.path) { LIST } else { LIST_OF_PART };
    tx.rows(list, row, |row| Ok((certificate(row)?, row.get(14)?))).await
}
