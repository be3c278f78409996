//! What is done to the ledger.

pub(super) mod again;
pub mod batch;
pub mod candidates;
pub mod decide;
pub mod disputes;
pub mod doubted;
pub(super) mod foresee;
mod long_day;
mod moved;
pub mod reversal;
pub mod search;
pub mod several;
pub mod withdrawal;

use serde_json::json;
use tisheng_kernel::identity::mask_paper_number;
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::organisation;
use tisheng_registry::people::{self, Clue, Match, Person};
use tisheng_rules::Scheme;
use tisheng_rules::hours::ItemUnit;

use super::doubt::{Day, Doubt, doubt, is_long_day};
use super::model::{
    Described, Entry, HoursError, Logged, REVERSAL, Report, WITHDRAWAL, Waiting, WaitingState, Whom,
};
use super::store::reports::Putting;
use super::store::{self, Booking, Total};
use super::worth::{Worths, beyond};

/// Takes one report, exactly once: a report that was taken before is [`Logged::Same`]; one that
/// says something else under the same number, is about nobody known for sure, or can hardly be
/// true, waits for a person. Emits `hours.changed` when the ledger has changed.
///
/// # Errors
/// [`HoursError::NotPositive`]; what the database reports.
pub async fn log(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
) -> Result<Logged, HoursError> {
    let (logged, person) = take(ctx, tx, programme, report).await?;
    if let (Logged::Entered(_), Some(person)) = (logged, person) {
        changed(ctx, tx, programme, person).await?;
    }
    batch::tell(ctx, tx, programme, report, logged).await?;
    Ok(logged)
}

/// How many of a file's reports became what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Receipt {
    /// Entered into the ledger.
    pub entered: u32,
    /// Taken before.
    pub same: u32,
    /// In conflict with an entry.
    pub conflict: u32,
    /// About nobody known for sure.
    pub parked: u32,
    /// Hardly true.
    pub held: u32,
}

impl Receipt {
    fn count(&mut self, logged: Logged) {
        let place = match logged {
            Logged::Entered(_) => &mut self.entered,
            Logged::Same => &mut self.same,
            Logged::Conflict(_) => &mut self.conflict,
            Logged::Parked(_) => &mut self.parked,
            Logged::Held(_) => &mut self.held,
        };
        *place += 1;
    }
}

/// Takes many reports, each as [`log`] does, with one event for each teacher concerned.
///
/// # Errors
/// As [`log`]; then none is taken.
pub async fn log_all(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    reports: &[Report],
) -> Result<Receipt, HoursError> {
    batch::take_turns(ctx, tx, programme, &reports.iter().collect::<Vec<_>>()).await?;
    let mut receipt = Receipt::default();
    let mut concerned = std::collections::BTreeSet::new();
    for report in reports {
        let (logged, person) = take(ctx, tx, programme, report).await?;
        receipt.count(logged);
        if matches!(logged, Logged::Entered(_)) {
            concerned.extend(person);
        }
    }
    for person in concerned {
        changed(ctx, tx, programme, person).await?;
    }
    audit::record(ctx, tx, "hours.reports_taken", programme.id.uuid(), &receipt).await?;
    Ok(receipt)
}

/// Nobody decides about their own hours.
pub(super) fn not_own(ctx: &Ctx, person: Id<Person>) -> Result<(), HoursError> {
    let own = ctx.who.member().is_some_and(|member| member.person == person.uuid());
    if own { Err(HoursError::Own) } else { Ok(()) }
}

/// Tells the rooms above that a teacher's hours have changed.
pub(super) async fn changed(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    person: Id<Person>,
) -> Result<(), HoursError> {
    let payload = json!({ "programme": programme.id, "person": person });
    Ok(jobs::emit(tx, ctx.at, "hours.changed", &payload).await?)
}

/// Takes one report as [`log`] does, and leaves telling others about it to the caller; gives the
/// teacher, where known.
pub(super) async fn take(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
) -> Result<(Logged, Option<Id<Person>>), HoursError> {
    if report.seconds <= Seconds::ZERO {
        return Err(HoursError::NotPositive);
    }
    let digest = report.digest();
    let known = store::reports::of_digest(tx, programme.id, report, &digest).await?;
    let withdrawn = match known {
        Some(known) if known.state == WaitingState::Withdrawn => Some(known.id),
        Some(known) if known.may_be_found() => {
            return again::look_again(ctx, tx, programme, report, known).await;
        }
        Some(known) => return Ok((again(&known), known.person)),
        None => None,
    };
    let person = match find(ctx, tx, &report.whom).await? {
        Found::One(person) => person,
        Found::NotSure(why) => {
            let put = Wait {
                state: WaitingState::Parked,
                why,
                long_day: false,
                against: None,
                person: None,
                withdrawn,
            };
            return Ok((wait(ctx, tx, programme, report, &digest, &put).await?, None));
        }
    };
    // Nobody else takes anything of this teacher until this is written: what came in another way at the same
    // moment is seen.
    store::turns::hold(tx, programme.id, person).await?;
    let logged = loop {
        match weigh(ctx, tx, programme, report, (person, Day::default())).await? {
            Weighed::Same => break Logged::Same,
            Weighed::Fresh(revision) => {
                let booking = Booking { id: ctx.id(), person, revision, reason: "", reverses: None };
                if store::add(ctx, tx, programme.id, report, &booking).await? {
                    break Logged::Entered(booking.id);
                }
                // The number was free a moment ago: what somebody else has just entered may say
                // something else, so it is weighed against that.
            }
            Weighed::Waits { state, why, long_day, against } => {
                let put = Wait { state, why: &why, long_day, against, person: Some(person), withdrawn };
                break wait(ctx, tx, programme, report, &digest, &put).await?;
            }
        }
    };
    Ok((logged, Some(person)))
}

/// What a report that waits or waited is now.
fn again(known: &Waiting) -> Logged {
    match known.state {
        WaitingState::Parked => Logged::Parked(known.id),
        WaitingState::Held if doubted::doubted(known).is_none() => Logged::Held(known.id),
        WaitingState::Conflict => Logged::Conflict(known.id),
        WaitingState::Held
        | WaitingState::Entered
        | WaitingState::Dismissed
        | WaitingState::Refused
        | WaitingState::Kept
        | WaitingState::Withdrawn => Logged::Same,
    }
}

enum Found {
    One(Id<Person>),
    NotSure(&'static str),
}

async fn find(ctx: &Ctx, tx: &mut Tx, whom: &Whom) -> Result<Found, HoursError> {
    let described = match whom {
        Whom::Known(person) => return Ok(Found::One(*person)),
        Whom::Described(described) => described,
    };
    Ok(match matched(ctx, tx, described).await? {
        Match::One(person) => Found::One(person),
        Match::Several(_) => Found::NotSure("有多位教师符合，需要人工确认是哪一位"),
        Match::None { .. } => Found::NotSure("没有找到对应的教师，请核对姓名和证件号码"),
    })
}

/// Who a description may mean, for matching and for the suggestions of the clerk's page.
pub(super) async fn matched(ctx: &Ctx, tx: &mut Tx, described: &Described) -> Result<Match, Failure> {
    let clue = Clue { name: &described.name, paper: &described.paper, phone: &described.phone };
    Ok(people::match_person(ctx, tx, &clue).await?)
}

/// What is to become of a report about somebody known.
pub(super) enum Weighed {
    /// Taken before.
    Same,
    /// To be entered with this revision.
    Fresh(i64),
    /// A person decides.
    Waits {
        state: WaitingState,
        why: String,
        /// Whether the day would hold more than its 24 hours.
        long_day: bool,
        against: Option<Id<Entry>>,
    },
}

/// Weighs a report about `person`, whose day will hold `ahead` more than the ledger says.
pub(super) async fn weigh(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    (person, ahead): (Id<Person>, Day),
) -> Result<Weighed, HoursError> {
    let known = store::of_number(tx, programme.id, &report.source, &report.source_id).await?;
    let Some(revision) = free_revision(tx, programme, &known).await? else {
        let against = known.last().map(|entry| entry.id);
        let why = match reversed(tx, programme, &known).await? {
            Some(reason) => format!("{TAKEN_BACK}（{reason}），恢复入账需要人工决定"),
            None if known.iter().any(|entry| entry.says(report, person)) => return Ok(Weighed::Same),
            None => OTHER_CONTENT.to_owned(),
        };
        return Ok(Weighed::Waits { state: WaitingState::Conflict, why, long_day: false, against });
    };
    let scheme = scheme::rules(&ctx.app, tx, programme).await?;
    let booked = store::booked_on(tx, programme.id, person, report.worked_on).await? + ahead;
    let period = *scheme.identity.period;
    let by_hand = matches!(report.whom, Whom::Described(_));
    let own = (by_hand && not_own(ctx, person).is_err()).then_some(Doubt::Own);
    let found = own.or_else(|| report.doubt.clone().map(Doubt::Found));
    let found = found.or_else(|| doubt(report, &scheme.hours, period, ctx.at.date(), booked));
    let found = match found {
        None => store::alike(tx, programme.id, person, report).await?,
        found => found,
    };
    let found = match (found, ctx.app.parts.find::<Worths>()) {
        (None, Some(worths)) => beyond(worths, tx, programme.id, person, report).await?,
        (found, _) => found,
    };
    Ok(match found {
        Some(doubt) => Weighed::Waits {
            state: WaitingState::Held,
            why: doubt.to_string(),
            long_day: is_long_day(report, booked),
            against: None,
        },
        None => Weighed::Fresh(revision),
    })
}

/// Why a report in conflict waits.
const OTHER_CONTENT: &str = "同一来源、同一编号此前报送的内容与这次不同";

/// Why a report waits whose number was taken back by a person.
const TAKEN_BACK: &str = "同一编号的记录此前已被冲销";

/// The reason for which a person took the latest entry of a number back; `None` while it stands.
pub(super) async fn reversed(
    tx: &mut Tx,
    programme: &Programme,
    known: &[Entry],
) -> Result<Option<String>, HoursError> {
    let Some(latest) = known.last() else { return Ok(None) };
    let by = store::of_number(tx, programme.id, REVERSAL, &latest.id.to_string()).await?;
    Ok(by.into_iter().next().map(|entry| entry.reason))
}

/// The revision under which a number can be entered; `None` while its latest entry stands, or a
/// person took it back. Only what its source withdrew leaves the number free.
pub(super) async fn free_revision(
    tx: &mut Tx,
    programme: &Programme,
    known: &[Entry],
) -> Result<Option<i64>, HoursError> {
    let Some(latest) = known.last() else { return Ok(Some(1)) };
    let withdrawn = store::of_number(tx, programme.id, WITHDRAWAL, &latest.id.to_string()).await?;
    Ok((!withdrawn.is_empty()).then_some(latest.revision + 1))
}

struct Wait<'a> {
    state: WaitingState,
    why: &'a str,
    long_day: bool,
    against: Option<Id<Entry>>,
    person: Option<Id<Person>>,
    /// The row in which the same report waited before it was withdrawn.
    withdrawn: Option<Id<Waiting>>,
}

async fn wait(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    digest: &str,
    put: &Wait<'_>,
) -> Result<Logged, HoursError> {
    let asker = ctx.who.path().unwrap_or(&programme.path);
    let known = match put.person {
        Some(person) => match people::teacher(tx, person).await {
            Ok(teacher) => Some(teacher),
            // Somebody without a post: whoever brought the report decides.
            Err(Failure::NotFound) => None,
            Err(failure) => return Err(failure.into()),
        },
        None => None,
    };
    let (name, masked) = match (&report.whom, &known) {
        (Whom::Described(described), _) => (described.name.as_str(), mask_paper_number(&described.paper)),
        (Whom::Known(_), Some(teacher)) => (teacher.name.as_str(), String::new()),
        (Whom::Known(_), None) => ("", String::new()),
    };
    let [paper, phone] = match &report.whom {
        Whom::Described(described) => {
            [people::paper_key(ctx, &described.paper), people::phone_key(ctx, &described.phone)]
        }
        Whom::Known(_) => [None, None],
    };
    // Whoever looks after the school that it names knows best who is meant.
    let named = match (&report.whom, &known) {
        (Whom::Described(described), None) if !described.school.is_empty() => {
            organisation::school_called(tx, &Scope::below(asker), &described.school).await?
        }
        _ => None,
    };
    let known_at = known.as_ref().map(|teacher| teacher.path.as_str());
    let row = Putting {
        id: put.withdrawn.unwrap_or_else(|| ctx.id()),
        state: put.state,
        path: known_at.or(named.as_ref().map(|school| school.path.as_str())).unwrap_or(asker),
        digest,
        person: put.person,
        name,
        paper_masked: &masked,
        keys: [paper.as_ref(), phone.as_ref()],
        why: put.why,
        against: put.against,
        long_day: put.long_day,
    };
    let waits = match put.withdrawn {
        Some(_) => store::reports::renew(ctx, tx, programme.id, &row).await?,
        None => store::reports::add(ctx, tx, programme.id, report, &row).await?,
    };
    if !waits {
        return Ok(Logged::Same);
    }
    Ok(match put.state {
        WaitingState::Conflict => Logged::Conflict(row.id),
        WaitingState::Held => Logged::Held(row.id),
        _ => Logged::Parked(row.id),
    })
}

/// The entries of a teacher in the order of booking; [`Entry::for_rules`] makes them what the
/// rules add up.
///
/// # Errors
/// What the database reports.
pub async fn entries(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Entry>, Failure> {
    Ok(store::entries(tx, programme, person).await?)
}

/// The sums of a teacher, kept with the entries: enough for every question but that of years.
///
/// # Errors
/// What the database reports.
pub async fn totals(
    tx: &mut Tx,
    programme: Id<Programme>,
    person: Id<Person>,
) -> Result<Vec<Total>, Failure> {
    Ok(store::totals(tx, programme, person).await?)
}

/// Whether hours stand in the ledger, or wait, with `source` as their source.
///
/// # Errors
/// What the database reports.
pub async fn has_source(tx: &mut Tx, programme: Id<Programme>, source: &str) -> Result<bool, DbError> {
    store::has_source(tx, programme, source).await
}

/// How many reports of `source` within `scope` wait in each state.
///
/// # Errors
/// What the database reports.
pub async fn waiting_of(
    tx: &mut Tx,
    programme: Id<Programme>,
    scope: &Scope,
    source: &str,
) -> Result<Vec<(WaitingState, i64)>, DbError> {
    store::open::counts(tx, programme, scope, source).await
}

/// The first `most` reports of `source` within the asker's scope that wait in `state`.
///
/// # Errors
/// What the database reports.
pub async fn waiting_in(
    ctx: &Ctx,
    tx: &mut Tx,
    of: (Id<Programme>, &str),
    (state, most): (WaitingState, i64),
) -> Result<Vec<Waiting>, DbError> {
    store::open::first(tx, of, &ctx.scope(), state, most).await
}

/// What one accepted item earns, such as the evidence of a chosen capability.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earning {
    /// Code of the category.
    pub category: String,
    /// Code of the kind.
    pub kind: String,
    /// What it earns.
    pub seconds: Seconds,
    /// The scheme's length of an hour.
    pub length: HourLength,
}

/// What an item of `unit` earns under `scheme`; `None` when its items earn nothing.
#[must_use]
pub fn earning(scheme: &Scheme, unit: ItemUnit) -> Option<Earning> {
    scheme.hours.categories.iter().find_map(|category| {
        let kind = category.kinds.iter().find(|kind| kind.item.as_ref().is_some_and(|i| i.unit == unit))?;
        let item = kind.item.as_ref()?;
        Some(Earning {
            category: category.key.clone(),
            kind: kind.key.clone(),
            seconds: *item.hours,
            length: *scheme.hours.length,
        })
    })
}
