//! Subscribers told through HTTP, on both engines.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State as Kept;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{Days, TimeDelta};
use serde_json::Value;
use tisheng_kernel::{Id, Instant, Seconds};
use tisheng_platform::jobs::{Handlers, Job};
use tisheng_platform::{Ctx, args};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::samples::{Persona, Town, phone, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Engine, Seen, TestApp, story};
use tisheng_training::hours::{self, Channel, Described, Report, Sent, Whom, Withdrawal};
use tisheng_training::platform::{self, Platform};

use super::model::sign;
use super::{DISPUTE_JOB, HOURS_JOB, jobs, routes};

mod hostile;

/// A message as the receiver got it.
#[derive(Debug, Clone)]
struct Got {
    headers: HeaderMap,
    body: String,
}

/// A system that listens: what it got, and what it answers.
#[derive(Debug, Clone)]
struct Receiver {
    got: Arc<Mutex<Vec<Got>>>,
    answer: Arc<Mutex<StatusCode>>,
    host: String,
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let receiver =
            Self { got: Arc::default(), answer: Arc::new(Mutex::new(StatusCode::NO_CONTENT)), host };
        let router = Router::new().route("/hook", post(hear)).with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        receiver
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answers(&self, status: StatusCode) {
        *self.answer.lock().unwrap_or_else(PoisonError::into_inner) = status;
    }

    fn ids(&self) -> Vec<String> {
        self.got().iter().map(|got| got.header("webhook-id")).collect()
    }
}

async fn hear(Kept(receiver): Kept<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let got = Got { headers, body: String::from_utf8_lossy(&body).into_owned() };
    receiver.got.lock().unwrap_or_else(PoisonError::into_inner).push(got);
    *receiver.answer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Got {
    fn header(&self, name: &str) -> String {
        self.headers[name].to_str().expect("text").to_owned()
    }

    fn said(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }
}

struct Place {
    test: TestApp,
    town: Town,
    programme: Programme,
    platform: Platform,
    lecturer: Persona,
    receiver: Receiver,
}

impl Place {
    async fn begin(engine: Engine) -> Self {
        Self::beside(engine, Receiver::start().await).await
    }

    async fn beside(engine: Engine, receiver: Receiver) -> Self {
        let handlers = jobs(Handlers::default())
            .reaction(hours::TOLD, HOURS_JOB)
            .reaction(hours::DISPUTE_ANSWERED, DISPUTE_JOB);
        let parts = scheme::samples::parts();
        let hosts = std::slice::from_ref(&receiver.host);
        let test = TestApp::beside(engine, routes(), parts, handlers, hosts).await;
        let town = small_town(&test.system()).await.expect("a town");
        let files = scheme::samples::owned(third_scheme_files());
        let programme =
            scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
        let office = test.ctx(town.city_office.who());
        let mut tx = office.write().await.expect("a transaction");
        let rules = scheme::rules(&test.app, &mut tx, &programme).await.expect("rules");
        let above = (&town.county, 1, "甲");
        let made = platform::samples::platform(&office, &mut tx, &programme, above).await;
        let (node, id) = made.expect("a platform");
        let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
        tx.commit().await.expect("commits");
        let lecturer = Persona { role: Role::Institution, node, ..town.schools[1].clerk.clone() };
        let first = rules.identity.period.expect("a programme has a period").from();
        test.clock.set(Instant::start_of(first + Days::new(110)) + TimeDelta::hours(9));
        Self { test, town, programme, platform, lecturer, receiver }
    }

    async fn browser(&self, persona: &Persona) -> Browser {
        self.test.signed_in(&persona.who()).await
    }

    /// Lets the institution listen for its hours; gives the secret and the page.
    async fn subscribed(&self) -> (Browser, String, String) {
        let mut browser = self.browser(&self.lecturer).await;
        let (url, platform) = (self.url(), self.platform.id.to_string());
        let form = [
            ("name", "甲平台"),
            ("url", url.as_str()),
            ("platform", platform.as_str()),
            ("event", "hours.entered"),
            ("event", "hours.waiting"),
            ("event", "hours.refused"),
            ("event", "hours.reversed"),
            ("event", "dispute.answered"),
        ];
        let issued = browser.post("/webhooks", &form).await;
        let secret = issued.shows("只显示这一次").text();
        let secret = secret.split("whsec_").nth(1).and_then(|rest| rest.split(' ').next()).expect("a secret");
        (browser, format!("whsec_{secret}"), issued.link("/webhooks/"))
    }

    fn url(&self) -> String {
        format!("http://{}/hook", self.receiver.host)
    }

    fn report(&self, name: &str, hours: u32, number: &str) -> Report {
        let described =
            Described { name: name.to_owned(), phone: phone(7).number().to_owned(), ..Described::default() };
        Report {
            whom: Whom::Described(described),
            category: self.platform.category.clone(),
            kind: self.platform.kind.clone(),
            seconds: Seconds::from_hours(hours, self.platform.length),
            length: self.platform.length,
            worked_on: self.test.app.now().date() - Days::new(9),
            title: "数字素养".to_owned(),
            source: self.platform.name.clone(),
            source_id: number.to_owned(),
            channel: Channel::Api,
            doubt: None,
        }
    }

    fn teacher(&self) -> &Persona {
        &self.town.school().teachers[0]
    }

    async fn reported(&self, reports: &[Report]) {
        let ctx = self.test.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let sent: Vec<Sent> = reports.iter().cloned().map(Box::new).map(Sent::Report).collect();
        let source = (self.platform.name.as_str(), sent.as_slice());
        hours::log_each(&ctx, &mut tx, &self.programme, source).await.expect("taken");
        tx.commit().await.expect("commits");
        self.test.settle().await;
    }
}

#[track_caller]
fn signed(got: &Got, secret: &str) {
    let seconds = got.header("webhook-timestamp").parse().expect("seconds");
    let expected = sign(secret, (&got.header("webhook-id"), seconds), &got.body).expect("signed");
    assert_eq!(got.header("webhook-signature"), expected);
}

story!(a_platform_is_told_what_became_of_its_hours, |engine| async move {
    let place = Place::begin(engine).await;
    let (mut lecturer, secret, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    place.reported(&[place.report(&name, 2, "v1"), place.report("无名氏", 2, "v2")]).await;
    let got = place.receiver.got();
    let types: Vec<Value> = got.iter().map(|got| got.said()["type"].clone()).collect();
    assert_eq!(types, ["hours.entered", "hours.waiting"]);
    for one in &got {
        signed(one, &secret);
    }
    assert_eq!(got[1].said()["data"]["rows"][0]["outcome"], "parked");
    place.reported(&[place.report(&name, 2, "v1")]).await;
    place.test.settle().await;
    assert_eq!(place.receiver.ids().len(), 2, "nothing is told of what was taken before");
    lecturer.get(&page).await.shows("学时入账").shows("已送达").shows("对方答复 204");

    let office = place.test.ctx(place.town.county_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let found = tx.row("select id from hour_report where state = 'parked'", args![], |r| r.get(0));
    let parked: Id<hours::Waiting> = found.await.expect("it waits");
    let scoped: &Ctx = &place.test.ctx(place.town.city_office.who());
    hours::dismiss(scoped, &mut tx, &place.programme, parked, "查无此人").await.expect("put aside");
    tx.commit().await.expect("commits");
    place.test.settle().await;
    let last = place.receiver.got().last().cloned().expect("told");
    assert_eq!(
        (&last.said()["type"], &last.said()["data"]["rows"][0]["reason"]),
        (&Value::from("hours.refused"), &Value::from("查无此人"))
    );
});

story!(what_comes_to_something_else_is_told_in_its_order, |engine| async move {
    let place = Place::begin(engine).await;
    let (_, secret, _) = place.subscribed().await;
    let name = place.teacher().name.clone();
    let ctx = place.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let taken_back = |number: &str, reason: &str| {
        Sent::Withdrawal(Withdrawal { number: number.to_owned(), reason: reason.to_owned() })
    };
    let report = |hours, number| Sent::Report(Box::new(place.report(&name, hours, number)));
    let sent = [report(1, "v1"), report(1, "v2"), taken_back("v1", "学时有误"), report(2, "v1")];
    let source = (place.platform.name.as_str(), sent.as_slice());
    hours::log_each(&ctx, &mut tx, &place.programme, source).await.expect("taken");
    tx.commit().await.expect("commits");
    place.test.settle().await;
    let got = place.receiver.got();
    let told: Vec<(Value, usize)> = got
        .iter()
        .map(Got::said)
        .map(|said| (said["type"].clone(), said["data"]["rows"].as_array().expect("rows").len()))
        .collect();
    let expected = [("hours.entered", 2), ("hours.reversed", 1), ("hours.entered", 1)];
    assert_eq!(told, expected.map(|(event, rows)| (Value::from(event), rows)));
    assert_eq!(got[1].said()["data"]["rows"][0]["outcome"], "withdrawn");
    got.iter().for_each(|one| signed(one, &secret));

    // The answer to the commit is lost: the job is taken for one that failed, and taken apart.
    let mut tx = ctx.write().await.expect("a transaction");
    let apart = "insert into job (id, kind, key, payload, run_at, lane, part_of, attempts, done, total)
        select $1, kind, 'part', payload, run_at, lane, id, 0, 0, 0 from job where kind = $2";
    assert_eq!(tx.run(apart, args![ctx.id::<Job>(), HOURS_JOB]).await.expect("a part"), 1);
    tx.commit().await.expect("commits");
    place.test.settle().await;
    assert_eq!(place.receiver.got().len(), 3, "nothing is told under another id");
});

story!(one_round_at_a_time_is_sent_to_a_subscriber, |engine| async move {
    let place = Place::begin(engine).await;
    place.subscribed().await;
    let until = place.test.app.now() + TimeDelta::seconds(30);
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    let held = "update webhook set round = $1, round_until = $2";
    tx.run(held, args![uuid::Uuid::now_v7(), until]).await.expect("another server sends");
    tx.commit().await.expect("commits");
    let name = place.teacher().name.clone();
    place.reported(&[place.report(&name, 1, "v1")]).await;
    assert_eq!(place.receiver.ids().len(), 0, "the other one sends");
    place.test.clock.advance(TimeDelta::seconds(31));
    place.test.settle().await;
    assert_eq!(place.receiver.ids().len(), 1, "it has died: somebody else does");
});

story!(what_does_not_arrive_is_sent_again_under_its_number, |engine| async move {
    let place = Place::begin(engine).await;
    let (mut lecturer, _, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    place.receiver.answers(StatusCode::SERVICE_UNAVAILABLE);
    place.reported(&[place.report(&name, 1, "v1")]).await;
    place.reported(&[place.report(&name, 2, "v2")]).await;
    assert_eq!(place.receiver.ids().len(), 1, "somebody who fails rests");
    lecturer.get(&page).await.shows("已连续失败 1 次").shows("投递受阻").shows("对方答复 503");
    place.receiver.answers(StatusCode::OK);
    place.test.clock.advance(TimeDelta::seconds(6));
    place.test.settle().await;
    let ids = place.receiver.ids();
    assert_eq!((ids.len(), &ids[0]), (3, &ids[1]), "the same message, then the next: {ids:?}");
    lecturer.get(&page).await.hides("已连续失败").hides("待投递");

    // One that is refused holds up nobody else, and a person sends it again.
    place.receiver.answers(StatusCode::UNPROCESSABLE_ENTITY);
    place.reported(&[place.report(&name, 1, "v3")]).await;
    let seen = lecturer.get(&page).await;
    seen.shows("对方答复 422").shows("待投递").hides("投递受阻");
    place.receiver.answers(StatusCode::OK);
    let again = seen.link(&format!("{page}/messages/"));
    lecturer.post(&again, &[]).await.shows("正在重新投递");
    place.test.settle().await;
    let ids = place.receiver.ids();
    assert_eq!(ids[3], ids[4]);
    lecturer.get(&page).await.hides("待投递");
});

story!(whoever_fails_for_days_is_stopped_and_goes_on_where_it_was, |engine| async move {
    let place = Place::begin(engine).await;
    let (_, _, page) = place.subscribed().await;
    let name = place.teacher().name.clone();
    place.receiver.answers(StatusCode::INTERNAL_SERVER_ERROR);
    place.reported(&[place.report(&name, 1, "v1")]).await;
    for _ in 0..12 {
        place.test.clock.advance(TimeDelta::hours(21));
        place.test.settle().await;
    }
    let tries = place.receiver.ids();
    assert!(tries.len() < 10 && tries.iter().all(|id| *id == tries[0]), "{tries:?}");
    // Long after, the session is another.
    let mut lecturer = place.browser(&place.lecturer).await;
    lecturer.get(&page).await.shows("已停止投递").shows("已停止");
    place.receiver.answers(StatusCode::OK);
    let version = lecturer.get(&page).await.field("version");
    lecturer.post(&format!("{page}/turn"), &[("do", "resume"), ("version", &version)]).await.shows("已恢复");
    place.test.clock.advance(TimeDelta::hours(21));
    place.test.settle().await;
    let mut lecturer = place.browser(&place.lecturer).await;
    assert_eq!(place.receiver.ids().len(), tries.len() + 1);
    lecturer.get(&page).await.shows("已送达");
    place.receiver.answers(StatusCode::GONE);
    place.reported(&[place.report(&name, 2, "v2")]).await;
    lecturer.get(&page).await.shows("已停止投递");
});

story!(nobody_is_told_of_what_is_not_theirs, |engine| async move {
    let place = Place::begin(engine).await;
    let (mut lecturer, _, page) = place.subscribed().await;
    for persona in [&place.town.neighbour_office, &place.town.school().clerk, place.teacher()] {
        let mut stranger = place.browser(persona).await;
        stranger.get(&page).await.is(404);
        stranger.post(&format!("{page}/turn"), &[("do", "end"), ("version", "1")]).await.is(404);
    }
    place.browser(&place.town.school().clerk).await.get("/webhooks").await.is(404);
    let url = format!("http://{}/hook", place.receiver.host);
    let refused = |url: &str, event: &str| {
        vec![("name", "乙".to_owned()), ("url", url.to_owned()), ("event", event.to_owned())]
    };
    let mut wrong = async |url: &str, event: &str| -> Seen {
        let form = refused(url, event);
        let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lecturer.post("/webhooks", &form).await
    };
    wrong("https://10.0.0.1/hook", "hours.entered").await.is(422).says("指向内网");
    wrong("http://example.test/", "hours.entered").await.is(422).says("https://");
    wrong(&url, "hours.entered").await.is(422).says("要选定是哪个平台");
    wrong(&url, "result.final").await.is(422).says("只能由工程办公室订阅");

    // An office listens to its own teachers, and hears nothing of its neighbour's.
    let mut office = place.browser(&place.town.county_office).await;
    let form = [("name", "县"), ("url", url.as_str()), ("event", "dispute.answered")];
    office.post("/webhooks", &form).await.shows("只显示这一次");
    let mut neighbour = place.browser(&place.town.neighbour_office).await;
    neighbour.post("/webhooks", &form).await.shows("只显示这一次");
    let teacher = place.test.ctx(place.teacher().who());
    let mut tx = teacher.write().await.expect("a transaction");
    let dispute = hours::open_dispute(&teacher, &mut tx, &place.programme, None, ("一门课", "没有记上"))
        .await
        .expect("opened");
    let clerk = place.test.ctx(place.town.county_office.who());
    let answer = (hours::Verdict::Upheld, "已请平台补报");
    hours::answer_dispute(&clerk, &mut tx, &place.programme, dispute, answer).await.expect("answered");
    tx.commit().await.expect("commits");
    place.test.settle().await;
    let got = place.receiver.got();
    assert_eq!((got.len(), &got[0].said()["data"]["answer"]), (1, &Value::from("已请平台补报")));
});
