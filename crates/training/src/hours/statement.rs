//! A teacher's statement, line by line as a bank's: what each line earned, what of it counts, and
//! the rule by which the rest does not. Pure.

use tisheng_kernel::number::chinese_date;
use tisheng_kernel::{Id, Seconds};
use tisheng_rules::hours::HoursRule;
use tisheng_rules::{HourEntry, Sourced, Tally};

use super::model::{Entry, WITHDRAWAL};

/// What has become of a line since it was booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It stands.
    Booked,
    /// A later line takes it back.
    TakenBack,
    /// It takes an earlier line back.
    TakesBack,
}

impl Standing {
    /// The word shown.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Booked => "已入账",
            Self::TakenBack => "已冲销",
            Self::TakesBack => "冲销",
        }
    }

    /// The tone of its badge.
    #[must_use]
    pub const fn tone(self) -> &'static str {
        match self {
            Self::Booked => "good",
            Self::TakenBack => "plain",
            Self::TakesBack => "note",
        }
    }
}

/// A line of the statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// Name of the category; its code where the scheme knows none.
    pub category: String,
    /// Name of the kind; empty for none.
    pub kind: String,
    /// What has become of it.
    pub standing: Standing,
    /// By how much the line changes what counts.
    pub counts: Seconds,
    /// By how much it changes what does not.
    pub over: Seconds,
    /// The rule behind the line, in a sentence.
    pub rule: String,
    /// Whether that is the usual one of its category or kind, as [`usual`] says it.
    pub is_usual: bool,
    /// What counts after it.
    pub running: Seconds,
}

/// The statement of `entries`, which stand in the order of booking.
#[must_use]
pub fn lines<'a>(rule: &HoursRule, entries: &'a [Entry]) -> Vec<Line<'a>> {
    let taken_back: Vec<Id<Entry>> = entries.iter().filter_map(|entry| entry.reverses).collect();
    let all: Vec<HourEntry<'_>> = entries.iter().map(Entry::for_rules).collect();
    let mut before = rule.tally(&[]);
    let mut lines = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        let after = rule.tally(all.get(..=index).unwrap_or_default());
        let standing = if entry.reverses.is_some() {
            Standing::TakesBack
        } else if taken_back.contains(&entry.id) {
            Standing::TakenBack
        } else {
            Standing::Booked
        };
        let from = entry.reverses.and_then(|id| entries.iter().find(|entry| entry.id == id));
        let counts = after.counted - before.counted;
        let reason = reason(rule, (entry, from), standing, counts, &after) + &believed(entry);
        lines.push(Line {
            entry,
            category: category_title(rule, &entry.category),
            kind: kind_title(rule, &entry.category, &entry.kind),
            standing,
            counts,
            over: entry.seconds - counts,
            is_usual: reason == minimum(rule, entry),
            rule: reason,
            running: after.counted,
        });
        before = after;
    }
    lines
}

/// Name of a category; its code where the scheme knows none.
#[must_use]
pub fn category_title(rule: &HoursRule, key: &str) -> String {
    rule.category(key).map_or_else(|| key.to_owned(), |category| category.title.value.clone())
}

/// Name of a kind; its code where the scheme knows none, empty for none.
#[must_use]
pub fn kind_title(rule: &HoursRule, category: &str, key: &str) -> String {
    rule.kind(category, key).map_or_else(|| key.to_owned(), |kind| kind.title.value.clone())
}

/// The rule behind a line; of one that takes `from` back, why it does.
fn reason(
    rule: &HoursRule,
    (entry, from): (&Entry, Option<&Entry>),
    standing: Standing,
    counts: Seconds,
    after: &Tally,
) -> String {
    if standing == Standing::TakesBack {
        return match from.filter(|_| entry.source == WITHDRAWAL) {
            Some(from) => format!("来源“{}”撤回，冲销原记录，原因：{}", from.source, entry.reason),
            None => format!("冲销原记录，原因：{}", entry.reason),
        };
    }
    let Some(category) = after.category(&entry.category) else {
        return "方案中没有这个学时类别，保留但不计入".to_owned();
    };
    if counts == entry.seconds {
        return minimum(rule, entry);
    }
    let of_kind = category.kinds.iter().find(|kind| kind.key == entry.kind);
    let over = of_kind.and_then(|kind| kind.over_rule.clone()).or_else(|| category.sum.over_rule.clone());
    over.unwrap_or_else(|| "超过方案规定的上限，保留但不计入".to_owned())
}

/// Who believed a line with which its day holds more than 24 hours, when and why; empty for any other.
fn believed(entry: &Entry) -> String {
    let Some(office) = &entry.long_day else { return String::new() };
    let office = if office.is_empty() { "工作人员".to_owned() } else { format!("“{office}”") };
    let (day, reason) = (chinese_date(entry.received_at.date()), &entry.reason);
    format!("；当天合计超过 24 小时，由{office}于 {day} 认定，理由：{reason}")
}

/// The minimum that a line counts towards.
fn minimum(rule: &HoursRule, entry: &Entry) -> String {
    match usual(rule, &entry.category, &entry.kind) {
        of_kind if of_kind.is_empty() => usual(rule, &entry.category, ""),
        of_kind => of_kind,
    }
}

/// By which rule lines of a category usually count, or of a kind of it that has a minimum of its own; empty for
/// any other kind.
#[must_use]
pub fn usual(rule: &HoursRule, category: &str, kind: &str) -> String {
    if kind.is_empty() {
        let found = rule.category(category);
        return found.map_or_else(String::new, |found| towards(rule, &found.title, &found.minimum));
    }
    let of_kind = rule.kind(category, kind).and_then(|kind| Some((&kind.title, kind.minimum.as_ref()?)));
    of_kind.map_or_else(String::new, |(title, minimum)| towards(rule, title, minimum))
}

/// What a line counts towards; of a minimum of nothing nothing is said.
fn towards(rule: &HoursRule, title: &str, minimum: &Sourced<Seconds>) -> String {
    if **minimum == Seconds::ZERO {
        return format!("计入“{title}”");
    }
    format!("计入“{title}”，要求不少于 {}{}", rule.shown(**minimum), minimum.source)
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use tisheng_kernel::{HourLength, Id, Instant, Seconds};
    use tisheng_rules::Scheme;
    use tisheng_rules::builtin;

    use super::{Standing, lines};
    use crate::hours::model::{Channel, Entry};

    fn entry(n: i64, category: &str, kind: &str, hours: u32, reverses: Option<Id<Entry>>) -> Entry {
        let sign = if reverses.is_some() { -1 } else { 1 };
        Entry {
            id: Id::new(Instant::from_micros(n * 1_000_000)),
            person: Id::new(Instant::from_micros(0)),
            category: category.to_owned(),
            kind: kind.to_owned(),
            seconds: Seconds::new(sign * Seconds::from_hours(hours, HourLength::LESSON).get()),
            length: HourLength::LESSON,
            worked_on: NaiveDate::from_ymd_opt(2021, 3, 1).expect("a date"),
            title: "课程".to_owned(),
            source: "platform".to_owned(),
            source_id: n.to_string(),
            channel: Channel::File,
            revision: 1,
            received_at: Instant::from_micros(n),
            reason: "重复报送".to_owned(),
            reverses,
            long_day: None,
        }
    }

    /// A published scheme that has a ceiling on a kind: its code, category, kind and ceiling.
    fn with_ceiling() -> (Scheme, String, String, Seconds) {
        builtin::all()
            .into_iter()
            .find_map(|(_, files)| {
                let scheme = Scheme::from_files(files).ok()?;
                let (category, kind, ceiling) = scheme.hours.categories.iter().find_map(|category| {
                    let kind = category.kinds.iter().find(|kind| kind.ceiling.is_some())?;
                    Some((category.key.clone(), kind.key.clone(), **kind.ceiling.as_ref()?))
                })?;
                Some((scheme, category, kind, ceiling))
            })
            .expect("a published scheme has a ceiling on a kind")
    }

    #[test]
    fn what_lies_over_a_ceiling_says_so_and_a_reversal_gives_it_back() {
        let (scheme, category, kind, ceiling) = with_ceiling();
        let first = entry(1, &category, &kind, 10, None);
        let book = vec![
            first.clone(),
            entry(2, &category, &kind, 10, None),
            entry(3, &category, &kind, 10, Some(first.id)),
        ];
        let lines = lines(&scheme.hours, &book);
        let [one, two, back] = lines.as_slice() else { panic!("three lines") };
        assert_eq!((one.standing, one.counts), (Standing::TakenBack, first.seconds));
        assert_eq!(two.running, ceiling);
        assert_eq!(two.counts + two.over, first.seconds);
        assert!(two.over > Seconds::ZERO && two.rule.contains("保留但不计入"), "{}", two.rule);
        assert_eq!(back.standing, Standing::TakesBack);
        assert_eq!(back.running, first.seconds, "the surplus of the second line counts now");
        assert!(back.rule.contains("重复报送"));
    }

    #[test]
    fn a_line_of_a_long_day_names_who_believed_it_and_why() {
        let (scheme, category, kind, _) = with_ceiling();
        let plain = entry(1, &category, &kind, 1, None);
        let by = |office: &str| Entry { long_day: Some(office.to_owned()), ..plain.clone() };
        let book = [plain.clone(), by("测试县工程办"), by("")];
        let rules: Vec<String> = lines(&scheme.hours, &book).into_iter().map(|line| line.rule).collect();
        assert!(!rules[0].contains("24 小时"), "{rules:?}");
        assert!(rules[1].ends_with("由“测试县工程办”于 1970年1月1日 认定，理由：重复报送"), "{rules:?}");
        assert!(rules[2].contains("由工作人员于"), "{rules:?}");
    }

    #[test]
    fn a_category_nobody_knows_is_kept_and_not_counted() {
        let (scheme, ..) = with_ceiling();
        let book = vec![entry(1, "elsewhere", "", 3, None)];
        let lines = lines(&scheme.hours, &book);
        assert_eq!(
            lines.first().map(|line| (line.counts, line.over)),
            Some((Seconds::ZERO, book[0].seconds))
        );
        assert!(lines[0].rule.contains("没有这个学时类别"));
    }
}
