//! What a platform calls the columns of its own files.

use askama::Template;
use tisheng_kernel::Id;
use tisheng_kernel::text::tidy;
use tisheng_platform::web::Path;
use tisheng_platform::web::layout::{Flash, Page, again};
use tisheng_platform::web::session::SignedIn;
use tisheng_platform::web::{Answer, Begun, Failure, Fields, FormErrors, layout, once};
use tisheng_registry::access::require;

use super::super::actions;
use super::super::model::Platform;
use crate::hours::COLUMNS;

/// Characters of a title at most.
const LONGEST: usize = 40;

/// A column of our template and the platform's title for it.
struct ColumnRow {
    field: &'static str,
    ours: &'static str,
    note: &'static str,
    theirs: String,
    error: String,
}

#[derive(Template)]
#[template(path = "platform/pages/columns.html")]
struct ColumnsPage {
    page: Page,
    id: String,
    rows: Vec<ColumnRow>,
    errors: FormErrors,
}

/// `GET /platforms/{id}/columns`
pub async fn form(asker: SignedIn, Path(id): Path<Id<Platform>>) -> Answer {
    let ctx = &asker.ctx;
    require(ctx, &actions::SENDERS)?;
    let mut tx = ctx.read().await?;
    actions::visible(ctx, &mut tx, id).await?;
    let known = actions::columns(&mut tx, id).await?;
    drop(tx);
    layout::show(&columns_page(&asker, id, &known, FormErrors::default()).await?)
}

async fn columns_page(
    asker: &SignedIn,
    id: Id<Platform>,
    typed: &[(String, String)],
    errors: FormErrors,
) -> Result<ColumnsPage, Failure> {
    let ctx = &asker.ctx;
    let mut tx = ctx.read().await?;
    let platform = actions::visible(ctx, &mut tx, id).await?;
    let rows = COLUMNS.iter().map(|column| {
        let field = column.named.key;
        let theirs = typed.iter().find(|(name, _)| name == field).map(|(_, title)| title.clone());
        ColumnRow {
            field,
            ours: column.title(),
            note: column.note,
            theirs: theirs.unwrap_or_default(),
            error: errors.of(field).to_owned(),
        }
    });
    Ok(ColumnsPage {
        page: Page::new(asker, "文件列名对照", "/platforms")
            .crumb("学习平台", "/platforms")
            .crumb(platform.name, format!("/platforms/{id}")),
        id: id.to_string(),
        rows: rows.collect(),
        errors,
    })
}

/// `POST /platforms/{id}/columns`
pub async fn save(asker: SignedIn, Path(id): Path<Id<Platform>>, fields: Fields) -> Answer {
    let ctx = &asker.ctx;
    let mut check = fields.check();
    let mut columns: Vec<(String, String)> = Vec::new();
    for column in &COLUMNS {
        let field = column.named.key;
        let title = tidy(check.optional(field, column.title(), LONGEST));
        if title.is_empty() {
            continue;
        }
        if columns.iter().any(|(_, other)| *other == title) {
            check.fail(field, format!("“{title}”已经对应了另一列"));
        }
        columns.push((field.to_owned(), title));
    }
    let errors = check.errors();
    if !errors.is_empty() {
        return again(&columns_page(&asker, id, &columns, errors).await?);
    }
    let mut once = match once::begin(ctx, &fields).await? {
        Begun::Fresh(once) => once,
        Begun::Again(answer) => return Ok(answer),
    };
    actions::name_columns(ctx, &mut once.tx, id, &columns).await?;
    let flash = Flash::good("列名对照已保存，下次导入这个平台的文件时自动识别。");
    once.done(&format!("/platforms/{id}"), flash).await
}
