//! Entering a platform, changing what is known of it, suspending it.

use askama::Template;
use tisheng_kernel::{HourLength, Id};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};
use tisheng_platform::{Ctx, Scope, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access;
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_rules::Scheme;
use tisheng_rules::hours::CategoryRole;

use super::super::actions::{self, OFFICES};
use super::super::model::{Draft, Platform};
use super::{as_form, ground};

/// The fields of the form, as typed.
#[derive(Default)]
struct Typed {
    name: String,
    institution: String,
    home_page: String,
    length: String,
    place_of_hours: String,
    silent_hours: String,
    contact: String,
    version: String,
}

#[derive(Template)]
#[template(path = "platform/pages/edit.html")]
struct EditPage {
    page: Page,
    action: String,
    back: String,
    typed: Typed,
    institutions: Vec<(String, String)>,
    found_at: String,
    places: Vec<(String, String)>,
    errors: FormErrors,
}

/// `GET /platforms/new`
pub async fn new(asker: SignedIn) -> Answer {
    let typed = Typed { silent_hours: "48".to_owned(), ..Typed::default() };
    layout::show(&edit_page(&asker, None, typed, FormErrors::default()).await?)
}

/// `GET /platforms/{id}/edit`
pub async fn form(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = actions::visible(ctx, &mut tx, id).await?;
    drop(tx);
    let typed = Typed {
        name: platform.name,
        institution: platform.institution.to_string(),
        home_page: platform.home_page,
        length: platform.length.minutes().to_string(),
        place_of_hours: format!("{}/{}", platform.category, platform.kind),
        silent_hours: platform.silent_hours.to_string(),
        contact: platform.contact,
        version: platform.version.to_string(),
    };
    layout::show(&edit_page(&asker, Some(id), typed, FormErrors::default()).await?)
}

async fn edit_page(
    asker: &SignedIn,
    id: Option<Id<Platform>>,
    mut typed: Typed,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &OFFICES)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    if typed.length.is_empty() {
        typed.length = rules.hours.length.minutes().to_string();
    }
    let found_at = format!("/organisation/{}/new", Id::<Node>::from_uuid(member.node));
    let (title, action, back) = match id {
        Some(id) => ("修改平台资料", format!("/platforms/{id}/edit"), format!("/platforms/{id}")),
        None => ("登记学习平台", "/platforms/new".to_owned(), "/platforms".to_owned()),
    };
    Ok(EditPage {
        page: Page::new(asker, title, "/platforms").crumb("学习平台", "/platforms"),
        action,
        back,
        typed,
        institutions: institutions(&mut tx, &programme).await?,
        found_at,
        places: places(&rules),
        errors,
    })
}

/// The training institutions of the programme's territory.
async fn institutions(tx: &mut Tx, programme: &Programme) -> Result<Vec<(String, String)>, Failure> {
    let all = organisation::search(tx, &Scope::below(&programme.path), "", Some(Kind::Institution)).await?;
    Ok(all.into_iter().map(|node| (node.id.to_string(), node.name)).collect())
}

/// Where hours may be booked, study on line first.
pub(super) fn places(rules: &Scheme) -> Vec<(String, String)> {
    let mut places = Vec::new();
    for category in &rules.hours.categories {
        let is_online = category.role == CategoryRole::Online;
        if category.kinds.is_empty() {
            places.push((is_online, (format!("{}/", category.key), category.title.value.clone())));
        }
        for kind in &category.kinds {
            let title = format!("{} · {}", *category.title, *kind.title);
            places.push((is_online, (format!("{}/{}", category.key, kind.key), title)));
        }
    }
    places.sort_by_key(|(is_online, _)| !is_online);
    places.into_iter().map(|(_, place)| place).collect()
}

/// Reads the form; what is wrong with it beside what was typed.
fn read(fields: &Fields) -> (Typed, Option<Draft>, FormErrors) {
    let text = |name: &str| fields.text(name).to_owned();
    let typed = Typed {
        name: text("name"),
        institution: text("institution"),
        home_page: text("home_page"),
        length: text("length"),
        place_of_hours: text("place_of_hours"),
        silent_hours: text("silent_hours"),
        contact: text("contact"),
        version: text("version"),
    };
    let mut check = fields.check();
    check.required("name", "平台名称", 40);
    let institution: Option<Id<Node>> = check.chosen("institution", "培训机构");
    let home_page = check.required("home_page", "学员标识地址", 200);
    if !home_page.is_empty() && !home_page.starts_with("https://") && !home_page.starts_with("http://") {
        check.fail("home_page", "学员标识地址应以 https:// 开头");
    }
    let minutes = check.number("length", "每学时分钟数", 20..=120_u16);
    let length = minutes.and_then(|minutes| HourLength::new(minutes).ok());
    let silent_hours = check.number("silent_hours", "静默预警小时数", 1..=2000_i64);
    check.optional("contact", "联系人", 100);
    let place = typed.place_of_hours.split_once('/');
    if place.is_none() {
        check.fail("place_of_hours", "请选择学时类别");
    }
    let errors = check.errors().titled(&[("place_of_hours", "学时类别")]);
    let draft = match (institution, length, silent_hours, place) {
        (Some(institution), Some(length), Some(silent_hours), Some((category, kind)))
            if errors.is_empty() =>
        {
            Some(Draft {
                institution,
                name: typed.name.clone(),
                home_page: typed.home_page.trim_end_matches('/').to_owned(),
                length,
                category: category.to_owned(),
                kind: kind.to_owned(),
                silent_hours,
                contact: typed.contact.clone(),
            })
        }
        _ => None,
    };
    (typed, draft, errors)
}

/// `POST /platforms/new`
pub async fn create(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let (typed, draft, errors) = read(&fields);
    let Some(draft) = draft else { return again(&edit_page(&asker, None, typed, errors).await?) };
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::create(ctx, &mut once.tx, &programme, &draft).await {
        Ok(id) => {
            let flash = Flash::good("平台已登记。接下来为它开通接入方式。");
            once.done(&format!("/platforms/{id}"), flash).await
        }
        Err(error) => {
            drop(once);
            again(&edit_page(&asker, None, typed, as_form(error)?).await?)
        }
    }
}

/// `POST /platforms/{id}/edit`
pub async fn change(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let (typed, draft, errors) = read(&fields);
    let Some(draft) = draft else { return again(&edit_page(&asker, Some(id), typed, errors).await?) };
    let version = version(&fields)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::amend(ctx, &mut once.tx, &programme, (id, version), &draft).await {
        Ok(()) => once.done(&format!("/platforms/{id}"), Flash::good("平台资料已修改。")).await,
        Err(error) => {
            drop(once);
            again(&edit_page(&asker, Some(id), typed, as_form(error)?).await?)
        }
    }
}

fn version(fields: &Fields) -> Result<i64, Failure> {
    fields.text("version").parse().map_err(|_| Failure::Malformed("表单缺少版本号，请刷新页面。".to_owned()))
}

/// `POST /platforms/{id}/turn`
pub async fn turn(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &OFFICES)?;
    let version = version(&fields)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let flash = carry_out(ctx, &mut once.tx, (id, version), fields.text("do")).await?;
    once.done(&format!("/platforms/{id}"), flash).await
}

async fn carry_out(
    ctx: &Ctx,
    tx: &mut Tx,
    (id, version): (Id<Platform>, i64),
    what: &str,
) -> Result<Flash, Failure> {
    match what {
        "suspend" => {
            actions::suspend(ctx, tx, id, version).await?;
            let flash = Flash::good("平台已停用，它再报送的数据会被拒收；已入账的学时不受影响。");
            let next = (version + 1).to_string();
            Ok(flash.undone_by(ctx, format!("/platforms/{id}/turn"), &[("do", "resume"), ("version", &next)]))
        }
        "resume" => {
            actions::resume(ctx, tx, id, version).await?;
            Ok(Flash::good("平台已恢复使用。"))
        }
        _ => Err(Failure::Malformed("没有选择要做的操作。".to_owned())),
    }
}
