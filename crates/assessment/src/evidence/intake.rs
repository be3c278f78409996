//! From a file that has arrived to an item of a piece: looked into, freed of traces, stored.

use std::path::{Path, PathBuf};

use axum::http::StatusCode;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx};
use tisheng_rules::framework::Piece;

use super::content::{self, Refusal};
use super::model::StoredFile;
use super::tus::{Refused, Stopped, Upload};
use super::{actions, store};

/// Characters of a file's name that are kept.
const TITLE: usize = 120;
/// Characters of the longest end of a name that says a kind, such as `pptx`.
const EXTENSION: usize = 8;

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

/// A file's name without folders and signs that are not for reading. Of a long one the middle is
/// left out, so that what its kind is can still be read.
#[must_use]
pub fn title(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last.chars().filter(|c| !c.is_control() && !is_unseen(*c)).collect();
    let clean = clean.trim();
    let count = clean.chars().count();
    if clean.is_empty() {
        "文件".to_owned()
    } else if count <= TITLE {
        clean.to_owned()
    } else {
        let (stem, end) = match clean.rsplit_once('.') {
            Some((stem, end)) if end.chars().count() <= EXTENSION => (stem, format!(".{end}")),
            _ => (clean, String::new()),
        };
        let room = TITLE - end.chars().count() - 1;
        format!("{}…{end}", stem.chars().take(room).collect::<String>())
    }
}

/// Signs that are not seen, and those that turn the order of reading round: with them
/// `exe.` in a name can be made to look like the end `.exe` of another (Unicode Technical
/// Report 36, 3.3).
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Why a file was not taken in.
#[derive(Debug)]
pub enum NotTaken {
    /// Its content is not what the piece asks for.
    Refused(Refusal),
    /// The disk or store refused.
    Failure(Failure),
}

/// Looks into the file at `path`, takes traces out of it and stores it; it is gone from `path`
/// afterwards.
///
/// # Errors
/// See [`NotTaken`]; the file then stays where it is.
pub async fn take(app: &App, path: &Path, piece: &Piece, name: &str) -> Result<StoredFile, NotTaken> {
    let (kinds, source): (_, PathBuf) = (piece.kinds.clone(), path.to_owned());
    let looked = tokio::task::spawn_blocking(move || {
        let found = content::inspect(&source, &kinds)?;
        content::remove_traces(&source, found.content).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => Refusal::Damaged,
            _ => Refusal::Disk(error),
        })?;
        Ok(found)
    });
    let found = looked
        .await
        .map_err(|error| NotTaken::Failure(Failure::Internal(error.to_string())))?
        .map_err(NotTaken::Refused)?;
    let blob = app.files.take(path).await.map_err(|error| NotTaken::Failure(error.into()))?;
    Ok(StoredFile {
        title: title(name),
        digest: blob.digest,
        size: blob.size,
        content: found.content,
        seconds: found.seconds,
    })
}

/// Makes an item of an upload whose bytes are all there. The caller holds its lock.
///
/// # Errors
/// 422 when the content is refused: the upload is then given up.
pub async fn finish(ctx: &Ctx, upload: &Upload) -> Result<(), Stopped> {
    let mut tx = ctx.read().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, upload.submission).await?;
    drop(tx);
    let piece = desk.piece(&submission, &upload.piece)?;
    let path = ctx.app.files.incoming(&upload.id.to_string());
    let file = match take(&ctx.app, &path, piece, &upload.name).await {
        Ok(file) => file,
        Err(NotTaken::Failure(failure)) => return Err(failure.into()),
        Err(NotTaken::Refused(refusal)) => {
            give_up(ctx, upload).await?;
            return Err(Refused::new(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string()).into());
        }
    };
    let mut tx = ctx.write().await?;
    let (_, submission) = actions::own_draft(ctx, &mut tx, upload.submission).await?;
    let item = actions::add_file(ctx, &mut tx, &submission, &upload.piece, file, None).await?;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::title;

    #[test]
    fn a_name_is_only_a_name() {
        assert_eq!(title("C:\\fakepath\\课堂实录.mp4"), "课堂实录.mp4");
        assert_eq!(title("../../etc/passwd"), "passwd");
        assert_eq!(title("\n\r"), "文件");
        assert_eq!(title(&"长".repeat(300)).chars().count(), 120);
    }

    #[test]
    fn a_name_cannot_be_read_otherwise_than_it_is() {
        assert_eq!(title("教案\u{202e}fdp.exe"), "教案fdp.exe");
        assert_eq!(title("a\u{2066}b\u{2069}\u{200f}c\u{feff}.pdf"), "abc.pdf");
    }

    #[test]
    fn a_long_name_keeps_what_says_its_kind() {
        let long = title(&format!("{}.docx", "长".repeat(300)));
        assert_eq!(long.chars().count(), 120);
        assert!(long.ends_with("长….docx"), "{long}");
        let dotted = title(&format!("a.{}", "长".repeat(300)));
        assert!(dotted.starts_with("a.长") && dotted.chars().count() == 120, "{dotted}");
    }

    proptest! {
        #[test]
        fn a_title_is_short_and_there(name: String) {
            let title = title(&name);
            prop_assert!(!title.is_empty() && title.chars().count() <= 120);
            let harmful = title.contains(['/', '\\', '\u{202e}']);
            prop_assert!(!harmful);
        }
    }
}
