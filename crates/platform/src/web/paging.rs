//! Long lists: filters kept in the address, pages by key instead of by number.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::Failure;

/// Rows on one page of a list.
pub const ROWS: i64 = 50;

/// A text as a pattern of `like`, escaped by a backslash, that matches it alone.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The query of an address: the filters, the order and the place in a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filters(Vec<(String, String)>);

impl Filters {
    /// The filters given.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The value of `name` without the spaces around it; empty when missing.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// The query string with `name` set to `value` (removed when empty), beginning with `?`;
    /// the place in the list is given up, since another filter or order makes another list.
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> String {
        let mut pairs: Vec<(&str, &str)> = self
            .0
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .filter(|(key, value)| !value.is_empty() && *key != name && !["after", "before"].contains(key))
            .collect();
        if !value.is_empty() {
            pairs.push((name, value));
        }
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let joined: Vec<String> = pairs.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        format!("?{}", joined.join("&"))
    }

    /// The query string that sorts by `key`, or the other way round where that is the order `now`.
    #[must_use]
    pub fn sort_by(&self, key: &str, now: &str) -> String {
        if now == key { self.with("sort", &format!("-{key}")) } else { self.with("sort", key) }
    }

    /// The place in the list: after which row the page begins.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor::read(self.text("after"))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Filters {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        Query::<Vec<(String, String)>>::from_request_parts(parts, state)
            .await
            .ok()
            .filter(|Query(pairs)| {
                !pairs.iter().any(|(key, value)| key.contains('\0') || value.contains('\0'))
            })
            .map(|Query(pairs)| Self(pairs))
            .ok_or(Failure::NotFound)
    }
}

/// The sort key and identifier of the last row of the page before; empty for the first page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The sort key.
    pub key: String,
    /// The identifier, which tells rows of the same key apart; 32 hexadecimal digits.
    pub id: String,
}

impl Cursor {
    /// Reads the form used in addresses; anything else is the first page.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let decoded = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let decoded = decoded.filter(|text| !text.contains('\0'));
        decoded
            .and_then(|text| {
                let (id, key) = text.split_once('.')?;
                Some(Self { key: key.to_owned(), id: id.to_owned() })
            })
            .unwrap_or_default()
    }

    /// The form used in addresses.
    #[must_use]
    pub fn write(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.id, self.key))
    }

    /// A sort key of several parts, for a list that is sorted by more than one thing.
    #[must_use]
    pub fn joined(parts: &[&str]) -> String {
        parts.join("\u{1f}")
    }

    /// The parts of the sort key; empty where there are fewer.
    #[must_use]
    pub fn parts<const N: usize>(&self) -> [&str; N] {
        let mut parts = self.key.split('\u{1f}');
        std::array::from_fn(|_| parts.next().unwrap_or_default())
    }

    /// The rows of a short list, sorted in hand, after the one at which the page before ended; `id` gives a
    /// row's identifier.
    pub fn rest_of<T>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> uuid::Uuid) -> Vec<T> {
        let last = rows.iter().position(|row| id(row) == self.uuid());
        rows.split_off(last.map_or(0, |last| last + 1))
    }

    /// The identifier as stored; all zeros, before every other, on the first page.
    #[must_use]
    pub fn uuid(&self) -> uuid::Uuid {
        self.id.parse().unwrap_or_default()
    }
}

/// The order of a list: by one of its columns, one way or the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The column, as addresses name it.
    pub by: &'static str,
    /// Whether the last comes first.
    pub backwards: bool,
}

impl Order {
    /// By `column`, the first first.
    #[must_use]
    pub const fn by(column: &'static str) -> Self {
        Self { by: column, backwards: false }
    }

    /// By `column`, the last first.
    #[must_use]
    pub const fn back_by(column: &'static str) -> Self {
        Self { by: column, backwards: true }
    }

    /// The order that an address names among `columns`: a column, with `-` before it the last first.
    /// `usual` where it names none of them.
    #[must_use]
    pub fn named(text: &str, columns: &[&'static str], usual: Self) -> Self {
        let plain = text.strip_prefix('-');
        let by = columns.iter().find(|column| **column == plain.unwrap_or(text));
        by.map_or(usual, |by| Self { by, backwards: plain.is_some() })
    }

    /// How the address names it.
    #[must_use]
    pub fn key(self) -> String {
        format!("{}{}", self.way(), self.by)
    }

    /// `-` where the last comes first, else empty.
    #[must_use]
    pub const fn way(self) -> &'static str {
        if self.backwards { "-" } else { "" }
    }

    /// After which key and identifier the page begins that `place` names; the first page of a list
    /// that runs backwards begins after everything.
    #[must_use]
    pub fn after(self, place: &Cursor) -> (&str, uuid::Uuid) {
        if self.backwards && *place == Cursor::default() {
            return ("\u{10ffff}", uuid::Uuid::max());
        }
        (&place.key, place.uuid())
    }
}

/// One page of a list: at most [`ROWS`] rows, and whether more follow. A store asks for one row
/// more than it shows, and gives it here.
#[derive(Debug, Clone)]
pub struct Slice<T> {
    /// The rows shown.
    pub rows: Vec<T>,
    /// The place from which the next page goes on.
    pub next: Option<Cursor>,
}

impl<T> Slice<T> {
    /// Cuts `rows` (up to [`ROWS`] and one) to a page; `place` gives a row's sort key and id.
    pub fn cut(mut rows: Vec<T>, place: impl Fn(&T) -> (String, String)) -> Self {
        let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
        let more = rows.len() > most;
        rows.truncate(most);
        let next = rows.last().filter(|_| more).map(|last| {
            let (key, id) = place(last);
            Cursor { key, id }
        });
        Self { rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::{Cursor, Filters, Order};

    #[test]
    fn a_place_survives_the_address() {
        let place = Cursor { key: "wang.小 明".to_owned(), id: "018f".to_owned() };
        assert_eq!(Cursor::read(&place.write()), place);
        assert_eq!(Cursor::read("not base64!"), Cursor::default());
        let hostile = Cursor { key: "a\0".to_owned(), id: "018f".to_owned() };
        assert_eq!(Cursor::read(&hostile.write()), Cursor::default());
    }

    #[test]
    fn an_order_is_read_as_it_is_written() {
        let (columns, usual) = (["name", "code"], Order::back_by("code"));
        for order in [Order::by("name"), Order::back_by("name"), Order::by("code"), usual] {
            assert_eq!(Order::named(&order.key(), &columns, usual), order);
        }
        for nothing in ["", "-", "--name", "-other", "name "] {
            assert_eq!(Order::named(nothing, &columns, usual), usual, "{nothing}");
        }
        let place = Cursor { key: "a".to_owned(), id: String::new() };
        assert_eq!(usual.after(&place).0, "a");
        assert!(usual.after(&Cursor::default()).0 > "鿿", "the end of everything");
        assert_eq!(Order::by("name").after(&Cursor::default()).0, "");
    }

    #[test]
    fn a_place_has_parts_and_a_list_goes_on_after_it() {
        let id = |n: u128| uuid::Uuid::from_u128(n);
        let place = Cursor { key: Cursor::joined(&["/51/", "wang"]), id: id(2).to_string() };
        assert_eq!(Cursor::read(&place.write()).parts(), ["/51/", "wang", ""]);
        let rows = vec![3, 2, 1];
        assert_eq!(place.rest_of(rows.clone(), |n| id(*n)), [1]);
        assert_eq!(Cursor::default().rest_of(rows, |n| id(*n)), [3, 2, 1]);
    }

    #[test]
    fn another_filter_begins_the_list_anew() {
        let filters = Filters::new(vec![
            ("q".to_owned(), "王".to_owned()),
            ("after".to_owned(), "x".to_owned()),
            ("stage".to_owned(), "02".to_owned()),
        ]);
        assert_eq!(filters.with("stage", "03"), "?q=%E7%8E%8B&stage=03");
        assert_eq!(filters.with("stage", ""), "?q=%E7%8E%8B");
    }
}
