//! The pages of the room: a teacher's own, the desk of those who decide, the lists of a school.

mod desk;
mod disputes;
mod inbox;
mod number;
mod own;
mod paper;
mod school;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::{Failure, FormErrors};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::model::{Channel, HoursError, Waiting, WaitingState};
use super::statement::{self, Line, category_title, kind_title};

/// Who decides about reports that wait, and answers disputes.
pub const DESK: [Role; 5] = [Role::Clerk, Role::Town, Role::County, Role::City, Role::Province];

/// The address that lists what waits of `source`, in one state where one is named; `None` for whoever
/// does not decide about it.
#[must_use]
pub fn desk_of_source(ctx: &Ctx, source: &str, state: Option<WaitingState>) -> Option<String> {
    access::role(ctx).filter(|role| DESK.contains(role))?;
    let name = utf8_percent_encode(source, NON_ALPHANUMERIC);
    let state = state.map(|state| format!("&state={}", state.code())).unwrap_or_default();
    Some(format!("/hours/waiting?source={name}{state}"))
}

/// Who looks at the hours of others.
pub(super) const READERS: [Role; 10] = [
    Role::Clerk,
    Role::Principal,
    Role::Cio,
    Role::ManagementTeam,
    Role::Town,
    Role::County,
    Role::City,
    Role::Province,
    Role::Auditor,
    Role::Evaluator,
];

/// The routes of the room.
pub fn routes() -> Router<Arc<App>> {
    // Files are counted while they arrive.
    let unlimited = DefaultBodyLimit::disable();
    Router::new()
        .route("/hours", get(own::show))
        .route("/hours/download", get(own::download))
        .route("/hours/where", get(own::look_for))
        .route("/hours/disputes/new", get(disputes::new_dispute))
        .route("/hours/disputes", post(disputes::open_dispute).layer(unlimited))
        .route("/hours/disputes/{id}/withdraw", post(disputes::withdraw_dispute))
        .route("/hours/disputes/{id}/files/{file}", get(disputes::own_file))
        .route("/hours/waiting", get(desk::list).post(desk::decide_several))
        .route("/hours/waiting/{id}", get(desk::show))
        .route("/hours/waiting/{id}/decide", post(desk::decide))
        .route("/hours/inbox", get(inbox::list))
        .route("/hours/inbox/{id}", get(inbox::show).post(inbox::answer))
        .route("/hours/inbox/{id}/mend", post(inbox::mend))
        .route("/hours/inbox/{id}/files/{file}", get(inbox::file))
        .route("/hours/teachers", get(school::list))
        .route("/hours/teachers/download", get(school::download))
        .route("/hours/teachers/{person}", get(school::teacher))
        .route("/hours/entries/{id}/reverse", get(school::reverse_form).post(school::reverse))
        .route("/hours/entries/{id}/restore", get(school::restore_form).post(school::restore))
}

/// The programme where the asker stands, and its rules.
async fn ground(ctx: &Ctx, tx: &mut Tx) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    Ok((programme, rules))
}

/// The programme where the asker stands, and the rules by which `person` is measured there: of a
/// result that is final, those that judged it.
async fn ground_of(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(Programme, Arc<Scheme>), Failure> {
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules_for(&ctx.app, tx, &programme, person).await?;
    Ok((programme, rules))
}

/// What is wrong as the form shows it; failures that concern no field go their own way.
fn as_form(error: HoursError, field: &str) -> Result<FormErrors, Failure> {
    match error {
        HoursError::Failed(failure) => Err(failure),
        other => Ok(FormErrors::one(field, other.to_string())),
    }
}

/// A sum of the overview above a statement.
struct SumRow {
    title: String,
    is_kind: bool,
    /// Empty where nothing is asked for.
    minimum: String,
    earned: String,
    counted: String,
    over: String,
    missing: String,
    /// By which rule hours count here; empty where nothing is asked for.
    usual: String,
    /// By which rule some do not; empty where all count.
    rule: String,
}

impl SumRow {
    /// How the sum stands to its minimum, in words.
    fn standing(&self) -> &str {
        match (self.minimum.is_empty(), self.missing.is_empty()) {
            (_, false) => &self.missing,
            (true, true) => "—",
            (false, true) => "已达到",
        }
    }
}

/// Everything that is above and in a statement.
struct Overview {
    sums: Vec<SumRow>,
    minimum: String,
    /// What counts of the minimum: not what one category has beyond what is asked for.
    reached: String,
    /// All that counts.
    counted: String,
    /// What of it is more than one category asks for and fills no other; empty for none.
    spare: String,
    missing: String,
    percent: u8,
    is_met: bool,
    years: Vec<(i32, String)>,
    lines: Vec<LineRow>,
}

/// A line of a statement as shown.
struct LineRow {
    id: String,
    booked: String,
    worked_on: String,
    title: String,
    source: String,
    source_id: String,
    /// The number after the name of the source, with its words; empty where it is ours.
    number: String,
    channel: &'static str,
    place: String,
    hours: String,
    with_unit: String,
    counts: String,
    over: String,
    rule: String,
    /// Whether that is the usual one, which stands with the sums.
    is_usual: bool,
    state: &'static str,
    tone: &'static str,
    running: String,
    may_dispute: bool,
    may_reverse: bool,
    may_restore: bool,
}

/// What counts without bringing the whole requirement nearer: one category has more than is asked for
/// while another, which it does not fill, has less.
fn spare(tally: &tisheng_rules::Tally) -> Seconds {
    if tally.is_met() { Seconds::ZERO } else { tally.counted - (tally.minimum - tally.missing) }
}

/// The figure; nothing for no hours.
fn some_hours(seconds: Seconds, length: HourLength) -> String {
    if seconds == Seconds::ZERO { String::new() } else { seconds.in_hours(length) }
}

fn overview(rules: &Scheme, entries: &[super::model::Entry]) -> Overview {
    let rule = &rules.hours;
    let facts: Vec<_> = entries.iter().map(super::model::Entry::for_rules).collect();
    let tally = rule.tally(&facts);
    let some = |seconds: Seconds| if seconds == Seconds::ZERO { String::new() } else { rule.shown(seconds) };
    let length = *rule.length;
    let usual = |sum: &tisheng_rules::Sum, (category, kind): (&str, &str)| {
        if sum.minimum == Seconds::ZERO { String::new() } else { statement::usual(rule, category, kind) }
    };
    let row = |sum: &tisheng_rules::Sum, (category, kind): (&str, &str)| SumRow {
        title: sum.title.clone(),
        is_kind: !kind.is_empty(),
        usual: usual(sum, (category, kind)),
        minimum: some_hours(sum.minimum, length),
        earned: sum.earned.in_hours(length),
        counted: sum.counted.in_hours(length),
        over: some_hours(sum.over, length),
        missing: some_hours(sum.missing, length),
        rule: sum.over_rule.clone().unwrap_or_default(),
    };
    let sums = tally.categories.iter().flat_map(|category| {
        let key = category.sum.key.as_str();
        let mut whole = row(&category.sum, (key, ""));
        // The rule of a kind stands with the kind.
        if category.kinds.iter().any(|kind| kind.over_rule == category.sum.over_rule) {
            whole.rule.clear();
        }
        let kinds: Vec<SumRow> = category.kinds.iter().map(|kind| row(kind, (key, &kind.key))).collect();
        std::iter::once(whole).chain(kinds)
    });
    let reached = tally.minimum - tally.missing;
    let mut lines: Vec<LineRow> = statement::lines(rule, entries)
        .iter()
        .map(|line| LineRow { may_restore: may_be_restored(entries, line), ..line_row(rules, line) })
        .collect();
    lines.reverse();
    Overview {
        sums: sums.collect(),
        minimum: rule.shown(tally.minimum),
        reached: rule.shown(reached),
        counted: rule.shown(tally.counted),
        spare: some(spare(&tally)),
        missing: rule.shown(tally.missing),
        percent: reached.percent_of(tally.minimum),
        is_met: tally.is_met(),
        years: tally.by_year.iter().map(|(year, seconds)| (*year, rule.shown(*seconds))).collect(),
        lines,
    }
}

/// Whether what `line` says was taken back and has not been entered again since.
fn may_be_restored(entries: &[super::model::Entry], line: &Line<'_>) -> bool {
    let of = line.entry;
    let is_later = |other: &super::model::Entry| {
        (&other.source, &other.source_id) == (&of.source, &of.source_id)
            && other.reverses.is_none()
            && other.revision > of.revision
    };
    line.standing == statement::Standing::TakenBack && !entries.iter().any(is_later)
}

fn line_row(rules: &Scheme, line: &Line<'_>) -> LineRow {
    let rule = &rules.hours;
    let length = *rule.length;
    LineRow {
        id: line.entry.id.to_string(),
        booked: line.entry.received_at.chinese(),
        worked_on: tisheng_kernel::number::chinese_date(line.entry.worked_on),
        title: line.entry.title.clone(),
        source: line.entry.source.clone(),
        source_id: line.entry.source_id.clone(),
        number: number::number_shown(&line.entry.source_id),
        channel: match line.entry.channel {
            Channel::Own => "",
            other => other.title(),
        },
        place: if line.kind.is_empty() {
            line.category.clone()
        } else {
            format!("{} · {}", line.category, line.kind)
        },
        hours: line.entry.seconds.in_hours(length),
        with_unit: rule.shown(line.entry.seconds),
        counts: line.counts.in_hours(length),
        over: some_hours(line.over, length),
        rule: line.rule.clone(),
        is_usual: line.is_usual,
        state: line.standing.chinese(),
        tone: line.standing.tone(),
        running: line.running.in_hours(length),
        may_dispute: line.standing != statement::Standing::TakesBack,
        may_reverse: line.standing == statement::Standing::Booked,
        may_restore: line.standing == statement::Standing::TakenBack,
    }
}

/// A report that waits or waited, as shown.
struct WaitingRow {
    id: String,
    state: &'static str,
    tone: &'static str,
    name: String,
    paper: String,
    school: String,
    title: String,
    source: String,
    source_id: String,
    /// The number after the name of the source, with its words; empty where it is ours.
    number: String,
    worked_on: String,
    place: String,
    hours: String,
    /// The hours as a column has them, to two decimals.
    figure: String,
    why: String,
    received: String,
    decision: String,
    decided: String,
    /// Whether the day holds more than its 24 hours with it.
    long_day: bool,
}

fn waiting_row(rules: &Scheme, waiting: &Waiting) -> WaitingRow {
    let rule = &rules.hours;
    let category = category_title(rule, &waiting.category);
    let kind = kind_title(rule, &waiting.category, &waiting.kind);
    WaitingRow {
        id: waiting.id.to_string(),
        state: waiting.state.chinese(),
        tone: waiting.state.tone(),
        name: waiting.name.clone(),
        paper: waiting.paper_masked.clone(),
        school: waiting.school.clone(),
        title: waiting.title.clone(),
        source: waiting.source.clone(),
        source_id: waiting.source_id.clone(),
        number: number::number_shown(&waiting.source_id),
        worked_on: tisheng_kernel::number::chinese_date(waiting.worked_on),
        place: if kind.is_empty() { category } else { format!("{category} · {kind}") },
        hours: rule.shown(waiting.seconds),
        figure: waiting.seconds.in_hours(*rule.length),
        why: waiting.why.clone(),
        received: waiting.received_at.chinese(),
        decision: waiting.decision.clone(),
        decided: waiting.decided_at.map(|at| at.chinese()).unwrap_or_default(),
        long_day: waiting.long_day,
    }
}
