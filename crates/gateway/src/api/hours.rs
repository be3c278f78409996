//! `/hours`: reported in batches, and what stands of them.

use axum::http::Method;
use axum::response::Response;
use chrono::NaiveDate;
use serde_json::{Value, json};
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::Failure;
use tisheng_registry::people::{self, Person};
use tisheng_rules::Scheme;
use tisheng_training::hours::{
    self, Answered, Channel, Described, Entry, HoursError, Listed, Logged, Outcome, Report, Tally, Whom,
};
use tisheng_training::platform::{self, Platform};

use super::call::{Call, id};
use super::field::{Reading, day};
use super::once::{self, Begun};
use super::place::{json_answer, page, read};
use super::problem::{Detail, Problem, Told};
use crate::token::Scope;

/// Rows of a batch.
const MOST: usize = 500;
/// Entries of one person that are shown: more than anybody earns in a programme.
const MOST_OF_PERSON: usize = 2_000;

pub async fn answer(call: &Call) -> Told<Response> {
    call.knows("GET, POST")?;
    if call.method == Method::POST { report(call).await } else { list(call).await }
}

/// A row of a batch: what it reports, or what is wrong with it.
struct Row {
    number: String,
    report: Result<Report, Vec<Detail>>,
}

/// `POST /hours`
async fn report(call: &Call) -> Told<Response> {
    call.needs(Scope::HoursWrite)?;
    let sent = call.json()?;
    let rows = rows(&sent)?;
    let mut once = match once::begin(call).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let tx = &mut once.tx;
    let (platform, programme, rules) = call.reporting(tx).await?;
    let rows: Vec<Row> =
        rows.iter().enumerate().map(|(place, row)| row_of(&rules, &platform, place, row)).collect();
    let reports: Vec<Report> = rows.iter().filter_map(|row| row.report.as_ref().ok().cloned()).collect();
    let source = (platform.name.as_str(), reports.as_slice());
    let answers = hours::log_each(&call.ctx, tx, &programme, source).await.map_err(of_hours)?;
    let mut tally = Tally::default();
    let mut answers = answers.into_iter();
    let mut written = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let outcome = match row.report {
            Err(errors) => {
                tally.records += 1;
                tally.refused += 1;
                refused(place, &row.number, &errors)
            }
            Ok(report) => {
                let Some(answered) = answers.next() else { break };
                tally.count(answered.logged, report.seconds);
                taken(place, &row.number, &answered)
            }
        };
        written.push(outcome);
    }
    platform::arrived(&call.ctx, tx, &platform, Channel::Api, &tally).await?;
    let tally = json!({
        "records": tally.records, "entered": tally.entered, "same": tally.same,
        "waiting": tally.waiting, "refused": tally.refused,
    });
    once.done(&json!({ "rows": written, "tally": tally })).await
}

fn of_hours(error: HoursError) -> Problem {
    Failure::from(error).into()
}

/// The rows of a batch.
fn rows(sent: &Value) -> Told<&Vec<Value>> {
    let rows = sent.get("rows").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| Problem::malformed("内容应为 {\"rows\": [ … ]}"))?;
    if rows.len() > MOST {
        return Err(Problem::too_large(format!("一批最多 {MOST} 行，请分批发送")));
    }
    if rows.is_empty() { Err(Problem::malformed("rows 中没有任何记录")) } else { Ok(rows) }
}

fn row_of(rules: &Scheme, platform: &Platform, place: usize, row: &Value) -> Row {
    let Value::Object(fields) = row else {
        let detail =
            Detail {
                row: Some(place), field: String::new(), message: "每一行应为一个对象".to_owned()
            };
        return Row { number: String::new(), report: Err(vec![detail]) };
    };
    let mut reading = Reading::new(fields, Some(place));
    reading.knows(&["id", "person", "title", "hours", "minutes_per_hour", "date", "category", "kind"]);
    let number = reading.need("id", 100);
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
        return Row { number, report: Err(reading.errors) };
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
    Row { number, report: Ok(report) }
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

fn refused(place: usize, number: &str, errors: &[Detail]) -> Value {
    let reason = errors.first().map(|error| error.message.clone()).unwrap_or_default();
    json!({ "row": place, "id": number, "outcome": "refused", "reason": reason, "errors": errors })
}

fn taken(place: usize, number: &str, answered: &Answered) -> Value {
    let outcome = Outcome::of(answered.logged);
    let entry = match answered.logged {
        Logged::Entered(id) => Some(id.to_string()),
        _ => None,
    };
    json!({ "row": place, "id": number, "outcome": outcome, "reason": answered.why, "entry": entry })
}

/// `GET /hours`: what stands of the token's platform.
async fn list(call: &Call) -> Told<Response> {
    call.needs(Scope::HoursRead)?;
    let limit = call.limit()?;
    let (from, until) = (bound(call, "from", "0001-01-01")?, bound(call, "until", "9999-12-31")?);
    let [day, last] = read::<2>(call)?;
    let last: Id<Entry> = if last.is_empty() { Id::from_uuid(uuid::Uuid::nil()) } else { id(&last)? };
    let mut tx = call.ctx.read().await?;
    let platform = call.platform(&mut tx).await?;
    let whose = (platform.programme, platform.name.as_str());
    let rows = hours::of_source(&mut tx, whose, (from, until), (&day, last), limit + 1).await?;
    let place = |row: &Listed| vec![row.entry.worked_on.to_string(), row.entry.id.to_string()];
    Ok(page(call, limit, rows, place, |row| written(&row.entry, row.reversed)))
}

fn bound(call: &Call, name: &str, open: &str) -> Told<NaiveDate> {
    let text = call.param(name);
    let text = if text.is_empty() { open } else { text };
    day(text).ok_or_else(|| Problem::malformed(format!("{name} 应为 2024-03-08 这样的日期")))
}

/// `GET /people/{id}/hours`: what stands of a teacher within the token's node.
pub async fn of_person(call: &Call, person: &str) -> Told<Response> {
    call.knows("GET")?;
    call.needs(Scope::HoursRead)?;
    if call.token.platform.is_some() {
        // In the name of a platform one sees what that platform has reported, nothing else.
        return Err(Problem::absent());
    }
    let person: Id<Person> = id(person)?;
    let mut tx = call.ctx.read().await?;
    let programme = call.programme(&mut tx).await?;
    let teacher = people::teacher(&mut tx, person).await?;
    if !call.ctx.scope().holds(&teacher.path) {
        return Err(Problem::absent());
    }
    let mut entries = hours::entries(&mut tx, programme.id, person).await?;
    entries.truncate(MOST_OF_PERSON);
    let reversed = |entry: &Entry| entries.iter().any(|other| other.reverses == Some(entry.id));
    let items: Vec<Value> = entries.iter().map(|entry| written(entry, reversed(entry))).collect();
    Ok(json_answer(&json!({ "items": items, "next": null })))
}

fn written(entry: &Entry, reversed: bool) -> Value {
    json!({
        "entry": entry.id.to_string(),
        "id": entry.source_id,
        "source": entry.source,
        "person": entry.person.to_string(),
        "title": entry.title,
        "category": entry.category,
        "kind": entry.kind,
        "hours": entry.seconds.in_hours(entry.length),
        "minutes_per_hour": entry.length.minutes(),
        "date": entry.worked_on.to_string(),
        "reversed": reversed,
    })
}
