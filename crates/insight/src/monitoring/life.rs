//! Units that are, and units that were.

/// Whether a unit still is. What was done in one that has ended stays in the figures of everything above,
/// so it stays beside its neighbours wherever they are added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It is.
    Open,
    /// It has been closed or merged, and has left something that figures count.
    Ended,
}

impl Life {
    /// The key in addresses; empty for those that are.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Ended => "ended",
        }
    }

    /// The one of that key.
    #[must_use]
    pub fn of(key: &str) -> Self {
        if key == Self::Ended.key() { Self::Ended } else { Self::Open }
    }

    /// What stands before the kind of such units.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Open => "",
            Self::Ended => "已撤并的",
        }
    }
}
