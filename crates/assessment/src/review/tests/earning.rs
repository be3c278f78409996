//! What results earn in the ledger.

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Level, Seconds};
use tisheng_platform::jobs;
use tisheng_testkit::story;
use tisheng_training::hours;

use super::{World, all_judge, current, handed_in, result, town};
use crate::evidence::samples::fill;
use crate::evidence::{State, Submission};
use crate::review::FINAL;
use crate::review::store::{self, Final};

/// Everybody gives `level`, and the notice ends.
async fn finish(world: &World, work: &Submission, level: Level) -> Submission {
    all_judge(world, work, level).await;
    all_judge(world, work, level).await;
    world.test.clock.advance(TimeDelta::days(9));
    world.test.settle().await;
    let end = current(world, work).await;
    assert_eq!((end.state, end.level), (State::Final, Some(level)));
    end
}

/// What the first teacher has earned by results, and by how many lines of the ledger.
async fn earned(world: &World) -> (Seconds, usize) {
    let teacher = world.town.school().teachers[0].person;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let entries = hours::entries(&mut tx, world.programme.id, teacher).await.expect("entries");
    (entries.iter().map(|entry| entry.seconds).sum(), entries.len())
}

async fn tell_again(world: &World, of: &Submission) {
    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let payload = json!({ "programme": of.programme, "person": of.person, "capability": of.capability });
    jobs::emit(&mut tx, ctx.at, FINAL, &payload).await.expect("told");
    tx.commit().await.expect("commits");
    world.test.settle().await;
}

story!(an_accepted_work_earns_its_hours_once, |engine| async move {
    let world = town(engine).await;
    let five = Seconds::from_hours(5, *world.rules.hours.length);
    let work = handed_in(&world, 0, "A6").await;
    assert_eq!(earned(&world).await, (Seconds::ZERO, 0), "nothing before the result stands");
    let end = finish(&world, &work, Level::Pass).await;
    assert_eq!(earned(&world).await, (five, 1));
    tell_again(&world, &end).await;
    assert_eq!(earned(&world).await, (five, 1), "told twice, booked once");
    let ctx = world.test.system();
    let mut tx = ctx.read().await.expect("a transaction");
    let entries = hours::entries(&mut tx, world.programme.id, Id::from_uuid(end.person)).await;
    let entry = &entries.expect("entries")[0];
    assert_eq!((entry.source.as_str(), entry.kind.as_str()), (hours::RESULTS, "evidence"));
    assert_eq!(Some(entry.worked_on), work.submitted_at.map(|at| at.date()), "the day it was handed in");
});

story!(a_failed_work_earns_nothing_until_its_next_revision_passes, |engine| async move {
    let world = town(engine).await;
    let five = Seconds::from_hours(5, *world.rules.hours.length);
    let work = handed_in(&world, 0, "A6").await;
    finish(&world, &work, Level::Fail).await;
    assert_eq!(earned(&world).await, (Seconds::ZERO, 0));
    let mut mine = world.teacher(0).await;
    let new = mine.post(&format!("/evidence/{}/revise", work.id), &[]).await;
    let ctx = world.test.ctx(world.town.school().teachers[0].who());
    fill(&ctx, world.id(&new.path).parse().expect("an id")).await.expect("filled");
    let again = handed_in(&world, 0, "A6").await;
    finish(&world, &again, Level::Excellent).await;
    assert_eq!(earned(&world).await, (five, 1));
});

story!(a_result_that_another_replaces_gives_its_hours_back, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let end = finish(&world, &work, Level::Pass).await;
    let ctx = world.test.system();
    let stands = result(&world, &end).await.expect("read").expect("a result");
    let overturned = Final { id: ctx.id(), level: Level::Fail, final_at: ctx.at, ..stands };
    let mut tx = ctx.write().await.expect("a transaction");
    store::add_result(&mut tx, &end, &overturned).await.expect("another result");
    tx.commit().await.expect("commits");
    tell_again(&world, &end).await;
    assert_eq!(earned(&world).await, (Seconds::ZERO, 2), "the entry and its withdrawal");
    tell_again(&world, &end).await;
    assert_eq!(earned(&world).await, (Seconds::ZERO, 2));
});
