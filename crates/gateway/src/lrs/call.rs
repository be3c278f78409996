//! A request taken apart: version, credential, parameters; and the answer put together.

use std::sync::Arc;

use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tisheng_kernel::Instant;
use tisheng_platform::App;
use tisheng_xapi::{Version, time};

use super::fault::{Fault, Told};
use super::model::Credential;
use super::writing::Desk;
use super::{credential, documents, resources, statement_calls};

/// Bytes of a request.
const MOST: usize = 64 << 20;
/// The header that says which version is spoken.
const VERSION: &str = "x-experience-api-version";
/// Headers that a form may carry in the alternate syntax (Communication 1.3).
const IN_FORM: [&str; 9] = [
    "authorization",
    VERSION,
    "content-type",
    "content-length",
    "if-match",
    "if-none-match",
    "accept",
    "accept-language",
    "accept-encoding",
];

/// Names and values in the order in which they were sent.
type Parameters = Vec<(String, String)>;

/// A request to a resource.
#[derive(Debug)]
pub struct Call {
    pub app: Arc<App>,
    pub at: Instant,
    pub version: Version,
    pub credential: Credential,
    pub method: Method,
    pub params: Parameters,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// The parameter `name`.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The parameter `name`, which has to be given.
    pub fn required(&self, name: &str) -> Told<&str> {
        self.param(name).ok_or_else(|| Fault::bad(format!("the parameter {name} is required")))
    }

    /// Refuses parameters that the resource does not know, and those given twice.
    pub fn knows(&self, names: &[&str]) -> Told<()> {
        for (place, (name, _)) in self.params.iter().enumerate() {
            if !names.contains(&name.as_str()) {
                return Err(Fault::bad(format!("unknown parameter {name}; there are {}", names.join(", "))));
            }
            if self.params[..place].iter().any(|(other, _)| other == name) {
                return Err(Fault::bad(format!("the parameter {name} is given twice")));
            }
        }
        Ok(())
    }

    /// The header `name` as text.
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// Whether the method reads.
    pub fn is_read(&self) -> bool {
        matches!(self.method, Method::GET | Method::HEAD)
    }

    /// The parameter `name` as a moment.
    pub fn moment(&self, name: &str) -> Told<Option<i64>> {
        let read = |text: &str| {
            time::moment(text, self.version)
                .ok_or_else(|| Fault::bad(format!("the parameter {name} has to be a timestamp of ISO 8601")))
        };
        self.param(name).map(read).transpose()
    }
}

/// Answers every request to the store.
pub async fn enter(State(app): State<Arc<App>>, request: Request) -> Response {
    let resource = request.uri().path().strip_prefix("/xapi").unwrap_or_default().to_owned();
    let spoken = request.headers().get(VERSION).and_then(|value| value.to_str().ok());
    let mut version = spoken.and_then(Version::of_header).unwrap_or(Version::Two);
    let answer = answered(&app, &resource, request, &mut version).await;
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(version.latest()));
    if resource == "/statements" {
        let through = app.parts.get::<Desk>().consistent_through(app.now().micros());
        let through =
            HeaderValue::from_str(&time::written(through)).expect("a timestamp is valid in a header");
        headers.insert("x-experience-api-consistent-through", through);
    }
    response
}

async fn answered(app: &Arc<App>, resource: &str, request: Request, version: &mut Version) -> Told<Response> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, MOST).await.map_err(|_| Fault::too_large())?;
    let (mut method, mut headers, mut body) = (parts.method, parts.headers, body);
    let mut params = pairs(parts.uri.query().unwrap_or_default().as_bytes())?;
    let by_form = method == Method::POST && params.iter().any(|(name, _)| name == "method");
    if by_form {
        (method, params, body) = unfolded(&params, &mut headers, &body)?;
    }
    if resource == "/about" {
        return if matches!(method, Method::GET | Method::HEAD) {
            Ok(resources::about())
        } else {
            Err(Fault::method())
        };
    }
    let spoken = headers.get(VERSION).and_then(|value| value.to_str().ok());
    let spoken = spoken
        .ok_or_else(|| Fault::bad("the header X-Experience-API-Version is required: 1.0.3 or 2.0.0"))?;
    *version = Version::of_header(spoken)
        .ok_or_else(|| Fault::bad(format!("version {spoken} is not spoken here; 1.0.3 and 2.0.0 are")))?;
    if by_form && *version == Version::Two {
        return Err(Fault::bad("version 2.0 has no alternate request syntax"));
    }
    let at = app.now();
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let holder = match authorization {
        Some(authorization) => credential::holder(app, authorization, at).await?,
        None => None,
    };
    let credential = holder.ok_or_else(Fault::unknown)?;
    let app = Arc::clone(app);
    let call = Call { app, at, version: *version, credential, method, params, headers, body };
    match resource {
        "/statements" => statement_calls::answer(&call).await,
        "/activities" => resources::activity(&call).await,
        "/agents" => resources::person(&call).await,
        "/activities/state" => documents::answer(&call, documents::Resource::State).await,
        "/activities/profile" => documents::answer(&call, documents::Resource::Activity).await,
        "/agents/profile" => documents::answer(&call, documents::Resource::Agent).await,
        _ => Err(Fault::absent()),
    }
}

fn pairs(text: &[u8]) -> Told<Parameters> {
    serde_urlencoded::from_bytes(text).map_err(|e| Fault::bad(format!("parameters cannot be read: {e}")))
}

/// Method, parameters and content of a request that is wholly in a form.
fn unfolded(
    query: &[(String, String)],
    headers: &mut HeaderMap,
    body: &[u8],
) -> Told<(Method, Parameters, Bytes)> {
    let [(_, method)] = query else {
        return Err(Fault::bad("in the alternate syntax `method` is the only parameter of the address"));
    };
    let method = match method.as_str() {
        "GET" => Method::GET,
        "PUT" => Method::PUT,
        "POST" => Method::POST,
        "DELETE" => Method::DELETE,
        "HEAD" => Method::HEAD,
        _ => return Err(Fault::bad("`method` is GET, PUT, POST, DELETE or HEAD")),
    };
    let (mut params, mut content) = (Vec::new(), Bytes::new());
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in pairs(body)? {
        let lower = name.to_ascii_lowercase();
        if name == "content" {
            content = Bytes::from(value);
        } else if IN_FORM.contains(&lower.as_str()) {
            let value = HeaderValue::from_str(&value);
            let value = value.map_err(|_| Fault::bad(format!("{name} in the form is no header")))?;
            if let Ok(name) = HeaderName::from_bytes(lower.as_bytes()) {
                headers.insert(name, value);
            }
        } else {
            params.push((name, value));
        }
    }
    if !content.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok((method, params, content))
}
