//! The door, told through pages and a service on this machine, on both engines.

mod cas;
mod fake;
mod keep;
mod refusals;

use chrono::TimeDelta;
use http::{HeaderMap, Method};
use serde_json::{Value, json};
use tisheng_platform::Parts;
use tisheng_platform::jobs::Handlers;
use tisheng_registry::access;
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_registry::{organisation, people};
use tisheng_testkit::{Browser, Engine, Seen, TestApp, story};

use self::fake::{Asked, CLIENT, SECRET, Service};
use super::{WAYS, routes};

/// A town whose city has a service.
struct Scene {
    test: TestApp,
    town: Town,
    service: Service,
    id: String,
}

/// The city's service speaks `kind`; `changes` are fields of its form that differ.
async fn scene(engine: Engine, kind: &str, changes: &[(&str, &str)]) -> Scene {
    let service = Service::start().await;
    let rooms = routes().merge(organisation::routes()).merge(people::routes()).merge(access::routes());
    let parts = Parts::default().with(WAYS);
    let handlers = access::handlers(Handlers::default());
    let test = TestApp::beside(engine, rooms, parts, handlers, std::slice::from_ref(&service.host)).await;
    let town = small_town(&test.system()).await.expect("a town");
    let mut scene = Scene { test, town, service, id: String::new() };
    scene.id = scene.registered(kind, changes).await;
    scene
}

impl Scene {
    /// Registers a service through the pages of the city's office, and lets people come by it.
    async fn registered(&self, kind: &str, changes: &[(&str, &str)]) -> String {
        let mut office = self.test.signed_in(&self.town.city_office.who()).await;
        let node = self.town.city.id.to_string();
        let address = if kind == "cas" {
            format!("{}/cas", self.service.address)
        } else {
            self.service.address.clone()
        };
        let mut fields = vec![
            ("kind", kind),
            ("node", node.as_str()),
            ("name", "教育云"),
            ("address", &address),
            ("client", CLIENT),
            ("secret", SECRET),
        ];
        fields.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        fields.extend(changes);
        let page = office.post("/identity-providers/new", &fields).await;
        page.shows("还没有启用");
        let id = page.path.rsplit('/').next().expect("an identifier").to_owned();
        let resume = [("version", "1"), ("do", "resume")];
        office.post(&format!("/identity-providers/{id}/state"), &resume).await.shows("已启用");
        id
    }

    fn way(&self) -> String {
        format!("/sign-in/via/{}", self.id)
    }

    fn now(&self) -> i64 {
        self.test.app.now().micros() / 1_000_000
    }

    /// A browser sets out; what the service is asked.
    async fn set_out(&self, browser: &mut Browser, back: &str) -> Asked {
        let to = format!("{}?back={back}", self.way());
        let answer = browser.send(Method::GET, &to, HeaderMap::new(), Vec::new()).await;
        let (_, query) = answer.is(303).location().split_once('?').expect("a question");
        serde_urlencoded::from_str(query).expect("pairs")
    }

    /// The browser comes back with `answer`.
    async fn come_back(&self, browser: &mut Browser, answer: &[(&str, &str)]) -> Seen {
        let query = serde_urlencoded::to_string(answer).expect("pairs");
        let path = format!("{}/return?{query}", self.way());
        browser.send(Method::GET, &path, HeaderMap::new(), Vec::new()).await
    }

    /// Somebody whom the service calls `subject`, and of whom it says `more` besides, arrives.
    async fn arrive(&self, browser: &mut Browser, subject: &str, more: &Value) -> Seen {
        let asked = self.set_out(browser, "/account").await;
        let mut claims = self.service.claims(&asked, subject, self.now());
        for (name, value) in more.as_object().expect("an object") {
            claims[name] = value.clone();
        }
        let token = self.service.token(&json!({}), &claims);
        let code = self.service.code(&asked, token, json!({ "sub": subject }));
        let answer = [("state", asked["state"].as_str()), ("code", &code), ("iss", &self.service.address)];
        self.come_back(browser, &answer).await
    }

    async fn paper(&self, who: &Persona) -> String {
        let system = self.test.system();
        let mut tx = system.write().await.expect("a transaction");
        people::show_paper(&system, &mut tx, who.person, "测试登录").await.expect("a number")
    }

    async fn phone(&self, who: &Persona) -> String {
        let system = self.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let phone = people::show_phone(&system, &mut tx, who.person, "测试登录").await.expect("opens");
        phone.expect("a number")
    }
}

/// The paper's number finds the account.
const BY_PAPER: [(&str, &str); 2] = [("claim", "id_no"), ("claim_holds", "paper")];

story!(a_teacher_confirms_the_link_once_and_needs_no_password_any_more, |engine| async move {
    let scene = scene(engine, "oidc", &[]).await;
    let teacher = &scene.town.school().teachers[0];
    let mut browser = scene.test.browser();
    browser.get("/sign-in").await.shows("教育云");
    let came = scene.arrive(&mut browser, "u-1", &json!({})).await;
    let here = format!("{}/link", scene.way());
    assert_eq!(came.is(303).location(), here);
    let page = browser.get(&here).await;
    page.shows("云上的u-1").shows("还没有关联");
    let back = page.link("/sign-in?back=");
    browser.get(&back).await.shows("账号或手机号");
    let [account, password] = teacher.credentials();
    let page = browser.post("/sign-in", &[account, password, ("back", &here)]).await;
    page.shows("您正要把两个账号关联起来").shows(&teacher.login).shows("云上的u-1");
    browser.post(&here, &[]).await.shows("已关联").shows("统一登录").shows("从未使用");
    browser.post(&here, &[]).await.is(422).says("不是在这个浏览器中开始的");

    let mut again = scene.test.browser();
    assert_eq!(scene.arrive(&mut again, "u-1", &json!({})).await.is(303).location(), "/account");
    let page = again.get("/account").await;
    page.shows(&teacher.login);
    let left = again.post("/sign-out", &[]).await;
    left.shows("您已退出登录").shows("同时退出教育云");
    let end = left.link(&format!("{}/end", scene.service.address));
    assert!(end.contains("post_logout_redirect_uri=http%3A%2F%2Ftisheng.test%2Fsign-in"), "{end}");

    let cut = page.link("/account/links/");
    let mut neighbour = scene.test.signed_in(&scene.town.school().teachers[1].who()).await;
    neighbour.post(&cut, &[]).await.is(404);
    browser.post(&cut, &[]).await.shows("已解除关联").shows("还没有关联");
    let mut third = scene.test.browser();
    assert_eq!(scene.arrive(&mut third, "u-1", &json!({})).await.is(303).location(), here);
});

story!(a_number_that_the_service_knows_finds_one_account, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let teacher = &scene.town.school().teachers[0];
    let paper = scene.paper(teacher).await.to_lowercase();
    let mut browser = scene.test.browser();
    let came = scene.arrive(&mut browser, "u-1", &json!({ "id_no": paper })).await;
    assert_eq!(came.is(303).location(), "/account");
    browser.get("/account").await.shows("已按登记的号码找到您的账号").shows(&teacher.login);

    // The link is to the service's name for the person, not to the number.
    let mut second = scene.test.browser();
    assert_eq!(scene.arrive(&mut second, "u-1", &json!({})).await.is(303).location(), "/account");
    // Another name with the same number is another person as far as anybody can tell.
    let came = scene.arrive(&mut scene.test.browser(), "u-2", &json!({ "id_no": paper })).await;
    came.is(422).says("已关联身份提供方的另一个账号");
    let unknown =
        scene.arrive(&mut scene.test.browser(), "u-3", &json!({ "id_no": "880101197001010000" })).await;
    assert_eq!(unknown.is(303).location(), format!("{}/link", scene.way()));
});

story!(a_phone_number_counts_when_it_is_verified, |engine| async move {
    let fields = [("claim", "phone_number"), ("claim_holds", "phone"), ("scopes", "phone")];
    let scene = scene(engine, "oidc", &fields).await;
    let phone = scene.phone(&scene.town.school().teachers[0]).await;
    let typed = json!({ "phone_number": phone });
    let came = scene.arrive(&mut scene.test.browser(), "u-1", &typed).await;
    assert_eq!(came.is(303).location(), format!("{}/link", scene.way()));
    let verified = json!({ "phone_number": phone, "phone_number_verified": true });
    let came = scene.arrive(&mut scene.test.browser(), "u-1", &verified).await;
    assert_eq!(came.is(303).location(), "/account");
});

story!(what_the_token_does_not_say_is_asked_of_the_service, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let paper = scene.paper(&scene.town.school().teachers[0]).await;
    for (subject, expected) in [("somebody else", 422), ("u-1", 303)] {
        let mut browser = scene.test.browser();
        let asked = scene.set_out(&mut browser, "/").await;
        let token = scene.service.token(&json!({}), &scene.service.claims(&asked, "u-1", scene.now()));
        let code = scene.service.code(&asked, token, json!({ "sub": subject, "id_no": paper }));
        let answer = [("state", asked["state"].as_str()), ("code", &code), ("iss", &scene.service.address)];
        scene.come_back(&mut browser, &answer).await.is(expected);
    }
});

story!(nobody_from_outside_the_territory_is_let_in, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    // The office of the province stands above the city whose service it is.
    let paper = scene.paper(&scene.town.province_office).await;
    let came = scene.arrive(&mut scene.test.browser(), "u-1", &json!({ "id_no": paper })).await;
    assert_eq!(came.is(303).location(), format!("{}/link", scene.way()));
    let mut browser = scene.test.signed_in(&scene.town.province_office.who()).await;
    scene.arrive(&mut browser, "u-1", &json!({})).await.is(303);
    browser.get(&format!("{}/link", scene.way())).await.is(422).says("以外还有身份");
    browser.post(&format!("{}/link", scene.way()), &[]).await.is(422).says("以外还有身份");
});

story!(a_role_given_beyond_the_territory_closes_the_way, |engine| async move {
    let scene = scene(engine, "oidc", &BY_PAPER).await;
    let teacher = &scene.town.school().teachers[0];
    let paper = scene.paper(teacher).await;
    let mut browser = scene.test.browser();
    scene.arrive(&mut browser, "u-1", &json!({ "id_no": paper })).await.is(303);
    let system = scene.test.system();
    let mut tx = system.write().await.expect("a transaction");
    access::grant(&system, &mut tx, teacher.person, access::Role::Expert, scene.town.province.id)
        .await
        .expect("given");
    tx.commit().await.expect("commits");
    scene.arrive(&mut scene.test.browser(), "u-1", &json!({})).await.is(422).says("以外还有身份");
});

story!(an_office_gives_its_code_unless_the_service_has_asked_for_more, |engine| async move {
    let mut fields = BY_PAPER.to_vec();
    fields.extend([("second_factor", "provider"), ("factors", "otp mfa")]);
    let scene = scene(engine, "oidc", &fields).await;
    let county = &scene.town.county_office;
    let paper = scene.paper(county).await;
    let mut browser = scene.test.browser();
    let came = scene.arrive(&mut browser, "u-1", &json!({ "id_no": paper, "amr": ["pwd"] })).await;
    assert_eq!(came.is(303).location(), "/sign-in/code?back=%2Faccount");
    browser.get("/account").await.shows("账号或手机号");
    scene.test.clock.advance(TimeDelta::seconds(60));
    let code = county.code(scene.test.app.now()).expect("a code");
    browser.post("/sign-in/code", &[("code", &code), ("back", "/account")]).await.shows(&county.login);
    browser.post("/sign-out", &[]).await.shows("同时退出教育云");

    let came = scene.arrive(&mut scene.test.browser(), "u-1", &json!({ "amr": ["pwd", "otp"] })).await;
    assert_eq!(came.is(303).location(), "/account");
    // Whoever keeps the service gives a code of ours in any case.
    let own = json!({ "id_no": scene.paper(&scene.town.city_office).await, "amr": ["otp"] });
    let came = scene.arrive(&mut scene.test.browser(), "u-2", &own).await;
    assert_eq!(came.is(303).location(), "/sign-in/code?back=%2Faccount");
});

story!(passwords_are_off_for_all_but_the_offices_at_the_node, |engine| async move {
    let mut fields = BY_PAPER.to_vec();
    fields.push(("local_off", "yes"));
    let scene = scene(engine, "oidc", &fields).await;
    let teacher = &scene.town.school().teachers[0];
    let refused = scene.test.browser().post_only("/sign-in", &teacher.credentials()).await;
    refused.is(422).says("统一使用“教育云”登录").says("用教育云登录");
    let wrong = [("account", teacher.login.as_str()), ("password", "不是这个密码")];
    scene.test.browser().post_only("/sign-in", &wrong).await.is(422).hides("用教育云登录");
    for office in [&scene.town.city_office, &scene.town.province_office] {
        let answer = scene.test.browser().post_only("/sign-in", &office.credentials()).await;
        assert_eq!(answer.is(303).location(), "/sign-in/code");
    }

    // A set-up link given out before lets nobody choose a password either.
    let system = scene.test.system();
    let mut tx = system.write().await.expect("a transaction");
    let issued = access::issue_setup_token(&system, &mut tx, teacher.person).await.expect("a token");
    tx.commit().await.expect("commits");
    let set_up = format!("/s/{}", issued.token);
    scene.test.browser().get(&set_up).await.is(422).says("统一使用“教育云”登录");
    let chosen = [("chosen", "春暖花开-2021"), ("repeated", "春暖花开-2021")];
    scene.test.browser().post_only(&set_up, &chosen).await.is(422).says("统一使用“教育云”登录");

    let came = scene.arrive(&mut scene.test.browser(), "u-9", &json!({ "id_no": "nobody" })).await;
    came.is(422).says("没有找到与您对应的账号");
    let paper = scene.paper(teacher).await;
    let came = scene.arrive(&mut scene.test.browser(), "u-1", &json!({ "id_no": paper })).await;
    assert_eq!(came.is(303).location(), "/account");
});
