//! One's own roles, and who holds which role at a node.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::paging::{ROWS, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, once};
use tisheng_platform::{Ctx, Tx};

use super::local;
use crate::access::accounts::AccessError;
use crate::access::grants;
use crate::access::model::{Grant, Holder};
use crate::access::sign_in;
use crate::access::store;
use crate::organisation::{self, Node};
use crate::people::{self, Clue, Person};
use crate::role::{Permission, Role, allows};

#[derive(Template)]
#[template(path = "access/pages/roles.html")]
struct ChooserPage<'a> {
    page: Page,
    back: &'a str,
    grants: Vec<Grant>,
    now: (String, Id<Node>),
}

/// `GET /roles`
pub async fn chooser(asker: SignedIn, filters: Filters) -> Answer {
    let member = asker.member();
    let mut tx = asker.ctx.read().await?;
    let grants = store::grants_of(&mut tx, Id::from_uuid(member.person), asker.ctx.at.date()).await?;
    layout::show(&ChooserPage {
        page: Page::new(&asker, if grants.len() > 1 { "选择身份" } else { "我的身份" }, "/roles"),
        back: local(filters.text("back")),
        grants,
        now: (member.role.clone(), Id::from_uuid(member.node)),
    })
}

/// `POST /roles/switch`
pub async fn switch(asker: SignedIn, fields: Fields) -> Answer {
    let to: Id<Grant> = fields.text("grant").parse().map_err(|_| Failure::NotFound)?;
    let mut tx = asker.ctx.write().await?;
    let now = sign_in::switch(&asker.ctx, &mut tx, &asker.token, to).await?;
    tx.commit().await?;
    let flash = Flash::good(format!("已切换为{} · {}。", now.role_title, now.node_name));
    Ok(once::redirect(local(fields.text("back")), Some(&flash)))
}

#[derive(Template)]
#[template(path = "access/pages/holders.html")]
struct HoldersPage<'a> {
    page: Page,
    node: Node,
    holders: Vec<Holder>,
    next: String,
    first: String,
    filters: &'a Filters,
    /// The order in force, as addresses write it.
    order: String,
    /// Roles that stand at such a node, for the filter.
    standing: Vec<(&'static str, &'static str)>,
    /// Roles that the asker may give here.
    gives: Vec<(&'static str, &'static str)>,
    errors: FormErrors,
    typed: Fields,
    suggestions: Vec<Person>,
}

impl HoldersPage<'_> {
    fn may_take(&self, holder: &Holder) -> bool {
        self.gives.iter().any(|(key, _)| *key == holder.grant.role.key())
    }
}

/// `GET /organisation/{node}/roles`
pub async fn at_node(asker: SignedIn, Path(node): Path<String>, filters: Filters) -> Answer {
    let blank = Typed { fields: Fields::default(), errors: FormErrors::default(), suggestions: Vec::new() };
    layout::show(&holders_page(&asker, &node, &filters, blank).await?)
}

/// What was typed into the form that gives a role.
struct Typed {
    fields: Fields,
    errors: FormErrors,
    suggestions: Vec<Person>,
}

async fn holders_page<'a>(
    asker: &SignedIn,
    node: &str,
    filters: &'a Filters,
    typed: Typed,
) -> Result<HoldersPage<'a>, Failure> {
    let ctx = &asker.ctx;
    let id: Id<Node> = node.parse().map_err(|_| Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let only: Option<Role> = filters.text("role").parse().ok();
    let place = filters.cursor();
    let order = store::holders::order(filters.text("sort"));
    let rows = grants::holders_by(ctx, &mut tx, id, (only, order), (&place, ROWS + 1)).await?;
    let node = organisation::visible(ctx, &mut tx, id).await?;
    let slice = Slice::cut(rows, |holder| (holder.place.clone(), holder.grant.id.to_string()));
    let pair = |role: &Role| (role.key(), role.title());
    let standing = Role::ALL.iter().filter(|role| crate::access::stands_at(**role, node.kind));
    let gives = match allows(ctx, Permission::GiveRoles) && node.is_open() {
        true => grants::roles_given_by(ctx, node.kind, &node.path),
        false => Vec::new(),
    };
    Ok(HoldersPage {
        page: Page::new(asker, format!("{}的角色", node.name), "/organisation")
            .crumb(&node.name, format!("/organisation/{}", node.id)),
        holders: slice.rows,
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        first: if place.id.is_empty() { String::new() } else { filters.with("after", "") },
        filters,
        order: order.key(),
        standing: standing.map(pair).collect(),
        gives: gives.iter().map(pair).collect(),
        errors: typed.errors,
        typed: typed.fields,
        suggestions: typed.suggestions,
        node,
    })
}

/// `POST /organisation/{node}/roles`: gives a role to somebody named, or picked from those whom
/// the name may mean.
pub async fn give(asker: SignedIn, Path(node): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Node> = node.parse().map_err(|_| Failure::NotFound)?;
    let mut check = fields.check();
    let name = check.required("name", "姓名", 50);
    let role: Option<Role> = check.chosen("role", "角色");
    let last_day: Option<NaiveDate> =
        if fields.text("last_day").is_empty() { None } else { check.date("last_day", "截止日期") };
    let mut errors = check.errors();
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let picked: Option<Id<Person>> = fields.text("person").parse().ok();
    let suggestions = match picked {
        Some(_) => Vec::new(),
        None => meant(ctx, &mut once.tx, name).await?,
    };
    let person = picked.or(if let [only] = &suggestions[..] { Some(only.id) } else { None });
    if let (Some(role), Some(person), true) = (role, person, errors.is_empty()) {
        let given = match last_day {
            Some(day) => grants::grant_until(ctx, &mut once.tx, person, role, id, day).await,
            None => grants::grant(ctx, &mut once.tx, person, role, id).await,
        };
        match given {
            Ok(_) => {
                let to = format!("/organisation/{id}/roles");
                return once.done(&to, Flash::good(format!("已授予“{}”身份。", role.title()))).await;
            }
            Err(AccessError::Failed(failure)) => return Err(failure),
            Err(error @ AccessError::Past) => errors.add("last_day", error.to_string()),
            Err(error) => errors.add("role", error.to_string()),
        }
    } else if person.is_none() && !name.is_empty() {
        errors = FormErrors::one("name", unclear(suggestions.len())).and(errors);
    }
    drop(once);
    let errors = errors.titled(&[("name", "姓名"), ("role", "角色"), ("last_day", "截止日期")]);
    let typed = Typed { fields, errors, suggestions };
    again(&holders_page(&asker, &node, &Filters::default(), typed).await?)
}

fn unclear(found: usize) -> &'static str {
    if found == 0 {
        "没有找到这位人员：请核对姓名，或先在“人员”中登记"
    } else {
        "有几位同名或同音的人员，请在下面选定一位"
    }
}

/// The people whom a name may mean, within what the asker may see.
async fn meant(ctx: &Ctx, tx: &mut Tx, name: &str) -> Result<Vec<Person>, Failure> {
    let clue = Clue { name, ..Clue::default() };
    match people::match_person(ctx, tx, &clue).await? {
        people::Match::None { suggestions } => Ok(suggestions),
        people::Match::Several(several) => Ok(several),
        people::Match::One(id) => Ok(vec![people::visible(ctx, tx, id).await?]),
    }
}

/// `POST /organisation/{node}/roles/{grant}/end`
pub async fn take(asker: SignedIn, Path((node, grant)): Path<(String, String)>, fields: Fields) -> Answer {
    let id: Id<Grant> = grant.parse().map_err(|_| Failure::NotFound)?;
    let node: Id<Node> = node.parse().map_err(|_| Failure::NotFound)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let taken = grants::take_back(&asker.ctx, &mut once.tx, id).await?;
            let to = format!("/organisation/{node}/roles");
            let until = taken.until.map(|day| day.to_string()).unwrap_or_default();
            let flash = Flash::good(format!("已收回“{}”身份。", taken.role.title())).undone_by(
                &asker.ctx,
                format!("{to}/{id}/restore"),
                &[("until", &until)],
            );
            once.done(&to, flash).await
        }
    }
}

/// `POST /organisation/{node}/roles/{grant}/restore`: undoes [`take`]; `until` is as the grant had it.
pub async fn restore(asker: SignedIn, Path((node, grant)): Path<(String, String)>, fields: Fields) -> Answer {
    let id: Id<Grant> = grant.parse().map_err(|_| Failure::NotFound)?;
    let node: Id<Node> = node.parse().map_err(|_| Failure::NotFound)?;
    let until = match fields.text("until") {
        "" => None,
        text => Some(text.parse().map_err(|_| Failure::NotFound)?),
    };
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let given = grants::give_back(&asker.ctx, &mut once.tx, id, until).await?;
            let flash = Flash::good(format!("已恢复“{}”身份。", given.role.title()));
            once.done(&format!("/organisation/{node}/roles"), flash).await
        }
    }
}
