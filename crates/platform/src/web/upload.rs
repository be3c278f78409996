//! Forms with files: each goes straight to disk, counted on the way, never whole in memory.

use std::path::{Path, PathBuf};

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use tokio::io::AsyncWriteExt;

use super::Failure;
use crate::ctx::Ctx;

/// Fields and files of one form at most: with [`FIELD_BYTES`] it bounds what a form takes of memory.
const PARTS: usize = 64;

/// Bytes of a field that is not a file.
const FIELD_BYTES: usize = 64 << 10;

/// What a form may bring.
#[derive(Debug, Clone, Copy)]
pub struct Most {
    /// Files in all.
    pub files: usize,
    /// Bytes of each.
    pub bytes: u64,
}

/// A file that has arrived and is kept nowhere yet; dropped, it is gone.
#[derive(Debug)]
pub struct Arrived {
    /// The field that it was chosen in.
    pub field: String,
    /// Its name where it came from.
    pub name: String,
    path: PathBuf,
}

impl Arrived {
    /// Where it lies until it is taken from there.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Arrived {
    fn drop(&mut self) {
        // Best effort: what stays behind is swept with other leftovers of the folder.
        std::fs::remove_file(&self.path).ok();
    }
}

/// A form with its files.
#[derive(Debug)]
pub struct Received {
    /// The fields that are no files.
    pub pairs: Vec<(String, String)>,
    /// The files, without empty ones.
    pub files: Vec<Arrived>,
    /// Whether there was more than allowed; what follows in the form was not read then.
    pub too_much: bool,
}

/// Reads a form.
///
/// # Errors
/// [`Failure::Malformed`] when the form breaks off or its text is none; when the disk refuses.
pub async fn receive(ctx: &Ctx, mut form: Multipart, most: Most) -> Result<Received, Failure> {
    let mut received = Received { pairs: Vec::new(), files: Vec::new(), too_much: false };
    let mut parts = 0;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        parts += 1;
        if parts > PARTS {
            return Err(Failure::TooLarge("表单的内容太多，请减少后再提交。".to_owned()));
        }
        if file_name.is_empty() {
            received.pairs.push((name, text(field).await?));
            continue;
        }
        let path = ctx.app.files.incoming(&ctx.id::<Arrived>().to_string());
        let file = Arrived { field: name, name: file_name, path };
        match write(field, file.path(), most.bytes).await? {
            Some(0) => {}
            Some(_) if received.files.len() < most.files => received.files.push(file),
            _ => {
                received.too_much = true;
                return Ok(received);
            }
        }
    }
    Ok(received)
}

fn broken(error: MultipartError) -> Failure {
    Failure::Malformed(format!("上传没有完成（{error}），请重试。"))
}

/// The text of a field; as of every form, without the character that no text has (U+0000).
async fn text(mut field: Field<'_>) -> Result<String, Failure> {
    let unreadable = || Failure::Malformed("表单内容无法识别。".to_owned());
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(broken)? {
        bytes.extend_from_slice(&part);
        if bytes.len() > FIELD_BYTES {
            return Err(unreadable());
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| unreadable())?;
    if text.contains('\0') { Err(unreadable()) } else { Ok(text) }
}

/// Writes a file to `path` and syncs it; its size, `None` when that is beyond `most`.
async fn write(mut field: Field<'_>, path: &Path, most: u64) -> Result<Option<u64>, Failure> {
    let disk = |error: std::io::Error| Failure::Internal(format!("an uploaded file: {error}"));
    let mut file = tokio::fs::File::create(path).await.map_err(disk)?;
    let mut size = 0_u64;
    while let Some(part) = field.chunk().await.map_err(broken)? {
        size += u64::try_from(part.len()).unwrap_or(u64::MAX);
        if size > most {
            return Ok(None);
        }
        file.write_all(&part).await.map_err(disk)?;
    }
    // Syncing alone would say nothing of the last write.
    file.flush().await.map_err(disk)?;
    file.sync_all().await.map_err(disk)?;
    Ok(Some(size))
}
