//! Self, peers, panel.
