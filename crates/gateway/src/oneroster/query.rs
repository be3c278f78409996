//! What a collection is narrowed to and in which order it comes (REST binding 3.4): `limit`, `offset`,
//! `sort`, `orderBy`, `filter`, `fields`. Pure.

use serde_json::{Map, Value};

use super::fault::{Fault, Told};

/// Records of a page unless fewer or more are asked for, as the standard has it.
const USUAL: i64 = 100;
/// Records of a page.
const LARGEST: i64 = 5_000;

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
    first: Condition,
    /// A second condition, and whether both have to hold.
    second: Option<(bool, Condition)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Condition {
    field: String,
    predicate: Predicate,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Predicate {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    More,
    Less,
    Holds,
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
    /// The query of an address.
    pub fn read(params: &[(String, String)]) -> Told<Self> {
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

    /// Narrows, sorts and cuts `records`; gives the page and how many there are in all.
    pub fn apply(&self, records: Vec<Value>) -> Told<(Vec<Value>, i64)> {
        if let (Some(filter), Some(first)) = (&self.filter, records.first()) {
            filter.knows(first)?;
        }
        let mut found: Vec<Value> = records
            .into_iter()
            .filter(|record| self.filter.as_ref().is_none_or(|filter| filter.holds(record)))
            .collect();
        if !self.sort.is_empty() {
            if found.first().is_some_and(|first| at(first, &self.sort).is_none()) {
                return Err(Fault::sort(format!("there is no field {}", self.sort)));
            }
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

    /// The fields of `record` that were asked for.
    pub fn select(&self, record: Value) -> Told<Value> {
        let Value::Object(mut fields) = record else { return Ok(record) };
        if self.fields.is_empty() {
            return Ok(Value::Object(fields));
        }
        let mut chosen = Map::new();
        for name in &self.fields {
            let value = fields.remove(name);
            let unknown = || Fault::selection(format!("there is no field {name}"));
            let value = value.or_else(|| chosen.get(name).cloned()).ok_or_else(unknown)?;
            chosen.insert(name.clone(), value);
        }
        Ok(Value::Object(chosen))
    }
}

impl Filter {
    fn read(text: &str) -> Told<Self> {
        let (first, rest) = Condition::read(text)?;
        let rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(Self { first, second: None });
        }
        let joined = [("AND ", true), ("OR ", false)];
        let (rest, both) = joined
            .iter()
            .find_map(|(word, both)| Some((rest.strip_prefix(word)?, *both)))
            .ok_or_else(|| Fault::filter("two conditions are joined by AND or OR"))?;
        let (second, rest) = Condition::read(rest)?;
        if !rest.trim().is_empty() {
            return Err(Fault::filter("there are at most two conditions"));
        }
        Ok(Self { first, second: Some((both, second)) })
    }

    fn conditions(&self) -> impl Iterator<Item = &Condition> {
        std::iter::once(&self.first).chain(self.second.iter().map(|(_, condition)| condition))
    }

    fn knows(&self, record: &Value) -> Told<()> {
        match self.conditions().find(|condition| at(record, &condition.field).is_none()) {
            Some(strange) => Err(Fault::filter(format!("there is no field {}", strange.field))),
            None => Ok(()),
        }
    }

    fn holds(&self, record: &Value) -> bool {
        match &self.second {
            None => self.first.holds(record),
            Some((true, second)) => self.first.holds(record) && second.holds(record),
            Some((false, second)) => self.first.holds(record) || second.holds(record),
        }
    }
}

impl Condition {
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

    fn holds(&self, record: &Value) -> bool {
        let found = at(record, &self.field).unwrap_or_default();
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
mod tests {
    use proptest::prelude::proptest;
    use serde_json::{Value, json};

    use super::Query;

    fn query(pairs: &[(&str, &str)]) -> Query {
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

    fn ids(found: &[Value]) -> Vec<&str> {
        found.iter().filter_map(|record| record["sourcedId"].as_str()).collect()
    }

    #[test]
    fn records_are_narrowed_sorted_and_cut() {
        let (page, total) = query(&[("sort", "sourcedId"), ("limit", "2")]).apply(people()).expect("a page");
        assert_eq!((ids(&page), total), (vec!["1", "2"], 3));
        let asked = [("sort", "sourcedId"), ("orderBy", "desc"), ("offset", "1")];
        assert_eq!(ids(&query(&asked).apply(people()).expect("a page").0), ["2", "1"]);
        for (filter, found) in [
            ("familyName='乙'", vec!["1"]),
            ("sourcedId>='2'", vec!["3", "2"]),
            ("familyName~'甲' OR sourcedId='2'", vec!["3", "2"]),
            ("primaryOrg.sourcedId='s' AND sourcedId!='3'", vec!["1", "2"]),
        ] {
            assert_eq!(
                ids(&query(&[("filter", filter)]).apply(people()).expect("a page").0),
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
        assert!(query(&[("filter", "nothing='x'")]).apply(people()).is_err());
        assert!(query(&[("sort", "nothing")]).apply(people()).is_err());
        assert!(query(&[("fields", "nothing")]).select(json!({ "a": 1 })).is_err());
        assert_eq!(
            query(&[("fields", "a")]).select(json!({ "a": 1, "b": 2 })).expect("fields"),
            json!({ "a": 1 })
        );
    }

    proptest! {
        #[test]
        fn whatever_is_asked_is_answered_or_refused(filter in ".{0,40}", sort in ".{0,20}", limit in ".{0,10}") {
            let pairs = [("filter", filter), ("sort", sort), ("limit", limit)]
                .map(|(name, value)| (name.to_owned(), value));
            if let Ok(query) = Query::read(&pairs) {
                let _ = query.apply(people());
            }
        }
    }
}
