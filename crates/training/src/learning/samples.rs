//! What a platform says, for the demo and the stories of higher rooms.

use tisheng_kernel::{Instant, Seconds};

use super::model::{Account, Happened, Said};
use crate::course;
use crate::platform::Platform;

/// `platform` says that its account `name`, of an invented person of `school`, has done something
/// about its course `code`: number of the record, what happened, how many minutes it took, and when it ended.
#[must_use]
pub fn said(
    platform: &Platform,
    (name, school, code): (&str, &str, &str),
    (record, happened): (&str, Happened),
    (minutes, at): (i64, Instant),
) -> Said {
    Said {
        record: record.to_owned(),
        account: Account { home: platform.home_page.clone(), name: name.to_owned() },
        name: name.to_owned(),
        school: school.to_owned(),
        activity: course::samples::activity(platform, code),
        attempt: String::new(),
        happened,
        permille: None,
        spent: Seconds::of_minutes(minutes),
        at,
    }
}
