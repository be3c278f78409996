//! The rules of each version, parsed once and shared.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, DbError, Tx};
use tisheng_registry::people::Person;
use tisheng_rules::Scheme;

use super::actions::files;
use super::model::{Programme, Version};

/// The schemes that this process has parsed, by version: the text of a version never changes. A
/// long-lived part of the application.
#[derive(Debug, Default)]
pub struct Rulebook(RwLock<HashMap<Id<Version>, Arc<Scheme>>>);

impl Rulebook {
    fn find(&self, version: Id<Version>) -> Option<Arc<Scheme>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&version).cloned()
    }

    fn keep(&self, version: Id<Version>, scheme: Scheme) -> Arc<Scheme> {
        let scheme = Arc::new(scheme);
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelf.entry(version).or_insert(scheme))
    }
}

/// The rules that `programme` runs by now.
///
/// # Errors
/// What the database reports; [`Failure::Internal`] when stored files cannot be read any more.
pub fn rules<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    programme: &'a Programme,
) -> BoxFuture<'a, Result<Arc<Scheme>, Failure>> {
    rules_of(app, tx, programme.version)
}

/// The future of a [`FinalBy`].
pub type Final<'a> = BoxFuture<'a, Result<HashMap<Id<Person>, Id<Version>>, DbError>>;

/// By which version the results of people are final, of those whose are: newer rules ask nothing more
/// of them. A higher room knows, and the assembly gives it over as a part.
#[derive(Debug, Clone, Copy)]
pub struct FinalBy(pub for<'a> fn(&'a mut Tx, Id<Programme>, &'a [Id<Person>]) -> Final<'a>);

/// The rules by which `person` is measured in `programme`: those in force, or those of a final
/// result.
///
/// # Errors
/// As [`rules`].
pub fn rules_for<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    programme: &'a Programme,
    person: Id<Person>,
) -> BoxFuture<'a, Result<Arc<Scheme>, Failure>> {
    Box::pin(async move {
        let all = rules_for_each(app, tx, programme, &[person]).await?;
        all.into_iter().next().ok_or(Failure::NotFound)
    })
}

/// The rules by which each of `people` is measured, in the order given.
///
/// # Errors
/// As [`rules`].
pub fn rules_for_each<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    programme: &'a Programme,
    people: &'a [Id<Person>],
) -> BoxFuture<'a, Result<Vec<Arc<Scheme>>, Failure>> {
    Box::pin(async move {
        let by = match app.parts.find::<FinalBy>() {
            Some(FinalBy(find)) => find(tx, programme.id, people).await?,
            None => HashMap::new(),
        };
        let mut all = Vec::with_capacity(people.len());
        for person in people {
            let version = by.get(person).copied().unwrap_or(programme.version);
            all.push(rules_of(app, tx, version).await?);
        }
        Ok(all)
    })
}

/// The rules of one version, also of one that is no longer in force.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such version; else as [`rules`].
pub fn rules_of<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    version: Id<Version>,
) -> BoxFuture<'a, Result<Arc<Scheme>, Failure>> {
    let book = app.parts.get::<Rulebook>();
    if let Some(scheme) = book.find(version) {
        return Box::pin(ready(Ok(scheme)));
    }
    Box::pin(async move {
        let files = files(tx, version).await?;
        let scheme = Scheme::from_files(&files).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Failure::Internal(format!("a stored scheme is not read any more: {first}"))
        })?;
        Ok(book.keep(version, scheme))
    })
}
