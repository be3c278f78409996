//! How far a submission has come, and what it came to, for its author and those who lead.

use askama::Template;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Page, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_rules::assessment::StepKind;
use tisheng_training::hours::DisputeState;

use super::outcome::{Mark, Outcome};
use crate::evidence::{self, State, Submission};
use crate::review::actions;
use crate::review::board::store as lists;
use crate::review::model::{Duty, Review, ReviewState, judging_twice};
use crate::review::objection::further::Further;
use crate::review::objection::{self, Objection};
use crate::review::steps::{Case, deciding, lacking};
use crate::review::store::{self, Decided};

#[derive(Template)]
#[template(path = "review/pages/result.html")]
struct ResultPage {
    page: Page,
    submission: Submission,
    author: String,
    own: bool,
    /// Whether it is read by somebody who has left.
    reads: bool,
    may_withdraw: bool,
    may_revise: bool,
    steps: Vec<StepLine>,
    /// What it came to, once that is told.
    decided: Option<Decided>,
    outcome: Outcome,
    rules: String,
    /// The last day on which the asker may object, while that is so.
    heard_until: String,
    /// Objections with their answers; by whom is not told.
    objections: Vec<Objection>,
    /// To whom the author turns next with an objection, in words.
    further: Vec<String>,
    /// To whom the author may turn.
    appeal: String,
}

impl ResultPage {
    fn of_marks(marks: &[Mark]) -> String {
        counted(marks.iter().map(|mark| mark.level))
    }

    fn of_judgements(judgements: &[Judgement]) -> String {
        counted(judgements.iter().map(|one| one.level))
    }
}

/// Levels in words in the order in which they were given; what several gave with how many they are.
fn counted(given: impl Iterator<Item = &'static str>) -> String {
    let mut levels: Vec<(&str, usize)> = Vec::new();
    for level in given {
        match levels.iter_mut().find(|(known, _)| *known == level) {
            Some((_, count)) => *count += 1,
            None => levels.push((level, 1)),
        }
    }
    let words = levels.into_iter().map(|(level, count)| match count {
        1 => level.to_owned(),
        count => format!("{level}（{count} 人）"),
    });
    words.collect::<Vec<_>>().join("、")
}

/// A step of the rules.
struct StepLine {
    title: String,
    done: bool,
    now: bool,
    note: String,
}

/// A judgement as its author reads it: by whom is not told.
pub(super) struct Judgement {
    pub title: String,
    pub level: &'static str,
    pub at: String,
    pub pieces: Vec<(String, &'static str, String)>,
    pub remark: String,
}

/// `GET /review/results/{id}`
pub async fn result(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let programme = actions::programme(ctx, &mut tx).await?;
    let case = Case::load(ctx, &mut tx, programme, id).await?;
    let own = actions::owns(ctx, &case.submission);
    if !own && !actions::leads(ctx, &case.submission) || case.submission.state == State::Draft {
        return Err(Failure::NotFound);
    }
    let reviews = store::of_submission(&mut tx, &case.submission).await?;
    let decided = store::decisions(&mut tx, &case.submission).await?.pop();
    let objections = objection::store::of_submission(&mut tx, &case.submission).await?;
    let (name, school) = lists::author(&mut tx, programme, id).await?;
    let mut further = Vec::new();
    for objection in objections.iter().filter(|_| own && !asker.member().only_reads()) {
        let next = objection::further::offered(ctx, &mut tx, &case, objection).await?;
        further.extend(next.map(|next| next_words(&next, objection.person == case.submission.person)));
    }
    let by_author = |one: &Objection| one.person == case.submission.person;
    let has_objected = objections.iter().any(|one| by_author(one) && one.state != DisputeState::Withdrawn);
    let heard_until = heard_until(ctx, &mut tx, &case, decided.as_ref()).await?;
    let may_revise = own && evidence::may_revise(ctx, &mut tx, &case.submission).await?;
    drop(tx);
    // What was set aside after an objection was judged all the same.
    let is_judged = |r: &Review| r.done_at.is_some() && r.duty != Duty::Own;
    let crumb = match (own, asker.member().only_reads()) {
        (true, true) => ("我的档案", "/"),
        (true, false) => ("我的成果材料", "/evidence"),
        (false, _) => ("测评进展", "/review/board"),
    };
    let judgements = reviews.iter().filter_map(|review| judgement(&case, review)).collect();
    let is_told = matches!(case.submission.state, State::Notice | State::Final);
    // The author reads what holds for them; of others it is told by the day alone.
    let is_open = |decided: &Decided| decided.notice_until.is_some_and(|until| ctx.at.date() <= until);
    let is_heard = match own {
        true => !heard_until.is_empty(),
        false => case.submission.state == State::Notice && decided.as_ref().is_some_and(is_open),
    };
    let steps = steps(&case, (&reviews, own), (decided.as_ref(), is_heard));
    let decided = decided.filter(|_| is_told);
    let pieces = case.rules.framework.pieces(&case.submission.capability);
    let marks = decided.as_ref().map(|d| (d.level, deciding(&reviews, &d.step, d.level)));
    let outcome = Outcome::of(pieces, judgements, marks.as_ref().map(|(level, marks)| (*level, &marks[..])));
    let label = case.rules.framework.label(&case.submission.capability);
    show(&ResultPage {
        page: Page::new(&asker, format!("测评结果：{label}"), crumb.1).crumb(crumb.0, crumb.1),
        author: format!("{name}（{school}）"),
        own,
        reads: asker.member().only_reads(),
        may_withdraw: own
            && !asker.member().only_reads()
            && matches!(case.submission.state, State::Submitted | State::Peers | State::Panel)
            && !reviews.iter().any(is_judged),
        may_revise,
        steps,
        outcome,
        heard_until,
        objections: objections.into_iter().filter(|one| one.state != DisputeState::Withdrawn).collect(),
        further,
        appeal: if own && !has_objected { objection::afterwards(&case.rules) } else { String::new() },
        decided,
        rules: format!("{}（{}版）", *case.rules.identity.short_title, case.rules.identity.version),
        submission: case.submission,
    })
}

/// What is said where `count` of the judges judge a second time; empty where none does.
pub fn again_words(count: usize) -> String {
    match count {
        0 => String::new(),
        count => format!("；没有足够的其他评审人，其中 {count} 人参加过此前的评审"),
    }
}

/// `is_author`: whether the author made the objection; of others nobody is named.
fn next_words(next: &Further, is_author: bool) -> String {
    let office = &next.node.name;
    match next.until {
        Some(until) if is_author => {
            format!("不服答复的，可在{}前向{office}申诉；在此之前结论不生效。", chinese_date(until))
        }
        Some(until) => {
            format!("提出异议的人可在{}前向{office}申诉；在此之前结论不生效。", chinese_date(until))
        }
        None => format!(
            "有异议已超过答复期限，{office}的待办中也列有这项异议，可以直接答复；需要催办的，请联系{office}。"
        ),
    }
}

/// Until when the asker may object, in words; empty where not, or not any more.
async fn heard_until(
    ctx: &Ctx,
    tx: &mut Tx,
    case: &Case,
    decided: Option<&Decided>,
) -> Result<String, Failure> {
    let Some(decided) = decided else { return Ok(String::new()) };
    if !objection::actions::may_object_to(ctx, tx, case, decided).await? {
        return Ok(String::new());
    }
    Ok(decided.notice_until.map(chinese_date).unwrap_or_default())
}

/// `is_heard`: whether somebody may still object to what was decided.
fn steps(
    case: &Case,
    (reviews, own): (&[Review], bool),
    (decided, is_heard): (Option<&Decided>, bool),
) -> Vec<StepLine> {
    let all = &case.rules.assessment.steps;
    let now = all.iter().position(|step| step.key == case.submission.step);
    let ended = case.submission.state == State::Final;
    let lacking = lacking(case, reviews);
    all.iter()
        .enumerate()
        .filter(|(_, step)| step.kind != StepKind::SpotCheck)
        .map(|(at, step)| {
            let of_step = |state: ReviewState| {
                let counts = |r: &&Review| r.step == step.key && r.state == state && r.duty != Duty::Chair;
                reviews.iter().filter(counts).count()
            };
            let (done, open) = (of_step(ReviewState::Done), of_step(ReviewState::Open));
            let until = decided.and_then(|d| d.notice_until).filter(|_| step.kind == StepKind::Notice);
            // That the members disagree is told to those who lead; the author reads what was decided.
            let is_ruling =
                |r: &&Review| r.step == step.key && r.duty == Duty::Chair && r.state == ReviewState::Open;
            let ruling = reviews.iter().find(is_ruling).filter(|_| !own);
            let note = match (step.kind, until) {
                // A level that fails is told to nobody else.
                (StepKind::Notice, Some(day)) if decided.is_some_and(|d| d.level == Level::Fail) => {
                    match is_heard {
                        true => format!("只告知本人，{}前可提异议", chinese_date(day)),
                        false => "只告知本人".to_owned(),
                    }
                }
                (StepKind::Notice, Some(day)) => format!("公示至{}", chinese_date(day)),
                (StepKind::SelfReview, _) => {
                    let due = case.submission.own_due(&case.rules).filter(|_| Some(at) == now);
                    due.map(|day| format!("等待本人自评，{}前完成", chinese_date(day))).unwrap_or_default()
                }
                (StepKind::Panel, _) if Some(at) == now && done + open == 0 => {
                    format!("等待组建考核小组，还缺 {lacking} 名评审人")
                }
                (StepKind::Peers | StepKind::Panel, _) if done + open > 0 => {
                    let split = ruling.map(|r| format!("；意见不一致，由组长裁定，{}", r.limit()));
                    let until = case.peers_until().filter(|_| Some(at) == now);
                    let until =
                        until.map(|day| format!("；至{}，之后不再等待，进入下一步", chinese_date(day)));
                    let further = split.or(until).unwrap_or_default();
                    let again = again_words(judging_twice(reviews, &step.key));
                    // Who is still to be appointed judges the work as well.
                    let lacking = if Some(at) == now { lacking } else { 0 };
                    let short = match lacking {
                        0 => String::new(),
                        _ => format!("；还缺 {lacking} 名评审人，等待任命"),
                    };
                    format!("已评 {done} 人，共 {} 人{short}{again}{further}", done + open + lacking)
                }
                _ => String::new(),
            };
            StepLine {
                title: step.title.value.clone(),
                done: ended || now.is_some_and(|now| at < now),
                now: Some(at) == now,
                note,
            }
        })
        .collect()
}

/// What the author reads of `review`, once it is told.
pub(super) fn judgement(case: &Case, review: &Review) -> Option<Judgement> {
    let (level, at) = (review.level?, review.done_at?);
    // What a panel's members think stays with the panel until it has decided.
    let settled = matches!(case.submission.state, State::Notice | State::Final | State::Returned);
    let inside = matches!(review.duty, Duty::Panel | Duty::Chair);
    if review.state != ReviewState::Done || (inside && !settled) {
        return None;
    }
    let step = case.rules.assessment.step(&review.step);
    let title = match review.duty {
        Duty::Chair => "组长裁定".to_owned(),
        _ => step.map_or_else(|| review.duty.to_string(), |step| step.title.value.clone()),
    };
    let name = |key: &str| case.rules.framework.piece(key).map_or_else(String::new, |p| p.name.clone());
    Some(Judgement {
        title,
        level: level.chinese(),
        at: at.chinese(),
        pieces: review.marks.iter().map(|m| (name(&m.piece), m.level.chinese(), m.reason.clone())).collect(),
        remark: review.remark.clone(),
    })
}

/// `POST /review/withdraw/{id}`: takes it back before anybody has judged it.
pub async fn withdraw(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            actions::withdraw(&asker.ctx, &mut once.tx, id).await?;
            once.done(&format!("/evidence/{id}"), Flash::note("已撤回，可以修改后重新提交。")).await
        }
    }
}
