//! What the score of a teacher is made of.

use tisheng_kernel::{Id, Level};
use tisheng_rules::builtin;
use tisheng_testkit::story;
use tisheng_training::samples::choose;
use uuid::Uuid;

use super::begin_by;
use crate::certificate::check_standings;
use crate::{evidence, review};

story!(reviewing_colleagues_in_time_counts, |engine| async move {
    let files = builtin::files("foshan-2020").expect("a published scheme");
    let world = begin_by(engine, files, 0).await;
    let author = world.teacher(0, 0);
    let ctx = world.test.ctx(author.who());
    let chosen = choose(&world.test.app, &world.programme, author).await.expect("a choice");
    let submission = evidence::samples::hand_in(&ctx, &chosen[0]).await.expect("handed in");
    review::samples::judged(&ctx, &submission, Level::Pass).await.expect("judged");
    world.test.settle().await;

    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let (first, last) = (Id::from_uuid(Uuid::nil()), Id::from_uuid(Uuid::max()));
    let reviewers = review::peer_reviews(&mut tx, world.programme.id, first, last).await.expect("read");
    drop(tx);
    assert_eq!(reviewers.len(), 2, "two colleagues were drawn: {reviewers:?}");
    let is_reviewer = |person| reviewers.contains_key(&person);
    let of = |page: &str| {
        let row = page.split("参与互评").nth(1).expect("a line of the score").to_owned();
        row.chars().take(40).collect::<String>()
    };
    let colleague = world.town.school().teachers.iter().find(|t| is_reviewer(t.person)).expect("a colleague");
    let page = world.browser(colleague).await.get("/standing").await.text();
    assert!(of(&page).contains("10.00"), "{}", of(&page));
    let page = world.browser(author).await.get("/standing").await.text();
    assert!(of(&page).contains("没有记录，不计入"), "{}", of(&page));
    // Which rules are defaults of ours is for whoever may change them.
    assert!(!page.contains("系统默认"), "{page}");
    let mut county = world.browser(&world.town.county_office).await;
    county.get(&format!("/people/{}/standing", author.person)).await.shows("系统默认");
    let (_, wrong) = check_standings(&world.test.system(), &world.programme, 10).await.expect("looked");
    assert_eq!(wrong, []);
});
