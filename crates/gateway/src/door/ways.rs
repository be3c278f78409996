//! What the room of accounts asks of the services.

use tisheng_kernel::Id;
use tisheng_platform::{DbError, Scope, Tx};
use tisheng_registry::access::{Account, Grant, Linked, Links, Offered, Way, Ways};

use super::model::{Provider, provider_of};
use super::store;

/// Services that the sign-in page shows at once; where there are more, one looks for one's own.
const SHOWN: usize = 6;

/// The services as ways to sign in.
pub const WAYS: Ways = Ways {
    offered: |tx, wanted| Box::pin(offered(tx, wanted)),
    instead: |tx, grants| Box::pin(instead(tx, grants)),
    links: |tx, account, grants| Box::pin(links(tx, account, grants)),
    vouches: |tx, via, path| Box::pin(vouches(tx, via, path)),
    left: |tx, via| Box::pin(left(tx, via)),
};

/// Where the way to a service begins.
fn way(provider: &Provider) -> Way {
    Way {
        name: provider.name.clone(),
        territory: provider.node_name.clone(),
        href: format!("/sign-in/via/{}", provider.id),
    }
}

async fn offered(tx: &mut Tx, wanted: &str) -> Result<Offered, DbError> {
    let most = i64::try_from(SHOWN).unwrap_or(i64::MAX).saturating_add(1);
    let found = store::offered(tx, wanted, most).await?;
    if wanted.is_empty() && found.len() > SHOWN {
        return Ok(Offered { ways: Vec::new(), many: true });
    }
    Ok(Offered { ways: found.iter().take(SHOWN).map(way).collect(), many: !wanted.is_empty() })
}

async fn instead(tx: &mut Tx, grants: &[Grant]) -> Result<Option<Way>, DbError> {
    let Some(first) = grants.first() else { return Ok(None) };
    let nearest_first = store::above(tx, &first.path).await?;
    Ok(nearest_first.iter().find(|provider| provider.replaces_password(grants)).map(way))
}

async fn links(tx: &mut Tx, account: Id<Account>, grants: &[Grant]) -> Result<Links, DbError> {
    let (mut links, mut known) = (Links::default(), Vec::new());
    for link in store::links::links_of_account(tx, account).await? {
        known.push(link.provider);
        let provider = store::by_id(tx, link.provider).await?;
        links.held.push(Linked {
            id: link.id.uuid(),
            name: provider.map(|provider| provider.name).unwrap_or_default(),
            since: link.linked_at,
            used_at: link.used_at,
        });
    }
    if let Some(first) = grants.first() {
        let near = store::above(tx, &first.path).await?;
        let open = near.iter().filter(|one| !known.contains(&one.id) && one.vouches_for(grants));
        links.open = open.map(way).collect();
    }
    Ok(links)
}

async fn vouches(tx: &mut Tx, via: &str, path: &str) -> Result<bool, DbError> {
    let Some(id) = provider_of(via) else { return Ok(false) };
    let provider = store::by_id(tx, id).await?.filter(|provider| provider.is_active);
    Ok(provider.is_some_and(|provider| Scope::below(&provider.path).holds(path)))
}

async fn left(_: &mut Tx, via: &str) -> Result<Option<String>, DbError> {
    Ok(provider_of(via).map(|id| format!("/sign-in/via/{id}/left")))
}
