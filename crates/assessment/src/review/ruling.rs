//! Who settles what the members of a panel do not agree on (组长裁定): its chair; and where the chair is one side of
//! it, or has had to do with the work otherwise, the chair of the next panel above.

use std::cmp::Reverse;

use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::organisation::{self, Node};
use tisheng_rules::assessment::Step;
use uuid::Uuid;

use super::actions::take_back;
use super::model::{Candidate, Duty, Review, ReviewState};
use super::steps::{Case, hand_over, is_active, objectors};
use super::store;
use crate::evidence::Submission;

/// Puts a disagreement into the hands of whoever settles it; waits while there is nobody who may. A panel without
/// a chair is to get one: nobody above stands in for it.
pub(super) async fn ask(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    step: &Step,
    reviews: &[Review],
) -> Result<(), Failure> {
    let of = &case.submission;
    let all = store::of_submission(tx, of).await?;
    let objectors = objectors(tx, of).await?;
    let took_side = |person: Uuid| {
        let judged = |review: &Review| review.reviewer == person && is_side(review);
        person == of.person || objectors.contains(&person) || all.iter().any(judged)
    };
    let asked = |review: &&Review| review.duty == Duty::Chair && review.state == ReviewState::Open;
    // Whoever was asked before that was looked at, and is a side, is not waited for.
    if let Some(seat) = reviews.iter().find(asked)
        && !(took_side(seat.reviewer) && take_back(ctx, tx, seat, ReviewState::Void).await?)
    {
        return Ok(());
    }
    let Some(body) = reviews.iter().filter(|r| is_active(r)).find_map(|review| review.body) else {
        return Ok(());
    };
    let Some(own) = store::chair_of(tx, of.programme, body).await? else { return Ok(()) };
    let mut chairs = vec![(own, body, "考核小组组长")];
    for office in above(tx, of, body).await? {
        let (office, word) = (office.id.uuid(), "上级考核小组组长");
        chairs.extend(store::chair_of(tx, of.programme, office).await?.map(|person| (person, office, word)));
    }
    chairs.retain(|(person, ..)| !took_side(*person));
    // Who has ruled before it was set aside rules again where there is nobody else.
    let has_judged = |person: Uuid| all.iter().any(|r| r.reviewer == person && r.done_at.is_some());
    chairs.sort_by_key(|(person, ..)| has_judged(*person));
    let Some((person, body, word)) = chairs.into_iter().next() else { return Ok(()) };
    let chair = Candidate { person, body: Some(body), chair: true };
    hand_over(ctx, tx, case, step, Duty::Chair, &chair, word).await?;
    Ok(())
}

/// Whether whoever gave it has taken a side about the work.
fn is_side(review: &Review) -> bool {
    matches!(review.duty, Duty::Peer | Duty::Panel) && review.state == ReviewState::Done
}

/// The places with an office above the author's school, from the next one up; of an office that judged itself
/// those above it.
async fn above(tx: &mut Tx, of: &Submission, body: Uuid) -> Result<Vec<Node>, Failure> {
    let mut found = organisation::ancestors(tx, &of.path).await?;
    found.retain(|node| matches!(node.kind.key(), "county" | "city" | "province"));
    found.sort_by_key(|node| Reverse(node.path.len()));
    let own = found.iter().position(|node| node.id.uuid() == body);
    Ok(found.split_off(own.map_or(0, |at| at + 1)))
}
