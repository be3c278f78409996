//! The panel of a school or an office: who sits in it, who leads it.

use askama::Template;
use serde_json::json;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, Page, once};
use tisheng_platform::{Ctx, Member, Tx, audit, jobs};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation;
use uuid::Uuid;

use super::board::store::{self, Colleague, NewSeat, Seat};
use super::jobs::OfPanel;
use super::{PANEL_JOB, actions, seats};

/// Who appoints the panel of their node.
pub(super) const APPOINTERS: [Role; 4] = [Role::Principal, Role::County, Role::City, Role::Province];

#[derive(Template)]
#[template(path = "review/pages/panel.html")]
struct PanelPage {
    page: Page,
    node: String,
    seats: Vec<Seat>,
    query: String,
    found: Vec<Colleague>,
}

fn parsed(id: &str) -> Result<Uuid, Failure> {
    Uuid::try_parse(id).map_err(|_| Failure::NotFound)
}

/// `GET /review/panel`
pub async fn page(asker: SignedIn, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &APPOINTERS)?;
    let mut tx = ctx.read().await?;
    let programme = actions::programme(ctx, &mut tx).await?;
    let seats = store::panel(&mut tx, programme, member.node).await?;
    let query = filters.text("q").to_owned();
    let found = if query.is_empty() {
        Vec::new()
    } else {
        store::find(&mut tx, &ctx.scope(), &query, programme, (member.node, ctx.at.date())).await?
    };
    drop(tx);
    let page = Page::new(&asker, "考核小组", "/review/panel");
    show(&PanelPage { page, node: member.node_name.clone(), seats, query, found })
}

/// `POST /review/panel`: appoints somebody, as chair in the place of the one before.
pub async fn appoint(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &APPOINTERS)?;
    let person = parsed(fields.text("person"))?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    if !store::may_sit(&mut once.tx, &ctx.scope(), (member.node, ctx.at.date()), person).await? {
        return Err(Failure::NotFound);
    }
    seat(ctx, &mut once.tx, member, person, fields.text("chair") == "yes").await?;
    once.done("/review/panel", Flash::good("考核小组已更新。")).await
}

/// `POST /review/panel/{seat}/chair`: lets a member lead.
pub async fn lead(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &APPOINTERS)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let programme = actions::programme(ctx, &mut once.tx).await?;
    let seats = store::panel(&mut once.tx, programme, member.node).await?;
    let id = parsed(&id)?;
    let chosen = seats.iter().find(|seat| seat.id == id).ok_or(Failure::NotFound)?;
    store::dismiss(&mut once.tx, (programme, member.node), chosen.id, ctx.at, None).await?;
    if let Some(before) = seats.iter().find(|seat| seat.chair && seat.id != id) {
        store::no_chair(&mut once.tx, programme, member.node, ctx.at).await?;
        seat(ctx, &mut once.tx, member, before.person, false).await?;
    }
    seat(ctx, &mut once.tx, member, chosen.person, true).await?;
    once.done("/review/panel", Flash::good(format!("{}已任组长。", chosen.name))).await
}

/// `POST /review/panel/{seat}/dismiss`
pub async fn dismiss(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &APPOINTERS)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let programme = actions::programme(ctx, &mut once.tx).await?;
    let id = parsed(&id)?;
    let seats = store::panel(&mut once.tx, programme, member.node).await?;
    let gone = seats.iter().find(|seat| seat.id == id).ok_or(Failure::NotFound)?;
    if !store::dismiss(&mut once.tx, (programme, member.node), id, ctx.at, None).await? {
        return Err(Failure::NotFound);
    }
    audit::record(ctx, &mut once.tx, "review.panel_dismissed", member.node, &json!({ "seat": id })).await?;
    seats::hand_on(ctx, &mut once.tx, programme, (gone.person, member.node)).await?;
    once.done("/review/panel", Flash::good("已移出考核小组，没有评完的材料转给其他成员。")).await
}

pub(super) async fn seat(
    ctx: &Ctx,
    tx: &mut Tx,
    by: &Member,
    person: Uuid,
    chair: bool,
) -> Result<(), Failure> {
    let programme = actions::programme(ctx, tx).await?;
    if chair {
        store::no_chair(tx, programme, by.node, ctx.at).await?;
    }
    let new = NewSeat {
        programme,
        id: ctx.id::<Seat>().uuid(),
        node: by.node,
        path: &by.path,
        person,
        chair,
        at: ctx.at,
        account: by.account,
    };
    store::appoint(tx, &new).await?;
    let detail = json!({ "person": person, "chair": chair });
    audit::record(ctx, tx, "review.panel_appointed", by.node, &detail).await?;
    draw_for(ctx, tx, programme, (by.node, &by.path), new.id).await
}

/// Orders that works be drawn for that may have waited for the panel at `node`, in which the seat `of` was given.
pub(super) async fn draw_for(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: Uuid,
    (node, path): (Uuid, &str),
    of: Uuid,
) -> Result<(), Failure> {
    // Other schools' work may wait for this panel: everything below the node above is looked at.
    let ancestors = organisation::ancestors(tx, path).await?;
    let above = ancestors.iter().filter(|node| node.path.len() < path.len()).max_by_key(|n| n.path.len());
    let path = above.map_or(path.to_owned(), |node| node.path.clone());
    let key = format!("{}/{}/{}", node.simple(), of.simple(), ctx.at.micros());
    jobs::enqueue(tx, ctx.at, PANEL_JOB, &key, &OfPanel { programme, path }).await?;
    Ok(())
}
