//! Nodes and schools: what they are and where they may stand.

use chrono::NaiveDate;
use tisheng_kernel::text::tidy;
use tisheng_kernel::{Id, LocalCode, RegionCode, SchoolCode, coded};

use crate::role::Breadth;

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its identifier.
    pub id: Id<Self>,
    /// What stands above it; `None` for a root.
    pub parent: Option<Id<Self>>,
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its code: of a region six or nine digits, or a local one; of a school ten digits.
    pub code: Option<String>,
    /// The segments from the root down, each ended by a slash.
    pub path: String,
    /// Steps from the root.
    pub depth: i64,
    /// The day of its founding, as far as known.
    pub valid_from: NaiveDate,
    /// The first day on which it is no more.
    pub valid_to: Option<NaiveDate>,
    /// Counts the changes.
    pub version: i64,
}

impl Node {
    /// Whether the node still is.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.valid_to.is_none()
    }

    /// The last segment of the path.
    #[must_use]
    pub fn segment(&self) -> &str {
        self.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
    }
}

coded! {
    /// What a node is.
    Kind, "机构类型", {
        /// 省
        Province = "province" "省",
        /// 市（州）
        City = "city" "市（州）",
        /// 县（市、区）
        County = "county" "县（市、区）",
        /// 镇（街道、片区)
        Town = "town" "镇（街道、片区）",
        /// 学校, teaching points included
        School = "school" "学校",
        /// 教研组
        Group = "group" "教研组",
        /// 工程办公室
        Office = "office" "工程办公室",
        /// 教师发展中心
        Centre = "centre" "教师发展中心",
        /// 培训机构
        Institution = "institution" "培训机构",
    }
}

impl Kind {
    /// How much of the tree a node of the kind spans.
    #[must_use]
    pub const fn breadth(self) -> Breadth {
        match self {
            Self::Province | Self::City => Breadth::Widest,
            Self::County => Breadth::Wide,
            _ => Breadth::Narrow,
        }
    }

    /// Whether a node of this kind may stand directly below one of kind `above`; `None` is the
    /// root. Levels may be left out, never turned round.
    #[must_use]
    pub const fn may_stand_below(self, above: Option<Self>) -> bool {
        use Kind as K;
        match self {
            K::Province => above.is_none(),
            K::City => matches!(above, None | Some(K::Province)),
            K::County => matches!(above, None | Some(K::Province | K::City)),
            K::Town => matches!(above, Some(K::City | K::County)),
            K::School => matches!(above, Some(K::Province | K::City | K::County | K::Town | K::School)),
            K::Group => matches!(above, Some(K::School)),
            K::Office | K::Centre | K::Institution => {
                matches!(above, Some(K::Province | K::City | K::County | K::Town))
            }
        }
    }

    /// Whether the node is a part of the country with a region code.
    #[must_use]
    pub const fn is_region(self) -> bool {
        matches!(self, Self::Province | Self::City | Self::County | Self::Town)
    }

    /// Reads the code of a node of this kind; an empty text is no code. New areas and teaching
    /// points have none, so it is never asked for.
    ///
    /// # Errors
    /// The sentence for the form.
    pub fn read_code(self, text: &str) -> Result<Option<String>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        if self.is_region() {
            return region_code(text).map(Some);
        }
        if self == Self::School {
            return text.parse::<SchoolCode>().map(|c| Some(c.to_string())).map_err(|e| e.to_string());
        }
        let fits = text.len() <= 32 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if fits {
            Ok(Some(text.to_owned()))
        } else {
            Err("机构代码只能包含字母、数字和短横".to_owned())
        }
    }
}

/// Reads the code of a region: the state's or, where it begins with a letter, a local one.
///
/// # Errors
/// The sentence for the form.
pub fn region_code(text: &str) -> Result<String, String> {
    if tidy(text).starts_with(|c: char| c.is_ascii_alphabetic()) {
        return text.parse::<LocalCode>().map(|code| code.to_string()).map_err(|e| e.to_string());
    }
    let hint = |e| format!("{e}；没有区划代码的新区、开发区可填以字母开头的地方代码");
    text.parse::<RegionCode>().map(|code| code.to_string()).map_err(hint)
}

coded! {
    /// A stage of education that a school has and a post belongs to.
    Stage, "学段", {
        /// 幼儿园
        Kindergarten = "01" "幼儿园",
        /// 小学
        Primary = "02" "小学",
        /// 初中
        Junior = "03" "初中",
        /// 高中
        Senior = "04" "高中",
        /// 中职
        Vocational = "05" "中职",
        /// 特教
        Special = "06" "特教",
    }
}

coded! {
    /// Town and country, as the state's statistics divide them (城乡类型代码).
    Location, "城乡类型", {
        /// 主城区
        MainCity = "111" "主城区",
        /// 城乡结合区
        CityEdge = "112" "城乡结合区",
        /// 镇中心区
        TownCentre = "121" "镇中心区",
        /// 镇乡结合区
        TownEdge = "122" "镇乡结合区",
        /// 特殊区域
        SpecialArea = "123" "特殊区域",
        /// 乡中心区
        RuralCentre = "210" "乡中心区",
        /// 村庄
        Village = "220" "村庄",
    }
}

coded! {
    /// Standing among the schools of the project.
    Pilot, "试点情况", {
        /// 试点校
        Pilot = "pilot" "试点校",
        /// 样板校
        Model = "model" "样板校",
        /// 示范校
        Demonstration = "demonstration" "示范校",
    }
}

/// What rules must know of a school (ORG-2).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its stages; a through-school has several.
    pub stages: Vec<Stage>,
    /// Town or country; `None` when unknown.
    pub location: Option<Location>,
    /// In an area of ethnic minorities.
    pub ethnic_area: bool,
    /// In a county formerly in deep poverty.
    pub former_poverty: bool,
    /// Code of its environment, the equipment of its classrooms; `None` until the school has said.
    pub environment: Option<String>,
    /// A school of the smart-education programme (智慧教育创建校).
    pub smart_school: bool,
    /// Its standing among the schools of the project.
    pub pilot: Option<Pilot>,
    /// Counts the changes.
    pub version: i64,
}

impl Facts {
    /// The stages as stored: `02,03`.
    #[must_use]
    pub fn stage_codes(&self) -> String {
        self.stages.iter().map(|stage| stage.key()).collect::<Vec<_>>().join(",")
    }

    /// The stages as shown: `小学、初中`.
    #[must_use]
    pub fn stage_titles(&self) -> String {
        self.stages.iter().map(|stage| stage.title()).collect::<Vec<_>>().join("、")
    }
}

/// The segment of a new node's path: a region's code, else [`own_segment`].
#[must_use]
pub fn segment(id: Id<Node>, kind: Kind, code: Option<&str>) -> String {
    match code {
        Some(code) if kind.is_region() => code.to_owned(),
        _ => own_segment(id),
    }
}

/// The segment that only the node `id` can have: the random end of its identifier.
#[must_use]
pub fn own_segment(id: Id<Node>) -> String {
    id.to_string().split_off(20)
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{Id, Instant};

    use super::{Kind, Stage, segment};

    #[test]
    fn levels_may_be_left_out_and_not_turned_round() {
        assert!(Kind::County.may_stand_below(Some(Kind::Province)));
        assert!(Kind::School.may_stand_below(Some(Kind::City)));
        assert!(Kind::School.may_stand_below(Some(Kind::School)), "a teaching point below its school");
        assert!(Kind::City.may_stand_below(None));
        assert!(!Kind::City.may_stand_below(Some(Kind::County)));
        assert!(!Kind::School.may_stand_below(None));
        assert!(!Kind::Group.may_stand_below(Some(Kind::County)));
        assert!(!Kind::Province.may_stand_below(Some(Kind::Province)));
    }

    #[test]
    fn each_kind_has_its_codes() {
        assert_eq!(Kind::County.read_code("210102"), Ok(Some("210102".to_owned())));
        assert!(Kind::County.read_code("2101020001").is_err_and(|e| e.contains("以字母开头的地方代码")));
        assert_eq!(
            Kind::County.read_code("gxq1"),
            Ok(Some("GXQ1".to_owned())),
            "a zone without an official one"
        );
        assert!(Kind::Town.read_code("GXQ-1").is_err_and(|e| e.contains("2至12位字母和数字")));
        assert!(Kind::School.read_code("GXQ1").is_err());
        assert_eq!(Kind::School.read_code("2121000001"), Ok(Some("2121000001".to_owned())));
        assert!(Kind::School.read_code("210102").is_err());
        assert_eq!(Kind::School.read_code(""), Ok(None));
        assert!(Kind::Centre.read_code("a/b").is_err());
    }

    #[test]
    fn codes_and_terms_are_read() {
        assert_eq!("02".parse(), Ok(Stage::Primary));
        assert_eq!("初中".parse(), Ok(Stage::Junior));
        assert!("大学".parse::<Stage>().is_err());
    }

    #[test]
    fn a_segment_is_short_and_keeps_the_code_of_a_region() {
        let id = Id::new(Instant::from_micros(1));
        assert_eq!(segment(id, Kind::County, Some("210102")), "210102");
        assert_eq!(segment(id, Kind::School, Some("2121000001")).len(), 12);
        assert_eq!(segment(id, Kind::County, None).len(), 12);
    }
}
