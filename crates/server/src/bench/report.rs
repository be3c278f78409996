//! Figures reached beside their goals, as a table or as JSON.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What a figure should be.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// It is only shown.
    None,
}

impl Goal {
    /// Whether `value` is good enough; `None` where nothing was asked.
    fn is_met(self, value: f64) -> Option<bool> {
        match self {
            Self::AtMost(most) => Some(value <= most),
            Self::AtLeast(least) => Some(value >= least),
            Self::None => None,
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "≤ {}", shown(*most)),
            Self::AtLeast(least) => write!(f, "≥ {}", shown(*least)),
            Self::None => f.write_str("—"),
        }
    }
}

/// A measured figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// What was measured.
    pub what: String,
    /// The unit of value and goal.
    pub unit: String,
    /// What it should be.
    pub goal: Goal,
    /// What it is.
    pub reached: f64,
    /// How many times as long as the bare engine takes for the same rows, where that was measured
    /// in the same run.
    pub times_bare: Option<f64>,
}

impl Figure {
    /// A figure with a goal.
    pub fn new(what: impl Into<String>, unit: &str, goal: Goal, reached: f64) -> Self {
        Self { what: what.into(), unit: unit.to_owned(), goal, reached, times_bare: None }
    }

    /// A time in milliseconds.
    pub fn millis(what: impl Into<String>, goal: Goal, reached: Duration) -> Self {
        Self::new(what, "ms", goal, reached.as_secs_f64() * 1000.0)
    }

    /// A time in seconds.
    pub fn seconds(what: impl Into<String>, goal: Goal, reached: Duration) -> Self {
        Self::new(what, "s", goal, reached.as_secs_f64())
    }

    /// With the time that the bare engine took for the same rows.
    #[must_use]
    pub fn beside(mut self, own: Duration, bare: Duration) -> Self {
        self.times_bare = Some(own.as_secs_f64() / bare.as_secs_f64().max(f64::EPSILON));
        self
    }
}

/// Everything that a run has measured.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Teachers in the database.
    pub teachers: u32,
    /// Statements in the record store.
    pub statements: u64,
    /// The engine.
    pub engine: &'static str,
    /// Processors of the machine.
    pub processors: usize,
    /// The figures, in the order of the table of goals.
    pub figures: Vec<Figure>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { teachers, statements, engine, processors, figures } = self;
        writeln!(f, "{teachers} teachers, {statements} statements, {engine}, {processors} processors\n")?;
        writeln!(f, "| what | unit | goal | reached | met | × bare engine |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        for figure in figures {
            let met = match figure.goal.is_met(figure.reached) {
                Some(true) => "yes".to_owned(),
                Some(false) => "no".to_owned(),
                None => String::new(),
            };
            let bare = figure.times_bare.map(|times| format!("{times:.1}")).unwrap_or_default();
            let (what, unit, goal) = (&figure.what, &figure.unit, figure.goal);
            writeln!(f, "| {what} | {unit} | {goal} | {} | {met} | {bare} |", shown(figure.reached))?;
        }
        Ok(())
    }
}

/// The same province at several sizes.
#[derive(Debug, Clone, Serialize)]
pub struct Curve {
    /// One report of each size, the smallest first.
    pub sizes: Vec<Report>,
}

impl Curve {
    /// What is measured at each size, as the first report names it: a name that holds a number of teachers
    /// differs from size to size, its place in the report does not.
    fn row(&self, place: usize) -> impl Iterator<Item = &Figure> {
        self.sizes.iter().filter_map(move |report| report.figures.get(place))
    }
}

impl fmt::Display for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [smallest, .., largest] = self.sizes.as_slice() else {
            return self.sizes.iter().try_for_each(|report| report.fmt(f));
        };
        writeln!(f, "{largest}\nWith the number of teachers, {}:\n", largest.engine)?;
        let sizes: Vec<String> = self.sizes.iter().map(|report| report.teachers.to_string()).collect();
        writeln!(f, "| what | unit | {} | last ÷ first |", sizes.join(" | "))?;
        writeln!(f, "|---|---|{}---|", "---|".repeat(sizes.len()))?;
        for (place, figure) in smallest.figures.iter().enumerate() {
            let values: Vec<f64> = self.row(place).map(|figure| figure.reached).collect();
            let all: Vec<String> = values.iter().map(|value| shown(*value)).collect();
            let growth = values.last().map_or(0.0, |last| last / figure.reached.max(f64::EPSILON));
            writeln!(f, "| {} | {} | {} | {} |", figure.what, figure.unit, all.join(" | "), shown(growth))?;
        }
        Ok(())
    }
}

/// Three digits that count, no more than the measurement carries.
fn shown(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Curve, Figure, Goal, Report};

    #[test]
    fn the_table_says_which_goals_are_met() {
        let figures = vec![
            Figure::millis("fast", Goal::AtMost(10.0), Duration::from_millis(4))
                .beside(Duration::from_millis(4), Duration::from_millis(2)),
            Figure::new("few", "/s", Goal::AtLeast(4000.0), 3999.0),
            Figure::new("size", "MiB", Goal::None, 12.34),
        ];
        let text =
            Report { teachers: 7, statements: 0, engine: "SQLite", processors: 2, figures }.to_string();
        assert!(text.contains("| fast | ms | ≤ 10.0 | 4.00 | yes | 2.0 |"), "{text}");
        assert!(text.contains("| few | /s | ≥ 4000 | 3999 | no |  |"), "{text}");
        assert!(text.contains("| size | MiB | — | 12.3 |  |  |"), "{text}");
    }

    #[test]
    fn several_sizes_show_how_a_figure_grows() {
        let of = |teachers, reached| Report {
            teachers,
            statements: 0,
            engine: "SQLite",
            processors: 2,
            figures: vec![Figure::new("a list", "ms", Goal::AtMost(50.0), reached)],
        };
        let text = Curve { sizes: vec![of(100, 2.0), of(1000, 3.0)] }.to_string();
        assert!(
            text.contains("| a list | ms | ≤ 50.0 | 3.00 | yes |  |"),
            "the goals of the largest: {text}"
        );
        assert!(text.contains("| what | unit | 100 | 1000 | last ÷ first |"), "{text}");
        assert!(text.contains("| a list | ms | 2.00 | 3.00 | 1.50 |"), "{text}");
        let one = Curve { sizes: vec![of(100, 2.0)] };
        assert_eq!(one.to_string(), of(100, 2.0).to_string());
    }
}
