//! Whom a report, or an account on a platform, may mean.

use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::people::{self, Clue, Match, Person};

/// What is known of somebody who is looked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hint<'a> {
    /// The name, or what somebody looks for in its place.
    pub name: &'a str,
    /// Under which the paper would be found.
    pub paper_key: Option<&'a [u8]>,
    /// The school; may be empty.
    pub school: &'a str,
}

/// A teacher who may be meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The identifier, as forms carry it.
    pub person: String,
    /// The name.
    pub name: String,
    /// The paper, masked.
    pub paper: String,
    /// The school of the open post; empty without one.
    pub school: String,
    /// Whether the paper is the one that was reported.
    pub same_paper: bool,
    /// Whether the school is the one that was reported.
    pub same_school: bool,
}

/// Teachers whom the asker may see and `hint` may mean: whose paper it is first, then those of the
/// same school, then others of the name.
///
/// # Errors
/// What the database reports.
pub async fn candidates(ctx: &Ctx, tx: &mut Tx, hint: Hint<'_>) -> Result<Vec<Candidate>, Failure> {
    let with_paper = match hint.paper_key {
        Some(key) => people::of_paper_key(ctx, tx, key).await?,
        None => Vec::new(),
    };
    let mut found: Vec<(Person, bool)> = with_paper.into_iter().map(|person| (person, true)).collect();
    for person in of_name(ctx, tx, hint.name).await? {
        if !found.iter().any(|(known, _)| known.id == person.id) {
            found.push((person, false));
        }
    }
    let mut candidates = Vec::with_capacity(found.len());
    for (person, same_paper) in found {
        let school = people::teacher(tx, person.id).await.map(|t| t.school_name).unwrap_or_default();
        candidates.push(Candidate {
            person: person.id.to_string(),
            same_school: !hint.school.is_empty() && school == hint.school,
            name: person.name,
            paper: person.paper_masked,
            school,
            same_paper,
        });
    }
    candidates.sort_by_key(|candidate| (!candidate.same_paper, !candidate.same_school));
    Ok(candidates)
}

async fn of_name(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<Vec<Person>, Failure> {
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let clue = Clue { name, ..Clue::default() };
    Ok(match people::match_person(ctx, tx, &clue).await? {
        Match::One(person) => vec![people::visible(ctx, tx, person).await?],
        Match::None { suggestions } => suggestions,
        Match::Several(several) => several,
    })
}
