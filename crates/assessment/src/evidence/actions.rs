//! What the author does, and what other rooms do to a revision through the front door.

use std::sync::Arc;

use serde_json::json;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people;
use tisheng_rules::Scheme;
use tisheng_rules::framework::Piece;
use tisheng_training::selection;
use uuid::Uuid;

use super::model::{Body, Consent, Item, State, StoredFile, Submission, digest, shortcomings};
use super::store::{self, Beginning, Frozen, Move};

/// Items that one piece may have.
const ITEMS: usize = 20;
/// Characters of a text typed in the page.
pub const CHARACTERS: usize = 20_000;

/// Where the author sits: the programme, its rules and the post.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The programme.
    pub programme: Programme,
    /// The rules: those in force, or those that the revision in hand is pinned to.
    pub rules: Arc<Scheme>,
    /// The version of these rules.
    pub version: Uuid,
    /// The author.
    pub person: Uuid,
    /// The author's name.
    pub name: String,
    /// The author's school.
    pub school: Uuid,
    /// Its name.
    pub school_name: String,
    /// Its path.
    pub path: String,
    /// The subject taught.
    pub subject: String,
    /// The stage taught in.
    pub stage: String,
}

impl Desk {
    /// The pieces that the revision asks for.
    #[must_use]
    pub fn pieces(&self, submission: &Submission) -> &[Piece] {
        self.rules.framework.pieces(&submission.capability)
    }

    /// The piece `key` of the revision.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when the revision asks for no such piece.
    pub fn piece(&self, submission: &Submission, key: &str) -> Result<&Piece, Failure> {
        self.pieces(submission).iter().find(|piece| piece.key == key).ok_or(Failure::NotFound)
    }
}

/// The asker as a teacher, with the rules in force.
///
/// # Errors
/// [`Failure::NotFound`] for anybody who does not ask as a teacher with a post.
pub async fn desk(ctx: &Ctx, tx: &mut Tx) -> Result<Desk, Failure> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let teacher = people::teacher(tx, Id::from_uuid(member.person)).await?;
    Ok(Desk {
        version: programme.version.uuid(),
        programme,
        rules,
        person: member.person,
        name: teacher.name,
        school: teacher.school.uuid(),
        school_name: teacher.school_name,
        path: teacher.path,
        subject: teacher.subject,
        stage: teacher.stage,
    })
}

/// The rules that `submission` is pinned to.
///
/// # Errors
/// What the database reports.
pub async fn rules_of(ctx: &Ctx, tx: &mut Tx, submission: &Submission) -> Result<Arc<Scheme>, Failure> {
    let programme = scheme::of_id(tx, Id::from_uuid(submission.programme)).await?;
    if programme.version.uuid() == submission.scheme_version {
        scheme::rules(&ctx.app, tx, &programme).await
    } else {
        scheme::rules_of(&ctx.app, tx, Id::from_uuid(submission.scheme_version)).await
    }
}

/// The asker's own revision, with the rules it is pinned to.
///
/// # Errors
/// [`Failure::NotFound`] when it is somebody else's or there is none.
pub async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(Desk, Submission), Failure> {
    let mut desk = desk(ctx, tx).await?;
    let found = store::by_id(tx, desk.programme.id.uuid(), id.uuid()).await?;
    let submission = found.filter(|found| found.person == desk.person).ok_or(Failure::NotFound)?;
    if submission.scheme_version != desk.version {
        desk.rules = rules_of(ctx, tx, &submission).await?;
        desk.version = submission.scheme_version;
    }
    Ok((desk, submission))
}

/// The asker's own revision while it can be changed.
///
/// # Errors
/// [`Failure::Refused`] when it is frozen; else as [`own`].
pub async fn own_draft(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(Desk, Submission), Failure> {
    let (desk, submission) = own(ctx, tx, id).await?;
    if submission.state.is_frozen() || submission.superseded_by.is_some() {
        return Err(Failure::Refused("材料已经提交，不能再修改；如需修改，请先撤回或等待退回。".to_owned()));
    }
    Ok((desk, submission))
}

/// Codes of what the author is to hand in: the capabilities chosen, then the works asked of all.
///
/// # Errors
/// What the database reports.
pub async fn wanted(tx: &mut Tx, desk: &Desk) -> Result<Vec<String>, Failure> {
    let mut codes = selection::chosen(tx, desk.programme.id, Id::from_uuid(desk.person)).await?;
    codes.extend(desk.rules.framework.works.iter().map(|work| work.key.clone()));
    Ok(codes)
}

/// Begins the first revision for `capability`, or finds the one that is there.
///
/// # Errors
/// [`Failure::NotFound`] when the capability was not chosen.
pub async fn begin(ctx: &Ctx, tx: &mut Tx, capability: &str) -> Result<Id<Submission>, Failure> {
    let desk = desk(ctx, tx).await?;
    if !wanted(tx, &desk).await?.iter().any(|code| code == capability) {
        return Err(Failure::NotFound);
    }
    let known = store::current(tx, desk.programme.id.uuid(), desk.person).await?;
    if let Some(found) = known.iter().find(|found| found.capability == capability) {
        return Ok(found.id);
    }
    let id: Id<Submission> = ctx.id();
    let beginning = Beginning {
        programme: desk.programme.id.uuid(),
        person: desk.person,
        capability,
        revision: 1,
        author: &desk,
    };
    if !store::begin(tx, id, ctx.at, &beginning).await? {
        return Err(stale());
    }
    audit::record(ctx, tx, "evidence.begun", id.uuid(), &json!({ "capability": capability })).await?;
    Ok(id)
}

/// Begins the next revision of one that was returned or failed, with the same content, under the
/// rules in force.
///
/// # Errors
/// [`Failure::Refused`] when the revision is not to be made again.
pub async fn revise(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<Id<Submission>, Failure> {
    let (_, old) = own(ctx, tx, id).await?;
    if !old.may_be_revised() {
        return Err(Failure::Refused("只有被退回或评定为不合格的材料可以修改后重新提交。".to_owned()));
    }
    let desk = desk(ctx, tx).await?;
    let new: Id<Submission> = ctx.id();
    // First out of the way, then in: a teacher has one current revision for a capability.
    if !store::supersede(tx, &old, new).await? {
        return Err(stale());
    }
    let beginning = Beginning {
        programme: old.programme,
        person: old.person,
        capability: &old.capability,
        revision: old.revision + 1,
        author: &desk,
    };
    if !store::begin(tx, new, ctx.at, &beginning).await? {
        return Err(stale());
    }
    for item in store::items(tx, old.programme, old.id).await? {
        store::copy_item(tx, &old, item.id, new, ctx.id(), ctx.at).await?;
    }
    let detail = json!({ "capability": old.capability, "revision": old.revision + 1, "after": old.id });
    audit::record(ctx, tx, "evidence.revised", new.uuid(), &detail).await?;
    Ok(new)
}

/// Saves the text of a piece that stands at `version` (0 while there is none) and gives the new
/// version; `None` when somebody, also in another window, has saved it since.
///
/// # Errors
/// [`Failure::Malformed`] when the text is too long; else as [`own_draft`].
pub async fn save_text(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Submission>,
    piece: &str,
    version: i64,
    body: &str,
) -> Result<Option<i64>, Failure> {
    let (desk, submission) = own_draft(ctx, tx, id).await?;
    let piece = desk.piece(&submission, piece)?;
    if !super::model::takes_text(&piece.kinds) {
        return Err(Failure::NotFound);
    }
    let length = body.chars().count();
    if length > CHARACTERS {
        return Err(Failure::Malformed(format!("文字最多 {CHARACTERS} 字，现在有 {length} 字。")));
    }
    let saved = if version == 0 {
        let text = Item {
            id: ctx.id(),
            piece: piece.key.clone(),
            body: Body::Text(body.to_owned()),
            place: 0,
            version: 1,
            saved_at: ctx.at,
        };
        store::add_item(tx, &submission, &text).await?
    } else {
        store::save_text(tx, &submission, &piece.key, version, body, ctx.at).await?
    };
    Ok(saved.then_some(version + 1))
}

/// Passes while a piece may get one more file besides those `waiting` to arrive.
///
/// # Errors
/// [`Failure::Refused`] when it is full.
pub async fn room_for_one_more(
    tx: &mut Tx,
    submission: &Submission,
    piece: &str,
    waiting: i64,
) -> Result<(), Failure> {
    let items = store::items(tx, submission.programme, submission.id).await?;
    let there = items.iter().filter(|item| item.piece == piece).count();
    if there + usize::try_from(waiting).unwrap_or(ITEMS) >= ITEMS {
        return Err(Failure::Refused(format!("每项材料最多 {ITEMS} 个文件，请先移除不需要的文件。")));
    }
    Ok(())
}

/// Adds a stored file to a piece, in the place of `replaced` where one is given.
///
/// # Errors
/// As [`own_draft`] and [`room_for_one_more`].
pub async fn add_file(
    ctx: &Ctx,
    tx: &mut Tx,
    submission: &Submission,
    piece: &str,
    file: StoredFile,
    replaced: Option<Id<Item>>,
) -> Result<Id<Item>, Failure> {
    let mut place = 0;
    if let Some(old) = replaced {
        let items = store::items(tx, submission.programme, submission.id).await?;
        let old = items.iter().find(|item| item.id == old && item.piece == piece && item.file().is_some());
        let old = old.ok_or(Failure::NotFound)?;
        place = old.place;
        store::remove_item(tx, submission, old.id).await?;
    }
    room_for_one_more(tx, submission, piece, 0).await?;
    let detail = json!({
        "piece": piece, "digest": file.digest, "size": file.size, "content": file.content.code(),
        "replaces": replaced,
    });
    let item = Item {
        id: ctx.id(),
        piece: piece.to_owned(),
        body: Body::File(file),
        place,
        version: 1,
        saved_at: ctx.at,
    };
    store::add_item(tx, submission, &item).await?;
    audit::record(ctx, tx, "evidence.file_added", submission.id.uuid(), &detail).await?;
    Ok(item.id)
}

/// The item `item` of a revision.
///
/// # Errors
/// [`Failure::NotFound`] when it has no such item.
pub async fn item_of(tx: &mut Tx, of: &Submission, item: Id<Item>) -> Result<Item, Failure> {
    let items = store::items(tx, of.programme, of.id).await?;
    items.into_iter().find(|found| found.id == item).ok_or(Failure::NotFound)
}

/// Takes a file out of a draft.
///
/// # Errors
/// As [`own_draft`].
pub async fn remove(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, item: Id<Item>) -> Result<Item, Failure> {
    let (_, submission) = own_draft(ctx, tx, id).await?;
    let gone = item_of(tx, &submission, item).await?;
    store::remove_item(tx, &submission, item).await?;
    let detail = json!({ "piece": gone.piece, "item": item });
    audit::record(ctx, tx, "evidence.file_removed", submission.id.uuid(), &detail).await?;
    Ok(gone)
}

/// Puts a file before its neighbour.
///
/// # Errors
/// As [`own_draft`].
pub async fn move_up(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, item: Id<Item>) -> Result<(), Failure> {
    let (_, submission) = own_draft(ctx, tx, id).await?;
    let chosen = item_of(tx, &submission, item).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let siblings = items.iter().filter(|other| other.piece == chosen.piece && other.file().is_some());
    if let Some(before) = siblings.filter(|other| other.place < chosen.place).next_back() {
        store::set_place(tx, &submission, chosen.id, before.place).await?;
        store::set_place(tx, &submission, before.id, chosen.place).await?;
    }
    Ok(())
}

/// States how long a recording is whose file does not say it.
///
/// # Errors
/// [`Failure::Refused`] when the file says it itself; else as [`own_draft`].
pub async fn state_length(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Submission>,
    item: Id<Item>,
    minutes: i64,
) -> Result<(), Failure> {
    let (_, submission) = own_draft(ctx, tx, id).await?;
    let chosen = item_of(tx, &submission, item).await?;
    let file = chosen.file().filter(|file| file.content.is_recording()).ok_or(Failure::NotFound)?;
    if matches!(file.content.code(), "mp4" | "mov" | "m4a") && file.seconds.is_some() {
        return Err(Failure::Refused("这个文件的时长由系统读取，不需要填写。".to_owned()));
    }
    store::set_seconds(tx, &submission, item, minutes * 60).await?;
    Ok(())
}

/// What keeps a revision from being handed in; empty when nothing does.
#[must_use]
pub fn missing(desk: &Desk, submission: &Submission, items: &[Item]) -> Vec<String> {
    let of = |piece: &Piece| items.iter().filter(|item| item.piece == piece.key).collect::<Vec<_>>();
    desk.pieces(submission).iter().flat_map(|piece| shortcomings(piece, &of(piece))).collect()
}

/// Where the author's name or school stands in titles and texts, which blind reviewers would read.
#[must_use]
pub fn traces_of_author(desk: &Desk, items: &[Item]) -> Vec<String> {
    let tells = |text: &str| text.contains(&desk.name) || text.contains(&desk.school_name);
    items
        .iter()
        .filter(|item| tells(item.text()))
        .map(|item| desk.rules.framework.piece(&item.piece).map_or_else(String::new, |p| p.name.clone()))
        .collect()
}

/// Freezes the revision and sends it into the first step of its rules.
///
/// # Errors
/// [`Failure::Refused`] while something is missing; [`Failure::Stale`] when it was changed since
/// `version` was shown.
pub async fn submit(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Submission>,
    version: i64,
    consent: Consent,
) -> Result<Submission, Failure> {
    let (desk, submission) = own_draft(ctx, tx, id).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let missing = missing(&desk, &submission, &items);
    if let Some(first) = missing.first() {
        return Err(Failure::Refused(format!("{first}。")));
    }
    if consent == Consent::Unasked {
        return Err(Failure::Refused("请说明材料中是否有学生出镜。".to_owned()));
    }
    if submission.version != version {
        return Err(stale());
    }
    let first = desk.rules.assessment.first_step();
    let (state, step) = first
        .and_then(|step| Some((State::during(step.kind)?, step.key.as_str())))
        .filter(|(state, _)| submission.state.may_become(*state))
        .ok_or_else(|| Failure::Internal("the scheme's first step judges nothing".to_owned()))?;
    let digest = digest(&submission.capability, submission.revision, &items);
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
    jobs::emit(tx, ctx.at, super::SUBMITTED, &payload).await?;
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
    Ok(())
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
    Ok(())
}

/// Somebody else was faster.
pub fn stale() -> Failure {
    Failure::Stale("这份材料刚刚有了变化，请刷新后再操作。".to_owned())
}
