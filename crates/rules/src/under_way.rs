//! Work that has no result yet, and reviews of the work of others.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use tisheng_kernel::number::chinese_date;

/// How far a capability or work has come that was handed in and has no result yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnderWay {
    /// Handed in; the teacher's own judgement is awaited.
    OwnJudgement,
    /// In the hands of others.
    Judged,
    /// Decided and open to objections until the end of that day.
    OnNotice(NaiveDate),
    /// Sent back to be changed.
    Returned,
}

impl UnderWay {
    /// Whether there is nothing for the teacher to do but wait.
    #[must_use]
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Judged | Self::OnNotice(_))
    }

    /// The state in words.
    #[must_use]
    pub fn chinese(self) -> String {
        match self {
            Self::OwnJudgement => "已提交，等待自评".to_owned(),
            Self::Judged => "已提交，正在评审".to_owned(),
            Self::OnNotice(until) => format!("公示中，公示至{}", chinese_date(until)),
            Self::Returned => "已退回，须修改后重新提交".to_owned(),
        }
    }
}

/// The codes that have no result that passed, in their groups with words for each; those that
/// nobody has handed in come last.
pub(crate) fn in_words(open: &[&str], under_way: Option<&BTreeMap<String, UnderWay>>) -> String {
    let Some(under_way) = under_way else {
        return if open.is_empty() {
            String::new()
        } else {
            format!("；尚未完成测评：{}", open.join("、"))
        };
    };
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    let (begun, rest): (Vec<&str>, Vec<&str>) =
        open.iter().copied().partition(|code| under_way.contains_key(*code));
    for code in begun {
        let words = under_way.get(code).map(|state| state.chinese()).unwrap_or_default();
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, codes)) => codes.push(code),
            None => groups.push((words, vec![code])),
        }
    }
    let mut text: String =
        groups.iter().map(|(words, codes)| format!("；{}{words}", codes.join("、"))).collect();
    if !rest.is_empty() {
        text.push_str(&format!("；尚未提交：{}", rest.join("、")));
    }
    text
}

/// The reviews of colleagues' work that fell to a teacher and came to an end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeerReviews {
    /// How many: done, or left alone until they went to somebody else.
    pub drawn: u32,
    /// How many of them were done in time.
    pub in_time: u32,
}
