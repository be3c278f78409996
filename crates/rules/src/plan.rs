//! What the programme is to reach and who owes what: targets, teams, documents, programmes.

use chrono::NaiveDate;

use crate::reader::Section;
use crate::source::Sourced;
use crate::territory::TierKey;

/// What a target counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TargetMeasure {
    /// Teachers who have met everything, of all teachers.
    #[default]
    TeachersFinished,
    /// Counties that have started, of all counties.
    CountiesStarted,
}

/// How the steps of a target are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reading {
    /// Each step's share comes on top of those before it.
    #[default]
    OnTop,
    /// Each step's share is what is reached in all by then.
    InAll,
}

/// One step of a target.
#[derive(Debug, Clone)]
pub struct TargetStep {
    /// What the step is called, e.g. 2021年.
    pub title: String,
    /// The day by which it is to be reached.
    pub by: NaiveDate,
    /// The share, in per cent.
    pub percent: Sourced<u32>,
}

/// A share to be reached by certain days.
#[derive(Debug, Clone)]
pub struct Target {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// What it counts.
    pub measure: TargetMeasure,
    /// How its steps are meant.
    pub reading: Sourced<Reading>,
    /// What the text leaves open about it.
    pub ambiguity: Option<Sourced<String>>,
    /// The steps in order of time.
    pub steps: Vec<TargetStep>,
}

impl Target {
    /// The share that is to be reached in all by the end of `day`, in per cent, at most 100.
    #[must_use]
    pub fn percent_by(&self, day: NaiveDate) -> u32 {
        let due = self.steps.iter().filter(|step| step.by <= day).map(|step| *step.percent);
        let share = match *self.reading {
            Reading::OnTop => due.sum(),
            Reading::InAll => due.max().unwrap_or(0),
        };
        share.min(100)
    }

    pub(crate) fn read(s: &Section<'_>) -> Self {
        const MEASURES: [(&str, TargetMeasure); 2] = [
            ("teachers_finished", TargetMeasure::TeachersFinished),
            ("counties_started", TargetMeasure::CountiesStarted),
        ];
        Self {
            key: s.key("key"),
            title: s.text("title"),
            measure: s.word("measure", &MEASURES).value,
            reading: s.word("reading", &[("on_top", Reading::OnTop), ("in_all", Reading::InAll)]),
            ambiguity: s.optional_text("ambiguity"),
            steps: s.sections("step", |step| TargetStep {
                title: step.key("title"),
                by: step.date("by").value,
                percent: step.count("percent"),
            }),
        }
    }
}

/// A number of things to be reached, e.g. 100 lead trainers.
#[derive(Debug, Clone)]
pub struct Counter {
    /// Code.
    pub key: String,
    /// The plan it belongs to, e.g. 三百计划.
    pub plan: Sourced<String>,
    /// What is counted.
    pub title: Sourced<String>,
    /// How many there are to be, at least.
    pub goal: Sourced<u32>,
    /// How many at most, where the text gives a range (5-7所).
    pub most: Option<Sourced<u32>>,
    /// By when.
    pub by: Option<Sourced<NaiveDate>>,
}

impl Counter {
    /// How many are wanted, as shown: `100` or `5 至 7`.
    #[must_use]
    pub fn wanted(&self) -> String {
        match &self.most {
            Some(most) => format!("{} 至 {}", *self.goal, **most),
            None => self.goal.to_string(),
        }
    }

    pub(crate) fn read(s: &Section<'_>) -> Self {
        let (goal, most) = (s.count("goal"), s.optional_count("most"));
        if let Some(most) = most.as_ref().filter(|most| ***most < *goal) {
            let wrong = format!("至多 {} 低于目标 {}", **most, *goal);
            s.report(&most.source.at, wrong, "most 应不小于 goal，没有上限就删去 most");
        }
        Self {
            key: s.key("key"),
            plan: s.text("plan"),
            title: s.text("title"),
            goal,
            most,
            by: s.optional_date("by"),
        }
    }
}

/// A role that a team must have.
#[derive(Debug, Clone)]
pub struct TeamRole {
    /// Code.
    pub key: String,
    /// What it is called.
    pub title: Sourced<String>,
    /// The least number of members who have it.
    pub minimum: Sourced<u32>,
}

/// A team that every school must have.
#[derive(Debug, Clone)]
pub struct TeamRule {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// The least number of members.
    pub minimum: Sourced<u32>,
    /// The most.
    pub maximum: Option<Sourced<u32>>,
    /// The roles that it must have.
    pub roles: Vec<TeamRole>,
}

impl TeamRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            key: s.key("key"),
            title: s.text("title"),
            minimum: s.count("minimum"),
            maximum: s.optional_count("maximum"),
            roles: s.sections("role", |r| TeamRole {
                key: r.key("key"),
                title: r.text("title"),
                minimum: r.count("minimum"),
            }),
        }
    }
}

/// A training programme of the territory's own (示范性培训项目).
#[derive(Debug, Clone)]
pub struct TalentProgramme {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// Whom it is for.
    pub audience: Sourced<String>,
    /// Hours and days, as the text gives them.
    pub hours: Option<Sourced<String>>,
    /// When it is held.
    pub when: Sourced<String>,
    /// How many classes.
    pub classes: Option<Sourced<u32>>,
    /// How many in each.
    pub class_size: Option<Sourced<u32>>,
    /// What it is to bring about.
    pub aim: Option<Sourced<String>>,
}

impl TalentProgramme {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            key: s.key("key"),
            title: s.text("title"),
            audience: s.text("audience"),
            hours: s.optional_text("hours"),
            when: s.text("when"),
            classes: s.optional_count("classes"),
            class_size: s.optional_count("class_size"),
            aim: s.optional_text("aim"),
        }
    }
}

/// A document that a level owes to another (备案).
#[derive(Debug, Clone)]
pub struct DocumentOwed {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// Who draws it up, in the text's words.
    pub owed_by: Sourced<String>,
    /// Who files it, in the text's words; none where it is only published or kept.
    pub filed_with: Option<Sourced<String>>,
    /// When it is due, in words.
    pub due: Sourced<String>,
    /// Code of the template it is written by.
    pub template: Option<String>,
}

impl DocumentOwed {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            key: s.key("key"),
            title: s.text("title"),
            owed_by: s.text("owed_by"),
            filed_with: s.optional_text("filed_with"),
            due: s.text("due"),
            template: s.optional_key("template"),
        }
    }
}

/// The headings of a document.
#[derive(Debug, Clone)]
pub struct Template {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// The headings in order.
    pub headings: Sourced<Vec<String>>,
}

impl Template {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self { key: s.key("key"), title: s.text("title"), headings: s.texts("headings") }
    }
}

/// A list that a level hands in on an official form.
#[derive(Debug, Clone)]
pub struct Register {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// Who hands it in.
    pub owed_by: Sourced<String>,
    /// The kinds of persons listed.
    pub persons: Sourced<Vec<String>>,
    /// The columns.
    pub columns: Sourced<Vec<String>>,
    /// What else stands on the form: opinion, signature, seal.
    pub closing: Option<Sourced<String>>,
    /// Paper copies.
    pub copies: Option<Sourced<u32>>,
    /// The day it is due.
    pub due: Option<Sourced<NaiveDate>>,
}

impl Register {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            key: s.key("key"),
            title: s.text("title"),
            owed_by: s.text("owed_by"),
            persons: s.texts("persons"),
            columns: s.texts("columns"),
            closing: s.optional_text("closing"),
            copies: s.optional_count("copies"),
            due: s.optional_date("due"),
        }
    }
}

/// Where money comes from and what it may be used for.
#[derive(Debug, Clone)]
pub struct FundRule {
    /// Code.
    pub key: String,
    /// Its name.
    pub title: Sourced<String>,
    /// Which level holds it.
    pub level: Sourced<TierKey>,
    /// What it may be used for.
    pub uses: Sourced<Vec<String>>,
    /// Whether it may be used for nothing else (专项专用).
    pub earmarked: Sourced<bool>,
}

impl FundRule {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            key: s.key("key"),
            title: s.text("title"),
            level: s.word("level", &TierKey::WORDS),
            uses: s.texts("uses"),
            earmarked: s.flag("earmarked"),
        }
    }
}

/// What a body answers for (责任清单).
#[derive(Debug, Clone)]
pub struct Responsibility {
    /// The body.
    pub body: Sourced<String>,
    /// What it does.
    pub duties: Sourced<Vec<String>>,
}

impl Responsibility {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self { body: s.text("body"), duties: s.texts("duties") }
    }
}

/// One line of the score of whole-school improvement.
#[derive(Debug, Clone)]
pub struct Indicator {
    /// The group it belongs to.
    pub group: String,
    /// What is looked at.
    pub title: Sourced<String>,
    /// Points it can give.
    pub points: Sourced<u32>,
    /// Whether its points come on top of the 100.
    pub bonus: bool,
}

impl Indicator {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self {
            group: s.key("group"),
            title: s.text("title"),
            points: s.count("points"),
            bonus: s.has("bonus") && s.flag("bonus").value,
        }
    }
}

/// Any other sentence of the plan that people act by: an incentive, a quota, a principle.
#[derive(Debug, Clone)]
pub struct Provision {
    /// What it is about.
    pub title: Sourced<String>,
    /// What it says.
    pub text: Sourced<String>,
}

impl Provision {
    pub(crate) fn read(s: &Section<'_>) -> Self {
        Self { title: s.text("title"), text: s.text("text") }
    }
}
