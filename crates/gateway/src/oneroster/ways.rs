//! From the records in an address to the part of a collection that belongs to them.

use tisheng_platform::{Scope as Part, Tx};
use uuid::Uuid;

use super::asked::{Asked, Which};
use super::fault::{Fault, Told};
use super::query::Query;
use super::records::{Collection, Ground};
use super::store::{self, Within};

/// What is left of a collection.
#[derive(Debug)]
pub struct Reached {
    pub part: Part,
    pub within: Within,
    /// Whether nothing is left.
    pub is_empty: bool,
}

/// Goes through the records of the address, each of which has to be there and to belong to the one before.
///
/// # Errors
/// There is none of that name.
pub async fn go(ground: &Ground<'_>, tx: &mut Tx, asked: &Asked<'_>) -> Told<Reached> {
    let mut reached = Reached {
        part: ground.part.clone(),
        within: if asked.which == Which::Schools { Within::Schools } else { Within::Everything },
        is_empty: asked.which == Which::Nobody,
    };
    for ((collection, which), id) in &asked.through {
        if *which == Which::Nobody {
            return Err(Fault::absent());
        }
        let here = ground.in_part(&reached.part, Within::Everything);
        match collection {
            Collection::Orgs | Collection::Classes => reached.part = school(&here, tx, id).await?,
            Collection::Users => {
                let user = one(&here, tx, *collection, id).await?;
                if asked.collection == Collection::Results {
                    reached.within = Within::Person(uuid(id)?);
                } else if user["status"] == "active" {
                    let at = user["primaryOrg"]["sourcedId"].as_str().unwrap_or_default();
                    reached.part = school(&here, tx, at).await?;
                } else {
                    reached.is_empty = true;
                }
            }
            Collection::LineItems => {
                one(&here, tx, *collection, id).await?;
                let (class, code) = id.split_once('.').ok_or_else(Fault::absent)?;
                reached.within = Within::Item(uuid(class)?, code.to_owned());
            }
            _ => {
                one(&here, tx, *collection, id).await?;
                // A class is of the project's own course, and of no other of the catalogue.
                let is_own = uuid(id).is_ok_and(|id| id == ground.programme.id.uuid());
                reached.is_empty |= *collection == Collection::Courses && !is_own;
            }
        }
    }
    Ok(reached)
}

/// The part of the tree that is the school `id`, where it stands or stood.
async fn school(ground: &Ground<'_>, tx: &mut Tx, id: &str) -> Told<Part> {
    let source = ground.source(Collection::Classes).ok_or_else(Fault::absent)?;
    let path = store::place(tx, &source, uuid(id)?).await?.ok_or_else(Fault::absent)?;
    Ok(Part::below(&path))
}

async fn one(ground: &Ground<'_>, tx: &mut Tx, collection: Collection, id: &str) -> Told<serde_json::Value> {
    ground.one(tx, collection, (id, &Query::read(&[])?)).await
}

fn uuid(id: &str) -> Told<Uuid> {
    Uuid::try_parse(id).map_err(|_| Fault::absent())
}
