//! Stories of posts and the roles that go with them, on both engines.

use std::future::ready;

use chrono::TimeDelta;
use tisheng_platform::{Parts, args};
use tisheng_rules::plan::{TeamRole, TeamRule};
use tisheng_rules::{Basis, Place, Source, Sourced};
use tisheng_testkit::{Browser, Engine, Seen, TestApp, story};

use crate::people::{Team, TeamSource};
use crate::samples::{Persona, Town, identity, small_town};
use crate::{access, organisation, people, posting};

async fn with_town(engine: Engine) -> (TestApp, Town) {
    let rooms = access::routes().merge(organisation::routes()).merge(people::routes());
    let test = TestApp::start(engine, rooms.merge(posting::routes()), Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    (test, town)
}

async fn signed_in(test: &TestApp, who: &Persona) -> Browser {
    let mut browser = test.browser();
    browser.post_only("/sign-in", &who.credentials()).await.is(303);
    if who.secret.is_some() {
        test.clock.advance(TimeDelta::seconds(60));
        let code = who.code(test.app.now()).expect("a code");
        browser.post_only("/sign-in/code", &[("code", &code)]).await.is(303);
    }
    browser
}

/// The schools at which `who` holds the teacher's role.
async fn teaches_at(test: &TestApp, who: &Persona) -> Vec<String> {
    let mut tx = test.app.db.read().await.expect("a transaction");
    let held = "select n.name from role_grant g join node n on n.id = g.node
        where g.person = $1 and g.role = 'teacher' and g.until is null order by n.name";
    tx.rows(held, args![who.person], |row| row.get(0)).await.expect("read")
}

/// A value of a scheme as a test makes it.
fn sourced<T>(value: T) -> Sourced<T> {
    let at = Place { file: "test".to_owned(), line: 1, column: 1 };
    Sourced { value, source: Source { basis: Basis::Default, at } }
}

/// What a transfer to the school called `school` sends.
fn transfer<'f>(school: &'f str, on: &'f str) -> [(&'f str, &'f str); 5] {
    [("school_name", school), ("subject", "语文"), ("stage", "02"), ("on", on), ("reason", "调令一号")]
}

/// What the registration of somebody sends.
fn entered<'f>(name: &'f str, paper: &'f str) -> [(&'f str, &'f str); 5] {
    [("name", name), ("paper", paper), ("subject", "语文"), ("stage", "02"), ("since", "2021-03-01")]
}

story!(a_transfer_takes_the_role_along, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut at_work = signed_in(&test, teacher).await;
    at_work.get("/account").await.shows("教师 · 测试一小");
    let mut office = signed_in(&test, &town.county_office).await;
    let form = format!("/people/{}/transfer", teacher.person);
    let near = office.post(&form, &transfer("测试二", "2021-03-01")).await;
    assert!(near.is(422).text().contains("没有完全同名的学校，请在下面选定一所"), "{}", near.text());
    assert_eq!(teaches_at(&test, teacher).await, ["测试一小"], "a likeness decides nothing");
    let none = office.post(&form, &transfer("邻县一小", "2021-03-01")).await;
    assert!(none.is(422).text().contains("由上一级工程办办理"), "{}", none.text());
    office.post(&form, &transfer("测试二小", "2021-03-01")).await.shows("调动已办理").shows("测试二小");
    assert_eq!(teaches_at(&test, teacher).await, ["测试二小"]);
    let out = at_work.get("/account").await;
    assert_eq!(out.path, "/sign-in?back=%2Faccount", "signed out");
    out.shows("您的工作单位已变更，请重新登录。");
    let unsent = at_work.post("/account/password", &[("current", "x")]).await;
    unsent.shows("您的工作单位已变更，请重新登录。刚才填写的内容没有提交").hides("登录已过期");
    test.browser().get("/sign-in").await.hides("您的工作单位已变更");
    signed_in(&test, teacher).await.get("/account").await.shows("教师 · 测试二小").hides("教师 · 测试一小");
});

story!(a_role_comes_back_only_where_its_holder_works, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut principal = signed_in(&test, &town.school().principal).await;
    let roles = format!("/organisation/{}/roles", town.school().node.id);
    let lead = [("name", teacher.name.as_str()), ("role", "group_lead")];
    let taken = async |principal: &mut Browser| {
        let end = principal.get(&format!("{roles}?role=group_lead")).await.link(&format!("{roles}/"));
        principal.post(&end, &[]).await.shows("已收回");
        end.replace("/end", "/restore")
    };
    principal.post(&roles, &lead).await.shows("已授予");
    let first = taken(&mut principal).await;
    principal.post(&roles, &lead).await.shows("已授予");
    let second = taken(&mut principal).await;
    let long_ago = "只能撤销今天或昨天的收回";
    principal.post(&first, &[("until", "")]).await.is(403).says(long_ago);

    let mut office = signed_in(&test, &town.county_office).await;
    let form = format!("/people/{}/transfer", teacher.person);
    office.post(&form, &transfer("测试二小", "2021-03-01")).await.shows("调动已办理");
    principal.post(&second, &[("until", "")]).await.is(404);
    office.post(&second, &[("until", "")]).await.is(403).says("此人已不在该校任职");
    signed_in(&test, teacher).await.get("/account").await.shows("教师 · 测试二小").hides("教研组长");
});

story!(a_leaver_has_no_role_and_comes_back_with_one, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let person = format!("/people/{}", teacher.person);
    let leave = [("on", "2021-03-01"), ("reason", "退休离校")];
    let mut own = signed_in(&test, teacher).await;
    clerk.post(&format!("{person}/release"), &leave).await.shows("离任已办理");
    assert!(teaches_at(&test, teacher).await.is_empty());
    own.get("/account").await.shows("您已办理离任，请重新登录");

    // The own record is still read; nothing else is seen or done.
    let mut own = signed_in(&test, teacher).await;
    own.get("/account").await.shows("离任教师 · 测试一小").shows("没有在任的身份");
    for path in ["/people".to_owned(), format!("/organisation/{}", town.school().node.id)] {
        own.get(&path).await.is(404);
    }
    own.post_only("/roles/switch", &[("grant", "x")]).await.is(404);
    own.post_only("/account/password", &[("current", "x")]).await.is(422);
    let back = [("school_name", "测试一小"), ("subject", "语文"), ("stage", "02"), ("on", "2021-02-01")];
    let early = clerk.post(&format!("{person}/appoint"), &back).await;
    assert!(early.is(422).text().contains("不能早于上一段任职的离任日期"), "{}", early.text());
    let back = [("school_name", "测试一小"), ("subject", "语文"), ("stage", "02"), ("on", "2021-03-02")];
    clerk.post(&format!("{person}/appoint"), &back).await.shows("任教岗位已安排");
    assert_eq!(teaches_at(&test, teacher).await, ["测试一小"]);
    own.get("/account").await.shows("您的身份有变化，请重新登录");
    signed_in(&test, teacher).await.get("/account").await.shows("教师 · 测试一小");
});

story!(a_number_alone_gives_away_no_name, |engine| async move {
    let (test, town) = with_town(engine).await;
    // Whoever was entered seventh is the first teacher of the first school.
    let (teacher, number) = (&town.school().teachers[0], identity(7).number().to_owned());
    let mut clerk = signed_in(&test, &town.schools[1].clerk).await;
    let form = format!("/organisation/{}/people/new", town.schools[1].node.id);
    let wrong = clerk.post(&form, &entered("别的姓名", &number)).await;
    assert!(wrong.is(422).text().contains("登记的姓名与填写的不同"), "{}", wrong.text());
    assert!(!wrong.text().contains(&teacher.name) && !wrong.text().contains("测试一小"), "{}", wrong.text());
    let right = clerk.post(&form, &entered(&teacher.name, &number)).await;
    assert!(right.is(422).text().contains("测试一小"), "{}", right.text());
    let mut own = signed_in(&test, &town.school().clerk).await;
    let form = format!("/organisation/{}/people/new", town.school().node.id);
    let told = own.post(&form, &entered("别的姓名", &number)).await;
    assert!(told.is(422).text().contains(&teacher.name), "{}", told.text());
});

story!(no_post_ends_before_it_begins_or_tomorrow, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut office = signed_in(&test, &town.county_office).await;
    let form = format!("/people/{}/transfer", teacher.person);
    let tomorrow = office.post(&form, &transfer("测试二小", "2021-03-11")).await;
    assert!(tomorrow.is(422).text().contains("日期不能晚于今天"), "{}", tomorrow.text());
    office.post(&form, &transfer("测试二小", "2021-03-01")).await.shows("调动已办理");
    let same_day = office.post(&form, &transfer("测试一小", "2021-03-01")).await;
    assert!(same_day.is(422).text().contains("日期应晚于现任岗位的起始日期"), "{}", same_day.text());
});

story!(a_name_is_found_by_its_middle, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    for query in ["师甲", "甲", "sj", "js", "教师甲"] {
        clerk.get(&format!("/people?q={query}")).await.shows("教师甲");
    }
    clerk.get("/people?q=甲").await.hides("教师乙").hides("教师丙");
    clerk.get("/people?q=100%25").await.shows("没有符合条件的教师");
    let mut city = signed_in(&test, &town.city_office).await;
    city.get("/people?q=教师甲").await.shows("教师甲");
    city.get("/people?q=师甲").await.hides("教师甲").shows("要查姓名中间的字请先进入县区或学校");
});

story!(a_roll_is_sorted_both_ways_and_by_school, |engine| async move {
    let (test, town) = with_town(engine).await;
    let mut county = signed_in(&test, &town.county_office).await;
    let at = |seen: &Seen, name: &str| seen.html().find(&format!(">{name}<")).expect("a row");
    let list = county.get("/people?sort=name").await;
    assert!(at(&list, "教师丁") < at(&list, "老师甲"), "by the sound of the name");
    let turned = list.link("?sort=%2Dname");
    let back = county.get(&format!("/people{turned}")).await;
    assert!(at(&back, "教师丁") > at(&back, "老师甲"));
    let schools = county.get("/people?sort=school").await;
    // Which school is first is chance; nobody of one stands between those of the other.
    let first = ["校长甲", "教师甲", "教师丁"].map(|name| at(&schools, name));
    let second = ["校长乙", "老师甲", "老师丁"].map(|name| at(&schools, name));
    let apart = first.iter().max() < second.iter().min() || second.iter().max() < first.iter().min();
    assert!(apart, "{first:?} {second:?}");
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let own = clerk.get("/people?sort=-name").await;
    assert!(at(&own, "校长甲") < at(&own, "教师甲"));
});

/// A team of two, of whom one knows about computers.
fn pair() -> TeamRule {
    TeamRule {
        key: "management".to_owned(),
        title: sourced("学校信息化管理团队".to_owned()),
        minimum: sourced(2),
        maximum: Some(sourced(2)),
        roles: vec![TeamRole {
            key: "ict_lead".to_owned(),
            title: sourced("信息技术骨干教师".to_owned()),
            minimum: sourced(1),
        }],
    }
}

/// What the form sends that makes somebody the one who knows about computers.
fn joining(person: &str) -> [(&str, &str); 3] {
    [("team", "management"), ("person", person), ("duty-management", "ict_lead")]
}

story!(a_school_sees_what_its_teams_lack, |engine| async move {
    let rooms = access::routes().merge(organisation::routes()).merge(people::routes());
    let rules = TeamSource::new(|_, _| ready(Ok(vec![pair()])));
    let parts = Parts::default().with(rules);
    let test = TestApp::start(engine, rooms.merge(posting::routes()), parts).await;
    let town = small_town(&test.system()).await.expect("a town");
    let school = town.school();
    let teams = format!("/organisation/{}/teams", school.node.id);
    let mut clerk = signed_in(&test, &school.clerk).await;
    let page = clerk.get(&teams).await;
    page.shows("2 人，其中信息技术骨干教师 1 人").shows("1 人，缺信息技术骨干教师 1 人").hides("还差");
    page.shows("方案没有规定").hides("已建齐");

    let nobody = clerk.post(&teams, &[("team", "management"), ("duty-management", "ict_lead")]).await;
    assert_eq!(nobody.is(422).text().matches("请选择成员").count(), 1, "{}", nobody.text());
    let html = nobody.html();
    assert!(html.contains("value=\"ict_lead\" checked"), "what was ticked is kept: {html}");

    let [lead, third] = [0, 1].map(|which| school.teachers[which].person.to_string());
    let others = [("team", "training"), ("person", lead.as_str()), ("duty-management", "ict_lead")];
    clerk.post(&teams, &others).await.is(422).says("不属于所选的团队");
    clerk.post(&teams, &joining(&lead)).await.shows("已更新").shows("已建齐").hides("缺信息技术骨干教师");
    let full = clerk.post(&teams, &joining(&third)).await;
    assert_eq!(full.is(422).text().matches("最多 2 人").count(), 1, "{}", full.text());
    let leaves = [("team", "management"), ("person", lead.as_str())];
    clerk
        .post(&format!("{teams}/dismiss"), &leaves)
        .await
        .shows("已移出团队")
        .shows("1 人，缺信息技术骨干教师 1 人");
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.post(&teams, &joining(&lead)).await.is(404);
});

story!(a_team_is_made_of_those_who_work_at_the_school, |engine| async move {
    let (test, town) = with_town(engine).await;
    let school = town.school();
    let rule = pair();
    let clerk = test.ctx(school.clerk.who());
    let mut tx = clerk.write().await.expect("a transaction");
    let team = (school.node.id, Team::Management);
    let lead = school.teachers[0].person;
    let unknown = posting::enlist(&clerk, &mut tx, team, lead, &["cio"], Some(&rule)).await;
    assert!(unknown.is_err_and(|e| e.to_string().contains("没有这项分工")));
    let stranger = town.schools[1].teachers[0].person;
    let elsewhere = posting::enlist(&clerk, &mut tx, team, stranger, &[], Some(&rule)).await;
    assert!(elsewhere.is_err_and(|e| e.to_string().contains("应是本校在任教师")));
    posting::enlist(&clerk, &mut tx, team, lead, &["ict_lead"], Some(&rule)).await.expect("the second");
    let full = posting::enlist(&clerk, &mut tx, team, school.clerk.person, &[], Some(&rule)).await;
    assert!(full.is_err_and(|e| e.to_string().contains("最多 2 人")));
    people::dismiss(&clerk, &mut tx, team, school.principal.person).await.expect("leaves");
    // The clerk has no post, but a role at the school.
    posting::enlist(&clerk, &mut tx, team, school.clerk.person, &[], Some(&rule)).await.expect("belongs");
});

story!(looks_at_numbers_are_there_to_be_read, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let why = [("number", "paper"), ("reason", "核对参训名单")];
    clerk.post(&format!("/people/{}/reveal", teacher.person), &why).await.is(200);
    clerk.get("/looks").await.is(404);
    let mut office = signed_in(&test, &town.county_office).await;
    office
        .get("/looks")
        .await
        .shows("核对参训名单")
        .shows("管理员甲")
        .shows("教师甲")
        .shows("学校管理员 · 测试一小");
    office.get("/looks?number=people.phone_shown").await.hides("核对参训名单");
    office.get("/looks?name=教师乙").await.hides("核对参训名单");
    office.get("/looks?name=教师甲").await.shows("核对参训名单");
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.get("/looks").await.shows("还没有查看号码的记录").hides("核对参训名单");
    let nobody = neighbour.get("/looks?name=教师甲").await;
    nobody.shows("没有符合条件的记录").shows("清除筛选").hides("核对参训名单");
});

story!(a_school_is_told_who_may_move_people, |engine| async move {
    let (test, town) = with_town(engine).await;
    let person = format!("/people/{}", town.school().teachers[0].person);
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let page = clerk.get(&person).await;
    page.shows("由同时管理两所学校的工程办办理");
    assert!(!page.html().contains(&format!("{person}/transfer")), "no button that leads nowhere");
    let refused = clerk.get(&format!("{person}/transfer")).await;
    assert!(refused.is(403).text().contains("由同时管理两所学校的工程办办理"), "{}", refused.text());
    let mut office = signed_in(&test, &town.county_office).await;
    assert!(office.get(&person).await.html().contains(&format!("{person}/transfer")));
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.post(&format!("{person}/transfer"), &transfer("测试二小", "2021-03-01")).await.is(404);
});

/// What the form of a post sends.
fn fields<'f>(seen: &'f str, subject: &'f str, on: &'f str) -> [(&'f str, &'f str); 4] {
    [("seen", seen), ("subject", subject), ("stage", "02"), ("on", on)]
}

story!(the_first_day_of_a_post_is_put_right, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let person = format!("/people/{}", teacher.person);
    let form = format!("{person}/post");
    let mut clerk = signed_in(&test, &town.school().clerk).await;
    let mut office = signed_in(&test, &town.county_office).await;
    let seen = clerk.get(&form).await.field("seen");
    assert_eq!(clerk.get(&form).await.field("on"), "2020-09-01");
    let tomorrow = clerk.post(&form, &fields(&seen, "语文", "2021-03-11")).await;
    assert!(tomorrow.is(422).text().contains("日期不能晚于今天"), "{}", tomorrow.text());
    clerk.post(&form, &fields(&seen, "语文", "")).await.is(422).says("任职起始日期");
    test.clock.advance(TimeDelta::seconds(1));
    clerk.post(&form, &fields(&seen, "语文", "2019-09-01")).await.shows("已修改").shows("2019年9月1日");

    // Whoever opened the form before sees what stands there now, and keeps what was typed.
    let late = office.post(&form, &fields(&seen, "英语", "2018-09-01")).await;
    late.is(422).says("岗位信息已被他人修改").says("2019年9月1日起");
    assert_eq!(late.field("on"), "2018-09-01");
    test.clock.advance(TimeDelta::seconds(1));
    let page = office.post(&form, &fields(&late.field("seen"), "英语", "2018-09-01")).await;
    page.shows("已修改").shows("2018年9月1日").shows("英语");
    let seen = office.get(&form).await.field("seen");
    office.post(&form, &fields(&seen, "英语", "2018-09-01")).await.shows("没有改动").hides("已修改");
    assert_eq!(office.get(&form).await.field("seen"), seen, "what is as it was is not written");

    // A post begins after the one before it, and before it was lent; the role goes with it.
    let leave = [("on", "2021-03-01"), ("reason", "离校进修")];
    clerk.post(&format!("{person}/release"), &leave).await.shows("离任已办理");
    let back = [("school_name", "测试一小"), ("subject", "语文"), ("stage", "02"), ("on", "2021-03-05")];
    clerk.post(&format!("{person}/appoint"), &back).await.shows("任教岗位已安排");
    let seen = clerk.get(&form).await.field("seen");
    let early = clerk.post(&form, &fields(&seen, "语文", "2021-02-28")).await;
    early.is(422).says("日期不能早于上一段任职的离任日期（2021年3月1日）");
    clerk.post(&form, &fields(&seen, "语文", "2021-03-02")).await.shows("已修改");
    let lend = [("school_name", "测试二小"), ("on", "2021-03-08"), ("reason", "支援教学")];
    office.post(&format!("{person}/secondment"), &lend).await.shows("借调已登记");
    let seen = clerk.get(&form).await.field("seen");
    let within = clerk.post(&form, &fields(&seen, "语文", "2021-03-08")).await;
    within.is(422).says("日期应早于借调的起始日期（2021年3月8日）");
    let mut tx = test.app.db.read().await.expect("a transaction");
    let role = "select count(*) from role_grant where person = $1 and since = '2021-03-02' and until is null";
    let roles: i64 = tx.row(role, args![teacher.person], |row| row.get(0)).await.expect("counted");
    let audit = "select count(*) from audit where subject = $1 and action = 'people.post_redated'";
    let told: i64 = tx.row(audit, args![teacher.person], |row| row.get(0)).await.expect("counted");
    assert_eq!((roles, told), (1, 3));
    drop(tx);
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.get(&form).await.is(404);
    neighbour.post(&form, &fields(&seen, "语文", "2021-03-03")).await.is(404);
});

/// Roles begin with the posts, as they do for everybody who was appointed.
async fn taught_from_the_start(test: &TestApp) {
    let mut tx = test.app.db.write().await.expect("a transaction");
    tx.run("update role_grant set since = '2020-09-01' where role = 'teacher'", args![])
        .await
        .expect("written");
    tx.commit().await.expect("commits");
}

story!(the_day_of_a_transfer_is_put_right_at_both_schools, |engine| async move {
    let (test, town) = with_town(engine).await;
    let teacher = &town.school().teachers[0];
    let person = format!("/people/{}", teacher.person);
    let form = format!("{person}/post");
    let mut office = signed_in(&test, &town.county_office).await;
    let mut clerk = signed_in(&test, &town.schools[1].clerk).await;
    taught_from_the_start(&test).await;
    let lend = [("school_name", "测试二小"), ("on", "2021-02-01"), ("reason", "支援教学")];
    office.post(&format!("{person}/secondment"), &lend).await.shows("借调已登记");
    office.post(&format!("{person}/transfer"), &transfer("测试二小", "2021-03-08")).await.shows("调动已办理");
    let days = async || {
        let mut tx = test.app.db.read().await.expect("a transaction");
        let posts = "select p.since, coalesce(p.until, ''), coalesce(s.until, '') from post p
            left join secondment s on s.post = p.id where p.person = $1 order by p.since";
        let roles = "select since, coalesce(until, ''), '' from role_grant
            where person = $1 and role = 'teacher' order by since";
        let mut read = Vec::new();
        for sql in [posts, roles] {
            let row = |row: &tisheng_platform::Row<'_>| {
                Ok(format!("{}-{}-{}", row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
            };
            read.extend(tx.rows(sql, args![teacher.person], row).await.expect("read"));
        }
        read
    };
    let as_entered = days().await;

    // The day is one for both schools, so it is for whoever looks after both.
    let seen = clerk.get(&form).await.field("seen");
    clerk.get(&form).await.shows("这是由测试一小调入的日期");
    for day in ["2021-03-01", "2021-03-09"] {
        let refused = clerk.post(&form, &fields(&seen, "语文", day)).await;
        refused.is(422).says("请由同时管理两所学校的工程办更正");
    }
    let before = office.post(&form, &fields(&seen, "语文", "2020-09-01")).await;
    before.is(422).says("日期应晚于调出岗位的起始日期（2020年9月1日）");
    let lent = office.post(&form, &fields(&seen, "语文", "2021-02-01")).await;
    lent.is(422).says("日期不能早于2021年2月2日");
    office.post(&form, &fields(&seen, "语文", "2021-03-11")).await.is(422).says("日期不能晚于今天");
    assert_eq!(days().await, as_entered, "what is refused changes nothing");

    let page = office.post(&form, &fields(&seen, "语文", "2021-03-01")).await;
    page.shows("已修改").shows("2020年9月1日 — 2021年2月28日").shows("2021年3月1日至今");
    let mended = ["2020-09-01-2021-03-01-2021-03-01", "2021-03-01--"].map(str::to_owned);
    assert_eq!(days().await[..2], mended);
    assert_eq!(days().await[2..], ["2020-09-01-2021-03-01-", "2021-03-01--"].map(str::to_owned));
    office.post(&form, &fields(&seen, "语文", "2021-03-05")).await.is(422).says("岗位信息已被他人修改");
    test.clock.advance(TimeDelta::seconds(1));
    let seen = office.get(&form).await.field("seen");
    office.post(&form, &fields(&seen, "语文", "2021-03-08")).await.shows("2021年3月8日至今");
    assert_eq!(days().await, as_entered, "later again, as it was");

    let mut tx = test.app.db.read().await.expect("a transaction");
    let told = "select count(*) from audit where action in ('people.post_redated', 'access.role_redated')";
    let told: i64 = tx.row(told, args![], |row| row.get(0)).await.expect("counted");
    assert_eq!(told, 6, "each time the posts, the role that begins and the role that ends");
    drop(tx);
    let mut neighbour = signed_in(&test, &town.neighbour_office).await;
    neighbour.post(&form, &fields(&seen, "语文", "2021-03-03")).await.is(404);
});
