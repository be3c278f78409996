//! Accounts and grants: what they are, which role stands where, who may give it.

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::Scope;
use tisheng_platform::ctx::Member;

use crate::organisation::{Kind, Node};
use crate::people::Person;
use crate::role::Role;

/// The way into the installation of one person.
#[derive(Debug, Clone)]
pub struct Account {
    /// The identifier.
    pub id: Id<Self>,
    /// Whose it is.
    pub person: Id<Person>,
    /// What is typed to sign in, besides the phone number.
    pub login: String,
    /// Whether a password has been chosen.
    pub has_password: bool,
    /// Whether a second factor is enrolled.
    pub has_second_factor: bool,
    /// Until when an issued set-up token counts.
    pub setup_expires: Option<Instant>,
    /// The last time it signed in.
    pub signed_in_at: Option<Instant>,
    /// Since when it is disabled.
    pub disabled_at: Option<Instant>,
    /// Counts the changes.
    pub version: i64,
}

/// A role held at a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The identifier.
    pub id: Id<Self>,
    /// Who holds it.
    pub person: Id<Person>,
    /// The role.
    pub role: Role,
    /// Where.
    pub node: Id<Node>,
    /// The node's name.
    pub node_name: String,
    /// The node's path.
    pub path: String,
    /// The first day.
    pub since: NaiveDate,
    /// The first day on which it is no more.
    pub until: Option<NaiveDate>,
}

impl Grant {
    /// The asker that acts in this grant.
    #[must_use]
    pub(super) fn member(&self, account: Id<Account>, name: &str, has_other_roles: bool) -> Member {
        Member {
            account: account.uuid(),
            person: self.person.uuid(),
            name: name.to_owned(),
            role: self.role.key().to_owned(),
            role_title: self.role.title().to_owned(),
            node: self.node.uuid(),
            node_name: self.node_name.clone(),
            path: self.path.clone(),
            has_other_roles,
        }
    }
}

/// An account that is open, its owner, and the roles that may be acted in today.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The account.
    pub account: Id<Account>,
    /// Whose it is.
    pub person: Id<Person>,
    /// The owner's name.
    pub name: String,
    /// What is typed to sign in.
    pub login: String,
    /// The roles.
    pub grants: Vec<Grant>,
}

/// Somebody who holds a role at a node.
#[derive(Debug, Clone)]
pub struct Holder {
    /// What is held.
    pub grant: Grant,
    /// The person's name.
    pub name: String,
    /// Whether the person can sign in.
    pub has_account: bool,
    /// The place in the list.
    pub place: String,
}

/// Somebody with a role at a school besides the teacher's.
#[derive(Debug, Clone)]
pub struct Staff {
    /// The school.
    pub school: Id<Node>,
    /// The person.
    pub person: Id<Person>,
    /// The name.
    pub name: String,
    /// The role.
    pub role: Role,
}

/// Whether `role` can be held at a node of kind `kind`.
#[must_use]
pub const fn stands_at(role: Role, kind: Kind) -> bool {
    match role {
        Role::Province => matches!(kind, Kind::Province),
        Role::City => matches!(kind, Kind::City),
        Role::County => matches!(kind, Kind::County),
        Role::Town => matches!(kind, Kind::Town),
        Role::Principal
        | Role::Cio
        | Role::ManagementTeam
        | Role::TrainingTeam
        | Role::Teacher
        | Role::Clerk => matches!(kind, Kind::School),
        Role::GroupLead => matches!(kind, Kind::School | Kind::Group),
        Role::Institution => matches!(kind, Kind::Province | Kind::City | Kind::County | Kind::Institution),
        Role::Expert | Role::Evaluator | Role::Auditor => {
            matches!(kind, Kind::Province | Kind::City | Kind::County)
        }
    }
}

/// Whether somebody who acts in `giver` at the path `from` may give or take `role` at the path
/// `at`: those above appoint. An office appoints below itself, and its own experts, institutions
/// and readers; a principal appoints within the school; a clerk all but the principal and clerks.
#[must_use]
pub fn may_give(giver: Role, from: &str, role: Role, at: &str) -> bool {
    if !Scope::below(from).holds(at) {
        return false;
    }
    let below = from != at;
    match giver {
        Role::Province | Role::City | Role::County | Role::Town => {
            below || matches!(role, Role::Expert | Role::Institution | Role::Evaluator | Role::Auditor)
        }
        Role::Principal => !role.is_office() && role != Role::Principal && is_of_school(role),
        Role::Clerk => is_of_school(role) && !matches!(role, Role::Principal | Role::Clerk),
        _ => false,
    }
}

const fn is_of_school(role: Role) -> bool {
    stands_at(role, Kind::School)
}

/// Whether the role at a school ends with the post there. Principals and clerks are appointed from
/// above and stay until they are taken back.
#[must_use]
pub const fn goes_with_post(role: Role) -> bool {
    matches!(role, Role::Teacher | Role::GroupLead | Role::TrainingTeam | Role::ManagementTeam | Role::Cio)
}

/// Whether the role asks for a second factor besides the password: those that stand at a county or above,
/// and training institutions, whose platforms send hours.
#[must_use]
pub const fn needs_second_factor(role: Role) -> bool {
    matches!(
        role,
        Role::Province
            | Role::City
            | Role::County
            | Role::Expert
            | Role::Institution
            | Role::Auditor
            | Role::Evaluator
    )
}

/// Reads a login as typed: half-width, lower case.
#[must_use]
pub(super) fn plain_login(typed: &str) -> String {
    tisheng_kernel::text::tidy(typed).to_lowercase()
}

/// Whether a login may be given to an account: 3 to 32 letters, digits and `. _ - @`, and not a
/// number that is personal data.
#[must_use]
pub(super) fn fits_login(login: &str) -> bool {
    let length = (3..=32).contains(&login.len());
    let signs = login.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-@".contains(&b));
    let digits = login.bytes().filter(u8::is_ascii_digit).count();
    length && signs && !(digits >= 11 && login.len() - digits <= 1)
}

#[cfg(test)]
mod tests {
    use super::{fits_login, may_give, plain_login, stands_at};
    use crate::organisation::Kind;
    use crate::role::Role;

    #[test]
    fn those_above_appoint() {
        assert!(may_give(Role::City, "/51/", Role::County, "/51/01/"));
        assert!(!may_give(Role::City, "/51/", Role::City, "/51/"), "not its equals");
        assert!(may_give(Role::County, "/51/01/", Role::Auditor, "/51/01/"), "its own readers");
        assert!(!may_give(Role::County, "/51/01/", Role::Principal, "/51/02/s/"), "not next door");
        assert!(may_give(Role::County, "/51/01/", Role::Principal, "/51/01/s/"));
        assert!(may_give(Role::Principal, "/51/01/s/", Role::Clerk, "/51/01/s/"));
        assert!(!may_give(Role::Clerk, "/51/01/s/", Role::Clerk, "/51/01/s/"));
        assert!(!may_give(Role::Principal, "/51/01/s/", Role::Expert, "/51/01/s/"));
        assert!(!may_give(Role::Teacher, "/51/01/s/", Role::Teacher, "/51/01/s/"));
    }

    #[test]
    fn each_role_stands_somewhere() {
        for role in Role::ALL {
            assert!(Kind::ALL.iter().any(|kind| stands_at(role, *kind)), "{role}");
        }
        assert!(!stands_at(Role::Principal, Kind::County));
    }

    #[test]
    fn a_login_is_no_personal_number() {
        assert_eq!(plain_login(" Ｚhang.San "), "zhang.san");
        assert!(fits_login("zhang.san") && fits_login("js0001"));
        for login in ["ab", "张三", "a b c", "13800138000", "11010519491231002x"] {
            assert!(!fits_login(login), "{login}");
        }
    }
}
