//! Merged areas: every cell of one has the value of its first, as people mean it.

use calamine::Dimensions;

use crate::read::{Limits, Room, Row};
use crate::{Cell, SheetError};

/// The merged areas of a sheet, laid over its rows from the top down.
#[derive(Debug)]
pub(crate) struct Merged {
    /// Areas that begin further down, the nearest last.
    ahead: Vec<Dimensions>,
    /// Areas that have begun, with their value.
    open: Vec<(Dimensions, Cell)>,
}

impl Merged {
    pub(crate) fn new(mut areas: Vec<Dimensions>) -> Self {
        areas.sort_by_key(|area| std::cmp::Reverse(area.start));
        Self { ahead: areas, open: Vec::new() }
    }

    /// Lays the areas over `row`; rows come in their order. Each filling takes room, so that areas
    /// laid over each other a thousand times end as too many cells.
    pub(crate) fn lay_over(
        &mut self,
        row: &mut Row,
        limits: &Limits,
        room: &mut Room,
    ) -> Result<(), SheetError> {
        self.open.retain(|(area, _)| row.number <= area.end.0.saturating_add(1));
        while let Some(area) = self.ahead.pop_if(|area| area.start.0.saturating_add(1) <= row.number) {
            // An area whose first row is empty has no value.
            let begins = area.start.0.saturating_add(1) == row.number;
            if let Some(value) = row.cells.get(area.start.1 as usize).filter(|_| begins) {
                self.open.push((area, value.clone()));
            }
        }
        for (area, value) in &self.open {
            for column in area.start.1..=area.end.1.min(limits.columns.saturating_sub(1)) {
                room.for_cells(1)?;
                room.for_text(value, row.number)?;
                put(&mut row.cells, column as usize, value.clone(), room)?;
            }
        }
        Ok(())
    }
}

/// Puts `cell` at `place`, as long as there is room for the cells that this takes.
pub(crate) fn put(
    cells: &mut Vec<Cell>,
    place: usize,
    cell: Cell,
    room: &mut Room,
) -> Result<(), SheetError> {
    let more = (place + 1).saturating_sub(cells.len());
    room.for_cells(more)?;
    if more > 0 {
        cells.resize(place + 1, Cell::Empty);
    }
    cells[place] = cell;
    Ok(())
}

#[cfg(test)]
mod tests {
    use calamine::Dimensions;

    use super::{Merged, put};
    use crate::read::{CELLS, Room};
    use crate::{Cell, Limits, Row, SheetError};

    fn area(start: (u32, u32), end: (u32, u32)) -> Dimensions {
        Dimensions { start, end }
    }

    /// Rows of one cell each, the areas laid over them within `cells` cells.
    fn laid(rows: u32, areas: &[Dimensions], cells: usize) -> Result<Vec<Row>, SheetError> {
        let (mut merged, mut room) = (Merged::new(areas.to_vec()), Room { cells, ..Room::WHOLE });
        (1..=rows)
            .map(|number| {
                let mut row = Row { number, cells: vec![Cell::Number(f64::from(number))] };
                merged.lay_over(&mut row, &Limits::default(), &mut room)?;
                Ok(row)
            })
            .collect()
    }

    #[test]
    fn an_area_has_the_value_of_its_first_cell_to_its_end() {
        let rows = laid(5, &[area((3, 0), (4, 1)), area((0, 0), (1, 0))], 100).expect("laid");
        let firsts: Vec<String> = rows.iter().map(|row| row.cells[0].text()).collect();
        assert_eq!(firsts, ["1", "1", "3", "4", "4"]);
        assert_eq!(rows[4].cells, [Cell::Number(4.0), Cell::Number(4.0)]);
        assert_eq!(rows[2].cells.len(), 1, "nothing is laid over a row between two areas");
    }

    #[test]
    fn a_merged_area_or_far_columns_do_not_fill_the_memory() {
        let whole = area((0, 0), (1_048_575, 16_383));
        let rows = laid(3, &[whole], 10_000).expect("laid");
        assert!(rows.iter().all(|row| row.cells.len() == 256), "no further than columns are read");
        assert_eq!(laid(100, &[whole], 10_000), Err(SheetError::Cells(CELLS)));
        let (mut cells, mut left) = (Vec::new(), Room { cells: 255, ..Room::WHOLE });
        assert_eq!(put(&mut cells, 255, Cell::Bool(true), &mut left), Err(SheetError::Cells(CELLS)));
        assert!(cells.is_empty(), "refused before it is made");
    }
}
