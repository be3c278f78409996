//! Looking: dashboards over everything below
