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

    /// How many the team is to have and in which roles, in words.
    #[must_use]
    pub fn needed(&self) -> String {
        let size = match &self.maximum {
            Some(maximum) if **maximum == *self.minimum => format!("{} 人", *self.minimum),
            Some(maximum) => format!("{} 至 {} 人", *self.minimum, **maximum),
            None => format!("至少 {} 人", *self.minimum),
        };
        let roles = self.roles.iter().map(|role| format!("{} {} 人", *role.title, *role.minimum));
        let roles = roles.collect::<Vec<_>>().join("、");
        if roles.is_empty() { size } else { format!("{size}，其中{roles}") }
    }

    /// What the team lacks, in one sentence; empty when it is complete. `members` as for
    /// [`TeamRule::conditions`].
    #[must_use]
    pub fn missing<R: AsRef<str>>(&self, members: &[Vec<R>]) -> String {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let size = count(members.len());
        let mut said = Vec::with_capacity(2);
        if let Some(short) = self.minimum.checked_sub(size).filter(|short| *short > 0) {
            said.push(format!("还差 {short} 人"));
        }
        if let Some(over) = self.maximum.as_ref().and_then(|most| size.checked_sub(**most)).filter(|o| *o > 0)
        {
            said.push(format!("超出 {over} 人"));
        }
        let lacking = self.roles.iter().filter_map(|role| {
            let holds = |member: &&Vec<R>| member.iter().any(|held| held.as_ref() == role.key);
            let have = count(members.iter().filter(holds).count());
            let short = role.minimum.checked_sub(have).filter(|short| *short > 0)?;
            Some(format!("{} {short} 人", *role.title))
        });
        let lacking = lacking.collect::<Vec<_>>().join("、");
        if !lacking.is_empty() {
            said.push(format!("缺{lacking}"));
        }
        if said.is_empty() { String::new() } else { format!("{}。", said.join("，")) }
    }

    /// Whether the team is complete.
    #[must_use]
    pub fn is_complete<R: AsRef<str>>(&self, members: &[Vec<R>]) -> bool {
        self.conditions(members).iter().all(|condition| condition.met)
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::{TeamRole, TeamRule};
    use crate::{Basis, Place, Source, Sourced};

    fn sourced<T>(value: T) -> Sourced<T> {
        let at = Place { file: "test".to_owned(), line: 1, column: 1 };
        Sourced { value, source: Source { basis: Basis::Default, at } }
    }

    #[test]
    fn what_a_team_lacks_is_one_sentence() {
        let mut rule = TeamRule {
            key: "management".to_owned(),
            title: sourced("管理团队".to_owned()),
            minimum: sourced(2),
            maximum: Some(sourced(3)),
            roles: vec![TeamRole {
                key: "principal".to_owned(),
                title: sourced("校长".to_owned()),
                minimum: sourced(1),
            }],
        };
        assert_eq!(rule.needed(), "2 至 3 人，其中校长 1 人");
        let (plain, principal): (Vec<&str>, Vec<&str>) = (vec![], vec!["principal"]);
        assert_eq!(rule.missing::<&str>(&[]), "还差 2 人，缺校长 1 人。");
        assert_eq!(rule.missing(&[plain.clone(), plain.clone()]), "缺校长 1 人。");
        assert_eq!(rule.missing(&[principal.clone(), plain.clone()]), "");
        assert_eq!(rule.missing(&[principal, plain.clone(), plain.clone(), plain]), "超出 1 人。");
        rule.maximum = None;
        rule.roles.clear();
        assert_eq!(rule.needed(), "至少 2 人");
    }
}
