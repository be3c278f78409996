//! Pages about people: rolls, records, moves, teams.

mod moves;
mod record;
mod register;
mod roll;
mod teams;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use tisheng_kernel::Id;
use tisheng_platform::web::layout::Page;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Failure, FormErrors};
use tisheng_platform::{App, Ctx, Tx};

use super::actions::PeopleError;
use super::model::Person;

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/people", get(roll::own))
        .route("/organisation/{node}/people", get(roll::list))
        .route("/organisation/{node}/people.xlsx", get(roll::xlsx))
        .route("/organisation/{node}/people.csv", get(roll::csv))
        .route("/organisation/{node}/people/new", get(register::form).post(register::submit))
        .route("/organisation/{node}/teams", get(teams::show).post(teams::enlist))
        .route("/organisation/{node}/teams/dismiss", post(teams::dismiss))
        .route("/people/{person}", get(record::show))
        .route("/people/{person}/edit", get(record::edit_form).post(record::correct))
        .route("/people/{person}/reveal", get(record::reveal_form).post(record::reveal))
        .route("/people/{person}/post", get(moves::post_form).post(moves::amend))
        .route("/people/{person}/appoint", get(moves::appoint_form).post(moves::appoint))
        .route("/people/{person}/transfer", get(moves::transfer_form).post(moves::transfer))
        .route("/people/{person}/release", get(moves::release_form).post(moves::release))
        .route("/people/{person}/secondment", get(moves::second_form).post(moves::second))
        .route("/people/{person}/recall", post(moves::recall))
}

/// The person that an address names, as the asker may see the record.
async fn load(ctx: &Ctx, tx: &mut Tx, person: &str) -> Result<Person, Failure> {
    let id: Id<Person> = person.parse().map_err(|_| Failure::NotFound)?;
    super::visible(ctx, tx, id).await
}

/// A page about `person`.
fn page_of(asker: &SignedIn, person: &Person, title: impl Into<String>) -> Page {
    Page::new(asker, title, "/people").crumb(&person.name, format!("/people/{}", person.id))
}

/// The field that an error is about; what is no field's error is no form's either.
fn form_errors(error: PeopleError) -> Result<FormErrors, Failure> {
    let field = match &error {
        PeopleError::Failed(_) | PeopleError::Stale => return Err(error.into()),
        PeopleError::Known { .. } => "paper",
        PeopleError::NotASchool | PeopleError::SameSchool => "school",
        PeopleError::TooEarly(_) => "on",
        PeopleError::Words => "subject",
        PeopleError::NoReason => "reason",
        PeopleError::InPost { .. } | PeopleError::NoPost | PeopleError::Secondment(_) => "school",
        PeopleError::Team(_) => "person",
    };
    Ok(FormErrors::one(field, error.to_string()))
}
