//! What the files of this and later districts' rooms have in common when a clerk brings them.

use std::sync::Arc;

use tisheng_kernel::text::tidy;
use tisheng_platform::web::Failure;
use tisheng_platform::{DbError, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::roster::{Desk, failed};
use tisheng_rules::Scheme;

/// The programme that runs where the clerk acts, with its rules; `None` where none does.
///
/// # Errors
/// What the database reports.
pub async fn policy(desk: &Desk, tx: &mut Tx) -> Result<Option<(Programme, Arc<Scheme>)>, DbError> {
    let programme = match scheme::at(tx, &desk.member.path).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) => return Ok(None),
        Err(failure) => return Err(failed(failure)),
    };
    let rules = scheme::rules(&desk.ctx.app, tx, &programme).await.map_err(failed)?;
    Ok(Some((programme, rules)))
}

/// The text, unless it has more than `most` characters.
///
/// # Errors
/// A sentence that says so.
pub fn within(text: String, most: usize) -> Result<String, String> {
    if text.chars().count() > most { Err(format!("不能超过 {most} 个字")) } else { Ok(text) }
}

/// Reads a cell of at most `most` characters, without space that says nothing.
pub fn tidied(most: usize) -> impl Fn(&str) -> Result<String, String> {
    move |text| within(tidy(text), most)
}
