//! Adding a service, changing it, trying it, suspending it.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, Page, layout, once};
use tisheng_registry::access::require;
use tisheng_registry::organisation::Node;

use super::super::actions::keep::{self, KEEPERS};
use super::super::actions::link;
use super::super::model::{Holds, Kind, Link, Provider};
use super::super::settings::{Settings, filled};

#[derive(Template)]
#[template(path = "door/pages/edit.html")]
struct EditPage {
    page: Page,
    kind: Kind,
    typed: Fields,
    errors: FormErrors,
    /// Where it may be added; empty when it is there already.
    territories: Vec<(String, String)>,
    back: String,
    has_secret: bool,
}

impl EditPage {
    fn holds() -> impl Iterator<Item = (&'static str, &'static str)> {
        Holds::ALL.into_iter().map(|holds| (holds.key(), holds.title()))
    }

    fn is_oidc(&self) -> bool {
        self.kind == Kind::Oidc
    }

    fn claim_hint(&self) -> &'static str {
        match self.kind {
            Kind::Oidc => "例如 phone_number；手机号须由对方核验过",
            Kind::Cas => "CAS 的属性名；如果用户名就是号码，写 user",
        }
    }
}

/// `GET /identity-providers/new`
pub async fn new(asker: SignedIn, filters: Filters) -> Answer {
    let kind: Kind = filters.text("kind").parse().unwrap_or(Kind::Oidc);
    let own = ("node".to_owned(), require(&asker.ctx, &KEEPERS)?.node.to_string());
    layout::show(&new_page(&asker, kind, Fields::new(vec![own]), FormErrors::default()).await?)
}

async fn new_page(
    asker: &SignedIn,
    kind: Kind,
    typed: Fields,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    let mut tx = asker.ctx.read().await?;
    let territories = keep::territories(&asker.ctx, &mut tx).await?;
    Ok(EditPage {
        page: Page::new(asker, "登记身份提供方", "/identity-providers")
            .crumb("身份提供方", "/identity-providers"),
        kind,
        typed,
        errors,
        territories: territories.into_iter().map(|node| (node.id.uuid().to_string(), node.name)).collect(),
        back: "/identity-providers".to_owned(),
        has_secret: false,
    })
}

/// `POST /identity-providers/new`
pub async fn add(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &KEEPERS)?;
    let kind: Kind = fields.text("kind").parse().unwrap_or(Kind::Oidc);
    let node: Option<Id<Node>> = fields.text("node").parse().ok();
    let settings = match (Settings::read(&fields, kind, &ctx.app.outbound), node) {
        (Ok(settings), Some(node)) => (settings, node),
        (Err(errors), _) => return again(&new_page(&asker, kind, fields, errors).await?),
        (Ok(_), None) => {
            let errors = FormErrors::one("node", "请选择服务地区").titled(&[("node", "服务地区")]);
            return again(&new_page(&asker, kind, fields, errors).await?);
        }
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let id = keep::add(ctx, &mut once.tx, (settings.1, kind), &settings.0).await?;
    let flash = Flash::good("已登记，还没有启用。请先在对方登记下面的回调地址，检查连接后再启用。");
    once.done(&format!("/identity-providers/{id}"), flash).await
}

/// `GET /identity-providers/{provider}/edit`
pub async fn edit(asker: SignedIn, Path(id): Path<Id<Provider>>) -> Answer {
    let provider = load(&asker, id).await?;
    let typed = filled(&provider);
    layout::show(&edit_page(&asker, &provider, typed, FormErrors::default()))
}

async fn load(asker: &SignedIn, id: Id<Provider>) -> Result<Provider, Failure> {
    let mut tx = asker.ctx.read().await?;
    keep::visible(&asker.ctx, &mut tx, id).await
}

fn edit_page(asker: &SignedIn, provider: &Provider, typed: Fields, errors: FormErrors) -> EditPage {
    let back = format!("/identity-providers/{}", provider.id);
    EditPage {
        page: Page::new(asker, "修改身份提供方", "/identity-providers")
            .crumb("身份提供方", "/identity-providers")
            .crumb(&provider.name, &back),
        kind: provider.kind,
        typed,
        errors,
        territories: Vec::new(),
        back,
        has_secret: provider.secret.is_some(),
    }
}

/// `POST /identity-providers/{provider}/edit`
pub async fn change(asker: SignedIn, Path(id): Path<Id<Provider>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let provider = load(&asker, id).await?;
    let settings = match Settings::read(&fields, provider.kind, &ctx.app.outbound) {
        Ok(settings) => settings,
        Err(errors) => return again(&edit_page(&asker, &provider, fields, errors)),
    };
    let version = version(&fields)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let flash = match keep::change(ctx, &mut once.tx, (id, version), &settings).await? {
        0 => Flash::good("已修改。"),
        ended => {
            Flash::warn(format!("已修改。地址换了，原有的 {ended} 个关联已解除，有关人员需要重新关联。"))
        }
    };
    once.done(&format!("/identity-providers/{id}"), flash).await
}

fn version(fields: &Fields) -> Result<i64, Failure> {
    fields.text("version").parse().map_err(|_| Failure::Malformed("表单缺少版本号，请刷新页面。".to_owned()))
}

/// `POST /identity-providers/{provider}/check`: asks another host, so that no transaction of a
/// form may be open; trying twice is trying twice.
pub async fn check(asker: SignedIn, Path(id): Path<Id<Provider>>) -> Answer {
    let (is_well, said) = keep::check(&asker.ctx, id).await?;
    let flash = if is_well { Flash::good(said) } else { Flash::warn(said) };
    Ok(once::redirect(&format!("/identity-providers/{id}"), Some(&flash)))
}

/// `POST /identity-providers/{provider}/state`
pub async fn set_state(asker: SignedIn, Path(id): Path<Id<Provider>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &KEEPERS)?;
    let version = version(&fields)?;
    let is_active = match fields.text("do") {
        "resume" => true,
        "suspend" => false,
        _ => return Err(Failure::Malformed("没有选择要做的操作。".to_owned())),
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    keep::set_active(ctx, &mut once.tx, (id, version), is_active).await?;
    let said = if is_active {
        "已启用，登录页会显示它的按钮。"
    } else {
        "已停用，由它登录的人需要重新登录。"
    };
    once.done(&format!("/identity-providers/{id}"), Flash::good(said)).await
}

/// `POST /identity-providers/{provider}/links/{link}/cut`
pub async fn cut(
    asker: SignedIn,
    Path((id, linked)): Path<(Id<Provider>, Id<Link>)>,
    fields: Fields,
) -> Answer {
    let mut once = match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    link::cut_at(&asker.ctx, &mut once.tx, id, linked).await?;
    let flash = Flash::good("已解除关联，此人需要重新登录。");
    once.done(&format!("/identity-providers/{id}"), flash).await
}
