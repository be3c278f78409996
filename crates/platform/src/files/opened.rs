//! A blob that is read at any place, as an archive is.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use object_store::path::Path as Key;
use object_store::{ObjectStore, ObjectStoreExt};
use tokio::runtime::Handle;

/// Bytes asked of a store at once.
const AT_ONCE: usize = 256 << 10;
/// So many times as much is kept: whoever goes back and forth in an archive asks once.
const KEPT: usize = 8;

/// A blob that is read at any place, by a thread that may wait.
#[derive(Debug)]
pub struct Opened(Way);

#[derive(Debug)]
enum Way {
    Local(BufReader<File>),
    Store(Remote),
}

impl Opened {
    pub(super) fn local(file: File) -> Self {
        Self(Way::Local(BufReader::new(file)))
    }

    pub(super) fn store(store: Arc<dyn ObjectStore>, key: Key, size: u64) -> Self {
        let kept = VecDeque::with_capacity(KEPT);
        Self(Way::Store(Remote { store, key, size, at: 0, kept, handle: Handle::current() }))
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Way::Local(file) => file.read(buffer),
            Way::Store(remote) => remote.read(buffer),
        }
    }
}

impl Seek for Opened {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Way::Local(file) => file.seek(to),
            Way::Store(remote) => remote.seek(to),
        }
    }
}

/// A blob in a store, asked for block by block.
#[derive(Debug)]
struct Remote {
    store: Arc<dyn ObjectStore>,
    key: Key,
    size: u64,
    at: u64,
    /// The blocks read last, each with where it begins; the latest at the end.
    kept: VecDeque<(u64, Bytes)>,
    handle: Handle,
}

impl Remote {
    /// The block that begins at `begin`.
    fn block(&mut self, begin: u64) -> io::Result<Bytes> {
        let place = self.kept.iter().position(|(kept, _)| *kept == begin);
        let block = match place.and_then(|place| self.kept.remove(place)) {
            Some((_, block)) => block,
            None => {
                let until = begin.saturating_add(AT_ONCE as u64).min(self.size);
                let asked = self.store.get_range(&self.key, begin..until);
                self.handle.block_on(asked).map_err(io::Error::other)?
            }
        };
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back((begin, block.clone()));
        Ok(block)
    }
}

impl Read for Remote {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.size || buffer.is_empty() {
            return Ok(0);
        }
        let within = self.at % AT_ONCE as u64;
        let block = self.block(self.at - within)?;
        let rest = usize::try_from(within).ok().and_then(|within| block.get(within..)).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
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

    use super::{AT_ONCE, KEPT, Opened, Way};

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
            let Way::Store(remote) = &opened.0 else { panic!("it is in a store") };
            assert_eq!(remote.kept.len(), 3, "each block is asked for once");
            (tail, whole)
        });
        let (tail, whole) = read.await.expect("the thread ends");
        assert_eq!(tail, bytes[bytes.len() - 4..]);
        assert!(whole == bytes, "the whole comes as it was stored");
    }

    #[tokio::test]
    async fn so_much_is_kept_and_no_more() {
        let bytes = vec![7; (KEPT + 3) * AT_ONCE];
        let store: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let key = Key::from("aa/bb/blob");
        store.put(&key, bytes.into()).await.expect("stored");
        let mut opened = Opened::store(store, key, ((KEPT + 3) * AT_ONCE) as u64);
        let read = tokio::task::spawn_blocking(move || {
            opened.read_to_end(&mut Vec::new()).expect("read");
            let Way::Store(remote) = &opened.0 else { panic!("it is in a store") };
            remote.kept.iter().map(|(begin, _)| *begin / AT_ONCE as u64).collect::<Vec<_>>()
        });
        let kept = read.await.expect("the thread ends");
        assert_eq!(kept, (3..KEPT as u64 + 3).collect::<Vec<_>>());
    }
}
