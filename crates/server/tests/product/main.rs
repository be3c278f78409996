//! Tests of the assembled product.

mod statements;
mod third_place;
mod whole;
mod world;
