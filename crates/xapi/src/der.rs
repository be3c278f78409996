//! As much of DER as it takes to find the key in a certificate (RFC 5280, 4.1).

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const VERSION: u8 = 0xa0;
/// Fields of a certificate in front of the key: serial, algorithm, issuer, validity, subject.
const BEFORE_KEY: usize = 5;

/// The first element of `bytes`: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if digits.len() > 4 {
            return None;
        }
        (digits.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn inside(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    element(bytes).filter(|(found, _, _)| *found == tag).map(|(_, content, _)| content)
}

/// The public key in `certificate`, as the bits of its SubjectPublicKeyInfo.
pub fn public_key(certificate: &[u8]) -> Option<&[u8]> {
    let mut fields = inside(inside(certificate, SEQUENCE)?, SEQUENCE)?;
    let (tag, _, rest) = element(fields)?;
    if tag == VERSION {
        fields = rest;
    }
    for _ in 0..BEFORE_KEY {
        fields = element(fields)?.2;
    }
    let (_, _, bits) = element(inside(fields, SEQUENCE)?)?;
    // The first byte says how many bits of the last one do not count: none of a key.
    inside(bits, BIT_STRING)?.strip_prefix(&[0])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::public_key;

    proptest! {
        #[test]
        fn any_bytes_are_a_certificate_or_not(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = public_key(&bytes);
        }
    }
}
