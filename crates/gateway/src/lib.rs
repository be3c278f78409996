//! To other systems and back: whoever stands outside and is let in, or is asked.

mod address;
mod jose;
mod pace;
mod proof;

pub mod api;
pub mod door;
pub mod listening;
pub mod lrs;
pub mod lti;
pub mod oneroster;
pub mod token;
pub mod webhook;
