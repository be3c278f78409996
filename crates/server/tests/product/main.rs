//! Tests of the assembled product.

mod statements;
mod whole;
mod world;
