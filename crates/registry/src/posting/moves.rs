//! Pages on which a post changes: another subject, another school, none.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::{Id, Instant, pinyin};
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Once, once};

use super::actions;
use crate::organisation::{self, Kind, Node, Stage};
use crate::people::pages::{as_choice, form_errors, load, page_of, subjects, title_of, titles};
use crate::people::{self, Amendment, Departure, NewPost, PeopleError, Person, Post, Transfer};
use crate::role::{Permission, permit};

/// What a page changes about a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Move {
    Amend,
    Appoint,
    Transfer,
    Release,
    Second,
}

impl Move {
    const fn title(self) -> &'static str {
        match self {
            Self::Amend => "修改岗位信息",
            Self::Appoint => "安排任教岗位",
            Self::Transfer => "调动",
            Self::Release => "离任",
            Self::Second => "借调",
        }
    }

    /// The words of the school's field, where one is chosen.
    const fn school(self) -> &'static str {
        match self {
            Self::Amend | Self::Release => "",
            Self::Appoint => "任教学校",
            Self::Transfer => "调入学校",
            Self::Second => "借调到",
        }
    }

    /// Whether subject, stage and title are asked for.
    const fn asks_work(self) -> bool {
        matches!(self, Self::Amend | Self::Appoint | Self::Transfer)
    }

    /// The words of the date's field.
    const fn day(self) -> &'static str {
        match self {
            Self::Amend | Self::Appoint => "任职起始日期",
            Self::Transfer => "到新学校任职的日期",
            Self::Release => "离任日期（自这一天起不再在岗）",
            Self::Second => "借调起始日期",
        }
    }

    /// Whether the move leads to another school than the asker's own.
    const fn leads_elsewhere(self) -> bool {
        matches!(self, Self::Transfer | Self::Second)
    }

    /// Whether a reason is asked for.
    const fn asks_reason(self) -> bool {
        matches!(self, Self::Transfer | Self::Release | Self::Second)
    }
}

#[derive(Template)]
#[template(path = "posting/pages/move.html")]
struct MovePage {
    page: Page,
    person: Person,
    kind: Move,
    open: Option<Post>,
    typed: Fields,
    errors: FormErrors,
    schools: Vec<Node>,
    subjects: Vec<(&'static str, &'static str)>,
    titles: Vec<(&'static str, &'static str)>,
    /// When the open post had last been changed as the form was made.
    seen: String,
    /// The school that a transfer left on the day on which the open post began.
    left: Option<Node>,
}

impl MovePage {
    /// What was typed into a field, or what the open post says.
    fn value<'v>(&'v self, field: &str, now: &'v str) -> &'v str {
        if self.typed.pairs().is_empty() { now } else { self.typed.text(field) }
    }

    fn subject(&self) -> &str {
        self.value("subject", self.open.as_ref().map_or("", |post| &post.subject))
    }

    fn stage(&self) -> &str {
        let now = self.open.as_ref().and_then(|post| post.stage).map_or("", Stage::key);
        self.value("stage", now)
    }

    fn title(&self) -> &str {
        self.value("title", as_choice(self.open.as_ref().map_or("", |post| &post.title)).0)
    }

    /// The day in its field: that of the post where the post itself is put right.
    fn day(&self) -> String {
        let own = self.open.as_ref().filter(|_| self.kind == Move::Amend);
        self.value("on", &own.map(|post| post.since.to_string()).unwrap_or_default()).to_owned()
    }

    /// What else its day changes, where a transfer began the post that is put right.
    fn about_day(&self) -> String {
        match &self.left {
            Some(left) if self.kind == Move::Amend => format!(
                "这是由{}调入的日期：更正时，原学校的离任日期、在原学校的角色和团队的截止日期一起更正，由同时管理两所学校的工程办办理",
                left.name
            ),
            _ => String::new(),
        }
    }

    fn other_title(&self) -> &str {
        self.value("title_other", as_choice(self.open.as_ref().map_or("", |post| &post.title)).1)
    }
}

async fn move_page(
    asker: &SignedIn,
    person: &str,
    kind: Move,
    typed: Fields,
    (errors, schools): (FormErrors, Vec<Node>),
) -> Result<MovePage, Failure> {
    permit(&asker.ctx, Permission::KeepPeople)?;
    let mut tx = asker.ctx.read().await?;
    let person = load(&asker.ctx, &mut tx, person).await?;
    reaches(asker, &mut tx, kind).await?;
    let open = people::open_post(&mut tx, person.id).await?;
    let page = page_of(asker, &person, kind.title());
    // A form that comes back with a mistake is still made from what its reader saw.
    let seen = match typed.text("seen") {
        "" => seen_of(open.as_ref()),
        seen => seen.to_owned(),
    };
    let left = match &open {
        Some(post) => people::left_for(&mut tx, post).await?,
        None => None,
    };
    let left = match left {
        Some(school) => organisation::of_id(&mut tx, school).await?,
        None => None,
    };
    let (subjects, titles) = (subjects(), titles());
    Ok(MovePage { page, person, kind, open, typed, errors, schools, subjects, titles, seen, left })
}

/// The moment of the last change of a post, as forms carry it.
fn seen_of(post: Option<&Post>) -> String {
    post.map(|post| post.changed_at.micros().to_string()).unwrap_or_default()
}

/// Passes when the asker can see the other school that a move leads to.
async fn reaches(asker: &SignedIn, tx: &mut Tx, kind: Move) -> Result<(), Failure> {
    if kind.leads_elsewhere() && !people::spans_schools(&asker.ctx, tx).await? {
        return Err(Failure::Refused(people::BEYOND_SCHOOL.to_owned()));
    }
    Ok(())
}

async fn form(asker: &SignedIn, person: &str, kind: Move) -> Answer {
    let nothing = (FormErrors::default(), Vec::new());
    layout::show(&move_page(asker, person, kind, Fields::default(), nothing).await?)
}

/// `GET /people/{person}/post`
pub async fn post_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    form(&asker, &person, Move::Amend).await
}

/// `GET /people/{person}/appoint`
pub async fn appoint_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    form(&asker, &person, Move::Appoint).await
}

/// `GET /people/{person}/transfer`
pub async fn transfer_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    form(&asker, &person, Move::Transfer).await
}

/// `GET /people/{person}/release`
pub async fn release_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    form(&asker, &person, Move::Release).await
}

/// `GET /people/{person}/secondment`
pub async fn second_form(asker: SignedIn, Path(person): Path<String>) -> Answer {
    form(&asker, &person, Move::Second).await
}

/// `POST /people/{person}/post`
pub async fn amend(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    submit(asker, person, fields, Move::Amend).await
}

/// `POST /people/{person}/appoint`
pub async fn appoint(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    submit(asker, person, fields, Move::Appoint).await
}

/// `POST /people/{person}/transfer`
pub async fn transfer(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    submit(asker, person, fields, Move::Transfer).await
}

/// `POST /people/{person}/release`
pub async fn release(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    submit(asker, person, fields, Move::Release).await
}

/// `POST /people/{person}/secondment`
pub async fn second(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    submit(asker, person, fields, Move::Second).await
}

/// `POST /people/{person}/recall`
pub async fn recall(asker: SignedIn, Path(person): Path<String>, fields: Fields) -> Answer {
    let id = person.parse().map_err(|_| Failure::NotFound)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            people::recall(&asker.ctx, &mut once.tx, id, asker.ctx.at.date()).await?;
            once.done(&format!("/people/{id}"), Flash::good("借调已结束。")).await
        }
    }
}

/// What the form says, checked; `school` and `stage` only where the move asks for them.
struct Sent {
    school: Option<Id<Node>>,
    stage: Option<Stage>,
    day: NaiveDate,
}

async fn submit(asker: SignedIn, person: String, fields: Fields, kind: Move) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Person> = person.parse().map_err(|_| Failure::NotFound)?;
    permit(ctx, Permission::KeepPeople)?;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    people::visible(ctx, &mut once.tx, id).await?;
    reaches(&asker, &mut once.tx, kind).await?;
    let mut check = fields.check();
    let stage: Option<Stage> = if kind.asks_work() { check.chosen("stage", "学段") } else { None };
    let day = check.date("on", kind.day());
    let mut schools = Vec::new();
    let mut school = None;
    if !kind.school().is_empty() {
        let typed = check.required("school_name", kind.school(), 60);
        match meant(&asker, &mut once.tx, fields.text("school"), typed).await? {
            Meant::Certain(one) => {
                school = Some(one.id);
                schools = vec![one];
            }
            Meant::Perhaps(found) if !found.is_empty() => {
                check.fail("school_name", "没有完全同名的学校，请在下面选定一所");
                schools = found;
            }
            Meant::Perhaps(_) if typed.is_empty() => {}
            Meant::Perhaps(_) => check.fail(
                "school_name",
                "在您的管理范围内没有这所学校，请核对名称。调入范围以外的学校由上一级工程办办理；也可以先办理离任，再由调入学校登记，档案、学时和成果随人保留",
            ),
        }
    }
    let mut errors = check.errors();
    if let (Some(day), true) = (day, errors.is_empty()) {
        match act(&asker, &mut once, kind, id, &fields, &Sent { school, stage, day }).await {
            Ok(words) => return once.done(&format!("/people/{id}"), Flash::good(words)).await,
            Err(PeopleError::Stale) => {
                drop(once);
                return contested(&asker, &person, kind, fields).await;
            }
            Err(error) => {
                let titles = [("on", kind.day()), ("subject", "任教学科"), ("reason", "原因")];
                errors = form_errors(error)?.titled(&titles);
            }
        }
    }
    drop(once);
    again(&move_page(&asker, &person, kind, fields, (errors, schools)).await?)
}

/// The form once more, for somebody who did not see the post as it is now.
async fn contested(asker: &SignedIn, person: &str, kind: Move, typed: Fields) -> Answer {
    const CHANGED: &str = "您打开表单之后，岗位信息已被他人修改；请与上面的现任岗位对照，确认后再保存";
    let errors = FormErrors::one("subject", CHANGED);
    let mut page = move_page(asker, person, kind, typed, (errors, Vec::new())).await?;
    page.seen = seen_of(page.open.as_ref());
    again(&page)
}

async fn act(
    asker: &SignedIn,
    once: &mut Once,
    kind: Move,
    person: Id<Person>,
    fields: &Fields,
    sent: &Sent,
) -> Result<&'static str, PeopleError> {
    let (ctx, tx) = (&asker.ctx, &mut once.tx);
    let (subject, title, reason) = (fields.text("subject"), title_of(fields), fields.text("reason"));
    let school = sent.school.ok_or(PeopleError::NotASchool);
    let stage = sent.stage.ok_or(PeopleError::Words);
    match kind {
        Move::Amend => {
            let seen = Instant::from_micros(fields.text("seen").parse().unwrap_or(-1));
            let change = Amendment { person, subject, stage: stage?, title };
            let is_other = actions::amend(ctx, tx, &change, (sent.day, seen)).await?;
            Ok(if is_other { "岗位信息已修改。" } else { "没有改动。" })
        }
        Move::Appoint => {
            let new = NewPost { person, school: school?, subject, stage: stage?, title, since: sent.day };
            actions::appoint(ctx, tx, &new).await?;
            Ok("任教岗位已安排。")
        }
        Move::Transfer => {
            let (to, stage) = (school?, stage?);
            let change = Transfer { person, to, subject, stage, title, on: sent.day, reason };
            actions::transfer(ctx, tx, &change).await?;
            Ok("调动已办理，学时、成果和档案随人保留。")
        }
        Move::Release => {
            actions::release(ctx, tx, &Departure { person, on: sent.day, reason }).await?;
            Ok("离任已办理，档案全部保留；以后可以重新安排岗位。")
        }
        Move::Second => {
            people::second(ctx, tx, person, school?, sent.day, reason).await?;
            Ok("借调已登记，原岗位保留。")
        }
    }
}

/// Which school a name means.
enum Meant {
    /// The one picked, or the only one of exactly that name or code.
    Certain(Node),
    /// Those it may mean, for the asker to pick one: a transfer is not made on a likeness.
    Perhaps(Vec<Node>),
}

/// The schools that a name may mean, within what the asker may see.
async fn meant(asker: &SignedIn, tx: &mut Tx, picked: &str, typed: &str) -> Result<Meant, Failure> {
    if let Ok(id) = picked.parse() {
        return Ok(Meant::Certain(organisation::visible(&asker.ctx, tx, id).await?));
    }
    let query = pinyin::query(typed);
    if query.is_empty() {
        return Ok(Meant::Perhaps(Vec::new()));
    }
    let mut found = organisation::search(tx, &asker.ctx.scope(), &query, Some(Kind::School)).await?;
    found.retain(Node::is_open);
    let is_exact = |node: &&Node| node.name == typed || node.code.as_deref() == Some(typed);
    let mut exact = found.iter().filter(is_exact);
    match (exact.next().cloned(), exact.next()) {
        (Some(one), None) => Ok(Meant::Certain(one)),
        _ => Ok(Meant::Perhaps(found)),
    }
}
