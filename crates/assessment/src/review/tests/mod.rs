//! Stories of judging, told on both engines.

mod appealing;
mod differing;
mod drawing;
mod earning;
mod keeping;
mod objecting;
mod reading;
mod ruling;
mod walk;

use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Failure;
use tisheng_registry::samples::Persona;
use tisheng_rules::{PeerReviews, builtin, samples::third_scheme_files};
use tisheng_testkit::{Browser, Engine, Seen};

use super::samples::{handlers, panel_of};
use super::{Review, routes, store};
use crate::evidence::samples::hand_in;
use crate::evidence::tests::{World, begin_with};
use crate::evidence::{self, Submission};

/// The town under a published scheme; the first school has a panel of three, led by its last
/// teacher.
async fn town(engine: Engine) -> World {
    town_by(engine, builtin::files("sichuan-2020").expect("a published scheme")).await
}

/// The same town under `files`.
async fn town_by(engine: Engine, files: builtin::Files) -> World {
    let world = begin_with(engine, files, &["A2", "A3", "A6", "A7"], routes(), handlers()).await;
    appoint(&world, 0, &[5, 3, 4]).await;
    world
}

/// The town under the made-up scheme, with panels in both schools.
async fn lakeside(engine: Engine) -> World {
    let world = begin_with(engine, third_scheme_files(), &["P1", "T1"], routes(), handlers()).await;
    appoint(&world, 0, &[5, 4]).await;
    appoint(&world, 1, &[0, 1, 2]).await;
    world
}

/// Appoints teachers of a school as its panel, the first as chair.
async fn appoint(world: &World, school: usize, members: &[usize]) {
    let school = &world.town.schools[school];
    let head = world.test.ctx(school.principal.who());
    let members: Vec<&Persona> = members.iter().map(|n| &school.teachers[*n]).collect();
    panel_of(&head, &members).await.expect("a panel");
}

/// The first school's teacher `n` hands in A6 and judges it.
async fn handed_in(world: &World, n: usize, capability: &str) -> Submission {
    let author = &world.town.school().teachers[n];
    let submitted = hand_in(&world.test.ctx(author.who()), capability).await.expect("handed in");
    let mut browser = world.browser(author).await;
    let form = marks(world, capability, Level::Excellent);
    browser.post(&format!("/review/self/{}", submitted.id), &borrowed(&form)).await.shows("自评已提交");
    world.test.settle().await;
    current(world, &submitted).await
}

async fn current(world: &World, of: &Submission) -> Submission {
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    evidence::load(&mut tx, of.programme, of.id).await.expect("there")
}

async fn reviews(world: &World, of: &Submission) -> Vec<Review> {
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    store::of_submission(&mut tx, of).await.expect("reviews")
}

/// The fields that give every piece `level`.
fn marks(world: &World, capability: &str, level: Level) -> Vec<(String, String)> {
    let pieces = world.rules.framework.pieces(capability);
    let mut fields = Vec::new();
    for piece in pieces {
        fields.push((format!("level-{}", piece.key), level.code().to_owned()));
        if level == Level::Fail {
            fields.push((format!("reason-{}", piece.key), "步骤没有写清楚".to_owned()));
        }
    }
    fields
}

fn borrowed(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}

/// Whoever is `person` in the town.
fn persona(world: &World, person: uuid::Uuid) -> &Persona {
    world.town.everybody().find(|p| p.person.uuid() == person).expect("somebody of the town")
}

/// The reviewer of `review` signs in and gives `level`.
async fn judge(world: &World, review: &Review, capability: &str, level: Level) -> (Browser, Seen) {
    let mut browser = world.browser(persona(world, review.reviewer)).await;
    let form = marks(world, capability, level);
    let seen = browser.post(&format!("/review/{}", review.id), &borrowed(&form)).await;
    (browser, seen)
}

/// Everybody who has `of` in hand gives `level`.
async fn all_judge(world: &World, of: &Submission, level: Level) {
    for review in reviews(world, of).await.iter().filter(|r| r.state == super::ReviewState::Open) {
        judge(world, review, &of.capability, level).await.1.shows("已提交");
    }
}

/// The result that stands for the author of `of`.
async fn result(world: &World, of: &Submission) -> Result<Option<super::Final>, Failure> {
    let mut tx = world.test.app.db.read().await?;
    let all = super::results(&mut tx, of.programme, of.person).await?;
    Ok(all.into_iter().find(|result| result.capability == of.capability))
}

/// The reviews that fell to `reviewer` and came to an end.
async fn ended(world: &World, of: &Submission, reviewer: uuid::Uuid) -> PeerReviews {
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let (programme, person) = (Id::from_uuid(of.programme), Id::from_uuid(reviewer));
    let all = super::peer_reviews(&mut tx, programme, person, person).await.expect("read");
    all.get(&person).copied().unwrap_or_default()
}

/// The identifier of a submission in an address, for asking as somebody else.
fn address(of: Id<Submission>) -> String {
    format!("/review/results/{of}")
}
