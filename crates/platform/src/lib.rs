//! The ground every room stands on. No word of teacher training in here.

pub mod app;
pub mod audit;
pub mod chart;
pub mod config;
pub mod ctx;
pub mod db;
pub mod files;
pub mod jobs;
pub mod keys;
pub mod outbound;
pub mod sweep;
pub mod web;

pub use app::{App, Parts};
pub use ctx::{Ctx, Machine, Member, Scope, Shift, Who};
pub use db::{Db, DbError, Row, Tx, Value};
