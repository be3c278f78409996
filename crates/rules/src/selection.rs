//! Holding an offer and a choice against the rules, and the task list that follows.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use tisheng_kernel::Seconds;

use crate::choice::Cover;
use crate::condition::{Condition, unmet};
use crate::hours::{HourCategory, HourKind, ItemUnit};
use crate::scheme::Scheme;
use crate::source::Sourced;

/// What the rules must know of a school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchoolFacts {
    /// Code of its environment; `None` until the school has said.
    pub environment: Option<String>,
    /// Codes of facts that hold of it, e.g. `smart_education_school`.
    pub facts: BTreeSet<String>,
}

/// One line of a teacher's task list (任务清单).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Code of the task, stable for a choice.
    pub key: String,
    /// What is to be done.
    pub title: String,
    /// Code of the category its hours belong to.
    pub category: String,
    /// Code of the kind, where the category has kinds.
    pub kind: Option<String>,
    /// The capability or work it is about.
    pub about: Option<String>,
    /// What it earns.
    pub hours: Seconds,
    /// Where the rule comes from, as shown.
    pub source: String,
}

impl Scheme {
    /// Every condition on a school's offer, met or not.
    #[must_use]
    pub fn offer_conditions<S: AsRef<str>>(&self, offer: &[S], school: &SchoolFacts) -> Vec<Condition> {
        let offer = distinct(offer);
        let by_dimension = self.by_dimension(&offer);
        let mut conditions = vec![self.known_codes(&offer), self.offer_dimensions(&by_dimension, school)];
        if *self.offer.fit_environment {
            conditions.push(self.environment_fits(&offer, school));
        }
        conditions.push(self.offer_can_be_chosen_from(&offer, &by_dimension));
        conditions
    }

    /// The conditions that an offer does not meet.
    #[must_use]
    pub fn check_offer<S: AsRef<str>>(&self, offer: &[S], school: &SchoolFacts) -> Vec<Condition> {
        unmet(self.offer_conditions(offer, school))
    }

    /// Every condition on a teacher's choice from what the school offers, met or not: what a page
    /// shows while the teacher ticks.
    #[must_use]
    pub fn choice_conditions<S: AsRef<str>, O: AsRef<str>>(
        &self,
        chosen: &[S],
        offered: &[O],
    ) -> Vec<Condition> {
        let chosen = distinct(chosen);
        let offered = distinct(offered);
        let dimensions = self.by_dimension(&offered);
        let taken = self.by_dimension(&chosen);
        let count = |dimension: &str| number(of_dimension(&taken, dimension).len());
        let mut conditions = vec![self.only_offered(&chosen, &offered), self.enough(&chosen, &dimensions)];
        match *self.choice.cover {
            Cover::EveryOffered => {
                for (dimension, codes) in &dimensions {
                    conditions.push(self.dimension_covered(dimension, codes, count(dimension)));
                }
            }
            Cover::AtLeast(_) => {
                let need = self.choice.dimensions_to_cover(number(dimensions.len()));
                let per = *self.choice.per_dimension;
                let covered = number(taken.iter().filter(|(_, codes)| number(codes.len()) >= per).count());
                let sentence = format!(
                    "至少覆盖 {need} 个维度，每个维度不少于 {per} 个能力点，已覆盖 {covered} 个维度。"
                );
                let cover = Condition::counted("cover", "维度覆盖", covered, need);
                conditions.push(cover.saying(sentence, &self.choice.cover.source));
            }
        }
        conditions
    }

    /// How many capabilities a teacher must choose from what is offered.
    pub(crate) fn to_choose<O: AsRef<str>>(&self, offered: &[O]) -> usize {
        let dimensions = self.by_dimension(&distinct(offered)).len();
        self.choice.needed(number(dimensions)) as usize
    }

    /// The conditions that a choice does not meet.
    #[must_use]
    pub fn check_choice<S: AsRef<str>, O: AsRef<str>>(&self, chosen: &[S], offered: &[O]) -> Vec<Condition> {
        unmet(self.choice_conditions(chosen, offered))
    }

    /// Whether a choice meets every condition: [`Scheme::choice_conditions`] without the sentences,
    /// for counting over many teachers.
    #[must_use]
    pub fn is_choice_met<S: AsRef<str>, O: AsRef<str>>(&self, chosen: &[S], offered: &[O]) -> bool {
        let chosen = distinct(chosen);
        let offered = distinct(offered);
        let dimensions = self.by_dimension(&offered);
        let taken = self.by_dimension(&chosen);
        let per = *self.choice.per_dimension;
        let covered = dimensions.iter().filter(|(key, _)| number(of_dimension(&taken, key).len()) >= per);
        number(chosen.len()) >= self.choice.needed(number(dimensions.len()))
            && number(covered.count()) >= self.choice.dimensions_to_cover(number(dimensions.len()))
            && chosen.iter().all(|code| offered.contains(code))
    }

    /// What a teacher who chose these capabilities must do, and what each part earns.
    #[must_use]
    pub fn task_list<S: AsRef<str>>(&self, chosen: &[S]) -> Vec<Task> {
        let chosen = distinct(chosen);
        let mut tasks = Vec::new();
        for category in &self.hours.categories {
            if category.kinds.is_empty() {
                tasks.push(category_task(category, *category.minimum));
                continue;
            }
            let before = tasks.len();
            for kind in &category.kinds {
                self.tasks_of_kind(category, kind, &chosen, &mut tasks);
            }
            let rest = category.minimum.beyond(earned_by(category, &tasks[before..]));
            if rest > Seconds::ZERO {
                tasks.push(rest_of_category(category, rest, &tasks[before..]));
            }
        }
        tasks
    }

    /// What the tasks of a list can earn in all: of each kind and category no more than counts.
    #[must_use]
    pub fn countable(&self, tasks: &[Task]) -> Seconds {
        let of_category = |category: &HourCategory| -> Seconds {
            let own: Vec<Task> = tasks.iter().filter(|task| task.category == category.key).cloned().collect();
            let loose: Seconds = own.iter().filter(|task| task.kind.is_none()).map(|task| task.hours).sum();
            let earned = earned_by(category, &own) + loose;
            category.ceiling.as_ref().map_or(earned, |ceiling| ceiling.at_most(earned))
        };
        self.hours.categories.iter().map(of_category).sum()
    }

    fn tasks_of_kind(
        &self,
        category: &HourCategory,
        kind: &HourKind,
        chosen: &[&str],
        tasks: &mut Vec<Task>,
    ) {
        let item = kind.item.as_ref();
        let about: Vec<&str> = match item.map(|item| item.unit) {
            Some(ItemUnit::Capability) => chosen.to_vec(),
            Some(ItemUnit::Work) => self.framework.works.iter().map(|work| work.key.as_str()).collect(),
            Some(ItemUnit::Activity) | None => Vec::new(),
        };
        let task = |about: Option<&str>, hours: &Sourced<Seconds>| Task {
            key: format!(
                "{}.{}{}",
                category.key,
                kind.key,
                about.map(|a| format!(".{a}")).unwrap_or_default()
            ),
            title: match about {
                // A work that is called as its kind is not named twice.
                Some(code) if self.framework.label(code) == *kind.title => kind.title.value.clone(),
                Some(code) => format!("{}：{}", *kind.title, self.framework.label(code)),
                None => kind.title.value.clone(),
            },
            category: category.key.clone(),
            kind: Some(kind.key.clone()),
            about: about.map(ToOwned::to_owned),
            hours: **hours,
            source: hours.source.to_string(),
        };
        if let Some(item) = item.filter(|_| !about.is_empty()) {
            tasks.extend(about.into_iter().map(|code| task(Some(code), &item.hours)));
        } else if let Some(minimum) = &kind.minimum {
            tasks.push(task(None, minimum));
        }
    }

    /// The dimensions that the codes touch, in the order of the framework, each with its codes;
    /// unknown codes are left out.
    fn by_dimension<'c>(&self, codes: &[&'c str]) -> ByDimension<'_, 'c> {
        let of = |code: &str| self.framework.capability(code).map(|c| c.dimension.as_str());
        let dimensions = self.framework.dimensions.iter().map(|dimension| {
            let key = dimension.key.as_str();
            (key, codes.iter().copied().filter(|code| of(code) == Some(key)).collect::<Vec<_>>())
        });
        dimensions.filter(|(_, codes)| !codes.is_empty()).collect()
    }

    fn dimension_title<'d>(&'d self, key: &'d str) -> &'d str {
        self.framework.dimension(key).map_or(key, |dimension| dimension.title.as_str())
    }

    fn known_codes(&self, offer: &[&str]) -> Condition {
        let unknown: Vec<&str> =
            offer.iter().copied().filter(|c| self.framework.capability(c).is_none()).collect();
        let sentence = if unknown.is_empty() {
            "所列能力点都在本方案之内。".to_owned()
        } else {
            format!("本方案没有能力点“{}”。", unknown.join("、"))
        };
        let source = self.framework.capabilities.first().map(|c| c.source.clone()).unwrap_or_default();
        Condition::holds("known", "能力点在方案之内", unknown.is_empty()).saying(sentence, &source)
    }

    fn offer_dimensions(&self, by_dimension: &ByDimension<'_, '_>, school: &SchoolFacts) -> Condition {
        let exception = self.offer.exceptions.iter().find(|exception| school.facts.contains(&exception.fact));
        let (need, who) = match exception {
            Some(exception) => (&exception.dimensions, exception.title.as_str()),
            None => (&self.offer.dimensions, "学校"),
        };
        let have = number(by_dimension.len());
        let sentence = format!("{who}应从至少 {} 个维度选择能力点供教师选学，已选 {have} 个维度。", **need);
        Condition::counted("dimensions", "维度数", have, **need).saying(sentence, &need.source)
    }

    fn environment_fits(&self, offer: &[&str], school: &SchoolFacts) -> Condition {
        let source = &self.offer.fit_environment.source;
        let known = school.environment.as_deref().and_then(|key| self.framework.environment(key));
        let Some(environment) = known else {
            return Condition::holds("environment", "适合学校环境", false)
                .saying("请先填写学校的信息化教学环境，再选择能力点。", source);
        };
        let fits = |code: &str| {
            self.framework.capability(code).is_none_or(|c| environment.fits.contains(&c.environment))
        };
        let strange: Vec<&str> = offer.iter().copied().filter(|code| !fits(code)).collect();
        let sentence = if strange.is_empty() {
            format!("所选能力点都适合{}。", environment.title)
        } else {
            format!("学校为{}，能力点“{}”需要更高的环境，不能提供。", environment.title, strange.join("、"))
        };
        Condition::holds("environment", "适合学校环境", strange.is_empty()).saying(sentence, source)
    }

    fn offer_can_be_chosen_from(&self, offer: &[&str], by_dimension: &ByDimension<'_, '_>) -> Condition {
        let need = self.choice.needed(number(by_dimension.len()));
        let per = *self.choice.per_dimension;
        let thin: Vec<&str> = match *self.choice.cover {
            Cover::EveryOffered => {
                let short = by_dimension.iter().filter(|(_, codes)| number(codes.len()) < per);
                short.map(|(dimension, _)| self.dimension_title(dimension)).collect()
            }
            Cover::AtLeast(_) => Vec::new(),
        };
        let have = number(offer.len());
        let mut condition = Condition::counted("choosable", "够教师选学", have, need);
        condition.met &= thin.is_empty();
        let mut sentence = format!("每位教师至少选学 {need} 个能力点，学校已提供 {have} 个。");
        if !thin.is_empty() {
            sentence.push_str(&format!("“{}”维度提供的能力点少于 {per} 个。", thin.join("、")));
        }
        condition.saying(sentence, &self.choice.minimum.source)
    }

    fn only_offered(&self, chosen: &[&str], offered: &[&str]) -> Condition {
        let strange: Vec<&str> = chosen.iter().copied().filter(|code| !offered.contains(code)).collect();
        let sentence = if strange.is_empty() {
            "所选能力点都在学校提供的范围内。".to_owned()
        } else {
            format!("能力点“{}”不在学校提供的范围内。", strange.join("、"))
        };
        Condition::holds("offered", "在学校提供的范围内", strange.is_empty())
            .saying(sentence, &self.choice.minimum.source)
    }

    fn enough(&self, chosen: &[&str], dimensions: &ByDimension<'_, '_>) -> Condition {
        let need = self.choice.needed(number(dimensions.len()));
        let have = number(chosen.len());
        let mut sentence = format!("至少选择 {need} 个能力点，已选 {have} 个");
        if have < need {
            sentence.push_str(&format!("，还差 {} 个", need - have));
        }
        if need > *self.choice.minimum {
            sentence.push_str(&format!("（学校提供 {} 个维度，须逐一覆盖）", dimensions.len()));
        }
        sentence.push('。');
        Condition::counted("minimum", "选学数量", have, need).saying(sentence, &self.choice.minimum.source)
    }

    fn dimension_covered(&self, dimension: &str, codes: &[&str], have: u32) -> Condition {
        let title = self.dimension_title(dimension);
        let need = *self.choice.per_dimension;
        let mut sentence = format!("“{title}”维度不少于 {need} 个能力点，已选 {have} 个。");
        if let ([only], true) = (codes, have < need) {
            sentence.push_str(&format!("该维度学校只提供了 {}。", self.framework.label(only)));
        }
        let condition = Condition::counted(format!("dimension.{dimension}"), title, have, need);
        condition.saying(sentence, &self.choice.per_dimension.source)
    }
}

/// Codes by the dimensions that they touch.
type ByDimension<'s, 'c> = Vec<(&'s str, Vec<&'c str>)>;

/// The codes of one dimension.
fn of_dimension<'a>(all: &'a [(&str, Vec<&'a str>)], dimension: &str) -> &'a [&'a str] {
    all.iter().find(|(key, _)| *key == dimension).map_or(&[], |(_, codes)| codes)
}

/// What the tasks of a category earn towards it, each kind up to its ceiling.
fn earned_by(category: &HourCategory, tasks: &[Task]) -> Seconds {
    let of_kind = |kind: &HourKind| -> Seconds {
        let earned =
            tasks.iter().filter(|task| task.kind.as_ref() == Some(&kind.key)).map(|task| task.hours).sum();
        kind.ceiling.as_ref().map_or(earned, |ceiling| ceiling.at_most(earned))
    };
    category.kinds.iter().map(of_kind).sum()
}

/// What the kinds leave of a category's minimum: to be earned by activities where a kind of
/// them has no minimum of its own, else in any way.
fn rest_of_category(category: &HourCategory, rest: Seconds, tasks: &[Task]) -> Task {
    let is_open = |kind: &&HourKind| {
        let is_activity = kind.item.as_ref().is_some_and(|item| item.unit == ItemUnit::Activity);
        is_activity && !tasks.iter().any(|task| task.kind.as_ref() == Some(&kind.key))
    };
    let whole = category_task(category, rest);
    match category.kinds.iter().find(is_open) {
        Some(kind) => Task {
            key: format!("{}.{}", category.key, kind.key),
            title: kind.title.value.clone(),
            kind: Some(kind.key.clone()),
            ..whole
        },
        None => Task {
            key: format!("{}.rest", category.key),
            title: format!("{}：其余学时", *category.title),
            ..whole
        },
    }
}

fn category_task(category: &HourCategory, hours: Seconds) -> Task {
    Task {
        key: category.key.clone(),
        title: category.title.value.clone(),
        category: category.key.clone(),
        kind: None,
        about: None,
        hours,
        source: category.minimum.source.to_string(),
    }
}

/// The codes without repetition, in the order given.
fn distinct<S: AsRef<str>>(codes: &[S]) -> Vec<&str> {
    let mut seen = BTreeSet::new();
    codes.iter().map(AsRef::as_ref).filter(|code| seen.insert(*code)).collect()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
