//! People and posts: what they are.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, PaperKind, Sex, coded};

use crate::organisation::{Node, Stage};

/// Subjects of the curricula of all stages, in the order of lists: the one table for forms, files and filters.
pub const SUBJECTS: [&str; 28] = [
    "语文",
    "数学",
    "英语",
    "日语",
    "俄语",
    "道德与法治",
    "思想政治",
    "历史",
    "地理",
    "物理",
    "化学",
    "生物",
    "科学",
    "信息技术",
    "信息科技",
    "通用技术",
    "体育与健康",
    "音乐",
    "美术",
    "艺术",
    "劳动",
    "综合实践活动",
    "心理健康",
    "学前教育",
    "特殊教育",
    "专业课",
    "民族语文",
    "其他",
];

/// Professional titles of teachers; forms take another in words besides.
pub const TITLES: [&str; 6] = ["正高级教师", "高级教师", "一级教师", "二级教师", "三级教师", "未定级"];

/// A person, with personal data masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The identifier.
    pub id: Id<Self>,
    /// The name.
    pub name: String,
    /// Which paper the number stands on.
    pub paper_kind: PaperKind,
    /// The paper's number, its middle hidden.
    pub paper_masked: String,
    /// The phone number, its middle hidden.
    pub phone_masked: Option<String>,
    /// GB/T 2261.1.
    pub sex: Sex,
    /// The year of birth.
    pub birth_year: Option<i64>,
    /// Path of the node that keeps the record of a person without a post.
    pub kept_by: String,
    /// Counts the changes.
    pub version: i64,
}

coded! {
    /// How it stands with a post.
    PostState, "在岗状态", {
        /// 在岗
        Active = "active" "在岗",
        /// 借调
        Seconded = "seconded" "借调",
        /// 离任
        Left = "left" "离任",
    }
}

/// A teacher's place at a school.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Post {
    /// The identifier.
    pub id: Id<Self>,
    /// Whose it is.
    pub person: Id<Person>,
    /// Where.
    pub school: Id<Node>,
    /// The school's name today.
    pub school_name: String,
    /// The school's path.
    pub path: String,
    /// The subject taught.
    pub subject: String,
    /// The stage taught in.
    pub stage: Option<Stage>,
    /// The professional title; empty when none.
    pub title: String,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
    /// How it stands.
    pub state: PostState,
    /// Why it ended.
    pub reason: String,
    /// When it was changed last; the beginning of time where nobody kept that.
    pub changed_at: Instant,
}

/// A person in the open post, as other rooms need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Teacher {
    /// The person.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// The school.
    pub school: Id<Node>,
    /// The school's name.
    pub school_name: String,
    /// The school's path.
    pub path: String,
    /// The subject taught.
    pub subject: String,
    /// Code of the stage taught in; empty when unknown.
    pub stage: String,
    /// The professional title; empty when none.
    pub title: String,
}

coded! {
    /// One of the two teams that every school has.
    Team, "团队", {
        /// 学校信息化管理团队
        Management = "management" "学校信息化管理团队",
        /// 学校培训团队
        Training = "training" "学校培训团队",
    }
}

#[cfg(test)]
mod tests {
    use super::Team;

    #[test]
    fn the_teams_are_those_of_which_schemes_may_speak() {
        let keys: Vec<&str> = Team::ALL.iter().map(|team| team.key()).collect();
        assert_eq!(keys, tisheng_rules::TEAMS);
    }
}
