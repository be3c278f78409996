//! A whole period played through with made-up schools and teachers: who finishes when, and
//! whether the targets are met.
//!
//! The play uses the same rules as the platform, so a scheme that nobody can complete shows
//! here. Chance comes from ChaCha with the seed given: the same scheme, number and seed give the
//! same text, byte for byte.

mod chance;
mod play;
mod report;

use chance::Chance;

use crate::scheme::Scheme;

/// Plays the scheme's whole period with so many teachers and tells the story as a text in
/// Chinese: a table by month and one by county and school, the targets, what came of it and how long
/// it took, from the first lesson to the end of the notice.
#[must_use]
pub fn simulate(scheme: &Scheme, teachers: u32, seed: u64) -> String {
    let mut chance = Chance::new(seed);
    let played = play::play(scheme, teachers, &mut chance);
    report::report(scheme, &played, seed)
}
