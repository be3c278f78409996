//! What follows from what: the only place where an event of a lower room meets a higher one.

use tisheng_platform::jobs::Handlers;

/// Every kind of job and every reaction to an event.
pub fn handlers() -> Handlers {
    Handlers::default()
}
