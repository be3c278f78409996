//! The form that brings a file.

use askama::Template;
use axum::extract::Multipart;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use tisheng_platform::Ctx;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{self, Flash};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, FormErrors, Page, once, serve};
use tisheng_sheet::Field;

use super::{CSV, XLSX};
use crate::roster::column::fields;
use crate::roster::kind::{About, Entry};
use crate::roster::receive::{Received, receive};
use crate::roster::{actions, sheets};

#[derive(Template)]
#[template(path = "roster/pages/bring.html")]
struct BringPage {
    page: Page,
    about: &'static About,
    /// Each column as the template has it, and what else it may be called.
    columns: Vec<(Field, &'static [&'static str])>,
    upload_mib: u64,
    /// From whom the file may come beside our own template, and the one chosen.
    origins: Vec<(String, String)>,
    origin: String,
    errors: FormErrors,
}

impl BringPage {
    fn hint(&self) -> String {
        format!("xlsx 或 csv，不超过 {} MB", self.upload_mib)
    }
}

/// The page of the form. Where it is an entry of the menu itself, it has the entry's words for a heading and
/// nothing above it.
fn form_page(asker: &SignedIn, about: &About) -> Page {
    let page = super::page(asker, &format!("导入{}", about.title), about.key);
    let own = format!("/roster/{}", about.key);
    match page.entry().filter(|entry| entry.href == own).map(|entry| entry.label.clone()) {
        Some(title) => Page { title, crumbs: Vec::new(), ..page },
        None => page,
    }
}

async fn bring_page(asker: &SignedIn, entry: Entry, origin: &str, errors: FormErrors) -> Answer {
    let about = entry.about;
    let mut tx = asker.ctx.read().await?;
    let hints = (entry.hints)(&asker.ctx, &mut tx).await?;
    let origins = (entry.origins)(&asker.ctx, &mut tx).await?;
    drop(tx);
    let origins = origins.into_iter().map(|origin| (origin.key, origin.name)).collect();
    let origin = origin.to_owned();
    let others = about.columns.iter().map(|column| column.named.titles.get(1..).unwrap_or_default());
    let columns = fields(about.columns, &hints).into_iter().zip(others).collect();
    let page = form_page(asker, about);
    let upload_mib = asker.ctx.app.config.upload_mib;
    layout::show(&BringPage { page, about, columns, upload_mib, origins, origin, errors })
}

/// The kind called `key`, when the asker may bring such a file and there is one here.
async fn kind_here(ctx: &Ctx, key: &str) -> Result<Entry, Failure> {
    let entry = actions::kind_for(ctx, key)?;
    let mut tx = ctx.read().await?;
    if (entry.used)(ctx, &mut tx).await? { Ok(entry) } else { Err(Failure::NotFound) }
}

/// `GET /roster/{kind}`
pub async fn form(asker: SignedIn, Path(kind): Path<String>) -> Answer {
    let entry = kind_here(&asker.ctx, &kind).await?;
    bring_page(&asker, entry, "", FormErrors::default()).await
}

/// `GET /roster/{kind}/template.xlsx`
pub async fn template(asker: SignedIn, Path(kind): Path<String>) -> Answer {
    let entry = kind_here(&asker.ctx, &kind).await?;
    let mut tx = asker.ctx.read().await?;
    let hints = (entry.hints)(&asker.ctx, &mut tx).await?;
    drop(tx);
    let bytes = sheets::template(entry.about, &hints).map_err(|e| Failure::Internal(e.to_string()))?;
    Ok(serve::download(&format!("{}模板.xlsx", entry.about.title), XLSX, bytes))
}

/// `GET /roster/{kind}/template.csv`
pub async fn template_text(asker: SignedIn, Path(kind): Path<String>) -> Answer {
    let about = kind_here(&asker.ctx, &kind).await?.about;
    let text = sheets::template_text(about).map_err(|e| Failure::Internal(e.to_string()))?;
    Ok(serve::download(&format!("{}模板.csv", about.title), CSV, text))
}

/// The field that the file is picked in.
const FILE: [(&str, &str); 1] = [("file", "文件")];

/// `POST /roster/{kind}`
pub async fn bring(asker: SignedIn, Path(kind): Path<String>, form: Multipart) -> Answer {
    let ctx = &asker.ctx;
    let entry = kind_here(ctx, &kind).await?;
    let about = entry.about;
    let Received { fields, file } = match receive(ctx, form).await {
        Ok(received) => received,
        Err(Failure::TooLarge(sentence)) => {
            let wrong = ("", FormErrors::one("file", sentence).titled(&FILE));
            return with_status(StatusCode::PAYLOAD_TOO_LARGE, &asker, entry, wrong).await;
        }
        Err(other) => return Err(other),
    };
    let Some((name, blob)) = file else {
        let wrong = FormErrors::one("file", "请选择要上传的文件；空文件不能导入").titled(&FILE);
        let wrong = (fields.text("origin"), wrong);
        return with_status(StatusCode::UNPROCESSABLE_ENTITY, &asker, entry, wrong).await;
    };
    let mut tx = ctx.read().await?;
    let origins = (entry.origins)(ctx, &mut tx).await?;
    drop(tx);
    let key = fields.text("origin");
    let origin = origins.into_iter().find(|origin| !key.is_empty() && origin.key == key);
    if origin.is_none() && !key.is_empty() {
        let wrong = ("", FormErrors::one("origin", "请重新选择这个文件是哪个平台导出的"));
        return with_status(StatusCode::UNPROCESSABLE_ENTITY, &asker, entry, wrong).await;
    }
    let mut begun = match once::begin(ctx, &fields).await? {
        Begun::Fresh(begun) => begun,
        Begun::Again(answer) => return Ok(answer),
    };
    let run = actions::bring(ctx, &mut begun.tx, (about, origin), &name, &blob).await?;
    let to = format!("/roster/runs/{}", run.id);
    begun.done(&to, Flash::note("文件已收到，正在核对；核对不会改动系统中的任何数据。")).await
}

async fn with_status(
    status: StatusCode,
    asker: &SignedIn,
    entry: Entry,
    (origin, errors): (&str, FormErrors),
) -> Answer {
    let shown = bring_page(asker, entry, origin, errors).await?;
    Ok((status, shown).into_response())
}
