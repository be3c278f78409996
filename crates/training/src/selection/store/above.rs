//! Requests that nobody at the school may decide about but whoever asks: the offices above it decide.

use tisheng_kernel::Id;
use tisheng_platform::web::paging::{Cursor, ROWS, literal};
use tisheng_platform::{Ctx, DbError, Scope, Tx, args};
use tisheng_policy::scheme::Programme;

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
    "c.programme = $1 and c.id = $2 and c.path >= $3 and c.path < $4 and ",
    goes_up!("$5")
));

const CHANGES_ABOVE: &str = requests!(concat!(listed!(), " and ", goes_up!("$8"), " order by c.id limit $7"));

const WAITING_ABOVE: &str = concat!(
    "select count(*) from choice_change c
    where c.programme = $1 and c.state = 'asked' and c.path >= $2 and c.path < $3 and ",
    goes_up!("$4")
);

/// The request `id` within the asker's scope, if it is for the offices to decide today.
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

/// Those in `state` within the asker's scope, oldest first; one more than a page.
pub async fn changes(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Id<Programme>,
    (state, words, cursor): (ChangeState, &str, &Cursor),
) -> Result<Vec<ChoiceChange>, DbError> {
    let (scope, words) = (ctx.scope(), literal(words));
    let (from, until) = (&scope.from, &scope.until);
    let asked = args![programme, state.code(), from, until, words, cursor.uuid(), ROWS + 1, ctx.at.date()];
    tx.rows(CHANGES_ABOVE, asked, change).await
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
