//! Figures and what they count.

use std::ops::AddAssign;
use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::{percent, thousands};
use tisheng_registry::organisation::Node;
use tisheng_rules::plan::Target;

/// How far teachers have come: the steps of the funnel, from wide to narrow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// All teachers with an open post.
    Teachers,
    /// Have chosen capabilities.
    Chosen,
    /// Have hours.
    Learning,
    /// Have handed in evidence.
    HandedIn,
    /// Have a final result.
    Assessed,
    /// Have met everything.
    Met,
    /// Hold a valid certificate.
    Certified,
}

impl Stage {
    /// Every step, from wide to narrow.
    pub const ALL: [Self; 7] = [
        Self::Teachers,
        Self::Chosen,
        Self::Learning,
        Self::HandedIn,
        Self::Assessed,
        Self::Met,
        Self::Certified,
    ];

    /// The key in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Teachers => "teachers",
            Self::Chosen => "chosen",
            Self::Learning => "learning",
            Self::HandedIn => "handed_in",
            Self::Assessed => "assessed",
            Self::Met => "met",
            Self::Certified => "certified",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Teachers => "教师",
            Self::Chosen => "已选学",
            Self::Learning => "已有学时",
            Self::HandedIn => "已提交证据",
            Self::Assessed => "已有测评结果",
            Self::Met => "已达标",
            Self::Certified => "已发证",
        }
    }
}

impl FromStr for Stage {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|stage| stage.key() == text).ok_or(())
    }
}

/// How many teachers have come how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// In the order of [`Stage::ALL`].
    pub counts: [i64; 7],
}

impl Figures {
    /// The count of one step.
    #[must_use]
    pub fn of(&self, stage: Stage) -> i64 {
        self.counts[stage as usize]
    }

    /// The share of all teachers; 100.0% means all.
    #[must_use]
    pub fn share(&self, stage: Stage) -> String {
        percent(self.of(stage), self.of(Stage::Teachers))
    }

    /// The class of a heat table's cell for the share of one step: 0 to 9.
    #[must_use]
    pub fn heat(&self, stage: Stage) -> i64 {
        let all = self.of(Stage::Teachers);
        if all == 0 { 0 } else { (self.of(stage) * 10 / all).clamp(0, 9) }
    }
}

/// One step of the funnel as a page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The step's key in addresses.
    pub key: &'static str,
    /// The step's name.
    pub title: &'static str,
    /// How many, with separators.
    pub count: String,
    /// The share of all teachers.
    pub share: String,
    /// The class of a heat table's cell: 0 to 9.
    pub heat: i64,
}

impl Cell {
    /// The share, where it says something: of all teachers all are teachers.
    #[must_use]
    pub fn note(&self) -> &str {
        if self.key == Stage::Teachers.key() { "" } else { &self.share }
    }
}

impl Figures {
    /// Every step as a page shows it, from wide to narrow.
    #[must_use]
    pub fn cells(&self) -> Vec<Cell> {
        let cell = |stage: Stage| Cell {
            key: stage.key(),
            title: stage.title(),
            count: thousands(self.of(stage)),
            share: self.share(stage),
            heat: self.heat(stage),
        };
        Stage::ALL.into_iter().map(cell).collect()
    }

    /// Whether anybody has done anything yet.
    #[must_use]
    pub fn have_begun(&self) -> bool {
        Stage::ALL[1..].iter().any(|stage| self.of(*stage) > 0)
    }

    /// Whether there is nobody to count.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.of(Stage::Teachers) == 0
    }
}

/// What a target asks for, seen from a day: shares in all, in per cent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// What is to be reached by now; nothing while the first step is still to come.
    pub now: u32,
    /// The day from which it is seen.
    pub day: NaiveDate,
    /// The day by which that was to be reached.
    pub since: Option<NaiveDate>,
    /// What is to be reached by which later day.
    pub later: Vec<(NaiveDate, u32)>,
}

impl Due {
    /// What `target` asks for, seen from `day`.
    #[must_use]
    pub fn of(target: &Target, day: NaiveDate) -> Self {
        let later = target.steps.iter().filter(|step| step.by > day);
        let later = later.map(|step| (step.by, target.percent_by(step.by))).collect();
        let since = target.steps.iter().map(|step| step.by).filter(|by| *by <= day).max();
        Self { now: target.percent_by(day), day, since, later }
    }
}

/// A target of the scheme as it is measured at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Its code.
    pub key: String,
    /// Its name.
    pub title: String,
    /// How many have reached it.
    pub reached: i64,
    /// Of how many.
    pub all: i64,
    /// What is counted: 名 for people, 个 for places.
    pub unit: &'static str,
    /// Both in words.
    pub counted: String,
    /// The rows that have reached it.
    pub href: String,
    /// The rows that have not.
    pub missing_href: String,
    /// What is due, and when.
    pub due: Due,
}

/// A share that is not reached, and by when it is to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// The share in all, in per cent.
    pub wanted: u32,
    /// The day by which it is or was to be reached.
    pub by: NaiveDate,
    /// Whether that day is over.
    pub is_late: bool,
}

impl Measured {
    /// The share reached.
    #[must_use]
    pub fn share(&self) -> String {
        percent(self.reached, self.all)
    }

    /// How many have not reached it.
    #[must_use]
    pub fn missing(&self) -> String {
        format!("{} {}", thousands(self.all - self.reached), self.unit)
    }

    /// Whether so much of a hundred is reached.
    #[must_use]
    pub fn has(&self, share: u32) -> bool {
        self.reached * 100 >= self.all * i64::from(share)
    }

    /// What is not reached: of a day that is over, else of the next to come. Nothing where there is
    /// nobody to count.
    #[must_use]
    pub fn behind(&self) -> Option<Behind> {
        let late = self.due.since.map(|by| Behind { wanted: self.due.now, by, is_late: by < self.due.day });
        let next =
            self.due.later.first().map(|(by, wanted)| Behind { wanted: *wanted, by: *by, is_late: false });
        late.into_iter().chain(next).find(|step| self.all > 0 && !self.has(step.wanted))
    }
}

/// What of a unit's schools is kept beside their figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doing {
    /// Schools that offer capabilities.
    pub offering: i64,
    /// Schools that have planned or held an activity.
    pub planning: i64,
}

/// What is to reach every unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cover {
    /// There are teachers.
    Teachers,
    /// An activity is planned or was held.
    Planned,
    /// Capabilities are offered.
    Offered,
    /// Somebody has chosen.
    Chosen,
    /// Somebody has handed in.
    HandedIn,
}

impl Cover {
    /// Every one, in the order of a good course.
    pub const ALL: [Self; 5] = [Self::Teachers, Self::Planned, Self::Offered, Self::Chosen, Self::HandedIn];

    /// The words shown of what it has reached.
    #[must_use]
    pub const fn title(self) -> &'static str {
        Part::Has(self).title()
    }

    fn holds(self, figures: &Figures, doing: Doing) -> bool {
        match self {
            Self::Teachers => !figures.is_empty(),
            Self::Planned => doing.planning > 0,
            Self::Offered => doing.offering > 0,
            Self::Chosen => figures.of(Stage::Chosen) > 0,
            Self::HandedIn => figures.of(Stage::HandedIn) > 0,
        }
    }
}

/// Whether and how far a unit takes part, as lists are narrowed to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Somebody has done something.
    Begun,
    /// Nobody has.
    NotBegun,
    /// There are no teachers.
    Empty,
    /// There are teachers, and none of them has done anything.
    Idle,
    /// It is reached by that.
    Has(Cover),
    /// It is not.
    Lacks(Cover),
}

impl Part {
    /// Those that every list offers, in the order of a page.
    pub const USUAL: [Self; 4] = [Self::Begun, Self::NotBegun, Self::Empty, Self::Idle];

    /// The one of that key.
    #[must_use]
    pub fn of(key: &str) -> Option<Self> {
        let covers = Cover::ALL.into_iter().flat_map(|cover| [Self::Has(cover), Self::Lacks(cover)]);
        Self::USUAL.into_iter().chain(covers).find(|part| part.key() == key)
    }

    /// The key in addresses.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Begun => "begun",
            Self::NotBegun => "not_begun",
            Self::Empty => "empty",
            Self::Idle => "idle",
            Self::Has(Cover::Teachers) => "teachers",
            Self::Has(Cover::Planned) => "planned",
            Self::Has(Cover::Offered) => "offered",
            Self::Has(Cover::Chosen) => "chosen",
            Self::Has(Cover::HandedIn) => "handed_in",
            Self::Lacks(Cover::Teachers) => "not_teachers",
            Self::Lacks(Cover::Planned) => "not_planned",
            Self::Lacks(Cover::Offered) => "not_offered",
            Self::Lacks(Cover::Chosen) => "not_chosen",
            Self::Lacks(Cover::HandedIn) => "not_handed_in",
        }
    }

    /// The words shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Begun => "已启动",
            Self::NotBegun => "未启动",
            Self::Empty => "没有教师",
            Self::Idle => "已有教师、尚未启动",
            Self::Has(Cover::Teachers) => "有教师",
            Self::Has(Cover::Planned) => "已安排校本研修",
            Self::Has(Cover::Offered) => "已公布选学范围",
            Self::Has(Cover::Chosen) => "有教师选学",
            Self::Has(Cover::HandedIn) => "有教师提交材料",
            Self::Lacks(Cover::Teachers) => "还没有教师",
            Self::Lacks(Cover::Planned) => "未安排校本研修",
            Self::Lacks(Cover::Offered) => "未公布选学范围",
            Self::Lacks(Cover::Chosen) => "没有教师选学",
            Self::Lacks(Cover::HandedIn) => "没有教师提交材料",
        }
    }

    /// Whether a unit of these figures is one.
    #[must_use]
    pub fn holds(self, figures: &Figures, doing: Doing) -> bool {
        match self {
            Self::Begun => figures.have_begun(),
            Self::NotBegun => !figures.have_begun(),
            Self::Empty => figures.is_empty() && !figures.have_begun(),
            Self::Idle => !figures.is_empty() && !figures.have_begun(),
            Self::Has(cover) => cover.holds(figures, doing),
            Self::Lacks(cover) => !cover.holds(figures, doing),
        }
    }
}

/// How many units of a kind there are, and how many of them are reached by what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Coverage {
    /// All of them.
    pub units: i64,
    /// In the order of [`Cover::ALL`].
    pub reached: [i64; 5],
}

/// Units below a node that do not take part, by kind and reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idle {
    /// What they are.
    pub title: String,
    /// How many.
    pub count: String,
    /// All of them.
    pub href: String,
    /// The first of them.
    pub first: Vec<(Id<Node>, String)>,
    /// Whether there are more.
    pub is_more: bool,
}

/// A place below a node that is behind the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lagging {
    /// The place.
    pub id: Id<Node>,
    /// Its name.
    pub name: String,
    /// Its teachers.
    pub teachers: String,
    /// How many of them have met everything.
    pub met: String,
    /// Their share.
    pub share: String,
}

impl AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        for (sum, part) in self.counts.iter_mut().zip(other.counts) {
            *sum += part;
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::{Behind, Cover, Doing, Due, Figures, Measured, Part, Stage};

    #[test]
    fn shares_are_of_all_teachers_and_all_only_when_all_are_in() {
        let figures = Figures { counts: [1000, 999, 500, 0, 0, 0, 0] };
        assert_eq!(figures.share(Stage::Chosen), "99.9%");
        assert_eq!(figures.heat(Stage::Chosen), 9);
        assert_eq!(figures.heat(Stage::Learning), 5);
        assert_eq!(Figures::default().heat(Stage::Met), 0);
    }

    #[test]
    fn a_share_that_is_not_due_yet_is_no_target_of_nought() {
        let scheme = tisheng_rules::samples::third_scheme();
        let target = scheme.targets.first().expect("a target");
        let first = target.steps.first().expect("a step");
        let before = Due::of(target, first.by - chrono::Days::new(1));
        assert_eq!((before.now, before.since, before.later.len()), (0, None, target.steps.len()));
        assert_eq!(before.later.first(), Some(&(first.by, target.percent_by(first.by))));
        let last = target.steps.last().expect("a step");
        let after = Due::of(target, last.by);
        assert_eq!(
            (after.now, after.since, after.later),
            (target.percent_by(last.by), Some(last.by), Vec::new())
        );
    }

    #[test]
    fn a_target_is_behind_by_its_day_and_then_by_the_next() {
        let day = |month, day| NaiveDate::from_ymd_opt(2024, month, day).expect("a date");
        let due = Due { now: 50, day: day(2, 1), since: Some(day(1, 31)), later: vec![(day(8, 31), 90)] };
        let of = |reached, all| {
            let (key, title, counted) = (String::new(), String::new(), String::new());
            let (href, missing_href) = (String::new(), String::new());
            Measured { key, title, reached, all, unit: "名", counted, href, missing_href, due: due.clone() }
        };
        let late = Behind { wanted: 50, by: day(1, 31), is_late: true };
        assert_eq!(of(499, 1000).behind(), Some(late));
        let next = Behind { wanted: 90, by: day(8, 31), is_late: false };
        assert_eq!(of(500, 1000).behind(), Some(next));
        assert_eq!((of(900, 1000).behind(), of(0, 0).behind()), (None, None));
    }

    #[test]
    fn a_unit_has_begun_or_has_nobody_or_waits() {
        let [none, some, begun] =
            [[0; 7], [3, 0, 0, 0, 0, 0, 0], [3, 1, 0, 0, 0, 0, 0]].map(|counts| Figures { counts });
        let parts = |figures: &Figures| Part::USUAL.map(|part| part.holds(figures, Doing::default()));
        assert_eq!(parts(&begun), [true, false, false, false]);
        assert_eq!(parts(&none), [false, true, true, false]);
        assert_eq!(parts(&some), [false, true, false, true]);
    }

    #[test]
    fn a_unit_is_reached_or_not_by_each() {
        let figures = Figures { counts: [3, 1, 0, 0, 0, 0, 0] };
        let doing = Doing { offering: 1, planning: 0 };
        for (cover, reached) in Cover::ALL.into_iter().zip([true, false, true, true, false]) {
            let both = [Part::Has(cover), Part::Lacks(cover)];
            assert_eq!(both.map(|part| part.holds(&figures, doing)), [reached, !reached], "{cover:?}");
            assert_eq!(both.map(|part| Part::of(part.key())), both.map(Some));
        }
    }

    #[test]
    fn keys_are_read_again() {
        for stage in Stage::ALL {
            assert_eq!(stage.key().parse(), Ok(stage));
        }
    }
}
