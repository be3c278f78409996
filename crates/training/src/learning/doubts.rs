//! What is hardly true about something that is about to be credited.

use chrono::TimeDelta;
use tisheng_kernel::{Instant, Seconds};
use tisheng_platform::{DbError, Tx};
use tisheng_rules::hours::Plausibility;

use super::model::{Credit, Fact, Happened};
use super::store::facts::Elsewhere;
use super::store::{self, Whose};
use crate::course::Terms;

/// Hours before and after within which another session may reach into one.
const REACH_HOURS: i64 = 24;

/// What speaks against `credit`, which follows from `facts` by `terms`; the first thing found. Of a line
/// that `stands` already, one of two that overlap is enough in a person's hands.
pub async fn doubt(
    tx: &mut Tx,
    limits: &Plausibility,
    whose: Whose,
    (terms, facts, credit): (&Terms, &[Fact], &Credit),
    stands: bool,
) -> Result<Option<String>, DbError> {
    if credit.doubt.is_some() {
        return Ok(credit.doubt.clone());
    }
    let Some(fact) = facts.iter().find(|fact| fact.record == credit.record) else { return Ok(None) };
    if let Some(sentence) =
        ahead(limits, fact).or_else(|| endless(fact)).or_else(|| too_fast(limits, terms, facts, fact))
    {
        return Ok(Some(sentence));
    }
    let minutes = i64::from(*limits.burst_minutes);
    let span = (fact.at + TimeDelta::minutes(-minutes), fact.at);
    let records = store::facts::count_within(tx, (whose.programme, whose.person), span).await?;
    if records > i64::from(*limits.burst) {
        return Ok(Some(format!("{minutes} 分钟之内有 {records} 条学习记录")));
    }
    if fact.spent <= Seconds::ZERO {
        return Ok(None);
    }
    let reach = TimeDelta::hours(REACH_HOURS);
    let span = (fact.began(), fact.at + reach);
    let beside = (whose.platform, fact.record.as_str());
    let others =
        store::facts::spent_between(tx, (whose.programme, whose.person), span, beside, stands).await?;
    // What its own try says elsewhere of the same time is no second lesson.
    let own = |other: &Elsewhere| {
        facts
            .iter()
            .any(|f| f.record == other.record && f.attempt == fact.attempt && is_end(f) != is_end(fact))
    };
    let most = Seconds::of_minutes(i64::from(*limits.overlap_minutes));
    let found = others.iter().filter(|other| !own(other)).find(|other| overlap(fact, other) > most);
    Ok(found.map(|other| {
        let minutes = overlap(fact, other).get() / 60;
        format!("与“{}”的学习（结束于 {}）时间重叠 {minutes} 分钟", other.course, other.at.chinese())
    }))
}

fn is_end(fact: &Fact) -> bool {
    matches!(fact.happened, Happened::Completed | Happened::Passed | Happened::Failed)
}

fn overlap(fact: &Fact, other: &Elsewhere) -> Seconds {
    let began = other.at + TimeDelta::seconds(-other.spent.get());
    let from = fact.began().max(began);
    let until = fact.at.min(other.at);
    Seconds::new((until - from).num_seconds().max(0))
}

/// A clock that runs ahead of ours.
fn ahead(limits: &Plausibility, fact: &Fact) -> Option<String> {
    let ahead = fact.at - fact.received_at;
    let far = ahead > TimeDelta::minutes(i64::from(*limits.ahead_minutes));
    far.then(|| format!("平台报送的时间是 {}，比收到的时间还晚", fact.at.chinese()))
}

/// One sitting of more than a day. What ends a course may tell of all the days that it took.
fn endless(fact: &Fact) -> Option<String> {
    let long = !is_end(fact) && fact.spent > Seconds::of_minutes(24 * 60);
    long.then(|| format!("一次学习报送了 {} 小时，超过一天", fact.spent.get() / 3600))
}

/// Learnt faster than the material lasts. Where nothing says when it was begun or how long it took,
/// nothing is known against it.
fn too_fast(limits: &Plausibility, terms: &Terms, facts: &[Fact], fact: &Fact) -> Option<String> {
    if terms.material <= Seconds::ZERO || !is_end(fact) {
        return None;
    }
    let of_try = || facts.iter().filter(|f| f.attempt == fact.attempt && f.at <= fact.at);
    let spent: Seconds = of_try().filter(|f| !is_end(f)).map(|f| f.spent).sum();
    let began: Option<Instant> = of_try().map(Fact::began).min().filter(|began| *began < fact.at);
    let elapsed = began.map(|began| Seconds::new((fact.at - began).num_seconds()));
    let took = elapsed?.max(spent).max(fact.spent);
    let least = Seconds::new(terms.material.get() * i64::from(*limits.fastest) / 100);
    (took < least)
        .then(|| format!("用时 {} 分钟，学习材料有 {} 分钟", took.get() / 60, terms.material.get() / 60))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use tisheng_kernel::{HourLength, Instant, Seconds};
    use tisheng_rules::Scheme;
    use tisheng_rules::hours::Plausibility;
    use tisheng_rules::samples::third_scheme_files;

    use super::{ahead, endless, overlap, too_fast};
    use crate::course::{Counts, Source, Terms, TermsState};
    use crate::hours::Channel;
    use crate::learning::model::{Fact, Happened};
    use crate::learning::store::facts::Elsewhere;

    fn limits() -> Plausibility {
        let rules = Scheme::from_files(third_scheme_files()).expect("a scheme");
        rules.hours.plausibility.expect("the sample says what is plausible")
    }

    fn at(minutes: i64) -> Instant {
        Instant::from_micros(0) + TimeDelta::minutes(minutes)
    }

    fn fact(happened: Happened, minutes: i64, spent: i64) -> Fact {
        Fact {
            record: format!("{}-{minutes}", happened.key()),
            attempt: String::new(),
            happened,
            permille: None,
            spent: Seconds::of_minutes(spent),
            at: at(minutes),
            received_at: at(minutes),
            channel: Channel::Xapi,
        }
    }

    #[test]
    fn nobody_sits_for_more_than_a_day() {
        assert!(endless(&fact(Happened::Spent, 1_600, 1_560)).expect("too long").contains("26 小时"));
        assert_eq!(endless(&fact(Happened::Spent, 1_600, 1_440)), None);
        assert_eq!(endless(&fact(Happened::Completed, 4_000, 1_560)), None);
    }

    fn terms() -> Terms {
        Terms {
            revision: 1,
            worth: Seconds::from_hours(1, HourLength::LESSON),
            length: HourLength::LESSON,
            material: Seconds::of_minutes(60),
            category: String::new(),
            kind: String::new(),
            counts: Counts::Completed,
            pass_permille: None,
            source: Source::Own,
            stages: String::new(),
            subjects: String::new(),
            capabilities: Vec::new(),
            activities: Vec::new(),
            state: TermsState::Approved,
            submitted_at: at(0),
            decision: String::new(),
        }
    }

    #[test]
    fn faster_than_half_the_material_is_doubted() {
        let end = fact(Happened::Completed, 100, 0);
        let found = |facts: &[Fact]| too_fast(&limits(), &terms(), facts, &end);
        assert_eq!(found(std::slice::from_ref(&end)), None, "nothing is known of its beginning");
        let quick = found(&[fact(Happened::Started, 80, 0), end.clone()]);
        assert_eq!(quick.as_deref(), Some("用时 20 分钟，学习材料有 60 分钟"));
        assert_eq!(found(&[fact(Happened::Started, 70, 0), end.clone()]), None);
        let sessions = [fact(Happened::Spent, 90, 20), fact(Happened::Spent, 99, 5), end.clone()];
        assert_eq!(found(&sessions), None, "half an hour has passed since it began");
        let no_material = Terms { material: Seconds::ZERO, ..terms() };
        assert_eq!(too_fast(&limits(), &no_material, &sessions, &end), None);
    }

    #[test]
    fn clocks_may_be_a_little_ahead() {
        let early = |minutes| Fact { received_at: at(0), ..fact(Happened::Completed, minutes, 0) };
        assert_eq!(ahead(&limits(), &early(10)), None);
        assert!(ahead(&limits(), &early(11)).is_some());
    }

    #[test]
    fn overlaps_are_measured() {
        let other = |minutes, spent| Elsewhere {
            record: String::new(),
            course: String::new(),
            at: at(minutes),
            spent: Seconds::of_minutes(spent),
        };
        let own = fact(Happened::Spent, 100, 40);
        assert_eq!(overlap(&own, &other(80, 30)), Seconds::of_minutes(20));
        assert_eq!(overlap(&own, &other(60, 30)), Seconds::ZERO);
        assert_eq!(overlap(&own, &other(200, 200)), Seconds::of_minutes(40));
    }
}
