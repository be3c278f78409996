//! What follows from what: the only place where an event of a lower room meets a higher one.

use tisheng_assessment::{certificate, evidence, review};
use tisheng_insight::monitoring;
use tisheng_platform::jobs::Handlers;
use tisheng_policy::scheme::trial;
use tisheng_registry::{access, roster};

/// Every kind of job and every reaction to an event.
pub fn handlers() -> Handlers {
    let rooms: [fn(Handlers) -> Handlers; 7] = [
        access::handlers,
        roster::handlers,
        trial::handlers,
        evidence::jobs,
        review::jobs,
        certificate::jobs,
        monitoring::jobs,
    ];
    rooms
        .iter()
        .fold(Handlers::default(), |handlers, room| room(handlers))
        .reaction(evidence::SUBMITTED, review::BEGIN_JOB)
        .reaction("hours.changed", certificate::REFRESH_JOB)
        .reaction("choice.changed", certificate::REFRESH_JOB)
        .reaction(review::FINAL, certificate::REFRESH_JOB)
}
