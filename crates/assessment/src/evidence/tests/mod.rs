//! Stories of handing in, told on both engines.

mod naming;
mod reading;
mod tus;
mod world;

use tisheng_testkit::{Chosen, story};

use world::begin;
pub(crate) use world::{World, begin_with};

use super::samples::{docx, fill, film, hand_in, pdf, photo};
use super::{Onward, State, advance, load};

story!(a_teacher_hands_in_and_what_was_handed_in_stays, |engine| async move {
    let world = begin(engine).await;
    let mut ding = world.teacher(0).await;
    let list = ding.get("/evidence").await;
    list.shows("A6").shows("未开始").shows("综合课堂实录");
    let (begun, proposed) = ("aria-label=\"开始准备：", "<button type=\"submit\" aria-label=\"开始准备：");
    let count = |what: &str| list.html().matches(what).count();
    assert!(count(begun) > 1 && count(proposed) == 1, "one step is proposed: {}", list.html());
    let draft = ding.post("/evidence", &[("capability", "A6")]).await;
    draft.shows("教学设计").shows("草稿已建立");
    let id = world.id(&draft.path);

    let saved = ding
        .post_only(
            &format!("/evidence/{id}/pieces/A6-1/draft"),
            &[("version-A6-1", "0"), ("body-A6-1", "目标与步骤")],
        )
        .await;
    saved.is(200);
    assert!(saved.html().contains("\"version\":1"), "{}", saved.html());
    ding.post_only(
        &format!("/evidence/{id}/pieces/A6-1/draft"),
        &[("version-A6-1", "0"), ("body-A6-1", "别的窗口")],
    )
    .await
    .is(409);
    let merged =
        ding.post(&format!("/evidence/{id}"), &[("version-A6-1", "0"), ("body-A6-1", "别的窗口")]).await;
    merged.is(409);
    assert!(merged.text().contains("目标与步骤") && merged.text().contains("别的窗口"), "both are shown");

    let lacking = ding.get(&format!("/evidence/{id}/check")).await;
    lacking.shows("还不能提交").shows("填写“");
    assert_eq!(lacking.text().matches("还没有内容").count(), 2, "once for each piece: {}", lacking.text());
    let files = format!("/evidence/{id}/pieces/A6-2/files");
    let clip = film(540, 2000);
    let video = Chosen { field: "file", name: "课堂.mp4", bytes: &clip };
    ding.post_files(&files, &[], &[video]).await.shows("课堂.mp4").shows("9 分 0 秒");
    ding.post(&format!("/evidence/{id}"), &[("version-A6-3", "0"), ("body-A6-3", "课后反思")]).await;

    let check = ding.get(&format!("/evidence/{id}/check")).await;
    check.hides("还不能提交");
    let seen = check.field("seen");
    let submit = format!("/evidence/{id}/submit");
    ding.post(&submit, &[("seen", &seen)]).await.is(422).hides("已提交，现在");
    // What another window has put in meanwhile is looked at before it is handed in.
    let later = [("version-A6-3", "1"), ("body-A6-3", "课后反思与改进")];
    ding.post(&format!("/evidence/{id}"), &later).await.shows("已保存");
    let stale = ding.post(&submit, &[("seen", &seen), ("consent", "given")]).await;
    let seen = stale.is(409).says("在别的窗口修改过").says("课后反思与改进").field("seen");
    let sent = [("seen", seen.as_str()), ("consent", "given"), ("_key", "018f3b1e5a3c7a1e8a1e5a3c7a1e8a1e")];
    ding.post(&submit, &sent).await.shows("已提交，现在的状态：已提交，待自评");
    ding.post(&submit, &sent).await.shows("已提交，待自评");
    let list = ding.get("/evidence").await;
    let proposed = format!("<a class=\"button\" href=\"/review/self/{id}\"");
    assert!(list.html().contains(&proposed), "others wait for it, whatever stands above: {}", list.html());
    assert!(!list.html().contains("<button type=\"submit\" aria-label=\"开始准备："), "one alone");
    let back = ding.get(&format!("/evidence/{id}/check")).await;
    assert_eq!(back.shows("这一步已完成").path, format!("/evidence/{id}"));
    ding.post(&submit, &[("seen", &seen), ("consent", "given")]).await.is(403);

    ding.post_only(
        &format!("/evidence/{id}/pieces/A6-3/draft"),
        &[("version-A6-3", "2"), ("body-A6-3", "改")],
    )
    .await
    .is(403);
    ding.post_files(&files, &[], &[Chosen { field: "file", name: "课堂.mp4", bytes: &clip }]).await.is(403);
    ding.get(&format!("/evidence/{id}")).await.shows("校验码").shows("课后反思").hides("上传文件");
});

story!(a_file_counts_by_its_bytes_and_loses_its_place, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let design = format!("/evidence/{id}/pieces/A6-1/files");
    let clip = format!("/evidence/{id}/pieces/A6-2/files");
    let page = b"<html><script>alert(1)</script>".to_vec();
    let hostile = Chosen { field: "file", name: "设计.docx", bytes: &page };
    teacher.post_files(&design, &[], &[hostile]).await.is(422);
    let document = pdf();
    let wrong = Chosen { field: "file", name: "课堂.mp4", bytes: &document };
    let refused = teacher.post_files(&clip, &[], &[wrong]).await;
    refused.is(422);
    assert!(refused.text().contains("这里需要视频"), "{}", refused.text());
    teacher.post_files(&clip, &[], &[]).await.is(422);

    let long = film(601, 100);
    let taken =
        teacher.post_files(&clip, &[], &[Chosen { field: "file", name: "长.mp4", bytes: &long }]).await;
    taken.is(200).shows("请剪辑后替换");
    teacher.get(&format!("/evidence/{id}/check")).await.shows("超过 10 分钟");

    let right = Chosen { field: "file", name: "设计.pdf", bytes: &document };
    let page = teacher.post_files(&design, &[], &[right]).await;
    let file = page.shows("设计.pdf").link(&format!("/evidence/{id}/files/"));
    let served = teacher.get(&file).await;
    assert_eq!(served.bytes, document);
    assert_eq!(served.headers["content-type"], "application/pdf");
    let mut range = http::HeaderMap::new();
    range.insert("range", "bytes=0-4".parse().expect("a header"));
    let part = teacher.send(http::Method::GET, &file, range, Vec::new()).await;
    part.is(206);
    assert_eq!(part.bytes.as_ref(), b"%PDF-");

    let item = file.rsplit('/').next().expect("an id").to_owned();
    let field = format!("replace-{item}");
    let newer = [Chosen { field: &field, name: "新设计.pdf", bytes: &document }];
    let replaced = teacher.post_files(&design, &[], &newer).await;
    replaced.shows("新设计.pdf").hides(" 设计.pdf");
    teacher.get(&file).await.is(404);

    // Pressed twice, it is there once and nothing is said against it, also beside a file that is not taken.
    let again = teacher.post_files(&design, &[], &newer).await;
    again.is(200).shows("新设计.pdf").hides("已经不在了");
    let beside = Chosen { field: "file-A6-2", name: "课堂.mp4", bytes: &document };
    let twice = [Chosen { field: &field, name: "新设计.pdf", bytes: &document }, beside];
    let mixed = teacher.post_files(&design, &[], &twice).await;
    mixed.is(422).says("“课堂.mp4”没有上传：").hides("“新设计.pdf”没有上传");
    let page = teacher.get(&format!("/evidence/{id}")).await;
    assert_eq!(page.shows("新设计.pdf").html().matches("/remove\"").count(), 2, "the recording, and this");
    // Another file has nothing left to replace.
    let other = [Chosen { field: &field, name: "另一份.pdf", bytes: &document }];
    teacher
        .post_files(&design, &[], &other)
        .await
        .is(422)
        .says("“另一份.pdf”没有上传：要替换的文件已经不在了");
});

story!(whichever_button_is_pressed_what_was_typed_is_saved, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let page = teacher.get(&format!("/evidence/{id}")).await;
    let was = ["was-A6-1", "was-A6-3"].map(|name| page.field(name));
    let typed = |design: &'static str, reflection: &'static str, version: &'static str| {
        [
            ("body-A6-1", design),
            ("version-A6-1", version),
            ("was-A6-1", was[0].as_str()),
            ("body-A6-3", reflection),
            ("version-A6-3", "0"),
            ("was-A6-3", was[1].as_str()),
        ]
    };
    let both = teacher.post(&format!("/evidence/{id}"), &typed("教学目标", "课后反思", "0")).await;
    both.shows("已保存").shows("教学目标").shows("课后反思");

    // A file that is not taken takes nothing of the texts with it; they say where they stand.
    let document = pdf();
    let files = format!("/evidence/{id}/pieces/A6-2/files");
    let wrong = [Chosen { field: "file-A6-2", name: "课堂.mp4", bytes: &document }];
    let refused = teacher.post_files(&files, &typed("教学目标与步骤", "", "1"), &wrong).await;
    refused.is(422).says("这里需要视频").says("教学目标与步骤").says("课后反思");
    teacher.get(&format!("/evidence/{id}")).await.shows("教学目标与步骤");

    // Taken from the page of another window: what nobody touched there is no conflict, what was typed is one.
    let clip = film(300, 100);
    let right = [Chosen { field: "file-A6-2", name: "课堂.mp4", bytes: &clip }];
    teacher.post_files(&files, &typed("", "", "0"), &right).await.is(200).shows("课堂.mp4");
    teacher.get(&format!("/evidence/{id}")).await.shows("教学目标与步骤").shows("课后反思");
    let stale = teacher.post_files(&files, &typed("另写一份", "", "0"), &right).await;
    stale.is(409).says("另写一份").says("教学目标与步骤").says("请重新选择");

    let item = stale.link(&format!("/evidence/{id}/files/")).rsplit('/').next().expect("an id").to_owned();
    let remove = format!("/evidence/{id}/items/{item}/remove");
    teacher.post(&remove, &typed("最后一稿", "", "2")).await.hides("课堂.mp4").shows("最后一稿");
    // Whoever types the first text again means it, and a button whose file has gone says so and saves what it can.
    teacher.post(&remove, &typed("", "", "3")).await.says("这个文件已经不在了").hides("最后一稿");
    let check = [&typed("定稿", "", "4")[..], &[("then", "check")]].concat();
    let check = teacher.post(&format!("/evidence/{id}"), &check).await;
    assert_eq!(check.shows("定稿").hides("内容已保存").path, format!("/evidence/{id}/check"));
});

story!(of_several_files_those_that_are_right_are_taken_and_the_others_named, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let document = pdf();
    let file = |field, name| Chosen { field, name, bytes: document.as_slice() };
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    let text = [("body-A6-1", "教学目标"), ("version-A6-1", "0")];
    let all = [file("file-A6-1", "设计.pdf"), file("file-A6-2", "课堂.mp4"), file("file-A6-2", "课后.mp4")];
    let mixed = teacher.post_files(&files, &text, &all).await;
    mixed.is(422).says("设计.pdf").says("教学目标").says("“课堂.mp4”没有上传：").says("“课后.mp4”没有上传：");
    let page = teacher.get(&format!("/evidence/{id}")).await;
    page.shows("设计.pdf").shows("教学目标").hides("课堂.mp4");
    assert_eq!(page.html().matches("/remove\"").count(), 1);

    // As many as a piece takes, whatever has been typed into it; of one more than fit the rest is taken.
    let names: Vec<String> = (1..=20).map(|n| format!("设计{n}.pdf")).collect();
    let many: Vec<Chosen<'_>> = names.iter().map(|name| file("file-A6-1", name)).collect();
    let full = teacher.post_files(&files, &[], &many).await;
    full.is(422).says("“设计20.pdf”没有上传：每项材料最多 20 个文件").says("设计19.pdf");
    let page = teacher.get(&format!("/evidence/{id}")).await;
    assert_eq!(page.html().matches("/remove\"").count(), 20);
});

story!(of_several_texts_those_that_can_be_saved_are, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let draft = format!("/evidence/{id}");
    let both = |design: &'static str, reflection: &'static str| {
        [("body-A6-1", design), ("version-A6-1", "0"), ("body-A6-3", reflection), ("version-A6-3", "1")]
    };
    teacher.post(&draft, &[("body-A6-1", "甲窗的设计"), ("version-A6-1", "0")]).await.shows("已保存");
    teacher.post(&draft, &[("body-A6-3", "反思一"), ("version-A6-3", "0")]).await.shows("已保存");
    let stale = teacher.post(&draft, &both("乙窗的设计", "反思二")).await;
    stale.is(409).says("乙窗的设计").says("甲窗的设计").says("反思二");
    teacher.get(&draft).await.shows("反思二").shows("甲窗的设计").hides("乙窗的设计");

    // How long a recording is, is saved by every button, and what is no number is given back.
    let sound =
        [Chosen { field: "file-A6-2", name: "课堂.webm", bytes: b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm" }];
    let files = format!("/evidence/{id}/pieces/A6-2/files");
    let page = teacher.post_files(&files, &[], &sound).await;
    let item =
        page.is(200).link(&format!("/evidence/{id}/files/")).rsplit('/').next().expect("an id").to_owned();
    let minutes = format!("minutes-{item}");
    let typed = |text: &'static str| [(minutes.as_str(), text)];
    assert_eq!(teacher.post(&draft, &typed("9")).await.field(&minutes), "9");
    let wrong = teacher.post(&draft, &typed("九")).await;
    assert_eq!(wrong.is(422).says("应在 1 到 600 之间").field(&minutes), "九");
    teacher.post(&format!("/evidence/{id}/items/{item}/length"), &typed("")).await.is(422).says("请填写时长");
    assert_eq!(teacher.post(&draft, &typed("12")).await.field(&minutes), "12");
});

story!(a_photo_is_stored_without_the_place_it_was_taken_at, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A8")]).await.path);
    let bytes = photo();
    assert!(bytes.windows(3).any(|w| w == b"GPS"));
    let files = format!("/evidence/{id}/pieces/{}/files", world.picture_piece("A8"));
    let page =
        teacher.post_files(&files, &[], &[Chosen { field: "file", name: "照片.jpg", bytes: &bytes }]).await;
    let served = teacher.get(&page.shows("照片.jpg").link(&format!("/evidence/{id}/files/"))).await;
    assert!(!served.bytes.windows(3).any(|w| w == b"GPS"), "the place is gone");
    assert!(served.bytes.windows(6).any(|w| w == b"pixels"), "the picture is there");
});

story!(files_are_ordered_and_removed, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    let document = pdf();
    let two = ["甲.pdf", "乙.pdf"].map(|name| Chosen { field: "file", name, bytes: &document });
    teacher.post_files(&files, &[], &two).await.is(200);
    // Sent again over a bad network, a file stands there once.
    let page = teacher.post_files(&files, &[], &two[..1]).await;
    assert_eq!(page.html().matches("/remove\"").count(), 2);
    let order = |text: &str| text.find("甲.pdf") < text.find("乙.pdf");
    assert!(order(&page.text()));
    let up = page.link(&format!("/evidence/{id}/items/"));
    assert!(up.ends_with("/remove"), "the first file has nothing above it: {up}");
    let second = up.rsplit('/').nth(1).expect("an id").to_owned();
    let html = page.html();
    let up = html.split("action=\"").filter_map(|rest| rest.split('"').next()).find(|a| a.ends_with("/up"));
    let up = up.expect("the second can be moved up").to_owned();
    assert!(!up.contains(&second));
    let turned = teacher.post(&up, &[]).await;
    assert!(!order(&turned.text()), "{}", turned.text());
    let removed = teacher.post(&format!("/evidence/{id}/items/{second}/remove"), &[]).await;
    removed.shows("乙.pdf").hides("甲.pdf");
});

story!(what_is_somebody_elses_looks_as_if_it_were_not_there, |engine| async move {
    let world = begin(engine).await;
    let mut owner = world.teacher(0).await;
    let id = world.id(&owner.post("/evidence", &[("capability", "A6")]).await.path);
    let document = pdf();
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    let upload = [Chosen { field: "file", name: "设计.pdf", bytes: &document }];
    let page = owner.post_files(&files, &[], &upload).await;
    let file = page.link(&format!("/evidence/{id}/files/"));
    let item = file.rsplit('/').next().expect("an id").to_owned();
    let foreign = [world.teacher(1).await, world.browser(&world.town.school().principal).await];
    for mut other in foreign {
        for path in [format!("/evidence/{id}"), format!("/evidence/{id}/check"), file.clone()] {
            other.get(&path).await.is(404);
        }
        for path in [
            format!("/evidence/{id}/submit"),
            format!("/evidence/{id}/revise"),
            format!("/evidence/{id}/pieces/A6-1/draft"),
            format!("/evidence/{id}"),
            format!("/evidence/{id}/items/{item}/remove"),
            format!("/evidence/{id}/items/{item}/up"),
            format!("/evidence/{id}/items/{item}/length"),
        ] {
            let fields = [("consent", "given"), ("version-A6-1", "0"), ("body-A6-1", "x")];
            other.post(&path, &fields).await.is(404);
        }
        other.post_files(&files, &[], &upload).await.is(404);
    }
    owner.post("/evidence", &[("capability", "B1")]).await.is(404);
    let mut stranger = world.test.browser();
    stranger.get(&file).await.hides("设计");
    assert!(
        !stranger
            .send(http::Method::GET, &file, http::HeaderMap::new(), Vec::new())
            .await
            .status
            .is_success()
    );
});

story!(a_returned_revision_is_followed_by_another_and_kept, |engine| async move {
    let world = begin(engine).await;
    let ctx = world.test.ctx(world.town.school().teachers[0].who());
    let submitted = hand_in(&ctx, "A6").await.expect("handed in");
    let mut tx = ctx.write().await.expect("a transaction");
    let illegal = advance(&ctx, &mut tx, &submitted, Onward::Returned("理由")).await;
    assert!(illegal.is_err(), "nothing is returned before a panel has it");
    drop(tx);
    let mut tx = ctx.write().await.expect("a transaction");
    let step = Onward::Step(State::Panel, "panel");
    advance(&ctx, &mut tx, &submitted, step).await.expect("into the panel");
    let stale = advance(&ctx, &mut tx, &submitted, step).await;
    assert!(stale.is_err(), "a move is made once");
    let now = load(&mut tx, submitted.programme, submitted.id).await.expect("there");
    advance(&ctx, &mut tx, &now, Onward::Returned("设计不完整")).await.expect("returned");
    tx.commit().await.expect("commits");

    let mut teacher = world.teacher(0).await;
    teacher.get("/evidence").await.shows("退回意见：设计不完整");
    let new = teacher.post(&format!("/evidence/{}/revise", submitted.id), &[]).await;
    new.shows("第 2 稿").shows("设计不完整").shows("正文");
    assert_ne!(world.id(&new.path), submitted.id.to_string());
    teacher.post(&format!("/evidence/{}/revise", submitted.id), &[]).await.is(403);
    fill(&ctx, world.id(&new.path).parse().expect("an id")).await.expect("filled");
    teacher.get(&format!("/evidence/{}", submitted.id)).await.shows("第 1 稿").shows("第 2 稿");
});

story!(a_small_file_that_unpacks_to_much_is_refused_and_a_name_is_what_it_seems, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    teacher.get(&format!("/evidence/{id}")).await.shows("每个文件不超过");
    let blank = " ".repeat(4 << 20);
    let bomb = docx(&[&blank]);
    assert!(bomb.len() < 20_000);
    let refused =
        teacher.post_files(&files, &[], &[Chosen { field: "file", name: "a.docx", bytes: &bomb }]).await;
    refused.is(422);
    assert!(refused.text().contains("压缩结构异常"), "{}", refused.text());

    let picture = format!("/evidence/{}/pieces/{}/files", id, world.picture_piece("A8"));
    let other = world.id(&teacher.post("/evidence", &[("capability", "A8")]).await.path);
    let picture = picture.replace(&id, &other);
    let huge = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x75\x30\0\0\x75\x30\x08\x06\0\0\0crc!".to_vec();
    let refused =
        teacher.post_files(&picture, &[], &[Chosen { field: "file", name: "a.png", bytes: &huge }]).await;
    refused.is(422);
    assert!(refused.text().contains("图片尺寸过大（30000×30000）"), "{}", refused.text());

    let document = pdf();
    let turned = [Chosen { field: "file", name: "设计\u{202e}fdp.exe.pdf", bytes: &document }];
    let page = teacher.post_files(&files, &[], &turned).await;
    page.shows("设计fdp.exe.pdf");
    assert!(!page.html().contains('\u{202e}'));
});
