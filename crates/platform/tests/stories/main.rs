//! What rooms rely on, told on both engines: writes that are whole, forms that count once, events
//! that happen once, a trail that shows what was removed, files named by their content.

mod bucket;
mod unsent;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::routing::{get, post};
use bytes::Bytes;
use chrono::TimeDelta;
use futures::TryStreamExt;
use tisheng_kernel::Instant;
use tisheng_platform::audit::{self, Chain};
use tisheng_platform::db::migrate;
use tisheng_platform::jobs::{self, Claimed, Handlers, JobError};
use tisheng_platform::web::layout::Flash;
use tisheng_platform::web::{Answer, Begun, Fields, assets, once, serve, session};
use tisheng_platform::{App, Ctx, Db, DbError, Member, Parts, Who, args, sweep};
use tisheng_testkit::{Engine, TestApp, scratch, story};
use tokio::sync::{Barrier, watch};
use uuid::Uuid;

async fn with_table(engine: Engine) -> (tisheng_testkit::Scratch, Db) {
    let scratch = scratch(engine).await;
    let mut tx = scratch.db.write().await.expect("a transaction");
    tx.batch(
        "create table thing (n bigint primary key, word text)".replace("bigint", number(engine)).as_str(),
    )
    .await
    .expect("a table");
    tx.commit().await.expect("commits");
    let db = scratch.db.clone();
    (scratch, db)
}

const fn number(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "integer",
        Engine::Postgres => "bigint",
    }
}

async fn count(db: &Db) -> i64 {
    let mut tx = db.read().await.expect("a transaction");
    tx.row("select count(*) from thing", args![], |row| row.get(0)).await.expect("a count")
}

const ADD: &str = "insert into thing (n, word) values ($1, $2)";

story!(arguments_go_to_their_numbers_whatever_their_order_in_the_text, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut tx = db.write().await.expect("a transaction");
    tx.run("insert into thing (word, n) values ($2, $1)", args![7_i64, "七"]).await.expect("a row");
    tx.commit().await.expect("commits");
    let mut tx = db.read().await.expect("a transaction");
    let word: String =
        tx.row("select word from thing where n = $1", args![7_i64], |r| r.get(0)).await.expect("found");
    assert_eq!(word, "七");
});

story!(a_write_that_is_dropped_leaves_nothing, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut tx = db.write().await.expect("a transaction");
    tx.run(ADD, args![1_i64, "一"]).await.expect("a row");
    drop(tx);
    assert_eq!(count(&db).await, 0);
    let mut tx = db.write().await.expect("the next writer is not held up");
    tx.run(ADD, args![2_i64, "二"]).await.expect("a row");
    tx.commit().await.expect("commits");
    assert_eq!(count(&db).await, 1);
});

story!(writers_that_queue_up_all_hear_that_their_work_is_durable, |engine| async move {
    let (scratch, db) = with_table(engine).await;
    let writers = (0..200_i64).map(|n| {
        let db = db.clone();
        tokio::spawn(async move {
            let mut tx = db.write().await.expect("a transaction");
            tx.run(ADD, args![n, "同时"]).await.expect("a row");
            if n % 10 == 3 {
                return;
            }
            tx.commit().await.expect("commits");
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer ends");
    }
    let second = Db::open(&scratch.address).await.expect("a second process sees the same");
    assert_eq!(count(&second).await, 180, "every tenth was dropped, all others are there");
});

story!(a_writer_who_leaves_the_queue_strands_nobody, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    for round in 0..20_i64 {
        let mut first = db.write().await.expect("a transaction");
        first.run(ADD, args![round, "先"]).await.expect("a row");
        let queued = tokio::spawn({
            let db = db.clone();
            async move { db.write().await.map(drop) }
        });
        tokio::task::yield_now().await;
        let done = tokio::spawn(first.commit());
        queued.abort();
        done.await.expect("the task ends").expect("the first is told that its work is durable");
    }
    assert_eq!(count(&db).await, 20);
});

story!(many_rows_are_written_with_one_shape, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let rows = (0..40_000_i64).map(|n| vec![n.into(), "批".into()]);
    let mut tx = db.write().await.expect("a transaction");
    let written = tx.bulk("insert into thing (n, word) values", 2, "on conflict do nothing", rows).await;
    assert_eq!(written.expect("rows"), 40_000);
    let again = tx.bulk(
        "insert into thing (n, word) values",
        2,
        "on conflict do nothing",
        [vec![1_i64.into(), "又".into()]],
    );
    assert_eq!(again.await.expect("no row"), 0);
    tx.commit().await.expect("commits");
    assert_eq!(count(&db).await, 40_000);
});

story!(those_who_read_and_write_go_on_while_the_database_takes_stock, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut before = db.read().await.expect("a reader");
    let all = "select count(*) from thing";
    let seen: i64 = before.row(all, args![], |row| row.get(0)).await.expect("a count");
    let mut tx = db.write().await.expect("a writer");
    tx.bulk("insert into thing (n) values", 1, "", (0..2000_i64).map(|n| vec![n.into()]))
        .await
        .expect("rows");
    tx.commit().await.expect("durable");
    db.tend().await.expect("stock is taken");
    let still: i64 = before.row(all, args![], |row| row.get(0)).await.expect("a count");
    assert_eq!(still, seen, "a reader keeps its view");
    drop(before);
    assert_eq!(count(&db).await, seen + 2000);
});

story!(what_a_long_transaction_may_take_back_is_not_kept_in_memory, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    if engine == Engine::Sqlite {
        let mut tx = db.write().await.expect("a transaction");
        let place: i64 = tx.row("pragma temp_store", args![], |row| row.get(0)).await.expect("a setting");
        assert_eq!(place, 1, "a file");
    }
});

story!(migrations_run_once, |engine| async move {
    let scratch = scratch(engine).await;
    let again = migrate::run(&scratch.db, Instant::from_micros(1)).await.expect("a second run");
    assert!(again.is_empty(), "applied again: {again:?}");
    let mut tx = scratch.db.write().await.expect("a transaction");
    tx.run("update migration set digest = 'other' where name like '0001%'", args![]).await.expect("edited");
    tx.commit().await.expect("commits");
    let refused = migrate::run(&scratch.db, Instant::from_micros(1)).await.expect_err("an edited text");
    assert!(refused.to_string().contains("0001_platform.sql"), "{refused}");
});

async fn act(ctx: &Ctx, subject: Uuid, what: &str) {
    let mut tx = ctx.write().await.expect("a transaction");
    audit::record(ctx, &mut tx, "test.acted", subject, &what).await.expect("a row of the trail");
    tx.commit().await.expect("commits");
}

story!(a_line_removed_from_the_trail_shows, |engine| async move {
    let town = TestApp::start(engine, Router::new(), Parts::default()).await;
    let subject = Uuid::now_v7();
    for n in 0..5 {
        act(&town.system(), subject, &format!("第 {n} 次")).await;
        if n == 2 {
            assert_eq!(audit::seal(&town.app.db, town.app.now()).await.expect("sealed"), 3);
        }
    }
    assert_eq!(audit::seal(&town.app.db, town.app.now()).await.expect("sealed"), 2);
    assert_eq!(audit::verify(&town.app.db).await.expect("walked"), Chain::Whole(5));
    let mut tx = town.app.db.write().await.expect("a transaction");
    let first = "delete from audit where id = (select min(id) from audit where seal = 1)";
    let first = match engine {
        Engine::Sqlite => first,
        Engine::Postgres => {
            "delete from audit where id = (select id from audit where seal = 1 order by id limit 1)"
        }
    };
    tx.run(first, args![]).await.expect("somebody removes a line");
    tx.commit().await.expect("commits");
    assert_eq!(audit::verify(&town.app.db).await.expect("walked"), Chain::Broken { seal: 1 });
});

static GREETED: AtomicUsize = AtomicUsize::new(0);

async fn greet(_: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let name: String = claimed.payload()?;
    if name == "失败" {
        return Err(JobError("今天不行".to_owned()));
    }
    GREETED.fetch_add(1, Ordering::SeqCst);
    Ok(())
}

story!(an_event_leads_to_one_job_and_a_failed_job_is_tried_again, |engine| async move {
    let handlers = Handlers::default().job("greet", greet).reaction("arrived", "greet");
    let town = TestApp::with_handlers(engine, Router::new(), Parts::default(), handlers).await;
    let at = town.app.now();
    let mut tx = town.app.db.write().await.expect("a transaction");
    jobs::emit(&mut tx, at, "arrived", &"教师甲").await.expect("an event");
    let failing = jobs::enqueue(&mut tx, at, "greet", "k1", &"失败").await.expect("a job");
    let same = jobs::enqueue(&mut tx, at, "greet", "k1", &"失败").await.expect("the same job");
    assert_eq!(failing, same, "one key is one job");
    tx.commit().await.expect("commits");
    let before = GREETED.load(Ordering::SeqCst);
    town.settle().await;
    town.settle().await;
    assert!(GREETED.load(Ordering::SeqCst) > before);
    let mut tx = town.app.db.read().await.expect("a transaction");
    let state = jobs::state(&mut tx, failing).await.expect("read").expect("there");
    assert_eq!(state.error.as_deref(), Some("今天不行"));
    assert!(state.done_at.is_none() && !state.given_up, "it waits for its next attempt");
    let left: i64 = tx
        .row("select count(*) from job where done_at is null", args![], |r| r.get(0))
        .await
        .expect("a count");
    assert_eq!(left, 1, "the greeting itself is done");
});

/// Welcomes all who arrived together, unless one of them cannot be welcomed.
async fn welcome(_: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let names = claimed.payloads::<String>()?;
    if names.iter().any(|name| name == "失败") {
        return Err(JobError("今天不行".to_owned()));
    }
    Ok(())
}

story!(events_of_a_moment_are_one_job_and_one_that_fails_holds_up_nobody, |engine| async move {
    let handlers = Handlers::default().gathering("welcome", welcome).reaction("arrived", "welcome");
    let town = TestApp::with_handlers(engine, Router::new(), Parts::default(), handlers).await;
    let at = town.app.now();
    let arrive = async |names: &[&str]| {
        let mut tx = town.app.db.write().await.expect("a transaction");
        for name in names {
            jobs::emit(&mut tx, at, "arrived", name).await.expect("an event");
        }
        tx.commit().await.expect("commits");
        town.settle().await;
        let mut tx = town.app.db.read().await.expect("a transaction");
        let count = "select count(*), coalesce(sum(case when done_at is null then 1 else 0 end), 0) from job";
        tx.row(count, args![], |row| Ok((row.get::<i64>(0)?, row.get::<i64>(1)?))).await.expect("a count")
    };
    assert_eq!(arrive(&["教师甲", "教师乙", "教师丙"]).await, (1, 0), "one job for all");
    assert_eq!(arrive(&["教师丁", "失败", "教师戊"]).await, (5, 1), "taken apart, and only one waits");
});

story!(whoever_waits_comes_before_the_background, |engine| async move {
    let handlers = Handlers::default().job("greet", greet).job("first", first_of_all);
    let town = TestApp::with_handlers(engine, Router::new(), Parts::default(), handlers).await;
    let at = town.app.now();
    let mut tx = town.app.db.write().await.expect("a transaction");
    for n in 0..30 {
        jobs::enqueue(&mut tx, at, "greet", &format!("k{n}"), &"教师甲").await.expect("a job");
    }
    let awaited = jobs::enqueue_awaited(&mut tx, at, "first", "k", &()).await.expect("a job");
    tx.commit().await.expect("commits");
    town.settle().await;
    let mut tx = town.app.db.read().await.expect("a transaction");
    let state = jobs::state(&mut tx, awaited).await.expect("read").expect("there");
    assert_eq!(state.error, None, "thirty others were still to be done");
});

/// Where jobs and whoever watches them meet.
struct Meeting(Barrier);

async fn meet(ctx: Ctx, _: Claimed) -> Result<(), JobError> {
    ctx.app.parts.get::<Meeting>().0.wait().await;
    Ok(())
}

story!(a_system_that_is_slow_to_answer_holds_up_nobody, |engine| async move {
    let handlers = Handlers::default().job("ask", meet).job("greet", meet).job("first", meet);
    let parts = Parts::default().with(Meeting(Barrier::new(5)));
    let town = TestApp::with_handlers(engine, Router::new(), parts, handlers.clone()).await;
    let at = town.app.now();
    let mut tx = town.app.db.write().await.expect("a transaction");
    jobs::enqueue_outbound(&mut tx, at, "ask", "one", &()).await.expect("a job");
    jobs::enqueue_outbound(&mut tx, at, "ask", "other", &()).await.expect("a job");
    jobs::enqueue(&mut tx, at, "greet", "k", &()).await.expect("a job");
    jobs::enqueue_awaited(&mut tx, at, "first", "k", &()).await.expect("a job");
    tx.commit().await.expect("commits");
    let (stop, stopping) = watch::channel(false);
    let rest = Duration::from_millis(10);
    let workers = tokio::spawn(jobs::run_until(Arc::clone(&town.app), handlers, rest, stopping));
    // None of them ends before all are at work.
    let all = town.app.parts.get::<Meeting>().0.wait();
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("two ask while two others are done");
    stop.send_replace(true);
    workers.await.expect("they end");
    let mut tx = town.app.db.read().await.expect("a transaction");
    let open = "select count(*) from job where done_at is null";
    assert_eq!(tx.row(open, args![], |row| row.get::<i64>(0)).await.expect("a count"), 0);
});

/// Fails when the background has been worked through before.
async fn first_of_all(ctx: Ctx, _: Claimed) -> Result<(), JobError> {
    let mut tx = ctx.read().await?;
    let open = "select count(*) from job where kind = 'greet' and done_at is null";
    let open: i64 = tx.row(open, args![], |row| row.get(0)).await?;
    if open == 30 { Ok(()) } else { Err(JobError(format!("{open} left"))) }
}

async fn note(State(app): State<Arc<App>>, fields: Fields) -> Answer {
    let ctx = Ctx::system(app, "test");
    let mut begun = match once::begin(&ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    audit::record(&ctx, &mut begun.tx, "test.noted", Uuid::nil(), &fields.text("word")).await?;
    begun.done("/notes?saved", Flash::good("已保存")).await
}

story!(a_form_counts_once, |engine| async move {
    let town = TestApp::start(engine, Router::new().route("/notes", post(note)), Parts::default()).await;
    let mut browser = town.browser();
    let key = Uuid::now_v7().simple().to_string();
    let first = browser.post_only("/notes", &[("_key", &key), ("word", "一次")]).await;
    let again = browser.post_only("/notes", &[("_key", &key), ("word", "一次")]).await;
    assert_eq!(first.is(303).location(), again.is(303).location());
    browser.post_only("/notes", &[("_key", &key), ("word", "另一份")]).await.is(422);
    browser.post_only("/notes", &[("_key", "none"), ("word", "没有编号")]).await.is(422);
    let mut tx = town.app.db.read().await.expect("a transaction");
    let rows: i64 = tx.row("select count(*) from audit", args![], |r| r.get(0)).await.expect("a count");
    assert_eq!(rows, 1);
});

async fn whoami(asker: session::SignedIn) -> String {
    asker.member().name.clone()
}

fn teacher(account: Uuid) -> Member {
    Member {
        account,
        person: account,
        name: "教师甲".to_owned(),
        role: "teacher".to_owned(),
        role_title: "教师".to_owned(),
        node: account,
        node_name: "测试一小".to_owned(),
        path: "/1/".to_owned(),
        has_other_roles: false,
    }
}

story!(a_session_acts_only_once_its_member_is_known_and_ends_for_all_browsers, |engine| async move {
    let town = TestApp::start(engine, Router::new().route("/me", get(whoami)), Parts::default()).await;
    let account = Uuid::now_v7();
    let member = teacher(account);
    let ctx = town.ctx(Who::Stranger);
    let mut tx = ctx.write().await.expect("a transaction");
    let half = session::start(&ctx, &mut tx, account, None).await.expect("a session");
    let full = session::start(&ctx, &mut tx, account, Some(&member)).await.expect("a session");
    tx.commit().await.expect("commits");
    let me = |cookie: &http::HeaderValue| {
        let pair = cookie.to_str().expect("text").split(';').next().expect("a pair").to_owned();
        let mut headers = http::HeaderMap::new();
        headers.insert(http::header::COOKIE, pair.parse().expect("a cookie"));
        let mut browser = town.browser();
        async move { browser.send(http::Method::GET, "/me", headers, Vec::new()).await }
    };
    assert_eq!(me(&half).await.is(303).location(), "/sign-in?back=%2Fme");
    me(&full).await.shows("教师甲");
    town.clock.advance(TimeDelta::hours(11));
    me(&full).await.shows("教师甲");
    town.clock.advance(TimeDelta::hours(11));
    me(&full).await.shows("教师甲");
    let mut tx = ctx.write().await.expect("a transaction");
    let at = town.ctx(Who::Stranger).at;
    assert_eq!(
        session::end_all(&mut tx, account, at, None).await.expect("ended"),
        1,
        "the other had run out"
    );
    tx.commit().await.expect("commits");
    me(&full).await.is(303);
});

story!(what_is_not_there_keeps_the_frame_of_whoever_is_signed_in, |engine| async move {
    let town = TestApp::start(engine, Router::new().route("/me", get(whoami)), Parts::default()).await;
    let member = teacher(Uuid::now_v7());
    let several = Member { has_other_roles: true, ..member.clone() };
    let of = |member: Member| Who::Member(Box::new(member));
    let one = town.signed_in(&of(member)).await.get("/nowhere").await;
    one.is(404).says("教师甲").says("退出登录").says("没有找到这个页面").hides("切换身份");
    town.signed_in(&of(several)).await.get("/nowhere").await.is(404).says("切换身份");
    town.browser().get("/nowhere").await.is(404).hides("退出登录").hides("切换身份");
});

story!(a_file_is_kept_once_and_damage_shows, |engine| async move {
    let town = TestApp::start(engine, Router::new(), Parts::default()).await;
    let files = &town.app.files;
    let blob = files.put(Bytes::from_static(b"evidence")).await.expect("stored");
    let arriving = files.incoming("upload");
    std::fs::write(&arriving, b"evidence").expect("a file arrives");
    assert_eq!(files.take(&arriving).await.expect("taken"), blob);
    assert!(!arriving.exists());
    let part: Vec<Bytes> =
        files.stream(&blob.digest, 2..5).await.expect("read").try_collect().await.expect("whole");
    assert_eq!(part.concat(), b"ide");
    assert!(files.intact(&blob.digest).await.expect("checked"));
    let (a, rest) = blob.digest.split_at(2);
    let (b, rest) = rest.split_at(2);
    let stored = town.app.config.data.join("files").join(a).join(b).join(rest);
    std::fs::write(stored, b"evidenze").expect("somebody changes it");
    assert!(!files.intact(&blob.digest).await.expect("checked"));
});

story!(a_transaction_with_a_failed_statement_is_never_acknowledged, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut tx = db.write().await.expect("a transaction");
    tx.run(ADD, args![1_i64, "一"]).await.expect("a row");
    assert!(tx.run(ADD, args![1_i64, "又一"]).await.expect_err("the key is taken").is_unique());
    tx.run(ADD, args![2_i64, "二"]).await.expect_err("nothing goes on after a failed statement");
    tx.commit().await.expect_err("the commit must not claim what did not happen");
    assert_eq!(count(&db).await, 0);
});

story!(a_statement_needs_all_its_arguments, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut tx = db.write().await.expect("a transaction");
    tx.run(ADD, args![1_i64]).await.expect_err("the second argument is missing");
});

story!(who_gives_up_while_a_transaction_opens_leaves_none_open, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    for n in 0..20_i64 {
        let _ = futures::FutureExt::now_or_never(db.read());
        let mut tx = db.write().await.expect("a transaction");
        tx.run(ADD, args![n, "写"]).await.expect("not the reading transaction of somebody gone");
        tx.commit().await.expect("commits");
    }
    assert_eq!(count(&db).await, 20);
});

story!(whoever_waits_too_long_for_another_is_told_to_come_again, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    if engine == Engine::Postgres {
        let patience = "select current_setting('lock_timeout')";
        let mut first = db.write().await.expect("a transaction");
        first.run(ADD, args![1_i64, "先"]).await.expect("a row");
        let mut second = db.write().await.expect("a transaction");
        let said: String = second.row(patience, args![], |row| row.get(0)).await.expect("a setting");
        assert_eq!(said, "10s");
        for (briefly, patient) in [(true, "800ms"), (false, "10s"), (true, "800ms")] {
            second.wait_briefly(briefly).await.expect("set");
            let said: String = second.row(patience, args![], |row| row.get(0)).await.expect("a setting");
            assert_eq!(said, patient);
        }
        let told = second.run(ADD, args![1_i64, "后"]).await.expect_err("the first has not ended");
        assert!(matches!(told, DbError::Conflict(_)), "{told:?}");
        first.commit().await.expect("commits");
        let mut alone = db.write_alone().await.expect("a transaction");
        alone.wait_briefly(true).await.expect("nothing to set");
        let said: String = alone.row(patience, args![], |row| row.get(0)).await.expect("a setting");
        assert_eq!(said, "0", "an import waits as long as it takes");
    }
});

story!(what_is_held_is_asked_for_once, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let (has_rivals, one, other) = (engine == Engine::Postgres, Uuid::from_u128(1), Uuid::from_u128(2));
    let mut tx = db.write().await.expect("a transaction");
    assert_eq!(tx.has_rivals(), has_rivals);
    assert_eq!(tx.is_to_hold("thing", [one, one]), has_rivals);
    assert!(!tx.is_to_hold("thing", [one, one]), "it is held");
    assert_eq!(tx.is_to_hold("thing", [one, other]), has_rivals, "another row");
    drop(tx);
    let mut tx = db.write().await.expect("a transaction");
    assert_eq!(tx.is_to_hold("thing", [one, one]), has_rivals, "another transaction");
});

story!(a_long_write_does_not_hold_up_those_who_are_done, |engine| async move {
    let (_scratch, db) = with_table(engine).await;
    let mut first = db.write().await.expect("a transaction");
    first.run(ADD, args![1_i64, "先"]).await.expect("a row");
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (end, may_end) = tokio::sync::oneshot::channel::<()>();
    let long = tokio::spawn({
        let db = db.clone();
        async move {
            let mut tx = db.write_alone().await.expect("a transaction");
            begun.send(()).expect("somebody listens");
            tx.run(ADD, args![2_i64, "长"]).await.expect("a row");
            may_end.await.expect("the story goes on");
            tx.commit().await.expect("commits");
        }
    });
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let told = tokio::time::timeout(Duration::from_secs(20), first.commit()).await;
    told.expect("told while the long one is at work").expect("durable");
    has_begun.await.expect("the long one begins");
    assert_eq!(count(&db).await, 1);
    end.send(()).expect("the long one waits");
    long.await.expect("the long one ends");
    assert_eq!(count(&db).await, 2);
});

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_the_engine_undoes_takes_nobody_with_it_unheard() {
    let (_scratch, db) = with_table(Engine::Sqlite).await;
    let mut first = db.write().await.expect("a transaction");
    first.run(ADD, args![1_i64, "先"]).await.expect("a row");
    let (go, may_go) = tokio::sync::oneshot::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel::<()>();
    let second = tokio::spawn({
        let db = db.clone();
        async move {
            let mut tx = db.write().await.expect("a transaction");
            begun.send(()).expect("the third waits");
            may_go.await.expect("the story goes on");
            let undone = "insert or rollback into thing (n, word) values ($1, 'x')";
            tx.run(undone, args![1_i64]).await.expect_err("the key is taken");
            tx.commit().await.expect_err("the engine has undone it");
        }
    });
    let third = tokio::spawn({
        let db = db.clone();
        async move {
            has_begun.await.expect("the second begins");
            let mut tx = db.write().await.expect("a transaction");
            tx.run(ADD, args![3_i64, "后"]).await.expect("a row");
            tx.commit().await
        }
    });
    let first = tokio::spawn(first.commit());
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    go.send(()).expect("the second waits");
    second.await.expect("ends");
    let told = [first.await.expect("ends").is_ok(), third.await.expect("ends").is_ok()];
    let promised = i64::from(told[0]) + i64::from(told[1]);
    assert_eq!(count(&db).await, promised, "told {told:?}");
    assert!(told[1], "whoever comes after has a transaction of their own");
}

async fn burst(_: Ctx, _: Claimed) -> Result<(), JobError> {
    panic!("a handler with a mistake")
}

story!(a_job_that_panics_has_failed_and_the_worker_goes_on, |engine| async move {
    let handlers = Handlers::default().job("burst", burst).job("greet", greet);
    let town = TestApp::with_handlers(engine, Router::new(), Parts::default(), handlers).await;
    let at = town.app.now();
    let mut tx = town.app.db.write().await.expect("a transaction");
    let bad = jobs::enqueue(&mut tx, at, "burst", "1", &"").await.expect("a job");
    let good = jobs::enqueue(&mut tx, at, "greet", "2", &"教师乙").await.expect("a job");
    tx.commit().await.expect("commits");
    town.settle().await;
    let mut tx = town.app.db.read().await.expect("a transaction");
    let bad = jobs::state(&mut tx, bad).await.expect("read").expect("there");
    assert!(bad.error.is_some_and(|error| error.contains("panic")), "the failure is kept");
    assert!(jobs::state(&mut tx, good).await.expect("read").expect("there").done_at.is_some());
});

/// What a job of a story waits for and says, by the engine of the story.
static WORKSHOP: [tokio::sync::Semaphore; 4] = [const { tokio::sync::Semaphore::const_new(0) }; 4];

async fn labour(_: Ctx, claimed: Claimed) -> Result<(), JobError> {
    let place: usize = claimed.payload()?;
    WORKSHOP[place].add_permits(1);
    WORKSHOP[place + 1].acquire().await.map_err(|e| JobError(e.to_string()))?.forget();
    Ok(())
}

story!(stopping_ends_the_job_in_hand_and_gives_back_the_others, |engine| async move {
    let handlers = Handlers::default().job("labour", labour);
    let town = TestApp::start(engine, Router::new(), Parts::default()).await;
    let place: usize = if engine == Engine::Sqlite { 0 } else { 2 };
    let at = town.app.now();
    let mut tx = town.app.db.write().await.expect("a transaction");
    let first = jobs::enqueue(&mut tx, at, "labour", "1", &place).await.expect("a job");
    let second = jobs::enqueue(&mut tx, town.app.now(), "labour", "2", &place).await.expect("a job");
    tx.commit().await.expect("commits");
    let (stop, stopping) = watch::channel(false);
    let rest = Duration::from_millis(1);
    let worker = tokio::spawn(jobs::run_until(Arc::clone(&town.app), handlers, rest, stopping));
    WORKSHOP[place].acquire().await.expect("the first job begins").forget();
    stop.send_replace(true);
    WORKSHOP[place + 1].add_permits(1);
    worker.await.expect("the worker returns by itself");
    let mut tx = town.app.db.read().await.expect("a transaction");
    assert!(jobs::state(&mut tx, first).await.expect("read").expect("there").done_at.is_some());
    let leased: i64 = tx
        .row("select count(*) from job where lease_until is not null", args![], |r| r.get(0))
        .await
        .expect("a count");
    let second = jobs::state(&mut tx, second).await.expect("read").expect("there");
    assert_eq!((leased, second.done_at), (0, None), "the other waits for the next worker");
});

story!(several_sealers_make_one_chain, |engine| async move {
    let town = TestApp::start(engine, Router::new(), Parts::default()).await;
    for round in 0..10 {
        for _ in 0..5 {
            act(&town.system(), Uuid::now_v7(), &format!("第 {round} 轮")).await;
        }
        let sealers = (0..6).map(|_| {
            let app = Arc::clone(&town.app);
            tokio::spawn(async move { audit::seal(&app.db, app.now()).await })
        });
        for sealer in sealers.collect::<Vec<_>>() {
            sealer.await.expect("ends").expect("nobody fails because another was faster");
        }
    }
    assert_eq!(audit::verify(&town.app.db).await.expect("walked"), Chain::Whole(50));
});

story!(what_is_past_its_keeping_is_swept_and_nothing_else, |engine| async move {
    let handlers = Handlers::default().job("greet", greet).reaction("arrived", "greet");
    let rooms = Router::new().route("/notes", post(note));
    let town = TestApp::with_handlers(engine, rooms, Parts::default(), handlers).await;
    town.browser().post_only("/notes", &[("word", "旧")]).await.is(303);
    let mut tx = town.app.db.write().await.expect("a transaction");
    jobs::emit(&mut tx, town.app.now(), "arrived", &"教师丙").await.expect("an event");
    session::start(&town.system(), &mut tx, Uuid::now_v7(), None).await.expect("a session");
    tx.commit().await.expect("commits");
    town.settle().await;
    assert_eq!(sweep::sweep(&town.app, town.app.now()).await.expect("swept").rows, 0);
    town.clock.advance(TimeDelta::days(8));
    let swept = sweep::sweep(&town.app, town.app.now()).await.expect("swept");
    assert_eq!(swept.rows, 3, "the submission, the event, the session");
    town.clock.advance(TimeDelta::days(23));
    assert_eq!(sweep::sweep(&town.app, town.app.now()).await.expect("swept").rows, 1, "the job");
    let mut tx = town.app.db.read().await.expect("a transaction");
    let rows: i64 = tx.row("select count(*) from audit", args![], |r| r.get(0)).await.expect("a count");
    assert_eq!(rows, 1, "the trail stays");
});

async fn fall() -> Answer {
    panic!("a page with a mistake")
}

fn with_header(name: http::HeaderName, value: &str) -> http::HeaderMap {
    http::HeaderMap::from_iter([(name, value.parse().expect("a header"))])
}

story!(two_buttons_of_one_page_are_two_submissions, |engine| async move {
    let rooms = Router::new().route("/notes", post(note)).route("/others", post(note));
    let town = TestApp::start(engine, rooms, Parts::default()).await;
    let mut browser = town.browser();
    let key = Uuid::now_v7().simple().to_string();
    browser.post_only("/notes", &[("_key", &key)]).await.is(303);
    browser.post_only("/others", &[("_key", &key)]).await.is(422);
    let mut tx = town.app.db.read().await.expect("a transaction");
    let digest: String =
        tx.row("select digest from idempotency", args![], |r| r.get(0)).await.expect("one row");
    let bare = Fields::default().sent_to("/notes").digest();
    assert_ne!(digest, bare, "what was typed cannot be searched for in the table");
});

story!(every_answer_is_guarded_also_those_of_the_frame, |engine| async move {
    let rooms = Router::new().route("/fall", get(fall)).route("/notes", post(note));
    let town = TestApp::start(engine, rooms, Parts::default()).await;
    let mut browser = town.browser();
    let fallen = browser.get("/fall").await;
    let missing = browser.get("/nowhere").await;
    let strange = with_header(http::header::ORIGIN, "http://elsewhere.test");
    let refused = browser.send(http::Method::POST, "/notes", strange, Vec::new()).await;
    assert!(refused.text().contains("没有执行"), "the refusal is a page: {}", refused.text());
    for (answer, status) in [(fallen, 500), (missing, 404), (refused, 403)] {
        answer.is(status);
        assert!(answer.headers.contains_key("content-security-policy"), "{}", answer.path);
        assert_eq!(answer.headers["cache-control"], "no-store");
        assert!(!answer.headers.contains_key("strict-transport-security"), "this installation is plain http");
    }
    let zero = browser.get("/nowhere?q=%00").await;
    zero.is(404);
});

story!(over_https_every_cookie_is_secure, |engine| async move {
    let rooms = Router::new().route("/notes", post(note)).route("/me", get(whoami));
    let town = TestApp::with_public_url(engine, rooms, "https://tisheng.test").await;
    let ours = with_header(http::header::ORIGIN, "https://tisheng.test");
    let body = format!("_key={}", Uuid::now_v7()).into_bytes();
    let saved = town.browser().send(http::Method::POST, "/notes", ours, body).await;
    saved.is(303);
    assert!(saved.headers.contains_key("strict-transport-security"));
    let flash = saved.headers["set-cookie"].to_str().expect("text");
    assert!(flash.starts_with("tisheng_flash=") && flash.ends_with("; Secure"), "{flash}");
    let ctx = town.system();
    let mut tx = ctx.write().await.expect("a transaction");
    let cookie = session::start(&ctx, &mut tx, Uuid::now_v7(), None).await.expect("a session");
    let cookie = cookie.to_str().expect("text");
    assert!(cookie.starts_with("__Host-") && cookie.contains("; HttpOnly") && cookie.contains("; Secure"));
});

story!(a_session_ends_in_the_end_and_halfway_soon, |engine| async move {
    let town = TestApp::start(engine, Router::new().route("/me", get(whoami)), Parts::default()).await;
    let ctx = town.ctx(Who::Stranger);
    let account = Uuid::now_v7();
    let mut tx = ctx.write().await.expect("a transaction");
    let full = session::start(&ctx, &mut tx, account, Some(&teacher(account))).await.expect("a session");
    session::start(&ctx, &mut tx, account, None).await.expect("a session");
    tx.commit().await.expect("commits");
    let open = "select count(*) from session where expires_at > $1";
    town.clock.advance(TimeDelta::minutes(31));
    let mut tx = ctx.read().await.expect("a transaction");
    let left: i64 = tx.row(open, args![town.app.now()], |r| r.get(0)).await.expect("a count");
    assert_eq!(left, 1, "the second factor was awaited too long");
    drop(tx);
    let pair = full.to_str().expect("text").split(';').next().expect("a pair").to_owned();
    let mut days = 0;
    loop {
        let cookie = with_header(http::header::COOKIE, &pair);
        let seen = town.browser().send(http::Method::GET, "/me", cookie, Vec::new()).await;
        if seen.status == http::StatusCode::SEE_OTHER {
            break;
        }
        town.clock.advance(TimeDelta::hours(8));
        days += 1;
        assert!(days < 100, "a session in use never ends");
    }
    assert!(days > 18, "a session in use ends after {days} thirds of a day");
});

async fn film(State(app): State<Arc<App>>, headers: http::HeaderMap) -> Answer {
    let blob = app.files.put(Bytes::from(vec![b'a'; 5000])).await?;
    serve::stored(&app, &headers, &blob, "text/plain", "课堂 \"一\"\r\n.txt", serve::Disposition::Inline)
        .await
}

story!(a_stored_file_goes_in_parts_and_as_it_is, |engine| async move {
    let town = TestApp::start(engine, Router::new().route("/film", get(film)), Parts::default()).await;
    let mut browser = town.browser();
    let mut asked = with_header(http::header::ACCEPT_ENCODING, "gzip");
    let whole = browser.send(http::Method::GET, "/film", asked.clone(), Vec::new()).await;
    assert_eq!((whole.bytes.len(), whole.headers.get("content-encoding")), (5000, None));
    assert_eq!(whole.headers["accept-ranges"], "bytes");
    assert_eq!(whole.headers["content-security-policy"], "default-src 'none'; sandbox");
    asked.insert(http::header::RANGE, "bytes=10-19".parse().expect("a header"));
    let part = browser.send(http::Method::GET, "/film", asked.clone(), Vec::new()).await;
    part.is(206);
    assert_eq!(
        (part.bytes.len(), &part.headers["content-range"]),
        (10, &"bytes 10-19/5000".parse().expect("a header"))
    );
    asked.insert(http::header::RANGE, "bytes=5000-".parse().expect("a header"));
    browser.send(http::Method::GET, "/film", asked, Vec::new()).await.is(416);
});

story!(an_asset_is_kept_for_ever_under_its_own_digest_alone, |engine| async move {
    let town = TestApp::start(engine, Router::new(), Parts::default()).await;
    let mut browser = town.browser();
    let own = browser.get(&assets::address("app.css")).await;
    assert!(own.headers["cache-control"].to_str().expect("text").contains("immutable"));
    let newer = browser.get("/assets/app.css?v=000000000000").await;
    assert_eq!(newer.headers["cache-control"], "no-cache");
    browser.get("/assets/..%2Fapp.css").await.is(404);
});
