//! A judgement that is not given yet. What a reviewer has typed is kept on the server, by the page's
//! script while somebody types and by a button, until it is handed in or the work goes elsewhere.

use tisheng_kernel::{Id, Instant, Level};
use tisheng_platform::web::{Failure, Fields};
use tisheng_platform::{Ctx, Tx};
use tisheng_rules::framework::Piece;
use uuid::Uuid;

use super::model::{Duty, Review};
use super::steps::Case;
use super::store::drafts;
use crate::evidence::Submission;

/// Characters of all that is kept: several times what a judgement may say.
const MOST: usize = 60_000;

/// Whose judgement of what.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub programme: Uuid,
    pub submission: Id<Submission>,
    pub step: String,
    pub duty: Duty,
    pub reviewer: Uuid,
}

impl Place {
    pub fn of(review: &Review) -> Self {
        Self {
            programme: review.programme,
            submission: review.submission,
            step: review.step.clone(),
            duty: review.duty,
            reviewer: review.reviewer,
        }
    }

    /// The author's own judgement of `case`.
    pub fn of_own(case: &Case) -> Self {
        let of = &case.submission;
        Self {
            programme: of.programme,
            submission: of.id,
            step: of.step.clone(),
            duty: Duty::Own,
            reviewer: of.person,
        }
    }
}

/// What is kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    /// The fields with what stands in them.
    pub typed: Vec<(String, String)>,
    /// How often it was saved; 0 where nothing is kept.
    pub version: i64,
    /// When it was saved last.
    pub saved_at: Option<Instant>,
}

impl Draft {
    /// Whether another window has kept something else since the one that `fields` come from was shown.
    pub fn is_newer(&self, pieces: &[Piece], fields: &Fields) -> bool {
        self.version > version(fields) && self.typed != typed(fields, pieces)
    }
}

/// How often the draft had been saved when the window of `fields` was shown.
fn version(fields: &Fields) -> i64 {
    fields.text("version").parse().unwrap_or(0)
}

/// What `fields` say, in words piece by piece.
pub(super) fn in_words(pieces: &[Piece], fields: &Fields) -> Vec<(String, String)> {
    let mut lines = Vec::new();
    for piece in pieces {
        let level: Option<Level> = fields.text(&format!("level-{}", piece.key)).parse().ok();
        let met = piece.criteria.iter().filter(|criterion| fields.has("met", &criterion.key));
        let mut said: Vec<&str> = level.map(Level::chinese).into_iter().collect();
        said.extend(met.map(|criterion| criterion.text.as_str()));
        said.push(fields.text(&format!("reason-{}", piece.key)));
        said.retain(|words| !words.is_empty());
        lines.push((piece.name.clone(), said.join("；")));
    }
    lines.push(("总体意见".to_owned(), fields.text("remark").to_owned()));
    lines.push(("退回理由".to_owned(), fields.text("reason").to_owned()));
    lines.retain(|(_, words)| !words.is_empty());
    lines
}

/// The fields of a judgement among `fields`: what the form carries besides is not kept.
fn typed(fields: &Fields, pieces: &[Piece]) -> Vec<(String, String)> {
    let of_piece = |name: &str| {
        let key = name.strip_prefix("level-").or_else(|| name.strip_prefix("reason-"));
        key.is_some_and(|key| pieces.iter().any(|piece| piece.key == key))
    };
    let is_kept = |name: &str| matches!(name, "met" | "remark" | "reason") || of_piece(name);
    fields.pairs().iter().filter(|(name, value)| is_kept(name) && !value.is_empty()).cloned().collect()
}

/// Keeps what was typed; gives the version it has now, or `None` when another window has saved since
/// the one that `fields` name was shown.
///
/// # Errors
/// [`Failure::Malformed`] when it is far too long.
pub(super) async fn keep(
    ctx: &Ctx,
    tx: &mut Tx,
    place: &Place,
    pieces: &[Piece],
    fields: &Fields,
) -> Result<Option<i64>, Failure> {
    let typed = typed(fields, pieces);
    if typed.iter().map(|(_, value)| value.chars().count()).sum::<usize>() > MOST {
        return Err(Failure::Malformed("填写的内容太长，请删减后再保存。".to_owned()));
    }
    let version = version(fields);
    let saved = drafts::save(tx, place, &typed, version, ctx.at).await?;
    Ok(saved.then_some(version + 1))
}

#[cfg(test)]
mod tests {
    use tisheng_platform::web::Fields;
    use tisheng_rules::samples::third_scheme;

    use super::{Draft, in_words, typed};

    #[test]
    fn an_older_window_with_the_same_words_loses_nothing() {
        let scheme = third_scheme();
        let pieces = scheme.framework.pieces("P2");
        let kept = |words: &str| vec![("remark".to_owned(), words.to_owned())];
        let draft = Draft { typed: kept("偏短"), version: 2, saved_at: None };
        let window = |words: &str, version: &str| {
            let version = ("version".to_owned(), version.to_owned());
            Fields::new(kept(words).into_iter().chain([version]).collect())
        };
        assert!(draft.is_newer(pieces, &window("很好", "1")));
        assert!(
            !draft.is_newer(pieces, &window("偏短", "1")) && !draft.is_newer(pieces, &window("很好", "2"))
        );
        assert_eq!(in_words(pieces, &window("偏短", "1")), [("总体意见".to_owned(), "偏短".to_owned())]);
    }

    #[test]
    fn only_what_belongs_to_the_judgement_is_kept() {
        let scheme = third_scheme();
        let pieces = scheme.framework.pieces("P2");
        let level = format!("level-{}", pieces[0].key);
        let given = [
            ("_key", "x"),
            (&level, "pass"),
            ("level-other", "pass"),
            ("met", "a"),
            ("met", "b"),
            ("remark", ""),
        ];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kept = typed(&Fields::new(given.to_vec()), pieces);
        let kept: Vec<(&str, &str)> =
            kept.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(kept, [(level.as_str(), "pass"), ("met", "a"), ("met", "b")]);
    }
}
