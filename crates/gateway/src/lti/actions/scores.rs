//! Columns of scores and the scores in them, and what follows for learning (Assignment and Grade
//! Services 2.0).

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_training::course::Course;
use tisheng_training::hours::Channel;
use tisheng_training::learning::{self, Account};
use tisheng_training::platform;

use super::launch::here;
use crate::lti::fault::{Fault, Told};
use crate::lti::model::{ItemLine, Line};
use crate::lti::score::{Score, said};
use crate::lti::store::grades;

/// Columns of one course at most.
const LINES: usize = 100;
/// The highest score of a column that nobody has declared.
const HUNDRED: f64 = 100.0;

/// The column that belongs to a course, made when it is missing, as `wanted` says it.
///
/// # Errors
/// What the database reports.
pub async fn declared(
    ctx: &Ctx,
    tx: &mut Tx,
    course: &Course,
    wanted: Option<&ItemLine>,
) -> Result<Line, DbError> {
    let lines = grades::lines(tx, course.id).await?;
    if let Some(line) = lines.into_iter().find(|line| line.declared) {
        return Ok(line);
    }
    let text = |of: fn(&ItemLine) -> &String| wanted.map(of).cloned().unwrap_or_default();
    let label = text(|wanted| &wanted.label);
    let line = Line {
        id: ctx.id(),
        course: course.id,
        label: if label.is_empty() { course.title.clone() } else { label },
        most: wanted.map_or(HUNDRED, |wanted| wanted.most),
        resource: text(|wanted| &wanted.resource),
        tag: text(|wanted| &wanted.tag),
        counts: true,
        declared: true,
        starts: String::new(),
        ends: String::new(),
    };
    grades::add_line(tx, &line).await?;
    Ok(line)
}

/// A tool makes a column.
///
/// # Errors
/// 403 when the course has too many.
pub async fn add_line(ctx: &Ctx, tx: &mut Tx, line: &Line) -> Told<()> {
    if grades::lines(tx, line.course).await?.len() >= LINES {
        return Err(Fault::forbidden(format!("a course has at most {LINES} line items")));
    }
    grades::add_line(tx, line).await?;
    let detail = json!({ "line": line.id, "label": line.label, "counts": line.counts });
    audit::record(ctx, tx, "lti.line_made", line.course.uuid(), &detail).await?;
    Ok(())
}

/// A tool removes a column of its own with its scores. What has become of them in hours stays.
///
/// # Errors
/// 403 for the column that belongs to the course.
pub async fn drop_line(ctx: &Ctx, tx: &mut Tx, line: &Line) -> Told<()> {
    if line.declared {
        return Err(Fault::forbidden("the line item belongs to the course and stays as long"));
    }
    grades::drop_line(tx, line).await?;
    let detail = json!({ "line": line.id });
    audit::record(ctx, tx, "lti.line_removed", line.course.uuid(), &detail).await?;
    Ok(())
}

/// Takes a score: it stands unless one as late does. Of the column that belongs to the course it is
/// said to [`learning`] in the same transaction; a tool may keep others, such as of chapters, none of
/// which is the course. The same score twice is one.
///
/// # Errors
/// 404 for somebody who has not opened the course; 409 when a later or another score of the same
/// moment stands; 403 when the platform is suspended.
pub async fn take(ctx: &Ctx, tx: &mut Tx, (course, line): (&Course, &Line), score: &Score) -> Told<()> {
    if !grades::is_member(tx, course.id, &score.user).await? {
        return Err(Fault::absent());
    }
    grades::hold_line(tx, line).await?;
    let last = grades::last(tx, line.id, &score.user).await?;
    if !grades::keep_score(tx, line.id, score, ctx.at).await? {
        let stands = grades::last(tx, line.id, &score.user).await?;
        let is_same = stands.is_some_and(|last| last.at == score.at && last.likeness == score.likeness);
        let sentence = "a score with this or a later timestamp stands for this user";
        return if is_same { Ok(()) } else { Err(Fault::conflict(sentence)) };
    }
    if !line.declared {
        return Ok(());
    }
    let platform = platform::of_id(tx, course.platform).await?.ok_or_else(Fault::absent)?;
    let account = Account { home: ctx.app.config.public_url.clone(), name: score.user.clone() };
    let had_score = last.is_some_and(|last| last.has_score);
    let said = said(score, had_score, (line.id, &course.code, &account), ahead(ctx));
    learning::take(ctx, tx, (&platform, Channel::Lti), &said).await?;
    Ok(())
}

/// The whole days by which a demonstration's calendar is off that of the world, by which tools go.
fn ahead(ctx: &Ctx) -> TimeDelta {
    let off = (ctx.at - ctx.app.wall()).num_hours();
    TimeDelta::days((off + if off < 0 { -12 } else { 12 }) / 24)
}

/// The address of a column.
#[must_use]
pub fn line_at(ctx: &Ctx, line: &Line) -> String {
    format!("{}/{}", crate::lti::message::lines_at(here(ctx), line.course), line.id)
}

/// How many scores of completed work there are that lead to hours, and of how many learning knows
/// nothing.
///
/// # Errors
/// What the database reports.
pub async fn check(tx: &mut Tx) -> Result<(i64, i64), DbError> {
    grades::unsaid(tx).await
}

/// Whether `line` is one of `course`.
///
/// # Errors
/// 404 when it is not.
pub async fn line(tx: &mut Tx, course: Id<Course>, line: Id<Line>) -> Told<Line> {
    grades::line(tx, course, line).await?.ok_or_else(Fault::absent)
}
