//! The door: people come in by the service that their territory signs in with (INT-4).
//!
//! An **identity provider** (身份提供方) vouches for the people of a node: by OpenID Connect, or by
//! CAS. The offices of provinces and cities keep those of their territory. Somebody who comes by one
//! is let in as the account that is **linked** (关联) to the service's name for the person. The first
//! time there is no link: never by the name alone. Either what the service says under a claim that
//! the office has chosen is the paper or phone number of exactly one person with an account in the
//! territory, or the person signs in with the password once, in the same browser, and confirms.
//!
//! Where the office says so, the service takes the place of passwords; the offices at its node keep
//! theirs. Our second factor is given after the service, unless the service has given one.
//!
//! Tables: `identity_provider`, `provider_found`, `door_attempt`, `door_arrival`, `identity_link`.
//! Invariants: a service vouches only for people all of whose roles lie in its territory; a name at
//! a service enters one account, and an account has one name at each service; an attempt is taken
//! once, by the browser that began it; the service's name for a person and its secret stand nowhere
//! in the clear; another host is asked only while no transaction is open.

mod actions;
mod cas;
mod fault;
mod model;
mod oidc;
mod pages;
pub mod samples;
mod settings;
mod store;
#[cfg(test)]
mod tests;
mod token;
mod ways;

pub use fault::DoorError;
pub use model::{Kind, Link, Provider};
pub use pages::routes;
pub use store::follow;
pub use ways::WAYS;
