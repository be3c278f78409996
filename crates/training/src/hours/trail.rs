//! What came about a teacher on the way to an hour: told by rooms above, shown where somebody looks
//! for an hour.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

/// Something that came about a teacher and is, or is not yet, an hour.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The moment it came.
    pub received_at: Instant,
    /// When it happened, by the source's clock.
    pub at: Instant,
    /// The course or activity, in the source's words where the catalogue has none.
    pub title: String,
    /// Name of the source.
    pub source: String,
    /// The source's own number.
    pub record: String,
    /// What happened, in a word.
    pub what: String,
    /// How far it has come, in a sentence.
    pub standing: String,
    /// The tone of its badge.
    pub tone: &'static str,
}

/// About whom is asked.
#[derive(Debug, Clone)]
pub struct About {
    /// The programme.
    pub programme: Id<Programme>,
    /// The teacher.
    pub person: Id<Person>,
    /// The name, for what came about somebody who is not known for sure.
    pub name: String,
}

type Told = BoxFuture<'static, Result<Vec<Step>, Failure>>;

/// Who tells what came. A long-lived part of the application.
#[derive(Clone)]
pub struct Trails(Arc<dyn Fn(Ctx, About) -> Told + Send + Sync>);

impl fmt::Debug for Trails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Trails")
    }
}

impl Trails {
    /// Steps as `tell` gives them, the latest first.
    pub fn new<F>(tell: fn(Ctx, About) -> F) -> Self
    where
        F: Future<Output = Result<Vec<Step>, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, about| Box::pin(tell(ctx, about))))
    }

    /// What came about somebody.
    ///
    /// # Errors
    /// What the teller reports.
    pub async fn of(&self, ctx: &Ctx, about: About) -> Result<Vec<Step>, Failure> {
        (self.0)(ctx.clone(), about).await
    }
}
