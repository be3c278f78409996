//! Dirty files, one mistake each: it is found in its row and column, with what to do, and nothing
//! else is; and what only looks dirty is taken as it was meant.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use tisheng_testkit::{Browser, story};

use super::world::{World, csv, paper};
use crate::roster::finding::Weight;
use crate::roster::model::State;

/// The heading of the cases, in the words of the template.
const HEAD: [&str; 14] = [
    "姓名",
    "证件类型",
    "证件号码",
    "手机号",
    "学校",
    "学校标识码",
    "任教学科",
    "任教学段",
    "职称",
    "性别",
    "出生年份",
    "岗位类别",
    "到校日期",
    "登录账号",
];

/// A good row about the `n`th invented person.
fn good(n: u32) -> Vec<String> {
    let paper = paper(n);
    ["新教师", "", &paper, "", "测试一小", "", "语文", "小学", "一级教师", "", "", "", "", ""]
        .map(str::to_owned)
        .to_vec()
}

/// The good row with some cells otherwise.
fn with(cells: &[(&str, &str)]) -> Vec<String> {
    let mut row = good(1);
    for (title, text) in cells {
        let place = HEAD.iter().position(|head| head == title).expect("a column");
        row[place] = (*text).to_owned();
    }
    row
}

fn file(rows: &[Vec<String>]) -> Vec<u8> {
    let mut lines = vec![HEAD.to_vec()];
    lines.extend(rows.iter().map(|row| row.iter().map(String::as_str).collect::<Vec<_>>()));
    csv(&lines.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

/// What is to be found: row, column, weight, and words of the message.
type Expected<'a> = (u32, &'a str, Weight, &'a str);

async fn check(world: &World, clerk: &mut Browser, name: &str, bytes: &[u8], expected: &[Expected<'_>]) {
    let page = world.bring(clerk, "teachers", "名册.xlsx", bytes).await;
    let run = world.run(&page.path).await;
    let found = world.findings(&page.path).await;
    let shown: Vec<String> =
        found.iter().map(|f| format!("{} {} {:?} {}", f.row, f.field, f.weight, f.message)).collect();
    assert_eq!(found.len(), expected.len(), "{name}: {} {shown:?}", run.note);
    for (row, field, weight, words) in expected {
        let fits = found
            .iter()
            .any(|f| f.row == *row && f.field == *field && f.weight == *weight && f.message.contains(words));
        assert!(fits, "{name}: no {weight:?} in row {row}, {field}: {words}\n{shown:?}");
    }
    let wrong = expected.iter().any(|(_, _, weight, _)| *weight == Weight::Error);
    assert_eq!(run.state, if wrong { State::Wrong } else { State::Ready }, "{name}: {}", run.note);
}

/// What the case is called, the cells that are changed (column, text), the column that is blamed
/// and words of the reason.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str, &'a str);

/// Cells that are wrong alone, and what is said about them.
const WRONG_CELLS: [Case<'static>; 46] = [
    ("check digit", &[("证件号码", "110105194912310021")], "证件号码", "校验位不符"),
    ("scientific", &[("证件号码", "1.1E+17")], "证件号码", "科学计数法"),
    ("scientific, small e", &[("证件号码", "1.10105e+17")], "证件号码", "科学计数法"),
    ("scientific, full width", &[("证件号码", "１.１Ｅ＋17")], "证件号码", "科学计数法"),
    ("cut to zeros", &[("证件号码", "110105194912310000")], "证件号码", "末三位为000"),
    ("fifteen digits", &[("证件号码", "110105491231002")], "证件号码", "15位旧号码"),
    ("seventeen digits", &[("证件号码", "11010519491231002")], "证件号码", "应为18位，实为17位"),
    ("nineteen characters", &[("证件号码", "11010519491231002X1")], "证件号码", "实为19位"),
    ("letter O", &[("证件号码", "11010519491231O02X")], "证件号码", "只能包含数字"),
    ("month thirteen", &[("证件号码", "11010519491331002X")], "证件号码", "出生日期"),
    ("thirtieth of February", &[("证件号码", "11010519490230002X")], "证件号码", "出生日期"),
    ("before 1900", &[("证件号码", "11010518991231002X")], "证件号码", "出生日期"),
    ("no paper", &[("证件号码", "")], "证件号码", "没有填写"),
    ("error of the spreadsheet", &[("证件号码", "#N/A")], "证件号码", "只能包含数字"),
    ("unknown kind of paper", &[("证件类型", "学生证")], "证件类型", "证件类型应为"),
    ("short passport", &[("证件类型", "护照"), ("证件号码", "E12")], "证件号码", "5至20位"),
    ("signs in a passport", &[("证件类型", "护照"), ("证件号码", "E12#4567")], "证件号码", "5至20位"),
    ("no name", &[("姓名", "")], "姓名", "没有填写"),
    ("digit in the name", &[("姓名", "张3")], "姓名", "不能有“3”"),
    ("formula in the name", &[("姓名", "=HYPERLINK(1)")], "姓名", "不能有"),
    ("sex", &[("性别", "男女")], "性别", "性别应填"),
    ("short phone", &[("手机号", "1380000000")], "手机号", "11位"),
    ("landline", &[("手机号", "028-85551234")], "手机号", "11位"),
    ("phone beginning with 12", &[("手机号", "12800000000")], "手机号", "11位"),
    ("scientific phone", &[("手机号", "1.38E+10")], "手机号", "科学计数法"),
    ("two phones", &[("手机号", "13800000000/13900000000")], "手机号", "11位"),
    ("school nearly right", &[("学校", "测试一小学")], "学校", "是否应为“测试一小”"),
    ("school unknown", &[("学校", "某某职业中专")], "学校", "没有找到"),
    ("no school", &[("学校", "")], "学校", "没有填写"),
    ("a county is no school", &[("学校", "测试县")], "学校", "没有找到"),
    ("school code of nine digits", &[("学校标识码", "882100000")], "学校标识码", "10位数字"),
    ("school code unknown", &[("学校", ""), ("学校标识码", "8899999999")], "学校标识码", "没有标识码"),
    ("school code rounded", &[("学校标识码", "8.82E+09")], "学校标识码", "科学计数法"),
    ("code of another school", &[("学校标识码", "8821000002")], "学校标识码", "与填写的学校“测试一小”不一致"),
    ("subject unknown", &[("任教学科", "航海")], "任教学科", "请从模板的下拉列表中选择"),
    ("subject nearly right", &[("任教学科", "体育和健康")], "任教学科", "是否应为“体育与健康”"),
    ("no subject", &[("任教学科", "")], "任教学科", "没有填写"),
    ("stage unknown", &[("任教学段", "大学")], "任教学段", "无法识别“大学”"),
    ("title unknown", &[("职称", "院士")], "职称", "无法识别“院士”"),
    ("duty unknown", &[("岗位类别", "校医")], "岗位类别", "应填“专任教师”或“其他”"),
    ("arrives in the future", &[("到校日期", "2021-09-01")], "到校日期", "在今天之后"),
    ("arrival is no date", &[("到校日期", "去年九月")], "到校日期", "日期应写作"),
    ("arrival on no day", &[("到校日期", "2020-02-30")], "到校日期", "没有2020年2月30日这一天"),
    ("phone as login", &[("登录账号", "13800000000")], "登录账号", "不能使用手机号或身份证号"),
    ("short login", &[("登录账号", "ab")], "登录账号", "3至32位"),
    ("login of somebody else", &[("登录账号", "yi.js1")], "登录账号", "已被他人使用"),
];

story!(a_wrong_cell_is_named_with_row_column_and_reason, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    for (name, cells, field, words) in WRONG_CELLS {
        let bytes = file(&[good(2), with(cells)]);
        check(&world, &mut office, name, &bytes, &[(3, field, Weight::Error, words)]).await;
    }
    let long = with(&[("姓名", &"长".repeat(51))]);
    let expected = [(2, "姓名", Weight::Error, "不能超过50个字")];
    check(&world, &mut office, "a long name", &file(&[long]), &expected).await;
    let unborn = samples_future();
    let expected = [(2, "证件号码", Weight::Error, "在今天之后")];
    check(&world, &mut office, "not born yet", &file(&[with(&[("证件号码", &unborn)])]), &expected).await;
    assert_eq!(
        world.count("select count(*) from person where name = '新教师'").await,
        0,
        "a check writes nothing"
    );
});

/// A number with a birth date after the day of the stories, its check right.
fn samples_future() -> String {
    let digits = "88010120220101001";
    let check = tisheng_kernel::identity::check_character(digits).expect("digits");
    format!("{digits}{check}")
}

/// A number of somebody born in `year`, its check right; `sex` is its 17th digit.
fn born(year: u32, sex: u32) -> String {
    let digits = format!("880101{year}010177{sex}");
    let check = tisheng_kernel::identity::check_character(&digits).expect("digits");
    format!("{digits}{check}")
}

story!(what_deserves_a_look_is_a_warning, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let (child, elder, woman) = (born(2011, 1), born(1930, 1), born(1980, 2));
    let cases: [Case<'_>; 5] = [
        ("a child", &[("证件号码", &child)], "证件号码", "10 岁"),
        ("an elder", &[("证件号码", &elder)], "证件号码", "91 岁"),
        ("sex does not fit", &[("证件号码", &woman), ("性别", "男")], "性别", "第17位表示“女”"),
        (
            "year does not fit",
            &[("证件号码", &woman), ("出生年份", "1981-01")],
            "出生年份",
            "以身份证号码为准",
        ),
        ("stage that the school has not", &[("任教学段", "初中")], "任教学段", "没有初中"),
    ];
    for (name, cells, field, words) in cases {
        check(&world, &mut office, name, &file(&[with(cells)]), &[(2, field, Weight::Warning, words)]).await;
    }
    let extra = csv(&[
        &["姓名", "证件号码", "学校", "任教学科", "民族"],
        &["新教师", &paper(1), "测试一小", "语文", "汉"],
    ]);
    let expected = [(0, "", Weight::Warning, "没有读取：民族")];
    check(&world, &mut office, "a column of their own", &extra, &expected).await;
    let doubled = csv(&[
        &["姓名", "证件号码", "学校", "任教学科", "姓名"],
        &["新教师", &paper(1), "测试一小", "语文", "新教师"],
    ]);
    let expected = [(0, "", Weight::Warning, "“姓名”出现了不止一次")];
    check(&world, &mut office, "a column twice", &doubled, &expected).await;
    let mut sum = vec![String::new(); HEAD.len()];
    sum[0] = "合 计：1人".to_owned();
    let mut signed = vec![String::new(); HEAD.len()];
    (signed[0], signed[5]) = ("填表人：某某".to_owned(), "审核人：某某".to_owned());
    let expected = [
        (3, "", Weight::Warning, "“合计：1人”不是数据行"),
        (4, "", Weight::Warning, "“填表人：某某”不是数据行"),
    ];
    check(&world, &mut office, "lines below the roll", &file(&[good(1), sum, signed]), &expected).await;
});

story!(what_only_looks_dirty_is_taken_as_meant, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let permit = {
        let digits = "83000019900101001";
        format!("{digits}{}", tisheng_kernel::identity::check_character(digits).expect("digits"))
    };
    let spaced: String = paper(1).chars().flat_map(|c| [c, ' ']).collect();
    let wide: String =
        paper(1).chars().map(|c| char::from_u32(u32::from(c) + 0xfee0).expect("a wide one")).collect();
    let cases: [(&str, &[(&str, &str)]); 25] = [
        ("small x", &[("证件号码", "11010519491231002x"), ("性别", "女")]),
        ("wide X", &[("证件号码", "11010519491231002Ｘ")]),
        ("wide digits", &[("证件号码", &wide)]),
        ("spaces", &[("证件号码", &spaced)]),
        ("invisible characters", &[("证件号码", &format!("\u{200b}{}\u{feff}", paper(1)))]),
        ("passport", &[("证件类型", "护照"), ("证件号码", "e12345678"), ("出生年份", "1985年6月")]),
        ("permit", &[("证件号码", &permit)]),
        ("permit by its name", &[("证件类型", "台湾居民居住证"), ("证件号码", &permit)]),
        ("rare character", &[("姓名", "王𬭎㛃")]),
        ("private character", &[("姓名", "张\u{e863}")]),
        ("dots of names", &[("姓名", "阿卜杜•热合曼")]),
        ("wide space in a name", &[("姓名", "新　教")]),
        ("Latin name", &[("姓名", "ＬＩ Ming")]),
        ("phone with country code", &[("手机号", "+86 139-0000-0001")]),
        ("wide phone", &[("手机号", "１３９００００００２２")]),
        ("school by code alone", &[("学校", ""), ("学校标识码", "8821000001")]),
        ("subject by another name", &[("任教学科", "小学语文")]),
        ("stage by another name", &[("任教学段", "小学阶段")]),
        ("only stage of the school", &[("任教学段", "")]),
        ("title by another name", &[("职称", "小学高级教师")]),
        ("does not teach", &[("岗位类别", "工勤人员"), ("任教学科", "")]),
        ("date with dots", &[("到校日期", "2020.9.1")]),
        ("date in Chinese", &[("到校日期", "２０２０年９月１日")]),
        ("date without signs", &[("到校日期", "20200901")]),
        ("date that lost its format", &[("到校日期", "44075")]),
    ];
    for (name, cells) in cases {
        check(&world, &mut office, name, &file(&[with(cells)]), &[]).await;
    }
    let gap = vec![String::new(); HEAD.len()];
    let page =
        world.bring(&mut office, "teachers", "名册.csv", &file(&[good(1), gap.clone(), gap, good(2)])).await;
    assert_eq!(world.run(&page.path).await.tally.rows, 2, "empty rows are passed over");
});

story!(rows_that_contradict_each_other, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let mut elsewhere = good(1);
    elsewhere[4] = "测试二小".to_owned();
    let phone = |n: u32| {
        let mut row = good(n);
        row[3] = "13900000001".to_owned();
        row
    };
    let login = |n: u32| {
        let mut row = good(n);
        row[13] = "XinJiao".to_owned();
        row
    };
    let cases: [(&str, Vec<Vec<String>>, Expected<'_>); 4] = [
        ("twice", vec![good(1), good(1)], (3, "证件号码", Weight::Error, "与第 2 行是同一个证件号码")),
        (
            "at two schools",
            vec![good(1), elsewhere],
            (3, "证件号码", Weight::Error, "第 2 行登记在“测试一小”"),
        ),
        ("one phone", vec![phone(1), phone(2)], (3, "手机号", Weight::Warning, "与第 2 行的手机号相同")),
        ("one login", vec![login(1), login(2)], (3, "登录账号", Weight::Error, "与第 2 行的登录账号相同")),
    ];
    for (name, rows, expected) in cases {
        check(&world, &mut office, name, &file(&rows), &[expected]).await;
    }
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let mut foreign = good(1);
    foreign[4] = "测试二小".to_owned();
    let expected = [(2, "学校", Weight::Error, "在您的管理范围内没有找到“测试二小”")];
    check(&world, &mut clerk, "another school's roll", &file(&[foreign]), &expected).await;
});

/// A workbook of one good row, made otherwise by `change`.
fn workbook(change: impl FnOnce(&mut Workbook)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, (title, cell)) in (0_u16..).zip(HEAD.iter().zip(good(1))) {
        sheet.write_string(0, column, *title).expect("a title");
        sheet.write_string(1, column, cell).expect("a cell");
    }
    change(&mut book);
    book.save_to_buffer().expect("a workbook")
}

story!(workbooks_as_clerks_make_them, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let sheet =
        |book: &mut Workbook| book.worksheet_from_index(0).expect("a sheet").set_name("名册").map(drop);
    let rounded = workbook(|book| {
        sheet(book).expect("a name");
        let sheet = book.worksheet_from_index(0).expect("a sheet");
        sheet.write_number(1, 2, 110_105_194_912_310_020_f64).expect("a number");
    });
    let expected = [(2, "证件号码", Weight::Error, "科学计数法")];
    check(&world, &mut office, "a number for a paper", &rounded, &expected).await;
    let phone = workbook(|book| {
        let sheet = book.worksheet_from_index(0).expect("a sheet");
        sheet.write_number(1, 3, 13_900_000_001_f64).expect("a number");
        let day = ExcelDateTime::from_ymd(2020, 9, 1).expect("a day");
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_datetime_with_format(1, 12, &day, &format).expect("a date");
    });
    check(&world, &mut office, "numbers and dates as such", &phone, &[]).await;
    let merged = workbook(|book| {
        let sheet = book.worksheet_from_index(0).expect("a sheet");
        sheet.merge_range(1, 4, 2, 4, "测试一小", &Format::new()).expect("merged");
        for (column, cell) in (0_u16..).zip(good(2)).filter(|(column, _)| *column != 4) {
            sheet.write_string(2, column, cell).expect("a cell");
        }
    });
    let expected = [(0, "", Weight::Warning, "1 处合并单元格")];
    check(&world, &mut office, "merged cells", &merged, &expected).await;
    let hidden = workbook(|book| {
        book.worksheet_from_index(0).expect("a sheet").set_row_hidden(1).map(drop).expect("hidden");
    });
    check(&world, &mut office, "a hidden row", &hidden, &[(0, "", Weight::Warning, "隐藏")]).await;
    let second = workbook(|book| {
        let other = book.add_worksheet().set_name("附件").expect("a name");
        other.write_string(0, 0, "说明").expect("a cell");
    });
    check(&world, &mut office, "several sheets", &second, &[(0, "", Weight::Warning, "附件")]).await;
    let mut covered = Workbook::new();
    let cover = covered.add_worksheet().set_name("封面").expect("a name");
    cover.write_string(0, 0, "测试一小教师名册").expect("a cell");
    let sheet = covered.add_worksheet().set_name("名册").expect("a name");
    for (column, (title, cell)) in (0_u16..).zip(HEAD.iter().zip(good(1))) {
        sheet.write_string(0, column, *title).expect("a title");
        sheet.write_string(1, column, cell).expect("a cell");
    }
    let covered = covered.save_to_buffer().expect("a workbook");
    let expected = [(0, "", Weight::Warning, "只读取了工作表“名册”，没有读取：封面")];
    check(&world, &mut office, "a cover before the roll", &covered, &expected).await;
});

story!(text_files_of_every_kind, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let plain = String::from_utf8(file(&[good(1)])).expect("text");
    let (gbk, _, lost) = encoding_rs::GBK.encode(&plain);
    assert!(!lost, "every character has its GBK form");
    check(&world, &mut office, "GBK", &gbk, &[]).await;
    check(&world, &mut office, "byte-order mark", format!("\u{feff}{plain}").as_bytes(), &[]).await;
    let tabs = plain.replace("\",\"", "\"\t\"");
    check(&world, &mut office, "tabs", tabs.as_bytes(), &[]).await;
    let semicolons = plain.replace("\",\"", "\";\"");
    check(&world, &mut office, "semicolons", semicolons.as_bytes(), &[]).await;
    let titled = format!("测试县教师名册\r\n2021年3月制表\r\n{plain}");
    check(&world, &mut office, "a title above the heading", titled.as_bytes(), &[]).await;
    let paper = paper(1);
    let other = csv(&[
        &["序号", "身份证件号", "单位名称", "教师姓名（必填）", "学科", "备注"],
        &["1", &paper, "测试一小", "新教师", "数学", ""],
    ]);
    check(&world, &mut office, "other words in another order", &other, &[]).await;
});

story!(files_that_cannot_be_read_say_why, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let archive = |name: &str| {
        let mut out = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        out.start_file(name, zip::write::SimpleFileOptions::default()).expect("a part");
        out.finish().expect("an archive").into_inner()
    };
    // The directory of the archive says that its part unpacks to 2 GiB.
    let mut bomb = archive("xl/worksheets/sheet1.xml");
    let entry = bomb.windows(4).position(|w| w == b"PK\x01\x02").expect("a directory");
    bomb[entry + 24..entry + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    let whole = workbook(|_| {});
    let schools = csv(&[&["学校名称", "学段"], &["测试三小", "小学"]]);
    let nameless = csv(&[&["姓名", "学校"], &["新教师", "测试一小"]]);
    let cases: [(&str, Vec<u8>, &str); 10] = [
        ("no workbook", "一段文字".as_bytes().to_vec(), "内容却不是 Excel 工作簿"),
        ("PDF", b"%PDF-1.7 and so on".to_vec(), "PDF"),
        ("old workbook", [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1].repeat(20), "旧版 xls"),
        ("picture", b"\x89PNG\r\n\x1a\n and so on".to_vec(), "图片"),
        ("document", archive("word/document.xml"), "压缩包或其他文档"),
        ("damaged", whole[..whole.len() / 2].to_vec(), "打不开"),
        ("bomb", bomb, "解压后超过"),
        ("a roll of schools", schools, "没有找到必需的列"),
        ("no paper column", nameless, "“证件号码”"),
        ("nothing below the heading", csv(&[&HEAD]), "没有数据行"),
    ];
    for (name, bytes, words) in cases {
        let file = if bytes.starts_with(b"\"") { "名册.csv" } else { "名册.xlsx" };
        let page = world.bring(&mut office, "teachers", file, &bytes).await;
        let run = world.run(&page.path).await;
        assert_eq!(run.state, State::Unreadable, "{name}");
        assert!(run.note.contains(words), "{name}: {}", run.note);
        page.shows("这个文件无法读取");
    }
    office.post_files("/roster/teachers", &[], &[]).await.is(422);
});
