//! The tasks that follow from a teacher's choice, each with its own state.

use std::collections::BTreeSet;

use askama::Template;
use tisheng_kernel::Seconds;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::layout::{Link, Page};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, layout};
use tisheng_rules::hours::{CategoryRole, ItemUnit};
use tisheng_rules::{Scheme, Task, TaskProgress};

use super::super::judged::{Judged, Judgements};
use super::super::{actions, store};
use super::ground;
use crate::course::{self, Course, Way};
use crate::hours;
use crate::platform::{self, Platform};

/// Courses beside the tasks at most: the catalogue has them all.
const COURSES: usize = 12;
/// Platforms named as where hours come from at most.
const NAMED: usize = 3;

struct TaskRow {
    title: String,
    hours: String,
    source: String,
    earned: String,
    /// The day on which it was passed; empty where it is not about one thing.
    passed: String,
    /// How far what was handed in for it has come; empty where nothing was.
    state: String,
    href: &'static str,
    is_done: bool,
    /// Where its hours come from; empty of one that is about one thing or done.
    from: Vec<Link>,
}

/// A course that may be learnt for one of the tasks.
struct CourseRow {
    id: String,
    title: String,
    counts: String,
    /// Where it is learnt.
    way: Way,
}

#[derive(Template)]
#[template(path = "selection/pages/tasks.html")]
struct TasksPage {
    page: Page,
    has_chosen: bool,
    tasks: Vec<TaskRow>,
    courses: Vec<CourseRow>,
    due: String,
    /// Whether the last day is over.
    is_over: bool,
    total: String,
    /// Whether the parts come to more than counts.
    is_capped: bool,
}

/// `GET /tasks`: the task list that follows from the choice.
pub async fn show(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let teacher = actions::own_post(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let chosen = store::chosen(&mut tx, programme.id, teacher.person).await?;
    let totals = hours::totals(&mut tx, programme.id, teacher.person).await?;
    let mut offered: Vec<(Course, String)> = Vec::new();
    for capability in &chosen {
        let whom = (teacher.stage.as_str(), teacher.subject.as_str());
        for (course, terms) in course::offered(&mut tx, programme.id, capability, whom).await? {
            if !offered.iter().any(|(known, _)| known.id == course.id) {
                offered.push((course, terms.sentence()));
            }
        }
    }
    let platforms = platform::active(&mut tx, programme.id).await?;
    drop(tx);
    offered.truncate(COURSES);
    let mut courses = Vec::with_capacity(offered.len());
    for (course, counts) in offered {
        let way = course::entrance(ctx, &course).await?;
        courses.push(CourseRow { id: course.id.to_string(), title: course.title, counts, way });
    }
    let judged = ctx.app.parts.get::<Judged>().of(ctx, programme.id, teacher.person).await?;
    let today = ctx.at.date();
    let sums: Vec<_> = totals.iter().map(|total| total.for_rules(today)).collect();
    let list = rules.task_list(&chosen);
    let codes: BTreeSet<String> = judged.passed.keys().cloned().collect();
    let progress = rules.task_progress(&list, &rules.hours.tally(&sums), &codes);
    let rows = list.iter().zip(&progress).map(|(task, progress)| {
        let from = if progress.done { Vec::new() } else { origins(&rules, task, &platforms) };
        TaskRow { from, ..row(&rules, task, *progress, &judged) }
    });
    let parts: Seconds = list.iter().map(|task| task.hours).sum();
    let total = rules.task_total(&list);
    let until = rules.identity.period.map(|period| period.until());
    layout::show(&TasksPage {
        page: Page::new(&asker, "选学任务清单", "/tasks"),
        has_chosen: !chosen.is_empty(),
        tasks: rows.collect(),
        courses,
        due: until.map(chinese_date).unwrap_or_default(),
        is_over: until.is_some_and(|until| until < today),
        total: rules.hours.shown(total),
        is_capped: parts > total,
    })
}

fn row(rules: &Scheme, task: &Task, progress: TaskProgress, judged: &Judgements) -> TaskRow {
    let about = task.about.as_deref().unwrap_or_default();
    TaskRow {
        title: task.title.clone(),
        hours: rules.hours.shown(task.hours),
        source: task.source.clone(),
        earned: rules.hours.shown(progress.earned),
        passed: judged.passed.get(about).copied().map(chinese_date).unwrap_or_default(),
        state: judged.under_way.get(about).map(|state| state.chinese()).unwrap_or_default(),
        href: place(rules, task),
        is_done: progress.done,
        from: Vec::new(),
    }
}

/// Where the hours of a task come from: the activities of the school and of those above it, the
/// platforms that report such hours.
fn origins(rules: &Scheme, task: &Task, platforms: &[Platform]) -> Vec<Link> {
    if task.about.is_some() {
        return Vec::new();
    }
    let practice = rules.hours.category(&task.category).is_some_and(|c| c.role == CategoryRole::Practice);
    let of_activities = place(rules, task) == "/activities" || (practice && task.kind.is_none());
    let mut from = Vec::new();
    if of_activities {
        from.push(Link::new("学校和上级安排的活动", "/activities"));
    }
    let books = |platform: &&Platform| {
        platform.category == task.category && task.kind.as_ref().is_none_or(|kind| *kind == platform.kind)
    };
    let mut reporting = platforms.iter().filter(books);
    for platform in reporting.by_ref().take(NAMED) {
        let courses = format!("/courses{}", Filters::default().with("platform", &platform.name));
        from.push(Link::new(&platform.name, courses));
    }
    if reporting.next().is_some() {
        from.push(Link::new("其他学习平台", "/courses"));
    }
    from
}

/// Where the task is done.
fn place(rules: &Scheme, task: &Task) -> &'static str {
    let kind = task.kind.as_deref().and_then(|kind| rules.hours.kind(&task.category, kind));
    let unit = kind.and_then(|kind| kind.item.as_ref()).map(|item| item.unit);
    match (&task.about, unit) {
        (Some(_), _) => "/evidence",
        (None, Some(ItemUnit::Activity)) => "/activities",
        (None, _) => "/hours",
    }
}
