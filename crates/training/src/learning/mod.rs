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
//! Whatever comes **late** has an outcome:
//!
//! | what comes | what becomes of it |
//! |---|---|
//! | the same record again | nothing: one number is one fact |
//! | an earlier record | the hours are those of all facts; a line that is another now is taken back and booked anew |
//! | a void, before or after its record | the record counts for nothing |
//! | a contradiction, such as 未通过 after 通过 | the last word about a try decides |
//! | a record that makes a line hardly true that stands (overlap, burst, too fast) | the line stands, and waits for a person with the reason: believed it stays, else it is taken back |
//! | a correction after which nothing speaks against it | the doubt is over by itself |
//! | a doubt about what a person has believed before | nothing: it was decided |
//! | what makes a day longer than 24 hours | the newcomer waits: no day holds more |
//!
//! No line is deleted, and no certificate or result that was frozen changes by any of this.
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
