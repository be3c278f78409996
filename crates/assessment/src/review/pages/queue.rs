//! What waits for the asker's judgement. Nothing else can be paged through.

use askama::Template;
use chrono::NaiveDate;
use tisheng_platform::Ctx;
use tisheng_platform::Tx;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};

use crate::review::actions;
use crate::review::board::store as lists;
use crate::review::model::Review;
use crate::review::objection::{self, Objection};
use crate::review::steps::Case;
use crate::review::store;

#[derive(Template)]
#[template(path = "review/pages/queue.html")]
struct Queue {
    page: Page,
    open: Vec<Waiting>,
    done: Vec<Waiting>,
    /// Objections that wait for the asker's answer, with what they are about.
    objections: Vec<(Objection, String)>,
    today: NaiveDate,
}

struct Waiting {
    review: Review,
    label: String,
    /// Name and school, where the reviewer may know them.
    author: String,
    overdue: bool,
}

async fn waiting(ctx: &Ctx, tx: &mut Tx, reviews: Vec<Review>) -> Result<Vec<Waiting>, Failure> {
    let mut found = Vec::with_capacity(reviews.len());
    for review in reviews {
        let case = Case::load(ctx, tx, review.programme, review.submission).await?;
        let author = if review.blind {
            String::new()
        } else {
            let (name, school) = lists::author(tx, review.programme, review.submission).await?;
            format!("{name}（{school}）")
        };
        found.push(Waiting {
            label: case.rules.framework.label(&case.submission.capability),
            author,
            overdue: review.due_on.is_some_and(|day| day < ctx.at.date()),
            review,
        });
    }
    Ok(found)
}

/// `GET /review`
pub async fn queue(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let me = actions::person(ctx)?;
    let mut tx = ctx.read().await?;
    let programme = actions::programme(ctx, &mut tx).await?;
    let open = store::queue(&mut tx, programme, me).await?;
    let done = store::lately(&mut tx, programme, me).await?;
    let open = waiting(ctx, &mut tx, open).await?;
    let done = waiting(ctx, &mut tx, done).await?;
    let mut objections = Vec::new();
    for objection in objection::actions::waiting(ctx, &mut tx, programme).await? {
        let case = Case::load(ctx, &mut tx, programme, objection.submission).await?;
        let label = case.rules.framework.label(&objection.capability);
        objections.push((objection, label));
    }
    drop(tx);
    let page = Page::new(&asker, "我的评审任务", "/review");
    show(&Queue { page, open, done, objections, today: ctx.at.date() })
}
