//! Courses for the demo and the stories of higher rooms.

use tisheng_kernel::{Id, Seconds};
use tisheng_platform::{Ctx, Tx};

use super::actions::{approve, submit};
use super::model::{Counts, Course, CourseError, Draft, Source};
use crate::platform::Platform;

/// What a sample course is to be like.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The platform's number.
    pub code: &'a str,
    /// The title.
    pub title: &'a str,
    /// What it teaches.
    pub capability: &'a str,
    /// Whole hours it is worth.
    pub hours: u32,
    /// What has to be done.
    pub counts: Counts,
}

/// A course as `platform` would hand it in; its address is below the platform's.
#[must_use]
pub fn draft(platform: &Platform, wish: Wish<'_>) -> Draft {
    Draft {
        code: wish.code.to_owned(),
        title: wish.title.to_owned(),
        source: Source::Own,
        stages: String::new(),
        subjects: String::new(),
        summary: "演示课程".to_owned(),
        href: format!("{}/learn/{}", platform.home_page, wish.code),
        capabilities: vec![wish.capability.to_owned()],
        activities: vec![activity(platform, wish.code)],
        worth: Seconds::from_hours(wish.hours, platform.length),
        length: platform.length,
        material: Seconds::ZERO,
        category: platform.category.clone(),
        kind: platform.kind.clone(),
        counts: wish.counts,
        pass_permille: (wish.counts == Counts::Passed).then_some(600),
    }
}

/// The address by which `platform` means its course number `code`.
#[must_use]
pub fn activity(platform: &Platform, code: &str) -> String {
    format!("{}/course/{code}", platform.home_page)
}

/// A course as `draft` has it, handed in by `author` and approved by `office`.
///
/// # Errors
/// What the actions report.
pub async fn accepted(
    (author, office): (&Ctx, &Ctx),
    tx: &mut Tx,
    platform: &Platform,
    draft: &Draft,
) -> Result<Id<Course>, CourseError> {
    let (id, _) = submit(author, tx, platform, draft).await?;
    approve(office, tx, id, None).await?;
    Ok(id)
}

/// A course handed in by `author` and approved by `office`.
///
/// # Errors
/// What the actions report.
pub async fn offered(
    (author, office): (&Ctx, &Ctx),
    tx: &mut Tx,
    platform: &Platform,
    wish: Wish<'_>,
) -> Result<Id<Course>, CourseError> {
    accepted((author, office), tx, platform, &draft(platform, wish)).await
}
