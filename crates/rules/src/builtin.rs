//! The schemes, regions and national floor that come with the program.

use std::str::FromStr;

use tisheng_kernel::{RegionCode, RegionLevel};

/// The files of one scheme, as name and text.
pub type Files = &'static [(&'static str, &'static str)];

// `const SCHEMES: &[(&str, Files)]`, one entry for each directory of `schemes/`.
include!(concat!(env!("OUT_DIR"), "/schemes.rs"));

const REGIONS: &str = include_str!("../../../schemes/regions.csv");

/// The file that holds the national floor.
pub(crate) const NATIONAL: (&str, &str) = ("national.toml", include_str!("../../../schemes/national.toml"));

/// Every scheme that comes with the program, by code.
#[must_use]
pub fn all() -> Vec<(&'static str, Files)> {
    SCHEMES.to_vec()
}

/// The files of the scheme of that code.
#[must_use]
pub fn files(code: &str) -> Option<Files> {
    SCHEMES.iter().find(|(known, _)| *known == code).map(|(_, files)| *files)
}

/// A region of the table of regions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Its code.
    pub code: RegionCode,
    /// Its name.
    pub name: &'static str,
    /// The region it lies in; `None` at the top.
    pub parent: Option<RegionCode>,
    /// Its level as the table says; a town may lie directly below a city.
    pub level: RegionLevel,
}

/// The table of regions as text: `code,name,parent,level`, parents before children.
#[must_use]
pub fn regions_table() -> &'static str {
    REGIONS
}

/// The regions that come with the program, parents before children.
#[must_use]
pub fn regions() -> Vec<Region> {
    REGIONS.lines().skip(1).filter_map(read_region).collect()
}

fn read_region(line: &'static str) -> Option<Region> {
    let mut fields = line.split(',').map(str::trim);
    let code = RegionCode::from_str(fields.next()?).ok()?;
    let name = fields.next()?;
    let parent = fields.next().filter(|parent| !parent.is_empty());
    let level = match fields.next()? {
        "province" => RegionLevel::Province,
        "city" => RegionLevel::City,
        "county" => RegionLevel::County,
        "town" => RegionLevel::Town,
        _ => return None,
    };
    Some(Region { code, name, parent: parent.and_then(|parent| parent.parse().ok()), level })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{REGIONS, all, files, regions};
    use crate::Scheme;

    #[test]
    fn every_scheme_is_right_and_named_by_its_code() {
        for (code, files) in all() {
            let scheme = Scheme::from_files(files).unwrap_or_else(|problems| {
                let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
                panic!("{code}:\n{}", lines.join("\n"))
            });
            assert_eq!(scheme.code(), code);
        }
        assert!(files("nowhere-2020").is_none());
    }

    #[test]
    fn every_line_of_the_table_is_a_region_below_a_known_one() {
        let regions = regions();
        assert_eq!(regions.len(), REGIONS.lines().filter(|line| !line.trim().is_empty()).count() - 1);
        let mut known = BTreeSet::new();
        for region in &regions {
            if let Some(parent) = &region.parent {
                assert!(known.contains(parent), "{} before its parent", region.code);
            }
            assert!(known.insert(region.code.clone()), "{} twice", region.code);
        }
    }
}
