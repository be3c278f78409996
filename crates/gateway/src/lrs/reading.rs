//! Statements asked for: by id, or by what they are about, page by page.

use std::collections::HashSet;

use axum::http::header;
use tisheng_platform::{DbError, Tx};
use tisheng_xapi::format::{Definitions, Format};
use tisheng_xapi::language::Languages;
use tisheng_xapi::scalar::{is_iri, uuid};
use tisheng_xapi::{Statement, Term, TermKind, agent};
use uuid::Uuid;

use super::call::Call;
use super::fault::{Fault, Told};
use super::store::search::{self, Kept, Search};
use super::store::{self, AttachmentRow};
use super::writing::credential_term;
use crate::address::with;

/// Statements of a page, when the asker names no number or a larger one.
const PAGE: usize = 100;
/// A term that finds as many statements is common.
const COMMON: i64 = 1_000;
/// Bytes of attachments in one answer, unless a single statement has more.
const MOST_ATTACHED: i64 = 64 << 20;
/// Parameters of a query (Communication 2.1.3), and where its next page begins.
pub(super) const PARAMETERS: [&str; 15] = [
    "statementId",
    "voidedStatementId",
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "format",
    "attachments",
    "ascending",
    BEHIND,
];
/// The parameter of ours in `more`: behind which statement the page begins.
const BEHIND: &str = "behind";

/// An answer.
#[derive(Debug)]
pub struct Written {
    pub json: String,
    /// Attachments that go with it, where they are asked for.
    pub attachments: Option<Vec<AttachmentRow>>,
    /// The latest moment of storing in it.
    pub modified: Option<i64>,
}

pub async fn read(call: &Call) -> Told<Written> {
    call.knows(&PARAMETERS)?;
    let format = match call.param("format") {
        None => Format::Exact,
        Some(text) => Format::of(text).ok_or_else(|| Fault::bad("format is ids, exact or canonical"))?,
    };
    let with_attachments = flag(call, "attachments")?;
    let one = call.param("statementId").map(|id| (id, false));
    let voided = call.param("voidedStatementId").map(|id| (id, true));
    let mut tx = call.app.db.read_planned().await?;
    let (mut kept, mut more) = match (one, voided) {
        (Some(_), Some(_)) => return Err(Fault::bad("statementId and voidedStatementId exclude each other")),
        (Some((id, voided)), None) | (None, Some((id, voided))) => {
            let beside =
                |name: &str| !matches!(name, "statementId" | "voidedStatementId" | "attachments" | "format");
            if let Some((name, _)) = call.params.iter().find(|(name, _)| beside(name)) {
                return Err(Fault::bad(format!("{name} cannot be given beside the id of a statement")));
            }
            (vec![single(call, &mut tx, id, voided).await?], None)
        }
        (None, None) => page(call, &mut tx).await?,
    };
    let mut attachments = Vec::new();
    if with_attachments {
        let (rows, fitting) = attached(&mut tx, &kept).await?;
        attachments = rows;
        if fitting < kept.len() {
            kept.truncate(fitting);
            more = more.map(|_| true);
        }
    }
    let bodies = written(call, &mut tx, &kept, format).await?;
    drop(tx);
    let json = match (more, kept.last()) {
        (None, _) => bodies,
        (Some(true), Some(last)) => {
            let more = serde_json::json!(address(call, last));
            format!("{{\"statements\":[{bodies}],\"more\":{more}}}")
        }
        (Some(_), _) => format!("{{\"statements\":[{bodies}],\"more\":\"\"}}"),
    };
    let modified = kept.iter().map(|statement| statement.stored).max();
    Ok(Written { json, attachments: with_attachments.then_some(attachments), modified })
}

/// The attachments of `kept`, each once, as far as they fit into one answer, and how many of the
/// statements that are: always the first.
async fn attached(tx: &mut Tx, kept: &[Kept]) -> Told<(Vec<AttachmentRow>, usize)> {
    let (mut all, mut seen, mut bytes) = (Vec::new(), HashSet::new(), 0);
    for (place, statement) in kept.iter().enumerate() {
        let rows = store::attached(tx, statement.id).await?;
        let new: Vec<AttachmentRow> = rows.into_iter().filter(|row| !seen.contains(&row.sha2)).collect();
        bytes += new.iter().map(|row| row.size).sum::<i64>();
        if place > 0 && bytes > MOST_ATTACHED {
            return Ok((all, place));
        }
        seen.extend(new.iter().map(|row| row.sha2.clone()));
        all.extend(new);
    }
    Ok((all, kept.len()))
}

fn flag(call: &Call, name: &str) -> Told<bool> {
    match call.param(name) {
        None | Some("false") => Ok(false),
        Some("true") => Ok(true),
        Some(_) => Err(Fault::bad(format!("{name} is true or false"))),
    }
}

async fn single(call: &Call, tx: &mut Tx, id: &str, voided: bool) -> Told<Kept> {
    let id = uuid(id).ok_or_else(|| Fault::bad("the id of a statement has to be a UUID"))?;
    let kept = search::one(tx, id).await?.filter(|kept| kept.is_voided == voided);
    let all = call.credential.reads_all();
    kept.filter(|kept| all || kept.credential == call.credential.id.uuid()).ok_or_else(Fault::absent)
}

/// What the parameters ask for: terms, those that usually find the fewest first; statements of a
/// page; whether the oldest come first.
fn asked(call: &Call) -> Told<(Vec<Term>, usize, bool)> {
    let mut terms = Vec::new();
    let kind = |related: bool, own, other| if related { other } else { own };
    if let Some(text) = call.param("registration") {
        let id = uuid(text).ok_or_else(|| Fault::bad("the parameter registration has to be a UUID"))?;
        terms.push(Term::of(TermKind::Registration, &id.hyphenated().to_string()));
    }
    if let Some(text) = call.param("agent") {
        let found = agent::parameter(text, call.version, true)
            .map_err(|e| Fault::bad(format!("the parameter agent: {e}")))?;
        let related = flag(call, "related_agents")?;
        terms.push(Term::of(kind(related, TermKind::Agent, TermKind::RelatedAgent), &found.key));
    }
    let related = flag(call, "related_activities")?;
    for (name, own, related) in [("activity", TermKind::Activity, related), ("verb", TermKind::Verb, false)] {
        let Some(iri) = call.param(name) else { continue };
        if !is_iri(iri) {
            return Err(Fault::bad(format!("the parameter {name} has to be an IRI")));
        }
        terms.push(Term::of(kind(related, own, TermKind::RelatedActivity), iri));
    }
    flag(call, "related_agents")?;
    let limit = match call.param("limit") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Fault::bad("limit has to be a whole number, 0 for any"))?,
    };
    let limit = if limit == 0 { PAGE } else { limit.min(PAGE) };
    Ok((terms, limit, flag(call, "ascending")?))
}

/// `terms`, that one first which finds the fewest. Of those that are all common it is the one that was
/// collected first.
async fn rarest_first(tx: &mut Tx, mut terms: Vec<Term>) -> Result<Vec<Term>, DbError> {
    let (mut rarest, mut fewest) = (0, COMMON);
    // Of one that finds more than another it does not matter how many more: each is a row to be fetched.
    for (place, term) in terms.iter().enumerate().filter(|_| terms.len() > 1) {
        let many = search::how_many(tx, *term, fewest).await?;
        if many < fewest {
            (rarest, fewest) = (place, many);
        }
    }
    if let Some(before) = terms.get_mut(..=rarest) {
        before.rotate_right(1);
    }
    Ok(terms)
}

/// A page, and whether it goes on.
async fn page(call: &Call, tx: &mut Tx) -> Told<(Vec<Kept>, Option<bool>)> {
    let (mut terms, limit, ascending) = asked(call)?;
    if !call.credential.reads_all() {
        terms.push(credential_term(call.credential.id.uuid()));
    }
    let terms = rarest_first(tx, terms).await?;
    let (since, until) = (call.moment("since")?, call.moment("until")?);
    // Further than everything is there a page would pass over what is still being written.
    let (since, until) = (since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX).min(call.through));
    let behind = call.param(BEHIND).map(place).transpose()?;
    // Behind `since` or `until` at the least: one bound less for the database to think about.
    let (bound, behind) = if ascending {
        (until, behind.map_or((since, Uuid::max()), |behind| behind.max((since, Uuid::max()))))
    } else {
        (since, behind.map_or((until, Uuid::max()), |behind| behind.min((until, Uuid::max()))))
    };
    let places = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut wanted = Search { terms, bound, behind, ascending, limit: places };
    let mut kept: Vec<Kept> = Vec::new();
    // Some of the places hold nothing for the page: it is filled up.
    while kept.len() <= limit {
        let found = search::search(tx, &wanted).await?;
        for one in found.kept {
            if kept.last().is_none_or(|last| last.id != one.id) {
                kept.push(one);
            }
        }
        match found.goes_on {
            Some(last) => wanted.behind = last,
            None => break,
        }
    }
    let goes_on = kept.len() > limit;
    kept.truncate(limit);
    Ok((kept, Some(goes_on)))
}

/// Reads what [`address`] wrote.
fn place(text: &str) -> Told<(i64, Uuid)> {
    let parts = text.split_once('_');
    let read = |(stored, id): (&str, &str)| Some((stored.parse().ok()?, uuid(id)?));
    parts.and_then(read).ok_or_else(|| Fault::bad("this address is not one that `more` gave"))
}

/// The address of the page behind `last`: the whole query in it, so that nothing is kept here.
fn address(call: &Call, last: &Kept) -> String {
    let behind = (BEHIND, format!("{}_{}", last.stored, last.id));
    let others = call.params.iter().filter(|(name, _)| name != BEHIND);
    let pairs: Vec<(&str, &str)> = others
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([(behind.0, behind.1.as_str())])
        .collect();
    with("/xapi/statements", &pairs)
}

/// The statements in `format`, one after the other with commas.
async fn written(call: &Call, tx: &mut Tx, kept: &[Kept], format: Format) -> Told<String> {
    let mut out = String::with_capacity(kept.iter().map(|one| one.body.len() + 1).sum());
    let languages = Languages::parse(call.header(&header::ACCEPT_LANGUAGE).unwrap_or_default());
    for (place, one) in kept.iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        if format == Format::Exact {
            out.push_str(&one.body);
            continue;
        }
        let statement = Statement::stored(&one.body).map_err(|e| Fault::internal(&e.to_string()))?;
        if format == Format::Ids {
            statement.write_ids(&mut out);
        } else {
            let definitions = definitions(tx, &statement).await?;
            statement.write_canonical(&definitions, &languages, &mut out);
        }
    }
    Ok(out)
}

async fn definitions(tx: &mut Tx, statement: &Statement<'_>) -> Result<Definitions, DbError> {
    let mut all = Definitions::new();
    for iri in statement.activities() {
        if let Some((definition, _)) = store::definition(tx, iri).await? {
            all.insert(iri.to_owned(), definition);
        }
    }
    Ok(all)
}
