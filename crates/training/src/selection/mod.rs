//! What a school offers and a teacher chooses (选学, CAP-4 and CAP-5).
//!
//! A school puts an **offer** together as a draft, the scheme's rule is held against it, and it
//! is published as a version. A teacher makes a **choice** from the published offer; a later
//! **change** is asked for with a reason and decided by the school, or above it where nobody there may
//! but whoever asks. A capability that is given up
//! keeps its row and all work done for it, and may be chosen again. A choice is judged by the
//! offer it was made from and by what was held then, so a later offer unmakes no choice, and
//! changing one capability takes no other. What is held and offered no more counts as chosen; its
//! dimension asks for nothing.
//!
//! Tables: `offer`, `offer_capability`, `choice`, `choice_capability`, `choice_change`.
//!
//! Invariants: a school has at most one draft and one published offer; every choice met the rule
//! when it was made; a teacher has at most one request for a change waiting.

mod actions;
mod judged;
mod model;
mod pages;
pub mod samples;
mod store;
#[cfg(test)]
mod tests;
mod view;

pub use actions::{
    SCHOOL, approve_change, ask_change, change, choose, chosen, draft, offered, offered_to, publish,
    refuse_change, withdraw_change,
};
pub use judged::{Judged, Judgements};
pub use model::{ChangeState, ChoiceChange, Difference, Offer, OfferState, SelectionError, difference};
pub use pages::routes;
pub use store::{follow, keeps_of};
