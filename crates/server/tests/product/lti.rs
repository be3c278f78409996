//! Learning tools in the whole product: the way to them from the task list.

use http::{HeaderMap, Method};
use tisheng_testkit::story;

use crate::world::World;

story!(a_teacher_goes_from_a_task_to_the_tool, |engine| async move {
    let world = World::begin(engine).await;
    let mut worker = world.browser(world.worker()).await;
    let tasks = worker.get("/tasks").await;
    tasks.shows("可以学的课程").shows("课程一").shows("学完计 1 学时");
    let course = &world.things["/courses {id}"];
    let launch = format!("/courses/{course}/launch");
    assert_eq!(tasks.link(&launch), launch);
    let seen = worker.send(Method::GET, &launch, HeaderMap::new(), Vec::new()).await;
    assert!(seen.is(303).location().starts_with("https://tool.test/login?iss="), "{}", seen.location());
    // A tool that is stopped is not offered, and the course is learnt at its own address.
    let mut office = world.browser(&world.town.province_office).await;
    let tool = format!("/platforms/{}/tool", world.things["/platforms {id}"]);
    let version = office.get(&tool).await.field("version");
    office.post(&format!("{tool}/turn"), &[("do", "suspend"), ("version", &version)]).await.shows("已停用");
    let tasks = worker.get("/tasks").await;
    assert!(!tasks.html().contains(&launch));
    assert!(tasks.link("https://study1.test/").ends_with("/learn/K1"));
});
