//! Records of the standard (Rostering and Gradebook information models 1.2) as JSON.

use serde_json::{Value, json};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::{Scope as Part, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Stage;
use tisheng_rules::Scheme;
use tisheng_training::course::{self, Course};
use tisheng_xapi::time;
use uuid::Uuid;

use super::fault::{Fault, Told};
use super::store::{self, Org, Page, ResultRow, User};

/// Records of a collection that are narrowed or sorted here: a whole county's teachers, and more.
const MOST: i64 = 50_000;
/// Records read in one statement.
const STEP: i64 = 2_000;

/// A collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Collection {
    Orgs,
    AcademicSessions,
    Courses,
    Classes,
    Users,
    Enrollments,
    LineItems,
    Results,
}

impl Collection {
    /// Every one: its name in addresses and answers, and the name of one of it.
    pub const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Orgs, "orgs", "org"),
        (Self::AcademicSessions, "academicSessions", "academicSession"),
        (Self::Courses, "courses", "course"),
        (Self::Classes, "classes", "class"),
        (Self::Users, "users", "user"),
        (Self::Enrollments, "enrollments", "enrollment"),
        (Self::LineItems, "lineItems", "lineItem"),
        (Self::Results, "results", "result"),
    ];

    /// The collection called `name`.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, many, _)| *many == name).map(|(collection, ..)| *collection)
    }

    /// What many are called, and one.
    pub fn names(self) -> (&'static str, &'static str) {
        let found = Self::ALL.iter().find(|(collection, ..)| *collection == self);
        found.map_or(("", ""), |(_, many, one)| (many, one))
    }

    /// Whether it belongs to the gradebook service.
    pub const fn is_of_gradebook(self) -> bool {
        matches!(self, Self::LineItems | Self::Results)
    }
}

/// What records are made of.
#[derive(Debug)]
pub struct Ground<'g> {
    pub programme: &'g Programme,
    pub rules: &'g Scheme,
    /// The part of the tree that is seen.
    pub part: &'g Part,
    /// The address under which records are found.
    pub address: &'g str,
}

impl Ground<'_> {
    fn reference(&self, collection: Collection, id: impl std::fmt::Display, kind: &str) -> Value {
        let (many, _) = collection.names();
        let service = if collection.is_of_gradebook() { "gradebook" } else { "rostering" };
        let href = format!("{}/ims/oneroster/{service}/v1p2/{many}/{id}", self.address);
        json!({ "href": href, "sourcedId": id.to_string(), "type": kind })
    }

    /// How many records there are in all.
    pub async fn count(&self, tx: &mut Tx, collection: Collection) -> Told<i64> {
        Ok(match collection {
            Collection::Orgs => store::count_orgs(tx, self.part).await?,
            Collection::Classes => store::count_schools(tx, self.part).await?,
            Collection::Users | Collection::Enrollments => store::count_users(tx, self.part).await?,
            Collection::Results => store::count_results(tx, self.programme.id, self.part).await?,
            Collection::AcademicSessions | Collection::Courses | Collection::LineItems => {
                i64::try_from(self.few(tx, collection).await?.len()).unwrap_or(i64::MAX)
            }
        })
    }

    /// A page of the collection in its own order.
    pub async fn page(&self, tx: &mut Tx, collection: Collection, page: Page) -> Told<Vec<Value>> {
        Ok(match collection {
            Collection::Orgs => all(store::orgs(tx, self.part, page).await?, |one| self.org(one)),
            Collection::Classes => all(store::schools(tx, self.part, page).await?, |one| self.class(one)),
            Collection::Users => all(store::users(tx, self.part, page).await?, |one| self.user(one)),
            Collection::Enrollments => {
                all(store::users(tx, self.part, page).await?, |one| self.enrollment(one))
            }
            Collection::Results => {
                let found = store::results(tx, (self.programme.id, self.part), page).await?;
                all(found, |one| self.result(one))
            }
            Collection::AcademicSessions | Collection::Courses | Collection::LineItems => {
                let (offset, limit) = (usize::try_from(page.0), usize::try_from(page.1));
                let few = self.few(tx, collection).await?;
                few.into_iter().skip(offset.unwrap_or(usize::MAX)).take(limit.unwrap_or(0)).collect()
            }
        })
    }

    /// The whole collection, for narrowing and sorting it.
    pub async fn whole(&self, tx: &mut Tx, collection: Collection) -> Told<Vec<Value>> {
        if self.count(tx, collection).await? > MOST {
            return Err(Fault::data(format!(
                "more than {MOST} records: filter and sort work within a token of a smaller node"
            )));
        }
        let mut found = Vec::new();
        loop {
            let offset = i64::try_from(found.len()).unwrap_or(i64::MAX);
            let some = self.page(tx, collection, (offset, STEP)).await?;
            let is_last = i64::try_from(some.len()).unwrap_or(0) < STEP;
            found.extend(some);
            if is_last {
                return Ok(found);
            }
        }
    }

    /// One record.
    pub async fn one(&self, tx: &mut Tx, collection: Collection, id: &str) -> Told<Value> {
        let uuid = id.parse::<Uuid>().ok();
        let found = match (collection, uuid) {
            (Collection::Orgs, Some(id)) => store::org_of(tx, self.part, id).await?.map(|one| self.org(&one)),
            (Collection::Classes, Some(id)) => {
                let school = store::org_of(tx, self.part, id).await?;
                school.filter(|one| one.kind == "school" && one.is_open).map(|one| self.class(&one))
            }
            (Collection::Users, Some(id)) => {
                store::user_of(tx, self.part, id).await?.map(|one| self.user(&one))
            }
            (Collection::Results, Some(id)) => {
                let found = store::result_of(tx, (self.programme.id, self.part), id).await?;
                found.map(|one| self.result(&one))
            }
            (Collection::Enrollments, _) => {
                let person = id.split('.').next().and_then(|person| person.parse::<Uuid>().ok());
                match person {
                    Some(person) => store::user_of(tx, self.part, person)
                        .await?
                        .map(|one| self.enrollment(&one))
                        .filter(|record| record["sourcedId"] == id),
                    None => None,
                }
            }
            _ => self.few(tx, collection).await?.into_iter().find(|record| record["sourcedId"] == id),
        };
        found.ok_or_else(Fault::absent)
    }

    /// A collection that is small.
    async fn few(&self, tx: &mut Tx, collection: Collection) -> Told<Vec<Value>> {
        Ok(match collection {
            Collection::AcademicSessions => {
                let years = self.programme.year_from..=self.programme.year_until;
                years.map(|year| self.session(year)).collect()
            }
            Collection::Courses => {
                let mut found = vec![self.project()];
                let mut last: Id<Course> = Id::from_uuid(Uuid::nil());
                loop {
                    let some = course::catalogue(tx, (self.programme.id, None), last, STEP).await?;
                    let Some(end) = some.last() else { return Ok(found) };
                    last = end.id;
                    found.extend(some.iter().map(|course| self.course(course)));
                }
            }
            Collection::LineItems => {
                self.rules.framework.capabilities.iter().map(|c| self.item(&c.code, &c.name)).collect()
            }
            _ => Vec::new(),
        })
    }

    fn session(&self, year: i32) -> Value {
        json!({
            "sourcedId": self.session_id(year), "status": "active", "dateLastModified": self.beginning(),
            "title": format!("{year}年"), "startDate": format!("{year}-01-01"),
            "endDate": format!("{year}-12-31"), "type": "schoolYear", "schoolYear": year.to_string(),
        })
    }

    fn session_id(&self, year: i32) -> String {
        format!("{}.{year}", self.programme.id)
    }

    /// When the programme was made: of what is as old as it.
    fn beginning(&self) -> String {
        let stamp = self.programme.id.uuid().get_timestamp().map(|stamp| stamp.to_unix());
        let seconds = i64::try_from(stamp.unwrap_or_default().0).unwrap_or_default();
        time::written(seconds * 1_000_000)
    }

    fn project(&self) -> Value {
        json!({
            "sourcedId": self.programme.id.to_string(), "status": "active",
            "dateLastModified": self.beginning(), "title": self.programme.title,
            "courseCode": self.programme.code,
            "org": self.reference(Collection::Orgs, self.programme.node, "org"),
        })
    }

    fn course(&self, course: &Course) -> Value {
        let stamp = course.id.uuid().get_timestamp().map(|stamp| stamp.to_unix());
        let seconds = i64::try_from(stamp.unwrap_or_default().0).unwrap_or_default();
        let subjects: Vec<&str> = course.subjects.split(',').filter(|subject| !subject.is_empty()).collect();
        json!({
            "sourcedId": course.id.to_string(), "status": "active",
            "dateLastModified": time::written(seconds * 1_000_000), "title": course.title,
            "courseCode": course.code, "subjects": subjects,
            "org": self.reference(Collection::Orgs, self.programme.node, "org"),
        })
    }

    fn org(&self, org: &Org) -> Value {
        let mut record = json!({
            "sourcedId": id_of(org.id), "status": status(org.is_open),
            "dateLastModified": moment(org.changed_at), "name": org.name, "type": org_type(&org.kind),
            "identifier": org.code.clone().unwrap_or_default(),
            "metadata": { "tisheng.kind": org.kind },
        });
        if let Some(parent) = org.parent {
            record["parent"] = self.reference(Collection::Orgs, id_of(parent), "org");
        }
        record
    }

    fn class(&self, school: &Org) -> Value {
        let years = self.programme.year_from..=self.programme.year_until;
        let terms: Vec<Value> = years
            .map(|year| {
                self.reference(Collection::AcademicSessions, self.session_id(year), "academicSession")
            })
            .collect();
        json!({
            "sourcedId": id_of(school.id), "status": "active",
            "dateLastModified": moment(school.changed_at), "title": school.name,
            "classCode": school.code.clone().unwrap_or_default(), "classType": "scheduled",
            "course": self.reference(Collection::Courses, self.programme.id, "course"),
            "school": self.reference(Collection::Orgs, id_of(school.id), "org"),
            "terms": terms,
        })
    }

    fn user(&self, user: &User) -> Value {
        let org = || self.reference(Collection::Orgs, id_of(user.school), "org");
        let (family, given) = halves(&user.name);
        let grades: Vec<&str> =
            user.stage.parse::<Stage>().ok().map(|stage| stage.title()).into_iter().collect();
        json!({
            "sourcedId": id_of(user.person), "status": "active",
            "dateLastModified": moment(user.changed_at), "enabledUser": "true", "username": "",
            "givenName": given, "familyName": family, "userIds": [],
            "roles": [{ "roleType": "primary", "role": "teacher", "org": org(), "beginDate": user.since }],
            "agents": [], "userProfiles": [], "primaryOrg": org(), "grades": grades,
            "metadata": { "tisheng.name": user.name, "tisheng.subject": user.subject },
        })
    }

    fn enrollment(&self, user: &User) -> Value {
        json!({
            "sourcedId": format!("{}.{}", id_of(user.person), id_of(user.school)), "status": "active",
            "dateLastModified": moment(user.changed_at), "role": "student", "primary": "false",
            "beginDate": user.since,
            "user": self.reference(Collection::Users, id_of(user.person), "user"),
            "class": self.reference(Collection::Classes, id_of(user.school), "class"),
            "school": self.reference(Collection::Orgs, id_of(user.school), "org"),
        })
    }

    fn item(&self, code: &str, title: &str) -> Value {
        json!({
            "sourcedId": code, "status": "active", "dateLastModified": self.beginning(),
            "title": format!("{code} {title}"),
            "assignDate": format!("{}-01-01T00:00:00Z", self.programme.year_from),
            "dueDate": format!("{}-12-31T00:00:00Z", self.programme.year_until),
        })
    }

    fn result(&self, result: &ResultRow) -> Value {
        json!({
            "sourcedId": id_of(result.id), "status": "active",
            "dateLastModified": moment(result.final_at),
            "lineItem": self.reference(Collection::LineItems, &result.capability, "lineItem"),
            "student": self.reference(Collection::Users, id_of(result.person), "user"),
            "class": self.reference(Collection::Classes, id_of(result.school), "class"),
            "scoreStatus": "fully graded", "textScore": result.level,
            "scoreDate": result.final_at.date().to_string(),
        })
    }
}

/// Surnames of two characters that are common enough to be met.
const DOUBLE: [&str; 12] =
    ["欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙", "令狐", "慕容", "长孙", "夏侯"];

/// Surname and given name; together they are the name as it is written.
fn halves(name: &str) -> (&str, &str) {
    let length = match DOUBLE.iter().find(|double| name.starts_with(**double) && name.len() > double.len()) {
        Some(double) => double.len(),
        None => name.chars().next().map_or(0, char::len_utf8),
    };
    name.split_at(length)
}

fn all<T>(rows: Vec<T>, record: impl Fn(&T) -> Value) -> Vec<Value> {
    rows.iter().map(record).collect()
}

/// An identifier as it stands in addresses everywhere here.
fn id_of(id: Uuid) -> String {
    id.simple().to_string()
}

fn moment(at: Instant) -> String {
    time::written(at.micros())
}

const fn status(is_open: bool) -> &'static str {
    if is_open { "active" } else { "tobedeleted" }
}

/// The kinds of organisations that the standard knows.
fn org_type(kind: &str) -> &'static str {
    match kind {
        "province" => "state",
        "city" | "county" => "district",
        "school" => "school",
        "group" => "department",
        _ => "local",
    }
}

#[cfg(test)]
mod tests {
    use super::halves;

    #[test]
    fn a_name_falls_into_surname_and_given_name() {
        assert_eq!(halves("王小明"), ("王", "小明"));
        assert_eq!(halves("欧阳某"), ("欧阳", "某"));
        assert_eq!((halves("王"), halves("")), (("王", ""), ("", "")));
    }
}
