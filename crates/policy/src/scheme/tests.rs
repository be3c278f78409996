//! Programmes and their versions, told on both engines.

use tisheng_platform::Ctx;
use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::Failure;
use tisheng_registry::samples::{Town, small_town};
use tisheng_rules::samples::{third_scheme_files, third_scheme_with};
use tisheng_testkit::{Chosen, Engine, TestApp, story};

use super::trial::{Batch, Comparison, Examine, Examined};
use super::{
    Change, ChangeKind, Programme, SchemeError, State, ask_trial, at, current, draft, jobs, put_in_force,
    routes, rules, rules_of, samples, store, version, withdraw,
};

mod day;

/// Looks at one teacher in all, who would gain.
fn one_gains(
    _: Ctx,
    comparison: Comparison,
    last: Option<tisheng_kernel::Id<tisheng_registry::people::Person>>,
) -> Examined {
    Box::pin(async move {
        if last.is_some() {
            return Ok(Batch::default());
        }
        let person = tisheng_kernel::Id::from_uuid(comparison.programme.node.uuid());
        let change = Change {
            person,
            path: comparison.programme.path,
            kind: ChangeKind::Gaining,
            was: comparison.now.version().to_owned(),
            becomes: comparison.draft.version().to_owned(),
        };
        Ok(Batch { seen: 3, last: Some(person), changes: vec![change] })
    })
}

async fn begin(engine: Engine) -> (TestApp, Town, Programme) {
    let parts = samples::parts().with(Examine(one_gains));
    let handlers = jobs(Handlers::default());
    let test = TestApp::with_handlers(engine, routes(), parts, handlers).await;
    let town = small_town(&test.system()).await.expect("a town");
    let files = samples::owned(third_scheme_files());
    let programme = samples::programme(&test.system(), &town.city, &files).await.expect("a programme");
    (test, town, programme)
}

story!(the_nearest_programme_above_runs_a_school_and_others_do_not, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let files = samples::owned(third_scheme_files());
    let again = samples::programme(&test.system(), &town.city, &files).await.expect("the same");
    assert_eq!(again.id, programme.id);
    let teacher = test.ctx(town.school().teachers[0].who());
    let mut tx = teacher.read().await.expect("a transaction");
    let mine = current(&teacher, &mut tx).await.expect("runs at the school");
    assert_eq!(mine, programme);
    let scheme = rules(&test.app, &mut tx, &mine).await.expect("rules");
    assert_eq!(scheme.digest(), programme.digest);
    let same = rules(&test.app, &mut tx, &mine).await.expect("rules");
    assert!(std::sync::Arc::ptr_eq(&scheme, &same), "parsed once");
    assert!(matches!(at(&mut tx, &town.province.path).await, Err(Failure::NotFound)));
});

story!(a_version_is_drafted_tried_and_put_into_force_by_its_owner, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let label = rules_label(&test, &programme).await;
    let newer = third_scheme_with(&format!("version = \"{label}\""), "version = \"9\"");
    let office = test.ctx(town.city_office.who());

    let mut tx = office.write().await.expect("a transaction");
    let same = draft(&office, &mut tx, &samples::owned(third_scheme_files()), "同样的文件").await;
    assert!(matches!(same, Err(SchemeError::SameAs(found)) if found == label));
    drop(tx);
    let mut tx = office.write().await.expect("a transaction");
    let id = draft(&office, &mut tx, &newer, "调整学时").await.expect("a draft");
    let early = put_in_force(&office, &mut tx, id).await;
    assert!(matches!(early, Err(SchemeError::NotTried)));
    ask_trial(&office, &mut tx, id).await.expect("a trial");
    tx.commit().await.expect("commits");
    test.settle().await;

    let mut tx = office.write().await.expect("a transaction");
    let trial = store::newest_trial(&mut tx, id).await.expect("read").expect("there");
    assert!(trial.done_at.is_some());
    assert_eq!((trial.teachers, trial.gaining, trial.losing, trial.other), (3, 1, 0, 0));
    put_in_force(&office, &mut tx, id).await.expect("in force");
    let now = current(&office, &mut tx).await.expect("runs");
    assert_eq!(now.version, id);
    assert_eq!(rules(&test.app, &mut tx, &now).await.expect("rules").version(), "9");
    let before = version(&mut tx, &now, programme.version).await.expect("kept");
    assert_eq!(before.state, State::Superseded);
    let frozen = rules_of(&test.app, &mut tx, programme.version).await.expect("still read");
    assert_eq!(frozen.version(), label);
    let given_up = withdraw(&office, &mut tx, id).await;
    assert!(matches!(given_up, Err(SchemeError::NotADraft(State::InForce))));
});

async fn rules_label(test: &TestApp, programme: &Programme) -> String {
    let mut tx = test.app.db.read().await.expect("a transaction");
    rules(&test.app, &mut tx, programme).await.expect("rules").version().to_owned()
}

story!(nobody_else_changes_the_rules, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let label = rules_label(&test, &programme).await;
    let newer = third_scheme_with(&format!("version = \"{label}\""), "version = \"9\"");
    let others = [
        &town.province_office,
        &town.county_office,
        &town.school().principal,
        &town.school().clerk,
        &town.school().teachers[0],
    ];
    for other in others {
        let ctx = test.ctx(other.who());
        let mut tx = ctx.write().await.expect("a transaction");
        let refused = draft(&ctx, &mut tx, &newer, "越权").await;
        assert!(matches!(refused, Err(SchemeError::Failed(Failure::NotFound))), "{}", other.name);
    }
});

story!(faulty_files_are_refused_with_all_their_problems, |engine| async move {
    let (test, town, _) = begin(engine).await;
    let office = test.ctx(town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let files = vec![("scheme.toml".to_owned(), "[scheme]\ncode = 1\n".to_owned())];
    let refused = draft(&office, &mut tx, &files, "").await;
    assert!(matches!(refused, Err(SchemeError::Faulty(problems)) if problems.len() > 1));
});

story!(everybody_reads_the_rules_and_only_the_owner_finds_the_versions, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let mut teacher = test.signed_in(&town.school().teachers[0].who()).await;
    let page = teacher.get("/scheme").await;
    page.shows("实施方案与规则").shows("〔标题〕");
    teacher.get("/scheme?q=nothing-like-it").await.shows("没有找到相关规则");
    page.hides("规则文件");
    let kept = ["/scheme/files", "/scheme/versions"].map(str::to_owned);
    for path in kept.into_iter().chain([format!("/scheme/versions/{}", programme.version)]) {
        teacher.get(&path).await.is(404);
    }
    let mut county = test.signed_in(&town.county_office.who()).await;
    county.get("/scheme/versions").await.is(404);
    let mut city = test.signed_in(&town.city_office.who()).await;
    city.get("/scheme").await.shows("规则文件");
    let shown = city.get("/scheme/files?file=scheme.toml").await;
    shown.shows("规则文件").shows("plan.toml").shows("[scheme]").shows("下载这个文件");
    city.get("/scheme/files?file=scheme.toml&as=file").await.is(200).says("[scheme]");
    let mut province = test.signed_in(&town.province_office.who()).await;
    province.get("/scheme").await.is(404);
});

story!(the_owner_changes_the_rules_by_the_pages, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let label = rules_label(&test, &programme).await;
    let newer = third_scheme_with(&format!("version = \"{label}\""), "version = \"9\"");
    let mut office = test.signed_in(&town.city_office.who()).await;
    office.get("/scheme/versions").await.shows("提交新的版本");
    let broken = Chosen { field: "files", name: "scheme.toml", bytes: b"[scheme]\n" };
    let refused = office.post_files("/scheme/versions", &[("note", "试一试")], &[broken]).await;
    refused.is(422);
    assert!(refused.text().contains("scheme.toml:1"), "{}", refused.text());
    let files: Vec<Chosen<'_>> =
        newer.iter().map(|(name, text)| Chosen { field: "files", name, bytes: text.as_bytes() }).collect();
    office.post_files("/scheme/versions", &[("note", "")], &files).await.is(422);
    let nothing = office.post_files("/scheme/versions", &[("note", "")], &[]).await;
    assert_eq!(nothing.is(422).wrong(), ["files", "note"]);
    let draft = office.post_files("/scheme/versions", &[("note", "调整版本")], &files).await;
    draft.shows("草案").shows("开始试算");
    let step = format!("{}/step", draft.path);
    office.post(&step, &[("do", "force")]).await.is(422);
    office.post(&step, &[("do", "trial")]).await.shows("正在试算");
    test.settle().await;
    office.get(&draft.path).await.shows("共核对 3 位教师").shows("立即启用");
    office.post(&step, &[("do", "force")]).await.shows("执行中");
    office.get("/scheme").await.shows("规则版本 9");
});

story!(a_number_stands_for_one_text_and_a_programme_keeps_its_territory, |engine| async move {
    let (test, town, programme) = begin(engine).await;
    let label = rules_label(&test, &programme).await;
    let office = test.ctx(town.city_office.who());
    let mut tx = office.write().await.expect("a transaction");
    let same_number = third_scheme_with("appeal_within = 3", "appeal_within = 4");
    let refused = draft(&office, &mut tx, &same_number, "改期限").await;
    assert!(matches!(refused, Err(SchemeError::SameLabel(found)) if found == label));
    let mut elsewhere = third_scheme_with("\"759900\"", "\"759800\"");
    for (_, text) in &mut elsewhere {
        *text = text.replace(&format!("version = \"{label}\""), "version = \"9\"");
    }
    let refused = draft(&office, &mut tx, &elsewhere, "换地区").await;
    assert!(matches!(refused, Err(SchemeError::OtherTerritory { .. })));
    drop(tx);

    let mut browser = test.signed_in(&town.city_office.who()).await;
    let first = browser.get(&format!("/scheme/versions/{}", programme.version)).await;
    first.shows("此前没有版本可以比较");
    let mut newer = third_scheme_with("appeal_within = 3", "appeal_within = 4");
    for (_, text) in &mut newer {
        *text = text.replace(&format!("version = \"{label}\""), "version = \"9\"");
    }
    let files: Vec<Chosen<'_>> =
        newer.iter().map(|(name, text)| Chosen { field: "files", name, bytes: text.as_bytes() }).collect();
    let draft = browser.post_files("/scheme/versions", &[("note", "改期限")], &files).await;
    draft.shows("与现行版本的差异");
    let step = format!("{}/step", draft.path);
    browser.post(&step, &[("do", "trial")]).await;
    test.settle().await;
    browser.get(&draft.path).await.shows("按此日期启用");
    browser.get(&format!("{}/changes", draft.path)).await.shows("全部（1）");
    let now = browser.post(&step, &[("do", "force")]).await;
    now.shows(&format!("与前一版本 {label}的差异")).shows("修改");
});
