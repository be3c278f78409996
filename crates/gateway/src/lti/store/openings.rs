//! Every statement about which courses are opened in a tool.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Tx, args};
use tisheng_training::course::Course;

use crate::lti::model::Tool;

const SAID: &str = "select opened from lti_opening where course = $1";
const WAS_CHOSEN: &str = "select 1 from lti_link where course = $1 and tool = $2";
const SAY: &str = "insert into lti_opening (course, tool, opened) values ($1, $2, $3)
    on conflict (course) do update set tool = excluded.tool, opened = excluded.opened";

/// What somebody has said of a course; `None` where nobody has.
pub async fn said(tx: &mut Tx, course: Id<Course>) -> Result<Option<bool>, DbError> {
    tx.row_opt(SAID, args![course], |row| row.get(0)).await
}

/// Whether a course was chosen in the tool.
pub async fn was_chosen(tx: &mut Tx, tool: Id<Tool>, course: Id<Course>) -> Result<bool, DbError> {
    Ok(tx.row_opt(WAS_CHOSEN, args![course, tool], |_| Ok(())).await?.is_some())
}

/// Somebody says whether the tool opens a course.
pub async fn say(tx: &mut Tx, tool: Id<Tool>, (course, opened): (Id<Course>, bool)) -> Result<(), DbError> {
    tx.run(SAY, args![course, tool, opened]).await.map(drop)
}
