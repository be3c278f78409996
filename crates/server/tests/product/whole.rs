//! The rooms fit together: no two of them claim one address, and every reaction has its job.

use chrono::Days;
use tisheng_kernel::Id;
use tisheng_policy::scheme;
use tisheng_registry::people::Person;
use tisheng_registry::roster::samples::roll_of_teachers;
use tisheng_testkit::story;
use tisheng_training::hours;
use tisheng_training::samples::online_report;

use crate::world::{World, whole};

story!(the_whole_product_starts, |engine| async move {
    let product = whole(engine).await;
    product.settle().await;
    product.browser().get("/sign-in").await.shows("登录");
    assert_eq!(product.browser().get("/readyz").await.status, 200);
});

story!(what_was_handed_in_is_not_asked_for_again, |engine| async move {
    let world = World::begin(engine).await;
    let mut worker = world.browser(world.worker()).await;
    for place in ["/tasks", "/", "/standing"] {
        worker.get(place).await.shows("已提交，");
    }
});

story!(a_roll_is_not_undone_whose_teachers_have_hours, |engine| async move {
    let world = World::begin(engine).await;
    let run = format!("/roster/runs/{}", world.things["/roster/runs/{id}/undo {id}"]);
    let mut clerk = world.browser(&world.town.school().clerk).await;
    let roll = String::from_utf8(roll_of_teachers(&["-".to_owned()], 500, 2)).expect("text");
    let name = roll.lines().nth(1).and_then(|line| line.split(',').next()).expect("a teacher");
    let found = clerk.get(&format!("/people?q={name}")).await.shows(name).link("/people/");
    let person: Id<Person> = found.trim_start_matches("/people/").parse().expect("an id");

    let ctx = world.test.ctx(world.town.school().clerk.who());
    let mut tx = ctx.write().await.expect("a transaction");
    let rules = scheme::rules(&world.test.app, &mut tx, &world.programme).await.expect("rules");
    let day = world.test.app.now().date() - Days::new(1);
    let report = online_report(&rules, person, ("late-1", 2, day));
    hours::log(&ctx, &mut tx, &world.programme, &report).await.expect("entered");
    tx.commit().await.expect("commits");

    clerk.post(&format!("{run}/undo"), &[]).await.shows("正在撤销");
    world.test.settle().await;
    clerk.get(&run).await.shows(&format!("{name}在导入之后已经有学时记录，不能整批撤销"));
    clerk.get(&format!("/hours/teachers/{person}")).await.shows("late-1");
});
