//! Files in a bucket: the part of S3 that the platform uses, played by a server in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::TryStreamExt;
use tisheng_platform::Parts;
use tisheng_platform::config::FilesConfig;
use tisheng_platform::files::Files;
use tisheng_testkit::{Engine, TestApp};

/// Objects by path, and the parts of uploads by path and number.
#[derive(Debug, Default)]
struct Held {
    objects: BTreeMap<String, Bytes>,
    parts: BTreeMap<(String, u32), Bytes>,
}

#[derive(Debug, Clone, Default)]
struct Bucket(Arc<Mutex<Held>>);

impl Bucket {
    fn put(&self, path: String, query: &str, body: Bytes) -> Response {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let part = query.split('&').find_map(|pair| pair.strip_prefix("partNumber="));
        match part.and_then(|number| number.parse().ok()) {
            Some(number) => drop(held.parts.insert((path, number), body)),
            None => drop(held.objects.insert(path, body)),
        }
        [(header::ETAG, "\"one\"")].into_response()
    }

    /// Begins an upload in parts, or puts its parts together.
    fn post(&self, path: &str, query: &str) -> Response {
        if query.starts_with("uploads") {
            let begun =
                "<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>";
            return begun.into_response();
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = held.parts.iter().filter(|((of, _), _)| of == path);
        let whole: Vec<u8> = parts.flat_map(|(_, bytes)| bytes.to_vec()).collect();
        held.objects.insert(path.to_owned(), whole.into());
        let done = "<CompleteMultipartUploadResult><ETag>\"one\"</ETag></CompleteMultipartUploadResult>";
        done.into_response()
    }

    fn get(&self, path: &str, headers: &HeaderMap) -> Response {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(bytes) = held.objects.get(path) else { return StatusCode::NOT_FOUND.into_response() };
        let asked = headers.get(header::RANGE).and_then(|range| range.to_str().ok()?.strip_prefix("bytes="));
        let marks = [(header::ETAG, "\"one\""), (header::LAST_MODIFIED, "Mon, 23 Nov 2026 00:00:00 GMT")];
        let Some((from, to)) = asked.and_then(|range| range.split_once('-')) else {
            return (marks, bytes.clone()).into_response();
        };
        let (from, to): (usize, usize) = (from.parse().unwrap_or(0), to.parse().unwrap_or(0));
        let range = format!("bytes {from}-{to}/{}", bytes.len());
        let part = bytes.slice(from..to + 1);
        (StatusCode::PARTIAL_CONTENT, marks, [(header::CONTENT_RANGE, range)], part).into_response()
    }
}

async fn answer(State(bucket): State<Bucket>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let signed = head.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !signed.is_some_and(|value| value.starts_with("AWS4-HMAC-SHA256 Credential=key/")) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let path = head.uri.path().to_owned();
    let query = head.uri.query().unwrap_or_default().to_owned();
    match head.method {
        Method::PUT => {
            let body = to_bytes(body, usize::MAX).await.expect("a whole body");
            bucket.put(path, &query, body)
        }
        Method::POST => bucket.post(&path, &query),
        _ => bucket.get(&path, &head.headers),
    }
}

#[tokio::test]
async fn files_are_kept_in_a_bucket_as_in_a_folder() {
    let bucket = Bucket::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = Router::new().fallback(answer).with_state(bucket.clone());
    tokio::spawn(async move { axum::serve(listener, served).await });
    let town = TestApp::start(Engine::Sqlite, Router::new(), Parts::default()).await;
    let mut config = town.app.config.clone();
    config.files = FilesConfig::S3 {
        endpoint: format!("http://{address}"),
        bucket: "evidence".to_owned(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    };
    let files = Files::open(&config).expect("opened");

    let blob = files.put(Bytes::from_static(b"evidence")).await.expect("stored");
    assert_eq!(files.get(&blob.digest).await.expect("read"), "evidence");
    let part: Vec<Bytes> =
        files.stream(&blob.digest, 2..5).await.expect("read").try_collect().await.expect("whole");
    assert_eq!(part.concat(), b"ide");
    assert!(!files.intact(&"0".repeat(64)).await.expect("checked"), "not there");

    let large = vec![7; 12 << 20];
    let arriving = files.incoming("upload");
    std::fs::write(&arriving, &large).expect("a film arrives");
    let film = files.take(&arriving).await.expect("taken");
    assert!(!arriving.exists() && files.intact(&film.digest).await.expect("checked"));
    for held in bucket.0.lock().unwrap_or_else(PoisonError::into_inner).objects.values_mut() {
        *held = Bytes::from_static(b"something else");
    }
    assert!(!files.intact(&film.digest).await.expect("checked"), "damage shows");
}

#[tokio::test]
async fn a_bucket_that_does_not_answer_is_told_soon() {
    let town = TestApp::start(Engine::Sqlite, Router::new(), Parts::default()).await;
    let mut config = town.app.config.clone();
    config.files = FilesConfig::S3 {
        endpoint: "https://127.0.0.1:1".to_owned(),
        bucket: "evidence".to_owned(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
    };
    let files = Files::open(&config).expect("opened");
    assert!(files.put(Bytes::from_static(b"evidence")).await.is_err());
}
