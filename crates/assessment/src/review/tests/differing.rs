//! Panels that do not agree, more of them than a page holds.

use tisheng_kernel::{Id, Level};
use tisheng_platform::args;
use tisheng_testkit::story;

use super::{all_judge, handed_in, judge, reviews, town};
use crate::evidence::samples::keep_all;
use crate::evidence::tests::World;
use crate::evidence::{self, Submission};
use crate::review::{Duty, Review};

const COPY: &str =
    "insert into review (programme, id, submission, step, duty, reviewer, pool, body, blind, state,
    drawn_at, due_on, done_at, level, marks, remark)
    values ($1, $2, $3, $4, $5, $6, '', $7, false, $8, $9, $10, $11, $12, '[]', '')";

/// So many works more on which the panel differs as it does on `work`.
async fn more_like(world: &World, work: &Submission, many: usize) {
    let ctx = world.test.system();
    let all = reviews(world, work).await;
    let mut tx = ctx.write().await.expect("a transaction");
    let of = evidence::load(&mut tx, work.programme, work.id).await.expect("there");
    for n in 0..many {
        let copy = Submission { id: ctx.id(), capability: format!("无名{n:02}"), ..of.clone() };
        keep_all(&ctx, &mut tx, &[(copy.clone(), format!("zz{n:02}"))]).await.expect("kept");
        for one in all.iter().filter(|one| matches!(one.duty, Duty::Panel | Duty::Chair)) {
            let id: Id<Review> = ctx.id();
            let level = one.level.map(Level::code);
            let row = args![
                copy.programme,
                id,
                copy.id,
                &one.step,
                one.duty.code(),
                one.reviewer,
                one.body,
                one.state.code(),
                ctx.at,
                one.due_on,
                one.done_at,
                level
            ];
            assert_eq!(tx.run(COPY, row).await.expect("copied"), 1);
        }
    }
    tx.commit().await.expect("commits");
}

story!(panels_that_differ_are_listed_page_by_page, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel: Vec<_> = reviews(&world, &work).await.into_iter().filter(|r| r.duty == Duty::Panel).collect();
    judge(&world, &panel[0], "A6", Level::Pass).await.1.shows("已提交");
    judge(&world, &panel[1], "A6", Level::Fail).await.1.shows("已提交");
    more_like(&world, &work, 60).await;

    let mut head = world.browser(&world.town.school().principal).await;
    let first = head.get("/review/board").await;
    let rows = |html: &str| {
        let table = html.split("aria-label=\"等待裁定\"").nth(1).unwrap_or_default();
        table.split("</table>").next().unwrap_or_default().matches("<th scope=\"row\">").count()
    };
    assert_eq!(rows(&first.html()), 50);
    let more = first.link("?split=");
    let second = head.get(&format!("/review/board{}", more.trim_end_matches("#split"))).await;
    assert_eq!(rows(&second.html()), 11);
    second.shows("无名59").shows("回到第一页");
    assert_eq!(second.html().matches("#split\"").count(), 1, "nothing follows, the first goes before");
    // A row says it wherever it stands in the list.
    let list = head.get("/review/board?sort=-name&state=panel").await;
    assert_eq!(list.html().matches("意见不一致</span>").count(), 50);
    let unit = format!("/review/board?state=panel&unit={}", world.town.school().node.id);
    let mut city = world.browser(&world.town.city_office).await;
    let seen = city.get(&unit).await;
    assert_eq!(seen.html().matches("意见不一致</span>").count(), 50);
    seen.hides("等待裁定");
    let elsewhere = &world.town.schools[1].principal;
    world.browser(elsewhere).await.get(&format!("/review/board{more}")).await.hides("无名");
});
