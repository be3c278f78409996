//! The story of a play as a text.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use tisheng_kernel::Level;
use tisheng_kernel::number::{chinese_date, chinese_month, percent, thousands};

use super::play::{Outcome, Played, School};
use crate::plan::{Target, TargetMeasure};
use crate::scheme::Scheme;
use crate::territory::TierKey;

/// With more schools than this the table has one line for each county alone.
const SCHOOLS_LISTED: usize = 30;

pub(super) fn report(scheme: &Scheme, played: &Played, seed: u64) -> String {
    let mut text = format!("# {}：推演\n\n", *scheme.identity.title);
    text.push_str(&format!(
        "方案 {} {}，校验码 {}，随机种子 {seed}。\n",
        scheme.code(),
        scheme.version(),
        scheme.digest()
    ));
    text.push_str(&format!(
        "虚拟教师 {} 人、学校 {} 所、县级单位 {} 个；全部按方案的规则选学、计学时、测评。\n",
        thousands(count(played.teachers.len())),
        thousands(count(played.schools.len())),
        thousands(count(played.counties.len())),
    ));
    text.push_str(&exceptions(scheme, played));
    let without_offer = played.schools.iter().filter(|school| school.offer.is_empty()).count();
    if without_offer > 0 {
        text.push_str(&format!("注意：{without_offer} 所学校没有符合规则的选学范围。\n"));
    }
    text.push_str(&by_month(scheme, played));
    text.push_str(&by_place(scheme, played));
    text.push_str(&targets(scheme, played));
    text.push_str(&results(scheme, played));
    text.push_str(&durations(played));
    text.push_str(&choices(scheme, played));
    text
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn finished_by(played: &Played, month: usize) -> usize {
    played.teachers.iter().filter(|teacher| teacher.finished.is_some_and(|at| at <= month)).count()
}

fn by_month(scheme: &Scheme, played: &Played) -> String {
    let mut text = String::from(
        "\n## 逐月进度\n\n| 月份 | 已开始 | 当月完成 | 累计完成 | 比例 | 应达到 |\n|---|--:|--:|--:|--:|--:|\n",
    );
    let wanted = scheme.targets.iter().find(|target| target.measure == TargetMeasure::TeachersFinished);
    let all = count(played.teachers.len());
    for (month, first) in played.months.iter().enumerate() {
        let started = played.teachers.iter().filter(|t| t.started.is_some_and(|at| at <= month)).count();
        let this_month = played.teachers.iter().filter(|t| t.finished == Some(month)).count();
        let so_far = finished_by(played, month);
        let due = wanted
            .map_or_else(|| "—".to_owned(), |target| format!("{}%", target.percent_by(last_day(*first))));
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {due} |\n",
            chinese_month(*first),
            thousands(count(started)),
            thousands(count(this_month)),
            thousands(count(so_far)),
            percent(count(so_far), all),
        ));
    }
    text
}

/// The last day of the month that begins with `first`.
fn last_day(first: NaiveDate) -> NaiveDate {
    first.checked_add_months(chrono::Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(first)
}

/// How many schools are of each kind that the scheme makes an exception for.
fn exceptions(scheme: &Scheme, played: &Played) -> String {
    let told = scheme.offer.exceptions.iter().map(|exception| {
        let schools = played.schools.iter().filter(|school| school.facts.contains(&exception.fact)).count();
        format!("其中{} {} 所。\n", *exception.title, thousands(count(schools)))
    });
    told.collect()
}

/// How far the teachers of one place have come.
#[derive(Default)]
struct Progress {
    teachers: usize,
    /// Month in which the first began.
    since: Option<usize>,
    started: usize,
    finished: usize,
    /// Month in which the last of those who finished did.
    last: Option<usize>,
}

impl Progress {
    fn add(&mut self, teacher: &Outcome) {
        self.teachers += 1;
        self.started += usize::from(teacher.started.is_some());
        self.finished += usize::from(teacher.finished.is_some());
        self.since = self.since.into_iter().chain(teacher.started).min();
        self.last = self.last.max(teacher.finished);
    }

    fn line(&self, place: &str, months: &[NaiveDate]) -> String {
        let month = |at: Option<usize>| {
            let first = at.and_then(|at| months.get(at));
            first.map_or_else(|| "—".to_owned(), |first| chinese_month(*first))
        };
        let cells = [self.teachers, self.started, self.finished].map(|number| thousands(count(number)));
        format!("| {place} | {} | {} | {} |\n", cells.join(" | "), month(self.since), month(self.last))
    }
}

/// County by county and, where there are few, school by school: who began and who finished when.
fn by_place(scheme: &Scheme, played: &Played) -> String {
    let mut counties: BTreeMap<usize, Progress> = BTreeMap::new();
    let mut schools: BTreeMap<(usize, usize), Progress> = BTreeMap::new();
    for teacher in &played.teachers {
        let Some(school) = played.schools.get(teacher.school) else { continue };
        counties.entry(school.county).or_default().add(teacher);
        schools.entry((school.county, teacher.school)).or_default().add(teacher);
    }
    let tier = scheme.tier(TierKey::County).or_else(|| scheme.tier(TierKey::Town));
    let title = tier.map_or("县级单位", |tier| tier.title.as_str());
    let heading = if schools.len() > SCHOOLS_LISTED { "各县进度" } else { "各县、各校进度" };
    let mut text = format!(
        "\n## {heading}\n\n| 单位 | 教师 | 已开始 | 已完成 | 最早开始 | 最后完成 |\n|---|--:|--:|--:|---|---|\n"
    );
    for (county, progress) in &counties {
        text.push_str(&progress.line(&format!("{title} {}", county + 1), &played.months));
        if schools.len() > SCHOOLS_LISTED {
            continue;
        }
        for ((_, at), progress) in schools.range((*county, 0)..(county + 1, 0)) {
            let kind = played.schools.get(*at).map(|school| kind(scheme, school)).unwrap_or_default();
            text.push_str(&progress.line(&format!("　学校 {}{kind}", at + 1), &played.months));
        }
    }
    text
}

/// Of which kinds that the scheme makes an exception for a school is, in brackets.
fn kind(scheme: &Scheme, school: &School) -> String {
    let own = scheme.offer.exceptions.iter().filter(|exception| school.facts.contains(&exception.fact));
    let titles: Vec<&str> = own.map(|exception| exception.title.as_str()).collect();
    if titles.is_empty() { String::new() } else { format!("（{}）", titles.join("、")) }
}

fn targets(scheme: &Scheme, played: &Played) -> String {
    let mut text = String::from("\n## 目标\n\n");
    for target in &scheme.targets {
        for step in &target.steps {
            text.push_str(&one_step(target, step.by, &step.title, played));
        }
    }
    text
}

fn one_step(target: &Target, by: NaiveDate, title: &str, played: &Played) -> String {
    let in_time = |month: usize| played.months.get(month).is_some_and(|first| *first <= by);
    let (reached, all) = match target.measure {
        TargetMeasure::TeachersFinished => (
            played.teachers.iter().filter(|t| t.finished.is_some_and(in_time)).count(),
            played.teachers.len(),
        ),
        TargetMeasure::CountiesStarted => {
            (played.counties.iter().filter(|month| in_time(**month)).count(), played.counties.len())
        }
    };
    let need = target.percent_by(by);
    let met = count(reached) * 100 >= count(all) * i64::from(need);
    let verdict = if met { "达到" } else { "未达到" };
    format!(
        "- {}：{title}（{}前）应达到 {need}%，推演为 {}，{verdict}。\n",
        *target.title,
        chinese_date(by),
        percent(count(reached), count(all))
    )
}

fn results(scheme: &Scheme, played: &Played) -> String {
    let mut by_school: BTreeMap<usize, Vec<&Outcome>> = BTreeMap::new();
    for teacher in &played.teachers {
        by_school.entry(teacher.school).or_default().push(teacher);
    }
    let mut excellent = 0;
    let mut candidates = 0;
    for teachers in by_school.values() {
        let places = scheme.certification.excellent.places(u32::try_from(teachers.len()).unwrap_or(u32::MAX));
        let ready = teachers.iter().filter(|t| t.level == Some(Level::Excellent)).count();
        candidates += ready;
        excellent += ready.min(places as usize);
    }
    let finished = played.teachers.iter().filter(|teacher| teacher.finished.is_some()).count();
    let all = count(played.teachers.len());
    let resubmitted: u32 = played.teachers.iter().map(|teacher| teacher.resubmitted).sum();
    let points: i64 = played.teachers.iter().map(|teacher| teacher.score).sum();
    let of = count(finished).max(1);
    let mean = tisheng_kernel::Score::from_hundredths((points + of / 2) / of);
    format!(
        "\n## 结果\n\n- 达到全部要求 {} 人（{}），未完成 {} 人。\n- 具备优秀资格 {} 人，按学校名额评为优秀 {} 人。\n- 完成者平均得分 {mean}；不合格后重新提交 {} 次。\n",
        thousands(count(finished)),
        percent(count(finished), all),
        thousands(all - count(finished)),
        thousands(count(candidates)),
        thousands(count(excellent)),
        thousands(i64::from(resubmitted)),
    )
}

fn durations(played: &Played) -> String {
    let mut by_months: BTreeMap<usize, usize> = BTreeMap::new();
    for teacher in &played.teachers {
        if let (Some(started), Some(finished)) = (teacher.started, teacher.finished) {
            *by_months.entry(finished - started + 1).or_default() += 1;
        }
    }
    let most = by_months.values().copied().max().unwrap_or(1).max(1);
    let mut text = String::from("\n## 用时分布\n\n| 用时 | 人数 | |\n|---|--:|---|\n");
    for (months, teachers) in by_months {
        let bar = "█".repeat((teachers * 30).div_ceil(most));
        text.push_str(&format!("| {months} 个月 | {} | {bar} |\n", thousands(count(teachers))));
    }
    let by_year =
        played.teachers.iter().filter_map(|t| t.finished.and_then(|month| played.months.get(month)));
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    for first in by_year {
        *years.entry(first.year()).or_default() += 1;
    }
    for (year, teachers) in years {
        text.push_str(&format!("\n{year}年完成 {} 人。", thousands(count(teachers))));
    }
    text.push('\n');
    text
}

fn choices(scheme: &Scheme, played: &Played) -> String {
    let mut chosen: BTreeMap<&str, usize> = BTreeMap::new();
    for code in played.teachers.iter().flat_map(|teacher| &teacher.chosen) {
        *chosen.entry(code).or_default() += 1;
    }
    let mut text = String::from("\n## 选学分布\n\n| 能力点 | 人次 |\n|---|--:|\n");
    for capability in &scheme.framework.capabilities {
        let times = chosen.get(capability.code.as_str()).copied().unwrap_or(0);
        text.push_str(&format!("| {} | {} |\n", capability.label(), thousands(count(times))));
    }
    text
}
