//! The town in which this district's stories are told.

use std::sync::Arc;

use chrono::{Days, NaiveDate, TimeDelta};
use tisheng_kernel::{Id, Instant};
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, args};
use tisheng_policy::scheme::{self, File, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::organisation::{Node, Stage};
use tisheng_registry::people::{self, Person};
use tisheng_registry::posting;
use tisheng_registry::roster::{self, Entry, Kinds, Teachers};
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::Scheme;
use tisheng_rules::samples::third_scheme_files;
use tisheng_testkit::{Browser, Engine, TestApp};

use crate::course::{self, CourseFile};
use crate::hours::{self, HoursFile, Report, Senders, Trails, Worths};
use crate::learning;
use crate::platform::{self, Platform};
use crate::reconciliation::{self, StatementFile};
use crate::samples::state_environment;
use crate::selection::{Judged, Judgements};

/// In this district nobody judges: that is done above it.
async fn nothing_judged(_: Ctx, _: Id<Programme>, _: Id<Person>) -> Result<Judgements, Failure> {
    Ok(Judgements::default())
}

/// A town with a programme by the third scheme.
pub struct Place {
    pub test: TestApp,
    pub town: Town,
    pub programme: Programme,
    pub rules: Arc<Scheme>,
}

impl Place {
    pub async fn begin(engine: Engine) -> Self {
        Self::under(engine, scheme::samples::owned(third_scheme_files())).await
    }

    /// The same with a programme by `files`.
    pub async fn under(engine: Engine, files: Vec<File>) -> Self {
        let rooms = crate::routes().merge(roster::routes());
        let kinds = Kinds::new(vec![
            Entry::of::<Teachers>(),
            Entry::of::<HoursFile>().with_origins(platform::origins),
            Entry::of::<CourseFile>(),
            Entry::of::<StatementFile>(),
        ]);
        let parts = scheme::samples::parts()
            .with(kinds)
            .with(Trails::new(learning::tell))
            .with(Senders(platform::senders))
            .with(Worths(course::worth));
        let parts = parts.with(Judged::new(nothing_judged));
        let handlers = roster::handlers(Handlers::default());
        let jobs = [hours::jobs, platform::jobs, learning::jobs, reconciliation::jobs];
        let handlers = jobs.iter().fold(handlers, |handlers, room: &fn(Handlers) -> Handlers| room(handlers));
        let handlers = handlers
            .reaction(hours::TOLD, reconciliation::MARK_JOB)
            .reaction(course::APPROVED, learning::REPLAY_JOB)
            .reaction(hours::DELIVERED, platform::FILE_JOB);
        let test = TestApp::with_handlers(engine, rooms, parts, handlers).await;
        let town = small_town(&test.system()).await.expect("a town");
        let programme =
            scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
        let mut tx = test.app.db.read().await.expect("a transaction");
        let rules = scheme::rules(&test.app, &mut tx, &programme).await.expect("rules");
        drop(tx);
        for school in &town.schools {
            let head = test.ctx(school.principal.who());
            let mut tx = head.write().await.expect("a transaction");
            state_environment(&head, &mut tx, &rules, school.node.id).await.expect("stated");
            tx.commit().await.expect("commits");
        }
        let place = Self { test, town, programme, rules };
        place.test.clock.set(Instant::start_of(place.day(10)) + TimeDelta::hours(9));
        place
    }

    /// Day `d` of the month in which the stories play, some months into the programme; it is the
    /// tenth.
    pub fn day(&self, d: u32) -> NaiveDate {
        let first = self.rules.identity.period.expect("a programme has a period").from();
        first + Days::new(100) + Days::new(d.into())
    }

    /// Lets all jobs happen; none may fail.
    pub async fn settle(&self) {
        self.test.settle().await;
        let mut tx = self.test.app.db.read().await.expect("a transaction");
        let failed = tx.rows("select error from job where error is not null", args![], |row| row.get(0));
        let errors: Vec<String> = failed.await.expect("read");
        assert!(errors.is_empty(), "{errors:?}");
    }

    /// A browser in which `persona` is signed in.
    pub async fn browser(&self, persona: &Persona) -> Browser {
        self.test.signed_in(&persona.who()).await
    }

    /// A learning platform of an institution of the county, and somebody of that institution.
    pub async fn platform(&self) -> (Platform, Persona) {
        let office = self.ctx(&self.town.city_office);
        let mut tx = office.write().await.expect("a transaction");
        let made =
            platform::samples::platform(&office, &mut tx, &self.programme, (&self.town.county, 1, "甲"));
        let (node, id) = made.await.expect("a platform");
        let platform = platform::of_id(&mut tx, id).await.expect("read").expect("a platform");
        tx.commit().await.expect("commits");
        let lecturer = Persona { role: Role::Institution, node, ..self.town.schools[1].clerk.clone() };
        (platform, lecturer)
    }

    /// What `other` comes to while the first of two reports is written, and the second is still to be.
    pub async fn beside<T>(&self, [first, second]: [&Report; 2], other: impl Future<Output = T>) -> T {
        let clerk = self.ctx(&self.town.school().clerk);
        let mut tx = clerk.write().await.expect("a transaction");
        hours::log(&clerk, &mut tx, &self.programme, first).await.expect("the first is taken");
        let writing = async {
            self.test.until_somebody_waits().await;
            hours::log(&clerk, &mut tx, &self.programme, second).await.expect("the second is taken");
            tx.commit().await.expect("commits");
        };
        let ((), other) = tokio::join!(writing, other);
        other
    }

    /// Moves `person` to the school `to`.
    pub async fn transferred(&self, person: Id<Person>, to: &Node) {
        let city = self.ctx(&self.town.city_office);
        let mut tx = city.write().await.expect("a transaction");
        let (subject, stage, on) = ("语文", Stage::Primary, city.at.date());
        let to =
            people::Transfer { person, to: to.id, subject, stage, title: "", on, reason: "工作需要" };
        posting::transfer(&city, &mut tx, &to).await.expect("transferred");
        tx.commit().await.expect("commits");
    }

    /// A request of `persona`, for calling an action without its page.
    pub fn ctx(&self, persona: &Persona) -> Ctx {
        self.test.ctx(persona.who())
    }
}
