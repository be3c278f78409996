//! The tree by the roll: everything within a part of it at once, for rosters.

mod store;

use uuid::Uuid;

pub use store::{places, unmake};

/// An open node, as much of it as rosters compare.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The node.
    pub id: Uuid,
    /// What it is.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// Its code.
    pub code: Option<String>,
    /// Its path.
    pub path: String,
    /// What stands above it.
    pub parent: Option<Uuid>,
    /// The codes of a school's stages, joined by commas.
    pub stages: String,
}
