//! The form of whoever objects, and that of whoever answers.

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::Tx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, once};

use super::further::{self, Further};
use super::{Objection, actions, appeal_words, store};
use crate::evidence::Submission;
use crate::review::actions::{owns, person, programme};
use crate::review::board::notice_page;
use crate::review::pages::again_words;
use crate::review::steps::Case;
use crate::review::store::{self as reviews, Decided};

/// Characters of a reason or an answer.
const TEXT: usize = 1000;
/// Characters below which an objection says nothing that could be looked into.
const LEAST: usize = 4;

#[derive(Template)]
#[template(path = "review/pages/object.html")]
struct ObjectPage {
    page: Page,
    id: Id<Submission>,
    author: String,
    school: String,
    /// What is on notice, for whoever sees it there.
    decided: Option<Decided>,
    /// The last day of the notice.
    until: String,
    /// Whether the asker may object now.
    may_object: bool,
    /// What the asker has objected.
    own: Vec<Own>,
    /// What is said beside the reasons for going on.
    further_hint: &'static str,
    today: NaiveDate,
    appeal: String,
    typed: Fields,
    errors: FormErrors,
}

/// An objection as whoever made it reads it.
struct Own {
    objection: Objection,
    /// To whom to turn next.
    next: Option<Further>,
    /// Whether it was rejected by the last who answers.
    is_over: bool,
}

fn parsed<T>(id: &str) -> Result<Id<T>, Failure> {
    id.parse().map_err(|_| Failure::NotFound)
}

async fn object_page(
    asker: &SignedIn,
    id: Id<Submission>,
    typed: Fields,
    errors: FormErrors,
) -> Result<ObjectPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = programme(ctx, &mut tx).await?;
    let case = Case::load(ctx, &mut tx, programme, id).await?;
    let me = person(ctx)?;
    let mut own = store::of_submission(&mut tx, &case.submission).await?;
    own.retain(|objection| objection.person == me);
    let mut with_next = Vec::with_capacity(own.len());
    for objection in own {
        let next = further::offered(ctx, &mut tx, &case, &objection).await?;
        let is_over = further::is_last(&mut tx, &case, &objection).await?;
        with_next.push(Own { objection, next, is_over });
    }
    let own = with_next;
    let decided = reviews::decisions(&mut tx, &case.submission).await?.pop();
    let decided = decided.filter(|decided| actions::sees(ctx, &case.submission, decided));
    // The author reads to whom to turn at any time.
    if decided.is_none() && own.is_empty() && !owns(ctx, &case.submission) {
        return Err(Failure::NotFound);
    }
    let (author, school) = crate::review::board::store::author(&mut tx, programme, id).await?;
    let may_object = match &decided {
        Some(decided) => actions::may_object_to(ctx, &mut tx, &case, decided).await?,
        None => false,
    };
    let title = format!("公示异议：{}", case.rules.framework.label(&case.submission.capability));
    let (page, further_hint) = if owns(ctx, &case.submission) {
        let page = Page::new(asker, title, "/evidence").crumb("我的成果材料", "/evidence");
        (page, "写明不服答复的理由和依据。")
    } else {
        let hint = "写明不服答复的理由和依据。答复申诉的单位看到是谁提出的，作者看不到。";
        (notice_page(asker, &title).crumb("测评结论公示", "/review/notice"), hint)
    };
    Ok(ObjectPage {
        page,
        id,
        author,
        school,
        until: decided.as_ref().and_then(|d| d.notice_until).map(chinese_date).unwrap_or_default(),
        may_object,
        decided,
        own,
        further_hint,
        today: ctx.at.date(),
        appeal: appeal_words(&case.rules),
        typed,
        errors,
    })
}

/// `GET /review/notice/{id}`: what is on notice, and what the asker has objected.
pub async fn page(asker: SignedIn, Path(id): Path<String>) -> Answer {
    show(&object_page(&asker, parsed(&id)?, Fields::default(), FormErrors::default()).await?)
}

/// `POST /review/notice/{id}`: objects.
pub async fn object(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = parsed(&id)?;
    let mut check = fields.check();
    let text = check.required("text", "异议理由", TEXT).to_owned();
    if (1..LEAST).contains(&text.chars().count()) {
        check.fail("text", format!("异议理由至少 {LEAST} 个字：写明哪项材料与标准不符、依据是什么"));
    }
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&object_page(&asker, id, fields, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    actions::object(ctx, &mut once.tx, id, &text).await?;
    let flash = Flash::good("异议已提出，答复前结论不生效。");
    once.done(&format!("/review/notice/{id}"), flash).await
}

/// `POST /review/notice/{id}/further`: whoever was refused turns to the level above.
pub async fn raise(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Submission> = parsed(&id)?;
    let mut tx = ctx.read().await?;
    further::own(ctx, &mut tx, id).await?;
    drop(tx);
    let mut check = fields.check();
    let text = check.required("further", "申诉理由", TEXT).to_owned();
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&object_page(&asker, id, fields, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    further::raise(ctx, &mut once.tx, id, &text).await?;
    once.done(&format!("/review/notice/{id}"), Flash::good("申诉已提出，答复前结论不生效。")).await
}

/// `POST /review/objections/{id}/withdraw`
pub async fn withdraw(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let objection = actions::withdraw(ctx, &mut once.tx, parsed(&id)?).await?;
    once.done(&format!("/review/notice/{}", objection.submission), Flash::note("异议已撤回。")).await
}

#[derive(Template)]
#[template(path = "review/pages/answer.html")]
struct AnswerPage {
    page: Page,
    label: String,
    objection: Objection,
    is_late: bool,
    /// What was objected and answered before it was taken here.
    before: Vec<Objection>,
    /// Why the panel decided so, piece by piece.
    explanation: String,
    typed: Fields,
    errors: FormErrors,
}

async fn answer_page(
    asker: &SignedIn,
    tx: &mut Tx,
    (objection, case): (Objection, Case),
    typed: Fields,
    errors: FormErrors,
) -> Result<AnswerPage, Failure> {
    let decided = reviews::decisions(tx, &case.submission).await?.pop();
    Ok(AnswerPage {
        page: Page::new(asker, "答复公示异议", "/review").crumb("我的评审任务", "/review"),
        label: case.rules.framework.label(&objection.capability),
        is_late: objection.is_late(asker.ctx.at.date()),
        before: further::before(tx, &case, &objection).await?,
        objection,
        explanation: decided.map(|decided| decided.explanation).unwrap_or_default(),
        typed,
        errors,
    })
}

/// `GET /review/objections/{id}`
pub async fn answer_form(asker: SignedIn, Path(id): Path<String>) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let found = actions::to_answer(&asker.ctx, &mut tx, parsed(&id)?).await?;
    show(&answer_page(&asker, &mut tx, found, Fields::default(), FormErrors::default()).await?)
}

/// `POST /review/objections/{id}`: answers it.
pub async fn answer(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let id: Id<Objection> = parsed(&id)?;
    let mut check = fields.check();
    let text = check.required("answer", "答复", TEXT).to_owned();
    let upheld = match fields.text("do") {
        "uphold" => true,
        "reject" => false,
        _ => {
            check.fail("answer", "请用下面的按钮选择异议是否成立");
            false
        }
    };
    let errors = check.errors();
    if !errors.is_empty() {
        let mut tx = ctx.read().await?;
        let found = actions::to_answer(ctx, &mut tx, id).await?;
        return again(&answer_page(&asker, &mut tx, found, fields, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let again = again_words(actions::answer(ctx, &mut once.tx, id, (upheld, &text)).await?);
    let said = if upheld {
        format!("异议成立，材料已交考核小组重新评审{again}。")
    } else {
        "异议不成立；公示期满后结论生效。".to_owned()
    };
    once.done("/review", Flash::good(said)).await
}
