//! A platform for the demo and the stories of higher rooms.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::organisation::{self, Kind, NewNode, Node};
use tisheng_rules::hours::CategoryRole;

use super::actions::{create, name_columns};
use super::model::{Draft, Platform, PlatformError};

/// The home page of the sample called `name`.
#[must_use]
pub fn home_page(number: u32) -> String {
    format!("https://study{number}.test")
}

/// An institution below `above` and its platform, entered by the office that asks.
///
/// # Errors
/// What the actions report.
///
/// # Panics
/// Never: every scheme has a category of on-line study, as its check demands.
pub async fn platform(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    (above, number, name): (&Node, u32, &str),
) -> Result<(Node, Id<Platform>), PlatformError> {
    let institution = organisation::create(
        ctx,
        tx,
        &NewNode {
            parent: Some(above.id),
            kind: Kind::Institution,
            name: &format!("{name}培训中心"),
            code: "",
            valid_from: ctx.at.date(),
        },
    )
    .await
    .map_err(tisheng_platform::web::Failure::from)?;
    let rules = scheme::rules(&ctx.app, tx, programme).await?;
    let online = rules.hours.categories.iter().find(|category| category.role == CategoryRole::Online);
    let online = online.expect("a scheme has on-line study");
    let draft = Draft {
        institution: institution.id,
        name: name.to_owned(),
        home_page: home_page(number),
        length: *rules.hours.length,
        category: online.key.clone(),
        kind: online.kinds.first().map(|kind| kind.key.clone()).unwrap_or_default(),
        silent_hours: 48,
        contact: "演示联系人 000-0000".to_owned(),
    };
    let id = create(ctx, tx, programme, &draft).await?;
    Ok((institution, id))
}

/// Says what the platform `id` calls the columns of our files.
///
/// # Errors
/// What the action reports.
pub async fn columns(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Platform>,
    columns: &[(String, String)],
) -> Result<(), PlatformError> {
    name_columns(ctx, tx, id, columns).await
}
