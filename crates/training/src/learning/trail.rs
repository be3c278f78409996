//! What came about a teacher, for the teacher who looks for an hour.

use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;

use super::model::{Happened, Learner};
use super::store;
use super::store::facts::Trail;
use crate::course::{State, of_hundred};
use crate::hours::{About, Step};
use crate::platform;

/// The latest that is told.
const MOST: i64 = 300;

/// What platforms have said about somebody, the latest first, and accounts that carry the name and
/// are nobody's yet.
///
/// # Errors
/// What the database reports.
pub async fn tell(ctx: Ctx, about: About) -> Result<Vec<Step>, Failure> {
    let mut tx = ctx.read().await?;
    let trail = store::facts::trail(&mut tx, about.programme, about.person, MOST).await?;
    let mut steps: Vec<Step> = trail.into_iter().map(step).collect();
    for learner in store::named(&mut tx, about.programme, &about.name).await? {
        let source = platform::of_id(&mut tx, learner.platform).await?.map(|p| p.name).unwrap_or_default();
        steps.push(unmatched(&learner, source));
    }
    Ok(steps)
}

fn step(trail: Trail) -> Step {
    let (standing, tone) = standing(&trail);
    Step {
        received_at: trail.fact.received_at,
        at: trail.fact.at,
        title: if trail.course.is_empty() { trail.activity } else { trail.course },
        source: trail.platform,
        record: trail.fact.record,
        what: trail.fact.happened.title().to_owned(),
        standing,
        tone,
    }
}

fn standing(trail: &Trail) -> (String, &'static str) {
    if let Some(at) = trail.voided_at {
        return (format!("平台已于 {} 撤回这条记录，不计学时。", at.chinese()), "plain");
    }
    let spent = trail.fact.spent.get() / 60;
    let took = if spent > 0 { format!("用时 {spent} 分钟。") } else { String::new() };
    if trail.course.is_empty() {
        let sentence = "课程目录中还没有这门课程；登记并审核通过后，会自动认定。";
        return (format!("{took}{sentence}"), "warn");
    }
    if trail.course_state == State::Retired.key() {
        return (format!("{took}这门课程已停开，不再计新的学时。"), "plain");
    }
    let score = trail.fact.permille.map(|score| format!("成绩 {} 分（满分 100）。", of_hundred(score)));
    let told = format!("{took}{}", score.unwrap_or_default());
    if matches!(trail.fact.happened, Happened::Completed | Happened::Passed) && !trail.is_credited {
        return (format!("{told}还没有达到课程规定的条件，没有计学时；条件见课程页。"), "bad");
    }
    if trail.fact.happened == Happened::Passed && trail.fact.permille.is_some_and(|score| score < trail.least)
    {
        return (format!("{told}没有达到课程规定的分数，不计学时；已按另一次成绩计算。"), "plain");
    }
    let sentence = match trail.fact.happened {
        Happened::Started => "已开始，尚未达到计学时的条件。",
        Happened::Spent => "已记下学习时间；按课程规定计学时。",
        Happened::Completed | Happened::Passed => "已按课程规定计算学时，结果见上面的“收到的学时”。",
        Happened::Failed => "没有通过，不计学时；可以再学再考。",
    };
    (format!("{told}{sentence}"), if trail.fact.happened == Happened::Failed { "bad" } else { "note" })
}

fn unmatched(learner: &Learner, source: String) -> Step {
    Step {
        received_at: learner.first_at,
        at: learner.last_at,
        title: format!("账号“{}”", learner.name),
        source,
        record: learner.account.name.clone(),
        what: learner.state.title().to_owned(),
        standing: format!(
            "有 {} 条学习记录来自与您同名的账号，还没有确认是哪位教师；如果是您，请联系学校管理员对应。",
            learner.records
        ),
        tone: "warn",
    }
}
