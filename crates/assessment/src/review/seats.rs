//! Seats that end: what whoever sat there has not judged goes to others.
//!
//! A work is never left in the hands of somebody who does not judge any more: who was dismissed, or
//! neither has a post within the unit any more nor is an expert of it. A seat that ended with a file is given back when
//! the file is undone.

use serde::Deserialize;
use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::jobs::{Claimed, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::organisation;
use tisheng_registry::people::Person;
use tisheng_registry::roster::{Kind, Schools};
use uuid::Uuid;

use super::actions::take_away;
use super::board::store::{self as seats, Left};
use super::model::{Duty, Review};
use super::{panel, store};

/// Whom a change is about; of a file nobody is named, and everybody's seats are looked at.
#[derive(Deserialize)]
struct About {
    person: Option<Id<Person>>,
    kind: Option<String>,
    /// The file that was taken or undone.
    run: Option<Uuid>,
}

/// The reaction to a change of somebody's post or roles: whoever may not sit there any more gives the seats up, and whoever is there
/// again since a file was undone has them back.
pub(super) async fn job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let about: About = claimed.payload()?;
    if about.kind.is_some_and(|kind| kind == Schools::ABOUT.key) {
        return Ok(());
    }
    let mut tx = ctx.read().await?;
    let left = seats::left(&mut tx, about.person, ctx.at.date()).await?;
    let back = match about.run {
        Some(run) => seats::ended_by(&mut tx, run, ctx.at.date()).await?,
        None => Vec::new(),
    };
    drop(tx);
    for seat in left {
        let mut tx = ctx.write().await?;
        end(&ctx, &mut tx, &seat, about.run).await?;
        tx.commit().await?;
    }
    for seat in back {
        let mut tx = ctx.write().await?;
        give_back(&ctx, &mut tx, &seat, about.run).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn give_back(ctx: &Ctx, tx: &mut Tx, seat: &Left, run: Option<Uuid>) -> Result<(), Failure> {
    let Some(run) = run else { return Ok(()) };
    if !seats::give_back(tx, seat, run).await? {
        return Ok(());
    }
    let detail = json!({ "seat": seat.id, "run": run });
    audit::record(ctx, tx, "review.panel_given_back", seat.node, &detail).await?;
    let node = organisation::of_id(tx, Id::from_uuid(seat.node)).await?.ok_or(Failure::NotFound)?;
    panel::draw_for(ctx, tx, seat.programme, (seat.node, &node.path), seat.id).await
}

async fn end(ctx: &Ctx, tx: &mut Tx, seat: &Left, run: Option<Uuid>) -> Result<(), Failure> {
    if !seats::dismiss(tx, (seat.programme, seat.node), seat.id, ctx.at, run).await? {
        return Ok(());
    }
    audit::record(ctx, tx, "review.panel_left", seat.node, &json!({ "seat": seat.id })).await?;
    hand_on(ctx, tx, seat.programme, (seat.person, seat.node)).await
}

/// Takes what `person` has not judged yet for the panel at `node` away, and draws others. Done reviews stay.
pub(super) async fn hand_on(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Uuid,
    (person, node): (Uuid, Uuid),
) -> Result<(), Failure> {
    let of_panel =
        |review: &Review| matches!(review.duty, Duty::Panel | Duty::Chair) && review.body == Some(node);
    // A queue is read as far as a page shows it; what is taken away makes room for the rest.
    loop {
        let mut open = store::queue(tx, programme, person).await?;
        open.retain(of_panel);
        if open.is_empty() {
            return Ok(());
        }
        for review in &open {
            store::hold(tx, programme, review.submission, &review.step).await?;
            take_away(ctx, tx, review).await?;
        }
    }
}
