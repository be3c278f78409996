//! A blob that is read at any place, as an archive is.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

/// Bytes asked of a store at once.
const AT_ONCE: usize = 256 << 10;

/// A blob that is read at any place, by a thread that may wait.
#[derive(Debug)]
pub struct Opened(Bytes);

#[derive(Debug)]
enum Bytes {
    Local(BufReader<File>),
    Store(BufReader<Remote>),
}

impl Opened {
    pub(super) fn local(file: File) -> Self {
        Self(Bytes::Local(BufReader::new(file)))
    }

    pub(super) fn store(store: Arc<dyn ObjectStore>, key: Key, size: u64) -> Self {
        let remote = Remote { store, key, size, at: 0, handle: Handle::current() };
        Self(Bytes::Store(BufReader::with_capacity(AT_ONCE, remote)))
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Bytes::Local(file) => file.read(buffer),
            Bytes::Store(remote) => remote.read(buffer),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Bytes::Local(file) => file.seek(to),
            Bytes::Store(remote) => remote.seek(to),
        }
    }
}

/// A blob in a store, asked for range by range.
#[derive(Debug)]
struct Remote {
    store: Arc<dyn ObjectStore>,
    key: Key,
    size: u64,
    at: u64,
    handle: Handle,
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let until = self.at.saturating_add(buffer.len() as u64).min(self.size);
        if until <= self.at {
            return Ok(0);
        }
        let range = self.at..until;
        let bytes = self.handle.block_on(self.store.get_range(&self.key, range)).map_err(io::Error::other)?;
        let read = bytes.len().min(buffer.len());
        buffer[..read].copy_from_slice(&bytes[..read]);
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Remote {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => self.size.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = place.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek, SeekFrom};
    use std::sync::Arc;

    use object_store::memory::InMemory;
    use object_store::path::Path as Key;
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::{AT_ONCE, Opened};

    #[tokio::test]
    async fn a_blob_in_a_store_is_read_at_any_place() {
        let bytes: Vec<u8> = (0_u8..251).cycle().take(3 * AT_ONCE).collect();
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let key = Key::from("aa/bb/blob");
        store.put(&key, bytes.clone().into()).await.expect("stored");
        let mut opened = Opened::store(store, key, bytes.len() as u64);
        let read = tokio::task::spawn_blocking(move || {
            let mut tail = [0; 4];
            opened.seek(SeekFrom::End(-4)).expect("a place");
            opened.read_exact(&mut tail).expect("read");
            assert_eq!(opened.read(&mut [0; 8]).expect("the end"), 0);
            assert!(opened.seek(SeekFrom::Current(i64::MIN)).is_err());
            opened.seek(SeekFrom::Start(0)).expect("the beginning");
            let mut whole = Vec::new();
            opened.read_to_end(&mut whole).expect("read");
            (tail, whole)
        });
        let (tail, whole) = read.await.expect("the thread ends");
        assert_eq!(tail, bytes[bytes.len() - 4..]);
        assert!(whole == bytes, "the whole comes as it was stored");
    }
}
