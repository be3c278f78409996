//! Rolls of schools and lists of roles.

use tisheng_testkit::{Browser, story};

use super::world::{World, csv, paper, roll as teachers_roll};
use crate::organisation::{self, Kind, NewNode};
use crate::roster::finding::Weight;
use crate::roster::model::State;
use crate::samples;

const SCHOOLS: [&str; 9] = [
    "学校名称",
    "学校标识码",
    "机构类别",
    "所属县区",
    "中心学校",
    "学段",
    "信息化教学环境",
    "智慧教育创建校",
    "试点情况",
];
const ROLES: [&str; 7] = ["姓名", "证件号码", "手机号", "角色", "机构", "起始日期", "截止日期"];

fn file<const N: usize>(head: &[&str; N], rows: &[[&str; N]]) -> Vec<u8> {
    let mut lines: Vec<&[&str]> = vec![head];
    lines.extend(rows.iter().map(<[&str; N]>::as_slice));
    csv(&lines)
}

story!(schools_are_founded_changed_and_put_back, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let roll = file(
        &SCHOOLS,
        &[
            ["测试一小", "8821000001", "", "测试县", "", "小学、初中", "智慧", "是", "试点学校"],
            ["测试三小", "8821000003", "学校", "", "", "小学", "多媒体教学环境", "", ""],
            ["测试三小东村教学点", "", "教学点", "", "测试三小", "小学", "", "", ""],
            ["测试四中", "", "", "880101", "", "完全中学", "", "否", ""],
        ],
    );
    let page = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    page.shows("核对通过");
    let run = world.run(&page.path).await;
    assert_eq!((run.tally.new, run.tally.changed, run.tally.same, run.tally.gone), (3, 1, 0, 1));
    office
        .get(&format!("{}/differences?what=changed", page.path))
        .await
        .shows("学段： 小学 → 小学、初中")
        .shows("信息化教学环境： 混合学习环境 → 智慧学习环境")
        .shows("智慧教育创建校： 否 → 是")
        .shows("试点情况： 试点校");
    office.get(&format!("{}/differences?what=gone", page.path)).await.shows("测试二小");
    world.confirm(&mut office, &page.path, &[]).await.shows("已导入");
    let schools = "select count(*) from node where kind = 'school'";
    assert_eq!(world.count(schools).await, 5);
    let below = "select count(*) from node n join node c on c.id = n.parent
        where n.name = '测试三小东村教学点' and c.name = '测试三小'";
    assert_eq!(world.count(below).await, 1, "a teaching point stands below its central school");
    let again = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    let run = world.run(&again.path).await;
    assert_eq!((run.tally.new, run.tally.changed, run.tally.same), (0, 0, 4));

    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    office.get(&page.path).await.shows("已撤销");
    assert_eq!(world.count(schools).await, 2);
    let through =
        "select count(*) from school where stages = '02,03' or environment = 'smart' or pilot is not null";
    assert_eq!(world.count(through).await, 0, "what was known of the first school is back");
});

story!(another_name_for_a_known_code_is_asked_about, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let roll = file(
        &SCHOOLS,
        &[
            ["测试实验小学", "8821000001", "", "测试县", "", "小学", "", "", ""],
            ["测试三小", "", "", "测试县", "", "小学", "", "", ""],
        ],
    );
    let page = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    page.shows("有 1 行需要您决定");
    office.get(&format!("{}/differences", page.path)).await.shows("测试三小").shows("新登记");
    let questions = format!("{}/findings?weight=question", page.path);
    office.get(&questions).await.shows("登记的学校是“测试一小”，文件中是“测试实验小学”");
    office.post(&format!("{}/answers", page.path), &[("answer", "no-all")]).await;
    world.confirm(&mut office, &page.path, &[]).await.shows("已导入");
    let named = "select count(*) from node where name = '测试一小'";
    assert_eq!(world.count(named).await, 1, "the row is left out");
    assert_eq!(world.count("select count(*) from node where name = '测试三小'").await, 1);

    let again = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    office.post(&format!("{}/answers", again.path), &[("answer", "yes-all")]).await;
    world.confirm(&mut office, &again.path, &[]).await.shows("已导入");
    assert_eq!(world.count(named).await, 0, "renamed when the clerk says so");
});

story!(a_school_with_teachers_is_not_undone, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let roll = file(&SCHOOLS, &[["测试三小", "", "", "测试县", "", "小学", "", "", ""]]);
    let schools = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    world.confirm(&mut office, &schools.path, &[]).await.shows("已导入");
    let number = paper(1);
    let teachers = teachers_roll(&[["新教师", &number, "", "测试三小", "语文", "", ""]]);
    let page = world.bring(&mut office, "teachers", "名册.csv", &teachers).await;
    world.confirm(&mut office, &page.path, &[("gone", "keep"), ("accounts", "none")]).await.shows("已导入");
    office.post(&format!("{}/undo", schools.path), &[]).await;
    world.settle().await;
    office.get(&schools.path).await.shows("“测试三小”在导入之后已经登记了教师").shows("已导入");
    assert_eq!(world.count("select count(*) from node where name = '测试三小'").await, 1);
});

/// What is to be found, as in the cases of teachers.
type Expected<'a> = (u32, &'a str, Weight, &'a str);

async fn check(
    world: &World,
    clerk: &mut Browser,
    kind: &str,
    name: &str,
    bytes: &[u8],
    expected: Expected<'_>,
) {
    let page = world.bring(clerk, kind, "名册.csv", bytes).await;
    let found = world.findings(&page.path).await;
    let (row, field, weight, words) = expected;
    let shown: Vec<String> = found.iter().map(|f| format!("{} {} {}", f.row, f.field, f.message)).collect();
    assert_eq!(found.len(), 1, "{name}: {shown:?}");
    let fits = found[0].row == row && found[0].field == field && found[0].weight == weight;
    assert!(fits && found[0].message.contains(words), "{name}: {shown:?}");
    let state = if weight == Weight::Error { State::Wrong } else { State::Ready };
    assert_eq!(world.run(&page.path).await.state, state, "{name}");
}

story!(dirty_rolls_of_schools, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let good = ["测试三小", "", "", "测试县", "", "小学", "", "", ""];
    let cases: [(&str, [&str; 9], &str, &str); 16] = [
        ("no name", ["", "", "", "测试县", "", "小学", "", "", ""], "学校名称", "没有填写"),
        ("one character", ["校", "", "", "测试县", "", "小学", "", "", ""], "学校名称", "2至60字"),
        ("formula", ["=1+1学校", "", "", "测试县", "", "小学", "", "", ""], "学校名称", "不能有“=”"),
        ("short code", ["测试四小", "12345", "", "测试县", "", "小学", "", "", ""], "学校标识码", "10位数字"),
        (
            "code lost",
            ["测试四小", "8.82E+09", "", "测试县", "", "小学", "", "", ""],
            "学校标识码",
            "科学计数法",
        ),
        (
            "level unknown",
            ["测试四小", "", "大学", "测试县", "", "小学", "", "", ""],
            "机构类别",
            "应填“学校”或“教学点”",
        ),
        (
            "point without school",
            ["东村点", "", "教学点", "测试县", "", "小学", "", "", ""],
            "中心学校",
            "须填写",
        ),
        (
            "county unknown",
            ["测试四小", "", "", "测试区县", "", "小学", "", "", ""],
            "所属县区",
            "是否应为“测试县”",
        ),
        ("foreign county", ["测试四小", "", "", "邻县", "", "小学", "", "", ""], "所属县区", "没有找到"),
        (
            "central unknown",
            ["东村点", "", "教学点", "", "测试九小", "小学", "", "", ""],
            "中心学校",
            "排在它的教学点之前",
        ),
        (
            "central no school",
            ["东村点", "", "教学点", "", "测试县", "小学", "", "", ""],
            "中心学校",
            "不是学校",
        ),
        ("no stage", ["测试四小", "", "", "测试县", "", "", "", "", ""], "学段", "没有填写"),
        ("stage unknown", ["测试四小", "", "", "测试县", "", "大学", "", "", ""], "学段", "无法识别“大学”"),
        (
            "environment unknown",
            ["测试四小", "", "", "测试县", "", "小学", "黑板", "", ""],
            "信息化教学环境",
            "下拉列表",
        ),
        (
            "neither yes nor no",
            ["测试四小", "", "", "测试县", "", "小学", "", "也许", ""],
            "智慧教育创建校",
            "“是”或“否”",
        ),
        (
            "standing unknown",
            ["测试四小", "", "", "测试县", "", "小学", "", "", "重点校"],
            "试点情况",
            "无法识别“重点校”",
        ),
    ];
    for (name, row, field, words) in cases {
        let bytes = file(&SCHOOLS, &[good, row]);
        check(&world, &mut office, "schools", name, &bytes, (3, field, Weight::Error, words)).await;
    }
    let coded = |name| [name, "8821000009", "", "测试县", "", "小学", "", "", ""];
    let bytes = file(&SCHOOLS, &[coded("测试五小"), coded("测试六小")]);
    check(&world, &mut office, "schools", "one code", &bytes, (3, "学校标识码", Weight::Error, "与第 2 行"))
        .await;
    let bytes = file(&SCHOOLS, &[good, good]);
    check(
        &world,
        &mut office,
        "schools",
        "twice",
        &bytes,
        (3, "学校名称", Weight::Error, "与第 2 行的学校重复"),
    )
    .await;
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    let bytes = file(&SCHOOLS, &[["邻县一小", "8821000001", "", "", "", "小学", "", "", ""]]);
    let foreign = (2, "学校标识码", Weight::Error, "管理范围以外的机构");
    check(&world, &mut neighbour, "schools", "code of another county", &bytes, foreign).await;
});

story!(roles_are_given_once_to_people_known_and_new, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let teacher = &world.town.school().teachers[1];
    let (known, fresh) = (samples::identity(8), paper(1));
    let list = file(
        &ROLES,
        &[
            [&teacher.name, known.number(), "", "教研组长", "测试一小", "", ""],
            [&teacher.name, known.number(), "", "首席信息官", "8821000001", "2021-03-01", "2022-08-31"],
            ["新专家", &fresh, "13900000001", "专家", "测试县", "", ""],
        ],
    );
    let page = world.bring(&mut office, "roles", "角色.csv", &list).await;
    page.shows("核对通过");
    office.get(&format!("{}/differences?what=new", page.path)).await.shows("新登记").shows("首席信息官");
    let page = world.confirm(&mut office, &page.path, &[("accounts", "open")]).await;
    page.shows("已导入").shows("本次开通了 1 个账号");
    let given = "select count(*) from role_grant where role in ('group_lead', 'cio', 'expert')";
    assert_eq!(world.count(given).await, 3);
    assert_eq!(world.count("select count(*) from role_grant where until = '2022-09-01'").await, 1);
    let again = world.bring(&mut office, "roles", "角色.csv", &list).await;
    assert_eq!(world.run(&again.path).await.tally.same, 3);
    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    office.get(&page.path).await.shows("已撤销");
    assert_eq!(world.count(given).await, 0);
    assert_eq!(world.count("select count(*) from person where name = '新专家'").await, 0);
});

story!(dirty_lists_of_roles, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let number = paper(1);
    let known = samples::identity(8);
    let county = samples::identity(3);
    let cases: [(&str, [&str; 7], &str, &str); 10] = [
        ("role unknown", ["新人", &number, "", "督学", "测试县", "", ""], "角色", "无法识别角色“督学”"),
        ("teacher", ["新人", &number, "", "教师", "测试一小", "", ""], "角色", "无法识别角色“教师”"),
        ("wrong level", ["新人", &number, "", "校长", "测试县", "", ""], "角色", "不能设“校长”"),
        ("own office", ["新人", &number, "", "县级工程办", "", "", ""], "角色", "由上级导入"),
        ("place unknown", ["新人", &number, "", "校长", "测试一小学", "", ""], "机构", "是否应为“测试一小”"),
        ("no number", ["新人", "", "", "专家", "测试县", "", ""], "证件号码", "至少填一项"),
        ("phone unknown", ["新人", "", "13912345678", "专家", "测试县", "", ""], "手机号", "请补填证件号码"),
        (
            "another name",
            ["别人", known.number(), "", "教研组长", "测试一小", "", ""],
            "姓名",
            "登记的姓名是",
        ),
        (
            "ends before it begins",
            ["新人", &number, "", "专家", "测试县", "2021-05-01", "2021-04-01"],
            "截止日期",
            "早于",
        ),
        ("no day", ["新人", &number, "", "专家", "测试县", "五月", ""], "起始日期", "日期应写作"),
    ];
    for (name, row, field, words) in cases {
        check(&world, &mut office, "roles", name, &file(&ROLES, &[row]), (2, field, Weight::Error, words))
            .await;
    }
    let row = ["新人", &number, "", "专家", "测试县", "", ""];
    let twice = (3, "角色", Weight::Error, "与第 2 行重复");
    check(&world, &mut office, "roles", "twice", &file(&ROLES, &[row, row]), twice).await;
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let row = ["县办甲", county.number(), "", "教研组长", "", "", ""];
    let foreign = (2, "证件号码", Weight::Error, "管理范围以外的单位");
    check(&world, &mut clerk, "roles", "official of the county", &file(&ROLES, &[row]), foreign).await;
    let principal = ["新人", &number, "", "校长", "", "", ""];
    let above = (2, "角色", Weight::Error, "由上级导入");
    check(&world, &mut clerk, "roles", "a clerk names no principal", &file(&ROLES, &[principal]), above)
        .await;
});

story!(an_official_is_entered_by_a_passport, |engine| async move {
    const HEAD: [&str; 5] = ["姓名", "证件类型", "证件号码", "角色", "机构"];
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    office.get("/roster/roles").await.shows("证件类型").shows("护照");
    let list = file(&HEAD, &[["李明专家", "护照", "e 12345678", "专家", "测试县"]]);
    let page = world.bring(&mut office, "roles", "角色.csv", &list).await;
    page.shows("核对通过");
    let page = world.confirm(&mut office, &page.path, &[("accounts", "none")]).await;
    page.shows("已导入");
    let entered = "select count(*) from person where name = '李明专家' and paper_kind = 'passport'";
    assert_eq!(world.count(entered).await, 1);
    let again = world.bring(&mut office, "roles", "角色.csv", &list).await;
    assert_eq!(world.run(&again.path).await.tally.same, 1, "known by the passport");
    let cases = [
        ("no kind", "", "证件号码", "只能包含数字"),
        ("kind unknown", "工作证", "证件类型", "证件类型应为居民身份证"),
    ];
    for (name, kind, field, words) in cases {
        let list = file(&HEAD, &[["李明专家", kind, "E12345678", "专家", "测试县"]]);
        let page = world.bring(&mut office, "roles", "角色.csv", &list).await;
        let found = world.findings(&page.path).await;
        let fits = found.iter().any(|one| one.field == field && one.message.contains(words));
        assert!(fits, "{name}: {:?}", found.iter().map(|one| &one.message).collect::<Vec<_>>());
    }
    office.post(&format!("{}/undo", page.path), &[]).await;
    world.settle().await;
    assert_eq!(world.count(entered).await, 0);
});

story!(a_zone_without_an_official_code_is_named_by_its_local_one, |engine| async move {
    const HEAD: [&str; 3] = ["学校名称", "区划代码", "学段"];
    let world = World::start(engine).await;
    let system = world.app.system();
    let mut tx = system.write().await.expect("a transaction");
    let (parent, valid_from) = (Some(world.town.city.id), samples::beginning());
    let zone = NewNode { parent, kind: Kind::County, name: "测试新区", code: "gxq1", valid_from };
    let zone = organisation::create(&system, &mut tx, &zone).await.expect("founded");
    tx.commit().await.expect("commits");
    assert_eq!((zone.code.as_deref(), zone.segment()), (Some("GXQ1"), "GXQ1"));

    let mut office = world.browser(&world.town.city_office).await;
    let roll = file(&HEAD, &[["新区一小", "Gxq1", "小学"], ["测试五小", "880101", "小学"]]);
    let page = world.bring(&mut office, "schools", "学校.csv", &roll).await;
    page.shows("核对通过");
    world.confirm(&mut office, &page.path, &[]).await.shows("已导入");
    let below = "select count(*) from node n join node c on c.id = n.parent
        where n.name = '新区一小' and c.code = 'GXQ1'";
    assert_eq!(world.count(below).await, 1);
    for (code, words) in [
        ("GXQ9", "没有标识码或区划代码为 GXQ9 的机构"),
        ("8801", "区划代码应为6位数字，镇街为9位数字；没有区划代码的新区、开发区可填以字母开头的地方代码"),
        ("GXQ-1", "地方代码应以字母开头，由2至12位字母和数字组成"),
    ] {
        let roll = file(&HEAD, &[["新区二小", code, "小学"]]);
        check(&world, &mut office, "schools", code, &roll, (2, "区划代码", Weight::Error, words)).await;
    }
    let number = paper(1);
    let list = file(&ROLES, &[["新专家", &number, "", "专家", "gxq1", "", ""]]);
    world.bring(&mut office, "roles", "角色.csv", &list).await.shows("核对通过");
});

story!(a_template_is_there_as_text_too, |engine| async move {
    let world = World::start(engine).await;
    let mut office = world.browser(&world.town.county_office).await;
    let number = paper(1);
    let teacher = format!("新教师,,{number},,测试一小,,语文,,,,,,,");
    let expert = format!("新专家,,{number},,专家,测试县,,");
    let rows = [
        ("schools", "学校名称 *,", "测试三小,,,测试县,,,小学,,,,,"),
        ("teachers", "姓名 *,证件类型,证件号码 *,", teacher.as_str()),
        ("roles", "姓名 *,证件类型,证件号码,", expert.as_str()),
    ];
    for (kind, begins, row) in rows {
        let address = format!("/roster/{kind}/template.csv");
        assert!(office.get("/roster").await.html().contains(&address), "{kind}");
        assert!(office.get(&format!("/roster/{kind}")).await.html().contains(&address), "{kind}");
        let mut text = office.get(&address).await.is(200).bytes.to_vec();
        assert!(
            text.starts_with(format!("\u{feff}{begins}").as_bytes()),
            "{}",
            String::from_utf8_lossy(&text)
        );
        text.extend_from_slice(row.as_bytes());
        let page = world.bring(&mut office, kind, "填好的模板.csv", &text).await;
        page.shows("核对通过");
        assert!(world.findings(&page.path).await.is_empty(), "every title is known again");
    }
    let mut teacher = world.browser(&world.town.school().teachers[0]).await;
    teacher.get("/roster/teachers/template.csv").await.is(404);
    let mut clerk = world.browser(&world.town.school().clerk).await;
    clerk.get("/roster/schools/template.csv").await.is(404);
});
