//! Schemes told in sentences, compared and played through.

use tisheng_rules::samples::{third_scheme, third_scheme_with};
use tisheng_rules::{Difference, Scheme, builtin, diff, explain, simulate};

fn scheme(code: &str) -> Scheme {
    Scheme::from_files(builtin::files(code).expect("a scheme of the program")).expect("right")
}

#[test]
fn every_sentence_has_its_source() {
    for (code, files) in builtin::all() {
        let scheme = Scheme::from_files(files).expect(code);
        let clauses = scheme.clauses();
        assert!(clauses.len() > 200, "{code} says {} things", clauses.len());
        for clause in &clauses {
            assert!(clause.source.starts_with('〔') && clause.source.ends_with('〕'), "{clause:?}");
            assert!(!clause.sentence.is_empty() && !clause.sentence.contains("。。"), "{clause:?}");
        }
        let mut keys: Vec<&str> = clauses.iter().map(|clause| clause.key.as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), clauses.len(), "{code}: a clause is found by its key");
    }
}

#[test]
fn an_explanation_reads_like_the_plan() {
    let text = explain(&scheme("sichuan-2020"));
    for sentence in [
        "“实践应用”不少于 30 学时。〔二.1：“实践应用不少于30学时”〕",
        "“实践应用·能力点校本教研”不少于 10 学时。〔三（四）3：“参加能力点的校本教研10学时”〕",
        "1 学时为 45 分钟。〔系统默认〕",
        "智慧教育创建学校应从至少 3 个维度选择。",
        "原文既写“样板县”，也写“校板县”",
    ] {
        assert!(text.contains(sentence), "{sentence}");
    }
    assert!(explain(&scheme("foshan-2020")).contains("原文印作“2022年6月-2020年12月”"));
}

/// The numbered places of each published plan.
const PLACES: [(&str, &str); 2] = [
    (
        "sichuan-2020",
        "标题 序言 一 二.1 二.2 二.3 二.4 三（一） 三（一）1 三（一）2 三（一）3 三（一）4 三（一）5 三（二） \
         三（二）1 三（二）2 三（二）3 三（二）4 三（二）5 三（三） 三（三）1 三（三）2 三（三）3 三（三）4 \
         三（三）5 三（四） 三（四）1 三（四）2 三（四）3 三（四）4 四 五（一） 五（二） 五（三） 附件2 附件2备注1 \
         附件2备注2 附件2备注3 附件2备注4 附件3 附件4 附件5",
    ),
    (
        "foshan-2020",
        "通知 标题 序言 一 二（一） 二（二） 二（三） 二（四） 三（一） 三（二） 三（三） 三（四） 四（一） 四（二）1 \
         四（二）2 四（二）3 四（二）4 四（二）5 四（三） 四（三）1 四（三）2 四（三）3 四（三）4 四（三）5 四（四） \
         五（一） 五（二） 五（三） 五（四） 六（一）1 六（一）1（1） 六（一）1（2） 六（一）2 六（一）3 六（二）一 \
         六（二）二 六（二）三 六（三） 六（四）1 六（四）2 六（四）3 附件2",
    ),
];

#[test]
fn every_numbered_place_of_a_plan_is_told() {
    for (code, places) in PLACES {
        let clauses = scheme(code).clauses();
        let named: Vec<&str> =
            clauses.iter().flat_map(|c| c.source.split(['〔', '〕', '；', '：', '，'])).collect();
        let missing: Vec<&str> = places.split(' ').filter(|place| !named.contains(place)).collect();
        assert!(missing.is_empty(), "{code} says nothing of {missing:?}");
    }
}

/// Terms of a plan that somebody looks for, with the place that they stand at.
const TERMS: [(&str, &str, &str); 17] = [
    ("sichuan-2020", "《中小学校长信息化领导力标准（试行）》", "二.2"),
    ("sichuan-2020", "学习共同体", "二.3"),
    ("sichuan-2020", "“互联网+”", "二.3"),
    ("sichuan-2020", "个性化学习空间", "二.4"),
    ("sichuan-2020", "精准推送", "二.4"),
    ("sichuan-2020", "相关领域专家", "三（一）2"),
    ("sichuan-2020", "托底保障", "三（一）3"),
    ("sichuan-2020", "骨干引领", "三（三）4"),
    ("sichuan-2020", "有条件的企业和社会机构", "五（二）"),
    ("sichuan-2020", "“样板校”（所）达到 5 至 7。", "三（二）4：“推荐5-7所学校"),
    ("foshan-2020", "提升校长信息化领导能力", "一"),
    ("foshan-2020", "靶向学习", "三（一）"),
    ("foshan-2020", "整合、自建、购买、培训生成", "四（一）"),
    ("foshan-2020", "电子档案", "四（三）4"),
    ("foshan-2020", "典型案例评选、信息化教育成果征集", "四（四）"),
    ("foshan-2020", "置换脱产研修", "六（四）2"),
    ("foshan-2020", "有条件的企业与社会机构", "六（一）3"),
];

#[test]
fn the_terms_of_a_plan_are_found_at_their_places() {
    for (code, term, place) in TERMS {
        let clauses = scheme(code).clauses();
        let found = clauses.iter().find(|c| c.sentence.contains(term) && c.source[3..].starts_with(place));
        assert!(found.is_some_and(|clause| !clause.is_default), "{code}: {term}〔{place}〕");
    }
}

#[test]
fn a_scheme_differs_from_itself_in_nothing() {
    assert_eq!(diff(&third_scheme(), &third_scheme()), []);
}

#[test]
fn a_changed_value_is_told_with_both_sentences() {
    let changed = Scheme::from_files(&third_scheme_with("minimum = 24", "minimum = 22")).expect("right");
    let found = diff(&third_scheme(), &changed);
    assert_eq!(found.len(), 1, "{found:#?}");
    let told = found[0].to_string();
    assert!(told.contains("由““在线学习”不少于 24 学时。”") && told.contains("不少于 22 学时"), "{told}");
}

#[test]
fn what_is_new_and_what_is_gone_is_told() {
    let without = Scheme::from_files(&third_scheme_with("\nceiling = 28", "")).expect("right");
    let gone = diff(&third_scheme(), &without);
    assert!(
        matches!(gone.as_slice(), [Difference::Removed(clause)] if clause.key == "hours.practice.workshop.ceiling")
    );
    let new = diff(&without, &third_scheme());
    assert!(matches!(new.as_slice(), [Difference::Added(clause)] if clause.sentence.contains("28 学时")));
}

#[test]
fn a_value_that_is_no_longer_a_default_has_changed() {
    let files = third_scheme_with("{ value = \"759900\", default = true }", "\"759900\"");
    let found = diff(&third_scheme(), &Scheme::from_files(&files).expect("right"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].to_string().contains("〔系统默认〕改为"));
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for scheme in [scheme("sichuan-2020"), scheme("foshan-2020"), third_scheme()] {
        let story = simulate(&scheme, 200, 11);
        assert_eq!(story, simulate(&scheme, 200, 11));
        assert_ne!(story, simulate(&scheme, 200, 12));
        let months = scheme.identity.period.expect("a period").months().len();
        assert_eq!(
            story.lines().filter(|line| line.starts_with("| 20") && line.contains('年')).count(),
            months
        );
        assert!(!story.contains("没有符合规则的选学范围"), "{story}");
        assert!(!story.contains("达到全部要求 0 人"), "{story}");
    }
}

/// The months in the last column of the table of places: when the last of each finished.
fn last_months(story: &str) -> Vec<String> {
    let table = story.split("各校进度").nth(1).and_then(|rest| rest.split("\n## ").next());
    let lines = table.expect("the table of places").lines().filter(|line| line.starts_with('|')).skip(2);
    let cells = lines.map(|line| line.trim_matches(['|', ' ']).split('|').map(str::trim).collect::<Vec<_>>());
    cells.filter_map(|cells| cells.last().map(|last| (*last).to_owned())).collect()
}

/// How long those who finish take, in months, added up and with their number.
fn durations(story: &str) -> (usize, usize) {
    let rows = story.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" 个月 | "));
    let number =
        |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>().parse().expect("n");
    let pairs =
        rows.map(|(months, rest)| (number(months), number(rest.split('|').next().unwrap_or_default())));
    pairs.fold((0, 0), |(sum, all), (months, teachers): (usize, usize)| {
        (sum + months * teachers, all + teachers)
    })
}

#[test]
fn a_step_that_takes_longer_moves_the_finish() {
    let slow = Scheme::from_files(&third_scheme_with("blind = true\ndays = 10", "blind = true\ndays = 100"));
    let (quick, slow) = (simulate(&third_scheme(), 400, 3), simulate(&slow.expect("right"), 400, 3));
    let ((quick_sum, quick_all), (slow_sum, slow_all)) = (durations(&quick), durations(&slow));
    assert!(quick_all > 0 && slow_all > 0 && slow_all <= quick_all, "{quick_all} {slow_all}");
    // What is handed in before the last task is judged meanwhile: of the four months that 90 working
    // days are, more than one is left on the mean.
    assert!(
        slow_sum * quick_all > (quick_sum + quick_all) * slow_all,
        "{quick_sum}/{quick_all} and {slow_sum}/{slow_all}"
    );
    assert_ne!(last_months(&quick), last_months(&slow));
}

#[test]
fn a_longer_notice_moves_the_finish_too_and_a_spot_check_does_not() {
    let with = |from: &str, to: &str| Scheme::from_files(&third_scheme_with(from, to)).expect("right");
    let plain = durations(&simulate(&third_scheme(), 200, 3));
    let notice = "blind = false\ndays = 3\ndecision = \"stands\"";
    let longer = with(notice, "blind = false\ndays = 60\ndecision = \"stands\"");
    let longer = durations(&simulate(&longer, 200, 3));
    assert!(longer.0 * plain.1 > plain.0 * longer.1, "{plain:?} {longer:?}");
    let sample = "[[assessment.step]]\nkey = \"spot\"\nkind = \"spot_check\"\ntitle = \"抽检\"\nreviewers = 1\n\
                  drawn_from = [\"city\"]\nblind = true\ndays = 60\ndecision = \"chair_decides\"\n\n";
    let first = "[[assessment.appeal]]\nby = \"town\"";
    let sampled = durations(&simulate(&with(first, &format!("{sample}{first}")), 200, 3));
    assert_eq!(sampled, plain);
}

#[test]
fn a_story_tells_each_county_and_each_school() {
    let story = simulate(&scheme("sichuan-2020"), 1200, 5);
    assert_eq!(story.lines().filter(|line| line.starts_with("| 县（市、区）")).count(), 3);
    assert_eq!(story.lines().filter(|line| line.starts_with("| 　学校 ")).count(), 30);
    assert!(story.contains("（智慧教育创建学校） |"), "some schools are of a kind with an exception");
    let many = simulate(&scheme("sichuan-2020"), 4800, 5);
    assert_eq!(many.lines().filter(|line| line.starts_with("| 县（市、区）")).count(), 10);
    assert!(!many.contains("| 　学校 "), "with many schools each county is one line");
}

#[test]
fn nobody_to_play_is_a_short_story() {
    assert!(simulate(&third_scheme(), 0, 1).contains("虚拟教师 0 人"));
}
