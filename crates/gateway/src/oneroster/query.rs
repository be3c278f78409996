//! What a collection is narrowed to and in which order it comes (REST binding 3.4): `limit`, `offset`,
//! `sort`, `orderBy`, `filter`, `fields`. Pure.

use serde_json::Value;

use super::fault::{Fault, Told};

/// Records of a page unless fewer or more are asked for, as the standard has it.
const USUAL: i64 = 100;
/// Records of a page.
const LARGEST: i64 = 5_000;

/// The parameters of the standard.
const PARAMETERS: [&str; 6] = ["limit", "offset", "sort", "orderBy", "filter", "fields"];

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Records of the page.
    pub limit: i64,
    /// Records before it.
    pub offset: i64,
    /// The field by which records are sorted; empty for their own order.
    pub sort: String,
    /// Whether the last comes first.
    pub descending: bool,
    /// What holds of the records.
    pub filter: Option<Filter>,
    /// The fields that are given; none for all.
    pub fields: Vec<String>,
}

/// What holds of records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    pub first: Term,
    /// A second condition, and whether both have to hold.
    pub second: Option<(bool, Term)>,
}

/// A condition as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    pub field: String,
    pub predicate: Predicate,
    pub value: String,
}

/// How a field is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Predicate {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    More,
    Less,
    Holds,
}

impl Predicate {
    /// Which hold of less (1), equal (2) and more (4); none for what is no order.
    pub const fn mask(self) -> i64 {
        match self {
            Self::Is => 2,
            Self::IsNot => 5,
            Self::AtLeast => 6,
            Self::AtMost => 3,
            Self::More => 4,
            Self::Less => 1,
            Self::Holds => 0,
        }
    }

    /// Whether a list is asked by it: whether one of its items is the value, none is, or one holds it.
    pub const fn is_for_lists(self) -> bool {
        matches!(self, Self::Is | Self::IsNot | Self::Holds)
    }
}

/// The predicates as they are written, the longer before the shorter.
const PREDICATES: [(&str, Predicate); 7] = [
    ("!=", Predicate::IsNot),
    (">=", Predicate::AtLeast),
    ("<=", Predicate::AtMost),
    ("=", Predicate::Is),
    (">", Predicate::More),
    ("<", Predicate::Less),
    ("~", Predicate::Holds),
];

impl Query {
    /// The query of an address. What is no parameter of the standard, or stands there twice, is refused: passed
    /// over, the answer would be taken for what was asked.
    pub fn read(params: &[(String, String)]) -> Told<Self> {
        for (place, (name, _)) in params.iter().enumerate() {
            if !PARAMETERS.contains(&name.as_str()) {
                let name: String = name.chars().take(40).collect();
                let known = PARAMETERS.join(", ");
                return Err(Fault::data(format!("there is no parameter {name}; there are {known}")));
            }
            if params[..place].iter().any(|(other, _)| other == name) {
                return Err(Fault::data(format!("the parameter {name} is given more than once")));
            }
        }
        let text =
            |name: &str| params.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.trim());
        let number = |name: &str, usual: i64, least: i64| match text(name) {
            "" => Ok(usual),
            given => given
                .parse::<i64>()
                .ok()
                .filter(|number| *number >= least)
                .ok_or_else(|| Fault::data(format!("{name} has to be a whole number from {least}"))),
        };
        let order = text("orderBy");
        if !matches!(order, "" | "asc" | "desc") {
            return Err(Fault::sort("orderBy is asc or desc"));
        }
        let fields = text("fields").split(',').map(str::trim).filter(|field| !field.is_empty());
        Ok(Self {
            limit: number("limit", USUAL, 1)?.min(LARGEST),
            offset: number("offset", 0, 0)?,
            sort: text("sort").to_owned(),
            descending: order == "desc",
            filter: (!text("filter").is_empty()).then(|| Filter::read(text("filter"))).transpose()?,
            fields: fields.map(str::to_owned).collect(),
        })
    }

    /// Whether records come as the database gives them, page by page.
    pub fn is_plain(&self) -> bool {
        self.sort.is_empty() && !self.descending && self.filter.is_none()
    }

    /// Narrows, sorts and cuts the `records` of a collection that is small; gives the page and how many
    /// there are in all. `known` are the fields that there are.
    pub fn apply(&self, records: Vec<Value>, known: &[&str]) -> Told<(Vec<Value>, i64)> {
        if let Some(strange) = self.terms().find(|term| !known.contains(&term.field.as_str())) {
            return Err(Fault::filter(unknown(known, &strange.field)));
        }
        if !self.sort.is_empty() && !known.contains(&self.sort.as_str()) {
            return Err(Fault::sort(unknown(known, &self.sort)));
        }
        let mut found: Vec<Value> = records
            .into_iter()
            .filter(|record| self.filter.as_ref().is_none_or(|filter| filter.holds(record)))
            .collect();
        if !self.sort.is_empty() {
            found.sort_by_cached_key(|record| at(record, &self.sort).unwrap_or_default());
        }
        if self.descending {
            found.reverse();
        }
        let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
        let skip = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let most = usize::try_from(self.limit).unwrap_or(usize::MAX);
        Ok((found.into_iter().skip(skip).take(most).collect(), total))
    }

    fn terms(&self) -> impl Iterator<Item = &Term> {
        self.filter.iter().flat_map(|filter| {
            std::iter::once(&filter.first).chain(filter.second.as_ref().map(|(_, term)| term))
        })
    }

    /// Refuses a choice of fields of which the collection has not all.
    pub fn chooses_among(&self, known: &[&str]) -> Told<()> {
        match self.fields.iter().find(|name| !known.contains(&name.as_str())) {
            Some(strange) => Err(Fault::selection(format!("there is no field {strange}"))),
            None => Ok(()),
        }
    }

    /// The fields of `record` that were asked for, as far as it has them.
    pub fn select(&self, record: Value) -> Value {
        let Value::Object(fields) = record else { return record };
        if self.fields.is_empty() {
            return Value::Object(fields);
        }
        let is_chosen = |name: &String| self.fields.contains(name);
        Value::Object(fields.into_iter().filter(|(name, _)| is_chosen(name)).collect())
    }
}

/// Why there is nothing by the field `name`: which there are instead.
pub fn unknown(known: &[&str], name: &str) -> String {
    format!("records are narrowed and sorted by {}, and not by {name}", known.join(", "))
}

impl Filter {
    fn read(text: &str) -> Told<Self> {
        let (first, rest) = Term::read(text)?;
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(Self { first, second: None });
        }
        let joined = [("AND ", true), ("OR ", false)];
        let (rest, both) = joined
            .iter()
            .find_map(|(word, both)| Some((rest.strip_prefix(word)?, *both)))
            .ok_or_else(|| Fault::filter("two conditions are joined by AND or OR"))?;
        let (second, rest) = Term::read(rest)?;
        if !rest.trim().is_empty() {
            return Err(Fault::filter("there are at most two conditions"));
        }
        Ok(Self { first, second: Some((both, second)) })
    }

    fn holds(&self, record: &Value) -> bool {
        let holds = |term: &Term| term.holds(&at(record, &term.field).unwrap_or_default());
        match &self.second {
            None => holds(&self.first),
            Some((true, second)) => holds(&self.first) && holds(second),
            Some((false, second)) => holds(&self.first) || holds(second),
        }
    }
}

impl Term {
    /// A condition at the beginning of `text`, and what follows it.
    fn read(text: &str) -> Told<(Self, &str)> {
        let text = text.trim_start();
        let end = text.find(['!', '>', '<', '=', '~']);
        let (field, rest) = end.map(|end| text.split_at(end)).unwrap_or(("", text));
        let field = field.trim();
        let plain = !field.is_empty() && field.chars().all(|c| c.is_ascii_alphanumeric() || c == '.');
        let found =
            PREDICATES.iter().find_map(|(word, predicate)| Some((rest.strip_prefix(word)?, *predicate)));
        let Some((rest, predicate)) = found.filter(|_| plain) else {
            return Err(Fault::filter("a condition is a field, a predicate and a value in quotes"));
        };
        let quoted = rest.trim_start().strip_prefix('\'').and_then(|rest| rest.split_once('\''));
        let (value, rest) = quoted.ok_or_else(|| Fault::filter("a value stands in single quotes"))?;
        Ok((Self { field: field.to_owned(), predicate, value: value.to_owned() }, rest))
    }

    /// Whether it holds of a field in which `found` stands.
    pub fn holds(&self, found: &str) -> bool {
        let (found, value) = (found.to_lowercase(), self.value.to_lowercase());
        match self.predicate {
            Predicate::Is => found == value,
            Predicate::IsNot => found != value,
            Predicate::AtLeast => found >= value,
            Predicate::AtMost => found <= value,
            Predicate::More => found > value,
            Predicate::Less => found < value,
            Predicate::Holds => found.contains(&value),
        }
    }

    /// Whether one of `items` holds the value, or is it.
    pub fn of_list<'i>(&self, mut items: impl Iterator<Item = &'i str>) -> bool {
        let value = self.value.to_lowercase();
        items.any(|item| {
            let item = item.to_lowercase();
            if self.predicate == Predicate::Holds { item.contains(&value) } else { item == value }
        })
    }
}

/// What stands in the field `path` (dots between) of a record, as text; of a list its first item.
fn at(record: &Value, path: &str) -> Option<String> {
    let mut value = record;
    for name in path.split('.') {
        if let Value::Array(items) = value {
            value = items.first()?;
        }
        value = value.get(name)?;
    }
    Some(match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    })
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::proptest;
    use serde_json::{Value, json};

    use super::Query;

    pub(in crate::oneroster) fn query(pairs: &[(&str, &str)]) -> Query {
        let pairs: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Query::read(&pairs).expect("a query")
    }

    fn people() -> Vec<Value> {
        ["甲", "乙", "丙"]
            .iter()
            .zip(["3", "1", "2"])
            .map(|(name, id)| json!({ "sourcedId": id, "familyName": name, "primaryOrg": { "sourcedId": "s" } }))
            .collect()
    }

    const KNOWN: &[&str] = &["sourcedId", "familyName", "primaryOrg.sourcedId"];

    fn ids(found: &[Value]) -> Vec<&str> {
        found.iter().filter_map(|record| record["sourcedId"].as_str()).collect()
    }

    #[test]
    fn records_are_narrowed_sorted_and_cut() {
        let (page, total) =
            query(&[("sort", "sourcedId"), ("limit", "2")]).apply(people(), KNOWN).expect("a page");
        assert_eq!((ids(&page), total), (vec!["1", "2"], 3));
        let asked = [("sort", "sourcedId"), ("orderBy", "desc"), ("offset", "1")];
        assert_eq!(ids(&query(&asked).apply(people(), KNOWN).expect("a page").0), ["2", "1"]);
        for (filter, found) in [
            ("familyName='乙'", vec!["1"]),
            ("sourcedId>='2'", vec!["3", "2"]),
            ("familyName~'甲' OR sourcedId='2'", vec!["3", "2"]),
            ("primaryOrg.sourcedId='s' AND sourcedId!='3'", vec!["1", "2"]),
        ] {
            assert_eq!(
                ids(&query(&[("filter", filter)]).apply(people(), KNOWN).expect("a page").0),
                found,
                "{filter}"
            );
        }
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for pair in [
            ("limit", "0"),
            ("limit", "x"),
            ("limits", "1"),
            ("offset", "-1"),
            ("orderBy", "up"),
            ("filter", "a"),
            ("filter", "a='b' XOR c='d'"),
            ("filter", "a=b"),
            ("filter", "a='b' AND c='d' AND e='f'"),
        ] {
            let pairs = [(pair.0.to_owned(), pair.1.to_owned())];
            assert!(Query::read(&pairs).is_err(), "{pair:?}");
        }
        let twice = [("limit", "1"), ("limit", "1")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert!(Query::read(&twice).is_err());
        assert!(query(&[("filter", "nothing='x'")]).apply(people(), KNOWN).is_err());
        assert!(query(&[("sort", "nothing")]).apply(people(), KNOWN).is_err());
        assert!(query(&[("filter", "nothing='x'")]).apply(Vec::new(), KNOWN).is_err());
        assert!(query(&[("fields", "nothing")]).chooses_among(&["a"]).is_err());
        let chosen = query(&[("fields", "a,c")]);
        assert!(chosen.chooses_among(&["a", "b", "c"]).is_ok());
        assert_eq!(chosen.select(json!({ "a": 1, "b": 2 })), json!({ "a": 1 }));
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_answered_or_refused(filter in ".{0,40}", sort in ".{0,20}", limit in ".{0,10}") {
            let pairs = [("filter", filter), ("sort", sort), ("limit", limit)]
                .map(|(name, value)| (name.to_owned(), value));
            if let Ok(query) = Query::read(&pairs) {
                let _ = query.apply(people(), KNOWN);
            }
        }
    }
}
