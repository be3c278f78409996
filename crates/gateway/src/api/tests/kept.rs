//! What batches were answered is what the ledger has, and it is found when it is not.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use tisheng_platform::args;
use tisheng_testkit::{Seen, story};
use tisheng_training::hours;

use super::{Machine, Place};
use crate::api::check_answers;

impl Machine<'_> {
    async fn batch(&self, key: &str, rows: &[Value]) -> Seen {
        let body = json!({ "rows": rows }).to_string().into_bytes();
        self.send(Method::POST, "/hours", &[("idempotency-key", key)], body).await
    }
}

async fn wrong(place: &Place) -> (usize, Vec<String>) {
    check_answers(&place.test.system(), 20).await.expect("looked at")
}

story!(what_a_batch_was_answered_is_what_the_ledger_has, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let mut stranger = place.row(3, "1", "n3");
    stranger["person"] = json!({ "name": "无名氏" });
    let refused = json!({ "id": "n4" });
    let held = place.row(2, "60", "n5");
    let rows =
        [place.row(0, "2", "n1"), place.row(1, "1", "n2"), stranger, refused, held, place.row(0, "2", "n1")];
    machine.batch("one", &rows).await.is(200);
    let other = place.row(1, "3", "n2");
    machine
        .batch("two", &[other, json!({ "id": "n1", "withdrawn": true, "reason": "重复报送" })])
        .await
        .is(200);
    machine.batch("two", &[json!({ "id": "n1" })]).await.is(422);
    machine.batch("three", &[place.row(0, "2", "n1")]).await.is(200);
    // Without a key there is no answer to be held to; a course has no rows.
    machine.report(&[place.row(4, "1", "n6")]).await.is(200);
    assert_eq!(wrong(&place).await, (8, Vec::new()));

    // What was acknowledged and is not there is named by its batch and its row.
    for (statement, found) in [
        ("delete from hour_report where source_id = 'n3'", "one row 2"),
        ("update hour_entry set source_id = 'other' where source_id = 'n2'", "one row 1"),
        ("update hour_entry set reverses = null where reverses is not null", "two row 1"),
    ] {
        let before = wrong(&place).await.1;
        assert!(!before.iter().any(|one| one == found), "{before:?}");
        let mut tx = place.test.app.db.write().await.expect("a transaction");
        assert!(tx.run(statement, args![]).await.expect("changed") > 0, "{statement}");
        tx.commit().await.expect("commits");
        let after = wrong(&place).await.1;
        assert!(after.iter().any(|one| one == found), "{after:?}");
    }
});

story!(a_batch_that_others_are_in_the_way_of_is_tried_again_by_itself, |engine| async move {
    let place = Place::begin(engine).await;
    let machine = place.reporter().await;
    let teacher = place.town.school().teachers[0].person;
    let mut tx = place.test.app.db.write().await.expect("a transaction");
    hours::hold(&mut tx, place.programme.id, teacher).await.expect("held");
    let late = async {
        place.test.until_somebody_waits().await;
        // Longer than anybody waits for a turn.
        tokio::time::sleep(Duration::from_millis(700)).await;
        tx.commit().await.expect("commits");
    };
    let rows = [place.row(0, "2", "n1")];
    let (answer, ()) = tokio::join!(machine.batch("one", &rows), late);
    answer.is(200);
    assert_eq!(wrong(&place).await, (1, Vec::new()));
});
