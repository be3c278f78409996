//! What a school must offer and a teacher must choose (选学).

use crate::reader::Section;
use crate::source::Sourced;

/// Codes of the facts of a school that a scheme may make exceptions for: smart-education school,
/// school of an ethnic area, school of a formerly poor county, and the three kinds of lead schools.
pub const SCHOOL_FACTS: [&str; 6] =
    ["smart_education_school", "ethnic_area", "former_poverty_county", "pilot", "model", "demonstration"];

/// A stricter or looser count for schools with some fact, e.g. smart-education schools.
#[derive(Debug, Clone)]
pub struct OfferException {
    /// Code of the school fact, e.g. `smart_education_school`.
    pub fact: String,
    /// What such a school is called.
    pub title: Sourced<String>,
    /// How many dimensions it must offer.
    pub dimensions: Sourced<u32>,
}

/// What a school must offer.
#[derive(Debug, Clone)]
pub struct OfferRule {
    /// From how many dimensions capabilities must come.
    pub dimensions: Sourced<u32>,
    /// Whether only capabilities that fit the school's environment may be offered.
    pub fit_environment: Sourced<bool>,
    /// Schools that are counted otherwise.
    pub exceptions: Vec<OfferException>,
}

impl OfferRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            dimensions: s.count("dimensions"),
            fit_environment: s.flag("fit_environment"),
            exceptions: s.sections("exception", |e| OfferException {
                fact: e.key("fact"),
                title: e.text("title"),
                dimensions: e.count("dimensions"),
            }),
        }
    }
}

/// How many of the dimensions that a school offers a teacher must cover.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cover {
    /// Every one of them.
    #[default]
    EveryOffered,
    /// At least so many, or all when fewer are offered.
    AtLeast(u32),
}

/// What a teacher must choose.
#[derive(Debug, Clone)]
pub struct ChoiceRule {
    /// The least number of capabilities; more when the dimensions to cover ask for more.
    pub minimum: Sourced<u32>,
    /// How many capabilities from each dimension that must be covered.
    pub per_dimension: Sourced<u32>,
    /// Which dimensions must be covered.
    pub cover: Sourced<Cover>,
}

impl ChoiceRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            minimum: s.count("minimum"),
            per_dimension: s.count("per_dimension"),
            cover: s.required(
                "cover",
                "\"every\"（学校提供的每个维度）或至少覆盖的维度数，如 2",
                |value| {
                    if value.as_str() == Some("every") {
                        return Some(Cover::EveryOffered);
                    }
                    value.as_integer()?.as_str().parse().ok().map(Cover::AtLeast)
                },
            ),
        }
    }

    /// How many dimensions must be covered when `offered` are offered.
    #[must_use]
    pub fn dimensions_to_cover(&self, offered: u32) -> u32 {
        match *self.cover {
            Cover::EveryOffered => offered,
            Cover::AtLeast(least) => least.min(offered),
        }
    }

    /// How many capabilities a teacher must choose when `offered` dimensions are offered: the
    /// minimum, or as many as covering the dimensions takes.
    #[must_use]
    pub fn needed(&self, offered: u32) -> u32 {
        (*self.minimum).max(self.dimensions_to_cover(offered) * *self.per_dimension)
    }
}
