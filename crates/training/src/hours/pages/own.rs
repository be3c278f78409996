//! What a teacher sees of the own hours: the statement with its disputes, where a missing hour is.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_kernel::number::{chinese_date, parse_date};
use tisheng_platform::Ctx;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Filters, layout};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people::{self, Person};
use tisheng_rules::Scheme;

use super::super::model::{Entry, Waiting, WaitingState};
use super::super::store;
use super::disputes::{Beside, DisputeRow, OWN, dispute_row};
use super::paper::Paper;
use super::{LineRow, Overview, WaitingRow, ground_of, line_row, overview, waiting_row};
use crate::hours::statement;
use crate::hours::trail::{About, Step, Trails};

#[derive(Template)]
#[template(path = "hours/pages/own.html")]
struct OwnPage {
    page: Page,
    /// Whose hours, where and of what, as a sheet of paper says.
    name: String,
    school: String,
    programme: String,
    overview: Overview,
    held: Vec<WaitingRow>,
    /// What was reported and has not become an entry, with the reason.
    left_out: Vec<WaitingRow>,
    disputes: Vec<DisputeRow>,
    /// Whether the hours are handed over to another system.
    hands_over: bool,
    /// Whether the asker has left.
    only_reads: bool,
}

/// Whose record the asker reads as the own one: also after having left.
pub(super) fn reader(ctx: &Ctx) -> Result<Id<Person>, Failure> {
    Ok(Id::from_uuid(access::of_own_record(ctx)?.person))
}

/// The asker as a teacher.
pub(super) fn own(ctx: &Ctx) -> Result<Id<Person>, Failure> {
    Ok(Id::from_uuid(access::require(ctx, &[Role::Teacher])?.person))
}

/// The reports of which the state is `such`.
fn rows(rules: &Scheme, reports: &[Waiting], such: fn(WaitingState) -> bool) -> Vec<WaitingRow> {
    reports.iter().filter(|report| such(report.state)).map(|report| waiting_row(rules, report)).collect()
}

/// `GET /hours`
pub async fn show(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let person = reader(ctx)?;
    let only_reads = asker.member().only_reads();
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground_of(ctx, &mut tx, person).await?;
    let entries = store::entries(&mut tx, programme.id, person).await?;
    let waiting = store::reports::of_teacher(&mut tx, programme.id, person).await?;
    let disputes = store::disputes::of_teacher(&mut tx, programme.id, person).await?;
    let beside = Beside::load(&mut tx, &programme, person).await?;
    let disputed: Vec<Id<Entry>> =
        disputes.iter().filter(|d| d.state.waits()).filter_map(|d| d.entry).collect();
    let beside = (&beside, entries.as_slice());
    let disputes = disputes.iter().map(|d| dispute_row((ctx, OWN), &rules, d, beside)).collect();
    let mut overview = overview(&rules, &entries);
    for line in &mut overview.lines {
        line.may_dispute &= !only_reads && !disputed.iter().any(|id| id.to_string() == line.id);
    }
    let school = people::teacher(&mut tx, person).await.map(|t| t.school_name);
    layout::show(&OwnPage {
        name: asker.member().name.clone(),
        school: school.unwrap_or_else(|_| asker.member().node_name.clone()),
        programme: rules.identity.title.value.clone(),
        hands_over: rules.handover.is_some() && !only_reads,
        only_reads,
        page: Page::new(&asker, "我的学时", "/hours"),
        overview,
        held: rows(&rules, &waiting, WaitingState::waits),
        left_out: rows(&rules, &waiting, WaitingState::is_left_out),
        disputes,
    })
}

/// `GET /hours/download`
pub async fn download(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let person = reader(ctx)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground_of(ctx, &mut tx, person).await?;
    let entries = store::entries(&mut tx, programme.id, person).await?;
    let waiting = store::reports::of_teacher(&mut tx, programme.id, person).await?;
    let school = people::teacher(&mut tx, person).await.map(|t| t.school_name).unwrap_or_default();
    let paper = Paper {
        name: asker.member().name.clone(),
        school,
        programme: rules.identity.title.value.clone(),
        day: chinese_date(ctx.at.date()),
        overview: overview(&rules, &entries),
        held: rows(&rules, &waiting, WaitingState::waits),
        left_out: rows(&rules, &waiting, WaitingState::is_left_out),
    };
    paper.answer(&filters)
}

#[derive(Template)]
#[template(path = "hours/pages/where.html")]
struct WherePage {
    page: Page,
    words: String,
    day: String,
    day_error: &'static str,
    asked: bool,
    booked: Vec<LineRow>,
    waiting: Vec<WaitingRow>,
    steps: Vec<StepRow>,
}

/// Something that came on the way to an hour, as shown.
struct StepRow {
    received: String,
    at: String,
    title: String,
    source: String,
    record: String,
    what: String,
    standing: String,
    tone: &'static str,
}

fn step_row(step: Step) -> StepRow {
    StepRow {
        received: step.received_at.chinese(),
        at: step.at.chinese(),
        title: step.title,
        source: step.source,
        record: step.record,
        what: step.what,
        standing: step.standing,
        tone: step.tone,
    }
}

/// `GET /hours/where`: what arrived about a course, when, from whom, and what became of it.
pub async fn look_for(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let person = own(ctx)?;
    let (words, day) = (filters.text("q"), filters.text("day"));
    let date = parse_date(day).ok();
    // A day that is none asks for nothing.
    let asked = if day.is_empty() { !words.is_empty() } else { date.is_some() };
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground_of(ctx, &mut tx, person).await?;
    let me = people::visible(ctx, &mut tx, person).await?;
    let entries = store::entries(&mut tx, programme.id, person).await?;
    let mut waiting = store::reports::of_teacher(&mut tx, programme.id, person).await?;
    // What has become an entry stands among the entries.
    waiting.retain(|report| report.state != WaitingState::Entered);
    let school = people::teacher(&mut tx, person).await.map(|t| t.school_name).unwrap_or_default();
    let named = (me.name.as_str(), me.paper_masked.as_str(), school.as_str());
    waiting.extend(store::reports::of_name(&mut tx, programme.id, named).await?);
    let fits = |title: &str, source: &str, worked_on: chrono::NaiveDate| {
        asked
            && (words.is_empty() || title.contains(words) || source.contains(words))
            && date.is_none_or(|date| date == worked_on)
    };
    drop(tx);
    let about = About { programme: programme.id, person, name: me.name.clone() };
    let steps = if asked { ctx.app.parts.get::<Trails>().of(ctx, about).await? } else { Vec::new() };
    let steps = steps.into_iter().filter(|step| fits(&step.title, &step.source, step.at.date()));
    let lines = statement::lines(&rules.hours, &entries);
    let booked = lines.iter().filter(|l| fits(&l.entry.title, &l.entry.source, l.entry.worked_on));
    let held = waiting.iter().filter(|w| fits(&w.title, &w.source, w.worked_on));
    layout::show(&WherePage {
        page: Page::new(&asker, "我的学时在哪里", "/hours").crumb("我的学时", "/hours"),
        words: words.to_owned(),
        day: day.to_owned(),
        day_error: if day.is_empty() || asked { "" } else { "日期应写作 2021-09-01" },
        asked,
        booked: booked.map(|l| line_row(&rules, l)).collect(),
        waiting: held.map(|w| waiting_row(&rules, w)).collect(),
        steps: steps.map(step_row).collect(),
    })
}
