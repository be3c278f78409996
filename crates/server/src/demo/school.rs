//! A school of the demonstration: people, an offer, choices, hours.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people;
use tisheng_registry::samples::{Builder, Persona, hashed_password};
use tisheng_rules::Scheme;
use tisheng_training::hours::{self, Report, Whom};
use tisheng_training::samples::full_reports;
use tisheng_training::selection;

use super::territory::{first_person, school_code, short};
use super::works::{self, Progress};

/// Subjects taught, in turn.
const SUBJECTS: [&str; 3] = ["语文", "数学", "英语"];
/// Teachers of a school.
const TEACHERS: usize = 12;
/// Heavenly stems and earthly branches: invented teachers are numbered by them.
const STEMS: [&str; 10] = ["甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸"];
const BRANCHES: [&str; 12] = ["子", "丑", "寅", "卯", "辰", "巳", "午", "未", "申", "酉", "戌", "亥"];
/// Days from the beginning of the period to the first lesson of all.
const FIRST_LESSON: u64 = 200;
/// Days from the beginning of the period to the last lesson of all.
pub const LAST_LESSON: u64 = FIRST_LESSON + 4 * 7 + TEACHERS as u64;
/// The platform that the demonstration's online hours come from.
pub const PLATFORM: &str = "演示研修平台";

/// What a school is built from.
pub struct Plan<'p> {
    /// The scheme's code.
    pub code: &'p str,
    /// The territory's number.
    pub number: u32,
    /// The school's number within it.
    pub index: usize,
    /// The county.
    pub county: &'p Node,
    /// What it stands directly below: the county, or one of its towns.
    pub above: &'p Node,
    /// The programme.
    pub programme: &'p Programme,
    /// Its rules.
    pub rules: &'p Scheme,
}

impl Plan<'_> {
    /// The first school is left to whoever tries it: nothing has been handed in there.
    fn progress(&self, number: usize) -> Progress {
        if self.index == 0 { Progress::Nothing } else { Progress::of(number) }
    }
}

/// The people of a school.
pub struct School {
    /// Everybody who can sign in.
    pub people: Vec<Persona>,
    /// Teachers who have met everything.
    pub finished: Vec<Persona>,
}

/// Builds the school.
pub async fn build(ctx: &Ctx, plan: &Plan<'_>) -> Result<School, Failure> {
    let hashed = hashed_password().await?;
    let mut tx = ctx.write().await?;
    let mut builder = Builder::new(ctx, &mut tx, hashed, first_person(plan.number, plan.index));
    let name = format!("{}演示第{}小学", plan.county.name, ["一", "二", "三", "四"][plan.index % 4]);
    let node = builder.school(plan.above, &name, &school_code(plan.county, plan.index)).await?;
    let login = |what: &str| format!("{}.s{}.{what}", short(plan.code), plan.index + 1);
    let mut staff = vec![
        builder.official("演示校长", &login("principal"), Role::Principal, &node).await?,
        builder.official("演示管理员", &login("clerk"), Role::Clerk, &node).await?,
    ];
    let mut teachers = Vec::new();
    for number in 0..TEACHERS {
        let name = format!("教师{}{}", STEMS[number % 10], BRANCHES[(number + plan.index) % 12]);
        let login = login(&format!("t{}", number + 1));
        teachers.push(builder.teacher(&name, &login, &node, SUBJECTS[number % 3]).await?);
    }
    staff.push(builder.official("演示信息官", &login("cio"), Role::Cio, &node).await?);
    let offer = offer(ctx, &mut tx, plan, &node, &staff[0]).await?;
    let mut authors = Vec::new();
    for (number, teacher) in teachers.iter().enumerate() {
        // The last two of each school have not begun, and the first is left to whoever tries it.
        if number > 0 && number < TEACHERS - 2 {
            let mut works = choose(ctx, &mut tx, plan, &offer, teacher).await?;
            learn(ctx, &mut tx, plan, (teacher, number)).await?;
            works.extend(plan.rules.framework.works.iter().map(|work| work.key.clone()));
            authors.push((teacher, works, plan.progress(number)));
        }
    }
    tx.commit().await?;
    if plan.index > 0 {
        // Nobody judges who hands in.
        let is_free = |one: &&Persona| authors.iter().all(|(author, ..)| author.person != one.person);
        let panel: Vec<&Persona> = teachers.iter().filter(is_free).collect();
        works::build(ctx, plan.programme, (&staff[0], &panel), &authors).await?;
    }
    let finished = authors.iter().filter(|(.., progress)| *progress == Progress::All);
    let finished = finished.map(|(author, ..)| (*author).clone()).collect();
    staff.extend(teachers);
    Ok(School { people: staff, finished })
}

/// The asker as a persona: what people do themselves is done in their name.
pub fn acting(ctx: &Ctx, persona: &Persona) -> Ctx {
    Ctx::new(Arc::clone(&ctx.app), persona.who())
}

/// A refusal that the demonstration does not expect.
pub fn refused(error: impl std::fmt::Display) -> Failure {
    Failure::Internal(error.to_string())
}

/// Offers the capabilities of as many dimensions as the rule asks for.
async fn offer(
    ctx: &Ctx,
    tx: &mut Tx,
    plan: &Plan<'_>,
    school: &Node,
    principal: &Persona,
) -> Result<Vec<String>, Failure> {
    let facts = organisation::school_facts(tx, school.id).await?;
    let framework = &plan.rules.framework;
    let mut offer: Vec<String> = Vec::new();
    for dimension in framework.dimensions.iter().rev() {
        let of_it = framework.capabilities.iter().filter(|c| c.dimension == dimension.key);
        let fitting = of_it.filter(|c| {
            let alone = [c.code.clone()];
            plan.rules.check_offer(&alone, &facts).iter().all(|breach| !breach.key.contains("environment"))
        });
        offer.extend(fitting.take(4).map(|c| c.code.clone()));
        if plan.rules.check_offer(&offer, &facts).is_empty() {
            break;
        }
    }
    let principal = acting(ctx, principal);
    selection::draft(&principal, tx, plan.programme, &offer, "演示").await.map_err(refused)?;
    selection::publish(&principal, tx, plan.programme).await.map_err(refused)?;
    Ok(offer)
}

/// Chooses the fewest capabilities that meet the rule; gives them.
async fn choose(
    ctx: &Ctx,
    tx: &mut Tx,
    plan: &Plan<'_>,
    offer: &[String],
    teacher: &Persona,
) -> Result<Vec<String>, Failure> {
    let mut chosen: Vec<String> = Vec::new();
    // From both ends in turn, so that every dimension of the offer is touched early.
    let (mut front, mut back) = (offer.iter(), offer.iter().rev());
    while !plan.rules.check_choice(&chosen, offer).is_empty() && chosen.len() < offer.len() {
        let next = if chosen.len().is_multiple_of(2) { front.next() } else { back.next() };
        chosen.extend(next.filter(|code| !chosen.contains(code)).cloned());
    }
    let teacher = acting(ctx, teacher);
    selection::choose(&teacher, tx, plan.programme, &chosen).await.map_err(refused)?;
    Ok(chosen)
}

/// Books hours: the higher a teacher's number, the further they have come.
async fn learn(
    ctx: &Ctx,
    tx: &mut Tx,
    plan: &Plan<'_>,
    (teacher, number): (&Persona, usize),
) -> Result<(), Failure> {
    let begin = plan.rules.identity.period.map_or(NaiveDate::MIN, |period| period.from());
    let length = *plan.rules.hours.length;
    let person = people::teacher(tx, Id::from_uuid(teacher.person.uuid())).await?.person;
    if plan.progress(number) == Progress::All {
        let reports = full_reports(plan.rules, person, (&teacher.login, begin + Days::new(FIRST_LESSON)));
        hours::log_all(ctx, tx, plan.programme, &reports).await.map_err(refused)?;
        return Ok(());
    }
    let mut reports = Vec::new();
    for category in &plan.rules.hours.categories {
        let kind = category.kinds.first().map(|kind| kind.key.clone()).unwrap_or_default();
        let wanted = category.minimum.get();
        let lessons = 1 + number % 5;
        for lesson in 0..lessons {
            let day = begin + Days::new(FIRST_LESSON + u64::try_from(lesson * 7 + number).unwrap_or(0));
            reports.push(Report {
                whom: Whom::Known(person),
                category: category.key.clone(),
                kind: kind.clone(),
                seconds: Seconds::new(wanted / 5),
                length,
                worked_on: day,
                title: format!("演示课程第{}讲", lesson + 1),
                source: PLATFORM.to_owned(),
                source_id: format!("{}-{}-{lesson}", teacher.login, category.key),
                channel: hours::Channel::File,
                doubt: None,
            });
        }
    }
    hours::log_all(ctx, tx, plan.programme, &reports).await.map_err(refused)?;
    Ok(())
}
