//! Tests of the assembled product.

mod statements;
mod third_place;
mod verify;
mod whole;
mod world;
