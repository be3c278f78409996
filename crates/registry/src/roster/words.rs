//! Words that rolls use for subjects, stages, titles and facts of schools, and their one spelling here.

use std::str::FromStr;

use chrono::NaiveDate;
use tisheng_kernel::number::{NotADate, parse_date};
use tisheng_kernel::text::tidy;
use tisheng_sheet::Cell;

use crate::organisation::{Environments, Location, Pilot, Stage};
pub use crate::people::{SUBJECTS, TITLES};

/// The terms for stages, as the template's list shows them.
pub const STAGE_TERMS: [&str; 6] = ["幼儿园", "小学", "初中", "高中", "中职", "特教"];
/// The terms for location types.
pub const LOCATION_TERMS: [&str; 7] =
    ["主城区", "城乡结合区", "镇中心区", "镇乡结合区", "特殊区域", "乡中心区", "村庄"];
/// The terms for the standing of a school among those of the project; the last takes it away.
pub const PILOT_TERMS: [&str; 4] = ["试点校", "样板校", "示范校", "无"];
/// The answers to a plain question.
pub const YES_NO: [&str; 2] = ["是", "否"];

/// What people write instead.
const SUBJECT_SYNONYMS: [(&str, &str); 17] = [
    ("政治", "思想政治"),
    ("思政", "思想政治"),
    ("道法", "道德与法治"),
    ("品德", "道德与法治"),
    ("思想品德", "道德与法治"),
    ("品德与社会", "道德与法治"),
    ("生物学", "生物"),
    ("体育", "体育与健康"),
    ("信息", "信息技术"),
    ("计算机", "信息技术"),
    ("外语", "英语"),
    ("综合实践", "综合实践活动"),
    ("心理", "心理健康"),
    ("幼教", "学前教育"),
    ("幼儿教育", "学前教育"),
    ("劳技", "劳动"),
    ("劳动技术", "劳动"),
];

/// What people write for a stage instead of its term.
const STAGE_SYNONYMS: [(&str, Stage); 13] = [
    ("学前", Stage::Kindergarten),
    ("幼儿", Stage::Kindergarten),
    ("小学阶段", Stage::Primary),
    ("初级中学", Stage::Junior),
    ("初中阶段", Stage::Junior),
    ("普通高中", Stage::Senior),
    ("高级中学", Stage::Senior),
    ("高中阶段", Stage::Senior),
    ("中等职业教育", Stage::Vocational),
    ("职高", Stage::Vocational),
    ("中等职业学校", Stage::Vocational),
    ("特殊教育", Stage::Special),
    ("特殊", Stage::Special),
];

const TITLE_SYNONYMS: [(&str, &str); 16] = [
    ("正高级", "正高级教师"),
    ("正高", "正高级教师"),
    ("高级", "高级教师"),
    ("副高", "高级教师"),
    ("副高级", "高级教师"),
    ("中学高级教师", "高级教师"),
    ("中学高级", "高级教师"),
    ("一级", "一级教师"),
    ("中级", "一级教师"),
    ("小学高级教师", "一级教师"),
    ("中学一级教师", "一级教师"),
    ("二级", "二级教师"),
    ("初级", "二级教师"),
    ("三级", "三级教师"),
    ("无", "未定级"),
    ("未评", "未定级"),
];

const LOCATION_SYNONYMS: [(&str, Location); 8] = [
    ("城区", Location::MainCity),
    ("城市", Location::MainCity),
    ("县镇", Location::TownCentre),
    ("镇区", Location::TownCentre),
    ("城镇", Location::TownCentre),
    ("乡村", Location::Village),
    ("农村", Location::Village),
    ("村", Location::Village),
];

const PILOT_SYNONYMS: [(&str, Pilot); 6] = [
    ("试点", Pilot::Pilot),
    ("试点学校", Pilot::Pilot),
    ("样板", Pilot::Model),
    ("样板学校", Pilot::Model),
    ("示范", Pilot::Demonstration),
    ("示范学校", Pilot::Demonstration),
];

/// A word that is not in the list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordError {
    /// Nothing near it is known.
    #[error("无法识别“{given}”，请从模板的下拉列表中选择：{allowed}")]
    Unknown {
        /// What stands there.
        given: String,
        /// What may stand there.
        allowed: String,
    },
    /// One of the list is near.
    #[error("无法识别“{given}”，是否应为“{nearest}”？请从模板的下拉列表中选择")]
    Near {
        /// What stands there.
        given: String,
        /// What may be meant.
        nearest: String,
    },
}

/// How alike two words must be for one to be proposed for the other, 0 to 1.
const ALIKE: f64 = 0.6;

fn unknown(given: String, allowed: &[&str]) -> WordError {
    let near = |word: &&str| (strsim::normalized_levenshtein(&given, word), (*word).to_owned());
    let best = allowed.iter().map(near).max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((likeness, nearest)) if likeness >= ALIKE => WordError::Near { given, nearest },
        _ => WordError::Unknown { given, allowed: allowed.join("、") },
    }
}

fn listed(
    text: &str,
    words: &[&'static str],
    synonyms: &[(&'static str, &'static str)],
) -> Result<&'static str, WordError> {
    let plain = tidy(text).replace(' ', "");
    let direct = words.iter().find(|word| **word == plain).copied();
    direct
        .or_else(|| synonyms.iter().find(|(word, _)| *word == plain).map(|(_, meant)| *meant))
        .ok_or_else(|| unknown(plain, words))
}

/// A code or term of `T`, or one of its synonyms.
fn coded<T: FromStr + Copy>(
    text: &str,
    synonyms: &[(&str, T)],
    terms: &[&'static str],
) -> Result<T, WordError> {
    let plain = tidy(text).replace(' ', "");
    let direct = plain.parse().ok();
    direct
        .or_else(|| synonyms.iter().find(|(word, _)| *word == plain).map(|(_, meant)| *meant))
        .ok_or_else(|| unknown(plain, terms))
}

/// The subject that `text` means.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn subject(text: &str) -> Result<&'static str, WordError> {
    let bare = tidy(text);
    let bare =
        ["幼儿园", "小学", "初中", "高中"].iter().find_map(|stage| bare.strip_prefix(stage)).unwrap_or(&bare);
    listed(bare, &SUBJECTS, &SUBJECT_SYNONYMS)
}

/// The stage that `text` means.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn stage(text: &str) -> Result<Stage, WordError> {
    coded(text, &STAGE_SYNONYMS, &STAGE_TERMS)
}

/// The stages that `text` lists, in order. Whole kinds of school are understood too
/// (九年一贯制学校, 完全中学).
///
/// # Errors
/// [`WordError`] about the first that is not known.
pub fn stages(text: &str) -> Result<Vec<Stage>, WordError> {
    let plain = tidy(text);
    let mut found = match plain.as_str() {
        "九年一贯制" | "九年一贯制学校" => vec![Stage::Primary, Stage::Junior],
        "完全中学" | "完中" => vec![Stage::Junior, Stage::Senior],
        "十二年一贯制" | "十二年一贯制学校" => {
            vec![Stage::Primary, Stage::Junior, Stage::Senior]
        }
        list => {
            let parts = list.split([',', '、', ';', '/', '+', ' ']).filter(|part| !part.is_empty());
            parts.map(stage).collect::<Result<Vec<_>, _>>()?
        }
    };
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// The professional title that `text` means.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn title(text: &str) -> Result<&'static str, WordError> {
    listed(text, &TITLES, &TITLE_SYNONYMS)
}

/// The location type that `text` means.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn location(text: &str) -> Result<Location, WordError> {
    coded(text, &LOCATION_SYNONYMS, &LOCATION_TERMS)
}

/// The code of the environment that `text` means among those of the school's place.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn environment(text: &str, known: &Environments) -> Result<String, WordError> {
    known.meant(text).map(str::to_owned).ok_or_else(|| unknown(tidy(text), &known.titles()))
}

/// The standing that `text` means; `None` for none.
///
/// # Errors
/// [`WordError`] with the nearest one.
pub fn pilot(text: &str) -> Result<Option<Pilot>, WordError> {
    if matches!(tidy(text).as_str(), "无" | "否" | "非试点" | "非试点校") {
        return Ok(None);
    }
    coded(text, &PILOT_SYNONYMS, &PILOT_TERMS).map(Some)
}

/// The day that `text` means: as people write it, or the number of days that Excel keeps for it,
/// which shows in a cell without a date format.
///
/// # Errors
/// [`NotADate`].
pub fn day(text: &str) -> Result<NaiveDate, NotADate> {
    let serial = tidy(text).parse::<u32>().ok().filter(|_| tidy(text).len() == 5);
    let counted = serial.and_then(|serial| tisheng_sheet::date_of(&Cell::Number(f64::from(serial))));
    counted.map_or_else(|| parse_date(text), Ok)
}

/// 是 or 否, as people write it.
///
/// # Errors
/// A sentence when it is neither.
pub fn yes_or_no(text: &str) -> Result<bool, &'static str> {
    match tidy(text).to_ascii_lowercase().as_str() {
        "是" | "有" | "√" | "y" | "yes" | "1" | "true" => Ok(true),
        "否" | "无" | "不是" | "×" | "n" | "no" | "0" | "false" => Ok(false),
        _ => Err("应填“是”或“否”"),
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tisheng_kernel::number::NotADate;

    use super::{
        LOCATION_TERMS, PILOT_TERMS, STAGE_TERMS, SUBJECTS, TITLES, WordError, environment, pilot, stages,
        subject, title, yes_or_no,
    };
    use crate::organisation::{Environments, Pilot, Stage};

    #[test]
    fn people_write_subjects_in_many_ways() {
        for (text, meant) in [
            ("语文", "语文"),
            ("小学语文", "语文"),
            ("政治", "思想政治"),
            ("体 育", "体育与健康"),
            ("生物学", "生物"),
        ] {
            assert_eq!(subject(text), Ok(meant), "{text}");
        }
        assert_eq!(
            subject("体育和健康"),
            Err(WordError::Near {
                given: "体育和健康".to_owned(), nearest: "体育与健康".to_owned()
            })
        );
        assert!(matches!(subject("武术"), Err(WordError::Unknown { .. })));
    }

    #[test]
    fn stages_come_in_order() {
        let through = Ok(vec![Stage::Primary, Stage::Junior]);
        assert_eq!(stages("初中、小学"), through);
        assert_eq!(stages("九年一贯制学校"), through);
        assert_eq!(stages("02"), Ok(vec![Stage::Primary]));
        assert!(stages("大学").is_err());
    }

    #[test]
    fn every_term_of_a_template_is_understood() {
        assert!(STAGE_TERMS.iter().all(|term| super::stage(term).is_ok()));
        assert!(LOCATION_TERMS.iter().all(|term| super::location(term).is_ok()));
        assert!(PILOT_TERMS.iter().all(|term| pilot(term).is_ok()));
        assert!(SUBJECTS.iter().all(|term| subject(term) == Ok(term)));
        assert!(TITLES.iter().all(|term| title(term) == Ok(term)));
    }

    #[test]
    fn a_day_may_be_the_number_that_excel_keeps() {
        let september = NaiveDate::from_ymd_opt(2020, 9, 1);
        assert_eq!(super::day("44075").ok(), september);
        assert_eq!(super::day("2020.9.1").ok(), september);
        assert_eq!(super::day("440750"), Err(NotADate::Form));
        let none = super::day("2020-02-30").expect_err("no such day").to_string();
        assert!(none.contains("没有2020年2月30日这一天"), "{none}");
    }

    #[test]
    fn titles_environments_standings_and_answers() {
        assert_eq!(title("中学高级教师"), Ok("高级教师"));
        let national = Environments::national();
        assert_eq!(environment("多媒体", &national), Ok("multimedia".to_owned()));
        assert!(environment("智慧环镜", &national).is_err());
        assert_eq!(pilot("样板学校"), Ok(Some(Pilot::Model)));
        assert_eq!(pilot("无"), Ok(None));
        assert!(pilot("重点校").is_err());
        assert_eq!(yes_or_no("√"), Ok(true));
        assert_eq!(yes_or_no("否"), Ok(false));
        assert!(yes_or_no("也许").is_err());
    }
}
