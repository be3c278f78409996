//! The draft: texts, files, the look before handing in.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Page, once};

use super::show::{Naming, Shown, ShownPiece, shown};
use super::typed::{self, Pressed, Unsaved};
use crate::evidence::actions::{self, Desk};
use crate::evidence::model::{Consent, Submission, digest};
use crate::evidence::store;

#[derive(Template)]
#[template(path = "evidence/pages/draft.html")]
struct DraftPage {
    page: Page,
    submission: Submission,
    pieces: Vec<ShownPiece>,
    /// What was typed and is not saved, and what is wrong.
    unsaved: Unsaved,
    /// What the page remembers of each saved text.
    marks: BTreeMap<String, String>,
    /// Earlier revisions.
    earlier: Vec<Submission>,
    /// What names the author to reviewers who are not to know: the key of the piece, and a sentence.
    named: Vec<(String, String)>,
    /// The most megabytes a file may have in this installation.
    megabytes: u64,
}

impl DraftPage {
    /// What stands in a piece's text field, and whether something else is saved.
    fn text_of<'a>(&'a self, piece: &'a ShownPiece) -> (&'a str, bool) {
        self.unsaved.text_of(piece)
    }

    /// What stands in the field for the length of a recording.
    fn minutes_of<'a>(&'a self, item: &'a Shown) -> &'a str {
        self.unsaved.minutes_of(item)
    }

    fn mark_of(&self, piece: &ShownPiece) -> &str {
        self.marks.get(&piece.key).map_or("", String::as_str)
    }

    /// The most megabytes a file of `piece` may have.
    fn limit_of(&self, piece: &ShownPiece) -> u64 {
        piece.megabytes.map_or(self.megabytes, |most| self.megabytes.min(most.into()))
    }

    fn error_of(&self, piece: &ShownPiece) -> &str {
        self.unsaved.error_of(&piece.key)
    }

    fn named_in(&self, piece: &ShownPiece) -> Vec<&str> {
        sentences(&self.named, piece)
    }
}

#[derive(Template)]
#[template(path = "evidence/pages/read.html")]
struct ReadPage {
    page: Page,
    submission: Submission,
    pieces: Vec<ShownPiece>,
    revisions: Vec<Submission>,
}

#[derive(Template)]
#[template(path = "evidence/pages/check.html")]
struct CheckPage {
    page: Page,
    submission: Submission,
    pieces: Vec<ShownPiece>,
    /// What keeps it from being handed in: the key of the piece, and a sentence.
    missing: Vec<(String, String)>,
    /// The digest of what is shown, which is what may be handed in.
    seen: String,
    /// What names the author to reviewers who are not to know: the key of the piece, and a sentence.
    named: Vec<(String, String)>,
    error: &'static str,
}

impl CheckPage {
    /// What is wrong with a piece, which stands beside it.
    fn missing_in(&self, piece: &ShownPiece) -> Vec<&str> {
        sentences(&self.missing, piece)
    }

    fn named_in(&self, piece: &ShownPiece) -> Vec<&str> {
        sentences(&self.named, piece)
    }
}

/// Those of `all` that are about `piece`.
fn sentences<'a>(all: &'a [(String, String)], piece: &ShownPiece) -> Vec<&'a str> {
    all.iter().filter(|(key, _)| *key == piece.key).map(|(_, sentence)| sentence.as_str()).collect()
}

fn parsed<T>(id: &str) -> Result<Id<T>, Failure> {
    id.parse().map_err(|_| Failure::NotFound)
}

/// The address of a revision's files.
fn files(submission: &Submission) -> String {
    format!("/evidence/{}/files", submission.id)
}

fn heading(desk: &Desk, submission: &Submission) -> String {
    desk.rules.framework.label(&submission.capability)
}

/// `GET /evidence/{id}`: the draft to work on, or what was handed in.
pub async fn page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (desk, submission) = actions::own(&asker.ctx, &mut tx, parsed(&id)?).await?;
    if !submission.state.is_frozen() {
        drop(tx);
        return draft(&asker, submission.id, Unsaved::default(), StatusCode::OK).await;
    }
    let items = store::items(&mut tx, submission.programme, submission.id).await?;
    let revisions =
        store::revisions(&mut tx, submission.programme, submission.person, &submission.capability).await?;
    drop(tx);
    let page = Page::new(&asker, heading(&desk, &submission), "/evidence").crumb("我的成果材料", "/evidence");
    let pieces = shown(desk.pieces(&submission), &items, &files(&submission), Naming::Own);
    show(&ReadPage { page, pieces, submission, revisions })
}

/// The draft's page, also with what was wrong and what was typed.
pub(super) async fn draft(
    asker: &SignedIn,
    id: Id<Submission>,
    unsaved: Unsaved,
    status: StatusCode,
) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (desk, submission) = actions::own(&asker.ctx, &mut tx, id).await?;
    let items = store::items(&mut tx, submission.programme, submission.id).await?;
    let revisions =
        store::revisions(&mut tx, submission.programme, submission.person, &submission.capability).await?;
    drop(tx);
    let page = Page::new(asker, heading(&desk, &submission), "/evidence").crumb("我的成果材料", "/evidence");
    let pieces = shown(desk.pieces(&submission), &items, &files(&submission), Naming::Own);
    let keys = &asker.ctx.app.keys;
    let template = DraftPage {
        page,
        marks: pieces.iter().map(|piece| (piece.key.clone(), typed::mark(keys, &piece.text))).collect(),
        unsaved: unsaved.beside(&pieces),
        pieces,
        named: actions::traces_of_author(&desk, &items),
        megabytes: asker.ctx.app.config.upload_mib,
        earlier: revisions.into_iter().filter(|other| other.revision < submission.revision).collect(),
        submission,
    };
    let mut answer = show(&template)?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// `POST /evidence/{id}/pieces/{piece}/draft`: saves while it is typed. A save is told from an
/// older one by its version, so it needs no key. A page that says neither, from before an update, is no text.
pub async fn autosave(asker: SignedIn, Path((id, piece)): Path<(String, String)>, fields: Fields) -> Answer {
    let mut tx = asker.ctx.write().await?;
    let id = parsed(&id)?;
    actions::own_draft(&asker.ctx, &mut tx, id).await?;
    let version = fields.find(&format!("version-{piece}")).and_then(|version| version.parse().ok());
    let (Some(version), Some(body)) = (version, fields.find(&format!("body-{piece}"))) else {
        return Err(Failure::Malformed("页面已更新，请重新打开后再保存。".to_owned()));
    };
    let saved = actions::save_text(&asker.ctx, &mut tx, id, &piece, version, body).await?;
    let Some(version) = saved else { return Ok(StatusCode::CONFLICT.into_response()) };
    tx.commit().await?;
    Ok(Json(json!({ "version": version, "saved_at": asker.ctx.at.iso() })).into_response())
}

/// `POST /evidence/{id}`: saves what was typed into all pieces, and goes on to the look before handing in where
/// that button was pressed. What was typed against an older version is shown beside what was saved since.
pub async fn save(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let id: Id<Submission> = parsed(&id)?;
    let once = match typed::pressed(&asker, id, (&fields, &[])).await? {
        Pressed::Answered(answer) => return Ok(answer),
        Pressed::Do(once) => once,
    };
    if fields.has("then", "check") {
        return once.led(&format!("/evidence/{id}/check")).await;
    }
    let at = fields.text("at");
    let piece = Some(at).filter(|at| !at.is_empty()).map(|at| format!("#piece-{at}")).unwrap_or_default();
    once.done(&format!("/evidence/{id}{piece}"), Flash::good("已保存。")).await
}

/// `POST /evidence/{id}/items/{item}/remove`
pub async fn remove(asker: SignedIn, Path((id, item)): Path<(String, String)>, fields: Fields) -> Answer {
    let id: Id<Submission> = parsed(&id)?;
    match typed::pressed(&asker, id, (&fields, &[])).await? {
        Pressed::Answered(answer) => Ok(answer),
        Pressed::Do(mut once) => {
            let gone = actions::remove(&asker.ctx, &mut once.tx, id, parsed(&item)?).await;
            typed::ended(once, id, (gone.map(|item| item.piece), "文件已移除，可以重新上传。")).await
        }
    }
}

/// `POST /evidence/{id}/items/{item}/up`
pub async fn up(asker: SignedIn, Path((id, item)): Path<(String, String)>, fields: Fields) -> Answer {
    let id: Id<Submission> = parsed(&id)?;
    match typed::pressed(&asker, id, (&fields, &[])).await? {
        Pressed::Answered(answer) => Ok(answer),
        Pressed::Do(mut once) => {
            let moved = actions::move_up(&asker.ctx, &mut once.tx, id, parsed(&item)?).await;
            typed::ended(once, id, (moved, "顺序已调整。")).await
        }
    }
}

/// `POST /evidence/{id}/items/{item}/length`: it is saved with whatever else was typed.
pub async fn length(asker: SignedIn, Path((id, item)): Path<(String, String)>, fields: Fields) -> Answer {
    let id: Id<Submission> = parsed(&id)?;
    match typed::pressed(&asker, id, (&fields, &[])).await? {
        Pressed::Answered(answer) => Ok(answer),
        Pressed::Do(mut once) => {
            let (_, submission) = actions::own_draft(&asker.ctx, &mut once.tx, id).await?;
            let stated = actions::item_of(&mut once.tx, &submission, parsed(&item)?).await;
            match stated {
                Ok(item) if fields.text(&typed::minutes_field(&item.id.to_string())).is_empty() => {
                    drop(once);
                    let wrong = [(item.piece, "请填写时长（分钟）".to_owned())];
                    typed::refused(&asker, id, &fields, (None, &wrong)).await
                }
                stated => typed::ended(once, id, (stated.map(|item| item.piece), "时长已保存。")).await,
            }
        }
    }
}

/// `GET /evidence/{id}/check`: everything once more before it is handed in.
pub async fn check(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let id = parsed(&id)?;
    let mut tx = asker.ctx.read().await?;
    let (_, submission) = actions::own(&asker.ctx, &mut tx, id).await?;
    drop(tx);
    // Whoever comes back by the browser's button after it was handed in is led to what was handed in.
    if submission.state.is_frozen() {
        let flash = Flash::note(format!("这一步已完成，材料现在的状态：{}。", submission.state));
        return Ok(once::redirect(&format!("/evidence/{id}"), Some(&flash)));
    }
    check_with(&asker, id, "", StatusCode::OK).await
}

async fn check_with(asker: &SignedIn, id: Id<Submission>, error: &'static str, status: StatusCode) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (desk, submission) = actions::own_draft(&asker.ctx, &mut tx, id).await?;
    let items = store::items(&mut tx, submission.programme, submission.id).await?;
    drop(tx);
    let label = heading(&desk, &submission);
    let page = Page::new(asker, "核对并提交", "/evidence")
        .crumb("我的成果材料", "/evidence")
        .crumb(label, format!("/evidence/{id}"));
    let template = CheckPage {
        page,
        missing: actions::missing(&desk, &submission, &items),
        seen: digest(&submission.capability, submission.revision, &items),
        named: actions::traces_of_author(&desk, &items),
        pieces: shown(desk.pieces(&submission), &items, &files(&submission), Naming::Own),
        submission,
        error,
    };
    let mut answer = show(&template)?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// `POST /evidence/{id}/submit`
pub async fn submit(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let id: Id<Submission> = parsed(&id)?;
    let Ok(consent) = fields.text("consent").parse::<Consent>() else {
        let wrong = StatusCode::UNPROCESSABLE_ENTITY;
        return check_with(&asker, id, "请说明材料中是否有学生出镜", wrong).await;
    };
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let seen = fields.text("seen");
            let submission = match actions::submit(&asker.ctx, &mut once.tx, id, seen, consent).await {
                Err(Failure::Stale(_)) => {
                    drop(once);
                    let text = "材料刚刚在别的窗口修改过，请核对现在的内容后再提交";
                    return check_with(&asker, id, text, StatusCode::CONFLICT).await;
                }
                submitted => submitted?,
            };
            let flash = Flash::good(format!("已提交，现在的状态：{}。", submission.state));
            once.done("/evidence", flash).await
        }
    }
}
