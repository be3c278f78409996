//! A row of a batch, read: somebody worked, or the platform takes a row of before back.

use serde_json::Value;
use tisheng_kernel::{HourLength, Seconds};
use tisheng_rules::Scheme;
use tisheng_training::hours::{Channel, Described, Report, Sent, Whom, Withdrawal};
use tisheng_training::platform::Platform;

use super::super::field::Reading;
use super::super::problem::Detail;

/// A row of a batch: what it says, or what is wrong with it.
pub struct Row {
    pub number: String,
    pub sent: Result<Sent, Vec<Detail>>,
}

/// Reads the row at `place`.
pub fn row_of(rules: &Scheme, platform: &Platform, place: usize, row: &Value) -> Row {
    let Value::Object(fields) = row else {
        let detail =
            Detail {
                row: Some(place), field: String::new(), message: "每一行应为一个对象".to_owned()
            };
        return Row { number: String::new(), sent: Err(vec![detail]) };
    };
    let mut reading = Reading::new(fields, Some(place));
    let number = reading.need("id", 100);
    if reading.flag("withdrawn") {
        reading.knows(&["id", "withdrawn", "reason"]);
        let reason = reading.need("reason", 200);
        let said = Sent::Withdrawal(Withdrawal { number: number.clone(), reason });
        let sent = if reading.errors.is_empty() { Ok(said) } else { Err(reading.errors) };
        return Row { number, sent };
    }
    reading.knows(&[
        "id",
        "withdrawn",
        "person",
        "title",
        "hours",
        "minutes_per_hour",
        "date",
        "category",
        "kind",
    ]);
    let whom = whom(&mut reading);
    let title = reading.need("title", 200);
    let day = reading.day("date");
    let place_of_hours = place_of(rules, platform, &mut reading);
    let length = match reading.whole("minutes_per_hour").map(HourLength::new) {
        None => platform.length,
        Some(Ok(length)) => length,
        Some(Err(error)) => {
            reading.wrong("minutes_per_hour", error.to_string());
            platform.length
        }
    };
    let text = reading.need("hours", 20);
    let seconds = match Seconds::parse_hours(&text, length) {
        _ if text.is_empty() => Seconds::ZERO,
        Ok(seconds) if seconds > Seconds::ZERO => seconds,
        Ok(_) => {
            reading.wrong("hours", "学时应大于零");
            Seconds::ZERO
        }
        Err(error) => {
            reading.wrong("hours", error.to_string());
            Seconds::ZERO
        }
    };
    let (Some(worked_on), Some((category, kind)), true) = (day, place_of_hours, reading.errors.is_empty())
    else {
        return Row { number, sent: Err(reading.errors) };
    };
    let report = Report {
        whom: Whom::Described(whom),
        category,
        kind,
        seconds,
        length,
        worked_on,
        title,
        source: platform.name.clone(),
        source_id: number.clone(),
        channel: Channel::Api,
        doubt: None,
    };
    Row { number, sent: Ok(Sent::Report(Box::new(report))) }
}

fn whom(reading: &mut Reading<'_>) -> Described {
    let Some(mut person) = reading.inner("person", "person.") else { return Described::default() };
    person.knows(&["name", "paper", "phone", "school"]);
    let described = Described {
        name: person.need("name", 40),
        paper: person.text("paper", 40).to_uppercase(),
        phone: person.text("phone", 20),
        school: person.text("school", 80),
    };
    reading.errors.extend(person.errors);
    described
}

/// Category and kind by key or title; where neither is given, those of the platform.
fn place_of(rules: &Scheme, platform: &Platform, reading: &mut Reading<'_>) -> Option<(String, String)> {
    let (category, kind) = (reading.text("category", 40), reading.text("kind", 40));
    if category.is_empty() && kind.is_empty() {
        return Some((platform.category.clone(), platform.kind.clone()));
    }
    let found = rules.hours.categories.iter().find(|c| *c.title == category || c.key == category);
    let Some(found) = found else {
        let known: Vec<&str> = rules.hours.categories.iter().map(|c| c.key.as_str()).collect();
        reading.wrong("category", format!("方案中没有这个学时类别，应为：{}", known.join("、")));
        return None;
    };
    if kind.is_empty() {
        return Some((found.key.clone(), String::new()));
    }
    let Some(of_kind) = found.kinds.iter().find(|k| *k.title == kind || k.key == kind) else {
        let known: Vec<&str> = found.kinds.iter().map(|k| k.key.as_str()).collect();
        let known = if known.is_empty() { "不填".to_owned() } else { known.join("、") };
        reading.wrong("kind", format!("这个类别下没有这个项目，应为：{known}"));
        return None;
    };
    Some((found.key.clone(), of_kind.key.clone()))
}
