//! What is done to programmes and versions of their rules.

use serde_json::json;
use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, DbError, Member, Scope, Tx, audit, jobs};
use tisheng_registry::access::{self, Role};
use tisheng_registry::organisation::Node;
use tisheng_rules::Scheme;

use super::model::{File, Programme, SchemeError, State, Trial, Version};
use super::rulebook;
use super::store::{self, NewVersion};
use super::trial;

/// The programme that runs where the asker's role was given: that of the node itself, or of the
/// nearest one above it.
///
/// # Errors
/// [`Failure::NotFound`] when none runs there or nobody is signed in.
pub async fn current(ctx: &Ctx, tx: &mut Tx) -> Result<Programme, Failure> {
    let member = ctx.who.member().ok_or(Failure::NotFound)?;
    at(tx, &member.path).await
}

/// The programme that runs at the node at `path`.
///
/// # Errors
/// [`Failure::NotFound`] when none does.
pub async fn at(tx: &mut Tx, path: &str) -> Result<Programme, Failure> {
    store::programme_at(tx, path).await?.ok_or(Failure::NotFound)
}

/// The programme of that identifier.
///
/// # Errors
/// [`Failure::NotFound`] when there is none.
pub async fn of_id(tx: &mut Tx, id: Id<Programme>) -> Result<Programme, Failure> {
    store::programme_of_id(tx, id).await?.ok_or(Failure::NotFound)
}

/// The programmes of territories within the asker's scope, by path.
///
/// # Errors
/// What the database reports.
pub async fn programmes(ctx: &Ctx, tx: &mut Tx) -> Result<Vec<Programme>, Failure> {
    Ok(store::programmes(tx, &ctx.scope()).await?)
}

/// The programmes of territories at or below `path`.
///
/// # Errors
/// What the database reports.
pub(super) async fn below(tx: &mut Tx, path: &str) -> Result<Vec<Programme>, DbError> {
    store::programmes(tx, &Scope::below(path)).await
}

/// Every programme of the installation: for what belongs to no place.
///
/// # Errors
/// What the database reports.
pub async fn all(tx: &mut Tx) -> Result<Vec<Programme>, Failure> {
    Ok(store::programmes(tx, &Scope::everything()).await?)
}

/// Starts a programme for the node at `path`, with `files` as the rules in force. The same files
/// for the same node again give the programme that there is. The system's own work.
///
/// # Errors
/// [`SchemeError::Faulty`], or what the database reports.
pub async fn open(
    ctx: &Ctx,
    tx: &mut Tx,
    (node, path): (Id<Node>, &str),
    files: &[File],
) -> Result<Programme, SchemeError> {
    let scheme = Scheme::from_files(files).map_err(SchemeError::Faulty)?;
    let (year_from, year_until) = years(&scheme);
    let programme = Programme {
        id: ctx.id(),
        node,
        path: path.to_owned(),
        code: scheme.code().to_owned(),
        title: scheme.identity.short_title.value.clone(),
        version: ctx.id(),
        digest: scheme.digest().to_owned(),
        year_from,
        year_until,
    };
    if !store::add_programme(tx, ctx.at, &programme).await? {
        return Ok(at(tx, path).await?);
    }
    write_version(ctx, tx, &programme, &scheme, files, (State::InForce, "首个版本")).await?;
    let detail = json!({ "code": programme.code, "digest": programme.digest });
    audit::record(ctx, tx, "scheme.programme_opened", programme.id.uuid(), &detail).await?;
    Ok(programme)
}

/// The first and the last calendar year of the scheme's period.
pub(super) fn years(scheme: &Scheme) -> (i32, i32) {
    let years = scheme.identity.period.as_ref().map(tisheng_kernel::Period::years).unwrap_or_default();
    (years.first().copied().unwrap_or_default(), years.last().copied().unwrap_or_default())
}

async fn write_version(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    scheme: &Scheme,
    files: &[File],
    (state, note): (State, &str),
) -> Result<(), SchemeError> {
    let text = serde_json::to_string(files).map_err(|e| Failure::Internal(e.to_string()))?;
    let new = NewVersion {
        id: programme.version,
        programme: programme.id,
        code: scheme.code(),
        label: scheme.version(),
        digest: scheme.digest(),
        files: &text,
        state,
        note,
    };
    if store::add_version(ctx, tx, &new).await? {
        return Ok(());
    }
    let same = store::version_of_digest(tx, programme.id, scheme.digest()).await?;
    Err(SchemeError::SameAs(same.map(|version| version.label).unwrap_or_default()))
}

/// The programme whose rules the asker may change: the one of exactly the node at which the
/// asker is province or city office.
///
/// # Errors
/// [`Failure::NotFound`] for everyone else.
pub async fn owned<'c>(ctx: &'c Ctx, tx: &mut Tx) -> Result<(&'c Member, Programme), Failure> {
    let member = access::require(ctx, &[Role::Province, Role::City])?;
    let programme = current(ctx, tx).await?;
    if programme.node.uuid() == member.node { Ok((member, programme)) } else { Err(Failure::NotFound) }
}

/// Hands in a new version as a draft.
///
/// # Errors
/// [`SchemeError::Faulty`], [`SchemeError::OtherScheme`], [`SchemeError::OtherTerritory`],
/// [`SchemeError::SameLabel`], [`SchemeError::SameAs`]; 404 for those who do not own the
/// programme.
pub async fn draft(ctx: &Ctx, tx: &mut Tx, files: &[File], note: &str) -> Result<Id<Version>, SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let scheme = Scheme::from_files(files).map_err(SchemeError::Faulty)?;
    if scheme.code() != programme.code {
        return Err(SchemeError::OtherScheme { found: scheme.code().to_owned(), expected: programme.code });
    }
    let region = |scheme: &Scheme| -> String {
        scheme.identity.territory.value.as_ref().map(ToString::to_string).unwrap_or_default()
    };
    let now = rulebook::rules(&ctx.app, tx, &programme).await?;
    let (found, expected) = (region(&scheme), region(&now));
    if found != expected {
        return Err(SchemeError::OtherTerritory { found, expected });
    }
    let known = store::versions(tx, programme.id).await?;
    let is_taken = |known: &Version| known.label == scheme.version() && known.state != State::Withdrawn;
    if known.iter().all(|known| known.digest != scheme.digest()) && known.iter().any(is_taken) {
        return Err(SchemeError::SameLabel(scheme.version().to_owned()));
    }
    let drafted = Programme { version: ctx.id(), ..programme };
    write_version(ctx, tx, &drafted, &scheme, files, (State::Draft, note)).await?;
    let detail = json!({ "programme": drafted.id, "digest": scheme.digest(), "note": note });
    audit::record(ctx, tx, "scheme.version_drafted", drafted.version.uuid(), &detail).await?;
    Ok(drafted.version)
}

/// A version of the programme.
///
/// # Errors
/// [`Failure::NotFound`] when the programme has none of that identifier.
pub async fn version(tx: &mut Tx, programme: &Programme, id: Id<Version>) -> Result<Version, Failure> {
    store::version_of_id(tx, programme.id, id).await?.ok_or(Failure::NotFound)
}

/// The files of a version, in the order of their names.
///
/// # Errors
/// [`Failure::NotFound`] when there is no such version.
pub async fn files(tx: &mut Tx, id: Id<Version>) -> Result<Vec<File>, Failure> {
    let text = store::files(tx, id).await?.ok_or(Failure::NotFound)?;
    let mut files: Vec<File> = serde_json::from_str(&text).map_err(|e| Failure::Internal(e.to_string()))?;
    files.sort();
    Ok(files)
}

/// Asks who would change under a draft, or under a version that waits (换规试算); a job computes it.
///
/// # Errors
/// [`SchemeError::NotADraft`]; 404 for those who do not own the programme.
pub async fn ask_trial(ctx: &Ctx, tx: &mut Tx, id: Id<Version>) -> Result<Id<Trial>, SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let draft = version(tx, &programme, id).await?;
    if !matches!(draft.state, State::Draft | State::Waiting) {
        return Err(SchemeError::NotADraft(draft.state));
    }
    let trial = begin_trial(ctx, tx, &programme, id).await?;
    audit::record(ctx, tx, "scheme.trial_asked", id.uuid(), &json!({ "trial": trial })).await?;
    Ok(trial)
}

/// Has it computed who changes when version `id` takes the place of the one `programme` runs by.
pub(super) async fn begin_trial(
    ctx: &Ctx,
    tx: &mut Tx,
    programme: &Programme,
    id: Id<Version>,
) -> Result<Id<Trial>, Failure> {
    let trial: Id<Trial> = ctx.id();
    store::add_trial(ctx, tx, trial, programme, id).await?;
    let job = jobs::enqueue_awaited(tx, ctx.at, trial::JOB, &trial.to_string(), &trial).await?;
    store::give_job(tx, trial, job).await?;
    Ok(trial)
}

/// Gives up a draft.
///
/// # Errors
/// [`SchemeError::NotADraft`]; 404 for those who do not own the programme.
pub async fn withdraw(ctx: &Ctx, tx: &mut Tx, id: Id<Version>) -> Result<(), SchemeError> {
    let (_, programme) = owned(ctx, tx).await?;
    let draft = version(tx, &programme, id).await?;
    if !store::withdraw(tx, id).await? {
        return Err(SchemeError::NotADraft(draft.state));
    }
    audit::record(ctx, tx, "scheme.version_withdrawn", id.uuid(), &json!({})).await?;
    Ok(())
}
