//! Values that go into statements and columns that come out, the same for both engines.

use chrono::NaiveDate;
use rusqlite::types::{ToSqlOutput, ValueRef};
use tisheng_kernel::{Id, Instant};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use super::DbError;

/// A value bound to a placeholder.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    /// SQL null, of any type.
    Null,
    /// A 64-bit integer: counts, minutes, instants.
    Int(i64),
    /// A floating-point number; never for hours or money.
    Real(f64),
    /// True or false.
    Bool(bool),
    /// Text that the caller keeps.
    Text(&'a str),
    /// Text that travels with the value.
    Owned(String),
    /// Bytes that the caller keeps.
    Bytes(&'a [u8]),
    /// An identifier.
    Uuid(Uuid),
}

macro_rules! value_from {
    ($($source:ty => |$name:ident| $value:expr;)*) => {$(
        impl<'a> From<$source> for Value<'a> {
            fn from($name: $source) -> Self { $value }
        }
    )*};
}

value_from! {
    i64 => |v| Value::Int(v);
    i32 => |v| Value::Int(i64::from(v));
    u32 => |v| Value::Int(i64::from(v));
    u16 => |v| Value::Int(i64::from(v));
    f64 => |v| Value::Real(v);
    bool => |v| Value::Bool(v);
    &'a str => |v| Value::Text(v);
    &'a String => |v| Value::Text(v);
    String => |v| Value::Owned(v);
    &'a [u8] => |v| Value::Bytes(v);
    &'a Vec<u8> => |v| Value::Bytes(v);
    Uuid => |v| Value::Uuid(v);
    Instant => |v| Value::Int(v.micros());
    NaiveDate => |v| Value::Owned(v.to_string());
}

impl<T> From<Id<T>> for Value<'_> {
    fn from(id: Id<T>) -> Self {
        Self::Uuid(id.uuid())
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(v) => ValueRef::Integer(*v),
            Self::Real(v) => ValueRef::Real(*v),
            Self::Bool(v) => ValueRef::Integer(i64::from(*v)),
            Self::Text(v) => ValueRef::Text(v.as_bytes()),
            Self::Owned(v) => ValueRef::Text(v.as_bytes()),
            Self::Bytes(v) => ValueRef::Blob(v),
            Self::Uuid(v) => ValueRef::Blob(v.as_bytes()),
        }))
    }
}

impl ToSql for Value<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Int(v) => v.to_sql_checked(ty, out),
            Self::Real(v) => v.to_sql_checked(ty, out),
            Self::Bool(v) => v.to_sql_checked(ty, out),
            Self::Text(v) => v.to_sql_checked(ty, out),
            Self::Owned(v) => v.to_sql_checked(ty, out),
            Self::Bytes(v) => v.to_sql_checked(ty, out),
            Self::Uuid(v) => v.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A row being read.
#[derive(Debug)]
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(&'a rusqlite::Row<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

impl Row<'_> {
    /// The value of column `index`, counted from 0.
    ///
    /// # Errors
    /// [`DbError::Column`] when the stored value is of another kind.
    pub fn get<T: Column>(&self, index: usize) -> Result<T, DbError> {
        T::read(self, index)
    }
}

/// A type that a column can be read as.
pub trait Column: Sized {
    /// Reads column `index` of `row`.
    ///
    /// # Errors
    /// [`DbError::Column`] when the stored value is of another kind.
    fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError>;
}

pub(super) mod reader {
    //! The one place that asks an engine for a typed column.

    use super::{DbError, Row};

    pub fn native<'r, T>(row: &'r Row<'_>, index: usize) -> Result<T, DbError>
    where
        T: rusqlite::types::FromSql + tokio_postgres::types::FromSql<'r>,
    {
        let fail = |problem: String| DbError::Column { column: index, problem };
        match row {
            Row::Sqlite(row) => row.get(index).map_err(|e| fail(e.to_string())),
            Row::Postgres(row) => row.try_get(index).map_err(|e| fail(e.to_string())),
        }
    }
}

macro_rules! native_column {
    ($($type:ty),*) => {$(
        impl Column for $type {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> { reader::native(row, index) }
        }
        impl Column for Option<$type> {
            fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> { reader::native(row, index) }
        }
    )*};
}

native_column!(i64, f64, bool, String, Vec<u8>, Uuid);

/// Columns kept as another native type: how to make them from it.
macro_rules! derived_column {
    ($($type:ty, $native:ty, |$value:ident, $index:ident| $make:expr;)*) => {$(
        impl Column for $type {
            fn read(row: &Row<'_>, $index: usize) -> Result<Self, DbError> {
                let $value: $native = reader::native(row, $index)?;
                $make
            }
        }
        impl Column for Option<$type> {
            fn read(row: &Row<'_>, $index: usize) -> Result<Self, DbError> {
                let found: Option<$native> = reader::native(row, $index)?;
                found.map(|$value| $make).transpose()
            }
        }
    )*};
}

derived_column! {
    Instant, i64, |value, _index| Ok(Instant::from_micros(value));
    NaiveDate, String, |value, index| value
        .parse()
        .map_err(|_| DbError::Column { column: index, problem: format!("not a date: {value}") });
}

impl<T> Column for Id<T> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        Uuid::read(row, index).map(Self::from_uuid)
    }
}

impl<T> Column for Option<Id<T>> {
    fn read(row: &Row<'_>, index: usize) -> Result<Self, DbError> {
        Ok(Option::<Uuid>::read(row, index)?.map(Id::from_uuid))
    }
}
