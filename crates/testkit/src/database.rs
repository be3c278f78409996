//! A database for each test, cloned from a template that has all migrations.

use std::path::PathBuf;

use tempfile::TempDir;
use tisheng_kernel::Instant;
use tisheng_platform::db::{Address, Db, Engine, migrate, quote_identifier};
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_postgres::Client;
use uuid::Uuid;

static SQLITE: OnceCell<(TempDir, PathBuf)> = OnceCell::const_new();
static POSTGRES: OnceCell<String> = OnceCell::const_new();

/// A fresh database and the folder beside it; both go with this value.
#[derive(Debug)]
pub struct Scratch {
    /// The database.
    pub db: Db,
    /// Its address, for a second process.
    pub address: Address,
    /// An empty folder.
    pub folder: TempDir,
    /// What goes last.
    pub(crate) lent: Option<Lent>,
}

/// A database of the tests' server, dropped with this value: hundreds of them would fill a disk.
#[derive(Debug)]
pub(crate) struct Lent(String);

impl Drop for Lent {
    fn drop(&mut self) {
        let sql = format!("drop database if exists {} with (force)", quote_identifier(&self.0));
        // A test may end in a panic, where nothing may fail once more; a runtime cannot be entered
        // from within another, but a thread has none.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async {
                let (client, _link) = server_client().await?;
                client.batch_execute(&sql).await.ok()
            })
        });
        drop(dropped.join());
    }
}

/// A fresh database with all tables and no rows.
pub async fn scratch(engine: Engine) -> Scratch {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut lent = None;
    let address = match engine {
        Engine::Sqlite => {
            let (_, template) = SQLITE.get_or_init(sqlite_template).await;
            let path = folder.path().join("tisheng.db");
            std::fs::copy(template, &path).expect("the template is copied");
            Address::File(path)
        }
        Engine::Postgres => {
            let template = POSTGRES.get_or_init(postgres_template).await;
            let name = create_database(Some(template)).await;
            lent = Some(Lent(name.clone()));
            Address::Server(format!("{}/{name}", server()))
        }
    };
    let db = Db::open(&address).await.expect("the scratch database opens");
    Scratch { db, address, folder, lent }
}

async fn sqlite_template() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("template.db");
    let db = Db::open(&Address::File(path.clone())).await.expect("the template opens");
    migrate::run(&db, Instant::from_clock()).await.expect("migrations apply on SQLite");
    let copy = folder.path().join("copy.db");
    db.backup(copy.clone()).await.expect("the template is closed into one file");
    (folder, copy)
}

async fn postgres_template() -> String {
    let name = create_database(None).await;
    let db = Db::open(&Address::Server(format!("{}/{name}", server()))).await.expect("the template opens");
    migrate::run(&db, Instant::from_clock()).await.expect("migrations apply on PostgreSQL");
    name
}

fn server() -> String {
    std::env::var("TISHENG_TEST_POSTGRES")
        .expect("run the tests as `scripts/with-postgres cargo test …`, which starts a private server")
}

/// A connection to the tests' server itself.
async fn server_client() -> Option<(Client, JoinHandle<Result<(), tokio_postgres::Error>>)> {
    let url = format!("{}/postgres", server());
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.ok()?;
    Some((client, tokio::spawn(connection)))
}

async fn create_database(template: Option<&str>) -> String {
    // A process number comes back on a server that outlives the tests.
    let name = format!("t{}", Uuid::now_v7().simple());
    let (client, link) = server_client().await.expect("the test server answers");
    let from = template.map(|t| format!(" template {}", quote_identifier(t))).unwrap_or_default();
    // Cloning waits until the last connection to the template has closed.
    let mut left = 100;
    loop {
        match client.batch_execute(&format!("create database {}{from}", quote_identifier(&name))).await {
            Ok(()) => break,
            Err(error) if left == 0 => panic!("create database: {error:?}"),
            Err(_) => {
                left -= 1;
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    drop(client);
    link.abort();
    name
}
