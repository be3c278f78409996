//! The rules of each version, parsed once and shared.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

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
pub async fn rules(app: &App, tx: &mut Tx, programme: &Programme) -> Result<Arc<Scheme>, Failure> {
    match app.parts.get::<Rulebook>().find(&programme.digest) {
        Some(scheme) => Ok(scheme),
        None => rules_of(app, tx, programme.version).await,
    }
}

/// The rules of one version, such as the one that a result was judged by.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such version; else as [`rules`].
pub async fn rules_of(app: &App, tx: &mut Tx, version: Id<Version>) -> Result<Arc<Scheme>, Failure> {
    let files = files(tx, version).await?;
    let scheme = Scheme::from_files(&files).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        Failure::Internal(format!("a stored scheme is not read any more: {first}"))
    })?;
    Ok(app.parts.get::<Rulebook>().keep(scheme))
}
