//! A certificate goes with its holder: whoever looks after the teacher sees it and acts.

use chrono::Days;
use tisheng_platform::web::Failure;
use tisheng_registry::organisation::{Node, Stage};
use tisheng_registry::people::{Departure, Transfer};
use tisheng_registry::posting;
use tisheng_registry::role::Role;
use tisheng_registry::samples::{Builder, Persona, hashed_password};
use tisheng_testkit::{Browser, story};

use super::listing::COPIES;
use super::{World, begin};
use crate::certificate::{check_places, check_standings, mend_places};

impl World {
    /// A school in the neighbouring county, and its principal.
    async fn elsewhere(&self) -> (Node, Persona) {
        let system = self.test.system();
        let mut tx = system.write().await.expect("a transaction");
        let hashed = hashed_password().await.expect("hashed");
        let mut builder = Builder::new(&system, &mut tx, hashed, 500);
        let school = builder.school(&self.town.neighbour, "邻县一小", "8821000099").await.expect("a school");
        let head = builder.official("校长丙", "lin.xz", Role::Principal, &school).await.expect("a head");
        tx.commit().await.expect("commits");
        (school, head)
    }

    /// The city moves a teacher to another school.
    async fn transferred(&self, teacher: &Persona, to: &Node) {
        let city = self.test.ctx(self.town.city_office.who());
        let mut tx = city.write().await.expect("a transaction");
        let change = Transfer {
            person: teacher.person,
            to: to.id,
            subject: "语文",
            stage: Stage::Primary,
            title: "一级教师",
            on: city.at.date() - Days::new(1),
            reason: "调令一号",
        };
        posting::transfer(&city, &mut tx, &change).await.map_err(Failure::from).expect("moved");
        tx.commit().await.expect("commits");
        self.test.settle().await;
    }

    /// A teacher leaves the profession.
    pub(super) async fn left(&self, teacher: &Persona) {
        let city = self.test.ctx(self.town.city_office.who());
        let mut tx = city.write().await.expect("a transaction");
        let end = Departure { person: teacher.person, on: city.at.date(), reason: "退休离校" };
        posting::release(&city, &mut tx, &end).await.map_err(Failure::from).expect("left");
        tx.commit().await.expect("commits");
        self.test.settle().await;
    }

    /// The numbers on the first page of an office's list of valid certificates.
    async fn listed(&self, office: &Persona) -> usize {
        let page = self.browser(office).await.get("/certificates?state=valid").await;
        page.html().matches("<th scope=\"row\">").count()
    }
}

/// Asks for a certificate, its document and its revocation; what each is answered.
async fn doors(browser: &mut Browser, number: &str) -> [u16; 3] {
    let mut answers = [0; 3];
    for (answer, rest) in answers.iter_mut().zip(["", "/pdf", "/revoke"]) {
        *answer = browser.get(&format!("/certificates/{number}{rest}")).await.status.as_u16();
    }
    answers
}

story!(a_certificate_goes_with_its_teacher, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let number = world.issue(teacher).await;
    let (school, head) = world.elsewhere().await;
    let town = &world.town;
    assert_eq!((world.listed(&town.county_office).await, world.listed(&town.neighbour_office).await), (1, 0));
    world.transferred(teacher, &school).await;

    for office in [&town.neighbour_office, &town.city_office] {
        assert_eq!(doors(&mut world.browser(office).await, &number).await, [200; 3], "{}", office.name);
        assert_eq!(world.listed(office).await, 1, "{}", office.name);
    }
    let mut principal = world.browser(&head).await;
    let standing = principal.get(&format!("/people/{}/standing", teacher.person)).await;
    let place = standing.shows("查看证书").link("/certificates/");
    principal.get(&place).await.is(200).shows("测试一小").hides("撤销证书");
    assert_eq!(doors(&mut principal, &number).await, [200, 200, 404]);
    for left in [&town.county_office, &town.school().principal, &town.school().clerk] {
        let mut browser = world.browser(left).await;
        assert_eq!(doors(&mut browser, &number).await, [404; 3], "{}", left.name);
        let wanted = [("reason", "越权")];
        browser.post(&format!("/certificates/{number}/revoke"), &wanted).await.is(404);
        assert_eq!(world.listed(left).await, 0, "{}", left.name);
    }
    let (_, wrong) = check_standings(&world.test.system(), &world.programme, 10).await.expect("looked");
    assert_eq!(wrong, []);
    world.test.browser().get(&format!("/verify/{number}")).await.shows("现在有效").shows("测试一小");
});

story!(a_leaver_is_issued_a_corrected_certificate, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let first = world.issue(teacher).await;
    world.left(teacher).await;
    let mut county = world.browser(&world.town.county_office).await;
    let page = county.get(&format!("/certificates/{first}")).await;
    page.shows("按现在的数据换发");
    let corrected = [("reason", "姓名用字更正")];
    let page = county.post(&format!("/certificates/{first}/reissue"), &corrected).await;
    let second = page.shows("已换发").shows("测试一小").path.trim_start_matches("/certificates/").to_owned();
    assert_ne!(first, second);
    let mut neighbour = world.browser(&world.town.neighbour_office).await;
    neighbour.post(&format!("/certificates/{second}/reissue"), &corrected).await.is(404);
    assert_eq!(doors(&mut world.browser(teacher).await, &second).await, [200, 200, 404]);
    county.post(&format!("/certificates/{second}/revoke"), &corrected).await.shows("证书已撤销");
});

story!(
    each_certificate_that_stood_elsewhere_is_counted_once_it_is_put_where_it_belongs,
    |engine| async move {
        let world = begin(engine).await;
        let teacher = world.teacher(0, 0);
        world.meet_everything(teacher).await;
        world.issue(teacher).await;
        // More of one holder than are looked at together.
        world.tamper(COPIES).await;
        let system = world.test.system();
        let writer = world.test.app.db.write().await.expect("a transaction");
        assert_eq!(
            mend_places(&system).await.expect("looked"),
            0,
            "where all is well nobody is kept from writing"
        );
        drop(writer);
        for astray in [
            "update certificate set city = '/88/'",
            "update certificate set path = (select n.path from node n where n.kind = 'city' order by n.path limit 1)",
        ] {
            world.tamper(astray).await;
            assert_eq!(mend_places(&system).await.expect("mended"), 2101, "{astray}");
            assert_eq!(check_places(&system, 10).await.expect("looked"), (2101, Vec::new()), "{astray}");
            assert_eq!(mend_places(&system).await.expect("looked"), 0, "{astray}");
        }
    }
);
