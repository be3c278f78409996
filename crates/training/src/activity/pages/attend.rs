//! What a teacher sees: what may be attended, signing in, what was attended.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people;

use super::super::actions;
use super::super::model::ActivityError;
use super::super::store;
use super::{Row, as_form, ground, row};

#[derive(Template)]
#[template(path = "activity/pages/mine.html")]
struct MinePage {
    page: Page,
    coming: Vec<Row>,
    attended: Vec<Row>,
    code: String,
    errors: FormErrors,
}

/// `GET /activities`
pub async fn mine(asker: SignedIn) -> Answer {
    layout::show(&mine_page(&asker, "", FormErrors::default()).await?)
}

async fn mine_page(asker: &SignedIn, code: &str, errors: FormErrors) -> Result<MinePage, Failure> {
    let ctx = &asker.ctx;
    let member = access::require(ctx, &[Role::Teacher])?;
    let mut tx = ctx.read().await?;
    let teacher = people::teacher(&mut tx, Id::from_uuid(member.person)).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let coming = store::for_teacher(&mut tx, programme.id, &teacher.path, ctx.at).await?;
    let attended = store::attended(&mut tx, programme.id, teacher.person).await?;
    Ok(MinePage {
        page: Page::new(asker, "校本活动", "/activities"),
        coming: coming.iter().map(|activity| row(&rules, activity)).collect(),
        attended: attended.iter().map(|activity| row(&rules, activity)).collect(),
        code: code.to_owned(),
        errors,
    })
}

/// `POST /activities/sign-in`
pub async fn sign_in(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let typed = tisheng_kernel::text::tidy(fields.text("code"));
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::sign_in(ctx, &mut once.tx, &programme, &typed).await {
        Ok(activity) => {
            let said = format!("已签到：{}。学校审核后计入学时。", activity.plan.title);
            once.done("/activities", Flash::good(said)).await
        }
        Err(error) => {
            drop(once);
            if matches!(error, ActivityError::WrongCode) {
                let mut tx = ctx.write().await?;
                actions::count_miss(ctx, &mut tx).await.map_err(Failure::from)?;
                tx.commit().await?;
            }
            let errors = as_form(error, "code")?.titled(&[("code", "签到码")]);
            again(&mine_page(&asker, &typed, errors).await?)
        }
    }
}
