//! Columns, scores, results and members, as a tool uses them.

use http::Method;
use serde_json::{Value, json};
use tisheng_platform::args;
use tisheng_testkit::{Seen, story};
use tisheng_training::course::Counts;

use super::scene::{Scene, line_of};
use super::tool::key;
use crate::lti::names::{claim, scope};
use crate::lti::{check_scores, mend_scores};

fn said(seen: &Seen) -> Value {
    serde_json::from_str(&seen.html()).unwrap_or_else(|_| panic!("{}: {}", seen.path, seen.text()))
}

story!(a_tool_keeps_columns_of_its_own, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let message = scene.launched(teacher, "n-1").await;
    let access = scene.token().await;
    let lines = message[claim::GRADES]["lineitems"].as_str().expect("an address").to_owned();
    let own = line_of(&message);
    let all = said(scene.asks(&access, Method::GET, &lines, &Value::Null).await.is(200));
    assert_eq!(all.as_array().map(Vec::len), Some(1));
    assert_eq!((&all[0]["id"], &all[0]["label"]), (&json!(own), &json!("课程一")));
    assert_eq!(all[0]["resourceLinkId"], scene.course.to_string());

    let new = json!({ "label": "小测", "scoreMaximum": 20, "tag": "quiz", "resourceId": "r1" });
    let made = scene.asks(&access, Method::POST, &lines, &new).await;
    let made = said(made.is(201));
    let quiz = made["id"].as_str().expect("an address").to_owned();
    assert!(made.get("resourceLinkId").is_none());
    let by_tag = said(&scene.asks(&access, Method::GET, &format!("{lines}?tag=quiz"), &Value::Null).await);
    assert_eq!(by_tag.as_array().map(Vec::len), Some(1));
    let by_link = format!("{lines}?resource_link_id={}", scene.course);
    let by_link = said(&scene.asks(&access, Method::GET, &by_link, &Value::Null).await);
    assert_eq!(by_link[0]["id"], json!(own));
    let changed = json!({ "label": "大测", "scoreMaximum": 40, "tag": "quiz", "resourceLinkId": "" });
    scene.asks(&access, Method::PUT, &quiz, &changed).await.is(200).says("大测");
    scene.asks(&access, Method::GET, &quiz, &Value::Null).await.is(200).says("40");

    // A column that is not bound to the link leads to no hours.
    let score = scene.score(&message, 0, 20.0);
    scene.asks(&access, Method::POST, &format!("{quiz}/scores"), &score).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    let results = said(&scene.asks(&access, Method::GET, &format!("{quiz}/results"), &Value::Null).await);
    assert_eq!((&results[0]["userId"], &results[0]["resultScore"]), (&message["sub"], &json!(40.0)));
    let one = results[0]["id"].as_str().expect("an address").to_owned();
    assert_eq!(said(scene.asks(&access, Method::GET, &one, &Value::Null).await.is(200)), results);
    scene.asks(&access, Method::DELETE, &quiz, &Value::Null).await.is(204);
    scene.asks(&access, Method::GET, &quiz, &Value::Null).await.is(404);
    scene.asks(&access, Method::DELETE, &own, &Value::Null).await.is(403);

    // One that is bound to it is of a chapter, such as a quiz; the course has its own.
    let bound = json!({ "label": "结业", "scoreMaximum": 100, "resourceLinkId": scene.course.to_string() });
    let bound = said(scene.asks(&access, Method::POST, &lines, &bound).await.is(201));
    let scores = format!("{}/scores", bound["id"].as_str().expect("an address"));
    scene.asks(&access, Method::POST, &scores, &score).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    let mut part = scene.score(&message, 0, 20.0);
    part["activityProgress"] = json!("InProgress");
    scene.asks(&access, Method::POST, &format!("{own}/scores"), &part).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0, "a part is not the whole");
    let whole = scene.score(&message, 1, 20.0);
    scene.asks(&access, Method::POST, &format!("{own}/scores"), &whole).await.is(204);
    assert_eq!(scene.counted(teacher).await, scene.platform.length.seconds());

    for wrong in [
        json!({ "scoreMaximum": 10 }),
        json!({ "label": "甲" }),
        json!({ "label": "甲", "scoreMaximum": 0 }),
        json!({ "label": "甲", "scoreMaximum": 10, "resourceLinkId": "another" }),
        json!({ "label": "甲".repeat(300), "scoreMaximum": 10 }),
        json!([]),
    ] {
        scene.asks(&access, Method::POST, &lines, &wrong).await.is(400).says("invalid_request");
    }
    scene.asks(&access, Method::PATCH, &lines, &Value::Null).await.is(405);
});

story!(scores_that_cannot_be_are_named, |engine| async move {
    let scene = Scene::begin(engine).await;
    let message = scene.launched(scene.teacher(), "n-1").await;
    let access = scene.token().await;
    let scores = format!("{}/scores", line_of(&message));
    let good = scene.score(&message, 0, 20.0);
    for (name, value, word) in [
        ("timestamp", json!("2150-01-01T00:00:00Z"), "future"),
        ("timestamp", json!(7), "timestamp"),
        ("activityProgress", json!("Done"), "activityProgress"),
        ("gradingProgress", Value::Null, "gradingProgress"),
        ("scoreMaximum", json!(-5), "scoreMaximum"),
        ("scoreGiven", json!("20"), "scoreGiven"),
    ] {
        let mut wrong = good.clone();
        wrong[name] = value;
        scene.asks(&access, Method::POST, &scores, &wrong).await.is(400).says(word);
    }
    let mut stranger = good.clone();
    stranger["userId"] = json!("somebody");
    scene.asks(&access, Method::POST, &scores, &stranger).await.is(404);
    stranger["userId"] = json!("some\0body");
    scene.asks(&access, Method::POST, &scores, &stranger).await.is(400);
    let mut other = good.clone();
    other["scoreGiven"] = json!(3);
    scene.asks(&access, Method::POST, &scores, &good).await.is(204);
    // Of one moment the one that came last stands, and one that came before changes nothing.
    scene.asks(&access, Method::POST, &scores, &other).await.is(204);
    scene.asks(&access, Method::POST, &scores, &good).await.is(204);
    let results = scores.replace("/scores", "/results");
    scene.asks(&access, Method::GET, &results, &Value::Null).await.is(200).says("\"resultScore\":15.0");
    scene.asks(&access, Method::GET, &scores, &Value::Null).await.is(405);

    // Time that a submission took.
    let minutes = |m: i64| (scene.test.app.now() + chrono::TimeDelta::minutes(-m)).iso();
    let mut worked = scene.score(&message, 90, 20.0);
    worked["submission"] = json!({ "startedAt": minutes(50), "submittedAt": minutes(10) });
    scene.asks(&access, Method::POST, &scores, &worked).await.is(204);
    let mut tx = scene.test.app.db.read().await.expect("a transaction");
    let sql = "select spent from learning_fact where happened = 'spent'";
    let spent = tx.row(sql, tisheng_platform::args![], |row| row.get::<i64>(0)).await;
    assert_eq!(spent.expect("a fact"), 40 * 60);
    drop(tx);
    let system = scene.test.system();
    assert_eq!(check_scores(&system, 9).await.expect("checked"), (1, Vec::new()));
    for (lost, again) in [
        ("update learning_fact set voided_at = 1 where happened = 'completed'", "completed"),
        ("update learning_fact set permille = 1 where happened = 'passed'", "passed"),
        ("update learning_fact set spent = 1 where happened = 'spent'", "spent"),
        ("update learning_fact set happened = 'started' where happened = 'completed'", "completed"),
    ] {
        let mut tx = scene.test.app.db.write().await.expect("a transaction");
        tx.run(lost, tisheng_platform::args![]).await.expect("tampered");
        tx.commit().await.expect("commits");
        let (count, wrong) = check_scores(&system, 9).await.expect("checked");
        assert_eq!((count, wrong.len()), (1, 1), "{again} that is lost is found");
        scene.score_again(&message, &access).await;
        assert_eq!(check_scores(&system, 9).await.expect("checked").1, Vec::<String>::new());
    }
});

story!(two_scores_of_one_second_lose_nothing, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let message = scene.launched(teacher, "n-1").await;
    let access = scene.token().await;
    let scores = format!("{}/scores", line_of(&message));
    let hour = scene.platform.length.seconds();
    let of = |fraction: &str, given: f64| {
        let mut score = scene.score(&message, 0, given);
        let at = scene.test.app.now() + chrono::TimeDelta::hours(-1);
        let second = at.iso().chars().take(19).collect::<String>();
        score["timestamp"] = json!(format!("{second}{fraction}+08:00"));
        score
    };
    let sends = async |score: &Value| scene.asks(&access, Method::POST, &scores, score).await;
    // Not handed in well, well, and not well again: the last word of the second counts.
    sends(&of(".5", 5.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    sends(&of(".5", 18.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, hour);
    sends(&of(".5", 18.0)).await.is(204);
    sends(&of(".5", 5.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, hour, "it came before, and comes again");
    sends(&of(".5", 4.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, 0);
    // Every digit of the moment counts.
    sends(&of(".500000002", 17.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, hour);
    sends(&of(".500000001", 3.0)).await.is(409).says("later timestamp");
    sends(&of(".4999", 3.0)).await.is(409);
    assert_eq!(scene.counted(teacher).await, hour);
    let (count, wrong) = check_scores(&scene.test.system(), 9).await.expect("checked");
    assert_eq!((count, wrong), (1, Vec::new()));
    // More different ones of one moment than anybody means are refused, and cost nothing.
    for given in 0..19 {
        sends(&of(".6", f64::from(given))).await.is(204);
    }
    sends(&of(".6", 19.0)).await.is(204);
    sends(&of(".6", 20.0)).await.is(409).says("too many");
    assert_eq!(scene.counted(teacher).await, hour);
});

story!(what_a_tool_takes_back_counts_no_more, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let message = scene.launched(teacher, "n-1").await;
    let access = scene.token().await;
    let scores = format!("{}/scores", line_of(&message));
    let hour = scene.platform.length.seconds();
    let mut second = 0;
    let mut sends = async |changes: Value| {
        second += 10;
        let mut score = scene.score(&message, second, 18.0);
        for (name, value) in changes.as_object().expect("an object") {
            score[name] = value.clone();
        }
        scene.asks(&access, Method::POST, &scores, &score).await.is(204);
        let wrong = check_scores(&scene.test.system(), 9).await.expect("checked").1;
        assert_eq!(wrong, Vec::<String>::new(), "{changes}");
        scene.counted(teacher).await
    };
    for back in [
        json!({ "activityProgress": "InProgress" }),
        json!({ "gradingProgress": "Failed" }),
        json!({ "gradingProgress": "NotReady" }),
        json!({ "scoreGiven": null }),
    ] {
        assert_eq!(sends(json!({})).await, hour);
        assert_eq!(sends(json!({ "gradingProgress": "PendingManual" })).await, hour, "it is being graded");
        assert_eq!(sends(back.clone()).await, 0, "{back}");
    }
    assert_eq!(sends(json!({})).await, hour, "and may say it again");
    assert!(scene.recorded("learning.voided").await >= 4);
    let mut browser = scene.browser(teacher).await;
    browser.get("/hours/where?q=课程一").await.shows("撤回这条记录");
});

story!(what_is_taken_back_counts_by_no_terms, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let completed = scene.offers("K7", Counts::Completed).await;
    let timed = scene.offers("K8", Counts::Time).await;
    let access = scene.token().await;
    let now = scene.test.app.now();
    let minutes = |m: i64| (now + chrono::TimeDelta::minutes(-m)).iso();
    let mut second = 0;
    let mut sends = async |message: &Value, changes: Value| {
        second += 10;
        let mut score = scene.score(message, second, 18.0);
        for (name, value) in changes.as_object().expect("an object") {
            score[name] = value.clone();
        }
        let scores = format!("{}/scores", line_of(message));
        scene.asks(&access, Method::POST, &scores, &score).await.is(204);
        let wrong = check_scores(&scene.test.system(), 9).await.expect("checked").1;
        assert_eq!(wrong, Vec::<String>::new(), "{changes}");
        scene.counted(teacher).await
    };
    let message = scene.launched_in(teacher, completed, "n-1").await;
    let hour = scene.platform.length.seconds();
    let unscored = |activity: &str| json!({ "activityProgress": activity, "scoreGiven": null });
    assert_eq!(sends(&message, unscored("Completed")).await, hour);
    assert_eq!(sends(&message, json!({ "gradingProgress": "Failed" })).await, hour, "completed all the same");
    assert_eq!(sends(&message, unscored("InProgress")).await, 0);
    assert_eq!(sends(&message, unscored("Completed")).await, hour);

    let message = scene.launched_in(teacher, timed, "n-2").await;
    let worked = |activity: &str, end: i64| {
        let mut said = unscored(activity);
        said["submission"] = json!({ "startedAt": minutes(300), "submittedAt": minutes(end) });
        said
    };
    assert_eq!(sends(&message, worked("Submitted", 260)).await, hour + 40 * 60);
    assert_eq!(sends(&message, unscored("InProgress")).await, hour + 40 * 60, "what was worked stays");
    assert_eq!(sends(&message, worked("Submitted", 270)).await, hour + 30 * 60, "corrected");
    assert_eq!(sends(&message, worked("Started", 270)).await, hour, "not handed in");
    assert_eq!(sends(&message, worked("Completed", 260)).await, hour + 40 * 60);
});

story!(a_late_score_is_refused_and_changes_nothing, |engine| async move {
    // Assignment and Grade Services 2.0, 3.4.9: "The platform MUST NOT update a result if the last timestamp
    // on record is later than the incoming score update. It may just ignore the incoming score update". What
    // it answers is left open; 409 says which of the two stands, and a tool that waits for a success it
    // cannot have stops trying. A repeat of a score that was taken before the last is late like any other.
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let message = scene.launched(teacher, "n-1").await;
    let access = scene.token().await;
    let scores = format!("{}/scores", line_of(&message));
    let results = scores.replace("/scores", "/results");
    let (first, second) = (scene.score(&message, 10, 18.0), scene.score(&message, 20, 5.0));
    scene.asks(&access, Method::POST, &scores, &first).await.is(204);
    scene.asks(&access, Method::POST, &scores, &second).await.is(204);
    let stands = said(scene.asks(&access, Method::GET, &results, &Value::Null).await.is(200));
    let counted = scene.counted(teacher).await;
    for _ in 0..2 {
        scene.asks(&access, Method::POST, &scores, &first).await.is(409).says("later timestamp");
    }
    scene.asks(&access, Method::POST, &scores, &second).await.is(204);
    assert_eq!(said(&scene.asks(&access, Method::GET, &results, &Value::Null).await), stands);
    assert_eq!(scene.counted(teacher).await, counted);
    // "reverted to 'V1', then the revert MUST have a timestamp 'T3'": it is a score of its own.
    let third = scene.score(&message, 30, 18.0);
    scene.asks(&access, Method::POST, &scores, &third).await.is(204);
    assert_eq!(scene.counted(teacher).await, scene.platform.length.seconds());
    assert_eq!(check_scores(&scene.test.system(), 9).await.expect("checked"), (1, Vec::new()));
});

story!(what_was_taken_back_before_is_mended_once, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let message = scene.launched(teacher, "n-1").await;
    let access = scene.token().await;
    let scores = format!("{}/scores", line_of(&message));
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 10, 18.0)).await.is(204);
    let hour = scene.platform.length.seconds();
    assert_eq!(scene.counted(teacher).await, hour);
    let system = scene.test.system();
    assert_eq!(mend_scores(&system).await.expect("looked"), 0, "nothing is wrong");

    // As an earlier release left it: the score that takes everything back is kept, and nothing is voided.
    let mut tx = scene.test.app.db.write().await.expect("a transaction");
    let kept =
        "update lti_score set activity = 'Initialized', grading = 'NotReady', given = null, most = null,
        at = at + 1000000, record = record || 'x'";
    assert_eq!(tx.run(kept, args![]).await.expect("kept"), 1);
    tx.commit().await.expect("commits");
    assert_eq!(check_scores(&system, 9).await.expect("checked").1.len(), 1);
    assert_eq!(scene.counted(teacher).await, hour);
    assert_eq!(mend_scores(&system).await.expect("mended"), 1);
    assert_eq!(scene.counted(teacher).await, 0);
    assert_eq!(check_scores(&system, 9).await.expect("checked").1, Vec::<String>::new());
    let told = (scene.recorded("lti.score_mended").await, scene.recorded("learning.voided").await);
    assert_eq!(told, (1, 2), "completed and passed");
    // The entry stays, and beside it what took it back, with the reason.
    let mut browser = scene.browser(teacher).await;
    browser.get("/hours").await.shows("平台后来的学习记录与此不同");

    assert_eq!(mend_scores(&system).await.expect("looked again"), 0);
    let again = (scene.recorded("lti.score_mended").await, scene.recorded("learning.voided").await);
    assert_eq!((again, scene.counted(teacher).await), (told, 0));
    // What the tool says from now on counts as ever.
    scene.asks(&access, Method::POST, &scores, &scene.score(&message, 30, 18.0)).await.is(204);
    assert_eq!(scene.counted(teacher).await, hour);
});

story!(what_a_correction_said_is_mended_with_what_it_says_instead, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teacher = scene.teacher();
    let timed = scene.offers("K8", Counts::Time).await;
    let message = scene.launched_in(teacher, timed, "n-1").await;
    let scores = format!("{}/scores", line_of(&message));
    let minutes = |m: i64| (scene.test.app.now() + chrono::TimeDelta::minutes(-m)).iso();
    let mut worked = scene.score(&message, 10, 18.0);
    worked["submission"] = json!({ "startedAt": minutes(300), "submittedAt": minutes(285) });
    scene.asks(&scene.token().await, Method::POST, &scores, &worked).await.is(204);
    assert_eq!(scene.counted(teacher).await, 15 * 60);

    // As an earlier release left it: a correction by ten minutes is kept, and learning knows the first word.
    let changes = async |sql: &'static str| {
        let mut tx = scene.test.app.db.write().await.expect("a transaction");
        assert_eq!(tx.run(sql, args![]).await.expect("changed"), 1);
        tx.commit().await.expect("commits");
    };
    changes("update lti_score set ended = ended + 600000000, at = at + 1000000, record = record || 'x'")
        .await;
    let system = scene.test.system();
    assert_eq!(mend_scores(&system).await.expect("mended"), 1);
    assert_eq!(scene.counted(teacher).await, 25 * 60, "nothing is taken without what stands in its place");
    assert_eq!(check_scores(&system, 9).await.expect("checked").1, Vec::<String>::new());
    assert_eq!(mend_scores(&system).await.expect("looked again"), 0);

    // What could not be said again is left as it is, and named.
    changes("update lti_score set ended = ended + 600000000").await;
    assert_eq!(mend_scores(&system).await.expect("looked"), 0);
    assert_eq!(scene.counted(teacher).await, 25 * 60);
    assert_eq!(check_scores(&system, 9).await.expect("checked").1.len(), 1);
});

story!(whoever_changes_a_column_stands_in_the_trail, |engine| async move {
    let scene = Scene::begin(engine).await;
    let message = scene.launched(scene.teacher(), "n-1").await;
    assert_eq!(scene.recorded("lti.line_made").await, 1, "with the course");
    let access = scene.token().await;
    let lines = message[claim::GRADES]["lineitems"].as_str().expect("an address").to_owned();
    let new = json!({ "label": "小测", "scoreMaximum": 20 });
    let made = said(scene.asks(&access, Method::POST, &lines, &new).await.is(201));
    let quiz = made["id"].as_str().expect("an address").to_owned();
    let other = json!({ "label": "大测", "scoreMaximum": 40 });
    scene.asks(&access, Method::PUT, &quiz, &other).await.is(200);
    scene.asks(&access, Method::PUT, &line_of(&message), &other).await.is(200);
    scene.asks(&access, Method::DELETE, &quiz, &Value::Null).await.is(204);
    let mut tx = scene.test.app.db.read().await.expect("a transaction");
    let sql = "select action, detail from audit where role = $1 and action like 'lti.line%' order by id";
    let who = format!("tool:{}", scene.client);
    let read = |row: &tisheng_platform::Row<'_>| Ok((row.get::<String>(0)?, row.get::<String>(1)?));
    let rows = tx.rows(sql, tisheng_platform::args![who], read).await.expect("rows");
    let actions: Vec<&str> = rows.iter().map(|(action, _)| action.as_str()).collect();
    assert_eq!(actions, ["lti.line_made", "lti.line_changed", "lti.line_changed", "lti.line_removed"]);
    assert!(rows[1].1.contains("小测") && rows[1].1.contains("大测"), "{}", rows[1].1);
});

story!(a_token_is_good_for_what_it_was_asked_for, |engine| async move {
    let scene = Scene::begin(engine).await;
    let teachers = &scene.town.school().teachers;
    let message = scene.launched(&teachers[0], "n-1").await;
    let second = scene.launched(&teachers[1], "n-2").await;
    assert_ne!(message["sub"], second["sub"]);
    let proof = key(0).sign(&scene.proof("p-1"));
    let seen = scene.asks_for_token(&proof, &format!("{} unknown", scope::MEMBERS)).await;
    let granted = said(seen.is(200));
    assert_eq!(granted["scope"], scope::MEMBERS);
    let access = granted["access_token"].as_str().expect("a token").to_owned();
    let members = message[claim::MEMBERS]["context_memberships_url"].as_str().expect("an address").to_owned();
    let first = scene.asks(&access, Method::GET, &format!("{members}?limit=1"), &Value::Null).await;
    assert_eq!(said(first.is(200))["members"].as_array().map(Vec::len), Some(1));
    let link = first.headers["link"].to_str().expect("text").to_owned();
    let next = link.trim_start_matches('<').split('>').next().expect("an address").to_owned();
    assert_eq!(next, next.to_lowercase(), "some readers of the header fold it");
    let rest = scene.asks(&access, Method::GET, &next, &Value::Null).await;
    assert_eq!(said(rest.is(200))["members"].as_array().map(Vec::len), Some(1));
    assert!(rest.headers.get("link").is_none());
    let nobody = format!("{members}?role=Instructor");
    let nobody = scene.asks(&access, Method::GET, &nobody, &Value::Null).await;
    assert_eq!(said(&nobody)["members"], json!([]));
    scene.asks(&access, Method::GET, &format!("{members}?rlid=another"), &Value::Null).await.is(404);

    let line = line_of(&message);
    for (method, at) in [
        (Method::GET, line.clone()),
        (Method::PUT, line.clone()),
        (Method::DELETE, line.clone()),
        (Method::POST, format!("{line}/scores")),
        (Method::GET, format!("{line}/results")),
    ] {
        scene.asks(&access, method, &at, &Value::Null).await.is(403).says("insufficient_scope");
    }
    scene.asks("guess", Method::GET, &members, &Value::Null).await.is(401);
    scene.test.clock.advance(chrono::TimeDelta::hours(2));
    scene.asks(&access, Method::GET, &members, &Value::Null).await.is(401).says("over");
});
