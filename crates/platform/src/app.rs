//! What one running installation consists of.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;

use tisheng_kernel::{Clock, Instant};

use crate::config::Config;
use crate::ctx::Who;
use crate::db::Db;
use crate::files::Files;
use crate::keys::Keys;
use crate::outbound::Outbound;
use crate::web::menu::MenuGroup;
use crate::web::whole::Turns;

/// The menu of a signed-in person; the assembly knows the rooms, the frame does not.
pub type Navigation = fn(&Who) -> Vec<MenuGroup>;

/// One installation. Shared by every request and job.
#[derive(Debug)]
pub struct App {
    /// The configuration of this process.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Stored files.
    pub files: Files,
    /// The installation's secrets.
    pub keys: Keys,
    /// The way to other hosts.
    pub outbound: Outbound,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// The menu of a signed-in person.
    pub navigation: Navigation,
    /// Turns at making files of whole lists.
    pub turns: Turns,
    /// Long-lived things of rooms, such as the schemes in force or the typesetter.
    pub parts: Parts,
}

impl App {
    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The moment by which others go: authenticator apps, other systems. Only in a demonstration is
    /// it another than [`Self::now`].
    #[must_use]
    pub fn wall(&self) -> Instant {
        self.clock.wall()
    }
}

/// Long-lived things that rooms keep beside the application, one of each type.
#[derive(Debug, Default)]
pub struct Parts(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Parts {
    /// Adds `part`, in place of an earlier one of its type.
    #[must_use]
    pub fn with<T: Any + Send + Sync>(mut self, part: T) -> Self {
        self.0.insert(TypeId::of::<T>(), Box::new(part));
        self
    }

    /// The part of type `T`, where the assembly has one: for what a room can do without.
    #[must_use]
    pub fn find<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.0.get(&TypeId::of::<T>()).and_then(|part| part.downcast_ref())
    }

    /// The part of type `T`.
    ///
    /// # Panics
    /// When the assembly did not add it: a mistake found by the first test that starts it.
    #[must_use]
    pub fn get<T: Any + Send + Sync>(&self) -> &T {
        self.find().unwrap_or_else(|| panic!("the assembly adds {}", std::any::type_name::<T>()))
    }
}
