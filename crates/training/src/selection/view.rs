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
    /// How many teachers of the school have chosen it; not told to teachers.
    pub chosen_by: i64,
    /// Whether it is there because the reader has chosen it, though the school offers it no more.
    pub is_kept: bool,
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
pub fn for_offer(
    scheme: &Scheme,
    facts: &SchoolFacts,
    ticked: &[String],
    chosen: &[(String, i64)],
) -> Vec<Group> {
    let fitting = facts
        .environment
        .as_deref()
        .and_then(|key| scheme.framework.environment(key))
        .map(|environment| environment.fits.value.clone());
    let fits = |environment: &str| match &fitting {
        Some(fitting) => !*scheme.offer.fit_environment || fitting.iter().any(|key| key == environment),
        None => true,
    };
    let mut groups = groups(scheme, ticked, |_| true, fits);
    for group in &mut groups {
        group.note = offer_note(group, *scheme.choice.cover);
        for tick in &mut group.boxes {
            tick.chosen_by = chosen.iter().find(|(code, _)| *code == tick.code).map_or(0, |(_, many)| *many);
        }
    }
    groups
}

/// What a school should know of a dimension of which little or nothing fits it.
fn offer_note(group: &Group, cover: Cover) -> String {
    let fitting: Vec<&str> = group.boxes.iter().filter(|b| b.fits).map(|b| b.code.as_str()).collect();
    let then = match cover {
        Cover::EveryOffered => "；提供这个维度，教师就要从中选择。",
        Cover::AtLeast(_) => "。",
    };
    match fitting.as_slice() {
        [] => "学校现有环境没有适合这个维度的能力点。".to_owned(),
        few if few.len() <= 2 && few.len() < group.boxes.len() => {
            format!("这个维度适合本校的只有 {}{then}", few.join("、"))
        }
        _ => String::new(),
    }
}

/// The capabilities offered, and those `held`, for a teacher who chooses.
#[must_use]
pub fn for_choice(scheme: &Scheme, offered: &[String], held: &[String], ticked: &[String]) -> Vec<Group> {
    let is_shown = |code: &str| offered.iter().chain(held).any(|known| known == code);
    let mut groups = groups(scheme, ticked, is_shown, |_| true);
    for group in &mut groups {
        for tick in &mut group.boxes {
            tick.is_kept = !offered.contains(&tick.code);
        }
        let of_offer: Vec<&Tick> = group.boxes.iter().filter(|tick| !tick.is_kept).collect();
        if let ([only], Cover::EveryOffered) = (of_offer.as_slice(), *scheme.choice.cover) {
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
                chosen_by: 0,
                is_kept: false,
            })
            .collect()
    };
    let groups = scheme.framework.dimensions.iter().map(|dimension| {
        let boxes = of_dimension(&dimension.key);
        Group { title: dimension.title.clone(), note: String::new(), boxes }
    });
    groups.filter(|group| !group.boxes.is_empty()).collect()
}

/// The conditions in one line, which stays in sight while somebody ticks.
#[must_use]
pub fn in_one_line(lines: &[Line]) -> String {
    match lines.iter().filter(|line| !line.met).collect::<Vec<_>>().as_slice() {
        [] => "规则核对：全部满足。".to_owned(),
        [only] => format!("规则核对：{}", only.sentence),
        [first, ..] => {
            let open = lines.iter().filter(|line| !line.met).count();
            format!("规则核对：还有 {open} 项未满足。{}", first.sentence)
        }
    }
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
    use tisheng_rules::choice::Cover;
    use tisheng_rules::samples::third_scheme;
    use tisheng_rules::{Scheme, SchoolFacts};

    use super::{for_choice, for_offer};

    #[test]
    fn every_capability_stands_under_its_dimension_once() {
        let scheme = third_scheme();
        let groups = for_offer(&scheme, &SchoolFacts::default(), &[], &[]);
        let shown: usize = groups.iter().map(|group| group.boxes.len()).sum();
        assert_eq!(shown, scheme.framework.capabilities.len());
    }

    #[test]
    fn a_dimension_with_one_offer_says_that_nobody_gets_around_it() {
        let mut scheme = third_scheme();
        let first = scheme.framework.capabilities[0].code.clone();
        let offer = [first.clone()];
        let groups = for_choice(&scheme, &offer, &[], &offer);
        let [group] = groups.as_slice() else { panic!("one dimension: {groups:?}") };
        assert!(group.boxes[0].ticked);
        assert_eq!(group.note, "", "two dimensions of three are enough");
        scheme.choice.cover.value = Cover::EveryOffered;
        let groups = for_choice(&scheme, &offer, &[], &offer);
        assert_eq!(groups[0].note, format!("学校在这个维度只提供了 {first}，每位教师都需要选它。"));
        let held = for_choice(&scheme, &[], &offer, &offer);
        assert!(held[0].boxes[0].is_kept && held[0].note.is_empty(), "what is only kept binds nobody");
    }

    #[test]
    fn an_offer_says_what_few_things_fit_and_a_choice_does_not() {
        let mut scheme = third_scheme();
        scheme.offer.fit_environment.value = true;
        let facts = SchoolFacts { environment: Some("basic".to_owned()), ..SchoolFacts::default() };
        let notes = |scheme: &Scheme| -> Vec<String> {
            for_offer(scheme, &facts, &[], &[]).into_iter().map(|group| group.note).collect()
        };
        assert_eq!(notes(&scheme)[0], "这个维度适合本校的只有 P1。");
        scheme.choice.cover.value = Cover::EveryOffered;
        assert!(notes(&scheme)[0].contains("教师就要从中选择"));
        scheme.choice.cover.value = Cover::AtLeast(2);
        let offered = ["P1".to_owned(), "T1".to_owned()];
        assert!(for_choice(&scheme, &offered, &[], &[]).iter().all(|group| group.note.is_empty()));
    }
}
