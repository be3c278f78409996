//! A service on this machine that vouches for whomever the story says, and for nobody twice.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Form, Json, Router};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::net::TcpListener;

/// The name and secret under which the installation is registered.
pub const CLIENT: &str = "tisheng";
pub const SECRET: &str = "不外传 的/密钥";

/// What stands in an address behind the question mark.
pub type Asked = HashMap<String, String>;

#[derive(Default)]
struct Kept {
    keys: Vec<(String, EcdsaKeyPair)>,
    times_keys_asked: usize,
    codes: HashMap<String, (Asked, Value, String)>,
    people: HashMap<String, Value>,
    tickets: HashMap<String, (String, String)>,
}

/// The service.
#[derive(Clone)]
pub struct Service {
    pub host: String,
    pub address: String,
    kept: Arc<Mutex<Kept>>,
}

impl Service {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let service = Self { address: format!("http://{host}"), host, kept: Arc::default() };
        service.new_key("first");
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(about))
            .route("/keys", get(keys))
            .route("/token", post(token))
            .route("/me", get(me))
            .route("/cas/p3/serviceValidate", get(validate))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().expect("nobody panics while holding it")
    }

    /// Signs with another key from now on, and shows no other.
    pub fn new_key(&self, kid: &str) {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
        let document = document.expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random);
        self.kept().keys = vec![(kid.to_owned(), pair.expect("a key"))];
    }

    pub fn times_keys_asked(&self) -> usize {
        self.kept().times_keys_asked
    }

    /// What an honest token says of `subject`, to whoever asked at the moment `at` (seconds).
    pub fn claims(&self, asked: &Asked, subject: &str, at: i64) -> Value {
        json!({
            "iss": self.address, "aud": CLIENT, "sub": subject, "nonce": asked["nonce"],
            "iat": at, "exp": at + 300, "name": format!("云上的{subject}"),
        })
    }

    /// A token of these claims; `header` has what the head says besides.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let kept = self.kept();
        let (kid, key) = kept.keys.last().expect("a key");
        let mut head = json!({ "alg": "ES256", "kid": kid });
        for (name, value) in header.as_object().expect("an object") {
            head[name] = value.clone();
        }
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(&head), encode(claims));
        let signature = key.sign(&SystemRandom::new(), signed.as_bytes()).expect("signed");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    /// A code for whoever asked, that is exchanged for `token`; the person's own page says `more`.
    pub fn code(&self, asked: &Asked, token: String, more: Value) -> String {
        let code = hex::encode(rand::random::<[u8; 16]>());
        self.kept().codes.insert(code.clone(), (asked.clone(), more, token));
        code
    }

    /// A ticket for `service`, confirmed by `said` once.
    pub fn ticket(&self, service: &str, said: &str) -> String {
        let ticket = format!("ST-{}", hex::encode(rand::random::<[u8; 16]>()));
        self.kept().tickets.insert(ticket.clone(), (service.to_owned(), said.to_owned()));
        ticket
    }
}

async fn about(State(service): State<Service>) -> Json<Value> {
    let at = |path: &str| format!("{}/{path}", service.address);
    Json(json!({
        "issuer": service.address,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("keys"),
        "userinfo_endpoint": at("me"),
        "end_session_endpoint": at("end"),
        "response_types_supported": ["code"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn keys(State(service): State<Service>) -> Json<Value> {
    let mut kept = service.kept();
    kept.times_keys_asked += 1;
    let shown = kept.keys.iter().map(|(kid, key)| {
        let point = key.public_key().as_ref();
        let part = |range: std::ops::Range<usize>| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({ "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": part(1..33), "y": part(33..65) })
    });
    Json(json!({ "keys": shown.collect::<Vec<_>>() }))
}

async fn token(State(service): State<Service>, headers: HeaderMap, Form(sent): Form<Asked>) -> Response {
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    let pair = serde_urlencoded::to_string([(CLIENT, SECRET)]).expect("a pair").replace('+', "%20");
    let proof = format!("Basic {}", STANDARD.encode(pair.replacen('=', ":", 1)));
    if headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) != Some(&proof) {
        return refuse("invalid_client");
    }
    let Some((asked, more, token)) = service.kept().codes.remove(&sent["code"]) else {
        return refuse("invalid_grant");
    };
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(sent["code_verifier"].as_bytes()));
    let is_right = challenge == asked["code_challenge"]
        && asked["code_challenge_method"] == "S256"
        && sent["redirect_uri"] == asked["redirect_uri"]
        && sent["grant_type"] == "authorization_code";
    if !is_right {
        return refuse("invalid_grant");
    }
    let access = hex::encode(rand::random::<[u8; 16]>());
    service.kept().people.insert(format!("Bearer {access}"), more);
    Json(json!({ "access_token": access, "token_type": "Bearer", "id_token": token })).into_response()
}

async fn me(State(service): State<Service>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    match bearer.and_then(|bearer| service.kept().people.get(bearer).cloned()) {
        Some(person) => Json(person).into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

async fn validate(State(service): State<Service>, Query(asked): Query<Asked>) -> String {
    let said = match service.kept().tickets.remove(&asked["ticket"]) {
        Some((meant, said)) if meant == asked["service"] => {
            format!("<cas:authenticationSuccess>{said}</cas:authenticationSuccess>")
        }
        Some(_) => {
            r#"<cas:authenticationFailure code="INVALID_SERVICE">no</cas:authenticationFailure>"#.into()
        }
        None => r#"<cas:authenticationFailure code="INVALID_TICKET">no</cas:authenticationFailure>"#.into(),
    };
    format!(r#"<cas:serviceResponse xmlns:cas="http://www.yale.edu/tp/cas">{said}</cas:serviceResponse>"#)
}
