//! Whether what batches were answered is what the ledger has.

use std::collections::HashMap;

use serde::Deserialize;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_training::hours::{self, Entry, Outcome, Promise};
use tisheng_training::platform;

use super::store;
use crate::token::{self, Token};

/// Answers looked at in one transaction.
const STEP: i64 = 50;

/// The answer to a batch of hours; that to a course has no rows.
#[derive(Debug, Deserialize)]
struct Answer {
    #[serde(default)]
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    row: usize,
    id: String,
    outcome: Outcome,
    #[serde(default)]
    entry: Option<Id<Entry>>,
}

impl Row {
    /// What its sender may rely on; a row that was refused has left nothing.
    fn promise(&self) -> Option<Promise> {
        match (self.outcome, self.entry) {
            (Outcome::Refused, _) => None,
            (Outcome::Withdrawn, entry) => Some(Promise::TakenBack(entry)),
            (_, Some(entry)) => Some(Promise::Entered(entry)),
            (Outcome::Parked | Outcome::Held | Outcome::Conflict, None) => Some(Promise::Waits),
            (_, None) => Some(Promise::Known),
        }
    }
}

/// For whom a token speaks: the programme, and the name under which it reports.
type Speaker = Option<(Id<Programme>, String)>;

/// How many rows the kept answers acknowledge, and those of which the ledger does not have exactly what
/// was answered, at most `most`, as key of the batch and place of the row.
///
/// # Errors
/// What the database reports.
pub async fn check_answers(ctx: &Ctx, most: usize) -> Result<(usize, Vec<String>), Failure> {
    let (mut count, mut wrong) = (0, Vec::new());
    let mut speakers: HashMap<Id<Token>, Speaker> = HashMap::new();
    let mut place = (Id::from_uuid(uuid::Uuid::nil()), String::new());
    loop {
        let mut tx = ctx.read().await?;
        let answers = store::kept(&mut tx, (place.0, &place.1), STEP).await?;
        let Some((token, key, _)) = answers.last() else { return Ok((count, wrong)) };
        place = (*token, key.clone());
        for (token, key, answer) in answers {
            let Ok(answer) = serde_json::from_str::<Answer>(&answer) else {
                wrong.push(format!("{key} cannot be read"));
                continue;
            };
            if let std::collections::hash_map::Entry::Vacant(free) = speakers.entry(token) {
                free.insert(speaker(&mut tx, token).await?);
            }
            let speaker = speakers.get(&token).and_then(Option::as_ref);
            for row in answer.rows {
                let Some(promise) = row.promise() else { continue };
                count += 1;
                let is_kept = match speaker {
                    Some((programme, source)) => {
                        hours::is_kept(&mut tx, *programme, (source, &row.id), promise).await?
                    }
                    None => false,
                };
                if !is_kept {
                    wrong.push(format!("{key} row {}", row.row));
                }
            }
            wrong.truncate(most);
        }
    }
}

async fn speaker(tx: &mut Tx, token: Id<Token>) -> Result<Speaker, Failure> {
    let Some(token) = token::of_id(tx, token).await? else { return Ok(None) };
    let Some(platform) = token.platform else { return Ok(None) };
    let platform = platform::of_id(tx, platform).await?;
    Ok(platform.map(|platform| (platform.programme, platform.name)))
}
