//! On the way to a service and back.

use chrono::TimeDelta;
use serde_json::json;
use tisheng_kernel::{Id, Phone};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx, audit};
use tisheng_registry::access::{self, Accepted, Standing, Vouched};
use tisheng_registry::people::{self, Person};

use super::keep::back_at;
use crate::door::cas;
use crate::door::fault::{DoorError, declined};
use crate::door::model::{Holds, How, Identity, Kind, Link, Provider, digest};
use crate::door::oidc::{self, Request, Returned};
use crate::door::store::links::Arrival;
use crate::door::store::{self, Attempt};

/// Minutes within which a browser has to come back.
const AWAY_MINUTES: i64 = 15;
/// Minutes within which somebody has to confirm who they are here.
const ARRIVED_MINUTES: i64 = 30;

/// The service `id`, when people may come by it.
///
/// # Errors
/// Not found otherwise.
pub async fn active(tx: &mut Tx, id: Id<Provider>) -> Result<Provider, Failure> {
    store::by_id(tx, id).await?.filter(|provider| provider.is_active).ok_or(Failure::NotFound)
}

/// A browser sets out for the service, to come to `back` in the end. Gives the address to which it
/// goes, and the secret that its cookie keeps, which is `browser` where there is one. May ask
/// another host.
///
/// # Errors
/// [`DoorError`].
pub async fn set_out(
    ctx: &Ctx,
    id: Id<Provider>,
    browser: Option<&str>,
    back: &str,
) -> Result<(String, String), DoorError> {
    let mut tx = ctx.read().await?;
    let provider = active(&mut tx, id).await?;
    drop(tx);
    let browser = browser.map_or_else(oidc::secret, str::to_owned);
    let (state, nonce, verifier) = (oidc::secret(), oidc::secret(), oidc::secret());
    let back_at = back_at(ctx, id);
    let (to, attempt) = match provider.kind {
        Kind::Oidc => {
            let endpoints = oidc::endpoints(ctx, &provider).await?;
            let request = Request { back_at: &back_at, state: &state, nonce: &nonce, verifier: &verifier };
            let verifier = ctx.app.keys.seal(&verifier);
            let attempt = Attempt { nonce: digest(&nonce), verifier, back: back.to_owned() };
            (oidc::sign_in_at(&provider, &endpoints, &request), attempt)
        }
        Kind::Cas => {
            let attempt = Attempt { nonce: Vec::new(), verifier: Vec::new(), back: back.to_owned() };
            (cas::sign_in_at(&provider, &service(&back_at, &state)), attempt)
        }
    };
    let mut tx = ctx.write().await?;
    let expires = ctx.at + TimeDelta::minutes(AWAY_MINUTES);
    store::begin(&mut tx, (&digest(&state), id, &digest(&browser)), &attempt, (ctx.at, expires)).await?;
    tx.commit().await?;
    Ok((to, browser))
}

/// The address that a CAS server sends a browser back to, and confirms tickets for.
fn service(back_at: &str, state: &str) -> String {
    format!("{back_at}?state={state}")
}

/// What a service sends back with the browser; an empty text is not there.
#[derive(Debug, Default)]
pub struct Answer<'a> {
    /// What we gave along.
    pub state: &'a str,
    /// The code, of OpenID Connect.
    pub code: &'a str,
    /// How the service names itself, of OpenID Connect.
    pub issuer: &'a str,
    /// The code of an error.
    pub error: &'a str,
    /// The ticket, of CAS.
    pub ticket: &'a str,
}

/// What became of somebody who came back.
#[derive(Debug)]
pub enum Came {
    /// Let in, so far.
    In {
        /// As which session.
        accepted: Accepted,
        /// Where to in the end.
        back: String,
        /// The login of the account that has just been found and linked.
        found: Option<String>,
    },
    /// Whoever is signed in already has this very link.
    Already,
    /// No account is linked; the owner has to confirm one.
    Unlinked,
}

/// Takes back a browser. Asks another host.
///
/// # Errors
/// [`DoorError`].
pub async fn come_back(
    ctx: &Ctx,
    id: Id<Provider>,
    browser: Option<&str>,
    answer: &Answer<'_>,
) -> Result<Came, DoorError> {
    let browser = digest(browser.ok_or(DoorError::Expired)?);
    let mut tx = ctx.write().await?;
    let provider = active(&mut tx, id).await?;
    let taken = store::take_attempt(&mut tx, (&digest(answer.state), id, &browser), ctx.at).await?;
    tx.commit().await?;
    let attempt = taken.ok_or(DoorError::Expired)?;
    if !answer.error.is_empty() {
        return Err(declined(answer.error));
    }
    let identity = identity(ctx, &provider, &attempt, answer).await?;
    let mut tx = ctx.write().await?;
    let came = receive(ctx, &mut tx, (&provider, &browser), &identity, attempt.back).await?;
    tx.commit().await?;
    Ok(came)
}

/// Whom the service vouches for.
async fn identity(
    ctx: &Ctx,
    provider: &Provider,
    attempt: &Attempt,
    answer: &Answer<'_>,
) -> Result<Identity, DoorError> {
    let back_at = back_at(ctx, provider.id);
    match provider.kind {
        Kind::Oidc => {
            if answer.code.is_empty() {
                return Err(declined(""));
            }
            let verifier = ctx.app.keys.open(&attempt.verifier).map_err(|_| DoorError::Expired)?;
            let returned = Returned { code: answer.code, issuer: answer.issuer };
            oidc::exchange(ctx, provider, &returned, (&back_at, &verifier, &attempt.nonce)).await
        }
        Kind::Cas => {
            if answer.ticket.is_empty() {
                return Err(declined("access_denied"));
            }
            cas::validate(ctx, provider, &service(&back_at, answer.state), answer.ticket).await
        }
    }
}

/// The service's name for a person as it is stored: nobody learns it from there, and at another
/// address it is another one.
pub(in crate::door) fn subject(ctx: &Ctx, provider: &Provider, name: &str) -> Vec<u8> {
    ctx.app.keys.index("door subject", &format!("{}\n{name}", provider.address))
}

async fn receive(
    ctx: &Ctx,
    tx: &mut Tx,
    (provider, browser): (&Provider, &[u8]),
    identity: &Identity,
    back: String,
) -> Result<Came, DoorError> {
    let subject = subject(ctx, provider, &identity.subject);
    let known = store::links::link_of_subject(tx, provider.id, &subject).await?;
    if let Some(member) = ctx.who.member() {
        return match known {
            Some(link) if link.account.uuid() == member.account => Ok(Came::Already),
            Some(_) => Err(DoorError::Elsewhere),
            None => remember(ctx, tx, (provider, browser), subject, identity).await,
        };
    }
    if let Some(link) = known {
        let standing = access::standing(ctx, tx, link.account).await?;
        let standing = standing.ok_or(DoorError::SignIn(access::SignInError::Closed))?;
        let accepted = let_in(ctx, tx, provider, identity, &standing, link.id).await?;
        return Ok(Came::In { accepted, back, found: None });
    }
    let Some(standing) = find(ctx, tx, provider, identity).await? else {
        if provider.local_allowed {
            return remember(ctx, tx, (provider, browser), subject, identity).await;
        }
        return Err(DoorError::Nobody);
    };
    let link = tie(ctx, tx, (provider, &subject), &standing, How::Claim).await?;
    let accepted = let_in(ctx, tx, provider, identity, &standing, link).await?;
    Ok(Came::In { accepted, back, found: Some(standing.login) })
}

/// Keeps in mind whom the service vouches for, until the owner of an account confirms it.
async fn remember(
    ctx: &Ctx,
    tx: &mut Tx,
    (provider, browser): (&Provider, &[u8]),
    subject: Vec<u8>,
    identity: &Identity,
) -> Result<Came, DoorError> {
    let arrival = Arrival { subject, shown: ctx.app.keys.seal(&identity.shown) };
    let expires = ctx.at + TimeDelta::minutes(ARRIVED_MINUTES);
    store::links::arrive(tx, (browser, provider.id), &arrival, (ctx.at, expires)).await?;
    Ok(Came::Unlinked)
}

/// The one person with an account in the territory whose number the service has named.
async fn find(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: &Provider,
    identity: &Identity,
) -> Result<Option<Standing>, DoorError> {
    let (Some((_, holds)), Some(number)) = (&provider.claim, &identity.claim) else { return Ok(None) };
    let people: Vec<Person> = match holds {
        Holds::Paper => people::find_by_paper(ctx, tx, number).await?.into_iter().collect(),
        Holds::Phone => match Phone::parse(number) {
            Ok(phone) => people::find_by_phone(ctx, tx, &phone).await?,
            Err(_) => Vec::new(),
        },
    };
    let mut found = Vec::new();
    for person in people {
        let standing = access::standing_of(ctx, tx, person.id).await?;
        found.extend(standing.filter(|one| !one.grants.is_empty() && provider.vouches_for(&one.grants)));
    }
    Ok(if found.len() == 1 { found.pop() } else { None })
}

/// Links the account to the service's name for its owner.
///
/// # Errors
/// [`DoorError::Outside`]; [`DoorError::Taken`] when either belongs to another already.
pub(in crate::door) async fn tie(
    ctx: &Ctx,
    tx: &mut Tx,
    (provider, subject): (&Provider, &[u8]),
    standing: &Standing,
    how: How,
) -> Result<Id<Link>, DoorError> {
    if !provider.vouches_for(&standing.grants) {
        return Err(DoorError::Outside(provider.node_name.clone()));
    }
    let id: Id<Link> = ctx.id();
    let link = (standing.account, how);
    if !store::links::insert_link(tx, id, (provider.id, subject), link, ctx.at).await? {
        return Err(DoorError::Taken);
    }
    let detail = json!({ "provider": provider.id, "link": id, "how": how.key() });
    audit::record(ctx, tx, "door.linked", standing.account.uuid(), &detail).await?;
    Ok(id)
}

/// Lets the owner of a linked account in, as far as the service vouches for them.
async fn let_in(
    ctx: &Ctx,
    tx: &mut Tx,
    provider: &Provider,
    identity: &Identity,
    standing: &Standing,
    link: Id<Link>,
) -> Result<Accepted, DoorError> {
    if !provider.vouches_for(&standing.grants) {
        return Err(DoorError::Outside(provider.node_name.clone()));
    }
    store::links::used(tx, link, ctx.at).await?;
    let via = provider.via(&identity.ticket);
    let second_factor = provider.spares_second_factor(&standing.grants, &identity.factors);
    let vouched = Vouched { via: &via, second_factor };
    Ok(access::sign_in_vouched(ctx, tx, standing.account, vouched).await?)
}
