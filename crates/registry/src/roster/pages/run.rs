//! The page of a run in each of its states, and what the clerk does there.

use std::collections::BTreeMap;

use askama::Template;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tisheng_kernel::number::thousands;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::Ctx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash};
use tisheng_platform::web::paging::ROWS;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, Page, once, serve};

use super::XLSX;
use crate::roster::finding::Weight;
use crate::roster::kind::{About, Difference, Kinds, What};
use crate::roster::model::{MOST_DIFFERENCES, MOST_FINDINGS, Run, State, UNDO_DAYS};
use crate::roster::store::{self, Kept};
use crate::roster::teachers::ACCOUNT;
use crate::roster::{actions, sheets};

/// Findings shown on the page of the run itself.
const FIRST: i64 = 20;
/// Pages led to from the page of a run.
const LEADS: i64 = 24;

fn id(text: &str) -> Result<Id<Run>, Failure> {
    text.parse().map_err(|_| Failure::NotFound)
}

pub(super) async fn load(ctx: &Ctx, text: &str) -> Result<(Run, &'static About), Failure> {
    let mut tx = ctx.read().await?;
    actions::visible(ctx, &mut tx, id(text)?).await
}

fn page(asker: &SignedIn, run: &Run, about: &About, title: &str) -> Page {
    let page = super::page(asker, title, about.key);
    if title == about.title { page } else { page.crumb(about.title, format!("/roster/runs/{}", run.id)) }
}

#[derive(Template)]
#[template(path = "roster/pages/run.html")]
struct RunPage {
    page: Page,
    about: &'static About,
    run: Run,
    /// Rows done and in all, while the work is in this process.
    progress: Option<(u32, u32)>,
    first: Vec<Kept>,
    /// How many findings of the sort that is listed a column has.
    columns: Vec<(String, Weight, i64)>,
    /// Findings of the sort whose first are shown.
    listed: usize,
    /// Findings of another sort, which are not listed.
    others: i64,
    open_questions: i64,
    accounts: i64,
    /// Where what was taken is seen, and the words of the link.
    leads: Vec<(String, String)>,
    undo_until: Option<Instant>,
    may_undo: bool,
    /// Whether the asker decides about rows that wait.
    may_decide: bool,
    /// Whether the asker brought the file.
    is_own: bool,
}

impl RunPage {
    fn count(&self, figure: &u32) -> String {
        thousands(i64::from(*figure))
    }

    fn list(&self, weight: &str) -> String {
        format!("/roster/runs/{}/findings?weight={weight}", self.run.id)
    }

    fn address(&self, what: &What) -> String {
        format!("/roster/runs/{}/differences?what={}", self.run.id, what.code())
    }

    /// Whether a step of the loop lies behind the run.
    fn done(&self, step: &usize) -> bool {
        let reached = match self.run.state {
            State::Checking => 1,
            State::Unreadable | State::Wrong => 1,
            State::Ready | State::Dropped => 2,
            State::Taking => 3,
            State::Taken | State::Undoing | State::Undone => 5,
        };
        *step < reached
    }

    /// Whether a step of the loop is the one at hand.
    fn is_next(&self, step: &usize) -> bool {
        !self.done(step) && step.checked_sub(1).is_none_or(|before| self.done(&before))
    }
}

/// `GET /roster/runs/{id}`
pub async fn show(asker: SignedIn, Path(text): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    let mut tx = ctx.read().await?;
    let weight = if run.state == State::Wrong { Weight::Error.code() } else { "" };
    let first = store::findings(&mut tx, run.id, weight, "", 0, FIRST).await?;
    let columns = store::fields(&mut tx, run.id).await?;
    let columns: Vec<(String, Weight, i64)> =
        columns.into_iter().filter_map(|(f, w, n)| Some((f, Weight::of(&w)?, n))).collect();
    let is_listed = |one: &(String, Weight, i64)| weight.is_empty() || one.1.code() == weight;
    let (columns, others): (Vec<_>, Vec<_>) = columns.into_iter().partition(is_listed);
    let listed: i64 = columns.iter().map(|(_, _, count)| count).sum();
    let open_questions = store::open_questions(&mut tx, run.id).await?;
    let (mut accounts, mut leads) = (0, Vec::new());
    if run.state == State::Taken {
        accounts = store::made(&mut tx, run.id, ACCOUNT).await?;
        let (traces, _) = store::traces_backwards(&mut tx, run.id, i64::MAX, LEADS).await?;
        let kind = ctx.app.parts.get::<Kinds>().find(&run.kind);
        leads = kind.map(|kind| traces.iter().filter_map(kind.leads_to).collect()).unwrap_or_default();
        leads.dedup();
    }
    drop(tx);
    let shown = RunPage {
        page: page(&asker, &run, about, about.title),
        about,
        progress: ctx.app.parts.get::<Kinds>().board.of(run.id.uuid()).filter(|(_, total)| *total > 0),
        first,
        columns,
        listed: usize::try_from(listed).unwrap_or_default(),
        others: others.iter().map(|(_, _, count)| count).sum(),
        open_questions,
        accounts,
        leads,
        may_decide: about.is_decided_by(asker.member()),
        undo_until: run.undo_until(),
        may_undo: run.may_be_undone(ctx.at).is_ok(),
        is_own: run.is_of(ctx),
        run,
    };
    layout::show(&shown)
}

#[derive(Template)]
#[template(path = "roster/pages/findings.html")]
struct FindingsPage {
    page: Page,
    about: &'static About,
    run: Run,
    rows: Vec<Kept>,
    columns: Vec<String>,
    weight: String,
    field: String,
    next: String,
    first: String,
    is_cut: bool,
    may_answer: bool,
    is_own: bool,
}

/// `GET /roster/runs/{id}/findings`
pub async fn findings(asker: SignedIn, Path(text): Path<String>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    let (weight, field) = (filters.text("weight"), filters.text("field"));
    let after: i64 = filters.text("after").parse().unwrap_or(0);
    let mut tx = ctx.read().await?;
    let mut rows = store::findings(&mut tx, run.id, weight, field, after, ROWS + 1).await?;
    let mut columns: Vec<String> = store::fields(&mut tx, run.id)
        .await?
        .into_iter()
        .map(|(f, _, _)| f)
        .filter(|f| !f.is_empty())
        .collect();
    drop(tx);
    columns.sort();
    columns.dedup();
    let next = next_of(&mut rows, |kept| kept.seq, &filters);
    let first = if after > 0 { filters.with("after", "") } else { String::new() };
    let shown = FindingsPage {
        page: page(&asker, &run, about, "核对结果明细"),
        about,
        rows,
        columns,
        weight: weight.to_owned(),
        field: field.to_owned(),
        next,
        first,
        is_cut: run.tally.errors + run.tally.warnings > MOST_FINDINGS,
        is_own: run.is_of(ctx),
        may_answer: matches!(run.state, State::Ready | State::Wrong),
        run,
    };
    layout::show(&shown)
}

/// Cuts `rows` to a page and gives the query of the next.
fn next_of<T>(rows: &mut Vec<T>, seq: impl Fn(&T) -> i64, filters: &Filters) -> String {
    let most = usize::try_from(ROWS).unwrap_or(usize::MAX);
    if rows.len() <= most {
        return String::new();
    }
    rows.truncate(most);
    let last = rows.last().map(seq).unwrap_or_default();
    let query = filters.with("after", "");
    let join = if query == "?" { "" } else { "&" };
    format!("{query}{join}after={last}")
}

/// `GET /roster/runs/{id}/marked.xlsx`: for whoever brought the file alone, since it holds the
/// numbers of people as they were typed.
pub async fn marked(asker: SignedIn, Path(text): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    if !run.is_of(ctx) {
        return Err(Failure::NotFound);
    }
    let mut tx = ctx.read().await?;
    let findings = store::findings(&mut tx, run.id, "", "", 0, i64::from(MOST_FINDINGS)).await?;
    drop(tx);
    let bytes = ctx.app.files.get(&run.digest).await?;
    let upload_mib = ctx.app.config.upload_mib;
    let marked = run.clone();
    let made =
        tokio::task::spawn_blocking(move || sheets::marked((about, &marked), &bytes, upload_mib, &findings));
    let internal = |cause: String| Failure::Internal(cause);
    let made = made.await.map_err(|e| internal(e.to_string()))?.map_err(|e| internal(e.to_string()))?;
    let workbook = made.ok_or(Failure::NotFound)?;
    let stem = run.file_name.rsplit_once('.').map_or(run.file_name.as_str(), |(stem, _)| stem);
    Ok(serve::download(&format!("{stem}（已标注）.xlsx"), XLSX, workbook))
}

#[derive(Template)]
#[template(path = "roster/pages/differences.html")]
struct DifferencesPage {
    page: Page,
    about: &'static About,
    run: Run,
    what: What,
    rows: Vec<Difference>,
    next: String,
    first: String,
    is_cut: bool,
}

/// `GET /roster/runs/{id}/differences`
pub async fn differences(asker: SignedIn, Path(text): Path<String>, filters: Filters) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    let opens = about.outcomes.iter().copied().find(|what| *what != What::Same && run.tally.has(what));
    let what = What::of(filters.text("what")).or(opens).unwrap_or(What::New);
    let after: i64 = filters.text("after").parse().unwrap_or(0);
    let mut tx = ctx.read().await?;
    let mut rows = store::differences(&mut tx, run.id, what, after, ROWS + 1).await?;
    drop(tx);
    let next = next_of(&mut rows, |(seq, _)| *seq, &filters);
    let first = if after > 0 { filters.with("after", "") } else { String::new() };
    let shown = DifferencesPage {
        page: page(&asker, &run, about, "将要发生的变化"),
        about,
        what,
        rows: rows.into_iter().map(|(_, difference)| difference).collect(),
        next,
        first,
        is_cut: run.tally.of(what) > MOST_DIFFERENCES,
        run,
    };
    layout::show(&shown)
}

/// `POST /roster/runs/{id}/answers`
pub async fn answers(asker: SignedIn, Path(text): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let (run, _) = actions::visible(ctx, &mut begun.tx, id(&text)?).await?;
    let to = format!("/roster/runs/{}/findings?weight=question", run.id);
    let (which, all) = fields.text("answer").split_once('-').unwrap_or_default();
    let take = match which {
        "yes" => true,
        "no" => false,
        _ => return Err(Failure::Malformed("没有选择办理或不办理。".to_owned())),
    };
    if all == "all" {
        let count = actions::answer_all(ctx, &mut begun.tx, &run, take).await?;
        return begun.done(&to, Flash::good(format!("已对全部 {count} 行作出决定。"))).await;
    }
    let seq = all.parse().map_err(|_| Failure::NotFound)?;
    actions::answer(ctx, &mut begun.tx, &run, seq, take).await?;
    begun.done(&to, Flash::good("已记下您的决定。")).await
}

#[derive(Template)]
#[template(path = "roster/pages/confirm.html")]
struct ConfirmPage {
    page: Page,
    about: &'static About,
    run: Run,
    fields: Fields,
    errors: FormErrors,
}

impl ConfirmPage {
    fn chosen(&self, key: &str, answer: &str, is_first: &bool) -> bool {
        let given = self.fields.text(key);
        if given.is_empty() { *is_first } else { given == answer }
    }
}

fn confirm_form(
    asker: &SignedIn,
    run: Run,
    about: &'static About,
    fields: Fields,
    errors: FormErrors,
) -> Answer {
    let page = page(asker, &run, about, "确认导入");
    layout::show(&ConfirmPage { page, about, run, fields, errors })
}

/// `GET /roster/runs/{id}/confirm`
pub async fn confirm_page(asker: SignedIn, Path(text): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    let mut tx = ctx.read().await?;
    let open = store::open_questions(&mut tx, run.id).await?;
    drop(tx);
    // Whoever comes back by the browser's button after it was done is led to what became of it.
    if matches!(run.state, State::Taking | State::Taken | State::Undoing | State::Undone) {
        let flash = Flash::note(format!("这一步已完成，这次导入现在是“{}”。", run.state.chinese()));
        return Ok(once::redirect(&format!("/roster/runs/{}", run.id), Some(&flash)));
    }
    run.may_be_confirmed(open).map_err(Failure::Refused)?;
    confirm_form(&asker, run, about, Fields::default(), FormErrors::default())
}

/// `POST /roster/runs/{id}/confirm`
pub async fn confirm(asker: SignedIn, Path(text): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let (shown, about) = load(ctx, &text).await?;
    let mut errors = FormErrors::default();
    let mut choices = BTreeMap::new();
    for choice in shown.choices_of(about) {
        let answer = fields.text(choice.key);
        if choice.answers.iter().any(|(key, _)| *key == answer) {
            choices.insert(choice.key.to_owned(), answer.to_owned());
        } else {
            let wrong = FormErrors::one(choice.key, format!("请选择：{}", choice.question));
            errors = errors.and(wrong.titled(&[(choice.key, choice.question)]));
        }
    }
    if !errors.is_empty() {
        let form = confirm_form(&asker, shown, about, fields, errors)?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, form).into_response());
    }
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let (run, _) = actions::visible(ctx, &mut begun.tx, shown.id).await?;
    actions::confirm(ctx, &mut begun.tx, &run, &choices).await?;
    let to = format!("/roster/runs/{}", run.id);
    begun.done(&to, Flash::note("已确认，正在导入；全部成功才会生效，中途断电也不会只导入一半。")).await
}

/// `POST /roster/runs/{id}/drop`
pub async fn put_away(asker: SignedIn, Path(text): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let (run, _) = actions::visible(ctx, &mut begun.tx, id(&text)?).await?;
    actions::put_away(ctx, &mut begun.tx, &run).await?;
    begun.done("/roster", Flash::good("已放弃这次导入，系统中的数据没有改动。")).await
}

/// `POST /roster/runs/{id}/undo`
pub async fn undo(asker: SignedIn, Path(text): Path<String>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let (run, _) = actions::visible(ctx, &mut begun.tx, id(&text)?).await?;
    actions::undo(ctx, &mut begun.tx, &run).await?;
    let to = format!("/roster/runs/{}", run.id);
    begun.done(&to, Flash::note("正在撤销；全部恢复才会生效。")).await
}

#[derive(Template)]
#[template(path = "roster/pages/receipt.html")]
struct ReceiptPage {
    page: Page,
    about: &'static About,
    run: Run,
    taken_at: Instant,
    accounts: i64,
    decisions: Vec<(&'static str, &'static str)>,
}

/// `GET /roster/runs/{id}/receipt`: for printing.
pub async fn receipt(asker: SignedIn, Path(text): Path<String>) -> Answer {
    let ctx = &asker.ctx;
    let (run, about) = load(ctx, &text).await?;
    let taken_at = run.taken_at.ok_or(Failure::NotFound)?;
    let mut tx = ctx.read().await?;
    let accounts = store::made(&mut tx, run.id, ACCOUNT).await?;
    drop(tx);
    let decision = |choice: &'static crate::roster::Choice| {
        let chosen = run.choices.get(choice.key)?;
        let words = choice.answers.iter().find(|(key, _)| key == chosen)?.1;
        Some((choice.question, words))
    };
    let decisions = about.choices.iter().filter_map(decision).collect();
    let page = Page::of(ctx, format!("{}导入回执", about.title));
    layout::show(&ReceiptPage { page, about, taken_at, accounts, decisions, run })
}
