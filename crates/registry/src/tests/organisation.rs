//! Stories of the tree and of schools, told through pages on both engines.

use std::collections::BTreeSet;

use axum::Router;
use chrono::{NaiveDate, TimeDelta};
use tisheng_platform::Parts;
use tisheng_platform::web::Cursor;
use tisheng_testkit::{Browser, Engine, TestApp, story};

use crate::organisation::{
    Kind, NewNode, SchoolFilter, SchoolOrder, by_code, create, schools, search, seed_regions,
};
use crate::people::Departure;
use crate::samples::{Persona, Town, beginning, small_town};
use crate::{access, organisation, posting, restructuring};

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day")
}

async fn with_town(engine: Engine) -> (TestApp, Town) {
    let rooms = access::routes().merge(organisation::routes()).merge(restructuring::routes());
    let test = TestApp::start(engine, rooms, Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    (test, town)
}

async fn signed_in(test: &TestApp, who: &Persona) -> Browser {
    let mut browser = test.browser();
    browser.post_only("/sign-in", &who.credentials()).await.is(303);
    if who.secret.is_some() {
        test.clock.advance(TimeDelta::seconds(60));
        let code = who.code(test.app.now()).expect("a code");
        browser.post_only("/sign-in/code", &[("code", &code)]).await.is(303);
    }
    browser
}

const REGIONS: &str = "code,name,parent,level
870000,甲省,,province
870100,甲市,870000,city
870101,甲县,870100,county
870101001,甲镇,870101,town
860000,乙省,,province
860100,乙市,860000,city
";

story!(regions_are_taken_from_the_table_once, |engine| async move {
    let test = TestApp::start(engine, Router::new(), Parts::default()).await;
    let system = test.system();
    let mut tx = system.write().await.expect("a transaction");
    let founded = seed_regions(&system, &mut tx, REGIONS, Some("870100"), beginning()).await;
    assert_eq!(founded.expect("taken"), 3, "a city alone may be the root");
    let town = by_code(&mut tx, "870101001").await.expect("asked").expect("found");
    assert_eq!(town.path, "/870100/870101/870101001/");
    assert_eq!((town.kind, town.depth), (Kind::Town, 2));
    let again = seed_regions(&system, &mut tx, REGIONS, Some("870100"), beginning()).await;
    assert_eq!(again.expect("taken"), 0);
    let broken = "code,name,parent,level\n870201,某县,870200,county\n";
    let error = seed_regions(&system, &mut tx, broken, None, beginning()).await.expect_err("no parent");
    assert_eq!(error.to_string(), "line 2: the parent 870200 has not been named before");
});

story!(an_office_founds_a_school_and_states_its_facts, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut office = signed_in(&test, &town.county_office).await;
    let county = format!("/organisation/{}", town.county.id);
    office.get("/organisation").await.shows("测试县").shows("测试一小").shows("新设下级机构");
    let taken =
        [("kind", "school"), ("name", "测试三小"), ("code", "8821000001"), ("valid_from", "2021-01-01")];
    let page = office.post(&format!("{county}/new"), &taken).await;
    assert!(page.is(422).text().contains("代码 8821000001 已由“测试一小”使用"), "{}", page.text());
    assert_eq!(page.field("name"), "测试三小", "what was typed is kept");
    let nothing = office.post(&format!("{county}/new"), &[]).await;
    assert_eq!(nothing.is(422).wrong(), ["kind", "name", "valid_from"], "in the order of the page");
    let new = [("kind", "school"), ("name", "测试三小"), ("code", ""), ("valid_from", "2021-01-01")];
    let page = office.post(&format!("{county}/new"), &new).await;
    page.shows("已设立“测试三小”").shows("未填写");
    let facts = format!("{}/facts", page.path);
    let form = office.get(&facts).await;
    let version = form.field("version");
    office.post(&facts, &[("version", &version)]).await.is(422);
    let told = [
        ("version", version.as_str()),
        ("stage", "02"),
        ("stage", "03"),
        ("environment", "smart"),
        ("smart_school", "yes"),
    ];
    office.post(&facts, &told).await.shows("小学、初中").shows("智慧学习环境");
    let stale = office.post(&facts, &told).await;
    stale.is(409);
});

story!(a_school_changes_its_name_and_keeps_its_history, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut office = signed_in(&test, &town.county_office).await;
    let school = format!("/organisation/{}", town.school().node.id);
    let form = office.get(&format!("{school}/edit")).await;
    let version = form.field("version");
    let fields = [
        ("form", "rename"),
        ("version", version.as_str()),
        ("name", "测试实验小学"),
        ("on", "2021-03-01"),
        ("reason", "县教育局更名批复"),
    ];
    let page = office.post(&format!("{school}/rename"), &fields).await;
    page.shows("测试实验小学").shows("由“测试一小”更名").shows("2021年3月1日");
    office.post(&format!("{school}/rename"), &fields).await.is(409);
    let nameless = [("form", "rename"), ("version", "2"), ("name", "又改"), ("on", ""), ("reason", "")];
    let page = office.post(&format!("{school}/rename"), &nameless).await;
    assert!(page.is(422).text().contains("请填写原因"), "{}", page.text());
    assert_eq!(page.field("name"), "又改");
    office.get(&format!("/organisation/{}?q=cssy", town.county.id)).await.shows("测试实验小学");
});

story!(a_node_is_closed_once_nothing_is_open_below, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut city = signed_in(&test, &town.city_office).await;
    let close = |version: &'static str| {
        [("form", "close"), ("version", version), ("on", "2021-03-05"), ("reason", "撤并")]
    };
    let county = format!("/organisation/{}", town.county.id);
    let page = city.post(&format!("{county}/close"), &close("1")).await;
    assert!(page.is(422).text().contains("其下还有 2 个未停用的机构"), "{}", page.text());
    let school = format!("/organisation/{}", town.school().node.id);
    let page = city.post(&format!("{school}/close"), &close("1")).await;
    assert!(page.is(422).text().contains("还有 7 名教师在这里任职，请先办理调动或离任"), "{}", page.text());
    let office = test.ctx(town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    for teacher in town.school().teachers.iter().chain([&town.school().principal]) {
        let end = Departure { person: teacher.person, on: day(2021, 3, 5), reason: "学校撤并" };
        posting::release(&office, &mut tx, &end).await.expect("released");
    }
    tx.commit().await.expect("commits");
    city.post(&format!("{school}/close"), &close("1")).await.shows("机构已停用");
    city.get(&format!("{county}/schools")).await.hides("测试一小").shows("测试二小");
    let back = [("form", "reopen"), ("version", "2"), ("on", "2021-03-06"), ("reason", "误操作")];
    city.post(&format!("{school}/reopen"), &back).await.shows("机构已恢复使用");
    city.get(&format!("{county}/schools")).await.shows("测试一小");
});

story!(what_happens_to_a_node_has_its_day_and_its_name_tells_it_apart, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut office = signed_in(&test, &town.county_office).await;
    let school = format!("/organisation/{}", town.school().node.id);
    let rename = |name: &'static str, on: &'static str| {
        [("form", "rename"), ("version", "1"), ("name", name), ("on", on), ("reason", "更名批复")]
    };
    let refused = [
        (rename("测试实验小学", "2019-01-01"), "日期不能早于设立日期（2020年9月1日）"),
        (rename("测试实验小学", "2021-03-11"), "日期不能晚于今天"),
        (rename("测试二小", "2021-03-01"), "同一上级之下已有名为“测试二小”的机构"),
    ];
    for (fields, words) in refused {
        let page = office.post(&format!("{school}/rename"), &fields).await;
        assert!(page.is(422).text().contains(words), "{words}: {}", page.text());
    }
    let new = [("kind", "school"), ("name", "测试二小"), ("code", ""), ("valid_from", "2021-01-01")];
    let page = office.post(&format!("/organisation/{}/new", town.county.id), &new).await;
    assert!(page.is(422).text().contains("已有名为“测试二小”的机构"), "{}", page.text());
});

story!(a_school_is_moved_through_its_page, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut city = signed_in(&test, &town.city_office).await;
    let school = format!("/organisation/{}", town.school().node.id);
    let page = city.get(&format!("{school}/move")).await;
    let version = page.field("version");
    let neighbour = town.neighbour.id.to_string();
    let mut fields = vec![
        ("version", version.as_str()),
        ("parent_name", "lx"),
        ("on", "2021-03-01"),
        ("reason", "区划调整"),
    ];
    let asked = city.post(&format!("{school}/move"), &fields).await;
    assert!(asked.is(422).text().contains("没有完全同名的机构，请在下面选定一个"), "{}", asked.text());
    fields.push(("parent", &neighbour));
    city.post(&format!("{school}/move"), &fields).await.shows("已移到“邻县”之下").shows("由“测试县”");
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.get(&school).await.shows("测试一小");
    let mut county = signed_in(&test, &town.county_office).await;
    county.get(&school).await.is(404);
});

story!(schools_are_found_by_name_pinyin_and_filters, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut office = signed_in(&test, &town.county_office).await;
    let list = format!("/organisation/{}/schools", town.county.id);
    for query in ["q=测试一", "q=csyx", "q=ceshiyi", "q=8821000001"] {
        office.get(&format!("{list}?{query}")).await.shows("测试一小").hides("测试二小");
    }
    office.get(&format!("{list}?stage=02&environment=blended")).await.shows("测试一小").shows("测试二小");
    office.get(&format!("{list}?stage=03")).await.shows("没有符合条件的学校");
    office.get(&format!("{list}?environment=unknown")).await.hides("测试一小");
    office.get(&format!("{list}?q=100%25")).await.shows("没有符合条件的学校");
    let csv = office.get(&format!("{list}.csv?q=csyx")).await;
    let text = csv.is(200).html();
    assert!(text.contains("测试一小") && !text.contains("测试二小"), "{text}");
    let xlsx = office.get(&format!("{list}.xlsx")).await;
    assert!(xlsx.is(200).bytes.starts_with(b"PK"));
});

story!(a_long_list_goes_on_page_by_page, |engine| async move {
    let (test, town) = with_town(engine).await;
    let system = test.system();
    let mut tx = system.write().await.expect("a transaction");
    for n in 0..60 {
        let name = format!("编号{n:02}小学");
        let new = NewNode {
            parent: Some(town.neighbour.id),
            kind: Kind::School,
            name: &name,
            code: "",
            valid_from: beginning(),
        };
        create(&system, &mut tx, &new).await.expect("founded");
    }
    tx.commit().await.expect("commits");
    let mut office = signed_in(&test, &town.neighbour_office).await;
    let list = format!("/organisation/{}/schools", town.neighbour.id);
    let first = office.get(&format!("{list}?q=编号")).await;
    first.shows("编号00小学").shows("编号49小学").hides("编号50小学").shows("下一页");
    let next = first.link("?q=%E7%BC%96%E5%8F%B7&after=");
    let second = office.get(&format!("{list}{next}")).await;
    second.hides("编号49小学").shows("编号50小学").shows("编号59小学").shows("回到第一页");
});

story!(nobody_sees_or_changes_what_is_not_theirs, |engine| async move {
    let (test, town) = with_town(engine).await;
    let school = town.school().node.id;
    let fields =
        [("form", "rename"), ("version", "1"), ("name", "改名"), ("on", "2021-03-01"), ("reason", "试一试")];
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    for page in ["", "/edit", "/facts", "/schools", "/new", "/move", "/roles", "/schools.csv"] {
        neighbour.get(&format!("/organisation/{school}{page}")).await.is(404);
    }
    for post in ["/rename", "/recode", "/close", "/reopen", "/facts", "/move", "/new"] {
        let answer = neighbour.post(&format!("/organisation/{school}{post}"), &fields).await;
        assert!([404, 422].contains(&answer.status.as_u16()), "{post}: {}", answer.text());
        assert!(!answer.text().contains("测试一小"), "{post}: {}", answer.text());
    }
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    clerk.get(&format!("/organisation/{}", town.county.id)).await.is(404);
    clerk.get(&format!("/organisation/{school}")).await.shows("测试一小").hides("更名、调整");
    clerk.post(&format!("/organisation/{school}/rename"), &fields).await.is(404);
    let mut county = signed_in(&test, &town.county_office).await;
    county.post(&format!("/organisation/{}/rename", town.county.id), &fields).await.is(404);
    let mut teacher = signed_in(&test, &town.school().teachers[0]).await;
    for page in ["", "/schools", "/facts", "/edit"] {
        teacher.get(&format!("/organisation/{school}{page}")).await.is(404);
    }
});

story!(schools_are_listed_in_the_order_of_any_column, |engine| async move {
    let (test, town) = with_town(engine).await;
    let county = test.ctx(town.county_office.who());
    let mut tx = county.read().await.expect("a transaction");
    let mut lists = Vec::new();
    for sort in ["", "-name", "code", "-code", "parent", "stage", "environment", "location", "nonsense"] {
        let filter = SchoolFilter { order: SchoolOrder::named(sort), ..SchoolFilter::default() };
        let (mut place, mut names) = (<_>::default(), Vec::new());
        // Page by page, one school on each.
        while let [school, ..] =
            &schools(&mut tx, &county.scope(), &filter, &place, 1).await.expect("listed")[..]
        {
            names.push(school.name.clone());
            place = Cursor { key: school.place.clone(), id: school.id.to_string() };
        }
        lists.push(names);
    }
    let backwards = |names: &[String]| names.iter().rev().cloned().collect::<Vec<_>>();
    assert_eq!(lists[0].len(), 2);
    assert_eq!(lists[1], backwards(&lists[0]));
    assert_eq!(lists[3], backwards(&lists[2]));
    assert_eq!(lists[8], lists[0]);
    for list in &lists {
        let all: BTreeSet<&String> = list.iter().collect();
        assert_eq!(all, lists[0].iter().collect(), "no school is lost between pages");
    }
});

story!(a_search_stays_within_what_one_may_see, |engine| async move {
    let (test, town) = with_town(engine).await;
    let county = test.ctx(town.county_office.who());
    let mut tx = county.read().await.expect("a transaction");
    let all = search(&mut tx, &county.scope(), "小", None).await.expect("searched");
    assert_eq!(all.len(), 2);
    let neighbour = test.ctx(town.neighbour_office.who());
    let none = search(&mut tx, &neighbour.scope(), "小", None).await.expect("searched");
    assert!(none.is_empty());
    let filter = SchoolFilter::default();
    let listed = schools(&mut tx, &neighbour.scope(), &filter, &<_>::default(), 10).await.expect("listed");
    assert!(listed.is_empty());
});

story!(a_code_serves_again_once_its_place_is_closed_or_has_another, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut city = signed_in(&test, &town.city_office).await;
    let county = format!("/organisation/{}", town.county.id);
    let recode = [
        ("form", "recode"),
        ("version", "1"),
        ("code", "880109"),
        ("on", "2021-03-01"),
        ("reason", "区划代码调整"),
    ];
    city.post(&format!("{county}/recode"), &recode).await.shows("代码已变更");
    let found = |name: &'static str| {
        [("kind", "county"), ("name", name), ("code", "880101"), ("valid_from", "2021-03-02")]
    };
    let new = format!("/organisation/{}/new", town.city.id);
    let first = city.post(&new, &found("测试新县")).await;
    first.shows("已设立“测试新县”").shows("880101");
    let taken = city.post(&new, &found("又一新县")).await;
    taken.is(422).says("代码 880101 已由“测试新县”使用");
    let close = [("form", "close"), ("version", "1"), ("on", "2021-03-05"), ("reason", "撤并")];
    city.post(&format!("{}/close", first.path), &close).await.shows("机构已停用");
    city.post(&new, &found("又一新县")).await.shows("已设立“又一新县”");
    let back = [("form", "reopen"), ("version", "2"), ("on", "2021-03-06"), ("reason", "误操作")];
    let page = city.post(&format!("{}/reopen", first.path), &back).await;
    assert!(page.is(422).text().contains("代码 880101 已由“又一新县”使用"), "{}", page.text());

    let ctx = test.ctx(town.city_office.who());
    let mut tx = ctx.read().await.expect("a transaction");
    let held = by_code(&mut tx, "880101").await.expect("asked").expect("the last one founded");
    assert_eq!((held.name.as_str(), held.segment().len()), ("又一新县", 12), "the path of the code is taken");
    let old = by_code(&mut tx, "880109").await.expect("asked").expect("still there");
    assert_eq!(old.path, town.county.path, "whoever has another code keeps the path");
    let county = test.ctx(town.county_office.who());
    assert!(organisation::visible(&county, &mut tx, held.id).await.is_err(), "not what stood there before");
});

story!(a_place_without_an_official_code_has_a_local_one, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut city = signed_in(&test, &town.city_office).await;
    let new = format!("/organisation/{}/new", town.city.id);
    let zone = |code: &'static str| {
        [("kind", "county"), ("name", "测试新区"), ("code", code), ("valid_from", "2021-01-01")]
    };
    let page = city.post(&new, &zone("88010")).await;
    page.is(422).says("没有区划代码的新区、开发区可填以字母开头的地方代码");
    assert_eq!(page.field("code"), "88010", "what was typed is kept");
    city.post(&new, &zone("GXQ_1")).await.is(422).says("地方代码应以字母开头");
    let page = city.post(&new, &zone("gxq1")).await;
    page.shows("已设立“测试新区”").shows("GXQ1");
    city.get(&format!("/organisation/{}?q=GXQ1", town.city.id)).await.shows("测试新区");
    // What the state gives later takes its place.
    let official = [
        ("form", "recode"),
        ("version", "1"),
        ("code", "880103"),
        ("on", "2021-03-01"),
        ("reason", "取得区划代码"),
    ];
    city.post(&format!("{}/recode", page.path), &official).await.shows("代码由 GXQ1 变更").shows("880103");
});

story!(a_table_of_regions_may_hold_local_codes, |engine| async move {
    const REGIONS: &str = "code,name,parent,level
870100,甲市,,city
Kf1,甲开发区,870100,county
870101001,甲镇,KF1,town
";
    let test = TestApp::start(engine, Router::new(), Parts::default()).await;
    let system = test.system();
    let mut tx = system.write().await.expect("a transaction");
    for founded in [3, 0] {
        let taken = seed_regions(&system, &mut tx, REGIONS, Some("870100"), beginning()).await;
        assert_eq!(taken.expect("taken"), founded);
    }
    let town = by_code(&mut tx, "870101001").await.expect("asked").expect("found");
    assert_eq!(town.path, "/870100/KF1/870101001/");
});
