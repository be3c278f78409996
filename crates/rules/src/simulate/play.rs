//! The play itself: counties start, schools offer, teachers choose, work and are judged.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::{Level, Seconds, WorkCalendar};

use super::chance::Chance;
use crate::assessment::StepKind;
use crate::certification::Measure;
use crate::scheme::Scheme;
use crate::selection::SchoolFacts;
use crate::tally::HourEntry;
use crate::task::Task;
use crate::under_way::PeerReviews;
use crate::verdict::{Facts, capability_level};

/// About so many teachers make a school, and so many schools a county, in the play.
const TEACHERS_PER_SCHOOL: usize = 40;
const SCHOOLS_PER_COUNTY: usize = 12;
/// Of a hundred teachers so many leave or stop and never finish.
const STOPPED_PERCENT: usize = 3;
/// Of a hundred submissions so many are 优秀, and so many sent back as 不合格 at first.
const EXCELLENT_PERCENT: usize = 35;
const FAILED_PERCENT: usize = 8;
/// Of a hundred schools so many are of a kind that the scheme makes an exception for.
const EXCEPTION_PERCENT: usize = 25;
/// Working days in which work that was judged 不合格 is done again, at most.
const MENDING_DAYS: usize = 20;

/// What came of one teacher.
pub(super) struct Outcome {
    pub(super) school: usize,
    /// Month of the period in which work began, from 0; `None` when the school never started.
    pub(super) started: Option<usize>,
    /// Month in which everything was met.
    pub(super) finished: Option<usize>,
    pub(super) level: Option<Level>,
    pub(super) score: i64,
    pub(super) chosen: Vec<String>,
    /// Submissions judged 不合格 and handed in again.
    pub(super) resubmitted: u32,
}

/// What came of the whole play.
pub(super) struct Played {
    /// First days of the months.
    pub(super) months: Vec<NaiveDate>,
    /// Month in which each county started.
    pub(super) counties: Vec<usize>,
    pub(super) schools: Vec<School>,
    pub(super) teachers: Vec<Outcome>,
}

/// A school of the play.
pub(super) struct School {
    pub(super) county: usize,
    /// Month in which its teachers begin.
    started: usize,
    /// Codes of the facts that hold of it and that the scheme makes exceptions for.
    pub(super) facts: BTreeSet<String>,
    /// What it offers; nothing where no offer meets the rules.
    pub(super) offer: Vec<String>,
}

pub(super) fn play(scheme: &Scheme, teachers: u32, chance: &mut Chance) -> Played {
    let months = scheme.identity.period.map(|period| period.months()).unwrap_or_default();
    let teachers = teachers as usize;
    let count = teachers.div_ceil(TEACHERS_PER_SCHOOL);
    let counties = start_counties(count.div_ceil(SCHOOLS_PER_COUNTY), months.len(), chance);
    let schools: Vec<School> = (0..count)
        .map(|index| {
            let county = index % counties.len().max(1);
            let begins = counties.get(county).copied().unwrap_or(0);
            let started = begins + chance.below(months.len() / 6 + 1);
            let facts = school_facts(scheme, chance);
            School { county, started, offer: make_offer(scheme, &facts, chance), facts: facts.facts }
        })
        .collect();
    let play_one = |index: usize| {
        let at = index % schools.len().max(1);
        schools.get(at).map(|school| play_teacher(scheme, at, school, &months, chance))
    };
    let outcomes: Vec<Outcome> = (0..teachers).filter_map(play_one).collect();
    Played { counties, schools, teachers: outcomes, months }
}

/// Counties start one after another over the first half of the period.
fn start_counties(count: usize, months: usize, chance: &mut Chance) -> Vec<usize> {
    (0..count).map(|index| index * (months / 2) / count.max(1) + chance.below(3)).collect()
}

/// A school with a random environment, which may be one that the scheme makes an exception for.
fn school_facts(scheme: &Scheme, chance: &mut Chance) -> SchoolFacts {
    let environments = &scheme.framework.environments;
    let environment = environments.get(chance.below(environments.len())).map(|known| known.key.clone());
    let excepted = scheme.offer.exceptions.iter().filter(|_| chance.percent(EXCEPTION_PERCENT));
    SchoolFacts { environment, facts: excepted.map(|exception| exception.fact.clone()).collect() }
}

/// An offer that meets the rules for the school; empty when there is none.
fn make_offer(scheme: &Scheme, facts: &SchoolFacts, chance: &mut Chance) -> Vec<String> {
    let environment = facts.environment.as_deref().and_then(|key| scheme.framework.environment(key));
    let fitting = scheme.framework.capabilities.iter().filter(|capability| {
        !*scheme.offer.fit_environment || environment.is_none_or(|e| e.fits.contains(&capability.environment))
    });
    let codes: Vec<String> = fitting.map(|capability| capability.code.clone()).collect();
    let spare = chance.below(4);
    let mut offer = Vec::new();
    let mut extra = 0;
    for code in chance.shuffled(&codes) {
        offer.push(code);
        if scheme.check_offer(&offer, facts).is_empty() {
            extra += 1;
        }
        if extra > spare {
            break;
        }
    }
    if scheme.check_offer(&offer, facts).is_empty() { offer } else { Vec::new() }
}

/// A choice that meets the rules: capabilities in random order, each taken while it brings the
/// choice nearer; `None` when the offer allows none.
fn choose(scheme: &Scheme, offer: &[String], chance: &mut Chance) -> Option<Vec<String>> {
    let progress = |chosen: &[String]| -> u32 {
        let conditions = scheme.choice_conditions(chosen, offer, &[]);
        conditions.iter().map(|condition| u32::from(condition.percent)).sum()
    };
    let mut chosen: Vec<String> = Vec::new();
    let mut reached = progress(&chosen);
    for code in chance.shuffled(offer) {
        chosen.push(code);
        let now = progress(&chosen);
        if now > reached {
            reached = now;
        } else {
            chosen.pop();
        }
    }
    // What covers the dimensions may still be too few: fill up in the order of the offer.
    for code in offer {
        if scheme.check_choice(&chosen, offer).is_empty() {
            break;
        }
        if !chosen.contains(code) {
            chosen.push(code.clone());
        }
    }
    scheme.check_choice(&chosen, offer).is_empty().then_some(chosen)
}

/// A work that was handed in.
struct Submission {
    level: Level,
    /// The day on which the level comes into force, after every step.
    final_on: NaiveDate,
}

/// A teacher at work: what is booked and handed in so far.
struct Desk<'a> {
    hours: Vec<HourEntry<'a>>,
    submissions: BTreeMap<String, Submission>,
    /// The last day of work.
    worked_on: NaiveDate,
    resubmitted: u32,
}

impl Desk<'_> {
    /// The day from which everything that was done counts.
    fn final_on(&self) -> NaiveDate {
        self.submissions.values().map(|submission| submission.final_on).fold(self.worked_on, NaiveDate::max)
    }
}

fn play_teacher(
    scheme: &Scheme,
    at: usize,
    school: &School,
    months: &[NaiveDate],
    chance: &mut Chance,
) -> Outcome {
    let mut outcome = Outcome {
        school: at,
        started: None,
        finished: None,
        level: None,
        score: 0,
        chosen: Vec::new(),
        resubmitted: 0,
    };
    let Some(chosen) = choose(scheme, &school.offer, chance) else { return outcome };
    let Some(first) = months.get(school.started) else { return outcome };
    outcome.started = Some(school.started);
    let stops = chance.percent(STOPPED_PERCENT);
    let pace = 30 + chance.below(50);
    let tasks = scheme.task_list(&chosen);
    let (reported, peer_reviews) = figures(scheme, chance);
    let mut open: Vec<(&Task, Seconds)> = tasks.iter().map(|task| (task, task.hours)).collect();
    let mut desk =
        Desk { hours: Vec::new(), submissions: BTreeMap::new(), worked_on: *first, resubmitted: 0 };
    for (month, first) in months.iter().enumerate().skip(school.started) {
        if open.is_empty() || (stops && month > school.started + 2) {
            break;
        }
        work_a_month(scheme, &mut open, *first, pace, &mut desk, chance);
    }
    if open.is_empty() {
        mend(scheme, &mut desk, months, chance);
        let results: BTreeMap<String, Level> =
            desk.submissions.iter().map(|(about, submission)| (about.clone(), submission.level)).collect();
        let verdict = scheme.verdict(&Facts {
            hours: &desk.hours,
            chosen: &chosen,
            offered: &school.offer,
            results: &results,
            reported: &reported,
            peer_reviews,
            ..Facts::default()
        });
        outcome.finished = month_of(months, desk.final_on()).filter(|_| verdict.met);
        if outcome.finished.is_some() {
            outcome.level = verdict.level;
            outcome.score = verdict.score.hundredths();
        }
    }
    outcome.resubmitted = desk.resubmitted;
    outcome.chosen = chosen;
    outcome
}

/// In which of the months the day lies; `None` after the period.
fn month_of(months: &[NaiveDate], day: NaiveDate) -> Option<usize> {
    months.iter().position(|first| (first.year(), first.month()) == (day.year(), day.month()))
}

/// The day on which the level of what is handed in on `day` comes into force, when every step takes
/// the working days that it may take. Samples are drawn afterwards and hold up nobody.
fn after_steps(scheme: &Scheme, day: NaiveDate) -> NaiveDate {
    let steps = scheme.assessment.steps.iter().filter(|step| step.kind != StepKind::SpotCheck);
    let days = steps.fold(0_u32, |days, step| days.saturating_add(*step.days));
    WorkCalendar::default().after_working_days(day, days)
}

/// Works on the open tasks for a month, about `pace` tenths of an hour's length per ten days,
/// less in the summer and winter holidays.
fn work_a_month<'t>(
    scheme: &Scheme,
    open: &mut Vec<(&'t Task, Seconds)>,
    first: NaiveDate,
    pace: usize,
    desk: &mut Desk<'t>,
    chance: &mut Chance,
) {
    let holiday = matches!(first.month(), 2 | 7 | 8);
    let tenths = (pace / 2 + chance.below(pace)) / if holiday { 3 } else { 1 };
    let mut left =
        Seconds::of_minutes(i64::try_from(tenths).unwrap_or(0) * scheme.hours.length.minutes() / 10);
    let day = first.with_day(u32::try_from(chance.below(28)).unwrap_or(0) + 1).unwrap_or(first);
    desk.worked_on = day;
    while left > Seconds::ZERO && !open.is_empty() {
        let (task, due) = &mut open[0];
        let spent = left.at_most(*due);
        *due = due.beyond(spent);
        left = left.beyond(spent);
        let finished = *due == Seconds::ZERO;
        let task = *task;
        desk.hours.push(HourEntry {
            category: &task.category,
            kind: task.kind.as_deref(),
            seconds: spent,
            worked_on: day,
        });
        if finished {
            if let Some(about) = &task.about {
                let level = judge(scheme, about, chance);
                let submission = Submission { level, final_on: after_steps(scheme, day) };
                desk.submissions.insert(about.clone(), submission);
            }
            open.remove(0);
        }
    }
}

/// Judges every piece of a capability or work.
fn judge(scheme: &Scheme, about: &str, chance: &mut Chance) -> Level {
    let pieces = scheme.framework.pieces(about);
    let levels: Vec<Level> = pieces
        .iter()
        .map(|piece| {
            let failed = chance.percent(FAILED_PERCENT / 2);
            let excellent = chance.percent(100 - (100 - EXCELLENT_PERCENT) / 2);
            let ticked = piece.criteria.iter().filter(|c| !failed && (c.level == Level::Pass || excellent));
            let keys: Vec<&str> = ticked.map(|criterion| criterion.key.as_str()).collect();
            piece.level(&keys)
        })
        .collect();
    capability_level(&levels).unwrap_or(Level::Pass)
}

/// What was judged 不合格 is done again and goes through every step again, until it passes or the
/// period is over.
fn mend(scheme: &Scheme, desk: &mut Desk<'_>, months: &[NaiveDate], chance: &mut Chance) {
    let calendar = WorkCalendar::default();
    for (about, submission) in &mut desk.submissions {
        while submission.level == Level::Fail && month_of(months, submission.final_on).is_some() {
            let days = u32::try_from(chance.below(MENDING_DAYS)).unwrap_or(0) + 1;
            let handed_in = calendar.after_working_days(submission.final_on, days);
            let level = judge(scheme, about, chance);
            *submission = Submission { level, final_on: after_steps(scheme, handed_in) };
            desk.resubmitted += 1;
        }
    }
}

/// What other rooms report of a teacher: half of it at least.
fn figures(scheme: &Scheme, chance: &mut Chance) -> (BTreeMap<String, u8>, PeerReviews) {
    let (mut reported, mut peer_reviews) = (BTreeMap::new(), PeerReviews::default());
    for part in &scheme.certification.score {
        let mut figure = || 50 + u8::try_from(chance.below(51)).unwrap_or(0);
        match &part.measure {
            Measure::Reported(key) => {
                reported.insert(key.clone(), figure());
            }
            Measure::PeerReviews => peer_reviews = PeerReviews { drawn: 100, in_time: figure().into() },
            _ => {}
        }
    }
    (reported, peer_reviews)
}
