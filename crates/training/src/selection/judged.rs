//! What of the evidence a teacher has passed: told by the room that judges, which lies above this one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use tisheng_kernel::Id;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;

/// Capabilities and works that a teacher has passed, with the day.
pub type Passed = BTreeMap<String, NaiveDate>;

type Told = BoxFuture<'static, Result<Passed, Failure>>;
type Tell = dyn Fn(Ctx, Id<Programme>, Id<Person>) -> Told + Send + Sync;

/// Who tells what was passed. A long-lived part of the application.
#[derive(Clone)]
pub struct Judged(Arc<Tell>);

impl fmt::Debug for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Judged")
    }
}

impl Judged {
    /// What `tell` tells.
    pub fn new<F>(tell: fn(Ctx, Id<Programme>, Id<Person>) -> F) -> Self
    where
        F: Future<Output = Result<Passed, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, programme, person| Box::pin(tell(ctx, programme, person))))
    }

    pub(super) async fn of(
        &self,
        ctx: &Ctx,
        programme: Id<Programme>,
        person: Id<Person>,
    ) -> Result<Passed, Failure> {
        (self.0)(ctx.clone(), programme, person).await
    }
}
