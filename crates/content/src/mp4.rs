//! MP4 and QuickTime files: boxes, each with its length and a name (ISO/IEC 14496-12).

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use super::Content;

/// A box in a file.
#[derive(Debug, Clone, Copy)]
struct Place {
    name: [u8; 4],
    /// Where its name stands: four bytes after its beginning.
    name_at: u64,
    /// Where its content begins.
    from: u64,
    /// The first byte after it.
    until: u64,
}

/// The kind of file that the brand in its first box tells.
pub(super) fn brand(head: &[u8]) -> Content {
    match head.get(8..12) {
        Some(b"qt  ") => Content::Mov,
        Some(b"M4A " | b"M4B ") => Content::M4a,
        _ => Content::Mp4,
    }
}

/// The boxes between `from` and `until`; ends at the first that makes no sense.
fn boxes(file: &mut File, from: u64, until: u64) -> io::Result<Vec<Place>> {
    let (mut found, mut at) = (Vec::new(), from);
    while at + 8 <= until {
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 16];
        file.read_exact(&mut head[..8])?;
        let [a, b, c, d, name @ ..] = head[..8].try_into().unwrap_or([0; 8]);
        let (mut length, mut content) = (u64::from(u32::from_be_bytes([a, b, c, d])), at + 8);
        if length == 1 && at + 16 <= until {
            file.read_exact(&mut head[8..])?;
            length = u64::from_be_bytes(head[8..].try_into().unwrap_or([0; 8]));
            content = at + 16;
        } else if length == 0 {
            length = until - at;
        }
        let end = at.saturating_add(length);
        if end < content || end > until {
            break;
        }
        found.push(Place { name, name_at: at + 4, from: content, until: end });
        at = end;
    }
    Ok(found)
}

fn top(file: &mut File) -> io::Result<Vec<Place>> {
    let length = file.seek(SeekFrom::End(0))?;
    boxes(file, 0, length)
}

/// The length in seconds, rounded up, that the movie's header tells.
pub(super) fn seconds(file: &mut File) -> io::Result<Option<i64>> {
    let Some(movie) = top(file)?.into_iter().find(|b| &b.name == b"moov") else { return Ok(None) };
    let Some(header) = boxes(file, movie.from, movie.until)?.into_iter().find(|b| &b.name == b"mvhd") else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(header.from))?;
    file.take(header.until - header.from).read_to_end(&mut bytes)?;
    let number = |at: usize, length: usize| -> Option<u64> {
        Some(bytes.get(at..at + length)?.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    let (scale, duration) = match bytes.first() {
        Some(1) => (number(20, 4), number(24, 8)),
        _ => (number(12, 4), number(16, 4)),
    };
    let (Some(scale), Some(duration)) = (scale.filter(|s| *s > 0), duration) else { return Ok(None) };
    Ok(i64::try_from(duration.div_ceil(scale)).ok())
}

/// Blanks the boxes in which cameras write place, device and owner. Nothing moves: each becomes
/// a free box of the same length.
pub(super) fn blank_traces(file: &mut File) -> io::Result<()> {
    let mut traces = Vec::new();
    for outer in top(file)? {
        match &outer.name {
            b"meta" | b"uuid" | b"udta" => traces.push(outer),
            b"moov" => {
                let inner = boxes(file, outer.from, outer.until)?;
                traces.extend(inner.iter().filter(|b| matches!(&b.name, b"udta" | b"meta" | b"uuid")));
                for track in inner.iter().filter(|b| &b.name == b"trak") {
                    let parts = boxes(file, track.from, track.until)?;
                    traces.extend(parts.iter().filter(|b| matches!(&b.name, b"udta" | b"meta" | b"uuid")));
                }
            }
            _ => {}
        }
    }
    for trace in traces {
        file.seek(SeekFrom::Start(trace.name_at))?;
        file.write_all(b"free")?;
        file.seek(SeekFrom::Start(trace.from))?;
        io::copy(&mut io::repeat(0).take(trace.until - trace.from), file)?;
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;
    use std::io::{Read, Seek, SeekFrom, Write};

    use super::{blank_traces, seconds};

    fn boxed(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len() + 8).expect("small").to_be_bytes();
        [&length[..], name, content].concat()
    }

    /// A film of `seconds` with the place it was made at.
    pub fn film(seconds: u32) -> Vec<u8> {
        let mut header = vec![0; 100];
        header[12..16].copy_from_slice(&600_u32.to_be_bytes());
        header[16..20].copy_from_slice(&(seconds * 600 - 1).to_be_bytes());
        let place = boxed(b"udta", &boxed(b"\xa9xyz", b"+30.6586+104.0647/"));
        let movie = boxed(b"moov", &[boxed(b"mvhd", &header), place].concat());
        [boxed(b"ftyp", b"isom\0\0\0\0isom"), boxed(b"mdat", b"frames"), movie].concat()
    }

    fn stored(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("written");
        file
    }

    #[test]
    fn the_header_tells_the_length() {
        assert_eq!(seconds(&mut stored(&film(601))).expect("read"), Some(601));
        assert_eq!(seconds(&mut stored(b"\0\0\0\x08ftyp")).expect("read"), None);
    }

    #[test]
    fn lengths_that_lie_end_the_walk() {
        for lie in [
            &b"\xff\xff\xff\xffmoov"[..],
            b"\0\0\0\x01moov\xff\xff\xff\xff\xff\xff\xff\xff",
            b"\0\0\0\x02moov",
        ] {
            assert_eq!(seconds(&mut stored(lie)).expect("read"), None);
        }
    }

    #[test]
    fn the_place_is_blanked_and_the_film_stays() {
        let before = film(60);
        let mut file = stored(&before);
        blank_traces(&mut file).expect("written");
        let mut after = Vec::new();
        file.seek(SeekFrom::Start(0)).expect("sought");
        file.read_to_end(&mut after).expect("read");
        assert_eq!(after.len(), before.len());
        assert!(!after.windows(4).any(|w| w == b"+30."));
        assert!(after.windows(6).any(|w| w == b"frames"));
        assert_eq!(seconds(&mut file).expect("read"), Some(60));
    }
}
