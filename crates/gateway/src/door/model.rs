//! Services that vouch for people: what they are, and for whom.

use std::fmt;
use std::str::FromStr;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::Scope;
use tisheng_registry::access::{Account, Grant};
use tisheng_registry::organisation::Node;

/// How a service speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// OpenID Connect Core 1.0, authorization code flow.
    Oidc,
    /// CAS protocol 3.0.
    Cas,
}

impl Kind {
    /// Both, in the order of a choice.
    pub const ALL: [Self; 2] = [Self::Oidc, Self::Cas];

    /// How it is stored.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Oidc => "oidc",
            Self::Cas => "cas",
        }
    }

    /// The name shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Oidc => "OpenID Connect",
            Self::Cas => "CAS 3.0",
        }
    }
}

/// The text names nothing that is known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("没有这个选项")]
pub struct Unknown;

impl FromStr for Kind {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|kind| kind.key() == text).ok_or(Unknown)
    }
}

/// What a claim holds by which a person is found at the first arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// The number of an identity paper.
    Paper,
    /// A phone number.
    Phone,
}

impl Holds {
    /// Both, in the order of a choice.
    pub const ALL: [Self; 2] = [Self::Paper, Self::Phone];

    /// How it is stored.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Phone => "phone",
        }
    }

    /// The name shown.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Paper => "证件号码",
            Self::Phone => "手机号",
        }
    }
}

impl FromStr for Holds {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        Self::ALL.into_iter().find(|holds| holds.key() == text).ok_or(Unknown)
    }
}

/// Whose second factor is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecondFactor {
    /// Ours.
    Own,
    /// The service's, when it says one of these values in `acr` or `amr`; a CAS server that names
    /// none is taken at its word.
    Provider(Vec<String>),
}

/// A service with which the people of a territory sign in (身份提供方).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The identifier.
    pub id: Id<Self>,
    /// Whose people it vouches for.
    pub node: Id<Node>,
    /// The node's name.
    pub node_name: String,
    /// The node's path.
    pub path: String,
    /// How it speaks.
    pub kind: Kind,
    /// What stands on its button.
    pub name: String,
    /// The issuer as it writes itself; of CAS what stands before `/login`.
    pub address: String,
    /// The name we are registered under.
    pub client: String,
    /// What we prove it with, sealed.
    pub secret: Option<Vec<u8>>,
    /// Scopes asked for besides `openid`.
    pub scopes: String,
    /// What names a person at the first arrival, and what it holds.
    pub claim: Option<(String, Holds)>,
    /// Whose second factor is asked for.
    pub second_factor: SecondFactor,
    /// Whether the people of the territory may use passwords.
    pub local_allowed: bool,
    /// Whether people may come by it.
    pub is_active: bool,
    /// Counts the changes.
    pub version: i64,
}

impl Provider {
    /// Whether it vouches for somebody with these roles: all of them lie in its territory. Whoever
    /// keeps a service decides whom it vouches for, and must not reach beyond what is theirs.
    #[must_use]
    pub fn vouches_for(&self, grants: &[Grant]) -> bool {
        let territory = Scope::below(&self.path);
        grants.iter().all(|grant| territory.holds(&grant.path))
    }

    /// Whether somebody with these roles who came by it has given all factors, when it says
    /// `told` of how. A role at the very node of the service gives our own in any case: the offices
    /// there keep the service, and none of them is to become another by it.
    #[must_use]
    pub fn spares_second_factor(&self, grants: &[Grant], told: &[String]) -> bool {
        let SecondFactor::Provider(values) = &self.second_factor else { return false };
        let counts = match self.kind {
            Kind::Cas if values.is_empty() => true,
            _ => told.iter().any(|value| values.contains(value)),
        };
        counts && grants.iter().all(|grant| grant.path != self.path)
    }

    /// Whether it takes the place of the password for somebody with these roles. The offices at the
    /// node keep theirs: a service that fails must not lock out those who can mend it.
    #[must_use]
    pub fn replaces_password(&self, grants: &[Grant]) -> bool {
        let keeps = |grant: &Grant| grant.path == self.path && grant.role.is_office();
        self.is_active
            && !self.local_allowed
            && !grants.is_empty()
            && self.vouches_for(grants)
            && !grants.iter().any(keeps)
    }

    /// What a session says of how its owner came: by this service and, of CAS, with which ticket.
    #[must_use]
    pub fn via(&self, ticket: &str) -> String {
        if ticket.is_empty() {
            self.id.to_string()
        } else {
            format!("{}/{}", self.id, hex::encode(digest(ticket)))
        }
    }
}

/// The service that a session's text names.
#[must_use]
pub fn provider_of(via: &str) -> Option<Id<Provider>> {
    via.split('/').next()?.parse().ok()
}

/// What stands in the database of a secret that only a browser or a service knows.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    use sha2::Digest;
    sha2::Sha256::digest(secret.as_bytes()).to_vec()
}

/// How a link came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The owner signed in by password once and confirmed it.
    Confirmed,
    /// What the service says of the person matches one record.
    Claim,
}

impl How {
    /// How it is stored.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Claim => "claim",
        }
    }

    /// As pages show it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Confirmed => "本人确认",
            Self::Claim => "号码核对",
        }
    }
}

impl FromStr for How {
    type Err = Unknown;

    fn from_str(text: &str) -> Result<Self, Unknown> {
        [Self::Confirmed, Self::Claim].into_iter().find(|how| how.key() == text).ok_or(Unknown)
    }
}

/// The account that somebody enters by a service (关联).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The identifier.
    pub id: Id<Self>,
    /// The service.
    pub provider: Id<Provider>,
    /// The account.
    pub account: Id<Account>,
    /// How it came about.
    pub how: How,
    /// When.
    pub linked_at: Instant,
    /// When somebody last came by it.
    pub used_at: Option<Instant>,
}

/// Somebody whom a service has just vouched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The service's own name for the person, which never changes.
    pub subject: String,
    /// How the service calls the person.
    pub shown: String,
    /// What it says under the name of the claim that names the person.
    pub claim: Option<String>,
    /// What it says of how the person signed in.
    pub factors: Vec<String>,
    /// The ticket, of CAS; else empty.
    pub ticket: String,
}

/// What a service calls a person, with the middle of long numbers hidden: it may be a phone or an
/// identity number.
#[must_use]
pub fn masked(shown: &str) -> Masked<'_> {
    Masked(shown)
}

/// A text whose long numbers are shown in part.
#[derive(Debug)]
pub struct Masked<'t>(&'t str);

impl fmt::Display for Masked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters: Vec<char> = self.0.chars().take(60).collect();
        let digits = letters.iter().filter(|c| c.is_ascii_digit()).count();
        let hidden = if digits >= 8 { 3..letters.len().saturating_sub(2) } else { 0..0 };
        for (place, letter) in letters.iter().enumerate() {
            fmt::Write::write_char(f, if hidden.contains(&place) { '*' } else { *letter })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tisheng_kernel::Id;
    use tisheng_registry::access::{Grant, Role};
    use uuid::Uuid;

    use super::{Kind, Provider, SecondFactor, masked, provider_of};

    fn provider(path: &str) -> Provider {
        Provider {
            id: Id::from_uuid(Uuid::from_u128(7)),
            node: Id::from_uuid(Uuid::from_u128(1)),
            node_name: "甲县".to_owned(),
            path: path.to_owned(),
            kind: Kind::Oidc,
            name: "甲县教育云".to_owned(),
            address: "https://sso.test".to_owned(),
            client: "tisheng".to_owned(),
            secret: None,
            scopes: String::new(),
            claim: None,
            second_factor: SecondFactor::Own,
            local_allowed: false,
            is_active: true,
            version: 1,
        }
    }

    fn grant(role: Role, path: &str) -> Grant {
        Grant {
            id: Id::from_uuid(Uuid::from_u128(2)),
            person: Id::from_uuid(Uuid::from_u128(3)),
            role,
            node: Id::from_uuid(Uuid::from_u128(1)),
            node_name: String::new(),
            path: path.to_owned(),
            since: NaiveDate::default(),
            until: None,
        }
    }

    #[test]
    fn a_service_vouches_for_nobody_with_a_role_beyond_its_territory() {
        let county = provider("/88/01/");
        let teacher = grant(Role::Teacher, "/88/01/s/");
        assert!(county.vouches_for(std::slice::from_ref(&teacher)));
        assert!(!county.vouches_for(&[teacher.clone(), grant(Role::Expert, "/88/")]));
        assert!(!county.vouches_for(&[grant(Role::Teacher, "/88/010/s/")]), "not a neighbour");
        assert!(!county.vouches_for(&[grant(Role::City, "/88/")]));
    }

    #[test]
    fn passwords_go_but_for_the_offices_at_the_node() {
        let county = provider("/88/01/");
        assert!(county.replaces_password(&[grant(Role::Teacher, "/88/01/s/")]));
        assert!(county.replaces_password(&[grant(Role::Auditor, "/88/01/")]));
        assert!(!county.replaces_password(&[grant(Role::County, "/88/01/")]));
        let both = [grant(Role::Teacher, "/88/01/s/"), grant(Role::County, "/88/01/")];
        assert!(!county.replaces_password(&both));
        assert!(!county.replaces_password(&[grant(Role::City, "/88/")]));
        assert!(!county.replaces_password(&[]), "no role, no territory");
        for open in
            [Provider { local_allowed: true, ..county.clone() }, Provider { is_active: false, ..county }]
        {
            assert!(!open.replaces_password(&[grant(Role::Teacher, "/88/01/s/")]));
        }
    }

    #[test]
    fn a_second_factor_elsewhere_counts_when_it_is_named_and_below_the_node() {
        let values = vec!["mfa".to_owned(), "otp".to_owned()];
        let city = Provider { second_factor: SecondFactor::Provider(values), ..provider("/88/") };
        let county = [grant(Role::County, "/88/01/")];
        let told = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<String>>();
        assert!(city.spares_second_factor(&county, &told(&["pwd", "otp"])));
        assert!(!city.spares_second_factor(&county, &told(&["pwd"])));
        assert!(!city.spares_second_factor(&county, &[]));
        assert!(!city.spares_second_factor(&[grant(Role::City, "/88/")], &told(&["otp"])));
        let own = Provider { second_factor: SecondFactor::Own, ..city.clone() };
        assert!(!own.spares_second_factor(&county, &told(&["otp"])));
        let named = Provider { second_factor: SecondFactor::Provider(Vec::new()), ..city };
        assert!(!named.spares_second_factor(&county, &told(&["otp"])), "OpenID Connect names its values");
        assert!(Provider { kind: Kind::Cas, ..named }.spares_second_factor(&county, &[]));
    }

    #[test]
    fn a_session_knows_its_service_and_ticket() {
        let cas = provider("/88/");
        assert_eq!(provider_of(&cas.via("")), Some(cas.id));
        assert_eq!(provider_of(&cas.via("ST-1")), Some(cas.id));
        assert_ne!(cas.via("ST-1"), cas.via("ST-2"));
        assert!(!cas.via("ST-1-secret").contains("secret"));
        assert_eq!(provider_of("elsewhere"), None);
    }

    #[test]
    fn long_numbers_are_shown_in_part() {
        assert_eq!(masked("11010519491231002X").to_string(), "110*************2X");
        assert_eq!(masked("19900000001").to_string(), "199******01");
        assert_eq!(masked("zhang.san").to_string(), "zhang.san");
        assert_eq!(masked("张三2021").to_string(), "张三2021");
    }
}
