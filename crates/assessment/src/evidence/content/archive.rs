//! Office files since 2007: archives whose parts say what they are. Nothing is unpacked here.

use std::fs::File;

use super::{Content, Refusal};

/// Parts an office file has at most.
const PARTS: usize = 20_000;
/// Bytes its parts say they unpack to at most.
const UNPACKED: u64 = 4 << 30;

pub(super) fn recognise(file: &mut File) -> Result<Content, Refusal> {
    let mut archive = zip::ZipArchive::new(file).map_err(|_| Refusal::Damaged)?;
    if archive.len() > PARTS {
        return Err(Refusal::Oversized);
    }
    let mut unpacked = 0_u64;
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).map_err(|_| Refusal::Damaged)?;
        unpacked = unpacked.saturating_add(part.size());
        if part.name().ends_with("vbaProject.bin") {
            return Err(Refusal::Macros);
        }
    }
    if unpacked > UNPACKED {
        return Err(Refusal::Oversized);
    }
    let has = |name: &str| archive.index_for_name(name).is_some();
    let main = [
        ("word/document.xml", Content::Docx),
        ("ppt/presentation.xml", Content::Pptx),
        ("xl/workbook.xml", Content::Xlsx),
    ];
    if !has("[Content_Types].xml") {
        return Err(Refusal::Unknown);
    }
    main.into_iter().find(|(name, _)| has(name)).map(|(_, content)| content).ok_or(Refusal::Unknown)
}
