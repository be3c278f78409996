//! Many results at once.

use tisheng_platform::{DbError, Tx, Value, args};

use super::Final;
use crate::evidence::Submission;

const RESULTS: &str = "insert into result (programme, id, person, capability, submission, level, final_at,
    scheme_version, explanation) values";

/// Writes the results of submissions that had none.
pub async fn add_all(tx: &mut Tx, results: &[(&Submission, Final)]) -> Result<u64, DbError> {
    let rows = results.iter().map(|(of, result)| {
        let row: &[Value<'_>] = args![
            of.programme,
            result.id,
            of.person,
            &result.capability,
            result.submission,
            result.level.code(),
            result.final_at,
            result.scheme_version,
            &result.explanation
        ];
        row.to_vec()
    });
    tx.bulk(RESULTS, 9, "", rows.collect::<Vec<_>>()).await
}
