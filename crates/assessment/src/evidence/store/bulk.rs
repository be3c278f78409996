//! Many submissions at once.

use tisheng_platform::{DbError, Tx, Value, args};

use crate::evidence::model::Submission;

const SUBMISSIONS: &str =
    "insert into submission (programme, id, person, capability, revision, state, step, school,
    path, sort_key, subject, stage, scheme_version, consent, digest, note, level, version, begun_at, submitted_at,
    state_since) values";

/// Writes submissions as they are, each with the sort key of its author, begun when they were
/// handed in.
pub async fn add_all(tx: &mut Tx, submissions: &[(Submission, String)]) -> Result<u64, DbError> {
    let rows = submissions.iter().map(|(s, sort_key)| {
        let row: &[Value<'_>] = args![
            s.programme,
            s.id,
            s.person,
            &s.capability,
            s.revision,
            s.state.code(),
            &s.step,
            s.school,
            &s.path,
            sort_key,
            &s.subject,
            &s.stage,
            s.scheme_version,
            s.consent.code(),
            s.digest.as_deref(),
            &s.note,
            s.level.map(|level| level.code()),
            s.version,
            s.submitted_at.unwrap_or(s.state_since),
            s.submitted_at,
            s.state_since
        ];
        row.to_vec()
    });
    tx.bulk(SUBMISSIONS, 21, "", rows.collect::<Vec<_>>()).await
}
