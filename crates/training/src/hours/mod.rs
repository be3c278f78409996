//! The ledger of hours.
