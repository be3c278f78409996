//! Works of the demonstration: handed in, judged, final; certificates for some who have met everything.

use chrono::TimeDelta;
use tisheng_assessment::review::samples::{judged, notice_ended, panel_of};
use tisheng_assessment::{certificate, evidence};
use tisheng_kernel::Level;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::samples::Persona;

use super::school::{acting, refused};

/// Days ago on which works were handed in whose results are final.
const LONG_AGO: i64 = 60;
/// Days after which a work that was handed in is on notice no more.
const NOTICE: i64 = 30;
/// Days ago on which works were handed in that wait for their author's own judgement.
const LATELY: i64 = 3;

/// How far somebody's works have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All are final.
    All,
    /// One is final.
    One,
    /// One is handed in.
    HandedIn,
    /// None is begun.
    Nothing,
}

impl Progress {
    /// Of a school's teacher by number: the first of every five is furthest behind, as with hours.
    #[must_use]
    pub const fn of(number: usize) -> Self {
        match number % 5 {
            4 => Self::All,
            3 => Self::One,
            2 => Self::HandedIn,
            _ => Self::Nothing,
        }
    }
}

/// Seats the panel of a school, and brings the works of `authors`, given by what they are about, as far
/// as they have come.
pub async fn build(
    ctx: &Ctx,
    programme: &Programme,
    (principal, panel): (&Persona, &[&Persona]),
    authors: &[(&Persona, Vec<String>, Progress)],
) -> Result<(), Failure> {
    panel_of(&acting(ctx, principal), panel).await?;
    for (author, works, progress) in authors {
        let (days, many) = match progress {
            Progress::All => (LONG_AGO, works.len()),
            Progress::One => (LONG_AGO, 1),
            Progress::HandedIn => (LATELY, 1),
            Progress::Nothing => continue,
        };
        let mut author = acting(ctx, author);
        author.at = author.at + TimeDelta::days(-days);
        for work in works.iter().take(many) {
            let submission = evidence::samples::hand_in(&author, work).await?;
            if *progress != Progress::HandedIn {
                judged(&author, &submission, Level::Pass).await?;
                let mut later = author.clone();
                later.at = later.at + TimeDelta::days(NOTICE);
                notice_ended(&later, programme.id.uuid(), submission.id).await?;
            }
        }
    }
    Ok(())
}

/// Issues certificates to `teachers` as `office`.
pub async fn certify(ctx: &Ctx, office: &Persona, teachers: &[Persona]) -> Result<(), Failure> {
    let office = acting(ctx, office);
    for teacher in teachers {
        let mut tx = office.write().await?;
        certificate::issue(&office, &mut tx, teacher.person).await.map_err(refused)?;
        tx.commit().await?;
    }
    Ok(())
}
