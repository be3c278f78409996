//! A request taken apart: version, credential, parameters; and the answer put together.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use tisheng_kernel::Instant;
use tisheng_platform::App;
use tisheng_xapi::{Version, time};

use super::desk::Desk;
use super::fault::{Fault, Told};
use super::model::Credential;
use super::{cors, credential, documents, refused, resources, statement_calls};

/// Bytes of a request.
const MOST: usize = 64 << 20;
/// Bytes that are read of a request which is refused for what stands before its content.
const READ_AWAY: usize = 256 << 10;
/// Bytes of a request in the alternate syntax.
const MOST_OF_FORM: usize = 4 << 20;
/// The resource of statements.
const STATEMENTS: &str = "/statements";
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
    /// The moment of storing at which what can be read ends: nothing up to there is still to come.
    pub through: i64,
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
    let origin = cors::origin(&app, request.headers());
    if origin.is_some() && cors::is_preflight(request.method(), request.headers()) {
        let mut response = cors::preflight();
        cors::open(&app, origin, response.headers_mut());
        return response;
    }
    let resource = request.uri().path().strip_prefix("/xapi").unwrap_or_default().to_owned();
    let named = spoken(request.headers()).ok();
    let mut version =
        named.or_else(|| Version::of_header(&app.config.xapi_without_header)).unwrap_or(Version::Two);
    // Before anything is read: what is stored meanwhile is neither promised nor found.
    let through = match resource.as_str() {
        STATEMENTS => app.parts.get::<Desk>().through(&app).await.map(Some).map_err(Fault::from),
        _ => Ok(None),
    };
    let answer = match &through {
        Ok(through) => answered(&app, &resource, request, *through, &mut version).await,
        Err(fault) => Err(fault.clone()),
    };
    let mut response = answer.unwrap_or_else(IntoResponse::into_response);
    let headers = response.headers_mut();
    headers.insert(VERSION, HeaderValue::from_static(version.latest()));
    if let Ok(Some(through)) = through {
        let through =
            HeaderValue::from_str(&time::written(through)).expect("a timestamp is valid in a header");
        headers.insert("x-experience-api-consistent-through", through);
    }
    cors::open(&app, origin, headers);
    response
}

/// What there is of a request before its content is read.
struct Asked {
    method: Method,
    headers: HeaderMap,
    params: Parameters,
}

async fn answered(
    app: &Arc<App>,
    resource: &str,
    request: Request,
    through: Option<i64>,
    version: &mut Version,
) -> Told<Response> {
    let (parts, body) = request.into_parts();
    let params = pairs(parts.uri.query().unwrap_or_default().as_bytes())?;
    let mut asked = Asked { method: parts.method, headers: parts.headers, params };
    let by_form = asked.method == Method::POST && asked.params.iter().any(|(name, _)| name == "method");
    // Who sends it stands in the form as well: so much is taken from anybody.
    let content = if by_form {
        let form = to_bytes(body, MOST_OF_FORM).await.map_err(|_| Fault::too_large())?;
        Content::Here(unfolded(&mut asked, &form)?)
    } else {
        Content::Arriving(body)
    };
    if resource == "/about" {
        return match asked.method {
            Method::GET | Method::HEAD => Ok(resources::about()),
            _ => Err(Fault::method()),
        };
    }
    let at = app.now();
    let admitted = match spoken(&asked.headers) {
        Ok(Version::Two) if by_form => Err(Fault::bad("version 2.0 has no alternate request syntax")),
        Ok(spoken) => {
            *version = spoken;
            holder(app, &asked.headers, at).await
        }
        Err(fault) => Err(fault),
    };
    let body = match (content, &admitted) {
        (Content::Here(body), _) => body,
        (Content::Arriving(body), Ok(credential)) => match to_bytes(body, MOST).await {
            Ok(body) => body,
            Err(_) => {
                let fault = Fault::too_large();
                if resource == STATEMENTS {
                    refused::note_fault(app, credential, &fault).await;
                }
                return Err(fault);
            }
        },
        // What is not read ends the connection, and with it the next request of the same sender; whether
        // there was too much of it changes nothing.
        (Content::Arriving(body), Err(_)) => to_bytes(body, READ_AWAY).await.unwrap_or_default(),
    };
    let credential = admitted?;
    let Asked { method, headers, params } = asked;
    let app = Arc::clone(app);
    let through = through.unwrap_or(i64::MAX);
    let call = Call { app, at, version: *version, credential, method, params, headers, body, through };
    match resource {
        STATEMENTS => statements(&call).await,
        "/activities" => resources::activity(&call).await,
        "/agents" => resources::person(&call).await,
        "/activities/state" => documents::answer(&call, documents::Resource::State).await,
        "/activities/profile" => documents::answer(&call, documents::Resource::Activity).await,
        "/agents/profile" => documents::answer(&call, documents::Resource::Agent).await,
        _ => Err(Fault::absent()),
    }
}

/// Answers a request for statements; what is refused of those sent is noted.
async fn statements(call: &Call) -> Told<Response> {
    let answer = statement_calls::answer(call).await;
    if let Err(fault) = &answer
        && matches!(call.method, Method::PUT | Method::POST)
    {
        refused::note_fault(&call.app, &call.credential, fault).await;
    }
    answer
}

enum Content {
    Here(Bytes),
    Arriving(Body),
}

/// The version that a request is of.
fn spoken(headers: &HeaderMap) -> Told<Version> {
    let required = || Fault::bad("the header X-Experience-API-Version is required: 1.0.3 or 2.0.0");
    let text = headers.get(VERSION).ok_or_else(required)?.to_str().unwrap_or_default();
    Version::of_header(text)
        .ok_or_else(|| Fault::bad(format!("version {text} is not spoken here; 1.0.3 and 2.0.0 are")))
}

/// Who sends a request, and may send another one now.
async fn holder(app: &App, headers: &HeaderMap, at: Instant) -> Told<Credential> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let authorization = authorization.ok_or_else(Fault::unknown)?;
    let credential = credential::holder(app, authorization, at).await?.ok_or_else(Fault::unknown)?;
    let pace = &app.parts.get::<Desk>().pace;
    pace.allow(credential.id.uuid(), credential.rate, at)
        .map_err(|wait| Fault::too_many(&format!("{} requests a second", credential.rate), wait))?;
    Ok(credential)
}

fn pairs(text: &[u8]) -> Told<Parameters> {
    let read: Parameters = serde_urlencoded::from_bytes(text)
        .map_err(|e| Fault::bad(format!("parameters cannot be read: {e}")))?;
    match read.iter().find(|(name, value)| name.contains('\0') || value.contains('\0')) {
        Some((name, _)) => Err(Fault::bad(format!("the parameter {} holds U+0000", name.escape_debug()))),
        None => Ok(read),
    }
}

/// Puts method, headers and parameters of a form in the place of its request's own; gives the
/// content.
fn unfolded(asked: &mut Asked, form: &[u8]) -> Told<Bytes> {
    let [(_, method)] = asked.params.as_slice() else {
        return Err(Fault::bad("in the alternate syntax `method` is the only parameter of the address"));
    };
    asked.method = match method.as_str() {
        "GET" => Method::GET,
        "PUT" => Method::PUT,
        "POST" => Method::POST,
        "DELETE" => Method::DELETE,
        "HEAD" => Method::HEAD,
        _ => return Err(Fault::bad("`method` is GET, PUT, POST, DELETE or HEAD")),
    };
    asked.params.clear();
    let mut content = Bytes::new();
    let headers = &mut asked.headers;
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in pairs(form)? {
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
            asked.params.push((name, value));
        }
    }
    if !content.is_empty() && !headers.contains_key(header::CONTENT_TYPE) {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(content)
}
