//! Versions of the rules: handing one in, its differences, its trial, putting it into force.

use askama::Template;
use axum::extract::Multipart;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::Slice;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Tx, jobs};

use super::super::actions::{self, owned};
use super::super::due::announced;
use super::super::force;
use super::super::model::{ChangeKind, File, SchemeError, State, Trial, Version};
use super::super::rulebook::rules_of;
use super::super::store::{self, ChangeLine};
use super::differences::Compared;

struct VersionRow {
    id: String,
    label: String,
    state: &'static str,
    tone: &'static str,
    note: String,
    created: String,
    in_force: String,
    superseded: String,
    /// The day chosen, while it waits.
    due: String,
    /// Why it was taken back from a day chosen before.
    called_off: String,
}

fn version_row(version: &Version) -> VersionRow {
    VersionRow {
        id: version.id.to_string(),
        label: version.label.clone(),
        state: version.state.chinese(),
        tone: version.state.tone(),
        note: version.note.clone(),
        created: version.created_at.chinese(),
        in_force: version.in_force_at.map(|at| at.chinese()).unwrap_or_default(),
        superseded: version.superseded_at.map(|at| at.chinese()).unwrap_or_default(),
        due: version
            .due_at
            .filter(|_| version.state == State::Waiting)
            .map(|due| chinese_date(due.date()))
            .unwrap_or_default(),
        called_off: version.called_off.clone(),
    }
}

#[derive(Template)]
#[template(path = "scheme/pages/versions.html")]
struct VersionsPage {
    page: Page,
    versions: Vec<VersionRow>,
    note: String,
    problems: Vec<String>,
    errors: FormErrors,
}

/// `GET /scheme/versions`
pub async fn list(asker: SignedIn) -> Answer {
    layout::show(&versions_page(&asker, "", Vec::new(), FormErrors::default()).await?)
}

async fn versions_page(
    asker: &SignedIn,
    note: &str,
    problems: Vec<String>,
    errors: FormErrors,
) -> Result<VersionsPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, programme) = owned(ctx, &mut tx).await?;
    let versions = store::versions(&mut tx, programme.id).await?;
    Ok(VersionsPage {
        page: Page::new(asker, "规则的版本", "/scheme").crumb("实施方案与规则", "/scheme"),
        versions: versions.iter().map(version_row).collect(),
        note: note.to_owned(),
        problems,
        errors,
    })
}

/// The fields and the files of a form that brings a version.
async fn parts(mut form: Multipart) -> Result<(Fields, Vec<File>), Failure> {
    let broken = |_| Failure::Malformed("上传的内容无法识别。".to_owned());
    let (mut pairs, mut files) = (Vec::new(), Vec::new());
    while let Some(part) = form.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let file = part.file_name().map(str::to_owned);
        let text = String::from_utf8(part.bytes().await.map_err(broken)?.to_vec());
        let text = text.map_err(|_| Failure::Malformed("规则文件应为 UTF-8 编码的文本。".to_owned()))?;
        match file {
            Some(file) if !file.is_empty() => {
                pairs.push((file.clone(), text.clone()));
                files.push((file, text));
            }
            Some(_) => {}
            None => pairs.push((name, text)),
        }
    }
    files.sort();
    Ok((Fields::new(pairs), files))
}

/// The field that the files are picked in.
const FILES: [(&str, &str); 1] = [("files", "规则文件")];

/// `POST /scheme/versions`
pub async fn hand_in(asker: SignedIn, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    let (fields, files) = parts(form).await?;
    let mut check = fields.check();
    if files.is_empty() {
        check.fail("files", "请选择规则文件（全部 .toml 文件一起选择）");
    }
    let note = check.required("note", "修订说明", 500);
    let errors = check.errors().titled(&FILES);
    if !errors.is_empty() {
        return again(&versions_page(&asker, note, Vec::new(), errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    match actions::draft(ctx, &mut once.tx, &files, note).await {
        Ok(id) => {
            let to = format!("/scheme/versions/{id}");
            once.done(&to, Flash::good("草案已保存，请核对差异并进行换规试算。")).await
        }
        Err(error) => {
            drop(once);
            let problems = match &error {
                SchemeError::Faulty(problems) => problems.iter().map(ToString::to_string).collect(),
                _ => Vec::new(),
            };
            let errors = as_form(error, "files")?.titled(&FILES);
            again(&versions_page(&asker, note, problems, errors).await?)
        }
    }
}

fn as_form(error: SchemeError, field: &str) -> Result<FormErrors, Failure> {
    match error {
        SchemeError::Failed(failure) => Err(failure),
        other => Ok(FormErrors::one(field, other.to_string())),
    }
}

/// A trial as shown.
struct TrialRow {
    asked: String,
    done: String,
    teachers: i64,
    /// How many there are to look at, while the job is at work.
    total: i64,
    /// Whether the job has been given up.
    has_failed: bool,
    counts: Vec<(&'static str, &'static str, i64)>,
    is_current: bool,
    /// Whether it was computed when the version came into force.
    is_last: bool,
}

#[derive(Template)]
#[template(path = "scheme/pages/version.html")]
struct VersionPage {
    page: Page,
    version: VersionRow,
    is_draft: bool,
    /// When it comes into force, in a sentence; empty unless it waits.
    announced: String,
    compared: Compared,
    trial: Option<TrialRow>,
    may_put: bool,
    /// What may be chosen as its day: for the reader, and as limits of the field.
    days: String,
    limits: String,
    typed: Typed,
    errors: FormErrors,
}

/// What was typed into the forms of a version's page.
#[derive(Default)]
struct Typed {
    day: String,
    reason: String,
}

/// `GET /scheme/versions/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Version>>) -> Answer {
    layout::show(&version_page(&asker, id, Typed::default(), FormErrors::default()).await?)
}

async fn version_page(
    asker: &SignedIn,
    id: Id<Version>,
    typed: Typed,
    errors: FormErrors,
) -> Result<VersionPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, programme) = owned(ctx, &mut tx).await?;
    let version = actions::version(&mut tx, &programme, id).await?;
    let all = store::versions(&mut tx, programme.id).await?;
    let compared = Compared::of(ctx, &mut tx, &programme, &all, &version).await?;
    let scheme = rules_of(&ctx.app, &mut tx, id).await?;
    let trial = store::newest_trial(&mut tx, id).await?;
    let is_current = trial.as_ref().is_some_and(|trial| trial.base == programme.version);
    let is_draft = version.state == State::Draft;
    let may_come = matches!(version.state, State::Draft | State::Waiting);
    let row = match &trial {
        Some(trial) => Some(trial_row(&mut tx, trial, &version, is_current).await?),
        None => None,
    };
    let today = ctx.at.date();
    let (days, limits) = match *scheme.identity.period {
        Some(period) => {
            let (first, last) = (period.from().max(today), period.until());
            let days = format!("实施期内的一天（{}），当天零点起执行", period.chinese());
            (days, format!(" min=\"{first}\" max=\"{last}\""))
        }
        None => ("今天或以后的一天，当天零点起执行".to_owned(), format!(" min=\"{today}\"")),
    };
    Ok(VersionPage {
        page: Page::new(asker, format!("规则版本 {}", version.label), "/scheme")
            .crumb("实施方案与规则", "/scheme")
            .crumb("规则的版本", "/scheme/versions"),
        version: version_row(&version),
        is_draft,
        compared,
        announced: announced(&version, ctx.at),
        may_put: may_come && is_current && trial.as_ref().is_some_and(|trial| trial.done_at.is_some()),
        trial: row,
        days,
        limits,
        typed,
        errors,
    })
}

async fn trial_row(
    tx: &mut Tx,
    trial: &Trial,
    version: &Version,
    is_current: bool,
) -> Result<TrialRow, Failure> {
    let job = match trial.job.filter(|_| trial.done_at.is_none()) {
        Some(job) => jobs::state(tx, job).await?,
        None => None,
    };
    let counts = ChangeKind::ALL.map(|kind| (kind.code(), kind.chinese(), count_of(trial, kind)));
    Ok(TrialRow {
        total: job.as_ref().map_or(0, |job| job.total),
        has_failed: job.is_some_and(|job| job.given_up),
        asked: trial.asked_at.chinese(),
        done: trial.done_at.map(|at| at.chinese()).unwrap_or_default(),
        teachers: trial.teachers,
        counts: counts.to_vec(),
        is_current,
        is_last: version.in_force_at.is_some_and(|since| since <= trial.asked_at),
    })
}

/// How many teachers a trial found who would change in this way.
const fn count_of(trial: &Trial, kind: ChangeKind) -> i64 {
    match kind {
        ChangeKind::Gaining => trial.gaining,
        ChangeKind::Losing => trial.losing,
        ChangeKind::Other => trial.other,
    }
}

impl VersionPage {
    /// Whether it is still to come into force.
    const fn may_come(&self) -> bool {
        self.is_draft || !self.announced.is_empty()
    }

    /// Whether the trial shown is the one of the day on which it came into force.
    fn is_last(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.is_last)
    }

    /// Whether the page looks again by itself.
    fn at_work(&self) -> bool {
        self.trial.as_ref().is_some_and(|trial| trial.done.is_empty() && !trial.has_failed)
    }
}

/// `POST /scheme/versions/{id}/step`: computes a trial, puts into force now or on a day, calls that
/// day off, or withdraws a draft.
pub async fn step(asker: SignedIn, Path(id): Path<Id<Version>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let errors = match take_step(ctx, &mut once.tx, id, &fields).await {
        Ok(said) => return once.done(&format!("/scheme/versions/{id}"), Flash::good(said)).await,
        Err(errors) => errors?,
    };
    drop(once);
    let typed = Typed { day: fields.text("day").to_owned(), reason: fields.text("reason").to_owned() };
    again(&version_page(&asker, id, typed, errors).await?)
}

/// What is said of the step that was taken, or what is wrong with its form.
async fn take_step(
    ctx: &Ctx,
    tx: &mut Tx,
    id: Id<Version>,
    fields: &Fields,
) -> Result<&'static str, Result<FormErrors, Failure>> {
    let mut check = fields.check();
    let (taken, field) = match fields.text("do") {
        "trial" => {
            let asked = actions::ask_trial(ctx, tx, id).await;
            (asked.map(|_| "试算已开始，完成后本页会显示结果。"), "step")
        }
        "force" => (force::put_in_force(ctx, tx, id).await.map(|_| IN_FORCE), "step"),
        "wait" => {
            let Some(day) = check.date("day", "生效日期") else { return Err(Ok(check.errors())) };
            let state = force::put_off(ctx, tx, id, day).await;
            let said = |state| {
                if state == State::Waiting { "已预定，到生效日期自动启用。" } else { IN_FORCE }
            };
            (state.map(said), "day")
        }
        "call_off" => {
            let why = check.required("reason", "撤回原因", 500);
            let errors = check.errors();
            if !errors.is_empty() {
                return Err(Ok(errors));
            }
            (force::call_off(ctx, tx, id, why).await.map(|()| "已撤回，可以另选生效日期。"), "reason")
        }
        "withdraw" => (actions::withdraw(ctx, tx, id).await.map(|()| "草案已作废。"), "step"),
        _ => return Err(Err(Failure::Malformed("没有选择要做的操作。".to_owned()))),
    };
    taken.map_err(|error| as_form(error, field))
}

/// What is said when a version has come into force.
const IN_FORCE: &str = "已启用。此后的认定按新版本执行，已经生效的结果不变。";

#[derive(Template)]
#[template(path = "scheme/pages/changes.html")]
struct ChangesPage {
    page: Page,
    tabs: Vec<(String, &'static str, i64, bool)>,
    /// Whether the version is or was in force.
    has_come: bool,
    rows: Vec<ChangeLine>,
    first: String,
    next: String,
}

/// `GET /scheme/versions/{id}/changes`: the teachers whom the newest trial found.
pub async fn changes(asker: SignedIn, Path(id): Path<Id<Version>>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (_, programme) = owned(ctx, &mut tx).await?;
    let version = actions::version(&mut tx, &programme, id).await?;
    let trial = store::newest_trial(&mut tx, id).await?.ok_or(Failure::NotFound)?;
    let kind = filters.text("kind");
    let found = store::changes(&mut tx, trial.id, &ctx.scope(), kind, &filters.cursor()).await?;
    let slice = Slice::cut(found, |line| (String::new(), line.change.person.to_string()));
    let all = (filters.with("kind", ""), "全部", trial.changed(), kind.is_empty());
    let tabs = ChangeKind::ALL.map(|tab| {
        (filters.with("kind", tab.code()), tab.chinese(), count_of(&trial, tab), tab.code() == kind)
    });
    let has_come = version.in_force_at.is_some();
    let title = if has_come { "启用时有变化的教师" } else { "换规试算：有变化的教师" };
    layout::show(&ChangesPage {
        page: Page::new(&asker, title, "/scheme")
            .crumb("规则的版本", "/scheme/versions")
            .crumb(version.label, format!("/scheme/versions/{id}")),
        has_come,
        tabs: std::iter::once(all).chain(tabs).collect(),
        rows: slice.rows,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
    })
}

impl ChangesPage {
    /// The heading of what held without the version.
    const fn before(&self) -> &'static str {
        if self.has_come { "此前" } else { "现在" }
    }
}
