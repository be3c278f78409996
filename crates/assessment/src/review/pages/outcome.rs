//! What was said of each piece, step by step, and what it came to: one table.

use tisheng_kernel::Level;
use tisheng_rules::framework::Piece;

use super::result::Judgement;
use crate::review::model::{Found, Marks, conclusion, found};

/// Pieces down, steps across.
pub(super) struct Outcome {
    /// The steps in the order in which they judged.
    pub steps: Vec<Column>,
    /// The pieces.
    pub rows: Vec<Row>,
    /// What is said of the work as a whole; empty while that is not told.
    pub whole: String,
}

/// A step with its judgements, by whom is not told.
pub(super) struct Column {
    /// The step.
    pub title: String,
    /// In the order in which they are told.
    pub judgements: Vec<Judgement>,
}

/// A piece.
pub(super) struct Row {
    /// Its name.
    pub name: String,
    /// What each judgement gave it, by step.
    pub cells: Vec<Vec<Mark>>,
    /// The level that it came to; empty while that is not told.
    pub level: &'static str,
    /// Why, in a sentence. The reasons that were written stand with their judgements.
    pub why: String,
}

/// The level that somebody gave, with the reason.
pub(super) struct Mark {
    /// In words.
    pub level: &'static str,
    /// Empty where none was given.
    pub reason: String,
}

impl Outcome {
    /// The table of the `judgements` on `pieces`. `decided` is the level that they came to, with the marks that
    /// led to it; nothing while that is not told.
    pub fn of(pieces: &[Piece], judgements: Vec<Judgement>, decided: Option<(Level, &[&[Marks]])>) -> Self {
        let mut steps: Vec<Column> = Vec::new();
        for judgement in judgements {
            match steps.iter_mut().find(|step| step.title == judgement.title) {
                Some(step) => step.judgements.push(judgement),
                None => steps.push(Column { title: judgement.title.clone(), judgements: vec![judgement] }),
            }
        }
        let marks = decided.map_or::<&[&[Marks]], _>(&[], |(_, marks)| marks);
        let rows = pieces.iter().map(|piece| Row::of(piece, &steps, marks)).collect();
        let whole = decided.map(|(level, _)| conclusion(level)).unwrap_or_default();
        Self { steps, rows, whole }
    }
}

impl Row {
    fn of(piece: &Piece, steps: &[Column], deciding: &[&[Marks]]) -> Self {
        let marks = |step: &Column| {
            let all = step.judgements.iter().flat_map(|judgement| &judgement.pieces);
            let own = all.filter(|(name, _, _)| *name == piece.name);
            own.map(|(_, level, reason)| Mark { level, reason: reason.clone() }).collect()
        };
        let cells = steps.iter().map(marks).collect();
        let (level, why) = match found(piece, deciding) {
            Some(Found { level, sentence, .. }) => {
                // The table names piece and level already.
                let why = sentence.strip_prefix(&format!("“{}”{level}：", piece.name)).unwrap_or(&sentence);
                (level.chinese(), why.to_owned())
            }
            None => ("", String::new()),
        };
        Self { name: piece.name.clone(), cells, level, why }
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Level;
    use tisheng_rules::samples::third_scheme;

    use super::Outcome;
    use crate::review::model::{Marks, mark};
    use crate::review::pages::result::Judgement;

    #[test]
    fn what_was_decided_goes_with_its_piece_whatever_a_reason_says() {
        let scheme = third_scheme();
        let pieces = scheme.framework.pieces("P2");
        // Lines of a reason may look like those in which another piece is explained.
        let heads: String = pieces.iter().map(|p| format!("\n“{}”优秀之处不少", p.name)).collect();
        let reason = format!("步骤缺失{heads}");
        let given = |level: Level, reason: &str| -> Vec<Marks> {
            pieces.iter().map(|piece| mark(piece, &[], Some(level), reason).expect("marks")).collect()
        };
        let marks = given(Level::Fail, &reason);
        let judgement = Judgement {
            title: "学校考核".to_owned(),
            level: "不合格",
            at: "今天".to_owned(),
            pieces: pieces.iter().map(|p| (p.name.clone(), "不合格", reason.clone())).collect(),
            remark: String::new(),
        };
        let failed = Outcome::of(pieces, vec![judgement], Some((Level::Fail, &[marks.as_slice()][..])));
        for (row, piece) in failed.rows.iter().zip(pieces) {
            assert_eq!((row.name.as_str(), row.level), (piece.name.as_str(), "不合格"));
            assert!(row.why.starts_with("未达到“") && !row.why.contains("步骤缺失"), "{}", row.why);
            assert_eq!(row.cells[0][0].reason, reason, "as it was written, with its judgement");
        }
        assert_eq!(failed.whole, "结论：不合格。各项材料中最低的等级即为该能力点的等级。");

        let passed = given(Level::Pass, "");
        let passed = Outcome::of(pieces, Vec::new(), Some((Level::Pass, &[passed.as_slice()][..])));
        assert!(passed.rows.iter().all(|row| row.level == "合格" && row.why.starts_with("优秀标准尚未达到")));
        let open = Outcome::of(pieces, Vec::new(), None);
        assert!(open.whole.is_empty());
        assert!(open.rows.iter().all(|row| row.level.is_empty() && row.why.is_empty()));
    }
}
