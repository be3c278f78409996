//! The zip of CSV files (OneRoster 1.2 CSV binding): written, and read. Pure.

use std::io::{Cursor, Read, Write};

use serde_json::Value;
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

use super::records::Collection;

/// Bytes of a file within a zip that is read.
const MOST: u64 = 64 << 20;
/// Rows of a file within a zip that is read.
const MOST_ROWS: usize = 200_000;

/// A file of the binding: its name, its columns, and where each stands in a record (dots between).
pub struct Table {
    /// Without its ending.
    pub name: &'static str,
    /// Of which collection its rows are.
    pub collection: Collection,
    columns: &'static [(&'static str, &'static str)],
}

/// The files that are written. A column without a place stays empty.
pub const TABLES: [Table; 9] = [
    Table {
        name: "academicSessions",
        collection: Collection::AcademicSessions,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("title", "title"),
            ("type", "type"),
            ("startDate", "startDate"),
            ("endDate", "endDate"),
            ("parentSourcedId", ""),
            ("schoolYear", "schoolYear"),
        ],
    },
    Table {
        name: "orgs",
        collection: Collection::Orgs,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("name", "name"),
            ("type", "type"),
            ("identifier", "identifier"),
            ("parentSourcedId", "parent.sourcedId"),
        ],
    },
    Table {
        name: "courses",
        collection: Collection::Courses,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("schoolYearSourcedId", ""),
            ("title", "title"),
            ("courseCode", "courseCode"),
            ("grades", ""),
            ("orgSourcedId", "org.sourcedId"),
            ("subjects", "subjects"),
            ("subjectCodes", ""),
        ],
    },
    Table {
        name: "classes",
        collection: Collection::Classes,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("title", "title"),
            ("grades", ""),
            ("courseSourcedId", "course.sourcedId"),
            ("classCode", "classCode"),
            ("classType", "classType"),
            ("location", ""),
            ("schoolSourcedId", "school.sourcedId"),
            ("termSourcedIds", "terms.sourcedId"),
            ("subjects", ""),
            ("subjectCodes", ""),
            ("periods", ""),
        ],
    },
    Table {
        name: "users",
        collection: Collection::Users,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("enabledUser", "enabledUser"),
            ("username", "username"),
            ("userIds", ""),
            ("givenName", "givenName"),
            ("familyName", "familyName"),
            ("middleName", ""),
            ("identifier", ""),
            ("email", ""),
            ("sms", ""),
            ("phone", ""),
            ("agentSourcedIds", ""),
            ("grades", "grades"),
            ("password", ""),
            ("userMasterIdentifier", ""),
            ("resourceSourcedIds", ""),
            ("preferredGivenName", ""),
            ("preferredMiddleName", ""),
            ("preferredFamilyName", ""),
            ("primaryOrgSourcedId", "primaryOrg.sourcedId"),
            ("pronouns", ""),
        ],
    },
    Table {
        name: "roles",
        collection: Collection::Users,
        columns: &[
            ("sourcedId", "role"),
            ("status", ""),
            ("dateLastModified", ""),
            ("userSourcedId", "sourcedId"),
            ("roleType", "roles.roleType"),
            ("role", "roles.role"),
            ("beginDate", "roles.beginDate"),
            ("endDate", ""),
            ("orgSourcedId", "roles.org.sourcedId"),
            ("userProfileSourcedId", ""),
        ],
    },
    Table {
        name: "enrollments",
        collection: Collection::Enrollments,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("classSourcedId", "class.sourcedId"),
            ("schoolSourcedId", "school.sourcedId"),
            ("userSourcedId", "user.sourcedId"),
            ("role", "role"),
            ("primary", "primary"),
            ("beginDate", "beginDate"),
            ("endDate", ""),
        ],
    },
    Table {
        name: "lineItems",
        collection: Collection::LineItems,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("title", "title"),
            ("description", ""),
            ("assignDate", "assignDate"),
            ("dueDate", "dueDate"),
            ("classSourcedId", ""),
            ("categorySourcedId", ""),
            ("gradingPeriodSourcedId", ""),
            ("resultValueMin", ""),
            ("resultValueMax", ""),
            ("schoolSourcedId", ""),
        ],
    },
    Table {
        name: "results",
        collection: Collection::Results,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("lineItemSourcedId", "lineItem.sourcedId"),
            ("studentSourcedId", "student.sourcedId"),
            ("scoreStatus", "scoreStatus"),
            ("score", ""),
            ("scoreDate", "scoreDate"),
            ("comment", ""),
            ("textScore", "textScore"),
            ("classSourcedId", "class.sourcedId"),
            ("inProgress", ""),
            ("incomplete", ""),
            ("late", ""),
            ("missing", ""),
        ],
    },
];

/// The files of the binding that are not written.
const ABSENT: [&str; 12] = [
    "categories",
    "classResources",
    "courseResources",
    "demographics",
    "lineItemLearningObjectiveIds",
    "lineItemScoreScales",
    "resources",
    "resultLearningObjectiveIds",
    "resultScoreScales",
    "scoreScales",
    "userProfiles",
    "userResources",
];

/// A zip could not be written, or is none that can be read.
#[derive(Debug, thiserror::Error)]
pub enum SheetsError {
    /// The archive.
    #[error("{0}")]
    Zip(#[from] zip::result::ZipError),
    /// A file in it.
    #[error("{0}")]
    Csv(#[from] csv::Error),
    /// The disk, which memory is not.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Something about its content, in a sentence for whoever brought it.
    #[error("{0}")]
    Content(String),
}

/// Writes the zip: the manifest, and each table with its records. Of a whole set (bulk) the columns
/// `status` and `dateLastModified` stay empty, as the binding has it.
pub fn write(source: &str, tables: &[(&Table, Vec<Value>)]) -> Result<Vec<u8>, SheetsError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    archive.start_file("manifest.csv", options)?;
    let mut properties = vec![
        ("manifest.version".to_owned(), "1.0"),
        ("oneroster.version".to_owned(), "1.2"),
        ("source.systemName".to_owned(), source),
        ("source.systemCode".to_owned(), "tisheng"),
    ];
    properties.extend(TABLES.iter().map(|table| (format!("file.{}", table.name), "bulk")));
    properties.extend(ABSENT.iter().map(|name| (format!("file.{name}"), "absent")));
    let rows = properties.iter().map(|(name, value)| vec![name.clone(), (*value).to_owned()]);
    archive.write_all(&text(&["propertyName", "value"], rows)?)?;
    for (table, records) in tables {
        archive.start_file(format!("{}.csv", table.name), options)?;
        let head: Vec<&str> = table.columns.iter().map(|(name, _)| *name).collect();
        let rows =
            records.iter().map(|record| table.columns.iter().map(|(_, place)| cell(record, place)).collect());
        archive.write_all(&text(&head, rows)?)?;
    }
    Ok(archive.finish()?.into_inner())
}

fn text(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<Vec<u8>, SheetsError> {
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record(head)?;
    for row in rows {
        out.write_record(row)?;
    }
    out.into_inner().map_err(|error| SheetsError::Io(error.into_error()))
}

/// What stands at a place of a record; of a list every item, comma between.
fn cell(record: &Value, place: &str) -> String {
    if place.is_empty() {
        return String::new();
    }
    if place == "role" && record.get("roles").is_some() {
        return format!("{}.role", cell(record, "sourcedId"));
    }
    let (name, rest) = place.split_once('.').unwrap_or((place, ""));
    let inner = |value: &Value| match (value, rest) {
        (Value::String(text), "") => text.clone(),
        (Value::Null, _) => String::new(),
        (other, "") => other.to_string(),
        (other, rest) => cell(other, rest),
    };
    match record.get(name) {
        Some(Value::Array(items)) => items.iter().map(inner).collect::<Vec<_>>().join(","),
        Some(value) => inner(value),
        None => String::new(),
    }
}

/// A file of a zip that was brought.
#[derive(Debug)]
pub struct Sheet {
    head: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Sheet {
    /// Its rows, each by the names of its columns.
    pub fn rows(&self) -> impl Iterator<Item = Line<'_>> {
        self.rows.iter().map(|row| Line { head: &self.head, row })
    }
}

/// A row of a file.
#[derive(Debug, Clone, Copy)]
pub struct Line<'a> {
    head: &'a [String],
    row: &'a csv::StringRecord,
}

impl<'a> Line<'a> {
    /// What stands in the column `name`; empty when the file has none.
    pub fn text(&self, name: &str) -> &'a str {
        let place = self.head.iter().position(|known| known.eq_ignore_ascii_case(name));
        place.and_then(|place| self.row.get(place)).map_or("", str::trim)
    }

    /// Whether it is taken: what is to be deleted is not.
    pub fn is_active(&self) -> bool {
        matches!(self.text("status"), "" | "active")
    }
}

/// Reads the files `names` of a zip; those that are not in it are `None`.
///
/// # Errors
/// What is wrong with the zip, in a sentence.
pub fn read<const N: usize>(bytes: &[u8], names: [&str; N]) -> Result<[Option<Sheet>; N], SheetsError> {
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let manifest = file(&mut archive, "manifest")?
        .ok_or_else(|| SheetsError::Content("压缩包里没有 manifest.csv，不是 OneRoster 文件".to_owned()))?;
    let version = manifest.rows().find(|line| line.text("propertyName") == "oneroster.version");
    let version = version.map(|line| line.text("value").to_owned()).unwrap_or_default();
    if !matches!(version.as_str(), "1.1" | "1.2") {
        return Err(SheetsError::Content(format!("只支持 OneRoster 1.1 和 1.2，文件写的是“{version}”")));
    }
    let mut found = std::array::from_fn(|_| None);
    for (place, name) in names.iter().enumerate() {
        found[place] = file(&mut archive, name)?;
    }
    Ok(found)
}

fn file(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<Sheet>, SheetsError> {
    let wanted = format!("{name}.csv");
    let known = archive.file_names().find(|known| *known == wanted).map(str::to_owned);
    let Some(known) = known else { return Ok(None) };
    let entry = archive.by_name(&known)?;
    let mut content = Vec::new();
    entry.take(MOST + 1).read_to_end(&mut content)?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > MOST {
        return Err(SheetsError::Content(format!("{wanted} 超过 {} MB，请分批导入", MOST >> 20)));
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(content);
    let head = reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        if rows.len() >= MOST_ROWS {
            return Err(SheetsError::Content(format!("{wanted} 超过 {MOST_ROWS} 行，请分批导入")));
        }
        rows.push(row?);
    }
    Ok(Some(Sheet { head, rows }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};
    use serde_json::json;

    use super::{TABLES, read, write};

    #[test]
    fn what_is_written_is_read_again() {
        let orgs = &TABLES[1];
        let record = json!({ "sourcedId": "1", "name": "某校,\"甲\"", "type": "school", "parent": { "sourcedId": "0" } });
        let zip = write("某系统", &[(orgs, vec![record])]).expect("a zip");
        let [orgs, users] = read(&zip, ["orgs", "users"]).expect("read");
        let orgs = orgs.expect("orgs");
        let line = orgs.rows().next().expect("a row");
        assert_eq!((line.text("name"), line.text("parentSourcedId")), ("某校,\"甲\"", "0"));
        assert!(line.is_active() && users.is_none());
    }

    #[test]
    fn a_user_has_a_role_of_its_own_number() {
        let user = json!({ "sourcedId": "7", "roles": [{ "role": "teacher", "org": { "sourcedId": "s" } }] });
        let roles = TABLES.iter().find(|table| table.name == "roles").expect("roles");
        let zip = write("某系统", &[(roles, vec![user])]).expect("a zip");
        let [roles] = read(&zip, ["roles"]).expect("read");
        let roles = roles.expect("roles");
        let line = roles.rows().next().expect("a row");
        assert_eq!(
            ["sourcedId", "userSourcedId", "role", "orgSourcedId"].map(|name| line.text(name)),
            ["7.role", "7", "teacher", "s"]
        );
    }

    proptest! {
        #[test]
        fn no_bytes_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(&bytes, ["users"]);
        }
    }
}
