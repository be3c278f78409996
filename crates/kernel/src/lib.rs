//! Values of the field: identifiers, time, hours, codes and numbers. Pure: no I/O, no async.

pub mod coded;
pub mod hours;
pub mod id;
pub mod identity;
pub mod level;
pub mod number;
pub mod period;
pub mod person_name;
pub mod personal;
pub mod pinyin;
pub mod region;
pub mod school;
pub mod score;
pub mod text;
pub mod time;

pub use coded::UnknownCode;
pub use hours::{HourLength, Seconds};
pub use id::Id;
pub use identity::{Identity, PaperKind, Phone, Sex};
pub use level::Level;
pub use period::{Period, WorkCalendar};
pub use person_name::PersonName;
pub use region::{LocalCode, RegionCode, RegionLevel};
pub use school::SchoolCode;
pub use score::Score;
pub use time::{Clock, Instant, SystemClock};
