//! What was chosen in a tool becomes courses of the catalogue.

use askama::Template;
use tisheng_kernel::{Id, Seconds};
use tisheng_platform::web::layout::{Flash, again, show as shown};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Checked, Failure, Fields, FormErrors, Page, Path, once};
use tisheng_policy::scheme;
use tisheng_training::course::{Counts, CourseError, Draft, Source};
use tisheng_training::platform::Platform;

use super::page_below;
use crate::lti::actions::pick;
use crate::lti::model::{Item, Pick};
use crate::lti::store::grades;

/// A link as it is to become a course.
struct Row {
    place: usize,
    item: Item,
    included: bool,
    title: String,
    code: String,
    capability: String,
    hours: String,
    counts: String,
    pass: String,
}

#[derive(Template)]
#[template(path = "lti/pages/chosen.html")]
struct ChosenPage {
    page: Page,
    platform: Platform,
    pick: String,
    rows: Vec<Row>,
    source: String,
    sources: Vec<(&'static str, &'static str)>,
    ways: Vec<(&'static str, &'static str)>,
    capabilities: Vec<(String, String)>,
    errors: FormErrors,
}

impl ChosenPage {
    /// What is wrong with the field `name` of the link at `place`.
    fn wrong(&self, name: &str, place: &usize) -> &str {
        self.errors.of(&field(name, *place))
    }

    fn named(name: &str, place: &usize) -> String {
        field(name, *place)
    }
}

/// The name of a field of the link at `place`.
fn field(name: &str, place: usize) -> String {
    format!("{name}-{place}")
}

/// `GET /platforms/{id}/tool/picks/{pick}`
pub async fn form(asker: SignedIn, Path((id, pick)): Path<(Id<Platform>, Id<Pick>)>) -> Answer {
    shown(&page(&asker, (id, pick), None, FormErrors::default()).await?)
}

async fn page(
    asker: &SignedIn,
    (id, which): (Id<Platform>, Id<Pick>),
    typed: Option<&Fields>,
    errors: FormErrors,
) -> Result<ChosenPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (platform, _, pick) = pick::visible(ctx, &mut tx, (id, which)).await?;
    let programme = scheme::of_id(&mut tx, platform.programme).await?;
    let rules = scheme::rules(&ctx.app, &mut tx, &programme).await?;
    let capabilities = rules.framework.capabilities.iter();
    let tail = which.to_string().chars().rev().take(6).collect::<String>();
    let rows = pick.items.into_iter().enumerate().map(|(place, item)| match typed {
        Some(fields) => {
            let text = |name: &str| fields.text(&field(name, place)).to_owned();
            Row {
                included: fields.has("include", &place.to_string()),
                title: text("title"),
                code: text("code"),
                capability: text("capability"),
                hours: text("hours"),
                counts: text("counts"),
                pass: text("pass"),
                place,
                item,
            }
        }
        None => Row {
            included: true,
            title: item.title.clone(),
            code: format!("LTI-{tail}-{}", place + 1),
            capability: String::new(),
            hours: String::new(),
            counts: if item.line.is_some() { Counts::Passed } else { Counts::Completed }.key().to_owned(),
            pass: if item.line.is_some() { "60".to_owned() } else { String::new() },
            place,
            item,
        },
    });
    Ok(ChosenPage {
        page: page_below(asker, "从工具中选的课程", &platform),
        pick: which.to_string(),
        rows: rows.collect(),
        source: typed.map_or(Source::Bought.key(), |fields| fields.text("source")).to_owned(),
        sources: Source::options(),
        ways: Counts::options(),
        capabilities: capabilities
            .map(|one| (one.code.clone(), format!("{} {}", one.code, one.name)))
            .collect(),
        errors,
        platform,
    })
}

/// What the form says of the link at `place`.
fn draft(
    check: &mut Checked<'_>,
    fields: &Fields,
    platform: &Platform,
    (place, item, activity): (usize, &Item, String),
) -> Option<Draft> {
    let of = |name: &str| field(name, place);
    let title = check.required(&of("title"), "课程名称", 100).to_owned();
    let code = check.required(&of("code"), "课程编号", 60).to_owned();
    let capability = check.required(&of("capability"), "能力点", 60).to_owned();
    let counts: Option<Counts> = check.chosen(&of("counts"), "认定方式");
    let hours = check.required(&of("hours"), "学时", 20);
    let worth = Seconds::parse_hours(hours, platform.length);
    if let (Err(error), false) = (&worth, hours.is_empty()) {
        check.fail(&of("hours"), error.to_string());
    }
    // Nothing but its scores says of a tool's course whether it is passed.
    let pass_permille = if counts == Some(Counts::Passed) {
        Some(check.number(&of("pass"), "合格分数", 1..=100_i64)? * 10)
    } else {
        None
    };
    let source = fields.text("source").parse().unwrap_or(Source::Bought);
    Some(Draft {
        code,
        title,
        source,
        stages: String::new(),
        subjects: String::new(),
        summary: item.text.clone(),
        href: String::new(),
        capabilities: vec![capability],
        activities: vec![activity],
        worth: worth.ok()?,
        length: platform.length,
        material: Seconds::ZERO,
        category: platform.category.clone(),
        kind: platform.kind.clone(),
        counts: counts?,
        pass_permille,
    })
}

/// `POST /platforms/{id}/tool/picks/{pick}`
pub async fn save(
    asker: SignedIn,
    Path((id, which)): Path<(Id<Platform>, Id<Pick>)>,
    fields: Fields,
) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Again(answer) => return Ok(answer),
        Begun::Fresh(once) => once,
    };
    let (platform, tool, pick) = pick::visible(ctx, &mut once.tx, (id, which)).await?;
    let mut check = fields.check();
    let included = |place: &usize| fields.has("include", &place.to_string());
    let mut drafts = Vec::new();
    for (place, item) in pick.items.iter().enumerate().filter(|(place, _)| included(place)) {
        let activity = pick::activity(ctx, &pick, place);
        let draft = draft(&mut check, &fields, &platform, (place, item, activity));
        if let Some(draft) = &draft
            && (drafts.iter().any(|(_, _, other): &(usize, &Item, Draft)| other.code == draft.code)
                || pick::is_taken(&mut once.tx, &platform, &draft.code).await?)
        {
            check.fail(&field("code", place), "本平台已有这个编号的课程");
        }
        drafts.extend(draft.map(|draft| (place, item, draft)));
    }
    let mut errors = check.errors();
    if !(0..pick.items.len()).any(|place| included(&place)) {
        errors.add("include", "请至少勾选一门课程");
    }
    if !errors.is_empty() {
        drop(once);
        return again(&page(&asker, (id, which), Some(&fields), errors).await?);
    }
    for (place, item, draft) in &drafts {
        match pick::hand_in(ctx, &mut once.tx, (&platform, &tool), (item, draft)).await {
            Ok(_) => {}
            Err(CourseError::Wrong(wrong)) => {
                let mut errors = FormErrors::default();
                for (name, sentence) in wrong {
                    let name = if name == "capabilities" { "capability" } else { name };
                    errors.add(&field(name, *place), sentence);
                }
                drop(once);
                return again(&page(&asker, (id, which), Some(&fields), errors).await?);
            }
            Err(error) => return Err(error.into()),
        }
    }
    if !grades::end_pick(&mut once.tx, which).await? {
        return Err(Failure::Stale("这次选回的课程刚刚已经提交，请到课程目录查看".to_owned()));
    }
    let said = format!("已提交 {} 门课程，工程办审核通过后教师可以打开学习。", drafts.len());
    once.done(&format!("/courses?state=submitted&platform={id}"), Flash::good(said)).await
}
