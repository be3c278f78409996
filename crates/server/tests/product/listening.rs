//! From a statement in the record store to an hour in the teacher's statement, and back.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use http::{HeaderMap, Method, StatusCode};
use tisheng_gateway::lrs::{self, Issued, Scope, Wanted};
use tisheng_kernel::Id;
use tisheng_platform::{args, jobs};
use tisheng_server::verify::mend;
use tisheng_testkit::{Seen, story};
use tisheng_training::learning::{self, Account};
use tisheng_training::platform::{self, Platform};
use tisheng_training::{course, hours};

use crate::world::World;

/// The platform of the world with a credential of its own.
struct Sender<'w> {
    world: &'w World,
    platform: Platform,
    issued: Issued,
}

impl<'w> Sender<'w> {
    async fn begin(world: &'w World) -> Self {
        let system = world.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let id: Id<Platform> = world.things["/platforms {id}"].parse().expect("a number");
        let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
        let wanted =
            Wanted { platform: Some(id.uuid()), ..Wanted::new("甲", &[Scope::Write, Scope::ReadMine]) };
        let issued = lrs::create(&system, &mut tx, &wanted).await.expect("a credential");
        tx.commit().await.expect("commits");
        Self { world, platform, issued }
    }

    /// The account of the one judged, as this system names it to the platform.
    async fn account(&self) -> Account {
        let system = self.world.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let person = self.world.judged().person;
        let account = learning::learner_for(&system, &mut tx, &self.platform, person).await;
        tx.commit().await.expect("commits");
        account.expect("an account")
    }

    /// Says that the account has done something; gives the statement's id.
    async fn says(&self, account: &Account, verb: &str, object: &str) -> String {
        self.says_with(&self.issued, account, verb, object).await
    }

    /// The same with another credential.
    async fn says_with(&self, by: &Issued, account: &Account, verb: &str, object: &str) -> String {
        let seen = self.sends(by, account, verb, object).await;
        assert_eq!(seen.status, StatusCode::OK, "{}", seen.text());
        self.world.test.settle().await;
        let mut tx = self.world.test.app.db.read().await.expect("a transaction");
        let failed = tx.rows("select error from job where error is not null", args![], |row| row.get(0));
        let errors: Vec<String> = failed.await.expect("read");
        assert!(errors.is_empty(), "{errors:?}");
        seen.text().trim_matches(['[', ']', '"']).to_owned()
    }

    /// Sends it, however it is answered.
    async fn sends(&self, by: &Issued, account: &Account, verb: &str, object: &str) -> Seen {
        let day = (self.world.test.app.now() + TimeDelta::days(-40)).date();
        let body = format!(
            r#"{{"actor":{{"account":{{"homePage":"{}","name":"{}"}}}},
            "verb":{{"id":"http://adlnet.gov/expapi/verbs/{verb}"}},"object":{object},
            "result":{{"duration":"PT1H"}},"timestamp":"{day}T02:00:00Z"}}"#,
            account.home, account.name
        );
        let basic = STANDARD.encode(format!("{}:{}", by.key, by.secret));
        let headers = [
            ("authorization", format!("Basic {basic}")),
            ("x-experience-api-version", "1.0.3".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        let headers = HeaderMap::from_iter(
            headers.map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))),
        );
        let mut machine = self.world.test.browser();
        machine.send(Method::POST, "/xapi/statements", headers, body.into_bytes()).await
    }

    async fn credential(&self, wanted: &Wanted) -> Issued {
        let system = self.world.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let issued = lrs::create(&system, &mut tx, wanted).await.expect("a credential");
        tx.commit().await.expect("commits");
        issued
    }

    /// Seconds that count for the one judged.
    async fn counted(&self) -> i64 {
        let mut tx = self.world.test.app.db.read().await.expect("a transaction");
        let person = self.world.judged().person;
        let entries = hours::entries(&mut tx, self.world.programme.id, person).await.expect("entries");
        entries.iter().map(|entry| entry.seconds.get()).sum()
    }
}

story!(a_statement_becomes_an_hour_and_is_taken_back, |engine| async move {
    let world = World::begin(engine).await;
    let sender = Sender::begin(&world).await;
    let account = sender.account().await;
    let object = format!(r#"{{"id":"{}"}}"#, course::samples::activity(&sender.platform, "K1"));
    let before = sender.counted().await;
    sender.says(&account, "initialized", &object).await;
    assert_eq!(sender.counted().await, before, "begun is not learnt");
    let learnt = sender.says(&account, "completed", &object).await;
    assert_eq!(sender.counted().await, before + sender.platform.length.seconds());
    world.browser(world.judged()).await.get("/hours").await.shows("课程一").shows(&sender.platform.name);

    let target = format!(r#"{{"objectType":"StatementRef","id":"{learnt}"}}"#);
    let stranger = sender.credential(&Wanted::new("乙", &[Scope::Write])).await;
    sender.says_with(&stranger, &account, "voided", &target).await;
    assert!(sender.counted().await > before, "nobody takes back what others said");
    sender.says(&account, "voided", &target).await;
    assert_eq!(sender.counted().await, before);

    let again = sender.says(&account, "completed", &object).await;
    assert!(sender.counted().await > before, "said anew");
    let target = format!(r#"{{"objectType":"StatementRef","id":"{again}"}}"#);
    let office = sender.credential(&Wanted::new("管理", &[Scope::All])).await;
    sender.says_with(&office, &account, "voided", &target).await;
    assert_eq!(sender.counted().await, before, "but for whoever may do everything");
});

story!(a_suspended_platform_is_refused_where_it_sends, |engine| async move {
    let world = World::begin(engine).await;
    let sender = Sender::begin(&world).await;
    let account = sender.account().await;
    let object = format!(r#"{{"id":"{}"}}"#, course::samples::activity(&sender.platform, "K1"));
    let before = sender.counted().await;
    let office = world.test.ctx(world.town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let (id, version) = (sender.platform.id, sender.platform.version);
    platform::suspend(&office, &mut tx, id, version).await.expect("suspended");
    tx.commit().await.expect("commits");
    let refused = sender.sends(&sender.issued, &account, "completed", &object).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    assert!(refused.text().contains("suspended"), "{}", refused.text());

    let mut tx = office.write().await.expect("a transaction");
    let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
    platform::resume(&office, &mut tx, id, platform.version).await.expect("in use again");
    tx.commit().await.expect("commits");
    let again = Wanted { platform: Some(id.uuid()), ..Wanted::new("乙", &[Scope::Write]) };
    let again = sender.credential(&again).await;
    sender.says_with(&again, &account, "completed", &object).await;
    assert_eq!(sender.counted().await, before + sender.platform.length.seconds());
});

story!(no_account_that_json_can_write_costs_an_hour, |engine| async move {
    let world = World::begin(engine).await;
    let sender = Sender::begin(&world).await;
    let known = sender.account().await;
    let object = format!(r#"{{"id":"{}"}}"#, course::samples::activity(&sender.platform, "K1"));
    for name in ["谁\\u0000".to_owned(), "长".repeat(3_000)] {
        let odd = Account { home: "https://elsewhere.test".to_owned(), name };
        sender.says(&odd, "completed", &object).await;
        let long = format!(r#"{{"id":"https://elsewhere.test/{}"}}"#, "k".repeat(4_000));
        sender.says(&odd, "completed", &long).await;
    }
    let before = sender.counted().await;
    sender.says(&known, "completed", &object).await;
    assert_eq!(sender.counted().await, before + sender.platform.length.seconds());
});

story!(what_failed_for_the_last_time_is_heard_after_a_mend, |engine| async move {
    let world = World::begin(engine).await;
    let sender = Sender::begin(&world).await;
    let account = sender.account().await;
    let object = format!(r#"{{"id":"{}"}}"#, course::samples::activity(&sender.platform, "K1"));
    let before = sender.counted().await;
    let heard = sender.sends(&sender.issued, &account, "completed", &object).await;
    assert_eq!(heard.status, StatusCode::OK, "{}", heard.text());
    // The event has become a job, and every attempt at it has failed.
    let ctx = world.test.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let open = "select payload from outbox where topic = $1 and handled_at is null";
    let event: String = tx.row(open, args![lrs::STORED], |row| row.get(0)).await.expect("an event");
    let event: serde_json::Value = serde_json::from_str(&event).expect("JSON");
    let handled = "update outbox set handled_at = at where topic = $1";
    tx.run(handled, args![lrs::STORED]).await.expect("handled");
    jobs::enqueue(&mut tx, ctx.at, tisheng_gateway::listening::JOB, "lost", &[event]).await.expect("a job");
    tx.run("update job set attempts = 8, error = '断电' where key = 'lost'", args![]).await.expect("failed");
    tx.commit().await.expect("commits");
    world.test.settle().await;
    assert_eq!(sender.counted().await, before);

    let lines = mend(&world.test.app).await.expect("mended");
    assert_eq!(lines[0], "1 jobs that had failed for the last time are on the table again");
    world.test.settle().await;
    assert_eq!(sender.counted().await, before + sender.platform.length.seconds());
});
