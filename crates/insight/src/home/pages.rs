//! `/` for every role.

mod institution;
mod reader;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::routing::get;
use chrono::NaiveDate;
use tisheng_assessment::certificate::{self, Certificate};
use tisheng_assessment::review::{self, InHand};
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::App;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::once;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation;
use tisheng_registry::roster::{Kind, Teachers};
use tisheng_rules::{Scheme, Verdict};

use super::store::{self, Waiting};
use crate::monitoring::{self, Figures, Idle, Lagging, Life, Measured};

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new().route("/", get(home))
}

/// `GET /`
async fn home(asker: SignedIn) -> Answer {
    if asker.member().only_reads() {
        return reader::home(asker).await;
    }
    match access::role(&asker.ctx) {
        Some(Role::Teacher) => teacher(asker).await,
        Some(Role::Institution) => institution::home(asker).await,
        Some(role) if monitoring::SEERS.contains(&role) => office(asker).await,
        _ => others(asker).await,
    }
}

/// Something a teacher has done or is to do.
struct Task {
    title: String,
    note: String,
    figures: String,
    href: &'static str,
    done: bool,
    /// Whether it is part of the task above it.
    is_part: bool,
    /// Whether it is the first that is not done and waits for nobody else.
    next: bool,
    /// Whether others are at work and the teacher has only to wait.
    waiting: bool,
}

#[derive(Template)]
#[template(path = "home/pages/teacher.html")]
struct TeacherPage {
    page: Page,
    programme: String,
    /// What there is to say of rules that change or have changed.
    news: Option<String>,
    sentence: String,
    done: usize,
    /// The tasks that are no part of another.
    of: usize,
    tasks: Vec<Task>,
    deadline: String,
    /// Whether the deadline is over and something is still to be done.
    is_late: bool,
    certificate: Option<String>,
    /// The certificate that was taken back, while there is no other.
    revoked: Option<Certificate>,
    /// What waits for the teacher's judgement.
    in_hand: InHand,
    /// By when the first work of a colleague, in words.
    judge_by: String,
    /// By when the first of their own works, in words.
    own_by: String,
    /// Which of both comes before everything else.
    first: Option<Duty>,
}

async fn teacher(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let member = asker.member();
    let mut tx = ctx.read().await?;
    let programme = match scheme::at(&mut tx, &member.path).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) => {
            drop(tx);
            return others(asker).await;
        }
        Err(other) => return Err(other),
    };
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let person = Id::from_uuid(member.person);
    let verdict = certificate::verdict(ctx, &mut tx, &programme, person).await?;
    let held = certificate::valid(&mut tx, programme.id, person).await?;
    let revoked = certificate::revoked(&mut tx, programme.id, person).await?;
    let in_hand = review::in_hand(ctx, &mut tx, programme.id.uuid(), member.person).await?;
    let news = scheme::told(ctx, &mut tx, &programme).await?;
    drop(tx);
    let (judge_by, own_by) = (judge_by(&in_hand, ctx.at.date()), by(in_hand.own_due, ctx.at.date()));
    let first = first(&in_hand);
    let tasks = tasks(&rules, &verdict, first.is_none());
    let page = Page::new(&asker, "我的任务", "/");
    show(&TeacherPage {
        page,
        programme: programme.title,
        news,
        done: verdict.wholes().filter(|gate| gate.met).count(),
        of: verdict.wholes().count(),
        sentence: lead(&verdict, &tasks, (&in_hand, &own_by, first)),
        tasks,
        deadline: rules.identity.period.map(|period| chinese_date(period.until())).unwrap_or_default(),
        is_late: !verdict.met && rules.identity.period.is_some_and(|period| period.until() < ctx.at.date()),
        certificate: held.map(|certificate| certificate.number),
        revoked,
        judge_by,
        own_by,
        first,
        in_hand,
    })
}

/// A judgement that somebody owes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// Of the own work.
    Own,
    /// Of the works of others.
    Others,
}

/// What is to be done before everything else: the judgement with the nearest day, since nothing else has
/// a day of its own and others wait for it.
fn first(in_hand: &InHand) -> Option<Duty> {
    let own = in_hand.own_due.map(|day| (day, Duty::Own));
    let others = in_hand.due.map(|day| (day, Duty::Others));
    own.into_iter().chain(others).min_by_key(|(day, _)| *day).map(|(_, duty)| duty)
}

/// What a teacher reads first: the next step, since the list below says how and what else is missing.
/// Where there is none to take, what the verdict says.
fn lead(
    verdict: &Verdict,
    tasks: &[Task],
    (in_hand, own_by, first): (&InHand, &str, Option<Duty>),
) -> String {
    match first {
        Some(Duty::Own) => return format!("下一步：自评（{} 份待完成，{own_by}）", in_hand.own),
        Some(Duty::Others) => return format!("下一步：评审（{} 份待完成）", in_hand.others),
        None => {}
    }
    match tasks.iter().find(|task| task.next) {
        Some(next) => format!("下一步：{}（{}）", next.title, next.figures),
        // How the level came about stands on 达标情况.
        None if verdict.met => "全部要求已达到。".to_owned(),
        None => verdict.sentence.clone(),
    }
}

/// By when the first of some works is to be judged, in words that say so when it is past; empty where
/// none is.
fn by(due: Option<NaiveDate>, today: NaiveDate) -> String {
    let Some(due) = due else { return String::new() };
    let day = chinese_date(due);
    if due < today {
        format!("最早一份应于{day}前完成，已逾期")
    } else {
        format!("最早一份请在{day}前完成")
    }
}

/// The same of the works of colleagues.
fn judge_by(in_hand: &InHand, today: NaiveDate) -> String {
    match by(in_hand.due, today).as_str() {
        "" => String::new(),
        words => format!("{words}，同事在等您的意见。"),
    }
}

/// The gates in the order in which a teacher works: choose, hand in, collect hours. Unless something else
/// comes first, one of them is next (`has_next`).
fn tasks(rules: &Scheme, verdict: &Verdict, has_next: bool) -> Vec<Task> {
    let mut ordered: Vec<(u8, Task)> = verdict
        .listed()
        .map(|condition| {
            let (place, href) = certificate::step_of(rules, condition);
            let task = Task {
                title: condition.title.clone(),
                note: condition.sentence.clone(),
                figures: format!("{} / {}", condition.have, condition.need),
                href,
                done: condition.met,
                is_part: !condition.part_of.is_empty(),
                next: false,
                waiting: condition.waiting,
            };
            (place, task)
        })
        .collect();
    ordered.sort_by_key(|(place, _)| *place);
    let mut tasks: Vec<Task> = ordered.into_iter().map(|(_, task)| task).collect();
    if let Some(first) = tasks.iter_mut().find(|task| !(task.done || task.waiting || task.is_part)) {
        first.next = has_next;
    }
    tasks
}

/// A kind of thing that waits, with the page that lists exactly those.
struct ToDo {
    title: &'static str,
    count: i64,
    href: &'static str,
}

impl ToDo {
    /// How many, as shown; of some nobody counts all.
    fn shown(&self) -> String {
        certificate::shown(self.count)
    }
}

/// A target that is not reached, as shown.
struct BehindRow {
    title: String,
    /// The share reached, and the rows that have.
    share: String,
    href: String,
    /// What is to be reached, and by when.
    wanted: u32,
    by: String,
    /// How many are missing, and which.
    missing: String,
    missing_href: String,
    /// How far the day is, with the colour of the badge.
    left: String,
    tone: &'static str,
}

/// The targets that are not reached: first those whose day is over.
fn behind(measured: &[Measured], today: NaiveDate) -> Vec<BehindRow> {
    let mut open: Vec<_> = measured.iter().filter_map(|target| Some((target, target.behind()?))).collect();
    open.sort_by_key(|(_, step)| (!step.is_late, step.by));
    let row = |(target, step): (&Measured, monitoring::Behind)| {
        let (left, tone) = match (step.by - today).num_days() {
            _ if step.is_late => ("逾期未达到".to_owned(), "bad"),
            0 => ("今天截止".to_owned(), "warn"),
            days => (format!("还有 {days} 天"), "warn"),
        };
        BehindRow {
            title: target.title.clone(),
            share: target.share(),
            href: target.href.clone(),
            wanted: step.wanted,
            by: chinese_date(step.by),
            missing: target.missing(),
            missing_href: target.missing_href.clone(),
            left,
            tone,
        }
    };
    open.into_iter().map(row).collect()
}

#[derive(Template)]
#[template(path = "home/pages/office.html")]
struct OfficePage {
    page: Page,
    to_do: Vec<ToDo>,
    /// What there is to say of rules that change or have changed.
    news: Option<String>,
    figures: Figures,
    node: String,
    /// Targets that are not reached.
    behind: Vec<BehindRow>,
    /// Units that take no part yet.
    idle: Vec<Idle>,
    lagging: Vec<Lagging>,
    /// Whether the asker may bring rolls.
    may_import: bool,
}

impl OfficePage {
    fn people_of(&self, state: &str) -> String {
        format!("/monitor/{}/people?state={state}", self.node)
    }
}

async fn office(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let member = asker.member();
    let mut tx = ctx.read().await?;
    let programme = match scheme::at(&mut tx, &member.path).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) if scheme::programmes(ctx, &mut tx).await?.is_empty() => {
            drop(tx);
            return others(asker).await;
        }
        // Territories below run programmes of their own: there is their progress to see.
        Err(Failure::NotFound) => return Ok(once::redirect("/monitor", None)),
        Err(other) => return Err(other),
    };
    let (scope, heads) = (ctx.scope(), review::heads(ctx));
    let waiting = store::waiting(&mut tx, programme.id, (&scope, &heads), (ctx.at, member.person)).await?;
    let ready = certificate::ready(&mut tx, programme.id, &scope).await?;
    let unmet = certificate::unmet(&mut tx, programme.id, &scope).await?;
    let news = scheme::told(ctx, &mut tx, &programme).await?;
    let (figures, _) = monitoring::figures_below(&mut tx, programme.id, &scope).await?;
    let here = organisation::visible(ctx, &mut tx, Id::from_uuid(member.node)).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let counties = monitoring::counties(&mut tx, &programme, &here, Life::Open).await?;
    let today = ctx.at.date();
    let behind = behind(&monitoring::measured((today, &rules), &here, &figures, &counties), today);
    let idle = monitoring::idle(&mut tx, &programme, &here, &counties).await?;
    let lagging = monitoring::lagging(&mut tx, programme.id, here.id).await?;
    drop(tx);
    let page = Page::new(&asker, member.node_name.clone(), "/");
    let node = member.node.simple().to_string();
    let role = access::role(ctx);
    let to_do = to_do(&waiting, (ready, unmet), role);
    let may_import = role.is_some_and(|role| Teachers::ABOUT.roles.contains(&role));
    show(&OfficePage { page, to_do, news, figures, node, behind, idle, lagging, may_import })
}

fn to_do(waiting: &Waiting, (ready, unmet): (i64, i64), role: Option<Role>) -> Vec<ToDo> {
    use Role::{Cio, City, Clerk, County, ManagementTeam, Principal, Province, Town};
    let only = |count: i64, roles: &[Role]| if role.is_some_and(|r| roles.contains(&r)) { count } else { 0 };
    let desk = [Clerk, Town, County, City, Province];
    let school = [Principal, Cio, ManagementTeam, Clerk];
    let heads = [Principal, Cio, ManagementTeam];
    let issuers = [Province, City, County];
    let offices = [Province, City];
    let above = [Town, County, City, Province];
    let lookers = [Principal, Cio, ManagementTeam, Town, County, City, Province];
    let to_do = |title, count, href| ToDo { title, count, href };
    let all = [
        to_do("学时待处理（待匹配教师、前后不一致、待核实）", only(waiting.reports, &desk), "/hours/waiting"),
        to_do("待对应的学习账号", only(waiting.learners, &desk), "/learners"),
        to_do("学时异议待答复、待更正", only(waiting.disputes, &desk), "/hours/inbox"),
        to_do("课程待审核", only(waiting.courses, &offices), "/courses/waiting"),
        to_do("学习平台久未报送", only(waiting.silent, &offices), "/platforms"),
        to_do("选学变更待审批", only(waiting.changes, &school), "/choices/changes"),
        to_do(
            "选学变更待审批（学校没有其他负责人）",
            only(waiting.changes_above, &above),
            "/choices/changes",
        ),
        to_do("校本活动待审核", only(waiting.activities, &heads), "/activities/school"),
        to_do(
            "校本活动待审核（学校没有其他负责人）",
            only(waiting.activities_above, &above),
            "/activities/school",
        ),
        to_do("考核小组待评", only(waiting.panel, &lookers), "/review/board"),
        to_do("公示异议待答复", waiting.objections, "/review"),
        to_do("已达标待发证", only(ready, &issuers), "/certificates"),
        to_do("证书有效但已不再达标，待核查", only(unmet, &issuers), "/certificates?state=unmet"),
    ];
    all.into_iter().filter(|to_do| to_do.count > 0).collect()
}

#[derive(Template)]
#[template(path = "home/pages/others.html")]
struct OthersPage {
    page: Page,
    /// Whether a scheme is in force where they stand.
    has_programme: bool,
    /// Whether judging works is what the role is for.
    judges: bool,
    /// What waits for their judgement.
    in_hand: InHand,
    /// By when the first work, in words.
    judge_by: String,
    /// By when the first of their own works, in words.
    own_by: String,
    /// Which of both comes first.
    first: Option<Duty>,
}

async fn others(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let member = asker.member();
    let mut tx = ctx.read().await?;
    let (has_programme, in_hand) = match scheme::at(&mut tx, &member.path).await {
        Ok(programme) => (true, review::in_hand(ctx, &mut tx, programme.id.uuid(), member.person).await?),
        Err(Failure::NotFound) => (false, InHand::default()),
        Err(other) => return Err(other),
    };
    drop(tx);
    show(&OthersPage {
        page: Page::new(&asker, "首页", "/"),
        has_programme,
        judges: matches!(access::role(ctx), Some(Role::Expert | Role::GroupLead | Role::TrainingTeam)),
        judge_by: judge_by(&in_hand, ctx.at.date()),
        own_by: by(in_hand.own_due, ctx.at.date()),
        first: first(&in_hand),
        in_hand,
    })
}

#[cfg(test)]
mod tests {
    use chrono::{Days, NaiveDate};

    use super::{Duty, InHand, first, judge_by};

    #[test]
    fn a_day_that_is_past_is_overdue() {
        let due = NaiveDate::from_ymd_opt(2021, 3, 24).expect("a date");
        let in_hand = InHand { due: Some(due), ..InHand::default() };
        assert!(judge_by(&in_hand, due).contains("请在2021年3月24日前完成"));
        assert!(judge_by(&in_hand, due + Days::new(1)).contains("应于2021年3月24日前完成，已逾期"));
        assert_eq!(judge_by(&InHand::default(), due), "");
    }

    #[test]
    fn the_nearest_day_comes_first() {
        let day = NaiveDate::from_ymd_opt(2021, 3, 24);
        let later = day.map(|day| day + Days::new(1));
        let of = |own_due, due| first(&InHand { own_due, due, ..InHand::default() });
        assert_eq!(of(None, None), None);
        assert_eq!(of(day, later), Some(Duty::Own));
        assert_eq!(of(later, day), Some(Duty::Others));
        assert_eq!(of(day, day), Some(Duty::Own), "colleagues see a work after its author has");
    }
}
