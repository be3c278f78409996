//! Objections to a level that is on notice (公示异议).
//!
//! Whoever sees a level on notice may object to it within its days, with a reason: the author,
//! colleagues, those who lead. While an objection is open the level does not come into force. It is
//! answered by the chair of the panel that decided, or by those who appoint that panel at its own node; the
//! level above answers what is late or taken further, and no other level does; never the author, whoever
//! objects, or whoever has judged the work. An objection that is upheld sets the decision aside, and the panel
//! judges again, others first; else the notice goes on. The author and colleagues read the reason and the
//! answer, not who objected. Whoever was refused does not object to the same level again, but may turn to the
//! level above ([`further`]); what the last one has answered is final.

pub(super) mod actions;
pub(super) mod further;
pub(super) mod pages;
pub(super) mod store;

use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, Level};
use tisheng_rules::Scheme;
use tisheng_training::hours::DisputeState;
use uuid::Uuid;

use crate::evidence::Submission;

/// An objection to a level.
#[derive(Debug, Clone)]
pub struct Objection {
    /// Its programme.
    pub programme: Uuid,
    /// Its identifier.
    pub id: Id<Objection>,
    /// What was judged.
    pub submission: Id<Submission>,
    /// Code of the capability or work.
    pub capability: String,
    /// The author's name.
    pub author: String,
    /// The author's school.
    pub school: String,
    /// The node that answers: the one whose panel decided, and after an appeal the office above.
    pub body: Uuid,
    /// The path of that node.
    pub path: String,
    /// The path of the office that answers as well once it is late; none where the rules name nobody more.
    pub above: Option<String>,
    /// Who objects.
    pub person: Uuid,
    /// Their name.
    pub name: String,
    /// What was decided.
    pub level: Level,
    /// The reason.
    pub text: String,
    /// When it was made.
    pub opened_at: Instant,
    /// The day by which it is to be answered.
    pub due_on: NaiveDate,
    /// What has become of it.
    pub state: DisputeState,
    /// The answer; empty while there is none.
    pub answer: String,
    /// When it was answered or taken back.
    pub answered_at: Option<Instant>,
}

impl Objection {
    /// Whether it still waits for its answer.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == DisputeState::Open
    }

    /// Whether the answer is late on `today`.
    #[must_use]
    pub fn is_late(&self, today: NaiveDate) -> bool {
        self.state.is_late(self.due_on, today)
    }
}

/// To whom a teacher turns, and who has the last word, as the rules say.
#[must_use]
pub fn appeal_words(rules: &Scheme) -> String {
    let assessment = &rules.assessment;
    let stages: Vec<String> = assessment
        .appeals
        .iter()
        .map(|stage| {
            let by = rules.tier(*stage.by).map_or("上级", |tier| tier.title.as_str());
            format!("由{by}在 {} 个工作日内答复", *stage.days)
        })
        .collect();
    let answered = match stages.as_slice() {
        [] => String::new(),
        [only] => format!("，{only}，为最终结论"),
        several => format!("，{}，为最终结论", several.join("；对答复不服的，")),
    };
    format!("对结果有异议的，可在公示开始后 {} 个工作日内申诉{answered}。", *assessment.appeal_within)
}

/// What is left to whoever comes once the notice is over, when nothing is raised in the system any more.
#[must_use]
pub fn afterwards(rules: &Scheme) -> String {
    let first = rules.assessment.appeals.first();
    let by = first.and_then(|stage| rules.tier(*stage.by)).map_or("学校", |tier| tier.title.as_str());
    format!("公示期已满。对结果仍有异议的，请向{by}书面提出。")
}

#[cfg(test)]
mod tests {
    use tisheng_rules::samples::third_scheme;

    use super::{afterwards, appeal_words};

    #[test]
    fn the_rules_say_who_has_the_last_word() {
        let mut rules = third_scheme();
        let words = appeal_words(&rules);
        assert!(words.starts_with("对结果有异议的，可在公示开始后 3 个工作日内申诉"), "{words}");
        assert!(words.ends_with("，为最终结论。"), "{words}");
        assert!(!afterwards(&rules).contains("工作日"), "only what can be done now");
        rules.assessment.appeals.clear();
        assert!(appeal_words(&rules).ends_with("工作日内申诉。"));
    }
}
