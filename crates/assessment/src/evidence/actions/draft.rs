//! What the author does to a draft.

use serde_json::json;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};

use super::desk::{desk, own, own_draft, wanted};
use super::handed_in::moved;
use super::stale;
use crate::evidence::model::{Body, Item, StoredFile, Submission, takes_text};
use crate::evidence::store::{self, Beginning};

/// Items that one piece may have.
const ITEMS: usize = 20;
/// Characters of a text typed in the page.
const CHARACTERS: usize = 20_000;

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

/// Whether the asker, its author, may make a revision again: it was returned or failed, and is still asked
/// for.
///
/// # Errors
/// What the database reports.
pub async fn may_revise(ctx: &Ctx, tx: &mut Tx, old: &Submission) -> Result<bool, Failure> {
    if !old.may_be_revised() {
        return Ok(false);
    }
    match desk(ctx, tx).await {
        Ok(desk) => Ok(wanted(tx, &desk).await?.contains(&old.capability)),
        Err(Failure::NotFound) => Ok(false),
        Err(other) => Err(other),
    }
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
    if !wanted(tx, &desk).await?.contains(&old.capability) {
        let text = "这个能力点已不在您的选学中，不能重新提交；需要提交的，请先申请变更选学。";
        return Err(Failure::Refused(text.to_owned()));
    }
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
    moved(ctx, tx, &old).await?;
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
    if !takes_text(&piece.kinds) {
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

/// Passes while a file of this name and length may begin to arrive at a piece. What is sent once more, since an
/// answer was lost, takes no place of its own: once its bytes are there they tell whether it is the same.
///
/// # Errors
/// [`Failure::Refused`] when the piece is full.
pub async fn room_for_upload(
    tx: &mut Tx,
    submission: &Submission,
    file: (&str, &str, i64),
    at: Instant,
) -> Result<(), Failure> {
    let (open, same) = store::open_uploads(tx, submission, file, at).await?;
    if is_full(open) {
        return Err(full());
    }
    if store::was_sent(tx, submission, file).await? {
        return Ok(());
    }
    room_for_one_more(tx, submission, file.0, open - same).await
}

fn is_full(count: i64) -> bool {
    usize::try_from(count).is_ok_and(|count| count >= ITEMS)
}

fn full() -> Failure {
    Failure::Refused(format!("每项材料最多 {ITEMS} 个文件，请先移除不需要的文件。"))
}

/// Passes while a piece may get one more file besides those `waiting` to arrive.
async fn room_for_one_more(
    tx: &mut Tx,
    submission: &Submission,
    piece: &str,
    waiting: i64,
) -> Result<(), Failure> {
    let items = store::items(tx, submission.programme, submission.id).await?;
    let there = items.iter().filter(|item| item.piece == piece && item.file().is_some()).count();
    if is_full(i64::try_from(there).unwrap_or(i64::MAX).saturating_add(waiting)) {
        Err(full())
    } else {
        Ok(())
    }
}

/// Adds a stored file to a piece, in the place of `replaced` where one is given. A file that stands there already
/// under its name stands there once: whoever sends it again over a bad network does not hand it in twice.
///
/// # Errors
/// As [`own_draft`]; [`Failure::Refused`] when the piece is full.
pub async fn add_file(
    ctx: &Ctx,
    tx: &mut Tx,
    submission: &Submission,
    piece: &str,
    file: StoredFile,
    replaced: Option<Id<Item>>,
) -> Result<Id<Item>, Failure> {
    let mut place = 0;
    // Two that come at once are told apart one after the other.
    store::hold(tx, submission).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let is_same = |item: &&Item| {
        let there =
            item.file().is_some_and(|there| (&there.digest, &there.title) == (&file.digest, &file.title));
        item.piece == piece && there
    };
    let is_old = |item: &&Item| Some(item.id) == replaced && item.piece == piece && item.file().is_some();
    let old = items.iter().find(is_old);
    // Sent once more it stands there, and what it replaced has gone.
    if let (Some(there), None) = (items.iter().find(is_same), old) {
        return Ok(there.id);
    }
    if replaced.is_some() {
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

/// Puts a file before its neighbour; gives its piece.
///
/// # Errors
/// As [`own_draft`].
pub async fn move_up(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, item: Id<Item>) -> Result<String, Failure> {
    let (_, submission) = own_draft(ctx, tx, id).await?;
    let chosen = item_of(tx, &submission, item).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let mut siblings = items.iter().filter(|other| other.piece == chosen.piece && other.file().is_some());
    if let Some(before) = siblings.rfind(|other| other.place < chosen.place) {
        store::set_place(tx, &submission, chosen.id, before.place).await?;
        store::set_place(tx, &submission, before.id, chosen.place).await?;
    }
    Ok(chosen.piece)
}

/// States how long a recording is whose file does not say it; gives its piece.
///
/// # Errors
/// [`Failure::Refused`] when the file says it itself; else as [`own_draft`].
pub async fn state_length(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Submission>,
    item: Id<Item>,
    minutes: i64,
) -> Result<String, Failure> {
    let (_, submission) = own_draft(ctx, tx, id).await?;
    let chosen = item_of(tx, &submission, item).await?;
    let file = chosen.file().filter(|file| file.content.is_recording()).ok_or(Failure::NotFound)?;
    if !file.length_is_stated() {
        return Err(Failure::Refused("这个文件的时长由系统读取，不需要填写。".to_owned()));
    }
    store::set_seconds(tx, &submission, item, minutes * 60).await?;
    Ok(chosen.piece)
}
