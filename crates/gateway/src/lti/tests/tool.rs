//! A tool inside the test: it signs, and looks into what it is sent.

use std::net::Ipv4Addr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::jose::sign::SigningKey;

/// The keys of tools: computing one takes a large part of a second.
static KEYS: LazyLock<[Zeroizing<String>; 2]> = LazyLock::new(|| [SigningKey::make(), SigningKey::make()]);

/// A key of a tool: the first, or another.
pub fn key(number: usize) -> SigningKey {
    SigningKey::read(&KEYS[number]).expect("a key")
}

/// A key set.
pub fn set(keys: &[&SigningKey]) -> String {
    let public: Vec<Value> = keys.iter().map(|key| key.public()).collect();
    json!({ "keys": public }).to_string()
}

/// The head and the claims of a token, whoever signed it.
pub fn opened(token: &str) -> (Value, Value) {
    let part = |place: usize| {
        let text = token.split('.').nth(place).expect("three parts");
        let bytes = URL_SAFE_NO_PAD.decode(text).expect("Base64");
        serde_json::from_slice(&bytes).expect("JSON")
    };
    (part(0), part(1))
}

/// `claims` under another head, and signed by nobody.
pub fn unsigned(head: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", encode(head), encode(claims), URL_SAFE_NO_PAD.encode("signature"))
}

/// A server that shows a key set and counts how often it is asked.
#[derive(Clone)]
pub struct Shown {
    pub host: String,
    keys: Arc<Mutex<String>>,
    asked: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
}

impl Shown {
    pub async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let host = listener.local_addr().expect("an address").to_string();
        let keys = Arc::new(Mutex::new(set(&[&key(0)])));
        let shown = Self { host, keys, asked: Arc::default(), fails: Arc::default() };
        let router = Router::new().route("/keys", get(keys_of)).with_state(shown.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        shown
    }

    pub fn show(&self, keys: &[&SigningKey]) {
        *self.keys.lock().expect("whole") = set(keys);
    }

    /// Whether it answers with a failure from now on.
    pub fn fail(&self, fails: bool) {
        self.fails.store(fails, Ordering::SeqCst);
    }

    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

async fn keys_of(State(shown): State<Shown>) -> Result<String, StatusCode> {
    shown.asked.fetch_add(1, Ordering::SeqCst);
    if shown.fails.load(Ordering::SeqCst) {
        return Err(StatusCode::INTERNAL_SERVER_ERROR);
    }
    Ok(shown.keys.lock().expect("whole").clone())
}
