//! The task list that follows from a choice.

use askama::Template;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Answer;
use tisheng_platform::web::layout::{self, Page};
use tisheng_platform::web::session::SignedIn;
use tisheng_rules::hours::ItemUnit;
use tisheng_rules::{Scheme, Task};

use super::super::progress::{Judged, progress};
use super::super::{actions, store};
use super::ground;
use crate::hours;

struct TaskRow {
    title: String,
    hours: String,
    source: String,
    /// How far it is, in a sentence.
    state: String,
    href: &'static str,
    is_done: bool,
}

#[derive(Template)]
#[template(path = "selection/pages/tasks.html")]
struct TasksPage {
    page: Page,
    has_chosen: bool,
    tasks: Vec<TaskRow>,
    due: String,
    /// Whether the day is over.
    is_late: bool,
    total: String,
}

/// `GET /tasks`
pub async fn show(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let teacher = actions::own_post(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let chosen = store::chosen(&mut tx, programme.id, teacher.person).await?;
    let totals = hours::totals(&mut tx, programme.id, teacher.person).await?;
    drop(tx);
    let passed = ctx.app.parts.get::<Judged>().of(ctx, programme.id, teacher.person).await?;
    let sums: Vec<_> = totals.iter().map(|total| total.for_rules(ctx.at.date())).collect();
    let tally = rules.hours.tally(&sums);
    let list = rules.task_list(&chosen);
    let row = |task: &Task| {
        let found = progress(task, &tally, &passed, is_activity(&rules, task));
        let state = match (found.is_done, found.on, found.counted) {
            (true, Some(day), _) => format!("{}已通过。", chinese_date(day)),
            (true, None, _) => "已完成。".to_owned(),
            (false, _, Some(counted)) => format!("已计入 {}。", rules.hours.shown(counted)),
            (false, _, None) => "尚未通过测评。".to_owned(),
        };
        TaskRow {
            title: task.title.clone(),
            hours: rules.hours.shown(task.hours),
            source: task.source.clone(),
            state,
            href: found.href,
            is_done: found.is_done,
        }
    };
    let period = *rules.identity.period;
    layout::show(&TasksPage {
        page: Page::new(&asker, "任务清单", "/tasks"),
        has_chosen: !chosen.is_empty(),
        tasks: list.iter().map(row).collect(),
        due: period.map(|period| chinese_date(period.until())).unwrap_or_default(),
        is_late: period.is_some_and(|period| period.until() < ctx.at.date()),
        total: rules.hours.shown(rules.countable(&list)),
    })
}

/// Whether the hours of a task are earned by taking part in activities.
fn is_activity(rules: &Scheme, task: &Task) -> bool {
    let category = rules.hours.categories.iter().find(|category| category.key == task.category);
    let kind =
        category.and_then(|category| category.kinds.iter().find(|k| Some(&k.key) == task.kind.as_ref()));
    kind.and_then(|kind| kind.item.as_ref()).is_some_and(|item| item.unit == ItemUnit::Activity)
}
