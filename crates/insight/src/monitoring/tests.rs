//! Stories of figures that move, told on both engines under a made-up scheme.

mod broad;
mod files;

use chrono::{Days, TimeDelta};
use tisheng_assessment::{certificate, evidence, review};
use tisheng_kernel::Level;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::{Scope, args};
use tisheng_policy::scheme::{self, Programme, samples::owned};
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::restructuring::relocate;
use tisheng_registry::roster::{self, Entry, Kinds, Teachers};
use tisheng_registry::samples::{Persona, Town, beginning, small_town};
use tisheng_rules::samples::{third_scheme_files, third_scheme_with, with_counties};
use tisheng_testkit::{Browser, Engine, TestApp, story};
use tisheng_training::samples::{choose, fulfil_hours, publish_offer};

use super::store::Way;
use super::{Figures, Stage, check_figures, figures_below, rebuild, routes, store};

/// A town whose schools offer and have panels; nobody has chosen anything.
struct World {
    test: TestApp,
    town: Town,
    programme: Programme,
}

fn handlers() -> Handlers {
    let rooms = scheme::jobs(roster::handlers(review::samples::handlers()));
    let rooms = super::jobs(certificate::jobs(rooms));
    let rooms = rooms.reaction("scheme.in_force", certificate::REFRESH_ALL_JOB);
    ["hours.changed", "choice.changed", "person.changed", review::FINAL]
        .into_iter()
        .fold(rooms, |handlers, event| handlers.reaction(event, certificate::REFRESH_JOB))
}

async fn begin(engine: Engine) -> World {
    begin_with(engine, &owned(third_scheme_files())).await
}

async fn begin_with(engine: Engine, files: &[(String, String)]) -> World {
    let kinds = Kinds::new(vec![Entry::of::<Teachers>()]);
    let parts = scheme::samples::parts().with(kinds).with(certificate::EXAMINE);
    let test = TestApp::with_handlers(engine, routes().merge(review::routes()), parts, handlers()).await;
    let town = small_town(&test.system()).await.expect("a town");
    // In the middle of the scheme's period.
    test.clock.advance(TimeDelta::days(3 * 365));
    let programme =
        scheme::samples::programme(&test.system(), &town.province, files).await.expect("a programme");
    for school in &town.schools {
        publish_offer(&test.app, &programme, school).await.expect("an offer");
        let head = test.ctx(school.principal.who());
        let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
        review::samples::panel_of(&head, &panel).await.expect("a panel");
    }
    rebuild(&test.system(), &programme).await.expect("counted");
    World { test, town, programme }
}

impl World {
    /// The figures of a node, and those of its children added up.
    async fn figures(&self, node: &Node) -> (Figures, Figures) {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let scope = Scope::below(&node.path);
        let (whole, _) = figures_below(&mut tx, self.programme.id, &scope).await.expect("figures");
        let mut parts = Figures::default();
        for child in store::children(&mut tx, self.programme.id, node.id).await.expect("children") {
            parts += child.figures;
        }
        (whole, parts)
    }

    /// Lets everything settle; the figures of the province, which are those of every level above
    /// the schools, and of a fresh count.
    async fn settled(&self) -> Figures {
        self.test.settle().await;
        let (whole, parts) = self.figures(&self.town.province).await;
        assert_eq!(whole, parts, "the province is the sum of its cities");
        for node in [&self.town.city, &self.town.county] {
            let (figures, parts) = self.figures(node).await;
            assert_eq!((figures, parts), (whole, whole), "{}", node.name);
        }
        assert_eq!(self.wrong().await, 0);
        whole
    }

    /// How many schools have figures that a fresh count does not give.
    async fn wrong(&self) -> usize {
        check_figures(&self.test.system(), &self.programme).await.expect("checked").1.len()
    }

    /// A teacher chooses what meets the rule.
    async fn chosen(&self, teacher: &Persona) -> Vec<String> {
        choose(&self.test.app, &self.programme, teacher).await.expect("a choice")
    }

    /// A teacher does everything else that the scheme asks for.
    async fn meet_everything(&self, teacher: &Persona, chosen: &[String]) {
        let mut author = self.test.ctx(teacher.who());
        for capability in chosen {
            let submission = evidence::samples::hand_in(&author, capability).await.expect("handed in");
            review::samples::judged(&author, &submission, Level::Excellent).await.expect("judged");
            author.at = author.at + TimeDelta::days(30);
            let ended = review::samples::notice_ended(&author, self.programme.id.uuid(), submission.id);
            ended.await.expect("final");
        }
        let system = self.test.system();
        let day = self.test.app.now().date() - Days::new(30);
        fulfil_hours(&system, &self.programme, teacher.person, (&teacher.login, day)).await.expect("hours");
    }
}

story!(a_figure_moves_step_by_step_up_to_the_province, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    let mut province = world.test.signed_in(&world.town.province_office.who()).await;
    province.get("/monitor").await.shows("测试省：进度").shows("已选学");
    let before = world.settled().await;
    let all = before.of(Stage::Teachers);
    assert!(all >= 10, "both schools have teachers");
    assert_eq!(before.counts[1..], [0; 6]);

    let chosen = world.chosen(teacher).await;
    assert_eq!(world.settled().await.counts, [all, 1, 0, 0, 0, 0, 0]);

    world.meet_everything(teacher, &chosen).await;
    assert_eq!(world.settled().await.counts, [all, 1, 1, 1, 1, 1, 0]);

    let office = world.test.ctx(world.town.county_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let issued = certificate::issue(&office, &mut tx, teacher.person).await.expect("a certificate");
    tx.commit().await.expect("commits");
    assert_eq!(world.settled().await.counts, [all, 1, 1, 1, 1, 1, 1]);

    let mut tx = office.write().await.expect("a transaction");
    certificate::revoke(&office, &mut tx, &issued.number, "核查发现材料不实").await.expect("revoked");
    tx.commit().await.expect("commits");
    assert_eq!(world.settled().await.counts, [all, 1, 1, 1, 1, 1, 0]);
});

story!(figures_follow_new_rules, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    let chosen = world.chosen(teacher).await;
    world.meet_everything(teacher, &chosen).await;
    assert_eq!(world.settled().await.of(Stage::Met), 1);
    let province = world.test.ctx(world.town.province_office.who());
    let changes = [
        ("minimum = 24", "minimum = 26"),
        ("total = 60", "total = 62"),
        ("version = \"2023.2\"", "version = \"2023.3\""),
    ];
    let mut stricter = third_scheme_with("minimum = 24", "minimum = 24");
    for (from, to) in changes {
        stricter.iter_mut().for_each(|(_, text)| *text = text.replace(from, to));
    }
    let mut tx = province.write().await.expect("a transaction");
    let draft = scheme::draft(&province, &mut tx, &stricter, "在线学习增加").await.expect("a draft");
    scheme::ask_trial(&province, &mut tx, draft).await.expect("a trial");
    tx.commit().await.expect("commits");
    assert_eq!(world.settled().await.of(Stage::Met), 1, "a trial moves no figure");
    let mut tx = province.write().await.expect("a transaction");
    scheme::put_in_force(&province, &mut tx, draft).await.expect("in force");
    tx.commit().await.expect("commits");
    assert_eq!(world.settled().await.of(Stage::Met), 0);
});

story!(every_figure_leads_to_exactly_its_people, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    let chosen = world.chosen(&first.teachers[0]).await;
    world.meet_everything(&first.teachers[0], &chosen).await;
    world.chosen(&second.teachers[1]).await;
    let figures = world.settled().await;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let scope = Scope::below(&world.town.province.path);
    for stage in Stage::ALL {
        let mut people = async |way: Way, state: &str| {
            let from = tisheng_platform::web::Cursor::default();
            let wanted = store::Wanted { state, ..Default::default() };
            let asked = store::people_by(way, &mut tx, world.programme.id, &scope, wanted, &from, 1000);
            i64::try_from(asked.await.expect("people").len()).expect("few")
        };
        let is_reached = stage != Stage::Teachers;
        for way in [Way::Walk, Way::Sort, Way::Few].into_iter().take(if is_reached { 3 } else { 2 }) {
            assert_eq!(people(way, stage.key()).await, figures.of(stage), "{way:?} {}", stage.key());
        }
        for way in [Way::Walk, Way::Sort].into_iter().filter(|_| is_reached) {
            let others = figures.of(Stage::Teachers) - figures.of(stage);
            let state = format!("not_{}", stage.key());
            assert_eq!(people(way, &state).await, others, "{way:?} {state}");
        }
    }
    drop(tx);
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    let place = format!("/monitor/{}", world.town.county.id);
    county.get(&format!("{place}/people?state=met")).await.shows(&first.teachers[0].name).shows("测试一小");
    let file = county.get(&format!("{place}/people?state=not_chosen&format=csv")).await;
    assert!(
        file.html().contains(&second.teachers[0].name) && !file.html().contains(&second.teachers[1].name)
    );
    let table = county.get(&format!("{place}/table?format=csv")).await.html();
    assert!(table.contains("测试二小,5,1,0,0,0,0,0,20.0%,0.0%"), "{table}");
    let last = table.lines().last().expect("a line").to_owned();
    assert!(last.starts_with("合计,") && last.contains('%'), "{last}");
    county.get(&format!("{place}/people?q=no-such-person")).await.shows("没有");
});

/// The links to people on a page, each with the last word of what it says.
fn figures_shown(html: &str) -> Vec<(String, String)> {
    let links = html.split("<a href=\"").skip(1).filter_map(|rest| rest.split_once('"'));
    let links = links.filter(|(href, _)| href.contains("/people?"));
    let said = |rest: &str| {
        let inner = rest.split("</a>").next().unwrap_or_default();
        let mut words = inner.split('>').filter_map(|part| part.split('<').next());
        let shown = words.rfind(|text| !text.trim().is_empty()).unwrap_or_default();
        shown.trim().trim_end_matches(" 学时").replace(',', "")
    };
    links.map(|(href, rest)| (href.to_owned(), said(rest))).collect()
}

/// The rows of a list as a file.
async fn rows(browser: &mut Browser, list: &str) -> Vec<Vec<String>> {
    let file = browser.get(&format!("{list}&format=csv")).await.html();
    file.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

story!(every_figure_of_a_page_is_a_link_to_its_rows, |engine| async move {
    let world = begin(engine).await;
    let teacher = &world.town.school().teachers[0];
    let chosen = world.chosen(teacher).await;
    world.meet_everything(teacher, &chosen).await;
    world.settled().await;
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    let html = county.get("/monitor").await.html();
    let links = figures_shown(&html);
    let mut seen = std::collections::BTreeMap::new();
    for (href, shown) in &links {
        let rows = rows(&mut county, href).await;
        let (kind, figure) = if href.contains("?category=") {
            let sum: f64 = rows.iter().map(|row| row[3].parse::<f64>().expect("hours")).sum();
            ("hours", sum)
        } else {
            ("people", f64::from(u32::try_from(rows.len()).expect("few")))
        };
        if let Ok(number) = shown.parse::<f64>() {
            assert!((number - figure).abs() < 0.005, "{href} shows {shown}, its rows are {figure}");
            *seen.entry(kind).or_insert(0) += 1;
        }
    }
    // Tiles, funnel and the first column of the places below; hours and choices, drawn and in tables.
    assert!(seen["people"] >= 7 + 7 + 3 + 2 * chosen.len(), "{seen:?}");
    assert_eq!(seen["hours"] % 2, 0, "drawn and in a table: {seen:?}");
    let foot = html.split("<tfoot>").nth(1).and_then(|rest| rest.split("</tfoot>").next()).expect("a total");
    let none = foot.matches("<td class=\"num\">0.0%</td>").count();
    let led = figures_shown(foot).len();
    assert_eq!(led + none, Stage::ALL.len(), "each figure of the total that is not zero leads somewhere");
});

story!(the_children_add_up_to_their_parent_in_every_cell, |engine| async move {
    let world = begin(engine).await;
    let [first, second] = &world.town.schools;
    let chosen = world.chosen(&first.teachers[0]).await;
    world.meet_everything(&first.teachers[0], &chosen).await;
    world.chosen(&second.teachers[1]).await;
    world.settled().await;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let programme = world.programme.id;
    for node in [&world.town.province, &world.town.city, &world.town.county] {
        let hours = store::hours_below(&mut tx, programme, node).await.expect("hours");
        let choices = store::choices_below(&mut tx, programme, node).await.expect("choices");
        assert!(!hours.is_empty() && !choices.is_empty(), "{}", node.name);
        let mut parts = std::collections::BTreeMap::new();
        for child in organisation::children(&mut tx, node.id).await.expect("children") {
            let hours = store::hours_below(&mut tx, programme, &child).await.expect("hours");
            let choices = store::choices_below(&mut tx, programme, &child).await.expect("choices");
            for (key, value) in hours.into_iter().chain(choices) {
                *parts.entry(key).or_insert(0) += value;
            }
        }
        assert_eq!(parts, hours.into_iter().chain(choices).collect(), "{}", node.name);
    }
    drop(tx);
    let mut province = world.test.signed_in(&world.town.province_office.who()).await;
    for node in [&world.town.province, &world.town.city, &world.town.county] {
        let place = format!("/monitor/{}", node.id);
        let table = rows(&mut province, &format!("{place}/table?sort=name")).await;
        let html = province.get(&place).await.html();
        let tiles = html.split("class=\"stats\"").nth(1).expect("tiles");
        for (column, (href, shown)) in figures_shown(tiles).iter().take(Stage::ALL.len()).enumerate() {
            let (all, below) = table.split_last().expect("a line for all");
            let count = |row: &Vec<String>| row[column + 1].parse::<i64>().expect("a count");
            let sum: i64 = below.iter().map(count).sum();
            assert_eq!((sum.to_string(), count(all)), (shown.clone(), sum), "{href}");
        }
    }
});

story!(whoever_has_not_begun_is_told_what_is_missing, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let mut clerk = world.test.signed_in(&school.clerk.who()).await;
    let place = format!("/monitor/{}/people", school.node.id);
    let rows = rows(&mut clerk, &format!("{place}?state=teachers")).await;
    assert!(rows.len() >= school.teachers.len());
    for row in &rows {
        assert!(!row[5].is_empty(), "{row:?} is told nothing");
    }
    for (query, is_open) in [("teachers", false), ("met", true)] {
        let html = clerk.get(&format!("{place}?state={query}")).await.html();
        let open = html.contains("<details class=\"more\" open>");
        assert_eq!(open, is_open, "all of them are no choice of some: {query}");
    }
    let html = clerk.get(&place).await.html();
    assert_eq!(html.matches(">全部教师<").count(), 1, "once in the filter");
});

story!(a_list_of_a_school_is_sorted_by_each_column, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let teacher = school.teachers.last().expect("a teacher");
    world.chosen(teacher).await;
    let system = world.test.system();
    let day = world.test.app.now().date() - Days::new(30);
    fulfil_hours(&system, &world.programme, teacher.person, (&teacher.login, day)).await.expect("hours");
    world.settled().await;
    let mut clerk = world.test.signed_in(&school.clerk.who()).await;
    let place = format!("/monitor/{}/people", school.node.id);
    let plain = rows(&mut clerk, &format!("{place}?q=")).await;
    for (key, column) in
        [("name", 0), ("school", 1), ("subject", 2), ("hours", 3), ("met", 4), ("missing", 5)]
    {
        let up = rows(&mut clerk, &format!("{place}?sort={key}")).await;
        let down = rows(&mut clerk, &format!("{place}?sort=-{key}")).await;
        assert_eq!((up.len(), down.len()), (plain.len(), plain.len()));
        assert_eq!(up.first().map(|row| &row[column]), down.last().map(|row| &row[column]), "{key}");
        let page = clerk.get(&format!("{place}?sort={key}")).await;
        let heading = page.html().contains(&format!("href=\"?sort=%2D{key}\""));
        assert_eq!(heading, key != "school", "the heading of {key} turns the order");
    }
    let most = rows(&mut clerk, &format!("{place}?sort=-hours")).await;
    assert_eq!(most[0][0], teacher.name, "most hours first");
    assert_eq!(rows(&mut clerk, &format!("{place}?capability=none-such")).await.len(), 0);
    // A county's list keeps the order of the roll, which an index gives.
    let mut office = world.test.signed_in(&world.town.county_office.who()).await;
    let wide = office.get(&format!("/monitor/{}/people", world.town.county.id)).await;
    assert!(!wide.html().contains("sort=hours"));
    let table = format!("/monitor/{}/table?sort=-chosen", world.town.county.id);
    assert_eq!(rows(&mut office, &table).await[0][2], "1", "the table as sorted");
    let mut names = rows(&mut office, &table.replace("-chosen", "-name")).await;
    let mut turned = rows(&mut office, &table.replace("-chosen", "name")).await;
    assert_eq!(names.pop(), turned.pop(), "the line for all stays last");
    turned.reverse();
    assert_eq!(names, turned);
});

story!(targets_are_shown_with_what_is_due_and_what_they_count, |engine| async move {
    let phase = "[[phase]]\nsource = \"第三条\"\ntitle = \"第一学年\"";
    let second = "[[target]]\nkey = \"counties\"\nmeasure = \"counties_started\"\nsource = \"第三条\"\n\
        title = \"启动的县（市、区）比例\"\nreading = \"in_all\"\n\n[[target.step]]\ntitle = \"第一学年\"\n\
        by = 2023-12-31\npercent = 50\n\n";
    let range = "[[counter]]\nkey = \"models\"\nsource = \"第三条\"\nplan = \"样板计划\"\ntitle = \"样板校\"\ngoal = 5\n\
        most = 7\n\n";
    let files = with_counties(third_scheme_with(phase, &format!("{second}{range}{phase}")));
    let world = begin_with(engine, &files).await;
    let mut office = world.test.signed_in(&world.town.city_office.who()).await;
    let page = office.get("/monitor").await;
    // Nothing is due yet of the first; the second was due last year.
    page.shows("2024年8月31日前应达到40%， 2025年8月31日前应达到95%。").hides("应达到0%");
    page.shows("现在应达到50%（红线）").shows("0 / 2 个县（市、区）");
    assert_eq!(page.html().matches("chart-later").count(), 2);
    assert_eq!(page.html().matches("chart-target").count(), 1);
    world.chosen(&world.town.school().teachers[0]).await;
    world.settled().await;
    let page = office.get("/monitor").await;
    page.shows("50.0% （ 1 / 2 个县（市、区）");
    let counties = page.link(&format!("/monitor/{}/counties", world.town.city.id));
    office.get(&counties).await.shows(&world.town.county.name).hides(&world.town.neighbour.name);
    let others = counties.replace("begun", "not_begun");
    office.get(&others).await.shows(&world.town.neighbour.name).hides(&world.town.county.name);
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    county.get("/monitor").await.shows("完成行动的教师比例").hides("启动的县（市、区）比例");
    county.get(&counties).await.is(404);
    // The plan has them beside what is wanted, for those who see figures.
    let plan = office.get("/scheme/targets").await;
    plan.shows("启动的县（市、区）比例").shows("50.0%").shows("已达到").shows("未达到").hides("逾期");
    plan.shows("截至各阶段累计应达到的比例").shows("目前").shows("5 至 7").shows("由负责的单位自行统计");
    assert_eq!(plan.link(&counties), counties);
    let mut teacher = world.test.signed_in(&world.town.school().teachers[0].who()).await;
    teacher.get("/scheme/targets").await.shows("启动的县（市、区）比例").hides("目前").hides("未达到");
});

story!(figures_say_how_old_they_are, |engine| async move {
    let world = begin(engine).await;
    world.chosen(&world.town.school().teachers[0]).await;
    world.settled().await;
    let mut county = world.test.signed_in(&world.town.county_office.who()).await;
    county.get("/monitor").await.shows("最近一次更新于").hides("正在统计");
    let system = world.test.system();
    let mut tx = system.write().await.expect("a transaction");
    store::mark(&mut tx, world.town.school().node.id).await.expect("marked");
    tx.commit().await.expect("commits");
    county.get("/monitor").await.shows("另有 1 所学校的新变化正在统计");
});

story!(whoever_is_elsewhere_sees_nothing, |engine| async move {
    let world = begin(engine).await;
    let place = format!("/monitor/{}", world.town.county.id);
    let mut neighbour = world.test.signed_in(&world.town.neighbour_office.who()).await;
    let mut clerk = world.test.signed_in(&world.town.school().clerk.who()).await;
    let mut teacher = world.test.signed_in(&world.town.school().teachers[0].who()).await;
    for tail in ["", "/people", "/table", "/counties", "/schools"] {
        neighbour.get(&format!("{place}{tail}")).await.is(404);
        clerk.get(&format!("{place}{tail}")).await.is(404);
        teacher.get(&format!("{place}{tail}")).await.is(404);
    }
    clerk.get("/monitor").await.shows("测试一小：进度");
    assert!(world.test.browser().get("/monitor").await.path.starts_with("/sign-in"));
});

story!(a_school_takes_its_figures_along, |engine| async move {
    let world = begin(engine).await;
    let school = world.town.school();
    let chosen = world.chosen(&school.teachers[0]).await;
    world.settled().await;
    let system = world.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let node = (school.node.id, school.node.version);
    let moved = relocate(&system, &mut tx, node, world.town.neighbour.id, beginning(), "区划调整")
        .await
        .expect("moved");
    store::follow(&mut tx, &moved.shift()).await.expect("followed");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    let (there, parts) = world.figures(&world.town.neighbour).await;
    assert_eq!((there, there.of(Stage::Chosen)), (parts, 1));
    assert_eq!(world.figures(&world.town.county).await.0.of(Stage::Chosen), 0);
    let mut tx = system.read().await.expect("a transaction");
    let mut choices = async |node| {
        let counts = store::choices_below(&mut tx, world.programme.id, node).await.expect("choices");
        counts.into_iter().map(|(_, teachers)| teachers).collect::<Vec<_>>()
    };
    assert_eq!(choices(&world.town.neighbour).await, vec![1; chosen.len()]);
    assert!(choices(&world.town.county).await.is_empty());
    assert_eq!(world.wrong().await, 0);
});

story!(many_events_of_a_moment_are_all_in_the_figures, |engine| async move {
    let world = begin(engine).await;
    for school in &world.town.schools {
        for teacher in &school.teachers {
            world.chosen(teacher).await;
            world.test.settle().await;
        }
    }
    let teachers: usize = world.town.schools.iter().map(|school| school.teachers.len()).sum();
    let chosen = world.settled().await.of(Stage::Chosen);
    assert_eq!(usize::try_from(chosen).expect("few"), teachers, "at one and the same moment");
});

story!(a_file_of_teachers_moves_the_figures, |engine| async move {
    let world = begin(engine).await;
    let before = world.settled().await.of(Stage::Teachers);
    let office = &world.town.county_office;
    let codes = world.town.schools.iter().filter_map(|school| school.node.code.clone());
    let file = roster::samples::roll_of_teachers(&codes.collect::<Vec<_>>(), 0, 40);
    let who = office.who();
    let clerk = who.member().expect("an officer");
    roster::samples::rehearse(&world.test.app, &handlers(), clerk, "teachers", file).await.expect("taken");
    assert_eq!(world.settled().await.of(Stage::Teachers), before + 40);
});

story!(a_figure_that_was_tampered_with_is_found_and_counted_again, |engine| async move {
    let world = begin(engine).await;
    world.settled().await;
    let system = world.test.system();
    let school = &world.town.school().node;
    let mut tx = system.write().await.expect("a transaction");
    let mut figures = store::count(&mut tx, world.programme.id, school.id).await.expect("counted");
    figures.counts[1] += 1;
    let place = (school.id, school.path.as_str());
    let doing = store::count_doing(&mut tx, world.programme.id, school.id).await.expect("looked");
    store::put(&mut tx, world.programme.id, place, (&figures, doing), system.at).await.expect("written");
    tx.commit().await.expect("commits");
    assert_eq!(world.wrong().await, 1);
    assert_eq!(rebuild(&system, &world.programme).await.expect("counted"), 2);
    assert_eq!(world.wrong().await, 0);

    // So are the sums beside the figures, of the school and with it of its county, or of the county alone: a
    // row too much, and a number that is another.
    world.chosen(&world.town.school().teachers[0]).await;
    world.settled().await;
    for (sql, wrong) in [
        (
            "insert into school_hours (programme, school, category, seconds)
            select programme, school, 'elsewhere', 60 from school_choice limit 1",
            2,
        ),
        (
            "update school_choice set teachers = teachers + 1 where capability =
            (select min(capability) from school_choice)",
            2,
        ),
        (
            "update school_dimension set teachers = teachers + 1 where dimension =
            (select min(dimension) from school_dimension)",
            2,
        ),
        (
            "insert into school_work (programme, school, state, level, works)
            select programme, school, 'panel', '', 1 from school_dimension limit 1",
            2,
        ),
        ("update school_figure set planned = 1 where chosen = 1", 1),
        (
            "update unit_sum set total = total + 1 where part = 'choice' and item =
            (select min(item) from unit_sum where part = 'choice')",
            1,
        ),
        (
            "insert into unit_sum (programme, unit, part, item, level, total)
            select programme, unit, 'work', 'panel', '', 1 from school_unit where sums > 0",
            1,
        ),
        ("update school_unit set path = path || 'astray/' where sums > 0", 1),
        // A unit that a file founded and whose undo has removed is forgotten, and stops nothing.
        (
            "insert into school_unit (programme, unit, path, sums)
            select programme, programme, '/undone/', 1 from school_unit where sums > 0",
            0,
        ),
    ] {
        let mut tx = system.write().await.expect("a transaction");
        assert_eq!(tx.run(sql, args![]).await.expect("changed"), 1);
        tx.commit().await.expect("commits");
        assert_eq!(world.wrong().await, wrong, "{sql}");
        rebuild(&system, &world.programme).await.expect("counted");
        assert_eq!(world.wrong().await, 0);
    }
});
