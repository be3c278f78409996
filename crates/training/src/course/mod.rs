//! The catalogue of courses (课程目录, LEARN-1).
//!
//! A **course** is learnt on one platform. What it is worth, what has to be done for it, what it
//! teaches, for whom, where it comes from and by which addresses it is known are its **terms**: handed
//! in by the institution, approved or returned by the office. Only approved terms are in force; other
//! terms are a further revision that waits beside them and may be withdrawn, and what has been credited
//! keeps the revision it was credited by. Title, summary and where it is entered are words that may
//! change at once. A platform speaks of a course by its **activities** (addresses). Those of a new
//! course are known before it is approved, so that nothing that arrives early is lost.
//!
//! Tables: `course`, `course_terms`, `course_capability`, `course_activity`.
//!
//! Invariants: a platform's number is one course; an address is one course of its platform; a
//! course has at most one revision in force and at most one that waits for a decision; approved terms never change.

mod actions;
mod entrance;
mod file;
mod model;
mod pages;
pub mod samples;
mod store;
#[cfg(test)]
mod tests;

pub use actions::{
    APPROVED, Approved, Submitted, approve, course, hand_in, of_activity, of_code, offered, retire,
    return_terms, said, submit, terms, withdraw,
};
pub use entrance::{Entrances, Way, entrance};
pub use file::CourseFile;
pub use model::{Counts, Course, CourseError, Draft, Source, State, Terms, TermsState, of_hundred};
pub use pages::routes;
pub use store::{activities, capabilities, catalogue, of_id, worth};
