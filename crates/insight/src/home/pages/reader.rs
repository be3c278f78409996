//! The first page of somebody who has left: the own record, to be read and downloaded.

use askama::Template;
use tisheng_assessment::certificate::{self, Certificate, CertificateState};
use tisheng_assessment::review;
use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Level};
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_policy::scheme;

/// A result as shown.
struct Row {
    title: String,
    level: Level,
    on: String,
    href: String,
}

#[derive(Template)]
#[template(path = "home/pages/reader.html")]
struct ReaderPage {
    page: Page,
    school: String,
    /// The programme that runs where the person taught; empty where none does.
    programme: String,
    certificates: Vec<Certificate>,
    results: Vec<Row>,
}

/// `GET /` of somebody who has left.
pub(super) async fn home(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let member = asker.member();
    let mut shown = ReaderPage {
        page: Page::new(&asker, "我的档案", "/"),
        school: member.node_name.clone(),
        programme: String::new(),
        certificates: Vec::new(),
        results: Vec::new(),
    };
    let mut tx = ctx.read().await?;
    let programme = match scheme::at(&mut tx, &member.path).await {
        Ok(programme) => programme,
        Err(Failure::NotFound) => return show(&shown),
        Err(other) => return Err(other),
    };
    let person = Id::from_uuid(member.person);
    let rules = scheme::rules_for(&ctx.app, &mut tx, &programme, person).await?;
    shown.certificates = certificate::of_person(&mut tx, programme.id, person).await?;
    let results = review::results(&mut tx, programme.id.uuid(), member.person).await?;
    let row = |result: review::Final| Row {
        title: rules.framework.label(&result.capability),
        level: result.level,
        on: chinese_date(result.final_at.date()),
        href: format!("/review/results/{}", result.submission),
    };
    shown.results = results.into_iter().map(row).collect();
    shown.programme = programme.title;
    show(&shown)
}
