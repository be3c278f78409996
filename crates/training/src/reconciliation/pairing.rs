//! Which line of a statement means which line of the ledger. Pure.
//!
//! 1. A line with the number of a line of the ledger means that one.
//! 2. What is left is held against each other by teacher and course: where both sides come to the same
//!    hours in the month they mean the same, however many lines each has. Else lines of equal hours
//!    mean each other, then those of one day, then the earlier the earlier.
//! 3. Where a statement says no more of a teacher than the name, the name stands for the teacher.
//!
//! A line of the ledger is meant by one line of the statement at most; what is left over is a
//! difference, each line by itself.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tisheng_kernel::text::tidy;
use tisheng_kernel::{Id, Seconds};
use tisheng_registry::people::Person;

use super::model::Difference;

/// A line of the statement with which nothing in the ledger agrees letter by letter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Theirs {
    /// The institution's number.
    pub number: String,
    /// The teacher's name, as stated.
    pub name: String,
    /// The course: by the catalogue where the line or its record says which, else as stated.
    pub course: String,
    /// The day of work.
    pub worked_on: Option<NaiveDate>,
    /// What it is worth.
    pub seconds: Seconds,
    /// The teacher, where the record or a paper says who.
    pub person: Option<Id<Person>>,
    /// What stands in the ledger under this very number.
    pub ours: Option<(Seconds, NaiveDate)>,
    /// Whom and what that is about.
    pub booked: Option<Booked>,
    /// The teacher, where the line itself says who by a paper or a phone.
    pub stated: Option<Id<Person>>,
    /// The course, as the line itself says; empty where it does not.
    pub title: String,
    /// What stands in the ledger for this teacher and course, in whatever month.
    pub elsewhere: Option<(Seconds, NaiveDate)>,
    /// Why it waits here, where it does.
    pub waits: Option<String>,
    /// How it was taken back or refused, or why it counts for nothing.
    pub gone: Option<String>,
}

/// Whom and what a line of the ledger is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The teacher.
    pub person: Id<Person>,
    /// The teacher's name.
    pub name: String,
    /// What the course is called, in the catalogue and in the ledger.
    pub courses: Vec<String>,
}

impl Theirs {
    /// What the line says of another teacher or another course than the ledger does under its number.
    fn is_about_another(&self) -> Option<String> {
        let booked = self.booked.as_ref()?;
        let is_named = self.name.is_empty() || tidy(&self.name) == tidy(&booked.name);
        if !self.stated.map_or(is_named, |stated| stated == booked.person) {
            return Some(format!("教师不同，本系统为{}", booked.name));
        }
        let is_called = |course: &String| tidy(course) == tidy(&self.title);
        if self.title.is_empty() || booked.courses.iter().any(is_called) {
            return None;
        }
        booked.courses.first().map(|course| format!("课程不同，本系统为“{course}”"))
    }
}

/// A line of the ledger with which nothing in the statement agrees letter by letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ours {
    /// Its number.
    pub number: String,
    /// The teacher's name.
    pub name: String,
    /// The course, as the catalogue or else the ledger calls it.
    pub course: String,
    /// The day of work.
    pub worked_on: NaiveDate,
    /// What it is worth.
    pub seconds: Seconds,
    /// The teacher.
    pub person: Id<Person>,
}

/// The differences between the lines of a month, by number. Figures that lie no more than `tolerance`
/// seconds apart are one.
#[must_use]
pub fn pair(theirs: Vec<Theirs>, ours: Vec<Ours>, tolerance: i64) -> Vec<Difference> {
    let mut differences = Vec::new();
    let mut ledger = Ledger { lines: ours.into_iter().map(Some).collect(), tolerance };
    let mut left = Vec::new();
    for line in theirs {
        match line.ours {
            Some(ours) => {
                ledger.remove(&line.number);
                let other = line.is_about_another();
                let agrees = ledger.is_one(ours.0, line.seconds) && line.worked_on == Some(ours.1);
                if other.is_some() || !agrees {
                    differences.push(Difference { other, ..differs(&line, ours) });
                }
            }
            None => left.push(line),
        }
    }
    let (known, named): (Vec<Theirs>, Vec<Theirs>) = left.into_iter().partition(|l| l.person.is_some());
    let by_person = |line: &Ours| (line.person.to_string(), tidy(&line.course));
    ledger.hold(
        grouped(known, |l| (l.person.map(|p| p.to_string()).unwrap_or_default(), tidy(&l.course))),
        by_person,
        &mut differences,
    );
    let by_name = |line: &Ours| (tidy(&line.name), tidy(&line.course));
    ledger.hold(grouped(named, |l| (tidy(&l.name), tidy(&l.course))), by_name, &mut differences);
    differences.extend(ledger.lines.into_iter().flatten().map(only_ours));
    differences.sort_by(|a, b| a.number.cmp(&b.number));
    differences
}

type Key = (String, String);

fn grouped(lines: Vec<Theirs>, key: fn(&Theirs) -> Key) -> BTreeMap<Key, Vec<Theirs>> {
    let mut groups: BTreeMap<Key, Vec<Theirs>> = BTreeMap::new();
    for line in lines {
        groups.entry(key(&line)).or_default().push(line);
    }
    groups
}

/// The lines of the ledger that no line of the statement means yet.
struct Ledger {
    lines: Vec<Option<Ours>>,
    tolerance: i64,
}

impl Ledger {
    fn remove(&mut self, number: &str) {
        for place in &mut self.lines {
            if place.as_ref().is_some_and(|line| line.number == number) {
                *place = None;
            }
        }
    }

    /// Holds groups of the statement against those of the ledger.
    fn hold(
        &mut self,
        groups: BTreeMap<Key, Vec<Theirs>>,
        key: fn(&Ours) -> Key,
        differences: &mut Vec<Difference>,
    ) {
        let mut of: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (place, line) in self.lines.iter().enumerate() {
            if let Some(line) = line {
                of.entry(key(line)).or_default().push(place);
            }
        }
        for (key, theirs) in groups {
            let places = of.remove(&key).unwrap_or_default();
            let ours: Vec<Ours> = places.iter().filter_map(|place| self.lines[*place].take()).collect();
            differences.extend(self.settle(theirs, ours));
        }
    }

    fn is_one(&self, a: Seconds, b: Seconds) -> bool {
        (a.get() - b.get()).abs() <= self.tolerance
    }

    /// The differences of one teacher's course.
    fn settle(&self, mut theirs: Vec<Theirs>, mut ours: Vec<Ours>) -> Vec<Difference> {
        let stated: Seconds = theirs.iter().map(|line| line.seconds).sum();
        let booked: Seconds = ours.iter().map(|line| line.seconds).sum();
        let lines = i64::try_from(theirs.len()).unwrap_or(i64::MAX);
        if !ours.is_empty() && (stated.get() - booked.get()).abs() <= self.tolerance.saturating_mul(lines) {
            return Vec::new();
        }
        theirs.sort_by(|a, b| (a.worked_on, &a.number).cmp(&(b.worked_on, &b.number)));
        ours.sort_by(|a, b| (a.worked_on, &a.number).cmp(&(b.worked_on, &b.number)));
        let mut differences = Vec::new();
        theirs.retain(|line| {
            let place = ours.iter().position(|own| self.is_one(own.seconds, line.seconds));
            place.map(|place| ours.remove(place)).is_none()
        });
        for line in theirs {
            let same_day = ours.iter().position(|own| Some(own.worked_on) == line.worked_on);
            let place = same_day.or_else(|| (!ours.is_empty()).then_some(0));
            match place.map(|place| ours.remove(place)) {
                // Their days are told apart by the lines that stand beside each other.
                Some(own) => differences
                    .push(Difference { our_day: None, ..differs(&line, (own.seconds, own.worked_on)) }),
                None => differences.push(only_theirs(line, self.tolerance)),
            }
        }
        differences.extend(ours.into_iter().map(only_ours));
        differences
    }
}

fn differs(line: &Theirs, (seconds, day): (Seconds, NaiveDate)) -> Difference {
    Difference {
        number: line.number.clone(),
        name: line.name.clone(),
        title: line.course.clone(),
        worked_on: line.worked_on.unwrap_or(day),
        theirs: Some(line.seconds),
        ours: Some(seconds),
        our_day: Some(day),
        waits: None,
        gone: None,
        other: None,
    }
}

/// A line to which the ledger has none in the month: perhaps it has in another.
fn only_theirs(line: Theirs, tolerance: i64) -> Difference {
    let elsewhere = line.elsewhere.filter(|(seconds, day)| {
        (seconds.get() - line.seconds.get()).abs() <= tolerance && Some(*day) != line.worked_on
    });
    if let Some(found) = elsewhere {
        return differs(&line, found);
    }
    Difference {
        number: line.number,
        name: line.name,
        title: line.course,
        worked_on: line.worked_on.unwrap_or_default(),
        theirs: Some(line.seconds),
        ours: None,
        our_day: None,
        waits: line.waits,
        gone: line.gone,
        other: None,
    }
}

fn only_ours(line: Ours) -> Difference {
    Difference {
        number: line.number,
        name: line.name,
        title: line.course,
        worked_on: line.worked_on,
        theirs: None,
        ours: Some(line.seconds),
        our_day: Some(line.worked_on),
        waits: None,
        gone: None,
        other: None,
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use tisheng_kernel::{Id, Seconds};
    use uuid::Uuid;

    use super::{Booked, Difference, Ours, Theirs, pair};

    fn day(d: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2023, 12, d).expect("a day")
    }

    fn theirs(number: &str, who: u128, minutes: i64, d: u32) -> Theirs {
        Theirs {
            number: number.to_owned(),
            name: format!("教师{who}"),
            course: "课程一".to_owned(),
            worked_on: Some(day(d)),
            seconds: Seconds::of_minutes(minutes),
            person: Some(Id::from_uuid(Uuid::from_u128(who))),
            ..Theirs::default()
        }
    }

    fn ours(number: &str, who: u128, minutes: i64, d: u32) -> Ours {
        Ours {
            number: number.to_owned(),
            name: format!("教师{who}"),
            course: "课程一".to_owned(),
            worked_on: day(d),
            seconds: Seconds::of_minutes(minutes),
            person: Id::from_uuid(Uuid::from_u128(who)),
        }
    }

    fn said(differences: &[Difference]) -> Vec<(&str, String)> {
        differences.iter().map(|d| (d.number.as_str(), d.sentence())).collect()
    }

    #[test]
    fn other_numbers_of_the_same_hours_are_no_difference() {
        let found = pair(vec![theirs("t1", 1, 90, 3)], vec![ours("K1@1", 1, 90, 4)], 0);
        assert!(found.is_empty(), "{found:?}");
        // Two lines for one, and one for two.
        assert!(
            pair(vec![theirs("t1", 1, 45, 3), theirs("t2", 1, 45, 4)], vec![ours("K1@1", 1, 90, 4)], 0)
                .is_empty()
        );
        assert!(
            pair(vec![theirs("t1", 1, 90, 3)], vec![ours("a", 1, 40, 3), ours("b", 1, 50, 4)], 0).is_empty()
        );
        let named = Theirs { person: None, ..theirs("t1", 1, 90, 3) };
        assert!(pair(vec![named], vec![ours("K1@1", 1, 90, 4)], 0).is_empty(), "by the name");
    }

    #[test]
    fn the_same_number_says_the_same_of_the_same_teacher_and_course() {
        let person = Id::from_uuid(Uuid::from_u128(1));
        let courses = vec!["课程：一".to_owned(), "课程:一（旧名）".to_owned()];
        let booked = Booked { person, name: "教师1".to_owned(), courses };
        let ours = Some((Seconds::of_minutes(90), day(3)));
        let line = Theirs {
            ours,
            booked: Some(booked),
            stated: Some(person),
            title: "课程:一".to_owned(),
            ..theirs("t1", 1, 90, 3)
        };
        let found =
            |line: &Theirs| said(&pair(vec![line.clone()], Vec::new(), 0)).pop().map(|(_, said)| said);
        assert_eq!(found(&line), None, "signs of another width are the same");
        let another = Theirs { stated: Some(Id::from_uuid(Uuid::from_u128(2))), ..line.clone() };
        assert_eq!(found(&another).as_deref(), Some("教师不同，本系统为教师1"));
        let named = Theirs { stated: None, name: "教师2".to_owned(), ..line.clone() };
        assert_eq!(found(&named).as_deref(), Some("教师不同，本系统为教师1"));
        assert_eq!(found(&Theirs { stated: None, name: String::new(), ..line.clone() }), None);
        let elsewhere = Theirs { title: "课程二".to_owned(), ..line.clone() };
        assert_eq!(found(&elsewhere).as_deref(), Some("课程不同，本系统为“课程：一”"));
        assert_eq!(found(&Theirs { title: String::new(), ..line }), None);
    }

    #[test]
    fn each_difference_is_one_line() {
        let found = pair(
            vec![theirs("t1", 1, 90, 3), theirs("t2", 2, 60, 3), theirs("t3", 3, 90, 3)],
            vec![ours("K1@1", 1, 90, 3), ours("K1@2", 2, 90, 3), ours("K1@4", 4, 90, 3)],
            0,
        );
        let expected = [
            ("K1@4", "机构的对账表中没有".to_owned()),
            ("t2", "学时不同".to_owned()),
            ("t3", "本系统没有收到这条记录".to_owned()),
        ];
        assert_eq!(said(&found), expected);
        let twice = pair(vec![theirs("t1", 1, 90, 3), theirs("t2", 1, 90, 4)], vec![ours("a", 1, 90, 3)], 0);
        assert_eq!(said(&twice), [("t2", "本系统没有收到这条记录".to_owned())]);
        let other_month =
            Theirs { elsewhere: Some((Seconds::of_minutes(90), day(31))), ..theirs("t1", 1, 90, 3) };
        assert_eq!(
            said(&pair(vec![other_month], Vec::new(), 0)),
            [("t1", "学习日期不同，本系统为 2023-12-31".to_owned())]
        );
    }

    proptest! {
        /// Where the hours of each teacher agree nothing differs; where they do not, what differs adds
        /// up to what the totals differ by.
        #[test]
        fn differences_explain_the_totals(
            stated in prop::collection::vec((0_u128..4, 1_i64..5, 1_u32..28), 0..9),
            booked in prop::collection::vec((0_u128..4, 1_i64..5, 1_u32..28), 0..9),
        ) {
            let lines: Vec<Theirs> = stated.iter().enumerate()
                .map(|(n, (who, minutes, d))| theirs(&format!("t{n}"), *who, *minutes, *d)).collect();
            let own: Vec<Ours> = booked.iter().enumerate()
                .map(|(n, (who, minutes, d))| ours(&format!("o{n}"), *who, *minutes, *d)).collect();
            let total = |of: &[(u128, i64, u32)]| of.iter().map(|(_, minutes, _)| minutes * 60).sum::<i64>();
            let found = pair(lines, own, 0);
            let by: i64 = found.iter()
                .map(|d| d.theirs.unwrap_or_default().get() - d.ours.unwrap_or_default().get()).sum();
            prop_assert_eq!(by, total(&stated) - total(&booked));
        }
    }
}
