//! The catalogue, told on both engines.

mod worth;

use tisheng_registry::samples::Persona;
use tisheng_testkit::{Browser, Chosen, Seen, story};

use super::{Counts, samples::Wish, samples::offered};
use crate::platform::Platform;
use crate::town::Place;

/// A place, a platform of it, somebody of its institution, and a capability to teach.
async fn begin(engine: tisheng_testkit::Engine) -> (Place, Platform, Persona, String) {
    let place = Place::begin(engine).await;
    let (platform, lecturer) = place.platform().await;
    let capability = place.rules.framework.capabilities[0].code.clone();
    (place, platform, lecturer, capability)
}

/// What an institution types for a course.
fn form<'a>(platform: &'a str, capability: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("platform", platform),
        ("code", "K1"),
        ("title", "课堂导入的数字资源"),
        ("source", "own"),
        ("summary", "演示课程"),
        ("capability", capability),
        ("counts", "completed"),
        ("hours", "2"),
        ("pass", ""),
        ("material", "60"),
        ("href", "https://study1.test/k1"),
        ("activities", "https://study1.test/course/K1"),
    ]
}

fn with<'a>(mut form: Vec<(&'a str, &'a str)>, field: &str, text: &'a str) -> Vec<(&'a str, &'a str)> {
    for (name, value) in &mut form {
        if *name == field {
            *value = text;
        }
    }
    form
}

async fn decide(office: &mut Browser, course: &str, what: &str, reason: &str) -> Seen {
    let page = office.get(course).await;
    let version = if matches!(what, "retire" | "offer") { page.field("version") } else { String::new() };
    let fields = [("do", what), ("reason", reason), ("version", version.as_str())];
    office.post(&format!("{course}/decide"), &fields).await
}

story!(an_institution_hands_a_course_in_and_the_office_lets_it_count, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let platform = platform.id.to_string();
    let mut own = place.browser(&lecturer).await;
    let blank = own.get("/courses/new").await;
    blank.shows("提交课程").shows("对应能力点").shows("学习网址（选填）").shows("适用学科");
    assert!(!blank.html().contains("<details class=\"help\" open>"), "nothing optional is filled in");
    let good = form(&platform, &capability);
    let wrong = [
        (with(good.clone(), "title", ""), "课程名称"),
        (with(good.clone(), "platform", ""), "请选择学习平台"),
        (with(good.clone(), "hours", "0"), "学时应大于零"),
        (with(good.clone(), "pass", "60"), "只有“考核通过”才需要合格分数"),
        (with(good.clone(), "activities", "第一课"), "不是完整的活动地址"),
        (with(good.clone(), "href", "study1.test"), "学习网址应以 https:// 开头"),
        (with(good.clone(), "capability", "Z99"), "方案中没有能力点“Z99”"),
    ];
    for (typed, sentence) in &wrong {
        let again = own.post("/courses/new", typed).await;
        again.is(422).says(sentence);
        assert_eq!(again.field("material"), "60", "what was typed stays");
    }
    // Of several mistakes the fields are named above, and what is wrong stands beside each.
    let two = own.post("/courses/new", &with(with(good.clone(), "title", ""), "hours", "x")).await;
    two.is(422).says("请先更正以下内容");
    let html = two.html();
    assert!(html.contains("<a href=\"#title\">课程名称</a>") && html.contains("<a href=\"#hours\">学时</a>"));
    assert_eq!(two.text().matches("请填写课程名称").count(), 1, "{}", two.text());
    assert_eq!(two.text().matches("学时应为数字").count(), 1, "{}", two.text());
    assert!(html.contains("<details class=\"help\" open>"), "what is filled in is in sight: {html}");
    let nothing = own.post("/courses/new", &[]).await;
    nothing.is(422).says("请填写学时").hides("学时应为数字");
    let fields = ["platform", "code", "title", "source", "capability", "counts", "hours"];
    assert_eq!(nothing.wrong(), fields, "in the order of the page");
    let one = own.post("/courses/new", &with(good.clone(), "title", "")).await;
    let ticked = format!("value=\"{capability}\" checked");
    let opened = one.html();
    let above = opened.split(&ticked).next().and_then(|above| above.rsplit("<details class=\"help\"").next());
    assert!(above.is_some_and(|rest| rest.starts_with(" open")), "the dimension of what is ticked: {opened}");
    assert!(!one.html().contains("class=\"summary\""), "one alone is said where it is: {}", one.html());
    let made = own.post("/courses/new", &good).await;
    made.is(200).shows("待审核").shows("学完计 2 学时");
    own.post("/courses/new", &good).await.is(422).says("编号");
    let other = with(with(good.clone(), "code", "K2"), "title", "另一门");
    own.post("/courses/new", &other).await.is(422).says("已属于本平台的另一门课程");
    own.post(&format!("{}/decide", made.path), &[("do", "approve")]).await.is(404);

    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    teacher.get("/courses").await.is(200).hides("课堂导入的数字资源");
    teacher.get(&made.path).await.is(404);
    let mut city = place.browser(&place.town.city_office).await;
    city.get("/courses/waiting").await.shows("课堂导入的数字资源");
    city.get(&made.path).await.hides("没有填写材料时长");
    decide(&mut city, &made.path, "return", "").await.is(422).says("请填写退回的原因");
    decide(&mut city, &made.path, "return", "材料时长与视频不符").await.is(200).shows("已退回");
    own.get(&made.path).await.shows("材料时长与视频不符");
    let edit = format!("{}/edit", made.path);
    own.post(&edit, &with(good.clone(), "material", "90")).await.is(200);
    let approved = decide(&mut city, &made.path, "approve", "").await;
    approved.is(200).shows("已通过");
    decide(&mut city, &made.path, "approve", "").await.is(403).says("没有待审核的内容");
    teacher.get("/courses").await.shows("课堂导入的数字资源");
    teacher.get(&made.path).await.is(200).shows("学完计 2 学时").hides("活动地址");
    teacher.get(&edit).await.is(404);
});

story!(who_approves_a_course_is_told_that_its_length_is_missed, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let platform = platform.id.to_string();
    let mut own = place.browser(&lecturer).await;
    let untold = with(form(&platform, &capability), "material", "");
    let made = own.post("/courses/new", &untold).await;
    made.is(200).hides("查不出来");
    let mut city = place.browser(&place.town.city_office).await;
    city.get("/courses/waiting").await.shows("没有填写材料时长");
    city.get(&made.path).await.shows("“学得比材料还快”的学习记录查不出来");
    // It is a word, not a bar; and where time itself counts, no length is missed.
    decide(&mut city, &made.path, "approve", "").await.is(200).shows("已通过").hides("查不出来");
    let by_time = with(with(untold, "code", "K2"), "counts", "time");
    let by_time = with(with(by_time, "activities", "https://study1.test/course/K2"), "title", "按时长计");
    let made = own.post("/courses/new", &by_time).await;
    made.is(200);
    city.get(&made.path).await.shows("审核").hides("查不出来");
    city.get("/courses/waiting").await.shows("按时长计").hides("没有填写材料时长");
});

story!(other_terms_wait_while_those_in_force_go_on, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let platform = platform.id.to_string();
    let mut own = place.browser(&lecturer).await;
    let good = form(&platform, &capability);
    let made = own.post("/courses/new", &good).await;
    let edit = format!("{}/edit", made.path);
    let mut city = place.browser(&place.town.city_office).await;
    let id = made.path.rsplit('/').next().unwrap_or_default();
    city.post("/courses/waiting", &[]).await.is(422).says("请勾选要通过的课程").says("课堂导入的数字资源");
    let none = city.get("/courses/waiting?q=zz").await;
    none.shows("没有符合条件的课程").shows("清除筛选").hides("没有待审核的课程");
    city.post("/courses/waiting", &[("course", &format!("{id}:1"))]).await.shows("已通过 1 门课程");
    city.get("/courses/waiting").await.shows("没有待审核的课程").hides("清除筛选");
    own.post(&edit, &with(good.clone(), "summary", "换一种说法")).await.is(200);
    city.get("/courses/waiting").await.hides("课堂导入的数字资源");
    own.post(&edit, &with(good.clone(), "hours", "3")).await.is(200);
    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    teacher.get(&made.path).await.shows("学完计 2 学时").hides("3 学时");
    city.get("/courses/waiting").await.shows("学完计 2 学时").shows("学完计 3 学时");
    decide(&mut city, &made.path, "approve", "").await.is(200);
    teacher.get(&made.path).await.shows("学完计 3 学时");
    decide(&mut city, &made.path, "retire", "").await.is(200).shows("课程已停开");
    teacher.get("/courses").await.hides("课堂导入的数字资源");
    decide(&mut city, &made.path, "offer", "").await.is(200).shows("恢复开设");
});

story!(what_a_course_teaches_and_is_known_by_waits_as_its_terms_do, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let other = place.rules.framework.capabilities[1].code.clone();
    let id = platform.id.to_string();
    let mut own = place.browser(&lecturer).await;
    let good = form(&id, &capability);
    let made = own.post("/courses/new", &good).await;
    let edit = format!("{}/edit", made.path);
    let mut city = place.browser(&place.town.city_office).await;
    decide(&mut city, &made.path, "approve", "").await.is(200);
    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    let on_offer = |code: &str| format!("/courses?capability={code}");

    // The institution changes what is taught, for whom, and an address: nothing of it is in force.
    let mut changed = with(good.clone(), "capability", &other);
    changed = with(changed, "activities", "https://study1.test/course/K1-new");
    changed.extend([("stage", "02"), ("subject", "语文")]);
    own.post(&edit, &changed).await.is(200).shows("仍按现行的内容").shows("等待审核的修改").shows("K1-new");
    teacher.get(&on_offer(&capability)).await.shows("课堂导入的数字资源");
    teacher.get(&on_offer(&other)).await.hides("课堂导入的数字资源");
    teacher.get(&made.path).await.shows("各学段各学科").hides("等待审核的修改");
    assert_eq!(named(&place, &platform, "https://study1.test/course/K1").await, 1);
    assert_eq!(named(&place, &platform, "https://study1.test/course/K1-new").await, 0);
    let seen = city.get(&made.path).await;
    seen.shows("等待审核的修改").says("https://study1.test/course/K1-new").shows("小学");
    city.get("/courses/waiting").await.shows(&other).shows("K1-new");

    // It takes the change back; somebody else cannot, and nobody twice.
    let revision = seen.field("revision");
    let withdraw = format!("{}/withdraw", made.path);
    teacher.post(&withdraw, &[("revision", &revision)]).await.is(404);
    let stranger = Persona { node: place.town.neighbour.clone(), ..lecturer.clone() };
    place.browser(&stranger).await.post(&withdraw, &[("revision", &revision)]).await.is(404);
    own.post(&withdraw, &[("revision", &revision)]).await.is(200).shows("已撤回").hides("等待审核的修改");
    own.post(&withdraw, &[("revision", &revision)]).await.is(403);
    city.get("/courses/waiting").await.hides("课堂导入的数字资源");
    own.get(&edit).await.hides("K1-new");

    // Handed in again and agreed to, it is in force; who looked at an earlier wording agrees to none.
    own.post(&edit, &changed).await.is(200);
    let stale = [("do", "approve"), ("revision", revision.as_str())];
    city.post(&format!("{}/decide", made.path), &stale).await.is(409);
    decide(&mut city, &made.path, "approve", "").await.is(200);
    teacher.get(&on_offer(&other)).await.shows("课堂导入的数字资源");
    teacher.get(&on_offer(&capability)).await.hides("课堂导入的数字资源");
    assert_eq!(named(&place, &platform, "https://study1.test/course/K1-new").await, 1);
    // What is in force, said again, withdraws what waits.
    own.post(&edit, &with(changed.clone(), "hours", "9")).await.shows("等待审核的修改");
    own.post(&edit, &changed).await.shows("等待审核的修改已撤回").shows("认定 学完计 2 学时");
});

/// How many courses of `platform` are known by an address.
async fn named(place: &Place, platform: &Platform, iri: &str) -> usize {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    usize::from(crate::course::of_activity(&mut tx, platform.id, iri).await.expect("read").is_some())
}

story!(a_file_changes_nothing_of_a_course_that_counts_until_the_office_agrees, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let other = place.rules.framework.capabilities[1].code.clone();
    let head = "平台,课程编号,课程名称,课程来源,能力点,学时,认定方式,合格分数,学习网址,活动地址\n";
    let name = platform.name.as_str();
    let file = |code: &str| {
        format!("{head}{name},F1,课程一,自主研制,{code},2,学完,,https://study1.test/f1,\n").into_bytes()
    };
    let mut own = place.browser(&lecturer).await;
    let mut city = place.browser(&place.town.city_office).await;
    let run = bring(&place, &mut own, &file(&capability)).await;
    own.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let course = crate::course::of_code(&mut tx, &platform, "F1").await.expect("read").expect("a course");
    drop(tx);
    decide(&mut city, &format!("/courses/{}", course.id), "approve", "").await.is(200);
    let run = bring(&place, &mut own, &file(&other)).await;
    run.shows("变更 1");
    own.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    teacher.get(&format!("/courses?capability={other}")).await.hides("课程一");
    bring(&place, &mut own, &file(&other)).await.shows("无变化 1");
    own.post(&format!("{}/undo", run.path), &[]).await.is(200);
    place.settle().await;
    city.get("/courses/waiting").await.hides("课程一");
    teacher.get(&format!("/courses?capability={capability}")).await.shows("课程一");
});

story!(nobody_lets_count_what_they_handed_in_themselves, |engine| async move {
    let (place, platform, _, capability) = begin(engine).await;
    let platform = platform.id.to_string();
    let mut city = place.browser(&place.town.city_office).await;
    let made = city.post("/courses/new", &form(&platform, &capability)).await;
    decide(&mut city, &made.path, "approve", "").await.is(403).says("请由其他负责人审核");
    let id = made.path.rsplit('/').next().unwrap_or_default();
    city.post("/courses/waiting", &[("course", &format!("{id}:1"))]).await.shows("1 门由您本人提交");
});

story!(a_file_of_courses_goes_through_the_clerks_loop, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let head = "平台,课程编号,课程名称,课程来源,能力点,学时,认定方式,合格分数,学习网址,活动地址\n";
    let name = platform.name.as_str();
    let rows = [
        format!("{name},F1,课程一,自主研制,{capability},2,学完,,https://study1.test/f1,\n"),
        format!("{name},F2,课程二,国家慕课,{capability},1.5,考核通过,60,,https://study1.test/course/F2\n"),
    ];
    let bad = [
        format!("无此平台,F3,课程三,自主研制,{capability},2,学完,,https://study1.test/f3,\n"),
        format!("{name},F1,课程四,别的,{capability},2,学完,,https://study1.test/f4,\n"),
        format!("{name},F1,课程五,自主研制,{capability},2,学完,,https://study1.test/f5,\n"),
    ];
    let mut own = place.browser(&lecturer).await;
    let file = |rows: &[String]| format!("{head}{}", rows.concat()).into_bytes();
    let wrong = bring(&place, &mut own, &file(&[rows.as_slice(), bad.as_slice()].concat())).await;
    wrong
        .shows("没有登记名为“无此平台”的平台")
        .shows("应为：国家慕课、自主研制")
        .shows("与第 2 行的课程编号相同");
    let run = bring(&place, &mut own, &file(&rows)).await;
    own.post(&format!("{}/confirm", run.path), &[]).await.is(200);
    place.settle().await;
    own.get("/courses?state=submitted").await.shows("课程一").shows("课程二");
    let again = bring(&place, &mut own, &file(&rows)).await;
    again.shows("无变化 2");
    own.post(&format!("{}/undo", run.path), &[]).await.is(200);
    place.settle().await;
    own.get("/courses?state=submitted").await.hides("课程一");
});

async fn bring(place: &Place, browser: &mut Browser, bytes: &[u8]) -> Seen {
    let chosen = [Chosen { field: "file", name: "课程.csv", bytes }];
    let waiting = browser.post_files("/roster/courses", &[], &chosen).await;
    place.settle().await;
    browser.get(&waiting.path).await
}

story!(an_institution_sees_its_own_courses_and_a_teacher_what_is_on_offer, |engine| async move {
    let (place, platform, lecturer, capability) = begin(engine).await;
    let (author, office) = (place.ctx(&lecturer), place.ctx(&place.town.city_office));
    let mut tx = office.write().await.expect("a transaction");
    let wish =
        Wish { code: "K1", title: "一门课程", capability: &capability, hours: 1, counts: Counts::Passed };
    let course = offered((&author, &office), &mut tx, &platform, wish).await.expect("a course");
    tx.commit().await.expect("commits");
    let at = format!("/courses/{course}");
    let other = Persona { node: place.town.neighbour.clone(), ..lecturer.clone() };
    place.browser(&other).await.get(&at).await.is(404);
    place.browser(&lecturer).await.get(&at).await.is(200).shows("活动地址");
    let mut teacher = place.browser(&place.town.schools[1].teachers[0]).await;
    teacher.get(&at).await.is(200).shows("考核达到 60 分（百分制）计 1 学时");
    teacher.get(&format!("/courses?capability={capability}&q=一门")).await.shows("一门课程");
    teacher.get("/courses?q=没有这样的课").await.hides("一门课程").shows("清除筛选");
    teacher.get("/courses/waiting").await.is(404);
});
