//! Where a course is entered: at its address, or where a room above leads to it.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;

use super::model::Course;

/// Where a teacher goes to learn a course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Way {
    /// The address; empty where no way is known.
    pub href: String,
    /// What is opened there, in words, where that is not the course's own address.
    pub place: String,
}

type Told = BoxFuture<'static, Result<Option<Way>, Failure>>;

/// Who knows a way to courses that is not their address. A long-lived part of the application.
#[derive(Clone)]
pub struct Entrances(Arc<dyn Fn(Ctx, Course) -> Told + Send + Sync>);

impl fmt::Debug for Entrances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entrances")
    }
}

impl Entrances {
    /// Ways as `tell` knows them; `None` of a course that is entered at its address.
    pub fn new<F>(tell: fn(Ctx, Course) -> F) -> Self
    where
        F: Future<Output = Result<Option<Way>, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, course| Box::pin(tell(ctx, course))))
    }
}

/// Where a teacher goes to learn `course`.
///
/// # Errors
/// What the database reports.
pub async fn entrance(ctx: &Ctx, course: &Course) -> Result<Way, Failure> {
    let told = match ctx.app.parts.find::<Entrances>() {
        Some(Entrances(tell)) => tell(ctx.clone(), course.clone()).await?,
        None => None,
    };
    Ok(told.unwrap_or_else(|| Way { href: course.href.clone(), place: String::new() }))
}
