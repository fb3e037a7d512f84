//! Images, audio and files: told by type, size and digest.

use std::fmt::Write as _;

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use sha2::{Digest as _, Sha256};

/// Shorter strings of which nothing says that they are media are kept.
const SHORTEST: usize = 1024;
/// Longest media type that is told (RFC 6838, section 4.2 recommends at most 64 characters for each half).
const LONGEST_TYPE: usize = 129;
/// Type of what nothing is known of.
const UNKNOWN: &str = "application/octet-stream";

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The type that a `Content-Type` names, in lower case and without parameters; empty if it names none.
pub(super) fn essence(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let allowed = |c: char| c.is_ascii_alphanumeric() || "/!#$&-^_.+".contains(c);
    if essence.len() > LONGEST_TYPE || !essence.chars().all(allowed) {
        return String::new();
    }
    essence.to_ascii_lowercase()
}

/// What a string of JSON that may be media says of itself.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Hints<'a> {
    /// What a sibling says its type is, such as `image/png` or `wav`.
    pub(super) media_type: Option<&'a str>,
    /// Whether its key is one that media have.
    pub(super) by_key: bool,
}

/// Sums up a string if it is media in base64: `[image/png, 12345 bytes, sha256:…]`, or `[image/png, cut]` if it is not
/// whole.
pub(super) fn summary(text: &[u8], hints: Hints<'_>, whole: bool) -> Option<String> {
    let (declared, data) = match data_url(text, whole) {
        Some((declared, data)) => (Some(declared), data),
        None => (hints.media_type, text),
    };
    let is_url = data.len() < text.len();
    if !is_url && !hints.by_key || !is_base64(data) {
        return None;
    }
    let beginning = decode(&data[..data.len().min(32) & !3]).unwrap_or_default();
    let is_known = hints.media_type.is_some() || by_first_bytes(&beginning) != UNKNOWN;
    if !is_url && !is_known && text.len() <= SHORTEST {
        return None;
    }
    if !whole {
        return Some(format!("[{}, cut]", type_of(declared, &beginning)));
    }
    let decoded = decode(data)?;
    Some(format!("[{}, {} bytes, {}]", type_of(declared, &decoded), decoded.len(), digest(&decoded)))
}

/// Type and data of `data:image/png;base64,…` (RFC 2397).
fn data_url(text: &[u8], whole: bool) -> Option<(&str, &[u8])> {
    /// Longest beginning of one.
    const LONGEST: usize = 256;
    let rest = text.strip_prefix(b"data:")?;
    let Some(comma) = rest.iter().take(LONGEST).position(|byte| *byte == b',') else {
        return (!whole && rest.len() < LONGEST).then_some(("", &[]));
    };
    let declared = str::from_utf8(&rest[..comma]).ok()?.strip_suffix(";base64")?;
    Some((declared, &rest[comma + 1..]))
}

fn is_base64(data: &[u8]) -> bool {
    data.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_' | b'='))
}

pub(super) fn decode(data: &[u8]) -> Option<Vec<u8>> {
    STANDARD.decode(data).or_else(|_| URL_SAFE.decode(data)).ok()
}

/// What was declared, if that is a type; else what the first bytes show.
fn type_of(declared: Option<&str>, bytes: &[u8]) -> String {
    let declared = declared.map(essence).unwrap_or_default();
    if declared.contains('/') { declared } else { by_first_bytes(bytes).to_owned() }
}

/// <https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern> and the section after it.
fn by_first_bytes(bytes: &[u8]) -> &'static str {
    const KNOWN: &[(&[u8], &str)] = &[
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF8", "image/gif"),
        (b"ID3", "audio/mpeg"),
        (b"\xff\xfb", "audio/mpeg"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"%PDF-", "application/pdf"),
    ];
    match (bytes.get(..4), bytes.get(8..12)) {
        (Some(b"RIFF"), Some(b"WEBP")) => "image/webp",
        (Some(b"RIFF"), Some(b"WAVE")) => "audio/wav",
        _ => KNOWN.iter().find(|(magic, _)| bytes.starts_with(magic)).map_or(UNKNOWN, |(_, name)| name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the image";

    fn png() -> String {
        general_purpose::STANDARD.encode(PNG)
    }

    fn png_summary() -> String {
        format!("[image/png, {} bytes, {}]", PNG.len(), digest(PNG))
    }

    #[test]
    fn a_data_url_is_summed_up() {
        let url = format!("data:image/png;base64,{}", png());
        assert_eq!(summary(url.as_bytes(), Hints::default(), true), Some(png_summary()));
        assert_eq!(
            summary(b"data:image/png;base64,iVBO", Hints::default(), false),
            Some("[image/png, cut]".into())
        );
        assert_eq!(summary(b"data:text/plain,hello", Hints::default(), true), None);
    }

    #[test]
    fn base64_with_a_declared_type_is_summed_up() {
        let hints = Hints { media_type: Some("image/png"), by_key: true };
        assert_eq!(summary(png().as_bytes(), hints, true), Some(png_summary()));
        assert_eq!(summary(b"not base64!", hints, true), None);
    }

    #[test]
    fn long_base64_under_a_key_for_data_is_summed_up_by_its_first_bytes() {
        let image = [PNG, &[7; 1000]].concat();
        let text = general_purpose::URL_SAFE_NO_PAD.encode(&image);
        let hints = Hints { media_type: None, by_key: true };
        assert_eq!(
            summary(text.as_bytes(), hints, true),
            Some(format!("[image/png, 1022 bytes, {}]", digest(&image)))
        );
        assert_eq!(summary(text.as_bytes(), Hints::default(), true), None);
        assert_eq!(summary(b"c2hvcnQ=", hints, true), None);
    }

    #[test]
    fn a_type_is_told_without_its_parameters_and_only_if_it_is_one() {
        assert_eq!(essence("Image/PNG; q=1"), "image/png");
        assert_eq!(essence("image/\"png"), "");
    }
}
