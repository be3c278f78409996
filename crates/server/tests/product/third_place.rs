//! Another place needs no code: a made-up scheme with other tiers (no province, no county), hours
//! of 40 minutes, its own classrooms, no peers and two panels runs from a roll to a certificate
//! through the pages of the whole product, on both engines.

use std::collections::BTreeMap;

use chrono::{Days, TimeDelta};
use tisheng_assessment::evidence;
use tisheng_policy::scheme;
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{Kind, Node};
use tisheng_registry::samples::{Builder, PASSWORD, Persona, hashed_password, identity, phone};
use tisheng_rules::samples::{third_scheme, third_scheme_files};
use tisheng_testkit::{Browser, Chosen, Engine, Seen, TestApp, story};

use crate::world::whole;

/// The city with its two districts, and the accounts that its people have opened.
struct Lakeside {
    product: TestApp,
    city: Node,
    office: Persona,
    /// Who can sign in: name and account.
    accounts: BTreeMap<String, String>,
}

const SCHOOLS: &str = "学校名称,学校标识码,区划代码,学段,城乡类型,信息化教学环境,试点情况\n\
    湖东小学,8975990001,759900001,小学,镇中心区,丰富环境,无\n\
    湖西小学,8975990002,759900002,小学,镇中心区,基础,试点校\n";

/// The teachers of each school.
const TEACHERS: [&str; 5] = ["师甲", "师乙", "师丙", "师丁", "师戊"];

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
    scheme::samples::programme(&system, &city, &files).await.expect("a programme");
    Lakeside { product, city, office, accounts: BTreeMap::new() }
}

impl Lakeside {
    /// Brings a file, mended or not, and gives the page of its check.
    async fn bring(&self, browser: &mut Browser, kind: &str, text: &str) -> Seen {
        let file = [Chosen { field: "file", name: "名册.csv", bytes: text.as_bytes() }];
        let waiting = browser.post_files(&format!("/roster/{kind}"), &[], &file).await;
        self.product.settle().await;
        browser.get(&waiting.path).await
    }

    async fn confirm(&self, browser: &mut Browser, run: &Seen, accounts: &str) -> Seen {
        browser.post(&format!("{}/confirm", run.path), &[("gone", "keep"), ("accounts", accounts)]).await;
        self.product.settle().await;
        browser.get(&run.path).await
    }

    /// Brings a roll of people, prints their slips, and everybody chooses a password.
    async fn people(&mut self, browser: &mut Browser, kind: &str, text: &str) {
        let run = self.bring(browser, kind, text).await;
        run.shows("核对通过");
        let done = self.confirm(browser, &run, "open").await;
        done.shows("已导入");
        let slips = browser.post(&done.link(&format!("{}/slips", done.path)), &[]).await.html();
        for slip in slips.split("<article").skip(1) {
            let (name, login) = (between(slip, "slip-name\">"), between(slip, "登录账号 <strong>"));
            let address = between(slip, "slip-address\">");
            let token = address.rsplit('/').next().expect("an address ends with its token");
            let chosen = [("chosen", PASSWORD), ("repeated", PASSWORD)];
            self.product.browser().post(&format!("/s/{token}"), &chosen).await.shows("密码已设置");
            self.accounts.insert(name, login);
        }
    }

    async fn sign_in(&self, name: &str) -> Browser {
        let account = self.accounts.get(name).unwrap_or_else(|| panic!("{name} has no account"));
        let mut browser = self.product.browser();
        browser.post("/sign-in", &[("account", account), ("password", PASSWORD)]).await.shows(name);
        browser
    }

    /// The office founds the schools and names who runs them; each clerk brings the teachers.
    async fn staffed(&mut self, office: &mut Browser) {
        let mut roles = String::from("姓名,证件号码,手机号,角色,机构\n");
        for (n, school) in ["湖东小学", "湖西小学"].into_iter().enumerate() {
            for (m, (who, role)) in [("校长", "校长"), ("文员", "学校管理员")].into_iter().enumerate()
            {
                let number = 100 + 10 * n as u32 + m as u32;
                roles.push_str(&row(&format!("{}{who}", short(school)), number, &format!("{role},{school}")));
            }
        }
        self.people(office, "roles", &roles).await;
        for (n, school) in ["湖东小学", "湖西小学"].into_iter().enumerate() {
            let mut roll = String::from("姓名,证件号码,手机号,学校,任教学科,任教学段\n");
            for (m, who) in TEACHERS.into_iter().enumerate() {
                let number = 200 + 10 * n as u32 + m as u32;
                roll.push_str(&row(
                    &format!("{}{who}", short(school)),
                    number,
                    &format!("{school},语文,小学"),
                ));
            }
            let mut clerk = self.sign_in(&format!("{}文员", short(school))).await;
            self.people(&mut clerk, "teachers", &roll).await;
        }
    }

    /// The head publishes what the school offers and seats its panel.
    async fn opened(&self, school: &str, offer: &[&str], panel: &[&str]) {
        let mut head = self.sign_in(&format!("{school}校长")).await;
        let basis = head.get("/offer").await.field("basis");
        let mut form: Vec<(&str, &str)> = offer.iter().map(|code| ("capability", *code)).collect();
        form.extend([("do", "publish"), ("basis", basis.as_str())]);
        head.post("/offer", &form).await.shows("选学范围已发布");
        for (n, who) in panel.iter().enumerate() {
            let name = format!("{school}{who}");
            let person = head.get(&format!("/review/panel?q={name}")).await.shows(&name).field("person");
            let chair = if n == 0 { "yes" } else { "no" };
            head.post("/review/panel", &[("person", &person), ("chair", chair)]).await.shows(&name);
        }
    }

    /// Everybody who finds `capability` among the own tasks passes it.
    async fn judged(&self, capability: &str) -> usize {
        let form = marks(capability);
        let form: Vec<(&str, &str)> = form.iter().map(|key| (key.as_str(), "pass")).collect();
        let mut given = 0;
        for name in self.accounts.keys() {
            let mut browser = self.sign_in(name).await;
            for address in desks(&browser.get("/review").await) {
                let said = browser.post(&address, &form).await;
                if said.status == 200 {
                    said.shows("已提交");
                    given += 1;
                }
            }
        }
        self.product.settle().await;
        given
    }

    /// A file of hours about a teacher: `hours` of each item, none of a day too long to be true.
    fn hours(&self, name: &str, number: u32) -> String {
        let mut text = String::from("姓名,手机号,平台,课程,学时类别,学时项目,学时,学习日期,记录编号\n");
        let phone = phone(number);
        // What the evidence earns comes by itself.
        let items = [("在线学习", "", 24), ("课堂实践", "学区工作坊", 20)];
        for (item, (category, kind, hours)) in items.into_iter().enumerate() {
            for part in 0..hours / 4 {
                let day = self.product.app.now().date() - Days::new(60 - part - 10 * item as u64);
                let cells = [name, phone.number(), "测试平台", "数字素养", category, kind];
                text.push_str(&format!("{},4,{day},{item}-{part}\n", cells.join(",")));
            }
        }
        text
    }
}

/// What stands between `start` and the next tag.
fn between(html: &str, start: &str) -> String {
    let rest = html.split(start).nth(1).unwrap_or_else(|| panic!("no {start} in {html}"));
    rest.split('<').next().unwrap_or_default().to_owned()
}

/// The first two characters of the name of a school.
fn short(school: &str) -> String {
    school.chars().take(2).collect()
}

/// A line of a roll about the invented person of that number.
fn row(name: &str, number: u32, rest: &str) -> String {
    format!("{name},{},{},{rest}\n", identity(number).number(), phone(number).number())
}

/// The fields of the levels of a capability's pieces.
fn marks(capability: &str) -> Vec<String> {
    let scheme = third_scheme();
    scheme.framework.pieces(capability).iter().map(|piece| format!("level-{}", piece.key)).collect()
}

/// The addresses of the works that a page of tasks names.
fn desks(tasks: &Seen) -> Vec<String> {
    let html = tasks.html();
    let found = html.split("href=\"/review/").skip(1).filter_map(|rest| rest.split('"').next());
    let works = found.filter(|id| id.len() > 30 && id.starts_with('0'));
    works.map(|id| format!("/review/{}", id.split(['?', '#']).next().unwrap_or_default())).collect()
}

/// A teacher hands in the work for a capability and judges it.
async fn handed_in(author: &mut Browser, capability: &str, pieces: &[(&str, bool)]) {
    let draft = author.post("/evidence", &[("capability", capability)]).await;
    let own = draft.path.split(['?', '#']).next().expect("an address").to_owned();
    for (piece, is_text) in pieces {
        if *is_text {
            let field = format!("body-{piece}");
            let words = [(field.as_str(), "目标、步骤、技术的作用，以及课后的反思。")];
            author.post(&own, &words).await.shows("已保存");
        } else {
            let photo = evidence::samples::photo();
            let file = [Chosen { field: "file", name: "记录.jpg", bytes: &photo }];
            author.post_files(&format!("{own}/pieces/{piece}/files"), &[], &file).await.shows("文件已上传");
        }
    }
    let seen = author.get(&format!("{own}/check")).await.field("seen");
    let consent = [("consent", "no_pupils"), ("seen", seen.as_str())];
    author.post(&format!("{own}/submit"), &consent).await.shows("已提交");
    let form = marks(capability);
    let form: Vec<(&str, &str)> = form.iter().map(|key| (key.as_str(), "pass")).collect();
    let id = own.trim_start_matches("/evidence/");
    author.post(&format!("/review/self/{id}"), &form).await.shows("自评已提交");
    author.get(&format!("/review/results/{id}")).await.shows("学校初评");
}

story!(a_third_place_needs_no_code, |engine| async move {
    let mut place = begin(engine).await;
    let mut office = place.product.signed_in(&place.office.who()).await;

    let wrong = SCHOOLS.replace("759900002,小学", "759900002,大学").replace("丰富环境", "混合学习环境");
    let refused = place.bring(&mut office, "schools", &wrong).await;
    refused.shows("有错误，不能导入").shows("学段").shows("无法识别“混合学习环境”");
    let run = place.bring(&mut office, "schools", SCHOOLS).await;
    run.shows("核对通过");
    place.confirm(&mut office, &run, "none").await.shows("已导入");
    let schools = format!("/organisation/{}/schools", place.city.id);
    office.get(&format!("{schools}?environment=rich")).await.shows("湖东小学").hides("湖西小学");
    office.get(&schools).await.shows("基础环境").shows("试点校");
    place.staffed(&mut office).await;

    // What a school may offer depends on its classrooms.
    let mut head = place.sign_in("湖西校长").await;
    head.get("/offer").await.shows("学校环境：基础环境").shows("超出学校现有环境");
    let basis = head.get("/offer").await.field("basis");
    let beyond = [("capability", "P1"), ("capability", "T2"), ("do", "publish"), ("basis", basis.as_str())];
    head.post("/offer", &beyond).await.is(422).says("需要更高的环境");
    place.opened("湖西", &["P1", "T1", "E1"], &["师甲", "师乙", "师丙", "师丁"]).await;
    place.opened("湖东", &["P1", "P2", "T1", "T2"], &["师戊", "师丁", "师丙"]).await;

    let mut teacher = place.sign_in("湖东师甲").await;
    teacher.get("/").await.shows("数字素养提升行动").shows("选学");
    teacher.get("/scheme").await.shows("学区复评");
    office.get("/monitor").await.shows("湖东学区").shows("湖西学区");
    let both = [("capability", "P1"), ("capability", "P2")];
    teacher.post("/choice", &both).await.is(422);
    teacher.post("/choice", &[("capability", "P2"), ("capability", "T2")]).await.shows("选学完成");
    handed_in(&mut teacher, "P2", &[("P2-1", true)]).await;
    place.product.settle().await;
    assert_eq!(place.judged("P2").await, 4, "one of the own panel, then three of the other school's");
    handed_in(&mut teacher, "T2", &[("T2-1", false)]).await;
    place.product.settle().await;
    assert_eq!(place.judged("T2").await, 4, "one of the own panel, then three of the other school's");
    teacher.get("/evidence").await.shows("公示中");
    place.product.clock.advance(TimeDelta::days(30));
    place.product.settle().await;

    // The notice has passed; everybody signs in again.
    let mut teacher = place.sign_in("湖东师甲").await;
    let mut office = place.product.signed_in(&place.office.who()).await;
    teacher.get("/evidence").await.shows("等级：合格");
    teacher.get("/standing").await.shows("在线学习").shows("还差 24 学时");
    let file = place.hours("湖东师甲", 200);
    let mut clerk = place.sign_in("湖东文员").await;
    let run = place.bring(&mut clerk, "hours", &file).await;
    run.shows("核对通过");
    place.confirm(&mut clerk, &run, "none").await.shows("已导入");
    teacher.get("/").await.shows("全部要求");
    let again = place.bring(&mut clerk, "hours", &format!("{file}\n")).await;
    again.shows("无变化 11");

    let person = clerk.get("/people?q=湖东师甲").await.link("/people/0");
    let issue = format!("{}/certificate", person.split('?').next().expect("an address"));
    clerk.post(&issue, &[]).await.is(404);
    let issued = office.post(&issue, &[]).await;
    place.product.settle().await;
    let number = issued.link("/certificates/HP").trim_start_matches("/certificates/").to_owned();
    let number = number.split('/').next().expect("a number").to_owned();
    let mut stranger = place.product.browser();
    stranger.get(&format!("/verify/{number}")).await.shows("有效").shows("湖东师甲");
    let pdf = office.get(&format!("/certificates/{number}/pdf")).await;
    assert!(pdf.bytes.starts_with(b"%PDF-"));
    let table = office.get(&format!("/monitor/{}/table?format=csv", place.city.id)).await.html();
    assert!(table.contains("湖东学区,5,1,1,1,1,1,1"), "{table}");
    assert!(table.contains("湖西学区,5,0,0,0,0,0,0"), "{table}");
});
