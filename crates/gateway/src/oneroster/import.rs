//! A zip that somebody brings, made a roll of teachers: the clerk's loop checks and takes it.

use std::collections::HashMap;

use tisheng_registry::organisation::Stage;
use tisheng_registry::people::SUBJECTS;

use super::sheets::{self, Line, Sheet, SheetsError};

/// The heading of the roll, in the words of its template.
const HEAD: [&str; 7] = ["姓名", "证件号码", "手机号", "学校", "学校标识码", "任教学科", "任教学段"];

/// Reads the zip and writes the roll of its teachers as CSV: whoever has the role `teacher`, at the
/// organisation of that role. The number of the paper is the user's `identifier`, since the standard has
/// no other place for it; what is missing is found by the check, row by row.
///
/// # Errors
/// What is wrong with the zip, in a sentence.
pub fn roll(bytes: &[u8]) -> Result<Vec<u8>, SheetsError> {
    let [users, orgs, roles, classes, enrollments] =
        sheets::read(bytes, ["users", "orgs", "roles", "classes", "enrollments"])?;
    let missing = |name: &str| SheetsError::Content(format!("压缩包里没有 {name}.csv，请连同它一起重新导出"));
    let (users, orgs) = (users.ok_or_else(|| missing("users"))?, orgs.ok_or_else(|| missing("orgs"))?);
    users.needs("users", &["sourcedId", "givenName", "familyName"])?;
    orgs.needs("orgs", &["sourcedId", "name"])?;
    let orgs: HashMap<&str, Line<'_>> = by_id(&orgs, "sourcedId");
    let taught = subjects(classes.as_ref(), enrollments.as_ref());
    let places = places(roles.as_ref());
    let mut rows = Vec::new();
    for user in users.rows().filter(Line::is_active) {
        let id = user.text("sourcedId");
        // In 1.1 role and organisations stand with the user.
        let school = match (&roles, user.text("role")) {
            (Some(_), _) => places.get(id).copied(),
            (None, "teacher") => user.text("orgSourcedIds").split(',').next(),
            (None, _) => None,
        };
        let Some(school) = school else { continue };
        let org = orgs.get(school);
        let of_org = |name: &str| org.map(|line| line.text(name)).unwrap_or_default();
        let phone = if user.text("sms").is_empty() { user.text("phone") } else { user.text("sms") };
        rows.push([
            format!("{}{}", user.text("familyName"), user.text("givenName")),
            user.text("identifier").to_owned(),
            phone.to_owned(),
            of_org("name").to_owned(),
            of_org("identifier").to_owned(),
            taught
                .get(id)
                .copied()
                .filter(|subject| SUBJECTS.contains(subject))
                .unwrap_or_default()
                .to_owned(),
            stage(user.text("grades")).to_owned(),
        ]);
    }
    if rows.is_empty() {
        return Err(SheetsError::Content(
            "文件里没有在用的教师。请确认 roles.csv 里有 role 为 teacher 的行，且 status 不是 tobedeleted"
                .to_owned(),
        ));
    }
    let mut out = csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    out.write_record(HEAD)?;
    for row in rows {
        out.write_record(row)?;
    }
    out.into_inner().map_err(|error| SheetsError::Io(error.into_error()))
}

fn by_id<'s>(sheet: &'s Sheet, column: &str) -> HashMap<&'s str, Line<'s>> {
    sheet.rows().filter(Line::is_active).map(|line| (line.text(column), line)).collect()
}

/// Where each teacher teaches: the primary role before another.
fn places(roles: Option<&Sheet>) -> HashMap<&str, &str> {
    let mut places = HashMap::new();
    let teachers = roles.into_iter().flat_map(Sheet::rows);
    for line in teachers.filter(|line| line.is_active() && line.text("role") == "teacher") {
        let (user, org) = (line.text("userSourcedId"), line.text("orgSourcedId"));
        if line.text("roleType") == "primary" {
            places.insert(user, org);
        } else {
            places.entry(user).or_insert(org);
        }
    }
    places
}

/// The first subject of the first class that each teacher teaches.
fn subjects<'s>(classes: Option<&'s Sheet>, enrollments: Option<&'s Sheet>) -> HashMap<&'s str, &'s str> {
    let classes: HashMap<&str, Line<'_>> =
        classes.map(|classes| by_id(classes, "sourcedId")).unwrap_or_default();
    let mut taught = HashMap::new();
    let teaching = enrollments.into_iter().flat_map(Sheet::rows);
    for line in teaching.filter(|line| line.is_active() && line.text("role") == "teacher") {
        let class = classes.get(line.text("classSourcedId"));
        let subject = class.and_then(|class| class.text("subjects").split(',').next()).map(str::trim);
        if let Some(subject) = subject.filter(|subject| !subject.is_empty()) {
            taught.entry(line.text("userSourcedId")).or_insert(subject);
        }
    }
    taught
}

/// The stage that `grades` names, by its title or code; empty for none.
fn stage(grades: &str) -> &'static str {
    let first = grades.split(',').next().map(str::trim).unwrap_or_default();
    first.parse::<Stage>().map_or("", Stage::title)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::roll;

    fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            archive.start_file(*name, SimpleFileOptions::default()).expect("a file");
            archive.write_all(content.as_bytes()).expect("written");
        }
        archive.finish().expect("a zip").into_inner()
    }

    const MANIFEST: (&str, &str) = ("manifest.csv", "propertyName,value\noneroster.version,1.2\n");
    const ORGS: (&str, &str) =
        ("orgs.csv", "sourcedId,name,type,identifier\ns1,测试一小,school,2121000001\n");

    #[test]
    fn teachers_become_a_roll() {
        let users = "sourcedId,status,givenName,familyName,identifier,sms,grades\n\
            u1,,小明,王,11010519491231002X,13800000000,02\nu2,tobedeleted,某,李,,,\nu3,,学生,赵,,,\n";
        let roles = "userSourcedId,roleType,role,orgSourcedId\nu1,primary,teacher,s1\nu2,primary,teacher,s1\nu3,primary,student,s1\n";
        let classes = "sourcedId,subjects\nc1,\"语文,数学\"\n";
        let enrollments = "classSourcedId,userSourcedId,role\nc1,u1,teacher\n";
        let zip = zipped(&[
            MANIFEST,
            ORGS,
            ("users.csv", users),
            ("roles.csv", roles),
            ("classes.csv", classes),
            ("enrollments.csv", enrollments),
        ]);
        let roll = String::from_utf8(roll(&zip).expect("a roll")).expect("text");
        let lines: Vec<&str> = roll.trim_start_matches('\u{feff}').lines().collect();
        assert_eq!(lines.len(), 2, "{roll}");
        assert_eq!(lines[1], "王小明,11010519491231002X,13800000000,测试一小,2121000001,语文,小学");
    }

    #[test]
    fn what_is_no_such_zip_is_told_in_a_sentence() {
        let told = |files: &[(&str, &str)]| roll(&zipped(files)).expect_err("refused").to_string();
        assert!(told(&[]).contains("manifest.csv"));
        assert!(told(&[("manifest.csv", "propertyName,value\noneroster.version,2.0\n")]).contains("2.0"));
        assert!(told(&[MANIFEST, ORGS]).contains("users.csv"));
        assert!(told(&[MANIFEST, ORGS, ("users.csv", "sourcedId\n")]).contains("givenName"));
        let none = ("users.csv", "sourcedId,givenName,familyName\n");
        assert!(told(&[MANIFEST, ORGS, none]).contains("没有在用的教师"));
        let uneven = ("users.csv", "sourcedId,givenName,familyName\nu1,小明,王\nu2,\"小\n");
        assert!(told(&[MANIFEST, ORGS, uneven]).contains("users.csv 第 3 行"));
        assert!(told(&[("manifest.csv", "propertyName,value\n")]).contains("oneroster.version"));
        assert!(told(&[("名册/manifest.csv", MANIFEST.1), ORGS]).contains("“名册”"));
        let broken = roll(b"PK\x03\x04").expect_err("refused").to_string();
        assert!(broken.contains("重新导出"), "{broken}");

        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        // 王 as GBK writes it.
        let users = b"sourcedId,givenName,familyName\nu1,a,\xcd\xf5\n".as_slice();
        let files = [(MANIFEST.0, MANIFEST.1.as_bytes()), (ORGS.0, ORGS.1.as_bytes()), ("users.csv", users)];
        for (name, content) in files {
            archive.start_file(name, SimpleFileOptions::default()).expect("a file");
            archive.write_all(content).expect("written");
        }
        let zip = archive.finish().expect("a zip").into_inner();
        let gbk = roll(&zip).expect_err("refused").to_string();
        assert!(gbk.contains("users.csv 第 2 行") && gbk.contains("UTF-8"), "{gbk}");
    }
}
