//! How the list of certificates is read.

use tisheng_kernel::Id;
use tisheng_platform::args;
use tisheng_policy::scheme::Programme;
use tisheng_testkit::{Engine, scratch, story};

use crate::certificate::store::listed::walks;

/// A statement of a list with values in it, as a question for its plan.
fn asked(explain: &str, sql: &str) -> &'static str {
    let programme = Id::<Programme>::from_uuid(uuid::Uuid::nil()).to_string();
    let mut sql = sql.replace("c.programme = $1", &format!("c.programme = '{programme}'"));
    for sign in [">", "<"] {
        sql = sql.replace(
            &format!("c.issued_at, c.number) {sign} ($5"),
            &format!("c.issued_at, c.number) {sign} (0"),
        );
    }
    for n in (1..=12).rev() {
        sql = sql.replace(&format!("limit ${n}"), "limit 51").replace(&format!("${n}"), "'51'");
    }
    Box::leak(format!("{explain} {sql}").into_boxed_str())
}

story!(a_page_of_certificates_is_walked_on_an_index, |engine| async move {
    let scratch = scratch(engine).await;
    let mut tx = scratch.db.write().await.expect("a transaction");
    let (explain, column) = match engine {
        Engine::Sqlite => ("explain query plan", 3),
        Engine::Postgres => ("explain", 0),
    };
    if engine == Engine::Postgres {
        // Of an empty table it would read everything and sort it.
        for way in ["seqscan", "sort", "bitmapscan"] {
            let off: &'static str = Box::leak(format!("set local enable_{way} = off").into_boxed_str());
            tx.run(off, args![]).await.expect("told");
        }
    }
    for sql in walks() {
        let plan = tx.rows(asked(explain, sql), args![], |row| row.get::<String>(column)).await;
        let plan = plan.expect("a plan").join("\n");
        assert!(plan.contains("certificate_"), "{sql}\n{plan}");
        assert!(!plan.contains("TEMP B-TREE") && !plan.contains("Sort"), "{sql}\n{plan}");
    }
});
