//! `tisheng verify` and `tisheng mend`: whether the data is what it must be, whether a certificate
//! is what was signed, and the way back for figures that are derived.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tisheng_assessment::certificate::{self, Forged, Proven};
use tisheng_assessment::{evidence, review};
use tisheng_gateway::{api, lrs, lti};
use tisheng_insight::monitoring;
use tisheng_platform::audit::{self, Chain, Due};
use tisheng_platform::config::Config;
use tisheng_platform::keys::Keys;
use tisheng_platform::web::Failure;
use tisheng_platform::{App, Ctx, Tx, jobs};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::roster;
use tisheng_training::{hours, learning, reconciliation};
use uuid::Uuid;

use crate::assembly::KEY_FILE;
use crate::say::say;
use crate::{Ended, assembly};

/// Wrong things named at most by one oracle.
const NAMED: usize = 20;

/// How to mend what is derived from other rows.
const MEND: &str = "stop the server and run `tisheng mend`";
/// How to mend what is derived from other rows as long as these are whole.
const MEND_OR_RESTORE: &str =
    "stop the server and run `tisheng mend`; what is still named after it, take from a backup";
/// How to mend a ruling by a side of it that is still open; a ruling that was given, like an objection, is derived from
/// nothing.
const RULE_OR_RESTORE: &str = "for a ruling that is still open, let a member of the panel be appointed anew, so that another rules; what is still named after it, take from a backup";
/// How to mend what is derived from nothing.
const RESTORE: &str = "take it from a backup";

/// One thing that must hold, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oracle {
    /// What was looked at, such as `standings of 2020`.
    pub what: String,
    /// How many were looked at.
    pub count: usize,
    /// Those that are wrong; of many the first.
    pub wrong: Vec<String>,
    /// How to mend them.
    pub mend: &'static str,
}

impl Oracle {
    fn new(what: impl Into<String>, count: usize, wrong: Vec<String>, mend: &'static str) -> Self {
        Self { what: what.into(), count, wrong, mend }
    }

    /// The line for the operator.
    #[must_use]
    pub fn line(&self) -> String {
        if self.wrong.is_empty() {
            return format!("{}: {} checked, all right", self.what, self.count);
        }
        format!("{}: {} checked, WRONG: {}; {}", self.what, self.count, self.wrong.join(", "), self.mend)
    }
}

/// Checks everything that must hold and names what does not.
pub(crate) async fn command(config: Config) -> Ended {
    let app = assembly::open(config).await?;
    let oracles = data(&app).await?;
    for oracle in &oracles {
        say(&oracle.line())?;
    }
    let whole = oracles.iter().all(|oracle| oracle.wrong.is_empty());
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

type Found<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn told(failure: Failure) -> String {
    format!("{failure:?}")
}

fn named<T: ToString>(things: &[T]) -> Vec<String> {
    things.iter().map(ToString::to_string).collect()
}

/// Everything that must hold in the data of `app`.
///
/// # Errors
/// What keeps an oracle from looking at all.
pub async fn data(app: &Arc<App>) -> Found<Vec<Oracle>> {
    let ctx = Ctx::system(Arc::clone(app), "verify");
    let mut oracles = vec![audit_trail(app).await?, transitions(&ctx).await?];
    let mut tx = ctx.read().await?;
    let programmes = scheme::programmes(&ctx, &mut tx).await.map_err(told)?;
    drop(tx);
    for programme in &programmes {
        oracles.extend(of_programme(&ctx, programme).await?);
    }
    let (count, wrong) = certificate::check_certificates(&ctx, NAMED).await.map_err(told)?;
    oracles.push(Oracle::new("certificates", count, wrong, RESTORE));
    let (count, wrong) = certificate::check_places(&ctx, NAMED).await?;
    oracles.push(Oracle::new("places of certificates", count, wrong, MEND));
    oracles.push(scores(&ctx).await?);
    oracles.push(answers(&ctx).await?);
    oracles.push(files(&ctx).await?);
    Ok(oracles)
}

async fn audit_trail(app: &App) -> Found<Oracle> {
    Ok(match audit::verify(&app.db).await? {
        Chain::Whole(rows) => Oracle::new("audit trail", usize::try_from(rows)?, Vec::new(), RESTORE),
        Chain::Broken { seal } => Oracle::new("audit trail", 0, vec![format!("seal {seal}")], RESTORE),
    })
}

/// Whether the trail tells once of each submission, result, certificate and file what became of it.
async fn transitions(ctx: &Ctx) -> Found<Oracle> {
    let mut oracle = Oracle::new("transitions in the audit trail", 0, Vec::new(), RESTORE);
    let mut tx = ctx.read().await?;
    let programmes = scheme::programmes(ctx, &mut tx).await.map_err(told)?;
    drop(tx);
    let last = |due: &[Due]| due.last().map(|due| due.subject.to_string()).unwrap_or_default();
    for programme in &programmes {
        let id = programme.id.uuid();
        let handed_in = async |tx: &mut Tx, after: &str| {
            let due = evidence::trail(tx, id, start(after)).await?;
            let last = last(&due);
            Ok((due, last))
        };
        walk_trail(ctx, &mut oracle, handed_in).await?;
        let final_ones = async |tx: &mut Tx, after: &str| {
            let (due, last) = review::trail(tx, id, start(after)).await?;
            Ok((due, last.to_string()))
        };
        walk_trail(ctx, &mut oracle, final_ones).await?;
    }
    let issued = async |tx: &mut Tx, after: &str| Ok(certificate::trail(tx, after).await?);
    walk_trail(ctx, &mut oracle, issued).await?;
    let files = async |tx: &mut Tx, after: &str| {
        let due = roster::trail(tx, start(after)).await?;
        let last = last(&due);
        Ok((due, last))
    };
    walk_trail(ctx, &mut oracle, files).await?;
    Ok(oracle)
}

/// The key after which a walk goes on; that of the beginning stands before all.
fn start(after: &str) -> Uuid {
    after.parse().unwrap_or_default()
}

/// Holds what `list` names after a key, with the key to go on from, against the audit trail, to the last.
async fn walk_trail(
    ctx: &Ctx,
    oracle: &mut Oracle,
    list: impl AsyncFn(&mut Tx, &str) -> Found<(Vec<Due>, String)>,
) -> Found<()> {
    let mut after = String::new();
    loop {
        let mut tx = ctx.read().await?;
        let (due, last) = list(&mut tx, &after).await?;
        if due.is_empty() {
            return Ok(());
        }
        after = last;
        oracle.count += due.len();
        let untold = audit::untold(&mut tx, &due).await?;
        let left = NAMED.saturating_sub(oracle.wrong.len());
        oracle.wrong.extend(untold.iter().take(left).map(|due| format!("{} of {}", due.done, due.subject)));
    }
}

async fn of_programme(ctx: &Ctx, programme: &Programme) -> Found<[Oracle; 9]> {
    let of = |what: &str| format!("{what} of {}", programme.id);
    let mut tx = ctx.read().await?;
    let most = i64::try_from(NAMED)?;
    let (versions, wrong_versions) = scheme::check_versions(&mut tx, programme).await.map_err(told)?;
    let (totals, wrong_totals) = hours::check_totals(&mut tx, programme.id, most).await?;
    let (frozen, changed) = evidence::check_frozen(&mut tx, programme.id.uuid(), NAMED).await?;
    let (objections, astray) = review::check_objections(&mut tx, programme.id.uuid(), most).await?;
    let (rulings, one_sided) = review::check_rulings(&mut tx, programme.id.uuid(), most).await?;
    let astray = [named(&astray), named(&one_sided)].concat();
    drop(tx);
    let (judged, short) = review::check_panels(ctx, programme.id.uuid(), NAMED).await.map_err(told)?;
    let (learnt, wrong_learnt) = learning::check_credits(ctx, programme, NAMED).await.map_err(told)?;
    let (standings, wrong_standings) =
        certificate::check_standings(ctx, programme, NAMED).await.map_err(told)?;
    let (schools, wrong_schools) = monitoring::check_figures(ctx, programme).await.map_err(told)?;
    let (months, wrong_months) = reconciliation::check_months(ctx, programme.id).await?;
    let wrong_schools = &wrong_schools[..wrong_schools.len().min(NAMED)];
    Ok([
        Oracle::new(of("versions of the rules"), versions, named(&wrong_versions), RESTORE),
        Oracle::new(of("totals of hours"), usize::try_from(totals)?, named(&wrong_totals), MEND),
        Oracle::new(of("hours learnt on platforms"), learnt, named(&wrong_learnt), RESTORE),
        Oracle::new(
            of("frozen evidence"),
            frozen,
            changed.iter().map(ToString::to_string).collect(),
            RESTORE,
        ),
        Oracle::new(
            of("objections and rulings"),
            usize::try_from(objections + rulings)?,
            astray,
            RULE_OR_RESTORE,
        ),
        Oracle::new(of("judges of works"), judged, named(&short), MEND),
        Oracle::new(of("standings"), usize::try_from(standings)?, named(&wrong_standings), MEND),
        Oracle::new(of("figures of schools"), schools, named(wrong_schools), MEND),
        Oracle::new(of("figures of months"), months, wrong_months.into_iter().take(NAMED).collect(), MEND),
    ])
}

/// Scores of learning tools: whether learning knows what each says, and nothing that it has taken back.
async fn scores(ctx: &Ctx) -> Found<Oracle> {
    let (count, wrong) = lti::check_scores(ctx, NAMED).await?;
    Ok(Oracle::new("scores of learning tools", count, wrong, MEND_OR_RESTORE))
}

/// Batches of hours: whether the ledger has of each row what its sender was told.
async fn answers(ctx: &Ctx) -> Found<Oracle> {
    let (count, wrong) = api::check_answers(ctx, NAMED).await.map_err(told)?;
    Ok(Oracle::new("rows acknowledged by the API", count, wrong, RESTORE))
}

/// Evidence, what proves disputes, attachments of statements and certificates: whether the bytes are
/// there and are those that were stored.
async fn files(ctx: &Ctx) -> Found<Oracle> {
    let mut oracle = Oracle::new("stored files", 0, Vec::new(), RESTORE);
    let keys = |digests: Vec<String>| digests.into_iter().map(|digest| (digest.clone(), digest)).collect();
    let of_evidence = async |tx: &mut Tx, after: &str| {
        let some = evidence::stored_files(tx, after).await?;
        Ok(keys(some.into_iter().map(|(digest, _)| digest).collect()))
    };
    look_through(ctx, &mut oracle, of_evidence).await?;
    let of_disputes = async |tx: &mut Tx, after: &str| Ok(keys(hours::stored_files(tx, after).await?));
    look_through(ctx, &mut oracle, of_disputes).await?;
    let of_statements = async |tx: &mut Tx, after: &str| Ok(keys(lrs::stored_files(tx, after).await?));
    look_through(ctx, &mut oracle, of_statements).await?;
    let of_certificates = async |tx: &mut Tx, after: &str| Ok(certificate::documents(tx, after).await?);
    look_through(ctx, &mut oracle, of_certificates).await?;
    Ok(oracle)
}

/// Looks at the files that `list` names after a key, with the keys they are listed by, to the last.
async fn look_through(
    ctx: &Ctx,
    oracle: &mut Oracle,
    list: impl AsyncFn(&mut Tx, &str) -> Found<Vec<(String, String)>>,
) -> Found<()> {
    let mut after = String::new();
    loop {
        let mut tx = ctx.read().await?;
        let some = list(&mut tx, &after).await?;
        drop(tx);
        let Some((last, _)) = some.last() else { return Ok(()) };
        after.clone_from(last);
        for (_, digest) in &some {
            look_at(ctx, oracle, digest).await?;
        }
    }
}

async fn look_at(ctx: &Ctx, oracle: &mut Oracle, digest: &str) -> Found<()> {
    oracle.count += 1;
    if !ctx.app.files.intact(digest).await? && oracle.wrong.len() < NAMED {
        oracle.wrong.push(digest.to_owned());
    }
    Ok(())
}

/// `tisheng mend`
pub(crate) async fn mend_command(config: Config) -> Ended {
    let app = assembly::open(config).await?;
    for line in mend(&app).await? {
        say(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Takes back what scores of learning tools have taken back, and works everything out again that is
/// derived: totals of hours, then standings, then figures of schools and months; and puts certificates where their
/// holders are, and draws for works before a panel that lack judges. Jobs that failed for the last time are done when the server runs again. Says what it came to, a line for
/// the jobs, one for the scores, one for the certificates and one for each programme. May be stopped and begun anew at
/// any time.
///
/// # Errors
/// What the database reports.
pub async fn mend(app: &Arc<App>) -> Found<Vec<String>> {
    let ctx = Ctx::system(Arc::clone(app), "mend");
    let mut tx = ctx.read().await?;
    let programmes = scheme::programmes(&ctx, &mut tx).await.map_err(told)?;
    drop(tx);
    let scores = lti::mend_scores(&ctx).await.map_err(told)?;
    let mut tx = ctx.write().await?;
    let revived = jobs::revive(&mut tx, ctx.at).await?;
    tx.commit().await?;
    let places = certificate::mend_places(&ctx).await?;
    let mut lines = vec![
        format!("{revived} jobs that had failed for the last time are on the table again"),
        format!("{scores} scores of learning tools had taken back what still counted"),
        format!("{places} certificates stood where their holders are not"),
    ];
    for programme in &programmes {
        let mut tx = ctx.write().await?;
        let totals = hours::sum_again(&mut tx, programme.id).await?;
        tx.commit().await?;
        let standings = certificate::refresh_all(&ctx, programme).await.map_err(told)?;
        let schools = monitoring::rebuild(&ctx, programme).await.map_err(told)?;
        let months = reconciliation::rebuild(&ctx, programme.id).await?;
        let drawn = review::draw_again(&ctx, programme.id.uuid()).await.map_err(told)?;
        let (id, changed) = (programme.id, standings.changed);
        lines.push(format!(
            "{id}: {totals} totals of hours, {changed} standings changed, {schools} schools, {months} months, \
            {drawn} works given to further judges"
        ));
    }
    Ok(lines)
}

/// `tisheng verify --certificate FILE`: what `file` states and whether it was signed, without
/// database or network. `key` is the line that the platform shows; without it the installation's
/// own key file is asked.
pub(crate) fn certificate_command(config: &Config, file: &Path, key: Option<&str>) -> Ended {
    let public_key = match key {
        Some(text) => certificate::read_key(text)
            .ok_or("--key：请填写平台网址 /.well-known/tisheng-signing-key 显示的那一行")?,
        None => own_key(config)?,
    };
    let document = std::fs::read(file).map_err(|e| format!("不能读取 {}：{e}", file.display()))?;
    match offline(&document, &public_key) {
        Ok(proven) => {
            for line in report(&proven) {
                say(&line)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(found) => {
            say(found)?;
            say(&format!("文件：{}", file.display()))?;
            Ok(ExitCode::FAILURE)
        }
    }
}

/// What is told of a document whose signatures are good: first what was found, or what is still to
/// be done.
#[must_use]
pub fn report(Proven { facts, whole }: &Proven) -> Vec<String> {
    let mut lines = vec![if *whole {
        "签名有效：证书信息和整个文件自签发后都没有改动。".to_owned()
    } else {
        "请与页面逐项比对：这是早期签发的证书，签名只保护下列信息，不保护页面，页面可能被改动过。".to_owned()
    }];
    lines.push(format!("编号：{}", facts.number));
    lines.extend(facts.lines().map(|(label, value)| format!("{label}：{value}")));
    lines.push(format!("证书是否已被撤销或换发，须联网在 /verify/{} 查验。", facts.number));
    lines
}

fn own_key(config: &Config) -> Result<[u8; 32], String> {
    let place = config.data.join(KEY_FILE);
    if !place.exists() {
        let place = place.display();
        return Err(format!(
            "没有找到 {place}；请用 --key 填写平台网址 /.well-known/tisheng-signing-key 显示的那一行"
        ));
    }
    Keys::load_or_create(&place).map(|keys| certificate::public_key(&keys)).map_err(|e| e.to_string())
}

/// What `document` states, once its signatures are found good.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn offline(document: &[u8], public_key: &[u8; 32]) -> Result<Proven, &'static str> {
    certificate::verify_offline(document, public_key).map_err(|forged| match forged {
        Forged::Unsigned => {
            "文件里没有签名信息：须使用从平台下载的 PDF 原件，扫描件、打印件和用其他软件另存的文件都不能查验。"
        }
        Forged::Wrong => "签名不符：证书信息被改动过，或者不是由本平台签发。",
        Forged::Altered => "文件被改动过：证书信息由本平台签发，但文件在签发后有改动，页面上的内容不可信。",
    })
}
