//! Style sheet, scripts and icons, embedded in the binary.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::{Answer, Failure};

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

/// `GET /assets/{name}`
pub async fn asset(Path(name): Path<String>) -> Answer {
    let file = Dist::get(&name).ok_or(Failure::NotFound)?;
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable".to_owned()),
    ];
    let response: Response = (headers, file.data.into_owned()).into_response();
    Ok(response)
}
