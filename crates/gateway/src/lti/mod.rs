//! Learning tools (学习工具) by LTI 1.3 with its Advantage services: this system is the platform.
//!
//! **Promise.** A teacher opens a course of the catalogue in the tool of its learning platform
//! without a further account; what the tool says of the teacher's work is an hour by the terms of
//! the course, once. The tool knows a teacher by a name that is good for this platform alone, and
//! the teacher's own name only where the office has agreed to it.
//!
//! **Words.** A *tool* belongs to one learning platform. A *launch* leads a browser to the tool, back
//! with a *hint* and to the tool again with a signed *message*. A *pick* is somebody choosing courses
//! in a tool (deep linking); a *link* is what a course that was chosen there opens. A *member* is a
//! teacher who has opened a course. A *line* (line item) is a column of scores of a course; one
//! belongs to the course and *counts*, as others do that the tool binds to its link. An *opening* says
//! of a course whether the tool opens it, where somebody has said so.
//!
//! **Outcomes** of a score. An earlier one than the last is refused (409); one that came before changes
//! nothing; of different ones of one moment, to the nanosecond, the one that came last stands. What the
//! last score contradicts is voided in `training/learning` and the hours are worked out anew: [`outcome`]
//! says what that is.
//!
//! **Tables.** `lti_key`, `lti_tool`, `lti_invitation`, `lti_hint`, `lti_seen`, `lti_token`,
//! `lti_pick`, `lti_link`, `lti_opening`, `lti_member`, `lti_line`, `lti_score`.
//!
//! **Invariants.** A message goes only to an address that is registered letter by letter; a hint, a
//! nonce, the number of a proof and an invitation count once; what is only known to a browser or a
//! tool stands here as a hash, our keys sealed; another host is asked only while no transaction is
//! open, a tool that does not answer less and less often; a key of ours is published before it signs;
//! a score that counts and its facts are written in one transaction, and no fact stands that the last
//! score takes back; every change that a tool makes has its name in the trail.

mod actions;
mod asserted;
mod fault;
mod keys;
mod message;
mod model;
mod names;
mod outcome;
mod pages;
mod score;
mod service;
mod settings;
mod store;
#[cfg(test)]
mod tests;

pub mod samples;

pub use actions::openings::way;
pub use actions::scores::{check as check_scores, mend as mend_scores};
pub use keys::{Key, Rotated, Use, Withdrawn, listed, revoke, rotate, withdraw};
pub use model::{Pick, Tool, ToolState};
pub use pages::pages;
pub use service::routes;
