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

/// The column of a user's subject, which the standard keeps with classes that are taught alone: here
/// teachers learn in theirs. The binding lets columns of one's own follow behind its own.
pub const SUBJECT: &str = "metadata.tisheng.subject";

/// The files that are written. A column without a place stays empty.
pub const TABLES: [Table; 10] = [
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
            (SUBJECT, SUBJECT),
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
        name: "categories",
        collection: Collection::Categories,
        columns: &[
            ("sourcedId", "sourcedId"),
            ("status", ""),
            ("dateLastModified", ""),
            ("title", "title"),
            ("weight", ""),
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
            ("classSourcedId", "class.sourcedId"),
            ("categorySourcedId", "category.sourcedId"),
            ("gradingPeriodSourcedId", "academicSession.sourcedId"),
            ("resultValueMin", ""),
            ("resultValueMax", ""),
            ("schoolSourcedId", "school.sourcedId"),
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
const ABSENT: [&str; 11] = [
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
    // What stands with the metadata has a name with dots in it.
    let is_own = record.get(place).is_some();
    let (name, rest) = place.split_once('.').filter(|_| !is_own).unwrap_or((place, ""));
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
    /// Whether it holds only what has changed, as the manifest says.
    pub is_delta: bool,
    head: Vec<String>,
    rows: Vec<csv::StringRecord>,
}

impl Sheet {
    /// Refuses a file, called `name`, that has not all of `columns`.
    pub fn needs(&self, name: &str, columns: &[&str]) -> Result<(), SheetsError> {
        let is_there = |column: &str| self.head.iter().any(|known| known.eq_ignore_ascii_case(column));
        match columns.iter().find(|column| !is_there(column)) {
            Some(column) => {
                Err(told(format!("{name}.csv 的表头缺少 {column} 一列。请从原系统重新导出，不要删改表头")))
            }
            None => Ok(()),
        }
    }

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

    /// Whether it is to be deleted.
    pub fn is_gone(&self) -> bool {
        self.text("status") == "tobedeleted"
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
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| {
        told("这不是完整的 zip 压缩包，可能没有传完，或者只是改了扩展名。请从原系统重新导出，上传导出的 zip 文件")
    })?;
    let manifest = file(&mut archive, "manifest")?.ok_or_else(|| {
        let folder = archive.file_names().find_map(|name| name.strip_suffix("/manifest.csv"));
        told(folder.map_or_else(
            || {
                "压缩包里没有 manifest.csv（写明版本和有哪些文件的清单）。请从原系统按 OneRoster 1.2 CSV 格式重新导出"
                    .to_owned()
            },
            |folder| {
                format!(
                    "manifest.csv 在文件夹“{folder}”里，应在压缩包的最外层。请进入该文件夹，选中全部 csv 文件再压缩"
                )
            },
        ))
    })?;
    let version = manifest.rows().find(|line| line.text("propertyName") == "oneroster.version");
    match version.map(|line| line.text("value")) {
        Some("1.1" | "1.2") => {}
        Some(other) => {
            return Err(told(format!(
                "manifest.csv 写的 OneRoster 版本是“{other}”，本系统读 1.1 和 1.2。请在原系统选择 1.2 重新导出"
            )));
        }
        None => {
            return Err(told(
                "manifest.csv 里没有 oneroster.version 一行，不知道是哪个版本。请补上这一行（值为 1.2），或重新导出",
            ));
        }
    }
    let mut found = std::array::from_fn(|_| None);
    for (place, name) in names.iter().enumerate() {
        let mode = format!("file.{name}");
        let mode = manifest.rows().find(|line| line.text("propertyName").eq_ignore_ascii_case(&mode));
        let is_delta = mode.is_some_and(|line| line.text("value").eq_ignore_ascii_case("delta"));
        found[place] = file(&mut archive, name)?.map(|sheet| Sheet { is_delta, ..sheet });
    }
    Ok(found)
}

fn file(archive: &mut ZipArchive<Cursor<&[u8]>>, name: &str) -> Result<Option<Sheet>, SheetsError> {
    let wanted = format!("{name}.csv");
    let known = archive.file_names().find(|known| known.eq_ignore_ascii_case(&wanted)).map(str::to_owned);
    let Some(known) = known else { return Ok(None) };
    let entry = archive.by_name(&known).map_err(|_| {
        told(format!("{wanted} 打不开：压缩包带密码，或用了少见的压缩方式。请不设密码、按普通 zip 重新压缩"))
    })?;
    let mut content = Vec::new();
    entry
        .take(MOST + 1)
        .read_to_end(&mut content)
        .map_err(|_| told(format!("{wanted} 在压缩包里已经损坏。请重新导出或重新压缩后再上传")))?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > MOST {
        return Err(SheetsError::Content(format!("{wanted} 超过 {} MB，请分批导入", MOST >> 20)));
    }
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&content);
    if let Err(error) = std::str::from_utf8(content) {
        let line = line_of(content, error.valid_up_to());
        return Err(told(format!(
            "{wanted} 第 {line} 行不是 UTF-8 编码，多半是在 Excel 里另存成了 GBK。请另存为“CSV UTF-8（逗号分隔）”，再重新压缩"
        )));
    }
    let mut reader = csv::ReaderBuilder::new().from_reader(content);
    let head = reader.headers()?.iter().map(|name| name.trim().to_owned()).collect();
    let mut rows = Vec::new();
    for row in reader.records() {
        if rows.len() >= MOST_ROWS {
            return Err(SheetsError::Content(format!("{wanted} 超过 {MOST_ROWS} 行，请分批导入")));
        }
        rows.push(row.map_err(|error| uneven(&wanted, &error))?);
    }
    Ok(Some(Sheet { is_delta: false, head, rows }))
}

/// Something about the content, for whoever brought it.
fn told(sentence: impl Into<String>) -> SheetsError {
    SheetsError::Content(sentence.into())
}

/// The line of a text in which the byte `at` stands.
fn line_of(content: &[u8], at: usize) -> usize {
    content.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// A row that has more or fewer columns than the heading.
fn uneven(name: &str, error: &csv::Error) -> SheetsError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => told(format!(
            "{name} 第 {line} 行有 {len} 列，表头有 {expected_len} 列。请检查这一行的逗号和引号是否成对，改正后重新压缩"
        )),
        _ => told(format!("{name} 第 {line} 行读不出来。请检查这一行，改正后重新压缩")),
    }
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
