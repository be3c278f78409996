//! Holding an offer and a choice against the rules.

use std::collections::BTreeSet;

use crate::choice::Cover;
use crate::condition::{Condition, unmet};
use crate::scheme::Scheme;

/// What the rules must know of a school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SchoolFacts {
    /// Code of its environment; `None` until the school has said.
    pub environment: Option<String>,
    /// Codes of facts that hold of it, e.g. `smart_education_school`.
    pub facts: BTreeSet<String>,
}

impl Scheme {
    /// Every condition on a school's offer, met or not.
    #[must_use]
    pub fn offer_conditions<S: AsRef<str>>(&self, offer: &[S], school: &SchoolFacts) -> Vec<Condition> {
        let offer = self.framework.in_order(offer);
        let by_dimension = self.by_dimension(&offer);
        let mut conditions = vec![self.known_codes(&offer), self.offer_dimensions(&by_dimension, school)];
        if *self.offer.fit_environment {
            conditions.push(self.environment_fits(&offer, school));
        }
        conditions.push(self.offer_can_be_chosen_from(&offer, &by_dimension));
        without_vacuous(conditions, offer.is_empty())
    }

    /// The conditions that an offer does not meet.
    #[must_use]
    pub fn check_offer<S: AsRef<str>>(&self, offer: &[S], school: &SchoolFacts) -> Vec<Condition> {
        unmet(self.offer_conditions(offer, school))
    }

    /// Every condition on a teacher's choice from what the school offers, met or not: what a page
    /// shows while the teacher ticks.
    ///
    /// What is `held` was chosen while it was offered and may stay: it counts like any other. A dimension
    /// that is offered no more asks for nothing, however much or little of it is held.
    #[must_use]
    pub fn choice_conditions<S: AsRef<str>, O: AsRef<str>>(
        &self,
        chosen: &[S],
        offered: &[O],
        held: &[O],
    ) -> Vec<Condition> {
        let chosen = self.framework.in_order(chosen);
        let within_reach = |code: &str| offered.iter().chain(held).any(|known| known.as_ref() == code);
        let dimensions = self.by_dimension(&self.framework.in_order(offered));
        let taken = self.by_dimension(&chosen);
        let count = |dimension: &str| of_dimension(&taken, dimension);
        let mut conditions =
            vec![self.only_offered(&chosen, within_reach), self.enough(&chosen, &dimensions)];
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
        without_vacuous(conditions, chosen.is_empty())
    }

    /// How many capabilities a teacher must choose from what is offered.
    pub(crate) fn to_choose<O: AsRef<str>>(&self, offered: &[O]) -> usize {
        let dimensions = self.by_dimension(&self.framework.in_order(offered)).len();
        self.choice.needed(number(dimensions)) as usize
    }

    /// The conditions that a first choice does not meet.
    #[must_use]
    pub fn check_choice<S: AsRef<str>, O: AsRef<str>>(&self, chosen: &[S], offered: &[O]) -> Vec<Condition> {
        self.check_change(chosen, offered, &[])
    }

    /// The conditions that a choice does not meet that is made in place of one in which `held` was chosen.
    #[must_use]
    pub fn check_change<S: AsRef<str>, O: AsRef<str>>(
        &self,
        chosen: &[S],
        offered: &[O],
        held: &[O],
    ) -> Vec<Condition> {
        unmet(self.choice_conditions(chosen, offered, held))
    }

    /// Whether a choice meets every condition: [`Scheme::choice_conditions`] without the sentences,
    /// for counting over many teachers.
    #[must_use]
    pub fn is_choice_met<S: AsRef<str>, O: AsRef<str>>(
        &self,
        chosen: &[S],
        offered: &[O],
        held: &[O],
    ) -> bool {
        let place = |code: &str| {
            let capability = self.framework.capability(code)?;
            self.framework.dimensions.iter().position(|dimension| dimension.key == capability.dimension)
        };
        let mut dimensions = vec![InDimension::default(); self.framework.dimensions.len()];
        for code in offered {
            if let Some(dimension) = place(code.as_ref()).and_then(|at| dimensions.get_mut(at)) {
                dimension.is_offered = true;
            }
        }
        let mut distinct = 0;
        for (at, code) in chosen.iter().map(AsRef::as_ref).enumerate() {
            if chosen.iter().take(at).any(|before| before.as_ref() == code) {
                continue;
            }
            distinct += 1;
            if let Some(dimension) = place(code).and_then(|at| dimensions.get_mut(at)) {
                dimension.chosen += 1;
            }
        }
        let count = number(dimensions.iter().filter(|dimension| dimension.is_offered).count());
        let is_covered = |dimension: &&InDimension| dimension.chosen >= *self.choice.per_dimension;
        let covers = match *self.choice.cover {
            Cover::EveryOffered => dimensions.iter().filter(|one| one.is_offered).all(|one| is_covered(&one)),
            Cover::AtLeast(_) => {
                let taken = dimensions.iter().filter(|dimension| dimension.chosen > 0);
                number(taken.filter(is_covered).count()) >= self.choice.dimensions_to_cover(count)
            }
        };
        let known = |code: &S| offered.iter().chain(held).any(|known| known.as_ref() == code.as_ref());
        distinct >= self.choice.needed(count) && covers && chosen.iter().all(known)
    }

    /// The codes by dimension, both in the order of the framework; unknown codes are left out.
    fn by_dimension<'c>(&self, codes: &[&'c str]) -> Vec<(&str, Vec<&'c str>)> {
        let of = |key: &str| -> Vec<&'c str> {
            let is_of = |code: &&str| self.framework.capability(code).is_some_and(|c| c.dimension == key);
            codes.iter().copied().filter(is_of).collect()
        };
        let dimensions = self.framework.dimensions.iter().map(|dimension| dimension.key.as_str());
        dimensions.map(|key| (key, of(key))).filter(|(_, codes)| !codes.is_empty()).collect()
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

    fn offer_dimensions(&self, by_dimension: &[(&str, Vec<&str>)], school: &SchoolFacts) -> Condition {
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
            let sentence = match school.environment {
                None => "请先填写学校的信息化教学环境，再选择能力点。",
                Some(_) => "学校所填的信息化教学环境不在方案之中，请重新填写，再选择能力点。",
            };
            return Condition::holds("environment", "适合学校环境", false).saying(sentence, source);
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

    fn offer_can_be_chosen_from(&self, offer: &[&str], by_dimension: &[(&str, Vec<&str>)]) -> Condition {
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

    fn only_offered(&self, chosen: &[&str], within_reach: impl Fn(&str) -> bool) -> Condition {
        let strange: Vec<&str> = chosen.iter().copied().filter(|code| !within_reach(code)).collect();
        let sentence = if strange.is_empty() {
            "所选能力点都在学校提供的范围内。".to_owned()
        } else {
            format!("能力点“{}”不在学校提供的范围内。", strange.join("、"))
        };
        Condition::holds("offered", "在学校提供的范围内", strange.is_empty())
            .saying(sentence, &self.choice.minimum.source)
    }

    fn enough(&self, chosen: &[&str], dimensions: &[(&str, Vec<&str>)]) -> Condition {
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

/// What a choice takes from one dimension.
#[derive(Debug, Clone, Copy, Default)]
struct InDimension {
    is_offered: bool,
    chosen: u32,
}

/// Whoever has taken nothing has met nothing: what holds of nothing is left out.
fn without_vacuous(mut conditions: Vec<Condition>, is_empty: bool) -> Vec<Condition> {
    conditions.retain(|condition| !is_empty || !condition.met);
    conditions
}

/// How many codes stand under a dimension.
fn of_dimension(by_dimension: &[(&str, Vec<&str>)], key: &str) -> u32 {
    by_dimension.iter().find(|(dimension, _)| *dimension == key).map_or(0, |(_, codes)| number(codes.len()))
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
