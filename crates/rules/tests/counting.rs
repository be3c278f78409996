//! Hours: what counts, what does not and why, under three schemes.

use std::sync::LazyLock;

use chrono::NaiveDate;
use proptest::prelude::*;
use tisheng_kernel::Seconds;
use tisheng_rules::samples::{third_scheme, third_scheme_with};
use tisheng_rules::{HourEntry, Scheme, Tally, builtin};

fn scheme(code: &str) -> Scheme {
    Scheme::from_files(builtin::files(code).expect("a scheme of the program")).expect("right")
}

/// An entry of so many hours of the scheme's own length, in the year given.
fn entry<'a>(
    scheme: &Scheme,
    category: &'a str,
    kind: Option<&'a str>,
    hours: i64,
    year: i32,
) -> HourEntry<'a> {
    HourEntry {
        category,
        kind,
        seconds: Seconds::of_minutes(hours * scheme.hours.length.minutes()),
        worked_on: NaiveDate::from_ymd_opt(year, 5, 4).expect("a date"),
    }
}

fn hours(scheme: &Scheme, seconds: Seconds) -> String {
    seconds.in_hours(*scheme.hours.length)
}

#[test]
fn what_lies_over_a_ceiling_is_shown_with_its_rule() {
    let scheme = scheme("foshan-2020");
    let tally = scheme.hours.tally(&[entry(&scheme, "online", None, 31, 2020)]);
    let online = &tally.category("online").expect("online").sum;
    assert_eq!(hours(&scheme, online.counted), "25.00");
    assert_eq!(hours(&scheme, online.over), "6.00");
    let rule = online.over_rule.as_deref().expect("a rule");
    assert!(rule.contains("最多计入 25 学时") && rule.contains("四（三）5"), "{rule}");
    assert_eq!(hours(&scheme, tally.missing), "25.00");
}

#[test]
fn kinds_never_add_up_to_more_than_their_category() {
    let scheme = scheme("foshan-2020");
    let tally = scheme.hours.tally(&[
        entry(&scheme, "practice", Some("evidence"), 15, 2020),
        entry(&scheme, "practice", Some("research"), 20, 2020),
    ]);
    let practice = tally.category("practice").expect("practice");
    let counted: Vec<String> = practice.kinds.iter().map(|kind| hours(&scheme, kind.counted)).collect();
    assert_eq!(
        (hours(&scheme, practice.sum.counted).as_str(), counted),
        ("25.00", ["15.00", "10.00"].map(str::to_owned).to_vec())
    );
    let cut = practice.kinds.last().expect("a kind");
    assert_eq!(hours(&scheme, cut.over), "10.00");
    assert!(cut.over_rule.as_deref().is_some_and(|rule| rule.contains("最多计入 25 学时")), "{cut:?}");
}

#[test]
fn surplus_of_one_kind_fills_no_other_unless_the_scheme_says_so() {
    let strict = scheme("sichuan-2020");
    let entries = |scheme: &Scheme| {
        [
            entry(scheme, "online", None, 40, 2021),
            entry(scheme, "practice", Some("evidence"), 15, 2021),
            entry(scheme, "practice", Some("research"), 20, 2021),
        ]
    };
    let tally = strict.hours.tally(&entries(&strict));
    assert_eq!(hours(&strict, tally.missing), "5.00");
    assert_eq!(hours(&strict, tally.kind("practice", "recording").expect("a kind").missing), "5.00");

    let loose = third_scheme();
    let tally = loose.hours.tally(&[
        entry(&loose, "online", None, 24, 2024),
        entry(&loose, "practice", Some("workshop"), 28, 2024),
        entry(&loose, "practice", Some("evidence"), 8, 2024),
    ]);
    assert!(tally.is_met(), "{tally:#?}");
    assert_eq!(tally.kind("practice", "evidence").expect("a kind").missing, Seconds::ZERO);
}

#[test]
fn surplus_may_cross_categories_where_a_scheme_allows_it() {
    let files = third_scheme_with("surplus = \"within_category\"", "surplus = \"anywhere\"");
    let scheme = Scheme::from_files(&files).expect("right");
    let entries = [entry(&scheme, "online", None, 20, 2024), entry(&scheme, "practice", None, 40, 2024)];
    assert!(scheme.hours.tally(&entries).is_met());
    assert!(!third_scheme().hours.tally(&entries).is_met());
}

#[test]
fn hours_of_no_known_category_are_kept_but_not_counted() {
    let scheme = third_scheme();
    let tally = scheme.hours.tally(&[entry(&scheme, "elsewhere", None, 3, 2024)]);
    assert_eq!((tally.earned, tally.counted), (tally.unplaced, Seconds::ZERO));
    assert_eq!(hours(&scheme, tally.not_counted), "3.00");
}

#[test]
fn a_course_over_two_years_is_spread_by_the_day_of_work() {
    let scheme = scheme("foshan-2020");
    let tally = scheme.hours.tally(&[
        entry(&scheme, "online", None, 20, 2020),
        entry(&scheme, "online", None, 20, 2021),
        entry(&scheme, "practice", Some("research"), 25, 2021),
    ]);
    assert_eq!(hours(&scheme, tally.by_year[&2020]), "20.00");
    assert_eq!(hours(&scheme, tally.by_year[&2021]), "30.00");
    assert!(tally.is_met());
}

fn any_entry() -> impl Strategy<Value = (usize, i64, i32)> {
    (0usize..6, 1i64..2_000, 2020i32..2023)
}

/// Entries over every category and kind of the third scheme, and one it does not know.
fn entries(drawn: &[(usize, i64, i32)]) -> Vec<HourEntry<'static>> {
    const PLACES: [(&str, Option<&str>); 6] = [
        ("online", None),
        ("practice", None),
        ("practice", Some("evidence")),
        ("practice", Some("workshop")),
        ("practice", Some("unheard_of")),
        ("unheard_of", None),
    ];
    let one = |(place, seconds, year): &(usize, i64, i32)| HourEntry {
        category: PLACES[*place].0,
        kind: PLACES[*place].1,
        seconds: Seconds::new(*seconds),
        worked_on: NaiveDate::from_ymd_opt(*year, 3, 1).expect("a date"),
    };
    drawn.iter().map(one).collect()
}

fn adds_up(tally: &Tally) -> bool {
    let within = |sum: &tisheng_rules::Sum| sum.counted + sum.over == sum.earned;
    let of_kinds = |c: &tisheng_rules::CategorySum| c.kinds.iter().map(|kind| kind.counted).sum::<Seconds>();
    let categories = tally
        .categories
        .iter()
        .all(|c| within(&c.sum) && c.kinds.iter().all(within) && of_kinds(c) <= c.sum.counted);
    let years: Seconds = tally.by_year.values().copied().sum();
    categories && tally.counted + tally.not_counted == tally.earned && years == tally.counted
}

/// The third scheme with each thing that surplus may do.
static OF_SURPLUS: LazyLock<[Scheme; 3]> = LazyLock::new(|| {
    ["stays", "within_category", "anywhere"].map(|surplus| {
        let files = third_scheme_with("surplus = \"within_category\"", &format!("surplus = \"{surplus}\""));
        Scheme::from_files(&files).expect("right")
    })
});

proptest! {
    #[test]
    fn counted_and_not_counted_make_what_was_earned(drawn in prop::collection::vec(any_entry(), 0..30)) {
        let scheme = third_scheme();
        let entries = entries(&drawn);
        let tally = scheme.hours.tally(&entries);
        prop_assert!(adds_up(&tally), "{tally:#?}");
        prop_assert_eq!(tally.earned, entries.iter().map(|entry| entry.seconds).sum());
    }

    #[test]
    fn a_ceiling_of_a_category_holds_for_its_kinds(drawn in prop::collection::vec((0usize..3, 1i64..20), 0..30)) {
        let scheme = scheme("foshan-2020");
        let kinds = [None, Some("evidence"), Some("research")];
        let entries: Vec<HourEntry<'_>> =
            drawn.iter().map(|(kind, hours)| entry(&scheme, "practice", kinds[*kind], *hours, 2020)).collect();
        let tally = scheme.hours.tally(&entries);
        prop_assert!(adds_up(&tally), "{tally:#?}");
    }

    #[test]
    fn an_entry_with_its_reversal_changes_nothing(
        drawn in prop::collection::vec(any_entry(), 0..20), one in any_entry(), at in 0usize..20,
    ) {
        let scheme = third_scheme();
        let before = entries(&drawn);
        let reversed = entries(&[one])[0];
        let mut after = before.clone();
        after.insert(at.min(after.len()), reversed);
        after.push(HourEntry { seconds: -reversed.seconds, ..reversed });
        let (plain, mut with_reversal) = (scheme.hours.tally(&before), scheme.hours.tally(&after));
        with_reversal.by_year.retain(|_, seconds| *seconds != Seconds::ZERO);
        let mut plain = plain;
        plain.by_year.retain(|_, seconds| *seconds != Seconds::ZERO);
        prop_assert_eq!(plain, with_reversal);
    }

    #[test]
    fn the_order_of_entries_makes_no_difference(drawn in prop::collection::vec(any_entry(), 0..20)) {
        let scheme = third_scheme();
        let forward = entries(&drawn);
        let backward: Vec<_> = forward.iter().rev().copied().collect();
        prop_assert_eq!(scheme.hours.tally(&forward), scheme.hours.tally(&backward));
    }

    #[test]
    fn more_hours_never_leave_more_missing(drawn in prop::collection::vec(any_entry(), 0..20), one in any_entry()) {
        for scheme in OF_SURPLUS.iter() {
            let mut worked = entries(&drawn);
            let before = scheme.hours.tally(&worked);
            worked.extend(entries(&[one]));
            let after = scheme.hours.tally(&worked);
            prop_assert!(after.missing <= before.missing && after.counted >= before.counted);
        }
    }

    #[test]
    fn nobody_has_met_everything_with_less_practice_than_the_rules_let_them(
        online in 0i64..90, practice in 0i64..90, evidence in 0i64..90, ceiling in 24u32..70, total in 60u32..90,
    ) {
        for scheme in OF_SURPLUS.iter() {
            let mut scheme = scheme.clone();
            scheme.hours.total.value = Seconds::from_hours(total, *scheme.hours.length);
            let ceiling = Seconds::from_hours(ceiling, *scheme.hours.length);
            if let Some(first) = scheme.hours.categories.first_mut().and_then(|c| c.ceiling.as_mut()) {
                first.value = ceiling;
            }
            let worked = [
                entry(&scheme, "online", None, online, 2024),
                entry(&scheme, "practice", None, practice, 2024),
                entry(&scheme, "practice", Some("evidence"), evidence, 2024),
            ];
            let tally = scheme.hours.tally(&worked);
            let practised = worked[1].seconds + worked[2].seconds;
            prop_assert!(!tally.is_met() || practised >= scheme.hours.least_practice());
        }
    }
}
