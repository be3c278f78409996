//! The requests of the protocol.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::jobs::{self, Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::web::Path;
use tisheng_platform::web::session::SignedIn;

use super::protocol::{self, Refused, Sum, answer};
use super::receive::{self, Stopped, disk};
use super::{Upload, expiry};
use crate::evidence::model::Submission;
use crate::evidence::{actions, content, intake, store};

/// The job that removes what nobody went on with.
pub const EXPIRY_JOB: &str = "evidence.upload_expiry";

/// `OPTIONS /uploads`: what is spoken here. How large a file may be depends on its piece, so it is
/// the beginning of one that tells.
pub async fn options() -> Response {
    let headers = [
        ("tus-version", protocol::VERSION.to_owned()),
        ("tus-extension", protocol::EXTENSIONS.to_owned()),
        ("tus-checksum-algorithm", protocol::CHECKSUMS.to_owned()),
    ];
    answer(StatusCode::NO_CONTENT, &headers, Body::empty())
}

/// `POST /uploads`: begins one, for the piece that the metadata names.
pub async fn create(asker: SignedIn, headers: HeaderMap) -> Result<Response, Stopped> {
    protocol::same_version(&headers)?;
    let length = protocol::bytes(&headers, "upload-length")?;
    let ctx = &asker.ctx;
    let id: Id<Submission> =
        protocol::metadata(&headers, "submission").parse().map_err(|_| Failure::NotFound)?;
    let key = protocol::metadata(&headers, "piece");
    let mut tx = ctx.write().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, id).await?;
    let piece = desk.piece(&submission, &key)?;
    let most = intake::largest(&ctx.app, piece);
    if length > most {
        return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, intake::too_large(most)).into());
    }
    if length == 0 {
        return Err(Refused::malformed("文件是空的").into());
    }
    let name = content::title(&protocol::metadata(&headers, "filename"));
    actions::room_for_upload(&mut tx, &submission, (key.as_str(), name.as_str(), length), ctx.at).await?;
    let upload = Upload {
        id: ctx.id(),
        programme: submission.programme,
        submission: submission.id,
        piece: key,
        person: submission.person,
        name,
        length,
        received: 0,
        item: None,
        expires_at: expiry(ctx.at),
    };
    store::add_upload(&mut tx, &upload, ctx.at).await?;
    remind(&mut tx, &upload).await?;
    tx.commit().await?;
    let headers = [
        ("location", format!("/uploads/{}", upload.id)),
        ("upload-expires", protocol::http_date(upload.expires_at)),
    ];
    Ok(answer(StatusCode::CREATED, &headers, Body::empty()))
}

async fn remind(tx: &mut tisheng_platform::Tx, upload: &Upload) -> Result<(), Failure> {
    let key = format!("{}@{}", upload.id, upload.expires_at.micros());
    jobs::enqueue(tx, upload.expires_at, EXPIRY_JOB, &key, &upload.id).await?;
    Ok(())
}

/// The asker's own upload, while it can be resumed.
async fn own(ctx: &Ctx, id: &str) -> Result<Upload, Stopped> {
    let id: Id<Upload> = id.parse().map_err(|_| Failure::NotFound)?;
    let person = ctx.who.member().ok_or(Failure::NotFound)?.person;
    let mut tx = ctx.read().await?;
    let found = store::upload_of(&mut tx, id).await?.filter(|upload| upload.person == person);
    let upload = found.ok_or(Failure::NotFound)?;
    if upload.item.is_none() && upload.expires_at <= ctx.at {
        return Err(Refused::new(StatusCode::GONE, "这次上传已过期，请重新选择文件").into());
    }
    Ok(upload)
}

/// `HEAD /uploads/{id}`: how far it has come. When all bytes are there and a crash kept them from
/// being taken in, that is made up for first.
pub async fn offset(
    asker: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Stopped> {
    protocol::same_version(&headers)?;
    let upload = own(&asker.ctx, &id).await?;
    let mut at = if upload.item.is_some() { upload.length } else { receive::reliable(&asker.ctx, &upload) };
    if upload.item.is_none() && at == upload.length {
        let lock = receive::lock(&asker.ctx, &upload)?;
        intake::finish(&asker.ctx, &upload).await?;
        drop(lock);
        at = upload.length;
    }
    let headers = [
        ("upload-offset", at.to_string()),
        ("upload-length", upload.length.to_string()),
        ("upload-expires", protocol::http_date(upload.expires_at)),
        ("cache-control", "no-store".to_owned()),
    ];
    Ok(answer(StatusCode::OK, &headers, Body::empty()))
}

/// `PATCH /uploads/{id}`: appends bytes. The work goes on when the connection breaks, so that
/// what has arrived is kept.
pub async fn append(
    asker: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Stopped> {
    protocol::same_version(&headers)?;
    if headers.get("content-type").is_none_or(|value| value != protocol::OFFSET_BYTES) {
        let text = "上传内容的类型应为 application/offset+octet-stream";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, text).into());
    }
    let from = protocol::bytes(&headers, "upload-offset")?;
    let sum = Sum::read(&headers)?;
    let ctx = asker.ctx.clone();
    tokio::spawn(async move { appended(&ctx, &id, from, sum, body).await })
        .await
        .map_err(|error| Failure::Internal(format!("an upload's task: {error}")))?
}

async fn appended(ctx: &Ctx, id: &str, from: i64, sum: Option<Sum>, body: Body) -> Result<Response, Stopped> {
    let file = receive::lock(ctx, &own(ctx, id).await?)?;
    // Once more under the lock: another request may just have ended.
    let upload = own(ctx, id).await?;
    let at = receive::reliable(ctx, &upload);
    if upload.item.is_some() || from != at {
        return Err(Refused::new(StatusCode::CONFLICT, "续传位置与已收到的内容不一致").into());
    }
    let lock = file.try_clone().map_err(disk)?;
    let at = receive::append(ctx, &upload, file, from, sum, body).await?;
    if at == upload.length {
        intake::finish(ctx, &upload).await?;
    }
    drop(lock);
    let headers =
        [("upload-offset", at.to_string()), ("upload-expires", protocol::http_date(expiry(ctx.at)))];
    Ok(answer(StatusCode::NO_CONTENT, &headers, Body::empty()))
}

/// `DELETE /uploads/{id}`: gives it up. A file that was taken in stays.
pub async fn terminate(
    asker: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Stopped> {
    protocol::same_version(&headers)?;
    let upload = own(&asker.ctx, &id).await?;
    let lock = receive::lock(&asker.ctx, &upload)?;
    intake::give_up(&asker.ctx, &upload).await?;
    drop(lock);
    Ok(answer(StatusCode::NO_CONTENT, &[], Body::empty()))
}

/// Removes an upload that nobody went on with; one that got bytes since is looked at again later.
///
/// # Errors
/// What the database or the disk reports.
pub async fn expire(ctx: Ctx, job: Claimed) -> Result<(), JobError> {
    let id: Id<Upload> = job.payload()?;
    let mut tx = ctx.write().await?;
    let Some(upload) = store::upload_of(&mut tx, id).await? else { return Ok(()) };
    if upload.expires_at > ctx.at {
        remind(&mut tx, &upload).await?;
        tx.commit().await?;
        return Ok(());
    }
    drop(tx);
    Ok(intake::give_up(&ctx, &upload).await?)
}
