//! Numbers, passwords and secrets of people appear nowhere they should not.

use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex};

use http::{HeaderMap, Method};
use tisheng_platform::args;
use tisheng_registry::roster::samples::roll_of_teachers;
use tisheng_registry::samples::{PASSWORD, identity, phone};
use tisheng_sheet::{Limits, read};
use tisheng_testkit::Engine;

use crate::addresses::all;
use crate::world::World;

/// People of the town, who are numbered from one on.
const PEOPLE: u32 = 18;

/// Where the log of the story goes.
#[derive(Debug, Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything that must stay hidden: what it is, and how it is written.
fn secrets(world: &World) -> Vec<(&'static str, String)> {
    let mut secrets = vec![("password", PASSWORD.to_owned())];
    for n in 1..=PEOPLE {
        secrets.push(("identity number", identity(n).number().to_owned()));
        secrets.push(("phone", phone(n).number().to_owned()));
    }
    let roll = String::from_utf8(roll_of_teachers(&["8821000001".to_owned()], 1, 3)).expect("text");
    for line in roll.lines().skip(1) {
        let mut cells = line.split(',').skip(1);
        secrets.push(("imported identity number", cells.next().expect("a number").to_owned()));
        secrets.push(("imported phone", cells.next().expect("a phone").to_owned()));
    }
    let keys = world.town.everybody().filter_map(|one| one.secret.as_ref());
    secrets.extend(keys.map(|secret| ("secret of a second factor", secret.as_str().to_owned())));
    secrets
}

/// Fails when one of `secrets` stands in `bytes`.
#[track_caller]
fn clean(secrets: &[(&str, String)], place: &str, bytes: &[u8]) {
    for (what, secret) in secrets {
        let there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!there, "{place} holds the {what} {secret}");
    }
}

/// The files of the database in `folder`.
fn database(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = ["tisheng.db", "tisheng.db-wal"].map(|name| (name, folder.join(name)));
    let there = files.into_iter().filter(|(_, path)| path.exists());
    there.map(|(name, path)| (name.to_owned(), std::fs::read(path).expect("a file"))).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_reads_what_is_sealed() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone());
    let subscriber = subscriber.with_max_level(tracing_subscriber::filter::LevelFilter::DEBUG).finish();
    // Another test of the program may have set one; then the log is that one's.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let world = World::begin(Engine::Sqlite).await;
    let secrets = secrets(&world);
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let confirm = clerk.get(&world.fill("/roster/runs/{id}/confirm")).await;
    confirm.is(200);
    let answers = [("gone", "keep"), ("accounts", "none")];
    let _ = clerk.post(&world.fill("/roster/runs/{id}/confirm"), &answers).await;
    world.test.settle().await;
    sign_in(&world).await;
    walk(&world, &secrets).await;
    reveal(&world, &secrets).await;

    let mut tx = world.test.app.db.read().await.expect("a transaction");
    for (place, sql) in [
        ("an audit row", "select detail from audit"),
        ("a job", "select payload from job"),
        ("an event", "select payload from outbox"),
    ] {
        let texts: Vec<String> = tx.rows(sql, args![], |row| row.get(0)).await.expect("read");
        texts.iter().for_each(|text| clean(&secrets, place, text.as_bytes()));
    }
    drop(tx);
    let files = database(&world.test.app.config.data);
    assert!(files.iter().any(|(_, bytes)| bytes.windows(6).any(|w| w == "测试".as_bytes())), "nothing read");
    files.iter().for_each(|(name, bytes)| clean(&secrets, name, bytes));
    clean(&secrets, "the log", &log.0.lock().expect("nobody panicked"));
}

/// Somebody signs in by the pages, once with a slip.
async fn sign_in(world: &World) {
    let office = &world.town.county_office;
    let mut browser = world.test.browser();
    let wrong = format!("{PASSWORD}错");
    browser.post("/sign-in", &[("account", &office.login), ("password", &wrong)]).await;
    browser.post("/sign-in", &office.credentials()).await;
    let code = office.code(world.test.app.now()).expect("a code");
    browser.post("/sign-in/code", &[("code", &code)]).await;
}

/// Everybody who may looks at every page and takes every file.
async fn walk(world: &World, secrets: &[(&str, String)]) {
    let school = world.town.school();
    for persona in [&world.town.county_office, &school.principal, &school.clerk, world.finisher()] {
        let mut browser = world.browser(persona).await;
        for address in all().into_iter().filter(|address| address.method == "GET") {
            let path = world.fill(&address.path);
            let seen = browser.send(Method::GET, &path, HeaderMap::new(), Vec::new()).await;
            let place = format!("{} for {}", address.path, persona.name);
            clean(secrets, &place, &seen.bytes);
            // Their own file, as they brought it.
            if persona.name == school.clerk.name && address.path.ends_with("/marked.xlsx") {
                continue;
            }
            if seen
                .headers
                .get("content-type")
                .is_some_and(|kind| kind.as_bytes().ends_with(b"sheetml.sheet"))
            {
                let sheet = read(&seen.bytes, &Limits::default()).expect("a workbook");
                clean(secrets, &place, format!("{sheet:?}").as_bytes());
            }
        }
    }
}

/// The one page that shows a number asks why, shows that number alone and says so in the audit trail.
async fn reveal(world: &World, secrets: &[(&str, String)]) {
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let path = world.fill("/people/{person}/reveal");
    let refused = clerk.post(&path, &[("number", "paper"), ("reason", "")]).await;
    refused.is(422);
    clean(secrets, "a look without a reason", &refused.bytes);
    let shown = clerk.post(&path, &[("number", "paper"), ("reason", "核对身份证件原件")]).await;
    let seen: Vec<&str> = secrets.iter().filter(|(_, s)| shown.html().contains(s)).map(|(w, _)| *w).collect();
    assert_eq!(seen, ["identity number"]);
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let sql = "select count(*) from audit where detail like '%核对身份证件原件%'";
    let rows: i64 = tx.row(sql, args![], |row| row.get(0)).await.expect("counted");
    assert_eq!(rows, 1, "a look leaves its row");
}
