//! Offers, choices and task lists under three schemes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use proptest::prelude::*;
use tisheng_kernel::Seconds;
use tisheng_rules::choice::Cover;
use tisheng_rules::samples::third_scheme;
use tisheng_rules::{Condition, Facts, HourEntry, Scheme, SchoolFacts, builtin};

fn scheme(code: &str) -> Scheme {
    Scheme::from_files(builtin::files(code).expect("a scheme of the program")).expect("right")
}

fn school(environment: &str, facts: &[&str]) -> SchoolFacts {
    SchoolFacts {
        environment: Some(environment.to_owned()),
        facts: facts.iter().map(|fact| (*fact).to_owned()).collect(),
    }
}

fn keys(conditions: &[Condition]) -> Vec<&str> {
    conditions.iter().map(|condition| condition.key.as_str()).collect()
}

#[test]
fn an_offer_covers_dimensions_and_fits_the_school() {
    let scheme = scheme("sichuan-2020");
    let plain = school("multimedia", &[]);
    assert!(scheme.check_offer(&["A2", "A3", "A5", "A6"], &plain).is_empty());
    assert_eq!(keys(&scheme.check_offer(&["A5", "A6", "A7"], &plain)), ["dimensions"]);
    assert_eq!(keys(&scheme.check_offer(&["A2", "A5", "B4"], &plain)), ["environment"]);
    assert!(scheme.check_offer(&["A2", "A5", "B4"], &school("blended", &[])).is_empty());
    assert_eq!(keys(&scheme.check_offer(&["A2", "A5"], &plain)), ["choosable"]);
    assert_eq!(keys(&scheme.check_offer(&["A2", "A5", "A6", "Z9"], &plain)), ["known"]);
    let nothing_said = SchoolFacts::default();
    assert_eq!(keys(&scheme.check_offer(&["A2", "A5", "A6"], &nothing_said)), ["environment"]);
}

#[test]
fn a_smart_education_school_offers_one_dimension_more() {
    let scheme = scheme("sichuan-2020");
    let smart = school("smart", &["smart_education_school"]);
    let found = scheme.check_offer(&["A2", "A5", "A6"], &smart);
    assert_eq!(keys(&found), ["dimensions"]);
    assert!(found[0].sentence.contains("智慧教育创建学校应从至少 3 个维度"), "{}", found[0].sentence);
    assert!(found[0].source.contains("三（四）3"));
    assert!(scheme.check_offer(&["A2", "A5", "C6"], &smart).is_empty());
}

#[test]
fn a_choice_covers_every_dimension_offered() {
    let scheme = scheme("sichuan-2020");
    let offered = ["A2", "A3", "A5", "A6", "A11"];
    assert!(scheme.check_choice(&["A2", "A5", "A11"], &offered).is_empty());
    let found = scheme.check_choice(&["A2", "A5", "A6"], &offered);
    assert_eq!(keys(&found), ["dimension.evaluation"]);
    assert!(found[0].sentence.contains("该维度学校只提供了 A11"), "{}", found[0].sentence);
    assert_eq!(
        keys(&scheme.check_choice(&["A2", "A2", "A5"], &offered)),
        ["minimum", "dimension.evaluation"]
    );
    assert_eq!(keys(&scheme.check_choice(&["A2", "A5", "A11", "C1"], &offered)), ["offered"]);
}

#[test]
fn four_dimensions_ask_for_four_capabilities() {
    let scheme = scheme("sichuan-2020");
    let offered = ["A1", "A2", "A5", "A11"];
    let progress = scheme.choice_conditions(&["A2", "A5", "A11"], &offered, &[]);
    let minimum = progress.iter().find(|condition| condition.key == "minimum").expect("the count");
    assert_eq!((minimum.have.as_str(), minimum.need.as_str(), minimum.percent), ("3", "4", 75));
    assert!(scheme.check_choice(&offered, &offered).is_empty());
}

#[test]
fn other_schemes_cover_otherwise() {
    let foshan = scheme("foshan-2020");
    let offered = ["A1", "A2", "A5", "A11"];
    assert!(foshan.check_choice(&["A2", "A5", "A11"], &offered).is_empty());
    let third = third_scheme();
    assert!(third.check_choice(&["P1", "T1"], &["P1", "P2", "T1", "E1"]).is_empty());
    assert_eq!(keys(&third.check_choice(&["P1", "P2"], &["P1", "P2", "T1", "E1"])), ["cover"]);
    assert_eq!(keys(&third.check_offer(&["P1", "P2"], &school("basic", &["pilot"]))), ["environment"]);
    assert_eq!(keys(&third.check_offer(&["P1", "P2"], &school("smart", &["pilot"]))), ["environment"]);
    assert!(third.check_offer(&["P1", "P2"], &school("rich", &["pilot"])).is_empty());
}

#[test]
fn a_task_list_earns_what_the_scheme_asks_for() {
    let scheme = scheme("sichuan-2020");
    let tasks = scheme.task_list(&["A2", "A5", "A11"]);
    let keys: Vec<&str> = tasks.iter().map(|task| task.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "online",
            "practice.evidence.A2",
            "practice.evidence.A5",
            "practice.evidence.A11",
            "practice.research",
            "practice.recording.recording"
        ]
    );
    let total: Seconds = tasks.iter().map(|task| task.hours).sum();
    assert_eq!(total, *scheme.hours.total);
    assert!(tasks[1].title.contains("A2 数字教育资源获取与评价"));
}

#[test]
fn what_the_kinds_leave_open_is_a_task_too() {
    let scheme = scheme("foshan-2020");
    let tasks = scheme.task_list(&["A2", "A5", "A11"]);
    let rest = tasks.last().expect("a task");
    assert_eq!(
        (rest.key.as_str(), rest.hours.in_hours(*scheme.hours.length).as_str()),
        ("practice.research", "10.00")
    );
    for scheme in [scheme, third_scheme()] {
        let codes: Vec<&str> =
            scheme.framework.capabilities.iter().take(2).map(|c| c.code.as_str()).collect();
        let total: Seconds = scheme.task_list(&codes).iter().map(|task| task.hours).sum();
        assert!(total >= *scheme.hours.total);
    }
}

#[test]
fn a_task_is_done_by_its_own_work_and_the_total_is_what_counts() {
    let scheme = scheme("sichuan-2020");
    let tasks = scheme.task_list(&["A11", "A2", "A5", "A6"]);
    assert_eq!(tasks[1].about.as_deref(), Some("A2"), "in the order of the framework");
    assert_eq!(tasks.last().map(|task| task.title.as_str()), Some("综合课堂实录"));
    assert_eq!(scheme.task_total(&tasks), *scheme.hours.total, "a fourth one is over the ceiling");
    for scheme in SCHEMES.iter() {
        let tasks = scheme.task_list(&["A2", "A5", "A11"]);
        let none = scheme.task_progress(&tasks, &scheme.hours.tally(&[]), &BTreeSet::new());
        assert!(none.iter().all(|task| !task.done && task.earned == Seconds::ZERO), "{none:?}");
        let accepted = BTreeSet::from(["A5".to_owned()]);
        let hours = [HourEntry {
            category: "practice",
            kind: Some("evidence"),
            seconds: *scheme.hours.total,
            worked_on: chrono::NaiveDate::default(),
        }];
        let one = scheme.task_progress(&tasks, &scheme.hours.tally(&hours), &accepted);
        for (task, progress) in tasks.iter().zip(&one).filter(|(task, _)| task.about.is_some()) {
            assert_eq!(progress.done, task.about.as_deref() == Some("A5"), "{}", task.key);
        }
    }
}

#[test]
fn nothing_chosen_meets_nothing() {
    for scheme in [scheme("sichuan-2020"), scheme("foshan-2020"), third_scheme()] {
        let offered: Vec<&str> = scheme.framework.capabilities.iter().map(|c| c.code.as_str()).collect();
        let nothing: [&str; 0] = [];
        let of_choice = scheme.choice_conditions(&nothing, &offered, &[]);
        assert!(!of_choice.is_empty() && of_choice.iter().all(|one| !one.met), "{of_choice:?}");
        let of_offer = scheme.offer_conditions(&nothing, &SchoolFacts::default());
        assert!(!of_offer.is_empty() && of_offer.iter().all(|one| !one.met), "{of_offer:?}");
    }
}

#[test]
fn a_choice_counts_capabilities() {
    let scheme = scheme("sichuan-2020");
    let gate = |chosen: &[&str]| {
        let own = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
        let (chosen, offered) = (own(chosen), own(&["A1", "A2", "A5", "A11"]));
        let facts = Facts { chosen: &chosen, offered: &offered, ..Facts::default() };
        let gates = scheme.verdict(&facts).gates;
        gates.into_iter().find(|gate| gate.key == "choice").expect("a gate of the choice")
    };
    assert_eq!((gate(&[]).have.as_str(), gate(&[]).need.as_str()), ("0", "4 个"));
    let thin = gate(&["A1", "A2", "A5"]);
    assert_eq!((thin.have.as_str(), thin.met), ("3", false));
    assert!(gate(&["A1", "A2", "A5", "A11"]).met);
}

#[test]
fn dimensions_are_told_in_the_order_of_the_plan() {
    let scheme = scheme("sichuan-2020");
    let found = scheme.choice_conditions::<&str, _>(&[], &["A11", "A5", "A2", "A1"], &[]);
    let told = found.iter().filter_map(|condition| condition.key.strip_prefix("dimension."));
    let place = |key: &str| scheme.framework.dimensions.iter().position(|d| d.key == key);
    let places: Vec<_> = told.map(place).collect();
    assert!(places.len() > 2 && places.is_sorted(), "{places:?}");
}

#[test]
fn a_team_has_its_size_and_roles() {
    let scheme = scheme("foshan-2020");
    let team = scheme.team("management").expect("a management team");
    assert!(team.is_complete(&[vec!["principal"], vec!["teaching_director"], vec!["ict_lead"]]));
    let found = team.conditions(&[vec!["principal", "ict_lead"], vec!["ict_lead"]]);
    let open: Vec<&str> = found.iter().filter(|c| !c.met).map(|c| c.key.as_str()).collect();
    assert_eq!(open, ["minimum", "teaching_director"]);
    let crowd = vec![vec!["principal", "teaching_director", "ict_lead"]; 6];
    assert!(!team.is_complete(&crowd));
}

/// The schemes of the program, read once for all cases.
#[test]
fn a_capability_more_earns_no_more_than_counts() {
    let scheme = scheme("sichuan-2020");
    let all = |codes: &[&str]| scheme.task_total(&scheme.task_list(codes));
    assert_eq!(all(&["A2", "A5", "A11"]), *scheme.hours.total);
    assert_eq!(all(&["A2", "A5", "A11", "A1"]), *scheme.hours.total, "evidence counts up to its ceiling");
    let titles: Vec<String> = scheme.task_list(&["A2"]).into_iter().map(|task| task.title).collect();
    assert!(titles.iter().all(|title| title != "综合课堂实录：综合课堂实录"), "{titles:?}");
}

static SCHEMES: LazyLock<[Scheme; 2]> = LazyLock::new(|| [scheme("sichuan-2020"), scheme("foshan-2020")]);

/// The schemes of the program with any way to cover dimensions.
fn covering(cover: Cover, per_dimension: u32) -> [Scheme; 2] {
    let mut schemes = SCHEMES.clone();
    for scheme in &mut schemes {
        scheme.choice.cover.value = cover;
        scheme.choice.per_dimension.value = per_dimension;
    }
    schemes
}

#[test]
fn two_are_asked_of_each_dimension_that_is_offered_and_none_of_one_that_was() {
    let [scheme, _] = covering(Cover::EveryOffered, 2);
    let offered = ["A2", "A3", "A4", "A5", "A6", "A7"];
    let held = ["A2", "A3", "A11", "A12"];
    // Design and guidance are offered; of evaluation, offered no more, one of two is kept.
    let dimension = |code: &str| scheme.framework.capability(code).map(|c| c.dimension.as_str());
    assert_eq!((dimension("A11"), dimension("A12")), (Some("evaluation"), Some("evaluation")));
    let made = ["A2", "A3", "A5", "A6", "A11"];
    assert_eq!(keys(&scheme.check_change(&made, &offered, &held)), Vec::<&str>::new());
    assert_eq!(keys(&scheme.check_choice(&made, &offered)), ["offered"], "for somebody who never had it");
    let thin = ["A2", "A5", "A6", "A11", "A12"];
    assert_eq!(keys(&scheme.check_change(&thin, &offered, &held)), ["dimension.design"]);
}

fn drawn(scheme: &Scheme, drawn: &[usize]) -> Vec<String> {
    drawn.iter().map(|at| scheme.framework.capabilities[*at].code.clone()).collect()
}

fn a_cover() -> impl Strategy<Value = Cover> {
    prop_oneof![Just(Cover::EveryOffered), (1_u32..4).prop_map(Cover::AtLeast)]
}

proptest! {
    #[test]
    fn the_short_answer_agrees_with_the_sentences(
        chosen in prop::collection::vec(0usize..30, 0..9), offered in prop::collection::vec(0usize..30, 0..12),
        held in prop::collection::vec(0usize..30, 0..9), cover in a_cover(), per in 1_u32..3,
    ) {
        for scheme in covering(cover, per) {
            let [chosen, offered, held] = [&chosen, &offered, &held].map(|codes| drawn(&scheme, codes));
            let met = scheme.check_change(&chosen, &offered, &held).is_empty();
            prop_assert_eq!(scheme.is_choice_met(&chosen, &offered, &held), met);
        }
    }

    #[test]
    fn what_is_offered_no_more_takes_nothing_and_asks_for_nothing(
        picks in prop::collection::vec(0usize..30, 3..12), offered in prop::collection::vec(0usize..30, 4..16),
        dropped in prop::collection::vec(0usize..4, 1..3), kept in prop::collection::vec(any::<bool>(), 12),
        cover in a_cover(), per in 1_u32..3,
    ) {
        for scheme in covering(cover, per) {
            let offered = drawn(&scheme, &offered);
            let chosen: Vec<String> =
                drawn(&scheme, &picks).into_iter().filter(|code| offered.contains(code)).collect();
            let gone = |code: &String| {
                let capability = scheme.framework.capability(code).expect("a capability");
                dropped.iter().any(|at| scheme.framework.dimensions[*at].key == capability.dimension)
            };
            let less: Vec<String> = offered.iter().filter(|code| !gone(code)).cloned().collect();
            if scheme.check_choice(&chosen, &offered).is_empty() {
                prop_assert!(scheme.is_choice_met(&chosen, &less, &chosen), "it stands: {:?}", chosen);
            }
            // Whoever meets the rule without what was dropped meets it whatever of that is kept.
            let own: Vec<String> = chosen.iter().filter(|code| !gone(code)).cloned().collect();
            if scheme.check_choice(&own, &less).is_empty() {
                let some = chosen.iter().zip(&kept).filter(|(code, keep)| !gone(code) || **keep);
                let some: Vec<String> = some.map(|(code, _)| code.clone()).collect();
                prop_assert!(scheme.is_choice_met(&some, &less, &chosen), "{:?} of {:?}", some, less);
            }
        }
    }
}
