//! A zip of what has changed since the last: who is named is changed, who is not stays.

use tisheng_platform::args;
use tisheng_registry::samples::identity;
use tisheng_testkit::{Browser, Chosen, Engine, Seen, story};

use super::Place;
use crate::oneroster::import::tests::zipped;

const BULK: &str = "propertyName,value\noneroster.version,1.2\nfile.users,bulk\nfile.roles,bulk\n";
const DELTA: &str = "propertyName,value\noneroster.version,1.2\nfile.users,delta\nfile.roles,delta\n";

/// The number of the paper of a teacher of the stories.
fn paper(n: u32) -> String {
    identity(20_700 + n).number().to_owned()
}

struct Office {
    place: Place,
    browser: Browser,
    orgs: String,
}

impl Office {
    /// A county office that has brought three teachers in a whole set: 甲 and 乙 at the first school, 丙 at the
    /// second.
    async fn begin(engine: Engine) -> Self {
        let place = Place::begin(engine).await;
        let [one, two] = [&place.town.schools[0].node, &place.town.schools[1].node];
        let orgs =
            format!("sourcedId,name,type,identifier\ns1,{},school,\ns2,{},school,\n", one.name, two.name);
        let browser = place.test.signed_in(&place.town.county_office.who()).await;
        let mut office = Self { place, browser, orgs };
        let [a, b, c] = [paper(1), paper(2), paper(3)];
        let users = format!(
            "sourcedId,status,givenName,familyName,identifier,grades\nu1,,甲甲,钱,{a},02\nu2,,乙乙,钱,{b},02\n\
            u3,,丙丙,钱,{c},02\nu0,tobedeleted,走了,钱,,02\n"
        );
        let roles = "userSourcedId,roleType,role,orgSourcedId\nu1,primary,teacher,s1\nu2,primary,teacher,s1\n\
            u3,primary,teacher,s2\nu0,primary,teacher,s1\n";
        let classes = "sourcedId,subjects\nc1,语文\n";
        let enrollments = "classSourcedId,userSourcedId,role\nc1,u1,teacher\nc1,u2,teacher\nc1,u3,teacher\n";
        let files = [
            ("manifest.csv", BULK),
            ("users.csv", &users),
            ("roles.csv", roles),
            ("classes.csv", classes),
            ("enrollments.csv", enrollments),
        ];
        let run = office.bring(&files).await;
        run.shows("待确认");
        let page = office.browser.get(&format!("{}/confirm", run.path)).await;
        page.shows("系统中在职、但文件中没有的人员");
        office.confirm(&run, &[("gone", "keep"), ("accounts", "none")]).await;
        office
    }

    /// Brings the zip of `files` and of the schools; gives the page of the run once it is checked.
    async fn bring(&mut self, files: &[(&str, &str)]) -> Seen {
        let mut all = files.to_vec();
        all.push(("orgs.csv", &self.orgs));
        let zip = zipped(&all);
        let chosen = [Chosen { field: "file", name: "名册.zip", bytes: &zip }];
        let run = self.browser.post_files("/oneroster/import", &[], &chosen).await;
        self.place.test.settle().await;
        self.browser.get(&run.path).await
    }

    async fn confirm(&mut self, run: &Seen, choices: &[(&str, &str)]) {
        self.browser.post(&format!("{}/confirm", run.path), choices).await.shows("正在导入");
        self.place.test.settle().await;
        self.browser.get(&run.path).await.shows("已导入");
    }

    /// Names and subjects of those of the stories with an open post, in the order of names.
    async fn at_work(&self) -> Vec<(String, String)> {
        let mut tx = self.place.test.app.db.read().await.expect("a transaction");
        let all = "select o.name, p.subject from post p join person o on o.id = p.person
            where p.until is null and o.name like '钱%' order by o.name";
        tx.rows(all, args![], |row| Ok((row.get(0)?, row.get(1)?))).await.expect("read")
    }

    async fn count(&self) -> i64 {
        let mut tx = self.place.test.app.db.read().await.expect("a transaction");
        tx.row("select count(*) from post where until is null", args![], |row| row.get(0))
            .await
            .expect("read")
    }
}

fn subject_of(all: &[(String, String)], name: &str) -> Option<String> {
    all.iter().find(|(known, _)| known == name).map(|(_, subject)| subject.clone())
}

story!(a_delta_changes_the_rows_that_it_names_and_no_other, |engine| async move {
    let mut office = Office::begin(engine).await;
    let (before, people) = (office.at_work().await, office.count().await);
    assert_eq!(before.len(), 3);

    // 甲 has another name, 乙 has left, 丙 is not named; nobody is asked about those who are not.
    let users = format!(
        "sourcedId,status,givenName,familyName,identifier\nu1,active,甲改,钱,{}\nu2,tobedeleted,乙乙,钱,{}\n",
        paper(1),
        paper(2)
    );
    let roles = "userSourcedId,status,roleType,role,orgSourcedId\nu2,tobedeleted,primary,teacher,s1\n";
    let run = office.bring(&[("manifest.csv", DELTA), ("users.csv", &users), ("roles.csv", roles)]).await;
    run.shows("待确认").shows("文件中没有 0");
    let differences = office.browser.get(&format!("{}/differences", run.path)).await;
    differences.shows("离开本校").shows("钱甲改");
    let confirm = office.browser.get(&format!("{}/confirm", run.path)).await;
    confirm.hides("系统中在职、但文件中没有的人员");
    office.confirm(&run, &[("accounts", "none")]).await;
    let after = office.at_work().await;
    assert_eq!(subject_of(&after, "钱甲改").as_deref(), Some("语文"), "what is taught stays");
    assert_eq!((subject_of(&after, "钱乙乙"), after.len()), (None, 2));
    assert!(subject_of(&after, "钱丙丙").is_some());
    assert_eq!(office.count().await, people - 1);

    // Undone, everything is as it was.
    office.browser.post(&format!("{}/undo", run.path), &[]).await;
    office.place.test.settle().await;
    office.browser.get(&run.path).await.shows("已撤销");
    assert_eq!((office.at_work().await, office.count().await), (before, people));
});

story!(a_delta_that_cannot_be_done_is_told_in_sentences, |engine| async move {
    let mut office = Office::begin(engine).await;
    let before = (office.at_work().await, office.count().await);
    let head = "sourcedId,status,givenName,familyName,identifier";
    let (one, three, nobody) = (paper(1), paper(3), paper(9));
    for (users, roles, sentence) in [
        // Whoever is to be deleted has to be known by a paper, and by the name that goes with it.
        (format!("{head}\nu1,tobedeleted,甲甲,钱,\n"), "", "证件号码没有填写"),
        (format!("{head}\nu1,tobedeleted,别人,钱,{one}\n"), "", "与离校的这一行不一致"),
        // Somebody new comes with a school and a subject.
        (
            format!("{head}\nu9,active,九九,钱,{nobody}\n"),
            "u9,active,primary,teacher,s1\n",
            "任教学科没有填写",
        ),
        (format!("{head}\nu1,active,甲甲,钱,{one}\n"), "u1,active,primary,teacher,s7\n", "s7"),
    ] {
        let roles = format!("userSourcedId,status,roleType,role,orgSourcedId\n{roles}");
        let run =
            office.bring(&[("manifest.csv", DELTA), ("users.csv", &users), ("roles.csv", &roles)]).await;
        run.shows("有错误").shows(sentence);
    }
    // What is already so, or is not about a teacher known here, is told and costs the others nothing.
    for (users, roles, sentence) in [
        (format!("{head}\nu9,tobedeleted,九九,钱,{nobody}\n"), "", "系统中没有此人，不用登记离校"),
        (format!("{head}\nu9,active,九九,钱,{nobody}\n"), "", "这一行不导入"),
        (format!("{head}\nu3,active,丙丙,钱,{three}\n"), "u3,tobedeleted,primary,teacher,s1\n", "没有改动"),
    ] {
        let roles = format!("userSourcedId,status,roleType,role,orgSourcedId\n{roles}");
        let run =
            office.bring(&[("manifest.csv", DELTA), ("users.csv", &users), ("roles.csv", &roles)]).await;
        office.browser.get(&format!("{}/findings", run.path)).await.shows(sentence);
        office.confirm(&run, &[("accounts", "none")]).await;
    }
    assert_eq!((office.at_work().await, office.count().await), before);

    // A neighbour ends no post of this county.
    let stranger = office.place.test.signed_in(&office.place.town.neighbour_office.who()).await;
    office.browser = stranger;
    let users = format!("{head}\nu1,tobedeleted,甲甲,钱,{one}\n");
    let run = office.bring(&[("manifest.csv", DELTA), ("users.csv", &users)]).await;
    run.shows("有错误").shows("管理范围以外的学校");
    assert_eq!((office.at_work().await, office.count().await), before);
});

story!(a_roll_says_who_has_left, |engine| async move {
    let mut office = Office::begin(engine).await;
    let text = format!("姓名,证件号码,任教学科,是否离校\n钱乙乙,{},,是\n", paper(2));
    let chosen = [Chosen { field: "file", name: "名册.csv", bytes: text.as_bytes() }];
    let run = office.browser.post_files("/roster/teachers", &[], &chosen).await;
    office.place.test.settle().await;
    let run = office.browser.get(&run.path).await;
    office.confirm(&run, &[("gone", "keep"), ("accounts", "none")]).await;
    let after = office.at_work().await;
    assert_eq!((subject_of(&after, "钱乙乙"), after.len()), (None, 2));
});
