//! Pieces as they are shown, to the author and to reviewers, and their files as they are served.

use axum::http::HeaderMap;
use tisheng_kernel::Id;
use tisheng_platform::App;
use tisheng_platform::files::Blob;
use tisheng_platform::web::Path;
use tisheng_platform::web::serve::{Disposition, stored};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters};
use tisheng_rules::framework::{Criterion, Piece};

use super::document::{serve_picture, serve_text};
use crate::evidence::content::{self, Content, Display};
use crate::evidence::model::{Item, StoredFile, Submission};
use crate::evidence::{actions, model};

/// How files are called on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// As the author called them.
    Own,
    /// By piece and number: for readers who are not to know the author.
    Neutral,
}

/// An item on a page.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its identifier.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Where its file is; empty for a text.
    pub href: String,
    /// How it is shown: picture, video, sound, frame, document, download or text.
    pub display: &'static str,
    /// Size and length, in words.
    pub facts: String,
    /// What to do about a file that no page shows; empty for most.
    pub advice: String,
    /// The paragraphs of a text.
    pub paragraphs: Vec<String>,
    /// Whether it is a recording whose length the author states.
    pub length_is_stated: bool,
    /// That length in minutes; empty when unknown.
    pub minutes: String,
}

/// A piece on a page.
#[derive(Debug, Clone)]
pub struct ShownPiece {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// How to make it; empty when the rules say nothing.
    pub guide: String,
    /// What may be handed in, in words.
    pub kinds: String,
    /// The value of a file field's `accept`.
    pub accept: String,
    /// The most megabytes a file may have by the rules; none where they set no limit.
    pub megabytes: Option<u32>,
    /// Whether it may be typed.
    pub takes_text: bool,
    /// The text typed so far.
    pub text: String,
    /// The version of that text.
    pub version: i64,
    /// What it holds.
    pub items: Vec<Shown>,
    /// What it is judged by.
    pub criteria: Vec<Criterion>,
}

impl ShownPiece {
    /// The files among the items.
    #[must_use]
    pub fn files(&self) -> Vec<&Shown> {
        self.items.iter().filter(|item| item.display != "text").collect()
    }
}

/// The pieces of a revision as a page shows them; `base` is the address under which its files are
/// served.
#[must_use]
pub fn shown(pieces: &[Piece], items: &[Item], base: &str, naming: Naming) -> Vec<ShownPiece> {
    pieces
        .iter()
        .map(|piece| {
            let own: Vec<&Item> = items.iter().filter(|item| item.piece == piece.key).collect();
            let text = own.iter().find(|item| item.file().is_none());
            ShownPiece {
                key: piece.key.clone(),
                name: piece.name.clone(),
                guide: piece.guide.as_ref().map(|guide| guide.value.clone()).unwrap_or_default(),
                kinds: kinds(piece),
                accept: content::accept(&piece.kinds),
                megabytes: piece.max_megabytes.as_ref().map(|most| **most),
                takes_text: model::takes_text(&piece.kinds),
                text: text.map(|item| item.text().to_owned()).unwrap_or_default(),
                version: text.map_or(0, |item| item.version),
                items: own
                    .iter()
                    .enumerate()
                    .filter(|(_, item)| item.file().is_some() || !item.text().trim().is_empty())
                    .map(|(at, item)| show(item, piece, at + 1, base, naming))
                    .collect(),
                criteria: piece.criteria.clone(),
            }
        })
        .collect()
}

fn kinds(piece: &Piece) -> String {
    let mut words = content::in_words(&piece.kinds);
    if let Some(minutes) = &piece.max_minutes {
        words.push_str(&format!("；不超过 {} 分钟", **minutes));
    }
    words
}

fn show(item: &Item, piece: &Piece, number: usize, base: &str, naming: Naming) -> Shown {
    let Some(file) = item.file() else {
        return Shown {
            id: item.id.to_string(),
            title: piece.name.clone(),
            href: String::new(),
            display: "text",
            facts: format!("{} 字", item.text().chars().filter(|c| !c.is_whitespace()).count()),
            advice: String::new(),
            paragraphs: item
                .text()
                .lines()
                .map(str::trim)
                .filter(|l| !l.is_empty())
                .map(str::to_owned)
                .collect(),
            length_is_stated: false,
            minutes: String::new(),
        };
    };
    Shown {
        id: item.id.to_string(),
        title: match naming {
            Naming::Own => file.title.clone(),
            Naming::Neutral => item.neutral_name(&piece.name, number),
        },
        href: format!("{base}/{}", item.id),
        display: word(file.content.display()),
        facts: facts(file),
        advice: outdated(file.content).or_else(|| too_long(file, piece)).unwrap_or_default(),
        paragraphs: Vec::new(),
        length_is_stated: file.length_is_stated(),
        minutes: minutes(file),
    }
}

/// How long a recording is, in whole minutes; empty when unknown.
pub(super) fn minutes(file: &StoredFile) -> String {
    file.seconds.map(|seconds| (seconds / 60).to_string()).unwrap_or_default()
}

const fn word(display: Display) -> &'static str {
    match display {
        Display::Picture => "picture",
        Display::Video => "video",
        Display::Sound => "sound",
        Display::Frame => "frame",
        Display::Text => "document",
        Display::Download => "download",
    }
}

/// What to do about a file of a kind from before 2007.
pub(super) fn outdated(content: Content) -> Option<String> {
    let newer = content.newer()?.extension();
    let old = content.extension();
    Some(format!(
        "{old} 是旧格式，不能在页面里显示，只能下载后用办公软件打开。作者可以另存为 {newer} 或 PDF 再上传。"
    ))
}

/// What to do about a recording that is longer than the piece takes.
fn too_long(file: &StoredFile, piece: &Piece) -> Option<String> {
    let most = piece.max_minutes.as_ref().map(|minutes| i64::from(**minutes))?;
    let seconds = file.seconds.filter(|seconds| *seconds > most * 60)?;
    let (minutes, over) = (seconds / 60, seconds % 60);
    Some(format!("时长 {minutes} 分 {over} 秒，超过 {most} 分钟，不能提交；请剪辑后替换。"))
}

fn facts(file: &StoredFile) -> String {
    let size = match file.size {
        bytes if bytes < 1 << 20 => format!("{} KB", (bytes >> 10).max(1)),
        bytes => format!("{}.{} MB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20),
    };
    match file.seconds {
        Some(seconds) => format!("{size}，{} 分 {} 秒", seconds / 60, seconds % 60),
        None => size,
    }
}

/// The answer that is an item's file, or the part asked for. The caller has said that the asker
/// may see it.
///
/// # Errors
/// [`Failure::NotFound`] for a text; when the file cannot be read.
pub async fn serve(app: &App, headers: &HeaderMap, item: &Item, name: &str) -> Answer {
    let file = item.file().ok_or(Failure::NotFound)?;
    let blob = Blob { digest: file.digest.clone(), size: file.size };
    let disposition = match file.content.display() {
        Display::Download | Display::Text => Disposition::Attachment,
        Display::Picture | Display::Video | Display::Sound | Display::Frame => Disposition::Inline,
    };
    stored(app, headers, &blob, file.content.media_type(), name, disposition).await
}

/// An item of the author's own, and what it is called.
async fn own_item(asker: &SignedIn, id: &str, item: &str) -> Result<(Item, String), Failure> {
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    let item: Id<Item> = item.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = asker.ctx.read().await?;
    let (_, submission) = actions::own(&asker.ctx, &mut tx, id).await?;
    let item = actions::item_of(&mut tx, &submission, item).await?;
    let name = item.file().map(|file| file.title.clone()).unwrap_or_default();
    Ok((item, name))
}

/// `GET /evidence/{id}/files/{item}`: the author's own file.
pub async fn own_file(
    asker: SignedIn,
    Path((id, item)): Path<(String, String)>,
    headers: HeaderMap,
) -> Answer {
    let (item, name) = own_item(&asker, &id, &item).await?;
    serve(&asker.ctx.app, &headers, &item, &name).await
}

/// `GET /evidence/{id}/files/{item}/text`: what stands in the author's own document.
pub async fn own_text(asker: SignedIn, Path((id, item)): Path<(String, String)>, filters: Filters) -> Answer {
    let (item, name) = own_item(&asker, &id, &item).await?;
    serve_text(&asker.ctx, &item, &name, &filters).await
}

/// `GET /evidence/{id}/files/{item}/pictures/{place}`: a picture in the author's own document.
pub async fn own_picture(asker: SignedIn, Path((id, item, place)): Path<(String, String, String)>) -> Answer {
    let (item, _) = own_item(&asker, &id, &item).await?;
    serve_picture(&asker.ctx, &item, &place).await
}
