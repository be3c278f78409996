//! What is typed into the pieces of a draft: texts, and how long recordings are. The page is one form: whichever
//! of its buttons is pressed, what was typed is saved first, so that browsers without scripts lose nothing.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use tisheng_kernel::Id;
use tisheng_platform::keys::Keys;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Once, once};
use tisheng_platform::{Ctx, Tx};

use super::draft::draft;
use super::show::{Shown, ShownPiece, minutes};
use crate::evidence::actions;
use crate::evidence::model::{Item, StoredFile, Submission, takes_text};
use crate::evidence::store;

/// What is not saved, and what is wrong.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// What was typed, by its field.
    typed: BTreeMap<String, String>,
    /// What is wrong, by the field `piece-…`.
    pub errors: FormErrors,
    /// Whether a text was saved in another window since.
    is_stale: bool,
}

impl Unsaved {
    /// Something is `wrong` with what came for `piece`.
    fn with(self, piece: &str, wrong: impl Into<String>) -> Self {
        let mut errors = self.errors;
        errors.add(&format!("piece-{piece}"), wrong);
        Self { errors, ..self }
    }

    /// The same on a page that shows `pieces`: what is wrong is said beside each of them.
    pub fn beside(self, pieces: &[ShownPiece]) -> Self {
        let fields: Vec<String> = pieces.iter().map(|piece| format!("piece-{}", piece.key)).collect();
        let titles: Vec<(&str, &str)> =
            fields.iter().zip(pieces).map(|(field, piece)| (field.as_str(), piece.name.as_str())).collect();
        Self { errors: self.errors.titled(&titles), ..self }
    }

    /// What is wrong with `piece`; empty for nothing.
    pub fn error_of(&self, piece: &str) -> &str {
        self.errors.of(&format!("piece-{piece}"))
    }

    /// What stands in the text field of `piece`, and whether something else is saved.
    pub fn text_of<'t>(&'t self, piece: &'t ShownPiece) -> (&'t str, bool) {
        match self.typed.get(&format!("body-{}", piece.key)) {
            Some(text) => (text, true),
            None => (&piece.text, false),
        }
    }

    /// What stands in the field for the length of `item`.
    pub fn minutes_of<'t>(&'t self, item: &'t Shown) -> &'t str {
        self.typed.get(&minutes_field(&item.id)).unwrap_or(&item.minutes)
    }
}

/// What a page remembers of a text, by which one that nobody touched is told from one that was typed.
pub fn mark(keys: &Keys, text: &str) -> String {
    hex::encode(keys.index("draft", &plain(text)))
}

/// A text without what browsers do to its lines.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// The field for the length of a recording.
pub fn minutes_field(item: &str) -> String {
    format!("minutes-{item}")
}

/// Saves what came with a form and was touched; gives what of it cannot be saved.
///
/// # Errors
/// [`Failure::NotFound`] when the draft is somebody else's; [`Failure::Refused`] when it is frozen.
async fn save(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, fields: &Fields) -> Result<Unsaved, Failure> {
    let (desk, submission) = actions::own_draft(ctx, tx, id).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let mut unsaved = Unsaved::default();
    for piece in desk.pieces(&submission).iter().filter(|piece| takes_text(&piece.kinds)) {
        unsaved = save_text(ctx, tx, (id, &piece.key, &items), fields, unsaved).await?;
    }
    for item in items.iter().filter(|item| item.file().is_some_and(StoredFile::length_is_stated)) {
        unsaved = save_length(ctx, tx, (id, item), fields, unsaved).await?;
    }
    Ok(unsaved)
}

async fn save_text(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, key, items): (Id<Submission>, &str, &[Item]),
    fields: &Fields,
    mut unsaved: Unsaved,
) -> Result<Unsaved, Failure> {
    let field = format!("body-{key}");
    let Some(typed) = fields.find(&field) else { return Ok(unsaved) };
    let body = plain(typed);
    let kept = items.iter().find(|item| item.piece == *key && item.file().is_none());
    let version = fields.text(&format!("version-{key}")).parse().unwrap_or(0);
    // A page that shows an older text than is kept says nothing of what it was not touched in. One that knows
    // the newest means what stands in it, be it the first text again.
    let is_older = version != kept.map_or(0, |item| item.version);
    let is_touched = fields.text(&format!("was-{key}")) != mark(&ctx.app.keys, &body);
    if plain(kept.map_or("", |item| item.text())) == body || (is_older && !is_touched) {
        return Ok(unsaved);
    }
    let wrong = match actions::save_text(ctx, tx, id, key, version, &body).await {
        Ok(Some(_)) => return Ok(unsaved),
        Ok(None) => {
            unsaved.is_stale = true;
            "这一项刚刚在别的窗口保存过，请核对后再保存".to_owned()
        }
        Err(Failure::Malformed(text)) => text,
        Err(failure) => return Err(failure),
    };
    unsaved.typed.insert(field, body);
    Ok(unsaved.with(key, wrong))
}

async fn save_length(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, item): (Id<Submission>, &Item),
    fields: &Fields,
    mut unsaved: Unsaved,
) -> Result<Unsaved, Failure> {
    let field = minutes_field(&item.id.to_string());
    let typed = fields.text(&field);
    if typed.is_empty() || item.file().is_some_and(|file| minutes(file) == typed) {
        return Ok(unsaved);
    }
    let mut check = fields.check();
    match check.number(&field, "时长（分钟）", 1..=600) {
        Some(stated) => actions::state_length(ctx, tx, id, item.id, stated).await.map(|_| unsaved),
        None => {
            let wrong = check.errors().of(&field).to_owned();
            unsaved.typed.insert(field, typed.to_owned());
            Ok(unsaved.with(&item.piece, wrong))
        }
    }
}

/// A button of the page that was pressed.
pub enum Pressed {
    /// What was typed is saved: do the rest in this transaction.
    Do(Once),
    /// It was done before, or something typed could not be saved.
    Answered(Response),
}

/// Begins what a button of the draft `id` does; `undone` is said of pieces where it is not done.
///
/// # Errors
/// As [`save`] and [`once::begin`].
pub async fn pressed(
    asker: &SignedIn,
    id: Id<Submission>,
    (fields, undone): (&Fields, &[(String, String)]),
) -> Result<Pressed, Failure> {
    let mut once = match once::begin(&asker.ctx, fields).await? {
        Begun::Again(answer) => return Ok(Pressed::Answered(answer)),
        Begun::Fresh(once) => once,
    };
    let unsaved = save(&asker.ctx, &mut once.tx, id, fields).await?;
    if unsaved.errors.is_empty() {
        return Ok(Pressed::Do(once));
    }
    // What the button is for is not done, and may be asked for again under the same key.
    drop(once);
    Ok(Pressed::Answered(refused(asker, id, fields, (None, undone)).await?))
}

/// Saves what can be saved of what was typed beside something that is refused, and shows the draft with what is
/// wrong. Without a status of its own it is a conflict where a text was saved in another window since.
///
/// # Errors
/// As [`save`].
pub async fn refused(
    asker: &SignedIn,
    id: Id<Submission>,
    fields: &Fields,
    (status, wrong): (Option<StatusCode>, &[(String, String)]),
) -> Answer {
    let mut tx = asker.ctx.write().await?;
    let mut unsaved = save(&asker.ctx, &mut tx, id, fields).await?;
    tx.commit().await?;
    let own = if unsaved.is_stale { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    for (piece, sentence) in wrong {
        unsaved = unsaved.with(piece, sentence);
    }
    draft(asker, id, unsaved, status.unwrap_or(own)).await
}

/// Ends what a button did to a file, which may have gone meanwhile: what was typed is saved then, too.
///
/// # Errors
/// What the action reports but [`Failure::NotFound`].
pub async fn ended(
    once: Once,
    id: Id<Submission>,
    (done, flash): (Result<String, Failure>, &'static str),
) -> Answer {
    match done {
        Ok(piece) => once.done(&format!("/evidence/{id}#piece-{piece}"), Flash::good(flash)).await,
        Err(Failure::NotFound) => {
            let flash = Flash::warn("这个文件已经不在了，可能刚刚在别的窗口移除或替换。填写的内容已保存。");
            once.done(&format!("/evidence/{id}"), flash).await
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn lines_are_what_the_browser_was_given() {
        assert_eq!(plain("一\r\n二\r\n"), plain("\n一\n二"));
        assert_ne!(plain("一\n二"), plain("一 二"));
    }
}
