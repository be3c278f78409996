//! A teacher's statement to keep: whose it is, of what day, what counts, every line, and what still
//! waits.

use tisheng_platform::web::serve::download;
use tisheng_platform::web::{Answer, Failure, Filters};
use tisheng_sheet::{Leaf, WriteError, book};

use super::{LineRow, Overview, SumRow, WaitingRow};
use crate::table::Table;

/// The titles of the lines.
const LINES: [(&str, bool); 12] = [
    ("入账时间", false),
    ("学习日期", false),
    ("内容", false),
    ("来源", false),
    ("来源编号", false),
    ("类别", false),
    ("学时", true),
    ("计入", true),
    ("未计入", true),
    ("累计计入", true),
    ("状态", false),
    ("规则", false),
];
/// The titles of the sums.
const SUMS: [&str; 7] = ["类别", "要求不少于", "已获得", "计入", "未计入", "还差", "说明"];
/// The titles of what waits.
const HELD: [&str; 9] = ["报送时间", "学习日期", "内容", "来源", "来源编号", "类别", "学时", "状态", "原因"];

/// A statement with everything that it needs to be read without the platform.
pub(super) struct Paper {
    /// Whose it is.
    pub name: String,
    /// The school of that day.
    pub school: String,
    /// Title of the programme.
    pub programme: String,
    /// The day on which it was drawn up.
    pub day: String,
    /// The sums and the lines.
    pub overview: Overview,
    /// What has not been entered yet.
    pub held: Vec<WaitingRow>,
    /// What was reported and has not become an entry.
    pub left_out: Vec<WaitingRow>,
}

impl Paper {
    /// The file in the form that the address asks for with `as=csv`, one table of lines with the
    /// name in each; else a workbook of sums, lines and what waits.
    pub fn answer(self, filters: &Filters) -> Answer {
        if filters.text("as") == "csv" {
            return self.table().answer(filters);
        }
        let name = format!("学时对账单-{}.xlsx", self.name);
        let bytes = self.book().map_err(|e| Failure::Internal(e.to_string()))?;
        Ok(download(&name, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", bytes))
    }

    fn table(self) -> Table {
        let whose = [self.name.clone(), self.school];
        let with = |row: [String; 12]| whose.iter().cloned().chain(row).collect();
        let lines = self.overview.lines.into_iter().map(cells);
        let others = self.held.into_iter().chain(self.left_out).map(|w| {
            let none = String::new;
            let state = w.state.to_owned();
            let (booked, counts) = (none(), none());
            [
                booked,
                w.worked_on,
                w.title,
                w.source,
                w.source_id,
                w.place,
                w.hours,
                counts,
                none(),
                none(),
                state,
                because(w.decision, w.why),
            ]
        });
        let head: Vec<_> = [("姓名", false), ("学校", false)].into_iter().chain(LINES).collect();
        Table::new(format!("学时对账单-{}", self.name), &head, lines.chain(others).map(with).collect())
    }

    fn book(self) -> Result<Vec<u8>, WriteError> {
        let all = &self.overview;
        let standing =
            if all.is_met { "已达到要求".to_owned() } else { format!("还差 {}", all.missing) };
        let spare = if all.spare.is_empty() {
            String::new()
        } else {
            format!("；累计计入 {}，其中 {}是单个类别多出的，不抵其他类别", all.counted, all.spare)
        };
        let above = vec![
            ("姓名", self.name),
            ("学校", self.school),
            ("工程", self.programme),
            ("出具日期", self.day),
            ("符合要求的学时", format!("{}（要求不少于 {}），{standing}{spare}", all.reached, all.minimum)),
            ("正在核实", format!("{} 条，核实后再计入", self.held.len())),
        ];
        let titles: Vec<&str> = LINES.iter().map(|(title, _)| *title).collect();
        let numbers: Vec<bool> = LINES.iter().map(|(_, number)| *number).collect();
        let sums = Leaf {
            name: "学时对账单",
            above,
            head: &SUMS,
            numbers: &[],
            rows: self.overview.sums.into_iter().map(sum).collect(),
        };
        let lines = Leaf {
            name: "逐条明细",
            above: Vec::new(),
            head: &titles,
            numbers: &numbers,
            rows: self.overview.lines.into_iter().map(|line| cells(line).to_vec()).collect(),
        };
        let reports = |name, rows: Vec<WaitingRow>| Leaf {
            name,
            above: Vec::new(),
            head: &HELD,
            numbers: &[],
            rows: rows.into_iter().map(waits).collect(),
        };
        let (held, left_out) = (reports("正在核实", self.held), reports("没有入账的报送", self.left_out));
        book(vec![sums, lines, held, left_out])
    }
}

/// What was decided, or before it why the report waits.
fn because(decision: String, why: String) -> String {
    if decision.is_empty() { why } else { decision }
}

fn cells(line: LineRow) -> [String; 12] {
    let state = line.state.to_owned();
    [
        line.booked,
        line.worked_on,
        line.title,
        line.source,
        line.source_id,
        line.place,
        line.hours,
        line.counts,
        line.over,
        line.running,
        state,
        line.rule,
    ]
}

fn sum(row: SumRow) -> Vec<String> {
    let standing = row.standing().to_owned();
    let title = if row.is_kind { format!("其中：{}", row.title) } else { row.title };
    let minimum = if row.minimum.is_empty() { "不作要求".to_owned() } else { row.minimum };
    let over = if row.over.is_empty() { "—".to_owned() } else { row.over };
    vec![title, minimum, row.earned, row.counted, over, standing, row.rule]
}

fn waits(row: WaitingRow) -> Vec<String> {
    let state = row.state.to_owned();
    let place = [row.received, row.worked_on, row.title, row.source, row.source_id, row.place, row.hours];
    place.into_iter().chain([state, because(row.decision, row.why)]).collect()
}

#[cfg(test)]
mod tests {
    use tisheng_rules::{Scheme, builtin};

    use super::sum;
    use crate::hours::pages::overview;

    #[test]
    fn a_minimum_of_nothing_is_no_minimum_that_was_reached() {
        let files = builtin::files("foshan-2020").expect("a scheme of the program");
        let rules = Scheme::from_files(files).expect("right");
        let rows: Vec<Vec<String>> = overview(&rules, &[]).sums.into_iter().map(sum).collect();
        let kinds: Vec<&Vec<String>> = rows.iter().filter(|row| row[0].starts_with("其中")).collect();
        assert_eq!(kinds.len(), 2, "{rows:?}");
        assert!(kinds.iter().all(|row| row[1] == "不作要求" && row[5] == "—"), "{kinds:?}");
        assert!(rows.iter().any(|row| row[1] == "25.00" && row[5] == "25.00"), "{rows:?}");
    }
}
