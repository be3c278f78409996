//! Keeping a judgement that is not given yet: by the script, and by the button.

use axum::Json;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use serde_json::json;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};

use super::gone;
use super::judge::{parsed, show_desk, show_own};
use crate::evidence::Submission;
use crate::review::actions;
use crate::review::draft::{self, Place};

/// What whoever has saved in another window meanwhile is told.
pub(super) const ELSEWHERE: &str =
    "这份评审刚刚在别的窗口保存过；下面是您在这里填写的内容，再按一次“保存草稿”或“提交”就以这里为准";

fn saved(version: Option<i64>) -> Answer {
    Ok(match version {
        Some(version) => Json(json!({ "version": version })).into_response(),
        None => StatusCode::CONFLICT.into_response(),
    })
}

fn kept() -> Flash {
    Flash::note("草稿已保存，还没有提交。")
}

/// `POST /review/{id}/draft`: keeps what was typed, by the script.
pub async fn autosave(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.write().await?;
    let id = parsed(&id)?;
    let desk = match actions::held(ctx, &mut tx, id).await {
        // The button that the script names then tells why.
        Err(Failure::NotFound) => {
            actions::gone(ctx, &mut tx, id).await?;
            return saved(None);
        }
        found => found?,
    };
    let pieces = desk.case.rules.framework.pieces(&desk.case.submission.capability);
    let version = draft::keep(ctx, &mut tx, &Place::of(&desk.review), pieces, &fields).await?;
    tx.commit().await?;
    saved(version)
}

/// `POST /review/{id}/keep`: the same by the button.
pub async fn keep(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let id = parsed(&id)?;
    let desk = match actions::held(ctx, &mut once.tx, id).await {
        Err(Failure::NotFound) => return gone::tell(&asker, &mut once.tx, id, &fields).await,
        found => found?,
    };
    let pieces = desk.case.rules.framework.pieces(&desk.case.submission.capability);
    if draft::keep(ctx, &mut once.tx, &Place::of(&desk.review), pieces, &fields).await?.is_some() {
        return once.done(&format!("/review/{id}"), kept()).await;
    }
    drop(once);
    let mut tx = ctx.read().await?;
    show_desk(&asker, &mut tx, &desk, Some(fields), FormErrors::one("remark", ELSEWHERE)).await
}

/// `POST /review/self/{id}/draft`: keeps the author's own judgement, by the script.
pub async fn autosave_own(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.write().await?;
    let case = actions::own_open(ctx, &mut tx, parsed::<Submission>(&id)?).await?;
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let version = draft::keep(ctx, &mut tx, &Place::of_own(&case), pieces, &fields).await?;
    tx.commit().await?;
    saved(version)
}

/// `POST /review/self/{id}/keep`: the same by the button.
pub async fn keep_own(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let case = actions::own_open(ctx, &mut once.tx, parsed::<Submission>(&id)?).await?;
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    if draft::keep(ctx, &mut once.tx, &Place::of_own(&case), pieces, &fields).await?.is_some() {
        return once.done(&format!("/review/self/{id}"), kept()).await;
    }
    drop(once);
    let mut tx = ctx.read().await?;
    show_own(&asker, &mut tx, &case, Some(fields), FormErrors::one("remark", ELSEWHERE)).await
}
