//! A choice that is changed after something of it was passed.

use tisheng_platform::args;
use tisheng_policy::scheme;
use tisheng_testkit::story;
use tisheng_training::selection;
use uuid::Uuid;

use crate::world::World;

story!(whoever_gives_up_what_was_passed_and_whoever_approves_it_reads_what_is_lost, |engine| async move {
    let world = World::begin(engine).await;
    let (teacher, school) = (world.finisher().clone(), world.town.school());
    let ctx = world.test.ctx(teacher.who());
    let mut tx = ctx.read().await.expect("a transaction");
    let rules = scheme::rules(&ctx.app, &mut tx, &world.programme).await.expect("rules");
    let held = selection::chosen(&mut tx, world.programme.id, teacher.person).await.expect("a choice");
    let offered = selection::offered(&mut tx, world.programme.id, school.node.id).await.expect("an offer");
    let certificate = "select number from certificate where person = $1 and state = 'valid'";
    let number: String =
        tx.row(certificate, args![teacher.person], |row| row.get(0)).await.expect("a certificate");
    drop(tx);
    let new = offered.iter().filter(|code| !held.contains(code));
    let pairs = new.flat_map(|new| held.iter().map(move |gone| (gone, new)));
    let mut changes = pairs.map(|(gone, new)| {
        let kept = held.iter().filter(|code| *code != gone).chain([new]);
        (gone.clone(), kept.cloned().collect::<Vec<String>>())
    });
    let fits = |(_, codes): &(String, Vec<String>)| rules.check_change(codes, &offered, &held).is_empty();
    let (gone, codes) = changes.find(fits).expect("another choice that meets the rule");

    let mut own = world.browser(&teacher).await;
    let lost = format!("已有合格结论，放弃后不再计入达标；证书 {number} 可能不再达标，由发证单位核查。");
    own.get("/choice/change").await.shows(&lost);
    let mut form: Vec<(&str, &str)> = codes.iter().map(|code| ("capability", code.as_str())).collect();
    form.push(("reason", "任教年级调整"));
    own.post("/choice/change", &form).await.shows("待审批");

    let mut tx = ctx.read().await.expect("a transaction");
    let asked = "select id from choice_change where person = $1 and state = 'asked'";
    let id: Uuid = tx.row(asked, args![teacher.person], |row| row.get(0)).await.expect("a request");
    drop(tx);
    let label = rules.framework.label(&gone);
    let mut head = world.browser(&school.principal).await;
    let page = head.get(&format!("/choices/changes/{id}")).await;
    page.shows(&format!("{label}（已提交的成果保留，可以再次选回）")).shows(&lost);
});
