//! How many dots a picture has, as its header says: a small file may unpack to more than the
//! browser of whoever judges it can hold.

use std::io::{BufReader, Read, Seek, SeekFrom};

use super::{Content, Refusal};

/// Dots that a picture has at most; beyond what cameras of phones make, 480 MB once unpacked.
const DOTS: u64 = 120_000_000;
/// Dots of one side at most.
const SIDE: u32 = 32_767;

/// The same for a GIF (89a, 18): its screen stands behind the mark.
pub(super) fn check_gif(bytes: &[u8]) -> Result<(), Refusal> {
    let Some([a, b, c, d]) = bytes.get(6..10) else { return Err(Refusal::Damaged) };
    held(u16::from_le_bytes([*a, *b]).into(), u16::from_le_bytes([*c, *d]).into())
}

/// Holds the size of the picture `file` of kind `content` against what may be handed in.
///
/// # Errors
/// [`Refusal::TooManyDots`]; [`Refusal::Damaged`] when the header says no size.
pub(super) fn check(file: &mut (impl Read + Seek), content: Content) -> Result<(), Refusal> {
    file.seek(SeekFrom::Start(0))?;
    let mut reader = BufReader::new(&mut *file);
    let (wide, high) = match content {
        Content::Png => png(&mut reader)?,
        Content::Jpeg => jpeg(&mut reader)?,
        Content::Webp => webp(&mut reader)?,
        _ => return Ok(()),
    };
    held(wide, high)
}

fn held(wide: u32, high: u32) -> Result<(), Refusal> {
    if wide == 0 || high == 0 {
        return Err(Refusal::Damaged);
    }
    if wide > SIDE || high > SIDE || u64::from(wide) * u64::from(high) > DOTS {
        return Err(Refusal::TooManyDots { wide, high });
    }
    Ok(())
}

/// The next `N` bytes.
fn next<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Refusal> {
    let mut bytes = [0; N];
    match reader.read_exact(&mut bytes) {
        Ok(()) => Ok(bytes),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Err(Refusal::Damaged),
        Err(error) => Err(error.into()),
    }
}

/// PNG (ISO/IEC 15948, 11.2.2): the first chunk is IHDR, which begins with width and height.
fn png(reader: &mut impl Read) -> Result<(u32, u32), Refusal> {
    let head: [u8; 24] = next(reader)?;
    if head.get(12..16) != Some(b"IHDR") {
        return Err(Refusal::Damaged);
    }
    let [.., a, b, c, d, e, f, g, h] = head;
    Ok((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
}

/// JPEG (ITU-T T.81, B.2.2): the frame header after the tables tells height, then width.
fn jpeg(reader: &mut (impl Read + Seek)) -> Result<(u32, u32), Refusal> {
    let _: [u8; 2] = next(reader)?;
    loop {
        let [first, mut marker] = next(reader)?;
        if first != 0xff {
            return Err(Refusal::Damaged);
        }
        while marker == 0xff {
            [marker] = next(reader)?;
        }
        // The picture began, or ended, without a frame header.
        if marker == 0xda || marker == 0xd9 {
            return Err(Refusal::Damaged);
        }
        let length = u16::from_be_bytes(next(reader)?);
        // All of 0xc0–0xcf begin a frame but the tables 0xc4, 0xc8 and 0xcc.
        if (0xc0..=0xcf).contains(&marker) && !matches!(marker, 0xc4 | 0xc8 | 0xcc) {
            let [_, a, b, c, d]: [u8; 5] = next(reader)?;
            let [high, wide] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
            return Ok((wide.into(), high.into()));
        }
        let rest = length.checked_sub(2).ok_or(Refusal::Damaged)?;
        reader.seek(SeekFrom::Current(rest.into()))?;
    }
}

/// WebP (RFC 9649): the first chunk is the canvas or the picture itself.
fn webp(reader: &mut impl Read) -> Result<(u32, u32), Refusal> {
    let head: [u8; 20] = next(reader)?;
    let two = |low: u8, high: u8| u32::from(u16::from_le_bytes([low, high]));
    match head.get(12..16) {
        Some(b"VP8X") => {
            let [_, _, _, _, a, b, c, d, e, f]: [u8; 10] = next(reader)?;
            Ok((u32::from_le_bytes([a, b, c, 0]) + 1, u32::from_le_bytes([d, e, f, 0]) + 1))
        }
        Some(b"VP8 ") => {
            let [_, _, _, _, _, _, a, b, c, d]: [u8; 10] = next(reader)?;
            Ok((two(a, b) & 0x3fff, two(c, d) & 0x3fff))
        }
        Some(b"VP8L") => {
            let [_, a, b, c, d]: [u8; 5] = next(reader)?;
            let bits = u32::from_le_bytes([a, b, c, d]);
            Ok(((bits & 0x3fff) + 1, ((bits >> 14) & 0x3fff) + 1))
        }
        _ => Err(Refusal::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use proptest::prelude::*;

    use super::{Content, Refusal, check, jpeg, png, webp};

    fn png_of(wide: u32, high: u32) -> Vec<u8> {
        [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR", &wide.to_be_bytes()[..], &high.to_be_bytes()].concat()
    }

    fn checked(bytes: &[u8], content: Content) -> Result<(), Refusal> {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(bytes).expect("written");
        check(&mut file, content)
    }

    #[test]
    fn a_small_file_of_a_huge_picture_is_refused() {
        let huge = checked(&png_of(30_000, 30_000), Content::Png).expect_err("900 million dots");
        assert_eq!(huge.to_string(), "图片尺寸过大（30000×30000），请缩小到 1.2 亿像素以内再上传");
        assert!(checked(&png_of(40_000, 10), Content::Png).is_err(), "a side too long");
        assert!(checked(&png_of(12_000, 9_000), Content::Png).is_ok(), "a large camera");
        assert!(matches!(checked(&png_of(0, 10), Content::Png), Err(Refusal::Damaged)));
        assert!(matches!(checked(b"\x89PNG\r\n\x1a\n", Content::Png), Err(Refusal::Damaged)));
    }

    #[test]
    fn every_form_tells_its_size() {
        let photo = b"\xff\xd8\xff\xe0\0\x04ab\xff\xff\xc2\0\x0b\x08\x01\x02\x03\x04\x01\x01\x11\0";
        assert_eq!(jpeg(&mut Cursor::new(photo)).expect("a photo"), (0x0304, 0x0102));
        assert!(jpeg(&mut Cursor::new(b"\xff\xd8\xff\xda\0\x02")).is_err(), "no frame header");
        let canvas = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x2f\x75\0\x0f\x27\0";
        assert_eq!(webp(&mut &canvas[..]).expect("a canvas"), (30_000, 10_000));
        let lossy = b"RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0abc\x9d\x01\x2a\x40\x01\xf0\x00";
        assert_eq!(webp(&mut &lossy[..]).expect("a picture"), (320, 240));
        let bits = (319_u32 | (239 << 14)).to_le_bytes();
        let lossless = [b"RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0\x2f", &bits[..]].concat();
        assert_eq!(webp(&mut &lossless[..]).expect("a picture"), (320, 240));
    }

    proptest! {
        #[test]
        fn a_png_tells_what_was_written(wide: u32, high: u32) {
            prop_assert_eq!(png(&mut &png_of(wide, high)[..]).expect("a picture"), (wide, high));
        }

        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            for content in [Content::Png, Content::Jpeg, Content::Webp] {
                let _ = checked(&bytes, content);
            }
        }
    }
}
