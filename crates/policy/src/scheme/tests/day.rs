//! A version that waits for its day, told on both engines.

use chrono::{NaiveDate, TimeDelta};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::args;
use tisheng_registry::samples::Town;
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Chosen, Engine, Seen, TestApp, story};

use super::begin;
use crate::scheme::{Programme, State, Version, check_versions, of_id, store};

/// A town in the second month of its programme's period.
async fn autumn(engine: Engine) -> (TestApp, Town, Programme) {
    let found = begin(engine).await;
    found.0.clock.set(morning(2023, 10, 9));
    found
}

fn morning(year: i32, month: u32, day: u32) -> Instant {
    let day = NaiveDate::from_ymd_opt(year, month, day).expect("a date");
    Instant::start_of(day) + TimeDelta::hours(9)
}

/// The office hands in rules of that number and has them tried; the page of the draft.
async fn tried(test: &TestApp, office: &mut Browser, label: &str) -> Seen {
    let files: Vec<(&str, String)> = third_scheme_files()
        .iter()
        .map(|(name, text)| (*name, text.replace("version = \"2023.2\"", &format!("version = \"{label}\""))))
        .collect();
    let chosen: Vec<Chosen<'_>> =
        files.iter().map(|(name, text)| Chosen { field: "files", name, bytes: text.as_bytes() }).collect();
    let draft = office.post_files("/scheme/versions", &[("note", "调整学时")], &chosen).await;
    office.post(&format!("{}/step", draft.path), &[("do", "trial")]).await.shows("正在试算");
    test.settle().await;
    draft
}

fn id_of(page: &Seen) -> Id<Version> {
    page.path.rsplit('/').next().expect("an address").parse().expect("an identifier")
}

async fn runs_by(test: &TestApp, programme: &Programme) -> Id<Version> {
    let mut tx = test.app.db.read().await.expect("a transaction");
    of_id(&mut tx, programme.id).await.expect("the programme").version
}

async fn state_of(test: &TestApp, programme: &Programme, id: Id<Version>) -> State {
    let mut tx = test.app.db.read().await.expect("a transaction");
    store::version_of_id(&mut tx, programme.id, id).await.expect("read").expect("there").state
}

/// How often the trail says that `action` was done to version `id`.
async fn told(test: &TestApp, action: &str, id: Id<Version>) -> i64 {
    let mut tx = test.app.db.read().await.expect("a transaction");
    let count = "select count(*) from audit where action = $1 and subject = $2";
    tx.row(count, args![action, id], |row| row.get(0)).await.expect("read")
}

story!(a_version_waits_for_its_day_and_comes_into_force_once, |engine| async move {
    let (test, town, programme) = autumn(engine).await;
    let mut office = test.signed_in(&town.city_office.who()).await;
    let draft = tried(&test, &mut office, "9").await;
    let (id, step) = (id_of(&draft), format!("{}/step", draft.path));
    let wrong = [
        ("", "生效日期"),
        ("2023-10-08", "生效日期已经过去，请选择今天（2023年10月9日）或以后的日期"),
        ("2025-09-01", "生效日期应在工程实施期内（2023年9月1日至2025年8月31日）"),
    ];
    for (day, says) in wrong {
        let refused = office.post(&step, &[("do", "wait"), ("day", day)]).await;
        refused.is(422).says(says);
        assert!(refused.html().contains(&format!("value=\"{day}\"")), "what was typed is kept");
    }
    let waits = office.post(&step, &[("do", "wait"), ("day", "2023-11-01")]).await;
    waits.shows("待生效").shows("将于2023年11月1日起执行，还有 23 天").shows("提前启用");
    office.get("/scheme/versions").await.shows("2023年11月1日起执行");
    office.get("/scheme").await.shows("规则版本 9 将于2023年11月1日起执行");
    let mut teacher = test.signed_in(&town.school().teachers[0].who()).await;
    teacher.get("/scheme").await.shows("规则版本 9 将于2023年11月1日起执行，还有 23 天");
    let news = teacher.get("/scheme/news").await;
    news.shows("在此之前仍按现行规则执行").shows("与现行版本的差异").hides("查看该版本");
    office.get("/scheme/news").await.shows("查看该版本");
    teacher.get(&format!("/scheme/files?version={id}")).await.is(404);

    test.clock.set(morning(2023, 10, 31) + TimeDelta::hours(14));
    test.settle().await;
    assert_eq!(runs_by(&test, &programme).await, programme.version, "the day has not come");
    let mut office = test.signed_in(&town.city_office.who()).await;
    office.get("/scheme").await.shows("将于明天（2023年11月1日）起执行");

    test.clock.set(Instant::start_of(morning(2023, 11, 1).date()));
    tokio::join!(test.settle(), test.settle());
    test.settle().await;
    assert_eq!(runs_by(&test, &programme).await, id);
    assert_eq!(state_of(&test, &programme, programme.version).await, State::Superseded);
    for (action, times) in [("scheme.day_chosen", 1), ("scheme.in_force", 1), ("scheme.trial_done", 2)] {
        assert_eq!(told(&test, action, id).await, times, "{action}");
    }
    let mut office = test.signed_in(&town.city_office.who()).await;
    let now = office.get(&draft.path).await;
    now.shows("执行中").shows("启用时的变化").shows("共核对 3 位教师").hides("提前启用").hides("等待生效");
    office.get(&format!("{}/changes", draft.path)).await.shows("启用时有变化的教师").shows("全部（1）");
    office.get("/scheme").await.shows("规则版本 9").hides("将于");
    let mut teacher = test.signed_in(&town.school().teachers[0].who()).await;
    teacher.get("/scheme").await.shows("规则已于2023年11月1日更新为版本 9");
    teacher.get("/scheme/news").await.shows("与前一版本 2023.2的差异").hides("在此之前");
    let mut tx = test.app.db.read().await.expect("a transaction");
    let now = of_id(&mut tx, programme.id).await.expect("the programme");
    let (versions, wrong) = check_versions(&mut tx, &now).await.expect("looked");
    assert_eq!((versions, wrong), (2, Vec::new()));
    drop(tx);
    let mut tx = test.app.db.write().await.expect("a transaction");
    let spoilt = "update scheme_version set state = 'waiting', due_at = null where id = $1";
    tx.run(spoilt, args![programme.version]).await.expect("spoilt");
    let (_, wrong) = check_versions(&mut tx, &now).await.expect("looked");
    assert_eq!(wrong, [programme.version], "what waits without a day and a place is found");
});

story!(a_day_is_called_off_with_a_reason_and_chosen_again, |engine| async move {
    let (test, town, programme) = autumn(engine).await;
    let mut office = test.signed_in(&town.city_office.who()).await;
    let draft = tried(&test, &mut office, "9").await;
    let (id, step) = (id_of(&draft), format!("{}/step", draft.path));
    office.post(&step, &[("do", "call_off"), ("reason", "没有预定")]).await.is(422).says("没有在等待生效");
    office.post(&step, &[("do", "call_off"), ("reason", "")]).await.is(422).says("请填写撤回原因");
    office.post(&step, &[("do", "wait"), ("day", "2023-11-01")]).await.shows("待生效");
    office.post(&step, &[("do", "wait"), ("day", "")]).await.is(422).says("请填写生效日期");
    for again in ["wait", "withdraw"] {
        let refused = office.post(&step, &[("do", again), ("day", "2023-11-02")]).await;
        refused.is(422).says("当前状态为“待生效”");
    }
    office.post(&step, &[("do", "call_off"), ("reason", "")]).await.is(422).says("撤回原因");
    let back = office.post(&step, &[("do", "call_off"), ("reason", "文件推迟印发")]).await;
    back.shows("草案").shows("文件推迟印发").shows("按此日期启用");
    assert_eq!(told(&test, "scheme.day_called_off", id).await, 1);

    // Its first day passes, which is nobody's any more; the same day chosen twice comes once.
    for _ in 0..2 {
        office.post(&step, &[("do", "wait"), ("day", "2023-12-01")]).await.shows("待生效");
        office.post(&step, &[("do", "call_off"), ("reason", "再核对一次")]).await.shows("草案");
    }
    office.post(&step, &[("do", "wait"), ("day", "2023-12-01")]).await.shows("待生效");
    test.clock.set(morning(2023, 11, 2));
    test.settle().await;
    assert_eq!(runs_by(&test, &programme).await, programme.version);
    test.clock.set(morning(2023, 12, 1));
    test.settle().await;
    assert_eq!(runs_by(&test, &programme).await, id);
    assert_eq!(told(&test, "scheme.in_force", id).await, 1);
});

story!(a_version_that_waits_comes_early_and_its_day_passes_quietly, |engine| async move {
    let (test, town, programme) = autumn(engine).await;
    let mut office = test.signed_in(&town.city_office.who()).await;
    let draft = tried(&test, &mut office, "9").await;
    let (id, step) = (id_of(&draft), format!("{}/step", draft.path));
    office.post(&step, &[("do", "wait"), ("day", "2023-11-01")]).await.shows("待生效");
    office.post(&step, &[("do", "force")]).await.shows("执行中");
    assert_eq!(runs_by(&test, &programme).await, id);
    test.clock.set(morning(2023, 11, 2));
    test.settle().await;
    assert_eq!(told(&test, "scheme.in_force", id).await, 1);
    let mut office = test.signed_in(&town.city_office.who()).await;
    office.get("/scheme").await.hides("将于");

    let today = tried(&test, &mut office, "10").await;
    let step = format!("{}/step", today.path);
    office.post(&step, &[("do", "wait"), ("day", "2023-11-02")]).await.shows("执行中");
    assert_eq!(runs_by(&test, &programme).await, id_of(&today), "today is at once");
    assert_eq!(state_of(&test, &programme, id).await, State::Superseded);
});

story!(one_version_waits_at_a_time_and_none_overtakes_it, |engine| async move {
    let (test, town, programme) = autumn(engine).await;
    let mut office = test.signed_in(&town.city_office.who()).await;
    let first = tried(&test, &mut office, "9").await;
    let second = tried(&test, &mut office, "10").await;
    office
        .post(&format!("{}/step", first.path), &[("do", "wait"), ("day", "2023-11-01")])
        .await
        .shows("待生效");
    let step = format!("{}/step", second.path);
    for way in ["wait", "force"] {
        let refused = office.post(&step, &[("do", way), ("day", "2023-10-20")]).await;
        refused.is(422).says("版本 9 正在等待生效，同时只能有一个");
    }
    test.clock.set(morning(2023, 11, 1));
    test.settle().await;
    assert_eq!(runs_by(&test, &programme).await, id_of(&first));
    let mut office = test.signed_in(&town.city_office.who()).await;
    let old = office.post(&step, &[("do", "wait"), ("day", "2023-11-20")]).await;
    old.is(422).says("请先完成换规试算");
    office.post(&step, &[("do", "trial")]).await.shows("正在试算");
    test.settle().await;
    office.post(&step, &[("do", "wait"), ("day", "2023-11-20")]).await.shows("待生效");
});

story!(nobody_else_chooses_a_day_or_calls_one_off, |engine| async move {
    let (test, town, programme) = autumn(engine).await;
    let mut office = test.signed_in(&town.city_office.who()).await;
    let draft = tried(&test, &mut office, "9").await;
    let step = format!("{}/step", draft.path);
    let school = town.school();
    let others = [
        &town.province_office,
        &town.county_office,
        &town.neighbour_office,
        &school.principal,
        &school.clerk,
        &school.teachers[0],
    ];
    for state in [State::Draft, State::Waiting] {
        for other in others {
            let mut browser = test.signed_in(&other.who()).await;
            browser.get(&draft.path).await.is(404);
            for way in ["wait", "force", "call_off", "trial", "withdraw"] {
                let fields = [("do", way), ("day", "2023-11-01"), ("reason", "越权")];
                browser.post(&step, &fields).await.is(404);
            }
        }
        assert_eq!(state_of(&test, &programme, id_of(&draft)).await, state);
        if state == State::Draft {
            office.post(&step, &[("do", "wait"), ("day", "2023-11-01")]).await.shows("待生效");
        }
    }
    let mut stranger = test.browser();
    stranger.post_only(&step, &[("do", "force")]).await.is(303);
});
