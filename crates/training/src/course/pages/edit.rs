//! Handing one course in by a form, and changing it.

use askama::Template;
use tisheng_kernel::{HourLength, Id, Seconds};
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_registry::access;
use tisheng_registry::organisation::Stage;
use tisheng_registry::people::SUBJECTS;
use tisheng_rules::Scheme;

use super::super::actions::{self, AUTHORS, Submitted};
use super::super::file::permille;
use super::super::model::{Counts, Course, CourseError, Draft, Source, TermsState, of_hundred};
use super::super::store;
use super::ground;
use crate::platform::{self, Platform};

/// The fields of the form, as typed.
#[derive(Default)]
struct Typed {
    platform: String,
    code: String,
    title: String,
    source: String,
    summary: String,
    href: String,
    activities: String,
    hours: String,
    material: String,
    counts: String,
    pass: String,
    capabilities: Vec<String>,
    stages: Vec<String>,
    subjects: Vec<String>,
}

impl Typed {
    /// Whether a stage or a subject is ticked.
    fn is_for(&self, word: &str) -> bool {
        self.stages.iter().chain(&self.subjects).any(|ticked| ticked == word)
    }
}

#[derive(Template)]
#[template(path = "course/pages/edit.html")]
struct EditPage {
    page: Page,
    action: String,
    back: String,
    is_new: bool,
    typed: Typed,
    platforms: Vec<(String, String)>,
    sources: Vec<(&'static str, &'static str)>,
    ways: Vec<(&'static str, &'static str)>,
    dimensions: Vec<Dimension>,
    stages: Vec<(&'static str, &'static str)>,
    subjects: [&'static str; 28],
    errors: FormErrors,
}

/// A dimension with its capabilities, which are folded away while none of them is ticked.
struct Dimension {
    title: String,
    is_ticked: bool,
    /// Code and label of each.
    capabilities: Vec<(String, String)>,
}

fn dimensions(rules: &Scheme, ticked: &[String]) -> Vec<Dimension> {
    let framework = &rules.framework;
    let all = framework.dimensions.iter().map(|dimension| {
        let within = framework.capabilities.iter().filter(|one| one.dimension == dimension.key);
        let capabilities: Vec<(String, String)> = within.map(|one| (one.code.clone(), one.label())).collect();
        Dimension {
            title: dimension.title.clone(),
            is_ticked: capabilities.iter().any(|(code, _)| ticked.contains(code)),
            capabilities,
        }
    });
    all.filter(|dimension| !dimension.capabilities.is_empty()).collect()
}

/// The fields that something may be wrong with beyond what stands in them alone.
const TITLES: [(&str, &str); 7] = [
    ("platform", "学习平台"),
    ("code", "课程编号"),
    ("capability", "能力点"),
    ("hours", "学时"),
    ("pass", "合格分数"),
    ("href", "学习网址"),
    ("activities", "活动地址"),
];

/// `GET /courses/new`
pub async fn new(asker: SignedIn, filters: Filters) -> Answer {
    let typed = Typed { platform: filters.text("platform").to_owned(), ..Typed::default() };
    layout::show(&edit_page(&asker, None, typed, FormErrors::default()).await?)
}

/// `GET /courses/{id}/edit`
pub async fn form(asker: SignedIn, Path(id): Path<Id<Course>>) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &AUTHORS)?;
    let mut tx = ctx.read().await?;
    let course = actions::course(ctx, &mut tx, id).await?;
    let revisions = store::terms(&mut tx, id).await?;
    // What waits or was sent back is gone on with; what was withdrawn is not.
    let gone = [TermsState::Superseded, TermsState::Withdrawn];
    let latest = revisions.into_iter().find(|terms| !gone.contains(&terms.state));
    let latest = latest.ok_or(Failure::NotFound)?;
    let several = |text: &str| text.split(',').filter(|t| !t.is_empty()).map(str::to_owned).collect();
    let typed = Typed {
        platform: course.platform.to_string(),
        code: course.code.clone(),
        title: course.title.clone(),
        source: latest.source.key().to_owned(),
        summary: course.summary.clone(),
        href: course.href.clone(),
        activities: latest.activities.join("\n"),
        hours: latest.worth.plainly(latest.length),
        material: if latest.material.get() > 0 {
            (latest.material.get() / 60).to_string()
        } else {
            String::new()
        },
        counts: latest.counts.key().to_owned(),
        pass: latest.pass_permille.map(of_hundred).unwrap_or_default(),
        stages: several(&latest.stages),
        subjects: several(&latest.subjects),
        capabilities: latest.capabilities,
    };
    drop(tx);
    layout::show(&edit_page(&asker, Some(id), typed, FormErrors::default()).await?)
}

async fn edit_page(
    asker: &SignedIn,
    id: Option<Id<Course>>,
    typed: Typed,
    errors: FormErrors,
) -> Result<EditPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &AUTHORS)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let platforms = platform::list(ctx, &mut tx, &programme).await?;
    let (title, action, back) = match id {
        Some(id) => ("修改课程", format!("/courses/{id}/edit"), format!("/courses/{id}")),
        None => ("提交课程", "/courses/new".to_owned(), "/courses".to_owned()),
    };
    Ok(EditPage {
        page: Page::new(asker, title, "/courses").crumb("课程目录", "/courses"),
        action,
        back,
        is_new: id.is_none(),
        dimensions: dimensions(&rules, &typed.capabilities),
        typed,
        platforms: platforms.into_iter().map(|p| (p.id.to_string(), p.name)).collect(),
        sources: Source::options(),
        ways: Counts::options(),
        stages: Stage::options(),
        subjects: SUBJECTS,
        errors: errors.titled(&TITLES),
    })
}

/// Reads the form; what is wrong with it beside what was typed.
fn read(fields: &Fields, platform: Option<&Platform>) -> (Typed, Option<Draft>, FormErrors) {
    let text = |name: &str| fields.text(name).to_owned();
    let several = |name: &str| {
        let mut all: Vec<String> = fields.all(name).map(str::to_owned).collect();
        all.sort();
        all
    };
    let typed = Typed {
        platform: text("platform"),
        code: text("code"),
        title: text("title"),
        source: text("source"),
        summary: text("summary"),
        href: text("href"),
        activities: text("activities"),
        hours: text("hours"),
        material: text("material"),
        counts: text("counts"),
        pass: text("pass"),
        capabilities: several("capability"),
        stages: several("stage"),
        subjects: several("subject"),
    };
    // In the order of the page, in which what is wrong is listed.
    let mut check = fields.check();
    if platform.is_none() {
        check.fail("platform", "请选择学习平台");
    }
    check.required("code", "课程编号", 60);
    check.required("title", "课程名称", 100);
    let source: Option<Source> = check.chosen("source", "课程来源");
    check.optional("summary", "简介", 500);
    if typed.capabilities.is_empty() {
        check.fail("capability", "请至少选择一个能力点");
    }
    let counts: Option<Counts> = check.chosen("counts", "认定方式");
    let length = platform.map_or(HourLength::LESSON, |platform| platform.length);
    let worth = Seconds::parse_hours(&typed.hours, length);
    match &worth {
        Err(_) if typed.hours.is_empty() => check.fail("hours", "请填写学时"),
        Err(error) => check.fail("hours", error.to_string()),
        Ok(_) => {}
    }
    let pass_permille = if typed.pass.is_empty() {
        None
    } else {
        permille(&typed.pass).map_err(|sentence| check.fail("pass", sentence)).ok()
    };
    let material = if typed.material.is_empty() {
        Some(Seconds::ZERO)
    } else {
        check.number("material", "材料时长", 1..=60_000_i64).map(Seconds::of_minutes)
    };
    let errors = check.errors();
    let draft = match (platform, source, counts, worth, material) {
        (Some(platform), Some(source), Some(counts), Ok(worth), Some(material)) if errors.is_empty() => {
            Some(Draft {
                code: typed.code.clone(),
                title: typed.title.clone(),
                source,
                stages: typed.stages.join(","),
                subjects: typed.subjects.join(","),
                summary: typed.summary.clone(),
                href: typed.href.clone(),
                capabilities: typed.capabilities.clone(),
                activities: typed.activities.split_whitespace().map(str::to_owned).collect(),
                worth,
                length,
                material,
                category: platform.category.clone(),
                kind: platform.kind.clone(),
                counts,
                pass_permille,
            })
        }
        _ => None,
    };
    (typed, draft, errors)
}

/// `POST /courses/new`
pub async fn create(asker: SignedIn, fields: Fields) -> Answer {
    let platform = match fields.text("platform").parse() {
        Ok(id) => {
            let mut tx = asker.ctx.read().await?;
            Some(platform::visible(&asker.ctx, &mut tx, id).await?)
        }
        Err(_) => None,
    };
    hand_in(&asker, None, platform.as_ref(), &fields).await
}

/// `POST /courses/{id}/edit`
pub async fn change(asker: SignedIn, Path(id): Path<Id<Course>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &AUTHORS)?;
    let mut tx = ctx.read().await?;
    let course = actions::course(ctx, &mut tx, id).await?;
    let platform = platform::visible(ctx, &mut tx, course.platform).await?;
    drop(tx);
    if fields.text("code") != course.code {
        return Err(Failure::Malformed("课程编号不能修改；编号不同的是另一门课程。".to_owned()));
    }
    hand_in(&asker, Some(id), Some(&platform), &fields).await
}

async fn hand_in(
    asker: &SignedIn,
    id: Option<Id<Course>>,
    platform: Option<&Platform>,
    fields: &Fields,
) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &AUTHORS)?;
    let (typed, draft, errors) = read(fields, platform);
    let (Some(draft), Some(platform)) = (draft, platform) else {
        return again(&edit_page(asker, id, typed, errors).await?);
    };
    let mut once = match once::begin(ctx, fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    if id.is_none() && actions::of_code(&mut once.tx, platform, &draft.code).await?.is_some() {
        drop(once);
        let errors = FormErrors::one("code", "本平台已有这个编号的课程");
        return again(&edit_page(asker, id, typed, errors).await?);
    }
    match actions::submit(ctx, &mut once.tx, platform, &draft).await {
        Ok((id, submitted)) => {
            let said = match submitted {
                Submitted::New => "课程已提交，工程办审核通过后开始计学时。",
                Submitted::Terms => "修改已提交；审核通过之前，仍按现行的内容。",
                Submitted::Withdrawn => "与现行的内容相同，等待审核的修改已撤回。",
                Submitted::Words => "课程资料已修改。",
                Submitted::Nothing => "没有需要修改的内容。",
            };
            once.done(&format!("/courses/{id}"), Flash::good(said)).await
        }
        Err(CourseError::Wrong(wrong)) => {
            drop(once);
            let mut errors = FormErrors::default();
            for (field, sentence) in wrong {
                errors.add(if field == "capabilities" { "capability" } else { field }, sentence);
            }
            again(&edit_page(asker, id, typed, errors).await?)
        }
        Err(error @ CourseError::ActivityTaken(_)) => {
            drop(once);
            let errors = FormErrors::one("activities", error.to_string());
            again(&edit_page(asker, id, typed, errors).await?)
        }
        Err(error) => Err(error.into()),
    }
}
