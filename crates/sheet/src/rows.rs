//! The rows of a sheet, packed: a million rows of a dozen cells have to fit into memory beside
//! everything else, so no cell has an allocation of its own.

use std::collections::VecDeque;

use crate::SheetError;
use crate::read::Row;

/// Bytes packed together; what has been read is given back piece by piece.
const PIECE: usize = 256 << 10;

/// Rows in the order of the sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rows {
    pieces: VecDeque<Vec<u8>>,
    count: usize,
}

impl Rows {
    /// How many rows there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The row at `place`, from 0. The rows before it are passed over one by one: for looking at
    /// the first few.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<Row> {
        self.iter().nth(place)
    }

    /// The rows one after the other.
    pub fn iter(&self) -> impl Iterator<Item = Row> + '_ {
        self.pieces.iter().flat_map(|piece| {
            let mut rest = piece.as_slice();
            std::iter::from_fn(move || unpack(&mut rest))
        })
    }

    /// Adds `row` behind the others.
    pub(crate) fn push(&mut self, row: &Row) -> Result<(), SheetError> {
        let damaged = |error: postcard::Error| SheetError::Damaged(error.to_string());
        let last = match self.pieces.pop_back() {
            Some(piece) if piece.len() < PIECE => piece,
            full => {
                self.pieces.extend(full);
                Vec::with_capacity(PIECE + (PIECE >> 3))
            }
        };
        self.pieces.push_back(postcard::to_extend(row, last).map_err(damaged)?);
        self.count += 1;
        Ok(())
    }
}

impl IntoIterator for Rows {
    type Item = Row;
    type IntoIter = Unpacking;

    fn into_iter(self) -> Unpacking {
        Unpacking { pieces: self.pieces, at: 0 }
    }
}

/// Rows on their way out; a piece that has been read is freed.
#[derive(Debug)]
pub struct Unpacking {
    pieces: VecDeque<Vec<u8>>,
    at: usize,
}

impl Iterator for Unpacking {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        loop {
            let piece = self.pieces.front()?;
            let mut rest = &piece[self.at..];
            if let Some(row) = unpack(&mut rest) {
                self.at = piece.len() - rest.len();
                return Some(row);
            }
            self.pieces.pop_front();
            self.at = 0;
        }
    }
}

/// The first row of `rest`, which then begins behind it.
fn unpack(rest: &mut &[u8]) -> Option<Row> {
    if rest.is_empty() {
        return None;
    }
    let (row, behind) = postcard::take_from_bytes(rest).expect("only whole rows are packed");
    *rest = behind;
    Some(row)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use proptest::prelude::*;

    use super::Rows;
    use crate::{Cell, Row};

    fn cell() -> impl Strategy<Value = Cell> {
        prop_oneof![
            Just(Cell::Empty),
            ".{0,40}".prop_map(Cell::Text),
            any::<f64>().prop_filter("equal to itself", |n| !n.is_nan()).prop_map(Cell::Number),
            (0..60_000).prop_map(|days| {
                Cell::Date(NaiveDate::from_num_days_from_ce_opt(700_000 + days).expect("a day"))
            }),
            any::<bool>().prop_map(Cell::Bool),
            "#[A-Z/]{1,6}".prop_map(Cell::Error),
        ]
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(
            rows in proptest::collection::vec((any::<u32>(), proptest::collection::vec(cell(), 0..20)), 0..40)
        ) {
            let rows: Vec<Row> = rows.into_iter().map(|(number, cells)| Row { number, cells }).collect();
            let mut packed = Rows::default();
            for row in &rows {
                packed.push(row).expect("packed");
            }
            prop_assert_eq!(packed.len(), rows.len());
            prop_assert_eq!(packed.iter().collect::<Vec<_>>(), rows.clone());
            prop_assert_eq!(packed.get(3), rows.get(3).cloned());
            prop_assert_eq!(packed.into_iter().collect::<Vec<_>>(), rows);
        }
    }

    #[test]
    fn many_pieces_are_one_sheet() {
        let mut packed = Rows::default();
        let row = |number| Row { number, cells: vec![Cell::Text("甲".repeat(300)); 3] };
        for number in 0..2_000 {
            packed.push(&row(number)).expect("packed");
        }
        assert!(packed.pieces.len() > 10);
        assert!(packed.into_iter().eq((0..2_000).map(row)));
    }
}
