//! Pages: the teacher's own standing, the office's list and batches; the public look-up beside.

mod issuing;
mod list;
mod verify;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::serve::{Disposition, stored};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, once};
use tisheng_platform::{App, Ctx, Member, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::{self, Permission, Role};
use tisheng_registry::people::{self, Person};
use tisheng_rules::{Condition, Verdict};

use super::batch::{self, Batch};
use super::document::{document, unprintable};
use super::facts::Facts;
use super::issue::{self, ISSUERS};
use super::model::{Certificate, CertificateError, CertificateState};
use super::steps::step_of;
use super::{dossier, standing, store};

/// Who sees the certificates of a node.
const SEERS: [Role; 8] = [
    Role::Province,
    Role::City,
    Role::County,
    Role::Town,
    Role::Principal,
    Role::Clerk,
    Role::Auditor,
    Role::Evaluator,
];

/// Who of a school sees what its teachers have met and hold, besides those who see its list of certificates.
const SCHOOL_SEERS: [Role; 3] = [Role::Cio, Role::ManagementTeam, Role::TrainingTeam];

/// Whether the asker's role sees what single teachers within its node have met; others see figures alone.
#[must_use]
pub fn sees_standings(ctx: &Ctx) -> bool {
    sees_certificates(ctx) && access::allows(ctx, Permission::SeePeople)
}

/// Whether the asker's role sees certificates within its node.
fn sees_certificates(ctx: &Ctx) -> bool {
    access::role(ctx).is_some_and(|role| SEERS.contains(&role) || SCHOOL_SEERS.contains(&role))
}

/// The routes of this room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/standing", get(own_standing))
        .route("/people/{person}/standing", get(others_standing))
        .route("/people/{person}/certificate", post(issue_one))
        .route("/certificates", get(list::list))
        .route("/certificates/batch", get(issuing::check).post(issuing::issue_all))
        .route("/certificates/{number}", get(one))
        .route("/certificates/{number}/pdf", get(pdf))
        .route("/certificates/{number}/revoke", get(issuing::consider).post(issuing::revoke))
        .route("/certificates/{number}/reissue", post(reissue))
        .route("/certificates/batch/{batch}/print", post(print))
        .route("/certificates/batch/{batch}/file", get(file))
        .merge(verify::routes())
}

/// What is met and what is missing, as shown.
struct Shown {
    verdict: Verdict,
    certificate: Option<Certificate>,
    /// What was taken back, while there is no other.
    revoked: Option<Certificate>,
    name: String,
    school: String,
    /// The scheme and its version by which this is judged.
    basis: String,
    person: Id<Person>,
    /// Where the teacher does first what is missing.
    next: &'static str,
}

impl Shown {
    fn open(&self) -> impl Iterator<Item = &Condition> {
        self.verdict.listed().filter(|gate| !gate.met)
    }

    /// Whether part of the score is left out because nobody reports it.
    fn leaves_out(&self) -> bool {
        self.verdict.score_lines.iter().any(|line| line.left_out)
    }

    fn passed(&self) -> usize {
        self.verdict.wholes().filter(|gate| gate.met).count()
    }
}

#[derive(Template)]
#[template(path = "certificate/pages/standing.html")]
struct StandingPage {
    page: Page,
    shown: Shown,
    own: bool,
    /// Whether the asker looks at the own record, also after having left.
    is_of_asker: bool,
    may_issue: bool,
    /// Characters of what would be issued that cannot be printed.
    unprintable: String,
}

impl StandingPage {
    /// Whether the page proposes a step to its own teacher.
    fn has_next(&self) -> bool {
        self.own && self.shown.open().any(|gate| !gate.waiting)
    }

    /// Whether the table names a default of ours, which is for whoever may change it and not for the teacher.
    fn has_defaults(&self) -> bool {
        !self.is_of_asker && self.shown.verdict.listed().any(Condition::is_default)
    }
}

/// The standing of `person` in the programme where they teach; of whoever has left, where they `left`.
async fn shown(ctx: &Ctx, person: Id<Person>, left: Option<&Member>) -> Result<Shown, Failure> {
    let mut tx = ctx.read().await?;
    let (name, school, path) = match left {
        Some(member) => (member.name.clone(), member.node_name.clone(), member.path.clone()),
        None => {
            let teacher = people::teacher(&mut tx, person).await?;
            (teacher.name, teacher.school_name, teacher.path)
        }
    };
    let programme = scheme::at(&mut tx, &path).await?;
    let verdict = standing::verdict(ctx, &mut tx, &programme, person).await?;
    let certificate = store::valid_of(&mut tx, programme.id, person).await?;
    let revoked = super::revoked(&mut tx, programme.id, person).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let open = verdict.listed().filter(|gate| !(gate.met || gate.waiting));
    let next = open.map(|gate| step_of(&rules, gate)).min().map_or("/", |(_, place)| place);
    let judged = scheme::rules_for(&ctx.app, &mut tx, &programme, person).await?;
    let basis = format!("{}（{}版）", *judged.identity.short_title, judged.identity.version);
    Ok(Shown { verdict, certificate, revoked, name, school, basis, person, next })
}

/// `GET /standing`
async fn own_standing(asker: SignedIn) -> Answer {
    let member = access::of_own_record(&asker.ctx)?;
    let left = Some(member).filter(|member| member.only_reads());
    let shown = shown(&asker.ctx, Id::from_uuid(member.person), left).await?;
    let page = Page::new(&asker, "达标情况", "/standing");
    let unprintable = String::new();
    show(&StandingPage { page, shown, own: left.is_none(), is_of_asker: true, may_issue: false, unprintable })
}

/// `GET /people/{person}/standing`
async fn others_standing(asker: SignedIn, Path(person): Path<Id<Person>>) -> Answer {
    if !sees_standings(&asker.ctx) {
        return Err(Failure::NotFound);
    }
    let mut tx = asker.ctx.read().await?;
    people::visible(&asker.ctx, &mut tx, person).await?;
    drop(tx);
    let shown = shown(&asker.ctx, person, None).await?;
    let title = format!("{}的达标情况", shown.name);
    let page = Page::new(&asker, title, "/people");
    let may_issue = access::require(&asker.ctx, &ISSUERS).is_ok();
    let may_issue = may_issue && shown.verdict.met && shown.certificate.is_none();
    let unprintable = if may_issue {
        unprintable(&asker.ctx, &format!("{}{}", shown.name, shown.school))
    } else {
        String::new()
    };
    show(&StandingPage { page, shown, own: false, is_of_asker: false, may_issue, unprintable })
}

/// `POST /people/{person}/certificate`
async fn issue_one(asker: SignedIn, Path(person): Path<Id<Person>>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let issued = issue::issue(&asker.ctx, &mut begun.tx, person).await?;
    let to = format!("/certificates/{}", issued.number);
    begun.done(&to, Flash::good(format!("已为{}发放证书，编号 {}。", issued.name, issued.number))).await
}

/// `POST /certificates/batch/{batch}/print`
async fn print(asker: SignedIn, Path(batch): Path<Id<Batch>>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    batch::print(&asker.ctx, &mut begun.tx, batch).await?;
    begun.done("/certificates", Flash::good("开始打包这一批证书，进度显示在本页。".to_owned())).await
}

/// `GET /certificates/batch/{batch}/file`
async fn file(asker: SignedIn, Path(id): Path<Id<Batch>>, headers: HeaderMap) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let batch = batch::own_batch(&asker.ctx, &mut tx, id).await?;
    drop(tx);
    let blob = batch.file.ok_or(Failure::NotFound)?;
    let name = format!("证书-{}.zip", batch.asked_at.date());
    stored(&asker.ctx.app, &headers, &blob, "application/zip", &name, Disposition::Attachment).await
}

#[derive(Template)]
#[template(path = "certificate/pages/one.html")]
struct OnePage {
    page: Page,
    certificate: Certificate,
    facts: Facts,
    /// What stands in the end in the place of a superseded one.
    last: Option<Certificate>,
    may_end: bool,
    /// Whether another in its place would state something: its holder has still met everything of its version.
    can_be_reissued: bool,
    /// What its holder has met no longer, while it is valid; empty for whoever does not see what teachers have met.
    lacking: Vec<Condition>,
    /// Characters that cannot be printed, while it is valid.
    unprintable: String,
    /// Where its holder is issued another, once it was revoked; empty where nobody is or the asker may not.
    again: String,
    /// The rules that judged, in words.
    basis: String,
    reason: String,
    errors: FormErrors,
}

/// The certificate of that number, when the asker may see it: their own, or below their node.
async fn visible(ctx: &Ctx, number: &str) -> Result<Certificate, Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let found = store::of_number(&mut tx, number).await?.ok_or(Failure::NotFound)?;
    let own = found.person.uuid() == member.person;
    let below = sees_certificates(ctx) && ctx.scope().holds(&found.path);
    if own || below { Ok(found) } else { Err(Failure::NotFound) }
}

/// `GET /certificates/{number}`
async fn one(asker: SignedIn, Path(number): Path<String>) -> Answer {
    show(&one_page(&asker, &number, "", FormErrors::default()).await?)
}

async fn one_page(
    asker: &SignedIn,
    number: &str,
    reason: &str,
    errors: FormErrors,
) -> Result<OnePage, Failure> {
    let certificate = visible(&asker.ctx, number).await?;
    let facts = Facts::of(&certificate)?;
    let mut tx = asker.ctx.read().await?;
    let rules = scheme::rules_of(&asker.ctx.app, &mut tx, certificate.version).await?;
    let again = again_at(&asker.ctx, &mut tx, &certificate).await?;
    let last = store::successor(&mut tx, &certificate).await?;
    let lacking = lacking(&asker.ctx, &mut tx, &certificate).await?;
    let dossier = dossier::of_person(&mut tx, certificate.programme, certificate.person).await?;
    drop(tx);
    let can_be_reissued = dossier.verdict(&asker.ctx, &rules).level.is_some();
    let is_valid = certificate.state == CertificateState::Valid;
    let unprintable = if is_valid { unprintable(&asker.ctx, &certificate.facts) } else { String::new() };
    let basis = format!("《{}》，方案版本 {}", *rules.identity.title, rules.version());
    let may_end = is_valid && access::require(&asker.ctx, &ISSUERS).is_ok();
    let title = format!("证书 {}", certificate.number);
    let page = Page::new(asker, title, "/certificates");
    let page = match access::require(&asker.ctx, &SEERS) {
        Ok(_) => page.crumb("证书", "/certificates"),
        Err(_) => page,
    };
    Ok(OnePage {
        page,
        certificate,
        facts,
        last,
        may_end,
        can_be_reissued,
        lacking,
        unprintable,
        again,
        basis,
        reason: reason.to_owned(),
        errors,
    })
}

/// What the holder of a valid certificate has met no longer.
async fn lacking(ctx: &Ctx, tx: &mut Tx, certificate: &Certificate) -> Result<Vec<Condition>, Failure> {
    if certificate.state != CertificateState::Valid || !sees_standings(ctx) {
        return Ok(Vec::new());
    }
    let programme = scheme::of_id(tx, certificate.programme).await?;
    let verdict = standing::verdict(ctx, tx, &programme, certificate.person).await?;
    Ok(verdict.listed().filter(|gate| !gate.met).cloned().collect())
}

/// Where the asker issues another certificate to the holder of one that was revoked; empty where that
/// was done already, and where the holder is not a teacher of theirs any more.
async fn again_at(ctx: &Ctx, tx: &mut Tx, revoked: &Certificate) -> Result<String, Failure> {
    if revoked.state != CertificateState::Revoked || access::require(ctx, &ISSUERS).is_err() {
        return Ok(String::new());
    }
    let person = revoked.person;
    let held = store::valid_of(tx, revoked.programme, person).await?;
    match people::teacher(tx, person).await {
        Ok(teacher) if held.is_none() && ctx.scope().holds(&teacher.path) => {
            Ok(format!("/people/{person}/standing"))
        }
        Ok(_) | Err(Failure::NotFound) => Ok(String::new()),
        Err(other) => Err(other),
    }
}

/// `GET /certificates/{number}/pdf`
async fn pdf(asker: SignedIn, Path(number): Path<String>, headers: HeaderMap) -> Answer {
    let certificate = visible(&asker.ctx, &number).await?;
    // A document tells its reader nothing of what became of it: one that is not valid stays here.
    if certificate.state != CertificateState::Valid {
        let state = certificate.state.title();
        return Err(Failure::Refused(format!("这份证书{state}，不再提供下载；记录仍可在证书页面查看。")));
    }
    let blob = document(&asker.ctx, &certificate).await?;
    let name = format!("{}-{}.pdf", certificate.name, certificate.number);
    stored(&asker.ctx.app, &headers, &blob, "application/pdf", &name, Disposition::Attachment).await
}

/// `POST /certificates/{number}/reissue`
async fn reissue(asker: SignedIn, Path(number): Path<String>, fields: Fields) -> Answer {
    let mut begun = match once::begin(&asker.ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let reason = fields.text("reason");
    let fresh = match issue::reissue(&asker.ctx, &mut begun.tx, &number, reason).await {
        Ok(fresh) => fresh,
        Err(error) => {
            drop(begun);
            return again(&one_page(&asker, &number, reason, at_reason(error)?).await?);
        }
    };
    let to = format!("/certificates/{}", fresh.number);
    begun
        .done(&to, Flash::good(format!("已换发，新编号 {}；原证书查验时会显示“已换发”。", fresh.number)))
        .await
}

/// A missing reason, said beside its field; whatever else went wrong is a failure.
fn at_reason(error: CertificateError) -> Result<FormErrors, Failure> {
    match error {
        CertificateError::Reason | CertificateError::PersonalNumber | CertificateError::NumberWithin => {
            Ok(FormErrors::one("reason", error.to_string()).titled(&[("reason", "原因")]))
        }
        CertificateError::ManyLeftOut | CertificateError::NobodyLeft => {
            Ok(FormErrors::one("people", error.to_string()))
        }
        other => Err(other.into()),
    }
}
