//! Handing in, and where a revision goes from there.

use serde_json::json;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_rules::assessment::{Step, StepKind};
use uuid::Uuid;

use super::desk::{Desk, own_draft};
use super::stale;
use crate::evidence::content;
use crate::evidence::model::{Consent, Item, Named, State, Submission, digest, shortcomings};
use crate::evidence::store::{self, Frozen, Move};
use crate::evidence::{MOVED, SUBMITTED};

/// What keeps a revision from being handed in: the key of the piece, and a sentence. Empty when nothing does.
#[must_use]
pub fn missing(desk: &Desk, submission: &Submission, items: &[Item]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for piece in desk.pieces(submission) {
        let own: Vec<&Item> = items.iter().filter(|item| item.piece == piece.key).collect();
        found.extend(shortcomings(piece, &own).into_iter().map(|sentence| (piece.key.clone(), sentence)));
    }
    found
}

/// Where texts and documents name the author or the school, which blind reviewers would read: the key of the
/// piece, and a sentence. Empty where the rules hide the author from nobody.
#[must_use]
pub fn traces_of_author(desk: &Desk, items: &[Item]) -> Vec<(String, String)> {
    let judges = |step: &&Step| matches!(step.kind, StepKind::Peers | StepKind::Panel);
    let mut steps = desk.rules.assessment.steps.iter().filter(judges);
    let Some(blind) = steps.find(|step| *step.blind) else { return Vec::new() };
    let told = |item: &Item| Some((item.piece.clone(), trace(desk, item, &blind.title)?));
    items.iter().filter_map(told).collect()
}

/// What `item` tells of its author to whoever judges in the step `during`, in a sentence.
fn trace(desk: &Desk, item: &Item, during: &str) -> Option<String> {
    let tells = |name: &str| content::is_named(item.text(), name);
    let (place, author, school, again) = match item.file() {
        Some(file) => {
            let Named { author, school } = &file.named;
            let place = if author.is_empty() { school } else { author };
            let place = format!("《{}》的{place}", file.title);
            (place, !author.is_empty(), !school.is_empty(), "上传")
        }
        None => ("填写的内容".to_owned(), tells(&desk.name), tells(&desk.school_name), "保存"),
    };
    let (what, instead) = match (author, school) {
        (true, true) => ("您的姓名（文中还有学校名称）", "“本校教师”“本校”"),
        (true, false) => ("您的姓名", "“本校教师”"),
        (false, true) => ("学校名称", "“本校”"),
        (false, false) => return None,
    };
    Some(format!("{place}里有{what}，{during}时别人看得到，建议改为{instead}后再{again}。"))
}

/// Freezes the revision and sends it into the first step of its rules.
///
/// # Errors
/// [`Failure::Refused`] while something is missing; [`Failure::Stale`] when it is no longer what was `seen`:
/// the digest of what was shown for a last look.
pub async fn submit(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Submission>,
    seen: &str,
    consent: Consent,
) -> Result<Submission, Failure> {
    let (desk, submission) = own_draft(ctx, tx, id).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let missing = missing(&desk, &submission, &items);
    if let Some((_, first)) = missing.first() {
        return Err(Failure::Refused(format!("{first}。")));
    }
    if consent == Consent::Unasked {
        return Err(Failure::Refused("请说明材料中是否有学生出镜。".to_owned()));
    }
    let digest = digest(&submission.capability, submission.revision, &items);
    if digest != seen {
        return Err(stale());
    }
    let first = desk.rules.assessment.first_step();
    let (state, step) = first
        .and_then(|step| Some((State::during(step.kind)?, step.key.as_str())))
        .filter(|(state, _)| submission.state.may_become(*state))
        .ok_or_else(|| Failure::Internal("the scheme's first step judges nothing".to_owned()))?;
    let frozen = Frozen { state, step, digest: &digest, consent };
    if !store::freeze(tx, &submission, &desk, ctx.at, &frozen).await? {
        return Err(stale());
    }
    let detail = json!({
        "capability": submission.capability, "revision": submission.revision, "digest": digest,
        "consent": consent.code(), "step": step,
    });
    audit::record(ctx, tx, "evidence.submitted", id.uuid(), &detail).await?;
    let payload = json!({ "programme": submission.programme, "submission": id });
    jobs::emit(tx, ctx.at, SUBMITTED, &payload).await?;
    load(tx, submission.programme, id).await
}

/// A revision by its key. The caller says whether the asker may see it.
///
/// # Errors
/// [`Failure::NotFound`] when there is none.
pub async fn load(tx: &mut Tx, programme: Uuid, id: Id<Submission>) -> Result<Submission, Failure> {
    store::by_id(tx, programme, id.uuid()).await?.ok_or(Failure::NotFound)
}

/// Gives a frozen revision back to its author as a draft.
///
/// # Errors
/// [`Failure::Refused`] when its state does not allow it; [`Failure::Stale`] when it has moved on.
pub async fn reopen(ctx: &Ctx, tx: &mut Tx, submission: &Submission) -> Result<(), Failure> {
    if submission.state == State::Draft || !submission.state.may_become(State::Draft) {
        return Err(Failure::Refused("已经作出评审结论，不能撤回。".to_owned()));
    }
    if !store::reopen(tx, submission, ctx.at).await? {
        return Err(stale());
    }
    let detail = json!({ "from": submission.state.code(), "step": submission.step });
    audit::record(ctx, tx, "evidence.withdrawn", submission.id.uuid(), &detail).await?;
    moved(ctx, tx, submission).await
}

/// Says that a revision does not stand where it stood.
pub(super) async fn moved(ctx: &Ctx, tx: &mut Tx, submission: &Submission) -> Result<(), Failure> {
    Ok(jobs::emit(tx, ctx.at, MOVED, &json!({ "school": submission.school })).await?)
}

/// Where a revision goes.
#[derive(Debug, Clone, Copy)]
pub enum Onward<'a> {
    /// Into a step of its rules.
    Step(State, &'a str),
    /// Back to the author for a new revision, with the reason.
    Returned(&'a str),
    /// To its end, with the level that stands.
    Final(Level),
}

/// Moves a revision on, with its audit row.
///
/// # Errors
/// [`Failure::Internal`] for a move that no state allows; [`Failure::Stale`] when it has moved on
/// already.
pub async fn advance(ctx: &Ctx, tx: &mut Tx, submission: &Submission, to: Onward<'_>) -> Result<(), Failure> {
    let to = match to {
        Onward::Step(state, step) => Move { state, step, note: "", level: None },
        Onward::Returned(reason) => Move { state: State::Returned, step: "", note: reason, level: None },
        Onward::Final(level) => Move { state: State::Final, step: "", note: "", level: Some(level) },
    };
    if !submission.state.may_become(to.state) {
        let (from, next) = (submission.state.code(), to.state.code());
        return Err(Failure::Internal(format!("a submission does not go from {from} to {next}")));
    }
    if !store::go(tx, submission, ctx.at, &to).await? {
        return Err(stale());
    }
    let detail = json!({
        "from": submission.state.code(), "to": to.state.code(), "step": to.step, "reason": to.note,
        "level": to.level.map(Level::code),
    });
    audit::record(ctx, tx, "evidence.moved", submission.id.uuid(), &detail).await?;
    moved(ctx, tx, submission).await
}
