//! The ground every room stands on: configuration, database, jobs, audit, files, web frame, charts
