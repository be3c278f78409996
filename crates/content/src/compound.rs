//! Office and WPS files before 2007: compound files ([MS-CFB]), known by the streams in their
//! directory.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::{Content, Refusal};

/// How every compound file begins.
pub(super) const MARK: [u8; 8] = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];
/// Bytes of the directory looked at; an entry has 128.
const DIRECTORY: u64 = 64 << 10;

pub(super) fn recognise(file: &mut File, head: &[u8]) -> Result<Content, Refusal> {
    let number = |at: usize, length: usize| -> Option<u64> {
        let bytes = head.get(at..at + length)?;
        Some(bytes.iter().rev().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
    };
    let shift = number(30, 2).filter(|shift| (7..=16).contains(shift)).ok_or(Refusal::Damaged)?;
    let first = number(48, 4).ok_or(Refusal::Damaged)?;
    let mut directory = Vec::new();
    file.seek(SeekFrom::Start((first + 1) << shift))?;
    file.by_ref().take(DIRECTORY).read_to_end(&mut directory)?;
    file.seek(SeekFrom::Start(0))?;
    let has = |name: &str| {
        let wide: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        directory.windows(wide.len()).any(|window| window == wide)
    };
    if has("_VBA_PROJECT") {
        return Err(Refusal::Macros);
    }
    // What opens with a password is a compound file around the archive ([MS-OFFCRYPTO]).
    if has("EncryptedPackage") {
        return Err(Refusal::Locked);
    }
    let streams =
        [("WordDocument", Content::Doc), ("PowerPoint Document", Content::Ppt), ("Workbook", Content::Xls)];
    streams.into_iter().find(|(name, _)| has(name)).map(|(_, content)| content).ok_or(Refusal::Unknown)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Content, MARK, Refusal, recognise};

    fn compound(stream: &str) -> Vec<u8> {
        let mut bytes = vec![0; 1024];
        bytes[..8].copy_from_slice(&MARK);
        bytes[30] = 9;
        let name: Vec<u8> = stream.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[640..640 + name.len()].copy_from_slice(&name);
        bytes
    }

    fn kind(stream: &str) -> Result<Content, Refusal> {
        let bytes = compound(stream);
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(&bytes).expect("written");
        recognise(&mut file, &bytes)
    }

    #[test]
    fn a_stream_tells_the_program() {
        assert_eq!(kind("WordDocument").expect("a text"), Content::Doc);
        assert_eq!(kind("PowerPoint Document").expect("slides"), Content::Ppt);
        assert_eq!(kind("Workbook").expect("a sheet"), Content::Xls);
        assert!(matches!(kind("_VBA_PROJECT"), Err(Refusal::Macros)));
        assert!(matches!(kind("EncryptedPackage"), Err(Refusal::Locked)));
        assert!(matches!(kind("Setup"), Err(Refusal::Unknown)), "an installer is a compound file too");
    }
}
