//! Files sent by an ordinary form, for browsers without scripts.

use std::path::{Path as FilePath, PathBuf};

use axum::extract::multipart::{Field, Multipart};
use axum::http::StatusCode;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Fields};
use tisheng_platform::{Ctx, Tx};
use tisheng_rules::framework::Piece;
use tokio::io::AsyncWriteExt;

use super::show::outdated;
use super::typed::{self, Pressed};
use crate::evidence::actions::{self, Desk};
use crate::evidence::content;
use crate::evidence::intake::{self, NotTaken};
use crate::evidence::model::{Item, StoredFile, Submission};
use crate::evidence::store;

/// Bytes of all fields that are no files: what may be typed into all pieces, and the rest of the page.
const FIELDS_BYTES: usize = 1 << 20;

/// What is said of a file beside something that is not right.
const AGAIN: &str = "文件没有上传，请重新选择";
/// What is said where the file to be replaced has gone.
const GONE: &str = "要替换的文件已经不在了，可能刚刚在别的窗口移除或替换；请直接上传";

/// Where a file goes.
struct Target {
    piece: String,
    replaced: Option<Id<Item>>,
}

/// What a form brought.
#[derive(Default)]
struct Arrived {
    fields: Vec<(String, String)>,
    files: Vec<(Target, StoredFile)>,
    refused: Untaken,
    /// The answer that goes with the first that is not taken.
    status: StatusCode,
}

/// Files that are not taken: the piece, and why, once for each piece.
#[derive(Default)]
struct Untaken(Vec<(String, String)>);

impl Untaken {
    fn add(&mut self, piece: String, why: String) {
        match self.0.iter_mut().find(|(known, _)| *known == piece) {
            Some((_, said)) => {
                said.push('；');
                said.push_str(&why);
            }
            None => self.0.push((piece, why)),
        }
    }
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

/// The draft that files are sent to.
struct Place<'a> {
    ctx: &'a Ctx,
    desk: &'a Desk,
    submission: &'a Submission,
    items: &'a [Item],
    /// The piece whose button was pressed.
    pressed: &'a str,
}

impl<'a> Place<'a> {
    /// Where the file of the field `name` goes: `file` to the piece whose button was pressed, `file-…` to the
    /// piece named, `replace-…` to the place of the file named. Where that one has gone it is the piece whose button
    /// was pressed, which may have the new file already: the form came twice.
    fn target(&self, name: &str) -> Result<(Target, &'a Piece), Failure> {
        let (key, replaced) = match name.split_once('-') {
            Some(("file", piece)) => (piece, None),
            Some(("replace", item)) => {
                let item: Id<Item> = item.parse().map_err(|_| Failure::NotFound)?;
                let old = self.items.iter().find(|other| other.id == item);
                (old.map_or(self.pressed, |old| old.piece.as_str()), Some(item))
            }
            _ => (self.pressed, None),
        };
        let piece = self.desk.piece(self.submission, key)?;
        Ok((Target { piece: key.to_owned(), replaced }, piece))
    }

    /// Whether the file to be replaced has gone.
    fn is_gone(&self, replaced: Option<Id<Item>>) -> bool {
        replaced.is_some_and(|old| !self.items.iter().any(|item| item.id == old))
    }
}

/// `POST /evidence/{id}/pieces/{piece}/files`: takes the files that were chosen on the page, and what was typed.
pub async fn files(asker: SignedIn, Path((id, key)): Path<(String, String)>, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let (desk, submission) = actions::own_draft(ctx, &mut tx, id).await?;
    desk.piece(&submission, &key)?;
    let items = store::items(&mut tx, submission.programme, submission.id).await?;
    drop(tx);
    let place = Place { ctx, desk: &desk, submission: &submission, items: &items, pressed: &key };
    let mut arrived = read(&place, form).await?;
    if arrived.files.is_empty() && arrived.refused.0.is_empty() {
        arrived.refused.add(key.clone(), "请先选择要上传的文件".to_owned());
    }
    let mut pairs = arrived.fields;
    pairs.extend(arrived.files.iter().map(|(to, file)| (format!("file-{}", to.piece), file.digest.clone())));
    let fields = Fields::new(pairs);
    if !arrived.refused.0.is_empty() {
        take_rest(ctx, id, &arrived.files, &mut arrived.refused).await?;
        return typed::refused(&asker, id, &fields, (Some(arrived.status), &arrived.refused.0)).await;
    }
    let again: Vec<(String, String)> =
        arrived.files.iter().map(|(to, _)| (to.piece.clone(), AGAIN.to_owned())).collect();
    let mut once = match typed::pressed(&asker, id, (&fields, &again)).await? {
        Pressed::Answered(answer) => return Ok(answer),
        Pressed::Do(once) => once,
    };
    let (_, submission) = actions::own_draft(ctx, &mut once.tx, id).await?;
    let advice: Vec<String> = arrived.files.iter().filter_map(|(_, file)| outdated(file.content)).collect();
    let mut refused = Untaken::default();
    add(ctx, &mut once.tx, &submission, &arrived.files, &mut refused).await?;
    if !refused.0.is_empty() {
        // The rest is taken without the key, which stands for all of them.
        drop(once);
        let mut refused = Untaken::default();
        take_rest(ctx, id, &arrived.files, &mut refused).await?;
        if !refused.0.is_empty() {
            return typed::refused(&asker, id, &fields, (None, &refused.0)).await;
        }
        // What stood in the way went away in between: all of them stand there now.
        once = match typed::pressed(&asker, id, (&fields, &[])).await? {
            Pressed::Answered(answer) => return Ok(answer),
            Pressed::Do(once) => once,
        };
    }
    let flash = match advice.first() {
        Some(advice) => Flash::warn(format!("文件已上传。{advice}")),
        None => Flash::good("文件已上传。"),
    };
    once.done(&format!("/evidence/{id}#piece-{key}"), flash).await
}

/// Takes those of `files` that can be taken, beside others that are not: sent once more with the same form they
/// stand there once.
async fn take_rest(
    ctx: &Ctx,
    id: Id<Submission>,
    files: &[(Target, StoredFile)],
    refused: &mut Untaken,
) -> Result<(), Failure> {
    let mut tx = ctx.write().await?;
    let (_, submission) = actions::own_draft(ctx, &mut tx, id).await?;
    add(ctx, &mut tx, &submission, files, refused).await?;
    Ok(tx.commit().await?)
}

/// Adds `files` to their pieces, and says in `refused` which were not taken.
async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    submission: &Submission,
    files: &[(Target, StoredFile)],
    refused: &mut Untaken,
) -> Result<(), Failure> {
    for (to, file) in files {
        match actions::add_file(ctx, tx, submission, &to.piece, file.clone(), to.replaced).await {
            Ok(_) => {}
            Err(Failure::Refused(sentence)) => {
                refused.add(to.piece.clone(), not_taken(&file.title, &sentence))
            }
            Err(Failure::NotFound) => refused.add(to.piece.clone(), not_taken(&file.title, GONE)),
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

/// What is said of the file called `name`.
fn not_taken(name: &str, why: &str) -> String {
    format!("“{name}”没有上传：{}", why.trim_end_matches('。'))
}

async fn read(place: &Place<'_>, mut form: Multipart) -> Result<Arrived, Failure> {
    let mut arrived = Arrived { status: StatusCode::UNPROCESSABLE_ENTITY, ..Arrived::default() };
    let mut left = FIELDS_BYTES;
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let Some(file) = field.file_name().map(str::to_owned) else {
            let text = words(field, &mut left).await?;
            arrived.fields.push((name, text));
            continue;
        };
        if file.is_empty() {
            continue;
        }
        let (target, piece) = place.target(&name)?;
        let path = place.ctx.app.files.incoming(&place.ctx.id::<StoredFile>().to_string());
        match one(place, field, piece, &file, &path).await {
            Ok(stored) => arrived.files.push((target, stored)),
            Err(trouble) => {
                // Best effort: what stays behind is swept with other leftovers of the folder.
                tokio::fs::remove_file(&path).await.ok();
                match trouble {
                    Trouble::Failure(failure) => return Err(failure),
                    Trouble::Words(status, text) => {
                        if arrived.refused.0.is_empty() {
                            arrived.status = status;
                        }
                        // What the piece it was meant for takes is not known any more.
                        let why = if place.is_gone(target.replaced) { GONE } else { &text };
                        arrived.refused.add(target.piece, not_taken(&content::title(&file), why));
                    }
                }
            }
        }
    }
    Ok(arrived)
}

/// The text of a field; all of them together may have `left` bytes.
async fn words(mut field: Field<'_>, left: &mut usize) -> Result<String, Failure> {
    let unreadable = || Failure::Malformed("表单内容无法识别。".to_owned());
    let mut bytes = Vec::new();
    while let Some(part) = field.chunk().await.map_err(broken)? {
        *left = left.checked_sub(part.len()).ok_or_else(unreadable)?;
        bytes.extend_from_slice(&part);
    }
    // One engine stores U+0000, the other refuses it.
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).ok_or_else(unreadable)
}

fn broken(error: axum::extract::multipart::MultipartError) -> Failure {
    Failure::Malformed(format!("上传没有完成（{error}），请重试。"))
}

async fn one(
    place: &Place<'_>,
    mut field: Field<'_>,
    piece: &Piece,
    name: &str,
    path: &FilePath,
) -> Result<StoredFile, Trouble> {
    let most = intake::largest(&place.ctx.app, piece);
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
    intake::take(&place.ctx.app, &path, (place.desk, piece), name).await.map_err(
        |not_taken| match not_taken {
            NotTaken::Refused(refusal) => {
                Trouble::Words(StatusCode::UNPROCESSABLE_ENTITY, refusal.to_string())
            }
            NotTaken::Failure(failure) => Trouble::Failure(failure),
        },
    )
}

fn disk(error: std::io::Error) -> Failure {
    Failure::Internal(format!("an uploaded file: {error}"))
}
