//! The binary `tisheng`.
fn main() {}
