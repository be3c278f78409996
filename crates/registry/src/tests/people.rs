//! Stories of a person's record, told through pages on both engines.

use tisheng_platform::Parts;
use tisheng_testkit::{Browser, Engine, TestApp, story};

use crate::samples::{Town, small_town};
use crate::{access, people};

/// An invented number of an identity card.
const PAPER: &str = "880199198501017773";

async fn with_town(engine: Engine) -> (TestApp, Town) {
    let rooms = access::routes().merge(people::routes());
    let test = TestApp::start(engine, rooms, Parts::default()).await;
    let town = small_town(&test.system()).await.expect("a town");
    (test, town)
}

/// What a form of `edit` says that is to have another name.
async fn filled(browser: &mut Browser, edit: &str, name: &str) -> Vec<(&'static str, String)> {
    let form = browser.get(edit).await;
    vec![
        ("version", form.field("version")),
        ("name", name.to_owned()),
        ("sex", "2".to_owned()),
        ("birth_year", form.field("birth_year")),
    ]
}

fn as_fields<'f>(fields: &'f [(&'static str, String)]) -> Vec<(&'static str, &'f str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

story!(two_who_correct_one_record_see_what_the_other_wrote, |engine| async move {
    let (test, town) = with_town(engine).await;
    let school = town.school();
    let teacher = &school.teachers[0];
    let edit = format!("/people/{}/edit", teacher.person);
    let mut clerk = test.signed_in(&school.clerk.who()).await;
    let mut county = test.signed_in(&town.county_office.who()).await;
    let by_clerk = filled(&mut clerk, &edit, "丙一").await;
    let mut by_county = filled(&mut county, &edit, "丁二").await;
    clerk.post(&edit, &as_fields(&by_clerk)).await.shows("信息已更正").shows("丙一");

    let nameless = clerk.post(&edit, &[("name", "")]).await;
    nameless.is(422).says("请填写姓名");

    // A mistake in the form does not let the other's words be overwritten unseen.
    by_county[3].1 = "85".to_owned();
    let mistaken = county.post(&edit, &as_fields(&by_county)).await;
    mistaken.is(422).says("四位数字");
    assert_eq!(mistaken.field("version"), by_county[0].1);
    by_county[3].1 = "1985".to_owned();
    let both = county.post(&edit, &as_fields(&by_county)).await;
    both.is(422).says("已被他人修改").says("现在登记的").says("丙一").says("1985");
    assert_eq!(both.field("name"), "丁二", "what was typed is kept");
    by_county[0].1 = both.field("version");
    // A number that was typed is not sent back whole, and has to be typed again.
    let again = filled(&mut clerk, &edit, "丙一").await;
    clerk.post(&edit, &as_fields(&again)).await.shows("信息已更正");
    let with_paper = [as_fields(&by_county), vec![("paper_kind", "1"), ("paper", PAPER)]].concat();
    let hidden = county.post(&edit, &with_paper).await;
    hidden.is(422).says("请再填写一次新证件号码").says("880*************73").hides(PAPER);
    assert!(!hidden.html().contains(PAPER), "nowhere on the page");
    by_county[0].1 = hidden.field("version");
    county.post(&edit, &as_fields(&by_county)).await.shows("信息已更正").shows("丁二");
});
