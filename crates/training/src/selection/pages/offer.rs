//! A school puts its offer together and publishes it.

use askama::Template;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_registry::organisation;

use super::super::actions;
use super::super::model::{Offer, OfferState, SelectionError, difference};
use super::super::store;
use super::super::view::{self, Group};
use super::{Conditions, beside_sheet, ground, ticked};

struct VersionRow {
    version: i64,
    state: &'static str,
    tone: &'static str,
    note: String,
    published: String,
}

#[derive(Template)]
#[template(path = "selection/pages/offer.html")]
struct OfferPage {
    page: Page,
    environment: String,
    groups: Vec<Group>,
    /// Whether teachers have chosen already.
    is_in_use: bool,
    conditions: Conditions,
    is_met: bool,
    note: String,
    has_draft: bool,
    /// What the form is filled in against.
    basis: String,
    published: Vec<String>,
    versions: Vec<VersionRow>,
    errors: FormErrors,
}

/// What a school has typed, when a form is shown again.
struct Typed {
    capabilities: Vec<String>,
    note: String,
}

/// `GET /offer`
pub async fn show(asker: SignedIn) -> Answer {
    layout::show(&offer_page(&asker, None, FormErrors::default()).await?)
}

async fn offer_page(
    asker: &SignedIn,
    typed: Option<Typed>,
    errors: FormErrors,
) -> Result<OfferPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let school = actions::own_school(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let facts = organisation::school_facts(&mut tx, school.id).await?;
    let versions = store::offers(&mut tx, programme.id, school.id).await?;
    let draft = versions.iter().find(|offer| offer.state == OfferState::Draft);
    let published = store::offered(&mut tx, programme.id, school.id).await?;
    let typed = match (typed, draft) {
        (Some(typed), _) => typed,
        (None, Some(draft)) => {
            Typed { capabilities: store::capabilities_of(&mut tx, draft.id).await?, note: draft.note.clone() }
        }
        (None, None) => Typed { capabilities: published.clone(), note: String::new() },
    };
    let conditions = rules.offer_conditions(&typed.capabilities, &facts);
    let chosen = store::counted::chosen_at(&mut tx, programme.id, school.id).await?;
    let environment = facts.environment.as_deref().and_then(|key| rules.framework.environment(key));
    Ok(OfferPage {
        page: Page::new(asker, "学校选学范围", "/offer"),
        environment: environment.map(|environment| environment.title.clone()).unwrap_or_default(),
        groups: view::for_offer(&rules, &facts, &typed.capabilities, &chosen),
        is_in_use: !chosen.is_empty(),
        is_met: conditions.iter().all(|condition| condition.met),
        conditions: Conditions::of(view::lines(conditions), false),
        note: typed.note,
        has_draft: draft.is_some(),
        basis: actions::basis(&mut tx, programme.id, school.id).await?.mark().to_owned(),
        published: published.iter().map(|code| rules.framework.label(code)).collect(),
        versions: versions.iter().map(version_row).collect(),
        errors,
    })
}

fn version_row(offer: &Offer) -> VersionRow {
    VersionRow {
        version: offer.version,
        state: offer.state.chinese(),
        tone: offer.state.tone(),
        note: offer.note.clone(),
        published: offer.published_at.map(|at| at.chinese()).unwrap_or_default(),
    }
}

/// `POST /offer/check`: the conditions alone, while somebody ticks.
pub async fn check(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let school = actions::own_school(ctx, &mut tx).await?;
    let (_, rules) = ground(ctx, &mut tx).await?;
    let facts = organisation::school_facts(&mut tx, school.id).await?;
    let conditions = rules.offer_conditions(&ticked(&fields), &facts);
    layout::show(&Conditions::of(view::lines(conditions), true))
}

/// `POST /offer`: keeps the draft, and publishes it when asked to.
pub async fn save(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let capabilities = ticked(&fields);
    let mut check = fields.check();
    let note = check.optional("note", "说明", 500).to_owned();
    let errors = check.errors();
    let typed = Typed { capabilities, note };
    if !errors.is_empty() {
        return again(&offer_page(&asker, Some(typed), errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    match keep(ctx, &mut once.tx, &typed, &fields).await {
        Ok(said) => once.done("/offer", Flash::good(said)).await,
        Err(error) => {
            drop(once);
            let errors = beside_sheet(error)?;
            again(&offer_page(&asker, Some(typed), errors).await?)
        }
    }
}

/// Keeps the draft, publishes it when asked to, and says what has been done.
async fn keep(ctx: &Ctx, tx: &mut Tx, typed: &Typed, fields: &Fields) -> Result<String, SelectionError> {
    let (programme, _) = ground(ctx, tx).await?;
    actions::still_so(ctx, tx, &programme, fields.text("basis")).await?;
    let school = actions::own_school(ctx, tx).await?;
    let before = store::offered(tx, programme.id, school.id).await?;
    actions::draft(ctx, tx, &programme, &typed.capabilities, &typed.note).await?;
    if fields.text("do") != "publish" {
        return Ok("草稿已保存，发布后教师才能看到。".to_owned());
    }
    actions::publish(ctx, tx, &programme).await?;
    let dropped = difference(&before, &typed.capabilities).dropped;
    let still = actions::still_chosen(ctx, tx, &programme, &dropped).await?;
    Ok(published(&still))
}

/// What is said of a published offer: also who has chosen what is offered no more.
fn published(still: &[(String, i64)]) -> String {
    const SAID: &str = "选学范围已发布，教师可以开始选学。";
    match still {
        [] => SAID.to_owned(),
        still => {
            let each: Vec<String> = still.iter().map(|(code, many)| format!("{code}（{many} 人）")).collect();
            format!("{SAID}不再提供的能力点已有教师选学：{}，他们的选学不变。", each.join("、"))
        }
    }
}

/// `POST /offer/publish`: publishes the draft as it was kept.
pub async fn publish(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::publish(ctx, &mut once.tx, &programme).await {
        Ok(_) => once.done("/offer", Flash::good("选学范围已发布，教师可以开始选学。")).await,
        Err(error) => {
            drop(once);
            let errors = beside_sheet(error)?;
            again(&offer_page(&asker, None, errors).await?)
        }
    }
}
