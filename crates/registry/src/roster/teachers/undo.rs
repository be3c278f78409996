//! What a roll has changed, put back.

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use tisheng_kernel::Instant;
use tisheng_platform::{DbError, Tx};
use uuid::Uuid;

use super::take::{ACCOUNT, Duty, END, GRANT, GRANT_END, LOAN_END, PERSON, POST, TEAM_END, change_post};
use crate::access::intake as accounts;
use crate::people::intake::{self, Record};
use crate::roster::kind::{Desk, Kinds, Obstacle, Trace};

/// People who are named to whoever cannot undo a file.
const NAMED: usize = 3;

/// Puts `traces` back, the last first. What was made goes in the order account, role, post,
/// person, each many at a time; what was changed goes one by one.
pub async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
    let made = |thing: &str| -> Vec<Uuid> {
        traces.iter().filter(|t| t.thing == thing && t.before.is_empty()).map(|t| t.subject).collect()
    };
    unmake_accounts(tx, &made(ACCOUNT)).await?;
    accounts::unmake_grants(tx, &made(GRANT)).await?;
    unmake_posts(tx, &made(POST)).await?;
    for trace in traces.iter().filter(|trace| !trace.before.is_empty()) {
        put_back(tx, trace, desk.ctx.at).await?;
    }
    let people = made(PERSON);
    if let Some((person, what)) = desk.ctx.app.parts.get::<Kinds>().tied(tx, &people).await? {
        let name = intake::name_of(tx, person).await?;
        let sentence =
            format!("{name}在导入之后已经有{what}，不能整批撤销；请逐条更正，不在岗的教师作离校处理。");
        return Err(Obstacle::BuiltOn(sentence));
    }
    let removed = intake::unmake_people(tx, &people).await?;
    if removed != u64::try_from(people.len()).unwrap_or_default() {
        let changed = people.len() - usize::try_from(removed).unwrap_or_default();
        let named = still_there(tx, &people).await?;
        return Err(Obstacle::BuiltOn(format!(
            "导入的人员中有 {changed} 人（{named}）的信息在导入之后又被修改过，不能整批撤销；请逐条更正。"
        )));
    }
    Ok(())
}

/// The names of the first of `people` who have not been removed.
async fn still_there(tx: &mut Tx, people: &[Uuid]) -> Result<String, DbError> {
    let mut names: Vec<String> = Vec::new();
    for person in people {
        match intake::name_of(tx, *person).await {
            Ok(name) if names.len() < NAMED => names.push(name),
            Ok(_) => return Ok(format!("{}等", names.join("、"))),
            Err(DbError::NoRow) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(names.join("、"))
}

async fn unmake_accounts(tx: &mut Tx, opened: &[Uuid]) -> Result<(), Obstacle> {
    let activated = accounts::activated(tx, opened).await?;
    if let Some(first) = activated.first() {
        let sentence = format!(
            "导入时开通的账号已有 {} 个设置了密码（{first}{}），不能整批撤销；请逐条更正：收回不该有的角色，停用不该有的账号。",
            activated.len(),
            if activated.len() > 1 { "等" } else { "" },
        );
        return Err(Obstacle::BuiltOn(sentence));
    }
    accounts::unmake_accounts(tx, opened).await?;
    Ok(())
}

async fn unmake_posts(tx: &mut Tx, posts: &[Uuid]) -> Result<(), Obstacle> {
    let ended = intake::ended_posts(tx, posts).await?;
    if ended > 0 {
        let sentence =
            format!("导入的任职中有 {ended} 个在导入之后已经离校或调动，不能整批撤销；请逐条更正。");
        return Err(Obstacle::BuiltOn(sentence));
    }
    intake::unmake_posts(tx, posts).await?;
    Ok(())
}

async fn put_back(tx: &mut Tx, trace: &Trace, at: Instant) -> Result<(), Obstacle> {
    match trace.thing.as_str() {
        PERSON => {
            let before: Record = before(trace)?;
            if !intake::put_back(tx, trace.subject, &before, at).await? {
                let sentence =
                    format!("{}的信息在导入之后又被修改过，不能整批撤销；请逐条更正。", before.name);
                return Err(Obstacle::BuiltOn(sentence));
            }
        }
        POST => {
            let Duty { before, made } = before(trace)?;
            let now = change_post(tx, trace.subject, &before, at).await?;
            if made.is_some_and(|made| made != now) {
                let name = intake::holder_of(tx, trace.subject).await?;
                let sentence = format!("{name}的任职信息在导入之后又被修改过，不能整批撤销；请逐条更正。");
                return Err(Obstacle::BuiltOn(sentence));
            }
        }
        END if !intake::reopen_post(tx, trace.subject, at).await? => {
            let sentence = "离校的人员在导入之后又有了新的任职，不能整批撤销；请逐条更正。";
            return Err(Obstacle::BuiltOn(sentence.to_owned()));
        }
        GRANT_END => {
            let until: Option<NaiveDate> = before(trace)?;
            accounts::reopen_grant(tx, trace.subject, until).await?;
        }
        TEAM_END => intake::rejoin_team(tx, trace.subject).await?,
        LOAN_END => intake::lend_again(tx, trace.subject).await?,
        _ => {}
    }
    Ok(())
}

fn before<T: DeserializeOwned>(trace: &Trace) -> Result<T, DbError> {
    serde_json::from_str(&trace.before).map_err(|e| DbError::Engine(format!("trace of {}: {e}", trace.thing)))
}
