//! What cannot be taken back is looked at before: a batch of certificates, a revocation.

use askama::Template;
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Cursor, Failure, Fields, Filters, FormErrors, Page, Path, once};
use tisheng_registry::access;

use super::{at_reason, visible};
use crate::certificate::batch::{self, Asked, LeftOut, Outlook};
use crate::certificate::document::unprintable;
use crate::certificate::facts::Facts;
use crate::certificate::issue::{self, ISSUERS};
use crate::certificate::model::{Certificate, CertificateState};
use crate::certificate::store::ready::Named;

#[derive(Template)]
#[template(path = "certificate/pages/check.html")]
struct CheckPage {
    page: Page,
    outlook: Outlook,
    /// How many wait, as shown.
    ready: String,
    /// Those left out who are not on this page of the list.
    elsewhere: Vec<Named>,
    /// Whether there are more than this page of the list has.
    is_part: bool,
    asked: CheckForm,
    node_name: String,
    /// Who of this page of the list has characters in name or school that cannot be printed, and which.
    unprintable: Vec<(String, String)>,
    errors: FormErrors,
}

impl CheckPage {
    fn is_left(&self, one: &Named) -> bool {
        self.asked.left.people.contains(&one.person)
    }
}

/// What was chosen and typed so far; the form carries it from page to page of the list.
struct CheckForm {
    words: String,
    after: String,
    left: LeftOut,
}

impl CheckForm {
    /// As the address says it: the list from its beginning, or those of a name.
    fn of_address(filters: &Filters) -> Self {
        let left = LeftOut { people: Vec::new(), reason: String::new() };
        Self { words: filters.text("q").to_owned(), after: filters.text("after").to_owned(), left }
    }

    /// As the form says it: who was shown and is not ticked is left out.
    fn of_form(fields: &Fields) -> Self {
        let people = fields.all("shown").filter(|id| !fields.has("person", id));
        let people = people.filter_map(|id| id.parse().ok()).collect();
        Self {
            words: fields.text("q").to_owned(),
            after: fields.text("after").to_owned(),
            left: LeftOut { people, reason: fields.text("reason").to_owned() },
        }
    }
}

/// `GET /certificates/batch`: to whom certificates would be issued, and what they would say.
pub async fn check(asker: SignedIn, filters: Filters) -> Answer {
    show(&check_page(&asker, CheckForm::of_address(&filters), FormErrors::default()).await?)
}

async fn check_page(asker: &SignedIn, asked: CheckForm, errors: FormErrors) -> Result<CheckPage, Failure> {
    let member = access::require(&asker.ctx, &ISSUERS)?;
    let mut tx = asker.ctx.read().await?;
    let place = (asked.words.as_str(), &Cursor::read(&asked.after));
    let outlook = batch::outlook(&asker.ctx, &mut tx, place, &asked.left).await?;
    drop(tx);
    let is_here = |one: &Named| outlook.page.rows.iter().any(|row| row.person == one.person);
    let missing = |one: &Named| unprintable(&asker.ctx, &format!("{}{}", one.name, one.school));
    let each = outlook.page.rows.iter().map(|one| (one.name.clone(), missing(one)));
    let unprintable = each.filter(|(_, missing)| !missing.is_empty()).collect();
    Ok(CheckPage {
        page: Page::new(asker, "批量发证前核对", "/certificates").crumb("证书", "/certificates"),
        ready: batch::shown(outlook.ready),
        elsewhere: outlook.left.iter().filter(|one| !is_here(one)).cloned().collect(),
        is_part: !asked.after.is_empty() || !asked.words.is_empty() || outlook.page.next.is_some(),
        asked,
        node_name: member.node_name.clone(),
        unprintable,
        outlook,
        errors,
    })
}

/// `POST /certificates/batch`: goes to another page of the list, or issues.
pub async fn issue_all(asker: SignedIn, fields: Fields) -> Answer {
    access::require(&asker.ctx, &ISSUERS)?;
    let mut asked = CheckForm::of_form(&fields);
    match fields.text("do") {
        "look" => asked.after.clear(),
        "all" => {
            asked.words.clear();
            asked.after.clear();
        }
        "next" => asked.after = fields.text("next").to_owned(),
        _ => return issue_asked(asker, asked, fields).await,
    }
    // Who is left out and why stands in no address.
    show(&check_page(&asker, asked, FormErrors::default()).await?)
}

async fn issue_asked(asker: SignedIn, asked: CheckForm, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let done = match batch::issue_batch(&asker.ctx, &mut begun.tx, &asked.left).await {
        Ok(done) => done,
        Err(error) => {
            drop(begun);
            let errors = at_reason(error)?;
            return again(&check_page(&asker, asked, errors).await?);
        }
    };
    let flash = match done {
        Asked { issues: 0, .. } => Flash::note("没有等待发证的教师。"),
        Asked { issues, left_out: 0 } => Flash::good(format!("开始为 {issues} 位教师发证，进度显示在本页。")),
        Asked { issues, left_out } => {
            Flash::good(format!("开始为 {issues} 位教师发证，{left_out} 位本批不发；进度显示在本页。"))
        }
    };
    begun.done("/certificates", flash).await
}

#[derive(Template)]
#[template(path = "certificate/pages/revoke.html")]
struct RevokePage {
    page: Page,
    certificate: Certificate,
    facts: Facts,
    reason: String,
    errors: FormErrors,
}

/// `GET /certificates/{number}/revoke`: what would be revoked.
pub async fn consider(asker: SignedIn, Path(number): Path<String>) -> Answer {
    let page = revoke_page(&asker, &number, "", FormErrors::default()).await?;
    if page.certificate.state != CertificateState::Valid {
        return Ok(once::redirect(&format!("/certificates/{number}"), None));
    }
    show(&page)
}

async fn revoke_page(
    asker: &SignedIn,
    number: &str,
    reason: &str,
    errors: FormErrors,
) -> Result<RevokePage, Failure> {
    access::require(&asker.ctx, &ISSUERS)?;
    let certificate = visible(&asker.ctx, number).await?;
    let facts = Facts::of(&certificate)?;
    let place = format!("/certificates/{number}");
    let page = Page::new(asker, format!("撤销证书 {number}"), "/certificates");
    let page = page.crumb("证书", "/certificates").crumb(number, &place);
    Ok(RevokePage { page, certificate, facts, reason: reason.to_owned(), errors })
}

/// `POST /certificates/{number}/revoke`
pub async fn revoke(asker: SignedIn, Path(number): Path<String>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let reason = fields.text("reason");
    if let Err(error) = issue::revoke(&asker.ctx, &mut begun.tx, &number, reason).await {
        drop(begun);
        return again(&revoke_page(&asker, &number, reason, at_reason(error)?).await?);
    }
    begun.done(&format!("/certificates/{number}"), Flash::good("证书已撤销，查验时会显示“已撤销”。")).await
}
