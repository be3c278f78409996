//! Tools, and who is on the way to one. Pure.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tisheng_kernel::{Id, Instant, coded};
use tisheng_registry::access::Account;
use tisheng_training::course::Course;
use tisheng_training::platform::Platform;

coded! {
    /// Whether a tool may be opened and may speak with us.
    ToolState, "工具状态", {
        /// It may.
        Active = "active" "使用中",
        /// It is being set up, or was stopped.
        Suspended = "suspended" "未启用",
    }
}

/// The tool of a learning platform (学习工具).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Its identifier.
    pub id: Id<Self>,
    /// The platform whose courses are opened in it.
    pub platform: Id<Platform>,
    /// The name under which it is registered here (`client_id`).
    pub client: String,
    /// The name of its one deployment.
    pub deployment: String,
    /// What people call it.
    pub name: String,
    /// Where a launch begins.
    pub login: String,
    /// What is opened unless a link says otherwise.
    pub target: String,
    /// Where a message may be sent, letter by letter.
    pub redirects: Vec<String>,
    /// The address of its keys; empty where they were pasted.
    pub key_set: String,
    /// Its keys, as far as they are known.
    pub keys: String,
    /// When they were fetched.
    pub keys_at: Instant,
    /// When they were last asked for.
    pub keys_asked_at: Instant,
    /// How often in a row since then they could not be had.
    pub keys_failed: i64,
    /// What is opened to choose courses; empty where it offers nothing of the kind.
    pub picker: String,
    /// Whether it may know the names of teachers.
    pub names: bool,
    /// Whether it opens the courses of its platform of which nobody has said so.
    pub whole: bool,
    /// Whether it may be opened.
    pub state: ToolState,
    /// How often the row was changed.
    pub version: i64,
}

impl Tool {
    /// What of `address` is opened in it for a course that is learnt there: the address itself where
    /// it is the tool's own, else what the tool opens otherwise.
    #[must_use]
    pub fn target_of<'a>(&'a self, address: &'a str) -> &'a str {
        let is_own = origin(address).is_some() && origin(address) == origin(&self.target);
        if is_own { address } else { &self.target }
    }
}

/// Scheme, host and port of an address.
#[must_use]
pub fn origin(address: &str) -> Option<&str> {
    let (scheme, rest) = address.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    (end > 0).then(|| &address[..scheme.len() + 3 + end])
}

/// Somebody on the way to a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// To which.
    pub tool: Id<Tool>,
    /// Who.
    pub account: Id<Account>,
    /// To learn this course; `None` to choose courses.
    pub course: Option<Id<Course>>,
}

/// Somebody choosing courses in a tool.
#[derive(Debug, Clone, PartialEq)]
pub struct Pick {
    /// Its identifier.
    pub id: Id<Self>,
    /// In which.
    pub tool: Id<Tool>,
    /// Who.
    pub account: Id<Account>,
    /// What the tool gave back.
    pub items: Vec<Item>,
}

/// Something that may become a course: a link that a tool gives back (Deep Linking 2.0, 3.1.4).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its title; may be empty.
    pub title: String,
    /// What it is about; may be empty.
    pub text: String,
    /// What is opened; empty for what the tool opens otherwise.
    pub url: String,
    /// Parameters that the tool wants to see again.
    pub custom: Map<String, Value>,
    /// The column of scores that comes with it.
    pub line: Option<ItemLine>,
}

/// A column of scores declared with a link.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ItemLine {
    /// Its label; empty for the title of the link.
    pub label: String,
    /// The highest score.
    pub most: f64,
    /// The tool's own name for what is scored.
    pub resource: String,
    /// The tool's own word.
    pub tag: String,
}

/// Links that are taken of one answer.
pub const ITEMS: usize = 50;
/// Characters of the address of a link at most. It travels once more inside the address at which a
/// launch begins, where three may stand for one, and servers commonly take 8 KB of an address.
const ADDRESS: usize = 2_000;
/// Characters of a text that a tool gives with a link.
const TEXT: usize = 500;
/// Parameters of a link, and characters of each.
const PARAMETERS: (usize, usize) = (50, 1_000);

/// What of an answer may become courses.
#[derive(Debug, Clone, PartialEq)]
pub struct Given {
    /// The links for learning, as many as are taken at once.
    pub links: Vec<Item>,
    /// Things that are no links for learning.
    pub others: usize,
    /// Links beyond those that are taken at once.
    pub beyond: usize,
}

/// A link that cannot be taken: its place in the answer counted from 1, its title, what is wrong.
pub type Refused = (usize, String, String);

impl Item {
    /// What of `items` may become courses; `admitted` says what is wrong with an address.
    ///
    /// # Errors
    /// The first link that cannot be taken as it is: an address is kept whole or not at all.
    pub fn read_all(
        items: &[Value],
        admitted: impl Fn(&str) -> Result<(), String>,
    ) -> Result<Given, Refused> {
        let of_type = |item: &Value| item.get("type").and_then(Value::as_str) == Some("ltiResourceLink");
        let found: Vec<(usize, &Value)> =
            items.iter().enumerate().filter(|(_, item)| of_type(item)).collect();
        let (others, beyond) = (items.len() - found.len(), found.len().saturating_sub(ITEMS));
        let mut links = Vec::new();
        for (place, item) in found.into_iter().take(ITEMS) {
            let link = Self::read(item);
            let wrong = |sentence| (place + 1, link.title.chars().take(40).collect(), sentence);
            if link.url.chars().count() > ADDRESS {
                return Err(wrong(format!("打开地址（url）超过 {ADDRESS} 个字符")));
            }
            if link.url.chars().any(|c| c.is_whitespace() || c.is_control()) {
                return Err(wrong("打开地址（url）中有空格或不允许的字符".to_owned()));
            }
            if !link.url.is_empty() {
                admitted(&link.url).map_err(|error| wrong(format!("打开地址（url）有误，{error}")))?;
            }
            links.push(link);
        }
        Ok(Given { links, others, beyond })
    }

    fn read(item: &Value) -> Self {
        let whole = |of: &Value, name: &str| {
            of.get(name).and_then(Value::as_str).unwrap_or_default().trim().to_owned()
        };
        let text = |of: &Value, name: &str| short(&whole(of, name));
        let custom = item.get("custom").and_then(Value::as_object).cloned().unwrap_or_default();
        let (most, long) = PARAMETERS;
        let plain = custom.into_iter().filter(|(name, value)| {
            name.len() <= long && value.as_str().is_some_and(|value| value.len() <= long)
        });
        let line = item.get("lineItem").filter(|line| line.is_object()).and_then(|line| {
            let most = line.get("scoreMaximum").and_then(Value::as_f64).filter(|most| *most > 0.0)?;
            let (label, resource) = (text(line, "label"), text(line, "resourceId"));
            Some(ItemLine { label, most, resource, tag: text(line, "tag") })
        });
        Self {
            title: text(item, "title"),
            text: text(item, "text"),
            url: whole(item, "url"),
            custom: plain.take(most).collect(),
            line,
        }
    }
}

/// What is kept of a text: as much as a page can show, and no character that no text has.
fn short(text: &str) -> String {
    text.trim().chars().filter(|c| *c != '\0').take(TEXT).collect()
}

/// What a course opens in the tool, where it was chosen there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opens {
    /// The address; empty for what the tool opens otherwise.
    pub target: String,
    /// The tool's parameters.
    pub custom: Map<String, Value>,
}

/// A column of scores of a course (line item).
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its identifier.
    pub id: Id<Self>,
    /// The course.
    pub course: Id<Course>,
    /// Its label.
    pub label: String,
    /// The highest score.
    pub most: f64,
    /// The tool's own name for what is scored; empty for none.
    pub resource: String,
    /// The tool's own word; empty for none.
    pub tag: String,
    /// Whether it is bound to the link of the course.
    pub counts: bool,
    /// Whether it was made with the course and stays as long.
    pub declared: bool,
    /// When it opens, as the tool said it; empty for nothing.
    pub starts: String,
    /// When it closes.
    pub ends: String,
}

/// What stands in the database of a secret that only a browser or a tool knows.
#[must_use]
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// A value that nobody can guess, that may stand in an address.
#[must_use]
pub fn secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Given, Item, origin};

    #[test]
    fn an_origin_ends_where_the_path_begins() {
        assert_eq!(origin("https://tool.test:8443/a/b?c"), Some("https://tool.test:8443"));
        assert_eq!(origin("https://tool.test"), Some("https://tool.test"));
        assert_eq!(origin("https://tool.test?x"), Some("https://tool.test"));
        assert_eq!((origin("/a"), origin("https:///x"), origin("")), (None, None, None));
    }

    #[test]
    fn links_are_read_and_other_things_counted() {
        let items = [
            json!({ "type": "ltiResourceLink", "title": " 第一课 ", "url": "https://tool.test/1",
                "custom": { "chapter": "1", "number": 2 },
                "lineItem": { "scoreMaximum": 20, "resourceId": "r1", "tag": "quiz" } }),
            json!({ "type": "ltiResourceLink", "lineItem": { "scoreMaximum": 0 } }),
            json!({ "type": "link", "url": "https://tool.test/2" }),
            json!("link"),
        ];
        let Given { links, others, beyond } = Item::read_all(&items, |_| Ok(())).expect("right");
        assert_eq!((links.len(), others, beyond), (2, 2, 0));
        let line = links[0].line.as_ref().expect("a column");
        assert_eq!((links[0].title.as_str(), line.most, line.tag.as_str()), ("第一课", 20.0, "quiz"));
        assert_eq!(links[0].custom.keys().collect::<Vec<_>>(), ["chapter"], "parameters are texts");
        assert!(links[1].line.is_none(), "a column has a highest score");
        let mut many = vec![json!({ "type": "ltiResourceLink" }); 60];
        many.push(json!({ "type": "link" }));
        let given = Item::read_all(&many, |_| Ok(())).expect("right");
        assert_eq!((given.links.len(), given.others, given.beyond), (50, 1, 10));
    }

    #[test]
    fn an_address_is_kept_whole_or_not_at_all() {
        let of = |letters: usize| "https://tool.test/".to_owned() + &"a".repeat(letters);
        let items = |url: &str| {
            let link = json!({ "type": "ltiResourceLink", "title": "长链接", "url": url });
            [json!({ "type": "link" }), link]
        };
        let whole = Item::read_all(&items(&of(1_900)), |_| Ok(())).expect("right");
        assert_eq!(whole.links[0].url.len(), 1_918);
        for url in [of(2_000), "https://tool.test/a b".to_owned(), "https://tool.test/\0".to_owned()] {
            let (place, title, wrong) = Item::read_all(&items(&url), |_| Ok(())).expect_err("wrong");
            assert_eq!((place, title.as_str()), (2, "长链接"), "{wrong}");
        }
        let refused = Item::read_all(&items(&of(3)), |_| Err("不行".to_owned())).expect_err("wrong");
        assert!(refused.2.contains("不行"));
    }
}
