//! What a command prints on standard output.

use std::io::{self, Write};

/// Prints `text` and ends the line.
///
/// # Errors
/// Standard output cannot be written to: its reader has gone, or its device is full.
pub fn say(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()
}

/// Whether a command ended only because nobody reads any further, as with `| head`.
#[must_use]
pub fn nobody_reads(error: &(dyn std::error::Error + Send + Sync + 'static)) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
