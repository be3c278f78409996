//! What was said of an earlier revision, as a frame of the page shows it on which its author mends it.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_training::hours::DisputeState;

use super::result::{Judgement, judgement};
use crate::evidence::{State, Submission};
use crate::review::actions;
use crate::review::objection::{self, Objection};
use crate::review::steps::Case;
use crate::review::store::{self, Decided};

#[derive(Template)]
#[template(path = "review/pages/opinions.html")]
struct Opinions {
    page: Page,
    submission: Submission,
    /// What it came to, once its author is told.
    decided: Option<Decided>,
    judgements: Vec<Judgement>,
    /// Objections that were upheld, with their answers.
    upheld: Vec<Objection>,
}

/// `GET /review/results/{id}/opinions`: for the author alone.
pub async fn page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let programme = actions::programme(ctx, &mut tx).await?;
    let case = Case::load(ctx, &mut tx, programme, id).await?;
    if !actions::owns(ctx, &case.submission) || case.submission.state == State::Draft {
        return Err(Failure::NotFound);
    }
    let reviews = store::of_submission(&mut tx, &case.submission).await?;
    let decided = store::decisions(&mut tx, &case.submission).await?.pop();
    let mut upheld = objection::store::of_submission(&mut tx, &case.submission).await?;
    drop(tx);
    upheld.retain(|objection| objection.state == DisputeState::Upheld);
    let is_told = matches!(case.submission.state, State::Notice | State::Final);
    show(&Opinions {
        page: Page::of(ctx, format!("第 {} 稿的评审意见", case.submission.revision)),
        decided: decided.filter(|_| is_told),
        judgements: reviews.iter().filter_map(|review| judgement(&case, review)).collect(),
        upheld,
        submission: case.submission,
    })
}
