//! Where a teacher does what is asked for.

use tisheng_rules::certification::GateKind;
use tisheng_rules::{Condition, Scheme};

/// The page on which a teacher does what a condition asks for, and its turn: choose, hand in, collect hours.
#[must_use]
pub fn step_of(rules: &Scheme, condition: &Condition) -> (u8, &'static str) {
    let is_of = |key: &str| {
        condition.key.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let gate = rules.certification.gates.iter().find(|gate| is_of(gate.key.as_str()));
    gate.map_or((4, "/standing"), |gate| match gate.kind {
        GateKind::Choice => (0, "/choice"),
        GateKind::Levels => (1, "/evidence"),
        GateKind::Work(_) => (2, "/evidence"),
        GateKind::Hours | GateKind::HourKinds => (3, "/hours"),
    })
}
