//! What a credential may do.

use std::collections::HashSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use uuid::Uuid;

/// Requests a second of a credential for which nothing else is said.
pub const USUAL_RATE: u32 = 500;

/// What a credential allows (Communication 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Statements may be written.
    Write,
    /// Statements that were written with this credential may be read.
    ReadMine,
    /// Every statement may be read.
    Read,
    /// States may be read and written.
    State,
    /// Definitions in statements change what is kept of an activity.
    Define,
    /// Profiles of activities and agents may be read and written.
    Profile,
    /// Everything may be read.
    AllRead,
    /// Everything.
    All,
}

impl Scope {
    /// Every scope with its name in the standard.
    pub const ALL: [(Self, &'static str); 8] = [
        (Self::Write, "statements/write"),
        (Self::ReadMine, "statements/read/mine"),
        (Self::Read, "statements/read"),
        (Self::State, "state"),
        (Self::Define, "define"),
        (Self::Profile, "profile"),
        (Self::AllRead, "all/read"),
        (Self::All, "all"),
    ];

    /// Its name in the standard.
    #[must_use]
    pub fn code(self) -> &'static str {
        Self::ALL.iter().find(|(scope, _)| *scope == self).map_or("", |(_, code)| code)
    }
}

/// There is no such scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no scope; there are {known}", known = Scope::ALL.map(|(_, code)| code).join(", "))]
pub struct NoScope(String);

impl FromStr for Scope {
    type Err = NoScope;

    fn from_str(text: &str) -> Result<Self, NoScope> {
        let found = Self::ALL.iter().find(|(_, code)| *code == text);
        found.map(|(scope, _)| *scope).ok_or_else(|| NoScope(text.to_owned()))
    }
}

/// Key and scopes of a machine that speaks with the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its identifier.
    pub id: Id<Self>,
    /// The learning platform that it belongs to.
    pub platform: Option<Uuid>,
    /// What people call it.
    pub name: String,
    /// Its public half.
    pub key: String,
    /// What it allows.
    pub scopes: HashSet<Scope>,
    /// Requests a second.
    pub rate: u32,
    /// Statements a day; `None` for any number.
    pub quota: Option<i64>,
    /// Whether its platform is suspended: then it writes no statements.
    pub is_suspended: bool,
}

/// What is to become a credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What people call it.
    pub name: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// The learning platform that it belongs to.
    pub platform: Option<Uuid>,
    /// Requests a second.
    pub rate: u32,
    /// Statements a day; `None` for any number.
    pub quota: Option<u32>,
}

impl Wanted {
    /// One with the usual rate and no quota.
    #[must_use]
    pub fn new(name: &str, scopes: &[Scope]) -> Self {
        let (name, scopes) = (name.to_owned(), scopes.to_vec());
        Self { name, scopes, platform: None, rate: USUAL_RATE, quota: None }
    }
}

impl Credential {
    fn has(&self, scopes: &[Scope]) -> bool {
        scopes.iter().any(|scope| self.scopes.contains(scope))
    }

    /// Whether statements may be written.
    #[must_use]
    pub fn writes(&self) -> bool {
        self.has(&[Scope::Write, Scope::All])
    }

    /// Whether any statement may be read.
    #[must_use]
    pub fn reads(&self) -> bool {
        self.reads_all() || self.has(&[Scope::ReadMine])
    }

    /// Whether statements that others wrote may be read.
    #[must_use]
    pub fn reads_all(&self) -> bool {
        self.has(&[Scope::Read, Scope::AllRead, Scope::All])
    }

    /// Whether what others wrote may be taken back.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.has(&[Scope::All])
    }

    /// Whether its definitions of activities count.
    #[must_use]
    pub fn defines(&self) -> bool {
        self.has(&[Scope::Define, Scope::All])
    }

    /// Whether documents of a resource with the scope `own` may be read, or changed if `change`.
    #[must_use]
    pub fn keeps(&self, own: Scope, change: bool) -> bool {
        self.has(&[own, Scope::All]) || !change && self.has(&[Scope::AllRead])
    }

    /// Whose documents it reads and writes: those of its platform alone; `None` for those that belong to no
    /// platform, which are also what a credential sees that is granted everything.
    #[must_use]
    pub fn owner(&self) -> Option<Uuid> {
        self.platform.filter(|_| !self.has(&[Scope::All, Scope::AllRead]))
    }

    /// Who vouches for what it writes, as JSON.
    #[must_use]
    pub fn authority(&self, home_page: &str) -> String {
        let account = serde_json::json!({ "homePage": home_page, "name": self.key });
        serde_json::json!({ "objectType": "Agent", "account": account, "name": self.name }).to_string()
    }
}

/// Statements have been stored or taken back: the content of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEvent {
    /// The credential with which they came.
    pub credential: Uuid,
    /// The learning platform that it belongs to.
    pub platform: Uuid,
    /// Their ids.
    pub statements: Vec<Uuid>,
}

#[cfg(test)]
mod tests {
    use super::{Credential, Scope};
    use tisheng_kernel::Id;
    use uuid::Uuid;

    fn with(scopes: &[Scope]) -> Credential {
        Credential {
            id: Id::from_uuid(Uuid::nil()),
            platform: None,
            name: "课".to_owned(),
            key: "k".to_owned(),
            scopes: scopes.iter().copied().collect(),
            rate: 1,
            quota: None,
            is_suspended: false,
        }
    }

    #[test]
    fn every_scope_is_read_by_its_name() {
        for (scope, code) in Scope::ALL {
            assert_eq!((code.parse(), scope.code()), (Ok(scope), code));
        }
        "statements".parse::<Scope>().expect_err("no scope");
    }

    #[test]
    fn a_scope_allows_what_it_says_and_no_more() {
        let mine = with(&[Scope::ReadMine]);
        assert!(mine.reads() && !mine.reads_all() && !mine.writes() && !mine.keeps(Scope::State, false));
        let all_read = with(&[Scope::AllRead]);
        assert!(all_read.reads_all() && all_read.keeps(Scope::Profile, false));
        assert!(!all_read.keeps(Scope::Profile, true) && !all_read.writes() && !all_read.is_wide());
        let state = with(&[Scope::State]);
        assert!(state.keeps(Scope::State, true) && !state.keeps(Scope::Profile, false) && !state.reads());
        let all = with(&[Scope::All]);
        assert!(
            all.writes()
                && all.reads_all()
                && all.defines()
                && all.is_wide()
                && all.keeps(Scope::State, true)
        );
    }
}
