//! The environments (信息化教学环境) that a school may have: the scheme of its place names them.
//!
//! The facts of a school hold the code alone. The assembly gives this room a way to ask which
//! there are at a place ([`EnvironmentSource`]); where no scheme runs, the three that the
//! national framework names are there.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use tisheng_kernel::text::tidy;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};

/// An environment as forms and rolls know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Code: what the facts of a school hold and what rules ask for.
    pub key: String,
    /// Its name.
    pub title: String,
    /// What it is, in a sentence.
    pub description: String,
}

/// The environments of a place, from the simplest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environments(Vec<Environment>);

/// The national framework's environments (《中小学教师信息技术应用能力发展测评指南》).
const NATIONAL: [(&str, &str, &str); 3] = [
    ("multimedia", "多媒体教学环境", "教室里有投影或交互大屏，主要支持集体讲授"),
    ("blended", "混合学习环境", "还有网络教室、移动终端等，支持小组与集体学习"),
    ("smart", "智慧学习环境", "学生人手一端，支持个性化学习和自主探究"),
];

/// What people leave out of the name of an environment, the longest first.
const ENDINGS: [&str; 4] = ["教学环境", "学习环境", "教室环境", "环境"];

impl Environments {
    /// Those of the national framework.
    #[must_use]
    pub fn national() -> Self {
        let owned = |(key, title, description): (&str, &str, &str)| Environment {
            key: key.to_owned(),
            title: title.to_owned(),
            description: description.to_owned(),
        };
        Self(NATIONAL.into_iter().map(owned).collect())
    }

    /// Those given, each code once; the national ones when there are none.
    #[must_use]
    pub fn of(given: impl IntoIterator<Item = Environment>) -> Self {
        let mut all: Vec<Environment> = Vec::new();
        for one in given {
            if all.iter().all(|known| known.key != one.key) {
                all.push(one);
            }
        }
        if all.is_empty() { Self::national() } else { Self(all) }
    }

    /// Every one, from the simplest on.
    pub fn all(&self) -> impl Iterator<Item = &Environment> {
        self.0.iter()
    }

    /// Whether there is one of that code.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.0.iter().any(|one| one.key == key)
    }

    /// The name of the one of that code. A school keeps the code it was given when its place comes
    /// to have other environments; the national name stands for it then, or the code itself.
    #[must_use]
    pub fn title<'e>(&'e self, key: &'e str) -> &'e str {
        let own = self.0.iter().find(|one| one.key == key).map(|one| one.title.as_str());
        let national = || NATIONAL.iter().find(|(known, ..)| *known == key).map(|(_, title, _)| *title);
        own.or_else(national).unwrap_or(key)
    }

    /// Codes and names, for a choice in a form.
    #[must_use]
    pub fn options(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|one| (one.key.as_str(), one.title.as_str())).collect()
    }

    /// The names.
    #[must_use]
    pub fn titles(&self) -> Vec<&str> {
        self.0.iter().map(|one| one.title.as_str()).collect()
    }

    /// The code of the one that `text` means: its code, its name, or the name without its ending.
    #[must_use]
    pub fn meant(&self, text: &str) -> Option<&str> {
        let plain = tidy(text).replace(' ', "");
        let exact = self.0.iter().find(|one| one.key == plain || one.title == plain);
        let short = || self.0.iter().find(|one| bare(&one.title) == bare(&plain));
        exact.or_else(short).map(|one| one.key.as_str())
    }

    /// What each is, in one paragraph.
    #[must_use]
    pub fn explained(&self) -> String {
        let each =
            self.0.iter().map(|one| format!("{}：{}", one.title, one.description.trim_end_matches('。')));
        format!("{}。", each.collect::<Vec<_>>().join("；"))
    }
}

fn bare(title: &str) -> &str {
    ENDINGS.iter().find_map(|ending| title.strip_suffix(ending)).unwrap_or(title)
}

/// The answer of an [`EnvironmentSource`].
pub type Asked<'a> = Pin<Box<dyn Future<Output = Result<Environments, Failure>> + Send + 'a>>;

/// Where the environments of a place come from: a part that the assembly adds, which asks the
/// schemes that run at the path, or below it.
#[derive(Clone, Copy)]
pub struct EnvironmentSource(pub for<'a> fn(&'a Ctx, &'a mut Tx, &'a str) -> Asked<'a>);

impl fmt::Debug for EnvironmentSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvironmentSource")
    }
}

/// The environments that schools at or below `path` may have.
///
/// # Errors
/// What the source reports.
pub async fn environments(ctx: &Ctx, tx: &mut Tx, path: &str) -> Result<Environments, Failure> {
    match ctx.app.parts.find::<EnvironmentSource>() {
        Some(source) => (source.0)(ctx, tx, path).await,
        None => Ok(Environments::national()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Environment, Environments};

    #[test]
    fn what_people_write_for_an_environment_is_understood() {
        let national = Environments::national();
        for text in ["blended", "混合学习环境", "混合环境", "混合", " 混合 学习环境 "] {
            assert_eq!(national.meant(text), Some("blended"), "{text}");
        }
        assert_eq!(national.meant("多媒体"), Some("multimedia"));
        assert_eq!(national.meant("未来"), None);
        assert_eq!(national.meant(""), None);
    }

    #[test]
    fn a_place_has_its_own_and_still_names_what_it_had() {
        let own = |key: &str, title: &str| Environment {
            key: key.to_owned(),
            title: title.to_owned(),
            description: format!("{title}的教室。"),
        };
        let place =
            Environments::of([own("basic", "基础环境"), own("cloud", "云端环境"), own("basic", "又一个")]);
        assert_eq!(place.titles(), ["基础环境", "云端环境"]);
        assert!(place.has("cloud") && !place.has("smart"));
        assert_eq!(place.title("cloud"), "云端环境");
        assert_eq!(place.title("smart"), "智慧学习环境");
        assert_eq!(place.title("gone"), "gone");
        assert_eq!(place.meant("云端"), Some("cloud"));
        assert_eq!(place.explained(), "基础环境：基础环境的教室；云端环境：云端环境的教室。");
        assert_eq!(Environments::of([]), Environments::national());
    }
}
