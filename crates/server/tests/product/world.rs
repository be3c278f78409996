//! The whole application in process, and a town in it where one of every kind of thing is there.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{Days, TimeDelta};
use http::{HeaderMap, Method};
use serde_json::json;
use tisheng_assessment::{evidence, review};
use tisheng_gateway::door;
use tisheng_gateway::lrs::{self, Scope, Wanted};
use tisheng_gateway::{lti, token};
use tisheng_kernel::{Id, Level, Seconds};
use tisheng_platform::args;
use tisheng_policy::scheme::{self, Programme, samples::owned};
use tisheng_registry::access::Role;
use tisheng_registry::roster::samples::roll_of_teachers;
use tisheng_registry::samples::{Persona, Town, phone, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_server::{reactions, routes};
use tisheng_testkit::{Browser, Chosen, Engine, TestApp};
use tisheng_training::course::{self, Counts, samples::Wish};
use tisheng_training::hours::{self, Channel, Described, Report, Whom};
use tisheng_training::learning::{self, Happened};
use tisheng_training::platform::{self, Platform};
use tisheng_training::samples::{choose, fulfil_hours, online_report, publish_offer};
use tisheng_training::selection;
use uuid::Uuid;

/// Every route, every reaction, on a database of its own.
pub async fn whole(engine: Engine) -> TestApp {
    let parts = routes::parts().expect("the product's long-lived things");
    TestApp::with_handlers(engine, routes::all(), parts, reactions::handlers()).await
}

/// A town in which one of every kind of thing belongs to the first school.
pub struct World {
    /// The application.
    pub test: TestApp,
    /// The town.
    pub town: Town,
    /// Its programme.
    pub programme: Programme,
    /// A capability that the one at work has chosen.
    capability: String,
    /// What stands in place of a name in an address: by the beginning of the address, then by
    /// the name. The longest beginning counts.
    pub things: BTreeMap<&'static str, String>,
}

impl World {
    /// Builds it.
    pub async fn begin(engine: Engine) -> Self {
        let test = whole(engine).await;
        let town = small_town(&test.system()).await.expect("a town");
        // In the middle of the scheme's period.
        test.clock.advance(TimeDelta::days(3 * 365));
        let files = owned(third_scheme_files());
        let programme =
            scheme::samples::programme(&test.system(), &town.province, &files).await.expect("a programme");
        for school in &town.schools {
            publish_offer(&test.app, &programme, school).await.expect("an offer");
            let head = test.ctx(school.principal.who());
            let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
            review::samples::panel_of(&head, &panel).await.expect("a panel");
        }
        let things = BTreeMap::from([("{*resource}", "statements".to_owned())]);
        let mut world = Self { test, town, programme, capability: String::new(), things };
        world.finish().await;
        world.work().await;
        world.school_desk().await;
        world.platforms().await;
        world.further().await;
        world.door().await;
        world.test.settle().await;
        world.look_up().await;
        world
    }

    /// Who has finished everything: the owner of certificate, hours, dispute and results.
    pub fn finisher(&self) -> &Persona {
        &self.town.school().teachers[0]
    }

    /// Who is at work: the owner of draft, upload, submission and change of choice.
    pub fn worker(&self) -> &Persona {
        &self.town.school().teachers[1]
    }

    /// A browser in which `persona` is signed in.
    pub async fn browser(&self, persona: &Persona) -> Browser {
        self.test.signed_in(&persona.who()).await
    }

    async fn finish(&mut self) {
        let teacher = self.finisher().clone();
        self.fulfil(&teacher).await;
        let mut office = self.browser(&self.town.county_office).await;
        office.post("/certificates/batch", &[]).await.shows("开始为 1 位教师发证");
        self.test.settle().await;
        let print = office.get("/certificates").await.link("/certificates/batch/");
        office.post(&print, &[]).await.shows("开始打包");
        let year = chrono::Datelike::year(&self.test.app.now().date()).to_string();
        let handed = office.post("/handover", &[("year", &year)]).await;
        self.things.insert("/handover {batch}", handed.path.trim_start_matches("/handover/").to_owned());
        let mut browser = self.browser(&teacher).await;
        let fields = [("title", "一门没有记上的课程"), ("text", "平台上已经学完，这里没有。")];
        let shown = Chosen { field: "file", name: "学习记录.jpg", bytes: hours::samples::PICTURE };
        browser.post_files("/hours/disputes", &fields, &[shown]).await.is(200);
    }

    /// Everything that a certificate asks for.
    pub async fn fulfil(&self, teacher: &Persona) {
        let mut author = self.test.ctx(teacher.who());
        for capability in choose(&self.test.app, &self.programme, teacher).await.expect("a choice") {
            let submission = evidence::samples::hand_in(&author, &capability).await.expect("handed in");
            review::samples::judged(&author, &submission, Level::Excellent).await.expect("judged");
            author.at = author.at + TimeDelta::days(30);
            let ended = review::samples::notice_ended(&author, self.programme.id.uuid(), submission.id);
            ended.await.expect("final");
        }
        let day = self.test.app.now().date() - Days::new(30);
        let prefix = teacher.login.as_str();
        fulfil_hours(&self.test.system(), &self.programme, teacher.person, (prefix, day))
            .await
            .expect("hours");
        self.test.settle().await;
    }

    async fn work(&mut self) {
        let worker = self.worker().clone();
        let chosen = choose(&self.test.app, &self.programme, &worker).await.expect("a choice");
        let author = self.test.ctx(worker.who());
        evidence::samples::hand_in(&author, &chosen[0]).await.expect("handed in");
        let mut browser = self.browser(&worker).await;
        let draft = browser.post("/evidence", &[("capability", &chosen[1])]).await;
        let id =
            draft.path.trim_start_matches("/evidence/").split(['?', '#']).next().unwrap_or("").to_owned();
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        let offered = selection::offered(&mut tx, self.programme.id, worker.node.id).await.expect("an offer");
        drop(tx);
        for piece in rules.framework.pieces(&chosen[1]) {
            self.upload(&mut browser, &id, &piece.key).await;
            self.things.insert("{piece}", piece.key.clone());
            self.things.insert("{piece's version}", format!("version-{}", piece.key));
            self.things.insert("{piece's text}", format!("body-{}", piece.key));
            self.things.insert("{what is kept of it}", evidence::samples::text_of(piece));
        }
        evidence::samples::fill(&author, id.parse().expect("an id")).await.expect("filled");
        self.things.insert("/evidence {id}", id);
        self.capability.clone_from(&chosen[0]);
        self.things.insert("{capability}", chosen[0].clone());
        // Another capability of the same dimension instead of the last.
        let dimension = |code: &str| rules.framework.capability(code).map(|c| c.dimension.clone());
        let last = chosen.last().expect("a choice");
        let other = offered.iter().find(|code| !chosen.contains(code) && dimension(code) == dimension(last));
        let mut wanted: Vec<String> = chosen[..chosen.len() - 1].to_vec();
        wanted.extend(other.cloned());
        let mut tx = author.write().await.expect("a transaction");
        let reason = "任教年级调整，改选更合适的能力点。";
        selection::ask_change(&author, &mut tx, &self.programme, &wanted, reason).await.expect("asked");
        tx.commit().await.expect("commits");
    }

    async fn upload(&mut self, browser: &mut Browser, submission: &str, piece: &str) {
        let pair = |key: &str, value: &str| format!("{key} {}", STANDARD.encode(value));
        let pairs = [pair("submission", submission), pair("piece", piece), pair("filename", "课堂.mp4")];
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("tus-resumable", "1.0.0"), ("upload-length", "100000"), ("upload-metadata", &pairs.join(","))]
        {
            headers.insert(name, value.parse().expect("a value"));
        }
        let seen = browser.send(Method::POST, "/uploads", headers, Vec::new()).await;
        if seen.status == 201 {
            let id = seen.location().rsplit('/').next().unwrap_or_default().to_owned();
            self.things.insert("/uploads {id}", id);
        }
    }

    /// Plans an activity for this morning as whoever uses `organiser`; gives its address.
    pub async fn plan_activity(&self, organiser: &mut Browser, title: &str) -> String {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        drop(tx);
        let practice = rules.hours.categories.last().expect("a category");
        let kind = practice.kinds.iter().find(|kind| kind.ceiling.is_none());
        let place = format!("{}/{}", practice.key, kind.map(|k| k.key.as_str()).unwrap_or_default());
        let fields = [
            ("title", title),
            ("form", "research"),
            ("place", "录播教室"),
            ("host", "教研组"),
            ("day", &self.test.app.now().date().to_string()),
            ("begins", "09:00"),
            ("ends", "11:00"),
            ("hours", "2"),
            ("place_of_hours", &place),
            ("audience", &self.town.school().node.path),
        ];
        let page = organiser.post("/activities/new", &fields).await;
        page.is(200);
        page.path.clone()
    }

    async fn school_desk(&mut self) {
        let school = self.town.school().clone();
        let mut principal = self.browser(&school.principal).await;
        let planned = self.plan_activity(&mut principal, "微能力点研讨").await;
        let id = planned.rsplit('/').next().unwrap_or_default().to_owned();
        self.things.insert("/activities {id}", id);
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        drop(tx);
        let day = self.test.app.now().date();
        let mut clerk = self.browser(&school.clerk).await;
        let codes = [school.node.code.clone().unwrap_or_default()];
        let roll = roll_of_teachers(&codes, 1, 3);
        let file = Chosen { field: "file", name: "名册.csv", bytes: &roll };
        clerk.post_files("/roster/teachers", &[], &[file]).await.is(200);
        let unknown =
            Described {
                name: "无名氏".to_owned(), school: school.node.name.clone(), ..Described::default()
            };
        let known = online_report(&rules, self.finisher().person, ("lost-1", 2, day - Days::new(1)));
        let report = Report { whom: Whom::Described(unknown), seconds: Seconds::of_minutes(60), ..known };
        // Of somebody unknown whoever brought it decides: the school.
        let clerk = self.test.ctx(school.clerk.who());
        let mut tx = clerk.write().await.expect("a transaction");
        hours::log_all(&clerk, &mut tx, &self.programme, &[report]).await.expect("parked");
        tx.commit().await.expect("commits");
    }

    /// A platform with a course that a teacher has learnt, and an account that is nobody's yet.
    async fn platforms(&mut self) {
        let office = self.test.ctx(self.town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let made =
            platform::samples::platform(&office, &mut tx, &self.programme, (&self.town.county, 1, "甲"));
        let (institution, id) = made.await.expect("a platform");
        let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
        let principal = &self.town.school().principal;
        let lecturer = Persona { role: Role::Institution, node: institution, ..principal.clone() };
        let author = self.test.ctx(lecturer.who());
        let capability = self.capability.clone();
        let wish =
            |code, title| Wish { code, title, capability: &capability, hours: 1, counts: Counts::Completed };
        let offered = course::samples::offered((&author, &office), &mut tx, &platform, wish("K1", "课程一"));
        let course = offered.await.expect("a course");
        let school = self.town.school().node.name.clone();
        let learnt = self.test.app.now() + TimeDelta::days(-40);
        let said = ["学员一", "学员二"].map(|name| {
            learning::samples::said(
                &platform,
                (name, &school, "K1"),
                (name, Happened::Completed),
                (60, learnt),
            )
        });
        let system = self.test.system();
        learning::take(&system, &mut tx, (&platform, Channel::Xapi), &said).await.expect("taken");
        let accounts = "select id from learner order by account";
        let accounts: Vec<Uuid> = tx.rows(accounts, args![], |row| row.get(0)).await.expect("accounts");
        let [known, unknown] = accounts[..] else { panic!("two accounts: {accounts:?}") };
        let whose = (Id::from_uuid(known), self.worker().person);
        let clerk = self.test.ctx(self.town.school().clerk.who());
        learning::match_learner(&clerk, &mut tx, &self.programme, whose).await.expect("matched");
        let wanted = Wanted { platform: Some(id.uuid()), ..Wanted::new("甲", &[Scope::Write]) };
        let issued = lrs::create(&system, &mut tx, &wanted).await.expect("a credential");
        lti::samples::tool(&office, &mut tx, id).await.expect("a tool");
        let learnt_there = (course, self.worker().person);
        lti::samples::completed(&system, &mut tx, learnt_there).await.expect("a score");
        let chooser = self.test.ctx(self.town.province_office.who());
        let pick = lti::samples::pick(&chooser, &mut tx, id).await.expect("something chosen");
        tx.commit().await.expect("commits");
        self.reported(id).await;
        self.things.insert("/platforms {id}", id.to_string());
        self.things.insert("{credential}", issued.id.to_string());
        self.things.insert("{pick}", pick.to_string());
        self.things.insert("{course}", course.to_string());
        self.things.insert("{line}", Uuid::from_u128(1).simple().to_string());
        self.things.insert("/courses {id}", course.to_string());
        self.things.insert("{month}", learnt.date().format("%Y-%m").to_string());
        self.things.insert("/learners {id}", unknown.to_string());
    }

    /// A batch that a platform has reported, of somebody whom nobody knows.
    async fn reported(&self, platform: Id<Platform>) {
        let system = self.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let platform = platform::of_id(&mut tx, platform).await.expect("read").expect("a platform");
        let whose = (&self.town.county, Some(&platform));
        let issued = token::samples::token(&system, &mut tx, whose, &[token::Scope::HoursWrite]).await;
        tx.commit().await.expect("commits");
        let day = self.test.app.now().date() - Days::new(40);
        let row = json!({ "id": "b1", "person": { "name": "无名氏" }, "title": "课程一", "hours": "1", "date": day });
        let mut headers = HeaderMap::new();
        let bearer = format!("Bearer {}", issued.expect("a token").word());
        for (name, value) in [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", "batch-1"),
        ] {
            headers.insert(name, value.parse().expect("a value"));
        }
        let known = json!({ "name": self.worker().name, "phone": phone(7 + 1).number() });
        let refused = json!({ "id": "b2", "person": known, "title": "课程一", "hours": "1", "date": "去年" });
        let batch = json!({ "rows": [row, refused] }).to_string().into_bytes();
        self.test.browser().send(Method::POST, "/api/v1/hours", headers, batch).await.says("parked");
    }

    /// A sign-in service of the county, by which the one who finished comes.
    async fn door(&mut self) {
        let office = self.test.ctx(self.town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let provider = door::samples::provider(&office, &mut tx, self.town.county.id).await;
        let provider = provider.expect("a service");
        let whose = self.finisher().account;
        let link = door::samples::link(&office, &mut tx, provider, whose).await.expect("linked");
        tx.commit().await.expect("commits");
        self.things.insert("{provider}", provider.to_string());
        self.things.insert("{link}", link.to_string());
    }

    /// The numbers of what was made through pages.
    async fn look_up(&mut self) {
        let (node, finisher, worker) =
            (self.town.school().node.id.uuid(), self.finisher().person.uuid(), self.worker().person.uuid());
        let asked: [(&'static str, &'static str, Option<Uuid>); 14] = [
            ("{batch}", "select id from certificate_batch", None),
            ("/hours/waiting {id}", "select id from hour_report where source_id = 'lost-1'", None),
            ("{row}", "select id from api_refused", None),
            ("/hours/inbox {id}", "select id from hour_dispute", None),
            ("/hours/disputes {id}", "select id from hour_dispute", None),
            ("{file}", "select id from hour_dispute_file", None),
            ("/hours/entries {id}", "select id from hour_entry where person = $1 limit 1", Some(finisher)),
            ("/choice {id}", "select id from choice_change", None),
            ("/review/results {id}", "select id from submission where person = $1 limit 1", Some(finisher)),
            (
                "/review/self {id}",
                "select id from submission where person = $1 and state = 'submitted'",
                Some(worker),
            ),
            (
                "/review/withdraw {id}",
                "select id from submission where person = $1 and state = 'submitted'",
                Some(worker),
            ),
            ("{seat}", "select id from panel_member where node = $1 limit 1", Some(node)),
            ("{grant}", "select id from role_grant where node = $1 limit 1", Some(node)),
            ("/roster {id}", "select id from roster_run where state <> 'taken'", None),
        ];
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        for (what, sql, about) in asked {
            let id = match about {
                Some(about) => tx.row(sql, args![about], |row| row.get::<Uuid>(0)).await,
                None => tx.row(sql, args![], |row| row.get::<Uuid>(0)).await,
            };
            self.things.insert(what, id.unwrap_or_else(|e| panic!("{what}: {e}")).to_string());
        }
        let number = tx.row("select number from certificate", args![], |row| row.get(0)).await;
        self.things.insert("{number}", number.expect("a certificate"));
        let draft: Uuid = self.things["/evidence {id}"].parse().expect("an id");
        let item = "select id from evidence_item where submission = $1 limit 1";
        let item = tx.row(item, args![draft], |row| row.get::<Uuid>(0)).await.expect("a piece");
        self.things.insert("{item}", item.to_string());
        self.things.insert("{node}", node.to_string());
        self.things.insert("{person}", finisher.to_string());
        self.things.insert("{kind}", "teachers".to_owned());
        self.things.insert("{name}", "app.css".to_owned());
    }

    /// Who has a work in hand to judge.
    pub async fn reviewer(&self) -> &Persona {
        let review: Uuid = self.things["/review {id}"].parse().expect("an id");
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let sql = "select reviewer from review where id = $1";
        let drawn = tx.row(sql, args![review], |row| row.get::<Uuid>(0)).await.expect("drawn");
        let everybody = self.town.everybody();
        everybody.into_iter().find(|one| one.person.uuid() == drawn).expect("somebody of the town")
    }

    /// The address `path` with the names in braces replaced by things of the first school.
    pub fn fill(&self, path: &str) -> String {
        let mut filled = path.to_owned();
        for (at, _) in path.match_indices('{') {
            let name = &path[at..=at + path[at..].find('}').expect("a closed brace")];
            let fitting = self.things.iter().filter_map(|(key, value)| {
                let (start, of) = key.split_once(' ').unwrap_or(("", key));
                (of == name && path.starts_with(start)).then_some((start.len(), value))
            });
            let (_, value) = fitting.max().unwrap_or_else(|| panic!("nothing stands for {name} in {path}"));
            filled = filled.replace(name, value);
        }
        filled
    }
}
