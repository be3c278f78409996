//! The schools and other nodes that a file may name: found by code or by name, the nearest
//! proposed when a name is not known.

use std::collections::HashMap;

use tisheng_platform::{DbError, Scope, Tx};
use uuid::Uuid;

use crate::organisation::intake::{self, Place};

/// How alike two names must be for one to be proposed for the other, 0 to 1.
const ALIKE: f64 = 0.6;

/// A name without what writers leave out or add: spaces, brackets of one kind or the other.
#[must_use]
pub fn plain_name(text: &str) -> String {
    let narrow = tisheng_kernel::text::tidy(text);
    narrow
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| {
            if c == '〔' {
                '('
            } else if c == '〕' {
                ')'
            } else {
                c
            }
        })
        .collect()
}

/// Why no place was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// No place within the clerk's part of the tree has that name.
    #[error("在您的管理范围内没有找到“{given}”{}请核对名称，或先导入学校名册", hint(.nearest))]
    Name {
        /// The name given.
        given: String,
        /// The name that may be meant.
        nearest: Option<String>,
    },
    /// No place within the clerk's part of the tree has that code.
    #[error("在您的管理范围内没有标识码或区划代码为 {0} 的机构；请核对代码")]
    Code(String),
    /// Several places have that name.
    #[error("有 {count} 个机构都叫“{given}”，请改填学校标识码或区划代码加以区分")]
    Several {
        /// The name given.
        given: String,
        /// How many have it.
        count: usize,
    },
}

fn hint(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|name| format!("，是否应为“{name}”？")).unwrap_or_else(|| "；".to_owned())
}

/// The open places within a part of the tree.
#[derive(Debug)]
pub struct Schoolbook {
    places: Vec<Place>,
    by_id: HashMap<Uuid, usize>,
    by_code: HashMap<String, usize>,
    by_name: HashMap<String, Vec<usize>>,
    /// What has been proposed for names not known: a file repeats its mistakes.
    proposed: HashMap<String, Option<String>>,
}

impl Schoolbook {
    /// Loads the open places within `scope`; only schools when `kind` is `school`, all when empty.
    ///
    /// # Errors
    /// What the database reports.
    pub async fn load(tx: &mut Tx, scope: &Scope, kind: &'static str) -> Result<Self, DbError> {
        Ok(Self::of(intake::places(tx, scope, kind).await?))
    }

    /// The places given.
    #[must_use]
    pub fn of(places: Vec<Place>) -> Self {
        let mut book = Self {
            places: Vec::with_capacity(places.len()),
            by_id: HashMap::new(),
            by_code: HashMap::new(),
            by_name: HashMap::new(),
            proposed: HashMap::new(),
        };
        for place in places {
            book.add(place);
        }
        book
    }

    /// Adds a place, such as one that an earlier row of the file has made.
    pub fn add(&mut self, place: Place) {
        let at = self.places.len();
        self.by_id.insert(place.id, at);
        if let Some(code) = &place.code {
            self.by_code.insert(code.clone(), at);
        }
        self.by_name.entry(plain_name(&place.name)).or_default().push(at);
        self.places.push(place);
    }

    /// The place `id`.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<&Place> {
        self.by_id.get(&id).and_then(|at| self.places.get(*at))
    }

    /// Every place, in no order.
    pub fn all(&self) -> impl Iterator<Item = &Place> {
        self.places.iter()
    }

    /// The place with `code`.
    #[must_use]
    pub fn with_code(&self, code: &str) -> Option<&Place> {
        self.by_code.get(code).and_then(|at| self.places.get(*at))
    }

    /// The places called `name`.
    pub fn named<'b>(&'b self, name: &str) -> impl Iterator<Item = &'b Place> + 'b {
        self.by_name.get(&plain_name(name)).into_iter().flatten().filter_map(|at| self.places.get(*at))
    }

    /// The place that `text`, a name or a code, means.
    ///
    /// # Errors
    /// [`NotFound`] with the sentence for the clerk.
    pub fn find(&mut self, text: &str) -> Result<&Place, NotFound> {
        let plain = plain_name(text);
        if plain.bytes().all(|b| b.is_ascii_digit()) {
            return self.with_code(&plain).ok_or_else(|| NotFound::Code(plain.clone()));
        }
        match self.by_name.get(&plain).map(Vec::as_slice) {
            Some([one]) => Ok(&self.places[*one]),
            Some(several) if !several.is_empty() => {
                Err(NotFound::Several { given: text.to_owned(), count: several.len() })
            }
            // Codes of offices and local codes of regions have letters too; local ones are capitals.
            _ if plain.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => {
                let capitals = plain.to_ascii_uppercase();
                let found = self.with_code(&plain).or_else(|| self.with_code(&capitals));
                found.ok_or(NotFound::Code(plain))
            }
            _ => {
                let nearest = self.nearest(&plain);
                Err(NotFound::Name { given: text.to_owned(), nearest })
            }
        }
    }

    fn nearest(&mut self, plain: &str) -> Option<String> {
        if let Some(known) = self.proposed.get(plain) {
            return known.clone();
        }
        let likeness = |name: &String| strsim::normalized_levenshtein(plain, name);
        let best = self.by_name.keys().map(|name| (likeness(name), name)).max_by(|a, b| a.0.total_cmp(&b.0));
        let nearest = best.filter(|(likeness, _)| *likeness >= ALIKE).map(|(_, name)| name.clone());
        self.proposed.insert(plain.to_owned(), nearest.clone());
        nearest
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::{NotFound, Schoolbook};
    use crate::organisation::intake::Place;

    fn place(id: u128, name: &str, code: Option<&str>) -> Place {
        Place {
            id: Uuid::from_u128(id),
            kind: "school".to_owned(),
            name: name.to_owned(),
            code: code.map(str::to_owned),
            path: format!("/1/{id}/"),
            parent: None,
            stages: String::new(),
        }
    }

    #[test]
    fn found_by_name_code_or_proposed() {
        let mut book = Schoolbook::of(vec![
            place(1, "测试县第一小学", Some("3100000001")),
            place(2, "中心小学（东区）", None),
            place(3, "同名小学", None),
            place(4, "同名小学", None),
            place(5, "测试新区", Some("GXQ1")),
            place(6, "测试培训机构", Some("jg-1")),
        ]);
        let id = |found: Result<&Place, NotFound>| found.map(|p| p.id.as_u128());
        assert_eq!(id(book.find(" 测试县 第一小学 ")), Ok(1));
        assert_eq!(id(book.find("３１０００００００１")), Ok(1));
        assert_eq!(id(book.find("中心小学(东区)")), Ok(2));
        assert_eq!(id(book.find("gxq１")), Ok(5));
        assert_eq!(id(book.find("jg-1")), Ok(6));
        assert_eq!(book.find("GXQ9"), Err(NotFound::Code("GXQ9".to_owned())));
        assert_eq!(book.find("同名小学"), Err(NotFound::Several { given: "同名小学".to_owned(), count: 2 }));
        let wrong = book.find("测试县第一小校").expect_err("a slip of the pen").to_string();
        assert!(wrong.contains("是否应为“测试县第一小学”"), "{wrong}");
        assert_eq!(book.find("9900000000"), Err(NotFound::Code("9900000000".to_owned())));
        let far = book.find("某某中专").expect_err("nothing near").to_string();
        assert!(!far.contains("是否"), "{far}");
    }
}
