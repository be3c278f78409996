//! Pages as signed-in people ask for them, over HTTP.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tisheng_kernel::Id;
use tisheng_platform::web::{Cursor, session};
use tisheng_platform::{App, Ctx, Member};
use tisheng_registry::access::Role;
use tisheng_registry::roster::samples::OF_A_SCHOOL;
use uuid::Uuid;

use super::client::{Connection, Request};
use super::learning::mixed;
use super::load::{Crowd, run};
use super::province::{Province, member};
use super::report::{Figure, Goal};
use super::served::Served;
use super::store::{self, Placed};
use super::{Failed, Order, note};

/// Teachers who are signed in at most; of few teachers a tenth.
const SIGNED_IN: u32 = 500;
/// Requests for the first page of each teacher who is signed in.
const HOMES: usize = 80;
/// Requests for each list or dashboard.
const LOOKS: usize = 200;
/// Fewest requests for each.
const FEWEST: usize = 20;
/// For how long a list or dashboard is asked for, about.
const ENOUGH: Duration = Duration::from_secs(10);
/// What a browser understands.
const BROWSER: &str = "gzip, deflate, br, zstd";

/// The teachers who ask, and the office of the province.
#[derive(Debug)]
pub struct Visitors {
    teachers: Vec<Placed>,
    homes: Vec<Request>,
    office: String,
}

impl Visitors {
    /// Signs teachers from all over the province in.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn sign_in(app: &Arc<App>, province: &Province, order: &Order) -> Result<Self, Failed> {
        let ctx = Ctx::system(Arc::clone(app), "bench");
        let mut tx = ctx.write().await?;
        let schools = store::schools(&mut tx).await?;
        let mut teachers = Vec::new();
        for number in 0..SIGNED_IN.min(order.teachers / 10) {
            let any = mixed(order.seed, u64::from(number));
            let school = usize::try_from(any)? % schools.len().max(1);
            let Some((school, _)) = schools.get(school) else { break };
            let place = i64::try_from((any >> 32) % u64::from(OF_A_SCHOOL))?;
            teachers.extend(store::teacher_of(&mut tx, *school, place).await?);
        }
        let mut homes = Vec::new();
        for teacher in &teachers {
            let at = Member {
                node: teacher.school.uuid(),
                node_name: "合成小学".to_owned(),
                path: teacher.path.clone(),
                ..member(Role::Teacher, &province.root, teacher.person.uuid())
            };
            homes.push(Request { path: "/".to_owned(), cookie: cookie(&ctx, &mut tx, &at).await? });
        }
        let office = member(Role::Province, &province.root, Uuid::nil());
        let office = cookie(&ctx, &mut tx, &office).await?;
        tx.commit().await?;
        Ok(Self { teachers, homes, office })
    }
}

/// Starts a session; gives the cookie to send.
async fn cookie(ctx: &Ctx, tx: &mut tisheng_platform::Tx, who: &Member) -> Result<String, Failed> {
    let header = session::start(ctx, tx, who.account, Some(who)).await?;
    Ok(header.to_str()?.split(';').next().unwrap_or_default().to_owned())
}

/// First pages of teachers, eight connections at once.
///
/// # Errors
/// When a page does not answer.
pub async fn homes(
    app: &Arc<App>,
    province: &Province,
    served: &Served,
    visitors: &Visitors,
) -> Result<Vec<Figure>, Failed> {
    let plain = Crowd { address: served.address, connections: 8, encodings: "" };
    let homes = Arc::new(visitors.homes.clone());
    let requests = HOMES * homes.len();
    run(plain, &homes, requests / 10).await?;
    let times = run(plain, &homes, requests).await?;
    let packed = run(Crowd { encodings: BROWSER, ..plain }, &homes, requests / 4).await?;
    let weight = Connection::open(served.address, BROWSER).await?.get(&homes[0]).await?.bytes;
    let live = vec![Request { path: "/livez".to_owned(), cookie: String::new() }];
    let live = run(plain, &Arc::new(live), requests).await?;
    let started = Instant::now();
    for teacher in &visitors.teachers {
        let mut tx = app.db.read().await?;
        store::rows_of(&mut tx, province.programme.id, teacher.person).await?;
    }
    let bare = started.elapsed() / u32::try_from(visitors.teachers.len().max(1))?;
    let alone = run(Crowd { connections: 1, ..plain }, &homes, requests / 10).await?.percentile(50);
    let goal = (Goal::AtLeast(4_000.0), Goal::AtMost(10.0));
    Ok(vec![
        Figure::new("teacher home, 8 connections", "/s", goal.0, times.per_second()),
        Figure::millis("teacher home, 8 connections, p50", Goal::None, times.percentile(50)),
        Figure::millis("teacher home, 8 connections, p99", goal.1, times.percentile(99)),
        Figure::new("teacher home, compressed for a browser", "/s", Goal::None, packed.per_second()),
        Figure::new(
            "teacher home as sent to a browser",
            "bytes",
            Goal::None,
            f64::from(u32::try_from(weight)?),
        ),
        Figure::millis("teacher home, alone, p50", Goal::None, alone).beside(alone, bare),
        Figure::new("an empty page on the same server", "/s", Goal::None, live.per_second()),
    ])
}

/// A page of the office.
struct Look {
    title: &'static str,
    goal: f64,
    paths: Vec<String>,
}

/// Lists and dashboards, one connection, by turns at different places.
///
/// # Errors
/// When a page does not answer.
pub async fn looks(province: &Province, served: &Served, visitors: &Visitors) -> Result<Vec<Figure>, Failed> {
    let mut figures = Vec::new();
    for look in lists(province, visitors).into_iter().chain(dashboards(province, visitors)) {
        note(look.title);
        let cookie = visitors.office.clone();
        let requests: Vec<Request> =
            look.paths.into_iter().map(|path| Request { path, cookie: cookie.clone() }).collect();
        let crowd = Crowd { address: served.address, connections: 1, encodings: "" };
        let first = Instant::now();
        Connection::open(crowd.address, "").await?.get(&requests[0]).await?;
        // A slow page is asked for less often.
        let fit = ENOUGH.as_millis() / first.elapsed().as_millis().max(1);
        let count = usize::try_from(fit)?.clamp(FEWEST, LOOKS);
        let times = run(crowd, &Arc::new(requests), count).await?;
        let (p50, p95) = (times.percentile(50), times.percentile(95));
        figures.push(Figure::millis(format!("{}, p50", look.title), Goal::None, p50));
        figures.push(Figure::millis(format!("{}, p95", look.title), Goal::AtMost(look.goal), p95));
    }
    Ok(figures)
}

/// Places in the roll, as the address of a further page names them.
fn places(visitors: &Visitors) -> Vec<String> {
    let places = visitors
        .teachers
        .iter()
        .take(100)
        .map(|teacher| Cursor { key: teacher.sort_key.clone(), id: teacher.person.to_string() }.write());
    places.collect()
}

fn lists(province: &Province, visitors: &Visitors) -> Vec<Look> {
    let root = province.root.id;
    let deep = |path: &str| -> Vec<String> {
        let mark = if path.contains('?') { '&' } else { '?' };
        places(visitors).into_iter().map(|place| format!("{path}{mark}after={place}")).collect()
    };
    let counties = province.counties.iter().map(|county| format!("/organisation/{}/people", county.id));
    let schools = visitors.teachers.iter().map(|one| format!("/organisation/{}/people", one.school));
    let list = |title, paths| Look { title, goal: 50.0, paths };
    let roll = format!("/organisation/{root}/people");
    let person = |at: &str| visitors.teachers.iter().map(|one| format!("{at}{}", one.person)).collect();
    vec![
        list("teachers of the province, any place in the roll", deep(&roll)),
        list("teachers of a county", counties.collect()),
        list("teachers of a school", schools.collect()),
        list("teachers of the province by name", vec![format!("{roll}?q=zi%20an"), format!("{roll}?q=zam")]),
        list("teachers of the province, one subject", deep(&format!("{roll}?subject=%E9%9F%B3%E4%B9%90"))),
        list("schools of the province", vec![format!("/organisation/{root}/schools")]),
        list("choices of the province", deep("/choices")),
        list("hours of the province", deep("/hours/teachers")),
        list("choices of the province by name", vec!["/choices?q=zam".to_owned()]),
        list("hours of the province by name", vec!["/hours/teachers?q=zam".to_owned()]),
        list("people behind a figure by name", vec![format!("/monitor/{root}/people?q=zam")]),
        list("hours that wait", vec!["/hours/waiting".to_owned()]),
        list("work before the panels", vec!["/review/board".to_owned()]),
        list("certificates", vec!["/certificates".to_owned()]),
        list("a teacher's record", person("/people/")),
        list("people behind a figure: met", deep(&format!("/monitor/{root}/people?state=met"))),
        list("people behind a figure: not chosen", deep(&format!("/monitor/{root}/people?state=not_chosen"))),
        list("people behind a figure: certified", deep(&format!("/monitor/{root}/people?state=certified"))),
    ]
}

fn dashboards(province: &Province, visitors: &Visitors) -> Vec<Look> {
    let step = |title, paths| Look { title, goal: 300.0, paths };
    let monitor = |id: Id<_>| format!("/monitor/{id}");
    vec![
        step("first page of the office", vec!["/".to_owned()]),
        step("dashboard of the province", vec![monitor(province.root.id)]),
        step("dashboard of a city", province.cities.iter().map(|city| monitor(city.id)).collect()),
        step("dashboard of a county", province.counties.iter().map(|county| monitor(county.id)).collect()),
        step("dashboard of a school", visitors.teachers.iter().map(|one| monitor(one.school)).collect()),
    ]
}
