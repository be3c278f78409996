//! What a school offers and a teacher chooses.
