//! The files of OneRoster, for people: taken away, and brought.

use std::sync::Arc;

use askama::Template;
use axum::body::Bytes;
use axum::extract::Multipart;
use axum::extract::multipart::MultipartError;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, extract::DefaultBodyLimit};
use serde_json::json;
use sha2::{Digest, Sha256};
use tisheng_platform::web::layout::{Flash, again, show};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, Page, once, serve};
use tisheng_platform::{App, audit};
use tisheng_registry::access::require;
use tisheng_registry::roster::{self, Origin, Teachers};

use super::export::{self, OFFICES};
use super::import;

/// Bytes of a zip that is brought.
const MOST: usize = 32 << 20;

/// The pages of the room.
pub fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/oneroster", get(page))
        .route("/oneroster/export.zip", get(export_zip))
        .route("/oneroster/import", post(bring).layer(DefaultBodyLimit::max(MOST)))
}

#[derive(Template)]
#[template(path = "oneroster/pages/files.html")]
struct FilesPage {
    page: Page,
    address: String,
    place: String,
    errors: FormErrors,
}

fn files_page(asker: &SignedIn, errors: FormErrors) -> Result<FilesPage, Failure> {
    let member = require(&asker.ctx, &OFFICES)?;
    Ok(FilesPage {
        page: Page::new(asker, "OneRoster 文件", "/tokens").crumb("接口令牌", "/tokens"),
        address: format!("{}/ims/oneroster", asker.ctx.app.config.public_url.trim_end_matches('/')),
        place: member.node_name.clone(),
        errors,
    })
}

/// `GET /oneroster`
async fn page(asker: SignedIn) -> Answer {
    show(&files_page(&asker, FormErrors::default())?)
}

/// `GET /oneroster/export.zip`
async fn export_zip(asker: SignedIn) -> Answer {
    let bytes = export::zip(&asker.ctx).await?;
    Ok(serve::download("OneRoster.zip", "application/zip", bytes))
}

/// A form with its zip.
struct Received {
    /// The fields, with the zip's digest among them, so that the same form with another zip is another
    /// submission.
    fields: Fields,
    file: Option<(String, Bytes)>,
}

/// Reads the form. The zip stays in memory: it has phones and papers of everybody in it, and what is
/// kept, found again and swept by its date is the roll that is made of it, as of every import.
async fn receive(mut form: Multipart) -> Result<Received, Failure> {
    let (mut pairs, mut file) = (Vec::new(), None);
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().unwrap_or_default().to_owned();
        if name == "file" && !file_name.is_empty() {
            let bytes = field.bytes().await.map_err(broken)?;
            pairs.push((name, digest(&bytes)));
            file = Some((file_name, bytes)).filter(|(_, bytes)| !bytes.is_empty());
        } else {
            pairs.push((name, field.text().await.map_err(broken)?));
        }
    }
    Ok(Received { fields: Fields::new(pairs), file })
}

fn broken(error: MultipartError) -> Failure {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let most = MOST >> 20;
        return Failure::TooLarge(format!("文件超过 {most} MB。请按县（市、区）或学校分成几个压缩包。"));
    }
    Failure::Malformed("上传没有完成，请重试。".to_owned())
}

/// How a zip is told from another.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// `POST /oneroster/import`: the teachers of the zip go the way of every roll.
async fn bring(asker: SignedIn, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &OFFICES)?;
    let received = receive(form).await?;
    let refused = |sentence: String| {
        let errors = FormErrors::one("file", sentence).titled(&[("file", "OneRoster 压缩包")]);
        again(&files_page(&asker, errors)?)
    };
    let Some((name, bytes)) = received.file else {
        return refused("请选择要上传的文件；空文件不能导入".to_owned());
    };
    let zip = json!({ "file": name, "digest": digest(&bytes), "size": bytes.len() });
    let made = tokio::task::spawn_blocking(move || import::roll(&bytes)).await;
    let roll = match made.map_err(|error| Failure::Internal(error.to_string()))? {
        Ok(roll) => roll,
        Err(error) => return refused(format!("文件不能读取：{error}")),
    };
    let blob = ctx.app.files.put(roll.csv.into()).await?;
    let (key, called) =
        if roll.is_part { ("oneroster.delta", "OneRoster 增量") } else { ("oneroster", "OneRoster") };
    let origin = Origin {
        key: key.to_owned(),
        name: called.to_owned(),
        titles: vec![(Teachers::NUMBER.to_owned(), import::NUMBER.to_owned())],
        is_part: roll.is_part,
        ..Origin::default()
    };
    let mut begun = match once::begin(ctx, &received.fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let run = roster::bring_teachers(ctx, &mut begun.tx, origin, (&format!("{name}.csv"), &blob)).await?;
    audit::record(ctx, &mut begun.tx, "oneroster.brought", run.id.uuid(), &zip).await?;
    let said = if roll.is_part {
        "已取出增量文件中有变动的教师，正在核对；没有写到的教师不受影响，核对不会改动任何数据。"
    } else {
        "教师名单已取出，正在核对；核对不会改动系统中的任何数据。"
    };
    begun.done(&format!("/roster/runs/{}", run.id), Flash::note(said)).await
}
