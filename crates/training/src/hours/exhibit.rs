//! What a teacher hands in with a dispute: looked into, freed of traces, stored.

use tisheng_content::{Content, title};
use tisheng_platform::Ctx;
use tisheng_platform::web::Failure;
use tisheng_platform::web::upload::{Arrived, Most};

use super::dispute::Exhibit;

/// Files of a dispute at most.
const FILES: usize = 3;
/// MiB of each at most.
const MEGABYTES: u64 = 10;
/// What they may be: shown in every browser, and carrying no scripts.
const ALLOWED: [Content; 4] = {
    let [jpeg, png, webp] = Content::PICTURES;
    [jpeg, png, webp, Content::Pdf]
};

/// How much may be handed in here.
pub fn most(ctx: &Ctx) -> Most {
    Most { files: FILES, bytes: MEGABYTES.min(ctx.app.config.upload_mib) << 20 }
}

/// The same in words.
pub fn most_in_words(ctx: &Ctx) -> String {
    let most = most(ctx);
    format!("最多 {} 个文件，每个不超过 {} MB", most.files, most.bytes >> 20)
}

/// Takes in files that have arrived; the inner error is the sentence for whoever sent them.
///
/// # Errors
/// When the disk or the store refuses.
pub async fn take(ctx: &Ctx, files: Vec<Arrived>) -> Result<Result<Vec<Exhibit>, String>, Failure> {
    let mut admitted = Vec::with_capacity(files.len());
    for file in &files {
        let path = file.path().to_owned();
        let look = move || tisheng_content::admit(&path, &ALLOWED, "图片或 PDF");
        let looked = tokio::task::spawn_blocking(look).await;
        match looked.map_err(|error| Failure::Internal(error.to_string()))? {
            Ok(found) => admitted.push(found.content),
            Err(refusal) => return Ok(Err(format!("“{}”：{refusal}", title(&file.name)))),
        }
    }
    // Stored when all of them can be: the store keeps what it has taken.
    let mut taken = Vec::with_capacity(files.len());
    for (file, content) in files.into_iter().zip(admitted) {
        let blob = ctx.app.files.take(file.path()).await?;
        taken.push(Exhibit { id: ctx.id(), title: title(&file.name), content, blob });
    }
    Ok(Ok(taken))
}
