//! A file arriving by form: straight to disk, counted on the way, never whole in memory.

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use tisheng_platform::Ctx;
use tisheng_platform::files::Blob;
use tisheng_platform::web::{Failure, Fields};
use tokio::io::AsyncWriteExt;

use super::model::Run;

/// Bytes of a field that is not a file.
const FIELD_BYTES: usize = 4_096;

/// A form with its file.
#[derive(Debug)]
pub struct Received {
    /// The fields, with the file's digest among them, so that the same form with another file
    /// is another submission.
    pub fields: Fields,
    /// The file's name and where it is kept; `None` when none was chosen.
    pub file: Option<(String, Blob)>,
}

/// Reads a form with one file in the field `file`.
///
/// # Errors
/// [`Failure::TooLarge`] when the file has more than `upload_mib`; [`Failure::Malformed`] when
/// the form breaks off.
pub async fn receive(ctx: &Ctx, mut form: Multipart) -> Result<Received, Failure> {
    let (mut pairs, mut file) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        if name == "file" && !file_name.is_empty() {
            let blob = store(ctx, field).await?;
            pairs.push(("file".to_owned(), blob.digest.clone()));
            file = Some((file_name, blob));
        } else {
            let text = field.text().await.map_err(broken)?;
            if text.len() > FIELD_BYTES {
                return Err(Failure::Malformed("表单内容无法识别。".to_owned()));
            }
            pairs.push((name, text));
        }
    }
    Ok(Received { fields: Fields::new(pairs), file: file.filter(|(_, blob)| blob.size > 0) })
}

fn broken(error: MultipartError) -> Failure {
    Failure::Malformed(format!("上传没有完成（{error}），请重试。"))
}

async fn store(ctx: &Ctx, field: Field<'_>) -> Result<Blob, Failure> {
    let path = ctx.app.files.incoming(&ctx.id::<Run>().to_string());
    let written = write(ctx, field, &path).await;
    if written.is_err() {
        // Best effort: what stays behind is swept with other leftovers of the folder.
        tokio::fs::remove_file(&path).await.ok();
    }
    written?;
    Ok(ctx.app.files.take(&path).await?)
}

async fn write(ctx: &Ctx, mut field: Field<'_>, path: &std::path::Path) -> Result<(), Failure> {
    let disk = |error: std::io::Error| Failure::Internal(format!("an uploaded roll: {error}"));
    let most = ctx.app.config.upload_mib << 20;
    let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
    let mut size = 0_u64;
    while let Some(part) = field.chunk().await.map_err(broken)? {
        size += u64::try_from(part.len()).unwrap_or(u64::MAX);
        if size > most {
            let most = ctx.app.config.upload_mib;
            return Err(Failure::TooLarge(format!(
                "文件超过 {most} MB。请删除多余的工作表和图片，或拆成几个文件。"
            )));
        }
        file.write_all(&part).await.map_err(disk)?;
    }
    file.sync_all().await.map_err(disk)
}
