//! From what platforms say to hours (LEARN-2, LEARN-3).
//!
//! A platform speaks of a **learner**, an account that is matched to a teacher once, and says
//! **facts**: started, spent so long, completed, passed, failed. Facts are kept as they come, each
//! once by the platform's own number, whether or not the teacher or the course is known yet. The
//! hours that follow are a function of a learner's facts of a course and of the course's terms
//! ([`credits`]): whenever something is added, voided, matched or approved, they are worked out
//! anew and the ledger is brought up to date, so that the order of arrival does not matter. What
//! is hardly true waits in the ledger for a person.
//!
//! The room knows no standard: whoever receives statements, scores or rows says them as [`Said`].
//!
//! Tables: `learner`, `learning_fact`, `learning_void`, `learning_credit`.
//!
//! Invariants: a platform's number is one fact; a credit stands exactly while its facts ask for
//! it; what was credited keeps the terms by which it was; nothing that was acknowledged is dropped.

mod actions;
mod doubts;
mod model;
mod pages;
mod proof;
pub mod samples;
mod store;
#[cfg(test)]
mod tests;
mod trail;

pub use actions::matching::{dismiss, learner_for, match_learner, own_facts, reopen};
pub use actions::{LearningError, REPLAY_JOB, jobs, take, void};
pub use model::{Account, Credit, Fact, Happened, Learner, LearnerState, Said, credits};
pub use pages::routes;
pub use proof::check_credits;
pub use store::{count_unmatched, follow, keeps_of};
pub use trail::tell;
