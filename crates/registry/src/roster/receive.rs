//! A file arriving by form, kept before anything is known of what it says.

use axum::extract::Multipart;
use tisheng_platform::Ctx;
use tisheng_platform::files::Blob;
use tisheng_platform::web::upload::{self, Most};
use tisheng_platform::web::{Failure, Fields};

/// A form with its file.
#[derive(Debug)]
pub struct Received {
    /// The fields, with the file's digest among them, so that the same form with another file
    /// is another submission.
    pub fields: Fields,
    /// The file's name and where it is kept; `None` when none was chosen, or an empty one.
    pub file: Option<(String, Blob)>,
}

/// Reads a form with one file in the field `file`.
///
/// # Errors
/// [`Failure::TooLarge`] when the file has more than `upload_mib`; [`Failure::Malformed`] when
/// the form breaks off.
pub async fn receive(ctx: &Ctx, form: Multipart) -> Result<Received, Failure> {
    let most = ctx.app.config.upload_mib;
    let received = upload::receive(ctx, form, Most { files: 1, bytes: most << 20 }).await?;
    if received.too_much {
        return Err(Failure::TooLarge(format!(
            "文件超过 {most} MB。请删除多余的工作表和图片，或拆成几个文件。"
        )));
    }
    let (mut pairs, mut file) = (received.pairs, None);
    if let Some(arrived) = received.files.into_iter().find(|arrived| arrived.field == "file") {
        let blob = ctx.app.files.take(arrived.path()).await?;
        pairs.push(("file".to_owned(), blob.digest.clone()));
        file = Some((arrived.name.clone(), blob));
    }
    Ok(Received { fields: Fields::new(pairs), file })
}
