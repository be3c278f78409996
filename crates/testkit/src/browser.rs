//! A browser without scripts: cookies, links, forms, redirects.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower::ServiceExt;
use uuid::Uuid;

use crate::page::Seen;

/// Redirects followed before a loop is suspected.
const REDIRECTS: usize = 5;

/// A browser with its own cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// What it calls itself; nothing unless it is told to.
    agent: Option<HeaderValue>,
}

/// A file chosen in a form.
#[derive(Debug, Clone)]
pub struct Chosen<'a> {
    /// The field.
    pub field: &'a str,
    /// The file's name.
    pub name: &'a str,
    /// Its content.
    pub bytes: &'a [u8],
}

impl Browser {
    pub(crate) fn new(router: Router) -> Self {
        Self { router, cookies: BTreeMap::new(), agent: None }
    }

    /// The same browser, which calls itself `agent`.
    #[must_use]
    pub fn calling_itself(self, agent: &'static str) -> Self {
        Self { agent: Some(HeaderValue::from_static(agent)), ..self }
    }

    /// Opens `path`, following redirects.
    pub async fn get(&mut self, path: &str) -> Seen {
        let answer = self.send(Method::GET, path, HeaderMap::new(), Vec::new()).await;
        self.follow(answer).await
    }

    /// Submits a form to `path`, following redirects. A form key is made unless one is given.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let answer = self.post_only(path, fields).await;
        self.follow(answer).await
    }

    /// Submits a form to `path` and stays at its answer.
    pub async fn post_only(&mut self, path: &str, fields: &[(&str, &str)]) -> Seen {
        let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut pairs: Vec<String> =
            fields.iter().map(|(k, v)| format!("{}={}", encode(k), encode(v))).collect();
        if !fields.iter().any(|(key, _)| *key == "_key") {
            pairs.push(format!("_key={}", Uuid::now_v7().simple()));
        }
        let mut headers = HeaderMap::new();
        let form = "application/x-www-form-urlencoded".parse().expect("a media type");
        headers.insert(header::CONTENT_TYPE, form);
        self.send(Method::POST, path, headers, pairs.join("&").into_bytes()).await
    }

    /// Submits a form with files to `path`, following redirects.
    pub async fn post_files(&mut self, path: &str, fields: &[(&str, &str)], files: &[Chosen<'_>]) -> Seen {
        const EDGE: &str = "tisheng-test-edge";
        let mut body = Vec::new();
        let key = Uuid::now_v7().simple().to_string();
        let given = fields.iter().any(|(name, _)| *name == "_key");
        let key = [("_key", key.as_str())];
        for (name, value) in key.iter().filter(|_| !given).chain(fields) {
            let part =
                format!("--{EDGE}\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        for file in files {
            let head = format!(
                "--{EDGE}\r\ncontent-disposition: form-data; name=\"{}\"; filename=\"{}\"\r\n\
                 content-type: application/octet-stream\r\n\r\n",
                file.field, file.name
            );
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(file.bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(format!("--{EDGE}--\r\n").as_bytes());
        let mut headers = HeaderMap::new();
        let form = format!("multipart/form-data; boundary={EDGE}").parse().expect("a media type");
        headers.insert(header::CONTENT_TYPE, form);
        let answer = self.send(Method::POST, path, headers, body).await;
        self.follow(answer).await
    }

    /// Sends a request as it is, keeping cookies and following nothing.
    pub async fn send(&mut self, method: Method, path: &str, headers: HeaderMap, body: Vec<u8>) -> Seen {
        let mut request =
            Request::builder().method(method).uri(path).body(Body::from(body)).expect("a request");
        *request.headers_mut() = headers;
        let cookies: Vec<String> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        if !cookies.is_empty() {
            let line = cookies.join("; ").parse().expect("cookies are valid in a header");
            request.headers_mut().insert(header::COOKIE, line);
        }
        if let Some(agent) = &self.agent {
            request.headers_mut().insert(header::USER_AGENT, agent.clone());
        }
        request.headers_mut().insert(header::HOST, "tisheng.test".parse().expect("a host"));
        let response = self.router.clone().oneshot(request).await.expect("a router answers");
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            self.keep(line.to_str().expect("cookies are text"));
        }
        let bytes = to_bytes(body, usize::MAX).await.expect("a body is read");
        Seen { path: path.to_owned(), status: parts.status, headers: parts.headers, bytes }
    }

    /// Has the cookie `name` of `other` from now on, such as a session begun there.
    pub fn take_over(&mut self, other: &Self, name: &str) {
        if let Some(value) = other.cookies.get(name) {
            self.cookies.insert(name.to_owned(), value.clone());
        }
    }

    pub(crate) fn keep(&mut self, line: &str) {
        let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else {
            return;
        };
        if line.contains("Max-Age=0") {
            self.cookies.remove(name);
        } else {
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    async fn follow(&mut self, mut answer: Seen) -> Seen {
        for _ in 0..REDIRECTS {
            if answer.status != StatusCode::SEE_OTHER {
                return answer;
            }
            let to = answer.location().to_owned();
            answer = self.send(Method::GET, &to, HeaderMap::new(), Vec::new()).await;
        }
        panic!("more than {REDIRECTS} redirects, last to {}", answer.path)
    }
}
