//! What stands in an office file, as a frame of a page shows it, and its pictures.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tisheng_platform::files::Blob;
use tisheng_platform::web::layout::{self, Page};
use tisheng_platform::web::serve::inline;
use tisheng_platform::web::{Answer, Failure, Filters};
use tisheng_platform::{App, Ctx};
use tokio::sync::Semaphore;

use crate::evidence::content::{self, Block, Chapter, Content, Display, Piece, Refusal};
use crate::evidence::model::{Item, StoredFile};

#[derive(Template)]
#[template(path = "evidence/pages/document.html")]
struct DocumentPage {
    page: Page,
    /// What of the file is shown and what is not.
    about: &'static str,
    chapters: Vec<Chapter>,
    /// Which of its parts this is, from 1, and how many there are.
    part: usize,
    parts: usize,
    is_cut: bool,
    /// Why it cannot be shown; empty when it can.
    refusal: String,
}

impl DocumentPage {
    fn is_empty(&self) -> bool {
        self.chapters.iter().all(|chapter| chapter.blocks.is_empty() && chapter.title.is_empty())
    }
}

const fn about(content: Content) -> &'static str {
    match content {
        Content::Pptx => "以下逐页显示文字、表格、图片和备注，动画、图表和版式请下载文件查看。",
        Content::Xlsx => "以下逐张显示工作表里的文字和数字，图表、图片和格式请下载文件查看。",
        _ => "以下显示文字、表格和图片，原来的版式请下载文件查看。",
    }
}

/// The file of `item`, when a page shows what stands in it.
fn readable(item: &Item) -> Result<&StoredFile, Failure> {
    item.file().filter(|file| file.content.display() == Display::Text).ok_or(Failure::NotFound)
}

/// Files that are looked into at once: each may hold some hundred million bytes while it is read.
static READERS: Semaphore = Semaphore::const_new(2);

/// Looks into the file `of` in a thread that may wait, when its turn has come.
async fn looked_into<T: Send + 'static>(
    app: &App,
    of: &StoredFile,
    look: impl FnOnce(tisheng_platform::files::Opened) -> Result<T, Refusal> + Send + 'static,
) -> Result<Result<T, Refusal>, Failure> {
    let blob = Blob { digest: of.digest.clone(), size: of.size };
    let _turn = READERS.acquire().await.map_err(|error| Failure::Internal(error.to_string()))?;
    let file = app.files.open_blob(&blob).await?;
    let looked = tokio::task::spawn_blocking(move || look(file)).await;
    looked.map_err(|error| Failure::Internal(error.to_string()))
}

/// The answer that shows what stands in an item's file under `title`, for a frame of the page. The
/// caller has said that the asker may see it.
///
/// # Errors
/// [`Failure::NotFound`] for a file that is not shown so; when it cannot be fetched.
pub async fn serve_text(ctx: &Ctx, item: &Item, title: &str, filters: &Filters) -> Answer {
    let file = readable(item)?;
    let content = file.content;
    let read = looked_into(&ctx.app, file, move |opened| content::read_document(opened, content)).await?;
    let page = Page::of(ctx, title);
    let about = about(content);
    let document = match read {
        Ok(document) => document,
        Err(refusal) => {
            let why = refusal.to_string();
            let refusal = format!("这个文件不能在页面里显示：{}。", why.trim_end_matches('。'));
            let refused =
                DocumentPage { page, about, chapters: Vec::new(), part: 1, parts: 1, is_cut: false, refusal };
            let mut answer = layout::show(&refused)?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            return Ok(answer);
        }
    };
    let mut divided = document.parts();
    let parts = divided.len();
    let part = filters.text("part").parse().unwrap_or(1).clamp(1, parts);
    let chapters = divided.swap_remove(part - 1);
    let is_cut = document.is_cut && part == parts;
    layout::show(&DocumentPage { page, about, chapters, part, parts, is_cut, refusal: String::new() })
}

/// The answer that is a picture out of an item's file. The caller has said that the asker may see it.
///
/// # Errors
/// [`Failure::NotFound`] when no picture is in that place that can be shown.
pub async fn serve_picture(ctx: &Ctx, item: &Item, place: &str) -> Result<Response, Failure> {
    let file = readable(item)?;
    let place: usize = place.parse().map_err(|_| Failure::NotFound)?;
    let looked = looked_into(&ctx.app, file, move |opened| content::document_picture(opened, place)).await?;
    let picture = looked.map_err(|_| Failure::NotFound)?;
    Ok(inline(picture.media_type, picture.bytes))
}
