//! Small invented files, whole, broken and hostile.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use proptest::prelude::*;
use rust_xlsxwriter::Workbook;

use super::marks::Reading;
use super::words::styles_in;
use super::{Block, Content, Document, PART, PICTURES, Piece, SHOWN, Seen, Text};
use super::{is_named, named_in, picture, read};
use crate::Refusal;

/// The beginning of a picture of 2 by 2 dots.
const DOTS: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\x02\0\0\0\x02\x08\x06\0\0\0crc!";

fn package(parts: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("a part");
        zip.write_all(bytes).expect("written");
    }
    Cursor::new(zip.finish().expect("an archive").into_inner())
}

fn body(inner: &str) -> String {
    format!("<?xml version=\"1.0\"?><w:document xmlns:w=\"w\"><w:body>{inner}</w:body></w:document>")
}

fn relations(parts: &[(&str, &str, &str)]) -> String {
    let one = |(id, kind, target): &(&str, &str, &str)| {
        let mode = if target.starts_with("http") { " TargetMode=\"External\"" } else { "" };
        format!("<Relationship Id=\"{id}\" Type=\"http://x/{kind}\" Target=\"{target}\"{mode}/>")
    };
    format!("<Relationships>{}</Relationships>", parts.iter().map(one).collect::<String>())
}

fn of(inner: &str) -> Document {
    read(package(&[("word/document.xml", body(inner).as_bytes())]), Content::Docx).expect("a document")
}

fn blocks(inner: &str) -> Vec<Block> {
    of(inner).chapters.remove(0).blocks
}

fn p(text: &str) -> String {
    format!("<w:p><w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

fn words(text: &str) -> Text {
    vec![Piece::Words(text.to_owned())]
}

fn says(text: &str) -> Block {
    Block::Paragraph(words(text))
}

fn drawn(id: &str, said: &str) -> String {
    format!(
        "<w:drawing><wp:inline><wp:extent cx=\"952500\" cy=\"1\"/><wp:docPr descr=\"{said}\"/><pic:pic><pic:nvPicPr><pic:cNvPr/></pic:nvPicPr>\
         <a:blip r:embed=\"{id}\"/></pic:pic></wp:inline></w:drawing>"
    )
}

#[test]
fn paragraphs_headings_points_and_tables_come_in_order() {
    let styles = "<w:styles xmlns:w=\"w\"><w:style w:styleId=\"2\"><w:name w:val=\"heading 2\"/></w:style>\
         <w:style w:styleId=\"L\"><w:pPr><w:numPr/></w:pPr></w:style></w:styles>";
    let heading = "<w:p><w:pPr><w:pStyle w:val=\"2\"/></w:pPr><w:r><w:t>教学目标</w:t></w:r></w:p>";
    let listed = "<w:p><w:pPr><w:pStyle w:val=\"L\"/></w:pPr><w:r><w:t>二、</w:t></w:r></w:p>";
    let point = "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>一、</w:t><w:tab/><w:t>会用</w:t></w:r></w:p>";
    let table =
        format!("<w:tbl><w:tr><w:tc>{}{}</w:tc><w:tc>{}</w:tc></w:tr></w:tbl>", p("甲"), p("乙"), p("丙"));
    let text =
        body(&[p("引言 &amp; &#65;").as_str(), heading, point, listed, table.as_str(), "<w:p/>"].concat());
    let file = package(&[("word/styles.xml", styles.as_bytes()), ("word/document.xml", text.as_bytes())]);
    let read = read(file, Content::Docx).expect("a document");
    let expected = [
        says("引言 & A"),
        Block::Heading(2, words("教学目标")),
        Block::Point(words("一、 会用")),
        Block::Point(words("二、")),
        Block::Table(vec![vec![words("甲\n乙"), words("丙")]]),
    ];
    assert_eq!(read.chapters[0].blocks, expected);
    assert!(!read.is_cut);
}

#[test]
fn pictures_stand_where_they_stood_and_are_taken_out_by_their_place() {
    let text = body(&format!(
        "<w:p><w:r><w:t>前</w:t>{}<w:t>后</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p>{}</w:p></w:tc></w:tr></w:tbl>\
         <w:p>{}{}{}</w:p>",
        drawn("r1", "统计图"),
        drawn("r1", "D:\\\\教师甲\\\\图.png"),
        drawn("r2", ""),
        drawn("r3", ""),
        drawn("gone", ""),
    ));
    let references = relations(&[
        ("r1", "image", "media/图.PNG"),
        ("r2", "image", "http://elsewhere.test/a.png"),
        ("r3", "image", "/word/media/drawing.emf"),
    ]);
    let file = package(&[
        ("word/document.xml", text.as_bytes()),
        ("word/_rels/document.xml.rels", references.as_bytes()),
        ("word/media/图.PNG", DOTS),
        ("word/media/drawing.emf", b"EMF"),
    ]);
    let read = read(file.clone(), Content::Docx).expect("a document");
    let seen = |said: &str| Piece::Picture(Seen { place: 2, said: said.to_owned(), width: Some(100) });
    let expected = [
        Block::Paragraph([words("前"), vec![seen("统计图")], words("后")].concat()),
        Block::Table(vec![vec![vec![seen("")]]]),
        says("［图片］［图片］［图片］"),
    ];
    assert_eq!(read.chapters[0].blocks, expected, "what stands elsewhere is not fetched");
    let taken = picture(file.clone(), 2).expect("a picture");
    assert_eq!((taken.media_type, taken.bytes.as_slice()), ("image/png", DOTS));
    for place in [0, 3, 4, usize::MAX] {
        assert!(matches!(picture(file.clone(), place), Err(Refusal::Unknown)), "{place} is no picture");
    }
}

/// A file that counts how often it is read elsewhere than it was.
struct Watched<'n> {
    file: Cursor<Vec<u8>>,
    jumps: &'n mut usize,
}

impl Read for Watched<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.file.read(buffer)
    }
}

impl Seek for Watched<'_> {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let before = self.file.position();
        let place = self.file.seek(to)?;
        *self.jumps += usize::from(place != before);
        Ok(place)
    }
}

/// A text with so many pictures; what is read of it, and how often that went elsewhere.
fn illustrated(pictures: usize) -> (Document, usize) {
    let names: Vec<_> = (0..pictures).map(|n| (format!("r{n}"), format!("media/{n}.png"))).collect();
    let text = body(&names.iter().map(|(id, _)| format!("<w:p>{}</w:p>", drawn(id, ""))).collect::<String>());
    let references: Vec<_> = names.iter().map(|(id, name)| (id.as_str(), "image", name.as_str())).collect();
    let references = relations(&references);
    let paths: Vec<String> = names.iter().map(|(_, name)| format!("word/{name}")).collect();
    let mut parts =
        vec![("word/document.xml", text.as_bytes()), ("word/_rels/document.xml.rels", references.as_bytes())];
    parts.extend(paths.iter().map(|path| (path.as_str(), DOTS)));
    let mut jumps = 0;
    let file = Watched { file: package(&parts), jumps: &mut jumps };
    let read = read(file, Content::Docx).expect("a document");
    (read, jumps)
}

#[test]
fn words_wait_for_no_picture() {
    let shown = |document: &Document| {
        let pieces = document.chapters[0].blocks.iter().filter_map(|block| match block {
            Block::Paragraph(text) => text.first(),
            _ => None,
        });
        pieces.filter(|piece| matches!(piece, Piece::Picture(_))).count()
    };
    let (one, few) = illustrated(1);
    let (many, more) = illustrated(40);
    assert_eq!((shown(&one), shown(&many)), (1, 40));
    assert_eq!(few, more, "no picture is gone to before it is shown");
    let (most, _) = illustrated(PICTURES + 1);
    assert_eq!((shown(&most), most.is_cut), (PICTURES, true));
    assert!(!many.is_cut);
}

#[test]
fn pictures_are_known_by_their_bytes_and_lose_their_traces() {
    let photo = b"\xff\xd8\xff\xe1\0\x17http://n/\0 GPS-30.65 \xff\xc0\0\x0b\x08\0\x10\0\x10\x01\x01\x11\0\xff\xda\0\x02dots\xff\xd9";
    let huge = b"GIF89a\xff\xff\xff\xff";
    let script = b"<svg onload='x()'/>";
    let file =
        package(&[("a.png", photo), ("b.gif", huge), ("c.png", script), ("d.gif", b"GIF89a\x02\0\x02\0")]);
    let taken = picture(file.clone(), 0).expect("a photo, whatever it is called");
    assert_eq!(taken.media_type, "image/jpeg");
    assert!(!taken.bytes.windows(3).any(|w| w == b"GPS") && taken.bytes.windows(4).any(|w| w == b"dots"));
    assert!(matches!(picture(file.clone(), 1), Err(Refusal::TooManyDots { .. })));
    assert!(matches!(picture(file.clone(), 2), Err(Refusal::Unknown)));
    assert_eq!(picture(file, 3).expect("a small one").media_type, "image/gif");
    let bomb = package(&[("a.png", &[DOTS, &vec![0; 25 << 20]].concat())]);
    assert!(matches!(picture(bomb, 0), Err(Refusal::Oversized)));
}

#[test]
fn what_is_said_twice_or_was_deleted_is_left_out() {
    let boxed = format!(
        "<w:p><w:r><w:t>前</w:t><mc:AlternateContent><mc:Choice><w:drawing>{}</w:drawing></mc:Choice>\
        <mc:Fallback><w:pict>{}</w:pict></mc:Fallback></mc:AlternateContent></w:r></w:p>",
        p("框"),
        p("框")
    );
    assert_eq!(blocks(&boxed), [says("框"), says("前")]);
    let deleted = "<w:p><w:del><w:r><w:delText>旧</w:delText></w:r></w:del><w:r><w:t>新</w:t></w:r></w:p>";
    assert_eq!(blocks(deleted), [says("新")]);
    let field = "<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>3</w:t></w:r></w:p>";
    assert_eq!(blocks(field), [says("3")]);
}

fn shape(kind: &str, paragraphs: &[&str]) -> String {
    let paragraph = |text: &&str| format!("<a:p><a:r><a:t>{text}</a:t></a:r></a:p>");
    let text: String = paragraphs.iter().map(paragraph).collect();
    let kind = if kind.is_empty() { String::new() } else { format!("<p:ph type=\"{kind}\"/>") };
    format!("<p:sp><p:nvSpPr><p:nvPr>{kind}</p:nvPr></p:nvSpPr><p:txBody>{text}</p:txBody></p:sp>")
}

fn deck() -> Cursor<Vec<u8>> {
    let main = "<p:presentation><p:sldIdLst><p:sldId id=\"257\" r:id=\"r9\"/><p:sldId id=\"256\" r:id=\"r1\"/>\
                <p:sldId id=\"258\" r:id=\"gone\"/></p:sldIdLst></p:presentation>";
    let cover =
        format!("<p:sld>{}{}</p:sld>", shape("ctrTitle", &["分数的", "意义"]), shape("sldNum", &["1"]));
    let second = format!(
        "<p:sld show=\"0\">{}{}<p:pic><p:nvPicPr><p:cNvPr descr=\"折纸\"/></p:nvPicPr><a:blip r:embed=\"r2\"/></p:pic>\
         <p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>一半</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl>\
         </p:graphicFrame><p:graphicFrame><c:chart/></p:graphicFrame></p:sld>",
        shape("title", &["动手"]),
        shape("", &["折一折", "说一说"])
    );
    let notes = format!("<p:notes>{}{}</p:notes>", shape("sldImg", &[]), shape("body", &["留三分钟"]));
    let of_main =
        relations(&[("r9", "slide", "slides/slide7.xml"), ("r1", "slide", "/ppt/slides/slide1.xml")]);
    let of_second = relations(&[
        ("r2", "image", "../media/image1.png"),
        ("r3", "notesSlide", "../notesSlides/notesSlide1.xml"),
    ]);
    package(&[
        ("ppt/presentation.xml", main.as_bytes()),
        ("ppt/_rels/presentation.xml.rels", of_main.as_bytes()),
        ("ppt/slides/slide7.xml", cover.as_bytes()),
        ("ppt/slides/slide1.xml", second.as_bytes()),
        ("ppt/slides/_rels/slide1.xml.rels", of_second.as_bytes()),
        ("ppt/notesSlides/notesSlide1.xml", notes.as_bytes()),
        ("ppt/media/image1.png", DOTS),
    ])
}

#[test]
fn slides_come_in_their_order_with_titles_pictures_and_notes() {
    let read = read(deck(), Content::Pptx).expect("slides");
    let titles: Vec<&str> = read.chapters.iter().map(|chapter| chapter.title.as_str()).collect();
    assert_eq!(titles, ["第 1 页：分数的", "第 2 页：动手", "第 3 页"]);
    assert_eq!(read.chapters[0].blocks, [says("意义")], "the number of the slide is not said twice");
    let second = &read.chapters[1];
    let expected = [
        says("折一折"),
        says("说一说"),
        Block::Paragraph(vec![Piece::Picture(Seen { place: 6, said: "折纸".to_owned(), width: None })]),
        Block::Table(vec![vec![words("一半")]]),
        says("［图片］"),
    ];
    assert_eq!(second.blocks, expected);
    assert_eq!(
        (second.notes.as_slice(), second.remark.as_str()),
        (&[says("留三分钟")][..], "这一页在放映时隐藏。")
    );
    assert_eq!(read.chapters[2].remark, "这一页在文件里找不到。");
}

#[test]
fn whoever_is_named_is_found_wherever_it_stands() {
    let names = ["教师甲", "湖滨小学"];
    let found = |file: Cursor<Vec<u8>>, content| named_in(file, content, names);
    let at = |place: &str| Some(place.to_owned());
    let split =
        "<w:p><w:r><w:t>执教：教</w:t></w:r><w:r><w:t xml:space=\"preserve\"> 师　甲</w:t></w:r></w:p>";
    let text = body(&[p("教师").as_str(), &p("甲"), split].concat());
    let head = format!("<w:hdr>{}</w:hdr>", p("湖滨&#23567;学"));
    let file = |text: &str, head: &str| {
        package(&[("word/header2.xml", head.as_bytes()), ("word/document.xml", text.as_bytes())])
    };
    assert_eq!(found(file(&text, &head), Content::Docx), [at("正文"), at("页眉")]);
    let referred = body(&p("教&#12288;师&#x200b;甲"));
    assert_eq!(found(file(&referred, ""), Content::Docx), [at("正文"), None], "spaces in whatever writing");
    let apart = body(&[p("教师").as_str(), &p("甲")].concat());
    assert_eq!(found(file(&apart, "<w:hdr><w:p>"), Content::Docx), [None, None], "two lines are no name");

    assert_eq!(named_in(deck(), Content::Pptx, ["说一说", "留三分钟"]), [at("第 2 页"), at("第 2 页的备注")]);
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("教师甲的课")
        .expect("a name")
        .write_string(0, 0, "湖滨小学")
        .expect("text");
    let file = Cursor::new(book.save_to_buffer().expect("a workbook"));
    assert_eq!(found(file, Content::Xlsx), [at("工作表名称"), at("工作表")]);
    for nothing in [deck(), Cursor::new(b"PK\x03\x04".to_vec())] {
        assert_eq!(found(nothing, Content::Pptx), [None, None]);
    }
    assert_eq!(named_in(deck(), Content::Pptx, ["折", ""]), [None, None], "one letter stands in any text");
    assert!(is_named("我是 教 师甲，", "教师甲") && !is_named("教师\n甲", "教师甲"));
}

#[test]
fn of_a_document_that_unpacks_to_too_much_the_beginning_is_looked_through() {
    let (blank, named) = (" ".repeat(9 << 20), p("教师甲"));
    let found = |inner: [&str; 2]| {
        let parts = [("word/document.xml", body(&inner.concat())), ("word/header1.xml", named.clone())];
        let parts = parts.each_ref().map(|(name, text)| (*name, text.as_bytes()));
        named_in(package(&parts), Content::Docx, ["教师甲"])
    };
    assert_eq!(found([named.as_str(), blank.as_str()]), [Some("正文".to_owned())]);
    assert_eq!(
        found([blank.as_str(), named.as_str()]),
        [None],
        "neither behind it nor in the parts that follow"
    );
}

#[test]
fn sheets_are_tables_with_letters_and_numbers() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("成绩").expect("a name");
    sheet.write_string(0, 1, "得分").expect("text").write_number(3, 0, 0.5).expect("a number");
    book.add_worksheet().set_name("空").expect("a name");
    let long = book.add_worksheet().set_name("长").expect("a name");
    for row in 0..300 {
        long.write_string(row, 0, "行").expect("text");
    }
    let file = Cursor::new(book.save_to_buffer().expect("a workbook"));
    let read = read(file, Content::Xlsx).expect("sheets");
    let row = |number: u32, cells: [&str; 2]| (number, cells.map(str::to_owned).to_vec());
    let grid =
        Block::Grid(["A", "B"].map(str::to_owned).to_vec(), vec![row(1, ["", "得分"]), row(4, ["0.5", ""])]);
    assert_eq!((read.chapters[0].title.as_str(), &read.chapters[0].blocks[0]), ("工作表：成绩", &grid));
    assert_eq!(read.chapters[1].remark, "这张工作表是空的。");
    assert!(read.chapters[2].remark.contains("只显示前 200 行"), "{}", read.chapters[2].remark);
    assert!(matches!(&read.chapters[2].blocks[0], Block::Grid(_, rows) if rows.len() == 200));
}

#[test]
fn a_long_text_is_cut_and_says_so() {
    let long = of(&p(&"长".repeat(1000)).repeat(300));
    assert!(long.is_cut && long.chapters[0].blocks.len() <= SHOWN / 1000 + 1);
    let table = of(&format!("<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", p(&"长".repeat(SHOWN + 1))));
    assert!(table.is_cut && matches!(table.chapters[0].blocks.as_slice(), [Block::Table(_)]));
}

#[test]
fn a_file_of_nothing_comes_to_an_end() {
    let cells = of(&format!("<w:tbl><w:tr>{}</w:tr></w:tbl>{}", "<w:tc/>".repeat(500_000), p("末尾")));
    assert!(cells.is_cut && cells.chapters[0].blocks.is_empty());
    let row = format!("<w:tbl>{}<w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", "<w:tr/>".repeat(500_000), p("末尾"));
    assert!(of(&row).is_cut);
    let nested = of(&"<w:p>".repeat(500_000));
    assert!(nested.is_cut && nested.chapters[0].blocks.is_empty());
}

#[test]
fn a_long_table_comes_in_parts_of_some_rows() {
    let row = format!("<w:tr><w:tc>{}</w:tc></w:tr>", p(&"长".repeat(1000)));
    let document = of(&format!("<w:tbl>{}</w:tbl>", row.repeat(50)));
    let parts = document.parts();
    let rows = |block: &Block| match block {
        Block::Table(rows) => rows.len(),
        other => panic!("{other:?}"),
    };
    let each: Vec<usize> = parts.iter().flatten().flat_map(|chapter| &chapter.blocks).map(rows).collect();
    assert!(parts.len() == 3 && each.iter().sum::<usize>() == 50, "{each:?}");
}

#[test]
fn a_long_document_comes_in_parts_that_leave_nothing_out() {
    let document = of(&p(&"长".repeat(1000)).repeat(50));
    let parts = document.parts();
    assert!(parts.len() > 1);
    let again: Vec<Block> = parts.iter().flatten().flat_map(|chapter| chapter.blocks.clone()).collect();
    assert_eq!(again, document.chapters[0].blocks);
    let largest =
        parts.iter().map(|part| part.iter().flat_map(|c| &c.blocks).map(Block::weight).sum::<usize>());
    assert!(largest.max().is_some_and(|most| most <= PART));
    assert_eq!(Document::default().parts().len(), 1);
    let slides = read(deck(), Content::Pptx).expect("slides");
    assert_eq!(slides.parts(), [slides.chapters]);
}

#[test]
fn what_is_no_document_is_refused() {
    let other = || package(&[("xl/workbook.xml", b"")]);
    for content in [Content::Docx, Content::Pptx, Content::Xlsx, Content::Doc] {
        assert!(read(Cursor::new(b"PK\x03\x04".to_vec()), content).is_err());
        assert!(read(other(), content).is_err(), "{content:?}");
    }
    let entities = "<!DOCTYPE x [<!ENTITY a \"aaaa\">]><w:p><w:r><w:t>&a;</w:t></w:r></w:p>";
    assert_eq!(Reading::default().read(entities).expect("read").blocks, [], "nothing is made of names");
    assert!(Reading::default().read("<w:p></w:t>").is_err());
    let broken = package(&[("ppt/presentation.xml", b"<p:sldIdLst></p:x>")]);
    assert!(matches!(read(broken, Content::Pptx), Err(Refusal::Damaged)));
}

#[test]
fn what_unpacks_to_too_much_is_not_read_on() {
    let blank = vec![b' '; 65 << 20];
    let bomb = package(&[("word/document.xml", &blank)]);
    assert!(bomb.get_ref().len() < 200_000);
    assert!(matches!(read(bomb, Content::Docx), Err(Refusal::Oversized)));
    // The same slide again and again: together they are more than is read.
    let slide = [b"<p:sld>".to_vec(), vec![b' '; 30 << 20], b"</p:sld>".to_vec()].concat();
    let ids: String = (0..9).map(|_| "<p:sldId r:id=\"r\"/>").collect();
    let main = format!("<p:sldIdLst>{ids}</p:sldIdLst>");
    let references = relations(&[("r", "slide", "slides/s.xml")]);
    let bomb = package(&[
        ("ppt/presentation.xml", main.as_bytes()),
        ("ppt/_rels/presentation.xml.rels", references.as_bytes()),
        ("ppt/slides/s.xml", &slide),
    ]);
    assert!(matches!(read(bomb, Content::Pptx), Err(Refusal::Oversized)));
}

proptest! {
    #[test]
    fn every_text_is_found_as_it_was_written(text in "[a-z中文 <>&\"']{1,40}") {
        let escaped = quick_xml::escape::escape(text.as_str());
        let expected: Vec<Block> = Some(text.trim()).filter(|t| !t.is_empty()).map(says).into_iter().collect();
        prop_assert_eq!(blocks(&p(&escaped)), expected);
    }

    #[test]
    fn no_bytes_break_it(bytes: Vec<u8>, text: String, place: usize) {
        for content in Content::ALL {
            let _ = read(Cursor::new(bytes.clone()), content);
            let _ = named_in(Cursor::new(bytes.clone()), content, [text.as_str()]);
        }
        let _ = (picture(Cursor::new(bytes), place), Reading::default().read(&text), styles_in(&text));
    }
}
