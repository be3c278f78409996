//! What a certificate rests on is taken back after it was issued.

use tisheng_policy::scheme;
use tisheng_registry::samples::Persona;
use tisheng_rules::hours::CategoryRole;
use tisheng_testkit::story;
use tisheng_training::hours;
use tisheng_training::samples::PLATFORM;

use super::{World, begin};

impl World {
    /// The county takes hours of on-line study of a teacher back or, if they are to come `back`, enters them again.
    async fn hours_taken(&self, teacher: &Persona, back: bool) {
        let county = self.test.ctx(self.town.county_office.who());
        let mut tx = county.write().await.expect("a transaction");
        let entries = hours::entries(&mut tx, self.programme.id, teacher.person).await.expect("entries");
        let rules = scheme::rules(&county.app, &mut tx, &self.programme).await.expect("rules");
        let online = rules.hours.categories.iter().find(|category| category.role == CategoryRole::Online);
        let online = &online.expect("on-line study").key;
        let learnt = |entry: &&hours::Entry| entry.source == PLATFORM && entry.category == *online;
        let entry = entries.iter().rfind(learnt).expect("hours of a platform").id;
        let reason = "核查发现学时不实";
        if back {
            hours::restore(&county, &mut tx, &self.programme, entry, reason).await.expect("restored");
        } else {
            hours::reverse(&county, &mut tx, &self.programme, entry, reason).await.expect("reversed");
        }
        tx.commit().await.expect("commits");
        self.test.settle().await;
    }
}

story!(hours_taken_back_put_the_certificate_before_whoever_may_revoke_it, |engine| async move {
    let world = begin(engine).await;
    let (teacher, other) = (world.teacher(0, 0), world.teacher(1, 0));
    for holder in [teacher, other] {
        world.meet_everything(holder).await;
    }
    let (number, sound) = (world.issue(teacher).await, world.issue(other).await);
    let (place, doubtful) = (format!("/certificates/{number}"), "/certificates?state=unmet");
    let mut county = world.browser(&world.town.county_office).await;
    county.get(doubtful).await.shows("没有需要核查的证书").hides(&number);
    county.get("/certificates?state=revoked").await.shows("没有已撤销的证书");
    county.get("/certificates?state=superseded").await.shows("没有已换发的证书");
    county.get(&format!("{doubtful}&q=jiaoshi")).await.shows("没有符合条件的证书");
    county.get(&place).await.hides("不再达到全部要求");

    world.hours_taken(teacher, false).await;
    for office in [&world.town.county_office, &world.town.province_office, &world.town.school().principal] {
        let mut browser = world.browser(office).await;
        for query in ["", "&sort=-number", "&sort=school", "&sort=-issued", "&q=jiaoshi"] {
            browser.get(&format!("{doubtful}{query}")).await.shows(&number).hides(&sound);
        }
        browser.get(&format!("{doubtful}&q=laoshi")).await.hides(&number).hides(&sound);
        browser.get(&place).await.shows("发证之后不再达到全部要求").shows("还差");
    }
    world.browser(&world.town.neighbour_office).await.get(doubtful).await.hides(&number);
    let page = county.get(&place).await;
    page.shows("请您核查").shows("撤销证书").shows("不能换发").hides("按现在的数据换发");
    world.browser(&world.town.school().principal).await.get(&place).await.shows("由县级及以上工程办核查");
    world.browser(teacher).await.get(&place).await.hides("核查");
    world.test.browser().get(&format!("/verify/{number}")).await.shows("现在有效");

    world.hours_taken(teacher, true).await;
    county.get(doubtful).await.hides(&number);
    county.get(&place).await.hides("不再达到全部要求").hides("不能换发").shows("按现在的数据换发");

    // Of somebody who has left, too.
    world.left(teacher).await;
    county.get(doubtful).await.hides(&number);
    world.hours_taken(teacher, false).await;
    county.get(doubtful).await.shows(&number).hides(&sound);
    county.post(&format!("{place}/revoke"), &[("reason", "学时不实")]).await.shows("证书已撤销");
    county.get(doubtful).await.hides(&number);
    county.get(&place).await.hides("不再达到全部要求");
});
