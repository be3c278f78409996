//! Which files say what.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, args};
use tisheng_policy::scheme::Programme;
use uuid::Uuid;

const SAY: &str = "insert into hour_said (programme, thing, run) values ($1, $2, $3)
    on conflict (programme, thing, run) do nothing";

/// Changes nothing, and holds the rows against a file that is undone at the same moment.
const HOLD: &str = "update hour_said set run = run where programme = $1 and thing = $2";

const TAKE_BACK: &str = "delete from hour_said where programme = $1 and thing = $2 and run = $3";

const OTHERS: &str =
    "select exists (select 1 from hour_said where programme = $1 and thing = $2 and run <> $3)";

/// The file `run` says `thing`, an entry or a waiting report.
pub async fn say(tx: &mut Tx, programme: Id<Programme>, thing: Uuid, run: Uuid) -> Result<(), DbError> {
    tx.run(SAY, args![programme, thing, run]).await.map(drop)
}

/// As [`say`], where another file says it already; says whether one does. What no file said first
/// is not undone with a file.
pub async fn say_too(tx: &mut Tx, programme: Id<Programme>, thing: Uuid, run: Uuid) -> Result<bool, DbError> {
    if tx.run(HOLD, args![programme, thing]).await? == 0 {
        return Ok(false);
    }
    say(tx, programme, thing, run).await?;
    Ok(true)
}

/// The file `run` says `thing` no longer; says whether another still does.
pub async fn take_back(
    tx: &mut Tx,
    programme: Id<Programme>,
    thing: Uuid,
    run: Uuid,
) -> Result<bool, DbError> {
    tx.run(TAKE_BACK, args![programme, thing, run]).await?;
    others(tx, programme, thing, run).await
}

/// Whether a file other than `run` says `thing`.
pub async fn others(tx: &mut Tx, programme: Id<Programme>, thing: Uuid, run: Uuid) -> Result<bool, DbError> {
    tx.row(OTHERS, args![programme, thing, run], |row| row.get(0)).await
}
