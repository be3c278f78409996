//! What a roll has changed, put back.

use std::collections::HashMap;

use chrono::NaiveDate;
use serde::de::DeserializeOwned;
use tisheng_kernel::Instant;
use tisheng_platform::{DbError, Tx, jobs};
use uuid::Uuid;

use super::take::{ACCOUNT, Duty, END, GRANT, GRANT_END, LOAN_END, PERSON, POST, TEAM_END, change_post};
use crate::access::intake::{self as accounts, GrantNow};
use crate::people::intake::{self, PostNow, Record};
use crate::roster::kind::{Desk, Kinds, Obstacle, Trace};
use crate::roster::work::{PUT_BACK, PutBack};

/// People who are named to whoever cannot undo a file.
const NAMED: usize = 3;

/// Puts `traces` back, the last first. What was made goes in the order account, role, post,
/// person, each many at a time, and only as the file made it; what was changed goes one by one.
pub async fn undo(desk: &Desk, tx: &mut Tx, traces: Vec<Trace>) -> Result<(), Obstacle> {
    let made = |thing: &str| -> Vec<(Uuid, &str)> {
        let made = traces.iter().filter(|trace| trace.thing == thing && trace.before.is_empty());
        made.map(|trace| (trace.subject, trace.made.as_str())).collect()
    };
    unmake_accounts(tx, &ids(&made(ACCOUNT))).await?;
    let (posts, grants, people) = (made(POST), made(GRANT), made(PERSON));
    stand_as_made(tx, &posts).await?;
    last_as_made(tx, &grants).await?;
    accounts::unmake_grants(tx, &ids(&grants)).await?;
    intake::unmake_posts(tx, &ids(&posts)).await?;
    for trace in traces.iter().filter(|trace| !trace.before.is_empty()) {
        put_back(tx, trace, desk.ctx.at).await?;
    }
    tell_put_back(tx, &traces, desk.ctx.at).await?;
    if let Some((person, what)) = desk.ctx.app.parts.get::<Kinds>().tied(tx, &ids(&people)).await? {
        let name = intake::name_of(tx, person).await?;
        let sentence =
            format!("{name}在导入之后已经有{what}，不能整批撤销；请逐条更正，不在岗的教师作离校处理。");
        return Err(Obstacle::BuiltOn(sentence));
    }
    let changed = intake::unmake_people(tx, &people).await?;
    if changed.is_empty() {
        return Ok(());
    }
    let named = changed.iter().take(NAMED).cloned().collect::<Vec<_>>().join("、");
    let named = if changed.len() > NAMED { format!("{named}等") } else { named };
    Err(Obstacle::BuiltOn(format!(
        "导入的人员中有 {} 人（{named}）的信息在导入之后又被修改过，不能整批撤销；请逐条更正。",
        changed.len()
    )))
}

fn ids(made: &[(Uuid, &str)]) -> Vec<Uuid> {
    made.iter().map(|(subject, _)| *subject).collect()
}

/// Whether `subject` is something else `now` than what it was made; of what was made before that was kept nobody
/// knows.
fn is_other(made: &HashMap<Uuid, &str>, subject: Uuid, now: &str) -> bool {
    made.get(&subject).is_some_and(|made| !made.is_empty() && *made != now)
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

/// Whether posts that the file made are still held, as it made them.
async fn stand_as_made(tx: &mut Tx, made: &[(Uuid, &str)]) -> Result<(), Obstacle> {
    let now = intake::posts_now(tx, &ids(made)).await?;
    let ended = now.iter().filter(|post| post.has_ended).count();
    if ended > 0 {
        let sentence =
            format!("导入的任职中有 {ended} 个在导入之后已经离校或调动，不能整批撤销；请逐条更正。");
        return Err(Obstacle::BuiltOn(sentence));
    }
    let made: HashMap<Uuid, &str> = made.iter().copied().collect();
    let is_amended = |post: &&PostNow| is_other(&made, post.id, &post.mark);
    now.iter().find(is_amended).map_or(Ok(()), |post| Err(amended(&post.holder)))
}

/// Whether roles that the file gave, or gave another end, still last as long.
async fn last_as_made(tx: &mut Tx, made: &[(Uuid, &str)]) -> Result<(), Obstacle> {
    let now = accounts::grants_now(tx, &ids(made)).await?;
    let made: HashMap<Uuid, &str> = made.iter().copied().collect();
    let is_other = |grant: &&GrantNow| is_other(&made, grant.id, &accounts::term(grant.until));
    let Some(grant) = now.iter().find(is_other) else { return Ok(()) };
    let sentence = format!("{}的角色期限在导入之后又被修改过，不能整批撤销；请逐条更正。", grant.holder);
    Err(Obstacle::BuiltOn(sentence))
}

fn amended(holder: &str) -> Obstacle {
    Obstacle::BuiltOn(format!("{holder}的任职信息在导入之后又被修改过，不能整批撤销；请逐条更正。"))
}

async fn put_back(tx: &mut Tx, trace: &Trace, at: Instant) -> Result<(), Obstacle> {
    match trace.thing.as_str() {
        PERSON => {
            let before: Record = before(trace)?;
            if !intake::put_back(tx, trace.subject, (&before, trace.made.as_str()), at).await? {
                let sentence =
                    format!("{}的信息在导入之后又被修改过，不能整批撤销；请逐条更正。", before.name);
                return Err(Obstacle::BuiltOn(sentence));
            }
        }
        POST => {
            let Duty { before, made } = before(trace)?;
            let now = change_post(tx, trace.subject, &before, at).await?;
            if made.is_some_and(|made| made != now) {
                return Err(amended(&intake::holder_of(tx, trace.subject).await?));
            }
        }
        END if !intake::reopen_post(tx, trace.subject, at).await? => {
            let sentence = "离校的人员在导入之后又有了新的任职，不能整批撤销；请逐条更正。";
            return Err(Obstacle::BuiltOn(sentence.to_owned()));
        }
        GRANT_END => {
            let until: Option<NaiveDate> = before(trace)?;
            last_as_made(tx, &[(trace.subject, trace.made.as_str())]).await?;
            accounts::reopen_grant(tx, trace.subject, until).await?;
        }
        TEAM_END => intake::rejoin_team(tx, trace.subject).await?,
        LOAN_END => intake::lend_again(tx, trace.subject).await?,
        _ => {}
    }
    Ok(())
}

/// Says whose posts are open again: the traces are forgotten once the file is undone.
async fn tell_put_back(tx: &mut Tx, traces: &[Trace], at: Instant) -> Result<(), DbError> {
    let mut people = Vec::new();
    for trace in traces.iter().filter(|trace| trace.thing == END) {
        people.push(intake::person_of(tx, trace.subject).await?);
    }
    if people.is_empty() { Ok(()) } else { jobs::emit(tx, at, PUT_BACK, &PutBack { people }).await }
}

fn before<T: DeserializeOwned>(trace: &Trace) -> Result<T, DbError> {
    serde_json::from_str(&trace.before).map_err(|e| DbError::Engine(format!("trace of {}: {e}", trace.thing)))
}
