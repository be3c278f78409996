//! Whether a school's team is complete.

use crate::condition::Condition;
use crate::plan::TeamRule;

/// Codes of the teams that a school puts together: the one that manages the programme there, the one that trains.
pub const TEAMS: [&str; 2] = ["management", "training"];

impl TeamRule {
    /// Every condition on the team, met or not. `members` gives for each member the codes of the
    /// roles held in the team.
    #[must_use]
    pub fn conditions<R: AsRef<str>>(&self, members: &[Vec<R>]) -> Vec<Condition> {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let size = count(members.len());
        let mut conditions = Vec::with_capacity(self.roles.len() + 2);
        let sentence = format!("{}不少于 {} 人，现有 {size} 人。", *self.title, *self.minimum);
        let enough = Condition::counted("minimum", "人数", size, *self.minimum);
        conditions.push(enough.saying(sentence, &self.minimum.source));
        if let Some(maximum) = &self.maximum {
            let sentence = format!("{}不超过 {} 人，现有 {size} 人。", *self.title, **maximum);
            let fits = Condition::holds("maximum", "人数上限", size <= **maximum);
            let shown = Condition { have: size.to_string(), need: maximum.to_string(), ..fits };
            conditions.push(shown.saying(sentence, &maximum.source));
        }
        for role in &self.roles {
            let holds = |member: &&Vec<R>| member.iter().any(|held| held.as_ref() == role.key);
            let have = count(members.iter().filter(holds).count());
            let sentence =
                format!("{}须有{}不少于 {} 人，现有 {have} 人。", *self.title, *role.title, *role.minimum);
            let condition = Condition::counted(role.key.as_str(), role.title.as_str(), have, *role.minimum);
            conditions.push(condition.saying(sentence, &role.minimum.source));
        }
        conditions
    }

    /// Whether the team is complete.
    #[must_use]
    pub fn is_complete<R: AsRef<str>>(&self, members: &[Vec<R>]) -> bool {
        self.conditions(members).iter().all(|condition| condition.met)
    }
}
