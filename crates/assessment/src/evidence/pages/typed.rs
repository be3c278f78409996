//! What is typed into the pieces of a draft. The page is one form: whichever of its buttons is pressed, what was
//! typed is saved first, so that browsers without scripts lose nothing.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use axum::response::Response;
use tisheng_kernel::Id;
use tisheng_platform::keys::Keys;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Once, once};
use tisheng_platform::{Ctx, Tx};

use super::draft::draft;
use super::show::ShownPiece;
use crate::evidence::actions;
use crate::evidence::model::{Submission, takes_text};
use crate::evidence::store;

/// Texts that are not saved, by piece, and what is wrong with them.
#[derive(Debug, Default)]
pub struct Unsaved {
    /// What was typed.
    pub typed: BTreeMap<String, String>,
    /// What is wrong, by the field `piece-…`.
    pub errors: FormErrors,
    /// Whether one of them was saved in another window since.
    is_stale: bool,
}

impl Unsaved {
    /// Nothing is wrong with the texts; something else may be.
    pub fn with(self, piece: &str, wrong: impl Into<String>) -> Self {
        let mut errors = self.errors;
        errors.add(&format!("piece-{piece}"), wrong);
        Self { errors, ..self }
    }

    /// What is wrong with `piece`; empty for nothing.
    pub fn error_of(&self, piece: &str) -> &str {
        self.errors.of(&format!("piece-{piece}"))
    }

    /// What stands in the text field of `piece`, and whether something else is saved.
    pub fn text_of<'t>(&'t self, piece: &'t ShownPiece) -> (&'t str, bool) {
        match self.typed.get(&piece.key) {
            Some(text) => (text, !self.error_of(&piece.key).is_empty()),
            None => (&piece.text, false),
        }
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

/// Saves the texts that came with a form and were touched. Where one of them cannot be saved, what came of all of
/// them is given back, and the transaction is not to be committed.
///
/// # Errors
/// [`Failure::NotFound`] when the draft is somebody else's; [`Failure::Refused`] when it is frozen.
pub async fn save(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>, fields: &Fields) -> Result<Unsaved, Failure> {
    let (desk, submission) = actions::own_draft(ctx, tx, id).await?;
    let items = store::items(tx, submission.programme, submission.id).await?;
    let mut unsaved = Unsaved::default();
    for piece in desk.pieces(&submission).iter().filter(|piece| takes_text(&piece.kinds)) {
        let key = &piece.key;
        let field = format!("body-{key}");
        let Some((_, typed)) = fields.pairs().iter().find(|(name, _)| *name == field) else { continue };
        let body = plain(typed);
        let kept = items.iter().find(|item| item.piece == *key && item.file().is_none());
        let is_kept = plain(kept.map_or("", |item| item.text())) == body;
        if is_kept || fields.text(&format!("was-{key}")) == mark(&ctx.app.keys, &body) {
            continue;
        }
        let version = fields.text(&format!("version-{key}")).parse().unwrap_or(0);
        let wrong = match actions::save_text(ctx, tx, id, key, version, &body).await {
            Ok(Some(_)) => String::new(),
            Ok(None) => {
                unsaved.is_stale = true;
                "这一项刚刚在别的窗口保存过，请核对后再保存".to_owned()
            }
            Err(Failure::Malformed(text)) => text,
            Err(failure) => return Err(failure),
        };
        unsaved.typed.insert(key.clone(), body);
        if !wrong.is_empty() {
            unsaved = unsaved.with(key, wrong);
        }
    }
    Ok(unsaved)
}

/// A button of the page that was pressed.
pub enum Pressed {
    /// What was typed is saved: do the rest in this transaction.
    Do(Once),
    /// It was done before, or something typed could not be saved.
    Answered(Response),
}

/// Begins what a button of the draft `id` does.
///
/// # Errors
/// As [`save`] and [`once::begin`].
pub async fn pressed(asker: &SignedIn, id: Id<Submission>, fields: &Fields) -> Result<Pressed, Failure> {
    let mut once = match once::begin(&asker.ctx, fields).await? {
        Begun::Again(answer) => return Ok(Pressed::Answered(answer)),
        Begun::Fresh(once) => once,
    };
    let unsaved = save(&asker.ctx, &mut once.tx, id, fields).await?;
    if unsaved.errors.is_empty() {
        return Ok(Pressed::Do(once));
    }
    drop(once);
    Ok(Pressed::Answered(not_saved(asker, id, unsaved).await?))
}

/// The draft with texts that could not be saved.
///
/// # Errors
/// What the database reports.
pub async fn not_saved(asker: &SignedIn, id: Id<Submission>, unsaved: Unsaved) -> Answer {
    let status = if unsaved.is_stale { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
    draft(asker, id, unsaved, status).await
}

/// Saves what was typed beside something that is refused, and shows the draft with what is wrong.
///
/// # Errors
/// As [`save`].
pub async fn refused(
    asker: &SignedIn,
    id: Id<Submission>,
    fields: &Fields,
    (status, wrong): (StatusCode, &[(String, String)]),
) -> Answer {
    let mut tx = asker.ctx.write().await?;
    let mut unsaved = save(&asker.ctx, &mut tx, id, fields).await?;
    if unsaved.errors.is_empty() {
        tx.commit().await?;
        unsaved = Unsaved::default();
    } else {
        drop(tx);
    }
    for (piece, sentence) in wrong {
        unsaved = unsaved.with(piece, sentence);
    }
    draft(asker, id, unsaved, status).await
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
