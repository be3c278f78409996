//! New rules and the results of teachers, told on both engines under a made-up scheme.

use chrono::{Days, TimeDelta};
use tisheng_kernel::{Id, Level};
use tisheng_policy::scheme::{self, Programme, Version};
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Chosen, Engine, Seen, TestApp, story};
use tisheng_training::hours;
use tisheng_training::samples::{choose, fulfil_hours, publish_offer};

use super::super::{
    EXAMINE, FINAL_BY, REFRESH_ALL_JOB, REFRESH_JOB, Standing, check_standings, issue, jobs, reissue, revoke,
    routes, store,
};
use crate::evidence::samples::hand_in;
use crate::review;
use crate::review::samples::{handlers, judged, notice_ended, panel_of};

/// A town whose programme the city owns; its schools have panels.
struct World {
    test: TestApp,
    town: Town,
    programme: Programme,
}

async fn begin(engine: Engine) -> World {
    let reactions = ["hours.changed", "choice.changed", review::FINAL];
    let rooms = scheme::jobs(jobs(handlers())).reaction("scheme.in_force", REFRESH_ALL_JOB);
    let rooms = reactions.into_iter().fold(rooms, |all, event| all.reaction(event, REFRESH_JOB));
    let pages = routes().merge(scheme::routes()).merge(hours::routes());
    let parts = scheme::samples::parts().with(EXAMINE).with(FINAL_BY);
    let test = TestApp::with_handlers(engine, pages, parts, rooms).await;
    let town = small_town(&test.system()).await.expect("a town");
    // In the middle of the scheme's period.
    test.clock.advance(TimeDelta::days(3 * 365));
    let files = scheme::samples::owned(third_scheme_files());
    let programme =
        scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
    for school in &town.schools {
        publish_offer(&test.app, &programme, school).await.expect("an offer");
        let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
        panel_of(&test.ctx(school.principal.who()), &panel).await.expect("a panel");
    }
    World { test, town, programme }
}

impl World {
    fn teacher(&self, n: usize) -> &Persona {
        &self.town.school().teachers[n]
    }

    /// Teacher `n` does everything that the scheme asks for.
    async fn meet_everything(&self, n: usize) {
        let teacher = self.teacher(n);
        let chosen = choose(&self.test.app, &self.programme, teacher).await.expect("a choice");
        let mut author = self.test.ctx(teacher.who());
        for capability in &chosen {
            let submission = hand_in(&author, capability).await.expect("handed in");
            judged(&author, &submission, Level::Excellent).await.expect("judged");
            author.at = author.at + TimeDelta::days(30);
            let ended = notice_ended(&author, self.programme.id.uuid(), submission.id);
            ended.await.expect("final");
        }
        let day = self.test.app.now().date() - Days::new(30);
        let system = self.test.system();
        fulfil_hours(&system, &self.programme, teacher.person, (&teacher.login, day)).await.expect("hours");
        self.test.settle().await;
    }

    async fn standing(&self, n: usize) -> Standing {
        let person = self.teacher(n).person;
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let found =
            store::standing::standings(&mut tx, self.programme.id, person, person).await.expect("read");
        found.into_iter().next().expect("a standing")
    }

    /// The city hands in rules that ask for two hours more on line; the page of the draft.
    async fn stricter(&self) -> Seen {
        let files: Vec<(&str, String)> = third_scheme_files()
            .iter()
            .map(|(name, text)| {
                let text = text.replace("version = \"2023.2\"", "version = \"2024.1\"");
                let text = text.replace("minimum = 24", "minimum = 26").replace("total = 60", "total = 62");
                (*name, text)
            })
            .collect();
        let chosen: Vec<Chosen<'_>> = files
            .iter()
            .map(|(name, text)| Chosen { field: "files", name, bytes: text.as_bytes() })
            .collect();
        let mut office = self.test.signed_in(&self.town.city_office.who()).await;
        office.post_files("/scheme/versions", &[("note", "在线学习增加")], &chosen).await
    }

    /// The draft is tried and put in force.
    async fn in_force(&self, draft: &Seen) -> Id<Version> {
        let mut office = self.test.signed_in(&self.town.city_office.who()).await;
        let step = format!("{}/step", draft.path);
        office.post(&step, &[("do", "trial")]).await.shows("正在试算");
        self.test.settle().await;
        office.post(&step, &[("do", "force")]).await.shows("执行中");
        self.test.settle().await;
        draft.path.rsplit('/').next().expect("an address").parse().expect("an identifier")
    }
}

story!(a_stricter_version_says_who_changes_before_it_is_put_in_force, |engine| async move {
    let world = begin(engine).await;
    world.meet_everything(1).await;
    choose(&world.test.app, &world.programme, world.teacher(2)).await.expect("a choice");
    world.test.settle().await;
    let draft = world.stricter().await;
    draft.shows("不少于 26 学时").shows("开始试算");
    let mut office = world.test.signed_in(&world.town.city_office.who()).await;
    let step = format!("{}/step", draft.path);
    office.post(&step, &[("do", "force")]).await.is(422);
    let running = office.post(&step, &[("do", "trial")]).await;
    assert!(running.html().contains("http-equiv=\"refresh\""), "the page looks again by itself");
    world.test.settle().await;
    office.get(&draft.path).await.shows("共核对 12 位教师").shows("由达到变为未达到");

    let losing = office.get(&format!("{}/changes?kind=losing", draft.path)).await;
    losing.shows(&world.teacher(1).name).shows("已达到全部要求").shows("还差 2 学时");
    losing.hides(&world.teacher(2).name);
    let other = office.get(&format!("{}/changes?kind=other", draft.path)).await;
    other.shows(&world.teacher(2).name).hides(&world.teacher(1).name);
    assert!(world.standing(1).await.met, "a trial changes nobody");
    for other in [&world.town.county_office, world.teacher(1)] {
        let mut other = world.test.signed_in(&other.who()).await;
        other.get(&format!("{}/changes", draft.path)).await.is(404);
        other.post(&step, &[("do", "force")]).await.is(404);
    }

    let version = world.in_force(&draft).await;
    let now = world.standing(1).await;
    assert_eq!((now.met, now.version), (false, version), "the new rules judge what is open");
    let mut own = world.test.signed_in(&world.teacher(1).who()).await;
    own.get("/standing").await.shows("还差 2 学时");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let person = world.teacher(1).person.uuid();
    let results = review::results(&mut tx, world.programme.id.uuid(), person).await.expect("results");
    assert!(!results.is_empty());
    let old = world.programme.version.uuid();
    assert!(results.iter().all(|result| result.scheme_version == old), "final levels stay as judged");
    drop(tx);
    let author = world.test.ctx(world.teacher(2).who());
    let mut tx = author.read().await.expect("a transaction");
    let chosen = tisheng_training::selection::chosen(&mut tx, world.programme.id, world.teacher(2).person);
    let capability = chosen.await.expect("a choice").remove(0);
    drop(tx);
    let fresh = hand_in(&author, &capability).await.expect("handed in");
    assert_eq!(fresh.scheme_version, version.uuid(), "what begins now is judged by the new rules");
});

story!(a_certified_result_stays_on_its_version_until_it_is_revoked, |engine| async move {
    let world = begin(engine).await;
    world.meet_everything(0).await;
    let office = world.test.ctx(world.town.county_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let first = issue(&office, &mut tx, world.teacher(0).person).await.expect("a certificate");
    tx.commit().await.expect("commits");
    world.test.settle().await;

    let draft = world.stricter().await;
    world.in_force(&draft).await;
    let mut city = world.test.signed_in(&world.town.city_office.who()).await;
    city.get(&format!("{}/changes?kind=losing", draft.path)).await.hides(&world.teacher(0).name);
    let now = world.standing(0).await;
    assert_eq!((now.met, now.version), (true, world.programme.version));
    let mut own = world.test.signed_in(&world.teacher(0).who()).await;
    own.get("/standing").await.hides("还差");
    let list = "/hours/teachers?booked=some";
    own.get("/hours").await.shows("学时已达到要求");
    city.get(&format!("/hours/teachers/{}", world.teacher(0).person)).await.shows("学时已达到要求");
    city.get(list).await.shows(&world.teacher(0).name).shows("已达到");

    let mut tx = office.write().await.expect("a transaction");
    let corrected = reissue(&office, &mut tx, &first.number, "学校名称有误").await.expect("corrected");
    tx.commit().await.expect("commits");
    assert_eq!(corrected.version, world.programme.version);
    assert!(world.standing(0).await.met);

    let mut tx = office.write().await.expect("a transaction");
    revoke(&office, &mut tx, &corrected.number, "核查发现材料不实").await.expect("revoked");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert!(!world.standing(0).await.met, "open again, and the rules in force judge");
    own.get("/hours").await.shows("学时还差");
    city.get(list).await.shows(&world.teacher(0).name).hides("已达到");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let programme = scheme::of_id(&mut tx, world.programme.id).await.expect("the programme");
    drop(tx);
    let (_, wrong) = check_standings(&world.test.system(), &programme, 10).await.expect("checked");
    assert!(wrong.is_empty(), "{wrong:?}");
});
