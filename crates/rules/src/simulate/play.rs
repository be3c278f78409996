//! The play itself: counties start, schools offer, teachers choose, work and are judged.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::{Level, Seconds};

use super::chance::Chance;
use crate::certification::Measure;
use crate::scheme::Scheme;
use crate::selection::SchoolFacts;
use crate::tally::HourEntry;
use crate::task::Task;
use crate::verdict::{Facts, capability_level};

/// About so many teachers make a school, and so many schools a county, in the play.
const TEACHERS_PER_SCHOOL: usize = 40;
const SCHOOLS_PER_COUNTY: usize = 12;
/// Of a hundred teachers so many leave or stop and never finish.
const STOPPED_PERCENT: usize = 3;
/// Of a hundred submissions so many are 优秀, and so many sent back as 不合格 at first.
const EXCELLENT_PERCENT: usize = 35;
const FAILED_PERCENT: usize = 8;

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
    pub(super) schools: usize,
    /// Schools for which no offer meets the rules.
    pub(super) without_offer: usize,
    pub(super) teachers: Vec<Outcome>,
}

struct School {
    started: usize,
    offer: Vec<String>,
}

pub(super) fn play(scheme: &Scheme, teachers: u32, chance: &mut Chance) -> Played {
    let months = scheme.identity.period.map(|period| period.months()).unwrap_or_default();
    let teachers = teachers as usize;
    let count = teachers.div_ceil(TEACHERS_PER_SCHOOL);
    let counties = start_counties(count.div_ceil(SCHOOLS_PER_COUNTY), months.len(), chance);
    let schools: Vec<School> = (0..count)
        .map(|index| {
            let county = counties.get(index % counties.len().max(1)).copied().unwrap_or(0);
            School { started: county + chance.below(months.len() / 6 + 1), offer: make_offer(scheme, chance) }
        })
        .collect();
    let play_one = |index: usize| {
        let at = index % schools.len().max(1);
        schools.get(at).map(|school| play_teacher(scheme, at, school, &months, chance))
    };
    let outcomes: Vec<Outcome> = (0..teachers).filter_map(play_one).collect();
    Played {
        counties,
        schools: schools.len(),
        without_offer: schools.iter().filter(|school| school.offer.is_empty()).count(),
        teachers: outcomes,
        months,
    }
}

/// Counties start one after another over the first half of the period.
fn start_counties(count: usize, months: usize, chance: &mut Chance) -> Vec<usize> {
    (0..count).map(|index| index * (months / 2) / count.max(1) + chance.below(3)).collect()
}

/// An offer that meets the rules for a school with a random environment; empty when there is
/// none.
fn make_offer(scheme: &Scheme, chance: &mut Chance) -> Vec<String> {
    let environments = &scheme.framework.environments;
    let environment = environments.get(chance.below(environments.len()));
    let facts = SchoolFacts { environment: environment.map(|e| e.key.clone()), ..SchoolFacts::default() };
    let fitting = scheme.framework.capabilities.iter().filter(|capability| {
        !*scheme.offer.fit_environment || environment.is_none_or(|e| e.fits.contains(&capability.environment))
    });
    let codes: Vec<String> = fitting.map(|capability| capability.code.clone()).collect();
    let spare = chance.below(4);
    let mut offer = Vec::new();
    let mut extra = 0;
    for code in chance.shuffled(&codes) {
        offer.push(code);
        if scheme.check_offer(&offer, &facts).is_empty() {
            extra += 1;
        }
        if extra > spare {
            break;
        }
    }
    if scheme.check_offer(&offer, &facts).is_empty() { offer } else { Vec::new() }
}

/// A choice that meets the rules: capabilities in random order, each taken while it brings the
/// choice nearer; `None` when the offer allows none.
fn choose(scheme: &Scheme, offer: &[String], chance: &mut Chance) -> Option<Vec<String>> {
    let progress = |chosen: &[String]| -> u32 {
        scheme.choice_conditions(chosen, offer).iter().map(|condition| u32::from(condition.percent)).sum()
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

/// A teacher at work: what is booked and judged so far.
struct Desk<'a> {
    hours: Vec<HourEntry<'a>>,
    results: BTreeMap<String, Level>,
    resubmitted: u32,
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
    if school.started >= months.len() {
        return outcome;
    }
    outcome.started = Some(school.started);
    let stops = chance.percent(STOPPED_PERCENT);
    let pace = 30 + chance.below(50);
    let tasks = scheme.task_list(&chosen);
    let reported = reported_figures(scheme, chance);
    let mut open: Vec<(&Task, Seconds)> = tasks.iter().map(|task| (task, task.hours)).collect();
    let mut desk = Desk { hours: Vec::new(), results: BTreeMap::new(), resubmitted: 0 };
    for (month, first) in months.iter().enumerate().skip(school.started) {
        if stops && month > school.started + 2 {
            break;
        }
        work_a_month(scheme, &mut open, *first, pace, &mut desk, chance);
        if !open.is_empty() {
            continue;
        }
        judge_again(scheme, &mut desk, chance);
        let facts = Facts {
            hours: &desk.hours,
            chosen: &chosen,
            offered: &school.offer,
            results: &desk.results,
            reported: &reported,
        };
        let verdict = scheme.verdict(&facts);
        if verdict.met {
            outcome.finished = Some(month);
            outcome.level = verdict.level;
            outcome.score = verdict.score.hundredths();
            break;
        }
    }
    outcome.resubmitted = desk.resubmitted;
    outcome.chosen = chosen;
    outcome
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
                desk.results.insert(about.clone(), level);
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

/// What was judged 不合格 is handed in again.
fn judge_again(scheme: &Scheme, desk: &mut Desk<'_>, chance: &mut Chance) {
    for (about, level) in &mut desk.results {
        if *level == Level::Fail {
            *level = judge(scheme, about, chance);
            desk.resubmitted += 1;
        }
    }
}

fn reported_figures(scheme: &Scheme, chance: &mut Chance) -> BTreeMap<String, u8> {
    let asked = scheme.certification.score.iter().filter_map(|part| match &part.measure {
        Measure::Reported(key) => Some(key.clone()),
        _ => None,
    });
    asked.map(|key| (key, 50 + u8::try_from(chance.below(51)).unwrap_or(0))).collect()
}
