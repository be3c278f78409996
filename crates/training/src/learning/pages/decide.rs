//! Whose an account is, decided by a person.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::people::{self, Person};

use super::super::actions::{LearningError, matching};
use super::super::model::{Learner, LearnerState};
use super::{LearnerRow, learner_row};
use crate::hours::{Candidate, Hint, candidates};

#[derive(Template)]
#[template(path = "learning/pages/decide.html")]
struct DecidePage {
    page: Page,
    learner: LearnerRow,
    is_open: bool,
    is_matched: bool,
    teacher: String,
    words: String,
    candidates: Vec<Candidate>,
    reason: String,
    errors: FormErrors,
}

impl DecidePage {
    /// Where the forms go.
    fn action(&self) -> String {
        format!("/learners/{}/decide", self.learner.id)
    }
}

/// `GET /learners/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Learner>>, filters: Filters) -> Answer {
    layout::show(&decide_page(&asker, id, (filters.text("name"), ""), FormErrors::default()).await?)
}

async fn decide_page(
    asker: &SignedIn,
    id: Id<Learner>,
    (words, reason): (&str, &str),
    errors: FormErrors,
) -> Result<DecidePage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let programme = scheme::current(ctx, &mut tx).await?;
    let learner = matching::visible(ctx, &mut tx, &programme, id).await?;
    let teacher = match learner.person {
        Some(person) => people::teacher(&mut tx, person)
            .await
            .map(|teacher| format!("{}（{}）", teacher.name, teacher.school_name))
            .unwrap_or_default(),
        None => String::new(),
    };
    let words = if words.is_empty() { learner.name.as_str() } else { words };
    let hint = Hint { name: words, paper_key: None, school: &learner.school };
    let candidates = match learner.state {
        LearnerState::Matched => Vec::new(),
        _ => candidates(ctx, &mut tx, hint).await?,
    };
    Ok(DecidePage {
        page: Page::new(asker, "对应学习账号", "/hours/waiting")
            .crumb("学时待处理", "/hours/waiting")
            .crumb("待对应的学习账号", "/learners"),
        is_open: learner.state != LearnerState::Matched,
        is_matched: learner.state == LearnerState::Matched,
        learner: learner_row(&mut tx, &learner).await?,
        teacher,
        words: words.to_owned(),
        candidates,
        reason: reason.to_owned(),
        errors,
    })
}

/// `POST /learners/{id}/decide`
pub async fn decide(asker: SignedIn, Path(id): Path<Id<Learner>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let reason = fields.text("reason");
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let programme = scheme::current(ctx, &mut once.tx).await?;
    matching::visible(ctx, &mut once.tx, &programme, id).await?;
    match carry_out(ctx, &mut once.tx, &programme, id, &fields).await {
        Ok(said) => once.done("/learners", Flash::good(said)).await,
        Err(LearningError::Failed(failure)) => Err(failure),
        Err(error) => {
            drop(once);
            // Nothing but a missing reason is said beside the reason, which belongs to one of the buttons.
            let field = if matches!(error, LearningError::NoReason) { "reason" } else { "learner" };
            let errors = FormErrors::one(field, error.to_string()).titled(&[("reason", "原因")]);
            let page = decide_page(&asker, id, (fields.text("name"), reason), errors).await?;
            again(&page)
        }
    }
}

/// Does what the button says, and gives the sentence for the next page.
async fn carry_out(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Learner>,
    fields: &Fields,
) -> Result<&'static str, LearningError> {
    let reason = fields.text("reason");
    match fields.text("do") {
        "match" => {
            let person: Id<Person> = fields.text("person").parse().map_err(|_| Failure::NotFound)?;
            matching::match_learner(ctx, tx, programme, (id, person)).await?;
            Ok("已对应教师，这个账号以前和以后的学习记录都会自动认定。")
        }
        "dismiss" => {
            matching::dismiss(ctx, tx, programme, (id, reason)).await?;
            Ok("已排除这个账号，记录仍然保存。")
        }
        "reopen" => {
            matching::reopen(ctx, tx, programme, (id, reason)).await?;
            Ok("已取消原来的处理，因此入账的学时已冲销，账号重新等待对应。")
        }
        _ => Err(Failure::Malformed("没有选择要做的操作。".to_owned()).into()),
    }
}
