//! Style sheet, scripts and icons, embedded in the binary.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use crate::web::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::{Answer, Failure, Filters};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The first digits of each asset's digest.
static DIGESTS: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    Dist::iter()
        .filter_map(|name| {
            let file = Dist::get(&name)?;
            let digest = hex::encode(&Sha256::digest(&file.data)[..6]);
            Some((name.to_string(), digest))
        })
        .collect()
});

/// The address of asset `name`, which changes with its content, so that browsers may keep it for
/// ever.
#[must_use]
pub fn address(name: &str) -> String {
    let digest = DIGESTS.get(name).map_or("", String::as_str);
    format!("/assets/{name}?v={digest}")
}

/// `GET /assets/{name}`. Kept for ever only under the digest of what is sent: while a new version
/// is being rolled out, an old process may be asked for the new address.
pub async fn asset(Path(name): Path<String>, version: Filters) -> Answer {
    let file = Dist::get(&name).ok_or(Failure::NotFound)?;
    let known = DIGESTS.get(&name).is_some_and(|digest| digest == version.text("v"));
    let keeping = if known { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, keeping.to_owned()),
    ];
    let body = match file.data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => Bytes::from(bytes),
    };
    let response: Response = (headers, body).into_response();
    Ok(response)
}
