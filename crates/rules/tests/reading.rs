//! Mistakes in scheme files: each with its line, what is wrong and what would be right.

use tisheng_rules::samples::{third_scheme_files, third_scheme_with};
use tisheng_rules::{Problem, Scheme};

fn problems(from: &str, to: &str) -> Vec<Problem> {
    Scheme::from_files(&third_scheme_with(from, to)).err().unwrap_or_default()
}

/// The one problem that a change brings, with its file.
fn only(from: &str, to: &str) -> Problem {
    let found = problems(from, to);
    assert_eq!(found.len(), 1, "{found:#?}");
    found.into_iter().next().expect("one problem")
}

#[test]
fn an_unknown_key_is_answered_with_the_nearest() {
    let problem = only("training_day = 8", "training_day = 8\nsurplas = 1");
    assert_eq!((problem.file.as_str(), problem.column), ("scheme.toml", 1));
    let (_, text) = third_scheme_files()[0];
    let line = text.lines().position(|line| line == "training_day = 8").expect("the line") + 2;
    assert_eq!(problem.line, line);
    assert!(problem.wrong.contains("surplas") && problem.right.contains("surplus"), "{problem}");
}

#[test]
fn every_mistake_is_collected() {
    let files = third_scheme_with("total = 60", "totl = 60");
    let files: Vec<(String, String)> = files
        .into_iter()
        .map(|(name, text)| (name, text.replace("appeal_within = 3", "appeal_within = \"三\"")))
        .map(|(name, text)| (name, text.replace("length = 40", "")))
        .collect();
    let found = Scheme::from_files(&files).expect_err("three mistakes");
    let words: Vec<&str> = found.iter().map(|problem| problem.wrong.as_str()).collect();
    assert_eq!(found.len(), 3, "{found:#?}");
    // What is misspelt is there, and said once; what is not there is missed.
    assert!(words.iter().any(|w| w.contains("“totl”")) && !words.iter().any(|w| w.contains("缺少 total")));
    assert!(words.iter().any(|w| w.contains("缺少 length")));
    assert!(words.iter().any(|w| w.contains("appeal_within 的值不对")));
}

#[test]
fn a_value_without_a_source_is_refused() {
    let problem = only(
        "territory = { value = \"759900\", default = true }",
        "territory = { value = \"75\", default = true }",
    );
    assert!(problem.right.contains("区划代码"), "{problem}");
    let found = problems("[hours]\nsource = \"第五条\"", "[hours]");
    assert!(found.iter().all(|problem| problem.wrong.contains("没有写明出处")), "{found:#?}");
    assert!(found.iter().any(|problem| problem.right.contains("default = true")));
}

#[test]
fn a_source_and_a_default_exclude_each_other() {
    let problem = only("[hours]\nsource = \"第五条\"", "[hours]\nsource = \"第五条\"\ndefault = true");
    assert!(problem.wrong.contains("既写了 source 又写了 default"), "{problem}");
}

#[test]
fn broken_toml_is_named_with_its_line() {
    let found = problems("length = 40", "length = ");
    let first = found.first().expect("a problem");
    assert!(first.wrong.contains("不是正确的 TOML"), "{first}");
    assert_eq!(first.file, "scheme.toml");
}

#[test]
fn a_part_stands_in_one_file() {
    let mut files = third_scheme_with("HP", "HP");
    files.push((
        "more.toml".to_owned(),
        "[choice]\ndefault = true\nminimum = 1\nper_dimension = 1\ncover = \"every\"\n".to_owned(),
    ));
    let found = Scheme::from_files(&files).expect_err("choice twice");
    assert!(
        found.iter().any(|problem| problem.file == "more.toml" && problem.wrong.contains("[choice]")),
        "{found:#?}"
    );
}

#[test]
fn a_missing_part_is_one_problem() {
    let files: Vec<_> = third_scheme_files().iter().filter(|(name, _)| *name != "assessment.toml").collect();
    let files: Vec<(&str, &str)> = files.into_iter().copied().collect();
    let found = Scheme::from_files(&files).expect_err("two parts missing");
    let words: Vec<&str> = found.iter().map(|problem| problem.wrong.as_str()).collect();
    assert_eq!(words, ["缺少 [assessment]", "缺少 [certification]"]);
}

#[test]
fn the_digest_is_of_the_rules_and_not_of_the_editor() {
    let scheme = |files: &[(String, String)]| Scheme::from_files(files).expect("right").digest().to_owned();
    let plain = third_scheme_with("HP", "HP");
    let mut turned: Vec<(String, String)> =
        plain.iter().map(|(n, t)| (n.clone(), t.replace('\n', "\r\n"))).collect();
    turned.reverse();
    assert_eq!(scheme(&plain), scheme(&turned));
    assert_ne!(scheme(&plain), scheme(&third_scheme_with("appeal_within = 3", "appeal_within = 4")));
    assert_eq!(scheme(&plain).len(), 64);
}

/// Contradictions: what is written, what it is changed to, and a word of the problem.
const CONTRADICTIONS: [(&str, &str, &str); 33] = [
    ("ceiling = 30", "ceiling = 20", "低于最低"),
    ("minimum = 24\nceiling = 30", "minimum = 10\nceiling = 30", ""),
    ("role = \"practice\"", "role = \"online\"", "不足总学时"),
    ("dimensions = 2\nfit_environment", "dimensions = 4\nfit_environment", "框架有 3 个"),
    ("cover = 2", "cover = 5", "覆盖 5 个维度"),
    ("per_dimension = 1\ncover = 2", "per_dimension = 1\ncover = 0", "覆盖 0 个维度"),
    ("dimension = \"assess\"", "dimension = \"asses\"", "没有维度“asses”"),
    ("environment = \"rich\"", "environment = \"richer\"", "没有环境“richer”"),
    ("of = \"E1\"", "of = \"E9\"", "没有编号为“E9”"),
    ("key = \"district_panel\"", "key = \"school_panel\"", "“school_panel”重复"),
    ("reviewers = 3", "reviewers = 0", "没有评审人"),
    ("claim_lapses = 4", "claim_lapses = 40", "收回"),
    ("decision = \"lowest\"", "decision = \"stands\"", "须有评审结论"),
    ("weight = 70", "weight = 60", "权重之和为 90"),
    ("pass = 70", "pass = 120", "等级分值不对"),
    ("quota_percent = 20", "quota_percent = 120", "超过 100"),
    ("of = \"practice\"", "of = \"practise\"", "没有学时类别“practise”"),
    ("principal_by = \"city\"", "principal_by = \"county\"", "没有这一层级"),
    ("percent = 95", "percent = 30", "累计目标"),
    ("by = 2025-08-31", "by = 2023-08-31", "日期不晚于"),
    ("maximum = 4", "maximum = 1", "人数上限"),
    ("{name}完成", "{nmae}完成", "占位符“{nmae}”"),
    ("HP{year}{sequence}{check}", "HP{year}{check}", "编号会重复"),
    ("until = 2025-08-31", "until = 2022-08-31", "until 早于 from"),
    ("fact = \"pilot\"", "fact = \"pilto\"", "没有学校属性“pilto”"),
    ("total = 60", "total = 55", "低于各类最低学时之和 60 学时"),
    ("drawn_from = [\"school\"]", "drawn_from = [\"author\"]", "包括教师本人"),
    ("days = 3", "days = 0", "“自查”的天数为 0"),
    ("item_hours = 4", "item_hours = 40", "超过这一项目的计入上限"),
    ("capabilities = 1\nquota", "capabilities = 200\nquota", "框架只有 5 个"),
    ("version = \"2023.2\"", "version = \"\"", "version 是空的"),
    ("per_dimension = 1\ncover = 2", "per_dimension = 1\ncover = 3", "却只须提供 2 个"),
    ("pass = [\"反馈及时\"]", "pass = []", "没有合格标准"),
];

#[test]
fn a_value_that_does_not_fit_is_named_with_its_column() {
    let problem = only("item_hours = 4", "item_hours = 40");
    assert_eq!(problem.column, "item_hours = ".len() + 1, "{problem}");
}

#[test]
fn a_capability_under_the_code_of_another_is_named_beside_the_evidence_that_lost_it() {
    let found = problems("code = \"P2\"", "code = \"P1\"");
    let words: Vec<&str> = found.iter().map(|problem| problem.wrong.as_str()).collect();
    assert_eq!(words, ["没有编号为“P2”的能力点", "能力点“P1”重复"], "{found:#?}");
    let doubled = found.last().expect("a problem");
    assert_eq!(doubled.file, "framework.toml");
    let once = problems("code = \"E1\"", "code = \"E2\"");
    assert!(once.iter().all(|problem| !problem.wrong.contains("重复")), "{once:#?}");
}

#[test]
fn contradictions_are_refused() {
    for (from, to, word) in CONTRADICTIONS {
        let found = problems(from, to);
        if word.is_empty() {
            assert!(found.is_empty(), "{to}: {found:#?}");
            continue;
        }
        assert!(found.iter().any(|problem| problem.wrong.contains(word)), "{to}: {found:#?}");
        assert!(
            found.iter().all(|problem| problem.line > 0 && !problem.right.is_empty()),
            "{to}: {found:#?}"
        );
    }
}

#[test]
fn the_national_floor_holds_whatever_the_scheme_says() {
    let low = third_scheme_with("total = 60", "total = 40");
    let low: Vec<(String, String)> =
        low.into_iter().map(|(name, text)| (name, text.replace("minimum = 24", "minimum = 10"))).collect();
    let found = Scheme::from_files(&low).expect_err("46 hours");
    assert!(found.iter().any(|problem| problem.wrong.contains("低于国家规定的 50 学时")), "{found:#?}");
    let thin = problems_of(&[("minimum = 36", "minimum = 26"), ("ceiling = 30", "ceiling = 40")]);
    assert!(thin.iter().any(|problem| problem.wrong.contains("不足总学时")), "{thin:#?}");
}

#[test]
fn hours_that_no_teacher_can_reach_are_refused() {
    let capped = third_scheme_with("minimum = 36", "minimum = 36\nceiling = 36");
    let capped: Vec<(String, String)> =
        capped.into_iter().map(|(name, text)| (name, text.replace("total = 60", "total = 68"))).collect();
    let found = Scheme::from_files(&capped).expect_err("30 and 36 make 66");
    assert!(found.iter().any(|problem| problem.wrong.contains("68 学时 无法达到")), "{found:#?}");
}

#[test]
fn a_choice_that_no_school_can_meet_is_refused() {
    let strict = third_scheme_with("minimum = 2\nper_dimension", "minimum = 4\nper_dimension");
    let found = Scheme::from_files(&strict).expect_err("3 basic capabilities");
    assert!(found.iter().any(|problem| problem.wrong.contains("没有学校能够满足")), "{found:#?}");
}

/// Schools may offer what no classroom of theirs fits.
const UNBOUND: (&str, &str) = ("fit_environment = true", "fit_environment = false");

/// The problems that several changes bring together.
fn problems_of(changes: &[(&str, &str)]) -> Vec<Problem> {
    let (first, others) = changes.split_first().expect("a change");
    let mut files = third_scheme_with(first.0, first.1);
    for (from, to) in others {
        assert!(files.iter().any(|(_, text)| text.contains(from)), "“{from}” stands nowhere");
        files = files.into_iter().map(|(name, text)| (name, text.replace(from, to))).collect();
    }
    Scheme::from_files(&files).err().unwrap_or_default()
}

#[test]
fn surplus_of_study_does_not_undermine_the_floor_of_practice() {
    let anywhere = ("surplus = \"within_category\"", "surplus = \"anywhere\"");
    assert!(problems_of(&[anywhere]).is_empty(), "6 hours above the minimum leave 30 of 60 to practice");
    for ceiling in ["", "ceiling = 40"] {
        let found = problems_of(&[anywhere, ("ceiling = 30", ceiling)]);
        assert!(found.iter().any(|problem| problem.wrong.contains("不足总学时")), "{ceiling}: {found:#?}");
        assert!(problems_of(&[("ceiling = 30", ceiling)]).is_empty(), "{ceiling}: within a category it may");
    }
}

#[test]
fn a_choice_beyond_the_framework_is_refused_where_no_environment_binds() {
    let many = problems_of(&[UNBOUND, ("minimum = 2\nper_dimension", "minimum = 40\nper_dimension")]);
    assert!(many.iter().any(|problem| problem.wrong.contains("没有学校能够满足")), "{many:#?}");
    let deep = problems_of(&[UNBOUND, ("per_dimension = 1", "per_dimension = 9")]);
    assert!(deep.iter().any(|problem| problem.wrong.contains("学校无法按要求提供")), "{deep:#?}");
}

#[test]
fn what_schools_are_asked_for_by_exception_must_fit_one_environment() {
    // Two dimensions have two capabilities each, the third has one.
    let two_each = ("per_dimension = 1", "per_dimension = 2");
    let legal = problems_of(&[UNBOUND, two_each]);
    assert!(legal.is_empty(), "{legal:#?}");
    let more = ("title = \"试点学校\"\ndimensions = 1", "title = \"试点学校\"\ndimensions = 3");
    assert!(problems_of(&[more]).is_empty(), "one of each can be had");
    let found = problems_of(&[UNBOUND, two_each, more]);
    assert!(found.iter().any(|problem| problem.wrong.contains("没有一种环境")), "{found:#?}");
}

#[test]
fn a_level_that_the_territory_has_not_is_refused() {
    for (from, to, word) in [
        ("panel_members_by = [\"other_school\"]", "panel_members_by = [\"province\"]", "也没有更高的层级"),
        ("principal_by = \"city\"", "principal_by = \"town\"", "没有考核小组"),
        ("proposed_by = [\"town\"]", "proposed_by = [\"county\"]", "地方能力点由 county 提出"),
        ("accepted_by = \"city\"", "accepted_by = \"province\"", "地方能力点由 province 审定"),
        ("measure = \"teachers_finished\"", "measure = \"counties_started\"", "按县（市、区）计"),
    ] {
        let found = problems(from, to);
        let told = found.iter().any(|problem| problem.wrong.contains(word) && problem.line > 0);
        assert!(told, "{to}: {found:#?}");
    }
    let above = problems("panel_members_by = [\"other_school\"]", "panel_members_by = [\"county\"]");
    assert!(above.is_empty(), "the city stands for a county that is left out: {above:#?}");
}

#[test]
fn days_outside_the_programme_are_refused() {
    for (from, to) in [
        ("by = 2025-08-31", "by = 2026-08-31"),
        ("from = 2023-09-01\nuntil = 2024-08-31\ntasks", "from = 2022-09-01\nuntil = 2024-08-31\ntasks"),
    ] {
        let found = problems(from, to);
        assert!(found.iter().any(|problem| problem.wrong.contains("不在工程期间内")), "{to}: {found:#?}");
    }
}

#[test]
fn a_team_that_the_product_does_not_know_is_refused() {
    let found = problems("[[team]]\nkey = \"management\"", "[[team]]\nkey = \"core\"");
    let told = found.iter().find(|problem| problem.wrong.contains("core")).expect("refused");
    assert!(told.right.contains("management") && told.right.contains("training"), "{told:#?}");
}

#[test]
fn a_step_takes_a_day_at_least_and_a_year_at_most() {
    for days in ["0", "251", "4000000000"] {
        let found = problems("days = 5", &format!("days = {days}"));
        let told = found.iter().any(|problem| problem.wrong.contains(&format!("的天数为 {days}")));
        assert!(told && found.iter().all(|problem| problem.right.contains("1 到 250")), "{days}: {found:#?}");
    }
}
