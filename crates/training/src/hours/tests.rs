//! The ledger, told on both engines.

mod disputes;
mod file;
mod long_day;
mod moment;
mod search;
mod several;
mod sorting;

use proptest::prelude::{Strategy, any};
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tisheng_kernel::{Id, Seconds};
use tisheng_registry::people::Person;
use tisheng_testkit::story;

use super::model::{Described, Logged, Report, WaitingState, Whom};
use super::{HoursError, accept, entries, log, log_all, match_person, reverse, take_newer, totals};
use crate::samples::{PLATFORM, online_report};
use crate::town::Place;

async fn logged(place: &Place, report: &Report) -> Logged {
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let logged = log(&clerk, &mut tx, &place.programme, report).await.expect("taken");
    tx.commit().await.expect("commits");
    logged
}

/// What counts in the end, by the sums kept with the entries; they must equal a fresh sum.
async fn balance(place: &Place, person: Id<Person>) -> Seconds {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let entries = entries(&mut tx, place.programme.id, person).await.expect("entries");
    let totals = totals(&mut tx, place.programme.id, person).await.expect("totals");
    for total in &totals {
        let of_kind = entries.iter().filter(|e| e.category == total.category && e.kind == total.kind);
        assert_eq!(of_kind.clone().map(|e| e.seconds).sum::<Seconds>(), total.seconds);
        assert_eq!(i64::try_from(of_kind.count()), Ok(total.entries));
    }
    let kept: Seconds = totals.iter().map(|total| total.seconds).sum();
    assert_eq!(kept, entries.iter().map(|entry| entry.seconds).sum::<Seconds>());
    kept
}

story!(the_same_report_counts_once_and_another_under_its_number_waits, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let report = online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)));
    assert!(matches!(logged(&place, &report).await, Logged::Entered(_)));
    assert_eq!(logged(&place, &report).await, Logged::Same);
    let mut other = report.clone();
    other.seconds += Seconds::of_minutes(45);
    let Logged::Conflict(waiting) = logged(&place, &other).await else { panic!("a conflict") };
    assert_eq!(logged(&place, &other).await, Logged::Conflict(waiting), "one row, however often");
    assert_eq!(balance(&place, teacher.person).await, report.seconds);

    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let silent = take_newer(&clerk, &mut tx, &place.programme, waiting, " ").await;
    assert!(matches!(silent, Err(HoursError::NoReason)));
    take_newer(&clerk, &mut tx, &place.programme, waiting, "平台已更正").await.expect("taken");
    tx.commit().await.expect("commits");
    assert_eq!(balance(&place, teacher.person).await, other.seconds);
    for again in [&report, &other] {
        assert_eq!(logged(&place, again).await, Logged::Same, "both are known now");
    }
    assert_eq!(balance(&place, teacher.person).await, other.seconds);
});

story!(two_reports_of_a_number_at_one_moment_are_both_kept, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let report = online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)));
    let mut other = report.clone();
    other.seconds += Seconds::of_minutes(45);
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let first = log(&clerk, &mut tx, &place.programme, &report).await.expect("taken");
    assert!(matches!(first, Logged::Entered(_)));
    let (_, second) = tokio::join!(
        async {
            place.test.until_somebody_waits().await;
            tx.commit().await.expect("commits");
        },
        logged(&place, &other),
    );
    assert!(matches!(second, Logged::Conflict(_)), "{second:?}");
    assert_eq!(balance(&place, teacher.person).await, report.seconds);
});

story!(a_reversal_happens_once_and_is_not_reversed, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let report = online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)));
    let Logged::Entered(entry) = logged(&place, &report).await else { panic!("entered") };
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let back = reverse(&clerk, &mut tx, &place.programme, entry, "重复").await.expect("reversed");
    let twice = reverse(&clerk, &mut tx, &place.programme, entry, "重复").await;
    assert!(matches!(twice, Err(HoursError::Reversed)));
    let of_reversal = reverse(&clerk, &mut tx, &place.programme, back, "反悔").await;
    assert!(matches!(of_reversal, Err(HoursError::IsReversal)));
    tx.commit().await.expect("commits");
    assert_eq!(balance(&place, teacher.person).await, Seconds::ZERO);

    let neighbour = place.ctx(&place.town.neighbour_office);
    let mut tx = neighbour.write().await.expect("a transaction");
    let foreign = reverse(&neighbour, &mut tx, &place.programme, entry, "越权").await;
    assert!(matches!(foreign, Err(HoursError::Failed(_))), "another county's teacher is not there");
});

story!(what_can_hardly_be_true_is_held_and_decided_by_another, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[0];
    let future = online_report(&place.rules, teacher.person, ("c1", 2, place.day(28)));
    let Logged::Held(early) = logged(&place, &future).await else { panic!("held: the day has not come") };
    let mut long = online_report(&place.rules, teacher.person, ("c2", 1, place.day(1)));
    long.seconds = Seconds::of_minutes(20 * 60);
    assert!(matches!(logged(&place, &long).await, Logged::Entered(_)));
    let mut longer = long.clone();
    longer.source_id = "c3".to_owned();
    let Logged::Held(held) = logged(&place, &longer).await else { panic!("more than a day holds") };
    assert_eq!(balance(&place, teacher.person).await, long.seconds);

    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let never = accept(&clerk, &mut tx, &place.programme, early, "平台已确认").await;
    assert!(matches!(never, Err(HoursError::Future(day)) if day == future.worked_on));
    let short = accept(&clerk, &mut tx, &place.programme, held, "平台确认跨了两天").await;
    assert!(matches!(short, Err(HoursError::ShortReason)), "{short:?}");
    let why = "平台确认两次学习跨了两天";
    accept(&clerk, &mut tx, &place.programme, held, why).await.expect("accepted");
    let again = accept(&clerk, &mut tx, &place.programme, held, "再认一次").await;
    assert!(matches!(again, Err(HoursError::Decided(WaitingState::Entered))));
    tx.commit().await.expect("commits");
    assert_eq!(balance(&place, teacher.person).await, long.seconds + longer.seconds);
    assert_eq!(logged(&place, &longer).await, Logged::Same);
});

story!(somebody_unknown_is_parked_until_a_person_says_who_it_is, |engine| async move {
    let place = Place::begin(engine).await;
    let teacher = &place.town.school().teachers[1];
    let mut report = online_report(&place.rules, teacher.person, ("c9", 3, place.day(2)));
    report.whom = Whom::Described(Described { name: teacher.name.clone(), ..Described::default() });
    let Logged::Parked(parked) = logged(&place, &report).await else { panic!("a name alone never decides") };
    assert_eq!(logged(&place, &report).await, Logged::Parked(parked));
    assert_eq!(balance(&place, teacher.person).await, Seconds::ZERO);

    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let state = match_person(&clerk, &mut tx, &place.programme, parked, teacher.person).await;
    assert_eq!(state.expect("matched"), WaitingState::Entered);
    tx.commit().await.expect("commits");
    assert_eq!(logged(&place, &report).await, Logged::Same);
    assert_eq!(balance(&place, teacher.person).await, report.seconds);
});

/// What the platform or the clerk does next.
#[derive(Debug, Clone, Copy)]
enum Move {
    Report { number: u8, hours: u32 },
    Reverse { place: usize },
    TakeNewer,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let one = (any::<u8>(), 0_u8..6, 1_u32..3, any::<usize>()).prop_map(|(kind, number, hours, place)| {
        match kind % 8 {
            0 | 1 => Move::Reverse { place },
            2 => Move::TakeNewer,
            _ => Move::Report { number, hours },
        }
    });
    proptest::collection::vec(one, 1..25)
}

story!(whatever_happens_the_sums_hold_and_no_number_counts_twice, |engine| async move {
    let place = Place::begin(engine).await;
    let mut runner = TestRunner::deterministic();
    for round in 0..6_usize {
        let teacher = &place.town.school().teachers[round];
        let moves = moves().new_tree(&mut runner).expect("moves").current();
        let mut conflicts = Vec::new();
        for step in moves {
            let clerk = place.ctx(&place.town.school().clerk);
            let mut tx = clerk.write().await.expect("a transaction");
            match step {
                Move::Report { number, hours } => {
                    let source_id = format!("r{round}-{number}");
                    let about = (source_id.as_str(), hours, place.day(u32::from(number) + 1));
                    let report = online_report(&place.rules, teacher.person, about);
                    let taken = log(&clerk, &mut tx, &place.programme, &report).await.expect("taken");
                    if let Logged::Conflict(id) = taken {
                        conflicts.push(id);
                    }
                }
                Move::Reverse { place: at } => {
                    let known = entries(&mut tx, place.programme.id, teacher.person).await.expect("read");
                    if let Some(entry) = known.get(at % known.len().max(1)) {
                        let done = reverse(&clerk, &mut tx, &place.programme, entry.id, "抽查").await;
                        assert!(matches!(done, Ok(_) | Err(HoursError::Reversed | HoursError::IsReversal)));
                    }
                }
                Move::TakeNewer => {
                    if let Some(id) = conflicts.pop() {
                        let done = take_newer(&clerk, &mut tx, &place.programme, id, "以新报送为准").await;
                        assert!(matches!(done, Ok(()) | Err(HoursError::Decided(_))), "{done:?}");
                    }
                }
            }
            tx.commit().await.expect("commits");
            balance(&place, teacher.person).await;
        }
        no_number_counts_twice(&place, teacher.person).await;
    }
});

/// Of each number of the platform at most one entry stands, and it stands with its seconds.
async fn no_number_counts_twice(place: &Place, person: Id<Person>) {
    let mut tx = place.test.app.db.read().await.expect("a transaction");
    let book = entries(&mut tx, place.programme.id, person).await.expect("entries");
    let standing = |number: &str| {
        book.iter()
            .filter(|e| e.source == PLATFORM && e.source_id == number)
            .filter(|e| !book.iter().any(|back| back.reverses == Some(e.id)))
            .count()
    };
    for entry in &book {
        assert!(standing(&entry.source_id) <= 1, "{} stands twice", entry.source_id);
    }
}

story!(a_file_is_taken_whole_with_one_receipt, |engine| async move {
    let place = Place::begin(engine).await;
    let teachers = &place.town.school().teachers;
    let mut reports: Vec<Report> = teachers
        .iter()
        .enumerate()
        .map(|(n, t)| online_report(&place.rules, t.person, (&format!("f{n}"), 2, place.day(3))))
        .collect();
    reports.push(reports[0].clone());
    let clerk = place.ctx(&place.town.school().clerk);
    let mut tx = clerk.write().await.expect("a transaction");
    let receipt = log_all(&clerk, &mut tx, &place.programme, &reports).await.expect("taken");
    assert_eq!((receipt.entered as usize, receipt.same), (teachers.len(), 1));
    let mut nothing = reports[1].clone();
    nothing.seconds = Seconds::ZERO;
    let refused = log(&clerk, &mut tx, &place.programme, &nothing).await;
    assert!(matches!(refused, Err(HoursError::NotPositive)));
});

story!(a_teacher_reads_the_statement_disputes_a_line_and_gets_an_answer, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    let mut own = place.browser(teacher).await;
    own.get("/hours").await.shows("还没有入账的学时");
    logged(&place, &online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)))).await;

    let statement = own.get("/hours").await;
    statement.shows("信息技术与学科教学（c1）").shows(PLATFORM);
    assert!(statement.html().contains("data-label=\"已获得\">2.00</td>"), "{}", statement.html());
    let html = statement.html();
    let (sums, lines) = html.split_once("逐条明细").expect("the lines below the sums");
    assert!(
        sums.contains("，要求不少于") && !lines.contains("，要求不少于"),
        "the usual rule is said once: {html}"
    );
    // On paper it says whose it is.
    statement.shows(&format!("姓名：{}", teacher.name)).shows(&place.rules.identity.title.value);
    let found = own.get("/hours/where?q=%E5%AD%A6%E7%A7%91").await;
    found.shows("收到的学时").shows("编号 c1");
    own.get("/hours/where?q=nothing").await.shows("没有收到相关的报送");
    let csv = own.get("/hours/download?as=csv").await;
    csv.shows("信息技术与学科教学（c1）").shows(&teacher.name).shows(&school.node.name);

    let form = own.get("/hours").await.link("/hours/disputes/new?entry=");
    let page = own.get(&form).await;
    page.shows("异议说明");
    let entry = page.field("entry");
    let empty = own.post_files("/hours/disputes", &[("entry", &entry), ("text", "")], &[]).await;
    empty.is(422);
    assert_eq!(empty.text().matches("请填写异议说明").count(), 1, "said beside the field alone");
    assert!(empty.html().contains("aria-describedby=\"text-error\" autofocus"), "{}", empty.html());
    let both = own.post_files("/hours/disputes", &[("title", ""), ("text", "")], &[]).await;
    both.is(422).says("请先更正以下内容");
    assert!(both.html().contains("<a href=\"#text\">异议说明</a>"), "{}", both.html());
    assert_eq!(both.text().matches("请填写异议说明").count(), 1, "{}", both.text());
    own.post_files("/hours/disputes", &[("entry", &entry), ("text", "应为 3 学时")], &[])
        .await
        .shows("待答复");
    let twice = own.post_files("/hours/disputes", &[("entry", &entry), ("text", "再提一次")], &[]).await;
    twice.is(422);
    assert!(twice.text().contains("已有一项异议"), "{}", twice.text());

    let mut clerk = place.browser(&school.clerk).await;
    let inbox = clerk.get("/hours/inbox").await;
    inbox.shows("应为 3 学时");
    let address = inbox.link("/hours/inbox/");
    clerk.get(&address).await.shows("相关记录");
    clerk.post(&address, &[("answer", "平台记录为 2 学时"), ("do", "reject")]).await.shows("已答复");
    let answered = format!("答复（{}，", school.clerk.name);
    own.get("/hours").await.shows("异议不成立").shows("平台记录为 2 学时").shows(&answered);
    // The page was open when somebody answered: the way back shows the answer.
    let late = own.post(&format!("{}/withdraw", address.replace("inbox", "disputes")), &[]).await;
    late.shows("已经处理，没有撤回").shows("平台记录为 2 学时");
});

story!(the_desk_decides_and_others_find_nothing_there, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[2];
    let mut report = online_report(&place.rules, teacher.person, ("c5", 2, place.day(2)));
    report.whom = Whom::Described(Described { name: teacher.name.clone(), ..Described::default() });
    logged(&place, &report).await;

    let mut clerk = place.browser(&school.clerk).await;
    let list = clerk.get("/hours/waiting").await;
    list.shows("待匹配教师（1）").shows(&teacher.name);
    let address = list.link("/hours/waiting/");
    let page = clerk.get(&address).await;
    page.shows("就是这位");
    let decide = format!("{address}/decide");
    for (persona, what) in [(&school.teachers[0], "教师"), (&school.principal, "校长")] {
        let mut other = place.browser(persona).await;
        for path in ["/hours/waiting", address.as_str(), "/hours/inbox"] {
            assert_eq!(other.get(path).await.status.as_u16(), 404, "{what} {path}");
        }
        assert_eq!(other.post(&decide, &[("do", "dismiss"), ("reason", "x")]).await.status.as_u16(), 404);
    }
    for office in [&place.town.schools[1].clerk, &place.town.neighbour_office] {
        let mut other = place.browser(office).await;
        other.get("/hours/waiting").await.hides(&teacher.name);
        other.get(&address).await.is(404);
    }
    let own = clerk.post(&decide, &[("do", "match"), ("person", &school.clerk.person.to_string())]).await;
    own.is(422).says("不能处理与本人有关的记录");
    assert!(!own.html().contains("reason-error"), "the reason is that of other buttons");
    let person = page.field("person");
    clerk.post(&decide, &[("do", "match"), ("person", &person)]).await.shows("已匹配教师并入账");

    let list = clerk.get("/hours/teachers").await;
    list.shows(&teacher.name);
    let file = clerk.get("/hours/teachers/download?as=csv").await.html();
    let head: Vec<&str> =
        file.trim_start_matches('\u{feff}').lines().next().expect("a head").split(',').collect();
    let (rules, width) = (tisheng_rules::samples::third_scheme(), head.len());
    let titles: Vec<&str> = rules.hours.categories.iter().map(|c| c.title.value.as_str()).collect();
    assert_eq!(head[3..width - 4], titles[..], "a column for each category");
    let line = file.lines().find(|line| line.starts_with(&teacher.name)).expect("a line");
    assert!(line.split(',').skip(3).take(titles.len()).all(|cell| cell.parse::<f64>().is_ok()), "{line}");
    let statement = clerk.get(&format!("/hours/teachers/{}", teacher.person)).await;
    statement.shows("冲销");
    let reverse = statement.link("/hours/entries/");
    clerk.post(&reverse, &[("reason", "")]).await.is(422);
    clerk.post(&reverse, &[("reason", "平台撤回")]).await.shows("已冲销").shows("平台撤回");
    clerk.get(&reverse).await.shows("不会重复冲销").hides("冲销这条记录");
    clerk.post(&reverse, &[("reason", "再来一次")]).await.is(422).says("已经冲销过");
    clerk.post(&reverse, &[("reason", "")]).await.is(422).says("请填写原因");
    clerk.get("/hours/teachers?booked=none").await.hides(&teacher.name);
    let mut principal = place.browser(&school.principal).await;
    principal.get("/hours/teachers").await.shows(&teacher.name);
    principal.get(&reverse).await.is(404);
});

story!(a_statement_can_be_read_without_the_platform, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    logged(&place, &online_report(&place.rules, teacher.person, ("c1", 2, place.day(1)))).await;
    let strange = online_report(&place.rules, teacher.person, ("c2", 2, place.day(1)));
    logged(&place, &Report { doubt: Some("时长异常".to_owned()), ..strange }).await;
    let mut own = place.browser(teacher).await;
    let csv = own.get("/hours/download?as=csv").await;
    csv.shows("待核实").shows("时长异常");
    let bytes = own.get("/hours/download").await.bytes;
    let sheet = tisheng_sheet::read(&bytes, &tisheng_sheet::Limits::default()).expect("a workbook");
    assert_eq!(sheet.name, "学时对账单");
    let text: String = sheet.rows.iter().flat_map(|row| row.cells).map(|cell| cell.text() + " ").collect();
    let day = tisheng_kernel::number::chinese_date(place.day(10));
    for told in [teacher.name.as_str(), &school.node.name, &day, "1 条，核实后再计入", "还差"] {
        assert!(text.contains(told), "{told} is not told: {text}");
    }
    for category in &place.rules.hours.categories {
        assert!(text.contains(category.title.as_str()), "{text}");
    }
});

story!(what_one_category_has_too_much_of_is_told_where_the_figures_stand, |engine| async move {
    let place = Place::begin(engine).await;
    let school = place.town.school();
    let teacher = &school.teachers[0];
    let rule = &place.rules.hours;
    let online =
        rule.categories.iter().find(|category| category.ceiling.is_none()).expect("an open category");
    let more = (*online.minimum + Seconds::from_hours(2, *rule.length)).get();
    let day = Seconds::from_hours(6, *rule.length).get();
    for number in 0..=more / day {
        let mut report =
            online_report(&place.rules, teacher.person, (&format!("s{number}"), 1, place.day(1)));
        report.worked_on = report.worked_on - chrono::Days::new(u64::try_from(number).expect("a day"));
        report.category.clone_from(&online.key);
        let open = online.kinds.iter().find(|kind| kind.ceiling.is_none());
        report.kind = open.map(|kind| kind.key.clone()).unwrap_or_default();
        report.seconds = Seconds::new((more - number * day).min(day));
        if report.seconds > Seconds::ZERO {
            assert!(matches!(logged(&place, &report).await, Logged::Entered(_)));
        }
    }
    let mut own = place.browser(teacher).await;
    own.get("/hours").await.shows("单个类别多出的，不抵其他类别");
    let bytes = own.get("/hours/download").await.bytes;
    let sheet = tisheng_sheet::read(&bytes, &tisheng_sheet::Limits::default()).expect("a workbook");
    let text: String = sheet.rows.iter().flat_map(|row| row.cells).map(|cell| cell.text() + " ").collect();
    assert!(text.contains("不抵其他类别"), "{text}");
    let mut clerk = place.browser(&school.clerk).await;
    clerk.get("/hours/teachers").await.shows("不抵其他类别");
    let file = clerk.get("/hours/teachers/download?as=csv").await.html();
    let line = file.lines().find(|line| line.starts_with(&teacher.name)).expect("a line");
    let cells: Vec<&str> = line.split(',').rev().collect();
    let figure = |cell: &str| cell.parse::<f64>().expect("a figure");
    let [_, missing, spare, total, ..] = cells[..] else { panic!("{line}") };
    let minimum = figure(&rule.total.in_hours(*rule.length));
    assert!((figure(total) - figure(spare) + figure(missing) - minimum).abs() < 0.005, "{line}");
});
