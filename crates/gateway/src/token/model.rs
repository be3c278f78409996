//! Tokens and what they allow. Pure.

use tisheng_kernel::{Id, Instant, coded};
use tisheng_platform::{Machine, Who};
use tisheng_registry::organisation::Node;
use tisheng_training::platform::Platform;

/// Requests a second of a token for which nothing else is said.
pub const USUAL_RATE: u32 = 50;

/// What a token begins with, so that one that has got into a file or a log is found by machines.
pub const PREFIX: &str = "ts_";

coded! {
    /// What a token allows.
    Scope, "接口权限", {
        /// Hours may be handed in.
        HoursWrite = "hours:write" "报送学时",
        /// What stands of hours may be read.
        HoursRead = "hours:read" "查询学时",
        /// Organisations, teachers and classes may be read; never the numbers of their papers.
        RosterRead = "roster:read" "查询机构和教师",
        /// The catalogue may be read.
        CatalogueRead = "catalogue:read" "查询课程目录",
        /// Courses may be handed in.
        CatalogueWrite = "catalogue:write" "提交课程",
        /// Figures may be read.
        ProgressRead = "progress:read" "查询进度",
    }
}

impl Scope {
    /// Whether it is about one platform.
    #[must_use]
    pub const fn needs_platform(self) -> bool {
        matches!(self, Self::HoursWrite | Self::CatalogueWrite)
    }

    /// Whether an institution may give it for its own platform.
    #[must_use]
    pub const fn is_for_institutions(self) -> bool {
        !matches!(self, Self::RosterRead | Self::ProgressRead)
    }
}

/// How it stands with a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It is let in.
    Live,
    /// Its day has come.
    Expired,
    /// Somebody has revoked it.
    Revoked,
}

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its identifier.
    pub id: Id<Self>,
    /// What people call it.
    pub name: String,
    /// Where it acts.
    pub node: Id<Node>,
    /// That node's path.
    pub path: String,
    /// In whose name hours and courses come.
    pub platform: Option<Id<Platform>>,
    /// Its public half.
    pub key: String,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// Requests a second.
    pub rate: u32,
    /// When it ends.
    pub expires_at: Instant,
    /// When it was made.
    pub created_at: Instant,
    /// When it was used last, to the minute.
    pub used_at: Option<Instant>,
    /// When it was revoked.
    pub revoked_at: Option<Instant>,
}

impl Token {
    /// How it stands at `at`.
    #[must_use]
    pub fn state(&self, at: Instant) -> State {
        if self.revoked_at.is_some() {
            State::Revoked
        } else if at >= self.expires_at {
            State::Expired
        } else {
            State::Live
        }
    }

    /// The same as far as it reads.
    #[must_use]
    pub fn reading(&self) -> Self {
        let mut reading = self.clone();
        reading.scopes.retain(|scope| !scope.needs_platform());
        reading
    }

    /// Whether it allows `scope`.
    #[must_use]
    pub fn allows(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Who asks with it.
    #[must_use]
    pub fn who(&self) -> Who {
        let name = format!("token:{}", self.key);
        Who::Machine(Box::new(Machine { name, node: self.node.uuid(), path: self.path.clone() }))
    }
}

/// A token with its secret, which is shown this once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// Which.
    pub id: Id<Token>,
    /// Its public half.
    pub key: String,
    /// Its secret half.
    pub secret: String,
}

impl Issued {
    /// Both halves as they are sent.
    #[must_use]
    pub fn word(&self) -> String {
        format!("{PREFIX}{}_{}", self.key, self.secret)
    }
}

/// Key and secret of a token as it is sent.
pub fn halves(word: &str) -> Option<(&str, &str)> {
    word.strip_prefix(PREFIX)?.split_once('_')
}

/// What is to become a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// What people call it.
    pub name: String,
    /// Where it acts, and that node's path.
    pub node: (Id<Node>, String),
    /// In whose name hours and courses come.
    pub platform: Option<Id<Platform>>,
    /// What it allows.
    pub scopes: Vec<Scope>,
    /// Requests a second.
    pub rate: u32,
    /// Days for which it lasts.
    pub days: u32,
}

/// The field and the sentence of what cannot be given together, to an institution or to an office.
#[must_use]
pub fn decide(
    institution: bool,
    scopes: &[Scope],
    platform: Option<Id<Platform>>,
) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    let needy = scopes.iter().find(|scope| scope.needs_platform());
    match (platform, needy) {
        (None, Some(scope)) => wrong.push(("platform", format!("“{}”要选定是哪个平台", scope.title()))),
        (None, None) if institution => wrong.push(("platform", "请选择是哪个平台".to_owned())),
        _ => {}
    }
    if scopes.is_empty() {
        wrong.push(("scope", "请至少选择一项权限".to_owned()));
    }
    if let Some(scope) = scopes.iter().find(|scope| institution && !scope.is_for_institutions()) {
        wrong.push(("scope", format!("“{}”只能由工程办公室授权", scope.title())));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::{Id, Instant};
    use uuid::Uuid;

    use super::{Issued, Scope, State, Token, decide, halves};

    fn token() -> Token {
        Token {
            id: Id::from_uuid(Uuid::nil()),
            name: "省平台".to_owned(),
            node: Id::from_uuid(Uuid::nil()),
            path: "/1/".to_owned(),
            platform: None,
            key: "k".to_owned(),
            scopes: vec![Scope::HoursRead],
            rate: 1,
            expires_at: Instant::from_micros(10),
            created_at: Instant::from_micros(0),
            used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_ends_by_its_date_or_by_a_person() {
        let at = Instant::from_micros;
        assert_eq!((token().state(at(9)), token().state(at(10))), (State::Live, State::Expired));
        let revoked = Token { revoked_at: Some(at(1)), ..token() };
        assert_eq!(revoked.state(at(2)), State::Revoked);
        assert!(token().allows(Scope::HoursRead) && !token().allows(Scope::HoursWrite));
    }

    #[test]
    fn a_word_falls_into_its_halves() {
        let issued =
            Issued { id: Id::from_uuid(Uuid::nil()), key: "ab12".to_owned(), secret: "cd34".to_owned() };
        assert_eq!(halves(&issued.word()), Some(("ab12", "cd34")));
        assert_eq!((halves("ts_ab"), halves("ab_cd"), halves("")), (None, None, None));
    }

    #[test]
    fn who_writes_has_a_platform_and_an_institution_gives_no_people() {
        let platform = Some(Id::from_uuid(Uuid::nil()));
        assert!(decide(false, &[Scope::RosterRead], None).is_empty());
        assert!(decide(true, &[Scope::HoursWrite], platform).is_empty());
        for (institution, scopes, platform, field) in [
            (false, &[Scope::HoursWrite][..], None, "platform"),
            (true, &[Scope::RosterRead], platform, "scope"),
            (true, &[Scope::HoursRead], None, "platform"),
            (false, &[], None, "scope"),
        ] {
            let wrong = decide(institution, scopes, platform);
            assert!(wrong.iter().any(|(place, _)| *place == field), "{wrong:?}");
        }
    }
}
