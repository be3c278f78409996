//! Capabilities as pages show them: by dimension, each with its environment. Pure.

use tisheng_rules::choice::Cover;
use tisheng_rules::{Condition, Scheme, SchoolFacts};

/// A capability with its box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tick {
    /// Its code.
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it means.
    pub description: String,
    /// Name of its environment.
    pub environment: String,
    /// Whether it is ticked.
    pub ticked: bool,
    /// Whether the school's environment fits it.
    pub fits: bool,
}

/// A dimension with its capabilities.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Name of the dimension.
    pub title: String,
    /// What to know before choosing; empty for nothing.
    pub note: String,
    /// The capabilities, in official order.
    pub boxes: Vec<Tick>,
}

/// All capabilities of the framework for a school that puts its offer together.
#[must_use]
pub fn for_offer(scheme: &Scheme, facts: &SchoolFacts, ticked: &[String]) -> Vec<Group> {
    let fitting = facts
        .environment
        .as_deref()
        .and_then(|key| scheme.framework.environment(key))
        .map(|environment| environment.fits.value.clone());
    let fits = |environment: &str| match &fitting {
        Some(fitting) => !*scheme.offer.fit_environment || fitting.iter().any(|key| key == environment),
        None => true,
    };
    groups(scheme, ticked, |_| true, fits)
}

/// The capabilities offered, for a teacher who chooses.
#[must_use]
pub fn for_choice(scheme: &Scheme, offered: &[String], ticked: &[String]) -> Vec<Group> {
    let mut groups = groups(scheme, ticked, |code| offered.iter().any(|o| o == code), |_| true);
    for group in &mut groups {
        if let ([only], Cover::EveryOffered) = (group.boxes.as_slice(), *scheme.choice.cover) {
            group.note = format!("学校在这个维度只提供了 {}，每位教师都需要选它。", only.code);
        }
    }
    groups
}

fn groups(
    scheme: &Scheme,
    ticked: &[String],
    shown: impl Fn(&str) -> bool,
    fits: impl Fn(&str) -> bool,
) -> Vec<Group> {
    let of_dimension = |key: &str| -> Vec<Tick> {
        let all = scheme.framework.capabilities.iter();
        all.filter(|capability| capability.dimension == key && shown(&capability.code))
            .map(|capability| Tick {
                code: capability.code.clone(),
                name: capability.name.clone(),
                description: capability.description.clone(),
                environment: scheme
                    .framework
                    .environment(&capability.environment)
                    .map(|environment| environment.title.clone())
                    .unwrap_or_default(),
                ticked: ticked.contains(&capability.code),
                fits: fits(&capability.environment),
            })
            .collect()
    };
    let groups = scheme.framework.dimensions.iter().map(|dimension| {
        let boxes = of_dimension(&dimension.key);
        let fitting: Vec<&str> = boxes.iter().filter(|b| b.fits).map(|b| b.code.as_str()).collect();
        let note = match fitting.as_slice() {
            [] => "学校现有环境没有适合这个维度的能力点。".to_owned(),
            few if few.len() <= 2 && boxes.len() <= 2 => {
                format!("这个维度适合本校的只有 {}；提供这个维度，教师就要从中选择。", few.join("、"))
            }
            _ => String::new(),
        };
        Group { title: dimension.title.clone(), note, boxes }
    });
    groups.filter(|group| !group.boxes.is_empty()).collect()
}

/// A condition as a line with its mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The rule and what is missing.
    pub sentence: String,
    /// Whether it holds.
    pub met: bool,
    /// Where it comes from.
    pub source: String,
}

/// Conditions as lines.
#[must_use]
pub fn lines(conditions: Vec<Condition>) -> Vec<Line> {
    let line = |c: Condition| Line { sentence: c.sentence, met: c.met, source: c.source };
    conditions.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use tisheng_rules::SchoolFacts;
    use tisheng_rules::samples::third_scheme;

    use super::{for_choice, for_offer};

    #[test]
    fn every_capability_stands_under_its_dimension_once() {
        let scheme = third_scheme();
        let groups = for_offer(&scheme, &SchoolFacts::default(), &[]);
        let shown: usize = groups.iter().map(|group| group.boxes.len()).sum();
        assert_eq!(shown, scheme.framework.capabilities.len());
    }

    #[test]
    fn a_dimension_with_one_offer_says_that_nobody_gets_around_it() {
        let scheme = third_scheme();
        let first = &scheme.framework.capabilities[0];
        let groups =
            for_choice(&scheme, std::slice::from_ref(&first.code), std::slice::from_ref(&first.code));
        let [group] = groups.as_slice() else { panic!("one dimension: {groups:?}") };
        assert!(group.boxes[0].ticked);
        let covers_all = *scheme.choice.cover == tisheng_rules::choice::Cover::EveryOffered;
        assert_eq!(group.note.contains(&first.code), covers_all || !group.note.is_empty());
    }
}
