//! Looks at an answer as a person would.

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};

/// What a browser got.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The path asked for.
    pub path: String,
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub bytes: Bytes,
}

impl Seen {
    /// The body as text.
    #[must_use]
    pub fn html(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    /// What a reader sees: the text without tags, white space folded.
    #[must_use]
    pub fn text(&self) -> String {
        let html = self.html();
        let mut text = String::with_capacity(html.len() / 2);
        let mut in_tag = false;
        for c in html.chars() {
            match c {
                '<' => in_tag = true,
                '>' if in_tag => {
                    in_tag = false;
                    text.push(' ');
                }
                c if !in_tag => text.push(c),
                _ => {}
            }
        }
        let text =
            text.replace("&#34;", "\"").replace("&#39;", "'").replace("&#60;", "<").replace("&#62;", ">");
        text.replace("&#38;", "&").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Fails unless the page is found and shows `words`.
    #[track_caller]
    pub fn shows(&self, words: &str) -> &Self {
        assert!(self.status.is_success(), "{} answered {}: {}", self.path, self.status, self.text());
        assert!(self.text().contains(words), "{} does not show {words}:\n{}", self.path, self.text());
        self
    }

    /// Fails unless the answer, whatever its status, says `words`: a refusal and its sentence.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{} does not say {words}:\n{}", self.path, self.text());
        self
    }

    /// Fails when the page shows `words`.
    #[track_caller]
    pub fn hides(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "{} shows {words}:\n{}", self.path, self.text());
        self
    }

    /// Fails unless the answer has `status`.
    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.path, self.text());
        self
    }

    /// Where a redirect leads.
    #[track_caller]
    #[must_use]
    pub fn location(&self) -> &str {
        let to = self.headers.get(header::LOCATION).and_then(|v| v.to_str().ok());
        to.unwrap_or_else(|| panic!("{} answered {} without a location", self.path, self.status))
    }

    /// The first address in the page that begins with `start`.
    #[track_caller]
    #[must_use]
    pub fn link(&self, start: &str) -> String {
        let html = self.html();
        let found = ["href=\"", "action=\"", "src=\""].iter().find_map(|attribute| {
            html.match_indices(attribute).find_map(|(at, _)| {
                let rest = &html[at + attribute.len()..];
                let address = &rest[..rest.find('"')?];
                let address = address.replace("&#38;", "&").replace("&amp;", "&");
                address.starts_with(start).then_some(address)
            })
        });
        found.unwrap_or_else(|| panic!("{} has no link to {start}…:\n{html}", self.path))
    }

    /// The fields that the list of what is wrong with a form leads to, in its order.
    #[must_use]
    pub fn wrong(&self) -> Vec<String> {
        let html = self.html();
        let summary = html.split("class=\"summary\"").nth(1).and_then(|rest| rest.split("</div>").next());
        let links = summary.unwrap_or_default().split("href=\"#").skip(1);
        links.filter_map(|link| link.split('"').next()).map(str::to_owned).collect()
    }

    /// The value of the first field named `name`.
    #[track_caller]
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        let html = self.html();
        let tag = html.split('<').find(|tag| tag.contains(&format!("name=\"{name}\"")));
        let value = tag.and_then(|tag| tag.split("value=\"").nth(1)).and_then(|rest| rest.split('"').next());
        value.unwrap_or_else(|| panic!("{} has no field {name}:\n{html}", self.path)).to_owned()
    }
}
