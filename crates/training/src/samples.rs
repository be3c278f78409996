//! Offers, choices and hours for the town of the registry's samples: for the demo and the stories
//! of higher rooms. Everything is done through the rooms' own actions, by the people who would.

use std::sync::Arc;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people::Person;
use tisheng_registry::samples::{Persona, School};
use tisheng_rules::hours::CategoryRole;
use tisheng_rules::{Scheme, SchoolFacts};

use crate::hours::{self, Channel, Report, Whom};
use crate::selection;

/// The training platform of the samples.
pub const PLATFORM: &str = "测试研修平台";

/// An offer of a school with these facts that meets the rule: two capabilities that fit from each
/// of as few dimensions as the rule lets be, so that a teacher has something to choose.
#[must_use]
pub fn fitting_offer(scheme: &Scheme, facts: &SchoolFacts) -> Vec<String> {
    let strange = |offer: &[String]| {
        scheme.check_offer(offer, facts).iter().any(|condition| condition.key == "environment")
    };
    let mut offer: Vec<String> = Vec::new();
    for dimension in &scheme.framework.dimensions {
        if scheme.check_offer(&offer, facts).is_empty() {
            break;
        }
        let of_dimension = scheme.framework.capabilities.iter().filter(|c| c.dimension == dimension.key);
        let fitting =
            of_dimension.map(|c| c.code.clone()).filter(|code| !strange(std::slice::from_ref(code)));
        offer.extend(fitting.take(2));
    }
    offer.sort();
    offer
}

/// A choice from `offered` that meets the rule and is no larger than it must be.
#[must_use]
pub fn fitting_choice(scheme: &Scheme, offered: &[String]) -> Vec<String> {
    let open = |choice: &[String]| scheme.check_choice(choice, offered).len();
    let mut choice: Vec<String> = Vec::new();
    for dimension in &scheme.framework.dimensions {
        let of_dimension = offered
            .iter()
            .find(|code| scheme.framework.capability(code).is_some_and(|c| c.dimension == dimension.key));
        if let Some(code) = of_dimension.filter(|_| open(&choice) > 0) {
            choice.push(code.clone());
        }
    }
    for code in offered {
        if open(&choice) == 0 {
            break;
        }
        if !choice.contains(code) {
            choice.push(code.clone());
        }
    }
    choice
}

/// The principal, who asks, says what environment the school has in the words of `rules`: the richest, for a
/// school that was founded before the scheme. Others keep what they have.
///
/// # Errors
/// What the action reports.
pub async fn state_environment(
    ctx: &Ctx,
    tx: &mut Tx,
    rules: &Scheme,
    school: Id<Node>,
) -> Result<(), Failure> {
    let Some(mut stated) = organisation::facts(tx, school).await? else { return Ok(()) };
    if stated.environment.as_ref().is_some_and(|key| rules.framework.environment(key).is_some()) {
        return Ok(());
    }
    stated.environment = rules.framework.environments.last().map(|richest| richest.key.clone());
    Ok(organisation::state_facts(ctx, tx, school, &stated).await?)
}

/// The principal of `school` publishes an offer that meets the rule; gives it.
///
/// # Errors
/// What the actions report.
pub async fn publish_offer(
    app: &Arc<App>,
    programme: &Programme,
    school: &School,
) -> Result<Vec<String>, Failure> {
    let ctx = Ctx::new(Arc::clone(app), school.principal.who());
    let mut tx = ctx.write().await?;
    let rules = scheme::rules(app, &mut tx, programme).await?;
    state_environment(&ctx, &mut tx, &rules, school.node.id).await?;
    let facts = organisation::school_facts(&mut tx, school.node.id).await?;
    let offer = fitting_offer(&rules, &facts);
    selection::draft(&ctx, &mut tx, programme, &offer, "结合学校环境和教师需要").await?;
    selection::publish(&ctx, &mut tx, programme).await?;
    tx.commit().await?;
    Ok(offer)
}

/// A teacher chooses what meets the rule; gives it.
///
/// # Errors
/// What the actions report.
pub async fn choose(
    app: &Arc<App>,
    programme: &Programme,
    teacher: &Persona,
) -> Result<Vec<String>, Failure> {
    let ctx = Ctx::new(Arc::clone(app), teacher.who());
    let mut tx = ctx.write().await?;
    let rules = scheme::rules(app, &mut tx, programme).await?;
    let offered = selection::offered(&mut tx, programme.id, teacher.node.id).await?;
    let choice = fitting_choice(&rules, &offered);
    selection::choose(&ctx, &mut tx, programme, &choice).await?;
    tx.commit().await?;
    Ok(choice)
}

/// A report of `hours` of on-line study under the number `source_id`.
///
/// # Panics
/// Never: every scheme has a category of on-line study, as its check demands.
#[must_use]
pub fn online_report(
    scheme: &Scheme,
    person: Id<Person>,
    (source_id, hours, worked_on): (&str, u32, NaiveDate),
) -> Report {
    let category = scheme
        .hours
        .categories
        .iter()
        .find(|category| category.role == CategoryRole::Online)
        .expect("a scheme has on-line study");
    Report {
        whom: Whom::Known(person),
        category: category.key.clone(),
        kind: category.kinds.first().map(|kind| kind.key.clone()).unwrap_or_default(),
        seconds: Seconds::from_hours(hours, *scheme.hours.length),
        length: *scheme.hours.length,
        worked_on,
        title: format!("信息技术与学科教学（{source_id}）"),
        source: PLATFORM.to_owned(),
        source_id: source_id.to_owned(),
        channel: Channel::File,
        doubt: None,
    }
}

/// The platform reports for a teacher whatever hours every category and kind asks for, spread
/// over days from `from` on; numbers begin with `prefix`.
///
/// # Errors
/// What the actions report.
pub async fn fulfil_hours(
    ctx: &Ctx,
    programme: &Programme,
    person: Id<Person>,
    (prefix, from): (&str, NaiveDate),
) -> Result<(), Failure> {
    let mut tx = ctx.write().await?;
    let rules = scheme::rules(&ctx.app, &mut tx, programme).await?;
    hours::log_all(ctx, &mut tx, programme, &full_reports(&rules, person, (prefix, from))).await?;
    tx.commit().await?;
    Ok(())
}

/// Reports of whatever hours every category and kind asks for, a training day at most each, on
/// days from `from` on; numbers begin with `prefix`.
#[must_use]
pub fn full_reports(rules: &Scheme, person: Id<Person>, (prefix, from): (&str, NaiveDate)) -> Vec<Report> {
    let mut reports = Vec::new();
    let mut book = |category: &str, kind: &str, title: &str, whole: Seconds| {
        let day = Seconds::from_hours(6, *rules.hours.length);
        let mut left = whole;
        while left > Seconds::ZERO {
            let part = left.at_most(day);
            let number = reports.len();
            let days = chrono::Days::new(u64::try_from(number).unwrap_or(0));
            reports.push(Report {
                whom: Whom::Known(person),
                category: category.to_owned(),
                kind: kind.to_owned(),
                seconds: part,
                length: *rules.hours.length,
                worked_on: from + days,
                title: title.to_owned(),
                source: PLATFORM.to_owned(),
                source_id: format!("{prefix}-{number}"),
                channel: Channel::File,
                doubt: None,
            });
            left = left - part;
        }
    };
    for category in &rules.hours.categories {
        let of_kinds: Seconds =
            category.kinds.iter().filter_map(|kind| kind.minimum.as_ref().map(|m| **m)).sum();
        for kind in &category.kinds {
            let minimum = kind.minimum.as_ref().map_or(Seconds::ZERO, |minimum| **minimum);
            book(&category.key, &kind.key, &kind.title, minimum);
        }
        let open_kind = category.kinds.iter().find(|kind| kind.ceiling.is_none());
        let kind = open_kind.map(|kind| kind.key.as_str()).unwrap_or_default();
        book(&category.key, kind, &category.title, category.minimum.beyond(of_kinds));
    }
    reports
}

#[cfg(test)]
mod tests {
    use tisheng_rules::builtin;
    use tisheng_rules::samples::third_scheme_files;
    use tisheng_rules::{Scheme, SchoolFacts};

    use super::{fitting_choice, fitting_offer};

    #[test]
    fn the_samples_meet_the_rules_of_every_scheme() {
        let schemes = builtin::all().into_iter().map(|(_, files)| files).chain([third_scheme_files()]);
        for files in schemes {
            let scheme = Scheme::from_files(files).expect("a right scheme");
            for environment in &scheme.framework.environments {
                let facts =
                    SchoolFacts { environment: Some(environment.key.clone()), ..SchoolFacts::default() };
                let offer = fitting_offer(&scheme, &facts);
                assert!(scheme.check_offer(&offer, &facts).is_empty(), "{}: {offer:?}", scheme.code());
                let choice = fitting_choice(&scheme, &offer);
                assert!(scheme.check_choice(&choice, &offer).is_empty(), "{}: {choice:?}", scheme.code());
            }
        }
    }
}
