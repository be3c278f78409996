//! Every statement of the room: what others keep, read as the standard wants it, page by page.
//!
//! Each collection is one `select` whose columns have the same names and types, a *row*. Around it
//! stand the same statements for all: a page in the collection's own order, which an index
//! gives; a page of what two conditions leave, in the order of a field; and how many those are. So the
//! database narrows, sorts and skips, and no more than a page of rows is read. What a move of the tree has
//! taken away from the part is a second `select` beside it.

mod statements;

use tisheng_kernel::{Id, Instant};
use tisheng_platform::db::Value;
use tisheng_platform::{DbError, Row as Found, Scope as Part, Tx};
use tisheng_policy::scheme::Programme;
use uuid::Uuid;

pub use statements::{CLASSES, COURSES, ENROLLMENTS, ITEMS, ORGS, PLACE, RESULTS, Rows, USERS};

/// Records before the page, and records of it.
pub type Page = (i64, i64);

/// Texts of a row.
pub const TEXTS: usize = 6;

/// A row of any collection. What each column means is told where the collection's statement stands.
#[derive(Debug, Clone)]
pub struct Row {
    /// What names it: two identifiers, the same where one is enough, and a code.
    pub key: (Uuid, Uuid, String),
    /// Identifiers that it refers to.
    pub refers: (Option<Uuid>, Uuid),
    pub texts: [String; TEXTS],
    pub is_active: bool,
    /// A moment of its own; 0 where it has none.
    pub moment: Instant,
    /// When it was written last.
    pub changed_at: Instant,
}

/// What a condition compares, as the statements number it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing: it holds always, or never.
    Known = 0,
    Text = 1,
    /// Whether the text is like a pattern.
    Like = 2,
    Key = 3,
    /// When the row was written last.
    Changed = 4,
    /// The row's own moment.
    Moment = 5,
    /// Whether the text is one of those that stand between commas.
    Among = 6,
}

/// A condition, ready for the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub kind: Kind,
    /// Which text or key.
    pub at: i64,
    /// Which of less (1), equal (2) and more (4) hold.
    pub mask: i64,
    /// The text, or the code of the key.
    pub text: String,
    pub ids: (Uuid, Uuid),
    /// The first microsecond that is equal, and the first that is more.
    pub moments: (i64, i64),
}

impl Condition {
    /// One that holds always, or never.
    pub fn known(holds: bool) -> Self {
        Self {
            kind: Kind::Known,
            at: 0,
            mask: if holds { 2 } else { 1 },
            text: String::new(),
            ids: (Uuid::nil(), Uuid::nil()),
            moments: (0, 0),
        }
    }

    fn values(&self) -> [Value<'_>; 10] {
        let (from, until) = self.moments;
        [
            (self.kind as i64).into(),
            self.at.into(),
            self.mask.into(),
            self.text.as_str().into(),
            self.ids.0.into(),
            self.ids.1.into(),
            from.into(),
            until.into(),
            first_of(from).into(),
            first_of(until).into(),
        ]
    }
}

/// The least identifier made at `micros` or later.
fn first_of(micros: i64) -> Uuid {
    let millis = u128::try_from(micros.max(0)).unwrap_or_default().div_ceil(1_000).min((1 << 48) - 1);
    Uuid::from_u128(millis << 80)
}

/// What narrows and sorts a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Narrow {
    pub conditions: [Condition; 2],
    /// Whether both have to hold.
    pub both: bool,
    /// By what it is sorted: the kind and which.
    pub sort: (Kind, i64),
    pub descending: bool,
}

impl Narrow {
    fn values(&self) -> impl Iterator<Item = Value<'_>> {
        let [one, two] = &self.conditions;
        one.values().into_iter().chain(two.values()).chain([i64::from(self.both).into()])
    }
}

/// What the rows of a collection have to belong to, beside the part of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Within {
    Everything,
    /// Organisations that are schools.
    Schools,
    /// What is of a person.
    Person(Uuid),
    /// What is of a line item: its class and its code.
    Item(Uuid, String),
}

impl Within {
    fn values(&self) -> [Value<'_>; 3] {
        match self {
            Self::Everything => [9.into(), "".into(), Uuid::nil().into()],
            Self::Schools => [8.into(), "school".into(), Uuid::nil().into()],
            Self::Person(id) => [2.into(), "".into(), (*id).into()],
            Self::Item(class, code) => [3.into(), code.as_str().into(), (*class).into()],
        }
    }
}

/// From what rows are read.
#[derive(Debug)]
pub struct Source<'s> {
    pub rows: &'static Rows,
    pub part: &'s Part,
    /// Counts where rows are narrowed, and not for a page in the collection's own order.
    pub within: &'s Within,
    pub programme: Id<Programme>,
    /// The capabilities in one text, and the width of each field in it; for line items alone.
    pub packed: Option<&'s (String, i64)>,
}

impl Source<'_> {
    fn ground(&self) -> Vec<Value<'_>> {
        vec![self.part.from.as_str().into(), self.part.until.as_str().into(), self.programme.into()]
    }

    fn extras(&self) -> impl Iterator<Item = Value<'_>> {
        self.packed.into_iter().flat_map(|(text, width)| [text.as_str().into(), (*width).into()])
    }
}

/// A page in the collection's own order; behind the last what was moved away.
pub async fn page(tx: &mut Tx, source: &Source<'_>, (offset, limit): Page) -> Result<Vec<Row>, DbError> {
    let mut found = paged(tx, source, source.rows.page, (offset, limit)).await?;
    let had = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let Some([page, all]) = source.rows.moved.filter(|_| had < limit) else { return Ok(found) };
    if counted(tx, source, all).await? == 0 {
        return Ok(found);
    }
    let before =
        if had > 0 || offset == 0 { offset + had } else { counted(tx, source, source.rows.all).await? };
    found.extend(paged(tx, source, page, ((offset - before).max(0), limit - had)).await?);
    Ok(found)
}

async fn paged(
    tx: &mut Tx,
    source: &Source<'_>,
    statement: &'static str,
    (offset, limit): Page,
) -> Result<Vec<Row>, DbError> {
    let mut values = source.ground();
    values.extend([limit.into(), offset.into()]);
    values.extend(source.extras());
    tx.rows(statement, &values, read).await
}

async fn counted(tx: &mut Tx, source: &Source<'_>, statement: &'static str) -> Result<i64, DbError> {
    let mut values = source.ground();
    values.extend(source.extras());
    tx.row(statement, &values, |row| row.get(0)).await
}

/// A page of what `narrow` leaves, in its order.
pub async fn narrowed(
    tx: &mut Tx,
    source: &Source<'_>,
    narrow: &Narrow,
    (offset, limit): Page,
) -> Result<Vec<Row>, DbError> {
    let mut values = source.ground();
    values.extend(narrow.values());
    values.extend(source.within.values());
    let (kind, at) = narrow.sort;
    let order = [kind as i64, at, i64::from(narrow.descending), limit, offset];
    values.extend(order.map(Value::from));
    values.extend(source.extras());
    tx.rows(source.rows.narrowed, &values, read).await
}

/// Where the school `id` stands in the tree, or stood before it was moved out of the part.
pub async fn place(tx: &mut Tx, source: &Source<'_>, id: Uuid) -> Result<Option<String>, DbError> {
    let mut values = source.ground();
    values.push(id.into());
    tx.row_opt(PLACE, &values, |row| row.get(0)).await
}

/// How many rows there are, with what was moved away.
pub async fn all(tx: &mut Tx, source: &Source<'_>) -> Result<i64, DbError> {
    let moved = match source.rows.moved {
        Some([_, all]) => counted(tx, source, all).await?,
        None => 0,
    };
    Ok(moved + counted(tx, source, source.rows.all).await?)
}

/// How many rows `narrow` leaves.
pub async fn count(tx: &mut Tx, source: &Source<'_>, narrow: &Narrow) -> Result<i64, DbError> {
    let mut values = source.ground();
    values.extend(narrow.values());
    values.extend(source.within.values());
    values.extend(source.extras());
    tx.row(source.rows.count, &values, |row| row.get(0)).await
}

fn read(row: &Found<'_>) -> Result<Row, DbError> {
    let mut texts: [String; TEXTS] = Default::default();
    for (at, text) in texts.iter_mut().enumerate() {
        *text = row.get(5 + at)?;
    }
    let (changed, made): (Instant, Uuid) = (row.get(13)?, row.get(14)?);
    Ok(Row {
        key: (row.get(0)?, row.get(1)?, row.get(2)?),
        refers: (row.get(3)?, row.get(4)?),
        texts,
        is_active: row.get::<String>(11)? == "active",
        moment: row.get(12)?,
        changed_at: changed.max(Id::<Row>::from_uuid(made).made_at()),
    })
}
