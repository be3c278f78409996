//! Stored files, named by their content.
//!
//! A blob is written once and never changed: its name is the SHA-256 of its bytes, so the same
//! file handed in twice is kept once and a damaged one shows. Locally a blob goes to a temporary
//! name, is synced, renamed and its folder synced before any row speaks of it.

mod opened;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Key;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt, RetryConfig};
use sha2::{Digest, Sha256};

pub use opened::Opened;

use crate::config::{Config, FilesConfig};

/// Bytes read at once when a file is hashed.
const CHUNK: usize = 1 << 20;
/// Levels of folders around the blobs.
const LEVELS: usize = 2;
/// Parts on their way to the object store at once; more would pile up in memory.
const PARTS: usize = 4;

/// A blob that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// SHA-256 of the content, 64 hexadecimal digits.
    pub digest: String,
    /// Bytes.
    pub size: i64,
}

/// A file could not be stored or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The local disk refused.
    #[error("{0}")]
    Disk(#[from] std::io::Error),
    /// The object store refused.
    #[error("{0}")]
    Store(#[from] object_store::Error),
}

/// The stored files of one installation.
#[derive(Debug, Clone)]
pub struct Files {
    store: Arc<dyn ObjectStore>,
    /// The folder of the blobs when they are local: written here directly, to control the sync.
    local: Option<PathBuf>,
    /// Where files that are still arriving are kept.
    incoming: PathBuf,
}

impl Files {
    /// Opens the store that `config` names.
    ///
    /// # Errors
    /// When a folder cannot be made or the store's address is wrong.
    pub fn open(config: &Config) -> Result<Self, FileError> {
        let incoming = config.data.join("incoming");
        std::fs::create_dir_all(&incoming)?;
        match &config.files {
            FilesConfig::Local => {
                let root = config.data.join("files");
                std::fs::create_dir_all(&root)?;
                let store = LocalFileSystem::new_with_prefix(&root)?;
                Ok(Self { store: Arc::new(store), local: Some(root), incoming })
            }
            FilesConfig::S3 { endpoint, bucket, access_key, secret_key } => {
                // The store's client takes the process's cryptography; a second call changes nothing.
                let _ = rustls::crypto::ring::default_provider().install_default();
                let store = AmazonS3Builder::new()
                    .with_retry(patience())
                    .with_endpoint(endpoint)
                    .with_bucket_name(bucket)
                    .with_access_key_id(access_key)
                    .with_secret_access_key(secret_key)
                    .with_allow_http(endpoint.starts_with("http://"))
                    .build()?;
                Ok(Self { store: Arc::new(store), local: None, incoming })
            }
        }
    }

    /// Where a file that is still arriving under `name` is kept; `name` is an identifier.
    #[must_use]
    pub fn incoming(&self, name: &str) -> PathBuf {
        self.incoming.join(name)
    }

    /// Stores `bytes`.
    ///
    /// # Errors
    /// When the disk or store refuses; then nothing is stored.
    pub async fn put(&self, bytes: Bytes) -> Result<Blob, FileError> {
        let digest = hex::encode(Sha256::digest(&bytes));
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        match &self.local {
            Some(root) => {
                let target = root.join(place(&digest));
                tokio::task::spawn_blocking(move || store_bytes(&target, &bytes)).await.map_err(joined)??;
            }
            None => {
                self.store.put(&Key::from(place(&digest)), bytes.into()).await?;
            }
        }
        Ok(Blob { digest, size })
    }

    /// Stores the local file at `path` and removes it there.
    ///
    /// # Errors
    /// When it cannot be read or stored; then it stays where it is.
    pub async fn take(&self, path: &Path) -> Result<Blob, FileError> {
        let source = path.to_owned();
        let hashing = source.clone();
        let blob = tokio::task::spawn_blocking(move || digest_of(&hashing)).await.map_err(joined)??;
        match &self.local {
            Some(root) => {
                let target = root.join(place(&blob.digest));
                tokio::task::spawn_blocking(move || move_in(&source, &target)).await.map_err(joined)??;
            }
            None => {
                self.upload(&source, &blob.digest).await?;
                tokio::fs::remove_file(&source).await?;
            }
        }
        Ok(blob)
    }

    async fn upload(&self, source: &Path, digest: &str) -> Result<(), FileError> {
        use tokio::io::AsyncReadExt;
        let mut file = tokio::fs::File::open(source).await?;
        let upload = self.store.put_multipart(&Key::from(place(digest))).await?;
        let mut writer = object_store::WriteMultipart::new(upload);
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = file.read(&mut buffer).await?;
            if read == 0 {
                writer.finish().await?;
                return Ok(());
            }
            writer.wait_for_capacity(PARTS).await?;
            writer.write(&buffer[..read]);
        }
    }

    /// The whole content of a blob; for small ones.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub async fn get(&self, digest: &str) -> Result<Bytes, FileError> {
        Ok(self.store.get(&Key::from(place(digest))).await?.bytes().await?)
    }

    /// A blob that is read at any place, by a thread that may wait.
    ///
    /// # Errors
    /// When it is not there.
    pub async fn open_blob(&self, blob: &Blob) -> Result<Opened, FileError> {
        let place = place(&blob.digest);
        let Some(root) = &self.local else {
            let size = u64::try_from(blob.size).unwrap_or(0);
            return Ok(Opened::store(Arc::clone(&self.store), Key::from(place), size));
        };
        Ok(Opened::local(tokio::fs::File::open(root.join(place)).await?.into_std().await))
    }

    /// The bytes `range` of a blob as they are read.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    pub async fn stream(
        &self,
        digest: &str,
        range: Range<u64>,
    ) -> Result<BoxStream<'static, Result<Bytes, FileError>>, FileError> {
        let options = GetOptions { range: Some(GetRange::Bounded(range)), ..GetOptions::default() };
        let found = self.store.get_opts(&Key::from(place(digest)), options).await?;
        Ok(found.into_stream().map(|part| part.map_err(FileError::from)).boxed())
    }

    /// Whether the stored bytes still have the digest they are named by.
    ///
    /// # Errors
    /// When the store cannot be read at all.
    pub async fn intact(&self, digest: &str) -> Result<bool, FileError> {
        let found = match self.store.get(&Key::from(place(digest))).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        let mut hash = Sha256::new();
        let mut parts = found.into_stream();
        while let Some(part) = parts.next().await {
            hash.update(&part?);
        }
        Ok(hex::encode(hash.finalize()) == digest)
    }
}

/// How long a store that does not answer is asked again: somebody waits for the page.
fn patience() -> RetryConfig {
    RetryConfig { max_retries: 4, retry_timeout: Duration::from_secs(15), ..RetryConfig::default() }
}

/// Two levels of folders keep each of them small.
fn place(digest: &str) -> String {
    let (first, rest) = digest.split_at_checked(2).unwrap_or(("", digest));
    let (second, rest) = rest.split_at_checked(2).unwrap_or(("", rest));
    format!("{first}/{second}/{rest}")
}

fn joined(error: tokio::task::JoinError) -> std::io::Error {
    std::io::Error::other(error)
}

/// Digest and size of the local file at `path`.
///
/// # Errors
/// When it cannot be read.
pub fn digest_of(path: &Path) -> std::io::Result<Blob> {
    use std::io::Read;
    let mut file = std::fs::File::open(path)?;
    let (mut hash, mut size, mut buffer) = (Sha256::new(), 0_i64, vec![0; CHUNK]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Blob { digest: hex::encode(hash.finalize()), size });
        }
        hash.update(&buffer[..read]);
        size += i64::try_from(read).unwrap_or_default();
    }
}

fn store_bytes(target: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = folder_of(target)?;
    if target.exists() {
        return sync(folder);
    }
    let temporary = folder.join(format!(".{}", uuid::Uuid::now_v7().simple()));
    let settled = std::fs::write(&temporary, bytes).and_then(|()| settle(&temporary, target, folder));
    if settled.is_err() {
        // The failure above is what is reported; a disk that is full may refuse this as well.
        let _ = std::fs::remove_file(&temporary);
    }
    settled
}

fn move_in(source: &Path, target: &Path) -> std::io::Result<()> {
    let folder = folder_of(target)?;
    if target.exists() {
        sync(folder)?;
        return std::fs::remove_file(source);
    }
    settle(source, target, folder)
}

/// The folder of `target`, made with those around it so that it is still there after a power cut.
fn folder_of(target: &Path) -> std::io::Result<&Path> {
    let folder = target.parent().ok_or_else(|| std::io::Error::other("a blob lies in a folder"))?;
    if !folder.is_dir() {
        std::fs::create_dir_all(folder)?;
        folder.ancestors().skip(1).take(LEVELS).try_for_each(sync)?;
    }
    Ok(folder)
}

/// Makes the names in `folder` durable; also where somebody else has just put them there.
fn sync(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

fn settle(source: &Path, target: &Path, folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(source)?.sync_all()?;
    std::fs::rename(source, target)?;
    sync(folder)
}
