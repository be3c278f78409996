//! How many records a consumer walks through. Counting reads the whole collection, a page only itself;
//! so what was counted for the first page of a walk is kept for the others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tisheng_kernel::Instant;

/// Microseconds for which a count is kept: a walk of the largest collection in small pages.
const LASTS: i64 = 600_000_000;
/// Counts kept at most.
const MOST: usize = 1_000;

/// What this process has counted; the assembly adds it to the parts of the application.
#[derive(Debug, Default)]
pub struct Totals(Mutex<HashMap<String, (i64, Instant)>>);

/// A page as it was read: records before it, its records, and how many were asked for.
#[derive(Debug, Clone, Copy)]
pub struct Read {
    pub offset: i64,
    pub records: i64,
    pub limit: i64,
}

impl Read {
    /// The records up to the end of the page.
    fn end(self) -> i64 {
        self.offset.saturating_add(self.records)
    }

    /// How many there are in all, where the page itself says it: the last one, with a record on it.
    pub fn says(self) -> Option<i64> {
        (self.records < self.limit && (self.records > 0 || self.offset == 0)).then(|| self.end())
    }
}

impl Totals {
    /// How many there were at the first page of the walk `of` to which a full page belongs. `None` when
    /// it is the first itself, when the walk began too long ago, and when there may be no record
    /// behind the page: whether there is, has to be known of the present.
    pub fn kept(&self, of: &str, page: Read, at: Instant) -> Option<i64> {
        let counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (total, since) = *counted.get(of)?;
        let lasts = (0..LASTS).contains(&(at.micros() - since.micros()));
        (lasts && page.offset > 0 && page.records > 0 && page.end() < total).then_some(total)
    }

    /// Keeps what was counted.
    pub fn keep(&self, of: String, total: i64, at: Instant) {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.len() >= MOST {
            counted.clear();
        }
        counted.insert(of, (total, at));
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Instant;

    use super::{LASTS, Read, Totals};

    #[test]
    fn the_last_page_says_how_many_there_are() {
        let page = |offset, records| Read { offset, records, limit: 10 };
        assert_eq!(page(0, 0).says(), Some(0));
        assert_eq!(page(20, 7).says(), Some(27));
        assert_eq!(page(20, 10).says(), None);
        assert_eq!(page(20, 0).says(), None);
    }

    #[test]
    fn a_count_is_of_one_walk_and_not_of_its_end() {
        let (totals, at) = (Totals::default(), Instant::from_micros(1));
        let page = |offset| Read { offset, records: 10, limit: 10 };
        totals.keep("users".to_owned(), 100, at);
        assert_eq!(totals.kept("users", page(10), at), Some(100));
        assert_eq!(totals.kept("users", page(0), at), None);
        assert_eq!(totals.kept("users", page(90), at), None);
        assert_eq!(totals.kept("orgs", page(10), at), None);
        assert_eq!(totals.kept("users", page(10), Instant::from_micros(1 + LASTS)), None);
        assert_eq!(totals.kept("users", page(10), Instant::from_micros(0)), None);
    }
}
