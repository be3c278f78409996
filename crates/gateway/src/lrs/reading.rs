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
use super::store::{self, AttachmentRow, Kept, Search};

/// Statements of a page, when the asker names no number or a larger one.
const PAGE: usize = 100;
/// Parameters of a query (Communication 2.1.3), and where its next page begins.
const PARAMETERS: [&str; 15] = [
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
    let mut tx = call.app.db.read().await?;
    let (kept, more) = match (one, voided) {
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
        let mut seen = HashSet::new();
        for statement in &kept {
            let rows = store::attached(&mut tx, statement.id).await?;
            attachments.extend(rows.into_iter().filter(|row| seen.insert(row.sha2.clone())));
        }
    }
    let bodies = written(call, &mut tx, &kept, format).await?;
    drop(tx);
    let json = match more {
        None => bodies,
        Some(more) => {
            let more = serde_json::json!(more);
            format!("{{\"statements\":[{bodies}],\"more\":{more}}}")
        }
    };
    let modified = kept.iter().map(|statement| statement.stored).max();
    Ok(Written { json, attachments: with_attachments.then_some(attachments), modified })
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
    let kept = store::one(tx, id).await?.filter(|kept| kept.is_voided == voided);
    let all = call.credential.reads_all();
    kept.filter(|kept| all || kept.credential == call.credential.id.uuid()).ok_or_else(Fault::absent)
}

/// What the parameters ask for.
fn asked(call: &Call) -> Told<(Vec<Term>, usize, bool)> {
    let mut terms = Vec::new();
    let kind = |related: bool, own, other| if related { other } else { own };
    if let Some(text) = call.param("agent") {
        let found = agent::parameter(text, call.version, true)
            .map_err(|e| Fault::bad(format!("the parameter agent: {e}")))?;
        let related = flag(call, "related_agents")?;
        terms.push(Term::of(kind(related, TermKind::Agent, TermKind::RelatedAgent), &found.key));
    }
    for (name, own, related) in
        [("verb", TermKind::Verb, false), ("activity", TermKind::Activity, flag(call, "related_activities")?)]
    {
        let Some(iri) = call.param(name) else { continue };
        if !is_iri(iri) {
            return Err(Fault::bad(format!("the parameter {name} has to be an IRI")));
        }
        terms.push(Term::of(kind(related, own, TermKind::RelatedActivity), iri));
    }
    flag(call, "related_agents")?;
    if let Some(text) = call.param("registration") {
        let id = uuid(text).ok_or_else(|| Fault::bad("the parameter registration has to be a UUID"))?;
        terms.push(Term::of(TermKind::Registration, &id.hyphenated().to_string()));
    }
    let limit = match call.param("limit") {
        None => 0,
        Some(text) => text.parse().map_err(|_| Fault::bad("limit has to be a whole number, 0 for any"))?,
    };
    let limit = if limit == 0 { PAGE } else { limit.min(PAGE) };
    Ok((terms, limit, flag(call, "ascending")?))
}

/// A page, and the address of the next; empty when there is none.
async fn page(call: &Call, tx: &mut Tx) -> Told<(Vec<Kept>, Option<String>)> {
    let (terms, limit, ascending) = asked(call)?;
    let mut counted = Vec::with_capacity(terms.len());
    for term in terms {
        counted.push((store::how_many(tx, term).await?, term));
    }
    counted.sort_unstable();
    let beginning = if ascending { (i64::MIN, Uuid::nil()) } else { (i64::MAX, Uuid::max()) };
    let mut search = Search {
        terms: counted.into_iter().map(|(_, term)| term).collect(),
        since: call.moment("since")?.unwrap_or(i64::MIN),
        until: call.moment("until")?.unwrap_or(i64::MAX),
        behind: call.param(BEHIND).map(place).transpose()?.unwrap_or(beginning),
        ascending,
        only: (!call.credential.reads_all()).then(|| call.credential.id.uuid()),
        limit: i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    };
    let mut kept: Vec<Kept> = Vec::new();
    // What is found over several references comes several times: the page is filled up.
    while kept.len() <= limit {
        let found = store::search(tx, &search).await?;
        let is_last = i64::try_from(found.len()).unwrap_or(i64::MAX) < search.limit;
        for one in found {
            search.behind = (one.stored, one.id);
            if kept.last().is_none_or(|last| last.id != one.id) {
                kept.push(one);
            }
        }
        if is_last {
            break;
        }
    }
    let goes_on = kept.len() > limit;
    kept.truncate(limit);
    let more = match kept.last().filter(|_| goes_on) {
        Some(last) => address(call, last)?,
        None => String::new(),
    };
    Ok((kept, Some(more)))
}

/// Reads what [`address`] wrote.
fn place(text: &str) -> Told<(i64, Uuid)> {
    let parts = text.split_once('_');
    let read = |(stored, id): (&str, &str)| Some((stored.parse().ok()?, uuid(id)?));
    parts.and_then(read).ok_or_else(|| Fault::bad("this address is not one that `more` gave"))
}

/// The address of the page behind `last`: the whole query in it, so that nothing is kept here.
fn address(call: &Call, last: &Kept) -> Told<String> {
    let behind = (BEHIND, format!("{}_{}", last.stored, last.id));
    let others = call.params.iter().filter(|(name, _)| name != BEHIND);
    let pairs: Vec<(&str, &str)> = others
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .chain([(behind.0, behind.1.as_str())])
        .collect();
    let query = serde_urlencoded::to_string(pairs).map_err(|e| Fault::internal(&e.to_string()))?;
    Ok(format!("/xapi/statements?{query}"))
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
