//! Finding the person that a file speaks of.

use tisheng_kernel::text::tidy;
use tisheng_kernel::{Id, Identity, PersonName, Phone};
use tisheng_platform::keys::Keys;
use tisheng_platform::{Ctx, DbError, Scope, Tx};

use super::model::Person;
use super::store::{self, Entry, Sealed};

/// Index kind of paper numbers.
const PAPER: &str = "paper";
/// Index kind of phone numbers.
const PHONE: &str = "phone";

/// What a row of somebody else's file says of a person; an empty text says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clue<'a> {
    /// The name.
    pub name: &'a str,
    /// A paper's number, whole.
    pub paper: &'a str,
    /// A phone number, whole.
    pub phone: &'a str,
}

/// Who it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Match {
    /// A number and the name agree.
    One(Id<Person>),
    /// Nobody for certain; people whom the row may mean, for a person to decide.
    None {
        /// The likeliest first.
        suggestions: Vec<Person>,
    },
    /// A phone number shared by several people of that name.
    Several(Vec<Person>),
}

/// Looks for the person whom `clue` means, within what the asker may see. A number decides only
/// together with the name; a name alone never does: hours on a wrong ledger are worse than hours
/// that wait.
///
/// # Errors
/// What the database reports.
pub async fn match_person(ctx: &Ctx, tx: &mut Tx, clue: &Clue<'_>) -> Result<Match, DbError> {
    let name = PersonName::parse(clue.name).ok();
    let by_number = numbered(ctx, tx, clue).await?;
    let agrees = |person: &Person| name.as_ref().is_some_and(|name| name.as_str() == person.name);
    let certain: Vec<&Person> = by_number.iter().filter(|person| agrees(person)).collect();
    match certain[..] {
        [one] => return Ok(Match::One(one.id)),
        [] => {}
        _ => return Ok(Match::Several(certain.into_iter().cloned().collect())),
    }
    let mut suggestions = by_number;
    if let Some(name) = name {
        let scope = ctx.scope();
        let same = store::by_name(tx, &scope, name.as_str()).await?;
        let sounding = store::namesakes(tx, &scope, &name.pinyin()).await?;
        for person in same.into_iter().chain(sounding) {
            if !suggestions.iter().any(|known| known.id == person.id) {
                suggestions.push(person);
            }
        }
    }
    Ok(Match::None { suggestions })
}

/// The people within the asker's sight who have one of the numbers.
async fn numbered(ctx: &Ctx, tx: &mut Tx, clue: &Clue<'_>) -> Result<Vec<Person>, DbError> {
    let mut found = Vec::new();
    if !clue.paper.is_empty() {
        let index = paper_index(&ctx.app.keys, clue.paper);
        found = store::by_index(tx, Entry::Paper, &index).await?;
    }
    if let (true, Ok(phone)) = (found.is_empty(), Phone::parse(clue.phone)) {
        found = find_by_phone(ctx, tx, &phone).await?;
    }
    seen(tx, &ctx.scope(), found).await
}

/// The record with this paper's number, wherever it is kept: for finding doubles across schools.
/// What is found outside the asker's node must not be shown.
///
/// # Errors
/// What the database reports.
pub async fn find_by_paper(ctx: &Ctx, tx: &mut Tx, number: &str) -> Result<Option<Person>, DbError> {
    let index = paper_index(&ctx.app.keys, number);
    Ok(store::by_index(tx, Entry::Paper, &index).await?.into_iter().next())
}

/// The records with this phone number, wherever they are kept; several people may share one. What
/// is found outside the asker's node must not be shown.
///
/// # Errors
/// What the database reports.
pub async fn find_by_phone(ctx: &Ctx, tx: &mut Tx, phone: &Phone) -> Result<Vec<Person>, DbError> {
    store::by_index(tx, Entry::Phone, &phone_index(&ctx.app.keys, phone)).await
}

/// Under which a paper's number is found, for a room that keeps it to ask later; `None` for no
/// number.
#[must_use]
pub fn paper_key(ctx: &Ctx, number: &str) -> Option<Vec<u8>> {
    (!number.is_empty()).then(|| paper_index(&ctx.app.keys, number))
}

/// Under which a phone number is found; `None` for no number, or none that can be read.
#[must_use]
pub fn phone_key(ctx: &Ctx, number: &str) -> Option<Vec<u8>> {
    Phone::parse(number).ok().map(|phone| phone_index(&ctx.app.keys, &phone))
}

/// The person within `scope` whom a kept description means, as [`match_person`] decides it: a number and the
/// name agree, and of one alone.
///
/// # Errors
/// What the database reports.
pub async fn of_kept(
    tx: &mut Tx,
    scope: &Scope,
    name: &str,
    (paper, phone): (Option<&[u8]>, Option<&[u8]>),
) -> Result<Option<Id<Person>>, DbError> {
    let Ok(name) = PersonName::parse(name) else { return Ok(None) };
    let mut found = Vec::new();
    for (entry, key) in [(Entry::Paper, paper), (Entry::Phone, phone)] {
        if let (true, Some(key)) = (found.is_empty(), key) {
            found = store::by_index(tx, entry, key).await?;
        }
    }
    let seen = seen(tx, scope, found).await?;
    let mut agreeing = seen.iter().filter(|person| person.name == name.as_str());
    match (agreeing.next(), agreeing.next()) {
        (Some(one), None) => Ok(Some(one.id)),
        _ => Ok(None),
    }
}

/// The people within the asker's sight whose paper is found under `key`.
///
/// # Errors
/// What the database reports.
pub async fn of_paper_key(ctx: &Ctx, tx: &mut Tx, key: &[u8]) -> Result<Vec<Person>, DbError> {
    let found = store::by_index(tx, Entry::Paper, key).await?;
    seen(tx, &ctx.scope(), found).await
}

/// Those who are seen from `scope`.
async fn seen(tx: &mut Tx, scope: &Scope, found: Vec<Person>) -> Result<Vec<Person>, DbError> {
    let mut seen = Vec::with_capacity(found.len());
    for person in found {
        seen.extend(store::visible(tx, scope, person.id).await?);
    }
    Ok(seen)
}

/// The index of a paper's number as somebody typed it.
fn paper_index(keys: &Keys, number: &str) -> Vec<u8> {
    let plain = tidy(number).replace([' ', '-'], "").to_ascii_uppercase();
    keys.index(PAPER, &plain)
}

pub(super) fn sealed_paper(keys: &Keys, identity: &Identity) -> Sealed {
    Sealed {
        sealed: keys.seal(identity.number()),
        index: keys.index(PAPER, identity.number()),
        masked: identity.masked(),
    }
}

pub(super) fn sealed_phone(keys: &Keys, phone: &Phone) -> Sealed {
    Sealed {
        sealed: keys.seal(phone.number()),
        index: keys.index(PHONE, phone.number()),
        masked: phone.masked(),
    }
}

/// The keyed index of a phone number, for the room that signs people in by it.
pub(crate) fn phone_index(keys: &Keys, phone: &Phone) -> Vec<u8> {
    keys.index(PHONE, phone.number())
}
