//! Codes to scan.
//!
//! A crate of its own, since both documents and pages show codes and the typesetter is a third of the
//! whole build.

use std::fmt::Write;

use fast_qr::{ECL, Module, QRBuilder};

/// The text is longer than a code holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text is too long for a code")]
pub struct TooLong;

/// Light modules around the code, as the standard asks.
const QUIET: usize = 4;

/// `text` as a QR code in SVG, with a quiet zone. Dark modules that stand beside each other are one
/// bar: a reader of the picture has a third of the work.
///
/// # Errors
/// [`TooLong`].
pub fn svg(text: &str) -> Result<String, TooLong> {
    let code = QRBuilder::new(text).ecl(ECL::M).build().map_err(|_| TooLong)?;
    let whole = code.size + 2 * QUIET;
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole} {whole}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{whole}v{whole}H0z"/><path d=""##
    );
    for y in 0..code.size {
        let mut x = 0;
        for bar in code[y].chunk_by(|a, b| a.value() == b.value()) {
            if bar.first().copied().is_some_and(Module::value) {
                // Writing to a string does not fail.
                let _ = write!(svg, "M{} {}h{}v1h-{}z", x + QUIET, y + QUIET, bar.len(), bar.len());
            }
            x += bar.len();
        }
    }
    svg.push_str(r#""/></svg>"#);
    Ok(svg)
}

#[cfg(test)]
mod tests {
    use super::svg;

    #[test]
    fn bars_stand_for_the_modules() {
        let picture = svg("x").expect("a code");
        // The corner mark: a bar of seven, then two single modules with five light ones between.
        assert!(picture.contains("M4 4h7v1h-7z"), "{picture}");
        assert!(picture.contains("M4 5h1v1h-1zM10 5h1v1h-1z"), "{picture}");
        assert!(svg(&"x".repeat(4000)).is_err());
    }
}
