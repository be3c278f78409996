//! What an address asks for (REST binding 1.2): a collection, a record of it, or the part of a collection
//! that belongs to another record. Pure.

use super::records::Collection;

/// What an address asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    pub collection: Collection,
    pub which: Which,
    /// The record that is asked for alone.
    pub id: Option<&'a str>,
    /// The records to which it belongs, the outermost first.
    pub through: Vec<(Named, &'a str)>,
}

/// A name in an address: of which collection, and which records of it.
pub type Named = (Collection, Which);

/// Which records of a collection a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    All,
    /// Organisations that are schools.
    Schools,
    /// None: there are no pupils, nobody teaches a class of the project, and no year has parts.
    Nobody,
}

/// What belongs to a record, by the names in the address.
const WAYS: [&str; 24] = [
    "schools/classes",
    "schools/courses",
    "schools/enrollments",
    "schools/lineItems",
    "schools/students",
    "schools/teachers",
    "schools/terms",
    "schools/classes/enrollments",
    "schools/classes/students",
    "schools/classes/teachers",
    "classes/categories",
    "classes/lineItems",
    "classes/results",
    "classes/students",
    "classes/teachers",
    "classes/lineItems/results",
    "classes/students/results",
    "lineItems/results",
    "courses/classes",
    "terms/classes",
    "terms/gradingPeriods",
    "students/classes",
    "teachers/classes",
    "users/classes",
];

impl<'a> Asked<'a> {
    /// Reads what follows the version in an address of `service`; `None` for one that the standard or this
    /// house does not have.
    pub fn read(service: &str, segments: &[&'a str]) -> Option<Self> {
        let names: Vec<&str> = segments.iter().step_by(2).copied().collect();
        let ids: Vec<&str> = segments.iter().skip(1).step_by(2).copied().collect();
        let is_way =
            names.len() == 1 || (ids.len() < names.len() && WAYS.contains(&names.join("/").as_str()));
        if !is_way {
            return None;
        }
        let named = |at: usize| named(names[at], names[..at].contains(&"classes"));
        let (collection, which) = named(names.len() - 1)?;
        let through = (0..names.len() - 1).map(|at| Some((named(at)?, ids[at]))).collect::<Option<_>>()?;
        let expected = if collection.is_of_gradebook() { "gradebook" } else { "rostering" };
        let id = if ids.len() == names.len() { ids.last().copied() } else { None };
        (service == expected).then_some(Self { collection, which, id, through })
    }
}

/// What a name means. Within a class teachers and students are told apart by what they do in it, elsewhere
/// by their role.
fn named(name: &str, is_in_class: bool) -> Option<Named> {
    Some(match (name, is_in_class) {
        ("schools", _) => (Collection::Orgs, Which::Schools),
        ("terms", _) => (Collection::AcademicSessions, Which::All),
        ("gradingPeriods", _) => (Collection::AcademicSessions, Which::Nobody),
        ("teachers", false) | ("students", true) => (Collection::Users, Which::All),
        ("students", false) | ("teachers", true) => (Collection::Users, Which::Nobody),
        _ => (Collection::of(name)?, Which::All),
    })
}

#[cfg(test)]
mod tests {
    use super::{Asked, Which};
    use crate::oneroster::records::Collection;

    #[test]
    fn an_address_is_a_collection_a_record_or_what_belongs_to_one() {
        let read = |service: &'static str, address: &'static str| {
            Asked::read(service, &address.split('/').collect::<Vec<_>>())
        };
        let asked = read("rostering", "schools/1/classes/2/students").expect("a way");
        assert_eq!((asked.collection, asked.which, asked.id), (Collection::Users, Which::All, None));
        let outer = ((Collection::Orgs, Which::Schools), "1");
        assert_eq!(asked.through, [outer, ((Collection::Classes, Which::All), "2")]);
        assert_eq!(read("rostering", "students").expect("a way").which, Which::Nobody);
        assert_eq!(read("rostering", "teachers/7").expect("a way").id, Some("7"));
        for (service, address) in [
            ("rostering", "results"),
            ("rostering", "classes/1/results"),
            ("gradebook", "users"),
            ("rostering", "classes/1/students/2"),
            ("rostering", "users/1/courses"),
            ("rostering", "nothing"),
            ("rostering", ""),
            ("elsewhere", "orgs"),
        ] {
            assert_eq!(read(service, address), None, "{service} {address}");
        }
    }
}
