//! The public look-up, which anyone may ask.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Extension, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::show;
use tisheng_platform::web::rate::Rate;
use tisheng_platform::web::session::Session;
use tisheng_platform::web::{Answer, Failure, Page};
use tisheng_platform::{App, Ctx, Tx};
use tisheng_policy::scheme;
use tisheng_registry::access::Address;
use tisheng_registry::organisation;

use crate::certificate::facts::{Facts, is_genuine, is_signed, public_key};
use crate::certificate::model::{Certificate, CertificateState};
use crate::certificate::store;

/// Look-ups at once from one address: a personnel office checks a pile.
const BURST: u32 = 30;
/// Seconds after which an address may look up once more: too slow to walk through the numbers.
const SECONDS: u32 = 2;

/// The routes that need no account.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/verify", get(look_up))
        .route("/verify/{number}", get(verify))
        .layer(Extension(Arc::new(Rate::new(BURST, SECONDS))))
        .route("/.well-known/tisheng-signing-key", get(signing_key))
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    number: String,
    #[serde(default)]
    s: String,
}

/// What stands under a number.
enum Found {
    /// Nothing was asked for.
    NotAsked,
    /// No certificate, though there could be one of that number.
    Nothing,
    /// Nothing that any number looks like; what one looks like.
    NoNumber(String),
    /// No certificate, and by its check character the number was copied wrongly.
    Mistyped,
    /// A record that is not what was signed.
    Tampered,
    /// A certificate as it was printed.
    Genuine(Box<(Certificate, Facts)>),
}

#[derive(Template)]
#[template(path = "certificate/pages/verify.html")]
struct VerifyPage {
    page: Page,
    number: String,
    found: Found,
    /// Whether the signature in the scanned address is that of the facts.
    scanned: Option<bool>,
    /// What stands in the end in the place of a superseded one.
    last: Option<Certificate>,
}

/// `GET /verify`
async fn look_up(
    session: Session,
    rate: Extension<Arc<Rate>>,
    from: Address,
    Query(asked): Query<Asked>,
) -> Answer {
    let number = asked.number.trim().to_owned();
    if number.is_empty() {
        let page = Page::of(&session.ctx, "证书查验");
        return show(&VerifyPage { page, number, found: Found::NotAsked, scanned: None, last: None });
    }
    answer(&session.ctx, (&rate, &from), number, &asked.s).await
}

/// `GET /verify/{number}`
async fn verify(
    session: Session,
    rate: Extension<Arc<Rate>>,
    from: Address,
    Path(number): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer {
    answer(&session.ctx, (&rate, &from), number.trim().to_owned(), &asked.s).await
}

/// What stands under a number of no certificate: whether a programme can have issued it at all.
async fn nothing(ctx: &Ctx, tx: &mut Tx, number: &str) -> Result<Found, Failure> {
    let (mut found, mut looks_like) = (None, false);
    for programme in &scheme::all(tx).await? {
        let rules = scheme::rules(&ctx.app, tx, programme).await?;
        let rule = &rules.certificate;
        if !number.is_empty() && rule.is_number_plausible(number) {
            return Ok(Found::Nothing);
        }
        let region = organisation::by_path(tx, &programme.path).await?.and_then(|node| node.code);
        let example = rule.example(&region.unwrap_or_default(), ctx.at.date());
        looks_like |= rule.is_shaped_like(&example, number);
        found = found.or(Some(example));
    }
    Ok(match found {
        Some(_) if looks_like => Found::Mistyped,
        Some(example) => Found::NoNumber(example),
        None => Found::Nothing,
    })
}

async fn answer(ctx: &Ctx, (rate, from): (&Rate, &Address), number: String, signature: &str) -> Answer {
    rate.allow(from, ctx.at).map_err(|seconds| Failure::TooMany { seconds })?;
    let number = plain_number(&number);
    let mut tx = ctx.read().await?;
    let certificate = store::of_number(&mut tx, &number).await?;
    let (mut scanned, mut last) = (None, None);
    let found = match certificate {
        None => nothing(ctx, &mut tx, &number).await?,
        Some(certificate) if !is_genuine(&ctx.app.keys, &certificate) => Found::Tampered,
        Some(certificate) => {
            let key = public_key(&ctx.app.keys);
            let text = &certificate.facts;
            scanned = Some(signature).filter(|s| !s.is_empty()).map(|s| is_signed(&key, text, s));
            let facts = Facts::of(&certificate)?;
            last = store::successor(&mut tx, &certificate).await?;
            Found::Genuine(Box::new((certificate, facts)))
        }
    };
    drop(tx);
    let page = Page::of(ctx, "证书查验");
    show(&VerifyPage { page, number, found, scanned, last })
}

/// A number as it is kept, however it was typed: spaces left out, full-width letters and digits
/// taken as the usual ones.
fn plain_number(typed: &str) -> String {
    let usual = |letter: char| match letter {
        '！'..='～' => char::from_u32(u32::from(letter) - 0xFEE0).unwrap_or(letter),
        other => other,
    };
    let meant = typed.chars().filter(|letter| !(letter.is_whitespace() || letter.is_control())).map(usual);
    meant.take(64).collect::<String>().to_ascii_uppercase()
}

/// `GET /.well-known/tisheng-signing-key`: the public key, base64, one line.
async fn signing_key(State(app): State<Arc<App>>) -> Answer {
    let text = format!("{}\n", STANDARD.encode(public_key(&app.keys)));
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response())
}

#[cfg(test)]
mod tests {
    use super::plain_number;

    #[test]
    fn a_number_is_found_however_it_is_typed() {
        for typed in ["hp2021 000 001", "ＨＰ２０２１０００００１", " HP2021　000001 "] {
            assert_eq!(plain_number(typed), "HP2021000001");
        }
    }
}
