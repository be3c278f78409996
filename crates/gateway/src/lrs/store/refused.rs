//! What was refused, by day and reason.

use chrono::NaiveDate;
use tisheng_kernel::{Instant, UnknownCode};
use tisheng_platform::db::{Column, DbError};
use tisheng_platform::{Tx, args};
use uuid::Uuid;

use crate::lrs::refused::{Refusal, Refused};

const NOTE: &str = "insert into lrs_refused (platform, day, reason, times, sample, first_at, last_at)
    values ($1, $2, $3, $4, $5, $6, $6)
    on conflict (platform, day, reason) do update set times = lrs_refused.times + excluded.times,
        sample = excluded.sample, last_at = excluded.last_at";

const SINCE: &str = "select day, reason, times, sample, last_at from lrs_refused
    where platform = $1 and day >= $2 order by day desc, times desc, reason";

/// Notes that `times` more of `platform` were refused; `sample` says nothing of anybody.
pub async fn note(
    tx: &mut Tx,
    platform: Uuid,
    (refusal, times, sample): (Refusal, i64, &str),
    at: Instant,
) -> Result<(), DbError> {
    tx.run(NOTE, args![platform, at.date(), refusal.key(), times, sample, at]).await.map(drop)
}

pub async fn since(tx: &mut Tx, platform: Uuid, day: NaiveDate) -> Result<Vec<Refused>, DbError> {
    tx.rows(SINCE, args![platform, day], |row| {
        let refusal = String::read(row, 1)?.parse();
        Ok(Refused {
            day: row.get(0)?,
            refusal: refusal
                .map_err(|e: UnknownCode| DbError::Column { column: 1, problem: e.to_string() })?,
            times: row.get(2)?,
            sample: row.get(3)?,
            last_at: row.get(4)?,
        })
    })
    .await
}
