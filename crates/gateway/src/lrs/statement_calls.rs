//! `/statements`: written, and asked for.

use std::collections::HashMap;

use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tisheng_kernel::Id;
use tisheng_xapi::multipart::{self, Part, Sent, boundary, essence};
use tisheng_xapi::scalar::uuid;
use tisheng_xapi::{Batch, Kind, Sha2, Stamp, Statement, read, read_one, signature};
use uuid::Uuid;

use super::call::Call;
use super::desk;
use super::fault::{Fault, Told};
use super::reading::{self, Written};
use super::resources::http_date;
use super::store::AttachmentRow;
use super::writing::{Delivery, Prepared};

pub async fn answer(call: &Call) -> Told<Response> {
    match call.method {
        Method::GET | Method::HEAD => get(call).await,
        Method::PUT => put(call).await,
        Method::POST => post(call).await,
        _ => Err(Fault::method()),
    }
}

async fn put(call: &Call) -> Told<Response> {
    call.knows(&["statementId"])?;
    writes(call)?;
    let id = call.required("statementId")?;
    let id = uuid(id).ok_or_else(|| Fault::bad("the parameter statementId has to be a UUID"))?;
    let (json, parts) = content(call)?;
    let mut statement = read_one(json, call.version).map_err(|e| Fault::bad(e.to_string()))?;
    if statement.id.is_some_and(|own| own != id) {
        return Err(Fault::bad("$.id: is not the statementId of the address"));
    }
    statement.id = Some(id);
    keep(call, &[statement], &parts).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn post(call: &Call) -> Told<Response> {
    call.knows(&[])?;
    writes(call)?;
    let (json, parts) = content(call)?;
    let Batch { statements, .. } = read(json, call.version).map_err(|e| Fault::bad(e.to_string()))?;
    let ids = keep(call, &statements, &parts).await?;
    let ids: Vec<String> = ids.iter().map(|id| id.hyphenated().to_string()).collect();
    Ok(json_answer(serde_json::json!(ids).to_string()))
}

fn writes(call: &Call) -> Told<()> {
    if !call.credential.writes() {
        return Err(Fault::forbidden("statements/write"));
    }
    if call.credential.is_suspended { Err(Fault::suspended()) } else { Ok(()) }
}

/// Bytes of an address of an activity under which a definition is kept: it is a key.
const LONGEST_KEY: usize = 2_000;

/// The JSON of a request and the data of its attachments.
fn content(call: &Call) -> Told<(&str, Vec<Part<'_>>)> {
    let kind = call.header(&header::CONTENT_TYPE).unwrap_or_default();
    match essence(kind).to_ascii_lowercase().as_str() {
        "application/json" => {
            let json = std::str::from_utf8(&call.body).map_err(|_| Fault::bad("the content is not UTF-8"))?;
            Ok((json, Vec::new()))
        }
        "multipart/mixed" => {
            let edge = boundary(kind).map_err(|e| Fault::bad(e.to_string()))?;
            let message = multipart::parse(&edge, &call.body).map_err(|e| Fault::bad(e.to_string()))?;
            Ok((message.statements, message.parts))
        }
        _ => Err(Fault::bad("the Content-Type has to be application/json or multipart/mixed")),
    }
}

/// Keeps statements with the data of their attachments; gives their ids.
async fn keep(call: &Call, statements: &[Statement<'_>], parts: &[Part<'_>]) -> Told<Vec<Uuid>> {
    let data = matched(call, statements, parts)?;
    let mut blobs = HashMap::new();
    for (hash, part) in &data {
        let blob = call.app.files.put(Bytes::copy_from_slice(part.data)).await?;
        blobs.insert(*hash, blob);
    }
    let authority = call.credential.authority(&call.app.config.public_url);
    let mut prepared = Vec::with_capacity(statements.len());
    let mut definitions = Vec::new();
    for statement in statements {
        let id = statement.id.unwrap_or_else(|| Id::<Statement<'_>>::new(call.at).uuid());
        let stamp = Stamp { id, authority: &authority, version: call.version };
        let attachments = statement.attachments.iter().filter_map(|one| {
            let blob = blobs.get(one.sha2.as_str())?;
            Some(AttachmentRow {
                sha2: one.sha2.clone(),
                content_type: one.content_type.clone(),
                digest: blob.digest.clone(),
                size: blob.size,
            })
        });
        prepared.push(Prepared {
            id,
            likeness: statement.likeness(),
            stamped: statement.stamped(&stamp),
            terms: statement.terms(Some(&authority_key(call))),
            target: match statement.kind() {
                Kind::Reference(target) => Some(target),
                _ => None,
            },
            voids: statement.voids(),
            attachments: attachments.collect(),
        });
        if statement.attachments.iter().any(|one| one.content_type.contains('\0')) {
            return Err(Fault::bad("$.attachments: a contentType holds U+0000"));
        }
        statement.each_definition(|iri, definition| {
            if iri.len() <= LONGEST_KEY {
                definitions.push((iri.to_owned(), definition.to_string()));
            }
        });
    }
    let ids = prepared.iter().map(|one| one.id).collect();
    if !prepared.is_empty() {
        let credential = call.credential.clone();
        desk::keep(&call.app, Delivery { credential, statements: prepared, definitions }).await?;
    }
    Ok(ids)
}

fn authority_key(call: &Call) -> String {
    tisheng_xapi::agent::account_key(&call.app.config.public_url, &call.credential.key)
}

/// The data of each attachment by its hash: nothing missing, nothing beside, signatures that hold.
fn matched<'p, 'a>(
    call: &Call,
    statements: &[Statement<'_>],
    parts: &'p [Part<'a>],
) -> Told<HashMap<&'p str, &'p Part<'a>>> {
    let mut data = HashMap::new();
    for part in parts {
        if !Sha2(&part.hash).is_of(part.data) {
            return Err(Fault::bad(format!("the data are not those of X-Experience-API-Hash {}", part.hash)));
        }
        data.insert(part.hash.as_str(), part);
    }
    let mut named: Vec<&str> = Vec::new();
    for statement in statements {
        for one in &statement.attachments {
            named.push(&one.sha2);
            let part = data.get(one.sha2.as_str());
            match part {
                Some(part) if one.is_signature => signature::verify(statement, part.data, call.version)
                    .map_err(|e| Fault::bad(format!("attachment {}: {e}", one.sha2)))?,
                None if !one.has_url => {
                    let sentence = format!("attachment {}: neither data nor fileUrl are given", one.sha2);
                    return Err(Fault::bad(sentence));
                }
                _ => {}
            }
        }
    }
    match data.keys().find(|hash| !named.contains(hash)) {
        Some(hash) => Err(Fault::bad(format!("no statement has an attachment {hash}"))),
        None => Ok(data),
    }
}

async fn get(call: &Call) -> Told<Response> {
    if !call.credential.reads() {
        return Err(Fault::forbidden("statements/read or statements/read/mine"));
    }
    let Written { json, attachments, modified } = reading::read(call).await?;
    let mut response = match attachments {
        None => json_answer(json),
        Some(rows) => {
            let mut sent = Vec::with_capacity(rows.len());
            for AttachmentRow { sha2, content_type, digest, .. } in rows {
                let data = call.app.files.get(&digest).await?.to_vec();
                sent.push(Sent { hash: sha2, content_type, data });
            }
            let (kind, body) = multipart::written(&json, &sent);
            ([(header::CONTENT_TYPE, kind)], body).into_response()
        }
    };
    if let Some(date) = modified.and_then(|stored| HeaderValue::from_str(&http_date(stored)).ok()) {
        response.headers_mut().insert(header::LAST_MODIFIED, date);
    }
    Ok(response)
}

pub fn json_answer(json: String) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], json).into_response()
}
