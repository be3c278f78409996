//! The day on which somebody has come to the school, against the other posts of that person: the pages on
//! which one post is given ask the same.

use std::collections::HashMap;

use tisheng_kernel::number::chinese_date;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::row::{Row, SINCE};
use crate::people::intake::{self, Around, Earlier, Loan, after, decide_first_day};
use crate::roster::kind::{Desk, Item, Notes};

/// What the stated days of a batch are held against.
#[derive(Debug)]
pub struct Days {
    /// The post of a person that ended last.
    earlier: HashMap<Uuid, Earlier>,
    /// When the posts of a person were lent.
    loans: HashMap<Uuid, Vec<Loan>>,
}

impl Days {
    /// Loads what the days of `items` are held against; a transfer, or a day that is known already, asks for
    /// nothing.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn load(tx: &mut Tx, items: &[Item<Row>]) -> Result<Self, DbError> {
        let (mut people, mut holders) = (Vec::new(), Vec::new());
        for row in items.iter().filter_map(|item| item.row.as_ref()) {
            let (Some(day), Some(known)) = (row.since, &row.known) else { continue };
            match &known.post {
                Some(post) if post.since == day || row.school != Some(post.school) => {}
                Some(_) => {
                    people.push(known.person);
                    holders.push(known.person);
                }
                None => people.push(known.person),
            }
        }
        Ok(Self {
            earlier: intake::last_ended(tx, &people).await?,
            loans: intake::loans(tx, &holders).await?,
        })
    }

    /// Notes a day on which somebody known cannot have come to the school of `row`.
    pub fn check(&self, desk: &Desk, row: &Row, notes: &mut Notes) {
        let (Some(day), Some(known)) = (row.since, &row.known) else { return };
        // A number alone gives away nothing of somebody elsewhere; what else is wrong with such a row is said
        // of its name or its school.
        let is_here = desk.scope.holds(known.path());
        if !is_here && (known.post.is_some() || known.name != row.entered.name.as_str()) {
            return;
        }
        match &known.post {
            Some(post) if post.since == day && row.school == Some(post.school) => return,
            Some(post) if row.school != Some(post.school) => {
                if day <= post.since {
                    let since = chinese_date(post.since);
                    notes.wrong(
                        SINCE,
                        format!(
                            "到校日期应晚于现任岗位的起始日期（{since}）；请核对，不填则按导入当天办理调动"
                        ),
                    );
                }
                return;
            }
            _ => {}
        }
        let earlier = self.earlier.get(&known.person);
        let loans = self.loans.get(&known.person).map_or(&[][..], Vec::as_slice);
        let decided = match &known.post {
            Some(post) => {
                let around = Around { earlier, loans };
                decide_first_day(around, post.id, (post.since, day), &desk.scope)
            }
            None => after(earlier, day),
        };
        if let Err(error) = decided {
            notes.wrong(SINCE, format!("到校{error}；请核对"));
        }
    }
}
