//! People who come by a CAS server.

use tisheng_testkit::{Browser, Seen, story};

use super::fake::Asked;
use super::{Scene, scene};

const USER: &str = "<cas:user>zhang.san</cas:user>";

/// Somebody of whom the server says `said` arrives; gives the ticket as well.
async fn arrive(scene: &Scene, browser: &mut Browser, said: &str) -> (Seen, String) {
    let asked = scene.set_out(browser, "/account").await;
    let ticket = scene.service.ticket(&asked["service"], said);
    (scene.come_back(browser, &[("state", &state(&asked)), ("ticket", &ticket)]).await, ticket)
}

fn state(asked: &Asked) -> String {
    asked["service"].split_once("?state=").expect("a state").1.to_owned()
}

fn request(ticket: &str) -> String {
    format!(
        "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"1\" Version=\"2.0\" \
        IssueInstant=\"2021-03-10T01:00:00Z\"><samlp:SessionIndex>{ticket}</samlp:SessionIndex></samlp:LogoutRequest>"
    )
}

story!(an_attribute_finds_the_account_and_the_server_ends_the_session, |engine| async move {
    let scene = scene(engine, "cas", &[("claim", "mobile"), ("claim_holds", "phone")]).await;
    let teacher = &scene.town.school().teachers[0];
    let phone = scene.phone(teacher).await;
    let said = format!("{USER}<cas:attributes><cas:mobile>{phone}</cas:mobile></cas:attributes>");
    let mut browser = scene.test.browser();
    let (came, ticket) = arrive(&scene, &mut browser, &said).await;
    assert_eq!(came.is(303).location(), "/account");
    browser.get("/account").await.shows(&teacher.login);

    let mut second = scene.test.browser();
    let (came, other) = arrive(&scene, &mut second, USER).await;
    came.is(303);
    // The server ends the first session and no other; made-up notices end nothing.
    let mut server = scene.test.browser();
    let to = format!("{}/return?state=x", scene.way());
    server.post_only(&to, &[("logoutRequest", &request("ST-made-up"))]).await.is(200);
    server.post_only(&to, &[("logoutRequest", "<a/>")]).await.is(422);
    browser.get("/account").await.shows(&teacher.login);
    server.post_only(&to, &[("logoutRequest", &request(&ticket))]).await.is(200);
    browser.get("/account").await.shows("账号或手机号");
    second.get("/account").await.shows(&teacher.login);
    let left = second.post("/sign-out", &[]).await;
    let out = left.shows("同时退出教育云").link(&format!("{}/cas/logout", scene.service.address));
    assert!(out.ends_with("?service=http%3A%2F%2Ftisheng%2Etest%2Fsign%2Din"), "{out}");
    server.post_only(&to, &[("logoutRequest", &request(&other))]).await.is(200);
});

story!(a_ticket_counts_once_for_the_address_it_was_given_for, |engine| async move {
    let scene = scene(engine, "cas", &[]).await;
    let mut browser = scene.test.browser();
    let (came, ticket) = arrive(&scene, &mut browser, USER).await;
    assert_eq!(came.is(303).location(), format!("{}/link", scene.way()));
    browser.get(&format!("{}/link", scene.way())).await.shows("zhang.san");

    let asked = scene.set_out(&mut browser, "/").await;
    let used = [("state", state(&asked)), ("ticket", ticket)];
    let pairs = used.each_ref().map(|(name, value)| (*name, value.as_str()));
    scene.come_back(&mut browser, &pairs).await.is(422).says("已失效或已使用过");

    let asked = scene.set_out(&mut browser, "/").await;
    let elsewhere = scene.service.ticket("https://another.test/", USER);
    scene
        .come_back(&mut browser, &[("state", &state(&asked)), ("ticket", &elsewhere)])
        .await
        .is(422)
        .says("不是签发给本系统的");

    // A ticket that somebody else got is no use in another browser.
    let asked = scene.set_out(&mut scene.test.browser(), "/").await;
    let ticket = scene.service.ticket(&asked["service"], USER);
    scene
        .come_back(&mut browser, &[("state", &state(&asked)), ("ticket", &ticket)])
        .await
        .is(422)
        .says("不是在这个浏览器中开始的");
    let asked = scene.set_out(&mut browser, "/").await;
    scene.come_back(&mut browser, &[("state", &state(&asked))]).await.is(422).says("取消了登录");
});
