//! Looking: dashboards over everything below, and the first page of everybody.

pub mod home;
pub mod monitoring;
