//! The account of a person whom the asker looks after.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, once};

use crate::access::accounts::{self, AccessError, Issued};
use crate::access::model::{Account, Grant};
use crate::access::slip::Slip;
use crate::access::ways::{Links, Way, Ways};
use crate::access::{grants, store};
use crate::people::{self, Person};
use crate::role::{Permission, permit};

#[derive(Template)]
#[template(path = "access/pages/care.html")]
struct CarePage {
    page: Page,
    errors: FormErrors,
    login: String,
    person: Person,
    account: Option<Account>,
    grants: Vec<Grant>,
    links: Links,
    /// The way that the account is entered by in place of a password.
    instead: Option<Way>,
    /// Whether the asker may change the account: nobody does that to someone above.
    mine: bool,
    /// What is to be handed over, right after it was issued.
    link: Option<Slip>,
}

/// `GET /people/{person}/account`
pub async fn show(asker: SignedIn, Path(person): Path<String>) -> Answer {
    layout::show(&care_page(&asker, &person, FormErrors::default(), "", None).await?)
}

async fn care_page(
    asker: &SignedIn,
    person: &str,
    errors: FormErrors,
    login: &str,
    issued: Option<Issued>,
) -> Result<CarePage, Failure> {
    let ctx = &asker.ctx;
    permit(ctx, Permission::SeeRoles)?;
    let mut tx = ctx.read().await?;
    let person = people::visible(ctx, &mut tx, parse(person)?).await?;
    let gives = permit(ctx, Permission::GiveRoles).is_ok();
    let mine = gives && grants::outranks(ctx, &mut tx, person.id).await.is_ok();
    let account = store::of_person(&mut tx, person.id).await?;
    let today = store::grants_of(&mut tx, person.id, ctx.at.date()).await?;
    let ways = Ways::of(&ctx.app);
    let links = match &account {
        Some(account) => (ways.links)(&mut tx, account.id, &today).await?,
        None => Links::default(),
    };
    Ok(CarePage {
        page: Page::new(asker, format!("{}的账号", person.name), "/people")
            .crumb(&person.name, format!("/people/{}", person.id)),
        errors,
        login: login.to_owned(),
        links,
        instead: (ways.instead)(&mut tx, &today).await?,
        grants: store::all_grants_of(&mut tx, person.id).await?,
        mine,
        link: issued.zip(account.as_ref()).map(|(issued, account)| Slip {
            name: person.name.clone(),
            place: today.first().map(|grant| grant.node_name.clone()).unwrap_or_default(),
            login: account.login.clone(),
            address: issued.address(&ctx.app),
            until: issued.expires,
        }),
        account,
        person,
    })
}

fn parse(person: &str) -> Result<Id<Person>, Failure> {
    person.parse().map_err(|_| Failure::NotFound)
}

/// `POST /people/{person}/account`
pub async fn create(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = parse(&person)?;
    let mut once = match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let login = fields.text("login");
    match accounts::create_account(&asker.ctx, &mut once.tx, id, login).await {
        Ok(_) => {
            let flash = Flash::good("账号已开通。请发放设置链接，由本人设置密码。");
            once.done(&format!("/people/{id}/account"), flash).await
        }
        Err(AccessError::Failed(failure)) => Err(failure),
        Err(error) => {
            drop(once);
            let errors = FormErrors::one("login", error.to_string()).titled(&[("login", "登录账号")]);
            again(&care_page(&asker, &person, errors, login, None).await?)
        }
    }
}

/// `POST /people/{person}/account/link`: the link stands in this answer alone, so the form has no
/// stored answer; sending it again issues another link, and the one before ends.
pub async fn link(asker: SignedIn, Path(person): Path<String>) -> Answer {
    let mut tx = asker.ctx.write().await?;
    let issued = accounts::issue_setup_token(&asker.ctx, &mut tx, parse(&person)?).await?;
    tx.commit().await?;
    layout::show(&care_page(&asker, &person, FormErrors::default(), "", Some(issued)).await?)
}

/// `POST /people/{person}/account/second-factor`
pub async fn reset_second_factor(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = parse(&person)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            accounts::reset_second_factor(&asker.ctx, &mut once.tx, id).await?;
            let flash = Flash::good("动态口令已重置，下次登录时重新设置。");
            once.done(&format!("/people/{id}/account"), flash).await
        }
    }
}

/// `POST /people/{person}/account/disable`
pub async fn disable(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = parse(&person)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let version = accounts::disable(&asker.ctx, &mut once.tx, id).await?.to_string();
            let to = format!("/people/{id}/account");
            let flash = Flash::good("账号已停用。");
            let flash = flash.undone_by(&asker.ctx, format!("{to}/enable"), &[("undoes", &version)]);
            once.done(&to, flash).await
        }
    }
}

/// `POST /people/{person}/account/enable`
pub async fn enable(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = parse(&person)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            match fields.text("undoes").parse() {
                Ok(version) => accounts::undo_disable(&asker.ctx, &mut once.tx, id, version).await?,
                Err(_) => accounts::enable(&asker.ctx, &mut once.tx, id).await?,
            }
            once.done(&format!("/people/{id}/account"), Flash::good("账号已恢复使用。")).await
        }
    }
}
