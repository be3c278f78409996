//! The scheme language: the policy of a territory as a directory of TOML files, read, checked,
//! explained, compared, evaluated and played through. Pure: no I/O, no clock, no place names.
//!
//! A [`Scheme`] is made by [`Scheme::from_files`] and never changes; every value in it carries
//! the place in the official text that it comes from, or is marked as a default.

pub mod assessment;
pub mod builtin;
pub mod certificate;
pub mod certification;
mod check;
pub mod choice;
pub mod condition;
mod extension;
pub mod framework;
pub mod handover;
pub mod hours;
mod outcome;
mod outline;
pub mod plan;
mod problem;
mod reader;
pub mod samples;
mod scheme;
mod selection;
mod simulate;
mod slips;
pub mod source;
mod sums;
mod tally;
mod task;
mod team;
pub mod territory;
mod under_way;
mod verdict;

pub use certificate::CertificateFacts;
pub use condition::Condition;
pub use extension::{ExtensionError, LocalCapability, LocalPiece};
pub use outcome::Outcome;
pub use outline::{Clause, Difference, diff, explain};
pub use problem::Problem;
pub use scheme::Scheme;
pub use selection::SchoolFacts;
pub use simulate::simulate;
pub use source::{Basis, Place, Source, Sourced};
pub use tally::{CategorySum, HourEntry, Sum, Tally};
pub use task::{Task, TaskProgress};
pub use team::TEAMS;
pub use territory::TierKey;
pub use under_way::{PeerReviews, UnderWay};
pub use verdict::{CertificateHolder, Facts, ScoreLine, Verdict, capability_level};
