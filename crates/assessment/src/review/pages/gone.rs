//! What whoever judges is told when the work went elsewhere while they typed: why, and what they had typed.

use askama::Template;
use axum::http::StatusCode;
use tisheng_kernel::Id;
use tisheng_platform::Tx;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Fields, Page};

use crate::evidence::State;
use crate::review::actions::{self, Desk};
use crate::review::draft::in_words;
use crate::review::model::{Duty, Review, ReviewState};

#[derive(Template)]
#[template(path = "review/pages/gone.html")]
struct GonePage {
    page: Page,
    why: &'static str,
    /// What was typed, by what it is about.
    typed: Vec<(String, String)>,
}

/// The answer to what is sent to a review that is not in the asker's hands any more.
///
/// # Errors
/// Not found for what was never drawn for the asker.
pub(super) async fn tell(asker: &SignedIn, tx: &mut Tx, id: Id<Review>, fields: &Fields) -> Answer {
    let desk = actions::gone(&asker.ctx, tx, id).await?;
    let (framework, capability) = (&desk.case.rules.framework, &desk.case.submission.capability);
    let title = format!("没有提交：{}", framework.label(capability));
    let mut answer = show(&GonePage {
        page: Page::new(asker, title, "/review").crumb("我的评审任务", "/review"),
        why: why(&desk),
        typed: in_words(framework.pieces(capability), fields),
    })?;
    *answer.status_mut() = StatusCode::CONFLICT;
    Ok(answer)
}

fn why(desk: &Desk) -> &'static str {
    match (desk.review.state, desk.case.submission.state) {
        (ReviewState::Done, _) => "这份评审已经提交，不能再改。",
        (ReviewState::Lapsed, _) => "这份材料没有在期限内评完，或者您已不在考核小组，已转给他人评审。",
        (_, State::Returned) => "这份材料已退回教师修改，不再需要评审。",
        (_, State::Draft | State::Submitted | State::Peers) => "作者已撤回这份材料，不再需要评审。",
        _ if desk.review.duty == Duty::Peer => "互评的期限已过，材料已进入下一步，不再需要评审。",
        _ => "评审已重新安排，这一份不再需要您评审。",
    }
}
