//! Values of the field: identifiers, time, hours, codes and numbers. Pure: no I/O, no async.

pub mod id;
pub mod time;

pub use id::Id;
pub use time::{Clock, Instant, SystemClock};
