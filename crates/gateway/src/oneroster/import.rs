//! A zip that somebody brings, made a roll of teachers: the clerk's loop checks and takes it.

use std::collections::{HashMap, HashSet};

use tisheng_registry::organisation::Stage;
use tisheng_registry::people::SUBJECTS;
use uuid::Uuid;

use super::sheets::{self, Line, SUBJECT, Sheet, SheetsError};

/// The title of the number of somebody's record here.
pub const NUMBER: &str = "人员编号";
/// The heading of the roll, in the words of its template, and that number.
const HEAD: [&str; 9] =
    ["姓名", "证件号码", "手机号", "学校", "学校标识码", "任教学科", "任教学段", "是否离校", NUMBER];

/// A zip as a roll.
#[derive(Debug)]
pub struct Roll {
    /// The rows, as CSV.
    pub csv: Vec<u8>,
    /// Whether it says only what has changed.
    pub is_part: bool,
}

/// What a user is at a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place<'a> {
    /// A teacher there.
    At(&'a str),
    /// A teacher there no more.
    Left(&'a str),
    /// A teacher somewhere, of whose place the file says nothing.
    Unsaid,
}

/// Reads the zip and writes the roll of its teachers as CSV: whoever has the role `teacher`, at the
/// organisation of that role. The number of the paper is the user's `identifier`, since the standard has
/// no other place for it; what is missing is found by the check, row by row.
///
/// Files that were taken away here have no papers in them: a user without one whose `sourcedId` can be the
/// number of a record here is looked for by it; where both are there, the check holds them against each other.
///
/// Of a whole set (bulk) the rows that are to be deleted are no part. In a set of changes (delta) they are
/// those who have left; whoever is changed without a word of a role stays where he is.
///
/// # Errors
/// What is wrong with the zip, in a sentence.
pub fn roll(bytes: &[u8]) -> Result<Roll, SheetsError> {
    let [users, orgs, roles, classes, enrollments] =
        sheets::read(bytes, ["users", "orgs", "roles", "classes", "enrollments"])?;
    let is_part = [&users, &roles].into_iter().flatten().any(|sheet| sheet.is_delta);
    let missing = |name: &str| SheetsError::Content(format!("压缩包里没有 {name}.csv，请连同它一起重新导出"));
    let users = users.ok_or_else(|| missing("users"))?;
    users.needs("users", &["sourcedId", "givenName", "familyName"])?;
    match &orgs {
        Some(orgs) => orgs.needs("orgs", &["sourcedId", "name"])?,
        None if is_part => {}
        None => return Err(missing("orgs")),
    }
    let orgs = orgs.as_ref().map(|orgs| by_id(orgs, "sourcedId")).unwrap_or_default();
    let taught = subjects(classes.as_ref(), enrollments.as_ref());
    let roles = roles.as_ref().map(|roles| Roles::of(roles, is_part));
    if let (true, Some(roles)) = (is_part, &roles) {
        roles.all_stand_in(&users)?;
    }
    let mut rows = Vec::new();
    for user in users.rows().filter(|user| user.is_active() || (is_part && user.is_gone())) {
        let id = user.text("sourcedId");
        let Some(place) = place(&user, roles.as_ref(), is_part) else { continue };
        let (school, has_left) = match place {
            Place::At(school) => (school, user.is_gone()),
            Place::Left(school) => (school, true),
            Place::Unsaid => ("", user.is_gone()),
        };
        // A school that the file names and does not hold is told by what the file calls it.
        let unknown = if is_part { school } else { "" };
        let org = orgs.get(school);
        let of_org = |name: &str| org.map(|line| line.text(name)).unwrap_or_default();
        let phone = if user.text("sms").is_empty() { user.text("phone") } else { user.text("sms") };
        // What stands in the column of ours was typed or taken away here: the check says what is wrong with it.
        let subject = match user.text(SUBJECT) {
            "" => taught.get(id).copied().filter(|subject| SUBJECTS.contains(subject)),
            own => Some(own),
        };
        let is_ours = Uuid::try_parse(id).is_ok();
        rows.push([
            format!("{}{}", user.text("familyName"), user.text("givenName")),
            user.text("identifier").to_owned(),
            phone.to_owned(),
            org.map_or(unknown, |line| line.text("name")).to_owned(),
            of_org("identifier").to_owned(),
            subject.unwrap_or_default().to_owned(),
            stage(user.text("grades")).to_owned(),
            if has_left { "是" } else { "" }.to_owned(),
            if is_ours { id } else { "" }.to_owned(),
        ]);
    }
    if rows.is_empty() {
        let sentence = if is_part {
            "文件里没有教师的变动。请确认 users.csv 里有变动的教师，roles.csv 里其 role 为 teacher"
        } else {
            "文件里没有在用的教师。请确认 roles.csv 里有 role 为 teacher 的行，且 status 不是 tobedeleted"
        };
        return Err(SheetsError::Content(sentence.to_owned()));
    }
    let mut out = csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    out.write_record(HEAD)?;
    for row in rows {
        out.write_record(row)?;
    }
    let csv = out.into_inner().map_err(|error| SheetsError::Io(error.into_error()))?;
    Ok(Roll { csv, is_part })
}

/// What `user` is and where; `None` for who is no teacher.
fn place<'a>(user: &Line<'a>, roles: Option<&Roles<'a>>, is_part: bool) -> Option<Place<'a>> {
    // In 1.1 role and organisations stand with the user.
    match (roles, user.text("role")) {
        (Some(roles), _) => roles.place(user.text("sourcedId"), is_part),
        (None, "teacher") => {
            let school = user.text("orgSourcedIds").split(',').next().unwrap_or_default();
            Some(if school.is_empty() && is_part { Place::Unsaid } else { Place::At(school) })
        }
        (None, "") if is_part => Some(Place::Unsaid),
        (None, _) => None,
    }
}

/// Where each teacher teaches, and where no more.
struct Roles<'a> {
    at: HashMap<&'a str, &'a str>,
    left: HashMap<&'a str, &'a str>,
    /// Everybody of whom something is said.
    named: HashSet<&'a str>,
}

impl<'a> Roles<'a> {
    /// Reads the roles: the primary one before another.
    fn of(roles: &'a Sheet, is_part: bool) -> Self {
        let (mut at, mut left, mut named) = (HashMap::new(), HashMap::new(), HashSet::new());
        for line in roles.rows() {
            let (user, org) = (line.text("userSourcedId"), line.text("orgSourcedId"));
            // In a file of changes a second role is no move: the primary one says where somebody teaches.
            if is_part && line.text("roleType") == "secondary" {
                continue;
            }
            named.insert(user);
            let places = match line.text("role") {
                "teacher" if line.is_active() => &mut at,
                "teacher" if is_part && line.is_gone() => &mut left,
                _ => continue,
            };
            if line.text("roleType") == "primary" {
                places.insert(user, org);
            } else {
                places.entry(user).or_insert(org);
            }
        }
        Self { at, left, named }
    }

    fn place(&self, user: &str, is_part: bool) -> Option<Place<'a>> {
        let at = self.at.get(user).map(|org| Place::At(org));
        let left = || self.left.get(user).map(|org| Place::Left(org));
        let unsaid = || (is_part && !self.named.contains(user)).then_some(Place::Unsaid);
        at.or_else(left).or_else(unsaid)
    }

    /// Refuses changes of whom the file does not say who it is: people are known by their papers, which stand
    /// with the users.
    fn all_stand_in(&self, users: &Sheet) -> Result<(), SheetsError> {
        let known: HashSet<&str> = users.rows().map(|user| user.text("sourcedId")).collect();
        let mut strange: Vec<&str> =
            self.at.keys().chain(self.left.keys()).filter(|user| !known.contains(*user)).copied().collect();
        strange.sort_unstable();
        strange.dedup();
        let Some(first) = strange.first() else { return Ok(()) };
        Err(SheetsError::Content(format!(
            "roles.csv 里有 {} 名教师（如 sourcedId 为 {first} 的）不在 users.csv 里，凭证件号码认不出是谁。请连同他们在 users.csv 里的行一起导出",
            strange.len()
        )))
    }
}

fn by_id<'s>(sheet: &'s Sheet, column: &str) -> HashMap<&'s str, Line<'s>> {
    sheet.rows().filter(Line::is_active).map(|line| (line.text(column), line)).collect()
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
pub mod tests {
    use std::io::{Cursor, Write};

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::roll as whole;

    /// A zip of `files`.
    pub fn zipped(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            archive.start_file(*name, SimpleFileOptions::default()).expect("a file");
            archive.write_all(content.as_bytes()).expect("written");
        }
        archive.finish().expect("a zip").into_inner()
    }

    fn roll(zip: &[u8]) -> Result<Vec<u8>, super::SheetsError> {
        whole(zip).map(|roll| roll.csv)
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
        assert_eq!(lines[1], "王小明,11010519491231002X,13800000000,测试一小,2121000001,语文,小学,,");
    }

    #[test]
    fn a_user_of_ours_is_known_by_the_number_of_the_record() {
        let ours = "0190c0ffee007000800000000000a001";
        let users = format!(
            "sourcedId,givenName,familyName,identifier,metadata.tisheng.subject\n{ours},小明,王,,音乐\n\
            {ours},小明,王,11010519491231002X,\nu2,四,钱,,\n"
        );
        let roles = format!("userSourcedId,role,orgSourcedId\n{ours},teacher,s1\nu2,teacher,s1\n");
        let files = [MANIFEST, ORGS, ("users.csv", users.as_str()), ("roles.csv", roles.as_str())];
        let made = String::from_utf8(roll(&zipped(&files)).expect("a roll")).expect("text");
        let lines: Vec<&str> = made.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                format!("王小明,,,测试一小,2121000001,音乐,,,{ours}").as_str(),
                format!("王小明,11010519491231002X,,测试一小,2121000001,,,,{ours}").as_str(),
                "钱四,,,测试一小,2121000001,,,,",
            ]
        );
    }

    #[test]
    fn changes_become_rows_of_those_who_are_named() {
        let manifest = "propertyName,value\noneroster.version,1.2\nfile.users,delta\nfile.roles,delta\n";
        let users = "sourcedId,status,givenName,familyName,identifier\nu1,active,小明,王,1\n\
            u2,tobedeleted,某,李,2\nu3,tobedeleted,学生,赵,3\nu4,active,四,钱,4\nu5,active,五,孙,5\n";
        let roles = "userSourcedId,status,roleType,role,orgSourcedId\nu2,tobedeleted,primary,teacher,s1\n\
            u3,tobedeleted,primary,student,s1\nu4,tobedeleted,primary,teacher,s1\nu4,active,primary,teacher,s9\n\
            u5,tobedeleted,primary,teacher,s1\nu1,active,secondary,teacher,s1\n";
        let files = [("manifest.csv", manifest), ORGS, ("users.csv", users), ("roles.csv", roles)];
        let made = whole(&zipped(&files)).expect("a roll");
        let text = String::from_utf8(made.csv).expect("text");
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert!(made.is_part);
        assert_eq!(
            lines,
            [
                "王小明,1,,,,,,,",
                "李某,2,,测试一小,2121000001,,,是,",
                "钱四,4,,s9,,,,,",
                "孙五,5,,测试一小,2121000001,,,是,",
            ]
        );
        // Without the schools, which have not changed; and without the person, who has not either.
        let files = [("manifest.csv", manifest), ("users.csv", users)];
        assert!(
            String::from_utf8(roll(&zipped(&files)).expect("a roll"))
                .expect("text")
                .contains("赵学生,3,,,,,,是")
        );
        let roles = "userSourcedId,role,orgSourcedId\nu7,teacher,s1\n";
        let files = [("manifest.csv", manifest), ("users.csv", users), ("roles.csv", roles)];
        let told = roll(&zipped(&files)).expect_err("refused").to_string();
        assert!(told.contains("u7") && told.contains("users.csv"), "{told}");
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
