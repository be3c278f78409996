//! Tests of the assembled product.

mod addresses;
mod bench;
mod canary;
mod choices;
mod commands;
mod credentials;
mod fixtures;
mod listening;
mod lti;
mod matrix;
mod menu;
mod statements;
mod third_place;
mod told;
mod verify;
mod whole;
mod world;
