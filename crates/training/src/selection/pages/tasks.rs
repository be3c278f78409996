//! The tasks that follow from a teacher's choice, each with its own state.

use std::collections::BTreeSet;

use askama::Template;
use tisheng_kernel::Seconds;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, layout};
use tisheng_rules::hours::ItemUnit;
use tisheng_rules::{Scheme, Task, TaskProgress};

use super::super::judged::{Judged, Judgements};
use super::super::{actions, store};
use super::ground;
use crate::course::{self, Course, Way};
use crate::hours;

/// Courses beside the tasks at most: the catalogue has them all.
const COURSES: usize = 12;

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
    let rows = list.iter().zip(&progress).map(|(task, progress)| row(&rules, task, *progress, &judged));
    let parts: Seconds = list.iter().map(|task| task.hours).sum();
    let total = rules.task_total(&list);
    let until = rules.identity.period.map(|period| period.until());
    layout::show(&TasksPage {
        page: Page::new(&asker, "任务清单", "/tasks"),
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
    }
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
