//! The menu beside pages: which entry a page lies behind, and the way back to it.

use chrono::TimeDelta;
use tisheng_policy::scheme::samples::{owned, programme};
use tisheng_registry::access::Role;
use tisheng_registry::samples::{Persona, small_town};
use tisheng_rules::samples::third_scheme_files;
use tisheng_server::{menu, reactions, routes};
use tisheng_testkit::{Seen, TestApp, story};

/// The entries of the menu that are marked, and the steps of the way here.
fn way(page: &Seen) -> (Vec<String>, Vec<String>) {
    page.is(200);
    let html = page.html();
    let inside = |from: &str, to: &str| {
        let part = html.split(from).nth(1).and_then(|rest| rest.split(to).next());
        part.unwrap_or_default().to_owned()
    };
    let address = |link: &str| link.split('"').next().unwrap_or_default().to_owned();
    let wide = inside("class=\"nav-wide\"", "</nav>");
    let links = wide.split("href=\"").skip(1);
    let marked = links.filter(|link| link.contains("aria-current")).map(address).collect();
    let crumbs = inside("class=\"crumbs\"", "</nav>");
    (marked, crumbs.split("href=\"").skip(1).map(address).collect())
}

story!(a_page_marks_the_entry_it_lies_behind, |engine| async move {
    let parts = routes::parts().expect("the product's long-lived things");
    let test = TestApp::with_menu(engine, routes::all(), parts, reactions::handlers(), menu::of).await;
    let town = small_town(&test.system()).await.expect("a town");
    test.clock.advance(TimeDelta::days(3 * 365));
    programme(&test.system(), &town.province, &owned(third_scheme_files())).await.expect("a programme");
    let county = &town.county_office;
    let institution = Persona { role: Role::Institution, ..county.clone() };
    let cases = [
        (county, "/roster/hours", "/roster/hours", ""),
        (county, "/roster/teachers", "/roster", "/roster"),
        (county, "/handover", "/handover", ""),
        (county, "/review/notice", "/review/board", "/review/board"),
        (county, "/tokens", "/tokens", ""),
        (&institution, "/roster/courses", "/roster/courses", ""),
        (&institution, "/roster?kind=hours", "/roster/hours", "/roster/hours"),
        (&town.school().clerk, "/review/notice", "/review/notice", ""),
    ];
    for (persona, address, marked, crumb) in cases {
        let seen = test.signed_in(&persona.who()).await.get(address).await;
        let (found, crumbs) = way(&seen);
        assert_eq!((found.join(" "), crumbs.join(" ")), (marked.to_owned(), crumb.to_owned()), "{address}");
    }
    test.signed_in(&county.who()).await.get("/roster/hours").await.shows("导入学时").hides("导入学时文件");
    assert_eq!(test.browser().get("/api/v1/docs").await.link("/tokens"), "/tokens");
});
