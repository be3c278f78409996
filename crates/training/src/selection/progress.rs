//! How far a teacher is with each task of the list. What was judged is told by the room that judges,
//! which lies above this one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_rules::{Tally, Task};

/// Capabilities and works that a teacher has passed, with the day.
pub type Passed = BTreeMap<String, NaiveDate>;

type Told = BoxFuture<'static, Result<Passed, Failure>>;
type Tell = dyn Fn(Ctx, Id<Programme>, Id<Person>) -> Told + Send + Sync;

/// Who tells what was passed. A long-lived part of the application.
#[derive(Clone)]
pub struct Judged(Arc<Tell>);

impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged")
    }
}

impl Judged {
    /// What `tell` tells.
    pub fn new<F>(tell: fn(Ctx, Id<Programme>, Id<Person>) -> F) -> Self
    where
        F: Future<Output = Result<Passed, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, programme, person| Box::pin(tell(ctx, programme, person))))
    }

    pub(super) async fn of(
        &self,
        ctx: &Ctx,
        programme: Id<Programme>,
        person: Id<Person>,
    ) -> Result<Passed, Failure> {
        (self.0)(ctx.clone(), programme, person).await
    }
}

/// Where a task is worked on, and whether it is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// Whether it is done.
    pub is_done: bool,
    /// The day, where it is known.
    pub on: Option<NaiveDate>,
    /// What counts towards it by now; `None` for a task that is passed or not.
    pub counted: Option<Seconds>,
    /// The page on which it is worked on.
    pub href: &'static str,
}

/// How far `task` is: what is about a capability or a work by its own judgement, all others by the
/// hours that count in their kind or category.
pub fn progress(task: &Task, tally: &Tally, passed: &Passed, is_activity: bool) -> Progress {
    if let Some(about) = &task.about {
        let on = passed.get(about).copied();
        return Progress { is_done: on.is_some(), on, counted: None, href: "/evidence" };
    }
    let category = tally.category(&task.category);
    let kind = task.kind.as_deref().and_then(|kind| tally.kind(&task.category, kind));
    let sum = kind.or_else(|| category.map(|category| &category.sum));
    let counted = sum.map_or(Seconds::ZERO, |sum| sum.counted);
    // A kind without a minimum of its own lacks nothing: what its category lacks is then the question.
    let asked = kind.filter(|kind| kind.minimum > Seconds::ZERO).or(category.map(|category| &category.sum));
    let lacks_nothing = asked.is_some_and(|sum| sum.minimum > Seconds::ZERO && sum.missing == Seconds::ZERO);
    let href = if is_activity { "/activities" } else { "/hours" };
    Progress { is_done: lacks_nothing || counted >= task.hours, on: None, counted: Some(counted), href }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tisheng_kernel::Seconds;
    use tisheng_rules::{HourEntry, Scheme, builtin};

    use super::{Passed, progress};

    fn scheme(code: &str) -> Scheme {
        Scheme::from_files(builtin::files(code).expect("a scheme of the program")).expect("right")
    }

    fn day() -> NaiveDate {
        NaiveDate::from_ymd_opt(2021, 3, 10).expect("a date")
    }

    #[test]
    fn nothing_is_done_by_whoever_has_done_nothing() {
        for code in ["foshan-2020", "sichuan-2020"] {
            let scheme = scheme(code);
            let chosen: Vec<&str> =
                scheme.framework.capabilities.iter().take(3).map(|c| c.code.as_str()).collect();
            let tally = scheme.hours.tally(&[]);
            for task in scheme.task_list(&chosen) {
                let progress = progress(&task, &tally, &Passed::new(), false);
                assert!(!progress.is_done, "{code}: {}", task.title);
            }
        }
    }

    #[test]
    fn one_passed_capability_is_one_task() {
        let scheme = scheme("sichuan-2020");
        let hours = [HourEntry {
            category: "practice",
            kind: Some("evidence"),
            seconds: Seconds::from_hours(15_u32, *scheme.hours.length),
            worked_on: day(),
        }];
        let tally = scheme.hours.tally(&hours);
        let passed = Passed::from([("A2".to_owned(), day())]);
        let done: Vec<String> = scheme
            .task_list(&["A2", "A5", "A11"])
            .into_iter()
            .filter(|task| progress(task, &tally, &passed, false).is_done)
            .filter_map(|task| task.about)
            .collect();
        assert_eq!(done, ["A2"]);
    }
}
