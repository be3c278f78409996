//! The work that an objection is about, for whoever is to answer it: its pieces, and what was said of them.

use askama::Template;
use axum::http::HeaderMap;
use tisheng_kernel::Id;
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters, Page};

use super::judge::parsed;
use super::result::{Judgement, judgement};
use crate::evidence::{self, Item, Naming, ShownPiece, shown};
use crate::review::objection::{self, Objection};
use crate::review::steps::Case;
use crate::review::store;

#[derive(Template)]
#[template(path = "review/pages/objected.html")]
struct ObjectedPage {
    page: Page,
    objection: Objection,
    pieces: Vec<ShownPiece>,
    judgements: Vec<Judgement>,
}

/// An objection that waits for the asker's answer; once it has one the work is shown to nobody by it.
async fn waiting(asker: &SignedIn, tx: &mut Tx, id: &str) -> Result<(Objection, Case), Failure> {
    let found = objection::actions::to_answer(&asker.ctx, tx, parsed(id)?).await?;
    if found.0.is_open() { Ok(found) } else { Err(Failure::NotFound) }
}

/// `GET /review/objections/{id}/work`
pub async fn page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let (objection, case) = waiting(&asker, &mut tx, &id).await?;
    let of = &case.submission;
    let items = evidence::items(&mut tx, of.programme, of.id).await?;
    let reviews = store::of_submission(&mut tx, of).await?;
    drop(tx);
    let (framework, answer) = (&case.rules.framework, format!("/review/objections/{}", objection.id));
    let page = Page::new(&asker, framework.label(&of.capability), "/review");
    let files = format!("{answer}/files");
    show(&ObjectedPage {
        page: page.crumb("我的评审任务", "/review").crumb("答复公示异议", &answer),
        pieces: shown(framework.pieces(&of.capability), &items, &files, Naming::Own),
        judgements: reviews.iter().filter_map(|review| judgement(&case, review)).collect(),
        objection,
    })
}

/// An item of that work with its name.
async fn item(asker: &SignedIn, id: &str, item: &str) -> Result<(Item, String), Failure> {
    let mut tx = asker.ctx.read().await?;
    let (_, case) = waiting(asker, &mut tx, id).await?;
    let item: Id<Item> = parsed(item)?;
    let items = evidence::items(&mut tx, case.submission.programme, case.submission.id).await?;
    let found = items.into_iter().find(|found| found.id == item).ok_or(Failure::NotFound)?;
    let name = found.file().ok_or(Failure::NotFound)?.title.clone();
    Ok((found, name))
}

/// `GET /review/objections/{id}/files/{item}`
pub async fn file(asker: SignedIn, Path((id, place)): Path<(String, String)>, headers: HeaderMap) -> Answer {
    let (item, name) = item(&asker, &id, &place).await?;
    evidence::serve(&asker.ctx.app, &headers, &item, &name).await
}

/// `GET /review/objections/{id}/files/{item}/text`
pub async fn text(asker: SignedIn, Path((id, place)): Path<(String, String)>, filters: Filters) -> Answer {
    let (item, name) = item(&asker, &id, &place).await?;
    evidence::serve_text(&asker.ctx, &item, &name, &filters).await
}

/// `GET /review/objections/{id}/files/{item}/pictures/{place}`
pub async fn picture(asker: SignedIn, Path((id, of, place)): Path<(String, String, String)>) -> Answer {
    let (item, _) = item(&asker, &id, &of).await?;
    evidence::serve_picture(&asker.ctx, &item, &place).await
}
