//! A form counts once: its key, its work and its answer are written in one transaction.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use percent_encoding::{CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use tisheng_kernel::Id;
use uuid::Uuid;

use super::layout::Flash;
use super::{Answer, Failure, Fields};
use crate::args;
use crate::ctx::{Ctx, Request};
use crate::db::{DbError, Tx};

/// The field that carries the key.
pub const FIELD: &str = "_key";

const CLAIM: &str = "insert into idempotency (key, account, digest, answer, at)
    values ($1, $2, $3, '', $4) on conflict (key) do nothing";
const FOUND: &str = "select account, digest, answer from idempotency where key = $1";
const ANSWERED: &str = "update idempotency set answer = $2 where key = $1";

/// Where the browser goes next, and what it is told there.
#[derive(Serialize, Deserialize)]
struct Stored {
    to: String,
    flash: Option<Flash>,
}

/// A submission that is being worked on for the first time.
#[derive(Debug)]
pub struct Once {
    /// The transaction in which the work is done.
    pub tx: Tx,
    key: Uuid,
}

/// Whether a submission is new.
#[derive(Debug)]
pub enum Begun {
    /// It is new: do the work in its transaction.
    Fresh(Once),
    /// It was taken before: this was the answer.
    Again(Response),
}

/// Opens the transaction of a submission, or finds the answer that it got before.
///
/// # Errors
/// [`Failure::Malformed`] when the form has no key, or the key of another form.
pub fn begin<'a>(ctx: &'a Ctx, fields: &'a Fields) -> BoxFuture<'a, Result<Begun, Failure>> {
    Box::pin(async move {
        let key: Id<Request> = fields
            .text(FIELD)
            .parse()
            .map_err(|_| Failure::Malformed("表单缺少提交编号，请刷新页面后重新填写。".to_owned()))?;
        let (account, _, _) = ctx.who.signature();
        // Under a key of ours: a form may hold a password or an identity number, and a bare digest of
        // it could be searched for by whoever gets hold of the database.
        let digest = hex::encode(ctx.app.keys.index("submission", &fields.digest()));
        let mut tx = ctx.write().await?;
        if tx.run(CLAIM, args![key, account, digest.as_str(), ctx.at]).await? == 1 {
            return Ok(Begun::Fresh(Once { tx, key: key.uuid() }));
        }
        let (owner, known, answer) = tx
            .row(FOUND, args![key], |row| {
                Ok((row.get::<Option<Uuid>>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
            })
            .await?;
        if owner != account || known != digest {
            return Err(Failure::Malformed(
                "这个提交编号已经用于另一份内容，请刷新页面后重新填写。".to_owned(),
            ));
        }
        let stored: Stored = serde_json::from_str(&answer).map_err(|e| Failure::Internal(e.to_string()))?;
        Ok(Begun::Again(redirect(&stored.to, stored.flash.as_ref())))
    })
}

impl Once {
    /// Commits the work and sends the browser to `to`, where `flash` is shown.
    ///
    /// # Errors
    /// When the work could not be made durable; then none of it happened.
    pub fn done(self, to: &str, flash: Flash) -> BoxFuture<'static, Answer> {
        let stored = Stored { to: to.to_owned(), flash: Some(flash) };
        Box::pin(async move {
            self.commit(&stored).await?;
            Ok(redirect(&stored.to, stored.flash.as_ref()))
        })
    }

    /// Commits the work and leads the browser to `to`, which shows by itself what was done.
    ///
    /// # Errors
    /// As [`Once::done`].
    pub fn led(self, to: &str) -> BoxFuture<'static, Answer> {
        let stored = Stored { to: to.to_owned(), flash: None };
        Box::pin(async move {
            self.commit(&stored).await?;
            Ok(redirect(&stored.to, None))
        })
    }

    /// Commits work whose answer is shown once and kept nowhere, such as a fresh secret: the caller
    /// shows it. Whoever sends the form again is sent to `to`, where `flash` says so.
    ///
    /// # Errors
    /// As [`Once::done`].
    pub fn shown_once(self, to: &str, flash: Flash) -> BoxFuture<'static, Result<(), Failure>> {
        let stored = Stored { to: to.to_owned(), flash: Some(flash) };
        Box::pin(async move { Ok(self.commit(&stored).await?) })
    }

    async fn commit(mut self, answer: &Stored) -> Result<(), DbError> {
        let text = serde_json::to_string(answer).map_err(|e| DbError::Engine(e.to_string()))?;
        self.tx.run(ANSWERED, args![self.key, text]).await?;
        self.tx.commit().await
    }
}

/// Whether `to` is an address of this installation: a path and nothing that a browser would take
/// for another host. Browsers read a backslash as a slash and pass over tabs and line breaks.
#[must_use]
pub fn leads_here(to: &str) -> bool {
    let elsewhere = to.starts_with("//") || to.contains('\\') || to.chars().any(char::is_control);
    to.starts_with('/') && !elsewhere
}

/// Sends the browser to `to` (303), where `flash` is shown once; to the beginning when `to` leads
/// elsewhere.
#[must_use]
pub fn redirect(to: &str, flash: Option<&Flash>) -> Response {
    let to = if leads_here(to) { to } else { "/" };
    // What is not ASCII is not valid in a header; everything else stands as it was written.
    let to = utf8_percent_encode(to, CONTROLS).to_string();
    let location = HeaderValue::from_str(&to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    if let Some(flash) = flash {
        response.headers_mut().append(header::SET_COOKIE, flash.cookie());
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::header::LOCATION;

    use super::redirect;

    #[test]
    fn nobody_is_sent_elsewhere() {
        let leads = |to: &str| redirect(to, None).headers()[LOCATION].to_str().expect("text").to_owned();
        assert_eq!(leads("/people?q=a%20b&x=1"), "/people?q=a%20b&x=1");
        assert_eq!(leads("/people?q=王"), "/people?q=%E7%8E%8B");
        for elsewhere in [
            "",
            "https://evil.test/",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "people",
        ] {
            assert_eq!(leads(elsewhere), "/", "{elsewhere:?}");
        }
    }
}
