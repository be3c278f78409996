//! Offers, choices and task lists under three schemes.

use std::sync::LazyLock;

use proptest::prelude::*;
use tisheng_kernel::Seconds;
use tisheng_rules::samples::third_scheme;
use tisheng_rules::{Condition, Scheme, SchoolFacts, builtin};

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
    let progress = scheme.choice_conditions(&["A2", "A5", "A11"], &offered);
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
    assert!(third.check_offer(&["P1", "P2"], &school("basic", &["boarding_school"])).is_empty());
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
    let all = |codes: &[&str]| scheme.countable(&scheme.task_list(codes));
    assert_eq!(all(&["A2", "A5", "A11"]), *scheme.hours.total);
    assert_eq!(all(&["A2", "A5", "A11", "A1"]), *scheme.hours.total, "evidence counts up to its ceiling");
    let titles: Vec<String> = scheme.task_list(&["A2"]).into_iter().map(|task| task.title).collect();
    assert!(titles.iter().all(|title| title != "综合课堂实录：综合课堂实录"), "{titles:?}");
}

static SCHEMES: LazyLock<[Scheme; 2]> = LazyLock::new(|| [scheme("sichuan-2020"), scheme("foshan-2020")]);

proptest! {
    #[test]
    fn the_short_answer_agrees_with_the_sentences(
        chosen in prop::collection::vec(0usize..30, 0..7), offered in prop::collection::vec(0usize..30, 0..12),
    ) {
        for scheme in SCHEMES.iter() {
            let codes = |drawn: &[usize]| -> Vec<String> {
                drawn.iter().map(|at| scheme.framework.capabilities[*at].code.clone()).collect()
            };
            let (chosen, offered) = (codes(&chosen), codes(&offered));
            let met = scheme.check_choice(&chosen, &offered).is_empty();
            prop_assert_eq!(scheme.is_choice_met(&chosen, &offered), met);
        }
    }
}
