//! The rules of each version, parsed once and shared.

use std::collections::HashMap;
use std::future::ready;
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::BoxFuture;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Tx};
use tisheng_rules::Scheme;

use super::actions::files;
use super::model::{Programme, Version};

/// The schemes that this process has parsed, by digest. A long-lived part of the application.
#[derive(Debug, Default)]
pub struct Rulebook(RwLock<HashMap<String, Arc<Scheme>>>);

impl Rulebook {
    fn find(&self, digest: &str) -> Option<Arc<Scheme>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn keep(&self, scheme: Scheme) -> Arc<Scheme> {
        let scheme = Arc::new(scheme);
        let mut shelf = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shelf.entry(scheme.digest().to_owned()).or_insert(scheme))
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
    match app.parts.get::<Rulebook>().find(&programme.digest) {
        Some(scheme) => Box::pin(ready(Ok(scheme))),
        None => rules_of(app, tx, programme.version),
    }
}

/// The rules of one version, such as the one that a result was judged by.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such version; else as [`rules`].
pub fn rules_of<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    version: Id<Version>,
) -> BoxFuture<'a, Result<Arc<Scheme>, Failure>> {
    Box::pin(async move {
        let files = files(tx, version).await?;
        let scheme = Scheme::from_files(&files).map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            Failure::Internal(format!("a stored scheme is not read any more: {first}"))
        })?;
        Ok(app.parts.get::<Rulebook>().keep(scheme))
    })
}
