//! The task list that follows from a choice, and how far a teacher has come with each task.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tisheng_kernel::Seconds;

use crate::hours::{HourCategory, HourKind, ItemUnit};
use crate::scheme::Scheme;
use crate::source::Sourced;
use crate::tally::Tally;

/// One line of a teacher's task list (选学任务清单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Code of the task, stable for a choice.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// Code of the category its hours belong to.
    pub category: String,
    /// Code of the kind, where the category has kinds.
    pub kind: Option<String>,
    /// The capability or work it is about.
    pub about: Option<String>,
    /// What it earns.
    pub hours: Seconds,
    /// Where the rule comes from, as shown.
    pub source: String,
}

/// How far a teacher has come with a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaskProgress {
    /// What stands to its credit, at most what it earns.
    pub earned: Seconds,
    /// Whether nothing is left to do.
    pub done: bool,
}

impl Scheme {
    /// What a teacher who chose these capabilities must do, and what each part earns.
    #[must_use]
    pub fn task_list<S: AsRef<str>>(&self, chosen: &[S]) -> Vec<Task> {
        let chosen = self.framework.in_order(chosen);
        let mut tasks = Vec::new();
        for category in &self.hours.categories {
            if category.kinds.is_empty() {
                tasks.push(category_task(category, *category.minimum));
                continue;
            }
            let before = tasks.len();
            for kind in &category.kinds {
                self.tasks_of_kind(category, kind, &chosen, &mut tasks);
            }
            let rest = category.minimum.beyond(earned_by(category, tasks[before..].iter()));
            if rest > Seconds::ZERO {
                tasks.push(rest_of_category(category, rest, &tasks[before..]));
            }
        }
        tasks
    }

    fn tasks_of_kind(
        &self,
        category: &HourCategory,
        kind: &HourKind,
        chosen: &[&str],
        tasks: &mut Vec<Task>,
    ) {
        let item = kind.item.as_ref();
        let about: Vec<&str> = match item.map(|item| item.unit) {
            Some(ItemUnit::Capability) => chosen.to_vec(),
            Some(ItemUnit::Work) => self.framework.works.iter().map(|work| work.key.as_str()).collect(),
            Some(ItemUnit::Activity) | None => Vec::new(),
        };
        let task = |about: Option<&str>, hours: &Sourced<Seconds>| Task {
            key: format!(
                "{}.{}{}",
                category.key,
                kind.key,
                about.map(|a| format!(".{a}")).unwrap_or_default()
            ),
            title: match about {
                Some(code) if self.framework.label(code) != *kind.title => {
                    format!("{}：{}", *kind.title, self.framework.label(code))
                }
                Some(_) | None => kind.title.value.clone(),
            },
            category: category.key.clone(),
            kind: Some(kind.key.clone()),
            about: about.map(ToOwned::to_owned),
            hours: **hours,
            source: hours.source.to_string(),
        };
        if let Some(item) = item.filter(|_| !about.is_empty()) {
            tasks.extend(about.into_iter().map(|code| task(Some(code), &item.hours)));
        } else if let Some(minimum) = &kind.minimum {
            tasks.push(task(None, minimum));
        }
    }

    /// What a task list earns when all of it is done: each kind and category up to its ceiling.
    #[must_use]
    pub fn task_total(&self, tasks: &[Task]) -> Seconds {
        let of_category = |category: &HourCategory| {
            let own: Vec<&Task> = tasks.iter().filter(|task| task.category == category.key).collect();
            let loose: Seconds = own.iter().filter(|t| t.kind.is_none()).map(|t| t.hours).sum();
            let earned = earned_by(category, own.iter().copied()) + loose;
            category.ceiling.as_ref().map_or(earned, |ceiling| ceiling.at_most(earned))
        };
        self.hours.categories.iter().map(of_category).sum()
    }

    /// How far each task has come. A task about a capability or work is done once that very one
    /// is among `accepted`; hours alone never make it done. Any other is done once its own hours
    /// are there.
    #[must_use]
    pub fn task_progress(
        &self,
        tasks: &[Task],
        tally: &Tally,
        accepted: &BTreeSet<String>,
    ) -> Vec<TaskProgress> {
        tasks.iter().map(|task| progress(task, tally, accepted)).collect()
    }
}

fn progress(task: &Task, tally: &Tally, accepted: &BTreeSet<String>) -> TaskProgress {
    if let Some(code) = &task.about {
        let done = accepted.contains(code);
        return TaskProgress { earned: if done { task.hours } else { Seconds::ZERO }, done };
    }
    let Some(category) = tally.category(&task.category) else {
        return TaskProgress { earned: Seconds::ZERO, done: false };
    };
    let missing = match task.kind.as_deref().and_then(|kind| tally.kind(&task.category, kind)) {
        // What fills the kind from elsewhere, where the scheme lets it, leaves nothing to do.
        Some(kind) if kind.minimum > Seconds::ZERO => kind.missing,
        // A kind without a minimum takes up what the category still lacks.
        Some(kind) => task.hours.beyond(kind.counted).at_most(category.sum.missing),
        None => category.sum.missing,
    };
    let missing = missing.at_most(task.hours);
    TaskProgress { earned: task.hours - missing, done: missing == Seconds::ZERO }
}

/// What the tasks of a category earn towards it, each kind up to its ceiling.
fn earned_by<'t>(category: &HourCategory, tasks: impl Iterator<Item = &'t Task> + Clone) -> Seconds {
    let of_kind = |kind: &HourKind| -> Seconds {
        let earned =
            tasks.clone().filter(|task| task.kind.as_ref() == Some(&kind.key)).map(|task| task.hours).sum();
        kind.ceiling.as_ref().map_or(earned, |ceiling| ceiling.at_most(earned))
    };
    category.kinds.iter().map(of_kind).sum()
}

/// What the kinds leave of a category's minimum: to be earned by activities where a kind of
/// them has no minimum of its own, else in any way.
fn rest_of_category(category: &HourCategory, rest: Seconds, tasks: &[Task]) -> Task {
    let is_open = |kind: &&HourKind| {
        let is_activity = kind.item.as_ref().is_some_and(|item| item.unit == ItemUnit::Activity);
        is_activity && !tasks.iter().any(|task| task.kind.as_ref() == Some(&kind.key))
    };
    let whole = category_task(category, rest);
    match category.kinds.iter().find(is_open) {
        Some(kind) => Task {
            key: format!("{}.{}", category.key, kind.key),
            title: kind.title.value.clone(),
            kind: Some(kind.key.clone()),
            ..whole
        },
        None => Task {
            key: format!("{}.rest", category.key),
            title: format!("{}：其余学时", *category.title),
            ..whole
        },
    }
}

fn category_task(category: &HourCategory, hours: Seconds) -> Task {
    Task {
        key: category.key.clone(),
        title: category.title.value.clone(),
        category: category.key.clone(),
        kind: None,
        about: None,
        hours,
        source: category.minimum.source.to_string(),
    }
}
