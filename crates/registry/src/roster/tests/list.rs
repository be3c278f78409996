//! The list of runs: in the order of any column, and narrowed.

use std::collections::BTreeSet;

use tisheng_platform::web::Cursor;
use tisheng_testkit::{Engine, story};

use super::world::{World, csv, paper, roll};
use crate::role::breadth;
use crate::roster::model::State;
use crate::roster::store::listed::{self, RunFilter};

/// A roll of new teachers; the first has the paper number `from`.
fn newcomers(names: &[&str], from: u32) -> Vec<u8> {
    let whole: Vec<(String, String)> =
        names.iter().zip(from..).map(|(name, n)| (format!("新教师{name}"), paper(n))).collect();
    let rows = whole.iter().map(|(name, paper)| [name.as_str(), paper.as_str(), "", "", "语文", "", ""]);
    roll(&rows.collect::<Vec<_>>())
}

/// A town in which both schools' clerks have brought rolls and the county a list of schools.
async fn with_runs(engine: Engine) -> World {
    let world = World::start(engine).await;
    let [first, second] = &world.town.schools;
    let mut clerk = world.browser(&first.clerk).await;
    let broken = roll(&[["新教师甲", "880199", "", "", "语文", "", ""]]);
    world.bring(&mut clerk, "teachers", "丙.csv", &broken).await.shows("有错误，不能导入");
    let page = world.bring(&mut clerk, "teachers", "甲.csv", &newcomers(&["甲", "乙", "丙"], 1)).await;
    world.confirm(&mut clerk, &page.path, &[("gone", "keep"), ("accounts", "none")]).await.shows("已导入");
    let mut other = world.browser(&second.clerk).await;
    world.bring(&mut other, "teachers", "乙.csv", &newcomers(&["丁", "戊"], 11)).await;
    let mut office = world.browser(&world.town.county_office).await;
    let schools = csv(&[&["学校名称", "所属县区", "学段"], &["测试三小", "测试县", "小学"]]);
    world.bring(&mut office, "schools", "丁.csv", &schools).await.shows("核对通过");
    world
}

story!(runs_are_listed_in_the_order_of_any_column, |engine| async move {
    let world = with_runs(engine).await;
    let office = world.app.ctx(world.town.county_office.who());
    let mut tx = office.read().await.expect("a transaction");
    let mut lists = Vec::new();
    for column in ["time", "file", "kind", "state", "rows", "clerk"] {
        let mut ways = Vec::new();
        for sort in [column.to_owned(), format!("-{column}")] {
            let order = listed::order(&sort);
            assert_eq!(order.key(), sort);
            let filter = RunFilter {
                kinds: vec!["schools", "teachers", "roles"],
                state: None,
                clerk: String::new(),
                order,
            };
            let (mut place, mut names) = (Cursor::default(), Vec::new());
            // Page by page, one run on each.
            while let [(run, key), ..] =
                &listed::runs(&mut tx, (&office.scope(), breadth(&office)), &filter, &place, 1)
                    .await
                    .expect("listed")[..]
            {
                names.push(run.file_name.clone());
                place = Cursor { key: key.clone(), id: run.id.to_string() };
            }
            ways.push(names);
        }
        let all: BTreeSet<&str> = ways[0].iter().map(String::as_str).collect();
        assert_eq!(all.len(), 4, "no run is lost between pages: {column} {ways:?}");
        ways[1].reverse();
        assert_eq!(ways[0], ways[1], "{column}");
        lists.push(ways.swap_remove(0).concat());
    }
    let told = ["丙.csv甲.csv乙.csv丁.csv", "丁.csv丙.csv乙.csv甲.csv"];
    assert_eq!((lists[0].as_str(), lists[1].as_str()), (told[0], told[1]), "time; name");
    assert!(lists[2].starts_with("丁"), "schools before teachers: {}", lists[2]);
    assert!(lists[3].starts_with("丙") && lists[3].ends_with("甲.csv"), "wrong … taken: {}", lists[3]);
    assert_eq!(lists[4], "丙.csv丁.csv乙.csv甲.csv", "1, 1, 2 and 3 rows");
});

story!(runs_are_narrowed_by_kind_state_and_clerk_within_what_one_may_see, |engine| async move {
    let world = with_runs(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let all = office.get("/roster?sort=rows").await;
    all.shows("丙.csv").shows("甲.csv").shows("乙.csv").shows("丁.csv");
    assert!(all.html().contains("aria-sort=\"ascending\""), "the order in force is told");
    assert!(all.html().contains("name=\"sort\" value=\"rows\""), "a filter keeps the order");
    office.get("/roster?kind=schools").await.shows("丁.csv").hides("甲.csv");
    let ready = format!("/roster?state={}", State::Ready.code());
    let narrowed = office.get(&ready).await;
    narrowed.shows("乙.csv").shows("丁.csv").hides("甲.csv").hides("丙.csv");
    assert!(narrowed.html().contains("<details class=\"more\" open>"), "what is set is not folded away");
    let clerk = &world.town.schools[1].clerk.name;
    office.get(&format!("/roster?clerk={clerk}")).await.shows("乙.csv").hides("丁.csv").hides("甲.csv");
    // 管理员乙: by the beginning of the name, of its pinyin or of its initials, in any order.
    for found in ["管理", "guanliyuanyi", "gly", "gly&sort=file", "guanli&sort=-rows"] {
        office.get(&format!("/roster?clerk={found}")).await.shows("乙.csv").hides("丁.csv");
    }
    for nobody in ["理员", "liyuan", "ly", "管理&state=undone"] {
        office.get(&format!("/roster?clerk={nobody}")).await.shows("没有符合条件的导入记录");
    }
    let mut clerk = world.browser(&world.town.schools[1].clerk).await;
    clerk.get("/roster?clerk=理员").await.shows("乙.csv");
    let mut city = world.browser(&world.town.city_office).await;
    city.get("/roster").await.shows("丙.csv").shows("丁.csv");
    city.get(&ready).await.shows("乙.csv").shows("丁.csv").hides("甲.csv").hides("丙.csv");
    city.get("/roster?clerk=guanli").await.shows("乙.csv").hides("丁.csv");
    office.get("/roster?kind=teachers&state=undone").await.shows("没有符合条件的导入记录");
    office.get("/roster?clerk=%25").await.shows("没有符合条件的导入记录");
    let mut other = world.browser(&world.town.schools[1].clerk).await;
    other.get("/roster?sort=-clerk").await.shows("乙.csv").hides("甲.csv").hides("丁.csv");
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    neighbour.get("/roster?sort=file").await.hides("丁.csv").shows("还没有导入记录");
});
