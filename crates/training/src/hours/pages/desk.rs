//! The desk: reports that wait for a person.

use std::collections::HashMap;

use askama::Template;
use tisheng_kernel::Id;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::paging::{Order, Slice};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Filters, FormErrors, layout, once};
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access;
use tisheng_registry::people::{self, Person};
use tisheng_rules::Scheme;

use super::super::actions::candidates::{Candidate, Hint, candidates};
use super::super::actions::decide;
use super::super::actions::several::{Finding, several};
use super::super::model::{HoursError, Waiting, WaitingState};
use super::super::store;
use super::{DESK, LineRow, WaitingRow, as_form, ground, line_row, waiting_row};
use crate::hours::statement;

/// A tab of the desk with what waits in it.
struct Tab {
    href: String,
    label: String,
    current: bool,
}

#[derive(Template)]
#[template(path = "hours/pages/desk.html")]
struct DeskPage {
    page: Page,
    tabs: Vec<Tab>,
    words: String,
    /// The one source whose reports are shown; empty for all.
    source: String,
    without_source: String,
    state: &'static str,
    /// Whether only those are shown with which a day holds more than its 24 hours.
    long_day: bool,
    order: String,
    filters: Filters,
    /// Each with whether it is ticked.
    rows: Vec<(bool, WaitingRow)>,
    first: String,
    next: String,
    /// Where ticks are sent; empty where each report is decided by itself.
    action: String,
    reason: String,
    errors: FormErrors,
}

/// What was filled in on the list.
#[derive(Default)]
struct Ticked {
    ids: Vec<Id<Waiting>>,
    reason: String,
    errors: FormErrors,
}

/// What stands under each state on the desk.
const SHOWN: [WaitingState; 8] = WaitingState::ALL;

/// `GET /hours/waiting`
pub async fn list(asker: SignedIn, filters: Filters) -> Answer {
    layout::show(&desk_page(&asker, &filters, Ticked::default()).await?)
}

async fn desk_page(asker: &SignedIn, filters: &Filters, ticked: Ticked) -> Result<DeskPage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let (words, source) = (filters.text("q"), filters.text("source"));
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let scope = ctx.scope();
    let counts = store::reports::counts(&mut tx, programme.id, &scope, source).await?;
    let count = |of: WaitingState| counts.iter().find(|(state, _)| *state == of).map_or(0, |(_, n)| *n);
    // Whoever asks for no tab sees the first in which something waits.
    let first = SHOWN.into_iter().find(|tab| tab.waits() && count(*tab) > 0);
    let state = filters.text("state").parse().unwrap_or(first.unwrap_or(WaitingState::Parked));
    let long_day = filters.text("day") == "long";
    let order = Order::named(filters.text("sort"), &store::desk::REPORT_COLUMNS, Order::by("received"));
    let asked = store::desk::Asked { state, words, source, long_day, order };
    let found =
        store::desk::reports(&mut tx, programme.id, (&scope, access::breadth(ctx)), asked, &filters.cursor())
            .await?;
    let slice = Slice::cut(found, |row| store::desk::place_of_report(row, order));
    let tabs = SHOWN.into_iter().map(|tab| {
        let shown = if tab.waits() { format!("（{}）", count(tab)) } else { String::new() };
        let label = format!("{}{shown}", tab.chinese());
        Tab { href: filters.with("state", tab.code()), label, current: tab == state }
    });
    // Above a school a name alone says little, and few platforms say where somebody teaches. What was decided
    // stays where it was, while its teacher may have gone.
    let mut schools = HashMap::new();
    if state.waits() && access::is_office(ctx) {
        let teachers: Vec<Id<Person>> = slice.rows.iter().filter_map(|row| row.person).collect();
        schools = store::desk::schools(&mut tx, &scope, &teachers).await?;
    }
    let row = |row: &Waiting| {
        let mut shown = waiting_row(&rules, row);
        if let Some(school) = row.person.and_then(|person| schools.get(&person)) {
            shown.school.clone_from(school);
        }
        (ticked.ids.contains(&row.id), shown)
    };
    let rows = slice.rows.iter().map(row).collect();
    // What is held is looked at for the same reason more often than not; the others are each of their own.
    let is_held = state == WaitingState::Held;
    let action = format!("/hours/waiting{}", filters.with("state", state.code()));
    Ok(DeskPage {
        page: Page::new(asker, "学时待处理", "/hours/waiting"),
        tabs: tabs.collect(),
        words: words.to_owned(),
        source: source.to_owned(),
        without_source: filters.with("source", ""),
        state: state.code(),
        long_day,
        order: order.key(),
        filters: filters.clone(),
        rows,
        first: if filters.text("after").is_empty() { String::new() } else { filters.with("after", "") },
        next: slice.next.map(|next| filters.with("after", &next.write())).unwrap_or_default(),
        action: if is_held { action } else { String::new() },
        reason: ticked.reason,
        errors: ticked.errors,
    })
}

/// `POST /hours/waiting`: decides about the held reports that are ticked.
pub async fn decide_several(asker: SignedIn, filters: Filters, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let ids: Result<Vec<Id<Waiting>>, _> = fields.all("report").map(str::parse).collect();
    let ids = ids.map_err(|_| Failure::NotFound)?;
    let finding = match fields.text("do") {
        "accept" => Finding::Believed,
        "refuse" => Finding::Refused,
        _ => return Err(Failure::Malformed("没有选择要做的操作。".to_owned())),
    };
    let mut check = fields.check();
    let reason = check.required("reason", "原因", 500);
    if ids.is_empty() {
        check.fail("report", "请勾选要处理的报送");
    }
    let errors = check.errors();
    let typed = |errors| Ticked { ids: ids.clone(), reason: fields.text("reason").to_owned(), errors };
    if !errors.is_empty() {
        return again(&desk_page(&asker, &filters, typed(errors)).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    let several =
        several(ctx, &mut once.tx, &programme, &ids, (finding, reason)).await.map_err(Failure::from)?;
    if several.done == 0 {
        drop(once);
        let mut errors = FormErrors::default();
        for (what, why) in several.left {
            errors.add("report", format!("{what}：{why}"));
        }
        return again(&desk_page(&asker, &filters, typed(errors)).await?);
    }
    let said = match finding {
        Finding::Believed => format!("{} 条已认定并入账。", several.done),
        Finding::Refused => format!("{} 条未予认定，教师可以看到原因。", several.done),
    };
    let flash = match several.left.as_slice() {
        [] => Flash::good(said),
        left => Flash::warn(format!("{said}{}", left_in_words(left))),
    };
    once.done(&format!("/hours/waiting{}", filters.with("state", WaitingState::Held.code())), flash).await
}

/// Characters that a message may take to name what goes on waiting.
const NAMED: usize = 320;

/// Which reports go on waiting and why, reason by reason; as many by name as a message holds.
fn left_in_words(left: &[(String, HoursError)]) -> String {
    let mut by_reason: Vec<(String, Vec<&str>)> = Vec::new();
    for (what, why) in left {
        let why = why.to_string();
        match by_reason.iter_mut().find(|(known, _)| *known == why) {
            Some((_, all)) => all.push(what),
            None => by_reason.push((why, vec![what])),
        }
    }
    let mut said = format!("{} 条没有处理，仍在列表中：", left.len());
    for (why, all) in by_reason {
        let room = NAMED.saturating_sub(said.chars().count() + why.chars().count());
        let mut named = String::new();
        for what in all {
            if named.chars().count() + what.chars().count() > room {
                named.push_str(if named.is_empty() { "其余" } else { " 等" });
                break;
            }
            if !named.is_empty() {
                named.push('、');
            }
            named.push_str(what);
        }
        said.push_str(&format!("{named}，{why}。"));
    }
    said
}

/// The teacher whose entry a report contradicts.
struct Other {
    name: String,
    paper: String,
    school: String,
    /// Whether the report is about somebody else.
    is_another: bool,
}

#[derive(Template)]
#[template(path = "hours/pages/decide.html")]
struct DecidePage {
    page: Page,
    report: WaitingRow,
    waits_for: &'static str,
    /// The name that was looked for.
    words: String,
    candidates: Vec<Candidate>,
    /// The teacher whom the report is about, once known.
    teacher: String,
    against: Option<(LineRow, Other)>,
    decider: String,
    may_dismiss: bool,
    reason: String,
    errors: FormErrors,
}

impl DecidePage {
    /// Where the forms go.
    fn action(&self) -> String {
        format!("/hours/waiting/{}/decide", self.report.id)
    }

    /// Whether the teacher's line says the name that was reported.
    fn is_named_by_teacher(&self) -> bool {
        self.teacher.split_once('（').is_some_and(|(name, _)| name == self.report.name)
    }
}

/// `GET /hours/waiting/{id}`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Waiting>>, filters: Filters) -> Answer {
    layout::show(&decide_page(&asker, id, (filters.text("name"), ""), FormErrors::default()).await?)
}

async fn decide_page(
    asker: &SignedIn,
    id: Id<Waiting>,
    (words, reason): (&str, &str),
    errors: FormErrors,
) -> Result<DecidePage, Failure> {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let mut tx = ctx.read().await?;
    let (programme, rules) = ground(ctx, &mut tx).await?;
    let waiting = decide::waiting(ctx, &mut tx, &programme, id).await?;
    let words = if words.is_empty() { waiting.name.as_str() } else { words };
    let hint = Hint { name: words, paper_key: waiting.paper_key.as_deref(), school: &waiting.school };
    let candidates = match waiting.state {
        WaitingState::Parked => candidates(ctx, &mut tx, hint).await?,
        _ => Vec::new(),
    };
    let teacher = match waiting.person {
        Some(person) => placed(ctx, &mut tx, person).await?,
        None => String::new(),
    };
    let decider = match waiting.decided_by {
        Some(account) => store::reports::name_of(&mut tx, account).await?.unwrap_or_default(),
        None => String::new(),
    };
    Ok(DecidePage {
        page: Page::new(asker, "处理学时报送", "/hours/waiting").crumb("学时待处理", "/hours/waiting"),
        report: waiting_row(&rules, &waiting),
        waits_for: if waiting.state.waits() { waiting.state.code() } else { "" },
        words: words.to_owned(),
        candidates,
        teacher,
        against: against(ctx, &mut tx, (&programme, &rules), &waiting).await?,
        decider,
        may_dismiss: access::require(ctx, &decide::OFFICES).is_ok(),
        reason: reason.to_owned(),
        errors: errors.titled(&[("reason", "原因")]),
    })
}

/// A teacher in words, with the school where that is the asker's to know.
async fn placed(ctx: &Ctx, tx: &mut Tx, person: Id<Person>) -> Result<String, Failure> {
    match people::teacher(tx, person).await {
        Ok(teacher) if !ctx.scope().holds(&teacher.path) => Ok(teacher.name),
        Ok(teacher) => Ok(format!("{}（{}）", teacher.name, teacher.school_name)),
        Err(Failure::NotFound) => Ok(String::new()),
        Err(failure) => Err(failure),
    }
}

/// The entry that a report contradicts, and whose it is.
async fn against(
    ctx: &Ctx,
    tx: &mut Tx,
    (programme, rules): (&Programme, &Scheme),
    waiting: &Waiting,
) -> Result<Option<(LineRow, Other)>, Failure> {
    let Some(id) = waiting.against else { return Ok(None) };
    let Some(entry) = store::entry_of_id(tx, programme.id, id).await? else { return Ok(None) };
    let entries = store::entries(tx, programme.id, entry.person).await?;
    let lines = statement::lines(&rules.hours, &entries);
    let Some(line) = lines.iter().find(|line| line.entry.id == id) else { return Ok(None) };
    let is_another = waiting.person.is_some_and(|person| person != entry.person);
    // A teacher of another place is named by the place alone.
    let other = match people::visible(ctx, tx, entry.person).await {
        Ok(person) => {
            let school = people::teacher(tx, person.id).await.map(|t| t.school_name).unwrap_or_default();
            Other { name: person.name, paper: person.paper_masked, school, is_another }
        }
        Err(Failure::NotFound) => Other {
            name: "其他单位的教师".to_owned(),
            paper: String::new(),
            school: String::new(),
            is_another,
        },
        Err(failure) => return Err(failure),
    };
    Ok(Some((line_row(rules, line), other)))
}

/// `POST /hours/waiting/{id}/decide`
pub async fn decide(asker: SignedIn, Path(id): Path<Id<Waiting>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    access::require(ctx, &DESK)?;
    let reason = fields.text("reason");
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    let (programme, _) = ground(ctx, &mut once.tx).await?;
    match carry_out(ctx, &mut once.tx, &programme, id, &fields).await {
        Ok(said) => {
            // Back to the list that was worked through.
            let to = match fields.text("from") {
                "" => "/hours/waiting".to_owned(),
                state => format!("/hours/waiting?state={state}"),
            };
            once.done(&to, Flash::good(said)).await
        }
        Err(error) => {
            drop(once);
            // The button beside a teacher has no reason: that belongs to the others.
            let field = if fields.text("do") == "match" { "report" } else { "reason" };
            let errors = as_form(error, field)?;
            again(&decide_page(&asker, id, (fields.text("name"), reason), errors).await?)
        }
    }
}

/// Does what the button says, and gives the sentence for the next page.
async fn carry_out(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Waiting>,
    fields: &Fields,
) -> Result<&'static str, HoursError> {
    let reason = fields.text("reason");
    match fields.text("do") {
        "match" => {
            let person: Id<Person> = fields.text("person").parse().map_err(|_| Failure::NotFound)?;
            let state = decide::match_person(ctx, tx, programme, id, person).await?;
            Ok(match state {
                WaitingState::Entered => "已匹配教师并入账。",
                WaitingState::Dismissed => "该教师已有相同的入账记录，这条报送不再重复计入。",
                _ => "已匹配教师；这条报送还需要核实，请在相应的标签下继续处理。",
            })
        }
        "pass_up" => decide::pass_up(ctx, tx, programme, id).await.map(|()| "已转上级处理。"),
        "dismiss" => decide::dismiss(ctx, tx, programme, id, reason).await.map(|()| "已排除这条报送。"),
        "accept" => decide::accept(ctx, tx, programme, id, reason).await.map(|()| "已认定并入账。"),
        "refuse" => {
            decide::refuse(ctx, tx, programme, id, reason).await.map(|()| "未予认定，教师可以看到原因。")
        }
        "keep" => decide::keep(ctx, tx, programme, id, reason).await.map(|()| "保留原记录。"),
        "take" => decide::take_newer(ctx, tx, programme, id, reason)
            .await
            .map(|()| "已冲销原记录，并按新的报送入账。"),
        _ => Err(Failure::Malformed("没有选择要做的操作。".to_owned()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::left_in_words;
    use crate::hours::HoursError;

    #[test]
    fn what_is_left_is_named_reason_by_reason_and_fits_a_message() {
        let one = |name: &str, why| (format!("{name}“信息技术”"), why);
        let few =
            [one("甲", HoursError::Own), one("乙", HoursError::NumberTaken), one("丙", HoursError::Own)];
        let said = left_in_words(&few);
        assert!(said.starts_with("3 条没有处理"), "{said}");
        assert!(said.contains("甲“信息技术”、丙“信息技术”，不能处理与本人有关的记录"), "{said}");
        assert!(said.contains("乙“信息技术”，来源的同一编号"), "{said}");
        let many: Vec<_> = (0..50).map(|n| one(&format!("教师{n}"), HoursError::ShortReason)).collect();
        let said = left_in_words(&many);
        assert!(said.contains(" 等，当天合计超过 24 小时") && said.chars().count() < 380, "{said}");
    }
}
