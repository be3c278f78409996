//! Tests of the assembled product.

mod statements;
