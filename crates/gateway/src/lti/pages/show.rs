//! The tool of a platform, with everything that its makers have to enter on their side.

use askama::Template;
use tisheng_kernel::{Id, Instant};
use tisheng_platform::web::layout::show as shown;
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Failure, FormErrors, Page, Path};
use tisheng_training::platform::Platform;

use super::page_of;
use crate::lti::actions::launch::here;
use crate::lti::actions::tools;
use crate::lti::keys;
use crate::lti::model::{Tool, ToolState};
use crate::lti::store::grades::{self, Usage};

/// A key of ours as a line.
struct KeyRow {
    kid: String,
    made: Instant,
    used: String,
}

#[derive(Template)]
#[template(path = "lti/pages/show.html")]
pub struct ShowPage {
    page: Page,
    platform: Platform,
    tool: Option<Tool>,
    /// What the tool's makers enter: label and value.
    ours: Vec<(&'static str, String)>,
    /// What is registered of it.
    theirs: Vec<(&'static str, String)>,
    /// How it is used: label, figure and when last.
    usage: Vec<(&'static str, i64, String)>,
    keys: Vec<KeyRow>,
    /// The address at which a tool lets itself be registered, as typed.
    address: String,
    errors: FormErrors,
}

impl ShowPage {
    fn is_active(&self) -> bool {
        self.tool.as_ref().is_some_and(|tool| tool.state == ToolState::Active)
    }
}

/// `GET /platforms/{id}/tool`
pub async fn show(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    shown(&page(&asker, id, "", FormErrors::default()).await?)
}

pub async fn page(
    asker: &SignedIn,
    id: Id<Platform>,
    address: &str,
    errors: FormErrors,
) -> Result<ShowPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let (platform, tool) = tools::of_platform(ctx, &mut tx, id).await?;
    let keys = keys::listed(ctx, &mut tx).await?;
    let used = grades::usage(&mut tx, id).await?;
    drop(tx);
    let at = |path: &str| format!("{}{path}", here(ctx));
    let ours = match &tool {
        Some(tool) => vec![
            ("平台标识（issuer）", here(ctx).to_owned()),
            ("客户端标识（client_id）", tool.client.clone()),
            ("部署编号（deployment_id）", tool.deployment.clone()),
            ("登录地址（authorization endpoint）", at("/lti/auth")),
            ("令牌地址（token endpoint）", at("/lti/token")),
            ("公钥地址（JWKS）", at("/.well-known/jwks.json")),
            ("选课返回地址（deep linking return）", at("/lti/picked")),
        ],
        None => Vec::new(),
    };
    Ok(ShowPage {
        page: page_of(asker, "学习工具（LTI）", &platform),
        usage: usage(&used),
        theirs: tool.as_ref().map(theirs).unwrap_or_default(),
        ours,
        keys: keys
            .into_iter()
            .map(|(key, used)| KeyRow { kid: key.kid, made: key.made_at, used: of_key(used) })
            .collect(),
        platform,
        tool,
        address: address.to_owned(),
        errors,
    })
}

fn of_key(used: keys::Use) -> String {
    match used {
        keys::Use::Waits(from) => format!("已公布，{from} 起签名"),
        keys::Use::Signs => "正在签名".to_owned(),
        keys::Use::Verifies(until) => format!("只供核验，公布到 {until}"),
        keys::Use::Revoked(at) => format!("已于 {at} 作废"),
    }
}

/// Where the keys of a tool come from, and whether they could be had.
fn key_set(tool: &Tool) -> String {
    if tool.key_set.is_empty() {
        return "已粘贴公钥".to_owned();
    }
    let state = match (tool.keys.is_empty(), tool.keys_failed) {
        (true, 0) => "还没有取过".to_owned(),
        (false, 0) => format!("最近取到：{}", tool.keys_at),
        (true, failed) => format!("{} 没有取到，已连续 {failed} 次，请核对地址", tool.keys_asked_at),
        (false, failed) => {
            format!("{} 没有取到，已连续 {failed} 次，仍用 {} 取到的", tool.keys_asked_at, tool.keys_at)
        }
    };
    format!("{}（{state}）", tool.key_set)
}

fn usage(used: &Usage) -> Vec<(&'static str, i64, String)> {
    let last = |at: Option<Instant>| at.map(|at| format!("最近 {at}")).unwrap_or_default();
    vec![
        ("打开课程的教师", used.teachers, last(used.opened_at)),
        ("打开的课程人次", used.openings, String::new()),
        ("送回的成绩", used.scores, last(used.scored_at)),
    ]
}

fn theirs(tool: &Tool) -> Vec<(&'static str, String)> {
    vec![
        ("登录发起地址", tool.login.clone()),
        ("打开地址", tool.target.clone()),
        ("回调地址", tool.redirects.join(" ")),
        ("公钥地址", key_set(tool)),
        ("选课地址", tool.picker.clone()),
        (
            "打开的课程",
            if tool.whole {
                "本平台的全部课程，单独取消的除外".to_owned()
            } else {
                "从工具中挑选的和单独勾选的课程".to_owned()
            },
        ),
        (
            "教师姓名",
            if tool.names {
                "按协议提供给工具".to_owned()
            } else {
                "不提供，只用代号".to_owned()
            },
        ),
    ]
}
