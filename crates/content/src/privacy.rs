//! Takes out of pictures and films where, when, with what and by whom they were made. The
//! picture itself is not touched: nothing is encoded again.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::{Content, mp4};

/// Removes such traces from the file at `path`, which is of kind `content`; on return the change
/// is on disk.
///
/// # Errors
/// When the file cannot be read or written.
pub fn remove_traces(path: &Path, content: Content) -> io::Result<()> {
    match content {
        Content::Jpeg | Content::Png | Content::Webp => {}
        Content::Mp4 | Content::Mov | Content::M4a => {
            let mut file = OpenOptions::new().read(true).write(true).open(path)?;
            mp4::blank_traces(&mut file)?;
            return file.sync_all();
        }
        _ => return Ok(()),
    };
    let bytes = fs::read(path)?;
    // A picture whose parts cannot be told apart may hide anything.
    let Some(cleaned) = without_traces(&bytes, content) else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the picture's parts cannot be told apart"));
    };
    if cleaned != bytes {
        let mut file = File::create(path)?;
        file.write_all(&cleaned)?;
        file.sync_all()?;
    }
    Ok(())
}

/// The picture of kind `content` without them; nothing when its parts cannot be told apart.
pub(super) fn without_traces(bytes: &[u8], content: Content) -> Option<Vec<u8>> {
    match content {
        Content::Jpeg => jpeg(bytes),
        Content::Png => png(bytes),
        Content::Webp => webp(bytes),
        _ => None,
    }
}

/// Keeps of the segments before the picture what decoding needs; of the camera's notes only how
/// the picture is to be turned.
fn jpeg(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..2)?.to_vec();
    let mut at = 2;
    let mut turned = false;
    loop {
        let marker = *bytes.get(at + 1).filter(|_| bytes.get(at) == Some(&0xff))?;
        if marker == 0xff {
            at += 1;
            continue;
        }
        // The picture itself: what follows is not divided into segments any more.
        if marker == 0xda || marker == 0xd9 {
            out.extend_from_slice(bytes.get(at..)?);
            return Some(out);
        }
        let length = usize::from(u16::from_be_bytes([*bytes.get(at + 2)?, *bytes.get(at + 3)?]));
        let segment = bytes.get(at..at + 2 + length).filter(|_| length >= 2)?;
        match marker {
            0xe1 => {
                if let Some(turn) = orientation(segment).filter(|turn| (2..=8).contains(turn) && !turned) {
                    out.extend_from_slice(&only_orientation(turn));
                    turned = true;
                }
            }
            // Adobe's and IPTC's notes, comments, and parts that only makers know.
            0xe3..=0xed | 0xef | 0xfe => {}
            _ => out.extend_from_slice(segment),
        }
        at += 2 + length;
    }
}

/// The orientation (tag 0x0112) that an Exif segment tells.
fn orientation(segment: &[u8]) -> Option<u16> {
    let tiff = segment.get(4..)?.strip_prefix(b"Exif\0\0")?;
    let big = tiff.starts_with(b"MM");
    let two = |at: usize| -> Option<u16> {
        let pair = [*tiff.get(at)?, *tiff.get(at + 1)?];
        Some(if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) })
    };
    let first = tiff.get(4..8)?.try_into().ok()?;
    let directory =
        usize::try_from(if big { u32::from_be_bytes(first) } else { u32::from_le_bytes(first) }).ok()?;
    let entries = usize::from(two(directory)?);
    (0..entries)
        .map(|n| directory + 2 + n * 12)
        .find(|at| two(*at) == Some(0x0112))
        .and_then(|at| two(at + 8))
}

/// An Exif segment that tells the orientation and nothing else.
fn only_orientation(turn: u16) -> Vec<u8> {
    let [high, low] = turn.to_be_bytes();
    let mut out = vec![0xff, 0xe1, 0, 34];
    out.extend_from_slice(b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01");
    out.extend_from_slice(&[high, low, 0, 0, 0, 0, 0, 0]);
    out
}

/// Leaves out the chunks of text, time and Exif.
fn png(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..8)?.to_vec();
    let mut at = 8;
    while at < bytes.len() {
        let length = usize::try_from(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?)).ok()?;
        let chunk = bytes.get(at..at.checked_add(length)?.checked_add(12)?)?;
        let name = chunk.get(4..8)?;
        if !matches!(name, b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" | b"tIME") {
            out.extend_from_slice(chunk);
        }
        at += chunk.len();
        if name == b"IEND" {
            break;
        }
    }
    Some(out)
}

/// Leaves out the chunks of Exif and XMP and the flags that announce them.
fn webp(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = bytes.get(..12)?.to_vec();
    let mut at = 12;
    while at < bytes.len() {
        let name = bytes.get(at..at + 4)?;
        let length = usize::try_from(u32::from_le_bytes(bytes.get(at + 4..at + 8)?.try_into().ok()?)).ok()?;
        let end = at.checked_add(8)?.checked_add(length)?.checked_add(length % 2)?;
        let chunk = bytes.get(at..end)?;
        match name {
            b"EXIF" | b"XMP " => {}
            b"VP8X" => {
                let flags = out.len() + 8;
                out.extend_from_slice(chunk);
                *out.get_mut(flags)? &= !0b1100;
            }
            _ => out.extend_from_slice(chunk),
        }
        at = end;
    }
    let length = u32::try_from(out.len() - 8).ok()?.to_le_bytes();
    out.get_mut(4..8)?.copy_from_slice(&length);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::{jpeg, only_orientation, orientation, png, webp};

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).expect("small").to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    fn holds(bytes: &[u8], word: &[u8]) -> bool {
        bytes.windows(word.len()).any(|window| window == word)
    }

    #[test]
    fn a_photo_loses_its_place_and_keeps_its_turn() {
        let mut notes = only_orientation(6)[4..].to_vec();
        notes.extend_from_slice(b"GPS 30.65 104.06");
        let photo = [
            &[0xff, 0xd8][..],
            &segment(0xe0, b"JFIF\0"),
            &segment(0xe1, &notes),
            &segment(0xe1, b"http://ns.adobe.com/xap/1.0/ owner"),
            &segment(0xfe, b"comment"),
            &segment(0xdb, b"table"),
            &segment(0xda, b"scan"),
            b"pixels\xff\xd9",
        ]
        .concat();
        let clean = jpeg(&photo).expect("a photo");
        assert!(!holds(&clean, b"GPS") && !holds(&clean, b"owner") && !holds(&clean, b"comment"));
        assert!(holds(&clean, b"JFIF") && holds(&clean, b"table") && holds(&clean, b"pixels"));
        let kept = clean.windows(4).position(|w| w == [0xff, 0xe1, 0, 34]).expect("an Exif segment");
        assert_eq!(orientation(&clean[kept..]), Some(6));
        assert_eq!(jpeg(&clean).as_ref(), Some(&clean), "a clean photo stays as it is");
        assert_eq!(jpeg(b"\xff\xd8\xff\xe1\xff\xff"), None, "a segment that goes beyond the end");
    }

    #[test]
    fn other_pictures_lose_their_notes() {
        let chunk = |name: &[u8], content: &[u8]| {
            [&u32::try_from(content.len()).expect("small").to_be_bytes()[..], name, content, b"crc!"].concat()
        };
        let picture = [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"tEXt", b"Author"),
            chunk(b"IDAT", b"dots"),
            chunk(b"IEND", b""),
        ]
        .concat();
        let clean = png(&picture).expect("a picture");
        assert!(!holds(&clean, b"Author") && holds(&clean, b"dots"));
        let part = |name: &[u8], content: &[u8]| {
            [name, &u32::try_from(content.len()).expect("small").to_le_bytes()[..], content].concat()
        };
        let picture = [
            b"RIFF\0\0\0\0WEBP".to_vec(),
            part(b"VP8X", &[0x0c, 0]),
            part(b"EXIF", b"gps!"),
            part(b"VP8 ", b"dots"),
        ]
        .concat();
        let clean = webp(&picture).expect("a picture");
        assert!(!holds(&clean, b"gps!") && holds(&clean, b"dots") && clean[20] == 0);
        assert_eq!(usize::from(clean[4]), clean.len() - 8);
    }
}
