//! Handing hours over to another system of continuing education, year by year.

use std::collections::BTreeMap;

use tisheng_kernel::{HourLength, Seconds};

use crate::reader::Section;
use crate::source::{Basis, Source, Sourced};

/// What a column of the file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Holds {
    /// The number of the line, by which the receipt names it.
    #[default]
    Line,
    /// The teacher's name.
    Name,
    /// The number of the identity paper.
    Paper,
    /// The school.
    School,
    /// The school's identification code.
    SchoolCode,
    /// The year that the hours are registered for.
    Year,
    /// What they count as there.
    Subject,
    /// The hours; less than nothing where fewer are right than were handed over before.
    Hours,
    /// The number of the certificate.
    Certificate,
    /// The short title of the programme.
    Programme,
}

impl Holds {
    /// What it is called.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Line => "流水号",
            Self::Name => "教师姓名",
            Self::Paper => "证件号码",
            Self::School => "学校名称",
            Self::SchoolCode => "学校标识码",
            Self::Year => "登记年度",
            Self::Subject => "学时科目",
            Self::Hours => "学时数",
            Self::Certificate => "证书编号",
            Self::Programme => "工程简称",
        }
    }
}

/// When hours are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// Those of a teacher who has a valid certificate.
    #[default]
    Certified,
    /// Those of a year once it is over, of everybody who has earned some.
    YearEnd,
}

/// A column of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoverColumn {
    /// Its title there.
    pub title: String,
    /// What it holds.
    pub holds: Holds,
    /// Where it comes from.
    pub source: Source,
}

/// To which system, as what, in which layout hours are handed over.
#[derive(Debug, Clone)]
pub struct HandoverRule {
    /// The system.
    pub system: Sourced<String>,
    /// What the hours count as there, e.g. 专业科目.
    pub subject: Sourced<String>,
    /// When; where the scheme does not say, once there is a certificate.
    pub when: Sourced<When>,
    /// The most that a teacher can use in one year; no bound where the scheme sets none.
    pub per_year: Option<Sourced<Seconds>>,
    /// The columns of the file, in their order.
    pub columns: Vec<HandoverColumn>,
}

impl HandoverRule {
    pub(crate) fn read(s: &Section<'_>, length: HourLength) -> Self {
        const HOLDS: [(&str, Holds); 10] = [
            ("line", Holds::Line),
            ("name", Holds::Name),
            ("paper", Holds::Paper),
            ("school", Holds::School),
            ("school_code", Holds::SchoolCode),
            ("year", Holds::Year),
            ("subject", Holds::Subject),
            ("hours", Holds::Hours),
            ("certificate", Holds::Certificate),
            ("programme", Holds::Programme),
        ];
        let when =
            s.optional("when", "\"certified\"、\"year_end\"之一", |value| match value.as_str()? {
                "certified" => Some(When::Certified),
                "year_end" => Some(When::YearEnd),
                _ => None,
            });
        Self {
            system: s.text("system"),
            subject: s.text("subject"),
            when: when.unwrap_or_else(|| Sourced {
                value: When::Certified,
                source: Source { basis: Basis::Default, ..s.source() },
            }),
            per_year: s.optional_hours("per_year", length),
            columns: s.sections("column", |column| HandoverColumn {
                title: column.key("title"),
                holds: column.word("holds", &HOLDS).value,
                source: column.source(),
            }),
        }
    }

    /// The hours of a teacher by the year that they are registered for. `worked` says in which
    /// years they were worked, `wished` what the teacher asked for instead: it holds where it adds
    /// up to the same and keeps the bound of each year. Otherwise each year has what was worked in
    /// it, and what is over the bound goes to the next year of `years` with room, then to one
    /// before. The sum never changes.
    #[must_use]
    pub fn spread(
        &self,
        years: &[i32],
        worked: &BTreeMap<i32, Seconds>,
        wished: &BTreeMap<i32, Seconds>,
    ) -> BTreeMap<i32, Seconds> {
        let total: Seconds = worked.values().copied().sum();
        if self.keeps(years, total, wished) {
            return wished.clone();
        }
        let mut spread = worked.clone();
        let Some(bound) = self.per_year.as_ref().map(|bound| **bound) else { return spread };
        for year in worked.keys() {
            let mut over = spread.get(year).copied().unwrap_or(Seconds::ZERO).beyond(bound);
            let later = years.iter().filter(|other| *other > year);
            for other in later.chain(years.iter().rev().filter(|other| *other < year)) {
                let room = bound.beyond(spread.get(other).copied().unwrap_or(Seconds::ZERO));
                let moved = over.at_most(room);
                if moved > Seconds::ZERO {
                    *spread.entry(*other).or_insert(Seconds::ZERO) += moved;
                    *spread.entry(*year).or_insert(Seconds::ZERO) += -moved;
                    over = over - moved;
                }
            }
        }
        spread
    }

    /// Whether hours of `year` may be handed over in the year `now`.
    #[must_use]
    pub fn is_due(&self, year: i32, now: i32) -> bool {
        *self.when == When::Certified || year < now
    }

    /// Whether `wished` adds up to `total`, lies in `years` and keeps the bound of each.
    #[must_use]
    pub fn keeps(&self, years: &[i32], total: Seconds, wished: &BTreeMap<i32, Seconds>) -> bool {
        let bound = self.per_year.as_ref().map(|bound| **bound);
        let fits = |(year, seconds): (&i32, &Seconds)| {
            years.contains(year) && *seconds >= Seconds::ZERO && bound.is_none_or(|bound| *seconds <= bound)
        };
        !wished.is_empty() && wished.values().copied().sum::<Seconds>() == total && wished.iter().all(fits)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use tisheng_kernel::Seconds;

    use super::{HandoverRule, When};
    use crate::source::Sourced;

    const YEARS: [i32; 3] = [2020, 2021, 2022];

    fn rule(per_year: Option<i64>) -> HandoverRule {
        HandoverRule {
            system: Sourced::default(),
            subject: Sourced::default(),
            when: Sourced::default(),
            per_year: per_year.map(|seconds| Sourced { value: Seconds::new(seconds), ..Sourced::default() }),
            columns: Vec::new(),
        }
    }

    fn by_year(pairs: &[(i32, i64)]) -> BTreeMap<i32, Seconds> {
        pairs.iter().map(|(year, seconds)| (*year, Seconds::new(*seconds))).collect()
    }

    #[test]
    fn what_is_over_goes_to_the_next_year_with_room() {
        let spread = rule(Some(30)).spread(&YEARS, &by_year(&[(2020, 50)]), &BTreeMap::new());
        assert_eq!(spread, by_year(&[(2020, 30), (2021, 20)]));
        let spread = rule(Some(30)).spread(&YEARS, &by_year(&[(2022, 50)]), &BTreeMap::new());
        assert_eq!(spread, by_year(&[(2021, 20), (2022, 30)]));
        let spread = rule(None).spread(&YEARS, &by_year(&[(2021, 50)]), &BTreeMap::new());
        assert_eq!(spread, by_year(&[(2021, 50)]));
    }

    #[test]
    fn a_wish_holds_while_it_adds_up() {
        let (worked, wish) = (by_year(&[(2020, 50)]), by_year(&[(2020, 20), (2021, 30)]));
        assert_eq!(rule(Some(30)).spread(&YEARS, &worked, &wish), wish);
        let more = by_year(&[(2020, 51)]);
        assert_ne!(rule(Some(30)).spread(&YEARS, &more, &wish), wish);
        assert!(!rule(Some(25)).keeps(&YEARS, Seconds::new(50), &wish));
        assert!(!rule(None).keeps(&[2020], Seconds::new(50), &wish));
    }

    #[test]
    fn a_year_is_due_at_once_or_when_it_is_over() {
        let certified = rule(None);
        assert!(certified.is_due(2021, 2021));
        let at_the_end =
            HandoverRule { when: Sourced { value: When::YearEnd, ..Sourced::default() }, ..rule(None) };
        assert!(at_the_end.is_due(2020, 2021));
        assert!(!at_the_end.is_due(2021, 2021));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_made_by_spreading(
            worked in proptest::collection::btree_map(2019_i32..2024, 0_i64..200_000, 0..4),
            wished in proptest::collection::btree_map(2019_i32..2024, -10_i64..200_000, 0..4),
            bound in proptest::option::of(0_i64..100_000),
        ) {
            let seconds = |map: BTreeMap<i32, i64>| -> BTreeMap<i32, Seconds> {
                map.into_iter().map(|(year, seconds)| (year, Seconds::new(seconds))).collect()
            };
            let (worked, wished) = (seconds(worked), seconds(wished));
            let spread = rule(bound).spread(&YEARS, &worked, &wished);
            prop_assert_eq!(spread.values().copied().sum::<Seconds>(), worked.values().copied().sum::<Seconds>());
            prop_assert!(spread.values().all(|seconds| *seconds >= Seconds::ZERO));
        }
    }
}
