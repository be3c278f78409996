//! Pages about people: rolls and records.

mod record;
mod roll;
mod told;

pub(crate) use roll::subjects;
pub(crate) use told::{Told, as_choice, papers, sexes, title_of, titles, told};

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
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
        .route("/people/{person}", get(record::show))
        .route("/people/{person}/edit", get(record::edit_form).post(record::correct))
        .route("/people/{person}/reveal", get(record::reveal_form).post(record::reveal))
}

/// The person that an address names, as the asker may see the record.
pub(crate) async fn load(ctx: &Ctx, tx: &mut Tx, person: &str) -> Result<Person, Failure> {
    let id: Id<Person> = person.parse().map_err(|_| Failure::NotFound)?;
    super::visible(ctx, tx, id).await
}

/// A page about `person`.
pub(crate) fn page_of(asker: &SignedIn, person: &Person, title: impl Into<String>) -> Page {
    Page::new(asker, title, "/people").crumb(&person.name, format!("/people/{}", person.id))
}

/// The field that an error is about; what is no field's error is no form's either.
pub(crate) fn form_errors(error: PeopleError) -> Result<FormErrors, Failure> {
    let field = match &error {
        PeopleError::Failed(_) | PeopleError::Stale => return Err(error.into()),
        PeopleError::Known { .. } | PeopleError::KnownByAnotherName => "paper",
        PeopleError::NotASchool | PeopleError::SameSchool => "school",
        PeopleError::TooEarly(_)
        | PeopleError::NotYet
        | PeopleError::Overlaps(_)
        | PeopleError::BeforeLeft(_)
        | PeopleError::LentBefore(_)
        | PeopleError::Transferred
        | PeopleError::AfterLoan(_) => "on",
        PeopleError::Words => "subject",
        PeopleError::NoReason => "reason",
        PeopleError::InPost { .. } | PeopleError::NoPost | PeopleError::Secondment(_) => "school",
        PeopleError::Team(_) => "person",
    };
    Ok(FormErrors::one(field, error.to_string()))
}
