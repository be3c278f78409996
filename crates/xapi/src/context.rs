//! The context of a statement (Data 2.4.6; contextAgents and contextGroups: IEEE 9274.1.1, 4.2.2.5).

use crate::agent::{self, Wanted};
use crate::check::{Check, Place};
use crate::json::Value;
use crate::{Version, activity, language, statement};

const OF_BOTH: [&str; 9] = [
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
];
const OF_TWO: [&str; 11] = [
    "registration",
    "instructor",
    "team",
    "contextActivities",
    "revision",
    "platform",
    "language",
    "statement",
    "extensions",
    "contextAgents",
    "contextGroups",
];
const GROUPINGS: [&str; 4] = ["parent", "grouping", "category", "other"];

/// `of_activity` says whether the statement's object is an activity.
pub(crate) fn check(check: &mut Check, place: &Place<'_>, value: &Value<'_>, of_activity: bool) {
    let allowed: &[&str] = match check.version {
        Version::One => &OF_BOTH,
        Version::Two => &OF_TWO,
    };
    let Some(object) = check.object(place, value, allowed) else { return };
    for (name, value) in object.iter().filter(|(_, value)| *value != Value::Null) {
        let here = place.of(name);
        match name.as_ref() {
            "registration" => {
                check.uuid(&here, value);
            }
            "instructor" => agent::check(check, &here, value, Wanted::Either),
            "team" => agent::check(check, &here, value, Wanted::Group),
            "contextActivities" => activities(check, &here, value),
            "revision" | "platform" => {
                check.text(&here, value);
                if !of_activity {
                    check.say(&here, "may only be used when the object is an activity");
                }
            }
            "language" => {
                check.formed(&here, value, language::is_language, "a language tag of RFC 5646");
            }
            "statement" => statement::check_reference(check, &here, value),
            "extensions" => check.extensions(&here, value),
            "contextAgents" => relevant(check, &here, value, ("contextAgent", "agent", Wanted::Agent)),
            "contextGroups" => relevant(check, &here, value, ("contextGroup", "group", Wanted::Group)),
            _ => {}
        }
    }
}

fn activities(check: &mut Check, place: &Place<'_>, value: &Value<'_>) {
    let Some(object) = check.object(place, value, &GROUPINGS) else { return };
    for (name, value) in object.iter().filter(|(_, value)| *value != Value::Null) {
        let here = place.of(name);
        match value {
            Value::List(values) => {
                for (index, value) in values.iter().enumerate() {
                    activity::check(check, &here.item(index), value);
                }
            }
            one => activity::check(check, &here, one),
        }
    }
}

/// Those who played a part, each with what made it relevant.
fn relevant(
    check: &mut Check,
    place: &Place<'_>,
    value: &Value<'_>,
    (kind, who, wanted): (&str, &str, Wanted),
) {
    for (index, one) in check.list(place, value).unwrap_or_default().iter().enumerate() {
        let here = place.item(index);
        let Some(object) = check.object(&here, one, &["objectType", who, "relevantTypes"]) else { continue };
        for (name, value) in object.iter().filter(|(_, value)| *value != Value::Null) {
            let here = here.of(name);
            match name.as_ref() {
                "objectType" => {
                    check.one_of(&here, value, &[kind]);
                }
                "relevantTypes" => {
                    let types = check.list(&here, value);
                    if types.is_some_and(<[Value<'_>]>::is_empty) {
                        check.say(&here, "must not be empty");
                    }
                    for (index, kind) in types.unwrap_or_default().iter().enumerate() {
                        check.iri(&here.item(index), kind);
                    }
                }
                _ => agent::check(check, &here, value, wanted),
            }
        }
        for required in ["objectType", who] {
            if one.get(required).is_none() {
                check.missing(&here, required);
            }
        }
    }
}
