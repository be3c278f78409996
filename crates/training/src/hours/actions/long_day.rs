//! What somebody believes although a day has only 24 hours: a platform may report a whole course on the
//! day of its end. It is believed by name, with a reason that says why, and its teacher reads both.

use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;

use super::super::doubt::is_long_day;
use super::super::model::{HoursError, LEAST_REASON, Report};
use super::super::store::{self, Booking};

/// Enters what a person has decided to believe. Gives whether the day holds more than its 24 hours
/// with it; `None` when the number is not free, and nothing is entered.
///
/// # Errors
/// [`HoursError::ShortReason`].
pub async fn believe(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    booking: &Booking<'_>,
) -> Result<Option<bool>, HoursError> {
    store::turns::hold(tx, programme.id, booking.person).await?;
    let booked = store::booked_on(tx, programme.id, booking.person, report.worked_on).await?;
    let long_day = is_long_day(report, booked);
    if long_day && !says_why(booking.reason) {
        return Err(HoursError::ShortReason);
    }
    if !store::add(ctx, tx, programme.id, report, booking).await? {
        return Ok(None);
    }
    if long_day {
        let office = ctx.who.member().map_or("", |member| member.node_name.as_str());
        let whose = (booking.person, booking.id);
        store::note_long_day(tx, programme.id, whose, office).await?;
    }
    Ok(Some(long_day))
}

/// Whether a reason has as many letters and digits as it takes to say something.
fn says_why(reason: &str) -> bool {
    reason.chars().filter(|c| c.is_alphanumeric()).count() >= LEAST_REASON
}

#[cfg(test)]
mod tests {
    use super::says_why;

    #[test]
    fn dots_and_spaces_say_nothing() {
        assert!(says_why("平台整门课程按结业日一次报送"));
        assert!(says_why("课程共 30 学时，按结业日"));
        for short in ["", "情况属实", "情况属实。。。。。。。。", "核实   无   误", "——————————————"]
        {
            assert!(!says_why(short), "{short}");
        }
    }
}
