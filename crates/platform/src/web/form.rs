//! Forms: what was typed is kept, and what is wrong with it is data.

use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::Bytes;
use axum::extract::{FromRequest, OriginalUri, Request};
use axum::http::StatusCode;
use chrono::{Datelike, NaiveDate};
use sha2::{Digest, Sha256};

use super::Failure;

/// The fields of a submitted form, in order, repeated names included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pairs: Vec<(String, String)>,
    /// The address that the form was sent to.
    address: String,
}

impl Fields {
    /// The fields given, for tests and for forms that come in parts.
    #[must_use]
    pub fn new(pairs: Vec<(String, String)>) -> Self {
        Self { pairs, address: String::new() }
    }

    /// The same fields, sent to `address` (path and query). The extractor knows it by itself; for
    /// forms that come in parts.
    #[must_use]
    pub fn sent_to(self, address: impl Into<String>) -> Self {
        Self { address: address.into(), ..self }
    }

    /// Reads `application/x-www-form-urlencoded` text.
    ///
    /// # Errors
    /// [`Failure::Malformed`] when it is not, or holds a character that no text has (U+0000): one
    /// engine stores it, the other refuses.
    pub fn read(body: &[u8]) -> Result<Self, Failure> {
        let pairs: Result<Vec<(String, String)>, _> = serde_urlencoded::from_bytes(body);
        pairs
            .ok()
            .filter(|pairs| !pairs.iter().any(|(key, value)| key.contains('\0') || value.contains('\0')))
            .map(Self::new)
            .ok_or_else(|| Failure::Malformed("表单内容无法识别。".to_owned()))
    }

    /// The field `name` as it was sent; `None` when missing.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The field `name` without the spaces around it; empty when missing.
    #[must_use]
    pub fn text(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default().trim()
    }

    /// Every non-empty value of `name`, such as ticked boxes.
    pub fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> + 'f {
        self.pairs
            .iter()
            .filter(move |(key, value)| key == name && !value.is_empty())
            .map(|(_, v)| v.as_str())
    }

    /// Whether `name` has `value` among its values.
    #[must_use]
    pub fn has(&self, name: &str, value: &str) -> bool {
        self.pairs.iter().any(|(key, found)| key == name && found == value)
    }

    /// All fields, in order.
    #[must_use]
    pub fn pairs(&self) -> &[(String, String)] {
        &self.pairs
    }

    /// Starts checking: each look at a field may add an error.
    #[must_use]
    pub fn check(&self) -> Checked<'_> {
        Checked { fields: self, titles: Vec::new(), errors: FormErrors::default() }
    }

    /// The digest of the address and the content without the idempotency key: two buttons of one
    /// page are two submissions, though they carry the same key.
    #[must_use]
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(format!("{}:{};", self.address.len(), self.address));
        for (key, value) in self.pairs.iter().filter(|(key, _)| key != super::once::FIELD) {
            hash.update(format!("{}:{}={}:{}", key.len(), key, value.len(), value));
        }
        hex::encode(hash.finalize())
    }
}

impl<S: Send + Sync> FromRequest<S> for Fields {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        // A nested router sees less than the whole address.
        let whole = request.extensions().get::<OriginalUri>().map(|OriginalUri(uri)| uri);
        let address = whole.unwrap_or(request.uri()).path_and_query().map(ToString::to_string);
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
                Failure::TooLarge("提交的文字太多。".to_owned())
            } else {
                Failure::Malformed("表单没有完整送达。".to_owned())
            }
        })?;
        Ok(Self::read(&body)?.sent_to(address.unwrap_or_default()))
    }
}

/// What is wrong with a form, by field.
///
/// What is wrong is said once. An error whose field has a title is said beside that field, by `of(field)`, and the
/// summary on top only names the field. What the page has said nowhere, because it does not have the field
/// (any more) or because no field is to blame, is said in the summary.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FormErrors(Vec<Wrong>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    field: String,
    /// Empty when no field says the message.
    title: String,
    message: String,
    said: Said,
}

/// Whether a field of the page has said a message. The summary stands before the fields, so it knows only once the
/// page has been rendered: [`super::layout::show`] renders a page with a summary twice. A copy goes to another
/// page, which has said nothing yet, and errors are the same whoever has said them.
#[derive(Debug, Default)]
struct Said(AtomicBool);

impl Clone for Said {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl PartialEq for Said {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Said {}

impl FormErrors {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds `message` about `field`.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        let (field, title, message) = (field.to_owned(), String::new(), message.into());
        self.0.push(Wrong { field, title, message, said: Said::default() });
    }

    /// One error alone.
    #[must_use]
    pub fn one(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Self::default();
        errors.add(field, message);
        errors
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Gives the fields that say their errors themselves, where the page has them, their titles: pairs of field
    /// and title.
    #[must_use]
    pub fn titled(mut self, titles: &[(&str, &str)]) -> Self {
        for wrong in self.0.iter_mut().filter(|wrong| wrong.title.is_empty()) {
            if let Some((_, title)) = titles.iter().find(|(field, _)| *field == wrong.field) {
                (*title).clone_into(&mut wrong.title);
            }
        }
        self
    }

    /// The same on a page whose fields of these names belong to another form: everything is said on top.
    #[must_use]
    pub fn untitled(mut self) -> Self {
        for wrong in &mut self.0 {
            wrong.title.clear();
        }
        self
    }

    /// The first message that `field` says itself, for the page to show beside it; empty when it is right.
    #[must_use]
    pub fn of(&self, field: &str) -> &str {
        let mut own = self.0.iter().filter(|wrong| wrong.field == field && !wrong.title.is_empty());
        own.next().map_or("", |wrong| {
            wrong.said.0.store(true, Ordering::Relaxed);
            &wrong.message
        })
    }

    /// Field and message, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|wrong| (wrong.field.as_str(), wrong.message.as_str()))
    }

    /// For the summary on top of the page: field and words, in order. The words are the title where
    /// the field has said the message, the message otherwise. Nothing when a single field has said it all:
    /// that field takes the focus.
    #[must_use]
    pub fn summary(&self) -> Vec<(&str, &str)> {
        match self.0.as_slice() {
            [only] if only.is_said() => Vec::new(),
            several => several.iter().map(Wrong::summed).collect(),
        }
    }
}

impl Wrong {
    fn is_said(&self) -> bool {
        !self.title.is_empty() && self.said.0.load(Ordering::Relaxed)
    }

    fn summed(&self) -> (&str, &str) {
        (&self.field, if self.is_said() { &self.title } else { &self.message })
    }
}

/// A form while it is being checked.
#[derive(Debug)]
pub struct Checked<'f> {
    fields: &'f Fields,
    /// The fields that were looked at, with their titles.
    titles: Vec<(String, String)>,
    errors: FormErrors,
}

impl<'f> Checked<'f> {
    /// The text of a field that must not be empty and has at most `most` characters.
    pub fn required(&mut self, name: &str, title: &str, most: usize) -> &'f str {
        let text = self.optional(name, title, most);
        if text.is_empty() {
            self.errors.add(name, format!("请填写{title}"));
        }
        text
    }

    /// The text of a field that may be empty and has at most `most` characters.
    pub fn optional(&mut self, name: &str, title: &str, most: usize) -> &'f str {
        self.title(name, title);
        let text = self.fields.text(name);
        let length = text.chars().count();
        if length > most {
            self.errors.add(name, format!("{title}最多 {most} 字，现在有 {length} 字"));
        }
        text
    }

    /// A number within `range`; `None` (with an error) when it is not one.
    pub fn number<T>(&mut self, name: &str, title: &str, range: RangeInclusive<T>) -> Option<T>
    where
        T: FromStr + PartialOrd + Display + Copy,
    {
        let text = self.required(name, title, 20);
        if text.is_empty() {
            return None;
        }
        match text.parse::<T>() {
            Ok(number) if range.contains(&number) => Some(number),
            _ => {
                let message = format!("{title}应在 {} 到 {} 之间", range.start(), range.end());
                self.errors.add(name, message);
                None
            }
        }
    }

    /// A date as browsers send it; `None` (with an error) when it is not one.
    pub fn date(&mut self, name: &str, title: &str) -> Option<NaiveDate> {
        let text = self.required(name, title, 20);
        if text.is_empty() {
            return None;
        }
        // Beyond these years a date is a slip, and would no longer sort as text.
        let date = text.parse().ok().filter(|date: &NaiveDate| (1900..2200).contains(&date.year()));
        if date.is_none() {
            self.errors.add(name, format!("{title}应写成 2021-09-01 这样的日期"));
        }
        date
    }

    /// Something that parses, such as an identifier or a state; `None` (with an error) if not.
    pub fn chosen<T: FromStr>(&mut self, name: &str, title: &str) -> Option<T> {
        self.title(name, title);
        let parsed = self.fields.text(name).parse().ok();
        if parsed.is_none() {
            self.errors.add(name, format!("请选择{title}"));
        }
        parsed
    }

    /// Gives `name`, which is read in another way, its title.
    pub fn title(&mut self, name: &str, title: &str) {
        self.titles.push((name.to_owned(), title.to_owned()));
    }

    /// Adds an error that the caller found.
    pub fn fail(&mut self, field: &str, message: impl Into<String>) {
        self.errors.add(field, message);
    }

    /// The errors found; those of fields that were looked at have their titles.
    #[must_use]
    pub fn errors(self) -> FormErrors {
        let titles: Vec<(&str, &str)> =
            self.titles.iter().map(|(name, title)| (name.as_str(), title.as_str())).collect();
        self.errors.titled(&titles)
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, FormErrors};

    #[test]
    fn keeps_what_was_typed_and_says_what_is_wrong() {
        let fields = Fields::read("name=%E7%8E%8B&hours=x&cap=A1&cap=A6".as_bytes()).expect("a form");
        let mut check = fields.check();
        assert_eq!(check.required("name", "姓名", 50), "王");
        assert_eq!(check.number("hours", "学时", 1..=60), None);
        assert_eq!(check.required("reason", "原因", 200), "");
        let errors = check.errors();
        assert_eq!(errors.of("name"), "");
        assert_eq!(errors.of("hours"), "学时应在 1 到 60 之间");
        assert_eq!(errors.of("reason"), "请填写原因");
        assert_eq!(fields.all("cap").collect::<Vec<_>>(), ["A1", "A6"]);
    }

    #[test]
    fn the_summary_names_fields_that_say_their_errors_and_says_what_no_field_says() {
        let fields = Fields::read(b"hours=x").expect("a form");
        let mut check = fields.check();
        check.required("name", "姓名", 50);
        let one = check.errors();
        assert_eq!(one.summary(), [("name", "请填写姓名")], "the page has no such field so far");
        assert_eq!((one.of("name"), one.summary()), ("请填写姓名", vec![]));
        assert_eq!(one.clone().summary(), [("name", "请填写姓名")], "nor has another page");
        let mut check = fields.check();
        check.required("name", "姓名", 50);
        check.number("hours", "学时", 1..=60);
        check.fail("hours", "学时应为整数");
        check.fail("people", "请勾选教师");
        let several = check.errors();
        assert_eq!(several.of("hours"), "学时应在 1 到 60 之间");
        let without_name =
            [("name", "请填写姓名"), ("hours", "学时"), ("hours", "学时应为整数"), ("people", "请勾选教师")];
        assert_eq!(several.summary(), without_name);
        assert_eq!(several.of("name"), "请填写姓名");
        let said = [("name", "姓名"), ("hours", "学时"), ("hours", "学时应为整数"), ("people", "请勾选教师")];
        assert_eq!(several.summary(), said);
        let people = FormErrors::one("people", "请勾选教师");
        assert_eq!(people.of("people"), "", "no field says it");
        assert_eq!(people.summary(), [("people", "请勾选教师")]);
        let beside = people.clone().titled(&[("people", "教师")]);
        assert_eq!((beside.of("people"), beside.summary()), ("请勾选教师", vec![]));
        let on_top = beside.untitled();
        assert_eq!((on_top.of("people"), on_top.summary()), ("", vec![("people", "请勾选教师")]));
    }

    #[test]
    fn the_digest_ignores_the_key_and_nothing_else() {
        let digest = |text: &str| Fields::read(text.as_bytes()).expect("a form").digest();
        assert_eq!(digest("_key=1&a=b"), digest("_key=2&a=b"));
        assert_ne!(digest("a=b&c=d"), digest("a=b%26c%3Dd"));
        let sent_to = |address: &str| Fields::default().sent_to(address).digest();
        assert_ne!(sent_to("/teams/1/dissolve"), sent_to("/teams/2/dissolve"));
    }

    #[test]
    fn what_no_text_or_calendar_holds_is_refused() {
        Fields::read(b"name=a%00b").expect_err("a zero character");
        let fields = Fields::read(b"a=%2B12026-01-01&b=0090-01-01&c=2026-01-01").expect("a form");
        let mut check = fields.check();
        assert_eq!((check.date("a", "日期"), check.date("b", "日期")), (None, None));
        assert!(check.date("c", "日期").is_some());
    }
}
