//! What a dashboard shows, taken along as a file.

use tisheng_assessment::evidence;
use tisheng_platform::Scope;
use tisheng_platform::web::Cursor;
use tisheng_registry::roster;
use tisheng_testkit::story;

use super::{begin, handlers, rows};
use crate::monitoring::model::Stage;
use crate::monitoring::store;

story!(every_table_of_a_dashboard_is_a_file_of_the_same_rows, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    let teacher = &first.teachers[0];
    let chosen = world.chosen(teacher).await;
    evidence::samples::hand_in(&world.test.ctx(teacher.who()), &chosen[0]).await.expect("handed in");
    world.settled().await;
    let mut city = world.test.signed_in(&world.town.city_office.who()).await;
    let place = format!("/monitor/{}", world.town.city.id);
    let page = city.get(&place).await;
    let coverage = page.link(&format!("{place}/table?of=coverage"));
    assert!(city.get(&coverage).await.is(200).bytes.starts_with(b"PK"), "a workbook");
    let coverage = rows(&mut city, &format!("{place}/table?of=coverage")).await;
    let reached = |row: &[String]| [1, 2, 5, 8, 11, 14].map(|column| row[column].clone());
    assert_eq!((coverage[0][0].as_str(), coverage[1][0].as_str()), ("县（市、区）", "学校"));
    assert_eq!(reached(&coverage[1]), ["2", "2", "0", "2", "1", "1"]);
    assert_eq!(coverage[1][11..14], ["1", "50.0%", "1"], "who chose, the share, who is missing");

    let county = format!("/monitor/{}", world.town.county.id);
    let shown = |rows: &[Vec<String>]| -> Vec<[String; 3]> {
        rows.iter().map(|row| [0, 1, 2].map(|column| row[column].clone())).collect()
    };
    let works = shown(&rows(&mut city, &format!("{county}/table?of=works&sort=name")).await);
    let mut turned = shown(&rows(&mut city, &format!("{county}/table?of=works&sort=-name")).await);
    assert_eq!(turned.pop(), works.last().cloned(), "the line for all stays last");
    turned.reverse();
    assert_eq!(turned, works[..2], "in the order shown");
    assert!(works.iter().any(|row| *row == ["测试一小", "1", "1"]), "{works:?}");
    assert_eq!(works[2], ["合计", "1", "1"]);

    let schools = rows(&mut city, &format!("{place}/schools?state=chosen")).await;
    let all = schools[0][1].clone();
    assert_eq!(schools, [["测试一小", all.as_str(), "1", "0", "1", "0"]]);
    assert_eq!(rows(&mut city, &format!("{place}/schools?state=")).await.len(), 2);
    let others = rows(&mut city, &format!("{place}/schools?state=not_chosen")).await;
    assert_eq!((others.len(), &others[0][0]), (1, &second.node.name));
    let counties = rows(&mut city, &format!("{place}/counties?state=begun")).await;
    assert_eq!((counties.len(), &counties[0][0], counties[0][2].as_str()), (1, &world.town.county.name, "1"));
    let list = city.get(&format!("{place}/counties?state=begun")).await;
    let book = city.get(&format!("{place}/counties{}", list.link("?state=begun&format=xlsx"))).await;
    assert!(book.is(200).bytes.starts_with(b"PK"));

    let mut neighbour = world.test.signed_in(&world.town.neighbour_office.who()).await;
    let mut author = world.test.signed_in(&teacher.who()).await;
    for file in ["table?of=coverage", "table?of=works", "schools?format=csv", "counties?format=csv"] {
        neighbour.get(&format!("{county}/{file}")).await.is(404);
        author.get(&format!("{county}/{file}")).await.is(404);
    }
});

story!(a_list_says_how_many_it_names, |engine| async move {
    let world = begin(engine).await;
    let office = &world.town.county_office;
    let codes = world.town.schools.iter().filter_map(|school| school.node.code.clone());
    // More than a page shows.
    let file = roster::samples::roll_of_teachers(&codes.collect::<Vec<_>>(), 0, 60);
    let who = office.who();
    let clerk = who.member().expect("an officer");
    roster::samples::rehearse(&world.test.app, &handlers(), clerk, "teachers", file).await.expect("taken");
    let chosen = world.chosen(&world.town.school().teachers[0]).await;
    let figures = world.settled().await;
    let all = figures.of(Stage::Teachers);
    assert!(all > 60 && figures.of(Stage::Chosen) == 1);

    let mut county = world.test.signed_in(&who).await;
    let place = format!("/monitor/{}/people", world.town.county.id);
    for (query, count) in [
        ("state=teachers".to_owned(), all),
        ("state=not_chosen".to_owned(), all - 1),
        ("state=chosen".to_owned(), 1),
        (format!("capability={}", chosen[0]), 1),
        ("state=not_certified".to_owned(), all),
    ] {
        county.get(&format!("{place}?{query}")).await.shows(&format!("共 {count} 人"));
        let rows = rows(&mut county, &format!("{place}?{query}")).await;
        assert_eq!(i64::try_from(rows.len()), Ok(count), "{query}");
    }
    // Whatever a school's list is sorted by, it was read as a whole.
    let sorted = format!("/monitor/{}/people?sort=-name", world.town.school().node.id);
    let mut school = world.test.signed_in(&world.town.school().clerk.who()).await;
    let there = rows(&mut school, &sorted).await.len();
    school.get(&sorted).await.shows(&format!("共 {there} 人"));

    // Some at a time, as a large file is read: everybody once, in the order of the roll.
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let scope = Scope::below(&world.town.province.path);
    let wanted = store::Wanted { state: "not_chosen", ..Default::default() };
    let (mut after, mut names) = (Cursor::default(), Vec::new());
    loop {
        let some = store::people(&mut tx, world.programme.id, &scope, wanted, &after, 7).await.expect("read");
        let Some(last) = some.last() else { break };
        after = Cursor { key: last.sort_key.clone(), id: last.person.to_string() };
        names.extend(some.into_iter().map(|one| one.name));
    }
    drop(tx);
    let mut province = world.test.signed_in(&world.town.province_office.who()).await;
    let list = format!("/monitor/{}/people?state=not_chosen", world.town.province.id);
    let file: Vec<String> = rows(&mut province, &list).await.into_iter().map(|row| row[0].clone()).collect();
    assert_eq!(names, file);
});
