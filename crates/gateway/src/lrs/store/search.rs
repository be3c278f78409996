//! Statements as they are found.

use tisheng_platform::Tx;
use tisheng_platform::args;
use tisheng_platform::db::{DbError, Row, Value};
use tisheng_xapi::Term;
use uuid::Uuid;

/// A statement as it is kept.
#[derive(Debug, Clone)]
pub struct Kept {
    pub stored: i64,
    pub id: Uuid,
    pub credential: Uuid,
    pub target: Option<Uuid>,
    pub body: String,
    pub is_voided: bool,
}

const ONE: &str = "select s.stored, s.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from xapi_id i join xapi_statement s on s.stored = i.stored and s.id = i.id where i.id = $1";

/// The statement `id`.
pub async fn one(tx: &mut Tx, id: Uuid) -> Result<Option<Kept>, DbError> {
    tx.row_opt(ONE, args![id], |row| {
        Ok(Kept {
            stored: row.get(0)?,
            id: row.get(1)?,
            credential: row.get(2)?,
            target: row.get(3)?,
            body: row.get(4)?,
            is_voided: row.get::<i64>(5)? > 0,
        })
    })
    .await
}

const VOIDED_BY: &str = "select v.statement from xapi_voided v join xapi_id i on i.id = v.target
    join xapi_statement s on s.stored = i.stored and s.id = i.id
    where v.target = $1 and not s.voiding and (v.wide or v.credential = s.credential)
    order by v.statement limit 1";

/// Which statement took `id` back.
pub async fn voided_by(tx: &mut Tx, id: Uuid) -> Result<Option<Uuid>, DbError> {
    tx.row_opt(VOIDED_BY, args![id], |row| row.get(0)).await
}

const PLATFORM_OF: &str = "select c.id, c.platform from xapi_id i
    join xapi_statement s on s.stored = i.stored and s.id = i.id
    join lrs_credential c on c.id = s.credential where i.id = $1 and c.platform is not null";

/// With which credential of which learning platform the statement `id` came.
pub async fn platform_of(tx: &mut Tx, id: Uuid) -> Result<Option<(Uuid, Uuid)>, DbError> {
    tx.row_opt(PLATFORM_OF, args![id], |row| Ok((row.get(0)?, row.get(1)?))).await
}

// In the order of the index: PostgreSQL would gather all places of a common term before it counts a few.
const HOW_MANY: &str = "select count(*) from (select 1 as one from xapi_term where term = $1
    order by stored desc, id desc limit $2) few";

/// How many statements a term finds, up to `most`.
pub async fn how_many(tx: &mut Tx, term: Term, most: i64) -> Result<i64, DbError> {
    tx.row(HOW_MANY, args![&term.0[..], most], |row| row.get(0)).await
}

/// What is asked for, ready for the database.
#[derive(Debug, Clone)]
pub struct Search {
    /// The rarest first, at most five.
    pub terms: Vec<Term>,
    /// After which moment of storing, the newest coming first; up to which, the oldest coming first.
    pub bound: i64,
    /// Behind which place the page begins.
    pub behind: (i64, Uuid),
    pub ascending: bool,
    /// Places looked at.
    pub limit: i64,
}

const NEWEST: &str = "select s.stored, s.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from xapi_statement s where s.stored > $1 and (s.stored, s.id) < ($2, $3)
    order by s.stored desc, s.id desc limit $4";

const OLDEST: &str = "select s.stored, s.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from xapi_statement s where s.stored <= $1 and (s.stored, s.id) > ($2, $3)
    order by s.stored, s.id limit $4";

// The places first and by themselves, so that PostgreSQL walks the index in its order instead of
// gathering everything that a common term finds; `between` keeps it from gathering all statements
// of another term to look them up in.
const NEWEST_OF: &str = "select k.stored, k.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from (select t.stored, t.id from xapi_term t
    where t.term = $5 and t.stored > $1 and (t.stored, t.id) < ($2, $3)
    and (cast($6 as bigint) < 1 or exists (select 1 from xapi_term a
        where a.term = $7 and a.stored = t.stored and a.id = t.id and a.via between t.via and t.via))
    and (cast($6 as bigint) < 2 or exists (select 1 from xapi_term b
        where b.term = $8 and b.stored = t.stored and b.id = t.id and b.via between t.via and t.via))
    and (cast($6 as bigint) < 3 or exists (select 1 from xapi_term c
        where c.term = $9 and c.stored = t.stored and c.id = t.id and c.via between t.via and t.via))
    and (cast($6 as bigint) < 4 or exists (select 1 from xapi_term d
        where d.term = $10 and d.stored = t.stored and d.id = t.id and d.via between t.via and t.via))
    order by t.stored desc, t.id desc limit $4) k
    left join xapi_statement s on s.stored = k.stored and s.id = k.id
    order by k.stored desc, k.id desc";

const OLDEST_OF: &str = "select k.stored, k.id, s.credential, s.target, s.body,
    case when s.voiding then 0 else (select count(*) from xapi_voided v
        where v.target = s.id and (v.wide or v.credential = s.credential)) end
    from (select t.stored, t.id from xapi_term t
    where t.term = $5 and t.stored <= $1 and (t.stored, t.id) > ($2, $3)
    and (cast($6 as bigint) < 1 or exists (select 1 from xapi_term a
        where a.term = $7 and a.stored = t.stored and a.id = t.id and a.via between t.via and t.via))
    and (cast($6 as bigint) < 2 or exists (select 1 from xapi_term b
        where b.term = $8 and b.stored = t.stored and b.id = t.id and b.via between t.via and t.via))
    and (cast($6 as bigint) < 3 or exists (select 1 from xapi_term c
        where c.term = $9 and c.stored = t.stored and c.id = t.id and c.via between t.via and t.via))
    and (cast($6 as bigint) < 4 or exists (select 1 from xapi_term d
        where d.term = $10 and d.stored = t.stored and d.id = t.id and d.via between t.via and t.via))
    order by t.stored, t.id limit $4) k
    left join xapi_statement s on s.stored = k.stored and s.id = k.id
    order by k.stored, k.id";

/// What a search has found.
#[derive(Debug)]
pub struct Found {
    /// Statements that are not voided. One that is found over several references comes several
    /// times, one after the other.
    pub kept: Vec<Kept>,
    /// The last place that was looked at, where there may be others behind it.
    pub goes_on: Option<(i64, Uuid)>,
}

/// Looks at the next places.
pub async fn search(tx: &mut Tx, search: &Search) -> Result<Found, DbError> {
    let place = |row: &Row<'_>| {
        let place = (row.get::<i64>(0)?, row.get::<Uuid>(1)?);
        // Of a month that is on its way out the terms may be there without the statements.
        let Some(body) = row.get::<Option<String>>(4)? else { return Ok((place, None)) };
        let (stored, id) = place;
        let (credential, target, is_voided) = (row.get(2)?, row.get(3)?, row.get::<i64>(5)? > 0);
        Ok((place, Some(Kept { stored, id, credential, target, body, is_voided })))
    };
    let mut args = vec![
        Value::from(search.bound),
        Value::from(search.behind.0),
        Value::from(search.behind.1),
        Value::from(search.limit),
    ];
    let places = if let Some((rarest, others)) = search.terms.split_first() {
        args.push(Value::Bytes(&rarest.0));
        args.push(Value::from(i64::try_from(others.len()).unwrap_or_default()));
        for place in 0..4 {
            args.push(others.get(place).map_or(Value::Null, |term| Value::Bytes(&term.0)));
        }
        tx.rows(if search.ascending { OLDEST_OF } else { NEWEST_OF }, &args, place).await?
    } else {
        tx.rows(if search.ascending { OLDEST } else { NEWEST }, &args, place).await?
    };
    let is_full = i64::try_from(places.len()).unwrap_or(i64::MAX) >= search.limit;
    let goes_on = places.last().map(|(place, _)| *place).filter(|_| is_full);
    let kept = places.into_iter().filter_map(|(_, kept)| kept.filter(|kept| !kept.is_voided)).collect();
    Ok(Found { kept, goes_on })
}
