//! The first page of everybody: what waits, what is next, who lags.
//!
//! A teacher sees one list of tasks, made from the gates of the scheme: what is done, what is
//! next, by when. Those who look after schools see what waits for a decision, with a link to
//! exactly those things, and which of the places below them lag behind. The room owns no tables.

mod pages;
mod store;
#[cfg(test)]
mod tests;

pub use pages::routes;
