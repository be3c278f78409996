//! What was said of each piece, step by step, and what it came to: one table.

use tisheng_kernel::Level;
use tisheng_rules::framework::Piece;

use super::result::Judgement;

/// Pieces down, steps across.
pub(super) struct Outcome {
    /// The steps in the order in which they judged.
    pub steps: Vec<Column>,
    /// The pieces.
    pub rows: Vec<Row>,
    /// What the explanation says of the work as a whole.
    pub whole: Vec<String>,
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
    /// Why, in sentences.
    pub why: Vec<String>,
}

/// The level that somebody gave, with the reason.
pub(super) struct Mark {
    /// In words.
    pub level: &'static str,
    /// Empty where none was given.
    pub reason: String,
}

/// What the explanation of a decision puts before somebody's reason.
const REMARK: &str = "评语：";

impl Outcome {
    /// The table of the `judgements` on `pieces`. `explanation` is the decision's, empty while that is
    /// not told; what it says of a piece goes with the piece.
    pub fn of(pieces: &[Piece], judgements: Vec<Judgement>, explanation: &str) -> Self {
        let mut steps: Vec<Column> = Vec::new();
        for judgement in judgements {
            match steps.iter_mut().find(|step| step.title == judgement.title) {
                Some(step) => step.judgements.push(judgement),
                None => steps.push(Column { title: judgement.title.clone(), judgements: vec![judgement] }),
            }
        }
        let mut rows: Vec<Row> = pieces.iter().map(|piece| Row::of(piece, &steps)).collect();
        let (mut whole, mut at) = (Vec::new(), None);
        for line in explanation.lines() {
            at = rows.iter().position(|row| row.is_named_by(line)).or(at);
            match at.and_then(|at| rows.get_mut(at)) {
                Some(row) => row.explained(line),
                None => whole.push(line.to_owned()),
            }
        }
        for row in &mut rows {
            row.say_once();
        }
        Self { steps, rows, whole }
    }
}

impl Row {
    fn of(piece: &Piece, steps: &[Column]) -> Self {
        let marks = |step: &Column| {
            let all = step.judgements.iter().flat_map(|judgement| &judgement.pieces);
            let own = all.filter(|(name, _, _)| *name == piece.name);
            own.map(|(_, level, reason)| Mark { level, reason: reason.clone() }).collect()
        };
        let cells = steps.iter().map(marks).collect();
        Self { name: piece.name.clone(), cells, level: "", why: Vec::new() }
    }

    /// Whether `line` of an explanation begins what it says of this piece.
    fn is_named_by(&self, line: &str) -> bool {
        line.strip_prefix('“')
            .and_then(|rest| rest.strip_prefix(&self.name))
            .is_some_and(|r| r.starts_with('”'))
    }

    /// Takes in a line of the explanation: the first has the level and what is missing for a better one,
    /// then come the reasons that were given, of one line or more.
    fn explained(&mut self, line: &str) {
        if self.is_named_by(line) {
            let said = line.split_once('”').map_or(line, |(_, said)| said);
            let level = Level::ALL.iter().map(|level| level.chinese()).find(|level| said.starts_with(level));
            self.level = level.unwrap_or_default();
            let why = said.strip_prefix(self.level).unwrap_or(said).trim_start_matches('：');
            self.why.push(why.to_owned());
        } else if line.starts_with(REMARK) {
            self.why.push(line.to_owned());
        } else if let Some(last) = self.why.last_mut() {
            last.push('\n');
            last.push_str(line);
        }
    }

    /// Leaves out of the explanation the reasons that stand with their judgements.
    fn say_once(&mut self) {
        let Self { cells, why, .. } = self;
        let is_said =
            |remark: &str| cells.iter().flatten().any(|mark| mark.reason.lines().eq(remark.lines()));
        why.retain(|line| !line.strip_prefix(REMARK).is_some_and(is_said));
    }
}

#[cfg(test)]
mod tests {
    use tisheng_kernel::Level;
    use tisheng_rules::samples::third_scheme;

    use super::Outcome;
    use crate::review::model::{Marks, explain, mark};
    use crate::review::pages::result::Judgement;

    #[test]
    fn what_a_decision_explains_goes_with_its_piece_and_is_said_once() {
        let scheme = third_scheme();
        let pieces = scheme.framework.pieces("P2");
        let given = |level: Level, reason: &str| -> Vec<Marks> {
            pieces.iter().map(|piece| mark(piece, &[], Some(level), reason).expect("marks")).collect()
        };
        let marks = given(Level::Fail, "步骤缺失\n请补充");
        let explanation = explain(pieces, &[marks.as_slice()], Level::Fail);
        let unsaid = Outcome::of(pieces, Vec::new(), &explanation);
        assert!(unsaid.rows.iter().all(|row| row.level == "不合格"));
        assert!(
            unsaid.rows.iter().all(|row| row.why.last().is_some_and(|last| last == "评语：步骤缺失\n请补充"))
        );
        assert_eq!(unsaid.whole, ["结论：不合格。各项材料中最低的等级即为该能力点的等级。"]);

        let judgement = Judgement {
            title: "学校考核".to_owned(),
            level: "不合格",
            at: "今天".to_owned(),
            pieces: pieces
                .iter()
                .map(|p| (p.name.clone(), "不合格", "步骤缺失\r\n请补充".to_owned()))
                .collect(),
            remark: String::new(),
        };
        let said = Outcome::of(pieces, vec![judgement], &explanation);
        assert!(said.rows.iter().all(|row| row.cells[0][0].reason.contains("步骤缺失")));
        assert!(said.rows.iter().flat_map(|row| &row.why).all(|line| !line.contains("步骤缺失")));

        let passed = explain(pieces, &[given(Level::Pass, "").as_slice()], Level::Pass);
        let passed = Outcome::of(pieces, Vec::new(), &passed);
        assert!(passed.rows.iter().all(|row| row.level == "合格" && row.why.len() == 1));
        let open = Outcome::of(pieces, Vec::new(), "");
        assert!(open.rows.iter().all(|row| row.level.is_empty() && row.why.is_empty()));
    }
}
