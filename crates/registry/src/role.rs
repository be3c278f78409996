//! The roles that people hold at nodes of the tree (ORG-4), and what each may do.
//!
//! A role counts at the node at which it was given and below it: `require` asks for the role,
//! and every load through the asker's scope asks for the node. Both answer "not found" when they
//! refuse.

use std::fmt;
use std::str::FromStr;

use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Member, Who};

/// A role, given at a node of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// 省级工程办
    Province,
    /// 市级工程办
    City,
    /// 县级工程办
    County,
    /// 镇街工程办
    Town,
    /// 校长, the first responsible person of a school
    Principal,
    /// 首席信息官
    Cio,
    /// 管理团队
    ManagementTeam,
    /// 培训团队
    TrainingTeam,
    /// 教研组长
    GroupLead,
    /// 教师
    Teacher,
    /// 专家
    Expert,
    /// 培训机构
    Institution,
    /// 第三方评估
    Evaluator,
    /// 只读审计
    Auditor,
    /// 学校管理员, who keeps the school's records
    Clerk,
}

impl Role {
    /// Every role, offices first.
    pub const ALL: [Self; 15] = [
        Self::Province,
        Self::City,
        Self::County,
        Self::Town,
        Self::Principal,
        Self::Cio,
        Self::Clerk,
        Self::ManagementTeam,
        Self::TrainingTeam,
        Self::GroupLead,
        Self::Teacher,
        Self::Expert,
        Self::Institution,
        Self::Evaluator,
        Self::Auditor,
    ];

    /// The key in sessions, tables and files.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::City => "city",
            Self::County => "county",
            Self::Town => "town",
            Self::Principal => "principal",
            Self::Cio => "cio",
            Self::ManagementTeam => "management_team",
            Self::TrainingTeam => "training_team",
            Self::GroupLead => "group_lead",
            Self::Teacher => "teacher",
            Self::Expert => "expert",
            Self::Institution => "institution",
            Self::Evaluator => "evaluator",
            Self::Auditor => "auditor",
            Self::Clerk => "clerk",
        }
    }

    /// The name shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Province => "省级工程办",
            Self::City => "市级工程办",
            Self::County => "县级工程办",
            Self::Town => "镇街工程办",
            Self::Principal => "校长",
            Self::Cio => "首席信息官",
            Self::ManagementTeam => "管理团队",
            Self::TrainingTeam => "培训团队",
            Self::GroupLead => "教研组长",
            Self::Teacher => "教师",
            Self::Expert => "专家",
            Self::Institution => "培训机构",
            Self::Evaluator => "第三方评估",
            Self::Auditor => "只读审计",
            Self::Clerk => "学校管理员",
        }
    }

    /// Whether the role is one of the project offices.
    #[must_use]
    pub const fn is_office(self) -> bool {
        matches!(self, Self::Province | Self::City | Self::County | Self::Town)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.title())
    }
}

/// The text names no role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("没有这个角色")]
pub struct NotARole;

impl FromStr for Role {
    type Err = NotARole;

    /// Reads the key or the Chinese title.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.key() == text || role.title() == text).ok_or(NotARole)
    }
}

/// Something that may be done in this district, at the role's node and below.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Look at the tree, schools and teams.
    SeeOrganisation,
    /// Found, rename, move and close organisations below one's own.
    ShapeOrganisation,
    /// State the facts of schools and keep their teams.
    KeepSchool,
    /// Look at lists of people and their records.
    SeePeople,
    /// Enter, correct, transfer and release people.
    KeepPeople,
    /// See an identity number or phone number whole, with a reason.
    ShowPersonalData,
    /// See who has looked at whole numbers, and why.
    SeeLooks,
    /// See who holds which role.
    SeeRoles,
    /// Give and take roles, issue set-up links.
    GiveRoles,
    /// Take in rosters.
    ImportRoster,
}

/// Whether `role` may do what `permission` names, at its node and below.
#[must_use]
pub const fn may(role: Role, permission: Permission) -> bool {
    use Permission as P;
    match role {
        Role::Province | Role::City | Role::County | Role::Town => true,
        Role::Clerk => !matches!(permission, P::ShapeOrganisation | P::SeeLooks),
        Role::Principal => !matches!(permission, P::ShapeOrganisation | P::ImportRoster),
        Role::Cio | Role::ManagementTeam => {
            matches!(permission, P::SeeOrganisation | P::KeepSchool | P::SeePeople | P::SeeRoles)
        }
        Role::Auditor => {
            matches!(permission, P::SeeOrganisation | P::SeePeople | P::SeeRoles | P::SeeLooks)
        }
        Role::TrainingTeam | Role::GroupLead => matches!(permission, P::SeeOrganisation | P::SeePeople),
        Role::Evaluator | Role::Expert | Role::Institution => matches!(permission, P::SeeOrganisation),
        Role::Teacher => false,
    }
}

/// The role in which somebody asks; `None` for strangers and the installation itself.
#[must_use]
pub fn role(ctx: &Ctx) -> Option<Role> {
    ctx.who.member().and_then(|member| member.role.parse().ok())
}

/// How much of the tree a list spans, which decides the index that serves it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breadth {
    /// A city or more.
    Widest,
    /// A county.
    Wide,
    /// A town, a school.
    Narrow,
}

/// How much of the tree the asker's node spans, however high the tree is.
#[must_use]
pub fn breadth(ctx: &Ctx) -> Breadth {
    match role(ctx) {
        Some(Role::Province | Role::City) => Breadth::Widest,
        Some(Role::County) => Breadth::Wide,
        Some(Role::Evaluator | Role::Auditor) | None if ctx.scope().is_wide() => Breadth::Widest,
        _ => Breadth::Narrow,
    }
}

/// Whether somebody asks for one of the project offices above schools.
#[must_use]
pub fn is_office(ctx: &Ctx) -> bool {
    role(ctx).is_some_and(Role::is_office)
}

/// The asker, when the role is one of `roles`.
///
/// # Errors
/// [`Failure::NotFound`] otherwise: what somebody may not do looks as if it were not there.
pub fn require<'c>(ctx: &'c Ctx, roles: &[Role]) -> Result<&'c Member, Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    match role(ctx) {
        Some(role) if roles.contains(&role) => Ok(member),
        _ => Err(Failure::NotFound),
    }
}

/// The asker, who reads the own record: a teacher, or somebody who has left.
///
/// # Errors
/// [`Failure::NotFound`] otherwise.
pub fn of_own_record(ctx: &Ctx) -> Result<&Member, Failure> {
    match ctx.who.member() {
        Some(member) if member.only_reads() => Ok(member),
        _ => require(ctx, &[Role::Teacher]),
    }
}

/// Passes when the asker may do what `permission` names, or is the installation itself.
///
/// # Errors
/// [`Failure::NotFound`] otherwise.
pub fn permit(ctx: &Ctx, permission: Permission) -> Result<(), Failure> {
    if allows(ctx, permission) { Ok(()) } else { Err(Failure::NotFound) }
}

/// Whether the asker may do what `permission` names: for showing or leaving out a button.
#[must_use]
pub fn allows(ctx: &Ctx, permission: Permission) -> bool {
    match &ctx.who {
        Who::System(_) => true,
        Who::Stranger | Who::Machine(_) => false,
        Who::Member(_) => role(ctx).is_some_and(|role| may(role, permission)),
    }
}

#[cfg(test)]
mod tests {
    use super::{Permission, Role, may};

    #[test]
    fn keys_and_titles_are_read_again() {
        for role in Role::ALL {
            assert_eq!(role.key().parse(), Ok(role));
            assert_eq!(role.title().parse(), Ok(role));
        }
        assert!("root".parse::<Role>().is_err());
    }

    #[test]
    fn only_those_who_keep_records_see_personal_data() {
        let seers: Vec<Role> =
            Role::ALL.into_iter().filter(|r| may(*r, Permission::ShowPersonalData)).collect();
        assert_eq!(
            seers,
            [Role::Province, Role::City, Role::County, Role::Town, Role::Principal, Role::Clerk]
        );
    }

    #[test]
    fn readers_change_nothing() {
        let changes = [
            Permission::ShapeOrganisation,
            Permission::KeepSchool,
            Permission::KeepPeople,
            Permission::GiveRoles,
            Permission::ImportRoster,
        ];
        for role in [Role::Auditor, Role::Evaluator, Role::Expert, Role::Institution, Role::Teacher] {
            assert!(changes.iter().all(|change| !may(role, *change)), "{role}");
        }
    }
}
