//! What the teachers of the synthetic province have done so far: every one is placed by the seed
//! somewhere between not having begun and having met everything.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use tisheng_assessment::certificate;
use tisheng_assessment::evidence::{self, Consent, State, Submission};
use tisheng_assessment::review::{self, Final};
use tisheng_kernel::{Id, Level};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_registry::organisation::{self, Node};
use tisheng_registry::people::Person;
use tisheng_rules::certification::GateKind;
use tisheng_training::hours::Report;
use tisheng_training::samples::{fitting_choice, fitting_offer, full_reports};
use tisheng_training::selection::Offer;
use tisheng_training::{hours, selection};
use uuid::Uuid;

use super::province::Province;
use super::store::{self, Placed};
use super::{Failed, told};

/// Teachers filled in at once.
const STEP: i64 = 5_000;
/// Reports of those who are still learning.
const BEGUN: usize = 5;

/// How far a teacher has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    NotBegun,
    Chosen,
    Learning,
    HandedIn,
    Complete,
}

impl Progress {
    /// Of teacher `number`: six in ten have met everything.
    const fn of(seed: u64, number: u64) -> Self {
        match mixed(seed, number) % 100 {
            0..5 => Self::NotBegun,
            5..15 => Self::Chosen,
            15..30 => Self::Learning,
            30..40 => Self::HandedIn,
            _ => Self::Complete,
        }
    }
}

/// A number that looks random and is the same for the same seed and `number` (splitmix64).
pub const fn mixed(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A teacher on the way.
struct Learner {
    number: u64,
    progress: Progress,
    teacher: Placed,
}

/// What everybody in the province does alike.
struct Ways<'p> {
    province: &'p Province,
    ctx: Ctx,
    offers: HashMap<Id<Node>, Id<Offer>>,
    choice: Vec<String>,
    works: Vec<String>,
    begin: NaiveDate,
    seed: u64,
}

/// Fills in choices, hours, submissions and results of all teachers; says how many lines the
/// ledger has.
///
/// # Errors
/// What the database reports; when the teachers meant to have met everything have not.
pub async fn fill(app: &Arc<App>, province: &Province, seed: u64) -> Result<u64, Failed> {
    let ways = Ways::open(app, province, seed).await?;
    let (mut after, mut number, mut entries) = (Id::from_uuid(Uuid::nil()), 0, 0);
    let mut complete = None;
    loop {
        let mut tx = ways.ctx.write().await?;
        let teachers = store::teachers(&mut tx, after, STEP).await?;
        let Some(last) = teachers.last() else { break };
        after = last.person;
        let learners: Vec<Learner> = (number..)
            .zip(teachers)
            .map(|(number, teacher)| Learner { number, progress: Progress::of(seed, number), teacher })
            .collect();
        number += u64::try_from(learners.len())?;
        let whole = learners.iter().find(|learner| learner.progress == Progress::Complete);
        complete = complete.or(whole.map(|learner| learner.teacher.person));
        entries += ways.step(&mut tx, &learners).await?;
        tx.commit().await?;
    }
    if let Some(person) = complete {
        let mut tx = ways.ctx.read().await?;
        let verdict = certificate::verdict(&ways.ctx, &mut tx, &province.programme, person).await;
        let verdict = verdict.map_err(told)?;
        if !verdict.met {
            return Err(format!("who should have met everything has not: {}", verdict.sentence).into());
        }
    }
    Ok(entries)
}

impl<'p> Ways<'p> {
    async fn open(app: &Arc<App>, province: &'p Province, seed: u64) -> Result<Self, Failed> {
        let ctx = Ctx::system(Arc::clone(app), "bench");
        let rules = &province.rules;
        let mut tx = ctx.write().await?;
        let schools = store::schools(&mut tx).await?;
        let first = schools.first().ok_or("no school")?;
        let facts = organisation::school_facts(&mut tx, first.0).await?;
        let offer = fitting_offer(rules, &facts);
        let ids =
            selection::samples::offer_all(&ctx, &mut tx, province.programme.id, &schools, &offer).await?;
        tx.commit().await?;
        let works = rules.certification.gates.iter().filter_map(|gate| match &gate.kind {
            GateKind::Work(code) => Some(code.clone()),
            _ => None,
        });
        Ok(Self {
            province,
            ctx,
            offers: schools.into_iter().map(|(school, _)| school).zip(ids).collect(),
            choice: fitting_choice(rules, &offer),
            works: works.collect(),
            begin: rules.identity.period.map_or(NaiveDate::MIN, |period| period.from()),
            seed,
        })
    }

    async fn step(&self, tx: &mut Tx, learners: &[Learner]) -> Result<u64, Failed> {
        let programme = self.province.programme.id;
        let choices: Vec<(_, _)> = learners
            .iter()
            .filter(|learner| learner.progress != Progress::NotBegun)
            .filter_map(|l| Some((l.teacher.person, *self.offers.get(&l.teacher.school)?)))
            .collect();
        selection::samples::choose_all(&self.ctx, tx, programme, &choices, &self.choice).await?;
        let reports: Vec<(_, Report)> = learners.iter().flat_map(|one| self.reports(one)).collect();
        let entries = hours::samples::enter_all(&self.ctx, tx, programme, &reports).await?;
        let submissions: Vec<_> = learners.iter().flat_map(|one| self.submissions(one)).collect();
        evidence::samples::keep_all(&self.ctx, tx, &submissions).await?;
        let finals: Vec<(&Submission, Final)> =
            submissions.iter().filter_map(|(one, _)| Some((one, self.result(one)?))).collect();
        review::samples::keep_results(&self.ctx, tx, &finals).await?;
        Ok(entries)
    }

    fn reports(&self, learner: &Learner) -> Vec<(Id<Person>, Report)> {
        let most = match learner.progress {
            Progress::NotBegun | Progress::Chosen => return Vec::new(),
            Progress::Learning | Progress::HandedIn => BEGUN,
            Progress::Complete => usize::MAX,
        };
        let person = learner.teacher.person;
        let number = person.to_string();
        let reports = full_reports(&self.province.rules, person, (&number, self.begin));
        reports.into_iter().take(most).map(|report| (person, report)).collect()
    }

    /// Submissions, each with the sort key of its author.
    fn submissions(&self, learner: &Learner) -> Vec<(Submission, String)> {
        match learner.progress {
            Progress::NotBegun | Progress::Chosen | Progress::Learning => Vec::new(),
            Progress::HandedIn => {
                let first = self.choice.iter().take(1);
                first.map(|code| self.submission(learner, code, None)).collect()
            }
            Progress::Complete => {
                let all = (0..).zip(self.choice.iter().chain(&self.works));
                all.map(|(place, code)| self.submission(learner, code, Some(self.level(learner, place))))
                    .collect()
            }
        }
    }

    /// One in five is excellent.
    const fn level(&self, learner: &Learner, place: u64) -> Level {
        let excellent = mixed(self.seed, learner.number * 64 + place).is_multiple_of(5);
        if excellent { Level::Excellent } else { Level::Pass }
    }

    /// Before the panel, or final with its level.
    fn submission(&self, learner: &Learner, code: &str, level: Option<Level>) -> (Submission, String) {
        let teacher = &learner.teacher;
        let programme = &self.province.programme;
        let submission = Submission {
            programme: programme.id.uuid(),
            id: self.ctx.id(),
            person: teacher.person.uuid(),
            capability: code.to_owned(),
            revision: 1,
            state: if level.is_some() { State::Final } else { State::Panel },
            step: String::new(),
            school: teacher.school.uuid(),
            path: teacher.path.clone(),
            subject: teacher.subject.clone(),
            stage: teacher.stage.clone(),
            scheme_version: programme.version.uuid(),
            consent: Consent::NoPupils,
            digest: Some(evidence::digest(code, 1, &[])),
            note: String::new(),
            level,
            version: 4,
            submitted_at: Some(self.ctx.at),
            state_since: self.ctx.at,
            superseded_by: None,
        };
        (submission, teacher.sort_key.clone())
    }

    fn result(&self, of: &Submission) -> Option<Final> {
        Some(Final {
            id: self.ctx.id(),
            capability: of.capability.clone(),
            submission: of.id,
            level: of.level?,
            final_at: self.ctx.at,
            scheme_version: of.scheme_version,
            explanation: "各项证据材料均达到要求，考核小组意见一致。".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Progress;

    #[test]
    fn the_same_seed_places_everybody_where_they_were() {
        let places = |seed| (0..1000).map(|n| Progress::of(seed, n)).collect::<Vec<_>>();
        assert_eq!(places(1), places(1));
        assert_ne!(places(1), places(2));
        let complete = places(1).iter().filter(|p| **p == Progress::Complete).count();
        assert!((550..650).contains(&complete), "{complete}");
    }
}
