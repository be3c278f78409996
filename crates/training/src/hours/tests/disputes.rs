//! What a teacher hands in with a dispute, and how one that was upheld is mended.

use tisheng_kernel::PersonName;
use tisheng_registry::samples::Persona;
use tisheng_testkit::{Browser, Chosen, Seen, story};

use super::logged;
use crate::hours::Logged;
use crate::hours::samples::PICTURE;
use crate::samples::online_report;
use crate::town::Place;

/// The teacher opens a dispute; the page after it.
async fn opened(own: &mut Browser, fields: &[(&str, &str)], files: &[(&str, &[u8])]) -> Seen {
    let chosen: Vec<Chosen<'_>> =
        files.iter().map(|(name, bytes)| Chosen { field: "file", name, bytes }).collect();
    own.post_files("/hours/disputes", fields, &chosen).await
}

/// The dispute in the inbox of `clerk`.
async fn in_inbox(clerk: &mut Browser) -> String {
    clerk.get("/hours/inbox").await.link("/hours/inbox/")
}

story!(proof_is_seen_by_who_decides_and_by_nobody_else, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut own = place.browser(&school.teachers[0]).await;
    own.get("/hours/disputes/new").await.shows("最多 3 个文件，每个不超过 10 MB");
    let fields = [("title", "一门课"), ("text", "学完了，没有记上")];
    let script = opened(&mut own, &fields, &[("记录.png", b"<html><script>")]).await;
    script.is(422).says("“记录.png”：无法识别这个文件的内容");
    assert_eq!(script.field("title"), "一门课", "what was typed stays");
    let sound = opened(&mut own, &fields, &[("记录.mp3", b"ID3\x04\0")]).await;
    sound.is(422).says("这里需要图片或 PDF，上传的是 mp3 文件");
    let four = [("a.jpg", PICTURE); 4];
    opened(&mut own, &fields, &four).await.is(422).says("证明材料最多 3 个文件");
    let large = vec![0_u8; (10 << 20) + 1];
    opened(&mut own, &fields, &[("大.jpg", &large)]).await.is(422).says("每个不超过 10 MB");
    own.get("/hours").await.shows("没有提出过异议");

    let page = opened(&mut own, &fields, &[("记录截图.jpg", PICTURE)]).await;
    page.shows("待答复").shows("记录截图.jpg");
    let file = page.link("/hours/disputes/");
    let seen = own.get(&file).await;
    assert_eq!((seen.status.as_u16(), &seen.bytes[..]), (200, PICTURE));

    let mut clerk = place.browser(&school.clerk).await;
    let address = in_inbox(&mut clerk).await;
    let shown = clerk.get(&address).await;
    shown.shows("记录截图.jpg");
    let proof = shown.link(&format!("{address}/files/"));
    assert_eq!(&clerk.get(&proof).await.bytes[..], PICTURE);
    clerk.get(&file).await.is(404);
    let others: [&Persona; 4] =
        [&school.teachers[1], &school.principal, &place.town.schools[1].clerk, &place.town.neighbour_office];
    for persona in others {
        let mut other = place.browser(persona).await;
        other.get(&proof).await.is(404);
        other.get(&file).await.is(404);
    }
});

story!(what_was_upheld_stays_with_the_office_until_it_is_mended, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    let report = online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)));
    let Logged::Entered(entry) = logged(&place, &report).await else { panic!("entered") };
    place.test.clock.advance(chrono::TimeDelta::hours(1));
    let mut own = place.browser(teacher).await;
    let about = entry.to_string();
    opened(&mut own, &[("entry", &about), ("text", "这门课不是我学的")], &[]).await.shows("待答复");

    let mut clerk = place.browser(&school.clerk).await;
    let address = in_inbox(&mut clerk).await;
    let mend = format!("{address}/mend");
    clerk.post(&mend, &[("line", &about)]).await.is(422).says("现在不需要更正");
    let upheld = clerk.post(&address, &[("answer", "情况属实"), ("do", "uphold")]).await;
    upheld.shows("待更正").shows("还没有新的入账或冲销").hides("已更正，办结");
    own.get("/hours").await.shows("异议成立，待更正").shows("情况属实").hides("有异议：");
    clerk.get("/hours/inbox").await.shows("异议成立，待更正（1）").shows(&teacher.name);
    // The disputed line itself was there before, and mends nothing.
    clerk.post(&mend, &[]).await.is(422).says("请勾选更正这项异议");
    clerk.post(&mend, &[("line", &about)]).await.is(422).says("请勾选更正这项异议");

    place.test.clock.advance(chrono::TimeDelta::hours(1));
    let reverse = upheld.link("/hours/entries/");
    let back = clerk.post(&reverse, &[("reason", "不是本人学习")]).await;
    assert_eq!(back.path, address, "the way leads back to the dispute");
    back.shows("已冲销").shows("冲销“");
    let line = back.field("line");
    for persona in [&school.principal, &place.town.schools[1].clerk, &place.town.neighbour_office] {
        place.browser(persona).await.post(&mend, &[("line", &line)]).await.is(404);
    }
    clerk.post(&mend, &[("line", &line)]).await.shows("已办结");
    clerk.get("/hours/inbox?state=upheld").await.shows(&teacher.name);
    let initials = PersonName::parse(&teacher.name).expect("a name").initials();
    clerk.get(&format!("/hours/inbox?state=upheld&q={initials}")).await.shows(&teacher.name);
    let nobody = clerk.get("/hours/inbox?state=upheld&q=%25").await;
    nobody.hides(&teacher.name).shows("没有符合条件的异议").shows("清除筛选");
    clerk.get(&address).await.shows("更正：").shows("冲销“").hides("异议不成立");
    own.get("/hours").await.shows("异议成立").shows("更正：").hides("待更正");
    clerk.post(&mend, &[("line", &line)]).await.is(422).says("现在不需要更正");
});

story!(an_answer_is_turned_round_as_long_as_nothing_is_mended, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut own = place.browser(&school.teachers[0]).await;
    opened(&mut own, &[("title", "一门课"), ("text", "没有记上")], &[]).await.shows("待答复");
    let mut clerk = place.browser(&school.clerk).await;
    let address = in_inbox(&mut clerk).await;
    clerk.post(&address, &[("answer", "属实"), ("do", "uphold")]).await.shows("导入学时");
    clerk.post(&address, &[("answer", "属实"), ("do", "uphold")]).await.is(422).says("已经答复");
    clerk.post(&address, &[("answer", "平台查无记录"), ("do", "reject")]).await.shows("已答复");
    own.get("/hours").await.shows("异议不成立").shows("平台查无记录").hides("属实");
    clerk.post(&address, &[("answer", "还是属实"), ("do", "uphold")]).await.is(422).says("已经答复");
});
