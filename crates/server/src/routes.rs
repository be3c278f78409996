//! Which rooms the product has: their routes, their long-lived things.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tisheng_assessment::handover::{self, ReceiptFile};
use tisheng_assessment::{certificate, evidence, review};
use tisheng_gateway::{api, door, lrs, lti, oneroster, token, webhook};
use tisheng_insight::{home, monitoring};
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::web::serve::Rooms;
use tisheng_platform::{App, Ctx, Parts};
use tisheng_policy::scheme::{self, Programme, Rulebook};
use tisheng_registry::organisation::Node;
use tisheng_registry::people::{Person, TeamSource};
use tisheng_registry::roster::{self, Entry, Kinds};
use tisheng_registry::{access, organisation, people, posting, restructuring};
use tisheng_rules::plan::TeamRule;
use tisheng_training::course::{Course, CourseFile, Entrances, Way};
use tisheng_training::reconciliation::StatementFile;
use tisheng_training::selection::Judgements;
use tisheng_training::{activity, course, hours, learning, platform, selection};
use tisheng_typeset::{Fonts, Typesetter};

/// The routes of all rooms.
pub fn all() -> Rooms {
    let machines = lrs::routes().merge(lti::routes()).merge(api::routes()).merge(oneroster::routes());
    Rooms { pages: rooms(), machines }
}

fn rooms() -> Router<Arc<App>> {
    Router::new()
        .merge(organisation::routes())
        .merge(people::routes())
        .merge(access::routes())
        .merge(posting::routes())
        .merge(restructuring::routes())
        .merge(roster::routes())
        .merge(scheme::routes())
        .merge(tisheng_training::routes())
        .merge(evidence::routes())
        .merge(review::routes())
        .merge(certificate::routes())
        .merge(handover::routes())
        .merge(monitoring::routes())
        .merge(home::routes())
        .merge(door::routes())
        .merge(lrs::pages())
        .merge(lti::pages())
        .merge(token::routes())
        .merge(api::pages())
        .merge(webhook::routes())
        .merge(oneroster::pages())
}

/// The long-lived things of all rooms.
pub fn parts() -> Result<Parts, Box<dyn std::error::Error + Send + Sync>> {
    let fonts = match std::env::var_os("TISHENG_FONTS") {
        Some(folder) => Fonts::with_folder(Path::new(&folder))
            .map_err(|e| format!("TISHENG_FONTS {}: {e}", folder.display()))?,
        None => Fonts::embedded(),
    };
    let kinds = Kinds::new(vec![
        Entry::of::<roster::Schools>(),
        Entry::of::<roster::Teachers>(),
        Entry::of::<roster::Roles>(),
        Entry::of::<hours::HoursFile>().with_origins(platform::origins),
        Entry::of::<CourseFile>(),
        Entry::of::<StatementFile>(),
        Entry::of::<ReceiptFile>(),
    ])
    .with_tie("学时记录", |tx, person| Box::pin(hours::keeps_of(tx, person)))
    .with_tie("学习平台账号", |tx, person| Box::pin(learning::keeps_of(tx, person)))
    .with_tie("选学", |tx, person| Box::pin(selection::keeps_of(tx, person)))
    .with_tie("校本活动的考勤", |tx, person| Box::pin(activity::keeps_of(tx, person)))
    .with_tie("认证材料", |tx, person| Box::pin(evidence::keeps_of(tx, person)))
    .with_tie("评审任务", |tx, person| Box::pin(review::keeps_of(tx, person)))
    .with_tie("证书", |tx, person| Box::pin(certificate::keeps_of(tx, person)));
    Ok(Parts::default()
        .with(Rulebook::default())
        .with(Typesetter::new(fonts))
        .with(certificate::EXAMINE)
        .with(certificate::FINAL_BY)
        .with(door::WAYS)
        .with(scheme::ENVIRONMENTS)
        .with(TeamSource::new(team_rules))
        .with(hours::Trails::new(learning::tell))
        .with(hours::Senders(platform::senders))
        .with(hours::Worths(course::worth))
        .with(selection::Judged::new(judgements))
        .with(lrs::Desk::default())
        .with(Entrances::new(entrance))
        .with(token::Gate::default())
        .with(oneroster::Totals::default())
        .with(kinds))
}

/// The way to a course that is opened in the tool of its platform; another is entered at its address.
async fn entrance(ctx: Ctx, course: Course) -> Result<Option<Way>, Failure> {
    let mut tx = ctx.read().await?;
    Ok(lti::way(&mut tx, &course).await?)
}

/// The capabilities and works that a teacher has passed, and the certificate that rests on them.
async fn judgements(ctx: Ctx, programme: Id<Programme>, person: Id<Person>) -> Result<Judgements, Failure> {
    let mut tx = ctx.read().await?;
    let results = review::results(&mut tx, programme.uuid(), person.uuid()).await?;
    let under_way = review::under_way(&mut tx, programme, person).await?;
    let certificate = certificate::valid(&mut tx, programme, person).await?;
    let passed = results.into_iter().filter(|result| result.level.is_passed());
    let passed = passed.map(|result| (result.capability, result.final_at.date())).collect();
    Ok(Judgements { passed, under_way, certificate: certificate.map(|certificate| certificate.number) })
}

/// What the scheme that runs at `node` asks of the teams of a school; nothing where none runs.
async fn team_rules(ctx: Ctx, node: Id<Node>) -> Result<Vec<TeamRule>, Failure> {
    let mut tx = ctx.read().await?;
    let node = organisation::visible(&ctx, &mut tx, node).await?;
    match scheme::at(&mut tx, &node.path).await {
        Ok(programme) => Ok(scheme::rules(&ctx.app, &mut tx, &programme).await?.teams.clone()),
        Err(Failure::NotFound) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}
