//! Bytes on their way to disk.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::PathBuf;

use axum::body::{Body, BodyDataStream};
use axum::http::StatusCode;
use futures::StreamExt;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tokio::io::{AsyncSeekExt, AsyncWriteExt};

use super::protocol::{Refused, Sum};
use super::{Upload, expiry};
use crate::evidence::store;

/// Bytes after which the row is brought up to what is on disk, while one long request goes on.
const CHECKPOINT: i64 = 4 << 20;

/// What an upload may fail with: words of the protocol, or of the house.
#[derive(Debug)]
pub enum Stopped {
    /// As the protocol says it.
    Refused(Refused),
    /// As the house says it.
    Failure(Failure),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

impl axum::response::IntoResponse for Stopped {
    fn into_response(self) -> axum::response::Response {
        match self {
            Self::Refused(refused) => refused.into_response(),
            // A script reads this: it passes the sentence on, and knows no pages.
            Self::Failure(Failure::Refused(text)) => {
                Refused::new(StatusCode::FORBIDDEN, text).into_response()
            }
            Self::Failure(failure) => failure.into_response(),
        }
    }
}

/// A disk that refuses.
pub fn disk(error: io::Error) -> Failure {
    Failure::Internal(format!("an upload's file: {error}"))
}

/// Where the bytes of `upload` are kept.
pub fn place(ctx: &Ctx, upload: &Upload) -> PathBuf {
    ctx.app.files.incoming(&upload.id.to_string())
}

/// The upload's file for this request alone. The operating system gives the lock back when the
/// process dies, so nothing has to be waited for after a crash.
///
/// # Errors
/// 423 while another request writes.
pub fn lock(ctx: &Ctx, upload: &Upload) -> Result<File, Stopped> {
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(place(ctx, upload))
        .map_err(disk)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(Refused::new(StatusCode::LOCKED, "这个文件正在另一个窗口上传").into())
        }
        Err(TryLockError::Error(error)) => Err(disk(error).into()),
    }
}

/// How many bytes can be relied on: the smaller of what the row says and what is there.
pub fn reliable(ctx: &Ctx, upload: &Upload) -> i64 {
    let there = std::fs::metadata(place(ctx, upload)).map_or(0, |file| file.len());
    upload.received.min(i64::try_from(there).unwrap_or(i64::MAX))
}

/// Appends the bytes of `body` at `from` and gives the new offset. What arrived before a cut is
/// kept, unless a checksum was promised for the whole.
///
/// # Errors
/// 460 when the checksum does not hold, 413 when more bytes come than were announced.
pub async fn append(
    ctx: &Ctx,
    upload: &Upload,
    file: File,
    from: i64,
    mut sum: Option<Sum>,
    body: Body,
) -> Result<i64, Stopped> {
    let start = u64::try_from(from).unwrap_or(0);
    file.set_len(start).map_err(disk)?;
    let mut file = tokio::fs::File::from_std(file);
    file.seek(io::SeekFrom::Start(start)).await.map_err(disk)?;
    let mut stream: BodyDataStream = body.into_data_stream();
    let (mut at, mut kept) = (from, from);
    let mut cut = false;
    while let Some(part) = stream.next().await {
        let Ok(part) = part else {
            cut = true;
            break;
        };
        let length = i64::try_from(part.len()).unwrap_or(i64::MAX);
        if at.saturating_add(length) > upload.length {
            file.set_len(u64::try_from(kept).unwrap_or(0)).await.map_err(disk)?;
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "内容比申报的长度更长").into());
        }
        if let Some(sum) = &mut sum {
            sum.update(&part);
        }
        file.write_all(&part).await.map_err(disk)?;
        at += length;
        if sum.is_none() && at - kept >= CHECKPOINT {
            keep(ctx, upload, &mut file, at).await?;
            kept = at;
        }
    }
    if let Some(sum) = sum
        && (cut || !sum.agrees())
    {
        file.set_len(start).await.map_err(disk)?;
        return Err(Refused::checksum_mismatch().into());
    }
    keep(ctx, upload, &mut file, at).await?;
    Ok(at)
}

async fn keep(ctx: &Ctx, upload: &Upload, file: &mut tokio::fs::File, at: i64) -> Result<(), Stopped> {
    file.flush().await.map_err(disk)?;
    file.sync_data().await.map_err(disk)?;
    let mut tx = ctx.write().await?;
    store::received(&mut tx, upload.id, at, expiry(ctx.at)).await?;
    tx.commit().await?;
    Ok(())
}
