//! `/hours`: reported and taken back in batches, and what stands of them.

pub(super) mod row;

use std::time::Duration;

use axum::http::Method;
use axum::response::Response;
use chrono::NaiveDate;
use serde_json::{Value, json};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_registry::people::{self, Person};
use tisheng_training::hours::{
    self, Answered, Channel, Entry, HoursError, Listed, Logged, Outcome, Sent, Tally, Withdrawn,
};
use tisheng_training::platform;

use self::row::{Row, row_of};

use super::call::{Call, id};
use super::field::day;
use super::once::{self, Begun};
use super::place::{json_answer, page, read};
use super::problem::{Detail, Problem, Told};
use super::store;
use crate::token::Scope;

/// Rows of a batch.
const MOST: usize = 500;
/// Pauses after which a batch is tried again that somebody else was in the way of.
const PAUSES: [Duration; 3] =
    [Duration::from_millis(50), Duration::from_millis(150), Duration::from_millis(400)];
/// A batch that has taken longer is not tried again: what it waited for is no moment.
const PATIENCE: Duration = Duration::from_secs(3);
/// Entries of one person that are shown: more than anybody earns in a programme.
const MOST_OF_PERSON: usize = 2_000;

pub async fn answer(call: &Call) -> Told<Response> {
    call.knows("GET, POST")?;
    if call.method == Method::POST { report_again(call).await } else { list(call).await }
}

/// Who reports of a teacher of whom somebody else is writing does not hear of it, unless that takes long.
async fn report_again(call: &Call) -> Told<Response> {
    let begun = tokio::time::Instant::now();
    for pause in PAUSES {
        match report(call).await {
            Err(problem) if problem.is_busy() && begun.elapsed() < PATIENCE => {
                tokio::time::sleep(pause).await;
            }
            told => return told,
        }
    }
    report(call).await
}

/// `POST /hours`
async fn report(call: &Call) -> Told<Response> {
    call.needs(Scope::HoursWrite)?;
    call.takes(&[])?;
    let sent = call.json()?;
    let values = rows(&sent)?;
    let mut once = match once::begin(call).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let tx = &mut once.tx;
    let (platform, programme, rules) = call.reporting(tx).await?;
    let rows: Vec<Row> =
        values.iter().enumerate().map(|(place, row)| row_of(&rules, &platform, place, row)).collect();
    let sent: Vec<Sent> = rows.iter().filter_map(|row| row.sent.as_ref().ok().cloned()).collect();
    let source = (platform.name.as_str(), sent.as_slice());
    let answers = hours::log_each(&call.ctx, tx, &programme, source).await.map_err(of_hours)?;
    let mends = store::has_refused(tx, platform.id).await?;
    let (mut tally, mut withdrawn) = (Tally::default(), 0_u32);
    let mut answers = answers.into_iter();
    let mut written = Vec::with_capacity(rows.len());
    for (place, row) in rows.into_iter().enumerate() {
        let outcome = match row.sent {
            Err(errors) => Err(errors),
            Ok(sent) => match (sent, answers.next()) {
                (Sent::Report(report), Some(Answered::Report { logged, why })) => {
                    tally.count(logged, report.seconds);
                    Ok(taken((place, &row.number), logged, &why))
                }
                (_, Some(Answered::Withdrawal(answer))) => {
                    let answer = taken_back((place, &row.number), answer);
                    if answer.is_ok() {
                        withdrawn += 1;
                        tally.records += 1;
                        tally.noted += 1;
                    }
                    answer
                }
                _ => break,
            },
        };
        written.push(match outcome {
            Ok(answer) => {
                if mends {
                    store::mended(tx, platform.id, &row.number, call.ctx.at).await?;
                }
                answer
            }
            Err(errors) => {
                tally.records += 1;
                tally.refused += 1;
                if let Some(value) = values.get(place) {
                    let whose = (&programme, &platform, &call.token);
                    super::refused::keep(&call.ctx, tx, whose, (&row.number, value, &errors)).await?;
                }
                refused(place, &row.number, &errors)
            }
        });
    }
    platform::arrived(&call.ctx, tx, &platform, Channel::Api, &tally).await?;
    let tally = json!({
        "records": tally.records, "entered": tally.entered, "same": tally.same,
        "waiting": tally.waiting, "withdrawn": withdrawn, "refused": tally.refused,
    });
    once.done(&json!({ "rows": written, "tally": tally })).await
}

fn of_hours(error: HoursError) -> Problem {
    Failure::from(error).into()
}

/// The rows of a batch.
fn rows(sent: &Value) -> Told<&Vec<Value>> {
    let strange = sent.as_object().and_then(|fields| fields.keys().find(|name| *name != "rows"));
    if let Some(strange) = strange {
        let strange: String = strange.chars().take(40).collect();
        return Err(Problem::malformed(format!("没有字段 {strange}，内容应为 {{\"rows\": [ … ]}}")));
    }
    let rows = sent.get("rows").and_then(Value::as_array);
    let rows = rows.ok_or_else(|| Problem::malformed("内容应为 {\"rows\": [ … ]}"))?;
    if rows.len() > MOST {
        return Err(Problem::too_large(format!("一批最多 {MOST} 行，请分批发送")));
    }
    if rows.is_empty() { Err(Problem::malformed("rows 中没有任何记录")) } else { Ok(rows) }
}

fn refused(place: usize, number: &str, errors: &[Detail]) -> Value {
    let reason = errors.first().map(|error| error.message.clone()).unwrap_or_default();
    json!({ "row": place, "id": number, "outcome": "refused", "reason": reason, "errors": errors })
}

fn taken((place, number): (usize, &str), logged: Logged, why: &str) -> Value {
    let entry = match logged {
        Logged::Entered(id) => Some(id.to_string()),
        _ => None,
    };
    json!({ "row": place, "id": number, "outcome": Outcome::of(logged), "reason": why, "entry": entry })
}

/// What is wrong with a row, in a sentence.
pub(super) fn why_refused(errors: &[Detail]) -> String {
    let said = errors.iter().map(|error| {
        if error.field.is_empty() {
            error.message.clone()
        } else {
            format!("{}：{}", error.field, error.message)
        }
    });
    said.collect::<Vec<_>>().join("；")
}

/// The answer to a row that takes another back, or what is wrong with it.
pub(super) fn taken_back((place, number): (usize, &str), withdrawn: Withdrawn) -> Result<Value, Vec<Detail>> {
    let (outcome, reason, entry) = match withdrawn {
        Withdrawn::Taken { entry, reason } => (Outcome::Withdrawn, reason, entry.map(|id| id.to_string())),
        Withdrawn::Decided(reason) => {
            (Outcome::Same, format!("此前已由工作人员冲销或未予认定：{reason}"), None)
        }
        Withdrawn::FromRecords => {
            let message = "这条学时是按学习记录（xAPI 或 LTI）计算的，请作废或更正那里的记录";
            return Err(wrong_number(place, message));
        }
        Withdrawn::Unknown => return Err(wrong_number(place, "本平台没有报送过这个编号的学时")),
    };
    Ok(json!({ "row": place, "id": number, "outcome": outcome, "reason": reason, "entry": entry }))
}

fn wrong_number(place: usize, message: &str) -> Vec<Detail> {
    vec![Detail { row: Some(place), field: "id".to_owned(), message: message.to_owned() }]
}

/// Says in a place that an entry was listed with what took it back.
const WHOLE: &str = "whole";

/// `GET /hours`: what the token's platform has entered and what of it was taken back; the sum is what stands.
async fn list(call: &Call) -> Told<Response> {
    call.needs(Scope::HoursRead)?;
    call.takes(&["from", "until", "limit", "after"])?;
    let limit = call.limit()?;
    let (from, until) = (bound(call, "from", "0001-01-01")?, bound(call, "until", "9999-12-31")?);
    if from > until {
        return Err(Problem::malformed(format!("from（{from}）在 until（{until}）之后，请核对起止日期")));
    }
    let [day, last, whole] = read::<3>(call)?;
    let last: Id<Entry> = if last.is_empty() { Id::from_uuid(uuid::Uuid::nil()) } else { id(&last)? };
    let mut tx = call.ctx.read().await?;
    let platform = call.platform(&mut tx).await?;
    let whose = (platform.programme, platform.name.as_str());
    let behind = (day.as_str(), last, whole == WHOLE);
    let rows = hours::of_source(&mut tx, whose, (from, until), behind, limit + 1).await?;
    let place = |row: &Listed| {
        let (day, entry, is_whole) = row.place();
        vec![day.to_string(), entry.to_string(), if is_whole { WHOLE } else { "" }.to_owned()]
    };
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
    call.takes(&[])?;
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
        "reverses": entry.reverses.map(|id| id.to_string()),
    })
}
