//! The ledger of hours (学时台账, LEARN-3).
//!
//! Sources report what a teacher worked; each **report** is taken exactly once by its source and
//! the source's own number. What is plain becomes an **entry**; what is about nobody known for
//! sure is **parked**, what contradicts an entry of its number is in **conflict**, what can
//! hardly be true is **held**: these wait for a person, and nothing is dropped. An entry is never
//! changed, only **reversed** by a further entry with a reason. Minima, ceilings and surplus are
//! worked out by the scheme when the ledger is read, so a change of rules changes no entry.
//!
//! The room knows none of its sources: a training platform's file, an activity and the acceptance
//! of evidence all come through [`log`].
//!
//! Tables: `hour_entry`, `hour_total`, `hour_report`, `hour_said`, `hour_dispute`,
//! `hour_long_day`, `hour_mend`, `hour_dispute_file`, `hour_turn`.
//!
//! A teacher **disputes** a line, or one that is not there, and hands in what proves it. What is upheld
//! stays with the office until lines of the ledger are named that **mended** it.
//!
//! Invariants: a source's number with one content is one entry; an entry is reversed at most
//! once and a reversal never; what its source withdrew may be reported anew; `hour_total` equals the sum of the entries at every commit; every
//! report that was taken is an entry or a row of `hour_report`; what two files say stands until
//! both are undone; whoever writes of a teacher's hours takes the teacher's turn first, then what waits, then the
//! sums, and of several teachers the turns in one order before anything else (a file batch by batch: whoever is in its
//! way gives up and comes again); with no entry does a day hold more
//! than 24 hours unless somebody believed it for an office, with a reason that says why.

mod actions;
mod delivery;
mod dispute;
mod doubt;
mod exhibit;
mod file;
mod model;
mod pages;
mod proof;
pub mod samples;
mod senders;
mod statement;
mod store;
#[cfg(test)]
mod tests;
mod told;
mod trail;
mod worth;

pub use actions::batch::{Answered, Sent, log_each};
pub use actions::candidates::{Candidate, Hint, candidates};
pub use actions::decide::{accept, dismiss, keep, match_person, pass_up, refuse, take_newer, waiting};
pub use actions::disputes::{answer as answer_dispute, open as open_dispute};
pub use actions::doubted::{doubt_entry, trust_entry};
pub use actions::reversal::{restore, reverse, reverse_report};
pub use actions::search::{Searched, find_again, jobs};
pub use actions::withdrawal::{Withdrawal, Withdrawn};
pub use actions::{
    Earning, Receipt, earning, entries, has_source, log, log_all, totals, waiting_in, waiting_of,
};
pub use delivery::{DELIVERED, Delivered, Tally};
pub use dispute::{Dispute, DisputeState, Verdict, due_on};
pub use doubt::Doubt;
pub use file::{COLUMNS, HoursFile};
pub use model::{
    ACTIVITIES, Channel, Described, Entry, HoursError, LEAST_REASON, Logged, OWN_SOURCES, RESULTS, REVERSAL,
    Report, WITHDRAWAL, Waiting, WaitingState, Whom, number_of,
};
pub use pages::{DESK, desk_of_source, routes};
pub use proof::{Promise, check_totals, is_kept, sum_again};
pub use senders::{Sender, Senders, acting};
pub use store::disputes::stored_files;
pub use store::listed::{Listed, of_source};
pub use store::turns::{hold, hold_all};
pub use store::{Total, follow, keeps_of};
pub use told::{DISPUTE_ANSWERED, DisputeAnswered, Outcome, TOLD, Told, ToldRow};
pub use trail::{About, Step, Trails};
pub use worth::{Worth, Worths};
