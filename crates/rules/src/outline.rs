//! A scheme as a list of sentences, each with its source: what `explain` prints and `diff`
//! compares.

mod abilities;
mod aims;
mod judging;
mod learning;

use std::fmt;

use tisheng_kernel::number::chinese_ordinal;

use crate::scheme::Scheme;
use crate::source::{Source, Sourced};
use crate::territory::TierKey;

/// One sentence of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// Code by which the same clause is found in another version.
    pub key: String,
    /// The heading it stands under.
    pub heading: &'static str,
    /// The rule in a sentence.
    pub sentence: String,
    /// Where it comes from, as shown.
    pub source: String,
    /// Whether anything it says is a default of ours.
    pub is_default: bool,
}

/// A clause that two schemes do not have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Only the second has it.
    Added(Clause),
    /// Only the first has it.
    Removed(Clause),
    /// Both have it and it says something else.
    Changed {
        /// What the first says.
        from: Clause,
        /// What the second says.
        to: Clause,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(clause) => {
                write!(f, "【{}】新增：{}{}", clause.heading, clause.sentence, clause.source)
            }
            Self::Removed(clause) => {
                write!(f, "【{}】删去：{}{}", clause.heading, clause.sentence, clause.source)
            }
            Self::Changed { from, to } => write!(
                f,
                "【{}】由“{}”{}改为“{}”{}",
                to.heading, from.sentence, from.source, to.sentence, to.source
            ),
        }
    }
}

/// Clauses being collected under one heading.
struct Outline {
    heading: &'static str,
    clauses: Vec<Clause>,
}

impl Outline {
    fn heading(&mut self, heading: &'static str) {
        self.heading = heading;
    }

    fn say(&mut self, key: impl Into<String>, sentence: impl Into<String>, source: &Source) {
        self.joint(key, sentence, source, []);
    }

    /// A clause about one value.
    fn value<T>(&mut self, key: impl Into<String>, value: &Sourced<T>, sentence: impl Into<String>) {
        self.say(key, sentence, &value.source);
    }

    /// A clause about several values, each named: what rests on something else than the first is
    /// shown with its own source, so that no default hides behind a place of the text.
    fn joint<'s>(
        &mut self,
        key: impl Into<String>,
        sentence: impl Into<String>,
        source: &Source,
        parts: impl IntoIterator<Item = (&'static str, &'s Source)>,
    ) {
        let mut shown = source.words();
        let mut is_default = source.is_default();
        for (name, part) in parts {
            is_default |= part.is_default();
            if !part.is_within(source) {
                shown.push_str(&format!("；{name}：{}", part.words()));
            }
        }
        self.clauses.push(Clause {
            key: key.into(),
            heading: self.heading,
            sentence: sentence.into(),
            source: format!("〔{shown}〕"),
            is_default,
        });
    }
}

/// A value that may be absent, as a part of a clause.
fn part<'s, T>(name: &'static str, value: Option<&'s Sourced<T>>) -> Option<(&'static str, &'s Source)> {
    value.map(|value| (name, &value.source))
}

/// What a level is called in the scheme; a general word where the territory does not use it.
fn level(scheme: &Scheme, key: TierKey) -> &str {
    scheme.tier(key).map_or_else(
        || match key {
            TierKey::Province => "省级",
            TierKey::City => "市级",
            TierKey::County => "县级",
            TierKey::Town => "镇级",
            TierKey::School => "校级",
        },
        |tier| tier.title.as_str(),
    )
}

impl Scheme {
    /// The rules, clause by clause, in the order of their headings.
    #[must_use]
    pub fn clauses(&self) -> Vec<Clause> {
        let mut outline = Outline { heading: "", clauses: Vec::new() };
        aims::territory(self, &mut outline);
        aims::targets(self, &mut outline);
        learning::hours(self, &mut outline);
        abilities::framework(self, &mut outline);
        learning::selection(self, &mut outline);
        judging::steps(self, &mut outline);
        judging::certification(self, &mut outline);
        judging::handover(self, &mut outline);
        abilities::evidence(self, &mut outline);
        aims::phases(self, &mut outline);
        aims::teams(self, &mut outline);
        aims::programmes(self, &mut outline);
        aims::documents(self, &mut outline);
        aims::funds(self, &mut outline);
        aims::duties(self, &mut outline);
        aims::notes(self, &mut outline);
        outline.clauses
    }
}

/// The scheme in Chinese sentences with their sources, under numbered headings: readable as
/// plain text and as Markdown.
#[must_use]
pub fn explain(scheme: &Scheme) -> String {
    let clauses = scheme.clauses();
    let defaults = clauses.iter().filter(|clause| clause.is_default).count();
    let mut text = format!("# {}\n\n", *scheme.identity.title);
    text.push_str(&format!(
        "方案代码 {}，版本 {}，校验码 {}。\n",
        scheme.code(),
        scheme.version(),
        scheme.digest()
    ));
    text.push_str(&format!(
        "以下共 {} 条，〔〕内是官方文本中的位置；{defaults} 条标有“系统默认”，官方文本没有规定，可以修改。\n",
        clauses.len()
    ));
    let mut heading = "";
    let mut number = 0;
    for clause in &clauses {
        if clause.heading != heading {
            heading = clause.heading;
            number += 1;
            text.push_str(&format!("\n## {}、{heading}\n\n", chinese_ordinal(number)));
        }
        text.push_str(&format!("- {}{}\n", clause.sentence, clause.source));
    }
    text
}

/// What the second scheme says otherwise than the first, in the order of the second; what it no
/// longer says comes last. Only the words of a rule count, and whether they rest on the official
/// text: a value that stays the same but is no longer a default is a change.
#[must_use]
pub fn diff(first: &Scheme, second: &Scheme) -> Vec<Difference> {
    let before = first.clauses();
    let after = second.clauses();
    let mut differences = Vec::new();
    for clause in &after {
        match before.iter().find(|old| old.key == clause.key) {
            None => differences.push(Difference::Added(clause.clone())),
            Some(old) if old.sentence != clause.sentence || old.source != clause.source => {
                differences.push(Difference::Changed { from: old.clone(), to: clause.clone() });
            }
            Some(_) => {}
        }
    }
    let gone = before.into_iter().filter(|old| !after.iter().any(|clause| clause.key == old.key));
    differences.extend(gone.map(Difference::Removed));
    differences
}
