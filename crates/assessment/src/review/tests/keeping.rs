//! What a reviewer has typed is there until it is handed in.

use tisheng_kernel::Level;
use tisheng_testkit::story;

use super::{all_judge, borrowed, handed_in, marks, persona, reviews, town};
use crate::evidence::samples::hand_in;
use crate::review::Duty;

story!(a_return_without_a_reason_loses_nothing, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    all_judge(&world, &work, Level::Pass).await;
    let panel = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Panel).expect("a panel");
    let mut member = world.browser(persona(&world, panel.reviewer)).await;
    let mut form = marks(&world, "A6", Level::Fail);
    form.push(("remark".to_owned(), "整体偏短".to_owned()));
    let refused = member.post(&format!("/review/{}/return", panel.id), &borrowed(&form)).await;
    refused.is(422).says("请填写退回理由").says("整体偏短").says("步骤没有写清楚");
    let chosen = refused.html().matches("value=\"fail\" checked").count();
    assert_eq!(chosen, world.rules.framework.pieces("A6").len(), "every level is still chosen");
});

story!(a_judgement_is_kept_until_it_is_given, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let peer = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let at = format!("/review/{}", peer.id);
    let mut colleague = world.browser(persona(&world, peer.reviewer)).await;
    let half = [("level-A6-1", "excellent"), ("remark", "先看到这里"), ("version", "0")];
    colleague.post(&format!("{at}/keep"), &half).await.shows("草稿已保存").shows("先看到这里");
    let kept = colleague.get(&at).await;
    assert_eq!(kept.shows("先看到这里").field("version"), "1");
    assert!(kept.html().contains("value=\"excellent\" checked"), "{}", kept.html());

    // Two windows: the second is told, and what stands in it is not lost.
    let auto = [("remark", "脚本又存了一次"), ("version", "1")];
    colleague.post(&format!("{at}/draft"), &auto).await.is(200).shows("\"version\":2");
    colleague.post(&format!("{at}/draft"), &auto).await.is(409);
    let older = [("remark", "另一个窗口的意见"), ("version", "1")];
    let seen = colleague.post(&format!("{at}/keep"), &older).await;
    seen.is(422).says("别的窗口保存过").says("另一个窗口的意见").says("脚本又存了一次");
    let mut form = marks(&world, "A6", Level::Pass);
    form.push(("version".to_owned(), "1".to_owned()));
    let seen = colleague.post(&at, &borrowed(&form)).await;
    seen.is(422).says("别的窗口保存过").says("脚本又存了一次");
    assert_eq!(seen.field("version"), "2");
    let far = "长".repeat(70_000);
    colleague.post(&format!("{at}/draft"), &[("remark", &far), ("version", "2")]).await.is(422);

    // It is nobody else's, and gone with the judgement.
    let stranger = &world.town.school().teachers[0];
    world.browser(stranger).await.post(&format!("{at}/draft"), &auto).await.is(404);
    form.retain(|(name, _)| name != "version");
    form.push(("version".to_owned(), "2".to_owned()));
    colleague.post(&at, &borrowed(&form)).await.shows("已提交");
    colleague.post(&format!("{at}/draft"), &auto).await.is(409);
    let late = colleague.post(&format!("{at}/keep"), &auto).await;
    late.is(409).says("已经提交").says("脚本又存了一次");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let left: i64 = tx
        .row("select count(*) from judgement_draft", tisheng_platform::args![], |row| row.get(0))
        .await
        .expect("counted");
    assert_eq!(left, 0);
});

story!(the_authors_own_judgement_is_kept_as_well, |engine| async move {
    let world = town(engine).await;
    let author = &world.town.school().teachers[0];
    let work = hand_in(&world.test.ctx(author.who()), "A6").await.expect("handed in");
    let at = format!("/review/self/{}", work.id);
    let mut mine = world.browser(author).await;
    mine.post(&format!("{at}/draft"), &[("remark", "自己觉得"), ("version", "0")]).await.is(200);
    mine.get(&at).await.shows("自己觉得").shows("还没有提交");
    mine.post(&format!("{at}/keep"), &[("remark", "再想想"), ("version", "1")]).await.shows("再想想");
    world.teacher(1).await.post(&format!("{at}/keep"), &[("remark", "x")]).await.is(404);
    let mut form = marks(&world, "A6", Level::Pass);
    mine.post(&at, &borrowed(&form)).await.is(422).says("别的窗口保存过").says("再想想");
    form.push(("version".to_owned(), "2".to_owned()));
    mine.post(&at, &borrowed(&form)).await.shows("自评已提交");
    mine.post(&format!("{at}/keep"), &[("remark", "太晚了")]).await.is(403);
});

story!(whoever_judges_what_went_elsewhere_is_told_and_keeps_the_words, |engine| async move {
    let world = town(engine).await;
    let work = handed_in(&world, 0, "A6").await;
    let peer = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let at = format!("/review/{}", peer.id);
    let mut colleague = world.browser(persona(&world, peer.reviewer)).await;
    world.teacher(0).await.post(&format!("/review/withdraw/{}", work.id), &[]).await.shows("已撤回");
    let mut form = marks(&world, "A6", Level::Fail);
    form.push(("remark".to_owned(), "整体偏短".to_owned()));
    for to in [at.clone(), format!("{at}/keep"), format!("{at}/return")] {
        let told = colleague.post(&to, &borrowed(&form)).await;
        told.is(409).says("作者已撤回这份材料").says("步骤没有写清楚").says("整体偏短");
    }
    colleague.post(&format!("{at}/draft"), &borrowed(&form)).await.is(409);
    colleague.get(&at).await.is(404);
    // Nobody else learns of it.
    let mut stranger = world.browser(&world.town.schools[1].principal).await;
    stranger.post(&at, &borrowed(&form)).await.is(404);
    stranger.post(&format!("{at}/draft"), &borrowed(&form)).await.is(404);
});
