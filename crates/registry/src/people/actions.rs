//! Entering and correcting people and their posts.

use chrono::NaiveDate;
use serde_json::json;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Identity, PersonName, Phone, Sex};
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Tx, audit, jobs};

use super::first_day::after;
use super::matching::{sealed_paper, sealed_phone};
use super::model::{Person, Post};
use super::moves::in_post;
use super::{intake, store};
use crate::organisation::{self, Kind, Node, Stage};
use crate::role::{Permission, permit};

/// Why a record was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    /// Another record, of the same name or within what the asker may see, has this paper's number.
    #[error("该证件号码已登记在“{name}”名下（{place}）")]
    Known {
        /// The record.
        person: Id<Person>,
        /// The name on it.
        name: String,
        /// The school of the open post, or that there is none.
        place: String,
    },
    /// A record elsewhere has this paper's number and another name, which is not told.
    #[error("该证件号码已经登记，登记的姓名与填写的不同；请核对姓名和号码，确实无误的请联系上级工程办查证")]
    KnownByAnotherName,
    /// The person has an open post.
    #[error("{name}目前在“{school}”任职，请由该校办理离任，或由上级办理调动")]
    InPost {
        /// The name.
        name: String,
        /// Where.
        school: String,
    },
    /// The person has no open post.
    #[error("该人员目前没有在任岗位")]
    NoPost,
    /// Posts are held at schools.
    #[error("只能在未停用的学校任职")]
    NotASchool,
    /// A transfer to where one is.
    #[error("调入学校与现任学校相同")]
    SameSchool,
    /// The day is not after the one on which the post began.
    #[error("日期应晚于现任岗位的起始日期（{}）", chinese_date(*.0))]
    TooEarly(NaiveDate),
    /// The day is still to come.
    #[error("日期不能晚于今天；请到当天再办理")]
    NotYet,
    /// The day lies before the end of the post before.
    #[error("日期不能早于上一段任职的离任日期（{}）", chinese_date(*.0))]
    Overlaps(NaiveDate),
    /// The day is not after the one on which the post began that the transfer ended.
    #[error("日期应晚于调出岗位的起始日期（{}）", chinese_date(*.0))]
    BeforeLeft(NaiveDate),
    /// The school that was left had lent the post until this day.
    #[error("日期不能早于{}：在这之前，原学校把该教师借到了别的学校", chinese_date(*.0))]
    LentBefore(NaiveDate),
    /// The day is that of a transfer from a school that the asker does not look after.
    #[error("日期是调动的日期，原学校的离任日期要一起更正，请由同时管理两所学校的工程办更正")]
    Transferred,
    /// The day is not before the one from which the post was lent.
    #[error("日期应早于借调的起始日期（{}）", chinese_date(*.0))]
    AfterLoan(NaiveDate),
    /// The subject or title is too long, or there is no subject.
    #[error("请填写任教学科（20字以内）；职称不超过30字")]
    Words,
    /// A reason is asked for.
    #[error("请填写原因（4至200字）")]
    NoReason,
    /// Somebody else has changed the record.
    #[error("人员信息已被他人修改，请刷新后核对")]
    Stale,
    /// The post is lent already, or not lent.
    #[error("{0}")]
    Secondment(&'static str),
    /// The team has no such duty, or the person does not belong to the school.
    #[error("{0}")]
    Team(String),
    /// Anything else.
    #[error("{0:?}")]
    Failed(Failure),
}

impl From<Failure> for PeopleError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DbError> for PeopleError {
    fn from(error: DbError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<PeopleError> for Failure {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Failed(failure) => failure,
            PeopleError::Stale => Self::Stale(error.to_string()),
            other => Self::Refused(other.to_string()),
        }
    }
}

/// What is known of somebody new.
#[derive(Debug, Clone)]
pub struct NewPerson<'a> {
    /// The name.
    pub name: &'a PersonName,
    /// The checked number of the paper.
    pub identity: &'a Identity,
    /// The phone number.
    pub phone: Option<&'a Phone>,
    /// The sex; taken from the paper when unknown.
    pub sex: Sex,
    /// The year of birth; taken from the paper when unknown.
    pub birth_year: Option<i64>,
    /// The node that keeps the record until there is a post.
    pub kept_by: Id<Node>,
}

/// A place to be given.
#[derive(Debug, Clone)]
pub struct NewPost<'a> {
    /// To whom.
    pub person: Id<Person>,
    /// Where.
    pub school: Id<Node>,
    /// The subject taught.
    pub subject: &'a str,
    /// The stage taught in.
    pub stage: Stage,
    /// The professional title; empty when none.
    pub title: &'a str,
    /// The first day.
    pub since: NaiveDate,
}

/// What was written wrongly in a record, put right.
#[derive(Debug, Clone)]
pub struct Correction<'a> {
    /// Whose record.
    pub person: Id<Person>,
    /// The version that the asker saw.
    pub version: i64,
    /// The name.
    pub name: &'a PersonName,
    /// The paper's number, when it is to be replaced.
    pub identity: Option<&'a Identity>,
    /// The phone number, when it is to be replaced.
    pub phone: Option<&'a Phone>,
    /// The sex.
    pub sex: Sex,
    /// The year of birth.
    pub birth_year: Option<i64>,
}

/// Other words for the open post.
#[derive(Debug, Clone)]
pub struct Amendment<'a> {
    /// Whose post.
    pub person: Id<Person>,
    /// The subject taught.
    pub subject: &'a str,
    /// The stage taught in.
    pub stage: Stage,
    /// The professional title; empty when none.
    pub title: &'a str,
}

/// Enters somebody for life.
///
/// # Errors
/// [`PeopleError::Known`] when the paper's number has a record already.
pub async fn register(ctx: &Ctx, tx: &mut Tx, new: &NewPerson<'_>) -> Result<Id<Person>, PeopleError> {
    permit(ctx, Permission::KeepPeople)?;
    let keeper = organisation::visible(ctx, tx, new.kept_by).await?;
    let id: Id<Person> = ctx.id();
    let paper = sealed_paper(&ctx.app.keys, new.identity);
    let phone = new.phone.map(|phone| sealed_phone(&ctx.app.keys, phone));
    let record = store::NewRecord {
        id,
        name: new.name,
        paper_kind: new.identity.kind(),
        paper: &paper,
        phone: phone.as_ref(),
        sex: told_sex(new.sex, new.identity),
        birth_year: new.birth_year.or_else(|| birth_year(new.identity)),
        kept_by: &keeper.path,
    };
    if !store::insert(tx, &record).await? {
        return Err(known(ctx, tx, &paper.index, new.name).await?);
    }
    let detail = json!({ "name": new.name.as_str(), "paper": paper.masked, "kept_by": keeper.id });
    audit::record(ctx, tx, "people.registered", id.uuid(), &detail).await?;
    Ok(id)
}

/// Gives somebody without a post a place at a school.
///
/// # Errors
/// [`PeopleError::InPost`] when there is an open post.
pub(crate) async fn appoint(ctx: &Ctx, tx: &mut Tx, new: &NewPost<'_>) -> Result<Id<Post>, PeopleError> {
    permit(ctx, Permission::KeepPeople)?;
    let school = open_school(ctx, tx, new.school).await?;
    words(new.subject, new.title)?;
    // A new school takes on somebody who has left elsewhere: the record is found by its paper,
    // not by the tree.
    let person = store::person(tx, new.person).await?.ok_or(Failure::NotFound)?;
    arrived(ctx, new.since)?;
    let key = person.id.uuid();
    after(intake::last_ended(tx, &[key]).await?.get(&key), new.since)?;
    let id: Id<Post> = ctx.id();
    let row = store::NewRow {
        id,
        person: person.id,
        school: school.id,
        path: &school.path,
        sort_key: sort_key(&person.name),
        subject: new.subject,
        stage: new.stage.key(),
        title: new.title,
        since: new.since,
    };
    if !store::insert_post(tx, row).await? {
        let open = store::open_post(tx, person.id).await?.ok_or(DbError::NoRow)?;
        return Err(PeopleError::InPost { name: person.name, school: open.school_name });
    }
    let detail = json!({ "post": id, "school": school.id, "subject": new.subject, "stage": new.stage.key() });
    audit::record(ctx, tx, "people.appointed", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await?;
    Ok(id)
}

/// Puts a record right.
///
/// # Errors
/// [`PeopleError::Stale`], or [`PeopleError::Known`] when the new number is another's.
pub async fn correct(ctx: &Ctx, tx: &mut Tx, change: &Correction<'_>) -> Result<(), PeopleError> {
    permit(ctx, Permission::KeepPeople)?;
    let old = super::visible(ctx, tx, change.person).await?;
    if old.version != change.version
        || !store::correct(tx, &old, change.name, (change.sex, change.birth_year), ctx.at).await?
    {
        return Err(PeopleError::Stale);
    }
    if old.name != change.name.as_str() {
        store::set_sort_key(tx, old.id, &change.name.sort_key()).await?;
    }
    if let Some(phone) = change.phone {
        store::replace_phone(tx, old.id, &sealed_phone(&ctx.app.keys, phone)).await?;
    }
    if let Some(identity) = change.identity {
        let paper = sealed_paper(&ctx.app.keys, identity);
        let now = Person { version: old.version + 1, ..old.clone() };
        if !store::replace_paper(tx, &now, identity.kind(), &paper).await? {
            return Err(known(ctx, tx, &paper.index, change.name).await?);
        }
    }
    let detail = json!({
        "name_before": old.name, "name": change.name.as_str(), "sex": change.sex.code(),
        "birth_year": change.birth_year, "phone_replaced": change.phone.is_some(),
        "paper_before": change.identity.map(|_| old.paper_masked),
        "paper": change.identity.map(Identity::masked),
    });
    audit::record(ctx, tx, "people.corrected", old.id.uuid(), &detail).await?;
    tell(ctx, tx, old.id).await
}

/// Gives the open post another subject, stage or title.
///
/// # Errors
/// [`PeopleError::NoPost`] when there is none.
pub async fn amend(ctx: &Ctx, tx: &mut Tx, change: &Amendment<'_>) -> Result<(), PeopleError> {
    let (person, post) = in_post(ctx, tx, change.person).await?;
    words(change.subject, change.title)?;
    store::amend(tx, post.id, (change.subject, change.stage.key(), change.title), ctx.at).await?;
    let detail = json!({
        "before": [post.subject, post.stage.map_or("", |s| s.key()).to_owned(), post.title],
        "now": [change.subject, change.stage.key(), change.title],
    });
    audit::record(ctx, tx, "people.post_amended", person.id.uuid(), &detail).await?;
    tell(ctx, tx, person.id).await
}

/// The school, when it is one, is open and lies within what the asker may see.
pub(super) async fn open_school(ctx: &Ctx, tx: &mut Tx, id: Id<Node>) -> Result<Node, PeopleError> {
    let node = organisation::visible(ctx, tx, id).await?;
    if node.kind == Kind::School && node.is_open() { Ok(node) } else { Err(PeopleError::NotASchool) }
}

/// Passes when `day` has come: what is entered holds at once.
pub(super) fn arrived(ctx: &Ctx, day: NaiveDate) -> Result<(), PeopleError> {
    if day <= ctx.at.date() { Ok(()) } else { Err(PeopleError::NotYet) }
}

pub(super) fn words(subject: &str, title: &str) -> Result<(), PeopleError> {
    let fits = (1..=20).contains(&subject.chars().count()) && title.chars().count() <= 30;
    if fits { Ok(()) } else { Err(PeopleError::Words) }
}

pub(super) fn reason(text: &str) -> Result<&str, PeopleError> {
    let text = text.trim();
    if (4..=200).contains(&text.chars().count()) { Ok(text) } else { Err(PeopleError::NoReason) }
}

/// The place in a roll of somebody whose name is stored.
pub(super) fn sort_key(name: &str) -> String {
    PersonName::parse(name).map_or_else(|_| name.to_owned(), |name| name.sort_key())
}

/// Tells higher rooms that the person's record or post has changed.
pub(super) async fn tell(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<(), PeopleError> {
    jobs::emit(tx, ctx.at, "person.changed", &json!({ "person": person })).await?;
    Ok(())
}

pub(super) fn told_sex(sex: Sex, identity: &Identity) -> Sex {
    if sex == Sex::Unknown { identity.sex().unwrap_or(sex) } else { sex }
}

pub(super) fn birth_year(identity: &Identity) -> Option<i64> {
    identity.birth_date().map(|date| i64::from(chrono::Datelike::year(&date)))
}

/// The refusal that says who has the number, to somebody who knows that already: a number alone gives
/// away no name. The place tells a clerk whom to ask.
async fn known(ctx: &Ctx, tx: &mut Tx, index: &[u8], name: &PersonName) -> Result<PeopleError, DbError> {
    let found = store::by_index(tx, store::Entry::Paper, index).await?;
    let holder = found.into_iter().next().ok_or(DbError::NoRow)?;
    let post = store::open_post(tx, holder.id).await?;
    let path = post.as_ref().map_or(holder.kept_by.as_str(), |post| post.path.as_str());
    if holder.name != name.as_str() && !ctx.scope().holds(path) {
        return Ok(PeopleError::KnownByAnotherName);
    }
    let place = post.map_or_else(|| "目前没有在任岗位".to_owned(), |post| post.school_name);
    Ok(PeopleError::Known { person: holder.id, name: holder.name, place })
}
