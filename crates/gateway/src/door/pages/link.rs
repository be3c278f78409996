//! Links: confirmed by their owner, cut by the owner or by whoever looks after the account.

use askama::Template;
use axum::http::HeaderMap;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::session::{Session, SignedIn};
use tisheng_platform::web::{Answer, Begun, Fields, Page, layout, once};
use tisheng_registry::people::Person;

use super::super::actions::{arrive, link};
use super::super::model::{Link, Provider};
use super::turned_away;
use super::visit::browser;

#[derive(Template)]
#[template(path = "door/pages/link.html")]
struct LinkPage {
    page: Page,
    provider: Provider,
    /// How the service calls the person.
    shown: String,
    /// Name and login of whoever is signed in.
    own: Option<(String, String)>,
    /// Where a stranger signs in first.
    sign_in: String,
}

/// `GET /sign-in/via/{provider}/link`
pub async fn form(session: Session, headers: HeaderMap, Path(id): Path<Id<Provider>>) -> Answer {
    let ctx = &session.ctx;
    let mut tx = ctx.read().await?;
    let provider = arrive::active(&mut tx, id).await?;
    let shown = match link::arrived(ctx, &mut tx, &provider, browser(ctx, &headers)).await {
        Ok(shown) => shown,
        Err(error) => return turned_away(ctx, error),
    };
    let own = match ctx.who.member() {
        None => None,
        Some(_) => match link::own(ctx, &mut tx, &provider).await {
            Ok(standing) => Some((standing.name, standing.login)),
            Err(error) => return turned_away(ctx, error),
        },
    };
    let here = format!("/sign-in/via/{id}/link");
    let sign_in = format!("/sign-in?back={}", utf8_percent_encode(&here, NON_ALPHANUMERIC));
    layout::show(&LinkPage { page: Page::of(ctx, "关联账号"), provider, shown, own, sign_in })
}

/// `POST /sign-in/via/{provider}/link`
pub async fn confirm(
    asker: SignedIn,
    headers: HeaderMap,
    Path(id): Path<Id<Provider>>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let provider = arrive::active(&mut once.tx, id).await?;
    match link::confirm(ctx, &mut once.tx, &provider, browser(ctx, &headers)).await {
        Ok(()) => {
            let flash = Flash::good(format!("已关联。以后可以用“{}”登录。", provider.name));
            once.done("/account", flash).await
        }
        Err(error) => {
            drop(once);
            turned_away(ctx, error)
        }
    }
}

/// `POST /account/links/{link}/cut`
pub async fn cut_own(asker: SignedIn, Path(id): Path<Id<Link>>, fields: Fields) -> Answer {
    let mut once = match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    link::cut_own(&asker.ctx, &mut once.tx, id).await?;
    once.done("/account", Flash::good("已解除关联。")).await
}

/// `POST /people/{person}/links/{link}/cut`
pub async fn cut_of(
    asker: SignedIn,
    Path((person, id)): Path<(Id<Person>, Id<Link>)>,
    fields: Fields,
) -> Answer {
    let mut once = match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    link::cut_of(&asker.ctx, &mut once.tx, person, id).await?;
    once.done(&format!("/people/{person}/account"), Flash::good("已解除关联，此人需要重新登录。")).await
}
