//! Stories of authors who are named in works that are judged blind.

use axum::Router;
use tisheng_platform::jobs::Handlers;
use tisheng_rules::builtin;
use tisheng_testkit::{Chosen, story};

use super::{begin, begin_with};
use crate::evidence::samples::{docx, film, office};

story!(whoever_is_named_in_a_work_is_told_before_it_is_judged_blind, |engine| async move {
    let world = begin(engine).await;
    let (name, school) = (&world.town.school().teachers[0].name, &world.town.school().node.name);
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let (draft, check) = (format!("/evidence/{id}"), format!("/evidence/{id}/check"));
    let files = format!("{draft}/pieces/A6-1/files");
    let spaced: String = name.chars().map(|c| format!("{c}　")).collect();
    let bytes = docx(&["分数的意义", &format!("执教：{spaced}")]);
    let upload = [Chosen { field: "file", name: "设计.docx", bytes: &bytes }];
    let page = teacher.post_files(&files, &[], &upload).await;
    let told = "《设计.docx》的正文里有您的姓名，教研组互评时别人看得到，建议改为“本校教师”后再上传";
    page.is(200).shows(told);

    let typed = format!("这节课在{school}上。");
    let page = teacher.post(&draft, &[("version-A6-3", "0"), ("body-A6-3", &typed)]).await;
    page.shows("填写的内容里有学校名称，教研组互评时别人看得到，建议改为“本校”后再保存").shows(told);
    let clip = film(300, 2000);
    let video = Chosen { field: "file", name: "课堂.mp4", bytes: &clip };
    teacher.post_files(&format!("{draft}/pieces/A6-2/files"), &[], &[video]).await.is(200);
    // It is said, and nothing is refused.
    let last = teacher.get(&check).await;
    last.shows(told).shows("填写的内容里有学校名称").hides("还不能提交");

    // What its own page does not show is read by whoever downloads it.
    let item = page.link(&format!("{draft}/files/")).rsplit('/').next().expect("an id").to_owned();
    let head = format!("<w:hdr><w:p><w:r><w:t>{name}</w:t></w:r></w:p></w:hdr>");
    let body = "<w:p><w:r><w:t>分数的意义</w:t></w:r></w:p>";
    let bytes = office(&[("word/document.xml", body.as_bytes()), ("word/header1.xml", head.as_bytes())]);
    let field = format!("replace-{item}");
    let upload = [Chosen { field: &field, name: "设计.docx", bytes: &bytes }];
    let page = teacher.post_files(&files, &[], &upload).await;
    page.shows("《设计.docx》的页眉里有您的姓名").hides("正文里有");

    let item = page.link(&format!("{draft}/files/")).rsplit('/').next().expect("an id").to_owned();
    let bytes = docx(&["执教：本校教师"]);
    let field = format!("replace-{item}");
    let upload = [Chosen { field: &field, name: "设计.docx", bytes: &bytes }];
    teacher.post_files(&files, &[], &upload).await.hides("里有您的姓名");
    teacher.post(&draft, &[("version-A6-3", "1"), ("body-A6-3", "这节课在本校上。")]).await.is(200);
    teacher.get(&check).await.hides("里有您的姓名").hides("里有学校名称");
});

story!(where_nobody_judges_blind_a_name_is_no_matter, |engine| async move {
    let open = |text: &str| -> &'static str { text.replace("blind = true", "blind = false").leak() };
    let files = builtin::files("sichuan-2020").expect("a published scheme");
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, open(text))).collect();
    let jobs = crate::evidence::jobs(Handlers::default());
    let world = begin_with(engine, files.leak(), &["A2", "A3", "A6", "A8"], Router::new(), jobs).await;
    let name = &world.town.school().teachers[0].name;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let typed = format!("执教：{name}");
    let page =
        teacher.post(&format!("/evidence/{id}"), &[("version-A6-3", "0"), ("body-A6-3", &typed)]).await;
    page.shows(&typed).hides("里有您的姓名");
});
