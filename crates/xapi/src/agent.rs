//! Agents and groups, and the one identifier by which each is known (Data 2.4.2).

use crate::check::{Check, Place};
use crate::json::{JsonError, Object, Value};
use crate::{Version, Violation, scalar};

/// The properties that identify; exactly one of them stands in an agent.
const IDENTIFIERS: [&str; 4] = ["mbox", "mbox_sha1sum", "openid", "account"];
const AGENT: [&str; 6] = ["objectType", "name", "mbox", "mbox_sha1sum", "openid", "account"];
const GROUP: [&str; 7] = ["objectType", "name", "member", "mbox", "mbox_sha1sum", "openid", "account"];

/// What may stand at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Agent,
    Group,
    Either,
}

/// The key of whoever `object` names: equal for equal identifiers, however their case is written
/// where case means nothing. `None` for an anonymous group.
#[must_use]
pub fn key(agent: &Value<'_>) -> Option<String> {
    let text = |name: &str| agent.get(name).and_then(Value::text);
    if let Some(mbox) = text("mbox") {
        return Some(format!("mbox\n{}", scalar::normal_mailbox(mbox)));
    }
    if let Some(sum) = text("mbox_sha1sum") {
        return Some(format!("sha1\n{}", sum.to_ascii_lowercase()));
    }
    if let Some(openid) = text("openid") {
        return Some(format!("openid\n{openid}"));
    }
    let account = agent.get("account")?;
    let part = |name: &str| account.get(name).and_then(Value::text);
    Some(account_key(part("homePage")?, part("name")?))
}

/// The key of an agent with an account. An IRI has no line breaks, so parts cannot run into each other.
#[must_use]
pub fn account_key(home_page: &str, name: &str) -> String {
    format!("account\n{home_page}\n{name}")
}

/// Gives the key of `agent` and of the members of a group to `visit`.
pub fn each_key(agent: &Value<'_>, mut visit: impl FnMut(String)) {
    if let Some(key) = key(agent) {
        visit(key);
    }
    for member in agent.get("member").map(Value::each).unwrap_or_default() {
        if let Some(key) = key(member) {
            visit(key);
        }
    }
}

/// Whether `value` calls itself a group.
pub(crate) fn is_group(value: &Value<'_>) -> bool {
    value.get("objectType").and_then(Value::text) == Some("Group")
}

pub(crate) fn check(check: &mut Check, place: &Place<'_>, value: &Value<'_>, wanted: Wanted) {
    let group = is_group(value);
    let allowed: &[&str] = if group { &GROUP } else { &AGENT };
    let Some(object) = check.object(place, value, allowed) else { return };
    let words: &[&str] = match wanted {
        Wanted::Agent => &["Agent"],
        Wanted::Group => &["Group"],
        Wanted::Either => &["Agent", "Group"],
    };
    match value.get("objectType") {
        Some(kind) => {
            check.one_of(&place.of("objectType"), kind, words);
        }
        None if wanted == Wanted::Group => check.missing(place, "objectType"),
        None => {}
    }
    let identified = identifiers(check, place, object);
    for (name, value) in object {
        let here = place.of(name);
        match name.as_ref() {
            "name" => {
                check.text(&here, value);
            }
            "member" if group => members(check, &here, value),
            _ => {}
        }
    }
    match identified {
        0 if !group => check.say(place, "an agent needs one of mbox, mbox_sha1sum, openid, account"),
        0 if value.get("member").is_none_or(|members| *members == Value::List(Vec::new())) => {
            check.say(&place.of("member"), "a group without an identifier has to list its members");
        }
        0 | 1 => {}
        _ => check.say(place, "only one of mbox, mbox_sha1sum, openid, account may be given"),
    }
}

fn members(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    for (index, member) in check.list(place, value).unwrap_or_default().iter().enumerate() {
        self::check(check, &place.item(index), member, Wanted::Agent);
    }
}

/// Checks the identifiers of `object` and says how many there are.
fn identifiers(check: &mut Check, place: &Place<'_>, object: &Object<'_>) -> usize {
    let mut count = 0;
    for (name, value) in object.iter().filter(|(name, _)| IDENTIFIERS.contains(&name.as_ref())) {
        let here = place.of(name);
        count += 1;
        match name.as_ref() {
            "mbox" => {
                check.formed(&here, value, scalar::is_mailbox, "`mailto:` and a mail address");
            }
            "mbox_sha1sum" => {
                check.formed(&here, value, scalar::is_sha1, "a SHA-1 of 40 hexadecimal digits");
            }
            "openid" => {
                check.iri(&here, value);
            }
            _ => account(check, &here, value),
        }
    }
    count
}

fn account(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    if *value == Value::Null || check.object(place, value, &["homePage", "name"]).is_none() {
        return;
    }
    match value.get("homePage") {
        Some(home_page) => {
            check.iri(&place.of("homePage"), home_page);
        }
        None => check.missing(place, "homePage"),
    }
    match value.get("name") {
        Some(name) => {
            check.text(&place.of("name"), name);
        }
        None => check.missing(place, "name"),
    }
}

/// The authority of a statement: an agent, or the two agents of an application and its user
/// (Data 2.4.9).
pub(crate) fn check_authority(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    self::check(check, place, value, Wanted::Either);
    if is_group(value) {
        let members = value.get("member").map(Value::each).unwrap_or_default();
        if members.len() != 2 || key(value).is_some() {
            check.say(place, "a group that is an authority has two members and no identifier");
        }
    }
}

/// A parameter that is an agent, or an identified group where `groups` are allowed.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter<'a> {
    /// As it was given.
    pub value: Value<'a>,
    /// See [`key`].
    pub key: String,
}

/// A parameter cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It is not JSON.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// It breaks rules for agents.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Rules(Vec<Violation>),
}

/// Reads the parameter `agent` of a request.
///
/// # Errors
/// [`ParameterError`] when it is no agent of the standard, or has no identifier.
pub fn parameter(text: &str, version: Version, groups: bool) -> Result<Parameter<'_>, ParameterError> {
    let value = Value::parse(text)?;
    let mut check = Check::new(version);
    let wanted = if groups { Wanted::Either } else { Wanted::Agent };
    self::check(&mut check, &Place::Root, &value, wanted);
    let key = key(&value);
    if key.is_none() && check.is_clean() {
        check.say(&Place::Root, "needs one of mbox, mbox_sha1sum, openid, account");
    }
    check.finish().map_err(ParameterError::Rules)?;
    Ok(Parameter { value, key: key.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use super::{key, parameter};
    use crate::Version;
    use crate::json::Value;

    #[test]
    fn one_identifier_and_no_other() {
        let of = |text: &str| parameter(text, Version::One, true).map(|found| found.key);
        assert_eq!(of(r#"{"mbox":"mailto:A@B.test"}"#), Ok("mbox\nmailto:A@b.test".to_owned()));
        let account = r#"{"objectType":"Group","account":{"homePage":"http://a.test","name":"7"}}"#;
        assert_eq!(of(account), Ok("account\nhttp://a.test\n7".to_owned()));
        parameter(account, Version::One, false).expect_err("no group");
        for wrong in [
            "{}",
            "[]",
            r#"{"mbox":"mailto:a@b.test","openid":"http://a.test"}"#,
            r#"{"mbox":"a@b.test"}"#,
            r#"{"mbox":null}"#,
            r#"{"account":{"name":"7"}}"#,
            r#"{"account":{"homePage":"a","name":"7"}}"#,
            r#"{"objectType":"agent","mbox":"mailto:a@b.test"}"#,
            r#"{"objectType":"Group","member":[{"mbox":"mailto:a@b.test"}]}"#,
            r#"{"Mbox":"mailto:a@b.test"}"#,
            r#"{"objectType":"Agent","mbox":"mailto:a@b.test","member":[]}"#,
        ] {
            of(wrong).expect_err(wrong);
        }
    }

    #[test]
    fn the_key_of_a_hash_has_no_case() {
        let of = |text: &'static str| key(&Value::parse(text).expect("JSON"));
        let sum = "EBD31E95054C018B10727CCFFD2EF2EC3A016EE9";
        let (upper, lower) = (format!(r#"{{"mbox_sha1sum":"{sum}"}}"#), sum.to_lowercase());
        let value = Value::parse(&upper).expect("JSON");
        assert_eq!(key(&value), Some(format!("sha1\n{lower}")));
        assert_eq!(of(r#"{"objectType":"Group","member":[]}"#), None);
    }
}
