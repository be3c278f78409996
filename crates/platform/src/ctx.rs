//! Who asks, in which role, at which node, when: the first argument of every action.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tisheng_kernel::{Id, Instant};
use uuid::Uuid;

use crate::app::App;
use crate::args;
use crate::db::{DbError, Tx};

/// Marker of a request's identifier.
#[derive(Debug)]
pub struct Request;

/// Slashes in the path of a county, which has three levels from the root down.
const WIDE: usize = 4;

/// The part of the tree that somebody may see: a node and everything below it.
///
/// A node's path is made of the short codes from the root down, each ended by a slash, so that a
/// subtree is one range of the text order on both engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// The path of the node itself, and the first of the range.
    pub from: String,
    /// The first path after the range.
    pub until: String,
}

impl Scope {
    /// The subtree of the node at `path`.
    #[must_use]
    pub fn below(path: &str) -> Self {
        let stem = path.strip_suffix('/').unwrap_or(path);
        Self { from: path.to_owned(), until: format!("{stem}0") }
    }

    /// The node at `path` without what lies below it.
    #[must_use]
    pub fn only(path: &str) -> Self {
        Self { from: path.to_owned(), until: format!("{path}!") }
    }

    /// Nothing at all.
    #[must_use]
    pub fn nothing() -> Self {
        Self { from: String::new(), until: String::new() }
    }

    /// Everything: for the system's own work.
    #[must_use]
    pub fn everything() -> Self {
        Self { from: "/".to_owned(), until: "0".to_owned() }
    }

    /// Whether it is a large part of the tree, such as a county: a list of it walks the whole roll
    /// in its order, a list of a small part picks that out and sorts it.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.from.matches('/').count() <= WIDE
    }

    /// Whether the node at `path` lies within.
    #[must_use]
    pub fn holds(&self, path: &str) -> bool {
        self.from.as_str() <= path && path < self.until.as_str()
    }
}

/// A part of the tree that stands elsewhere now: what every room does that keeps paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shift {
    /// Where it stood.
    scope: Scope,
    /// The path of its head now.
    to: String,
    /// Where the part of a path begins that stays, counted from 1.
    rest: i64,
}

impl Shift {
    /// From the path `from` to the path `to`.
    #[must_use]
    pub fn new(from: &str, to: &str) -> Self {
        let rest = i64::try_from(from.len()).unwrap_or(i64::MAX).saturating_add(1);
        Self { scope: Scope::below(from), to: to.to_owned(), rest }
    }

    /// The paths that it changes.
    #[must_use]
    pub const fn part(&self) -> &Scope {
        &self.scope
    }

    /// The paths that it has made.
    #[must_use]
    pub fn made(&self) -> Scope {
        Scope::below(&self.to)
    }

    /// Runs a statement that puts `$3` in place of the head of each path in the range from `$1`
    /// to `$2`; what stays of it begins at `$4`. Gives how many rows were changed.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn apply(&self, tx: &mut Tx, statement: &'static str) -> Result<u64, DbError> {
        tx.run(statement, args![&self.scope.from, &self.scope.until, &self.to, self.rest]).await
    }

    /// As [`Shift::apply`], with the moment `at` as `$5`.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn apply_at(&self, tx: &mut Tx, statement: &'static str, at: Instant) -> Result<u64, DbError> {
        tx.run(statement, args![&self.scope.from, &self.scope.until, &self.to, self.rest, at]).await
    }
}

/// A signed-in person in one role, as kept in the session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The account.
    pub account: Uuid,
    /// The person behind it.
    pub person: Uuid,
    /// The name shown.
    pub name: String,
    /// The role's key, such as `teacher`.
    pub role: String,
    /// The role's Chinese name.
    pub role_title: String,
    /// The node at which the role was given.
    pub node: Uuid,
    /// Its name.
    pub node_name: String,
    /// Its path.
    pub path: String,
    /// Whether the person holds other roles to switch to.
    pub has_other_roles: bool,
}

/// In place of a role: somebody who has left reads the own record and does nothing else.
pub const READER: &str = "reader";

impl Member {
    /// Whether the member has left and only reads the own record.
    #[must_use]
    pub fn only_reads(&self) -> bool {
        self.role == READER
    }
}

/// Another system that brings a token with each request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// How the audit trail writes it, such as `token:3f9a…`.
    pub name: String,
    /// The node within which it acts.
    pub node: Uuid,
    /// The node's path.
    pub path: String,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// Nobody signed in.
    Stranger,
    /// A person in a role.
    Member(Box<Member>),
    /// Another system.
    Machine(Box<Machine>),
    /// The installation itself, at the named work.
    System(&'static str),
}

impl Who {
    /// Account, role and node as the audit trail writes them.
    #[must_use]
    pub fn signature(&self) -> (Option<Uuid>, &str, Option<Uuid>) {
        match self {
            Self::Stranger => (None, "stranger", None),
            Self::Member(m) => (Some(m.account), &m.role, Some(m.node)),
            Self::Machine(machine) => (None, &machine.name, Some(machine.node)),
            Self::System(work) => (None, work, None),
        }
    }

    /// The signed-in person.
    #[must_use]
    pub fn member(&self) -> Option<&Member> {
        match self {
            Self::Member(member) => Some(member),
            Self::Stranger | Self::Machine(_) | Self::System(_) => None,
        }
    }

    /// The path of the node at which somebody acts.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::Member(member) => Some(&member.path),
            Self::Machine(machine) => Some(&machine.path),
            Self::Stranger | Self::System(_) => None,
        }
    }

    /// The subtree of the role's node.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match self {
            Self::Stranger => Scope::nothing(),
            Self::Member(member) => Scope::below(&member.path),
            Self::Machine(machine) => Scope::below(&machine.path),
            Self::System(_) => Scope::everything(),
        }
    }
}

/// Who asks, in which role, at which node, when.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The installation.
    pub app: Arc<App>,
    /// Who asks.
    pub who: Who,
    /// When: one moment for the whole request.
    pub at: Instant,
    /// The request's identifier, in logs, audit rows and error pages.
    pub request: String,
    /// Browser and system in words; empty where none is known.
    pub device: String,
}

impl Ctx {
    /// A request of `who` at the present moment.
    #[must_use]
    pub fn new(app: Arc<App>, who: Who) -> Self {
        let at = app.now();
        let request = Id::<Request>::new(at).to_string();
        Self { app, who, at, request, device: String::new() }
    }

    /// The installation's own work, such as a job.
    #[must_use]
    pub fn system(app: Arc<App>, work: &'static str) -> Self {
        Self::new(app, Who::System(work))
    }

    /// A new identifier of this moment.
    #[must_use]
    pub fn id<T>(&self) -> Id<T> {
        Id::new(self.at)
    }

    /// The part of the tree the asker may see.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.who.scope()
    }

    /// A reading transaction.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn read(&self) -> Result<Tx, DbError> {
        self.app.db.read().await
    }

    /// A writing transaction.
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn write(&self) -> Result<Tx, DbError> {
        self.app.db.write().await
    }

    /// A writing transaction that will take long; see [`crate::Db::write_alone`].
    ///
    /// # Errors
    /// When no connection is to be had.
    pub async fn write_alone(&self) -> Result<Tx, DbError> {
        self.app.db.write_alone().await
    }
}

#[cfg(test)]
mod tests {
    use super::Scope;

    #[test]
    fn a_scope_holds_its_node_and_all_below_and_no_sibling() {
        let county = Scope::below("/51/5101/");
        assert!(county.holds("/51/5101/"));
        assert!(county.holds("/51/5101/a/b/"));
        assert!(!county.holds("/51/"));
        assert!(!county.holds("/51/51010/"));
        assert!(!county.holds("/51/5102/"));
        let alone = Scope::only("/51/5101/");
        assert!(alone.holds("/51/5101/"));
        assert!(!alone.holds("/51/5101/a/") && !alone.holds("/51/5101/0/") && !alone.holds("/51/"));
        assert!(Scope::everything().holds("/51/"));
        assert!(!Scope::nothing().holds("/51/"));
        assert!(Scope::everything().is_wide() && Scope::below("/51/5101/510104/").is_wide());
        assert!(!Scope::below("/51/5101/510104/k3f9/").is_wide());
    }
}
