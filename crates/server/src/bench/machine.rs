//! What the machine says about a process and its files.

use std::path::Path;

const MIB: f64 = 1024.0 * 1024.0;

/// Memory of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// What it holds now.
    Now,
    /// What of it is its own: without pages of files such as the database.
    Own,
    /// The most it has held.
    Peak,
}

/// MiB of memory that process `id` holds; `None` where the system does not say.
pub fn memory(id: u32, which: Memory) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let name = match which {
        Memory::Now => "VmRSS:",
        Memory::Own => "RssAnon:",
        Memory::Peak => "VmHWM:",
    };
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Lets the peak of this process begin anew, where the system can.
pub fn forget_peak() {
    // Where it cannot, the peak since the start is shown, which is no less.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
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
