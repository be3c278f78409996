//! What a stranger learns of a certificate.

use chrono::NaiveDate;
use http::HeaderMap;
use tisheng_rules::samples::third_scheme;
use tisheng_testkit::story;

use super::begin;
use crate::certificate::facts::{Forged, public_key, read_key, verify_offline};

story!(a_stranger_sees_valid_superseded_and_revoked, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let first = world.issue(teacher).await;
    let mut stranger = world.test.browser();
    let page = stranger.get(&format!("/verify/{first}")).await;
    page.shows("现在有效").shows(&teacher.name).shows("测试一小").shows("湖畔市教育局（虚构）");
    stranger.get(&format!("/verify?number={}", first.to_lowercase())).await.shows("现在有效");
    let forged = stranger.get(&format!("/verify/{first}?s=AAAA")).await;
    forged.shows("签名不符").shows("可能是一份伪造的证书").shows("真实记录").hides("现在有效");
    let headline = forged.html().split("</h2>").next().expect("a headline").to_owned();
    assert!(headline.contains("badge-bad") && !headline.contains("badge-good"), "{headline}");
    let spaced = format!("{}%20{}", &first[..4], &first[4..]);
    stranger.get(&format!("/verify?number={spaced}")).await.shows("现在有效");
    // The digits are those of nobody, and the check character is theirs.
    let nobody = third_scheme().certificate.number("", NaiveDate::default(), 9_999_999);
    stranger.get(&format!("/verify/{nobody}")).await.shows("没有查到这个编号").hides("有效");
    for nonsense in ["ABC", "0000", "%00", "%20"] {
        let page = stranger.get(&format!("/verify/{nonsense}")).await;
        page.shows("这不是证书编号").shows("写法如").hides("校验位").hides("编号：。");
    }
    // A digit is another one: the check character does not fit.
    let last = first.chars().rev().nth(1).expect("a digit");
    let slip = format!(
        "{}{}{}",
        &first[..first.len() - 2],
        if last == '7' { '1' } else { '7' },
        &first[first.len() - 1..]
    );
    stranger.get(&format!("/verify/{slip}")).await.shows("号码有误，请核对").hides("没有查到").hides("有效");

    let mut county = world.browser(&world.town.county_office).await;
    let silent = county.post(&format!("/certificates/{first}/reissue"), &[("reason", " ")]).await;
    assert!(silent.is(422).text().contains("请填写原因"), "{}", silent.text());
    for reason in ["证件 11010519491231002X 录错", "请拨 139 0000 0001"] {
        let told = county.post(&format!("/certificates/{first}/reissue"), &[("reason", reason)]).await;
        told.is(422).says("不能包含证件号码或手机号");
    }
    let page = county.post(&format!("/certificates/{first}/reissue"), &[("reason", "姓名用字更正")]).await;
    let second = page.shows("已换发").path.trim_start_matches("/certificates/").to_owned();
    assert_ne!(first, second);
    let page = stranger.get(&format!("/verify/{first}")).await;
    page.shows("换发，不再有效").shows("姓名用字更正").shows(&second).shows(&teacher.name);
    stranger.get(&format!("/verify/{second}")).await.shows("现在有效");
    let late = county.post(&format!("/certificates/{first}/revoke"), &[("reason", "再撤一次")]).await;
    assert!(late.text().contains("不能再次操作"), "{}", late.text());

    let place = format!("/certificates/{second}/revoke");
    let one = county.get(&format!("/certificates/{second}")).await;
    let check = county.get(&one.link(&place)).await;
    check.shows(&teacher.name).shows("测试一小").shows("撤销原因").shows("确认撤销");
    for (reason, kept) in [(" ", ""), ("不".repeat(201).as_str(), "不不不")] {
        let refused = county.post(&place, &[("reason", reason)]).await;
        refused.is(422).says("请填写原因").says(&teacher.name).says("确认撤销");
        assert!(refused.html().contains("id=\"reason-error\"") && refused.html().contains(kept));
    }
    let page = county.post(&place, &[("reason", "核查发现材料不实")]).await;
    page.shows("证书已撤销");
    let page = stranger.get(&format!("/verify/{second}")).await;
    page.shows("已于2024年").shows("被撤销").shows("核查发现材料不实").shows(&teacher.name).hides("现在有效");
    stranger
        .get(&format!("/verify/{first}"))
        .await
        .shows("后来换发的证书已撤销")
        .shows(&second)
        .hides("现行编号");
    let refused = county.get(&format!("/certificates/{second}/pdf")).await;
    assert!(refused.is(403).text().contains("不再提供下载"), "{}", refused.text());
    assert_eq!(county.get(&place).await.path, format!("/certificates/{second}"), "nothing left to revoke");
    county.get(&format!("/certificates/{second}")).await.hides("下载证书").shows("方案版本");
    assert_ne!(world.issue(teacher).await, second, "whoever lost one gets another number");
});

story!(a_certificate_superseded_twice_names_the_one_in_force, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let mut county = world.browser(&world.town.county_office).await;
    let first = world.issue(teacher).await;
    let mut corrected = async |number: &str| {
        let place = format!("/certificates/{number}/reissue");
        let page = county.post(&place, &[("reason", "姓名用字更正")]).await;
        page.shows("已换发").path.trim_start_matches("/certificates/").to_owned()
    };
    let second = corrected(&first).await;
    let third = corrected(&second).await;
    let mut stranger = world.test.browser();
    for old in [&first, &second] {
        let page = stranger.get(&format!("/verify/{old}")).await;
        assert_eq!(page.shows("现行编号").link("/verify/"), format!("/verify/{third}"), "{old}");
        let page = county.get(&format!("/certificates/{old}")).await;
        assert_eq!(page.shows("现行证书").link("/certificates/"), format!("/certificates/{third}"), "{old}");
    }
    stranger.get(&format!("/verify/{first}")).await.hides(&second);
    stranger.get(&format!("/verify/{third}")).await.shows("现在有效");
});

story!(a_changed_record_is_not_passed_off_as_genuine, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let number = world.issue(teacher).await;
    world.tamper("update certificate set facts = replace(facts, '测试一小', '测试二小')").await;
    let mut stranger = world.test.browser();
    let page = stranger.get(&format!("/verify/{number}")).await;
    page.shows("记录与签名不符").hides("现在有效").hides("测试二小");
    let mut holder = world.browser(teacher).await;
    let refused = holder.get(&format!("/certificates/{number}/pdf")).await;
    assert!(!refused.status.is_success() && refused.text().contains("记录与签名不符"), "{}", refused.text());
    world.tamper("update certificate set facts = replace(facts, '测试二小', '测试一小')").await;
    stranger.get(&format!("/verify/{number}")).await.shows("现在有效");
});

story!(the_document_proves_itself_off_line, |engine| async move {
    let world = begin(engine).await;
    let teacher = world.teacher(0, 0);
    world.meet_everything(teacher).await;
    let number = world.issue(teacher).await;
    let mut holder = world.browser(teacher).await;
    let document = holder.get(&format!("/certificates/{number}/pdf")).await.bytes;
    let key = public_key(&world.test.app.keys);
    let proven = verify_offline(&document, &key).expect("signed by this installation");
    assert!(proven.whole, "the pages too");
    assert_eq!((proven.facts.number, proven.facts.name), (number, teacher.name.clone()));
    let saved_over = [&document[..], b"9 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF\n"].concat();
    assert_eq!(verify_offline(&saved_over, &key), Err(Forged::Altered));
    let text = document.to_vec();
    let cut = text.windows(9).rposition(|w| w == b"startxref").expect("the end of a document");
    assert!(text.len() - cut < 1024, "readers look for the end within a kilobyte");
    assert_eq!(verify_offline(&document[..cut - 20], &key), Err(Forged::Altered));
    let shown = holder.get("/.well-known/tisheng-signing-key").await.html();
    assert_eq!(read_key(&shown), Some(key));
    assert_eq!(read_key("not a key"), None);
});

story!(nobody_walks_through_the_numbers, |engine| async move {
    let world = begin(engine).await;
    let mut stranger = world.test.browser();
    let mut refused = None;
    for n in 0..200 {
        let page = stranger.get(&format!("/verify/HP2024{n:06}")).await;
        if page.status == 429 {
            refused = Some((n, page));
            break;
        }
        page.is(200);
    }
    let (n, page) = refused.expect("a limit");
    assert!(n >= 20, "a pile may be checked: {n}");
    assert!(page.text().contains("操作太频繁") && page.headers.contains_key("retry-after"));
    let form = stranger.send(http::Method::GET, "/verify", HeaderMap::new(), Vec::new()).await;
    form.shows("证书编号");
    world.test.clock.advance(chrono::TimeDelta::minutes(5));
    stranger.get("/verify/HP2024000000").await.is(200);
});
