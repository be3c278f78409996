//! Contradictions in a scheme that was read well: rules that cannot all hold, references to
//! nothing, values below the national floor.

mod assessing;
mod counting;
mod naming;

use std::cell::RefCell;

use tisheng_kernel::{HourLength, Seconds};

use crate::builtin;
use crate::problem::Problem;
use crate::reader::{SchemeFile, Section};
use crate::scheme::Scheme;
use crate::source::{Place, Sourced};

/// Every contradiction found.
pub(crate) fn check(scheme: &Scheme) -> Vec<Problem> {
    let mut found = Found::default();
    naming::check(scheme, &mut found);
    counting::check(scheme, &mut found);
    assessing::check(scheme, &mut found);
    found.problems
}

/// The problems found so far.
#[derive(Default)]
struct Found {
    problems: Vec<Problem>,
}

impl Found {
    fn at(&mut self, place: &Place, wrong: impl Into<String>, right: impl Into<String>) {
        self.problems.push(Problem::at(place, wrong, right));
    }

    fn value<T>(&mut self, value: &Sourced<T>, wrong: impl Into<String>, right: impl Into<String>) {
        self.at(&value.source.at, wrong, right);
    }
}

/// What the state asks of every scheme.
struct Floor {
    hours: Sourced<Seconds>,
    practice_percent: Sourced<u32>,
}

/// The national floor, with hours of the given length.
fn national_floor(length: HourLength) -> Floor {
    let (name, text) = builtin::NATIONAL;
    let (table, _) = toml::de::DeTable::parse_recoverable(text);
    let tables = [(SchemeFile::new(name, text), table.into_inner())];
    let problems = RefCell::new(Vec::new());
    let root = Section::root(&tables, &problems);
    root.section("floor", |floor| Floor {
        hours: floor.hours("hours", length),
        practice_percent: floor.count("practice_percent"),
    })
}
