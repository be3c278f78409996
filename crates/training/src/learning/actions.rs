//! Taking what platforms say, and bringing the ledger up to date.

mod late;
pub mod matching;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::jobs::{Claimed, Handlers, JobError};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::organisation;
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use self::late::{Span, ask_again};
use super::doubts::doubt;
use super::model::{Account, Credit, Fact, Learner, LearnerState, Said, credits};
use super::store::{self, Whose};
use crate::course::{self, Approved, Course, State as CourseState};
use crate::hours::{self, Channel, HoursError, Logged, Report, Tally, Whom};
use crate::platform::{self, Platform};

/// The job that looks again at what came of a course whose terms have come into force.
pub const REPLAY_JOB: &str = "learning.replay";

/// Teachers looked at in one transaction of that job.
const AT_ONCE: i64 = 100;

/// Why a line of the ledger is taken back of which a platform says something else by now.
const NO_LONGER: &str = "平台后来的学习记录与此不同，按最新的计";

/// Why a line is taken back of an account that is no longer the teacher's.
const NOT_THEIRS: &str = "这个学习账号已不再对应这位教师";

/// Why something was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum LearningError {
    /// Somebody has decided already.
    #[error("这个账号已由他人处理，当前状态为“{}”", .0.title())]
    Decided(LearnerState),
    /// A reason is asked for.
    #[error("请填写原因")]
    NoReason,
    /// Nobody vouches for the own hours.
    #[error("不能认领与本人有关的账号，请由其他人员处理")]
    Own,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for LearningError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for LearningError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<HoursError> for LearningError {
    fn from(error: HoursError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<LearningError> for Failure {
    fn from(error: LearningError) -> Self {
        match error {
            LearningError::Failed(failure) => failure,
            other => Self::Refused(other.to_string()),
        }
    }
}

impl From<LearningError> for JobError {
    fn from(error: LearningError) -> Self {
        Self(format!("{error:?}"))
    }
}

/// Adds the jobs of the room.
#[must_use]
pub fn jobs(handlers: Handlers) -> Handlers {
    handlers.job(REPLAY_JOB, replay_job)
}

/// The ground on which one platform's records are worked out.
struct Ground<'p> {
    platform: &'p Platform,
    programme: Programme,
    rules: Arc<Scheme>,
    /// Why lines are taken back that are no longer asked for.
    why: &'static str,
}

async fn ground<'p>(ctx: &Ctx, tx: &mut Tx, platform: &'p Platform) -> Result<Ground<'p>, Failure> {
    let programme = scheme::of_id(tx, platform.programme).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok(Ground { platform, programme, rules, why: NO_LONGER })
}

/// Takes what `platform` says, each record exactly once, and brings the ledger up to date. What is
/// about nobody known, or about no course of the catalogue, is kept and worked out once it is.
/// Whether the platform may deliver is asked where it delivers: what was acknowledged there is taken.
///
/// # Errors
/// What the database reports: then nothing is taken.
pub async fn take(
    ctx: &Ctx,
    tx: &mut Tx,
    (platform, channel): (&Platform, Channel),
    said: &[Said],
) -> Result<Tally, LearningError> {
    let ground = ground(ctx, tx, platform).await?;
    // In one order, so that two deliveries at one moment do not wait for each other; the teachers before that, whose
    // order is another one.
    let mut accounts: BTreeMap<&Account, Vec<&Said>> = BTreeMap::new();
    for one in said {
        accounts.entry(&one.account).or_default().push(one);
    }
    if tx.has_rivals() {
        let mut people = BTreeSet::new();
        for account in accounts.keys() {
            let learner = store::of_account(tx, platform.id, account).await?;
            people.extend(learner.and_then(|learner| learner.person));
        }
        hours::hold_all(tx, ground.programme.id, &people).await?;
    }
    let mut tally = Tally::default();
    for (account, said) in accounts {
        let learner = heard(ctx, tx, &ground, account, &said).await?;
        let mut fresh = 0;
        let (mut courses, mut span) = (BTreeMap::new(), Span::default());
        for one in said {
            tally.records += 1;
            let course = named_by(tx, platform, &one.activity).await?;
            let id = course.as_ref().map(|course| course.id);
            if store::facts::add_fact(ctx, tx, &learner, (one, channel, id)).await? {
                fresh += 1;
                span.add(one.at);
                courses.extend(course.map(|course| (course.id, course)));
            } else {
                tally.same += 1;
            }
        }
        let mut settled = Settled::default();
        match (learner.person, learner.state) {
            (Some(person), _) => {
                for course in courses.values() {
                    settled += settle(ctx, tx, &ground, person, course).await?;
                }
                ask_again(ctx, tx, &ground, person, span).await?;
            }
            (None, LearnerState::Dismissed) => {}
            (None, _) => settled.waiting = fresh,
        }
        tally.entered += settled.entered;
        tally.seconds += settled.seconds;
        tally.waiting += settled.waiting;
        tally.noted += fresh.saturating_sub(settled.entered + settled.waiting);
    }
    platform::arrived(ctx, tx, platform, channel, &tally).await?;
    Ok(tally)
}

/// The course that a platform means: by an address of the course, or by its number. One of which no
/// terms were ever in force may still go; it takes its facts when they come into force.
async fn named_by(tx: &mut Tx, platform: &Platform, activity: &str) -> Result<Option<Course>, DbError> {
    let found = match course::of_activity(tx, platform.id, activity).await? {
        Some(course) => Some(course),
        None => course::of_code(tx, platform, activity).await?,
    };
    Ok(found.filter(|course| course.revision.is_some()))
}

/// The learner behind an account, entered when it is new. Until the end of the transaction nobody
/// else works on it.
async fn heard(
    ctx: &Ctx,
    tx: &mut Tx,
    ground: &Ground<'_>,
    account: &Account,
    said: &[&Said],
) -> Result<Learner, LearningError> {
    let of = |part: fn(&Said) -> &str| {
        said.iter().map(|one| part(one)).find(|t| !t.is_empty()).unwrap_or_default()
    };
    let (name, school) = (of(|one| &one.name), of(|one| &one.school));
    let known = store::of_account(tx, ground.platform.id, account).await?;
    if known.is_none() {
        let path = place_of(tx, &ground.programme, school).await?;
        let new = store::New { id: ctx.id(), account, name, school, path: &path, person: None };
        store::add_learner(ctx, tx, ground.platform, &new).await?;
    }
    let known = store::of_account(tx, ground.platform.id, account).await?.ok_or(Failure::NotFound)?;
    let records = i64::try_from(said.len()).unwrap_or(i64::MAX);
    store::heard(ctx, tx, known.id, records, (name, school)).await?;
    // Whoever worked on it a moment ago may have matched it.
    Ok(store::of_id(tx, known.id).await?.ok_or(Failure::NotFound)?)
}

/// Whose clerks look for somebody of this school: the school's where its name is clear, else the
/// office's.
async fn place_of(tx: &mut Tx, programme: &Programme, school: &str) -> Result<String, DbError> {
    if school.is_empty() {
        return Ok(programme.path.clone());
    }
    let found = organisation::school_called(tx, &Scope::below(&programme.path), school).await?;
    Ok(found.map_or_else(|| programme.path.clone(), |one| one.path))
}

/// What bringing the ledger up to date has come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Settled {
    entered: u32,
    seconds: Seconds,
    waiting: u32,
}

impl std::ops::AddAssign for Settled {
    fn add_assign(&mut self, other: Self) {
        self.entered += other.entered;
        self.seconds += other.seconds;
        self.waiting += other.waiting;
    }
}

/// Works out what a teacher's facts of a course ask for, and brings the ledger to it: what is no
/// longer asked for is taken back, what is new is handed in.
async fn settle(
    ctx: &Ctx,
    tx: &mut Tx,
    ground: &Ground<'_>,
    person: Id<Person>,
    course: &Course,
) -> Result<Settled, LearningError> {
    let whose = Whose { programme: ground.programme.id, platform: ground.platform.id, person };
    // The turn first, as whoever else writes of the teacher's hours does.
    hours::hold(tx, whose.programme, person).await?;
    store::hold(tx, whose.platform, person).await?;
    let facts = store::facts::facts(tx, whose, course.id).await?;
    let credited = store::credits::credited(tx, whose, course.id).await?;
    // What was credited keeps the terms by which it was.
    let revision = credited.first().map(|credit| credit.revision);
    let Some(terms) = course::terms(tx, course, revision).await? else { return Ok(Settled::default()) };
    let mut wanted = credits((course, person), &terms, *ground.rules.hours.by_year, &facts);
    if course.state != CourseState::Offered {
        wanted.retain(|credit| credited.iter().any(|known| known.number == credit.number));
    }
    for known in credited.iter().filter(|known| !wanted.iter().any(|credit| known.says(credit))) {
        let report = (ground.platform.name.as_str(), known.number.as_str());
        hours::reverse_report(ctx, tx, &ground.programme, report, ground.why).await?;
        store::credits::drop_credit(tx, (whose, course.id), &known.number).await?;
    }
    let mut settled = Settled::default();
    for credit in wanted.iter().filter(|credit| !credited.iter().any(|known| known.says(credit))) {
        let doubt = match &ground.rules.hours.plausibility {
            Some(limits) => doubt(tx, limits, whose, (&terms, &facts, credit), false).await?,
            None => credit.doubt.clone(),
        };
        let channel = facts.iter().find(|fact| fact.record == credit.record).map(|fact: &Fact| fact.channel);
        let report = Report {
            whom: Whom::Known(person),
            category: terms.category.clone(),
            kind: terms.kind.clone(),
            seconds: credit.seconds,
            length: terms.length,
            worked_on: credit.worked_on,
            title: course.title.clone(),
            source: ground.platform.name.clone(),
            source_id: credit.number.clone(),
            channel: channel.unwrap_or(Channel::Xapi),
            doubt,
        };
        settled.count(hours::log(ctx, tx, &ground.programme, &report).await?, credit);
        store::credits::add_credit(ctx, tx, (whose, course.id, terms.revision), credit).await?;
    }
    Ok(settled)
}

impl Settled {
    fn count(&mut self, logged: Logged, credit: &Credit) {
        match logged {
            Logged::Entered(_) => {
                self.entered += 1;
                self.seconds += credit.seconds;
            }
            Logged::Conflict(_) | Logged::Parked(_) | Logged::Held(_) => self.waiting += 1,
            Logged::Same => {}
        }
    }
}

/// A platform takes records back; those that have not come yet will count for nothing when they do.
///
/// # Errors
/// What the database reports: then nothing is taken back.
pub async fn void(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: &Platform,
    records: &[String],
) -> Result<(), LearningError> {
    let ground = ground(ctx, tx, platform).await?;
    let (mut concerned, mut spans) = (BTreeSet::new(), BTreeMap::<Id<Learner>, Span>::new());
    for record in records {
        if store::facts::void(ctx, tx, platform.id, record).await?
            && let Some((learner, course, at)) = store::facts::whose(tx, platform.id, record).await?
        {
            concerned.insert((learner, course));
            spans.entry(learner).or_default().add(at);
        }
        let detail = json!({ "record": record });
        audit::record(ctx, tx, "learning.voided", platform.id.uuid(), &detail).await?;
    }
    if tx.has_rivals() {
        let mut people = BTreeSet::new();
        for learner in spans.keys() {
            people.extend(store::of_id(tx, *learner).await?.and_then(|learner| learner.person));
        }
        hours::hold_all(tx, ground.programme.id, &people).await?;
    }
    for (learner, course) in concerned {
        let person = store::of_id(tx, learner).await?.and_then(|learner| learner.person);
        if let (Some(person), Some(course)) = (person, course) {
            settle_one(ctx, tx, &ground, person, course).await?;
        }
    }
    for (learner, span) in spans {
        if let Some(person) = store::of_id(tx, learner).await?.and_then(|learner| learner.person) {
            ask_again(ctx, tx, &ground, person, span).await?;
        }
    }
    Ok(())
}

async fn settle_one(
    ctx: &Ctx,
    tx: &mut Tx,
    ground: &Ground<'_>,
    person: Id<Person>,
    course: Id<Course>,
) -> Result<Settled, LearningError> {
    match course::of_id(tx, course).await? {
        Some(course) => settle(ctx, tx, ground, person, &course).await,
        None => Ok(Settled::default()),
    }
}

/// Looks again at what has come of a course whose terms have come into force.
async fn replay_job(ctx: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let approved: Approved = claimed.payload()?;
    let mut tx = ctx.write().await?;
    let Some(course) = course::of_id(&mut tx, approved.course).await? else { return Ok(()) };
    let Some(platform) = platform::of_id(&mut tx, course.platform).await? else { return Ok(()) };
    for activity in course::activities(&mut tx, course.id).await?.iter().chain([&course.code]) {
        store::facts::name_course(&mut tx, platform.id, activity, course.id).await?;
    }
    tx.commit().await?;
    let mut after = Id::from_uuid(uuid::Uuid::nil());
    loop {
        let mut tx = ctx.write().await?;
        let some = store::facts::people_of(&mut tx, course.id, after, AT_ONCE).await?;
        let Some(last) = some.last() else { return Ok(()) };
        after = *last;
        let ground = ground(&ctx, &mut tx, &platform).await.map_err(LearningError::from)?;
        for person in some {
            settle(&ctx, &mut tx, &ground, person, &course).await?;
        }
        tx.commit().await?;
    }
}
