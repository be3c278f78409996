//! A town under a published scheme, whose first school has made its choice.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::response::IntoResponse;
use axum::routing::post;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::{Answer, Fields, session};
use tisheng_platform::{App, Ctx, Member, Who};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::samples::{Persona, Town, small_town};
use tisheng_rules::Scheme;
use tisheng_rules::builtin;
use tisheng_rules::framework::EvidenceKind;
use tisheng_testkit::{Browser, Engine, TestApp};
use tisheng_training::samples::state_environment;
use tisheng_training::selection;

/// What the schools offer and everybody chooses.
const CHOSEN: [&str; 4] = ["A2", "A3", "A6", "A8"];

/// The town, its programme and the application around them.
pub(crate) struct World {
    pub test: TestApp,
    pub town: Town,
    pub programme: Programme,
    pub rules: Arc<Scheme>,
}

/// The town with the routes of this room.
pub(crate) async fn begin(engine: Engine) -> World {
    let files = builtin::files("sichuan-2020").expect("a published scheme");
    begin_with(engine, files, &CHOSEN, Router::new(), crate::evidence::jobs(Handlers::default())).await
}

/// The town under any scheme, with further routes and jobs.
pub(crate) async fn begin_with(
    engine: Engine,
    files: builtin::Files,
    chosen: &[&str],
    rooms: Router<Arc<App>>,
    handlers: Handlers,
) -> World {
    let rooms = rooms.merge(crate::evidence::routes()).route("/enter", post(enter));
    let test = TestApp::with_handlers(engine, rooms, scheme::samples::parts(), handlers).await;
    let town = small_town(&test.system()).await.expect("a town");
    let files = scheme::samples::owned(files);
    let programme =
        scheme::samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
    let codes: Vec<String> = chosen.iter().map(|code| (*code).to_owned()).collect();
    let mut tx = test.app.db.read().await.expect("a transaction");
    let rules = scheme::rules(&test.app, &mut tx, &programme).await.expect("rules");
    drop(tx);
    for school in &town.schools {
        let head = test.ctx(school.principal.who());
        let mut tx = head.write().await.expect("a transaction");
        state_environment(&head, &mut tx, &rules, school.node.id).await.expect("stated");
        selection::draft(&head, &mut tx, &programme, &codes, "").await.expect("a draft");
        selection::publish(&head, &mut tx, &programme).await.expect("an offer");
        for teacher in &school.teachers {
            let ctx = test.ctx(teacher.who());
            selection::choose(&ctx, &mut tx, &programme, &codes).await.expect("a choice");
        }
        tx.commit().await.expect("commits");
    }
    World { test, town, programme, rules }
}

/// Signs in whomever the form describes: how passwords are asked for is told elsewhere.
async fn enter(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let member: Member = serde_json::from_str(fields.text("who")).expect("a member");
    let ctx = Ctx::new(app, Who::Stranger);
    let mut tx = ctx.write().await?;
    let cookie = session::start(&ctx, &mut tx, member.account, Some(&member)).await?;
    tx.commit().await?;
    Ok(([(SET_COOKIE, cookie)], "").into_response())
}

impl World {
    /// A browser in which `persona` has signed in.
    pub async fn browser(&self, persona: &Persona) -> Browser {
        let mut browser = self.test.browser();
        let Who::Member(member) = persona.who() else { panic!("a persona is a member") };
        let who = serde_json::to_string(&member).expect("a member is written");
        browser.post("/enter", &[("who", &who)]).await.is(200);
        browser
    }

    /// A browser of the first school's teacher `n`.
    pub async fn teacher(&self, n: usize) -> Browser {
        self.browser(&self.town.school().teachers[n]).await
    }

    /// The second segment of `/evidence/{id}…`.
    pub fn id(&self, path: &str) -> String {
        let id = path.split(['/', '#', '?']).nth(2).expect("an address with an identifier");
        assert_eq!(id.len(), 32, "{path}");
        id.to_owned()
    }

    /// A piece of `capability` that takes pictures.
    pub fn picture_piece(&self, capability: &str) -> String {
        let takes =
            [EvidenceKind::Picture, EvidenceKind::StudentWork, EvidenceKind::Tool, EvidenceKind::Data];
        let pieces = self.rules.framework.pieces(capability).iter();
        let found = pieces.filter(|piece| {
            piece.kinds.iter().any(|kind| takes.contains(kind) || *kind == EvidenceKind::Voices)
        });
        found.map(|piece| piece.key.clone()).next().expect("a piece that takes pictures")
    }
}
