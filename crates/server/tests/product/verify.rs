//! What `tisheng verify` finds, and what `tisheng mend` mends.

use tisheng_assessment::certificate::{self, Proven};
use tisheng_assessment::evidence::samples::hand_in;
use tisheng_assessment::evidence::stored_files;
use tisheng_platform::{App, args, audit};
use tisheng_policy::scheme::samples::{owned, programme};
use tisheng_registry::samples::small_town;
use tisheng_rules::samples::third_scheme_files;
use tisheng_server::verify::{Oracle, data, mend, offline, report};
use tisheng_testkit::{TestApp, story};
use tisheng_training::samples::{choose, fulfil_hours, publish_offer};

use crate::world::{World, whole};

/// A small town in which a teacher has chosen, learnt and handed in.
async fn filled(engine: tisheng_testkit::Engine) -> TestApp {
    let test = whole(engine).await;
    let system = test.system();
    let town = small_town(&system).await.expect("a town");
    test.clock.advance(chrono::TimeDelta::days(3 * 365));
    let system = test.system();
    let files = owned(third_scheme_files());
    let programme = programme(&system, &town.province, &files).await.expect("a programme");
    for school in &town.schools {
        publish_offer(&test.app, &programme, school).await.expect("an offer");
    }
    let teacher = &town.school().teachers[0];
    let chosen = choose(&test.app, &programme, teacher).await.expect("a choice");
    let author = test.ctx(teacher.who());
    for capability in &chosen {
        hand_in(&author, capability).await.expect("handed in");
    }
    let day = system.at.date() - chrono::Days::new(30);
    fulfil_hours(&system, &programme, teacher.person, ("h", day)).await.expect("hours");
    test.settle().await;
    mend(&test.app).await.expect("worked out");
    audit::seal(&test.app.db, test.app.now()).await.expect("sealed");
    test
}

async fn tamper(app: &App, statement: &'static str) {
    let mut tx = app.db.write().await.expect("a transaction");
    assert!(tx.run(statement, args![]).await.expect("changed") > 0, "{statement}");
    tx.commit().await.expect("commits");
}

/// The beginnings of the lines of oracles that found something wrong.
async fn wrong(test: &TestApp) -> Vec<String> {
    let oracles = data(&test.app).await.expect("looked");
    let wrong = oracles.iter().filter(|oracle| !oracle.wrong.is_empty());
    wrong.map(|oracle| oracle.what.split(" of 0").next().unwrap_or_default().to_owned()).collect()
}

story!(everything_that_must_hold_is_looked_at, |engine| async move {
    let world = World::begin(engine).await;
    mend(&world.test.app).await.expect("worked out");
    audit::seal(&world.test.app.db, world.test.app.now()).await.expect("sealed");
    let oracles = data(&world.test.app).await.expect("looked");
    let lines: Vec<String> = oracles.iter().map(Oracle::line).collect();
    assert_eq!(lines.len(), 16, "{lines:?}");
    for oracle in &oracles {
        assert!(oracle.wrong.is_empty() && oracle.count > 0, "{lines:?}");
    }
});

story!(a_thing_that_moved_without_a_word_in_the_trail_is_found, |engine| async move {
    let test = filled(engine).await;
    let trail = "transitions in the audit trail".to_owned();
    assert!(!wrong(&test).await.contains(&trail));
    // Handed in, says the submission; never, or twice, says the trail.
    tamper(&test.app, "update audit set action = 'evidence.begun' where action = 'evidence.submitted'").await;
    let oracles = data(&test.app).await.expect("looked");
    let found = oracles.iter().find(|oracle| oracle.what == trail).expect("an oracle");
    let of_works = |one: &String| one.starts_with("evidence.submitted of ");
    assert!(found.wrong.iter().all(of_works), "{found:?}");
    assert!(!found.wrong.is_empty(), "{found:?}");
    tamper(&test.app, "update audit set action = 'evidence.submitted' where action = 'evidence.begun'").await;
    assert!(wrong(&test).await.contains(&trail), "begun and handed in are told as handed in twice");
});

story!(a_changed_row_is_found_and_what_is_derived_is_mended, |engine| async move {
    let test = filled(engine).await;
    let tampered = [
        (
            "update hour_total set seconds = seconds + 2700 where seconds = (select max(seconds) from hour_total)",
            "totals of hours",
        ),
        ("update standing set score = score + 1", "standings"),
        ("update school_figure set chosen = chosen + 1", "figures of schools"),
    ];
    for (statement, what) in tampered {
        tamper(&test.app, statement).await;
        assert!(wrong(&test).await.contains(&what.to_owned()), "{what}");
        mend(&test.app).await.expect("mended");
        assert_eq!(wrong(&test).await, [""; 0], "{what}");
    }
});

story!(a_certificate_that_stands_where_its_holder_is_not_is_found_and_put_there, |engine| async move {
    let world = World::begin(engine).await;
    let test = &world.test;
    mend(&test.app).await.expect("worked out");
    let places = "places of certificates".to_owned();
    assert!(!wrong(test).await.contains(&places));
    for astray in [
        "update certificate set path = (select n.path from node n where n.kind = 'city' order by n.path limit 1)",
        "update certificate set county = ''",
        "update certificate set city = '/88/'",
    ] {
        tamper(&test.app, astray).await;
        assert!(wrong(test).await.contains(&places), "{astray}");
        mend(&test.app).await.expect("mended");
        assert!(!wrong(test).await.contains(&places), "{astray}");
    }
});

story!(a_ruling_of_whoever_made_the_work_is_named, |engine| async move {
    let test = filled(engine).await;
    let rulings = "objections and rulings".to_owned();
    assert!(!wrong(&test).await.contains(&rulings));
    let seat = "insert into review (programme, id, submission, step, duty, reviewer, pool, blind, state, drawn_at,
            marks, remark)
        select programme, id, id, step, 'chair', person, '', false, 'open', submitted_at, '[]', '' from submission
        where submitted_at is not null";
    tamper(&test.app, seat).await;
    assert!(wrong(&test).await.contains(&rulings));
});

story!(what_is_derived_from_nothing_is_named, |engine| async move {
    let test = filled(engine).await;
    let mut tx = test.app.db.read().await.expect("a transaction");
    let (digest, _) = stored_files(&mut tx, "").await.expect("listed").remove(0);
    drop(tx);
    let place = test.app.config.data.join("files").join(&digest[..2]).join(&digest[2..4]).join(&digest[4..]);
    std::fs::write(place, b"something else").expect("written over");
    let oracles = data(&test.app).await.expect("looked");
    let files = oracles.iter().find(|oracle| oracle.what == "stored files").expect("an oracle");
    assert_eq!(files.wrong, [digest]);
    assert!(files.line().contains("from a backup"), "{}", files.line());

    let frozen = "update evidence_item set body = body || '，后来添上的' where kind = 'text'";
    tamper(&test.app, frozen).await;
    assert_eq!(wrong(&test).await, ["frozen evidence", "stored files"]);

    tamper(&test.app, "update audit set detail = 'something else'").await;
    assert_eq!(wrong(&test).await, ["audit trail", "frozen evidence", "stored files"]);
});

story!(a_document_is_proven_whole_and_refused_when_changed, |engine| async move {
    let world = World::begin(engine).await;
    let mut holder = world.browser(world.finisher()).await;
    let number = world.things["{number}"].clone();
    let document = holder.get(&format!("/certificates/{number}/pdf")).await.bytes.to_vec();
    let key = certificate::public_key(&world.test.app.keys);
    let proven = offline(&document, &key).expect("proven");
    let told = report(&proven);
    assert!(told[0].contains("整个文件自签发后都没有改动"), "{}", told[0]);
    assert!(told.contains(&format!("编号：{number}")), "{told:?}");
    assert!(told.iter().all(|line| !line.contains("signature")), "one language: {told:?}");
    let early = report(&Proven { whole: false, ..proven });
    assert!(early[0].starts_with("请与页面逐项比对"), "first what to do: {}", early[0]);

    let appended = [&document[..], b"\n9 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"].concat();
    let mut changed = document.clone();
    changed[document.len() / 2] ^= 1;
    for forged in [appended, changed] {
        let said = offline(&forged, &key).expect_err("another file");
        assert!(said.contains("文件被改动过"), "{said}");
    }
});

#[test]
fn a_file_that_is_no_certificate_is_refused_with_a_sentence() {
    assert!(
        offline(b"%PDF-1.7 startxref 0 %%EOF", &[0; 32]).is_err_and(|said| said.contains("没有签名信息"))
    );
    assert!(offline(b"%TISHENG1.e30.AAAA\n", &[0; 32]).is_err_and(|said| said.contains("签名不符")));
}
