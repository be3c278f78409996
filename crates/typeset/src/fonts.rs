//! The fonts documents are set in.

use std::path::Path;

use rust_embed::RustEmbed;
use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

/// The faces that `npm run build` in `web/` puts there; part of the binary in release builds.
#[derive(RustEmbed)]
#[folder = "../../web/fonts"]
struct Faces;

/// A set of fonts, those of the operator before our own.
#[derive(Debug)]
pub struct Fonts {
    pub(crate) book: LazyHash<FontBook>,
    pub(crate) fonts: Vec<Font>,
}

impl Fonts {
    /// The fonts that come with the binary.
    #[must_use]
    pub fn embedded() -> Self {
        Self::of(Vec::new())
    }

    /// How many bytes of the binary are fonts; none in development builds, which read them when they start.
    #[must_use]
    pub fn bytes() -> usize {
        if cfg!(debug_assertions) {
            return 0;
        }
        Faces::iter().filter_map(|name| Faces::get(&name)).map(|face| face.data.len()).sum()
    }

    /// The fonts in `folder` (a licensed 仿宋, for instance) before those of the binary. Files
    /// that are no fonts are passed over.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn with_folder(folder: &Path) -> std::io::Result<Self> {
        let mut own = Vec::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_file() {
                own.extend(Font::iter(Bytes::new(std::fs::read(path)?)));
            }
        }
        Ok(Self::of(own))
    }

    fn of(mut fonts: Vec<Font>) -> Self {
        let mut names: Vec<_> = Faces::iter().filter(|name| name.ends_with(".ttf")).collect();
        names.sort();
        for name in names {
            if let Some(file) = Faces::get(&name) {
                fonts.extend(Font::iter(Bytes::new(file.data)));
            }
        }
        Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
    }

    /// Whether some font has a picture for `c`.
    pub(crate) fn have(&self, c: char) -> bool {
        self.fonts.iter().any(|font| font.info().coverage.contains(u32::from(c)))
    }
}
