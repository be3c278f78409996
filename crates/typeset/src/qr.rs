//! Codes to scan.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use crate::TypesetError;

/// `text` as a QR code in SVG, with a quiet zone.
///
/// # Errors
/// [`TypesetError::Code`] when the text is too long for one.
pub fn svg(text: &str) -> Result<String, TypesetError> {
    let code =
        QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).map_err(|_| TypesetError::Code)?;
    Ok(code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build())
}
