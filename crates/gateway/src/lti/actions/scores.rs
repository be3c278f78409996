//! Columns of scores and the scores in them, and what follows for learning (Assignment and Grade
//! Services 2.0).

use chrono::TimeDelta;
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_training::course::Course;
use tisheng_training::hours::Channel;
use tisheng_training::learning::{self, Fact};
use tisheng_training::platform;

use super::launch::here;
use crate::lti::fault::{Fault, Told};
use crate::lti::model::{ItemLine, Line};
use crate::lti::outcome::{Reception, decide, is_told, said, withdrawn};
use crate::lti::score::Score;
use crate::lti::store::grades::{self, Kept};

/// Columns of one course at most.
const LINES: usize = 100;
/// Scores looked at in one go by whoever checks.
const CHECKED_AT_ONCE: i64 = 500;
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
    made(ctx, tx, &line).await?;
    Ok(line)
}

async fn made(ctx: &Ctx, tx: &mut Tx, line: &Line) -> Result<(), DbError> {
    let detail = json!({ "line": line.id, "said": told(line), "declared": line.declared });
    audit::record(ctx, tx, "lti.line_made", line.course.uuid(), &detail).await
}

/// What the audit trail keeps of what is said of a column.
fn told(line: &Line) -> Value {
    json!({
        "label": line.label, "scoreMaximum": line.most, "resourceId": line.resource, "tag": line.tag,
        "counts": line.counts, "startDateTime": line.starts, "endDateTime": line.ends,
    })
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
    Ok(made(ctx, tx, line).await?)
}

/// A tool says anew of a column what it is called and how much can be reached in it.
///
/// # Errors
/// What the database reports.
pub async fn amend_line(ctx: &Ctx, tx: &mut Tx, (was, line): (&Line, &Line)) -> Told<()> {
    grades::amend_line(tx, line).await?;
    let detail = json!({ "line": line.id, "said": told(line), "was": told(was) });
    audit::record(ctx, tx, "lti.line_changed", line.course.uuid(), &detail).await?;
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
    let detail = json!({ "line": line.id, "was": told(line) });
    audit::record(ctx, tx, "lti.line_removed", line.course.uuid(), &detail).await?;
    Ok(())
}

/// Takes a score, as [`decide`] says. Of the column that belongs to the course it is said to
/// [`learning`] in the same transaction, and what it contradicts is voided there; a tool may keep
/// other columns, such as of chapters, none of which is the course. The same score twice is one.
///
/// # Errors
/// 404 for somebody who has not opened the course; 409 when a later score stands.
pub async fn take(ctx: &Ctx, tx: &mut Tx, (course, line): (&Course, &Line), score: &Score) -> Told<()> {
    if !grades::is_member(tx, course.id, &score.user).await? {
        return Err(Fault::absent());
    }
    grades::hold_line(tx, line).await?;
    let last = grades::last(tx, line.id, &score.user).await?;
    let others = match decide(last.as_ref(), score) {
        Reception::Taken(others) => others,
        Reception::Again => return Ok(()),
        Reception::Late => {
            return Err(Fault::conflict("a score with a later timestamp stands for this user"));
        }
        Reception::TooMany => {
            return Err(Fault::conflict("too many different scores with this timestamp for this user"));
        }
    };
    grades::keep_score(tx, (score, &others), ctx.at).await?;
    if !line.declared {
        return Ok(());
    }
    let platform = platform::of_id(tx, course.platform).await?.ok_or_else(Fault::absent)?;
    let known = learning::own_facts(tx, platform.id, (&score.user, &line.id.to_string())).await?;
    let (account, mut facts) = known.ok_or_else(Fault::absent)?;
    let gone = split_off(score, &mut facts);
    if !gone.is_empty() {
        learning::void(ctx, tx, &platform, &gone).await?;
    }
    let said = said(score, &facts, (&course.code, &account), ahead(ctx));
    learning::take(ctx, tx, (&platform, Channel::Lti), &said).await?;
    Ok(())
}

/// Takes those out of `facts` that `score` takes back, and gives their numbers.
fn split_off(score: &Score, facts: &mut Vec<Fact>) -> Vec<String> {
    let gone = withdrawn(score, facts);
    facts.retain(|fact| !gone.contains(&fact.record));
    gone
}

/// Takes back what the last scores of teachers take back and learning still knows: an earlier release
/// kept such scores and voided nothing. Each is voided as if the score had come now, and the hours that
/// followed are reversed in the ledger with the reason of a platform's correction. Says of how many
/// scores something was taken back; done again, it finds nothing.
///
/// What the score says in place of what it takes back is said with it; what learning has lost otherwise is
/// not said anew.
///
/// # Errors
/// What the database reports; what is done so far stays done.
pub async fn mend(ctx: &Ctx) -> Result<usize, Failure> {
    let (mut mended, mut after) = (0, None);
    loop {
        let mut tx = ctx.write().await?;
        let some = grades::every_score(&mut tx, after.as_ref(), CHECKED_AT_ONCE).await?;
        let Some(last) = some.last() else { return Ok(mended) };
        for Kept { course, platform, score, code } in &some {
            let (user, line) = (score.user.as_str(), score.line.to_string());
            let known = learning::own_facts(&mut tx, *platform, (user, &line)).await?;
            let Some((account, mut facts)) = known else { continue };
            let Some(platform) = platform::of_id(&mut tx, *platform).await? else { continue };
            let gone = split_off(score, &mut facts);
            let said = said(score, &facts, (code, &account), ahead(ctx));
            // A number that was voided is never taken again: what would be lost so is left to a person.
            if !gone.is_empty() && !said.iter().any(|one| gone.contains(&one.record)) {
                learning::void(ctx, &mut tx, &platform, &gone).await?;
                learning::take(ctx, &mut tx, (&platform, Channel::Lti), &said).await?;
                let detail = json!({ "line": score.line, "score": score.number });
                audit::record(ctx, &mut tx, "lti.score_mended", course.uuid(), &detail).await?;
                mended += 1;
            }
        }
        after = Some((last.course, last.score.line, last.score.user.clone()));
        tx.commit().await?;
    }
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

/// How many scores there are in the columns of courses, and those of which learning does not know
/// what they say: that work was begun, completed, passed or failed, and the time it took; or knows
/// something still that the last score of a teacher has taken back. At most `most` of them.
///
/// # Errors
/// What the database reports.
pub async fn check(ctx: &Ctx, most: usize) -> Result<(usize, Vec<String>), DbError> {
    let (mut count, mut wrong) = (0, Vec::new());
    let mut after = None;
    loop {
        let mut tx = ctx.read().await?;
        let some = grades::every_score(&mut tx, after.as_ref(), CHECKED_AT_ONCE).await?;
        let Some(last) = some.last() else { return Ok((count, wrong)) };
        count += some.len();
        for kept in &some {
            let whose = (kept.score.user.as_str(), kept.score.line.to_string());
            let known = learning::own_facts(&mut tx, kept.platform, (whose.0, &whose.1)).await?;
            let is_told =
                known.is_some_and(|(account, facts)| is_told(&kept.score, (&kept.code, &account), &facts));
            if !is_told && wrong.len() < most {
                wrong.push(kept.score.number.clone());
            }
        }
        after = Some((last.course, last.score.line, last.score.user.clone()));
    }
}

/// Whether `line` is one of `course`.
///
/// # Errors
/// 404 when it is not.
pub async fn line(tx: &mut Tx, course: Id<Course>, line: Id<Line>) -> Told<Line> {
    grades::line(tx, course, line).await?.ok_or_else(Fault::absent)
}
