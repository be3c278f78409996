//! From a file that has arrived to an item of a piece: looked into, freed of traces, stored.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx};
use tisheng_rules::framework::Piece;
use tokio::sync::Semaphore;

use super::actions::Desk;
use super::content::{self, Found, Refusal};
use super::model::{Named, StoredFile};
use super::tus::{Refused, Stopped, Upload};
use super::{actions, store};

/// The most bytes a file of `piece` may have, by the rules and by this installation.
#[must_use]
pub fn largest(app: &App, piece: &Piece) -> i64 {
    let own = i64::try_from(app.config.upload_mib).unwrap_or(i64::MAX);
    let of_piece = piece.max_megabytes.as_ref().map_or(i64::MAX, |most| i64::from(**most));
    own.min(of_piece).saturating_mul(1 << 20)
}

/// The sentence for a file that is larger.
#[must_use]
pub fn too_large(most: i64) -> String {
    format!("文件不能超过 {} MB，请压缩或剪辑后再上传", most >> 20)
}

/// Why a file was not taken in.
#[derive(Debug)]
pub enum NotTaken {
    /// Its content is not what the piece asks for.
    Refused(Refusal),
    /// The disk or store refused.
    Failure(Failure),
}

/// Documents in which names are looked for at once: each may hold some ten million bytes meanwhile.
static READERS: Semaphore = Semaphore::const_new(2);

/// Looks into the file at `path`, takes traces out of it and stores it; it is gone from `path`
/// afterwards. Whether its text names whoever sits at the desk is looked for here, once: a page only says it.
///
/// # Errors
/// See [`NotTaken`]; the file then stays where it is.
pub async fn take(
    app: &App,
    path: &Path,
    (desk, piece): (&Desk, &Piece),
    name: &str,
) -> Result<StoredFile, NotTaken> {
    let (kinds, source): (_, PathBuf) = (piece.kinds.clone(), path.to_owned());
    let (author, school) = (desk.name.clone(), desk.school_name.clone());
    let admitted = source.clone();
    let found = looked(move || content::admit(&admitted, &kinds)).await?;
    let turn = READERS.acquire().await.map_err(|error| broken(&error))?;
    let named = looked(move || {
        let told = named(&source, found, &author, &school);
        // The turn lasts as long as the work, also when nobody waits for it any more.
        drop(turn);
        told
    })
    .await?;
    let blob = app.files.take(path).await.map_err(|error| NotTaken::Failure(error.into()))?;
    Ok(StoredFile {
        title: content::title(name),
        digest: blob.digest,
        size: blob.size,
        content: found.content,
        seconds: found.seconds,
        named,
    })
}

/// Runs `look` on a thread that may wait.
async fn looked<T: Send + 'static>(
    look: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, NotTaken> {
    let looked = tokio::task::spawn_blocking(look).await.map_err(|error| broken(&error))?;
    looked.map_err(NotTaken::Refused)
}

fn broken(error: &dyn std::error::Error) -> NotTaken {
    NotTaken::Failure(Failure::Internal(error.to_string()))
}

/// Where the document at `path` names its author.
fn named(path: &Path, found: Found, author: &str, school: &str) -> Result<Named, Refusal> {
    let file = BufReader::new(File::open(path)?);
    let [author, school] = content::named_in(file, found.content, [author, school]);
    Ok(Named { author: author.unwrap_or_default(), school: school.unwrap_or_default() })
}

/// Makes an item of an upload whose bytes are all there. The caller holds its lock.
///
/// # Errors
/// 422 when the content is refused, or the piece is full: the upload is then given up.
pub async fn finish(ctx: &Ctx, upload: &Upload) -> Result<(), Stopped> {
    let mut tx = ctx.read().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, upload.submission).await?;
    drop(tx);
    let piece = desk.piece(&submission, &upload.piece)?;
    let path = ctx.app.files.incoming(&upload.id.to_string());
    let file = match take(&ctx.app, &path, (&desk, piece), &upload.name).await {
        Ok(file) => file,
        Err(NotTaken::Failure(failure)) => return Err(failure.into()),
        Err(NotTaken::Refused(refusal)) => {
            give_up(ctx, upload).await?;
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()).into());
        }
    };
    let mut tx = ctx.write().await?;
    let (_, submission) = actions::own_draft(ctx, &mut tx, upload.submission).await?;
    let item = match actions::add_file(ctx, &mut tx, &submission, &upload.piece, file, None).await {
        Err(Failure::Refused(full)) => {
            drop(tx);
            give_up(ctx, upload).await?;
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, full).into());
        }
        added => added?,
    };
    if store::ended(&mut tx, upload.id, item).await? {
        tx.commit().await?;
    }
    Ok(())
}

/// Forgets an upload and its bytes.
///
/// # Errors
/// When the disk or the database refuses.
pub async fn give_up(ctx: &Ctx, upload: &Upload) -> Result<(), Failure> {
    let mut tx = ctx.write().await?;
    store::remove_upload(&mut tx, upload.id).await?;
    tx.commit().await?;
    match tokio::fs::remove_file(ctx.app.files.incoming(&upload.id.to_string())).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Failure::Internal(error.to_string()))
        }
        _ => Ok(()),
    }
}
