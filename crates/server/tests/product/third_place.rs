//! Another place needs no code: a made-up scheme with other tiers (no province, no county), hours
//! of 40 minutes, no peers and two panels runs from a roll to a certificate through the whole
//! product, on both engines.

use chrono::{Days, TimeDelta};
use tisheng_assessment::{evidence, review};
use tisheng_kernel::Level;
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{self, Kind, Node};
use tisheng_registry::samples::{Builder, Persona, School, hashed_password, phone};
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Chosen, Engine, Seen, TestApp, story};
use tisheng_training::samples::{choose, publish_offer};

use crate::world::whole;

/// The city with its two districts, one school in each.
struct Lakeside {
    product: TestApp,
    programme: Programme,
    city: Node,
    office: Persona,
    schools: Vec<School>,
}

const SCHOOLS: &str = "学校名称,学校标识码,区划代码,学段,城乡类型,信息化教学环境\n\
    湖东小学,8975990001,759900001,小学,镇中心区,混合学习环境\n\
    湖西小学,8975990002,759900002,小学,镇中心区,混合学习环境\n";

async fn begin(engine: Engine) -> Lakeside {
    let product = whole(engine).await;
    // In the middle of the scheme's period.
    product.clock.advance(TimeDelta::days(3 * 365));
    let system = product.system();
    let mut tx = system.write().await.expect("a transaction");
    let mut builder = Builder::new(&system, &mut tx, hashed_password().await.expect("hashed"), 0);
    let city = builder.region(None, Kind::City, "湖畔市", "759900").await.expect("a city");
    builder.region(Some(&city), Kind::Town, "湖东学区", "759900001").await.expect("a district");
    builder.region(Some(&city), Kind::Town, "湖西学区", "759900002").await.expect("a district");
    let office = builder.official("市办甲", "shi.ban", Role::City, &city).await.expect("an office");
    tx.commit().await.expect("commits");
    let files = scheme::samples::owned(third_scheme_files());
    let programme = scheme::samples::programme(&system, &city, &files).await.expect("a programme");
    Lakeside { product, programme, city, office, schools: Vec::new() }
}

impl Lakeside {
    /// Brings a file, mended or not, and gives the page of its check.
    async fn bring(&self, browser: &mut Browser, kind: &str, text: &str) -> Seen {
        let file = [Chosen { field: "file", name: "名册.csv", bytes: text.as_bytes() }];
        let waiting = browser.post_files(&format!("/roster/{kind}"), &[], &file).await;
        self.product.settle().await;
        browser.get(&waiting.path).await
    }

    async fn confirm(&self, browser: &mut Browser, run: &Seen) -> Seen {
        browser.post(&format!("{}/confirm", run.path), &[("gone", "keep"), ("accounts", "none")]).await;
        self.product.settle().await;
        browser.get(&run.path).await
    }

    /// People for a school that a roll has brought.
    async fn staff(&mut self, code: &str, short: &str, first: u32) {
        let system = self.product.system();
        let mut tx = system.write().await.expect("a transaction");
        let node = organisation::by_code(&mut tx, code).await.expect("asked").expect("taken from the roll");
        let hashed = hashed_password().await.expect("hashed");
        let mut builder = Builder::new(&system, &mut tx, hashed, first);
        let login = |who: &str| format!("{short}.{who}");
        let principal =
            builder.official("校长甲", &login("xz"), Role::Principal, &node).await.expect("a head");
        let clerk = builder.official("管理员甲", &login("gl"), Role::Clerk, &node).await.expect("a clerk");
        let mut teachers = Vec::new();
        for n in 1..=5 {
            let name = format!(
                "{}{}",
                if short == "dong" { "东师" } else { "西师" },
                ["甲", "乙", "丙", "丁", "戊"][n - 1]
            );
            teachers.push(
                builder.teacher(&name, &login(&format!("js{n}")), &node, "语文").await.expect("a teacher"),
            );
        }
        tx.commit().await.expect("commits");
        let school = School { node, principal, clerk, teachers };
        publish_offer(&self.product.app, &self.programme, &school).await.expect("an offer");
        let head = self.product.ctx(school.principal.who());
        let panel: Vec<&Persona> = school.teachers.iter().rev().take(3).collect();
        review::samples::panel_of(&head, &panel).await.expect("a panel");
        self.schools.push(school);
        self.product.settle().await;
    }

    /// A teacher chooses, hands in, judges himself and is judged up to the end of the notice.
    async fn assessed(&self, teacher: &Persona) {
        let chosen = choose(&self.product.app, &self.programme, teacher).await.expect("a choice");
        for capability in chosen {
            let author = self.product.ctx(teacher.who());
            let submission = evidence::samples::hand_in(&author, &capability).await.expect("handed in");
            self.product.settle().await;
            review::samples::judged(&author, &submission, Level::Pass).await.expect("judged");
            self.product.clock.advance(TimeDelta::days(30));
            let author = self.product.ctx(teacher.who());
            let ended = review::samples::notice_ended(&author, self.programme.id.uuid(), submission.id);
            ended.await.expect("final");
        }
        self.product.settle().await;
    }

    /// A file of hours about a teacher: `hours` of each item, none of a day too long to be true.
    fn hours(&self, teacher: &Persona, number: u32) -> String {
        let mut text = String::from("姓名,手机号,平台,课程,学时类别,学时项目,学时,学习日期,记录编号\n");
        let phone = phone(number);
        // What the evidence earns comes by itself.
        let items = [("在线学习", "", 24), ("课堂实践", "学区工作坊", 20)];
        for (item, (category, kind, hours)) in items.into_iter().enumerate() {
            for part in 0..hours / 4 {
                let day = self.product.app.now().date() - Days::new(60 - part - 10 * item as u64);
                let cells = [&teacher.name, phone.number(), "测试平台", "数字素养", category, kind];
                text.push_str(&format!("{},4,{day},{item}-{part}\n", cells.join(",")));
            }
        }
        text
    }
}

story!(a_third_place_needs_no_code, |engine| async move {
    let mut place = begin(engine).await;
    let mut office = place.product.signed_in(&place.office.who()).await;

    let wrong = SCHOOLS.replace("759900002,小学", "759900002,大学");
    place.bring(&mut office, "schools", &wrong).await.shows("有错误，不能导入").shows("学段");
    let run = place.bring(&mut office, "schools", SCHOOLS).await;
    run.shows("核对通过");
    place.confirm(&mut office, &run).await.shows("已导入");
    place.staff("8975990001", "dong", 100).await;
    place.staff("8975990002", "xi", 200).await;

    let teacher = &place.schools[0].teachers[0];
    let mut browser = place.product.signed_in(&teacher.who()).await;
    browser.get("/").await.shows("数字素养提升行动").shows("选学");
    browser.get("/scheme").await.shows("学区复评");
    office.get("/monitor").await.shows("湖东学区").shows("湖西学区");

    place.assessed(teacher).await;
    // Two notices have passed; everybody signs in again.
    let mut browser = place.product.signed_in(&teacher.who()).await;
    let mut office = place.product.signed_in(&place.office.who()).await;
    browser.get("/standing").await.shows("在线学习").shows("还差 24 学时");
    // The head, the clerk and then the teachers: the third number is the first teacher's.
    let file = place.hours(teacher, 103);
    let mut clerk = place.product.signed_in(&place.schools[0].clerk.who()).await;
    let run = place.bring(&mut clerk, "hours", &file).await;
    run.shows("核对通过");
    place.confirm(&mut clerk, &run).await.shows("已导入");
    browser.get("/").await.shows("全部要求");
    let again = place.bring(&mut clerk, "hours", &format!("{file}\n")).await;
    again.shows("无变化 11");

    let issue = format!("/people/{}/certificate", teacher.person);
    clerk.post(&issue, &[]).await.is(404);
    let issued = office.post(&issue, &[]).await;
    place.product.settle().await;
    let number = issued.link("/certificates/HP").trim_start_matches("/certificates/").to_owned();
    let number = number.split('/').next().expect("a number").to_owned();
    let mut stranger = place.product.browser();
    stranger.get(&format!("/verify/{number}")).await.shows("有效").shows(&teacher.name);
    let pdf = office.get(&format!("/certificates/{number}/pdf")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let table = office.get(&format!("/monitor/{}/table?format=csv", place.city.id)).await.html();
    assert!(table.contains("湖东学区,5,1,1,1,1,1,1"), "{table}");
    assert!(table.contains("湖西学区,5,0,0,0,0,0,0"), "{table}");
});
