//! The scheme language: parse, check, explain, evaluate, simulate; pure
