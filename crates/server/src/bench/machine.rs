//! What the machine says about a process and its files.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The bytes of a MiB.
pub const MIB: f64 = 1024.0 * 1024.0;

/// Memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// What is its own now: pages of files that the system lends it are not.
    Own,
    /// The most it has held, pages of files included.
    Peak,
}

/// MiB of memory that process `id` holds; `None` where the system does not say.
pub fn memory(id: u32, which: Memory) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let name = match which {
        Memory::Own => "RssAnon:",
        Memory::Peak => "VmHWM:",
    };
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// How often a [`Watch`] looks.
const LOOK: Duration = Duration::from_millis(20);

/// Looks at the memory of this process's own while something is done: the system's own record of
/// the peak holds pages of files as well.
pub struct Watch {
    ended: Arc<AtomicBool>,
    looking: JoinHandle<Option<f64>>,
}

impl Watch {
    /// Begins to look.
    pub fn start() -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&ended);
        let looking = std::thread::spawn(move || {
            let mut most: Option<f64> = None;
            while !flag.load(Ordering::Relaxed) {
                let now = memory(std::process::id(), Memory::Own);
                most = most.into_iter().chain(now).reduce(f64::max);
                std::thread::sleep(LOOK);
            }
            most
        });
        Self { ended, looking }
    }

    /// The most MiB held since; nothing where the system does not say.
    pub fn most(self) -> Option<f64> {
        self.ended.store(true, Ordering::Relaxed);
        self.looking.join().ok().flatten()
    }
}

/// MiB of all files in `folder` and below.
pub fn size(folder: &Path) -> std::io::Result<f64> {
    let mut bytes = 0.0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let about = entry.metadata()?;
        if about.is_dir() {
            bytes += size(&entry.path())? * MIB;
        } else {
            // Sizes of files stay far below 2^52.
            #[allow(clippy::cast_precision_loss, reason = "shown with three digits")]
            let len = about.len() as f64;
            bytes += len;
        }
    }
    Ok(bytes / MIB)
}
