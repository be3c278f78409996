//! Stories of standings and certificates, told on both engines under the made-up scheme.

mod batches;
mod listing;
mod moving;
mod printing;
mod proof;
mod score;
mod trial;
mod unmet;
mod walking;

use std::sync::Arc;

use axum::Router;
use chrono::{Days, TimeDelta};
use tisheng_kernel::Level;
use tisheng_platform::jobs::{self, Handlers};
use tisheng_platform::{App, Parts, args};
use tisheng_policy::scheme::{self, Programme, samples::owned};
use tisheng_registry::roster::{self, Entry, Kind, Kinds, Passed, Teachers};
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::builtin;
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Engine, TestApp, story};
use tisheng_training::samples::{choose, fulfil_hours, publish_offer};
use tisheng_typeset::{Fonts, Typesetter};

use super::{REFRESH_JOB, routes};
use crate::{evidence, review};

/// A town whose schools offer and have panels; nobody has chosen anything.
pub(crate) struct World {
    pub test: TestApp,
    pub town: Town,
    pub programme: Programme,
}

async fn begin(engine: Engine) -> World {
    // In the middle of the scheme's period.
    begin_by(engine, third_scheme_files(), 3 * 365).await
}

/// The town under `files`, so many days after the beginning of its clock.
async fn begin_by(engine: Engine, files: builtin::Files, days: i64) -> World {
    let house = (routes(), scheme::samples::parts());
    set_up(engine, house, |handlers| handlers, (files, days)).await
}

/// The town of [`begin`] with these rooms, parts and jobs beside.
pub(crate) async fn begin_in(
    engine: Engine,
    house: (Router<Arc<App>>, Parts),
    more: fn(Handlers) -> Handlers,
) -> World {
    set_up(engine, house, more, (third_scheme_files(), 3 * 365)).await
}

/// The town of [`begin_in`] under `files`, so many days after the beginning of its clock.
pub(crate) async fn set_up(
    engine: Engine,
    (rooms, parts): (Router<Arc<App>>, Parts),
    more: fn(Handlers) -> Handlers,
    (files, days): (builtin::Files, i64),
) -> World {
    let parts = parts.with(Typesetter::new(Fonts::embedded()));
    let handlers = ["hours.changed", "choice.changed", "person.changed", review::FINAL, review::PEER_ENDED]
        .into_iter()
        .fold(super::jobs(review::samples::handlers()), |all, event| all.reaction(event, REFRESH_JOB));
    let test = TestApp::with_handlers(engine, rooms, parts, more(handlers)).await;
    let town = small_town(&test.system()).await.expect("a town");
    test.clock.advance(TimeDelta::days(days));
    let files = owned(files);
    let programme =
        scheme::samples::programme(&test.system(), &town.province, &files).await.expect("a programme");
    for school in &town.schools {
        publish_offer(&test.app, &programme, school).await.expect("an offer");
        let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
        review::samples::panel_of(&test.ctx(school.principal.who()), &panel).await.expect("a panel");
    }
    World { test, town, programme }
}

/// The jobs of this room and of those whom a file of teachers concerns.
fn with_rolls() -> Handlers {
    roster::handlers(super::jobs(review::samples::handlers()))
}

impl World {
    pub(crate) fn teacher(&self, school: usize, n: usize) -> &Persona {
        &self.town.schools[school].teachers[n]
    }

    pub(crate) async fn browser(&self, persona: &Persona) -> Browser {
        self.test.signed_in(&persona.who()).await
    }

    /// A teacher chooses, and every chosen capability is judged excellent.
    async fn be_judged(&self, teacher: &Persona) {
        let chosen = choose(&self.test.app, &self.programme, teacher).await.expect("a choice");
        let mut author = self.test.ctx(teacher.who());
        for capability in chosen {
            let submission = evidence::samples::hand_in(&author, &capability).await.expect("handed in");
            review::samples::judged(&author, &submission, Level::Excellent).await.expect("judged");
            author.at = author.at + TimeDelta::days(30);
            let ended = review::samples::notice_ended(&author, self.programme.id.uuid(), submission.id);
            ended.await.expect("final");
        }
        self.test.settle().await;
    }

    /// A teacher meets everything that the scheme asks for.
    pub(crate) async fn meet_everything(&self, teacher: &Persona) {
        self.be_judged(teacher).await;
        let day = self.test.app.now().date() - Days::new(30);
        let about = (teacher.login.as_str(), day);
        fulfil_hours(&self.test.system(), &self.programme, teacher.person, about).await.expect("hours");
        self.test.settle().await;
    }

    /// The county issues to a teacher who has met everything; gives the number.
    pub(crate) async fn issue(&self, teacher: &Persona) -> String {
        let mut county = self.browser(&self.town.county_office).await;
        let page = county.post(&format!("/people/{}/certificate", teacher.person), &[]).await;
        page.shows("已为").shows("发放证书");
        page.path.trim_start_matches("/certificates/").to_owned()
    }

    /// Somebody changes the database behind the platform's back.
    async fn tamper(&self, statement: &'static str) {
        let mut tx = self.test.app.db.write().await.expect("a transaction");
        tx.run(statement, tisheng_platform::args![]).await.expect("changed");
        tx.commit().await.expect("commits");
    }
}

story!(the_standing_says_what_is_met_and_exactly_what_is_missing, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    let mut browser = world.browser(teacher).await;
    let page = browser.get("/standing").await;
    page.shows("还差什么").shows("未达到").shows("24").shows("36").hides("我的证书");
    // On paper it says whose it is, and by which rules.
    let whose = format!("姓名：{} 学校：{}", teacher.name, world.town.schools[0].node.name);
    page.shows(&whose).shows("判定依据：").shows("版）").shows("打印日期");
    assert!(page.html().contains("href=\"/choice\">去完成"), "what is to be done first");

    world.be_judged(teacher).await;
    let page = browser.get("/standing").await;
    page.shows("还差什么").shows("已达到").shows("未达到");
    assert!(page.html().contains("href=\"/hours\">去完成"), "what is left");
    let mut county = world.browser(&world.town.county_office).await;
    let place = format!("/people/{}/standing", teacher.person);
    county.get(&place).await.shows(&teacher.name).shows("还差什么").hides("发放证书");
    let early = county.post(&format!("/people/{}/certificate", teacher.person), &[]).await;
    assert!(
        early.text().contains(&format!("{}：尚未达到全部要求", teacher.name)) && !early.status.is_success(),
        "{}",
        early.text()
    );

    let day = world.test.app.now().date() - Days::new(30);
    let about = (teacher.login.as_str(), day);
    fulfil_hours(&world.test.system(), &world.programme, teacher.person, about).await.expect("hours");
    world.test.settle().await;
    browser.get("/standing").await.hides("还差什么").hides("未达到").shows("已达到");
    county.get(&place).await.shows("发放证书");
    let number = world.issue(teacher).await;
    let page = browser.get("/standing").await;
    assert_eq!(page.shows("我的证书").link("/certificates/"), format!("/certificates/{number}"));
});

story!(whoever_came_with_a_file_has_a_standing_where_the_post_is, |engine| async move {
    let parts = scheme::samples::parts().with(Kinds::new(vec![Entry::of::<Teachers>()]));
    let world = begin_in(engine, (routes(), parts), roster::handlers).await;
    let count = async |condition: &'static str| -> i64 {
        let mut tx = world.test.app.db.read().await.expect("a transaction");
        tx.row(condition, args![], |row| row.get(0)).await.expect("counted")
    };
    let codes: Vec<String> = world.town.schools.iter().filter_map(|s| s.node.code.clone()).collect();
    let file = roster::samples::roll_of_teachers(&codes[..1], 0, 40);
    let who = world.town.county_office.who();
    let clerk = who.member().expect("an officer");
    roster::samples::rehearse(&world.test.app, &with_rolls(), clerk, "teachers", file).await.expect("taken");
    let told = "select count(*) from standing where not met and open_gates like '%choice%'";
    assert_eq!(count(told).await, 40, "everybody who came is told what is missing");

    // One of them had come back from elsewhere.
    let right = "select count(*) from standing s join post p on p.person = s.person and p.path = s.path";
    world.tamper("update standing set path = '/elsewhere/' where person = (select person from standing order by person limit 1)").await;
    assert_eq!(count(right).await, 39);
    let mut tx = world.test.app.db.write().await.expect("a transaction");
    let run = tx.row("select id from roster_run", args![], |row| row.get(0)).await.expect("a run");
    let passed = Passed { run, kind: Teachers::ABOUT.key.to_owned(), path: String::new() };
    jobs::emit(&mut tx, world.test.app.now(), roster::PASSED, &passed).await.expect("told");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert_eq!(count(right).await, 40);

    // A file that moved another was undone: no trace of it is left.
    let (first, other) = (&world.town.schools[0].node.path, &world.town.schools[1].node.path);
    let mut tx = world.test.app.db.write().await.expect("a transaction");
    let moved = "update standing set path = $2 where path = $1
        and person = (select person from standing order by person desc limit 1)";
    assert_eq!(tx.run(moved, args![first, other]).await.expect("moved"), 1);
    for statement in ["update roster_run set state = 'undone'", "delete from roster_trace"] {
        tx.run(statement, args![]).await.expect("undone");
    }
    jobs::emit(&mut tx, world.test.app.now(), roster::PASSED, &passed).await.expect("told");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert_eq!(count(right).await, 40);
});

story!(the_county_issues_and_the_teacher_takes_the_document_home, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let number = world.issue(teacher).await;
    let mut county = world.browser(&world.town.county_office).await;
    let again = county.post(&format!("/people/{}/certificate", teacher.person), &[]).await;
    assert!(again.text().contains(&format!("已经发过证书，编号 {number}")), "{}", again.text());

    let mut holder = world.browser(teacher).await;
    holder.get(&format!("/certificates/{number}")).await.shows(&teacher.name).shows("有效").hides("撤销证书");
    let document = holder.get(&format!("/certificates/{number}/pdf")).await;
    assert_eq!(document.is(200).headers["content-type"], "application/pdf");
    assert!(document.bytes.starts_with(b"%PDF"));
    assert_eq!(
        county.get(&format!("/certificates/{number}/pdf")).await.bytes,
        document.bytes,
        "one document, however often it is asked for"
    );
    let mut other = world.browser(world.teacher(0, 1)).await;
    other.get(&format!("/certificates/{number}")).await.is(404);
    other.get(&format!("/certificates/{number}/pdf")).await.is(404);
});

story!(who_may_not_issue_is_refused, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let place = format!("/people/{}/certificate", teacher.person);
    let school = world.town.school();
    let strangers = [teacher, &school.clerk, &school.principal, &world.town.neighbour_office];
    for stranger in strangers {
        let mut browser = world.browser(stranger).await;
        browser.post(&place, &[]).await.is(404);
    }
    let number = world.issue(teacher).await;
    for stranger in strangers {
        let mut browser = world.browser(stranger).await;
        browser.get(&format!("/certificates/{number}/revoke")).await.is(404);
        for verb in ["revoke", "reissue"] {
            browser.post(&format!("/certificates/{number}/{verb}"), &[("reason", "越权")]).await.is(404);
        }
    }
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    neighbour.get(&format!("/certificates/{number}")).await.is(404);
    neighbour.get("/certificates").await.hides(&number);
    world.test.browser().get(&format!("/verify/{number}")).await.shows("有效").hides("已撤销");
});
