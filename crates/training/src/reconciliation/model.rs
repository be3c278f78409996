//! Months, figures, and when both sides agree. Pure.

use chrono::{Datelike, Months, NaiveDate};
use tisheng_kernel::{Instant, Seconds};
use tisheng_platform::DbError;
use tisheng_platform::web::Failure;

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month(NaiveDate);

impl Month {
    /// The month in which `day` lies.
    #[must_use]
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Reads `2023-12`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        (text.len() == 7).then(|| format!("{text}-01").parse().ok()).flatten().map(Self)
    }

    /// Its first day.
    #[must_use]
    pub const fn from(self) -> NaiveDate {
        self.0
    }

    /// The first day after it.
    #[must_use]
    pub fn until(self) -> NaiveDate {
        self.0 + Months::new(1)
    }

    /// As officials write it: `2023年12月`.
    #[must_use]
    pub fn chinese(self) -> String {
        format!("{}年{}月", self.0.year(), self.0.month())
    }

    /// The months from the one of `from` to the one of `to`, the latest first.
    #[must_use]
    pub fn between(from: NaiveDate, to: NaiveDate) -> Vec<Self> {
        let first = Self::of(from);
        let mut months = Vec::new();
        let mut month = Self::of(to);
        while month >= first {
            months.push(month);
            month = Self(month.0 - Months::new(1));
        }
        months
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

/// Records and what they are worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub records: i64,
    /// In all.
    pub seconds: Seconds,
}

/// What stands in the ledger for a month.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Its lines.
    pub sum: Sum,
    /// When the last of them came, which tells two months with equal sums apart.
    pub latest: Option<Instant>,
}

/// What a month comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// In the ledger.
    pub ours: Sum,
    /// In the statement; `None` while there is none.
    pub theirs: Option<Sum>,
    /// Reports that wait for a person here.
    pub waiting: i64,
    /// Lines that differ.
    pub differences: i64,
    /// When a line that stands came last, which tells two months with equal sums apart.
    pub latest: Option<Instant>,
    /// The revision of the statement.
    pub revision: i64,
}

impl Figures {
    /// What a month comes to whose lines have not been held against each other.
    #[must_use]
    pub fn of(ledger: Ledger, waiting: i64, sheet: &Sheet) -> Self {
        Self {
            ours: ledger.sum,
            theirs: (sheet.revision > 0).then_some(sheet.stated),
            waiting,
            differences: 0,
            latest: ledger.latest,
            revision: sheet.revision,
        }
    }

    /// All of it in a word that is equal exactly when the figures are.
    #[must_use]
    pub fn mark(&self) -> String {
        let theirs = self.theirs.unwrap_or_default();
        format!(
            "{}/{}-{}/{}-{}-{}-{}-{}",
            self.ours.records,
            self.ours.seconds.get(),
            theirs.records,
            theirs.seconds.get(),
            self.waiting,
            self.differences,
            self.latest.map_or(0, Instant::micros),
            self.revision
        )
    }

    /// The figures that a side confirmed, out of their [`Figures::mark`]; `None` while there is none.
    #[must_use]
    pub fn read(mark: &str) -> Option<Self> {
        let (ours, rest) = mark.split_once('-')?;
        let (theirs, rest) = rest.split_once('-')?;
        let sum = |text: &str| -> Option<Sum> {
            let (records, seconds) = text.split_once('/')?;
            Some(Sum { records: records.parse().ok()?, seconds: Seconds::new(seconds.parse().ok()?) })
        };
        let rest: Vec<i64> = rest.split('-').map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let [waiting, differences, latest, revision] = rest[..] else { return None };
        Some(Self {
            ours: sum(ours)?,
            theirs: if revision > 0 { Some(sum(theirs)?) } else { None },
            waiting,
            differences,
            latest: (latest > 0).then(|| Instant::from_micros(latest)),
            revision,
        })
    }

    /// Whether somebody has to say something before the month can be agreed.
    #[must_use]
    pub const fn needs_note(&self) -> bool {
        self.waiting > 0 || self.differences > 0
    }
}

/// One of the two who confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The institution that runs the platform.
    Institution,
    /// The office of the programme.
    Office,
}

/// What a side has confirmed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Confirmed {
    /// The mark of the figures; empty while nothing.
    pub figures: String,
    /// What it said about differences.
    pub note: String,
    /// When.
    pub at: Option<Instant>,
}

impl Confirmed {
    /// Whether it was said of these figures. Between the same lines the differences are the same, but for what
    /// is known of them by now: they alone move nothing.
    #[must_use]
    pub fn is_of(&self, figures: &Figures) -> bool {
        let said = Figures::read(&self.figures);
        said.is_some_and(|said| Figures { differences: figures.differences, ..said } == *figures)
    }
}

/// What is kept of a month.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// The revision of the statement; 0 while there is none.
    pub revision: i64,
    /// What that comes to.
    pub stated: Sum,
    /// When it was handed in.
    pub stated_at: Option<Instant>,
    /// What the institution has confirmed.
    pub own: Confirmed,
    /// What the office has confirmed.
    pub office: Confirmed,
}

/// Where a month stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Nothing has been stated or confirmed.
    Open,
    /// A statement is there.
    Stated,
    /// One side has confirmed the figures as they are.
    Half,
    /// Both have.
    Agreed,
    /// Somebody has confirmed other figures than there are now.
    Moved,
}

impl Standing {
    /// The words shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Open => "未对账",
            Self::Stated => "已提交对账表",
            Self::Half => "一方已确认",
            Self::Agreed => "双方已确认",
            Self::Moved => "确认后有变动",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Open => "plain",
            Self::Stated | Self::Half => "note",
            Self::Agreed => "good",
            Self::Moved => "warn",
        }
    }
}

impl Sheet {
    /// Where the month stands, given its figures now.
    #[must_use]
    pub fn standing(&self, figures: &Figures) -> Standing {
        let sides = [&self.own, &self.office];
        if sides.iter().any(|side| !side.figures.is_empty() && !side.is_of(figures)) {
            return Standing::Moved;
        }
        match sides.iter().filter(|side| !side.figures.is_empty()).count() {
            2 => Standing::Agreed,
            1 => Standing::Half,
            _ if self.revision > 0 => Standing::Stated,
            _ => Standing::Open,
        }
    }
}

/// Two records of one number that do not say the same, or one that stands on one side alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The platform's number.
    pub number: String,
    /// The teacher's name.
    pub name: String,
    /// The course.
    pub title: String,
    /// The day of work, as stated; else ours.
    pub worked_on: NaiveDate,
    /// What the statement says; `None` where it has no such number.
    pub theirs: Option<Seconds>,
    /// What the ledger says; `None` where it has no such number.
    pub ours: Option<Seconds>,
    /// The ledger's day, where there is one.
    pub our_day: Option<NaiveDate>,
    /// Why it waits here, where it does.
    pub waits: Option<String>,
    /// How a person or its source has taken it back or a person refused it, and why, where that is so.
    pub gone: Option<String>,
    /// Whom or what else the ledger says it is about, where that is so.
    pub other: Option<String>,
}

impl Difference {
    /// What is wrong, in a few words.
    #[must_use]
    pub fn sentence(&self) -> String {
        if let Some(other) = &self.other {
            return other.clone();
        }
        match (self.theirs, self.ours) {
            (Some(_), None) => match (&self.waits, &self.gone) {
                (Some(why), _) => format!("本系统已收到，尚待人工处理：{why}"),
                (None, Some(how)) => format!("本系统已收到，{how}"),
                (None, None) => "本系统没有收到这条记录".to_owned(),
            },
            (None, _) => "机构的对账表中没有".to_owned(),
            (Some(_), Some(_)) => match self.our_day.filter(|day| *day != self.worked_on) {
                Some(day) => format!("学习日期不同，本系统为 {day}"),
                None => "学时不同".to_owned(),
            },
        }
    }
}

/// Why a month was not confirmed.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The figures are others by now.
    #[error("数字已有变化，请核对后再确认")]
    Moved,
    /// Differences ask for a word.
    #[error("还有差异或待处理的记录，请写明双方商定的处理意见")]
    NoNote,
    /// The month is not over.
    #[error("本月还没有结束，次月才能确认")]
    NotOver,
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for SheetError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for SheetError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;
    use tisheng_kernel::{Instant, Seconds};

    use super::{Confirmed, Difference, Figures, Ledger, Month, Sheet, Standing, Sum};

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a day")
    }

    #[test]
    fn months_are_read_and_counted() {
        let month = Month::read("2023-12").expect("a month");
        assert_eq!((month.from(), month.until()), (day("2023-12-01"), day("2024-01-01")));
        assert_eq!((month.to_string().as_str(), month.chinese().as_str()), ("2023-12", "2023年12月"));
        for wrong in ["", "2023-13", "2023-1", "2023-12-01", "23-12"] {
            assert_eq!(Month::read(wrong), None, "{wrong}");
        }
        let some: Vec<String> =
            Month::between(day("2023-11-30"), day("2024-01-01")).iter().map(Month::to_string).collect();
        assert_eq!(some, ["2024-01", "2023-12", "2023-11"]);
        assert!(Month::between(day("2024-01-01"), day("2023-11-30")).is_empty());
    }

    #[test]
    fn both_sides_confirm_the_same_figures() {
        let lines = |records| Ledger { sum: Sum { records, seconds: Seconds::new(60) }, latest: None };
        let open = Sheet::default();
        let (x, y) = (Figures::of(lines(1), 0, &open), Figures::of(lines(2), 0, &open));
        let said = |figures: Option<&Figures>| Confirmed {
            figures: figures.map(Figures::mark).unwrap_or_default(),
            ..Confirmed::default()
        };
        let sheet = |own, office| Sheet { own: said(own), office: said(office), ..Sheet::default() };
        assert_eq!(open.standing(&x), Standing::Open);
        assert_eq!(Sheet { revision: 1, ..open }.standing(&x), Standing::Stated);
        assert_eq!(sheet(Some(&x), None).standing(&x), Standing::Half);
        assert_eq!(sheet(Some(&x), Some(&x)).standing(&x), Standing::Agreed);
        assert_eq!(sheet(Some(&x), Some(&x)).standing(&y), Standing::Moved);
        assert_eq!(sheet(Some(&y), None).standing(&x), Standing::Moved);
        let named = Figures { differences: 3, ..x };
        assert_eq!(sheet(Some(&x), Some(&named)).standing(&x), Standing::Agreed, "the same lines");
    }

    proptest! {
        #[test]
        fn what_was_confirmed_can_be_read_again(
            (records, waiting, differences, revision) in (0_i64..9, 0_i64..9, 0_i64..9, 0_i64..9),
            (seconds, stated, latest) in (0_i64..9999, 0_i64..9999, 0_i64..9999),
        ) {
            let sum = |seconds| Sum { records, seconds: Seconds::new(seconds) };
            let figures = Figures {
                ours: sum(seconds),
                theirs: (revision > 0).then(|| sum(stated)),
                waiting,
                differences,
                latest: (latest > 0).then(|| Instant::from_micros(latest)),
                revision,
            };
            prop_assert_eq!(Figures::read(&figures.mark()), Some(figures));
        }

        #[test]
        fn no_text_breaks_it(text in ".*") {
            let _ = Figures::read(&text);
        }
    }

    #[test]
    fn a_difference_says_what_it_is() {
        let with = |theirs: Option<i64>,
                    ours: Option<i64>,
                    our_day: Option<&str>,
                    [waits, gone]: [Option<&str>; 2]| {
            Difference {
                number: "n1".to_owned(),
                name: String::new(),
                title: String::new(),
                worked_on: day("2023-12-01"),
                theirs: theirs.map(Seconds::new),
                ours: ours.map(Seconds::new),
                our_day: our_day.map(day),
                waits: waits.map(str::to_owned),
                gone: gone.map(str::to_owned),
                other: None,
            }
            .sentence()
        };
        let of = |theirs, ours, our_day, waits| with(theirs, ours, our_day, [waits, None]);
        assert_eq!(of(Some(1), None, None, None), "本系统没有收到这条记录");
        assert_eq!(of(Some(1), None, None, Some("没有这位教师")), "本系统已收到，尚待人工处理：没有这位教师");
        let gone = with(Some(1), None, None, [None, Some("已冲销：重复报送")]);
        assert_eq!(gone, "本系统已收到，已冲销：重复报送");
        assert_eq!(of(None, Some(1), None, None), "机构的对账表中没有");
        assert_eq!(of(Some(1), Some(2), Some("2023-12-01"), None), "学时不同");
        assert_eq!(of(Some(1), Some(1), Some("2023-12-02"), None), "学习日期不同，本系统为 2023-12-02");
    }
}
