//! Accounts, signing in, and the roles that people hold at nodes (ORG-4).
//!
//! An **account** belongs to one person. It begins without a password: a one-time set-up token,
//! printed or shown once, lets its owner choose one. A **grant** gives a person a role at a node
//! for a time; a session acts in one grant and may switch. Offices from the county up, auditors
//! and evaluators give a code of a second factor besides the password. A room above may let people
//! in by other [`Ways`]; it vouches for an account ([`sign_in_vouched`]), and all else stays here.
//! Whoever has left a school and holds no role reads the own record, let in by password alone, and does
//! nothing else ([`tisheng_platform::ctx::READER`]).
//!
//! Tables: `account`, `sign_in_failure`, `role_grant`, `recovery_code`. Invariants: a password is stored only as
//! an argon2id hash, a token and a recovery code only as keyed digests, the second factor's secret sealed; no code and no token counts twice; an unknown account and a wrong password look and cost the same; whoever
//! loses a role loses the sessions.

mod accounts;
mod code;
mod grants;
pub mod intake;
mod looks;
mod model;
mod pages;
mod password;
mod recovery;
mod second_factor;
mod sign_in;
mod slip;
mod store;
#[cfg(test)]
mod tests;
mod ways;

pub use accounts::{
    AccessError, Issued, NewAccount, cared_for, change_password, create_account, create_accounts, disable,
    enable, issue_setup_token, owner, reset_second_factor, set_password, set_second_factor, use_setup_token,
};
pub use grants::{
    GRANT_ENDS, NewGrant, end_grant, grant, grant_all, grant_until, holders, roles_given_by, take_back,
};
pub(crate) use grants::{begin_teaching, begin_with_post, end_with_post, ended_with_post};
pub(crate) use model::Staff;
pub use model::{Account, Grant, Holder, Standing, goes_with_post, may_give, needs_second_factor, stands_at};
pub use pages::{Address, lead_on, routes};
pub use password::{Hashed, hash, is_acceptable};
pub use recovery::{change_device, renew};
pub use second_factor::{SecretText, code_at, new_secret, otpauth};
pub use sign_in::{
    Accepted, SignInError, Vouched, enrol, give_code, sign_in, sign_in_vouched, standing, standing_of, switch,
};
pub use slip::Slip;
pub(crate) use store::staff;
pub use ways::{Asked, Linked, Links, Offered, Way, Ways};

pub use crate::role::{
    Breadth, NotARole, Permission, Role, allows, breadth, is_office, may, of_own_record, permit, require,
    role,
};

use tisheng_platform::jobs::Handlers;
use tisheng_platform::web::session;
use tisheng_platform::{Ctx, DbError, Shift, Tx};

/// Why everybody below a node is signed out that stands elsewhere now.
const PLACE_MOVED: &str = "您所在机构的隶属关系已调整，请重新登录。";

/// Adds the jobs of this room: a grant that ends by its date ends the sessions that act in it.
#[must_use]
pub fn handlers(handlers: Handlers) -> Handlers {
    handlers.job(GRANT_ENDS, end_grant)
}

/// Follows a move of the tree from the path `from` with the paths that this room keeps, and ends
/// the sessions that act there: they carry the old path.
pub(crate) async fn follow(ctx: &Ctx, tx: &mut Tx, from: &str, shift: &Shift) -> Result<(), DbError> {
    for account in store::accounts_below(tx, from, ctx.at.date()).await? {
        session::end_all_because(tx, account.uuid(), ctx.at, PLACE_MOVED).await?;
    }
    store::follow(tx, shift).await
}
