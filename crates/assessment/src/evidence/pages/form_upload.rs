//! Files sent by an ordinary form, for browsers without scripts.

use std::path::{Path as FilePath, PathBuf};

use axum::extract::multipart::{Field, Multipart};
use axum::http::StatusCode;
use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};
use tisheng_rules::framework::Piece;
use tokio::io::AsyncWriteExt;

use super::draft::draft;
use super::show::outdated;
use crate::evidence::actions;
use crate::evidence::intake::{self, NotTaken};
use crate::evidence::model::{Item, StoredFile, Submission};

/// Bytes of a field that is not a file.
const FIELD_BYTES: usize = 4096;

/// What a form brought.
#[derive(Default)]
struct Arrived {
    fields: Vec<(String, String)>,
    files: Vec<StoredFile>,
}

/// Why it was not taken.
enum Trouble {
    /// For the person, beside the field.
    Words(StatusCode, String),
    /// For everybody else.
    Failure(Failure),
}

impl<E: Into<Failure>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Failure(error.into())
    }
}

/// `POST /evidence/{id}/pieces/{piece}/files`
pub async fn files(asker: SignedIn, Path((id, key)): Path<(String, String)>, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, id).await?;
    drop(tx);
    let piece = desk.piece(&submission, &key)?;
    let name = format!("piece-{key}");
    let arrived = match read(ctx, form, piece).await {
        Ok(arrived) => arrived,
        Err(Trouble::Failure(failure)) => return Err(failure),
        Err(Trouble::Words(status, text)) => {
            return draft(&asker, id, FormErrors::one(&name, text), None, status).await;
        }
    };
    let mut pairs = arrived.fields;
    pairs.extend(arrived.files.iter().map(|file| ("file".to_owned(), file.digest.clone())));
    let fields = Fields::new(pairs);
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let (_, submission) = actions::own_draft(ctx, &mut once.tx, id).await?;
    let mut replaced: Option<Id<Item>> = fields.text("replaces").parse().ok();
    let advice: Vec<String> = arrived.files.iter().filter_map(|file| outdated(file.content)).collect();
    for file in arrived.files {
        actions::add_file(ctx, &mut once.tx, &submission, &key, file, replaced.take()).await?;
    }
    let flash = match advice.first() {
        Some(advice) => Flash::warn(format!("文件已上传。{advice}")),
        None => Flash::good("文件已上传。"),
    };
    once.done(&format!("/evidence/{id}#{name}"), flash).await
}

async fn read(ctx: &Ctx, mut form: Multipart, piece: &Piece) -> Result<Arrived, Trouble> {
    let mut arrived = Arrived::default();
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let Some(file) = field.file_name().map(str::to_owned) else {
            let name = field.name().unwrap_or_default().to_owned();
            let text = field.text().await.map_err(broken)?;
            if text.len() > FIELD_BYTES {
                return Err(Failure::Malformed("表单内容无法识别。".to_owned()).into());
            }
            arrived.fields.push((name, text));
            continue;
        };
        if file.is_empty() {
            continue;
        }
        let path = ctx.app.files.incoming(&ctx.id::<StoredFile>().to_string());
        let taken = one(ctx, field, piece, &file, &path).await;
        if taken.is_err() {
            // Best effort: what stays behind is swept with other leftovers of the folder.
            tokio::fs::remove_file(&path).await.ok();
        }
        arrived.files.push(taken?);
    }
    if arrived.files.is_empty() {
        return Err(Trouble::Words(StatusCode::UNPROCESSABLE_ENTITY, "请先选择要上传的文件".to_owned()));
    }
    Ok(arrived)
}

fn broken(error: axum::extract::multipart::MultipartError) -> Failure {
    Failure::Malformed(format!("上传没有完成（{error}），请重试。"))
}

async fn one(
    ctx: &Ctx,
    mut field: Field<'_>,
    piece: &Piece,
    name: &str,
    path: &FilePath,
) -> Result<StoredFile, Trouble> {
    let most = intake::largest(&ctx.app, piece);
    let path: PathBuf = path.to_owned();
    let mut file = tokio::fs::File::create(&path).await.map_err(disk)?;
    let mut size = 0_i64;
    while let Some(part) = field.chunk().await.map_err(broken)? {
        size += i64::try_from(part.len()).unwrap_or(i64::MAX);
        if size > most {
            return Err(Trouble::Words(StatusCode::PAYLOAD_TOO_LARGE, intake::too_large(most)));
        }
        file.write_all(&part).await.map_err(disk)?;
    }
    file.sync_all().await.map_err(disk)?;
    drop(file);
    intake::take(&ctx.app, &path, piece, name).await.map_err(|not_taken| match not_taken {
        NotTaken::Refused(refusal) => Trouble::Words(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()),
        NotTaken::Failure(failure) => Trouble::Failure(failure),
    })
}

fn disk(error: std::io::Error) -> Failure {
    Failure::Internal(format!("an uploaded file: {error}"))
}
