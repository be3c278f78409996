//! Learners, facts, and the hours that follow from them. Pure.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, TimeDelta};
use tisheng_kernel::{Id, Instant, Seconds, coded};
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

use crate::course::{Counts, Course, Terms};
use crate::hours::Channel;
use crate::platform::Platform;

coded! {
    /// What a platform says happened.
    Happened, "学习情况", {
        /// It was begun.
        Started = "started" "开始学习",
        /// Some time was spent on it.
        Spent = "spent" "学习",
        /// It was learnt to its end.
        Completed = "completed" "学完",
        /// It was passed.
        Passed = "passed" "通过",
        /// It was not passed.
        Failed = "failed" "未通过",
    }
}

coded! {
    /// Where the matching of an account stands.
    LearnerState, "对应状态", {
        /// Nobody knows yet whose it is.
        Unmatched = "unmatched" "待对应",
        /// It is a teacher's.
        Matched = "matched" "已对应",
        /// It is nobody's of the programme.
        Dismissed = "dismissed" "已排除",
    }
}

/// An account as a platform names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Account {
    /// Who gave it its name: the platform, or this system.
    pub home: String,
    /// Its name there.
    pub name: String,
}

/// An account on a platform, and the teacher behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Learner {
    /// Its identifier, by which this system names it to the platform.
    pub id: Id<Learner>,
    /// The programme.
    pub programme: Id<Programme>,
    /// The platform.
    pub platform: Id<Platform>,
    /// The account.
    pub account: Account,
    /// The person's name, as the platform says.
    pub name: String,
    /// The school, as the platform says.
    pub school: String,
    /// Path of the node whose clerks look for the teacher.
    pub path: String,
    /// The teacher, once known.
    pub person: Option<Id<Person>>,
    /// Where the matching stands.
    pub state: LearnerState,
    /// How many records have come.
    pub records: i64,
    /// When the first came.
    pub first_at: Instant,
    /// When the last came.
    pub last_at: Instant,
    /// Why it was dismissed.
    pub decision: String,
}

/// What a platform says, as it is handed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The platform's own number of it.
    pub record: String,
    /// About whom.
    pub account: Account,
    /// The person's name, where it is said.
    pub name: String,
    /// The school, where it is said.
    pub school: String,
    /// The course as the platform calls it: its address or its number.
    pub activity: String,
    /// What keeps one try apart from the next; empty for none.
    pub attempt: String,
    /// What happened.
    pub happened: Happened,
    /// The scaled score in thousandths.
    pub permille: Option<i64>,
    /// Time spent; nothing where not said.
    pub spent: Seconds,
    /// When, by the platform's clock.
    pub at: Instant,
}

/// A fact as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// The platform's own number of it.
    pub record: String,
    /// What keeps one try apart from the next.
    pub attempt: String,
    /// What happened.
    pub happened: Happened,
    /// The scaled score in thousandths.
    pub permille: Option<i64>,
    /// Time spent.
    pub spent: Seconds,
    /// When, by the platform's clock.
    pub at: Instant,
    /// When it came.
    pub received_at: Instant,
    /// How it came.
    pub channel: Channel,
}

impl Fact {
    /// When what it speaks of began.
    #[must_use]
    pub fn began(&self) -> Instant {
        self.at + TimeDelta::seconds(-self.spent.get())
    }
}

/// A line that the ledger is to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Its number: of the course and the teacher, of the record where each counts by itself, with
    /// the year where the course was worked in several.
    pub number: String,
    /// What it is worth.
    pub seconds: Seconds,
    /// The day of work.
    pub worked_on: NaiveDate,
    /// The record that decided it.
    pub record: String,
    /// Why it can hardly be true, as far as its own facts say.
    pub doubt: Option<String>,
}

/// The hours that follow from `facts` of one teacher about `course` by `terms`. A function of the
/// set of facts: their order does not matter.
///
/// * Learnt to the end: once, on the day of the first record that says so; passing counts too.
/// * Passed: the last word about a try decides it, and one try that is passed is enough.
/// * By time: each record for itself, the earlier first, up to what the course is worth.
///
/// Where hours are booked `by_year`, what is earned once is split over the years in which time was
/// spent on it, in proportion.
#[must_use]
pub fn credits(
    (course, person): (&Course, Id<Person>),
    terms: &Terms,
    by_year: bool,
    facts: &[Fact],
) -> Vec<Credit> {
    let mut facts: Vec<&Fact> = facts.iter().collect();
    facts.sort_by(|a, b| (a.at, &a.record).cmp(&(b.at, &b.record)));
    let number = format!("{}@{}", course.code, tail(person));
    match terms.counts {
        Counts::Time => by_time(&facts, terms.worth),
        Counts::Completed => {
            let done = |fact: &&&Fact| matches!(fact.happened, Happened::Completed | Happened::Passed);
            let first = facts.iter().find(done).copied();
            once(&number, terms, by_year, &facts, first.map(|fact| (fact, None)))
        }
        Counts::Passed => {
            let first = passed(&facts, terms.pass_permille);
            once(&number, terms, by_year, &facts, first)
        }
    }
}

/// The end of an identifier, enough to tell the teachers of one course apart.
fn tail(person: Id<Person>) -> String {
    let whole = person.to_string();
    whole.get(whole.len().saturating_sub(12)..).unwrap_or(&whole).to_owned()
}

/// The time that records say was spent. Where a try has records of its own for that, what its end
/// says of the time is their sum and not added.
fn spent<'f>(facts: &[&'f Fact]) -> Vec<&'f Fact> {
    let is_end =
        |fact: &Fact| matches!(fact.happened, Happened::Completed | Happened::Passed | Happened::Failed);
    let has_own =
        |attempt: &str| facts.iter().any(|f| f.attempt == attempt && !is_end(f) && f.spent > Seconds::ZERO);
    let counts = |fact: &&&Fact| fact.spent > Seconds::ZERO && !(is_end(fact) && has_own(&fact.attempt));
    facts.iter().filter(counts).copied().collect()
}

fn by_time(facts: &[&Fact], worth: Seconds) -> Vec<Credit> {
    let mut left = worth;
    let mut credits = Vec::new();
    for fact in spent(facts) {
        let seconds = fact.spent.at_most(left);
        if seconds <= Seconds::ZERO {
            break;
        }
        left = left - seconds;
        credits.push(Credit {
            number: fact.record.clone(),
            seconds,
            worked_on: fact.at.date(),
            record: fact.record.clone(),
            doubt: None,
        });
    }
    credits
}

/// The record by which a course is passed, and what speaks against it.
fn passed<'f>(facts: &[&'f Fact], least: Option<i64>) -> Option<(&'f Fact, Option<String>)> {
    let mut last: BTreeMap<&str, &Fact> = BTreeMap::new();
    for fact in facts.iter().filter(|f| matches!(f.happened, Happened::Passed | Happened::Failed)) {
        last.insert(&fact.attempt, fact);
    }
    let good = last.into_values().filter(|fact| fact.happened == Happened::Passed);
    let good = good.filter(|fact| match (least, fact.permille) {
        (Some(least), Some(score)) => score >= least,
        (_, None) | (None, _) => true,
    });
    let unsure = |fact: &Fact| least.is_some() && fact.permille.is_none();
    // A try with a score before one without, then the earlier.
    let best = good.min_by_key(|fact| (unsure(fact), fact.at, fact.record.clone()))?;
    let doubt = unsure(best).then(|| "平台报告“通过”，但没有成绩，无法核对合格分数".to_owned());
    Some((best, doubt))
}

/// The credit for something that counts once, split over years where it is to be.
fn once(
    number: &str,
    terms: &Terms,
    by_year: bool,
    facts: &[&Fact],
    decided: Option<(&Fact, Option<String>)>,
) -> Vec<Credit> {
    let Some((fact, doubt)) = decided else { return Vec::new() };
    let credit = |number: String, seconds: Seconds, worked_on: NaiveDate| Credit {
        number,
        seconds,
        worked_on,
        record: fact.record.clone(),
        doubt: doubt.clone(),
    };
    let mut years: BTreeMap<i32, (Seconds, NaiveDate)> = BTreeMap::new();
    for worked in spent(facts).iter().filter(|worked| worked.at <= fact.at) {
        let day = worked.at.date();
        let year = years.entry(day.year()).or_insert((Seconds::ZERO, day));
        *year = (year.0 + worked.spent, day);
    }
    if !by_year || years.len() < 2 {
        return vec![credit(number.to_owned(), terms.worth, fact.at.date())];
    }
    let whole: Seconds = years.values().map(|(seconds, _)| *seconds).sum();
    let (mut left, mut open) = (terms.worth, whole);
    let mut credits = Vec::new();
    for (year, (seconds, day)) in years {
        // Shares of what is left, so that they add up to the whole.
        let share = Seconds::new(
            i64::try_from(i128::from(left.get()) * i128::from(seconds.get()) / i128::from(open.get().max(1)))
                .unwrap_or_default(),
        );
        (left, open) = (left - share, open - seconds);
        if share > Seconds::ZERO {
            credits.push(credit(format!("{number}/{year}"), share, day));
        }
    }
    credits
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, NaiveDate, TimeDelta};
    use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
    use tisheng_kernel::{HourLength, Id, Instant, Seconds};
    use uuid::Uuid;

    use super::{Credit, Fact, Happened, credits};
    use crate::course::{Counts, Course, Source, State, Terms, TermsState};
    use crate::hours::Channel;

    fn course() -> Course {
        Course {
            id: Id::from_uuid(Uuid::nil()),
            programme: Id::from_uuid(Uuid::nil()),
            platform: Id::from_uuid(Uuid::nil()),
            code: "K1".to_owned(),
            title: "课程一".to_owned(),
            source: Source::Own,
            stages: String::new(),
            subjects: String::new(),
            summary: String::new(),
            href: String::new(),
            revision: Some(1),
            state: State::Offered,
            version: 1,
        }
    }

    fn terms(counts: Counts, pass_permille: Option<i64>) -> Terms {
        Terms {
            revision: 1,
            worth: Seconds::from_hours(2, HourLength::LESSON),
            length: HourLength::LESSON,
            material: Seconds::ZERO,
            category: "online".to_owned(),
            kind: String::new(),
            counts,
            pass_permille,
            source: Source::Own,
            stages: String::new(),
            subjects: String::new(),
            capabilities: Vec::new(),
            activities: Vec::new(),
            state: TermsState::Approved,
            submitted_at: Instant::from_micros(0),
            decision: String::new(),
        }
    }

    /// `day`: days from the last of 2020 on.
    fn fact(record: &str, happened: Happened, day: i64, minutes: i64) -> Fact {
        let eve = NaiveDate::from_ymd_opt(2020, 12, 31).expect("a date");
        let at = Instant::start_of(eve) + TimeDelta::days(day) + TimeDelta::hours(12);
        Fact {
            record: record.to_owned(),
            attempt: String::new(),
            happened,
            permille: None,
            spent: Seconds::of_minutes(minutes),
            at,
            received_at: at,
            channel: Channel::Xapi,
        }
    }

    fn of(counts: Counts, least: Option<i64>, facts: &[Fact]) -> Vec<Credit> {
        credits((&course(), Id::from_uuid(Uuid::nil())), &terms(counts, least), true, facts)
    }

    #[test]
    fn learning_to_the_end_counts_once() {
        let facts = [fact("a", Happened::Completed, 3, 0), fact("b", Happened::Completed, 5, 0)];
        let found = of(Counts::Completed, None, &facts);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].seconds.get(), found[0].record.as_str()), (5400, "a"));
        assert!(of(Counts::Completed, None, &[fact("a", Happened::Spent, 3, 40)]).is_empty());
        assert_eq!(of(Counts::Completed, None, &[fact("a", Happened::Passed, 3, 0)]).len(), 1);
    }

    #[test]
    fn the_last_word_about_a_try_decides_it() {
        let (pass, fail) = (fact("a", Happened::Passed, 3, 0), fact("b", Happened::Failed, 4, 0));
        assert!(of(Counts::Passed, None, &[pass.clone(), fail.clone()]).is_empty());
        let again = Fact { attempt: "2".to_owned(), ..fact("c", Happened::Passed, 2, 0) };
        assert_eq!(of(Counts::Passed, None, &[pass.clone(), fail, again])[0].record, "c");
        let scored = |permille| Fact { permille: Some(permille), ..pass.clone() };
        assert!(of(Counts::Passed, Some(600), &[scored(599)]).is_empty());
        assert_eq!(of(Counts::Passed, Some(600), &[scored(600)])[0].doubt, None);
        assert!(of(Counts::Passed, Some(600), std::slice::from_ref(&pass))[0].doubt.is_some());
    }

    #[test]
    fn time_counts_up_to_the_worth() {
        let facts = [fact("b", Happened::Spent, 2, 60), fact("a", Happened::Spent, 1, 50)];
        let found = of(Counts::Time, None, &facts);
        let lines: Vec<(&str, i64)> =
            found.iter().map(|c| (c.number.as_str(), c.seconds.get() / 60)).collect();
        assert_eq!(lines, [("a", 50), ("b", 40)]);
        let summed = [fact("a", Happened::Spent, 1, 30), fact("b", Happened::Completed, 1, 30)];
        assert_eq!(of(Counts::Time, None, &summed).len(), 1, "the end repeats the sum");
        assert_eq!(of(Counts::Time, None, &summed[1..]).len(), 1, "an end that stands alone counts");
    }

    #[test]
    fn a_course_of_two_years_is_split() {
        let facts = [
            fact("a", Happened::Spent, 0, 30),
            fact("b", Happened::Spent, 1, 60),
            fact("c", Happened::Completed, 2, 0),
        ];
        let found = of(Counts::Completed, None, &facts);
        let years: Vec<(i32, i64)> = found.iter().map(|c| (c.worked_on.year(), c.seconds.get())).collect();
        assert_eq!(years, [(2020, 1800), (2021, 3600)]);
        assert!(found[0].number.ends_with("/2020"));
    }

    fn some_facts() -> impl Strategy<Value = Vec<Fact>> {
        let happened = prop_oneof![
            Just(Happened::Started),
            Just(Happened::Spent),
            Just(Happened::Completed),
            Just(Happened::Passed),
            Just(Happened::Failed)
        ];
        let one = (happened, -400_i64..400, 0_i64..90, any::<bool>(), prop::option::of(0_i64..1000));
        prop::collection::vec(one, 0..12).prop_map(|all| {
            all.into_iter()
                .enumerate()
                .map(|(n, (happened, day, minutes, second, permille))| Fact {
                    attempt: if second { "2".to_owned() } else { String::new() },
                    permille,
                    ..fact(&format!("r{n}"), happened, day, minutes)
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn order_and_repetition_do_not_matter(facts in some_facts(), turn in 0_usize..12) {
            for (counts, least) in
                [(Counts::Completed, None), (Counts::Passed, Some(600)), (Counts::Time, None)]
            {
                let straight = of(counts, least, &facts);
                let mut turned = facts.clone();
                if !turned.is_empty() {
                    let middle = turn % turned.len();
                    turned.rotate_left(middle);
                }
                turned.reverse();
                prop_assert_eq!(&straight, &of(counts, least, &turned));
                let sum: Seconds = straight.iter().map(|credit| credit.seconds).sum();
                let worth = Seconds::from_hours(2, HourLength::LESSON);
                match counts {
                    Counts::Time => assert!(sum <= worth),
                    _ => assert!(straight.is_empty() || sum == worth),
                }
                let mut numbers: Vec<&str> = straight.iter().map(|c| c.number.as_str()).collect();
                numbers.sort_unstable();
                numbers.dedup();
                prop_assert_eq!(numbers.len(), straight.len());
            }
        }
    }
}
