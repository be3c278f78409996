//! Who has met everything, and the proof of it.
