//! Rosters in and out: the clerk's loop.
