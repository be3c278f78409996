//! Many certificates at once.

use std::io::{Cursor, Read};

use tisheng_kernel::Id;
use tisheng_platform::web::Cursor as Place;
use tisheng_platform::web::paging::Order;
use tisheng_platform::{Scope, args};
use tisheng_registry::organisation;
use tisheng_registry::people::Person;
use tisheng_registry::restructuring::relocate;
use tisheng_registry::samples::beginning;
use tisheng_testkit::{Seen, story};

use super::{World, begin};
use crate::certificate::check_standings;
use crate::certificate::facts::{public_key, verify_offline};
use crate::certificate::store::follow;
use crate::certificate::store::listed::{Asked, COLUMNS, list};

/// Three teachers of two schools have met everything, and one has not.
async fn three_are_ready(engine: tisheng_testkit::Engine) -> World {
    let world = begin(engine).await;
    for (school, n) in [(0, 0), (0, 1), (1, 0)] {
        world.meet_everything(world.teacher(school, n)).await;
    }
    world
}

/// How many certificates, numbers and valid holders there are.
async fn tally(world: &World) -> [i64; 3] {
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let count = "select count(*), count(distinct number), count(distinct person) from certificate";
    tx.row(count, args![], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?])).await.expect("counted")
}

async fn issued(world: &World) -> Seen {
    let mut county = world.browser(&world.town.county_office).await;
    let page = county.get("/certificates").await;
    let place = page.shows("为 3 位已达标教师发证").link("/certificates/batch");
    let check = county.get(&place).await;
    check.shows("3 位已达标教师").shows(&world.teacher(0, 0).name).shows(&world.teacher(1, 0).name);
    check.shows("测试一小").shows("兹证明").shows("发放证书");
    let begun = county.post("/certificates/batch", &[]).await;
    begun.shows("开始为 3 位教师发证").shows("正在批量发证").shows("0 / 3").hides("0 / 0");
    world.test.settle().await;
    county.get("/certificates").await
}

story!(a_batch_that_is_run_again_makes_nothing_twice, |engine| async move {
    let world = three_are_ready(engine).await;
    issued(&world).await.shows("完成批量发证，共 3 份").hides("已达标教师发证");
    assert_eq!(tally(&world).await, [3, 3, 3]);

    // A worker dies after it has issued and before it could say so; on the way one is lost.
    world.tamper("update certificate_batch set done_at = null").await;
    world.tamper("update job set done_at = null, attempts = 0, lease = null, lease_until = null where kind = 'certificate.batch'").await;
    let lost = "update standing set held = '' where person =
        (select person from certificate where number = (select max(number) from certificate))";
    world.tamper(lost).await;
    world.tamper("delete from certificate where number = (select max(number) from certificate)").await;
    world.tamper("update certificate_batch set issued = 2").await;
    world.test.settle().await;
    assert_eq!(tally(&world).await, [3, 3, 3]);
    let mut county = world.browser(&world.town.county_office).await;
    county.get("/certificates").await.shows("完成批量发证，共 3 份");
    county.get("/certificates/batch").await.shows("没有等待发证的教师");
    county.post("/certificates/batch", &[]).await.shows("没有等待发证的教师");
    let mut teacher = world.browser(world.teacher(0, 0)).await;
    teacher.post("/certificates/batch", &[]).await.is(404);
    teacher.get("/certificates/batch").await.is(404);
    let mut clerk = world.browser(&world.town.school().clerk).await;
    clerk.post("/certificates/batch", &[]).await.is(404);
    clerk.get("/certificates/batch").await.is(404);
});

/// The form of a list of whom the first `left` are not ticked.
fn of_form<'a>(ids: &'a [String], left: usize, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let shown = ids.iter().map(|id| ("shown", id.as_str()));
    let ticked = ids.iter().skip(left).map(|id| ("person", id.as_str()));
    shown.chain(ticked).chain(more.iter().copied()).collect()
}

story!(who_is_left_out_of_a_batch_waits_for_the_next, |engine| async move {
    let world = three_are_ready(engine).await;
    let (one, other) = (world.teacher(0, 0), world.teacher(1, 0));
    let mut county = world.browser(&world.town.county_office).await;
    let ids: Vec<String> =
        [one, world.teacher(0, 1), other].iter().map(|teacher| teacher.person.to_string()).collect();
    let send = |n: usize, more: &[(&'static str, &'static str)]| of_form(&ids, n, more);
    // Looking elsewhere keeps what was chosen and typed.
    let found = county
        .post("/certificates/batch", &send(1, &[("do", "look"), ("q", "测试二小"), ("reason", "材料复核中")]))
        .await;
    found.shows("其中 1 位本批不发").shows(&other.name).shows("名单其他页上本批不发的").shows(&one.name);
    assert_eq!(found.field("reason"), "材料复核中");

    // By the beginning of a name, of its pinyin or initials, or of the school's name.
    for words in [one.name.as_str(), "jiaoshi", "jsj", "测试一"] {
        county.get(&format!("/certificates/batch?q={words}")).await.shows(&one.name).hides(&other.name);
    }
    for words in ["laoshi", "LS", "测试二小"] {
        county.get(&format!("/certificates/batch?q={words}")).await.shows(&other.name).hides(&one.name);
    }
    county.get("/certificates/batch?q=%25").await.hides(&one.name).hides(&other.name);

    let refused = county.post("/certificates/batch", &send(1, &[("do", "issue")])).await;
    refused.is(422).says("请填写原因").says("其中 1 位本批不发");
    county.post("/certificates/batch", &send(3, &[("reason", "复核")])).await.is(422).says("请至少勾选一位");
    let number = [("reason", "号码 13900000001 待核")];
    county.post("/certificates/batch", &send(1, &number)).await.is(422).says("不能包含证件号码");
    let done =
        county.post("/certificates/batch", &send(1, &[("do", "issue"), ("reason", "材料复核中")])).await;
    done.shows("开始为 2 位教师发证，1 位本批不发").shows("0 / 2");
    world.test.settle().await;
    assert_eq!(tally(&world).await, [2, 2, 2]);
    let list = county.get("/certificates").await;
    list.shows("共 2 份。1 位本批不发，原因：材料复核中").shows("为 1 位已达标教师发证");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let kept =
        "select count(*) from audit where action = 'certificate.left_out' and detail like '%材料复核中%'";
    let kept: i64 = tx.row(kept, args![], |row| row.get(0)).await.expect("read");
    drop(tx);
    assert_eq!(kept, 1);

    let next = county.get("/certificates/batch").await;
    next.shows("1 位已达标教师").shows(&one.name).shows("上次未发：材料复核中").hides(&other.name);
    county.post("/certificates/batch", &[]).await.shows("开始为 1 位教师发证");
    world.test.settle().await;
    assert_eq!(tally(&world).await, [3, 3, 3]);
});

story!(an_earlier_batch_passes_by_whom_a_later_one_leaves_out, |engine| async move {
    let world = three_are_ready(engine).await;
    let ids: Vec<String> = [world.teacher(0, 0), world.teacher(0, 1), world.teacher(1, 0)]
        .iter()
        .map(|teacher| teacher.person.to_string())
        .collect();
    let mut county = world.browser(&world.town.county_office).await;
    county.post("/certificates/batch", &[]).await.shows("开始为 3 位教师发证");
    let later = of_form(&ids, 1, &[("do", "issue"), ("reason", "材料复核中")]);
    county.post("/certificates/batch", &later).await.shows("1 位本批不发");
    world.test.settle().await;
    assert_eq!(tally(&world).await, [2, 2, 2]);
    let next = county.get("/certificates/batch").await;
    next.shows("1 位已达标教师").shows(&world.teacher(0, 0).name).shows("上次未发：材料复核中");
    county.post("/certificates/batch", &[]).await.shows("开始为 1 位教师发证");
    world.test.settle().await;
    assert_eq!(tally(&world).await, [3, 3, 3]);
});

story!(whoever_left_holds_up_nobody, |engine| async move {
    let world = three_are_ready(engine).await;
    world.tamper("update post set until = '2024-01-01' where person = (select person from standing where met order by person limit 1)").await;
    let mut county = world.browser(&world.town.county_office).await;
    county.post("/certificates/batch", &[]).await.shows("开始为 2 位教师发证");
    world.test.settle().await;
    county.get("/certificates").await.shows("完成批量发证，共 2 份");
    assert_eq!(tally(&world).await, [2, 2, 2]);
});

story!(a_batch_is_printed_as_one_file_for_its_issuer_alone, |engine| async move {
    let world = three_are_ready(engine).await;
    let page = issued(&world).await;
    let print = page.link("/certificates/batch/");
    let place = print.trim_end_matches("/print").to_owned();
    let mut county = world.browser(&world.town.county_office).await;
    county.get(&format!("{place}/file")).await.is(404);
    for stranger in [&world.town.neighbour_office, &world.town.city_office, &world.town.school().clerk] {
        world.browser(stranger).await.post(&print, &[]).await.is(404);
    }
    county.post(&print, &[]).await.shows("开始打包").shows("0 / 3").hides("0 / 0");
    world.test.settle().await;
    let file = county.get("/certificates").await.link(&format!("{place}/file"));
    let answer = county.get(&file).await;
    assert_eq!(answer.is(200).headers["content-type"], "application/zip");
    for stranger in [&world.town.neighbour_office, &world.town.city_office, &world.town.school().clerk] {
        world.browser(stranger).await.get(&file).await.is(404);
    }
    let names = opened(&world, &answer);
    assert_eq!(names.len(), 3);
    assert_eq!(names.iter().filter(|name| name.starts_with("测试一小/")).count(), 2);

    // One is taken back: the file made anew is without it.
    let number = names[0].rsplit_once('-').expect("a number").1.trim_end_matches(".pdf");
    let reason = [("reason", "核查发现材料不实")];
    county.post(&format!("/certificates/{number}/revoke"), &reason).await.shows("证书已撤销");
    county.post(&print, &[]).await.shows("开始打包");
    world.test.settle().await;
    assert_eq!(opened(&world, &county.get(&file).await).len(), 2);

    // It is not issued again with those of many.
    county.get("/certificates").await.hides("已达标教师发证");
    county.post("/certificates/batch", &[]).await.shows("没有等待发证的教师");
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let whose = "select person from certificate where state = 'revoked'";
    let whose: Id<Person> = tx.row(whose, args![], |row| row.get(0)).await.expect("read");
    drop(tx);
    let standing = county.get(&format!("/people/{whose}/standing")).await;
    standing.shows("撤销，原因：核查发现材料不实").shows("重新发证");
    let place = format!("/certificates/{number}");
    let ended = county.get(&place).await;
    assert_eq!(ended.shows("重新发证").link("/people/"), format!("/people/{whose}/standing"));
    let holder = world.town.schools.iter().flat_map(|s| &s.teachers).find(|t| t.person == whose);
    world.browser(holder.expect("a teacher")).await.get(&place).await.shows("已撤销").hides("重新发证");
    county.post(&format!("/people/{whose}/certificate"), &[]).await.shows("已为").shows("发放证书");
    county.get(&place).await.hides("重新发证");
    let (_, wrong) = check_standings(&world.test.system(), &world.programme, 10).await.expect("looked");
    assert_eq!(wrong, []);
});

/// The names in a file of documents, each of which proves itself.
fn opened(world: &World, file: &Seen) -> Vec<String> {
    let key = public_key(&world.test.app.keys);
    let mut archive = zip::ZipArchive::new(Cursor::new(file.bytes.clone())).expect("an archive");
    let mut names = Vec::new();
    for n in 0..archive.len() {
        let mut entry = archive.by_index(n).expect("an entry");
        let mut pdf = Vec::new();
        entry.read_to_end(&mut pdf).expect("read");
        let facts = verify_offline(&pdf, &key).expect("signed").facts;
        assert!(entry.name().contains(&facts.number) && entry.name().contains(&facts.name));
        names.push(entry.name().to_owned());
    }
    names
}

story!(certificates_of_a_part_are_listed_like_those_of_the_whole, |engine| async move {
    let world = three_are_ready(engine).await;
    issued(&world).await;
    let mut tx = world.test.app.db.read().await.expect("a transaction");
    let mut sorted = async |path: &str, asked: Asked<'_>, after: &Place| {
        let kind = organisation::by_path(&mut tx, path).await.expect("read").map(|node| node.kind);
        let rows = list(&mut tx, &world.programme, (&Scope::below(path), kind), asked, (after, 51)).await;
        rows.expect("listed").into_iter().map(|(one, key)| (key, one.number, one.path)).collect::<Vec<_>>()
    };
    let mut listed = async |path: &str, (state, words): (&str, &str), after: &Place| {
        sorted(path, Asked { state, words, order: Order::by("name") }, after).await
    };
    let whole = listed(&world.town.province.path, ("", ""), &Place::default()).await;
    assert_eq!(whole.len(), 3);
    assert!(whole.is_sorted());
    let [first, second] = &world.town.schools;
    for part in [&world.town.city, &world.town.county, &first.node, &second.node, &world.town.neighbour] {
        let within: Vec<_> = whole.iter().filter(|row| row.2.starts_with(&part.path)).cloned().collect();
        assert_eq!(listed(&part.path, ("", ""), &Place::default()).await, within, "{}", part.name);
        if let [(key, number, _), rest @ ..] = &within[..] {
            let place = Place { key: key.clone(), id: number.clone() };
            assert_eq!(listed(&part.path, ("", ""), &place).await, rest, "the next page of {}", part.name);
        }
        assert!(listed(&part.path, ("revoked", ""), &Place::default()).await.is_empty());
        let found = listed(&part.path, ("valid", "测试二小"), &Place::default()).await;
        assert_eq!(found.len(), within.iter().filter(|row| row.2 == second.node.path).count());
        for words in ["ceshierxiao", "csex"] {
            assert!(
                listed(&part.path, ("", words), &Place::default()).await.is_empty(),
                "no school by pinyin"
            );
        }
        for (_, number, path) in &within {
            let holder = world.town.schools.iter().find(|school| school.node.path == *path);
            let found = listed(&part.path, ("", &number[..number.len() - 1]), &Place::default()).await;
            assert!(holder.is_some() && found.iter().any(|row| row.1 == *number), "{number}");
        }
    }
    // What begins every number, as the code of the region may: found in the order of numbers, page after page.
    let begins_all = |code: &&str| whole.iter().all(|row| row.1.starts_with(code));
    let code = (1..=whole[0].1.len()).filter_map(|end| whole[0].1.get(..end)).take_while(begins_all).last();
    let code = code.expect("a common beginning");
    for part in [&world.town.province, &world.town.city, &world.town.county] {
        let found = listed(&part.path, ("", code), &Place::default()).await;
        assert!(found.is_sorted_by_key(|row| &row.1), "{found:?}");
        assert_eq!(found.len(), 3, "{}", part.name);
        for (n, (key, number, _)) in found.iter().enumerate() {
            let place = Place { key: key.clone(), id: number.clone() };
            assert_eq!(listed(&part.path, ("", code), &place).await, found[n + 1..], "after {n}");
        }
        // Whoever is called so comes after the schools that are.
        for (words, many) in [("测试", 3), ("教师", 2), ("jsj", 1)] {
            let found = listed(&part.path, ("", words), &Place::default()).await;
            assert_eq!(found.len(), many, "{words}");
            let (key, number, _) = &found[0];
            let place = Place { key: key.clone(), id: number.clone() };
            assert_eq!(listed(&part.path, ("", words), &place).await, found[1..], "{words}");
        }
    }
    for part in [&world.town.province, &world.town.city, &world.town.county, &first.node] {
        let held = whole.iter().filter(|row| row.2.starts_with(&part.path)).count();
        for by in COLUMNS {
            let asked = |order| Asked { state: "", words: "", order };
            let mut up = sorted(&part.path, asked(Order::by(by)), &Place::default()).await;
            assert_eq!((up.len(), up.is_sorted()), (held, true), "{by} of {}", part.name);
            if let [(key, number, _), rest @ ..] = &up[..] {
                let place = Place { key: key.clone(), id: number.clone() };
                assert_eq!(sorted(&part.path, asked(Order::by(by)), &place).await, rest, "the next by {by}");
            }
            if by != "school" {
                let down = sorted(&part.path, asked(Order::back_by(by)), &Place::default()).await;
                if let [(key, number, _), rest @ ..] = &down[..] {
                    let place = Place { key: key.clone(), id: number.clone() };
                    assert_eq!(sorted(&part.path, asked(Order::back_by(by)), &place).await, rest, "-{by}");
                }
                up.reverse();
                assert_eq!(down, up, "-{by} of {}", part.name);
            }
        }
    }
});

story!(certificates_move_with_their_school, |engine| async move {
    let world = three_are_ready(engine).await;
    issued(&world).await;
    let system = world.test.system();
    let (school, to) = (&world.town.school().node, &world.town.neighbour);
    let mut tx = system.write().await.expect("a transaction");
    let moved = relocate(&system, &mut tx, (school.id, school.version), to.id, beginning(), "区划调整").await;
    follow(&mut tx, &moved.expect("moved").shift()).await.expect("followed");
    tx.commit().await.expect("commits");
    for (place, many) in [(&world.town.county_office, 1), (&world.town.neighbour_office, 2)] {
        let mut office = world.browser(place).await;
        for query in ["", "?sort=-number", "?q=测试"] {
            let page = office.get(&format!("/certificates{query}")).await;
            assert_eq!(page.html().matches("<th scope=\"row\">").count(), many, "{query} at {}", place.name);
        }
    }
});

story!(a_certificate_is_found_by_name_pinyin_and_initials, |engine| async move {
    let world = three_are_ready(engine).await;
    issued(&world).await;
    for office in [&world.town.province_office, &world.town.county_office] {
        let mut browser = world.browser(office).await;
        for words in ["教师甲", "jiaoshijia", "jiaoshi jia", "JSJ", "jiaoshiy"] {
            let page = browser.get(&format!("/certificates?q={}", words.replace(' ', "%20"))).await;
            let found = page.html().matches("<th scope=\"row\">").count();
            assert!((1..3).contains(&found), "{words}: {found}");
        }
        let page = browser.get("/certificates?sort=-issued").await;
        page.shows("教师甲");
        assert!(page.html().contains("aria-sort=\"descending\""));
        let page = browser.get("/certificates?sort=school&q=jsj").await;
        assert!(!page.html().contains("class=\"sorts\""), "a search comes by name alone");
    }
});
