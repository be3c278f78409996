//! Stories of works that are read by those who judge them.

use tisheng_kernel::Level;
use tisheng_testkit::{Chosen, story};

use super::{all_judge, handed_in, judge, persona, reviews, town};
use crate::evidence::samples::{docx, pptx};
use crate::review::Duty;

story!(a_reviewer_reads_the_text_of_a_document_and_not_its_name, |engine| async move {
    let world = town(engine).await;
    let mut mine = world.teacher(0).await;
    let draft = world.id(&mine.post("/evidence", &[("capability", "A6")]).await.path);
    let bytes = docx(&["教学目标：会读统计图"]);
    let upload = [Chosen { field: "file", name: "教师甲的设计.docx", bytes: &bytes }];
    mine.post_files(&format!("/evidence/{draft}/pieces/A6-1/files"), &[], &upload).await.is(200);
    let work = handed_in(&world, 0, "A6").await;
    let review = reviews(&world, &work).await.into_iter().find(|r| r.duty == Duty::Peer).expect("a peer");
    let mut peer = world.browser(persona(&world, review.reviewer)).await;
    let page = peer.get(&format!("/review/{}", review.id)).await;
    let html = page.hides("教师甲").html();
    let frame =
        html.split("<iframe src=\"").find_map(|rest| rest.split('"').next().filter(|a| a.ends_with("/text")));
    let frame = frame.expect("a document in a frame").to_owned();
    peer.get(&frame).await.is(200).shows("教学目标：会读统计图").hides("教师甲");
    let others = reviews(&world, &work).await;
    let stranger =
        world.town.school().teachers.iter().find(|t| others.iter().all(|r| r.reviewer != t.person.uuid()));
    world.browser(stranger.expect("somebody not asked")).await.get(&frame).await.is(404);
});

story!(a_panel_member_reads_slides_and_sheets_in_the_page, |engine| async move {
    let world = town(engine).await;
    let mut mine = world.teacher(0).await;
    let draft = world.id(&mine.post("/evidence", &[("capability", "A2")]).await.path);
    let slides = pptx(&["分数的意义", "折一折"], "这里留三分钟");
    let rows = (1..=300).map(|n| [format!("学生{n}"), n.to_string()]);
    let sheet = tisheng_sheet::xlsx("前测成绩", &["姓名", "得分"], &[false, true], rows).expect("a workbook");
    let uploads = [
        Chosen { field: "file", name: "课件.pptx", bytes: &slides },
        Chosen { field: "file", name: "成绩.xlsx", bytes: &sheet },
    ];
    mine.post_files(&format!("/evidence/{draft}/pieces/A2-2/files"), &[], &uploads).await.is(200);
    let work = handed_in(&world, 0, "A2").await;
    all_judge(&world, &work, Level::Pass).await;
    let all = reviews(&world, &work).await;
    let review = all.iter().find(|r| r.duty == Duty::Panel).expect("a member");
    let mut member = world.browser(persona(&world, review.reviewer)).await;
    let page = member.get(&format!("/review/{}", review.id)).await.html();
    let frames = page.split("<iframe src=\"").skip(1).filter_map(|rest| rest.split('"').next());
    let frames: Vec<String> = frames.filter(|frame| frame.ends_with("/text")).map(str::to_owned).collect();
    let [deck, book] = frames.as_slice() else { panic!("two frames: {frames:?}") };
    let read = member.get(deck).await;
    read.is(200).shows("第 1 页：分数的意义").shows("第 2 页：折一折").shows("备注").shows("这里留三分钟");
    let picture = deck.replace("/text", &format!("/{}", read.link("pictures/")));
    let served = member.get(&picture).await;
    served.is(200);
    assert_eq!(served.headers["content-type"], "image/jpeg");
    let grid = member.get(book).await;
    grid.is(200).shows("工作表：前测成绩").shows("学生199").hides("学生200").shows("只显示前 200 行");

    let stranger =
        world.town.school().teachers.iter().find(|t| all.iter().all(|r| r.reviewer != t.person.uuid()));
    let stranger = world.browser(stranger.expect("somebody not asked")).await;
    let elsewhere = world.browser(&world.town.schools[1].principal).await;
    for mut other in [stranger, elsewhere] {
        for path in [deck, book, &picture] {
            other.get(path).await.is(404);
        }
    }
    world.test.browser().get(&picture).await.hides("pixels");
    judge(&world, review, "A2", Level::Pass).await.1.shows("已提交");
    for path in [deck, &picture] {
        member.get(path).await.is(404);
    }
});
