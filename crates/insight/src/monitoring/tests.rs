//! Stories of figures that move, told on both engines under a made-up scheme.

use chrono::{Days, TimeDelta};
use tisheng_assessment::{certificate, evidence, review};
use tisheng_kernel::Level;
use tisheng_platform::Scope;
use tisheng_platform::jobs::Handlers;
use tisheng_policy::scheme::{self, Programme, samples::owned, trial};
use tisheng_registry::organisation::Node;
use tisheng_registry::restructuring::relocate;
use tisheng_registry::roster::{self, Entry, Kinds, Teachers};
use tisheng_registry::samples::{Persona, Town, beginning, small_town};
use tisheng_rules::samples::{third_scheme_files, third_scheme_with};
use tisheng_testkit::{Engine, TestApp, story};
use tisheng_training::samples::{choose, fulfil_hours, publish_offer};

use super::{Figures, Stage, check_figures, figures_below, rebuild, routes, store};

/// A town whose schools offer and have panels; nobody has chosen anything.
struct World {
    test: TestApp,
    town: Town,
    programme: Programme,
}

fn handlers() -> Handlers {
    let rooms = trial::handlers(roster::handlers(review::samples::handlers()));
    let rooms = super::jobs(certificate::jobs(rooms));
    let rooms = rooms.reaction("scheme.in_force", certificate::REFRESH_ALL_JOB);
    ["hours.changed", "choice.changed", "person.changed", review::FINAL]
        .into_iter()
        .fold(rooms, |handlers, event| handlers.reaction(event, certificate::REFRESH_JOB))
}

async fn begin(engine: Engine) -> World {
    let kinds = Kinds::new(vec![Entry::of::<Teachers>()]);
    let parts = scheme::samples::parts().with(kinds).with(certificate::EXAMINE);
    let test = TestApp::with_handlers(engine, routes(), parts, handlers()).await;
    let town = small_town(&test.system()).await.expect("a town");
    let files = owned(third_scheme_files());
    // In the middle of the scheme's period.
    test.clock.advance(TimeDelta::days(3 * 365));
    let programme =
        scheme::samples::programme(&test.system(), &town.province, &files).await.expect("a programme");
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
        let mut people = async |state: &str| {
            let from = tisheng_platform::web::Cursor::default();
            let asked = store::people(&mut tx, world.programme.id, &scope, (state, ""), &from, 1000);
            i64::try_from(asked.await.expect("people").len()).expect("few")
        };
        assert_eq!(people(stage.key()).await, figures.of(stage), "{}", stage.key());
        if stage != Stage::Teachers {
            let others = figures.of(Stage::Teachers) - figures.of(stage);
            assert_eq!(people(&format!("not_{}", stage.key())).await, others, "not {}", stage.key());
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
    assert!(table.contains("测试二小,5,1,0,0,0,0,0"), "{table}");
    county.get(&format!("{place}/people?q=no-such-person")).await.shows("没有");
});

story!(whoever_is_elsewhere_sees_nothing, |engine| async move {
    let world = begin(engine).await;
    let place = format!("/monitor/{}", world.town.county.id);
    let mut neighbour = world.test.signed_in(&world.town.neighbour_office.who()).await;
    let mut clerk = world.test.signed_in(&world.town.school().clerk.who()).await;
    let mut teacher = world.test.signed_in(&world.town.school().teachers[0].who()).await;
    for tail in ["", "/people", "/table"] {
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
    world.chosen(&school.teachers[0]).await;
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
    store::put(&mut tx, world.programme.id, place, &figures, system.at).await.expect("written");
    tx.commit().await.expect("commits");
    assert_eq!(world.wrong().await, 1);
    assert_eq!(rebuild(&system, &world.programme).await.expect("counted"), 2);
    assert_eq!(world.wrong().await, 0);
});
