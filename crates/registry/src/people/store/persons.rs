//! Records of people.

use tisheng_kernel::{Id, Instant, PaperKind, PersonName, Sex};
use tisheng_platform::db::{Row, Value};
use tisheng_platform::{DbError, Scope, Tx, args};

use crate::people::model::Person;

const PERSON: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person where id = $1";

const VISIBLE: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person p where id = $1 and (
        exists (select 1 from post where person = p.id and path >= $2 and path < $3
            and (until is null or (state = 'left' and not exists
                (select 1 from post o where o.person = p.id and o.until is null))))
        or (kept_by >= $2 and kept_by < $3 and not exists (select 1 from post where person = p.id)))";

const BY_PAPER: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person where paper_index = $1";

const BY_PHONE: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person where phone_index = $1 order by id limit 10";

const BY_NAME: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person p where name = $1 and exists
        (select 1 from post where person = p.id and until is null and path >= $2 and path < $3)
    order by id limit 10";

const NAMESAKES: &str =
    "select id, name, paper_kind, paper_masked, phone_masked, sex, birth_year, kept_by, version
    from person p where pinyin = $1 and exists
        (select 1 from post where person = p.id and until is null and path >= $2 and path < $3)
    order by sort_key, id limit 10";

const HOLD: &str = "update person set version = version where id = $1";

const SEALED: &str = "select paper_sealed, phone_sealed from person where id = $1";

const INSERT: &str =
    "insert into person (id, name, sort_key, pinyin, initials, paper_kind, paper_sealed, paper_index,
    paper_masked, phone_sealed, phone_index, phone_masked, sex, birth_year, kept_by, version)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)
    on conflict (paper_index) do nothing";

const INSERT_ALL: &str = "insert into person (id, name, sort_key, pinyin, initials, paper_kind, paper_sealed,
    paper_index, paper_masked, phone_sealed, phone_index, phone_masked, sex, birth_year, kept_by, version) values";

const CORRECT: &str = "update person set name = $3, sort_key = $4, pinyin = $5, initials = $6, sex = $7,
    birth_year = $8, changed_at = $9, version = version + 1 where id = $1 and version = $2";

const REPLACE_PHONE: &str =
    "update person set phone_sealed = $2, phone_index = $3, phone_masked = $4 where id = $1";

const REPLACE_PAPER: &str =
    "update person set paper_kind = $3, paper_sealed = $4, paper_index = $5, paper_masked = $6,
    version = version + 1 where id = $1 and version = $2
    and not exists (select 1 from person o where o.paper_index = $5 and o.id <> $1)";

fn read(row: &Row<'_>) -> Result<Person, DbError> {
    let unknown = |column, text: &str| DbError::Column { column, problem: format!("unknown code {text}") };
    let kind: String = row.get(2)?;
    let sex: String = row.get(5)?;
    Ok(Person {
        id: row.get(0)?,
        name: row.get(1)?,
        paper_kind: kind.parse().map_err(|_| unknown(2, &kind))?,
        paper_masked: row.get(3)?,
        phone_masked: row.get(4)?,
        sex: sex.parse().map_err(|_| unknown(5, &sex))?,
        birth_year: row.get(6)?,
        kept_by: row.get(7)?,
        version: row.get(8)?,
    })
}

pub async fn person(tx: &mut Tx, id: Id<Person>) -> Result<Option<Person>, DbError> {
    tx.row_opt(PERSON, args![id], read).await
}

pub async fn visible(tx: &mut Tx, scope: &Scope, id: Id<Person>) -> Result<Option<Person>, DbError> {
    tx.row_opt(VISIBLE, args![id, &scope.from, &scope.until], read).await
}

/// A column of the keyed index.
#[derive(Debug, Clone, Copy)]
pub enum Entry {
    /// The paper's number: at most one person.
    Paper,
    /// The phone number: a family may share one.
    Phone,
}

pub async fn by_index(tx: &mut Tx, entry: Entry, index: &[u8]) -> Result<Vec<Person>, DbError> {
    let sql = match entry {
        Entry::Paper => BY_PAPER,
        Entry::Phone => BY_PHONE,
    };
    tx.rows(sql, args![index], read).await
}

/// At most ten people of exactly that name with an open post within `scope`.
pub async fn by_name(tx: &mut Tx, scope: &Scope, name: &str) -> Result<Vec<Person>, DbError> {
    tx.rows(BY_NAME, args![name, &scope.from, &scope.until], read).await
}

/// At most ten people whose name is read as `pinyin`, with an open post within `scope`.
pub async fn namesakes(tx: &mut Tx, scope: &Scope, pinyin: &str) -> Result<Vec<Person>, DbError> {
    tx.rows(NAMESAKES, args![pinyin, &scope.from, &scope.until], read).await
}

pub async fn hold(tx: &mut Tx, id: Id<Person>) -> Result<(), DbError> {
    tx.run(HOLD, args![id]).await.map(drop)
}

/// The sealed paper and phone number.
pub async fn sealed(tx: &mut Tx, id: Id<Person>) -> Result<(Vec<u8>, Option<Vec<u8>>), DbError> {
    tx.row(SEALED, args![id], |row| Ok((row.get(0)?, row.get(1)?))).await
}

/// A number as it is stored.
#[derive(Debug, Clone)]
pub struct Sealed {
    /// Under the installation's key.
    pub sealed: Vec<u8>,
    /// For finding equal ones.
    pub index: Vec<u8>,
    /// For showing.
    pub masked: String,
}

/// A new record with everything that is stored.
#[derive(Debug)]
pub struct NewRecord<'a> {
    /// The identifier.
    pub id: Id<Person>,
    /// The name.
    pub name: &'a PersonName,
    /// The paper.
    pub paper_kind: PaperKind,
    /// Its number.
    pub paper: &'a Sealed,
    /// The phone number.
    pub phone: Option<&'a Sealed>,
    /// GB/T 2261.1.
    pub sex: Sex,
    /// The year of birth.
    pub birth_year: Option<i64>,
    /// Path of the node that keeps the record.
    pub kept_by: &'a str,
}

impl<'a> NewRecord<'a> {
    fn values(&self) -> Vec<Value<'a>> {
        vec![
            self.id.into(),
            self.name.as_str().into(),
            self.name.sort_key().into(),
            self.name.pinyin().into(),
            self.name.initials().into(),
            self.paper_kind.code().into(),
            (&self.paper.sealed).into(),
            (&self.paper.index).into(),
            (&self.paper.masked).into(),
            self.phone.map(|phone| &phone.sealed).into(),
            self.phone.map(|phone| &phone.index).into(),
            self.phone.map(|phone| &phone.masked).into(),
            self.sex.code().into(),
            self.birth_year.into(),
            self.kept_by.into(),
        ]
    }
}

/// Says whether the paper's number was new.
pub async fn insert(tx: &mut Tx, new: &NewRecord<'_>) -> Result<bool, DbError> {
    Ok(tx.run(INSERT, &new.values()).await? == 1)
}

/// Writes records whose paper numbers are known to be new.
pub async fn insert_all<'v>(
    tx: &mut Tx,
    records: impl IntoIterator<Item = NewRecord<'v>, IntoIter: Send> + Send,
) -> Result<u64, DbError> {
    let rows = records.into_iter().map(|record| {
        let mut row = record.values();
        row.push(Value::Int(1));
        row
    });
    tx.bulk(INSERT_ALL, 16, "", rows).await
}

/// Says whether the record still had its version.
pub async fn correct(
    tx: &mut Tx,
    old: &Person,
    name: &PersonName,
    (sex, birth_year): (Sex, Option<i64>),
    at: Instant,
) -> Result<bool, DbError> {
    let row = args![
        old.id,
        old.version,
        name.as_str(),
        name.sort_key(),
        name.pinyin(),
        name.initials(),
        sex.code(),
        birth_year,
        at,
    ];
    Ok(tx.run(CORRECT, row).await? == 1)
}

pub async fn replace_phone(tx: &mut Tx, id: Id<Person>, phone: &Sealed) -> Result<(), DbError> {
    tx.run(REPLACE_PHONE, args![id, &phone.sealed, &phone.index, &phone.masked]).await.map(drop)
}

/// Says whether the record still had its version and nobody else has the number.
pub async fn replace_paper(
    tx: &mut Tx,
    old: &Person,
    kind: PaperKind,
    paper: &Sealed,
) -> Result<bool, DbError> {
    let row = args![old.id, old.version, kind.code(), &paper.sealed, &paper.index, &paper.masked];
    Ok(tx.run(REPLACE_PAPER, row).await? == 1)
}
