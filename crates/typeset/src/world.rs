//! What a template can see while it is compiled: itself, its data, its pictures. Nothing else.

use std::collections::HashMap;
use std::sync::LazyLock;

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};

use crate::fonts::Fonts;

static LIBRARY: LazyLock<LazyHash<Library>> =
    LazyLock::new(|| LazyHash::new(<Library as LibraryExt>::default()));

/// One document on the desk.
pub(crate) struct Desk<'f> {
    fonts: &'f Fonts,
    main: &'f Source,
    files: HashMap<FileId, Bytes>,
}

fn file(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("the names of our own files are valid");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

/// A template from its text.
pub(crate) fn template(text: &str) -> Source {
    Source::new(file("main.typ"), text.to_owned())
}

impl<'f> Desk<'f> {
    pub(crate) fn new(
        fonts: &'f Fonts,
        template: &'f Source,
        data: Vec<u8>,
        pictures: &[(&str, Vec<u8>)],
    ) -> Self {
        let mut files: HashMap<FileId, Bytes> =
            pictures.iter().map(|(name, bytes)| (file(name), Bytes::new(bytes.clone()))).collect();
        files.insert(file("data.json"), Bytes::new(data));
        Self { fonts, main: template, files }
    }

    fn missing(id: FileId) -> FileError {
        FileError::NotFound(id.get().vpath().get_without_slash().into())
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.fonts.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(Self::missing(id)) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or_else(|| Self::missing(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.fonts.get(index).cloned()
    }

    /// A document says what date it bears; today is none of its business.
    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}
