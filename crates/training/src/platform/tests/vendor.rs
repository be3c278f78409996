//! A platform's own export, with its own titles, on its way through the clerk's loop.

use tisheng_kernel::{Id, Seconds};
use tisheng_registry::people::Person;
use tisheng_registry::samples::phone;
use tisheng_testkit::{Browser, Chosen, Seen, story};

use crate::hours;
use crate::platform::Platform;
use crate::town::Place;

/// The heading of the platform's export: nothing of category, platform or length.
const HEAD: [&str; 6] = ["学员", "电话", "项目", "时长", "结束于", "流水"];

/// What the platform calls our columns.
const TITLES: [(&str, &str); 6] = [
    ("name", "学员"),
    ("phone", "电话"),
    ("title", "项目"),
    ("hours", "时长"),
    ("day", "结束于"),
    ("number", "流水"),
];

fn row(place: &Place, hours: &str, number: &str) -> [String; 6] {
    let teacher = &place.town.school().teachers[0];
    let phone = phone(7);
    let cells = [&teacher.name, phone.number(), "跨学科教学", hours];
    let [name, phone, title, hours] = cells.map(str::to_owned);
    [name, phone, title, hours, place.day(1).to_string(), number.to_owned()]
}

fn csv(rows: &[[String; 6]]) -> Vec<u8> {
    tisheng_sheet::csv(&HEAD, rows.to_vec()).expect("a file")
}

async fn bring(place: &Place, browser: &mut Browser, origin: &str, bytes: &[u8]) -> Seen {
    let chosen = [Chosen { field: "file", name: "导出.csv", bytes }];
    let waiting = browser.post_files("/roster/hours", &[("origin", origin)], &chosen).await;
    place.settle().await;
    browser.get(&waiting.path).await
}

async fn confirm(place: &Place, browser: &mut Browser, run: &Seen) -> Seen {
    browser.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    browser.get(&run.path).await
}

/// What the ledger has of `person`.
async fn credited(place: &Place, person: Id<Person>) -> Seconds {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let entries = hours::entries(&mut tx, place.programme.id, person).await.expect("entries");
    entries.iter().map(|entry| entry.seconds).sum()
}

/// A platform whose institution has said what it calls the columns.
async fn with_titles(place: &Place) -> Platform {
    let (platform, lecturer) = place.platform().await;
    let mut institution = place.browser(&lecturer).await;
    let page = format!("/platforms/{}/columns", platform.id);
    institution.post(&page, &TITLES).await.shows("列名对照已保存");
    platform
}

story!(a_clerk_brings_what_a_platform_exports_and_it_counts_once, |engine| async move {
    let place = Place::begin(engine).await;
    let platform = with_titles(&place).await;
    let teacher = place.town.school().teachers[0].clone();
    let mut clerk = place.browser(&place.town.school().clerk).await;
    clerk.get("/roster/hours").await.shows("由哪个平台导出").shows(&platform.name);
    let key = platform.id.to_string();

    let wrong = csv(&[row(&place, "2", "v1"), row(&place, "两", "v2")]);
    let run = bring(&place, &mut clerk, &key, &wrong).await;
    run.shows("有错误").shows("学时应为数字").shows("甲导出");
    let marked = clerk.get(&format!("{}/marked.xlsx", run.path)).await;
    let sheet = tisheng_sheet::read(&marked.bytes, &tisheng_sheet::Limits::default()).expect("a workbook");
    let marked: Vec<String> = sheet.rows.iter().flat_map(|row| row.cells).map(|cell| cell.text()).collect();
    assert!(marked.iter().any(|cell| cell.contains("学时应为数字")), "{marked:?}");

    let mended = csv(&[row(&place, "2", "v1"), row(&place, "1.5", "v2")]);
    let run = bring(&place, &mut clerk, &key, &mended).await;
    confirm(&place, &mut clerk, &run).await.shows("已导入");
    let reported = Seconds::parse_hours("3.5", platform.length).expect("a number");
    assert_eq!(credited(&place, teacher.person).await, reported);
    place.browser(&teacher).await.get("/hours").await.shows("跨学科教学").shows(&platform.name);

    let again = bring(&place, &mut clerk, &key, &mended).await;
    confirm(&place, &mut clerk, &again).await.shows("已导入").hides("去处理");
    assert_eq!(credited(&place, teacher.person).await, reported, "the same rows add nothing");
});

story!(a_file_is_read_by_the_titles_of_its_platform_alone, |engine| async move {
    let place = Place::begin(engine).await;
    let platform = with_titles(&place).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let bytes = csv(&[row(&place, "2", "v1")]);
    bring(&place, &mut clerk, "", &bytes).await.shows("没有找到必需的列");
    let chosen = [Chosen { field: "file", name: "导出.csv", bytes: &bytes }];
    let elsewhere = Id::<Platform>::new(place.test.app.now()).to_string();
    let nobody = clerk.post_files("/roster/hours", &[("origin", &elsewhere)], &chosen).await;
    nobody.is(422).says("请重新选择这个文件是哪个平台导出的");

    let named: Vec<String> = row(&place, "2", "v1").into_iter().chain(["别的平台".to_owned()]).collect();
    let head: Vec<&str> = HEAD.into_iter().chain(["平台"]).collect();
    let foreign = tisheng_sheet::csv(&head, vec![named]).expect("a file");
    let run = bring(&place, &mut clerk, &platform.id.to_string(), &foreign).await;
    run.shows("这一行写的却是“别的平台”");

    let mut office = place.browser(&place.town.city_office).await;
    let turn = format!("/platforms/{}/turn", platform.id);
    office.post(&turn, &[("version", &platform.version.to_string()), ("do", "suspend")]).await;
    clerk.get("/roster/hours").await.hides("由哪个平台导出");
});
