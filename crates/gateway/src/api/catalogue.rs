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
use tisheng_training::course::{
    self, Counts, Course, CourseError, Draft, Source, Submitted, Terms, of_hundred,
};
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
            "material_minutes": Some(terms.material.get() / 60).filter(|minutes| *minutes > 0),
            "counts": terms.counts.key(),
            "pass": terms.pass_permille.map(of_hundred),
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
    let code = reading.need("code", 60);
    let before = course::said(tx, &platform, &code).await?;
    let draft = draft(&mut reading, code, (&platform, &rules), before.as_ref());
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

/// What is said of the course `code`, with what was said `before` wherever nothing is said now.
fn draft(
    reading: &mut Reading<'_>,
    code: String,
    (platform, rules): (&Platform, &Scheme),
    before: Option<&Draft>,
) -> Option<Draft> {
    let title = reading.need_prose("title", 100);
    let source = word(reading, "source", Source::ALL, Source::key);
    let counts = word(reading, "counts", Counts::ALL, Counts::key);
    let was = before.map(|draft| draft.stages.clone());
    let stages = reading.or_before("stages", was, |r| known(r, "stages", &keys(Stage::ALL, Stage::key)));
    let was = before.map(|draft| draft.subjects.clone());
    let subjects = reading.or_before("subjects", was, |r| known(r, "subjects", &SUBJECTS));
    let was = before.map(|draft| draft.length);
    let length = reading.or_before("minutes_per_hour", was, |r| minutes_per_hour(r, platform));
    let hours = reading.need("hours", 20);
    let worth = Seconds::parse_hours(&hours, length).unwrap_or_else(|error| {
        if !hours.is_empty() {
            reading.wrong("hours", error.to_string());
        }
        Seconds::ZERO
    });
    let was = before.map(|draft| draft.material);
    let material = reading.or_before("material_minutes", was, |r| {
        Seconds::of_minutes(r.whole("material_minutes").map_or(0, i64::from))
    });
    // What is no longer passed has no least score.
    let was = before.filter(|_| counts == Some(Counts::Passed)).map(|draft| draft.pass_permille);
    let pass_permille = reading.or_before("pass", was, pass);
    let (category, kind) = home(reading, (platform, rules), before);
    let was = before.map(|draft| draft.summary.clone());
    let summary = reading.or_before("summary", was, |r| r.prose("summary", 500));
    let was = before.map(|draft| draft.href.clone());
    let href = reading.or_before("href", was, |r| r.text("href", 500));
    let was = before.map(|draft| draft.capabilities.clone());
    let capabilities = reading.or_before("capabilities", was, |r| r.texts("capabilities", 50));
    let was = before.map(|draft| draft.activities.clone());
    let activities = reading.or_before("activities", was, |r| r.texts("activities", 50));
    Some(Draft {
        code,
        title,
        source: source?,
        stages,
        subjects,
        summary,
        href,
        capabilities,
        activities,
        worth,
        length,
        material,
        category,
        kind,
        counts: counts?,
        pass_permille,
    })
}

fn minutes_per_hour(reading: &mut Reading<'_>, platform: &Platform) -> HourLength {
    match reading.whole("minutes_per_hour").map(HourLength::new) {
        Some(Ok(length)) => length,
        Some(Err(error)) => {
            reading.wrong("minutes_per_hour", error.to_string());
            platform.length
        }
        None => platform.length,
    }
}

/// The category and the kind, by code or title; those of the platform where neither is said.
fn home(
    reading: &mut Reading<'_>,
    (platform, rules): (&Platform, &Scheme),
    before: Option<&Draft>,
) -> (String, String) {
    let was = before.map(|draft| draft.category.clone());
    let mut category = reading.or_before("category", was, |r| r.text("category", 40));
    if let Some(found) = rules.hours.categories.iter().find(|c| *c.title == category) {
        category.clone_from(&found.key);
    }
    // A kind belongs to its category.
    let was = before.filter(|draft| draft.category == category).map(|draft| draft.kind.clone());
    let mut kind = reading.or_before("kind", was, |r| r.text("kind", 40));
    if category.is_empty() && kind.is_empty() {
        return (platform.category.clone(), platform.kind.clone());
    }
    let kinds = rules.hours.category(&category).map(|found| found.kinds.iter());
    if let Some(found) = kinds.into_iter().flatten().find(|k| *k.title == kind) {
        kind.clone_from(&found.key);
    }
    (category, kind)
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
