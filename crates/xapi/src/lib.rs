//! The Experience API (xAPI 1.0.3 and 2.0, IEEE 9274.1.1) as values and rules, without I/O, clock
//! or database.
//!
//! A [`Statement`] is read once: its JSON is parsed, checked against every rule of its version,
//! and what a store needs to find it again is picked out on the way. What was sent stays as it was
//! sent, for the standard lets a store change nothing but a few properties of its own.

pub mod activity;
pub mod agent;
mod attachment;
mod check;
mod compare;
mod context;
mod der;
pub mod format;
pub mod json;
pub mod language;
pub mod multipart;
mod result;
pub mod samples;
pub mod scalar;
pub mod signature;
mod stamp;
mod statement;
mod term;
pub mod time;
mod version;

pub use attachment::{Attachment, Sha2};
pub use check::Violation;
pub use compare::Likeness;
pub use stamp::{Stamp, Stamped};
pub use statement::{Batch, Kind, Refusal, SIGNATURE, Statement, VOIDED, read, read_one};
pub use term::{Term, TermKind};
pub use version::Version;
