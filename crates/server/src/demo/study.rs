//! Learning platforms of the demonstration: who runs them, what is learnt there, what has come.

use chrono::TimeDelta;
use tisheng_kernel::{Instant, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Role;
use tisheng_registry::organisation::Node;
use tisheng_registry::samples::{Builder, Persona, hashed_password};
use tisheng_rules::Scheme;
use tisheng_training::course::samples::{Wish, accepted, activity, draft};
use tisheng_training::course::{self, Counts, Draft};
use tisheng_training::hours::Channel;
use tisheng_training::learning::{self, Account, Happened, Said};
use tisheng_training::platform::{self, Platform};

use super::school::{PLATFORM, acting, refused};
use super::senders::{self, Territory, ToolSide};
use super::territory::{first_lecturer, short};

/// The platforms: one that sends records of learning, one that gives scores, one whose hours come as
/// files; each with what its courses ask for. A tool that gives scores tells no time.
const PLATFORMS: [(&str, [Counts; 3]); 3] = [
    ("演示慕课平台", [Counts::Completed, Counts::Passed, Counts::Time]),
    ("演示名师课堂", [Counts::Completed, Counts::Passed, Counts::Passed]),
    (PLATFORM, [Counts::Completed, Counts::Passed, Counts::Time]),
];

/// Courses of each platform that count.
const COURSES: [&str; 3] = ["入门", "案例", "工作坊"];
/// Minutes of videos and texts in each: what the demonstration's teachers have learnt takes longer than the
/// share of it in which the schemes believe that a course can be learnt.
const MATERIAL: i64 = 60;

/// What the platforms are built from.
pub struct Plan<'p> {
    /// The scheme's code.
    pub code: &'p str,
    /// The territory's number.
    pub number: u32,
    /// Where the programme runs.
    pub root: &'p Node,
    /// The programme.
    pub programme: &'p Programme,
    /// Its rules.
    pub rules: &'p Scheme,
    /// Everybody of the territory so far.
    pub people: &'p [Persona],
}

/// Builds the platforms; gives those who act for the institutions, and what the platforms need to
/// send by themselves where the tool is as `side` says.
pub async fn build(
    ctx: &Ctx,
    plan: &Plan<'_>,
    side: &ToolSide,
) -> Result<(Vec<Persona>, Territory), Failure> {
    let office = plan.people.iter().find(|one| one.node.id == plan.root.id && one.role != Role::Auditor);
    let office = acting(ctx, office.ok_or(Failure::NotFound)?);
    let hashed = hashed_password().await?;
    let mut lecturers = Vec::new();
    let (mut store, mut tool, mut file) = (None, None, None);
    for (index, (name, counts)) in (0_u32..).zip(PLATFORMS) {
        let mut tx = office.write().await?;
        let wanted = (plan.root, index + 1, name);
        let made = platform::samples::platform(&office, &mut tx, plan.programme, wanted).await;
        let (institution, id) = made.map_err(refused)?;
        let platform = platform::of_id(&mut tx, id).await?.ok_or(Failure::NotFound)?;
        let first = first_lecturer(plan.number) + index;
        let login = format!("{}.institution.{}", short(plan.code), index + 1);
        let lecturer = Builder::new(ctx, &mut tx, hashed.clone(), first)
            .official("演示讲师", &login, Role::Institution, &institution)
            .await?;
        let author = acting(ctx, &lecturer);
        let codes = catalogue(&author, &office, &mut tx, plan, (&platform, index, counts)).await?;
        match index {
            0 => store = Some(senders::store(&office, &mut tx, (&platform, &codes), plan.people).await?),
            1 => tool = Some(senders::tool(&office, &mut tx, &platform, side).await?),
            _ => file = Some(senders::file(&author, &mut tx, &platform, plan.people).await?),
        }
        tx.commit().await?;
        if name != PLATFORM {
            sent(ctx, plan, &platform).await?;
        }
        lecturers.push(lecturer);
    }
    let scheme = plan.code.to_owned();
    let (store, tool, file) = store
        .zip(tool)
        .zip(file)
        .map(|((store, tool), file)| (store, tool, file))
        .ok_or(Failure::NotFound)?;
    Ok((lecturers, Territory { scheme, store, tool, file }))
}

/// Three courses that count, whose codes it gives, and one that waits for the office.
async fn catalogue(
    author: &Ctx,
    office: &Ctx,
    tx: &mut Tx,
    plan: &Plan<'_>,
    (platform, index, counts): (&Platform, u32, [Counts; 3]),
) -> Result<Vec<String>, Failure> {
    let mut codes = Vec::new();
    let capabilities = &plan.rules.framework.capabilities;
    let mut place = usize::try_from(index).unwrap_or(0) * (COURSES.len() + 1);
    let mut next = || {
        let capability = capabilities.get(place % capabilities.len()).ok_or(Failure::NotFound);
        place += 1;
        capability
    };
    for (number, (word, counts)) in COURSES.into_iter().zip(counts).enumerate() {
        let capability = next()?;
        let (code, title) = (format!("K{}", number + 1), format!("{}：{word}", capability.name));
        let wish = Wish { code: &code, title: &title, capability: &capability.code, hours: 2, counts };
        accepted((author, office), tx, platform, &lasting(platform, wish)).await.map_err(refused)?;
        codes.push(code);
    }
    let capability = next()?;
    let title = format!("{}：新课", capability.name);
    let wish =
        Wish { code: "K9", title: &title, capability: &capability.code, hours: 3, counts: Counts::Completed };
    course::submit(author, tx, platform, &lasting(platform, wish)).await.map_err(refused)?;
    Ok(codes)
}

/// A course whose length is known.
fn lasting(platform: &Platform, wish: Wish<'_>) -> Draft {
    Draft { material: Seconds::of_minutes(MATERIAL), ..draft(platform, wish) }
}

/// What the platform has sent: of teachers whom it knows by our names for them, and of one whom
/// nobody has matched yet.
async fn sent(ctx: &Ctx, plan: &Plan<'_>, platform: &Platform) -> Result<(), Failure> {
    let teachers = plan.people.iter().filter(|one| one.role == Role::Teacher).skip(1);
    let mut tx = ctx.write().await?;
    let mut said = Vec::new();
    for (number, teacher) in (1_i64..).zip(teachers.take(6)) {
        let account = learning::learner_for(ctx, &mut tx, platform, teacher.person).await?;
        said.push(learnt((ctx, plan), platform, account, (number, teacher)));
    }
    if let Some(teacher) = plan.people.iter().rfind(|one| one.role == Role::Teacher) {
        let account = Account { home: platform.home_page.clone(), name: "study-8800".to_owned() };
        let unmatched = learnt((ctx, plan), platform, account, (7, teacher));
        said.push(unmatched);
    }
    let taken = learning::take(ctx, &mut tx, (platform, Channel::Xapi), &said).await;
    taken.map_err(refused)?;
    tx.commit().await?;
    Ok(())
}

/// Now, or the last day of the programme where that is over.
fn latest_work(ctx: &Ctx, plan: &Plan<'_>) -> Instant {
    let until = plan.rules.identity.period.map(|period| Instant::start_of(period.until()));
    until.map_or(ctx.at, |until| until.min(ctx.at))
}

fn learnt(
    (ctx, plan): (&Ctx, &Plan<'_>),
    platform: &Platform,
    account: Account,
    (number, teacher): (i64, &Persona),
) -> Said {
    Said {
        record: format!("{}-{number}", platform.id),
        account,
        name: teacher.name.clone(),
        school: teacher.node.name.clone(),
        activity: activity(platform, if number % 3 == 0 { "K3" } else { "K1" }),
        attempt: String::new(),
        happened: if number % 3 == 0 { Happened::Spent } else { Happened::Completed },
        permille: None,
        spent: Seconds::of_minutes(40 + number),
        at: latest_work(ctx, plan) + TimeDelta::days(-number),
    }
}
