//! The fields of each collection (information models 1.2), whatever its records hold at the moment:
//! which may be chosen, and by which it is narrowed and sorted. Pure.

use chrono::NaiveDate;
use tisheng_kernel::Instant;
use tisheng_registry::organisation::Stage;
use tisheng_xapi::{Version, time};
use uuid::Uuid;

use super::fault::{Fault, Told};
use super::query::{Filter, Predicate, Query, Term, unknown};
use super::records::Collection;
use super::store::{Condition, Kind, Narrow};

/// Where a field stands in the rows of its collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    /// A text of the row.
    Text(i64),
    /// A text of the row that is the code of a stage: a list of one.
    Stage(i64),
    /// A text of the row in which each item of a list stands between commas.
    List(i64),
    /// A list of all academic sessions, the same in every record.
    Sessions,
    /// A key of the row: 0 its own, 1 and 2 what it refers to, 3 the first of these with its code.
    Key(i64),
    /// When it was written last.
    Changed,
    /// The day of the row's own moment.
    Day,
    /// The same in every record.
    Fixed(&'static str),
    /// In every record what the collection's ground says: the programme, its organisation, its days.
    Ground(Common),
}

/// What every record of a collection has in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Common {
    Programme,
    Home,
    LastSession,
    /// Every session, with commas between them.
    Sessions,
    FirstDay,
    LastDay,
}

/// The number of the status among the texts of a row.
pub const STATUS: i64 = 6;

/// The fields that a record may have.
pub const fn names(collection: Collection) -> &'static [&'static str] {
    match collection {
        Collection::Orgs => {
            &["sourcedId", "status", "dateLastModified", "metadata", "name", "type", "identifier", "parent"]
        }
        Collection::AcademicSessions => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "title",
            "startDate",
            "endDate",
            "type",
            "schoolYear",
        ],
        Collection::Courses => {
            &["sourcedId", "status", "dateLastModified", "title", "courseCode", "subjects", "org"]
        }
        Collection::Classes => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "title",
            "classCode",
            "classType",
            "course",
            "school",
            "terms",
        ],
        Collection::Users => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "metadata",
            "enabledUser",
            "username",
            "userIds",
            "givenName",
            "familyName",
            "roles",
            "agents",
            "userProfiles",
            "primaryOrg",
            "grades",
        ],
        Collection::Enrollments => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "role",
            "primary",
            "beginDate",
            "endDate",
            "user",
            "class",
            "school",
        ],
        Collection::Categories => &["sourcedId", "status", "dateLastModified", "title"],
        Collection::LineItems => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "title",
            "assignDate",
            "dueDate",
            "class",
            "school",
            "category",
            "academicSession",
        ],
        Collection::Results => &[
            "sourcedId",
            "status",
            "dateLastModified",
            "lineItem",
            "student",
            "class",
            "scoreStatus",
            "textScore",
            "scoreDate",
        ],
    }
}

/// The fields by which a collection in the database is narrowed and sorted, and where each stands, beside
/// [`EVERYWHERE`].
const fn columns(collection: Collection) -> &'static [(&'static str, Column)] {
    use Column::{Day, Fixed, Ground, Key, List, Sessions, Stage, Text};
    match collection {
        Collection::Orgs => &[
            ("name", Text(0)),
            ("type", Text(1)),
            ("identifier", Text(2)),
            ("parent.sourcedId", Key(1)),
            ("metadata.tisheng.kind", Text(3)),
        ],
        Collection::Courses => &[
            ("title", Text(0)),
            ("courseCode", Text(1)),
            ("subjects", List(2)),
            ("org.sourcedId", Ground(Common::Home)),
        ],
        Collection::Classes => &[
            ("title", Text(0)),
            ("classCode", Text(1)),
            ("classType", Fixed("scheduled")),
            ("course.sourcedId", Ground(Common::Programme)),
            ("school.sourcedId", Key(1)),
            ("terms.sourcedId", Sessions),
        ],
        Collection::Users => &[
            ("familyName", Text(1)),
            ("givenName", Text(2)),
            ("username", Fixed("")),
            ("enabledUser", Fixed("true")),
            ("primaryOrg.sourcedId", Key(1)),
            ("roles.org.sourcedId", Key(1)),
            ("roles.role", Fixed("teacher")),
            ("roles.roleType", Fixed("primary")),
            ("roles.beginDate", Text(5)),
            ("grades", Stage(4)),
            ("metadata.tisheng.name", Text(0)),
            ("metadata.tisheng.subject", Text(3)),
        ],
        Collection::Enrollments => &[
            ("role", Fixed("student")),
            ("primary", Fixed("false")),
            ("beginDate", Text(0)),
            ("endDate", Text(1)),
            ("user.sourcedId", Key(2)),
            ("class.sourcedId", Key(1)),
            ("school.sourcedId", Key(1)),
        ],
        Collection::LineItems => &[
            ("title", Text(0)),
            ("assignDate", Ground(Common::FirstDay)),
            ("dueDate", Ground(Common::LastDay)),
            ("class.sourcedId", Key(1)),
            ("school.sourcedId", Key(1)),
            ("category.sourcedId", Text(1)),
            ("academicSession.sourcedId", Ground(Common::LastSession)),
        ],
        Collection::Results => &[
            ("lineItem.sourcedId", Key(3)),
            ("student.sourcedId", Key(2)),
            ("class.sourcedId", Key(1)),
            ("scoreStatus", Fixed("fully graded")),
            ("textScore", Text(0)),
            ("scoreDate", Day),
        ],
        Collection::AcademicSessions | Collection::Categories => &[],
    }
}

/// The fields by which every collection in the database is narrowed and sorted.
const EVERYWHERE: [(&str, Column); 3] =
    [("sourcedId", Column::Key(0)), ("status", Column::Text(STATUS)), ("dateLastModified", Column::Changed)];

fn all_columns(collection: Collection) -> impl Iterator<Item = (&'static str, Column)> {
    EVERYWHERE.into_iter().chain(columns(collection).iter().copied())
}

/// Where the field `name` stands; `None` when the collection has none of that name, or none by which
/// it is narrowed.
pub fn column(collection: Collection, name: &str) -> Option<Column> {
    all_columns(collection).find(|(known, _)| *known == name).map(|(_, column)| column)
}

/// What `query` asks of the rows of a collection; `common` says what its records have in common.
///
/// # Errors
/// The standard's `invalid_filter_field` and `invalid_sort_field`.
pub fn narrow(collection: Collection, query: &Query, common: impl Fn(Common) -> String) -> Told<Narrow> {
    let known: Vec<&str> = all_columns(collection).map(|(name, _)| name).collect();
    let condition = |term: &Term| {
        let column =
            column(collection, &term.field).ok_or_else(|| Fault::filter(unknown(&known, &term.field)))?;
        ready(collection, column, term, &common)
    };
    let (conditions, both) = match &query.filter {
        None => ([Condition::known(true), Condition::known(true)], true),
        Some(Filter { first, second: None }) => ([condition(first)?, Condition::known(true)], true),
        Some(Filter { first, second: Some((both, second)) }) => {
            ([condition(first)?, condition(second)?], *both)
        }
    };
    let sorted = if query.sort.is_empty() { "sourcedId" } else { &query.sort };
    let sorted = column(collection, sorted).ok_or_else(|| Fault::sort(unknown(&known, sorted)))?;
    let sort = match sorted {
        Column::Text(at) | Column::Stage(at) | Column::List(at) => (Kind::Text, at),
        Column::Key(at) => (Kind::Key, at),
        Column::Changed => (Kind::Changed, 0),
        Column::Day => (Kind::Moment, 0),
        Column::Fixed(_) | Column::Ground(_) | Column::Sessions => (Kind::Known, 0),
    };
    Ok(Narrow { conditions, both, sort, descending: query.descending })
}

/// The record that `id` names, alone.
pub fn only(collection: Collection, id: &str) -> Option<Narrow> {
    let (one, two, code) = key(collection, 0, id)?;
    let mut condition = Condition::known(true);
    (condition.kind, condition.text, condition.ids) = (Kind::Key, code, (one, two));
    let conditions = [condition, Condition::known(true)];
    Some(Narrow { conditions, both: true, sort: (Kind::Known, 0), descending: false })
}

fn ready(
    collection: Collection,
    column: Column,
    term: &Term,
    common: impl Fn(Common) -> String,
) -> Told<Condition> {
    let mask = term.predicate.mask();
    let base = Condition { mask, ..Condition::known(true) };
    let value = term.value.to_lowercase();
    let unfit = |what: &str| Fault::filter(format!("{} is compared with {what}", term.field));
    Ok(match column {
        Column::Fixed(text) => Condition::known(term.holds(text)),
        Column::Ground(which) => Condition::known(term.holds(&common(which))),
        Column::Text(at) if term.predicate == Predicate::Holds => {
            Condition { kind: Kind::Like, at, mask: 2, text: format!("%{}%", plain(&value)), ..base }
        }
        Column::Text(at) => Condition { kind: Kind::Text, at, text: value, ..base },
        // Of a list, one item is enough: it is what was asked for, or holds it.
        Column::List(_) | Column::Stage(_) | Column::Sessions if !term.predicate.is_for_lists() => {
            return Err(unfit("=, != or ~: it is a list"));
        }
        Column::List(_) if value.contains(',') => Condition::known(term.predicate == Predicate::IsNot),
        Column::List(at) => {
            let (around, mask) = if mask == 0 { ("", 2) } else { (",", mask) };
            let text = format!("%{around}{}{around}%", plain(&value));
            Condition { kind: Kind::Like, at, mask, text, ..base }
        }
        Column::Stage(at) => {
            // Records show the title; the code is taken as well, whole.
            let code = |stage: &Stage| if mask == 0 { "" } else { stage.key() };
            let is_meant = |stage: &&Stage| term.of_list([stage.title(), code(stage)].into_iter());
            let meant: Vec<&str> = Stage::ALL.iter().filter(is_meant).map(|stage| stage.key()).collect();
            let mask = if mask == 0 { 2 } else { mask };
            match meant.is_empty() {
                true => Condition::known(term.predicate == Predicate::IsNot),
                false => {
                    Condition { kind: Kind::Among, at, mask, text: format!(",{},", meant.join(",")), ..base }
                }
            }
        }
        Column::Sessions => {
            let holds = term.of_list(common(Common::Sessions).split(','));
            Condition::known(holds != (term.predicate == Predicate::IsNot))
        }
        Column::Key(at) => match (key(collection, at, &term.value), term.predicate) {
            (_, Predicate::Holds) => return Err(unfit("a whole sourcedId")),
            (Some((one, two, text)), _) => Condition { kind: Kind::Key, at, text, ids: (one, two), ..base },
            (None, Predicate::Is) => Condition::known(false),
            (None, Predicate::IsNot) => Condition::known(true),
            (None, _) => return Err(unfit("a sourcedId")),
        },
        Column::Changed => {
            let from = moment(&term.value).filter(|_| mask != 0).ok_or_else(|| unfit("a moment"))?;
            Condition { kind: Kind::Changed, moments: (from, from.saturating_add(1)), ..base }
        }
        Column::Day => {
            let day = term.value.parse::<NaiveDate>().ok().filter(|_| mask != 0);
            let day = day.ok_or_else(|| unfit("a day"))?;
            let next = day.succ_opt().unwrap_or(day);
            let moments = (Instant::start_of(day).micros(), Instant::start_of(next).micros());
            Condition { kind: Kind::Moment, moments, ..base }
        }
    })
}

/// `text` as a pattern finds it.
fn plain(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// The moment that `text` names, in microseconds: of a day its beginning in UTC.
fn moment(text: &str) -> Option<i64> {
    time::moment(text, Version::One).or_else(|| time::moment(&format!("{text}T00:00:00Z"), Version::One))
}

/// The key of a record as it stands in addresses: `id`, `id.id` or `id.code`.
fn key(collection: Collection, at: i64, text: &str) -> Option<(Uuid, Uuid, String)> {
    let whole = |text: &str| Uuid::try_parse(text).ok();
    let has_code = at == 3 || (at == 0 && matches!(collection, Collection::LineItems | Collection::Results));
    if has_code {
        let (id, code) = text.split_once('.')?;
        let id = whole(id)?;
        return Some((id, id, code.to_owned()));
    }
    if at == 0 && collection == Collection::Enrollments {
        let (person, school) = text.split_once('.')?;
        return Some((whole(person)?, whole(school)?, String::new()));
    }
    let id = whole(text)?;
    Some((id, id, String::new()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::proptest;

    use super::{Column, column, columns, names, narrow, only};
    use crate::oneroster::query::Query;
    use crate::oneroster::query::tests::query;
    use crate::oneroster::records::Collection;
    use crate::oneroster::store::Kind;

    #[test]
    fn a_field_is_known_by_its_collection() {
        assert_eq!(column(Collection::Orgs, "name"), Some(Column::Text(0)));
        assert_eq!(column(Collection::Orgs, "title"), None);
        assert_eq!(column(Collection::Results, "lineItem.sourcedId"), Some(Column::Key(3)));
        for (collection, ..) in Collection::ALL {
            assert!(["sourcedId", "status"].iter().all(|name| names(collection).contains(name)));
            let is_named = |name: &str| names(collection).contains(&name.split('.').next().unwrap_or(name));
            assert!(columns(collection).iter().all(|(name, _)| is_named(name)), "{collection:?}");
            assert_eq!(column(collection, "nothing"), None);
        }
    }

    #[test]
    fn a_condition_takes_what_its_field_is_compared_with() {
        let common = |_| "2025".to_owned();
        for (filter, is_fine) in [
            ("dateLastModified>'2025-01-02T03:04:05.678Z'", true),
            ("dateLastModified>='2025-01-02'", true),
            ("dateLastModified>'yesterday'", false),
            ("dateLastModified~'2025'", false),
            ("scoreDate='2025-01-02'", true),
            ("scoreDate='2025'", false),
            ("sourcedId='x'", true),
            ("sourcedId>'x'", false),
            ("sourcedId~'x'", false),
            ("textScore~'%'", true),
            ("nothing='x'", false),
        ] {
            let query = query(&[("filter", filter)]);
            assert_eq!(narrow(Collection::Results, &query, common).is_ok(), is_fine, "{filter}");
        }
        assert!(narrow(Collection::Orgs, &query(&[("sort", "nothing")]), common).is_err());
        let like = narrow(Collection::Orgs, &query(&[("filter", "name~'A_%'")]), common).expect("narrow");
        assert_eq!((like.conditions[0].kind, like.conditions[0].text.as_str()), (Kind::Like, "%a\\_\\%%"));
        assert!(only(Collection::Enrollments, "x").is_none() && only(Collection::LineItems, "x").is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_narrowed_or_refused(filter in ".{0,40}", sort in ".{0,20}", id in ".{0,40}") {
            let pairs = [("filter".to_owned(), filter), ("sort".to_owned(), sort)];
            for (collection, ..) in Collection::ALL {
                let _ = only(collection, &id);
                if let Ok(query) = Query::read(&pairs) {
                    let _ = narrow(collection, &query, |_| String::new());
                }
            }
        }
    }
}
