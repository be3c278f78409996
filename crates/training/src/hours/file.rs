//! A file of hours from a training platform, as a kind of file of the clerk's loop.
//!
//! The loop reads, checks, shows differences, takes and undoes; this says what a row means. A row
//! that names nobody known, contradicts an entry or can hardly be true is taken all the same: it
//! waits for a person, since nothing a platform reports is dropped.

mod row;
mod said;
mod words;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Scope, Tx, audit, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::Role;
use tisheng_registry::people::Person;
use tisheng_registry::roster::{
    About, Alteration, Book, Desk, Difference, Hint, Item, Kind, Line, Notes, Obstacle, Trace, What, failed,
};
use tisheng_rules::Scheme;
use uuid::Uuid;

pub use self::row::COLUMNS;
use self::row::{CATEGORY, HOURS, NAME, NUMBER, PLATFORM, Row, report};
use self::words::Words;
use super::actions::batch::take_turns;
use super::actions::foresee::{Ahead, Foreseen, foresee};
use super::actions::reversal::take_back;
use super::actions::{changed, take};
use super::delivery::{DELIVERED, Delivered, Tally};
use super::doubt::Day;
use super::model::{Entry, HoursError, Logged, Report, WITHDRAWAL, Waiting, WaitingState};
use super::senders::{Sender, Senders, acting as as_reporter, may_report};
use super::store;
use super::told::Outcome;
use crate::desk::policy;

/// A file of hours from a training platform.
#[derive(Debug)]
pub struct HoursFile;

/// What is known while a file is read.
#[derive(Debug)]
pub struct Memory {
    /// The programme of the clerk's node and its rules; none where no programme runs.
    policy: Option<(Programme, Arc<Scheme>)>,
    /// Who reports in the programme.
    senders: Vec<Sender>,
    /// Where a number of a platform stood first, and what was said there.
    rows: HashMap<(String, String), (u32, String)>,
    /// What rows that have not been entered yet add to a teacher's day.
    ahead: Ahead,
    /// Teachers whose ledger has changed.
    concerned: BTreeSet<Id<Person>>,
    /// What became of the rows of each platform, in figures.
    sources: BTreeMap<String, Tally>,
    /// The same row by row, as platforms are told.
    words: Words,
}

impl Kind for HoursFile {
    const ABOUT: About = About {
        key: "hours",
        title: "学时",
        noun: "学时记录",
        purpose: "导入培训平台的学时。找不到教师、前后不一致或明显不合理的记录不会丢失，导入后在“学时待处理”中由人决定。",
        columns: &COLUMNS,
        named_by: NAME,
        choices: &[],
        roles: &[Role::Clerk, Role::Town, Role::County, Role::City, Role::Province, Role::Institution],
        outcomes: &[What::New, What::Waiting, What::Same],
        decided_at: "/hours/waiting",
        decided_by: &[Role::Clerk, Role::Town, Role::County, Role::City, Role::Province],
        said_twice: "其他文件也报送了的，仍按那个文件保留。",
    };
    type Row = Row;
    type Memory = Memory;

    async fn hints(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Hint>, DbError> {
        let programme = match scheme::current(ctx, tx).await {
            Ok(programme) => programme,
            // Where no programme runs, the file is refused with a sentence of its own.
            Err(Failure::NotFound) => return Ok(Vec::new()),
            Err(failure) => return Err(failed(failure)),
        };
        let rules = scheme::rules(&ctx.app, tx, &programme).await.map_err(failed)?;
        Ok(row::hints(&rules))
    }

    fn read(desk: &Desk, line: &mut Line<'_>) -> Option<Row> {
        row::read(desk, line)
    }

    async fn remember(desk: &Desk, tx: &mut Tx) -> Result<Memory, DbError> {
        let policy = policy(desk, tx).await?;
        let senders = match &policy {
            Some((programme, _)) => (desk.ctx.app.parts.get::<Senders>().0)(tx, programme.id).await?,
            None => Vec::new(),
        };
        Ok(Memory {
            policy,
            senders,
            rows: HashMap::new(),
            ahead: Ahead::new(),
            concerned: BTreeSet::new(),
            sources: BTreeMap::new(),
            words: Words::default(),
        })
    }

    async fn judge(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: &mut [Item<Row>],
    ) -> Result<(), DbError> {
        let policy = memory.policy.clone();
        for item in items {
            // A row in which something cannot be read is held against the scheme all the same, so that
            // everything that is wrong with it is told at once.
            let (Some(row), notes) = (item.row.as_mut(), &mut item.notes) else { continue };
            let Some((programme, rules)) = &policy else {
                notes.wrong(CATEGORY, "您所在的机构还没有启用实施方案，不能导入学时");
                continue;
            };
            if let Err(sentence) =
                row.platform().map_or(Ok(()), |name| may_report(desk, &memory.senders, name))
            {
                notes.wrong(PLATFORM, sentence);
            }
            let desk = &acting(desk, programme);
            let Some(report) = report(rules, row, desk.ctx.at.date(), notes) else { continue };
            let foreseen = look_ahead(memory, desk, tx, programme, &report, notes).await?;
            row.known = matches!(foreseen, Foreseen::Known);
            let difference = difference(rules, row, &report, &foreseen, notes);
            row.report = Some(report);
            item.difference = Some(difference);
        }
        Ok(())
    }

    async fn gone(_: &Memory, _: &Desk, _: &mut Tx) -> Result<Vec<Difference>, DbError> {
        // A file of hours adds: what other files reported stays.
        Ok(Vec::new())
    }

    async fn take(
        memory: &mut Memory,
        desk: &Desk,
        tx: &mut Tx,
        items: Vec<Item<Row>>,
        book: &mut Book,
    ) -> Result<(), DbError> {
        let Some((programme, _)) = &memory.policy else { return Ok(()) };
        memory.ahead.clear();
        let desk = &acting(desk, programme);
        let reports: Vec<&Report> =
            items.iter().filter_map(|item| item.row.as_ref()?.report.as_ref()).collect();
        take_turns(&desk.ctx, tx, programme, &reports).await.map_err(of_hours)?;
        for row in items.into_iter().filter_map(|item| item.row) {
            let Some(report) = row.report.as_ref() else { continue };
            let tally = memory.sources.entry(report.source.clone()).or_default();
            if row.known && said::too(desk, tx, programme, report, book).await? {
                tally.count(Logged::Same, report.seconds);
                continue;
            }
            // A number that waited for its teacher is not new, whatever becomes of it now.
            said::too(desk, tx, programme, report, book).await?;
            let (logged, person) = take(&desk.ctx, tx, programme, report).await.map_err(of_hours)?;
            tally.count(logged, report.seconds);
            memory.words.logged(tx, programme, report, logged).await?;
            match logged {
                Logged::Entered(id) => {
                    said::first(desk, tx, programme, (ENTRY, id.uuid()), book).await?;
                    memory.concerned.extend(person);
                }
                Logged::Conflict(id) | Logged::Parked(id) | Logged::Held(id) => {
                    said::first(desk, tx, programme, (REPORT, id.uuid()), book).await?;
                }
                Logged::Same => {}
            }
        }
        Ok(())
    }

    async fn close(memory: &mut Memory, desk: &Desk, tx: &mut Tx, _: &mut Book) -> Result<(), DbError> {
        let Some((programme, _)) = &memory.policy else { return Ok(()) };
        let desk = &acting(desk, programme);
        for person in &memory.concerned {
            changed(&desk.ctx, tx, programme, *person).await.map_err(of_hours)?;
        }
        std::mem::take(&mut memory.words).tell(desk, tx, programme).await?;
        let sources = std::mem::take(&mut memory.sources);
        let delivered = Delivered { programme: programme.id, run: desk.run, sources };
        audit::record(&desk.ctx, tx, "hours.file_taken", desk.run, &delivered).await?;
        jobs::emit(tx, desk.ctx.at, DELIVERED, &delivered).await
    }

    async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
        let Some((programme, _)) = policy(desk, tx).await? else { return Ok(()) };
        let desk = &acting(desk, &programme);
        hold_named(tx, &programme, &traces).await?;
        let (mut concerned, mut words) = (BTreeSet::new(), Words::default());
        for trace in traces {
            if store::said::take_back(tx, programme.id, trace.subject, desk.run).await? {
                continue;
            }
            if trace.thing == ENTRY {
                if let Some(entry) = withdraw_entry(desk, tx, &programme, trace.subject).await? {
                    concerned.insert(entry.person);
                    words.add((&entry.source, &entry.source_id), Outcome::Withdrawn, UNDONE);
                }
            } else if let Some(report) = withdraw_report(desk, tx, &programme, trace.subject).await? {
                words.add((&report.source, &report.source_id), Outcome::Withdrawn, UNDONE);
            }
        }
        for person in concerned {
            changed(&desk.ctx, tx, &programme, person).await.map_err(of_hours)?;
        }
        Ok(words.tell(desk, tx, &programme).await?)
    }
}

/// The desk at which a file is taken.
fn acting(desk: &Desk, programme: &Programme) -> Desk {
    Desk { ctx: as_reporter(&desk.ctx, programme), ..desk.clone() }
}

/// Takes the turns of everybody of whom a file has made something, before anything of it is taken back.
async fn hold_named(tx: &mut Tx, programme: &Programme, traces: &[Trace]) -> Result<(), DbError> {
    if !tx.has_rivals() {
        return Ok(());
    }
    let mut people = BTreeSet::new();
    for trace in traces {
        let person = if trace.thing == ENTRY {
            let entry = store::entry_of_id(tx, programme.id, Id::from_uuid(trace.subject)).await?;
            entry.map(|entry| entry.person)
        } else {
            let id = Id::from_uuid(trace.subject);
            let report = store::reports::of_id(tx, programme.id, &Scope::everything(), id).await?;
            report.and_then(|report| report.person)
        };
        people.extend(person);
    }
    store::turns::hold_all(tx, programme.id, &people).await
}

/// Takes back an entry that the file made; gives it, unless it was taken back before.
async fn withdraw_entry(
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    entry: Uuid,
) -> Result<Option<Entry>, DbError> {
    let entry = store::entry_of_id(tx, programme.id, Id::from_uuid(entry)).await?;
    let Some(entry) = entry else { return Ok(None) };
    match take_back(&desk.ctx, tx, programme, &entry, (WITHDRAWAL, UNDONE)).await {
        Ok(_) => {
            said::wait_again(desk, tx, programme, &entry).await?;
            Ok(Some(entry))
        }
        Err(HoursError::Reversed) => Ok(None),
        Err(error) => Err(of_hours(error)),
    }
}

/// Ends the waiting of a report that the file made, and gives it if it waited; what somebody has made
/// an entry stands in the way.
async fn withdraw_report(
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    report: Uuid,
) -> Result<Option<Waiting>, Obstacle> {
    let report = Id::from_uuid(report);
    let ended = store::reports::withdraw_one(&desk.ctx, tx, programme.id, report, UNDONE).await?;
    if !ended && store::reports::state(tx, programme.id, report).await? == Some(WaitingState::Entered) {
        let sentence = "文件中有报送已经由人认定入账，不能整批撤销；请逐条冲销。";
        return Err(Obstacle::BuiltOn(sentence.to_owned()));
    }
    if !ended {
        return Ok(None);
    }
    Ok(store::reports::of_id(tx, programme.id, &Scope::everything(), report).await?)
}

/// An entry that a file made.
const ENTRY: &str = "entry";
/// A waiting report that a file made.
const REPORT: &str = "report";
/// The reason of what undoing a file takes back.
const UNDONE: &str = "撤销导入的学时文件";

/// What would become of a report after the rows before it: the same row twice counts once;
/// another row under its number will wait as a conflict.
async fn look_ahead(
    memory: &mut Memory,
    desk: &Desk,
    tx: &mut Tx,
    programme: &Programme,
    report: &Report,
    notes: &mut Notes,
) -> Result<Foreseen, DbError> {
    let key = (report.source.clone(), report.source_id.clone());
    let digest = report.digest();
    let first = memory.rows.get(&key);
    if let Some((first, _)) = first.filter(|(_, said)| *said == digest) {
        notes.warn(NUMBER, format!("与第 {first} 行相同，只计一次"));
        return Ok(Foreseen::Known);
    }
    let contradicts = first.map(|(first, _)| format!("与第 {first} 行编号相同而内容不同"));
    let foreseen = foresee(&desk.ctx, tx, programme, report, &memory.ahead).await.map_err(of_hours)?;
    match (contradicts, foreseen) {
        (Some(why), Foreseen::Fresh(_) | Foreseen::Waits(..)) => {
            Ok(Foreseen::Waits(WaitingState::Conflict, why))
        }
        (Some(_), Foreseen::Known) => Ok(Foreseen::Known),
        (None, foreseen) => {
            memory.rows.insert(key, (notes.number(), digest));
            if let Foreseen::Fresh(person) = foreseen {
                let day = memory.ahead.entry((person, report.worked_on)).or_default();
                *day = *day + Day::of(report);
            }
            Ok(foreseen)
        }
    }
}

fn difference(
    rules: &Scheme,
    row: &Row,
    report: &Report,
    foreseen: &Foreseen,
    notes: &mut Notes,
) -> Difference {
    let what = match foreseen {
        Foreseen::Known => What::Same,
        Foreseen::Fresh(_) => What::New,
        Foreseen::Waits(state, why) => {
            let column = match state {
                WaitingState::Parked => NAME,
                WaitingState::Conflict => NUMBER,
                _ => HOURS,
            };
            notes.warn(column, format!("{why}；导入后在“学时待处理”中由人决定"));
            What::Waiting
        }
    };
    let fields = vec![
        Alteration::new("课程", "", report.title.as_str()),
        Alteration::new("学时", "", rules.hours.shown(report.seconds)),
        Alteration::new("学习日期", "", chinese_date(report.worked_on)),
    ];
    Difference {
        row: notes.number(),
        what,
        subject: row.whom.name.clone(),
        place: row.whom.school.clone(),
        fields,
    }
}

fn of_hours(error: HoursError) -> DbError {
    failed(error.into())
}
