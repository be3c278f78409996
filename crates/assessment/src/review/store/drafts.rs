//! Statements about judgements that are not given yet.

use tisheng_kernel::{Id, Instant};
use tisheng_platform::{DbError, Tx, args};
use uuid::Uuid;

use crate::evidence::Submission;
use crate::review::draft::{Draft, Place};

const DRAFT: &str = "select typed, version, saved_at from judgement_draft
    where programme = $1 and submission = $2 and step = $3 and duty = $4 and reviewer = $5";
const BEGIN: &str =
    "insert into judgement_draft (programme, submission, step, duty, reviewer, typed, version, saved_at)
    values ($1, $2, $3, $4, $5, $6, 1, $7) on conflict do nothing";
const SAVE: &str = "update judgement_draft set typed = $6, version = version + 1, saved_at = $7
    where programme = $1 and submission = $2 and step = $3 and duty = $4 and reviewer = $5 and version = $8";
const DROP: &str = "delete from judgement_draft
    where programme = $1 and submission = $2 and step = $3 and duty = $4 and reviewer = $5";
const DROP_ALL: &str = "delete from judgement_draft where programme = $1 and submission = $2";

/// What is kept at `place`; nothing where nothing was saved.
pub async fn draft(tx: &mut Tx, place: &Place) -> Result<Draft, DbError> {
    let row =
        args![place.programme, place.submission, place.step.as_str(), place.duty.code(), place.reviewer];
    let kept = tx.row_opt(DRAFT, row, |row| {
        let wrong = |error: serde_json::Error| DbError::Column { column: 0, problem: error.to_string() };
        let typed: Vec<(String, String)> = serde_json::from_str(&row.get::<String>(0)?).map_err(wrong)?;
        Ok(Draft { typed, version: row.get(1)?, saved_at: Some(row.get::<Instant>(2)?) })
    });
    Ok(kept.await?.unwrap_or_default())
}

/// Keeps `typed` in the place of what was saved as `version`, 0 for nothing; says whether nobody had
/// saved since.
pub async fn save(
    tx: &mut Tx,
    place: &Place,
    typed: &[(String, String)],
    version: i64,
    at: Instant,
) -> Result<bool, DbError> {
    let typed = serde_json::to_string(typed).map_err(|e| DbError::Engine(e.to_string()))?;
    let (step, duty) = (place.step.as_str(), place.duty.code());
    let count = if version == 0 {
        let row = args![place.programme, place.submission, step, duty, place.reviewer, typed.as_str(), at];
        tx.run(BEGIN, row).await?
    } else {
        let of = (place.programme, place.submission);
        tx.run(SAVE, args![of.0, of.1, step, duty, place.reviewer, typed.as_str(), at, version]).await?
    };
    Ok(count == 1)
}

pub async fn discard(tx: &mut Tx, place: &Place) -> Result<(), DbError> {
    let row =
        args![place.programme, place.submission, place.step.as_str(), place.duty.code(), place.reviewer];
    tx.run(DROP, row).await.map(drop)
}

/// Forgets what anybody has typed about a work that is not to be judged any more.
pub async fn discard_all(tx: &mut Tx, programme: Uuid, submission: Id<Submission>) -> Result<(), DbError> {
    tx.run(DROP_ALL, args![programme, submission]).await.map(drop)
}
