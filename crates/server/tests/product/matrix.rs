//! Who may ask for what, at every address: compared with `docs/who-may-what.txt`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use http::{HeaderMap, Method, StatusCode};
use tisheng_platform::ctx::READER;
use tisheng_platform::{Who, args};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::Node;
use tisheng_registry::samples::Persona;
use tisheng_testkit::{Browser, Engine, Seen};

use crate::addresses::{Address, all};
use crate::world::World;

/// Time between two questions: longer than what a limit of requests asks of one address.
const PAUSE: TimeDelta = TimeDelta::seconds(3);

/// When set, the test writes the file instead of comparing.
const REWRITE: &str = "WRITE_MATRIX";

const HEAD: &str = "\
# Who may what: every address, asked by every role at four places of the tree. Written by
#     WRITE_MATRIX=1 cargo test -p tisheng-server --test product matrix
# and compared by the same test without the variable.
#
# Whatever the address names belongs to one school (its teacher, evidence, certificate, import …).
# Columns: asked by somebody with the role at that school (not the owner), at the school beside it,
# at the county above both, at another county. Then those whom the thing itself concerns.
#
# 200 shown     303 led on, or done     done   would have been done (the test lets nothing happen)
# sign-in       led to the sign-in page     404 not there, or not for the asker
# 400 415 422   may be asked, but what the test sends is not right; the answer names no data
# ANY 401       for machines, which bring a credential with every request: no session counts there
# Every address is answered to somebody; nobody who is signed in is taken for a stranger.
";

/// Somebody who asks.
struct Asker {
    /// `None` for a stranger.
    who: Option<Who>,
    browser: Browser,
}

/// A member with `role` at `node`, being the person `persona`.
fn acting(persona: &Persona, role: Role, node: &Node) -> Who {
    Persona { role, node: node.clone(), ..persona.clone() }.who()
}

impl Asker {
    async fn new(world: &World, who: Option<Who>) -> Self {
        let browser = match &who {
            Some(who) => world.test.signed_in(who).await,
            None => world.test.browser(),
        };
        Self { who, browser }
    }

    /// Asks, and says in a word what came of it. What may end a session is asked in one of its
    /// own, and every question some seconds after the last.
    async fn ask(&mut self, world: &World, address: &Address) -> String {
        if address.method != "GET" {
            *self = Self::new(world, self.who.clone()).await;
        }
        world.test.clock.advance(PAUSE);
        let path = world.fill(&address.path);
        let seen = match address.method.as_str() {
            _ if path.starts_with("/uploads") => {
                let method = address.method.parse().expect("a method");
                self.browser.send(method, &path, of_uploads(world), Vec::new()).await
            }
            "GET" => self.browser.send(Method::GET, &path, HeaderMap::new(), Vec::new()).await,
            "ANY" => self.browser.send(Method::GET, &path, of_machines(), Vec::new()).await,
            "POST" if takes_files(&address.path) => self.browser.post_files(&path, &fields(world), &[]).await,
            "POST" => self.browser.post_only(&path, &fields(world)).await,
            other => panic!("nobody here asks by {other}"),
        };
        word(address, &seen)
    }
}

/// What a machine says beside its credential.
fn of_machines() -> HeaderMap {
    let version = ("x-experience-api-version", "2.0.0");
    HeaderMap::from_iter([(version.0.parse().expect("a name"), version.1.parse().expect("a value"))])
}

/// What the protocol of uploads asks for, whatever the method.
fn of_uploads(world: &World) -> HeaderMap {
    let pair = |name: &str, value: &str| format!("{name} {}", STANDARD.encode(value));
    let named =
        [pair("submission", &world.things["/evidence {id}"]), pair("piece", &world.things["{piece}"])];
    let headers = [
        ("tus-resumable", "1.0.0"),
        ("upload-offset", "0"),
        ("upload-length", "10"),
        ("upload-metadata", &named.join(",")),
        ("content-type", "application/offset+octet-stream"),
    ];
    let header = |(name, value): (&'static str, &str)| {
        (name.parse().expect("a name"), value.parse().expect("a value"))
    };
    headers.into_iter().map(header).collect()
}

fn word(address: &Address, seen: &Seen) -> String {
    match seen.status {
        StatusCode::SEE_OTHER if seen.location().starts_with("/sign-in") => "sign-in".to_owned(),
        StatusCode::INTERNAL_SERVER_ERROR if address.method == "POST" => "done".to_owned(),
        status => status.as_str().to_owned(),
    }
}

fn takes_files(path: &str) -> bool {
    matches!(
        path,
        "/roster/{kind}"
            | "/oneroster/import"
            | "/scheme/versions"
            | "/hours/disputes"
            | "/evidence/{id}/pieces/{piece}/files"
    )
}

/// One answer for every question that a form of the product asks.
fn fields(world: &World) -> Vec<(&str, &str)> {
    vec![
        ("reason", "核对材料后需要处理"),
        ("version", "1"),
        ("text", "一段说明文字"),
        ("title", "名称"),
        ("name", "新名"),
        ("day", "2024-03-08"),
        ("since", "2024-03-08"),
        ("until", "2024-04-08"),
        ("from", "2024-03-08"),
        ("person", &world.things["{person}"]),
        ("role", "teacher"),
        ("subject", "语文"),
        ("stage", "02"),
        ("step", "open"),
        ("do", "open"),
        ("team", "management"),
        ("record", "活动纪要"),
        ("capability", &world.things["{capability}"]),
        ("grant", &world.things["{own grant}"]),
        (&world.things["{piece's version}"], "1"),
        (&world.things["{piece's text}"], &world.things["{what is kept of it}"]),
    ]
}

/// The answers of one role at the four places.
type Row = [String; 4];

async fn line_up(world: &World) -> Vec<(Role, [Asker; 4])> {
    let town = &world.town;
    let [first, second] = &town.schools;
    let mut askers = Vec::new();
    for role in Role::ALL {
        let at = [
            acting(&first.teachers[4], role, &first.node),
            acting(&second.teachers[3], role, &second.node),
            acting(&town.county_office, role, &town.county),
            acting(&town.neighbour_office, role, &town.neighbour),
        ];
        let [own, sibling, above, foreign] = at;
        let at = [
            Asker::new(world, Some(own)).await,
            Asker::new(world, Some(sibling)).await,
            Asker::new(world, Some(above)).await,
            Asker::new(world, Some(foreign)).await,
        ];
        askers.push((role, at));
    }
    askers
}

async fn concerned(world: &World) -> Vec<(&'static str, Asker)> {
    let persona = [
        ("the teacher who finished", world.finisher()),
        ("the teacher at work", world.worker()),
        ("the teacher judged", world.judged()),
        ("the reviewer", world.reviewer().await),
        ("the clerk", &world.town.school().clerk),
        ("the programme's office", &world.town.province_office),
    ];
    let mut askers = vec![("a stranger", Asker::new(world, None).await)];
    for (name, persona) in persona {
        askers.push((name, Asker::new(world, Some(persona.who())).await));
    }
    askers
}

/// The whole file.
async fn written(world: &World) -> String {
    let (mut written, mut wrong) = (BTreeMap::<Address, String>::new(), Vec::new());
    let mut roles = line_up(world).await;
    let mut concerned = concerned(world).await;
    let mut asked = all();
    asked.sort_by_key(|address| (turn(address), address.clone()));
    for address in asked {
        let mut text = String::new();
        let mut answers: Vec<String> = Vec::new();
        let mut rows: BTreeMap<Row, Vec<&str>> = BTreeMap::new();
        for (role, [own, sibling, above, foreign]) in &mut roles {
            let row = [
                own.ask(world, &address).await,
                sibling.ask(world, &address).await,
                above.ask(world, &address).await,
                foreign.ask(world, &address).await,
            ];
            answers.extend(row.iter().cloned());
            rows.entry(row).or_default().push(role.key());
        }
        let _ = writeln!(text, "\n{} {}", address.method, address.path);
        for ([own, sibling, above, foreign], roles) in rows {
            let roles =
                if roles.len() == Role::ALL.len() { "every role".to_owned() } else { roles.join(" ") };
            let _ = writeln!(text, "  {own:<7} {sibling:<7} {above:<7} {foreign:<7} {roles}");
        }
        let mut single = Vec::new();
        for (name, asker) in &mut concerned {
            let word = asker.ask(world, &address).await;
            answers.extend(asker.who.is_some().then(|| word.clone()));
            single.push(format!("{name} {word}"));
        }
        wrong.extend(unasked(&address, &answers));
        let _ = writeln!(text, "  {}", single.join(", "));
        written.insert(address, text);
    }
    assert!(wrong.is_empty(), "fixtures.rs says how to mend these:\n{}", wrong.join("\n"));
    std::iter::once(HEAD.to_owned()).chain(written.into_values()).collect()
}

/// When an address has its turn: first what only looks, at the end what takes things away.
fn turn(address: &Address) -> usize {
    ["GET", "HEAD", "ANY", "PATCH", "POST"].iter().position(|method| address.method == *method).unwrap_or(4)
}

/// Why the answers at an address say nothing about who may ask: those who are signed in were
/// taken for strangers or for too many, or nobody was answered.
fn unasked(address: &Address, answers: &[String]) -> Option<String> {
    if address.is_for_machines() {
        let open = answers.iter().find(|word| *word != "401");
        return open.map(|word| format!("{} answers {word} to a session", address.path));
    }
    // Those who go in and out stand before the sign-in page.
    let is_door = address.path.starts_with("/sign-");
    let strange = answers.iter().find(|word| *word == "429" || (*word == "sign-in" && !is_door));
    let is_answered = |word: &String| match word.as_str() {
        "200" | "201" | "204" | "206" | "303" | "done" => true,
        // Somebody comes back from a service with what it gave to their browser alone.
        "422" if is_door => true,
        "400" | "409" | "415" | "422" | "413" => address.method != "GET",
        "sign-in" => is_door,
        _ => false,
    };
    let what = match strange {
        Some(word) => format!("answers {word} to somebody signed in"),
        None if !answers.iter().any(is_answered) => "is answered to nobody".to_owned(),
        None => return None,
    };
    Some(format!("{} {} {what}", address.method, address.path))
}

/// From now on no form is ever done: its last statement fails, and with it its transaction. Texts
/// that are saved while they are typed, which needs no form, stay as they are as well.
async fn let_nothing_happen(world: &World) {
    let mut tx = world.test.app.db.write().await.expect("a transaction");
    let triggers = [
        "create trigger nothing_happens before update of answer on idempotency
        begin select raise(abort, 'nothing happens'); end",
        "create trigger nothing_is_saved before update on evidence_item
        begin select raise(abort, 'nothing happens'); end",
        "create trigger nothing_is_kept before insert on judgement_draft
        begin select raise(abort, 'nothing happens'); end",
    ];
    for trigger in triggers {
        tx.run(trigger, args![]).await.expect("a trigger");
    }
    tx.commit().await.expect("commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_matrix_is_as_written() {
    let world = World::begin(Engine::Sqlite).await;
    let_nothing_happen(&world).await;
    let found = written(&world).await;
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/who-may-what.txt");
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(&file, found).expect("written");
        return;
    }
    let known = std::fs::read_to_string(&file).expect("docs/who-may-what.txt");
    let differing = known.lines().zip(found.lines()).find(|(known, found)| known != found);
    assert_eq!(differing, None, "docs/who-may-what.txt says (left), the product does (right)");
    assert_eq!(known.lines().count(), found.lines().count(), "an address more or less");
}

/// What somebody who has left is answered to, besides not being found: the own record, the own account,
/// and what every signed-in person may read.
const LEFT: &str = "\
GET / 200
GET /account 200
GET /certificates/{number} 200
GET /certificates/{number}/pdf 200
GET /courses 200
GET /courses/{id} 200
GET /hours 200
GET /hours/disputes/{id}/files/{file} 200
GET /hours/download 200
GET /people/{person} 200
GET /review/results/{id} 200
GET /review/results/{id}/opinions 200
GET /roles 200
GET /scheme 200
GET /scheme/news 200
GET /scheme/targets 200
GET /standing 200
GET /unsent 303
POST /account/links/{link}/cut done
POST /account/password 422
POST /unsent/drop 303
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_left_reads_the_own_record_and_does_nothing_else() {
    let world = World::begin(Engine::Sqlite).await;
    let teacher = world.finisher();
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let day = world.test.app.now().date().to_string();
    let leave = [("on", day.as_str()), ("reason", "退休离校")];
    clerk.post(&format!("/people/{}/release", teacher.person), &leave).await.shows("离任已办理");
    world.test.settle().await;

    let mut own = world.test.browser();
    assert_eq!(own.post_only("/sign-in", &teacher.credentials()).await.is(303).location(), "/");
    let home = own.get("/").await;
    home.shows("离任教师 · 测试一小").shows("我的档案").shows("达标情况");
    let certificate = home.link("/certificates/");
    own.get(&certificate).await.shows("下载证书（PDF）");
    own.get(&format!("{certificate}/pdf")).await.is(200);
    own.get(&home.link("/review/results/")).await.shows("我的档案");
    own.get("/hours").await.shows("逐条明细").hides("有异议").hides("再提出一项异议");
    own.get("/hours/download").await.is(200);
    own.get("/standing").await.shows("全部要求").hides("去完成");

    let_nothing_happen(&world).await;
    let Who::Member(mut member) = teacher.who() else { panic!("a persona is a member") };
    member.role = READER.to_owned();
    member.path.push_str("-/");
    let mut asker = Asker::new(&world, Some(Who::Member(member))).await;
    let mut answered = String::new();
    let mut asked = all();
    asked.sort_by_key(|address| (turn(address), address.clone()));
    for address in asked.into_iter().filter(|address| !address.is_for_machines()) {
        let word = asker.ask(&world, &address).await;
        // Strangers are answered there as well.
        let is_open = ["/verify", "/sign-", "/s/", "/assets", "/livez", "/readyz", "/.well-known", "/api"];
        if word != "404" && !is_open.iter().any(|start| address.path.starts_with(start)) {
            let _ = writeln!(answered, "{} {} {word}", address.method, address.path);
        }
    }
    assert_eq!(answered, LEFT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_form_is_taken_from_elsewhere() {
    let world = World::begin(Engine::Sqlite).await;
    let mut office = world.browser(&world.town.county_office).await;
    let reads = |address: &Address| matches!(address.method.as_str(), "GET" | "HEAD");
    for address in all().into_iter().filter(|address| !reads(address) && !address.is_for_machines()) {
        let mut headers = HeaderMap::new();
        headers.insert("sec-fetch-site", "cross-site".parse().expect("a value"));
        headers.insert("content-type", "application/x-www-form-urlencoded".parse().expect("a type"));
        let method = address.method.parse().expect("a method");
        let seen = office.send(method, &world.fill(&address.path), headers, Vec::new()).await;
        assert!(seen.text().contains("没有执行"), "{address:?}: {} {}", seen.status, seen.text());
    }
}
