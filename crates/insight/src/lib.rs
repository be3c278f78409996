//! Looking: dashboards over everything below.

pub mod monitoring;
