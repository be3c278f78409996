//! Programmes and the scheme each runs by.
//!
//! A **programme** (工程) is one run of the project for the territory of one node. It runs by a
//! **scheme**: files of rules, kept as **versions**. A version is handed in as a draft, tried
//! (换规试算: who would change), put into force by the programme's owner at once or on a day to come,
//! and superseded by the next. Its text never changes, and a final result stays on the version it was judged by.
//!
//! Tables: `programme`, `scheme_version`, `scheme_trial`, `scheme_trial_change`.
//!
//! Invariants: a programme has exactly one version in force and at most one that waits for its day,
//! which no other overtakes; only a draft with a finished trial against the version in force comes into
//! force or waits; what comes into force is computed once more, and that is kept; only the province or city office at exactly the
//! programme's node changes its rules.

mod actions;
mod due;
mod environments;
mod force;
mod model;
mod pages;
mod rulebook;
pub mod samples;
mod store;
#[cfg(test)]
mod tests;
pub mod trial;

pub use actions::{
    all, ask_trial, at, current, draft, files, of_id, open, owned, programmes, version, withdraw,
};
pub use due::in_force_at;
pub use environments::ENVIRONMENTS;
pub use force::{call_off, check_versions, jobs, put_in_force, put_off, told};
pub use model::{Change, ChangeKind, File, Programme, SchemeError, State, Trial, Version, decide_in_force};
pub use pages::routes;
pub use rulebook::{Final, FinalBy, Rulebook, rules, rules_for, rules_for_each, rules_of};
pub use store::follow;
