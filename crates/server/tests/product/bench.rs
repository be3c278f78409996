//! The bench measures everything it is there for, on both engines. How fast is not asked here.

use serde_json::Value;
use tisheng_platform::db::Address;
use tisheng_testkit::{scratch, story};

use crate::commands::{said, tisheng};

story!(a_small_record_store_is_measured, |engine| async move {
    let empty = scratch(engine).await;
    let mut order = vec!["bench", "--part", "xapi", "--statements", "3000", "--json"];
    if let Address::Server(url) = &empty.address {
        order.extend(["--database", url]);
    }
    let measured = tisheng(empty.folder.path(), &order, "");
    let report: Value = serde_json::from_str(&said(&measured)).expect("JSON");
    assert_eq!(report["statements"], 3000);
    let figures = report["figures"].as_array().expect("figures");
    let names: Vec<&str> = figures.iter().filter_map(|figure| figure["what"].as_str()).collect();
    for part in ["single", "batches of 50", "by agent", "by verb and since", "by activity", "walk over 3"] {
        assert!(names.iter().any(|name| name.contains(part)), "{part} in {names:?}");
    }
});

story!(a_small_platform_is_measured, |engine| async move {
    let empty = scratch(engine).await;
    let mut order = vec!["bench", "--part", "api", "--teachers", "200", "--rows", "1000", "--json"];
    if let Address::Server(url) = &empty.address {
        order.extend(["--database", url]);
    }
    let measured = tisheng(empty.folder.path(), &order, "");
    let report: Value = serde_json::from_str(&said(&measured)).expect("JSON");
    let figures = report["figures"].as_array().expect("figures");
    let names: Vec<&str> = figures.iter().filter_map(|figure| figure["what"].as_str()).collect();
    for part in ["rows of hours in batches of 100, 4 connections", "p50", "p99"] {
        assert!(names.iter().any(|name| name.contains(part)), "{part} in {names:?}");
    }
    assert!(figures[0]["times_bare"].as_f64().is_some_and(|times| times > 0.0), "{figures:?}");
});

story!(a_small_province_is_measured, |engine| async move {
    let empty = scratch(engine).await;
    let mut order = vec!["bench", "--teachers", "200", "--json"];
    if let Address::Server(url) = &empty.address {
        order.extend(["--database", url]);
    }
    let measured = tisheng(empty.folder.path(), &order, "");
    let report: Value = serde_json::from_str(&said(&measured)).expect("JSON");
    assert_eq!(report["teachers"], 200);
    let figures = report["figures"].as_array().expect("figures");
    for figure in figures {
        assert!(figure["reached"].as_f64().is_some_and(|reached| reached > 0.0), "{figure}");
    }
    let names: Vec<&str> = figures.iter().filter_map(|figure| figure["what"].as_str()).collect();
    for part in [
        "teacher home",
        "teachers of a county",
        "dashboard",
        "checked",
        "met everything",
        "certificate",
        "start",
    ] {
        assert!(names.iter().any(|name| name.contains(part)), "{part} in {names:?}");
    }
    // What was filled in bulk is as whole as what people have done.
    let config = empty.folder.path().join("bench.toml");
    let database = match &empty.address {
        Address::Server(url) => format!("[data]\ndatabase = {url:?}\n"),
        _ => String::new(),
    };
    std::fs::write(&config, database).expect("written");
    let config = config.to_string_lossy();
    let verified = said(&tisheng(empty.folder.path(), &["verify", "--config", &config], ""));
    assert!(
        verified.contains("transitions in the audit trail: ") && !verified.contains("WRONG"),
        "{verified}"
    );
});
