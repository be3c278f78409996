//! The asker as an author: programme, rules, post, own revisions.

use std::sync::Arc;

use tisheng_kernel::Id;
use tisheng_platform::web::Failure;
use tisheng_platform::{Ctx, Tx};
use tisheng_policy::scheme::{self, Programme};
use tisheng_registry::access::{self, Role};
use tisheng_registry::people;
use tisheng_rules::Scheme;
use tisheng_rules::framework::Piece;
use tisheng_training::selection;
use uuid::Uuid;

use crate::evidence::model::Submission;
use crate::evidence::store;

/// Where the author sits: the programme, its rules and the post.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The programme.
    pub programme: Programme,
    /// The rules: those in force, or those that the revision in hand is pinned to.
    pub rules: Arc<Scheme>,
    /// The version of these rules.
    pub version: Uuid,
    /// The author.
    pub person: Uuid,
    /// The author's name.
    pub name: String,
    /// The author's school.
    pub school: Uuid,
    /// Its name.
    pub school_name: String,
    /// Its path.
    pub path: String,
    /// The subject taught.
    pub subject: String,
    /// The stage taught in.
    pub stage: String,
}

impl Desk {
    /// The pieces that the revision asks for.
    #[must_use]
    pub fn pieces(&self, submission: &Submission) -> &[Piece] {
        self.rules.framework.pieces(&submission.capability)
    }

    /// The piece `key` of the revision.
    ///
    /// # Errors
    /// [`Failure::NotFound`] when the revision asks for no such piece.
    pub fn piece(&self, submission: &Submission, key: &str) -> Result<&Piece, Failure> {
        self.pieces(submission).iter().find(|piece| piece.key == key).ok_or(Failure::NotFound)
    }
}

/// The asker as a teacher, with the rules in force.
///
/// # Errors
/// [`Failure::NotFound`] for anybody who does not ask as a teacher with a post.
pub async fn desk(ctx: &Ctx, tx: &mut Tx) -> Result<Desk, Failure> {
    let member = access::require(ctx, &[Role::Teacher])?;
    let programme = scheme::current(ctx, tx).await?;
    let rules = scheme::rules(&ctx.app, tx, &programme).await?;
    let teacher = people::teacher(tx, Id::from_uuid(member.person)).await?;
    Ok(Desk {
        version: programme.version.uuid(),
        programme,
        rules,
        person: member.person,
        name: teacher.name,
        school: teacher.school.uuid(),
        school_name: teacher.school_name,
        path: teacher.path,
        subject: teacher.subject,
        stage: teacher.stage,
    })
}

/// The rules that `submission` is pinned to.
///
/// # Errors
/// What the database reports.
pub async fn rules_of(ctx: &Ctx, tx: &mut Tx, submission: &Submission) -> Result<Arc<Scheme>, Failure> {
    let programme = scheme::of_id(tx, Id::from_uuid(submission.programme)).await?;
    if programme.version.uuid() == submission.scheme_version {
        scheme::rules(&ctx.app, tx, &programme).await
    } else {
        scheme::rules_of(&ctx.app, tx, Id::from_uuid(submission.scheme_version)).await
    }
}

/// The asker's own revision, with the rules it is pinned to.
///
/// # Errors
/// [`Failure::NotFound`] when it is somebody else's or there is none.
pub async fn own(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(Desk, Submission), Failure> {
    let mut desk = desk(ctx, tx).await?;
    let found = store::by_id(tx, desk.programme.id.uuid(), id.uuid()).await?;
    let submission = found.filter(|found| found.person == desk.person).ok_or(Failure::NotFound)?;
    if submission.scheme_version != desk.version {
        desk.rules = rules_of(ctx, tx, &submission).await?;
        desk.version = submission.scheme_version;
    }
    Ok((desk, submission))
}

/// The asker's own revision while it can be changed.
///
/// # Errors
/// [`Failure::Refused`] when it is frozen; else as [`own`].
pub async fn own_draft(ctx: &Ctx, tx: &mut Tx, id: Id<Submission>) -> Result<(Desk, Submission), Failure> {
    let (desk, submission) = own(ctx, tx, id).await?;
    if submission.state.is_frozen() || submission.superseded_by.is_some() {
        return Err(Failure::Refused("材料已经提交，不能再修改；如需修改，请先撤回或等待退回。".to_owned()));
    }
    Ok((desk, submission))
}

/// Codes of what the author is to hand in: the capabilities chosen, then the works asked of all.
///
/// # Errors
/// What the database reports.
pub async fn wanted(tx: &mut Tx, desk: &Desk) -> Result<Vec<String>, Failure> {
    let mut codes = selection::chosen(tx, desk.programme.id, Id::from_uuid(desk.person)).await?;
    codes.extend(desk.rules.framework.works.iter().map(|work| work.key.clone()));
    Ok(codes)
}
