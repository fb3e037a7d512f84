//! Images, audio, files and bodies of them.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use offpath_core::mask::MaskKind;
use serde_json::json;

use super::support::{captured, json, redactor, shown};
use crate::redact::{Redactor, media::digest};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and the image";

#[test]
fn images_audio_and_files_in_json_are_summed_up() {
    let data = STANDARD.encode(PNG);
    let url = format!("data:image/png;base64,{data}");
    let wav = STANDARD.encode([b"RIFF....WAVE".as_slice(), &[1; 1000]].concat());
    let body = json!([
        { "type": "image_url", "image_url": { "url": url } },
        { "type": "image", "source": { "type": "base64", "media_type": "image/png", "data": data } },
        { "inlineData": { "mimeType": "image/png", "data": data } },
        { "type": "input_audio", "input_audio": { "data": wav, "format": "wav" } },
        { "type": "file", "file": { "file_data": url } },
    ]);
    let shown: serde_json::Value =
        serde_json::from_str(&json(&body.to_string(), &redactor(MaskKind::Redact))).expect("JSON");
    let summary = format!("[image/png, {} bytes, {}]", PNG.len(), digest(PNG));
    for pointer in ["/0/image_url/url", "/1/source/data", "/2/inlineData/data", "/4/file/file_data"] {
        assert_eq!(shown.pointer(pointer).expect("a string"), &summary, "{pointer}");
    }
    let audio = shown.pointer("/3/input_audio/data").and_then(|value| value.as_str()).expect("a string");
    assert!(audio.starts_with("[audio/wav, 1012 bytes, sha256:"), "{audio}");
}

#[test]
fn an_image_that_is_cut_is_said_to_be() {
    let text = format!(r#"{{"url": "data:image/png;base64,{}"}}"#, STANDARD.encode([7; 9000]));
    let shown = shown(captured(text.as_bytes(), 1000, 10), "application/json", &redactor(MaskKind::Redact));
    assert_eq!(shown.head, r#"{"url": "[image/png, cut]""#);
}

#[test]
fn media_can_be_kept() {
    let text = format!(r#"{{"url": "data:image/png;base64,{}"}}"#, STANDARD.encode(PNG));
    let redactor = Redactor { keep_media: true, ..redactor(MaskKind::Redact) };
    assert_eq!(json(&text, &redactor), text);
}

#[test]
fn a_binary_body_is_summed_up_with_a_digest_if_all_of_it_is_there() {
    let whole = shown(captured(PNG, 1000, 0), "image/png", &redactor(MaskKind::Redact));
    assert_eq!((whole.head.as_str(), whole.treated.content_type.as_str()), ("", "image/png"));
    assert_eq!((whole.treated.digest.as_str(), whole.treated.kept), (digest(PNG).as_str(), 0));
    let part = shown(captured(&[7; 9000], 100, 0), "image/png", &redactor(MaskKind::Redact));
    assert_eq!((part.head.as_str(), part.treated.digest.as_str()), ("", ""));
}

#[test]
fn multipart_is_summed_up_whatever_becomes_of_media() {
    let redactor = Redactor { keep_media: true, ..redactor(MaskKind::Redact) };
    let shown = shown(captured(b"--x\r\n", 100, 0), "multipart/form-data; boundary=x", &redactor);
    assert_eq!((shown.head.as_str(), shown.treated.content_type.as_str()), ("", "multipart/form-data"));
}
