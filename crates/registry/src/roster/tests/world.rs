//! The small town with the loop at work in it, and files as clerks make them.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::header::SET_COOKIE;
use tisheng_kernel::Id;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::{Fields, session};
use tisheng_platform::{App, Ctx, Member, Parts, Scope, Who, args};
use tisheng_testkit::{Browser, Chosen, Engine, Seen, TestApp};

use crate::roster::store::{self, Kept};
use crate::roster::{Entry, Kinds, Roles, Run, Schools, Teachers, handlers, routes};
use crate::samples::{self, Persona, Town};

/// The town and its application.
pub struct World {
    pub app: TestApp,
    pub town: Town,
}

/// Lets a browser act as the member whose JSON is sent; the sign-in itself has its own stories.
async fn act(State(app): State<Arc<App>>, fields: Fields) -> Response {
    let member: Member = serde_json::from_str(fields.text("member")).expect("a member");
    let ctx = Ctx::system(app, "test");
    let mut tx = ctx.write().await.expect("a transaction");
    let cookie = session::start(&ctx, &mut tx, member.account, Some(&member)).await.expect("a session");
    tx.commit().await.expect("commits");
    ([(SET_COOKIE, cookie)], "ok").into_response()
}

impl World {
    pub async fn start(engine: Engine) -> Self {
        let kinds = Kinds::new(vec![Entry::of::<Schools>(), Entry::of::<Teachers>(), Entry::of::<Roles>()]);
        let rooms: Router<Arc<App>> = routes().merge(Router::new().route("/test/act", post(act)));
        let parts = Parts::default().with(kinds);
        let app = TestApp::with_handlers(engine, rooms, parts, handlers(Handlers::default())).await;
        let town = samples::small_town(&app.system()).await.expect("the town is built");
        Self { app, town }
    }

    pub async fn browser(&self, persona: &Persona) -> Browser {
        let mut browser = self.app.browser();
        let Who::Member(member) = persona.who() else { panic!("a persona is a member") };
        let member = serde_json::to_string(&member).expect("JSON");
        browser.post_only("/test/act", &[("member", &member)]).await.is(200);
        browser
    }

    /// Lets all jobs happen; none may fail.
    pub async fn settle(&self) {
        self.app.settle().await;
        let mut tx = self.app.app.db.read().await.expect("a transaction");
        let errors: Vec<String> = tx
            .rows("select error from job where error is not null", args![], |row| row.get(0))
            .await
            .expect("read");
        assert!(errors.is_empty(), "{errors:?}");
    }

    /// Uploads `bytes` and lets the check end; gives the page of the run.
    pub async fn bring(&self, browser: &mut Browser, kind: &str, name: &str, bytes: &[u8]) -> Seen {
        let chosen = [Chosen { field: "file", name, bytes }];
        let waiting = browser.post_files(&format!("/roster/{kind}"), &[], &chosen).await;
        waiting.shows("正在核对");
        assert!(waiting.html().contains("http-equiv=\"refresh\""), "the page looks again by itself");
        self.settle().await;
        browser.get(&waiting.path).await
    }

    /// Confirms the run at `path` with `choices` and lets it be taken; gives its page.
    pub async fn confirm(&self, browser: &mut Browser, path: &str, choices: &[(&str, &str)]) -> Seen {
        browser.get(&format!("{path}/confirm")).await.shows("确认导入");
        browser.post(&format!("{path}/confirm"), choices).await.shows("正在导入");
        self.settle().await;
        browser.get(path).await
    }

    /// The run whose page is at `path`, as stored.
    pub async fn run(&self, path: &str) -> Run {
        let id: Id<Run> = path.rsplit('/').next().expect("a path").parse().expect("an identifier");
        let mut tx = self.app.app.db.read().await.expect("a transaction");
        store::one(&mut tx, &Scope::everything(), id).await.expect("read").expect("the run is there")
    }

    /// Everything found in the run whose page is at `path`.
    pub async fn findings(&self, path: &str) -> Vec<Kept> {
        let run = self.run(path).await;
        let mut tx = self.app.app.db.read().await.expect("a transaction");
        store::findings(&mut tx, run.id, "", "", 0, 1000).await.expect("read")
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.app.app.db.read().await.expect("a transaction");
        tx.row(sql, args![], |row| row.get(0)).await.expect("a count")
    }
}

/// A text file with these lines of cells.
pub fn csv(lines: &[&[&str]]) -> Vec<u8> {
    let quoted = |cell: &&str| format!("\"{}\"", cell.replace('"', "\"\""));
    let text: Vec<String> =
        lines.iter().map(|cells| cells.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
    text.join("\r\n").into_bytes()
}

/// The heading that most stories use.
pub const HEADING: [&str; 7] = ["姓名", "证件号码", "手机号", "学校", "任教学科", "任教学段", "职称"];

/// A roll of teachers under [`HEADING`].
pub fn roll(rows: &[[&str; 7]]) -> Vec<u8> {
    let mut lines: Vec<&[&str]> = vec![&HEADING];
    lines.extend(rows.iter().map(<[&str; 7]>::as_slice));
    csv(&lines)
}

/// The number of the `n`th invented paper of the stories: far from those of the town.
pub fn paper(n: u32) -> String {
    samples::identity(20_500 + n).number().to_owned()
}
