//! Requests that nobody at the school may decide about but whoever asks: the offices above it decide.

use tisheng_kernel::Id;
use tisheng_platform::web::paging::{Cursor, ROWS, literal};
use tisheng_platform::{Ctx, DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use super::change;
use crate::selection::model::{ChangeState, ChoiceChange};

/// The request `c` goes up on the day `$day`. The roles are those of `SCHOOL`.
macro_rules! goes_up {
    ($day:literal) => {
        concat!(
            "not exists (select 1 from role_grant g where g.path = c.path
            and g.role in ('principal', 'cio', 'management_team', 'clerk') and g.person <> c.person
            and g.since <= ",
            $day,
            " and (g.until is null or g.until > ",
            $day,
            ") and exists (select 1 from account a where a.person = g.person and a.disabled_at is null))"
        )
    };
}

const CHANGE_ABOVE: &str = requests!(concat!(
    "c.programme = $1 and c.id = $2 and c.path >= $3 and c.path < $4 and (c.above = 1 or c.state = 'asked' and ",
    goes_up!("$5"),
    ")"
));

// Those of a list in the order of its index: school by school, from the path `$3`, behind the request `$6` of the
// school at it.
macro_rules! by_school {
    ($rest:expr) => {
        requests!(concat!(
            "c.programme = $1 and c.state = $2 and c.path >= $3 and c.path < $4
            and ($5 = '' or p.name like $5 || '%' escape '\\' or p.initials like $5 || '%' escape '\\')
            and (c.path > $3 or c.id > $6) and ",
            $rest,
            " order by c.path, c.id limit $7"
        ))
    };
}

const ASKED_ABOVE: &str = by_school!(concat!("c.state = 'asked' and ", goes_up!("$8")));

const ENDED_ABOVE: &str = by_school!("c.above = 1");

/// A request that its teacher takes back, if it was an office's to decide on the day `$4`.
const WITHDRAWN_ABOVE: &str = concat!(
    "update choice_change as c set above = 1 where c.programme = $1 and c.id = $2 and c.person = $3 and ",
    goes_up!("$4")
);

const WAITING_ABOVE: &str = concat!(
    "select count(*) from choice_change c
    where c.programme = $1 and c.state = 'asked' and c.path >= $2 and c.path < $3 and ",
    goes_up!("$4")
);

/// The request `id` within the asker's scope, if it is for the offices to decide today, or was when it ended.
pub async fn change_of_id(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    id: Id<ChoiceChange>,
) -> Result<Option<ChoiceChange>, DbError> {
    let scope = ctx.scope();
    let asked = args![programme, id, &scope.from, &scope.until, ctx.at.date()];
    tx.row_opt(CHANGE_ABOVE, asked, change).await
}

/// Those in `state` within the asker's scope that are or were an office's to decide, school by school; one more
/// than a page.
pub async fn changes(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (state, words, cursor): (ChangeState, &str, &Cursor),
) -> Result<Vec<ChoiceChange>, DbError> {
    let (scope, words) = (ctx.scope(), literal(words));
    let from = scope.from.as_str().max(cursor.key.as_str());
    let until = &scope.until;
    if state == ChangeState::Asked {
        let day = ctx.at.date();
        let asked = args![programme, state.code(), from, until, words, cursor.uuid(), ROWS + 1, day];
        return tx.rows(ASKED_ABOVE, asked, change).await;
    }
    let asked = args![programme, state.code(), from, until, words, cursor.uuid(), ROWS + 1];
    tx.rows(ENDED_ABOVE, asked, change).await
}

/// Notes that a request which its teacher takes back was an office's to decide, if it was.
pub async fn withdrawn(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (id, person): (Id<ChoiceChange>, Id<Person>),
) -> Result<(), DbError> {
    tx.run(WITHDRAWN_ABOVE, args![programme, id, person, ctx.at.date()]).await.map(drop)
}

/// How many wait within `scope`.
pub async fn waiting(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
) -> Result<i64, DbError> {
    tx.row(WAITING_ABOVE, args![programme, &scope.from, &scope.until, ctx.at.date()], |row| row.get(0)).await
}
