//! The list of certificates as a file.

use std::collections::BTreeSet;

use tisheng_sheet::{Limits, read};
use tisheng_testkit::{Browser, story};

use super::begin;

/// More than are read at once: copies of what was issued, all of them revoked.
pub(super) const COPIES: &str = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2100)
    insert into certificate (number, programme, person, path, name, school, sort_key, state, facts, scheme_version,
        signature, issued_at, reason, city, county)
    select c.number || '-' || cast(n.i as text), c.programme, c.person, c.path, c.name, c.school, c.sort_key,
        'revoked', c.facts, c.scheme_version, c.signature, c.issued_at, '登记有误', c.city, c.county
    from certificate c cross join n";

/// The rows of the list at an address, as text.
async fn rows(browser: &mut Browser, query: &str) -> Vec<Vec<String>> {
    let file = browser.get(&format!("/certificates?{query}&format=csv")).await.is(200).html();
    let mut lines = file.lines().map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let head = lines.next().expect("a head");
    assert_eq!(head[1..], ["学校", "编号", "发证日期", "状态"]);
    lines.collect()
}

/// The numbers in a column, each once.
fn numbers(rows: &[Vec<String>]) -> BTreeSet<&str> {
    rows.iter().map(|row| row[2].as_str()).collect()
}

story!(a_list_of_certificates_is_taken_along_with_all_its_pages, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let number = world.issue(teacher).await;
    let mut county = world.browser(&world.town.county_office).await;
    let page = county.get("/certificates").await;
    page.shows("离任教师的证书也列在这里");
    let book = county.get(&format!("/certificates{}", page.link("?format=xlsx"))).await;
    let sheet = read(&book.bytes, &Limits::default()).expect("a workbook");
    assert_eq!(sheet.rows.iter().count(), 2, "the head and one");

    world.tamper(COPIES).await;
    let begins: String = number.chars().take_while(char::is_ascii_alphanumeric).take(4).collect();
    let begins = format!("q={begins}");
    let school = "q=%E6%B5%8B%E8%AF%95%E4%B8%80%E5%B0%8F";
    for query in ["sort=name", "sort=school", "sort=-issued", "q=jiaoshi", school, begins.as_str()] {
        let rows = rows(&mut county, query).await;
        assert_eq!((rows.len(), numbers(&rows).len()), (2101, 2101), "{query}");
    }
    let backwards = rows(&mut county, "sort=-number").await;
    assert!(backwards.windows(2).all(|two| two[0][2] > two[1][2]), "in the order shown");
    let shown = county.get("/certificates?sort=-number").await.html();
    assert!(backwards[..50].iter().all(|row| shown.contains(&row[2])) && !shown.contains(&backwards[50][2]));
    let valid = rows(&mut county, "state=valid").await;
    assert_eq!(valid, [[teacher.name.as_str(), "测试一小", number.as_str(), valid[0][3].as_str(), "有效"]]);
    assert_eq!(rows(&mut county, "state=revoked&sort=issued").await.len(), 2100);
    assert_eq!(rows(&mut county, "state=unmet").await.len(), 0);

    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    assert_eq!(rows(&mut neighbour, "sort=name").await.len(), 0, "nobody of theirs");
    world.browser(teacher).await.get("/certificates?format=csv").await.is(404);
});

story!(whoever_asks_for_a_third_file_at_once_is_told_to_come_again, |engine| async move {
    let world = begin(engine).await;
    let mut county = world.browser(&world.town.county_office).await;
    let turns = &world.test.app.turns;
    let first = turns.take().await.expect("a turn");
    let second = turns.take().await.expect("another");
    let told = county.get("/certificates?format=csv").await;
    told.is(503).says("系统正忙").says("正在生成的名单较多");
    assert!(told.headers.contains_key("retry-after"));
    county.get("/certificates").await.is(200);
    drop((first, second));
    // A turn is given back with its file.
    for _ in 0..3 {
        assert_eq!(rows(&mut county, "sort=name").await.len(), 0);
    }
});
