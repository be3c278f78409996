//! The services of a territory, and one with those who come by it.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Filters, Page, layout, paging};

use super::super::actions::{keep, leave};
use super::super::model::{Kind, Provider, SecondFactor};
use super::super::store;
use super::super::store::links::LinkedPerson;

#[derive(Template)]
#[template(path = "door/pages/list.html")]
struct ListPage {
    page: Page,
    providers: Vec<(Provider, i64)>,
}

/// `GET /identity-providers`
pub async fn all(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let mut providers = Vec::new();
    for provider in keep::listed(ctx, &mut tx).await? {
        let links = store::links::count_links(&mut tx, provider.id).await?;
        providers.push((provider, links));
    }
    layout::show(&ListPage { page: Page::new(&asker, "身份提供方", "/identity-providers"), providers })
}

#[derive(Template)]
#[template(path = "door/pages/show.html")]
struct ShowPage {
    page: Page,
    provider: Provider,
    /// What the service has to know of us, with the reason.
    registered: Vec<(&'static str, String)>,
    facts: Vec<(&'static str, String)>,
    checked: Option<(String, String)>,
    links: i64,
    wanted: String,
    people: Vec<LinkedPerson>,
    first: String,
    next: String,
}

/// `GET /identity-providers/{provider}`
pub async fn one(asker: SignedIn, Path(id): Path<Id<Provider>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let provider = keep::visible(ctx, &mut tx, id).await?;
    let (wanted, place) = (filters.text("q"), filters.cursor());
    let found = store::links::linked_people(&mut tx, id, wanted, &place, ROWS + 1).await?;
    let slice = paging::Slice::cut(found, |row| (row.sort_key.clone(), row.link.to_string()));
    let mut registered = vec![("回调地址", keep::back_at(ctx, id))];
    if provider.kind == Kind::Oidc {
        registered.push(("退出后返回地址", leave::left_to(ctx)));
    }
    let checked = store::last_check(&mut tx, id).await?;
    layout::show(&ShowPage {
        page: Page::new(&asker, provider.name.clone(), "/identity-providers")
            .crumb("身份提供方", "/identity-providers"),
        registered,
        facts: facts(&provider),
        checked: checked.map(|(at, said)| (at.chinese(), said)),
        links: store::links::count_links(&mut tx, id).await?,
        wanted: wanted.to_owned(),
        first: if place.id.is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        people: slice.rows,
        provider,
    })
}

/// What is set, in words; the secret only as far as there is one.
fn facts(provider: &Provider) -> Vec<(&'static str, String)> {
    let mut facts = vec![
        ("服务地区", provider.node_name.clone()),
        ("方式", provider.kind.title().to_owned()),
        ("地址", provider.address.clone()),
    ];
    if provider.kind == Kind::Oidc {
        facts.push(("客户端标识", provider.client.clone()));
        facts.push(("客户端密钥", if provider.secret.is_some() { "已保存" } else { "没有" }.to_owned()));
        facts.push(("查询范围", format!("openid {}", provider.scopes).trim_end().to_owned()));
    }
    let claim = match &provider.claim {
        Some((name, holds)) => format!("按字段 {name} 中的{}核对", holds.title()),
        None => "由本人用密码登录后确认".to_owned(),
    };
    facts.push(("首次登录", claim));
    let factor = match &provider.second_factor {
        SecondFactor::Own => "使用本系统的动态口令".to_owned(),
        SecondFactor::Provider(values) if values.is_empty() => "由身份提供方完成".to_owned(),
        SecondFactor::Provider(values) => format!("由身份提供方完成（{}）", values.join("、")),
    };
    facts.push(("多因素认证", factor));
    let local = if provider.local_allowed { "可以使用" } else { "关闭（本级工程办除外）" };
    facts.push(("密码登录", local.to_owned()));
    facts
}
