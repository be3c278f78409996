//! The author's capabilities: how far each has come and what is next.

use std::collections::BTreeMap;

use askama::Template;
use chrono::NaiveDate;
use tisheng_kernel::Id;
use tisheng_kernel::number::chinese_date;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, Page, once};

use crate::evidence::actions::{self, Desk};
use crate::evidence::model::{State, Submission};
use crate::evidence::store;

#[derive(Template)]
#[template(path = "evidence/pages/list.html")]
struct List {
    page: Page,
    lines: Vec<Line>,
}

/// One capability of the list.
struct Line {
    code: String,
    label: String,
    state: &'static str,
    tone: &'static str,
    /// What has happened and what is next, in a sentence.
    note: String,
    /// Where the next step is; empty when it is to begin.
    href: String,
    action: &'static str,
    done: bool,
    waits_for_author: bool,
    /// Whether it is the first that waits: the one thing that the page proposes.
    is_next: bool,
}

fn line(desk: &Desk, code: String, found: Option<&Submission>) -> Line {
    let label = desk.rules.framework.label(&code);
    let Some(found) = found else {
        let pieces: Vec<&str> = desk.rules.framework.pieces(&code).iter().map(|p| p.name.as_str()).collect();
        return Line {
            code,
            label,
            state: "未开始",
            tone: "plain",
            note: format!("需要提交：{}。", pieces.join("、")),
            href: String::new(),
            action: "开始准备",
            done: false,
            waits_for_author: true,
            is_next: false,
        };
    };
    let result = format!("/review/results/{}", found.id);
    let (note, href, action) = match found.state {
        State::Draft => {
            ("草稿已保存，可以继续填写。".to_owned(), format!("/evidence/{}", found.id), "继续填写")
        }
        State::Submitted => {
            ("材料已提交，请对照标准自评。".to_owned(), format!("/review/self/{}", found.id), "开始自评")
        }
        State::Peers => ("同事正在互评，互评人看不到您的姓名。".to_owned(), result, "查看进展"),
        State::Panel => ("考核小组正在评审。".to_owned(), result, "查看进展"),
        State::Notice => ("结论已作出，公示期内可以提出异议，期满后生效。".to_owned(), result, "查看结论"),
        State::Final if found.may_be_revised() => {
            ("评定为不合格，请按意见修改后重新提交。".to_owned(), result, "查看意见")
        }
        State::Final => {
            let level = found.level.map_or("", |level| level.chinese());
            (format!("等级：{level}。"), result, "查看结果")
        }
        State::Returned => (format!("退回意见：{}", found.note), result, "查看意见"),
    };
    Line {
        code,
        label,
        state: found.state.chinese(),
        tone: found.state.tone(),
        note,
        href,
        action,
        done: found.state == State::Final && !found.may_be_revised(),
        waits_for_author: matches!(found.state, State::Draft | State::Submitted) || found.may_be_revised(),
        is_next: false,
    }
}

/// A work whose author has still to judge it, with the day by which that is to be done.
fn awaited(line: Line, due: Option<NaiveDate>, today: NaiveDate) -> Line {
    let Some(due) = due else { return line };
    let day = chinese_date(due);
    let note = if due < today {
        format!("材料已提交，请对照标准自评，应于{day}前完成，已逾期。")
    } else {
        format!("材料已提交，请在{day}前对照标准自评。")
    };
    Line { note, ..line }
}

/// Of a capability that was given up, what is judged goes on; nothing more is asked of the author.
fn given_up_line(line: Line, found: &Submission) -> Line {
    if !line.waits_for_author {
        return line;
    }
    let result = format!("/review/results/{}", found.id);
    let (href, action) = match found.state {
        State::Draft => (line.href, "查看草稿"),
        State::Submitted => (result, "查看进展"),
        _ => (result, "查看意见"),
    };
    let note = "已不在您的选学中，材料保留。".to_owned();
    Line { note, href, action, waits_for_author: false, ..line }
}

/// `GET /evidence`
pub async fn list(asker: SignedIn) -> Answer {
    let mut tx = asker.ctx.read().await?;
    let desk = actions::desk(&asker.ctx, &mut tx).await?;
    let wanted = actions::wanted(&mut tx, &desk).await?;
    let current = store::current(&mut tx, desk.programme.id.uuid(), desk.person).await?;
    let mut due = BTreeMap::new();
    for found in current.iter().filter(|found| found.state == State::Submitted) {
        let rules = actions::rules_of(&asker.ctx, &mut tx, found).await?;
        due.insert(found.capability.as_str(), found.own_due(&rules));
    }
    drop(tx);
    let of = |code: &str| current.iter().find(|found| found.capability == code);
    let mut lines: Vec<Line> = wanted
        .iter()
        .map(|code| {
            let by = due.get(code.as_str()).copied().flatten();
            awaited(line(&desk, code.clone(), of(code)), by, asker.ctx.at.date())
        })
        .collect();
    // Work for a capability that is no longer chosen is kept and shown.
    let given_up = current.iter().filter(|found| !wanted.contains(&found.capability));
    lines.extend(
        given_up.map(|found| given_up_line(line(&desk, found.capability.clone(), Some(found)), found)),
    );
    // Others wait for a work that its author has still to judge.
    let is_judged_next = |line: &Line| line.waits_for_author && line.state == State::Submitted.chinese();
    let next = lines.iter().position(is_judged_next);
    let next = next.or_else(|| lines.iter().position(|line| line.waits_for_author));
    if let Some(next) = next.and_then(|at| lines.get_mut(at)) {
        next.is_next = true;
    }
    show(&List { page: Page::new(&asker, "我的成果材料", "/evidence"), lines })
}

/// `POST /evidence`: begins the work for a capability.
pub async fn begin(asker: SignedIn, fields: Fields) -> Answer {
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let id = actions::begin(&asker.ctx, &mut once.tx, fields.text("capability")).await?;
            once.done(&format!("/evidence/{id}"), Flash::note("草稿已建立。")).await
        }
    }
}

/// `POST /evidence/{id}/revise`: begins the next revision.
pub async fn revise(asker: SignedIn, Path(id): Path<String>, fields: Fields) -> Answer {
    let id: Id<Submission> = id.parse().map_err(|_| Failure::NotFound)?;
    match once::begin(&asker.ctx, &fields).await? {
        Begun::Again(answer) => Ok(answer),
        Begun::Fresh(mut once) => {
            let new = actions::revise(&asker.ctx, &mut once.tx, id).await?;
            let flash = Flash::note("已建立新的一稿，上一稿原样保留。");
            once.done(&format!("/evidence/{new}"), flash).await
        }
    }
}
