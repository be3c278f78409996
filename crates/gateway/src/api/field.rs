//! Fields of what was sent: read one by one, what is wrong with them gathered as data.

use chrono::NaiveDate;
use serde_json::{Map, Value};
use tisheng_kernel::text::tidy;

use super::problem::Detail;

/// From this size on a number with more digits than fit into 64 bits has lost some of them.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// An object while it is read.
#[derive(Debug)]
pub struct Reading<'a> {
    fields: &'a Map<String, Value>,
    /// What stands before the names of its fields, such as `person.`.
    within: &'static str,
    row: Option<usize>,
    /// What is wrong with it.
    pub errors: Vec<Detail>,
}

impl<'a> Reading<'a> {
    /// The object of row `row`, where rows were sent.
    pub fn new(fields: &'a Map<String, Value>, row: Option<usize>) -> Self {
        Self { fields, within: "", row, errors: Vec::new() }
    }

    /// The object in the field `name`, which has to be there.
    pub fn inner(&mut self, name: &'static str, within: &'static str) -> Option<Reading<'a>> {
        match self.fields.get(name) {
            Some(Value::Object(fields)) => {
                Some(Reading { fields, within, row: self.row, errors: Vec::new() })
            }
            _ => {
                self.wrong(name, "应为一个对象");
                None
            }
        }
    }

    /// What the field `name` says by `read`; where it is not there at all, what was said `before`, if anything.
    /// A field that is `null` is there: it takes away.
    pub fn or_before<T>(&mut self, name: &str, before: Option<T>, read: impl FnOnce(&mut Self) -> T) -> T {
        match before {
            Some(before) if !self.fields.contains_key(name) => before,
            _ => read(self),
        }
    }

    /// Notes that the field `name` is wrong.
    pub fn wrong(&mut self, name: &str, message: impl Into<String>) {
        let field = format!("{}{name}", self.within);
        self.errors.push(Detail { row: self.row, field, message: message.into() });
    }

    /// Refuses fields that are not among `known`: a misspelt name would be passed over in silence.
    pub fn knows(&mut self, known: &[&str]) {
        let strange: Vec<String> =
            self.fields.keys().filter(|name| !known.contains(&name.as_str())).cloned().collect();
        for name in strange {
            let name: String = name.chars().take(40).collect();
            self.wrong(&name, "没有这个字段，请核对字段名");
        }
    }

    /// A text of at most `most` characters; empty when it is not given. A number counts as it is written.
    pub fn text(&mut self, name: &str, most: usize) -> String {
        tidy(&self.prose(name, most))
    }

    /// The same with its signs as they are written: what people read.
    pub fn prose(&mut self, name: &str, most: usize) -> String {
        let text = match self.fields.get(name) {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) if text.chars().any(is_unseen) => {
                self.wrong(name, "有看不见的控制字符，请去掉");
                String::new()
            }
            Some(Value::String(text)) => text.replace(['\n', '\r', '\t'], " ").trim().to_owned(),
            Some(Value::Number(number))
                if number.as_f64().is_some_and(|n| n.abs() >= EXACT) && number.is_f64() =>
            {
                self.wrong(name, "数字太长，会丢失后面的位数；请写成文字（加引号）");
                String::new()
            }
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => {
                self.wrong(name, "应为文字");
                String::new()
            }
        };
        if text.chars().count() > most {
            self.wrong(name, format!("不能超过 {most} 个字"));
            return String::new();
        }
        text
    }

    /// A text which has to be given.
    pub fn need(&mut self, name: &str, most: usize) -> String {
        let before = self.errors.len();
        let text = self.text(name, most);
        self.given(name, before, text)
    }

    /// The same with its signs as they are written.
    pub fn need_prose(&mut self, name: &str, most: usize) -> String {
        let before = self.errors.len();
        let text = self.prose(name, most);
        self.given(name, before, text)
    }

    /// Misses `text` unless something has been said of it since there were `before` mistakes.
    fn given(&mut self, name: &str, before: usize, text: String) -> String {
        if text.is_empty() && self.errors.len() == before {
            self.wrong(name, "没有填写");
        }
        text
    }

    /// A whole number; `None` when it is not given.
    pub fn whole(&mut self, name: &str) -> Option<u16> {
        match self.fields.get(name) {
            None | Some(Value::Null) => None,
            Some(value) => {
                let whole = value.as_u64().and_then(|whole| u16::try_from(whole).ok());
                if whole.is_none() {
                    self.wrong(name, "应为不太大的整数");
                }
                whole
            }
        }
    }

    /// Whether something is so; not, when it is not given.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.fields.get(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.wrong(name, "应为 true 或 false");
                false
            }
        }
    }

    /// A day as `2024-03-08`, which has to be given.
    pub fn day(&mut self, name: &str) -> Option<NaiveDate> {
        let text = self.need(name, 40);
        if text.is_empty() {
            return None;
        }
        let day = day(&text);
        if day.is_none() {
            self.wrong(name, "应为 2024-03-08 这样的日期");
        }
        day
    }

    /// A list of at most `most` texts of at most 500 characters each; empty when it is not given.
    pub fn texts(&mut self, name: &str, most: usize) -> Vec<String> {
        let items = match self.fields.get(name) {
            None | Some(Value::Null) => return Vec::new(),
            Some(Value::Array(items)) if items.len() <= most => items,
            Some(_) => {
                self.wrong(name, format!("应为不超过 {most} 项的列表"));
                return Vec::new();
            }
        };
        let texts: Option<Vec<String>> = items
            .iter()
            .map(|item| {
                item.as_str().map(tidy).filter(|text| !text.is_empty() && text.chars().count() <= 500)
            })
            .collect();
        if texts.is_none() {
            self.wrong(name, "每一项应为不超过 500 字的文字");
        }
        let mut texts = texts.unwrap_or_default();
        texts.sort();
        texts.dedup();
        texts
    }
}

/// Whether a character is not seen and changes how others are: what people read would not be what was
/// sent (control characters but for the breaks of a line, and marks that turn the direction).
fn is_unseen(c: char) -> bool {
    let is_break = matches!(c, '\n' | '\r' | '\t');
    (c.is_control() && !is_break) || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A day as `2024-03-08` and no other way.
pub fn day(text: &str) -> Option<NaiveDate> {
    text.parse::<NaiveDate>().ok().filter(|day| text.len() == 10 && day.to_string() == text)
}
