//! Rows that were refused: kept with what was wrong, shown line by line to the institution and to the
//! desks of those they are about, and tried again once the cause is mended.

use serde_json::Value;
use tisheng_kernel::identity::mask_paper_number;
use tisheng_kernel::{Id, Phone};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people;
use tisheng_training::hours::{self, Answered, Channel, Outcome, Sent, Tally, WaitingState};
use tisheng_training::platform::{self, Platform};

use super::hours::row::row_of;
use super::hours::{taken_back, why_refused};
use super::problem::Detail;
use super::store::{self, Refusing};
use crate::token::Token;

/// Bytes of a row that is kept; a longer one is refused without being kept.
const LONGEST: usize = 8 << 10;
/// Characters of a text that is shown of it.
const SHOWN: usize = 80;

/// A row that was refused.
#[derive(Debug, Clone)]
pub struct Refused {
    pub id: Id<Refused>,
    pub number: String,
    pub name: String,
    pub paper_masked: String,
    pub title: String,
    pub reason: String,
    pub sender: String,
    pub first_at: tisheng_kernel::Instant,
    pub last_at: tisheng_kernel::Instant,
    pub times: i64,
    pub state: String,
    pub outcome: String,
    /// The row, sealed; nothing of one too long to be kept.
    pub content: Option<Vec<u8>>,
}

/// What has become of a row that was tried again.
pub enum Tried {
    /// It was taken; what became of it.
    Taken(Outcome),
    /// It is refused for this reason.
    Refused(String),
    /// It does not wait any more, or was not kept.
    Gone,
}

/// What has become of a row, in words.
pub fn in_words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Entered => "已入账",
        Outcome::Same => "此前已收到",
        Outcome::Parked => WaitingState::Parked.chinese(),
        Outcome::Held => WaitingState::Held.chinese(),
        Outcome::Conflict => WaitingState::Conflict.chinese(),
        Outcome::Withdrawn => WaitingState::Withdrawn.chinese(),
        _ => "已由人处理",
    }
}

/// Keeps a row that was refused.
pub async fn keep(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, platform, token): (&Programme, &Platform, &Token),
    (number, row, errors): (&str, &Value, &[Detail]),
) -> Result<(), DbError> {
    let text = row.to_string();
    let of = |value: &Value| value.as_str().map(cut).unwrap_or_default();
    let person = &row["person"];
    let paper = person["paper"].as_str().unwrap_or_default();
    let refusing = Refusing {
        id: ctx.id(),
        digest: ctx.app.keys.index("api refused", &text),
        number: &cut(number),
        name: &of(&person["name"]),
        paper_masked: &mask_paper_number(&cut(paper)),
        title: &of(&row["title"]),
        reason: &why_refused(errors),
        path: &place_of(ctx, tx, programme, person).await?,
        sender: &token.name,
        content: (text.len() <= LONGEST).then(|| ctx.app.keys.seal(&text)),
    };
    store::refuse(tx, (programme.id, platform.id), &refusing, ctx.at).await
}

fn cut(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Whose desk hears of it: the teacher's school where number and name agree, else the office.
async fn place_of(ctx: &Ctx, tx: &mut Tx, programme: &Programme, said: &Value) -> Result<String, DbError> {
    let text = |name: &str| said[name].as_str().unwrap_or_default().trim();
    let mut found = Vec::new();
    if !text("paper").is_empty() {
        found.extend(people::find_by_paper(ctx, tx, text("paper")).await?);
    }
    if let (true, Ok(phone)) = (found.is_empty(), Phone::parse(text("phone"))) {
        found = people::find_by_phone(ctx, tx, &phone).await?;
    }
    let mut agreeing = found.into_iter().filter(|person| person.name == text("name"));
    if let (Some(one), None) = (agreeing.next(), agreeing.next()) {
        match people::teacher(tx, one.id).await {
            Ok(teacher) if teacher.path.starts_with(&programme.path) => return Ok(teacher.path),
            Ok(_) | Err(Failure::NotFound) => {}
            Err(_) => return Err(DbError::NoRow),
        }
    }
    Ok(programme.path.clone())
}

/// Reads a kept row again as if it came now, for whoever decides about the hours of those it is about, and for
/// the institution of the platform, whose rows are held against the teachers of the whole programme as when it
/// sends them.
///
/// # Errors
/// 404 for a platform or a row that the asker may not see, and for whoever neither decides about hours nor reports
/// them.
pub async fn again(
    ctx: &Ctx,
    tx: &mut Tx,
    platform: Id<Platform>,
    id: Id<Refused>,
) -> Result<Tried, Failure> {
    let (platform, scope) = platform::here(ctx, tx, platform).await?;
    let row = store::refused(tx, platform.id, &scope, id).await?.ok_or(Failure::NotFound)?;
    if platform.state != platform::State::Active {
        return Ok(Tried::Refused("平台已停用，恢复以后才能再试".to_owned()));
    }
    if row.state == "open" && store::said_since(tx, platform.id, &row).await? {
        // Hours that were corrected or withdrawn since are not entered as they were first said.
        store::settled(ctx, tx, id, "平台后来又报送了这个编号，以后来的为准").await?;
        return Ok(Tried::Gone);
    }
    let Some(content) = row.content.filter(|_| row.state == "open") else { return Ok(Tried::Gone) };
    let text = ctx.app.keys.open(&content).map_err(|error| Failure::Internal(error.to_string()))?;
    let value: Value = serde_json::from_str(&text).map_err(|e| Failure::Internal(e.to_string()))?;
    let programme = scheme::of_id(tx, platform.programme).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let (outcome, tally) = match row_of(&rules, &platform, 0, &value).sent {
        Err(errors) => (Err(errors), Tally::default()),
        Ok(sent) => taken(&hours::acting(ctx, &programme), tx, &programme, (&platform, sent)).await?,
    };
    let tried = match outcome {
        Err(errors) => {
            let reason = why_refused(&errors);
            store::still_refused(ctx, tx, id, &reason).await?;
            Tried::Refused(reason)
        }
        Ok(outcome) => {
            if store::settled(ctx, tx, id, in_words(outcome)).await? {
                platform::arrived(ctx, tx, &platform, Channel::Api, &tally).await?;
            }
            Tried::Taken(outcome)
        }
    };
    let told = match &tried {
        Tried::Taken(outcome) => in_words(*outcome),
        _ => "仍被拒绝",
    };
    let detail = serde_json::json!({ "platform": platform.id, "outcome": told });
    audit::record(ctx, tx, "hours.refused_tried", id.uuid(), &detail).await?;
    Ok(tried)
}

async fn taken(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (platform, sent): (&Platform, Sent),
) -> Result<(Result<Outcome, Vec<Detail>>, Tally), Failure> {
    let mut tally = Tally::default();
    let source = (platform.name.as_str(), std::slice::from_ref(&sent));
    let answers = hours::log_each(ctx, tx, programme, source).await?;
    let outcome = match (answers.into_iter().next(), &sent) {
        (Some(Answered::Report { logged, .. }), Sent::Report(report)) => {
            tally.count(logged, report.seconds);
            Ok(Outcome::of(logged))
        }
        (Some(Answered::Withdrawal(withdrawn)), _) => {
            tally.records += 1;
            tally.noted += 1;
            taken_back((0, ""), withdrawn).map(|_| Outcome::Withdrawn)
        }
        _ => return Err(Failure::Internal("a report without an answer".to_owned())),
    };
    Ok((outcome, tally))
}
