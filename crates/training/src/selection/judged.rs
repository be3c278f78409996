//! How far the evidence of a teacher has come: told by the room that judges, which lies above this one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use chrono::NaiveDate;
use futures::future::BoxFuture;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_policy::scheme::Programme;
use tisheng_registry::people::Person;
use tisheng_rules::{Scheme, UnderWay};

/// How far the capabilities and works of a teacher have come, by their codes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgements {
    /// Those that were passed, with the day.
    pub passed: BTreeMap<String, NaiveDate>,
    /// Those that were handed in and have no result yet.
    pub under_way: BTreeMap<String, UnderWay>,
    /// The number of the certificate that is valid, where there is one.
    pub certificate: Option<String>,
}

impl Judgements {
    /// What is lost with those of `dropped` that were passed, in a sentence; empty where none was.
    pub(super) fn lost(&self, rules: &Scheme, dropped: &[String]) -> String {
        let passed = dropped.iter().filter_map(|code| {
            let day = self.passed.get(code)?;
            Some(format!("{}（{}）", rules.framework.label(code), chinese_date(*day)))
        });
        let passed: Vec<String> = passed.collect();
        if passed.is_empty() {
            return String::new();
        }
        let certificate = self.certificate.as_ref();
        let certificate = certificate.map(|number| format!("；证书 {number} 可能不再达标，由发证单位核查"));
        let passed = passed.join("、");
        format!("{passed}已有合格结论，放弃后不再计入达标{}。", certificate.unwrap_or_default())
    }

    /// Whether something was handed in for one of `codes`.
    pub(super) fn knows_any(&self, codes: &[String]) -> bool {
        codes.iter().any(|code| self.passed.contains_key(code) || self.under_way.contains_key(code))
    }
}

type Told = BoxFuture<'static, Result<Judgements, Failure>>;
type Tell = dyn Fn(Ctx, Id<Programme>, Id<Person>) -> Told + Send + Sync;

/// Who tells how far it has come. A long-lived part of the application.
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
        F: Future<Output = Result<Judgements, Failure>> + Send + 'static,
    {
        Self(Arc::new(move |ctx, programme, person| Box::pin(tell(ctx, programme, person))))
    }

    pub(super) async fn of(
        &self,
        ctx: &Ctx,
        programme: Id<Programme>,
        person: Id<Person>,
    ) -> Result<Judgements, Failure> {
        (self.0)(ctx.clone(), programme, person).await
    }
}
