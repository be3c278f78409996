//! An application under test.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use axum::Router;
use chrono::TimeDelta;
use tempfile::TempDir;
use tisheng_kernel::{Clock, Instant};
use tisheng_platform::app::Navigation;
use tisheng_platform::config::{Config, FilesConfig};
use tisheng_platform::db::Engine;
use tisheng_platform::files::Files;
use tisheng_platform::jobs::{self, Handlers};
use tisheng_platform::keys::Keys;
use tisheng_platform::outbound::Outbound;
use tisheng_platform::web::menu::MenuGroup;
use tisheng_platform::web::serve::Rooms;
use tisheng_platform::web::whole::Turns;
use tisheng_platform::web::{serve, session};
use tisheng_platform::{App, Ctx, Parts, Who, args};

use crate::browser::Browser;
use crate::database::{Lent, scratch};

/// The moment at which every story begins: Wednesday 2021-03-10, 9:00 in China.
const BEGINNING: i64 = 1_615_338_000_000_000;

/// How many transactions wait for what others hold.
const WAITING: &str = "select count(*) from pg_locks l join pg_stat_activity a on a.pid = l.pid
    where not l.granted and a.datname = current_database()";

/// A clock that stands still until a story moves it.
#[derive(Debug)]
pub struct HandClock(AtomicI64);

impl HandClock {
    /// Moves the hand forward.
    pub fn advance(&self, span: TimeDelta) {
        self.0.fetch_add(span.num_microseconds().expect("a short span"), Ordering::SeqCst);
    }

    /// Sets the hand.
    pub fn set(&self, at: Instant) {
        self.0.store(at.micros(), Ordering::SeqCst);
    }
}

impl Clock for HandClock {
    fn now(&self) -> Instant {
        // Each look is a microsecond later, so that rows keep their order.
        Instant::from_micros(self.0.fetch_add(1, Ordering::SeqCst))
    }
}

/// Most stories look at pages alone.
const fn no_menu(_: &Who) -> Vec<MenuGroup> {
    Vec::new()
}

/// The origin at which content in a browser may speak with the record store.
pub const CONTENT_ORIGIN: &str = "https://content.test";

/// An application with a database of its own.
#[derive(Debug)]
pub struct TestApp {
    /// The application.
    pub app: Arc<App>,
    /// Its clock.
    pub clock: Arc<HandClock>,
    handlers: Handlers,
    router: Router,
    _kept: (TempDir, Option<Lent>),
}

impl TestApp {
    /// Starts an application with the routes of the rooms under test and the long-lived things
    /// they need.
    pub async fn start(engine: Engine, rooms: impl Into<Rooms>, parts: Parts) -> Self {
        Self::with_handlers(engine, rooms, parts, Handlers::default()).await
    }

    /// The same with the jobs that follow from events; [`TestApp::settle`] runs them.
    pub async fn with_handlers(
        engine: Engine,
        rooms: impl Into<Rooms>,
        parts: Parts,
        handlers: Handlers,
    ) -> Self {
        Self::made(engine, rooms.into(), (parts, handlers, no_menu), "http://tisheng.test", &[]).await
    }

    /// The same with a menu beside its pages.
    pub async fn with_menu(
        engine: Engine,
        rooms: impl Into<Rooms>,
        parts: Parts,
        handlers: Handlers,
        menu: Navigation,
    ) -> Self {
        Self::made(engine, rooms.into(), (parts, handlers, menu), "http://tisheng.test", &[]).await
    }

    /// The same beside other hosts on this machine, listed as `host:port`, that it may ask.
    pub async fn beside(
        engine: Engine,
        rooms: impl Into<Rooms>,
        parts: Parts,
        handlers: Handlers,
        hosts: &[String],
    ) -> Self {
        Self::made(engine, rooms.into(), (parts, handlers, no_menu), "http://tisheng.test", hosts).await
    }

    /// An application that people reach under `url`, such as one behind HTTPS.
    pub async fn with_public_url(engine: Engine, rooms: impl Into<Rooms>, url: &str) -> Self {
        Self::made(engine, rooms.into(), (Parts::default(), Handlers::default(), no_menu), url, &[]).await
    }

    async fn made(
        engine: Engine,
        rooms: Rooms,
        (parts, handlers, navigation): (Parts, Handlers, Navigation),
        public_url: &str,
        reach: &[String],
    ) -> Self {
        let scratch = scratch(engine).await;
        let clock = Arc::new(HandClock(AtomicI64::new(BEGINNING)));
        let config = Config {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            public_url: public_url.to_owned(),
            data: scratch.folder.path().to_owned(),
            database: String::new(),
            files: FilesConfig::Local,
            session_hours: 12,
            upload_mib: 64,
            outbound_allow: reach.to_vec(),
            xapi_without_header: "2.0.0".to_owned(),
            xapi_origins: vec![CONTENT_ORIGIN.to_owned()],
        };
        let app = Arc::new(App {
            files: Files::open(&config).expect("a folder for files"),
            config,
            db: scratch.db,
            keys: Keys::from_seed([1; 32], [2; 32], [3; 32]),
            outbound: Outbound::new(reach),
            clock: Arc::<HandClock>::clone(&clock),
            navigation,
            turns: Turns::default(),
            parts,
        });
        let router = serve::framed(rooms, Arc::clone(&app));
        Self { app, clock, handlers, router, _kept: (scratch.folder, scratch.lent) }
    }

    /// A browser without cookies.
    #[must_use]
    pub fn browser(&self) -> Browser {
        Browser::new(self.router.clone())
    }

    /// A browser in which the member `who` is signed in, for stories that begin after the sign-in
    /// pages.
    pub async fn signed_in(&self, who: &Who) -> Browser {
        let member = who.member().expect("only members sign in");
        let ctx = self.system();
        let mut tx = ctx.write().await.expect("a transaction");
        let cookie = session::start(&ctx, &mut tx, member.account, Some(member)).await.expect("a session");
        tx.commit().await.expect("commits");
        let mut browser = self.browser();
        browser.keep(cookie.to_str().expect("cookies are text"));
        browser
    }

    /// The installation's own work, for filling in what a story starts from.
    #[must_use]
    pub fn system(&self) -> Ctx {
        Ctx::system(Arc::clone(&self.app), "test")
    }

    /// A request of `who`, for calling an action without its page.
    #[must_use]
    pub fn ctx(&self, who: Who) -> Ctx {
        Ctx::new(Arc::clone(&self.app), who)
    }

    /// Lets all events and jobs that are due happen.
    pub async fn settle(&self) {
        jobs::run_due(&self.app, &self.handlers).await.expect("jobs run");
    }

    /// Returns once a transaction waits for what another one holds; on SQLite at once, where every other one waits
    /// for the writer.
    pub async fn until_somebody_waits(&self) {
        if self.app.db.engine() == Engine::Sqlite {
            return;
        }
        for _ in 0..500 {
            // The server tells one transaction the same for as long as it lasts.
            let mut tx = self.app.db.read().await.expect("a transaction");
            let waiting: i64 = tx.row(WAITING, args![], |row| row.get(0)).await.expect("a count");
            if waiting > 0 {
                return;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody waits for anybody");
    }
}
