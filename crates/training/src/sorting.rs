//! Lists of teachers by column: a county's or more in the orders that an index of the roll serves, a town's
//! or a school's in hand, by any column.

use std::cmp::Ordering;

use tisheng_kernel::person_name::sort_keys_of;
use tisheng_platform::web::paging::{Cursor, Order};
use tisheng_registry::access::Breadth;
use uuid::Uuid;

/// The columns that an index of the roll serves; the school the first first alone.
const SERVED: [&str; 2] = ["name", "school"];

/// How a list of teachers is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sorting {
    /// The order in force.
    pub order: Order,
    /// Whether the list is a town's or a school's, which sorts by any column.
    pub is_short: bool,
    /// Whether the whole list is read and sorted in hand.
    pub in_hand: bool,
    /// Whether heads sort at all: a search of a county or more comes by name alone.
    pub sorts: bool,
}

impl Sorting {
    /// What `asked` says of a list that spans so much, is searched for `words` and has these `columns`.
    #[must_use]
    pub fn of(breadth: Breadth, words: &str, asked: &str, columns: &[&'static str]) -> Self {
        let usual = Order::by("name");
        if breadth == Breadth::Narrow {
            let order = Order::named(asked, columns, usual);
            return Self { order, is_short: true, in_hand: order != usual, sorts: true };
        }
        let sorts = words.is_empty();
        let order = Order::named(asked, &SERVED, usual);
        let order = if sorts && order != Order::back_by("school") { order } else { usual };
        Self { order, is_short: false, in_hand: false, sorts }
    }

    /// How the address names the order; empty where heads do not sort.
    #[must_use]
    pub fn key(&self) -> String {
        if self.sorts { self.order.key() } else { String::new() }
    }

    /// The order in which the store gives the rows, the place after which it begins, and how many: `page` of
    /// them, or `most` to be sorted in hand.
    #[must_use]
    pub fn reading(&self, place: Cursor, page: i64, most: i64) -> (Order, Cursor, i64) {
        if self.in_hand { (Order::by("name"), Cursor::default(), most) } else { (self.order, place, page) }
    }

    /// The place of a row with that path and sort key.
    #[must_use]
    pub fn place(&self, path: &str, sort_key: &str) -> String {
        if self.order.by == "school" && !self.in_hand {
            Cursor::joined(&[path, sort_key])
        } else {
            sort_key.to_owned()
        }
    }

    /// Sorts rows that were read whole, which come by name; what is equal stays so.
    pub fn sort<T>(&self, rows: &mut [T], compare: impl Fn(&str, &T, &T) -> Ordering) {
        let Order { by, backwards } = self.order;
        if self.in_hand && by == "name" {
            rows.reverse();
        } else if self.in_hand {
            rows.sort_by(|a, b| if backwards { compare(by, b, a) } else { compare(by, a, b) });
        }
    }
}

/// Which of a store's `pages_of_roll!` (wide, wide backwards, by school, narrow) reads the roll in that order, with the
/// two texts and the identifier that say where it begins: the sort key, and the key beyond the last or, school
/// by school, the path.
pub fn page_of_roll(
    breadth: Breadth,
    words: &str,
    (order, place): (Order, &Cursor),
    [wide, wide_back, by_school, narrow]: [&'static str; 4],
) -> (&'static str, [String; 2], Uuid) {
    if order.by == "school" {
        let [path, key] = place.parts();
        return (by_school, [key.to_owned(), path.to_owned()], place.uuid());
    }
    let (first, beyond) = sort_keys_of(words);
    let (key, id) = order.after(place);
    let list = match (breadth, order.backwards) {
        (Breadth::Narrow, _) => narrow,
        (_, true) => wide_back,
        (_, false) => wide,
    };
    (list, [key.max(first.as_str()).to_owned(), beyond], id)
}

#[cfg(test)]
mod tests {
    use tisheng_platform::web::paging::Order;
    use tisheng_registry::access::Breadth;

    use super::Sorting;

    #[test]
    fn a_wide_list_sorts_by_what_an_index_serves_and_a_short_one_by_everything() {
        let columns = ["name", "school", "total"];
        let (county, school) = (Breadth::Wide, Breadth::Narrow);
        let by = |scope, words, asked| Sorting::of(scope, words, asked, &columns).order;
        assert_eq!(by(county, "", "school"), Order::by("school"));
        assert_eq!(by(county, "", "-school"), Order::by("name"));
        assert_eq!(by(county, "", "total"), Order::by("name"));
        assert_eq!(by(county, "w", "-name"), Order::by("name"), "a search comes by name");
        assert_eq!(by(school, "w", "-total"), Order::back_by("total"));
        let mut rows = ["a", "bb", "cc"];
        let sorting = Sorting::of(school, "", "-total", &columns);
        sorting.sort(&mut rows, |_, a, b| a.len().cmp(&b.len()));
        assert_eq!(rows, ["bb", "cc", "a"]);
        Sorting::of(school, "", "-name", &columns).sort(&mut rows, |_, _, _| std::cmp::Ordering::Equal);
        assert_eq!(rows, ["a", "cc", "bb"]);
    }
}
