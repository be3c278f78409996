//! Records of the standard (Rostering and Gradebook information models 1.2) as JSON.

use serde_json::{Value, json};
use tisheng_kernel::Instant;
use tisheng_platform::{Scope as Part, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::organisation::Stage;
use tisheng_rules::Scheme;
use tisheng_xapi::time;
use uuid::Uuid;

use super::fault::{Fault, Told};
use super::fields::{self, Common};
use super::query::Query;
use super::store::{self, Condition, Kind, Narrow, Row, Source, Within};
use super::totals::{Read, Totals};

/// Records of a collection in one zip: a whole county's teachers, and more.
const MOST: usize = 50_000;
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
    Categories,
    LineItems,
    Results,
}

impl Collection {
    /// Every one: its name in addresses and answers, and the name of one of it.
    pub const ALL: [(Self, &'static str, &'static str); 9] = [
        (Self::Orgs, "orgs", "org"),
        (Self::AcademicSessions, "academicSessions", "academicSession"),
        (Self::Courses, "courses", "course"),
        (Self::Classes, "classes", "class"),
        (Self::Users, "users", "user"),
        (Self::Enrollments, "enrollments", "enrollment"),
        (Self::Categories, "categories", "category"),
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
        matches!(self, Self::Categories | Self::LineItems | Self::Results)
    }
}

/// What records are made of.
#[derive(Debug)]
pub struct Ground<'g> {
    pub programme: &'g Programme,
    pub rules: &'g Scheme,
    /// The part of the tree that is seen.
    pub part: &'g Part,
    /// What records have to belong to within it.
    within: Within,
    /// The organisation that courses belong to: the project's own, or else the highest that is seen.
    home: Uuid,
    /// The address under which records are found.
    pub address: &'g str,
    /// The capabilities as statements take them.
    packed: (String, i64),
}

impl<'g> Ground<'g> {
    /// The ground of a programme by its rules, in the part of the tree of which `top` is the highest node. No
    /// record refers to what lies above it: nobody could look that up.
    pub fn new(
        programme: &'g Programme,
        rules: &'g Scheme,
        (part, top): (&'g Part, Uuid),
        address: &'g str,
    ) -> Self {
        let home = if part.holds(&programme.path) { programme.node.uuid() } else { top };
        let known = &rules.framework.capabilities;
        let fields: Vec<&str> = known.iter().flat_map(|c| [&*c.code, &*c.dimension, &*c.name]).collect();
        let width = fields.iter().map(|field| field.chars().count()).max().unwrap_or(1).max(1);
        let packed = fields.iter().map(|field| format!("{field:width$}")).collect();
        let packed = (packed, i64::try_from(width).unwrap_or(1));
        Self { programme, rules, part, within: Within::Everything, home, address, packed }
    }

    /// The same in another part of the tree, of what belongs to `within`.
    pub fn in_part(&self, part: &'g Part, within: Within) -> Self {
        Self { part, within, packed: self.packed.clone(), ..*self }
    }

    fn reference(&self, collection: Collection, id: impl std::fmt::Display, kind: &str) -> Value {
        let (many, _) = collection.names();
        let service = if collection.is_of_gradebook() { "gradebook" } else { "rostering" };
        let href = format!("{}/ims/oneroster/{service}/v1p2/{many}/{id}", self.address);
        json!({ "href": href, "sourcedId": id.to_string(), "type": kind })
    }

    /// Where the rows of a collection come from; `None` for one that is small and not in the database.
    pub fn source(&self, collection: Collection) -> Option<Source<'_>> {
        let rows = match collection {
            Collection::Orgs => &store::ORGS,
            Collection::Courses => &store::COURSES,
            Collection::Classes => &store::CLASSES,
            Collection::Users => &store::USERS,
            Collection::Enrollments => &store::ENROLLMENTS,
            Collection::LineItems => &store::ITEMS,
            Collection::Results => &store::RESULTS,
            Collection::AcademicSessions | Collection::Categories => return None,
        };
        let packed = (collection == Collection::LineItems).then_some(&self.packed);
        Some(Source { rows, part: self.part, within: &self.within, programme: self.programme.id, packed })
    }

    /// The page that `query` asks for at the moment `at`, and how many records there are on all pages: at
    /// that moment for the first page and the last, for one between them as [`Totals`] has it of the
    /// walk.
    ///
    /// # Errors
    /// A field that the collection does not have, as the standard calls it.
    pub async fn page(
        &self,
        tx: &mut Tx,
        collection: Collection,
        query: &Query,
        (totals, at): (&Totals, Instant),
    ) -> Told<(Vec<Value>, i64)> {
        query.chooses_among(fields::names(collection))?;
        let Some(source) = self.source(collection) else {
            return query.apply(self.few(collection), fields::names(collection));
        };
        let narrow = fields::narrow(collection, query, |which| self.common(which))?;
        let page = (query.offset, query.limit);
        let is_whole = self.within == Within::Everything;
        let rows = if is_whole && query.is_plain() {
            store::page(tx, &source, page).await?
        } else {
            store::narrowed(tx, &source, &narrow, page).await?
        };
        let records = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let read = Read { offset: query.offset, records, limit: query.limit };
        let walk = self.walk(collection, query);
        let total = match read.says().or_else(|| totals.kept(&walk, read, at)) {
            Some(total) => total,
            None => {
                let total = match query.filter {
                    None if is_whole => store::all(tx, &source).await?,
                    _ => store::count(tx, &source, &narrow).await?,
                };
                totals.keep(walk, total, at);
                total
            }
        };
        Ok((rows.iter().map(|row| self.record(collection, row)).collect(), total))
    }

    /// What is counted: the same for every page of a walk, in whatever order it goes.
    fn walk(&self, collection: Collection, query: &Query) -> String {
        let (many, _) = collection.names();
        let Part { from, until } = self.part;
        format!("{many} {} {from} {until} {:?} {:?}", self.programme.id, self.within, query.filter)
    }

    /// Nothing of the collection, for a query that could be asked of it.
    ///
    /// # Errors
    /// As [`Ground::page`].
    pub fn nothing(&self, collection: Collection, query: &Query) -> Told<(Vec<Value>, i64)> {
        query.chooses_among(fields::names(collection))?;
        if self.source(collection).is_none() {
            return query.apply(Vec::new(), fields::names(collection));
        }
        fields::narrow(collection, query, |which| self.common(which)).map(|_| (Vec::new(), 0))
    }

    /// Every record of the collection that is not to be deleted, for a file.
    ///
    /// # Errors
    /// More than a file takes.
    pub async fn whole(&self, tx: &mut Tx, collection: Collection) -> Told<Vec<Value>> {
        let Some(source) = self.source(collection) else { return Ok(self.few(collection)) };
        let mut active = Condition::known(true);
        (active.kind, active.at, active.text) = (Kind::Text, fields::STATUS, "active".to_owned());
        let mut found = Vec::new();
        // Each page begins behind the key of the last, which the database finds without counting.
        let mut narrow = Narrow {
            conditions: [active, Condition::known(true)],
            both: true,
            sort: (Kind::Key, 0),
            descending: false,
        };
        loop {
            let rows = store::narrowed(tx, &source, &narrow, (0, STEP)).await?;
            found.extend(rows.iter().map(|row| self.record(collection, row)));
            if found.len() > MOST {
                return Err(Fault::data(format!("more than {MOST} records do not fit into one file")));
            }
            match rows.last() {
                Some(last) if i64::try_from(rows.len()).unwrap_or(0) == STEP => {
                    let (one, two, code) = last.key.clone();
                    let behind = &mut narrow.conditions[1];
                    (behind.kind, behind.mask, behind.text, behind.ids) = (Kind::Key, 4, code, (one, two));
                }
                _ => return Ok(found),
            }
        }
    }

    /// One record.
    ///
    /// # Errors
    /// There is none of that name.
    pub async fn one(&self, tx: &mut Tx, collection: Collection, (id, query): (&str, &Query)) -> Told<Value> {
        query.chooses_among(fields::names(collection))?;
        let Some(source) = self.source(collection) else {
            let found = self.few(collection).into_iter().find(|record| record["sourcedId"] == id);
            return found.ok_or_else(Fault::absent);
        };
        let only = fields::only(collection, id).ok_or_else(Fault::absent)?;
        let rows = store::narrowed(tx, &source, &only, (0, 1)).await?;
        rows.first().map(|row| self.record(collection, row)).ok_or_else(Fault::absent)
    }

    /// A collection that is small.
    fn few(&self, collection: Collection) -> Vec<Value> {
        match collection {
            Collection::AcademicSessions => {
                let years = self.programme.year_from..=self.programme.year_until;
                years.map(|year| self.session(year)).collect()
            }
            Collection::Categories => self
                .rules
                .framework
                .dimensions
                .iter()
                .map(|one| self.category(&one.key, &one.title))
                .collect(),
            _ => Vec::new(),
        }
    }

    fn common(&self, which: Common) -> String {
        match which {
            Common::Programme => self.programme.id.to_string(),
            Common::Home => id_of(self.home),
            Common::LastSession => self.session_id(self.programme.year_until),
            Common::Sessions => {
                let years = self.programme.year_from..=self.programme.year_until;
                years.map(|year| self.session_id(year)).collect::<Vec<_>>().join(",")
            }
            Common::FirstDay => format!("{}-01-01T00:00:00Z", self.programme.year_from),
            Common::LastDay => format!("{}-12-31T00:00:00Z", self.programme.year_until),
        }
    }

    fn record(&self, collection: Collection, row: &Row) -> Value {
        let mut record = match collection {
            Collection::Orgs => self.org(row),
            Collection::Courses => self.course(row),
            Collection::Classes => self.class(row),
            Collection::Users => self.user(row),
            Collection::Enrollments => self.enrollment(row),
            Collection::LineItems => self.item(row),
            Collection::Results => self.result(row),
            Collection::AcademicSessions | Collection::Categories => json!({}),
        };
        record["status"] = json!(if row.is_active { "active" } else { "tobedeleted" });
        record["dateLastModified"] = json!(time::written(row.changed_at.micros()));
        record
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

    fn category(&self, key: &str, title: &str) -> Value {
        json!({
            "sourcedId": key, "status": "active", "dateLastModified": self.beginning(), "title": title,
        })
    }

    /// When the programme was made: of what is as old as it.
    fn beginning(&self) -> String {
        time::written(self.programme.id.made_at().micros())
    }

    fn course(&self, row: &Row) -> Value {
        let [title, code, subjects, ..] = &row.texts;
        let mut record = json!({
            "sourcedId": id_of(row.key.0), "title": title, "courseCode": code,
            "org": self.reference(Collection::Orgs, id_of(self.home), "org"),
        });
        if !subjects.is_empty() {
            record["subjects"] = subjects.trim_matches(',').split(',').collect();
        }
        record
    }

    fn org(&self, row: &Row) -> Value {
        let [name, kind, code, own_kind, ..] = &row.texts;
        let mut record = json!({
            "sourcedId": id_of(row.key.0), "name": name, "type": kind, "identifier": code,
            "metadata": { "tisheng.kind": own_kind },
        });
        if let Some(parent) = row.refers.0 {
            record["parent"] = self.reference(Collection::Orgs, id_of(parent), "org");
        }
        record
    }

    fn class(&self, row: &Row) -> Value {
        let [name, code, ..] = &row.texts;
        let years = self.programme.year_from..=self.programme.year_until;
        let session =
            |year| self.reference(Collection::AcademicSessions, self.session_id(year), "academicSession");
        json!({
            "sourcedId": id_of(row.key.0), "title": name, "classCode": code, "classType": "scheduled",
            "course": self.reference(Collection::Courses, self.programme.id, "course"),
            "school": self.of_school(row, Collection::Orgs, "org"),
            "terms": years.map(session).collect::<Vec<_>>(),
        })
    }

    fn user(&self, row: &Row) -> Value {
        let org = || self.of_school(row, Collection::Orgs, "org");
        let [name, family, given, subject, stage, since] = &row.texts;
        let grades: Vec<&str> = stage.parse::<Stage>().ok().map(|stage| stage.title()).into_iter().collect();
        json!({
            "sourcedId": id_of(row.key.0), "enabledUser": "true", "username": "",
            "givenName": given, "familyName": family, "userIds": [],
            "roles": [{ "roleType": "primary", "role": "teacher", "org": org(), "beginDate": since }],
            "agents": [], "userProfiles": [], "primaryOrg": org(), "grades": grades,
            "metadata": { "tisheng.name": name, "tisheng.subject": subject },
        })
    }

    fn enrollment(&self, row: &Row) -> Value {
        let [since, until, ..] = &row.texts;
        let (person, school) = (id_of(row.key.0), id_of(row.key.1));
        let mut record = json!({
            "sourcedId": format!("{person}.{school}"), "role": "student", "primary": "false",
            "beginDate": since,
            "user": self.reference(Collection::Users, person, "user"),
            "class": self.of_school(row, Collection::Classes, "class"),
            "school": self.of_school(row, Collection::Orgs, "org"),
        });
        if !until.is_empty() {
            record["endDate"] = json!(until);
        }
        record
    }

    fn item(&self, row: &Row) -> Value {
        let [title, category, ..] = &row.texts;
        let session = self.session_id(self.programme.year_until);
        json!({
            "sourcedId": format!("{}.{}", id_of(row.key.0), row.key.2), "title": title,
            "assignDate": self.common(Common::FirstDay), "dueDate": self.common(Common::LastDay),
            "class": self.of_school(row, Collection::Classes, "class"),
            "school": self.of_school(row, Collection::Orgs, "org"),
            "category": self.reference(Collection::Categories, category, "category"),
            "academicSession": self.reference(Collection::AcademicSessions, session, "academicSession"),
        })
    }

    fn result(&self, row: &Row) -> Value {
        let (person, capability) = (id_of(row.key.0), &row.key.2);
        let item = format!("{}.{capability}", row.refers.0.map(id_of).unwrap_or_default());
        json!({
            "sourcedId": format!("{person}.{capability}"),
            "lineItem": self.reference(Collection::LineItems, item, "lineItem"),
            "student": self.reference(Collection::Users, person, "user"),
            "class": self.of_school(row, Collection::Classes, "class"),
            "scoreStatus": "fully graded", "textScore": row.texts[0],
            "scoreDate": row.moment.date().to_string(),
        })
    }

    /// The school of a row, as an organisation or as a class.
    fn of_school(&self, row: &Row, collection: Collection, kind: &str) -> Value {
        self.reference(collection, row.refers.0.map(id_of).unwrap_or_default(), kind)
    }
}

/// An identifier as it stands in addresses everywhere here.
fn id_of(id: Uuid) -> String {
    id.simple().to_string()
}
