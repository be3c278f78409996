//! What cannot be taken back is looked at before: a batch of certificates, a revocation.

use askama::Template;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, once};
use tisheng_registry::access;

use super::{at_reason, visible};
use crate::certificate::batch::{self, Outlook};
use crate::certificate::facts::Facts;
use crate::certificate::issue::{self, ISSUERS};
use crate::certificate::model::{Certificate, CertificateState};

#[derive(Template)]
#[template(path = "certificate/pages/check.html")]
struct CheckPage {
    page: Page,
    outlook: Outlook,
    /// How many, as shown.
    ready: String,
    /// Whether there are more than are named.
    is_more: bool,
    node: String,
    node_name: String,
}

/// `GET /certificates/batch`: to whom certificates would be issued, and what they would say.
pub async fn check(asker: SignedIn) -> Answer {
    let member = access::require(&asker.ctx, &ISSUERS)?;
    let mut tx = asker.ctx.read().await?;
    let outlook = batch::outlook(&asker.ctx, &mut tx).await?;
    drop(tx);
    let page = Page::new(&asker, "批量发证前核对", "/certificates").crumb("证书", "/certificates");
    show(&CheckPage {
        page,
        ready: batch::shown(outlook.ready),
        is_more: usize::try_from(outlook.ready).is_ok_and(|ready| ready > outlook.first.len()),
        node: member.node.simple().to_string(),
        node_name: member.node_name.clone(),
        outlook,
    })
}

/// `POST /certificates/batch`
pub async fn issue_all(asker: SignedIn, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let ready = batch::issue_batch(&asker.ctx, &mut begun.tx).await?;
    let flash = match ready {
        0 => Flash::note("没有等待发证的教师。"),
        ready => Flash::good(format!("开始为 {ready} 位教师发证，进度显示在本页。")),
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
