//! People by the roll: found, taken on, changed and let go many at a time, for rosters.
//!
//! One person at a time goes through the room's own actions. Here the caller has the file's one
//! transaction and keeps the trace by which everything can be put back.

mod store;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tisheng_kernel::Instant;
use tisheng_kernel::identity::{Identity, Phone, Sex};
use tisheng_kernel::person_name::PersonName;
use tisheng_platform::keys::Keys;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::PostState;
use super::matching;

pub use super::first_day::{Around, Earlier, Loan};
pub(crate) use super::first_day::{after, decide as decide_first_day, end_with};
pub use store::{
    PostNow, Present, at_school, by_numbers, by_papers, by_phones, end_post, holder_of, last_ended,
    lend_again, loans, name_of, person_of, posts_now, rejoin_team, reopen_post, take_on, take_up,
    unmake_posts,
};

/// A person as the roll knows them, with the open post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnRoll {
    /// The person.
    pub person: Uuid,
    /// Grows with every change of the record.
    pub version: i64,
    /// The name.
    pub name: String,
    /// The number of the paper with its middle hidden.
    pub paper_masked: String,
    /// The index by which the phone is found.
    pub phone_index: Option<Vec<u8>>,
    /// The phone with its middle hidden.
    pub phone_masked: Option<String>,
    /// GB/T 2261.1.
    pub sex: String,
    /// The year of birth.
    pub birth_year: Option<i64>,
    /// Path of the node that keeps the record while there is no post.
    pub kept_by: String,
    /// The open post.
    pub post: Option<PostOnRoll>,
}

impl OnRoll {
    /// Path of where the record is kept: of the school of the open post, where there is one.
    #[must_use]
    pub fn path(&self) -> &str {
        self.post.as_ref().map_or(self.kept_by.as_str(), |post| post.path.as_str())
    }
}

/// An open post as the roll knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostOnRoll {
    /// The post.
    pub id: Uuid,
    /// The school.
    pub school: Uuid,
    /// Its path.
    pub path: String,
    /// What is taught.
    pub subject: String,
    /// The code of the stage.
    pub stage: String,
    /// The professional title.
    pub title: String,
    /// The first day.
    pub since: NaiveDate,
}

/// What a roll says about a person, made ready to be written: sealing and pinyin are done before
/// the writing transaction begins.
#[derive(Debug, Clone)]
pub struct Entered {
    /// The name.
    pub name: PersonName,
    /// The paper; `None` where a roll names somebody by the number of the record alone.
    pub identity: Option<Identity>,
    /// The index under which the paper is found; empty without a paper.
    pub paper_index: Vec<u8>,
    /// The phone.
    pub phone: Option<Phone>,
    /// The index under which the phone is found.
    pub phone_index: Option<Vec<u8>>,
    /// GB/T 2261.1.
    pub sex: Sex,
    /// The year of birth.
    pub birth_year: Option<i64>,
    sort_key: String,
    pinyin: String,
    initials: String,
    paper_sealed: Vec<u8>,
    phone_sealed: Option<Vec<u8>>,
}

impl Entered {
    /// Seals the paper and phone of a person and works out how the name is found.
    #[must_use]
    pub fn new(
        keys: &Keys,
        name: PersonName,
        identity: Option<Identity>,
        phone: Option<Phone>,
        sex: Sex,
        birth_year: Option<i64>,
    ) -> Self {
        let paper = identity.as_ref().map(|identity| matching::sealed_paper(keys, identity));
        let (paper_index, paper_sealed) = paper.map(|paper| (paper.index, paper.sealed)).unwrap_or_default();
        let phone_sealed = phone.as_ref().map(|phone| matching::sealed_phone(keys, phone));
        Self {
            sort_key: name.sort_key(),
            pinyin: name.pinyin(),
            initials: name.initials(),
            paper_index,
            paper_sealed,
            phone_index: phone_sealed.as_ref().map(|sealed| sealed.index.clone()),
            phone_sealed: phone_sealed.map(|sealed| sealed.sealed),
            name,
            identity,
            phone,
            sex,
            birth_year,
        }
    }

    /// The first letters of the name's syllables.
    #[must_use]
    pub fn initials(&self) -> &str {
        &self.initials
    }

    /// The order of the name in lists.
    #[must_use]
    pub fn sort_key(&self) -> &str {
        &self.sort_key
    }

    /// What tells the record of somebody who is taken on so from what becomes of it.
    #[must_use]
    pub fn mark(&self) -> String {
        let words = [self.name.as_str(), self.pinyin.as_str(), self.sex.code()];
        person_mark(words, (&self.paper_index, self.phone_index.as_deref()), self.birth_year)
    }
}

/// Somebody to be taken on.
#[derive(Debug)]
pub struct Newcomer<'r> {
    /// The new record.
    pub person: Uuid,
    /// What the roll says; nobody is taken on without a paper.
    pub entered: &'r Entered,
    /// Path of the node that keeps the record.
    pub kept_by: &'r str,
}

/// A post to be taken up.
#[derive(Debug)]
pub struct NewPost<'r> {
    /// The new post.
    pub id: Uuid,
    /// Who takes it up.
    pub person: Uuid,
    /// The order of the name in lists.
    pub sort_key: &'r str,
    /// The school.
    pub school: Uuid,
    /// Its path.
    pub path: &'r str,
    /// What is taught.
    pub subject: &'r str,
    /// The code of the stage.
    pub stage: &'r str,
    /// The professional title.
    pub title: &'r str,
    /// The first day.
    pub since: NaiveDate,
}

impl NewPost<'_> {
    /// What tells the post from what becomes of it.
    #[must_use]
    pub fn mark(&self) -> String {
        post_mark([self.subject, self.stage, self.title], self.since, PostState::Active.key())
    }
}

/// Values in short: two that are told by the same mark are the same.
fn mark(values: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for value in values {
        digest.update(value);
        digest.update([0]);
    }
    hex::encode(&digest.finalize()[..12])
}

fn person_mark(words: [&str; 3], (paper, phone): (&[u8], Option<&[u8]>), birth_year: Option<i64>) -> String {
    let year = birth_year.map(|year| year.to_string()).unwrap_or_default();
    let [name, pinyin, sex] = words.map(str::as_bytes);
    mark(&[name, pinyin, sex, year.as_bytes(), paper, phone.unwrap_or_default()])
}

fn post_mark([subject, stage, title]: [&str; 3], since: NaiveDate, state: &str) -> String {
    let since = since.to_string();
    mark(&[subject, stage, title, since.as_str(), state].map(str::as_bytes))
}

/// What of a person's record a roll may change, as it is stored: to be put back as it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// The name.
    pub name: String,
    /// The order in lists.
    pub sort_key: String,
    /// For search.
    pub pinyin: String,
    /// For search.
    pub initials: String,
    /// The phone under the installation's key, in hexadecimal digits.
    pub phone_sealed: Option<String>,
    /// The index of the phone, in hexadecimal digits.
    pub phone_index: Option<String>,
    /// The phone with its middle hidden.
    pub phone_masked: Option<String>,
    /// GB/T 2261.1.
    pub sex: String,
    /// The year of birth.
    pub birth_year: Option<i64>,
    /// The version of the record while it is so.
    pub version: i64,
}

/// What of a post a roll may change: to be put back as it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duties {
    /// What is taught.
    pub subject: String,
    /// The code of the stage.
    pub stage: String,
    /// The professional title.
    pub title: String,
    /// The first day; `None` leaves it as it is, as traces do that were kept before rolls changed it.
    #[serde(default)]
    pub since: Option<NaiveDate>,
}

/// The index under which a phone number is found.
#[must_use]
pub fn phone_index(keys: &Keys, phone: &Phone) -> Vec<u8> {
    matching::phone_index(keys, phone)
}

/// Changes the record of `person` to what the roll says; gives what it was, and what tells what it has become. A
/// roll without a phone number or a year of birth says nothing about the one that is known.
///
/// # Errors
/// What the database reports; [`DbError::NoRow`] when the person is not there.
pub async fn change(
    tx: &mut Tx,
    person: Uuid,
    entered: &Entered,
    at: Instant,
) -> Result<(Record, String), DbError> {
    let before = store::record(tx, person).await?;
    let mut after = Record {
        name: entered.name.as_str().to_owned(),
        sort_key: entered.sort_key.clone(),
        pinyin: entered.pinyin.clone(),
        initials: entered.initials.clone(),
        sex: entered.sex.code().to_owned(),
        birth_year: entered.birth_year.or(before.birth_year),
        ..before.clone()
    };
    if let Some(phone) = &entered.phone {
        after.phone_sealed = entered.phone_sealed.as_ref().map(hex::encode);
        after.phone_index = entered.phone_index.as_ref().map(hex::encode);
        after.phone_masked = Some(phone.masked());
    }
    store::write_record(tx, person, &after, at).await?;
    let (made, _) = store::person_now(tx, person).await?;
    Ok((before, made))
}

/// Puts the record of `person` back to `before`; says whether it was still, or again, as the change left it,
/// which `made` tells.
///
/// # Errors
/// What the database reports.
pub async fn put_back(
    tx: &mut Tx,
    person: Uuid,
    (before, made): (&Record, &str),
    at: Instant,
) -> Result<bool, DbError> {
    let (now, version) = store::person_now(tx, person).await?;
    if version != before.version + 1 && now != made {
        return Ok(false);
    }
    store::write_record(tx, person, before, at).await?;
    Ok(true)
}

/// Removes people whom a roll has taken on, each with what tells whether the record is still, or again, as the
/// roll left it; gives the names of those of whom it is not. What else hangs on one of them is
/// [`DbError::Reference`].
///
/// # Errors
/// What the database reports.
pub async fn unmake_people(tx: &mut Tx, people: &[(Uuid, &str)]) -> Result<Vec<String>, DbError> {
    let mut changed = Vec::new();
    let all: Vec<Uuid> = people.iter().map(|(person, _)| *person).collect();
    let removed = store::unmake_untouched(tx, &all).await?;
    if usize::try_from(removed).is_ok_and(|removed| removed == all.len()) {
        return Ok(changed);
    }
    for (person, made) in people {
        match store::person_now(tx, *person).await {
            Ok((now, version)) if now == *made => store::remove(tx, *person, version).await?,
            Ok(_) => changed.push(name_of(tx, *person).await?),
            Err(DbError::NoRow) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(changed)
}

/// Changes the duties of `post`; gives what they were.
///
/// # Errors
/// What the database reports; [`DbError::NoRow`] when the post is not there.
pub async fn change_duties(tx: &mut Tx, post: Uuid, duties: &Duties, at: Instant) -> Result<Duties, DbError> {
    let before = store::duties(tx, post).await?;
    store::write_duties(tx, post, duties, at).await?;
    Ok(before)
}
