//! Levels, verdicts and certificates.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use proptest::prelude::*;
use tisheng_kernel::{Level, Seconds};
use tisheng_rules::samples::third_scheme;
use tisheng_rules::{
    CertificateHolder, Facts, HourEntry, PeerReviews, Scheme, UnderWay, Verdict, builtin, capability_level,
};

fn scheme(code: &str) -> Scheme {
    Scheme::from_files(builtin::files(code).expect("a scheme of the program")).expect("right")
}

fn strings(codes: &[&str]) -> Vec<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

/// What one teacher has done under the third scheme.
struct Teacher {
    online: i64,
    workshop: i64,
    evidence: i64,
    results: BTreeMap<String, Level>,
}

impl Teacher {
    /// A teacher who has met everything, barely.
    fn done() -> Self {
        let results = [("P1".to_owned(), Level::Pass), ("T1".to_owned(), Level::Pass)].into();
        Self { online: 24 * 40, workshop: 20 * 40, evidence: 16 * 40, results }
    }

    /// The verdict with its sentences, which must agree with the one without.
    fn verdict(&self) -> Verdict {
        let day = NaiveDate::from_ymd_opt(2024, 4, 1).expect("a date");
        let entry = |category, kind, minutes| HourEntry {
            category,
            kind,
            seconds: Seconds::of_minutes(minutes),
            worked_on: day,
        };
        let hours = [
            entry("online", None, self.online),
            entry("practice", Some("workshop"), self.workshop),
            entry("practice", Some("evidence"), self.evidence),
        ];
        let chosen = strings(&["P1", "T1"]);
        let scheme = third_scheme();
        let facts = Facts {
            hours: &hours,
            chosen: &chosen,
            offered: &strings(&["P1", "P2", "T1"]),
            results: &self.results,
            ..Facts::default()
        };
        let verdict = scheme.verdict(&facts);
        let outcome = scheme.outcome(&facts);
        assert_eq!((outcome.met, outcome.level, outcome.score), (verdict.met, verdict.level, verdict.score));
        assert_eq!(outcome.open, open(&verdict));
        verdict
    }
}

fn open(verdict: &Verdict) -> Vec<&str> {
    verdict.gates.iter().filter(|gate| !gate.met).map(|gate| gate.key.as_str()).collect()
}

#[test]
fn who_has_met_everything_has_passed() {
    let verdict = Teacher::done().verdict();
    assert!(verdict.met, "{:#?}", verdict.gates);
    assert_eq!(verdict.level, Some(Level::Pass));
    assert_eq!(verdict.score.to_string(), "79.00");
}

#[test]
fn one_minute_short_is_short() {
    let teacher = Teacher { online: 24 * 40 - 1, ..Teacher::done() };
    let verdict = teacher.verdict();
    assert_eq!(open(&verdict), ["hours.online"]);
    let gate = &verdict.gates[0];
    assert_eq!((gate.have.as_str(), gate.need.as_str(), gate.percent), ("23.98", "24 学时", 99));
    assert!(gate.sentence.contains("还差 0.03 学时"), "{}", gate.sentence);
    assert_eq!(verdict.level, None);
}

#[test]
fn a_certificate_says_what_was_reached() {
    let scheme = third_scheme();
    let date = NaiveDate::from_ymd_opt(2024, 7, 1).expect("a date");
    let holder = CertificateHolder { name: "甲老师", school: "乙小学", date };
    let verdict = Teacher::done().verdict();
    let facts = scheme.certificate_facts(&verdict, &strings(&["P1", "T1"]), Level::Pass, &holder);
    let text = scheme.certificate.fill(&facts);
    assert_eq!(
        text,
        "兹证明乙小学甲老师完成数字素养提升行动60 学时（在线学习 24 学时、课堂实践 36 学时），\
         能力点P1 资源准备、T1 屏幕讲解，等级合格。2024年7月1日"
    );
}

#[test]
fn a_failed_or_missing_capability_keeps_the_gate_shut() {
    let mut teacher = Teacher::done();
    teacher.results.insert("T1".to_owned(), Level::Fail);
    let verdict = teacher.verdict();
    assert_eq!(open(&verdict), ["levels"]);
    assert!(verdict.gates.iter().any(|gate| gate.sentence.contains("不合格：T1")));
    teacher.results.remove("T1");
    assert!(teacher.verdict().gates.iter().any(|gate| gate.sentence.contains("尚未完成测评：T1")));
}

#[test]
fn excellence_asks_for_score_and_capabilities() {
    let mut teacher = Teacher::done();
    teacher.results.insert("P1".to_owned(), Level::Excellent);
    let one = teacher.verdict();
    assert_eq!((one.score.to_string().as_str(), one.level), ("89.50", Some(Level::Pass)));
    teacher.results.insert("T1".to_owned(), Level::Excellent);
    let both = teacher.verdict();
    assert_eq!((both.score.to_string().as_str(), both.level), ("100.00", Some(Level::Excellent)));
    assert!(both.sentence.contains("以本校名额为限"));
}

#[test]
fn what_nobody_reports_keeps_nobody_from_excellence() {
    let scheme = scheme("foshan-2020");
    let chosen: Vec<String> = scheme.framework.capabilities.iter().take(3).map(|c| c.code.clone()).collect();
    let results: BTreeMap<String, Level> =
        chosen.iter().map(|code| (code.clone(), Level::Excellent)).collect();
    let day = NaiveDate::from_ymd_opt(2021, 5, 4).expect("a date");
    let hours: Vec<HourEntry<'_>> = scheme
        .hours
        .categories
        .iter()
        .map(|category| HourEntry {
            category: &category.key,
            kind: None,
            seconds: *category.minimum,
            worked_on: day,
        })
        .collect();
    let known =
        Facts { hours: &hours, chosen: &chosen, offered: &chosen, results: &results, ..Facts::default() };
    let silent = scheme.verdict(&known);
    assert_eq!(silent.score.to_string(), "100.00");
    assert_eq!(silent.score_lines.iter().filter(|line| line.left_out).count(), 2);
    let spaces = BTreeMap::from([("learning_space".to_owned(), 0)]);
    let all_in_time = PeerReviews { drawn: 3, in_time: 3 };
    let told = scheme.verdict(&Facts { reported: &spaces, peer_reviews: all_in_time, ..known });
    assert_eq!(told.score.to_string(), "80.00");
}

#[test]
fn reviews_of_colleagues_count_by_the_share_done_in_time() {
    let scheme = scheme("foshan-2020");
    let points = |drawn: u32, in_time: u32| {
        let facts = Facts { peer_reviews: PeerReviews { drawn, in_time }, ..Facts::default() };
        let lines = scheme.verdict(&facts).score_lines;
        let line = lines.iter().find(|line| line.key == "peers").expect("a part of the score").clone();
        (line.points.to_string(), line.left_out)
    };
    assert_eq!(points(4, 3), ("7.50".to_owned(), false));
    assert_eq!(points(2, 0), ("0.00".to_owned(), false));
    assert_eq!(points(0, 0), ("0.00".to_owned(), true), "whoever was never drawn loses nothing");
}

#[test]
fn work_under_way_is_told_by_its_state() {
    let scheme = scheme("sichuan-2020");
    let chosen = strings(&["A2", "A5", "A11"]);
    let results: BTreeMap<String, Level> =
        [("A2".to_owned(), Level::Pass), ("A5".to_owned(), Level::Fail)].into();
    let until = NaiveDate::from_ymd_opt(2021, 3, 24).expect("a date");
    let told = |states: &[(&str, UnderWay)]| {
        let under_way = states.iter().map(|(code, state)| ((*code).to_owned(), *state)).collect();
        let facts = Facts {
            chosen: &chosen,
            offered: &chosen,
            results: &results,
            under_way: Some(&under_way),
            ..Facts::default()
        };
        let gates = scheme.verdict(&facts).gates;
        let gate = |key: &str| gates.iter().find(|gate| gate.key == key).expect("a gate").clone();
        (gate("levels"), gate("recording"))
    };
    let (levels, recording) = told(&[]);
    assert!(levels.sentence.contains("不合格：A5；尚未提交：A11"), "{}", levels.sentence);
    assert!(recording.sentence.contains("尚未提交。") && !levels.waiting && !recording.waiting);
    let (levels, recording) = told(&[
        ("A5", UnderWay::Judged),
        ("A11", UnderWay::OnNotice(until)),
        ("recording", UnderWay::OwnJudgement),
    ]);
    assert!(levels.sentence.contains("A5已提交，正在评审"), "{}", levels.sentence);
    assert!(levels.sentence.contains("A11公示中，公示至2021年3月24日"), "{}", levels.sentence);
    assert!(levels.waiting && !levels.met && !levels.sentence.contains("尚未"), "{}", levels.sentence);
    assert_eq!((recording.have.as_str(), recording.waiting), ("已提交", false));
    let (_, recording) = told(&[("recording", UnderWay::OnNotice(until))]);
    assert_eq!((recording.have.as_str(), recording.waiting), ("公示中", true));
}

#[test]
fn the_quota_of_a_school_is_rounded_down_but_for_the_first_place() {
    let rule = third_scheme().certification.excellent;
    assert_eq!([0, 1, 4, 9, 10, 100].map(|teachers| rule.places(teachers)), [0, 1, 1, 1, 2, 20]);
}

#[test]
fn the_recording_is_a_gate_where_the_scheme_asks_for_it() {
    let scheme = scheme("sichuan-2020");
    let chosen = strings(&["A2", "A5", "A11"]);
    let mut results: BTreeMap<String, Level> =
        chosen.iter().map(|code| (code.clone(), Level::Pass)).collect();
    let verdict = |results: &BTreeMap<String, Level>| {
        scheme.verdict(&Facts { chosen: &chosen, offered: &chosen, results, ..Facts::default() })
    };
    assert!(open(&verdict(&results)).contains(&"recording"));
    results.insert("recording".to_owned(), Level::Pass);
    assert!(!open(&verdict(&results)).contains(&"recording"));
    assert_eq!(scheme.framework.pieces("recording").len(), 2);
}

#[test]
fn a_piece_reaches_a_level_when_every_criterion_of_it_holds() {
    let scheme = scheme("sichuan-2020");
    let piece = scheme.framework.piece("A6-2").expect("the clip of A6");
    assert_eq!(piece.max_minutes.as_ref().map(|limit| **limit), Some(10));
    let keys = |level: Level| -> Vec<&str> {
        piece.criteria.iter().filter(|c| c.level <= level).map(|c| c.key.as_str()).collect()
    };
    assert_eq!(piece.level(&keys(Level::Excellent)), Level::Excellent);
    assert_eq!(piece.level(&keys(Level::Pass)), Level::Pass);
    assert_eq!(piece.level(&keys(Level::Excellent)[1..]), Level::Fail);
    assert!(piece.explain(&keys(Level::Pass)).contains("优秀标准尚未达到"));
}

#[test]
fn every_capability_can_be_judged_at_every_level() {
    for (code, files) in builtin::all() {
        let scheme = Scheme::from_files(files).expect(code);
        assert_eq!(scheme.framework.capabilities.len(), 30, "{code}");
        for capability in &scheme.framework.capabilities {
            assert_eq!(capability.pieces.len(), 3, "{code} {}", capability.code);
            for piece in &capability.pieces {
                let of = |level: Level| piece.criteria.iter().filter(|c| c.level == level).count();
                assert!(
                    (2..=4).contains(&of(Level::Pass)) && of(Level::Excellent) == 2,
                    "{code} {}",
                    piece.key
                );
            }
        }
    }
}

fn any_level() -> impl Strategy<Value = Level> {
    prop::sample::select(Level::ALL.to_vec())
}

proptest! {
    #[test]
    fn a_capability_is_as_good_as_its_weakest_piece(pieces in prop::collection::vec(any_level(), 1..6)) {
        let level = capability_level(&pieces).expect("there are pieces");
        let expected = if pieces.contains(&Level::Fail) {
            Level::Fail
        } else if pieces.iter().all(|piece| *piece == Level::Excellent) {
            Level::Excellent
        } else {
            Level::Pass
        };
        prop_assert_eq!(level, expected);
    }

    #[test]
    fn more_hours_never_shut_a_gate(
        online in 0i64..2_000, workshop in 0i64..2_000, evidence in 0i64..2_000, more in 0i64..500, to in 0usize..3,
    ) {
        let before = Teacher { online, workshop, evidence, ..Teacher::done() };
        let mut after = Teacher { online, workshop, evidence, ..Teacher::done() };
        *[&mut after.online, &mut after.workshop, &mut after.evidence][to] += more;
        let (before, after) = (before.verdict(), after.verdict());
        for (then, now) in before.gates.iter().zip(&after.gates) {
            prop_assert!(now.met || !then.met, "{then:#?} {now:#?}");
            prop_assert!(now.percent >= then.percent);
        }
        prop_assert!(after.score >= before.score && (after.met || !before.met));
    }
}

#[test]
fn a_part_stands_below_its_category_and_is_counted_with_it() {
    let scheme = scheme("sichuan-2020");
    let day = NaiveDate::from_ymd_opt(2021, 4, 1).expect("a date");
    let category = scheme.hours.categories.iter().find(|c| !c.kinds.is_empty()).expect("a category of parts");
    let capped = category.kinds.iter().find(|kind| kind.ceiling.is_some() && kind.minimum.is_some());
    let hours: Vec<HourEntry<'_>> = category
        .kinds
        .iter()
        .map(|kind| HourEntry {
            category: &category.key,
            kind: Some(&kind.key),
            seconds: Seconds::of_minutes(100_000),
            worked_on: day,
        })
        .collect();
    let verdict = scheme.verdict(&Facts { hours: &hours, ..Facts::default() });
    let listed: Vec<&str> = verdict.listed().map(|gate| gate.key.as_str()).collect();
    assert_eq!(listed.len(), verdict.gates.len(), "each stands there once");
    let whole = verdict.wholes().position(|gate| gate.title == *category.title).expect("the category");
    let parts: Vec<_> = verdict.gates.iter().filter(|gate| !gate.part_of.is_empty()).collect();
    assert_eq!(parts.len(), category.kinds.iter().filter(|kind| kind.minimum.is_some()).count());
    let below = verdict.listed().skip(whole + 1).take(parts.len());
    assert!(below.eq(parts.iter().copied()), "{listed:?}");
    assert_eq!(verdict.wholes().count(), verdict.gates.len() - parts.len());
    if let Some(kind) = capped {
        let over = |title: &str| {
            let gate = verdict.gates.iter().find(|gate| gate.title == title).expect("a gate");
            gate.sentence.contains("未计入")
        };
        assert!(over(&kind.title) && !over(&category.title), "told beside the part");
    }
}
