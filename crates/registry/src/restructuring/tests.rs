//! Stories of moving parts of the tree, on both engines.

use axum::Router;
use tisheng_platform::{Parts, Scope};
use tisheng_testkit::{TestApp, story};

use super::{close, relocate};
use crate::organisation::{self, Close, Kind, NewNode, OrganisationError};
use crate::samples::{beginning, small_town};
use crate::{access, people};

story!(a_school_moves_with_its_people_and_their_roles, |engine| async move {
    let test = TestApp::start(engine, Router::new(), Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    let city = test.ctx(town.city_office.who());
    let school = &town.school().node;

    let mut tx = city.write().await.expect("a transaction");
    let moved = relocate(&city, &mut tx, (school.id, 1), town.neighbour.id, beginning(), "区划调整")
        .await
        .expect("moves");
    assert_eq!(moved.to, format!("{}{}/", town.neighbour.path, school.segment()));
    tx.commit().await.expect("commits");

    let mut tx = city.read().await.expect("a transaction");
    let node = organisation::visible(&city, &mut tx, school.id).await.expect("still there");
    assert_eq!((node.path.as_str(), node.parent), (moved.to.as_str(), Some(town.neighbour.id)));
    let teacher = people::teacher(&mut tx, town.school().teachers[0].person).await.expect("in post");
    assert_eq!(teacher.path, moved.to);
    let old = organisation::history(&mut tx, school.id).await.expect("a history");
    assert_eq!((old[0].change.as_str(), old[0].parent_name.as_str()), ("moved", "测试县"));
    let county = test.ctx(town.county_office.who());
    assert!(organisation::visible(&county, &mut tx, school.id).await.is_err(), "no longer theirs");
    let neighbour = test.ctx(town.neighbour_office.who());
    let holders = access::holders(&neighbour, &mut tx, school.id, None, &<_>::default(), 50).await;
    assert!(holders.expect("theirs now").iter().all(|h| Scope::below(&moved.to).holds(&h.grant.path)));
});

story!(a_place_moves_to_where_its_code_was_before, |engine| async move {
    let test = TestApp::start(engine, Router::new(), Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    let province = test.ctx(town.province_office.who());
    let mut tx = province.write().await.expect("a transaction");
    let end = Close { node: town.neighbour.id, version: 1, on: beginning(), reason: "撤并" };
    close(&province, &mut tx, &end).await.expect("closed");
    let (parent, valid_from) = (Some(town.province.id), beginning());
    let code = town.neighbour.code.as_deref().expect("a code");
    let new = NewNode { parent, kind: Kind::County, name: "直管县", code, valid_from };
    let new = organisation::create(&province, &mut tx, &new).await.expect("founded");
    assert_eq!(new.segment(), code);
    let to = town.city.id;
    let moved = relocate(&province, &mut tx, (new.id, 1), to, beginning(), "划归市管").await.expect("moves");
    assert!(moved.to.starts_with(&town.city.path) && moved.to != town.neighbour.path, "{moved:?}");
    let moved = organisation::visible(&province, &mut tx, new.id).await.expect("still there");
    assert_eq!((moved.code.as_deref(), moved.segment().len()), (Some(code), 12));
});

story!(a_move_is_refused_where_it_makes_no_tree, |engine| async move {
    let test = TestApp::start(engine, Router::new(), Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    let province = test.ctx(town.province_office.who());
    let mut tx = province.write().await.expect("a transaction");
    let school = town.school().node.id;
    let city = (town.city.id, 1);
    let result = relocate(&province, &mut tx, city, town.county.id, beginning(), "试一试").await;
    assert!(matches!(result, Err(OrganisationError::IntoItself)), "{result:?}");
    let result = relocate(&province, &mut tx, (town.county.id, 1), school, beginning(), "试一试").await;
    assert!(matches!(result, Err(OrganisationError::IntoItself)), "{result:?}");
    let own = (town.neighbour.id, 1);
    let result = relocate(&province, &mut tx, own, school, beginning(), "试一试").await;
    assert!(matches!(result, Err(OrganisationError::Place { .. })), "{result:?}");
    let stale = (school, 7);
    let result = relocate(&province, &mut tx, stale, town.neighbour.id, beginning(), "试一试").await;
    assert!(matches!(result, Err(OrganisationError::Stale)), "{result:?}");
    let county = test.ctx(town.county_office.who());
    let foreign = relocate(&county, &mut tx, (school, 1), town.neighbour.id, beginning(), "抢人").await;
    assert!(matches!(foreign, Err(OrganisationError::Failed(_))), "{foreign:?}");
});
