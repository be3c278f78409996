//! A person's record, its correction, and looks at the whole numbers.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::identity::Sex;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, once};

use super::{Told, form_errors, load, page_of, papers, sexes, told};
use crate::organisation;
use crate::people::actions::{self, Correction, PeopleError};
use crate::people::model::{Person, Post, PostState};
use crate::people::moves::Secondment;
use crate::people::{self, personal, store};
use crate::role::{Permission, Role, allows, permit, role};

#[derive(Template)]
#[template(path = "people/pages/person.html")]
struct PersonPage {
    page: Page,
    person: Person,
    open: Option<Post>,
    posts: Vec<Post>,
    secondments: Vec<Secondment>,
    /// May change record and post.
    may_keep: bool,
    /// Looks after more than one school, and so can move people between them.
    spans_schools: bool,
    /// May see the whole numbers.
    may_reveal: bool,
    /// May see account and roles.
    may_roles: bool,
    /// May see the hours of a teacher.
    may_hours: bool,
    /// Looks at the own record as a teacher.
    is_own_teacher: bool,
}

impl PersonPage {
    /// The days from `since` to the one before `until`; one day alone when it ended as it began.
    fn period(&self, since: &NaiveDate, until: &Option<NaiveDate>) -> String {
        let first = organisation::day(since);
        match until {
            None => format!("{first}至今"),
            Some(until) if until <= since => format!("{first}（当日）"),
            Some(until) => format!("{first} — {}", organisation::last_day(until)),
        }
    }
}

/// `GET /people/{person}`
pub async fn show(asker: SignedIn, Path(person): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let person = load(ctx, &mut tx, &person).await?;
    let posts = store::posts_of(&mut tx, person.id).await?;
    // One's own record is shown to oneself in any role; changing it takes the record within reach.
    let within = store::visible(&mut tx, &ctx.scope(), person.id).await?.is_some();
    let has_post = posts.iter().any(|post| post.until.is_none());
    let spans_schools = within && people::spans_schools(ctx, &mut tx).await?;
    layout::show(&PersonPage {
        page: Page::new(&asker, person.name.clone(), "/people"),
        open: posts.iter().find(|post| post.until.is_none()).cloned(),
        posts,
        secondments: store::secondments_of(&mut tx, person.id).await?,
        spans_schools,
        may_keep: within && allows(ctx, Permission::KeepPeople),
        may_reveal: within && allows(ctx, Permission::ShowPersonalData),
        may_roles: within && allows(ctx, Permission::SeeRoles),
        may_hours: within && has_post && allows(ctx, Permission::SeeRoles),
        is_own_teacher: asker.member().person == person.id.uuid() && role(ctx) == Some(Role::Teacher),
        person,
    })
}

#[derive(Template)]
#[template(path = "people/pages/edit.html")]
struct EditPage {
    page: Page,
    person: Person,
    typed: Fields,
    errors: FormErrors,
    papers: Vec<(&'static str, &'static str)>,
    sexes: Vec<(&'static str, &'static str)>,
    /// The version that the form was made from.
    version: i64,
    /// Where somebody else has changed the record meanwhile: what is called how, what stands there
    /// now, what was typed.
    contested: Vec<Contested>,
}

/// A field of a record that two people change at once.
struct Contested {
    title: &'static str,
    now: String,
    typed: String,
}

impl EditPage {
    /// What was typed into a field, or what stands there now.
    fn value<'v>(&'v self, field: &str, now: &'v str) -> &'v str {
        if self.typed.pairs().is_empty() { now } else { self.typed.text(field) }
    }

    fn birth_year(&self) -> String {
        self.person.birth_year.map(|year| year.to_string()).unwrap_or_default()
    }
}

/// `GET /people/{person}/edit`
pub async fn edit_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    layout::show(&edit_page(&asker, &person, Fields::default(), FormErrors::default()).await?)
}

async fn edit_page(
    asker: &SignedIn,
    person: &str,
    typed: Fields,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    permit(&asker.ctx, Permission::KeepPeople)?;
    let mut tx = asker.ctx.read().await?;
    let person = load(&asker.ctx, &mut tx, person).await?;
    let page = page_of(asker, &person, "更正信息");
    // A form that comes back with a mistake is still made from what its reader saw.
    let version = typed.text("version").parse().unwrap_or(person.version);
    let (papers, sexes, contested) = (papers(), sexes(), Vec::new());
    Ok(EditPage { page, person, typed, errors, papers, sexes, version, contested })
}

/// The numbers that a form would put in place of those registered, with their middles hidden.
struct Replacing {
    phone: Option<String>,
    paper: Option<String>,
}

/// The form once more, for somebody who did not see the record as it is now.
async fn contested_page(
    asker: &SignedIn,
    person: &str,
    typed: Fields,
    new: Replacing,
) -> Result<EditPage, Failure> {
    const CHANGED: &str = "您打开表单之后，这份信息已被他人修改。请对照后决定保留哪一个，再保存";
    const ELSEWHERE: &str = "您打开表单之后，他人修改了这份信息，与您填写的没有冲突，可以再次保存";
    const AGAIN: &str = "请再填写一次新证件号码";
    let mut page = edit_page(asker, person, typed, FormErrors::default()).await?;
    let now = &page.person;
    let sex = |code: &str| code.parse().map_or("未说明", Sex::chinese).to_owned();
    let typed = |field: &str| page.typed.text(field).to_owned();
    let said = [
        ("姓名", now.name.clone(), typed("name")),
        ("性别", sex(now.sex.code()), sex(&typed("sex"))),
        ("出生年份", page.birth_year(), typed("birth_year")),
    ];
    let phone = new.phone.map(|new| ("手机号", now.phone_masked.clone().unwrap_or_default(), new));
    let is_replaced = new.paper.is_some();
    let paper = new.paper.map(|new| ("证件号码", now.paper_masked.clone(), new));
    let fields = said.into_iter().chain(phone).chain(paper).filter(|(_, now, typed)| now != typed);
    let contested = fields.map(|(title, now, typed)| Contested { title, now, typed });
    page.contested = contested.collect();
    page.version = page.person.version;
    page.errors.add("name", if page.contested.is_empty() { ELSEWHERE } else { CHANGED });
    if is_replaced {
        // A whole number is never sent back to a page.
        page.errors.add("paper", AGAIN);
    }
    Ok(page)
}

/// `POST /people/{person}/edit`
pub async fn correct(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = person.parse().map_err(|_| Failure::NotFound)?;
    let Told { name, identity, phone, sex, mut errors } = told(&fields);
    let birth_year = match fields.text("birth_year") {
        "" => None,
        text => match text.parse::<i64>() {
            Ok(year) if (1930..=2010).contains(&year) => Some(year),
            _ => {
                errors.add("birth_year", "出生年份应为四位数字，例如 1985");
                None
            }
        },
    };
    if let (Some(name), true) = (&name, errors.is_empty()) {
        let mut once = match once::begin(&asker.ctx, &fields).await? {
            Begun::Again(answer) => return Ok(answer),
            Begun::Fresh(once) => once,
        };
        let change = Correction {
            person: id,
            version: fields.text("version").parse().unwrap_or(0),
            name,
            identity: identity.as_ref(),
            phone: phone.as_ref(),
            sex,
            birth_year,
        };
        match actions::correct(&asker.ctx, &mut once.tx, &change).await {
            Ok(()) => return once.done(&format!("/people/{id}"), Flash::good("信息已更正。")).await,
            Err(PeopleError::Stale) => {
                drop(once);
                let new = Replacing {
                    phone: phone.map(|phone| phone.masked()),
                    paper: identity.map(|identity| identity.masked()),
                };
                return again(&contested_page(&asker, &person, fields, new).await?);
            }
            Err(error) => errors = form_errors(error)?,
        }
    }
    let titles =
        [("name", "姓名"), ("birth_year", "出生年份"), ("phone", "新手机号"), ("paper", "新证件号码")];
    again(&edit_page(&asker, &person, fields, errors.titled(&titles)).await?)
}

/// Which number is to be shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Paper,
    Phone,
}

impl Number {
    fn read(text: &str) -> Self {
        if text == "phone" { Self::Phone } else { Self::Paper }
    }

    const fn key(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Phone => "phone",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Paper => "证件号码",
            Self::Phone => "手机号",
        }
    }
}

#[derive(Template)]
#[template(path = "people/pages/reveal.html")]
struct RevealPage {
    page: Page,
    person: Person,
    number: Number,
    reason: String,
    errors: FormErrors,
    shown: Option<String>,
}

/// `GET /people/{person}/reveal?number=paper`: asks why.
pub async fn reveal_form(asker: SignedIn, Path(person): Path<String>, filters: Filters) -> Answer {
    let number = Number::read(filters.text("number"));
    layout::show(&reveal_page(&asker, &person, number, "", FormErrors::default(), None).await?)
}

async fn reveal_page(
    asker: &SignedIn,
    person: &str,
    number: Number,
    reason: &str,
    errors: FormErrors,
    shown: Option<String>,
) -> Result<RevealPage, Failure> {
    permit(&asker.ctx, Permission::ShowPersonalData)?;
    let mut tx = asker.ctx.read().await?;
    let person = load(&asker.ctx, &mut tx, person).await?;
    let page = page_of(asker, &person, format!("查看{}", number.title()));
    Ok(RevealPage { page, person, number, reason: reason.to_owned(), errors, shown })
}

/// `POST /people/{person}/reveal`: shows the number in this answer alone; each look leaves its
/// own row in the audit trail, so nothing of it is stored for sending again.
pub async fn reveal(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = person.parse().map_err(|_| Failure::NotFound)?;
    let number = Number::read(fields.text("number"));
    let reason = fields.text("reason");
    let mut tx = asker.ctx.write().await?;
    let shown = match number {
        Number::Paper => personal::show_paper(&asker.ctx, &mut tx, id, reason).await.map(Some),
        Number::Phone => personal::show_phone(&asker.ctx, &mut tx, id, reason).await,
    };
    match shown {
        Ok(shown) => {
            tx.commit().await?;
            let shown = shown.or_else(|| Some("未登记".to_owned()));
            layout::show(&reveal_page(&asker, &person, number, reason, FormErrors::default(), shown).await?)
        }
        Err(error @ PeopleError::NoReason) => {
            drop(tx);
            let errors = FormErrors::one("reason", error.to_string()).titled(&[("reason", "查看原因")]);
            again(&reveal_page(&asker, &person, number, reason, errors, None).await?)
        }
        Err(error) => Err(error.into()),
    }
}
