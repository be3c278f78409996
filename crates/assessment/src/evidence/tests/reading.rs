//! Stories of works that are read in the page.

use tisheng_testkit::{Chosen, story};

use super::begin;
use crate::evidence::samples::{docx, office, pdf, photo, pptx};

story!(a_document_is_read_in_the_page_and_nothing_of_it_runs, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    let bytes = docx(&["教学目标：会读统计图", "<script>alert(1)</script> & 其他"]);
    let upload = [Chosen { field: "file", name: "设计.docx", bytes: &bytes }];
    let page = teacher.post_files(&files, &[], &upload).await;
    let file = page.shows("设计.docx").link(&format!("/evidence/{id}/files/"));
    assert!(page.html().contains(&format!("<iframe src=\"{file}/text\"")), "{}", page.html());
    let text = teacher.get(&format!("{file}/text")).await;
    text.is(200).shows("教学目标：会读统计图").shows("<script>alert(1)</script> & 其他");
    assert!(!text.html().contains("<script"), "{}", text.html());
    assert_eq!(teacher.get(&file).await.bytes, bytes, "the file itself is served as it came");
    world.teacher(1).await.get(&format!("{file}/text")).await.is(404);

    let document = pdf();
    let upload = [Chosen { field: "file", name: "别的.pdf", bytes: &document }];
    let other = teacher.post_files(&files, &[], &upload).await;
    let last = other.html().rfind(&format!("/evidence/{id}/files/")).expect("a second file");
    let other = other.html()[last..].split('"').next().expect("an address").to_owned();
    teacher.get(&format!("{other}/text")).await.is(404);
});

story!(a_picture_stands_in_its_text_and_is_served_to_nobody_else, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A6")]).await.path);
    let files = format!("/evidence/{id}/pieces/A6-1/files");
    let text = "<w:p><w:r><w:t>板书</w:t><w:drawing><wp:docPr descr=\"两个半圆\"/><a:blip r:embed=\"r1\"/>\
                </w:drawing></w:r></w:p>";
    let image = "<Relationships><Relationship Id=\"r1\" Type=\"x/image\" Target=\"media/image1.jpg\"/></Relationships>";
    let bytes = office(&[
        ("word/document.xml", text.as_bytes()),
        ("word/_rels/document.xml.rels", image.as_bytes()),
        ("word/media/image1.jpg", &photo()),
    ]);
    let upload = [Chosen { field: "file", name: "设计.docx", bytes: &bytes }];
    let page = teacher.post_files(&files, &[], &upload).await;
    let file = page.link(&format!("/evidence/{id}/files/"));
    let shown = teacher.get(&format!("{file}/text")).await;
    shown.is(200).shows("板书");
    let html = shown.html();
    assert!(html.contains("alt=\"两个半圆\"") && !html.contains("data:") && html.len() < 60_000, "{html}");
    let picture = format!("{file}/{}", shown.link("pictures/"));
    let served = teacher.get(&picture).await;
    served.is(200);
    assert_eq!(served.headers["content-type"], "image/jpeg");
    assert_eq!(served.headers["content-security-policy"], "default-src 'none'; sandbox");
    assert!(!served.bytes.windows(3).any(|w| w == b"GPS"), "the place is gone");
    for nothing in ["0", "99", "-1", "x"] {
        teacher.get(&format!("{file}/pictures/{nothing}")).await.is(404);
    }
    for mut other in [world.teacher(1).await, world.browser(&world.town.school().principal).await] {
        other.get(&picture).await.is(404);
    }
});

story!(a_broken_or_locked_file_has_a_sentence, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A2")]).await.path);
    let files = format!("/evidence/{id}/pieces/A2-2/files");
    let broken = [
        office(&[("word/document.xml", b"<w:p></w:x>")]),
        office(&[("ppt/presentation.xml", b"<p:sldId")]),
        office(&[("xl/workbook.xml", b"<workbook/>")]),
    ];
    for (at, bytes) in broken.iter().enumerate() {
        let upload = [Chosen { field: "file", name: "坏的", bytes }];
        let page = teacher.post_files(&files, &[], &upload).await;
        let html = page.html();
        let frames = html.split("<iframe src=\"").skip(1).filter_map(|rest| rest.split('"').next());
        let frame = frames.last().expect("a frame").to_owned();
        let shown = teacher.get(&frame).await;
        shown.is(422).says("不能在页面里显示");
        assert_eq!(html.matches("<iframe").count(), at + 1);
    }
    let locked = compound("EncryptedPackage");
    let refused =
        teacher.post_files(&files, &[], &[Chosen { field: "file", name: "锁.pptx", bytes: &locked }]).await;
    refused.is(422);
    assert!(refused.text().contains("取消密码"), "{}", refused.text());
    let old = compound("WordDocument");
    let taken =
        teacher.post_files(&files, &[], &[Chosen { field: "file", name: "旧.doc", bytes: &old }]).await;
    taken.is(200).shows("文件已上传。doc 是旧格式").shows("另存为 docx 或 PDF");
    teacher.get(&format!("/evidence/{id}")).await.shows("旧.doc").shows("doc 是旧格式");
});

/// A file from before 2007 with this stream.
fn compound(stream: &str) -> Vec<u8> {
    let mut bytes = vec![0; 1024];
    bytes[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    bytes[30] = 9;
    let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes[640..640 + name.len()].copy_from_slice(&name);
    bytes
}

story!(long_slides_come_part_by_part, |engine| async move {
    let world = begin(engine).await;
    let mut teacher = world.teacher(0).await;
    let id = world.id(&teacher.post("/evidence", &[("capability", "A3")]).await.path);
    let long = "长".repeat(9000);
    let titles = [format!("首页{long}"), format!("次页{long}"), format!("末页{long}")];
    let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
    let bytes = pptx(&titles, "");
    let upload = [Chosen { field: "file", name: "课件.pptx", bytes: &bytes }];
    let files = format!("/evidence/{id}/pieces/A3-2/files");
    let page = teacher.post_files(&files, &[], &upload).await;
    let text = format!("{}/text", page.link(&format!("/evidence/{id}/files/")));
    let first = teacher.get(&text).await;
    first.shows("第 1 页：首页").shows("第 1 段，共 2 段").hides("第 3 页：末页");
    let next = first.link("?part=");
    teacher.get(&format!("{text}{next}")).await.shows("第 3 页：末页").hides("第 1 页：首页");
    teacher.get(&format!("{text}?part=99")).await.is(200).shows("第 3 页：末页");
});
