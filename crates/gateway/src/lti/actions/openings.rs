//! Which courses of a platform are opened in its tool.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_training::course::{self, Course, Way};
use tisheng_training::platform::{self, Platform};

use super::tools::{own, stale};
use crate::lti::model::{Tool, ToolState, origin};
use crate::lti::store::{self, openings};

/// Courses on one page of the list.
pub const ROWS: i64 = 100;

/// Whether `tool` opens `course`: as somebody has said; else when the course was chosen there, or
/// the tool opens whatever nobody has spoken of.
///
/// # Errors
/// What the database reports.
pub async fn opens(tx: &mut Tx, tool: &Tool, course: Id<Course>) -> Result<bool, DbError> {
    match openings::said(tx, course).await? {
        Some(said) => Ok(said),
        None => Ok(tool.whole || openings::was_chosen(tx, tool.id, course).await?),
    }
}

/// The way to a course that leads through the tool of its platform, with where that is; `None` for
/// one that is not opened there, or where the tool is not in use.
///
/// # Errors
/// What the database reports.
pub async fn way(tx: &mut Tx, course: &Course) -> Result<Option<Way>, DbError> {
    let Some(tool) = store::of_platform(tx, course.platform).await? else { return Ok(None) };
    if tool.state == ToolState::Suspended || !opens(tx, &tool, course.id).await? {
        return Ok(None);
    }
    let at = origin(&tool.login).and_then(|at| at.split_once("://")).map_or("", |(_, host)| host);
    let place = format!("学习工具“{}”（{at}）", tool.name);
    Ok(Some(Way { href: format!("/courses/{}/launch", course.id), place }))
}

/// Courses of the platform after `place`, one more than a page, each with whether its tool
/// opens it and whether it was chosen there.
///
/// # Errors
/// What the database reports.
pub async fn listed(
    tx: &mut Tx,
    (platform, tool): (&Platform, &Tool),
    place: Id<Course>,
) -> Result<Vec<(Course, bool, bool)>, DbError> {
    let whose = (platform.programme, Some(platform.id));
    let mut all = Vec::new();
    for course in course::catalogue(tx, whose, place, ROWS + 1).await? {
        let opened = opens(tx, tool, course.id).await?;
        let chosen = openings::was_chosen(tx, tool.id, course.id).await?;
        all.push((course, opened, chosen));
    }
    Ok(all)
}

/// Says of the courses on the page after `place` that were shown whether the tool opens them: those of
/// `ticked`, and no others. One that has come in since was not decided about. Gives how many are opened
/// otherwise than before.
///
/// # Errors
/// [`Failure::Stale`] when the tool is no longer as of `version`; 404 for a platform that the asker
/// does not keep, or one without a tool.
pub async fn choose(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    place: Id<Course>,
    (shown, ticked): (&[Id<Course>], &[Id<Course>]),
) -> Result<usize, Failure> {
    let tool = own(ctx, tx, id).await?;
    if !store::touch(tx, (tool.id, version)).await? {
        return Err(stale());
    }
    let platform = platform::of_id(tx, id).await?.ok_or(Failure::NotFound)?;
    let mut page = listed(tx, (&platform, &tool), place).await?;
    page.truncate(usize::try_from(ROWS).unwrap_or(usize::MAX));
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    for (course, was, _) in page.into_iter().filter(|(course, ..)| shown.contains(&course.id)) {
        let wanted = ticked.contains(&course.id);
        if wanted != was {
            openings::say(tx, tool.id, (course.id, wanted)).await?;
            if wanted { opened.push(course.code) } else { closed.push(course.code) }
        }
    }
    let changed = opened.len() + closed.len();
    if changed > 0 {
        let detail = json!({ "opened": opened, "closed": closed });
        audit::record(ctx, tx, "lti.courses_chosen", tool.id.uuid(), &detail).await?;
    }
    Ok(changed)
}
