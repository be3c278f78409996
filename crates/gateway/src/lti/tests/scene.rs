//! A town with a learning platform, a course of it and its tool.

use std::collections::HashMap;

use chrono::{Days, TimeDelta};
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::args;
use tisheng_platform::jobs::Handlers;
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Engine, Seen, TestApp};
use tisheng_training::course::{self, Counts, Course, Entrances, samples::Wish};
use tisheng_training::hours::{self, Trails};
use tisheng_training::learning;
use tisheng_training::platform::{self, Platform};

use super::tool::{key, set};
use crate::lti::names::{ASSERTION, claim, scope};
use crate::lti::{pages, routes, way};

/// What a tool is asked or asks in an address.
pub type Asked = HashMap<String, String>;

/// Where the tool is.
pub const TOOL: &str = "https://tool.test";

pub struct Scene {
    pub test: TestApp,
    pub town: Town,
    pub programme: Programme,
    pub platform: Platform,
    /// Who keeps the platform for its institution.
    pub lecturer: Persona,
    /// Counts when it is passed with 60 of 100; one lesson.
    pub course: Id<Course>,
    /// The name under which the tool is registered; empty until it is.
    pub client: String,
}

async fn entrance(
    ctx: tisheng_platform::Ctx,
    course: Course,
) -> Result<Option<course::Way>, tisheng_platform::web::Failure> {
    let mut tx = ctx.read().await?;
    Ok(way(&mut tx, &course).await?)
}

impl Scene {
    /// A town without a tool; hosts on this machine that may be asked.
    pub async fn bare(engine: Engine, hosts: &[String]) -> Self {
        let pages = pages().merge(tisheng_training::routes());
        let rooms = tisheng_platform::web::serve::Rooms { pages, machines: routes() };
        let parts = scheme::samples::parts().with(Trails::new(learning::tell)).with(Entrances::new(entrance));
        let handlers = platform::jobs(learning::jobs(Handlers::default()));
        let handlers = handlers.reaction(course::APPROVED, learning::REPLAY_JOB);
        let test = TestApp::beside(engine, rooms, parts, handlers, hosts).await;
        let town = small_town(&test.system()).await.expect("a town");
        let files = scheme::samples::owned(third_scheme_files());
        let programme = scheme::samples::programme(&test.system(), &town.city, &files).await;
        let programme = programme.expect("a programme");
        let mut tx = test.app.db.read().await.expect("a transaction");
        let rules = scheme::rules(&test.app, &mut tx, &programme).await.expect("rules");
        drop(tx);
        let first = rules.identity.period.expect("a period").from();
        test.clock.set(Instant::start_of(first + Days::new(110)) + TimeDelta::hours(9));
        let office = test.ctx(town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let made = platform::samples::platform(&office, &mut tx, &programme, (&town.county, 1, "甲"));
        let (node, id) = made.await.expect("a platform");
        let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
        let lecturer = Persona { role: Role::Institution, node, ..town.schools[1].clerk.clone() };
        let author = test.ctx(lecturer.who());
        let capability = &rules.framework.capabilities[0].code;
        let wish = Wish { code: "K1", title: "课程一", capability, hours: 1, counts: Counts::Passed };
        let offered = course::samples::offered((&author, &office), &mut tx, &platform, wish).await;
        let course = offered.expect("a course");
        tx.commit().await.expect("commits");
        Self { test, town, programme, platform, lecturer, course, client: String::new() }
    }

    /// One more course of the platform.
    pub async fn offers(&self, code: &str, counts: Counts) -> Id<Course> {
        let (author, office) =
            (self.test.ctx(self.lecturer.who()), self.test.ctx(self.town.city_office.who()));
        let mut tx = office.write().await.expect("a transaction");
        let rules = scheme::rules(&self.test.app, &mut tx, &self.programme).await.expect("rules");
        let capability = &rules.framework.capabilities[0].code;
        let wish = Wish { code, title: code, capability, hours: 1, counts };
        let offered = course::samples::offered((&author, &office), &mut tx, &self.platform, wish).await;
        tx.commit().await.expect("commits");
        offered.expect("a course")
    }

    /// The same with a tool in use that is told no names.
    pub async fn begin(engine: Engine) -> Self {
        let mut scene = Self::bare(engine, &[]).await;
        let mut lecturer = scene.browser(&scene.lecturer).await;
        scene.client = scene.registered(&mut lecturer, &[]).await;
        scene.turned(&mut lecturer, "resume").await.shows("已启用");
        scene
    }

    pub async fn browser(&self, persona: &Persona) -> Browser {
        self.test.signed_in(&persona.who()).await
    }

    pub fn teacher(&self) -> &Persona {
        &self.town.school().teachers[0]
    }

    pub fn page(&self) -> String {
        format!("/platforms/{}/tool", self.platform.id)
    }

    /// What is typed to register the tool, with `changes`.
    pub fn form<'a>(changes: &[(&'a str, &'a str)], keys: &'a str) -> Vec<(&'a str, &'a str)> {
        let mut form = vec![
            ("name", "微课工具"),
            ("login", "https://tool.test/login"),
            ("target", "https://tool.test/launch"),
            ("redirects", "https://tool.test/launch\nhttps://tool.test/other"),
            ("keys", keys),
            ("picker", "https://tool.test/pick"),
            ("whole", "yes"),
        ];
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes);
        form
    }

    /// Registers the tool by hand; gives the name it gets.
    pub async fn registered(&self, keeper: &mut Browser, changes: &[(&str, &str)]) -> String {
        let keys = set(&[&key(0)]);
        let page = keeper.post(&format!("{}/edit", self.page()), &Self::form(changes, &keys)).await;
        fact(page.shows("还没有启用"), "客户端标识（client_id）")
    }

    pub async fn turned(&self, keeper: &mut Browser, what: &str) -> Seen {
        let version = keeper.get(&self.page()).await.field("version");
        keeper.post(&format!("{}/turn", self.page()), &[("do", what), ("version", &version)]).await
    }

    /// A teacher opens the course; what the tool is asked.
    pub async fn set_out(&self, browser: &mut Browser) -> Asked {
        self.set_out_at(browser, &format!("/courses/{}/launch", self.course)).await
    }

    pub async fn set_out_at(&self, browser: &mut Browser, path: &str) -> Asked {
        let answer = browser.send(Method::GET, path, HeaderMap::new(), Vec::new()).await;
        let (to, query) = answer.is(303).location().split_once('?').expect("a question");
        assert_eq!(to, "https://tool.test/login");
        serde_urlencoded::from_str(query).expect("pairs")
    }

    /// The address to which a tool that was `asked` sends the browser back, with `changes`.
    pub fn back(&self, asked: &Asked, nonce: &str, changes: &[(&str, &str)]) -> String {
        let mut pairs = vec![
            ("scope", "openid"),
            ("response_type", "id_token"),
            ("response_mode", "form_post"),
            ("prompt", "none"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", "https://tool.test/launch"),
            ("state", "state-1"),
            ("nonce", nonce),
            ("login_hint", asked["login_hint"].as_str()),
        ];
        pairs.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        pairs.extend(changes);
        format!("/lti/auth?{}", serde_urlencoded::to_string(pairs).expect("pairs"))
    }

    /// A teacher opens the course with this nonce; the message that the tool gets.
    pub async fn launched(&self, teacher: &Persona, nonce: &str) -> Value {
        self.launched_in(teacher, self.course, nonce).await
    }

    /// The same with another course.
    pub async fn launched_in(&self, teacher: &Persona, course: Id<Course>, nonce: &str) -> Value {
        let mut browser = self.browser(teacher).await;
        let asked = self.set_out_at(&mut browser, &format!("/courses/{course}/launch")).await;
        let page = browser.get(&self.back(&asked, nonce, &[])).await;
        super::tool::opened(&page.is(200).field("id_token")).1
    }

    /// Seconds of the world.
    pub fn now(&self) -> i64 {
        self.test.app.now().micros() / 1_000_000
    }

    /// What an honest proof of the tool says.
    pub fn proof(&self, number: &str) -> Value {
        json!({
            "iss": self.client, "sub": self.client, "aud": "http://tisheng.test/lti/token",
            "iat": self.now(), "exp": self.now() + 60, "jti": number,
        })
    }

    /// Asks for a token with `proof`.
    pub async fn asks_for_token(&self, proof: &str, scopes: &str) -> Seen {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_assertion_type", ASSERTION),
            ("client_assertion", proof),
            ("scope", scopes),
        ];
        let body = serde_urlencoded::to_string(form).expect("pairs");
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
        self.test.browser().send(Method::POST, "/lti/token", headers, body.into_bytes()).await
    }

    /// A token for every service.
    pub async fn token(&self) -> String {
        let number = hex::encode(rand::random::<[u8; 8]>());
        let proof = key(0).sign(&self.proof(&number));
        let seen = self.asks_for_token(&proof, &scope::ALL.join(" ")).await;
        let said: Value = serde_json::from_str(&seen.is(200).html()).expect("JSON");
        assert_eq!(said["token_type"], "Bearer");
        said["access_token"].as_str().expect("a token").to_owned()
    }

    /// Asks a service at the whole address `at`.
    pub async fn asks(&self, token: &str, method: Method, at: &str, content: &Value) -> Seen {
        let path = at.strip_prefix("http://tisheng.test").unwrap_or(at);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", format!("Bearer {token}").parse().expect("a header"));
        let body = if content.is_null() { Vec::new() } else { content.to_string().into_bytes() };
        self.test.browser().send(method, path, headers, body).await
    }

    /// A score of `message`'s teacher at `second` of the hour.
    pub fn score(&self, message: &Value, second: i64, given: f64) -> Value {
        let at = self.test.app.now() + TimeDelta::hours(-1) + TimeDelta::seconds(second);
        json!({
            "userId": message["sub"], "timestamp": at.iso(), "activityProgress": "Completed",
            "gradingProgress": "FullyGraded", "scoreGiven": given, "scoreMaximum": 20,
        })
    }

    /// The tool says anew, at a later moment, what it knows: a hand-in of forty minutes with 20 of 20.
    pub async fn score_again(&self, message: &Value, token: &str) {
        self.test.clock.advance(TimeDelta::minutes(1));
        let minutes = |m: i64| (self.test.app.now() + TimeDelta::minutes(-m)).iso();
        let mut score = self.score(message, 600, 20.0);
        score["submission"] = json!({ "startedAt": minutes(50), "submittedAt": minutes(10) });
        let scores = format!("{}/scores", line_of(message));
        self.asks(token, Method::POST, &scores, &score).await.is(204);
    }

    /// Seconds that count for a teacher.
    pub async fn counted(&self, teacher: &Persona) -> i64 {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let entries = hours::entries(&mut tx, self.programme.id, teacher.person).await.expect("entries");
        entries.iter().map(|entry| entry.seconds.get()).sum()
    }

    /// How often the trail says that `action` was done.
    pub async fn recorded(&self, action: &str) -> i64 {
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let sql = "select count(*) from audit where action = $1";
        tx.row(sql, args![action], |row| row.get(0)).await.expect("counted")
    }
}

/// What follows `label` in the list of facts of a page.
pub fn fact(page: &Seen, label: &str) -> String {
    let after = page.html().split(&format!("<dt>{label}</dt><dd>")).nth(1).expect("the fact").to_owned();
    after.split("</dd>").next().unwrap_or_default().to_owned()
}

/// The address of the column that comes with a message.
pub fn line_of(message: &Value) -> String {
    message[claim::GRADES]["lineitem"].as_str().expect("a column").to_owned()
}
