//! Tokens: with what other systems speak with this one (INT-1).
//!
//! **Promise.** Whoever brings a token acts at one node and sees nothing outside it; in the name of one
//! platform, where the token has one; and only what its scopes name. A token ends by its date, is
//! renewed and revoked by those who may make one, and each of these leaves an audit row.
//!
//! **Words.** A *token* is key and secret in one word; the secret is shown once and kept as a keyed
//! hash. The *gate* is where every request of a machine is let in or turned away. An *access* is a
//! word for an hour that a token is changed for, where a standard asks for that (OAuth 2.0).
//!
//! **Tables.** `api_token`.
//!
//! **Invariants.** A token that writes hours or courses has a platform; a revoked token is never let in
//! again.

mod access;
mod actions;
mod gate;
mod model;
mod pages;
pub mod samples;
mod store;

pub use access::{LASTS, give_access};
pub use actions::{chosen_platform, create, ground, is_institution, list, of_key, platforms, revoke, rotate};
pub use gate::{Gate, Refusal, admit};
pub use model::{Issued, Scope, State, Token, USUAL_RATE, Wanted};
pub use pages::routes;
pub use store::{follow, of_id};
