//! Registering the tool of a platform, changing and stopping it.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::layout::{Flash, again, show as shown};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, Path, once};
use tisheng_training::platform::Platform;

use super::{page_below, show};
use crate::address::with;
use crate::lti::actions::launch::here;
use crate::lti::actions::tools;
use crate::lti::model::ToolState;
use crate::lti::settings::{Settings, filled};

#[derive(Template)]
#[template(path = "lti/pages/edit.html")]
struct EditPage {
    page: Page,
    platform: Platform,
    typed: Fields,
    errors: FormErrors,
    /// Whether the asker says that the tool is told names.
    may_agree: bool,
    is_new: bool,
}

/// `GET /platforms/{id}/tool/edit`
pub async fn form(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    shown(&edit_page(&asker, id, None, FormErrors::default()).await?)
}

async fn edit_page(
    asker: &SignedIn,
    id: Id<Platform>,
    typed: Option<Fields>,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (platform, tool) = tools::of_platform(ctx, &mut tx, id).await?;
    let title = if tool.is_some() { "修改学习工具" } else { "登记学习工具" };
    Ok(EditPage {
        page: page_below(asker, title, &platform),
        platform,
        is_new: tool.is_none(),
        typed: typed.or_else(|| tool.as_ref().map(filled)).unwrap_or_default(),
        errors,
        may_agree: tools::may_agree(ctx),
    })
}

/// `POST /platforms/{id}/tool/edit`
pub async fn save(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, tool) = tools::of_platform(ctx, &mut tx, id).await?;
    drop(tx);
    let settings = match Settings::read(&fields, &ctx.app.outbound) {
        Ok(settings) => settings,
        Err(errors) => return again(&edit_page(&asker, id, Some(fields), errors).await?),
    };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let said = match tool {
        Some(_) => {
            tools::amend(ctx, &mut once.tx, (id, version(&fields)), &settings).await?;
            "已修改。"
        }
        None => {
            let registered = tools::register(ctx, &mut once.tx, id, &settings).await?;
            registered.ok_or_else(|| Failure::Stale("这个平台刚刚登记了工具，请刷新后核对".to_owned()))?;
            "已登记，还没有启用。请把下面的信息填到工具一方，再启用。"
        }
    };
    once.done(&format!("/platforms/{id}/tool"), Flash::good(said)).await
}

/// A form without the number of a version meets none.
pub fn version(fields: &Fields) -> i64 {
    fields.text("version").parse().unwrap_or_default()
}

/// `POST /platforms/{id}/tool/turn`
pub async fn turn(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let state = if fields.text("do") == "resume" { ToolState::Active } else { ToolState::Suspended };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    tools::turn(ctx, &mut once.tx, (id, version(&fields)), state).await?;
    let said = match state {
        ToolState::Active => "已启用，教师可以从课程页打开它。",
        ToolState::Suspended => "已停用，不能打开，也不再接收它送来的成绩。",
    };
    once.done(&format!("/platforms/{id}/tool"), Flash::good(said)).await
}

#[derive(Template)]
#[template(path = "lti/pages/invited.html")]
struct InvitedPage {
    page: Page,
    platform: Platform,
    /// The tool's address with everything that it needs.
    open: String,
    /// Where we say what we are.
    configuration: String,
    token: String,
}

/// `POST /platforms/{id}/tool/invite`: the token stands in this answer alone, so the form has no
/// stored answer; sending it again makes another and ends this one.
pub async fn invite(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let address = fields.text("address");
    let mut tx = ctx.write().await?;
    let (platform, _) = tools::of_platform(ctx, &mut tx, id).await?;
    if let Err(error) = ctx.app.outbound.admits(address) {
        drop(tx);
        let errors = FormErrors::one("address", error.to_string()).titled(&[("address", "登记地址")]);
        return again(&show::page(&asker, id, address, errors).await?);
    }
    let token = tools::invite(ctx, &mut tx, id).await?;
    tx.commit().await?;
    let configuration = format!("{}/.well-known/openid-configuration", here(ctx));
    let pairs = [("openid_configuration", configuration.as_str()), ("registration_token", token.as_str())];
    shown(&InvitedPage {
        page: page_below(&asker, "由工具自动登记", &platform),
        open: with(address, &pairs),
        configuration,
        token,
        platform,
    })
}
