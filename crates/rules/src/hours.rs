//! The hours a scheme asks for: categories, kinds, minima, ceilings and what surplus may do.

use tisheng_kernel::{HourLength, Seconds};

use crate::reader::Section;
use crate::source::Sourced;

/// What surplus in one place may do for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Surplus {
    /// It fills nothing: every category and kind must be met by itself.
    #[default]
    Stays,
    /// Surplus of one kind fills other kinds of the same category.
    WithinCategory,
    /// Surplus of one category also fills the others.
    Anywhere,
}

/// Whether a category is study on line or practice at school; the national floor is about
/// practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CategoryRole {
    /// 网络研修
    #[default]
    Online,
    /// 校本实践
    Practice,
}

/// What one item of a kind of hours is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ItemUnit {
    /// A chosen capability whose evidence is handed in.
    #[default]
    Capability,
    /// A research activity.
    Activity,
    /// A work such as the integrated lesson recording.
    Work,
}

/// Hours that one item earns.
#[derive(Debug, Clone)]
pub struct HourItem {
    /// What an item is.
    pub unit: ItemUnit,
    /// What each earns.
    pub hours: Sourced<Seconds>,
}

/// A kind of hours within a category, e.g. 校本教研 within 实践应用.
#[derive(Debug, Clone)]
pub struct HourKind {
    /// Code used in the ledger.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// The least that must be earned in it.
    pub minimum: Option<Sourced<Seconds>>,
    /// The most that is counted.
    pub ceiling: Option<Sourced<Seconds>>,
    /// What earns them, item by item.
    pub item: Option<HourItem>,
}

/// A category of hours with its own minimum.
#[derive(Debug, Clone)]
pub struct HourCategory {
    /// Code used in the ledger.
    pub key: String,
    /// Its name, e.g. 网络研修.
    pub title: Sourced<String>,
    /// Study or practice.
    pub role: CategoryRole,
    /// The least that must be earned in it.
    pub minimum: Sourced<Seconds>,
    /// The most that is counted.
    pub ceiling: Option<Sourced<Seconds>>,
    /// Its kinds; none when the scheme does not divide it.
    pub kinds: Vec<HourKind>,
}

/// What is too good to be true in what learning platforms report, so that a person looks at it.
#[derive(Debug, Clone)]
pub struct Plausibility {
    /// The least share of its material's length, in per cent, in which a course can be learnt.
    pub fastest: Sourced<u32>,
    /// Minutes for which two lessons may overlap.
    pub overlap_minutes: Sourced<u32>,
    /// Records of one teacher that may come from within [`Plausibility::burst_minutes`]; and, where records name a day
    /// alone, from one day, since all of them may have come at once.
    pub burst: Sourced<u32>,
    /// Minutes within which so many are a burst.
    pub burst_minutes: Sourced<u32>,
    /// Minutes by which a platform's clock may be ahead.
    pub ahead_minutes: Sourced<u32>,
}

impl Plausibility {
    fn read(s: &Section<'_>) -> Self {
        Self {
            fastest: s.count("fastest"),
            overlap_minutes: s.count("overlap_minutes"),
            burst: s.count("burst"),
            burst_minutes: s.count("burst_minutes"),
            ahead_minutes: s.count("ahead_minutes"),
        }
    }
}

/// Everything a scheme says about hours.
#[derive(Debug, Clone)]
pub struct HoursRule {
    /// Seconds in one 学时.
    pub length: Sourced<HourLength>,
    /// The least in all.
    pub total: Sourced<Seconds>,
    /// What a training day counts for.
    pub training_day: Sourced<Seconds>,
    /// What surplus may do.
    pub surplus: Sourced<Surplus>,
    /// Whether hours are booked to the years they were worked in.
    pub by_year: Sourced<bool>,
    /// What the hours count as in continuing education, in words.
    pub counts_as: Option<Sourced<String>>,
    /// What is too good to be true; nothing is looked for where the scheme does not say.
    pub plausibility: Option<Plausibility>,
    /// The categories in the order they are shown.
    pub categories: Vec<HourCategory>,
}

impl HoursRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        let length = s.required("length", "每学时的分钟数，20 到 120", |value| {
            let minutes = value.as_integer()?.as_str().parse().ok()?;
            HourLength::new(minutes).ok().map(Length)
        });
        let length = Sourced { value: length.value.0, source: length.source };
        Self {
            total: s.hours("total", *length),
            training_day: s.hours("training_day", *length),
            surplus: s.word(
                "surplus",
                &[
                    ("stays", Surplus::Stays),
                    ("within_category", Surplus::WithinCategory),
                    ("anywhere", Surplus::Anywhere),
                ],
            ),
            by_year: s.flag("by_year"),
            counts_as: s.optional_text("counts_as"),
            plausibility: s.optional_section("plausibility", Plausibility::read),
            categories: s.sections("category", |category| read_category(category, *length)),
            length,
        }
    }

    /// The category of that code.
    #[must_use]
    pub fn category(&self, key: &str) -> Option<&HourCategory> {
        self.categories.iter().find(|category| category.key == key)
    }

    /// The kind of that code within the category of that code.
    #[must_use]
    pub fn kind(&self, category: &str, kind: &str) -> Option<&HourKind> {
        self.category(category)?.kinds.iter().find(|candidate| candidate.key == kind)
    }

    /// Shown as this scheme's 学时 with their unit, e.g. `20 学时`.
    #[must_use]
    pub fn shown(&self, seconds: Seconds) -> String {
        seconds.with_unit(*self.length)
    }
}

/// Stands in for a length that could not be read.
struct Length(HourLength);

impl Default for Length {
    fn default() -> Self {
        Self(HourLength::LESSON)
    }
}

fn read_category(s: &Section<'_>, length: HourLength) -> HourCategory {
    HourCategory {
        key: s.key("key"),
        title: s.text("title"),
        role: s.word("role", &[("online", CategoryRole::Online), ("practice", CategoryRole::Practice)]).value,
        minimum: s.hours("minimum", length),
        ceiling: s.optional_hours("ceiling", length),
        kinds: s.sections("kind", |kind| read_kind(kind, length)),
    }
}

fn read_kind(s: &Section<'_>, length: HourLength) -> HourKind {
    const UNITS: [(&str, ItemUnit); 3] =
        [("capability", ItemUnit::Capability), ("activity", ItemUnit::Activity), ("work", ItemUnit::Work)];
    let item = s
        .has("item")
        .then(|| HourItem { unit: s.word("item", &UNITS).value, hours: s.hours("item_hours", length) });
    HourKind {
        key: s.key("key"),
        title: s.text("title"),
        minimum: s.optional_hours("minimum", length),
        ceiling: s.optional_hours("ceiling", length),
        item,
    }
}
