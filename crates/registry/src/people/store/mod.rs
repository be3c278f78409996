//! Every statement about people.

mod pages;
mod persons;
mod posts;
mod roll;
mod search;
mod teams;

pub(super) use persons::{
    Entry, NewRecord, Sealed, by_index, by_name, correct, hold, insert, insert_all, namesakes, person,
    replace_paper, replace_phone, sealed, visible,
};
pub(super) use posts::{
    NewRow, amend, end_on, end_post, end_secondment, follow, insert_post, insert_posts, last_taught,
    left_for, lend, open_post, posts_at, posts_of, redate, secondments_of, set_sort_key, set_state, teacher,
    teachers_of,
};
pub use roll::{Order, RollFilter, RollLine};
pub(super) use roll::{PAGE, roll};
pub use teams::duties_by_school;
pub(super) use teams::{dismiss, enlist, leave_teams, left_on, members};
