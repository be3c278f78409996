//! `/courses`: the catalogue, and a course handed in.

use axum::http::Method;
use axum::response::Response;
use serde_json::{Value, json};
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::Tx;
use tisheng_platform::web::Failure;
use tisheng_registry::organisation::Stage;
use tisheng_registry::people::SUBJECTS;
use tisheng_rules::Scheme;
use tisheng_training::course::{self, Counts, Course, CourseError, Draft, Source, Submitted, Terms};
use tisheng_training::platform::Platform;
use uuid::Uuid;

use super::call::{Call, id};
use super::field::Reading;
use super::once::{self, Begun};
use super::place::{page, read};
use super::problem::{Detail, Problem, Told};
use crate::token::Scope;

/// Fields of a course.
const FIELDS: [&str; 16] = [
    "code",
    "title",
    "source",
    "stages",
    "subjects",
    "summary",
    "href",
    "capabilities",
    "activities",
    "hours",
    "minutes_per_hour",
    "material_minutes",
    "counts",
    "pass",
    "category",
    "kind",
];

pub async fn answer(call: &Call) -> Told<Response> {
    call.knows("GET, POST")?;
    if call.method == Method::POST { submit(call).await } else { list(call).await }
}

/// `GET /courses`: those of the token's platform, whatever their state; without a platform all that are
/// on offer.
async fn list(call: &Call) -> Told<Response> {
    call.needs(Scope::CatalogueRead)?;
    call.takes(&["limit", "after"])?;
    let limit = call.limit()?;
    let [last] = read::<1>(call)?;
    let last: Id<Course> = if last.is_empty() { Id::from_uuid(Uuid::nil()) } else { id(&last)? };
    let mut tx = call.ctx.read().await?;
    let programme = call.programme(&mut tx).await?;
    let whose = (programme.id, call.token.platform);
    let mut rows = Vec::new();
    for course in course::catalogue(&mut tx, whose, last, limit + 1).await? {
        rows.push(whole(&mut tx, course).await?);
    }
    Ok(page(call, limit, rows, |row| vec![row.course.id.to_string()], written))
}

/// A course with what is told of it.
struct Whole {
    course: Course,
    terms: Option<Terms>,
    capabilities: Vec<String>,
    activities: Vec<String>,
}

async fn whole(tx: &mut Tx, course: Course) -> Told<Whole> {
    Ok(Whole {
        terms: course::terms(tx, &course, None).await?,
        capabilities: course::capabilities(tx, course.id).await?,
        activities: course::activities(tx, course.id).await?,
        course,
    })
}

fn split(text: &str) -> Vec<&str> {
    text.split(',').filter(|word| !word.is_empty()).collect()
}

fn written(row: &Whole) -> Value {
    let Whole { course, terms, capabilities, activities } = row;
    let terms = terms.as_ref().map(|terms| {
        json!({
            "hours": terms.worth.in_hours(terms.length),
            "minutes_per_hour": terms.length.minutes(),
            "counts": terms.counts.key(),
            "category": terms.category,
            "kind": terms.kind,
        })
    });
    json!({
        "id": course.id.to_string(),
        "platform": course.platform.to_string(),
        "code": course.code,
        "title": course.title,
        "source": course.source.key(),
        "stages": split(&course.stages),
        "subjects": split(&course.subjects),
        "summary": course.summary,
        "href": course.href,
        "state": course.state.key(),
        "capabilities": capabilities,
        "activities": activities,
        "terms": terms,
    })
}

/// `POST /courses`: a new course, or a known one with what has changed; the office decides about it.
async fn submit(call: &Call) -> Told<Response> {
    call.needs(Scope::CatalogueWrite)?;
    call.takes(&[])?;
    let sent = call.json()?;
    let Value::Object(fields) = &sent else { return Err(Problem::malformed("内容应为一个对象")) };
    let mut once = match once::begin(call).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let tx = &mut once.tx;
    let (platform, _, rules) = call.reporting(tx).await?;
    let mut reading = Reading::new(fields, None);
    reading.knows(&FIELDS);
    let draft = draft(&mut reading, &platform, &rules);
    let Some(draft) = draft.filter(|_| reading.errors.is_empty()) else {
        return Err(Problem::invalid(reading.errors));
    };
    let (id, submitted) = course::hand_in(&call.ctx, tx, &platform, &draft).await.map_err(of_course)?;
    let outcome = match submitted {
        Submitted::New => "new",
        Submitted::Terms => "waiting",
        Submitted::Withdrawn => "withdrawn",
        Submitted::Words => "changed",
        Submitted::Nothing => "same",
    };
    once.done(&json!({ "id": id.to_string(), "code": draft.code, "outcome": outcome })).await
}

fn draft(reading: &mut Reading<'_>, platform: &Platform, rules: &Scheme) -> Option<Draft> {
    let code = reading.need("code", 60);
    let title = reading.need_prose("title", 100);
    let source = word(reading, "source", Source::ALL, Source::key);
    let counts = word(reading, "counts", Counts::ALL, Counts::key);
    let stages = known(reading, "stages", &keys(Stage::ALL, Stage::key));
    let subjects = known(reading, "subjects", &SUBJECTS);
    let length = match reading.whole("minutes_per_hour").map(HourLength::new) {
        Some(Ok(length)) => length,
        Some(Err(error)) => {
            reading.wrong("minutes_per_hour", error.to_string());
            platform.length
        }
        None => platform.length,
    };
    let hours = reading.need("hours", 20);
    let worth = Seconds::parse_hours(&hours, length).unwrap_or_else(|error| {
        if !hours.is_empty() {
            reading.wrong("hours", error.to_string());
        }
        Seconds::ZERO
    });
    let material = reading.whole("material_minutes").unwrap_or_default();
    let (mut category, mut kind) = (reading.text("category", 40), reading.text("kind", 40));
    if category.is_empty() && kind.is_empty() {
        category.clone_from(&platform.category);
        kind.clone_from(&platform.kind);
    } else if let Some(found) = rules.hours.categories.iter().find(|c| *c.title == category) {
        if let Some(of_kind) = found.kinds.iter().find(|k| *k.title == kind) {
            kind.clone_from(&of_kind.key);
        }
        category.clone_from(&found.key);
    }
    Some(Draft {
        code,
        title,
        source: source?,
        stages,
        subjects,
        summary: reading.prose("summary", 500),
        href: reading.text("href", 500),
        capabilities: reading.texts("capabilities", 50),
        activities: reading.texts("activities", 50),
        worth,
        length,
        material: Seconds::of_minutes(i64::from(material)),
        category,
        kind,
        counts: counts?,
        pass_permille: pass(reading),
    })
}

/// The least score of a hundred, in thousandths.
fn pass(reading: &mut Reading<'_>) -> Option<i64> {
    let score = reading.whole("pass")?;
    if score > 100 {
        reading.wrong("pass", "合格分数应为 0 到 100 的整数");
        return None;
    }
    Some(i64::from(score) * 10)
}

fn keys<T: Copy>(all: &[T], key: fn(T) -> &'static str) -> Vec<&'static str> {
    all.iter().map(|one| key(*one)).collect()
}

fn word<T: Copy>(reading: &mut Reading<'_>, name: &str, all: &[T], key: fn(T) -> &'static str) -> Option<T> {
    let text = reading.need(name, 40);
    let found = all.iter().copied().find(|one| key(*one) == text);
    if found.is_none() && !text.is_empty() {
        reading.wrong(name, format!("应为：{}", keys(all, key).join("、")));
    }
    found
}

/// Words of a list that are all among `words`, comma between.
fn known(reading: &mut Reading<'_>, name: &str, words: &[&str]) -> String {
    let given = reading.texts(name, words.len());
    if let Some(strange) = given.iter().find(|word| !words.contains(&word.as_str())) {
        let strange: String = strange.chars().take(40).collect();
        reading.wrong(name, format!("没有“{strange}”，应为：{}", words.join("、")));
    }
    given.join(",")
}

fn of_course(error: CourseError) -> Problem {
    let detail = |field: &str, message: String| Detail { row: None, field: field.to_owned(), message };
    match error {
        CourseError::Wrong(wrong) => {
            Problem::invalid(wrong.into_iter().map(|(field, message)| detail(field, message)).collect())
        }
        CourseError::ActivityTaken(_) => Problem::invalid(vec![detail("activities", error.to_string())]),
        other => Failure::from(other).into(),
    }
}
