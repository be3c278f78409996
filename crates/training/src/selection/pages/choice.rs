//! A teacher chooses and asks for a change.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};

use super::super::actions;
use super::super::judged::Judged;
use super::super::model::{ChangeState, ChoiceChange, difference};
use super::super::store;
use super::super::view::{self, Group};
use super::{Conditions, beside_sheet, ground, ticked};

struct ChangeRow {
    id: String,
    capabilities: String,
    reason: String,
    asked: String,
    state: &'static str,
    tone: &'static str,
    decision: String,
    waits: bool,
}

#[derive(Template)]
#[template(path = "selection/pages/choice.html")]
struct ChoicePage {
    page: Page,
    /// Whether this is the form of a change instead of a first choice.
    is_change: bool,
    /// The request for a change that waits: it takes the place of the form.
    waiting: Option<ChangeRow>,
    school: String,
    has_offer: bool,
    /// Whether something that was chosen is offered no more.
    keeps: bool,
    groups: Vec<Group>,
    conditions: Conditions,
    /// What would be lost with what was chosen.
    lost: String,
    reason: String,
    errors: FormErrors,
}

impl ChoicePage {
    /// Whether the form is shown: beside a request that waits only with what was typed and not taken.
    fn has_form(&self) -> bool {
        self.waiting.is_none() || !self.errors.is_empty()
    }
}

/// A capability that was chosen.
struct Chosen {
    label: String,
    description: String,
    /// Whether the school still offers it.
    is_offered: bool,
}

#[derive(Template)]
#[template(path = "selection/pages/chosen.html")]
struct ChosenPage {
    page: Page,
    chosen: Vec<Chosen>,
    chosen_at: String,
    changes: Vec<ChangeRow>,
    may_ask: bool,
}

/// `GET /choice`: the form of the first choice; afterwards what was chosen.
pub async fn show(asker: SignedIn) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let teacher = actions::own_post(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let Some((_, chosen_at)) = store::choice(&mut tx, programme.id, teacher.person).await? else {
        drop(tx);
        return layout::show(&choice_page(&asker, None, FormErrors::default()).await?);
    };
    let chosen = store::chosen(&mut tx, programme.id, teacher.person).await?;
    let chosen: Vec<String> = rules.framework.in_order(&chosen).into_iter().map(str::to_owned).collect();
    let changes = store::changes_of(&mut tx, programme.id, teacher.person).await?;
    let offered = store::offered(&mut tx, programme.id, teacher.school).await?;
    let described = chosen.iter().map(|code| Chosen {
        label: rules.framework.label(code),
        description: rules.framework.capability(code).map(|c| c.description.clone()).unwrap_or_default(),
        // A school that offers nothing yet has withdrawn nothing.
        is_offered: offered.is_empty() || offered.contains(code),
    });
    layout::show(&ChosenPage {
        page: Page::new(&asker, "我的选学", "/choice"),
        chosen: described.collect(),
        chosen_at: chosen_at.chinese(),
        may_ask: !changes.iter().any(|change| change.state == ChangeState::Asked),
        changes: changes.iter().map(|change| change_row(change, &rules)).collect(),
    })
}

fn change_row(change: &ChoiceChange, rules: &tisheng_rules::Scheme) -> ChangeRow {
    let codes = rules.framework.in_order(&change.capabilities);
    let labels: Vec<String> = codes.iter().map(|code| rules.framework.label(code)).collect();
    ChangeRow {
        id: change.id.to_string(),
        capabilities: labels.join("、"),
        reason: change.reason.clone(),
        asked: change.asked_at.chinese(),
        state: change.state.chinese(),
        tone: change.state.tone(),
        decision: change.decision.clone(),
        waits: change.state == ChangeState::Asked,
    }
}

/// The form of a first choice, or of a change when a reason is kept beside the boxes.
async fn choice_page(
    asker: &SignedIn,
    typed: Option<Vec<String>>,
    errors: FormErrors,
) -> Result<ChoicePage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let teacher = actions::own_post(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let offered = store::offered(&mut tx, programme.id, teacher.school).await?;
    let chosen = store::chosen(&mut tx, programme.id, teacher.person).await?;
    let is_change = !chosen.is_empty();
    let keeps = chosen.iter().any(|code| !offered.contains(code));
    let changes = store::changes_of(&mut tx, programme.id, teacher.person).await?;
    let waiting = changes.iter().find(|change| change.state == ChangeState::Asked);
    drop(tx);
    let lost = match is_change {
        true => {
            ctx.app.parts.get::<Judged>().of(ctx, programme.id, teacher.person).await?.lost(&rules, &chosen)
        }
        false => String::new(),
    };
    let typed = typed.unwrap_or_else(|| chosen.clone());
    let title = if is_change { "申请变更选学" } else { "我的选学" };
    Ok(ChoicePage {
        page: Page::new(asker, title, "/choice"),
        is_change,
        waiting: waiting.map(|change| change_row(change, &rules)),
        school: teacher.school_name,
        has_offer: !offered.is_empty(),
        keeps,
        groups: view::for_choice(&rules, &offered, &chosen, &typed),
        conditions: Conditions::of(view::lines(rules.choice_conditions(&typed, &offered, &chosen)), false),
        lost,
        reason: String::new(),
        errors,
    })
}

/// `POST /choice/check`: the conditions alone, while somebody ticks.
pub async fn check(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let teacher = actions::own_post(ctx, &mut tx).await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let offered = store::offered(&mut tx, programme.id, teacher.school).await?;
    let held = store::chosen(&mut tx, programme.id, teacher.person).await?;
    let typed = ticked(&fields);
    let conditions = rules.choice_conditions(&typed, &offered, &held);
    layout::show(&Conditions::of(view::lines(conditions), true))
}

/// `POST /choice`
pub async fn choose(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let capabilities = ticked(&fields);
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::choose(ctx, &mut once.tx, &programme, &capabilities).await {
        Ok(()) => once.done("/tasks", Flash::good("选学完成，下面是您的选学任务清单。")).await,
        Err(error) => {
            drop(once);
            let errors = beside_sheet(error)?;
            again(&choice_page(&asker, Some(capabilities), errors).await?)
        }
    }
}

/// `GET /choice/change`: the form; while a request waits that instead, to be taken back.
pub async fn change_form(asker: SignedIn) -> Answer {
    let page = choice_page(&asker, None, FormErrors::default()).await?;
    if page.is_change { layout::show(&page) } else { Err(Failure::NotFound) }
}

/// `POST /choice/change`
pub async fn ask_change(asker: SignedIn, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let capabilities = ticked(&fields);
    let mut check = fields.check();
    let reason = check.required("reason", "变更原因", 500);
    let errors = check.errors();
    if !errors.is_empty() {
        let page = choice_page(&asker, Some(capabilities), errors).await?;
        return again(&ChoicePage { reason: reason.to_owned(), ..page });
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match actions::ask_change(ctx, &mut once.tx, &programme, &capabilities, reason).await {
        Ok(_) => once.done("/choice", Flash::good("变更申请已提交，等待学校审批。")).await,
        Err(error) => {
            drop(once);
            let errors = beside_sheet(error)?;
            let page = choice_page(&asker, Some(capabilities), errors).await?;
            again(&ChoicePage { reason: reason.to_owned(), ..page })
        }
    }
}

/// `POST /choice/changes/{id}/withdraw`
pub async fn withdraw(asker: SignedIn, Path(id): Path<Id<ChoiceChange>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    actions::withdraw_change(ctx, &mut once.tx, &programme, id).await.map_err(Failure::from)?;
    once.done("/choice", Flash::good("变更申请已撤回。")).await
}

/// What a request would change, in words.
pub(super) fn difference_words(
    rules: &tisheng_rules::Scheme,
    before: &[String],
    after: &[String],
) -> (String, String) {
    let change = difference(before, after);
    let words = |codes: &[String]| -> String {
        codes.iter().map(|code| rules.framework.label(code)).collect::<Vec<_>>().join("、")
    };
    (words(&change.added), words(&change.dropped))
}
