//! What a scheme is, where and when it holds, and which levels of the tree it uses.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tisheng_kernel::{Period, RegionCode};

use crate::reader::Section;
use crate::source::{Source, Sourced};

/// A level of the tree of organisations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TierKey {
    /// 省
    #[default]
    Province,
    /// 市、州
    City,
    /// 县、市、区
    County,
    /// 镇、街道, 片
    Town,
    /// 学校
    School,
}

impl TierKey {
    /// Every level from the top down.
    pub const ALL: [Self; 5] = [Self::Province, Self::City, Self::County, Self::Town, Self::School];

    /// The word used in scheme files and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
            Self::School => "school",
        }
    }

    pub(crate) const WORDS: [(&'static str, Self); 5] = [
        ("province", Self::Province),
        ("city", Self::City),
        ("county", Self::County),
        ("town", Self::Town),
        ("school", Self::School),
    ];
}

/// A level that the scheme's territory uses, under the name it has there.
#[derive(Debug, Clone)]
pub struct Tier {
    /// Which level.
    pub key: TierKey,
    /// What it is called there, e.g. 市（州）.
    pub title: Sourced<String>,
    /// The body that runs the programme at this level, e.g. 工程办.
    pub office: Option<Sourced<String>>,
    /// Whether some branches of the tree leave the level out.
    pub optional: bool,
    /// Where that comes from; none where nothing is said of it.
    pub optional_source: Option<Source>,
}

impl Tier {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        let optional = s.has("optional").then(|| s.flag("optional"));
        Self {
            key: s.word("key", &TierKey::WORDS).value,
            title: s.text("title"),
            office: s.optional_text("office"),
            optional: optional.as_ref().is_some_and(|said| said.value),
            optional_source: optional.map(|said| said.source),
        }
    }
}

/// The scheme's name, document, territory and period.
#[derive(Debug, Clone)]
pub struct Identity {
    /// Short code, also the name of its directory.
    pub code: String,
    /// The version of these rules, e.g. `2020.1`.
    pub version: String,
    /// Full title of the official document.
    pub title: Sourced<String>,
    /// The title for headings of pages.
    pub short_title: Sourced<String>,
    /// Who issued the document.
    pub issuer: Sourced<String>,
    /// The document's number, e.g. 教〔2020〕8号.
    pub document_number: Option<Sourced<String>>,
    /// Region code of the territory.
    pub territory: Sourced<Option<RegionCode>>,
    /// Whom the scheme covers: kinds of schools, in words.
    pub covers: Sourced<Vec<String>>,
    /// From the first to the last day.
    pub period: Sourced<Option<Period>>,
    /// Where the text gives the first day; the source of the period is that of the last.
    pub from_source: Source,
}

impl Identity {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        let from = s.date("from");
        let until = s.date("until");
        let period = Period::new(*from, *until).ok();
        if period.is_none() {
            s.report(&until.source.at, "until 早于 from", "结束日期应在开始日期之后");
        }
        Self {
            code: s.key("code"),
            version: s.key("version"),
            title: s.text("title"),
            short_title: s.text("short_title"),
            issuer: s.text("issuer"),
            document_number: s.optional_text("document_number"),
            territory: s.required(
                "territory",
                "以1至8开头的6位或9位行政区划代码，如 \"440600\"",
                |value| value.as_str()?.parse::<RegionCode>().ok().map(Some),
            ),
            covers: s.texts("covers"),
            period: Sourced { value: period, source: until.source },
            from_source: from.source,
        }
    }
}

/// A stretch of the programme with its tasks (实施阶段).
#[derive(Debug, Clone)]
pub struct Phase {
    /// Its name.
    pub title: Sourced<String>,
    /// First day.
    pub from: Sourced<NaiveDate>,
    /// Last day.
    pub until: Sourced<NaiveDate>,
    /// What is to be done in it.
    pub tasks: Sourced<Vec<String>>,
    /// The dates as printed, where they cannot be meant so.
    pub printed: Option<Sourced<String>>,
}

impl Phase {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            title: s.text("title"),
            from: s.date("from"),
            until: s.date("until"),
            tasks: s.texts("tasks"),
            printed: s.optional_text("printed"),
        }
    }
}

/// A remark on the official text: a slip in it, or a reading that was chosen.
#[derive(Debug, Clone)]
pub struct Note {
    /// What the text says and how it is read here.
    pub text: String,
    /// Where the text says it.
    pub source: Source,
}

impl Note {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self { text: s.key("text"), source: s.source() }
    }
}
