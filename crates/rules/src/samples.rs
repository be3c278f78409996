//! A third scheme, made up: other levels, other hours, other steps. Tests of every room run it
//! beside the published ones, so that no rule of a real place hides in the code.

use crate::builtin::Files;
use crate::scheme::Scheme;

/// The files of the third scheme: a city with school districts and schools, hours of 40 minutes,
/// 24 + 36 of them, no peers but two panels.
const THIRD: Files = &[
    ("scheme.toml", include_str!("../samples/scheme.toml")),
    ("framework.toml", include_str!("../samples/framework.toml")),
    ("evidence.toml", include_str!("../samples/evidence.toml")),
    ("assessment.toml", include_str!("../samples/assessment.toml")),
    ("plan.toml", include_str!("../samples/plan.toml")),
];

/// The files of the third scheme, as name and text.
#[must_use]
pub fn third_scheme_files() -> Files {
    THIRD
}

/// The third scheme.
///
/// # Panics
/// Never: a test reads it.
#[must_use]
pub fn third_scheme() -> Scheme {
    Scheme::from_files(THIRD).expect("the sample scheme is right, as its test shows")
}

/// The files of the third scheme with one text replaced in every file where it stands, for tests
/// of mistakes.
///
/// # Panics
/// When `from` stands in no file: the test would not test what it says.
#[must_use]
pub fn third_scheme_with(from: &str, to: &str) -> Vec<(String, String)> {
    assert!(THIRD.iter().any(|(_, text)| text.contains(from)), "“{from}” stands in no file of the sample");
    THIRD.iter().map(|(name, text)| ((*name).to_owned(), text.replace(from, to))).collect()
}

/// Files of the third scheme with counties between the city and its districts, for what is counted by county.
///
/// # Panics
/// When the city is not where it was: the test would not test what it says.
#[must_use]
pub fn with_counties(files: Vec<(String, String)>) -> Vec<(String, String)> {
    const CITY: &str = "title = \"市\"\noffice = \"行动办\"\n";
    const COUNTY: &str =
        "\n[[tier]]\nkey = \"county\"\nsource = \"第二条\"\ntitle = \"县（市、区）\"\noffice = \"行动办\"\n";
    assert!(files.iter().any(|(_, text)| text.contains(CITY)), "the city stands elsewhere");
    let with = format!("{CITY}{COUNTY}");
    files.into_iter().map(|(name, text)| (name, text.replace(CITY, &with))).collect()
}

#[cfg(test)]
mod tests {
    use super::third_scheme;

    #[test]
    fn the_sample_is_right() {
        assert_eq!(third_scheme().code(), "lakeside-2023");
    }
}
