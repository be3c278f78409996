//! What every page has around its content.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Instant};
use uuid::Uuid;

use super::menu::{self, MenuGroup, MenuItem};
use super::once::leads_here;
use super::session::SignedIn;
use super::{Failure, assets};
use crate::ctx::{Ctx, Member, Request};
use crate::keys::Keys;

/// The cookie that carries a message over one redirect.
pub(super) const FLASH_COOKIE: &str = "tisheng_flash";
/// Characters of a message that are carried.
const FLASH_CHARACTERS: usize = 400;

/// How a message is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tone {
    /// It is done.
    Good,
    /// Something to know.
    Note,
    /// Something to attend to.
    Warn,
}

impl Tone {
    /// The class of the style sheet.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Note => "note",
            Self::Warn => "warn",
        }
    }
}

/// What takes back what was just done: a form that one button sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Where it goes, an address of this installation.
    pub to: String,
    /// Its fields, besides the key.
    pub fields: Vec<(String, String)>,
    /// Says that this installation made it, for one account.
    seal: String,
}

impl Undo {
    fn new(keys: &Keys, account: Uuid, to: String, fields: Vec<(String, String)>) -> Self {
        let seal = Self::sealed(keys, account, &to, &fields);
        Self { to, fields, seal }
    }

    /// Whether this installation made it for `account`: another host of the same domain may have set
    /// the cookie.
    fn is_for(&self, keys: &Keys, account: Uuid) -> bool {
        let seal = Self::sealed(keys, account, &self.to, &self.fields);
        leads_here(&self.to) && bool::from(seal.as_bytes().ct_eq(self.seal.as_bytes()))
    }

    fn sealed(keys: &Keys, account: Uuid, to: &str, fields: &[(String, String)]) -> String {
        let what = serde_json::to_string(&(account, to, fields)).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(keys.index("undo", &what))
    }
}

/// A message shown once, on the next page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// How it is meant.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
    /// How what it tells of is taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
}

impl Flash {
    /// It is done.
    #[must_use]
    pub fn good(text: impl Into<String>) -> Self {
        Self { tone: Tone::Good, text: text.into(), undo: None }
    }

    /// Something to know.
    #[must_use]
    pub fn note(text: impl Into<String>) -> Self {
        Self { tone: Tone::Note, text: text.into(), undo: None }
    }

    /// Something to attend to.
    #[must_use]
    pub fn warn(text: impl Into<String>) -> Self {
        Self { tone: Tone::Warn, text: text.into(), undo: None }
    }

    /// The same with a button that takes it back, by sending `fields` to `to`, for whoever acts in `ctx`.
    #[must_use]
    pub fn undone_by(self, ctx: &Ctx, to: impl Into<String>, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let undo = ctx.who.member().map(|by| Undo::new(&ctx.app.keys, by.account, to.into(), fields));
        Self { undo, ..self }
    }

    /// The header that hands the message to the next page. It lives for seconds and holds only
    /// what this browser is about to see anyway.
    #[must_use]
    pub fn cookie(&self) -> HeaderValue {
        // Browsers drop a cookie of more than 4 KiB without a word.
        let text = self.text.chars().take(FLASH_CHARACTERS).collect();
        let short = Self { tone: self.tone, text, undo: self.undo.clone() };
        let text = serde_json::to_string(&short).unwrap_or_default();
        let value = URL_SAFE_NO_PAD.encode(text);
        HeaderValue::from_str(&format!("{FLASH_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age=60"))
            .expect("base64 and attributes are valid in a header")
    }

    /// The message of a cookie, with what only `account` may undo.
    pub(super) fn read(cookie: &str, keys: &Keys, account: Option<Uuid>) -> Option<Self> {
        let flash: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cookie).ok()?).ok()?;
        let undo = flash.undo.filter(|undo| account.is_some_and(|account| undo.is_for(keys, account)));
        Some(Self { undo, ..flash })
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Where to.
    pub href: String,
    /// Its words.
    pub label: String,
}

impl Link {
    /// `label`, leading to `href`.
    #[must_use]
    pub fn new(label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { href: href.into(), label: label.into() }
    }
}

/// What every page has around its content; templates know it as `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The title, also of the browser's tab.
    pub title: String,
    /// The way here.
    pub crumbs: Vec<Link>,
    /// The menu.
    pub nav: Vec<MenuGroup>,
    /// Who is signed in.
    pub who: Option<Member>,
    /// What the page before wanted to say.
    pub flash: Option<Flash>,
    /// The request, for whoever is asked for help.
    pub request: String,
    /// The day that a demonstration takes for today; empty where it is the world's.
    pub day: String,
    /// The day on which it is made, for whoever prints it.
    pub today: String,
}

impl Page {
    /// A page of somebody signed in; `path` marks the menu entry it lies behind.
    #[must_use]
    pub fn new(asker: &SignedIn, title: impl Into<String>, path: &str) -> Self {
        let mut page = Self::of(&asker.ctx, title);
        page.nav = (asker.ctx.app.navigation)(&asker.ctx.who);
        menu::mark(&mut page.nav, path);
        page.flash.clone_from(&asker.flash);
        page
    }

    /// A page without a menu: for strangers, printing and public look-ups.
    #[must_use]
    pub fn of(ctx: &Ctx, title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            crumbs: Vec::new(),
            nav: Vec::new(),
            who: ctx.who.member().cloned(),
            flash: None,
            request: ctx.request.clone(),
            day: day_shown(ctx.at, ctx.app.wall()),
            today: chinese_date(ctx.at.date()),
        }
    }

    /// A page that nobody's request stands behind, such as an error's.
    #[must_use]
    pub fn bare(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            crumbs: Vec::new(),
            nav: Vec::new(),
            who: None,
            flash: None,
            request: String::new(),
            day: String::new(),
            today: String::new(),
        }
    }

    /// The entry of the menu that the page lies behind.
    #[must_use]
    pub fn entry(&self) -> Option<&MenuItem> {
        self.nav.iter().flat_map(|group| &group.items).find(|item| item.current)
    }

    /// Whether an entry of the menu leads here.
    #[must_use]
    pub fn is_in_menu(&self) -> bool {
        self.entry().is_some()
    }

    /// The same page with a step of the way here.
    #[must_use]
    pub fn crumb(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.crumbs.push(Link::new(label, href));
        self
    }

    /// A fresh idempotency key for a form. Each form of a page has its own: whoever goes back in the browser
    /// submits another of them from the same view, which is no repetition of the first.
    #[must_use]
    pub fn form_key(&self) -> String {
        Id::<Request>::new(Instant::from_clock()).to_string()
    }

    /// The address of the asset `name`, which changes with its content.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}

/// The day of a calendar that is at least half a day off: no request takes as long.
fn day_shown(at: Instant, wall: Instant) -> String {
    let off = (wall - at).abs();
    if off > TimeDelta::hours(12) { chinese_date(at.date()) } else { String::new() }
}

/// What a summary of errors begins with; what somebody has typed never has it, since it is escaped.
const SUMMARY: &str = "<div class=\"summary\"";

/// The answer that shows `template`; a message carried here by a cookie is shown only once.
///
/// # Errors
/// When the template cannot be rendered.
pub fn show(template: &impl askama::Template) -> Result<Response, Failure> {
    let mut response = Html(rendered(template)?).into_response();
    let gone = HeaderValue::from_static("tisheng_flash=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0");
    response.headers_mut().append(SET_COOKIE, gone);
    Ok(response)
}

/// The page, with a summary that says what none of its fields does: which of them say their errors is known once
/// they have been rendered, and the summary stands before them.
fn rendered(template: &impl askama::Template) -> Result<String, Failure> {
    let once = template.render()?;
    if !once.contains(SUMMARY) {
        return Ok(once);
    }
    // A long page is not held twice.
    drop(once);
    Ok(template.render()?)
}

/// The page shown again because what was sent cannot be done.
///
/// # Errors
/// When the template cannot be rendered.
pub fn again(template: &impl askama::Template) -> Result<Response, Failure> {
    Ok((StatusCode::UNPROCESSABLE_ENTITY, show(template)?).into_response())
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use chrono::TimeDelta;
    use tisheng_kernel::Instant;

    use uuid::Uuid;

    use super::{Flash, Page, Undo, day_shown, rendered};
    use crate::keys::Keys;
    use crate::web::{Filters, FormErrors};

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% extends "layout.html" %}{% import "parts.html" as ui %}{% block content %}
{% call ui::form_key(page) %}{% endcall %}{% call ui::form_key(page) %}{% endcall %}
{% call ui::error_summary(errors) %}{% endcall %}
{% call ui::text_field("name", "姓名", name, errors.of("name"), hint="与身份证一致") %}{% endcall %}
{% call ui::password_field("password", "密码", "") %}{% endcall %}
{% call ui::number_field("hours", "学时", "", "") %}{% endcall %}
{% call ui::date_field("on", "日期", "", "") %}{% endcall %}
{% call ui::file_field("file", "文件", "", accept=".xlsx") %}{% endcall %}
{% call ui::textarea("why", "原因", name, "", rows=3) %}{% endcall %}
{% call ui::select_field("stage", "学段", options, "02", "") %}{% endcall %}
{% call ui::checkbox("cap", "A1", "学情分析", true) %}{% endcall %}
{% call ui::badge("good", "合格") %}{% endcall %}
{% call ui::progress(1, 3, "进度") %}{% endcall %}
{% call ui::stat("教师", "1,234", href="/teachers") %}{% endcall %}
{% call ui::empty("还没有教师", "请先导入名册。", href="/roster", label="导入") %}{% endcall %}
{% call ui::pager("", "?after=x") %}{% endcall %}
{% call ui::downloads("/list.xlsx", "/list.csv") %}{% endcall %}{% call ui::kept("sort", "name") %}{% endcall %}{% call ui::kept("kind", "") %}{% endcall %}{% call ui::more(!name.is_empty()) %}{% endcall %}
<table><tr>{% call ui::sort_head("姓名", "name", "name", filters) %}{% endcall %}</tr></table>
{% call ui::help("什么是维度", "能力点所属的方面。") %}{% endcall %}
{% endblock %}"#
    )]
    struct Everything<'a> {
        page: Page,
        errors: FormErrors,
        name: &'a str,
        options: &'a [(&'a str, &'a str)],
        filters: Filters,
    }

    #[test]
    fn the_day_of_a_demonstration_stands_at_the_foot() {
        let at = Instant::from_micros(1_615_338_000_000_000);
        assert_eq!(day_shown(at, at + TimeDelta::seconds(30)), "", "nobody else is told");
        let day = day_shown(at, at + TimeDelta::days(2000));
        assert_eq!(day, "2021年3月10日");
        let page = |day: &str| Everything {
            page: Page { day: day.to_owned(), ..Page::bare("今天") },
            errors: FormErrors::default(),
            name: "",
            options: &[],
            filters: Filters::default(),
        };
        assert!(page(&day).render().expect("renders").contains("演示日期：2021年3月10日"));
        assert!(!page("").render().expect("renders").contains("演示日期"));
    }

    #[test]
    fn a_message_is_taken_back_here_by_whom_it_was_meant_for() {
        let keys = Keys::from_seed([1; 32], [2; 32], [3; 32]);
        let (account, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let carried = |to: &str, reader: Option<Uuid>, change: &str| {
            let fields = vec![("do".to_owned(), "resume".to_owned())];
            let mut flash = Flash::good("平台已停用。");
            flash.undo = Some(Undo::new(&keys, account, to.to_owned(), fields));
            if let Some(undo) = &mut flash.undo {
                undo.to.push_str(change);
            }
            let header = flash.cookie().to_str().expect("text").to_owned();
            let value = header.split(['=', ';']).nth(1).expect("a value").to_owned();
            let mut page = Page::bare("平台");
            page.flash = Flash::read(&value, &keys, reader);
            let (errors, filters) = (FormErrors::default(), Filters::default());
            let html =
                Everything { page, errors, name: "", options: &[], filters }.render().expect("renders");
            assert!(html.contains("平台已停用。"), "{html}");
            html
        };
        let html = carried("/platforms/1/turn", Some(account), "");
        assert!(html.contains(r#"<form method="post" action="/platforms/1/turn">"#), "{html}");
        assert!(html.contains(r#"name="do" value="resume""#) && html.contains("撤销"), "{html}");
        for html in [
            carried("//evil.test/", Some(account), ""),
            carried("/platforms/1/turn", Some(account), "/else"),
            carried("/platforms/1/turn", Some(other), ""),
            carried("/platforms/1/turn", None, ""),
        ] {
            assert!(!html.contains("撤销"), "{html}");
        }
    }

    #[derive(Template)]
    #[template(
        ext = "html",
        source = r#"{% import "parts.html" as ui %}{% call ui::error_summary(errors) %}{% endcall %}
{% if is_asked %}{% call ui::text_field("name", "姓名", "", errors.of("name")) %}{% endcall %}{% endif %}"#
    )]
    struct Asking {
        errors: FormErrors,
        is_asked: bool,
    }

    #[test]
    fn what_is_wrong_is_said_once_whether_the_page_has_its_field_or_not() {
        let name = || FormErrors::one("name", "请填写姓名").titled(&[("name", "姓名")]);
        let page = |errors, is_asked| rendered(&Asking { errors, is_asked }).expect("renders");
        let beside = page(name(), true);
        assert_eq!(
            (beside.matches("请填写姓名").count(), beside.contains("请先更正")),
            (1, false),
            "{beside}"
        );
        let on_top = page(name(), false);
        assert!(on_top.contains(r##"<a href="#name">请填写姓名</a>"##), "{on_top}");
        for is_asked in [true, false] {
            let html = page(name().and(FormErrors::one("people", "请勾选教师")), is_asked);
            assert_eq!(html.matches("请填写姓名").count(), 1, "{html}");
            assert_eq!(html.matches("请勾选教师").count(), 1, "{html}");
            assert_eq!(html.contains(r##"<a href="#name">姓名</a>"##), is_asked, "{html}");
        }
    }

    #[test]
    fn every_part_renders_and_escapes_what_was_typed() {
        let page = Everything {
            page: Page::bare("全部组件"),
            errors: FormErrors::one("name", "请填写姓名"),
            name: "<b>王</b>",
            options: &[("02", "小学"), ("03", "初中")],
            filters: Filters::new(vec![("sort".to_owned(), "name".to_owned())]),
        };
        let html = page.render().expect("renders");
        let keys: Vec<&str> =
            html.split(r#"name="_key" value=""#).skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(keys.len() == 2 && keys[0] != keys[1] && keys[0].parse::<Uuid>().is_ok(), "{keys:?}");
        assert!(html.contains("value=\"&#60;b&#62;王"), "{html}");
        assert!(!html.contains("<b>王"), "{html}");
        assert!(html.contains(r#"<option value="02" selected>小学</option>"#), "{html}");
        assert!(html.contains(r#"name="sort" value="name""#) && !html.contains(r#"name="kind""#), "{html}");
        assert!(html.contains(r#"<details class="more" open>"#), "{html}");
        assert!(html.contains(r##"<a href="#name">请填写姓名</a>"##), "{html}");
        assert!(html.contains(r#"href="?sort=%2Dname""#), "{html}");
    }
}
