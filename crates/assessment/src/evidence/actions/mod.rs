//! What the author does, and what other rooms do to a revision through the front door.

mod desk;
mod draft;
mod handed_in;

pub use desk::{Desk, desk, own, own_draft, rules_of, wanted};
pub use draft::{
    add_file, begin, item_of, may_revise, move_up, remove, revise, room_for_upload, save_text, state_length,
};
pub use handed_in::{Onward, advance, load, missing, reopen, submit, traces_of_author};

use tisheng_platform::web::Failure;

/// Somebody else was faster.
fn stale() -> Failure {
    Failure::Stale("这份材料刚刚有了变化，请刷新后再操作。".to_owned())
}
