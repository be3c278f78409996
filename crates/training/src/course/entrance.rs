//! Where a course is entered: at its address, or where a room above leads to it.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;

use super::model::Course;

type Told = BoxFuture<'static, Result<Option<String>, Failure>>;

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
        F: Future<Output = Result<Option<String>, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, course| Box::pin(tell(ctx, course))))
    }
}

/// Where a teacher goes to learn `course`; empty where no way is known.
///
/// # Errors
/// What the database reports.
pub async fn entrance(ctx: &Ctx, course: &Course) -> Result<String, Failure> {
    let told = match ctx.app.parts.find::<Entrances>() {
        Some(Entrances(tell)) => tell(ctx.clone(), course.clone()).await?,
        None => None,
    };
    Ok(told.unwrap_or_else(|| course.href.clone()))
}
