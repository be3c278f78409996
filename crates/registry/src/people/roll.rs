//! Rolls: teachers entered in bulk, and teachers listed.

use chrono::NaiveDate;
use serde_json::json;
use tisheng_kernel::{Id, Identity, PersonName, Phone, Sex};
use tisheng_platform::web::Cursor;
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit};
use uuid::Uuid;

use super::actions::{birth_year, told_sex};
use super::matching::{sealed_paper, sealed_phone};
use super::model::Person;
use super::store::{self, RollFilter, RollLine};
use crate::organisation::{Node, Stage};

/// A teacher of a checked roster, new to the installation.
#[derive(Debug, Clone)]
pub struct RollEntry {
    /// The name.
    pub name: PersonName,
    /// The checked number of the paper.
    pub identity: Identity,
    /// The phone number.
    pub phone: Option<Phone>,
    /// The sex; taken from the paper when unknown.
    pub sex: Sex,
    /// The year of birth; taken from the paper when unknown.
    pub birth_year: Option<i64>,
    /// The school.
    pub school: Id<Node>,
    /// The school's path.
    pub path: String,
    /// The subject taught.
    pub subject: String,
    /// The stage taught in.
    pub stage: Stage,
    /// The professional title; empty when none.
    pub title: String,
    /// The first day of the post.
    pub since: NaiveDate,
}

/// Enters many new teachers with their posts, in the order given, and returns their identifiers.
/// The caller has checked that no paper's number is known and that the schools are the asker's;
/// a number that is known after all breaks the unique rule. One audit row tells of all, under
/// `receipt`.
///
/// # Errors
/// What the database reports.
pub async fn enter_roll(
    ctx: &Ctx,
    tx: &mut Tx,
    entries: &[RollEntry],
    receipt: Uuid,
) -> Result<Vec<Id<Person>>, DbError> {
    let keys = &ctx.app.keys;
    let ids: Vec<Id<Person>> = entries.iter().map(|_| ctx.id()).collect();
    let sealed: Vec<_> = entries
        .iter()
        .map(|e| (sealed_paper(keys, &e.identity), e.phone.as_ref().map(|p| sealed_phone(keys, p))))
        .collect();
    let records =
        entries.iter().zip(&ids).zip(&sealed).map(|((entry, id), (paper, phone))| store::NewRecord {
            id: *id,
            name: &entry.name,
            paper_kind: entry.identity.kind(),
            paper,
            phone: phone.as_ref(),
            sex: told_sex(entry.sex, &entry.identity),
            birth_year: entry.birth_year.or_else(|| birth_year(&entry.identity)),
            kept_by: &entry.path,
        });
    store::insert_all(tx, records).await?;
    let posts = entries.iter().zip(&ids).map(|(entry, person)| store::NewRow {
        id: ctx.id(),
        person: *person,
        school: entry.school,
        path: &entry.path,
        sort_key: entry.name.sort_key(),
        subject: &entry.subject,
        stage: entry.stage.key(),
        title: &entry.title,
        since: entry.since,
    });
    store::insert_posts(tx, posts).await?;
    audit::record(ctx, tx, "people.roll_entered", receipt, &json!({ "people": ids.len() })).await?;
    Ok(ids)
}

/// At most `most` teachers at or below `node` after `place`, in the order of a roll. The caller
/// has loaded the node as the asker may see it.
///
/// # Errors
/// What the database reports.
pub async fn roll(
    tx: &mut Tx,
    node: &Node,
    filter: &RollFilter,
    place: &Cursor,
    most: i64,
) -> Result<Vec<RollLine>, DbError> {
    let scope = Scope::below(&node.path);
    store::roll(tx, (&scope, node.kind.breadth()), filter, place, most).await
}
