//! Generated rolls, and the loop rehearsed from upload to receipt: for the bench, the crash
//! checks and the demonstration.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::TimeDelta;
use tisheng_kernel::identity::check_character;
use tisheng_platform::jobs::{Handlers, run_due};
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx, DbError, Member, Scope, Who};

use super::kind::Kinds;
use super::model::{Run, State, Tally};
use super::teachers::ACCOUNTS;
use super::words::LOCATION_TERMS;
use super::{actions, store};
use crate::organisation::intake::places;

/// Characters of invented names; a name takes one of the first list and two of the second.
const SURNAMES: [&str; 20] = [
    "甲", "乙", "丙", "丁", "戊", "己", "庚", "辛", "壬", "癸", "子", "丑", "寅", "卯", "辰", "巳", "午",
    "未", "申", "酉",
];
const GIVEN: [&str; 16] =
    ["安", "平", "和", "明", "清", "文", "思", "学", "春", "秋", "江", "山", "云", "林", "松", "竹"];
const SUBJECTS: [&str; 6] = ["语文", "数学", "英语", "科学", "音乐", "美术"];

/// Teachers of an invented school.
pub const OF_A_SCHOOL: u32 = 40;

/// A roll (text, UTF-8) of `count` invented teachers, school by school as offices keep theirs,
/// [`OF_A_SCHOOL`] to each of `schools`, by identification code, and from the first again when all
/// are full; the first is number `first`, and each number stands for one person, always the same.
/// Numbers run to 8,399,999.
#[must_use]
pub fn roll_of_teachers(schools: &[String], first: u32, count: u32) -> Vec<u8> {
    let mut text = String::from("姓名,证件号码,手机号,学校标识码,任教学科,任教学段,职称\n");
    for n in first..first.saturating_add(count) {
        let Some(school) = schools.get((n / OF_A_SCHOOL) as usize % schools.len().max(1)) else { break };
        let name = [pick(&SURNAMES, n), pick(&GIVEN, n / 20), pick(&GIVEN, n / 320)].concat();
        let (paper, subject) = (paper(n), pick(&SUBJECTS, n / 7));
        let phone = 16_600_000_000_u64 + u64::from(n);
        // Writing to a text in memory cannot fail.
        let _ = writeln!(text, "{name},{paper},{phone},{school},{subject},小学,一级教师");
    }
    text.into_bytes()
}

/// A roll (text, UTF-8) of `count` invented primary schools spread evenly over `regions`, by
/// division code; school `n` has the identification code 89 and eight digits.
#[must_use]
pub fn roll_of_schools(regions: &[String], count: u32) -> Vec<u8> {
    let mut text = String::from("学校名称,学校标识码,区划代码,学段,城乡类型,信息化教学环境\n");
    for n in 0..count {
        let Some(region) = regions.get(n as usize % regions.len().max(1)) else { break };
        let location = pick(&LOCATION_TERMS, n / 5);
        // Writing to a text in memory cannot fail.
        let _ = writeln!(text, "合成第{}小学,89{n:08},{region},小学,{location},混合学习环境", n + 1);
    }
    text.into_bytes()
}

fn pick(from: &[&'static str], n: u32) -> &'static str {
    from.get(n as usize % from.len()).copied().unwrap_or_default()
}

/// The number of the `n`th invented paper: region 880199, a day of the years 1965 to 1989.
fn paper(n: u32) -> String {
    let day = n / 1000 % 8_400;
    let (year, month, day) = (1965 + day / 336, 1 + day % 336 / 28, 1 + day % 28);
    let digits = format!("880199{year}{month:02}{day:02}{:03}", n % 1000);
    let check = check_character(&digits).unwrap_or_default();
    format!("{digits}{check}")
}

/// What a rehearsal came to.
#[derive(Debug, Clone)]
pub struct Rehearsal {
    /// Bytes of the file.
    pub bytes: usize,
    /// What was counted when it was taken.
    pub tally: Tally,
    /// How long the check took.
    pub check: TimeDelta,
    /// How long taking it took.
    pub take: TimeDelta,
}

/// Sends `file` through the whole loop as `clerk`: stored, checked, confirmed with every proposed
/// answer and no accounts, taken. `handlers` hold the loop's jobs; nobody else may be working
/// through them.
///
/// # Errors
/// [`Failure::Refused`] with what the check or the taking says against it.
pub async fn rehearse(
    app: &Arc<App>,
    handlers: &Handlers,
    clerk: &Member,
    kind: &str,
    file: Vec<u8>,
) -> Result<Rehearsal, Failure> {
    let ctx = Ctx::new(Arc::clone(app), Who::Member(Box::new(clerk.clone())));
    let about = app.parts.get::<Kinds>().find(kind).ok_or(Failure::NotFound)?.about;
    let bytes = file.len();
    let blob = app.files.put(Bytes::from(file)).await?;
    let mut tx = ctx.write().await?;
    let run = actions::bring(&ctx, &mut tx, (about, None), "rehearsal.csv", &blob).await?;
    tx.commit().await?;
    let check = worked(app, handlers, &run, State::Ready).await?;
    let run = reload(app, &run, State::Ready).await?;
    let proposed =
        about.choices.iter().filter_map(|c| Some((c.key.to_owned(), c.answers.first()?.0.to_owned())));
    let mut choices: BTreeMap<String, String> = proposed.collect();
    choices.entry(ACCOUNTS.to_owned()).and_modify(|answer| "none".clone_into(answer));
    let mut tx = ctx.write().await?;
    actions::confirm(&ctx, &mut tx, &run, &choices).await?;
    tx.commit().await?;
    let take = worked(app, handlers, &run, State::Taken).await?;
    let run = reload(app, &run, State::Taken).await?;
    Ok(Rehearsal { bytes, tally: run.tally, check, take })
}

/// How often a clerk's page looks.
const LOOK: Duration = Duration::from_millis(10);

/// Works through what is due and what follows from it; gives how long it took until the clerk saw
/// `run` in the state that was wanted.
async fn worked(app: &Arc<App>, handlers: &Handlers, run: &Run, wanted: State) -> Result<TimeDelta, Failure> {
    let started = app.now();
    let seen = tokio::spawn({
        let (app, run) = (Arc::clone(app), run.id);
        async move {
            loop {
                tokio::time::sleep(LOOK).await;
                let mut tx = app.db.read().await?;
                let now = store::one(&mut tx, &Scope::everything(), run).await?;
                if now.is_some_and(|now| now.state == wanted) {
                    return Ok::<_, DbError>(app.now());
                }
            }
        }
    });
    run_due(app, handlers).await?;
    let ended = app.now();
    // Whoever has not looked by the end of all that follows looks no more.
    let seen = if seen.is_finished() {
        seen.await.ok().and_then(Result::ok)
    } else {
        seen.abort();
        None
    };
    Ok(seen.unwrap_or(ended) - started)
}

async fn reload(app: &App, run: &Run, wanted: State) -> Result<Run, Failure> {
    let mut tx = app.db.read().await?;
    let run = store::one(&mut tx, &Scope::everything(), run.id).await?.ok_or(Failure::NotFound)?;
    if run.state == wanted {
        return Ok(run);
    }
    let found = store::findings(&mut tx, run.id, "error", "", 0, 3).await?;
    let first =
        found.iter().map(|kept| format!("{} {}", kept.row, kept.message)).collect::<Vec<_>>().join("; ");
    Err(Failure::Refused(format!("{}: {} {first}", run.state.chinese(), run.note)))
}

/// The identification codes of the open schools within `scope`, in order.
///
/// # Errors
/// What the database reports.
pub async fn school_codes(app: &App, scope: &Scope) -> Result<Vec<String>, Failure> {
    let mut tx = app.db.read().await?;
    let mut codes: Vec<String> =
        places(&mut tx, scope, "school").await?.into_iter().filter_map(|place| place.code).collect();
    codes.sort();
    Ok(codes)
}
