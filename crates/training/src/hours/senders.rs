//! Under which names files may report, and whose these are: told by a room above.

use tisheng_kernel::Id;
use tisheng_platform::{Ctx, DbError, Member, Tx, Who};
use tisheng_policy::scheme::Programme;
use tisheng_registry::access::Role;
use tisheng_registry::roster::{Desk, Work};

/// Somebody who reports hours under a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// How it stands in the ledger as a source.
    pub name: String,
    /// The path of the institution that runs it.
    pub path: String,
    /// Whether what it sends is refused.
    pub is_suspended: bool,
}

/// Tells the senders of a programme. A part of the application.
#[derive(Debug, Clone, Copy)]
pub struct Senders(pub for<'a> fn(&'a mut Tx, Id<Programme>) -> Work<'a, Vec<Sender>, DbError>);

/// The same asker as one who reports hours. An institution sees no teachers; what its platforms report is held
/// against those of the whole programme, as when they report by themselves.
#[must_use]
pub fn acting(ctx: &Ctx, programme: &Programme) -> Ctx {
    let mut acting = ctx.clone();
    if let Some(member) = ctx.who.member().filter(|member| member.role == Role::Institution.key()) {
        acting.who = Who::Member(Box::new(Member { path: programme.path.clone(), ..member.clone() }));
    }
    acting
}

/// Whether the clerk at `desk` may bring what is reported under `name`: an institution in its own names
/// alone, and nobody in one that is suspended.
///
/// # Errors
/// The sentence for the clerk.
pub fn may_report(desk: &Desk, senders: &[Sender], name: &str) -> Result<(), String> {
    let is_institution = desk.member.role == Role::Institution.key();
    let is_own = |sender: &&Sender| !is_institution || sender.path == desk.member.path;
    match senders.iter().filter(is_own).find(|sender| sender.name == name) {
        Some(sender) if sender.is_suspended => {
            Err(format!("平台“{name}”已停用，不能再报送学时；恢复使用后再导入，或请工程办核实"))
        }
        None if is_institution => {
            Err(format!("没有登记名为“{name}”的平台，或者不属于您的机构；只能导入本机构平台的学时"))
        }
        _ => Ok(()),
    }
}
