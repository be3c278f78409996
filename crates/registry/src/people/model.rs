//! People and posts: what they are.

use chrono::NaiveDate;
use tisheng_kernel::{Id, PaperKind, Sex, coded};

use crate::organisation::{Node, Stage};

/// The usual subjects, for choices in forms; a school may name others.
pub const SUBJECTS: [&str; 20] = [
    "语文",
    "数学",
    "英语",
    "道德与法治",
    "思想政治",
    "历史",
    "地理",
    "物理",
    "化学",
    "生物",
    "科学",
    "信息技术",
    "通用技术",
    "体育与健康",
    "音乐",
    "美术",
    "综合实践活动",
    "心理健康",
    "学前教育",
    "特殊教育",
];

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

coded! {
    /// A role within a team, under the code by which a scheme counts it.
    Duty, "团队分工", {
        /// 校长（领衔）
        Leader = "principal" "校长（领衔）",
        /// 首席信息官
        Cio = "cio" "首席信息官",
        /// 教研组长
        SubjectLead = "subject_lead" "教研组长",
    }
}

impl Team {
    /// The duties that may be given in the team.
    #[must_use]
    pub const fn duties(self) -> &'static [Duty] {
        match self {
            Self::Management => &[Duty::Leader, Duty::Cio],
            Self::Training => &[Duty::SubjectLead],
        }
    }
}
