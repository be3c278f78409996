//! Activities, told on both engines.

use chrono::TimeDelta;
use tisheng_kernel::Seconds;
use tisheng_testkit::{Browser, story};

use crate::hours::totals;
use crate::town::Place;

/// The first place where hours of practice may be booked.
fn practice(place: &Place) -> String {
    use tisheng_rules::hours::CategoryRole;
    let category = place.rules.hours.categories.iter().find(|c| c.role == CategoryRole::Practice);
    let category = category.expect("a category of practice");
    let kind = category.kinds.iter().find(|kind| kind.ceiling.is_none());
    format!("{}/{}", category.key, kind.map(|kind| kind.key.as_str()).unwrap_or_default())
}

/// Plans two hours on the tenth from 9:00 on, worth two 学时, and gives the address.
async fn plan(place: &Place, organiser: &mut Browser) -> String {
    plan_at(place, organiser, ("微能力点研讨", "09:00", "11:00")).await
}

/// The same of any title and time.
async fn plan_at(
    place: &Place,
    organiser: &mut Browser,
    (title, begins, ends): (&str, &str, &str),
) -> String {
    let (day, hours) = (place.day(10).to_string(), practice(place));
    let fields = [
        ("title", title),
        ("form", "research"),
        ("place", "录播教室"),
        ("host", "教研组"),
        ("day", day.as_str()),
        ("begins", begins),
        ("ends", ends),
        ("hours", "2"),
        ("place_of_hours", hours.as_str()),
        ("audience", place.town.school().node.path.as_str()),
    ];
    let mut long = fields;
    long[7] = ("hours", "9");
    let refused = organiser.post("/activities/new", &long).await;
    refused.is(422);
    assert!(refused.text().contains("不能超过活动时长"), "{}", refused.text());
    let nothing = organiser.post("/activities/new", &[]).await;
    nothing.is(422).says("请填写开始时间").says("请填写认定学时").hides("应写作");
    let in_order = ["title", "form", "day", "begins", "ends", "place", "host", "place_of_hours", "hours"];
    assert_eq!(nothing.wrong(), in_order);
    let page = organiser.post("/activities/new", &fields).await;
    page.shows(title).shows("已安排");
    page.path.clone()
}

/// What a teacher has earned.
async fn earned(place: &Place, teacher: usize) -> Seconds {
    let person = place.town.school().teachers[teacher].person;
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    totals(&mut tx, place.programme.id, person).await.expect("totals").iter().map(|t| t.seconds).sum()
}

story!(from_the_plan_to_the_ledger_and_back, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut clerk = place.browser(&school.clerk).await;
    let address = plan(&place, &mut clerk).await;
    let step = format!("{address}/step");
    clerk.post(&step, &[("do", "approve")]).await.is(404);
    clerk.post(&step, &[("do", "open")]).await.shows("签到中");
    let shown = clerk.get(&format!("{address}/code")).await;
    let text = shown.text();
    let code = text.split_whitespace().find(|w| w.len() == 6 && w.bytes().all(|b| b.is_ascii_digit()));
    let code = code.expect("six digits").to_owned();

    let mut first = place.browser(&school.teachers[0]).await;
    first.get("/activities").await.shows("微能力点研讨");
    first.post("/activities/sign-in", &[("code", &code)]).await.shows("已签到");
    first.post("/activities/sign-in", &[("code", &code)]).await.shows("已签到");
    let mut stranger = place.browser(&place.town.schools[1].teachers[0]).await;
    stranger.get("/activities").await.hides("微能力点研讨");
    stranger.post("/activities/sign-in", &[("code", &code)]).await.is(422);

    clerk.post(&step, &[("do", "close")]).await.shows("整理记录");
    place.test.clock.advance(TimeDelta::hours(2));
    let mut late = place.browser(&school.teachers[1]).await;
    late.post("/activities/sign-in", &[("code", &code)]).await.is(422);
    let second = school.teachers[1].person.to_string();
    let list = format!("{address}/list");
    clerk.post(&list, &[("person", &second), ("reason", "")]).await.is(422);
    clerk.post(&list, &[("reason", "手机没电")]).await.is(422).says("请勾选要补签的教师");
    clerk.post(&list, &[("person", &second), ("reason", "手机没电")]).await.shows("签到表（2 人）");
    clerk.post(&step, &[("do", "submit")]).await.is(422);
    let version = clerk.get(&address).await.field("version");
    let record = [("record", "讨论了三个能力点"), ("version", version.as_str())];
    clerk.post(&format!("{address}/record"), &record).await.shows("活动纪要已保存");
    clerk.post(&format!("{address}/record"), &record).await.is(422);
    // What was typed goes along with every button, and is not lost when another has written.
    let stale = [("do", "submit"), ("record", "另写一份"), ("version", version.as_str())];
    let both = clerk.post(&step, &stale).await;
    both.is(422).says("另写一份").says("讨论了三个能力点").says("请对照后再提交");
    let version = both.field("version");
    let cleared = [("do", "submit"), ("record", " "), ("version", version.as_str())];
    clerk.post(&step, &cleared).await.is(422).says("请先填写活动纪要");
    let long = "长".repeat(5001);
    let long = [("do", "submit"), ("record", long.as_str()), ("version", version.as_str())];
    clerk.post(&step, &long).await.is(422).says("5000").says("长长长");
    let more = [("do", "submit"), ("record", "讨论了四个能力点"), ("version", version.as_str())];
    clerk.post(&step, &more).await.shows("待审核").shows("讨论了四个能力点");
    clerk.get(&address).await.shows("活动由您组织，不能由您审核").hides("退回修改");
    assert_eq!(earned(&place, 0).await, Seconds::ZERO, "nothing counts before the approval");

    let mut principal = place.browser(&school.principal).await;
    principal.post(&step, &[("do", "return"), ("reason", "")]).await.is(422);
    principal.post(&step, &[("do", "approve")]).await.shows("2 人的学时已入账");
    let two = Seconds::from_hours(2, *place.rules.hours.length);
    assert_eq!((earned(&place, 0).await, earned(&place, 1).await), (two, two));
    principal.post(&step, &[("do", "approve")]).await.is(422);
    assert_eq!(earned(&place, 0).await, two, "an approval counts once");
    first.get("/hours").await.shows("微能力点研讨").shows("校本研修");

    principal.post(&step, &[("do", "withdraw"), ("reason", "签到不实")]).await.shows("学时已冲销");
    assert_eq!(earned(&place, 0).await, Seconds::ZERO);
    first.get("/hours").await.shows("签到不实");
    let strike = format!("{address}/strike");
    clerk.post(&strike, &[("person", &second), ("reason", "未到场")]).await.shows("签到表（1 人）");
    clerk.post(&step, &[("do", "submit")]).await.shows("待审核");
    principal.post(&step, &[("do", "approve")]).await.shows("1 人的学时已入账");
    assert_eq!((earned(&place, 0).await, earned(&place, 1).await), (two, Seconds::ZERO));
});

story!(several_are_entered_or_taken_off_for_one_reason, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut clerk = place.browser(&school.clerk).await;
    let address = plan(&place, &mut clerk).await;
    clerk.post(&format!("{address}/step"), &[("do", "open")]).await.shows("签到中");
    let [one, two, three] = [0, 1, 2].map(|n| school.teachers[n].person.to_string());
    let (list, strike) = (format!("{address}/list"), format!("{address}/strike"));
    let silent = clerk.post(&list, &[("person", &one), ("person", &two), ("reason", "")]).await;
    silent.is(422).says("请填写原因");
    assert_eq!(silent.html().matches(" checked").count(), 2, "ticks are kept");
    let key = ("_key", "018f3b1e5a3c7a1e8a1e5a3c7a1e8a1d");
    let both = [("person", one.as_str()), ("person", &two), ("reason", "停电，点名核对"), key];
    clerk.post(&list, &both).await.shows("已补签 2 人").shows("签到表（2 人）").shows("补签：停电，点名核对");
    clerk.post(&list, &both).await.shows("已补签 2 人").shows("签到表（2 人）");
    let more = clerk.post(&list, &[("person", &two), ("person", &three), ("reason", "点名")]).await;
    more.shows("已补签 1 人")
        .shows(&format!("{}已在签到表上", school.teachers[1].name))
        .shows("签到表（3 人）");
    let again = clerk.post(&list, &[("person", &two), ("reason", "点名")]).await;
    again.is(422).says("已在签到表上，不必补签");
    let off = clerk.post(&strike, &[("person", &one), ("person", &two), ("reason", "未到场")]).await;
    off.shows("已移出签到表 2 人").shows("签到表（1 人）");
    clerk
        .post(&strike, &[("person", &one), ("reason", "未到场")])
        .await
        .is(422)
        .says("不在签到表上，不必移出");
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let rows = "select count(*) from audit where action in ('activity.enlisted', 'activity.struck')";
    let rows: i64 = tx.row(rows, tisheng_platform::args![], |row| row.get(0)).await.expect("read");
    assert_eq!(rows, 5, "one for each who was entered or taken off");
});

story!(a_code_is_not_found_by_trying, |engine| async move {
    let place = Place::begin(engine).await;
    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    for _ in 0..10 {
        let wrong = teacher.post("/activities/sign-in", &[("code", "no")]).await;
        assert!(wrong.text().contains("签到码不正确"), "{}", wrong.text());
    }
    let locked = teacher.post("/activities/sign-in", &[("code", "no")]).await;
    assert!(locked.text().contains("次数过多"), "{}", locked.text());
    place.test.clock.advance(TimeDelta::minutes(31));
    let later = teacher.post("/activities/sign-in", &[("code", "no")]).await;
    assert!(later.text().contains("签到码不正确"), "{}", later.text());
});

story!(what_nobody_at_the_school_may_approve_goes_up, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let mut principal = place.browser(&school.principal).await;
    let address = plan(&place, &mut principal).await;
    let step = format!("{address}/step");
    principal.post(&step, &[("do", "open")]).await.shows("签到中");
    let person = school.teachers[0].person.to_string();
    principal.post(&format!("{address}/list"), &[("person", &person), ("reason", "点名")]).await;
    let version = principal.get(&address).await.field("version");
    let record = [("record", "纪要"), ("version", version.as_str())];
    principal.post(&format!("{address}/record"), &record).await.shows("已保存");
    principal.post(&step, &[("do", "close")]).await.shows("整理记录");
    place.test.clock.advance(TimeDelta::hours(2));
    principal.post(&step, &[("do", "submit")]).await.shows("待审核");
    let goes_up = "本校除组织者外没有可以审核的负责人，由上级工程办（测试县）审核";
    principal.get(&address).await.shows("不能由您审核").shows(goes_up).hides("退回修改");
    let own = principal.post(&step, &[("do", "approve")]).await;
    own.is(422);
    assert!(own.text().contains("组织者不能审核自己的活动"), "{}", own.text());
    let others = [&school.teachers[0], &place.town.schools[1].principal, &place.town.neighbour_office];
    for other in others {
        let mut browser = place.browser(other).await;
        browser.get(&address).await.is(404);
        browser.post(&step, &[("do", "approve")]).await.is(404);
    }
    place.browser(&place.town.neighbour_office).await.get("/activities/school").await.hides("微能力点研讨");

    let mut county = place.browser(&place.town.county_office).await;
    county
        .get("/activities/school")
        .await
        .shows("待审核（1）")
        .shows("测试一小")
        .hides("安排活动")
        .hides("全部 待审核");
    county.get(&address).await.shows("测试一小").shows("退回修改").hides("更正签到表");
    // The attendance is closed: neither a page without a field for the reason is silent, nor one with that of
    // another deed says it there.
    for browser in [&mut principal, &mut county] {
        let late = browser.post(&format!("{address}/list"), &[("reason", "")]).await;
        late.is(422).says("请填写原因").says("请勾选要补签的教师");
        assert!(!late.html().contains("reason-error"), "{}", late.html());
    }
    county.post(&format!("{address}/record"), &[("record", "改写"), ("version", "9")]).await.is(404);
    county.post(&format!("{address}/list"), &[("person", &person), ("reason", "代签")]).await.is(404);
    county.post(&step, &[("do", "return"), ("reason", "纪要太短")]).await.shows("已退回组织者");
    county.get(&address).await.is(404);
    principal.get(&address).await.shows("纪要太短").shows(&format!("提交后{goes_up}"));
    principal.post(&step, &[("do", "submit")]).await.shows(&format!("已提交，{goes_up}"));
    county.post(&step, &[("do", "approve")]).await.shows("1 人的学时已入账");
    let two = Seconds::from_hours(2, *place.rules.hours.length);
    assert_eq!(earned(&place, 0).await, two);
    county.get("/activities/school").await.hides("测试一小");
    county.get("/activities/school?state=approved").await.shows("测试一小");
    county.post(&step, &[("do", "approve")]).await.is(422);
    county.post(&step, &[("do", "withdraw"), ("reason", "签到不实")]).await.shows("学时已冲销");
    assert_eq!(earned(&place, 0).await, Seconds::ZERO);
});

story!(what_the_school_can_approve_stays_with_it, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let address = plan(&place, &mut clerk).await;
    hold(&place, &mut clerk, &address).await;
    place.test.clock.advance(TimeDelta::hours(2));
    let by = format!("由{}（校长", place.town.school().principal.name);
    clerk.get(&address).await.shows(&format!("提交后{by}"));
    clerk.post(&format!("{address}/step"), &[("do", "submit")]).await.shows(&format!("已提交，{by}"));
    let mut county = place.browser(&place.town.county_office).await;
    county.get("/activities/school").await.hides("微能力点研讨").shows("没有由上级审核的活动");
    let narrowed = county.get("/activities/school?q=没有这样的").await;
    narrowed.shows("没有符合条件的活动").shows("清除筛选").hides("没有由上级审核的活动");
    county.get(&address).await.is(404);
    county.post(&format!("{address}/step"), &[("do", "approve")]).await.is(404);
});

story!(who_can_still_sign_in_sees_the_activity, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let address = plan(&place, &mut clerk).await;
    let later = plan_at(&place, &mut clerk, ("下午的研讨", "14:00", "16:00")).await;
    clerk.post(&format!("{address}/step"), &[("do", "open")]).await.shows("签到中");
    place.test.clock.advance(TimeDelta::hours(3));
    let mut teacher = place.browser(&place.town.school().teachers[0]).await;
    teacher.get("/activities").await.shows("微能力点研讨").shows("签到中").shows("下午的研讨");
    place.test.clock.advance(TimeDelta::hours(5));
    teacher.get("/activities").await.shows("微能力点研讨").hides("下午的研讨");
    clerk.post(&format!("{address}/step"), &[("do", "close")]).await.shows("整理记录");
    teacher.get("/activities").await.hides("微能力点研讨");
    clerk.get(&later).await.shows("已安排");
});

/// Opens the activity at `address`, puts the first teacher on its list and writes the minutes.
async fn hold(place: &Place, clerk: &mut Browser, address: &str) {
    let step = format!("{address}/step");
    clerk.post(&step, &[("do", "open")]).await.shows("签到中");
    let person = place.town.school().teachers[0].person.to_string();
    clerk.post(&format!("{address}/list"), &[("person", &person), ("reason", "点名")]).await.is(200);
    let version = clerk.get(address).await.field("version");
    let record = [("record", "纪要"), ("version", version.as_str())];
    clerk.post(&format!("{address}/record"), &record).await.shows("已保存");
    clerk.post(&step, &[("do", "close")]).await.shows("整理记录");
}

story!(nobody_signs_in_hours_before_and_nothing_counts_before_the_end, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let address = plan_at(&place, &mut clerk, ("下午的研讨", "14:00", "16:00")).await;
    let step = format!("{address}/step");
    let early = clerk.post(&step, &[("do", "open")]).await;
    early.is(422);
    early.says("最早提前 30 分钟").says("13:30 起可以签到");
    let html = early.html();
    assert!(!html.contains("field-wrong") && !html.contains("value=\"open\""), "no field is wrong: {html}");
    place.test.clock.advance(TimeDelta::minutes(4 * 60 + 30));
    hold(&place, &mut clerk, &address).await;
    let going_on = clerk.post(&step, &[("do", "submit")]).await;
    going_on.is(422);
    assert!(going_on.text().contains("结束后才能提交"), "{}", going_on.text());
    place.test.clock.advance(TimeDelta::minutes(2 * 60 + 30));
    clerk.post(&step, &[("do", "submit")]).await.shows("待审核");
});

story!(of_two_activities_at_once_one_counts_and_the_other_is_looked_at, |engine| async move {
    let place = Place::begin(engine).await;
    let mut clerk = place.browser(&place.town.school().clerk).await;
    let times = [("第一场", "09:00", "11:00"), ("第二场", "09:30", "11:30"), ("第三场", "11:30", "13:30")];
    let mut planned = Vec::new();
    for time in times {
        planned.push(plan_at(&place, &mut clerk, time).await);
    }
    place.test.clock.advance(TimeDelta::minutes(5 * 60));
    let mut principal = place.browser(&place.town.school().principal).await;
    let expected = ["1 人的学时已入账", "另有 1 人待核实", "1 人的学时已入账"];
    for (address, expected) in planned.iter().zip(expected) {
        hold(&place, &mut clerk, address).await;
        let step = format!("{address}/step");
        clerk.post(&step, &[("do", "submit")]).await.shows("待审核");
        principal.post(&step, &[("do", "approve")]).await.shows(expected);
    }
    let four = Seconds::from_hours(4, *place.rules.hours.length);
    assert_eq!(earned(&place, 0).await, four, "the first and the third");
    let waiting = clerk.get("/hours/waiting?state=held").await;
    waiting.shows("第二场");
    let one = clerk.get(&waiting.link("/hours/waiting/")).await;
    one.shows("与已认定的活动“第一场”").shows("时间重叠");
});
