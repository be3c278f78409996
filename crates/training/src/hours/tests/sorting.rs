//! The daily lists in every order they offer: a county walks what an index serves, a school sorts everything.

use chrono::TimeDelta;
use tisheng_testkit::{Browser, story};

use super::logged;
use crate::hours::model::Report;
use crate::samples::{choose, online_report, publish_offer};
use crate::town::Place;

/// In which order the page shows `texts`.
async fn order(browser: &mut Browser, address: &str, texts: &[&str]) -> Vec<usize> {
    let page = browser.get(address).await;
    let html = page.html();
    let body = html.split("<tbody>").nth(1).unwrap_or_default();
    let mut found: Vec<(usize, usize)> =
        texts.iter().enumerate().filter_map(|(n, text)| Some((body.find(text)?, n))).collect();
    found.sort_unstable();
    found.into_iter().map(|(_, n)| n).collect()
}

/// The columns that the heads of a page sort by.
async fn heads(browser: &mut Browser, address: &str) -> Vec<String> {
    let html = browser.get(address).await.html();
    let links = html.split("class=\"sort\" href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let key = |(href, _): (&str, _)| Some(href.rsplit_once("sort=")?.1.replace("%2D", ""));
    links.filter_map(key).collect()
}

story!(hours_and_choices_of_teachers_sort_by_their_columns, |engine| async move {
    let place = Place::begin(engine).await;
    let [first, second] = &place.town.schools;
    for school in &place.town.schools {
        publish_offer(&place.test.app, &place.programme, school).await.expect("an offer");
    }
    choose(&place.test.app, &place.programme, &first.teachers[2]).await.expect("a choice");
    let names: Vec<&str> = first.teachers[..3].iter().map(|teacher| teacher.name.as_str()).collect();
    for (n, hours) in [(0, 3), (1, 1), (2, 2)] {
        let number = format!("c{n}");
        logged(
            &place,
            &online_report(&place.rules, first.teachers[n].person, (&number, hours, place.day(1))),
        )
        .await;
    }
    let mut clerk = place.browser(&first.clerk).await;
    let up = order(&mut clerk, "/hours/teachers?sort=name", &names).await;
    let mut down = order(&mut clerk, "/hours/teachers?sort=-name", &names).await;
    down.reverse();
    assert_eq!((up.len(), up), (3, down));
    assert_eq!(order(&mut clerk, "/hours/teachers?sort=-total", &names).await, [0, 2, 1]);
    assert_eq!(order(&mut clerk, "/hours/teachers?sort=-missing", &names).await, [1, 2, 0]);
    assert_eq!(order(&mut clerk, "/choices?sort=-chosen", &names).await[0], 2);
    let columns = ["name", "school", "subject", "total", "missing"];
    assert_eq!(heads(&mut clerk, "/hours/teachers").await, columns);
    assert_eq!(heads(&mut clerk, "/choices").await, ["name", "subject", "chosen"]);
    let file = clerk.get("/hours/teachers/download?as=csv&sort=-total").await.html();
    assert!(file.lines().nth(1).is_some_and(|line| line.starts_with(names[0])), "{file}");

    let mut county = place.browser(&place.town.county_office).await;
    let schools = [first.node.name.as_str(), second.node.name.as_str()];
    for list in ["/hours/teachers", "/choices"] {
        let up = order(&mut county, &format!("{list}?sort=name"), &names).await;
        let mut down = order(&mut county, &format!("{list}?sort=-name"), &names).await;
        down.reverse();
        assert_eq!((up.len(), up), (3, down), "{list}");
        let html = county.get(&format!("{list}?sort=school")).await.html();
        let seen: Vec<usize> =
            schools.iter().filter_map(|name| html.find(&format!(">{name}</td>"))).collect();
        let last = schools.iter().filter_map(|name| html.rfind(&format!(">{name}</td>"))).min();
        assert!(seen.len() == 2 && last < seen.into_iter().max(), "school by school in {list}");
        assert_eq!(heads(&mut county, list).await, ["name", "school"]);
        let searched = format!("{list}?q={}", names[0]);
        assert!(heads(&mut county, &searched).await.is_empty(), "a search comes by name alone");
        let table = format!("{list}/download?as=csv&sort=school");
        assert!(county.get(&table).await.html().lines().count() > names.len());
    }
});

story!(the_desks_sort_by_their_columns, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    for (title, day, hours) in [("甲课", 3, 2), ("乙课", 1, 3), ("丙课", 2, 1)] {
        let teacher = school.teachers[0].person;
        let report = online_report(&place.rules, teacher, (title, hours, place.day(day)));
        let doubt = Some("时长异常".to_owned());
        logged(&place, &Report { doubt, title: title.to_owned(), ..report }).await;
        place.test.clock.advance(TimeDelta::minutes(1));
    }
    let titles = ["甲课", "乙课", "丙课"];
    for persona in [&school.clerk, &place.town.county_office, &place.town.city_office] {
        let mut browser = place.browser(persona).await;
        for (sort, expected) in [
            ("", [0, 1, 2]),
            ("-received", [2, 1, 0]),
            ("day", [1, 2, 0]),
            ("-day", [0, 2, 1]),
            ("hours", [2, 0, 1]),
            ("-hours", [1, 0, 2]),
        ] {
            let address = format!("/hours/waiting?state=held&sort={sort}");
            assert_eq!(order(&mut browser, &address, &titles).await, expected, "{sort}");
        }
        assert_eq!(heads(&mut browser, "/hours/waiting?state=held").await, ["received", "day", "hours"]);
    }

    for (n, title) in titles.iter().enumerate() {
        let mut own = place.browser(&school.teachers[n]).await;
        own.post_files("/hours/disputes", &[("title", title), ("text", "学完了，没有记上")], &[])
            .await
            .is(200);
        place.test.clock.advance(TimeDelta::days(2));
    }
    for persona in [&school.clerk, &place.town.county_office, &place.town.city_office] {
        let mut browser = place.browser(persona).await;
        for (sort, expected) in
            [("", [0, 1, 2]), ("-opened", [2, 1, 0]), ("due", [0, 1, 2]), ("-due", [2, 1, 0])]
        {
            let address = format!("/hours/inbox?state=open&sort={sort}");
            assert_eq!(order(&mut browser, &address, &titles).await, expected, "{sort}");
        }
        assert_eq!(heads(&mut browser, "/hours/inbox?state=open").await, ["opened", "due"]);
    }
});
