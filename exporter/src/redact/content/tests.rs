//! Bodies as senders encode them, whole and cut.

use super::*;
use brotli::CompressorWriter;
use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use proptest::prelude::*;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use std::io::Write as _;

const ENCODINGS: [&str; 4] = ["gzip", "deflate", "br", "zstd"];

/// What compresses, but not to nothing.
fn text(length: usize) -> Vec<u8> {
    (0_u64..)
        .flat_map(|n| format!("{} and ", n.wrapping_mul(0x9E37_79B9_7F4A_7C15)).into_bytes())
        .take(length)
        .collect()
}

fn encode(encoding: &str, text: &[u8]) -> Vec<u8> {
    match encoding {
        "gzip" => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text).expect("written");
            encoder.finish().expect("encoded")
        }
        "deflate" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text).expect("written");
            encoder.finish().expect("encoded")
        }
        "raw" => {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(text).expect("written");
            encoder.finish().expect("encoded")
        }
        "br" => {
            let mut encoder = CompressorWriter::new(Vec::new(), 4096, 5, 20);
            encoder.write_all(text).expect("written");
            encoder.into_inner()
        }
        _ => compress_to_vec(text, CompressionLevel::Fastest),
    }
}

fn kind<'e>(content_type: &'e str, content_encoding: &'e str) -> Described<'e> {
    Described { content_type, content_encoding, is_request: false, websocket: false, arrived: &[] }
}

fn whole(bytes: &[u8]) -> Body {
    Body { size: bytes.len() as u64, head: bytes.to_vec(), ..Body::default() }
}

/// The first so many bytes of a body, which were to be kept, but for a margin.
fn prefix(bytes: &[u8], held: usize) -> Body {
    let head = bytes[..held.min(bytes.len())].to_vec();
    Body {
        size: bytes.len() as u64 + 1,
        head,
        tail: b"x".to_vec(),
        head_limit: Some(9_000),
        tail_limit: Some(9_000),
        ..Body::default()
    }
}

#[test]
fn what_is_not_encoded_stays_as_it_is() {
    let body = Body { size: 9, head: b"abc".to_vec(), tail: b"xyz".to_vec(), ..Body::default() };
    for encoding in ["", "identity", " , "] {
        let content = undo(&body, &kind("text/plain", encoding)).expect("content");
        assert_eq!(content, plain(&body, &[]));
        assert!(content.gap);
    }
}

#[test]
fn each_encoding_is_undone() {
    let text = text(10_000);
    for encoding in ENCODINGS {
        let body = whole(&encode(encoding, &text));
        let content = undo(&body, &kind("", &encoding.to_uppercase())).expect(encoding);
        assert!([&*content.head, &*content.tail].concat() == text, "{encoding}");
        assert_eq!((content.gap, content.decoded.as_str()), (false, encoding));
    }
    let text = self::text(1000);
    assert_eq!(undo(&whole(&encode("raw", &text)), &kind("", "deflate")).expect("content").head, text);
}

#[test]
fn encodings_are_undone_in_the_order_in_which_the_last_was_applied_last() {
    let body = whole(&encode("br", &encode("gzip", &text(1000))));
    let content = undo(&body, &kind("", "gzip, br")).expect("content");
    assert_eq!((content.head.as_ref(), content.decoded.as_str()), (&text(1000)[..], "gzip, br"));
}

#[test]
fn a_body_in_head_and_tail_is_decoded_across_them() {
    let encoded = encode("gzip", &text(5000));
    let (head, tail) = encoded.split_at(700);
    let body =
        Body { size: encoded.len() as u64, head: head.to_vec(), tail: tail.to_vec(), ..Body::default() };
    assert_eq!(undo(&body, &kind("", "gzip")).expect("content").head, text(5000));
}

#[test]
fn of_a_body_that_was_cut_the_beginning_is_decoded_and_the_tail_dropped() {
    let text = text(600_000);
    for encoding in ENCODINGS {
        let encoded = encode(encoding, &text);
        let content = prefix(&encoded, encoded.len() * 9 / 10);
        let content = undo(&content, &kind("", encoding)).expect(encoding);
        assert_eq!(content.head, &text[..9_000 + MARGIN], "{encoding}");
        assert_eq!(
            (content.tail.as_ref(), content.gap, content.head_limit),
            (&b""[..], true, 9_000),
            "{encoding}"
        );
    }
}

/// As it is where rules keep nothing of the beginning.
#[test]
fn a_body_that_is_in_its_tail_alone_is_decoded_if_it_is_whole_and_else_withheld() {
    for encoding in ENCODINGS {
        let encoded = encode(encoding, &text(1000));
        let body = Body { size: encoded.len() as u64, tail: encoded, ..Body::default() };
        let content = undo(&body, &kind("", encoding)).expect(encoding);
        assert!([&*content.head, &*content.tail].concat() == text(1000), "{encoding}");
        let limited = Body { head_limit: Some(0), tail_limit: Some(100), ..body.clone() };
        let content = undo(&limited, &kind("", encoding)).expect(encoding);
        assert_eq!((content.head.len(), content.tail_limit, content.gap), (0, 100, false), "{encoding}");
        let cut = Body { size: body.size + 1, ..body };
        assert_eq!(undo(&cut, &kind("", encoding)), Err(withheld::UNDECODABLE), "{encoding}");
    }
}

#[test]
fn a_long_body_comes_out_as_its_two_ends() {
    let text = text(300_000);
    let encoded = encode("gzip", &text);
    let body = Body { head_limit: Some(2_000), tail_limit: Some(1_000), ..whole(&encoded) };
    let content = undo(&body, &kind("", "gzip")).expect("content");
    assert_eq!(content.head, &text[..2_000 + MARGIN]);
    assert_eq!(content.tail, &text[text.len() - 1_000 - MARGIN..]);
    assert_eq!((content.gap, content.ratio), (true, (encoded.len() as u64, 300_000)));
}

#[test]
fn a_bomb_is_decoded_no_further_than_its_bound() {
    let encoded = encode("gzip", &vec![0; 2 * MOST_DECODED]);
    let body = whole(&encoded);
    let content = undo(&body, &kind("", "gzip")).expect("content");
    assert!(content.gap && content.head.len() < 100_000 && content.tail.is_empty());
    assert!(content.ratio.1 < MOST_DECODED as u64 + 100_000, "{:?}", content.ratio);
}

/// Members, blocks and frames of nothing, so many bytes of them, before a text.
fn after_nothing(encoding: &str, length: usize, text: &[u8]) -> Vec<u8> {
    let nothing = match encoding {
        "gzip" | "zstd" => encode(encoding, b""),
        "deflate" => [0, 0, 0, 0xFF, 0xFF].into(),
        // A block of metadata, of which there is none (RFC 7932, section 9.2).
        _ => [0b110].into(),
    };
    let nothing = nothing.repeat(length / nothing.len());
    match encoding {
        "deflate" => [nothing, encode("raw", text)].concat(),
        "br" => {
            // A block that is not compressed, and an end.
            let length = u32::try_from(text.len()).expect("short") - 1;
            let header = (1 << 19 | length << 3).to_le_bytes();
            [&[0b1100], &nothing[..], &header[..3], text, &[0b11]].concat()
        }
        _ => [nothing, encode(encoding, text)].concat(),
    }
}

#[test]
fn what_decodes_to_nothing_is_read_no_further_than_its_bound() {
    let text = text(1000);
    for encoding in ENCODINGS {
        let names = format!("{encoding}, gzip");
        let some = whole(&encode("gzip", &after_nothing(encoding, 100 << 10, &text)));
        assert_eq!(undo(&some, &kind("", &names)).expect(encoding).head, text, "{encoding}");
        let more = whole(&encode("gzip", &after_nothing(encoding, 300 << 10, &text)));
        assert_eq!(undo(&more, &kind("", &names)), Err(withheld::UNDECODABLE), "{encoding}");
        assert!(more.head.len() < 4_000, "{encoding}: {}", more.head.len());
    }
}

#[test]
fn what_cannot_be_decoded_is_withheld_with_the_reason() {
    for encoding in ENCODINGS {
        let plain = whole(b"{\"this is\": \"no such encoding at all\"}");
        assert_eq!(undo(&plain, &kind("", encoding)), Err(withheld::UNDECODABLE), "{encoding}");
    }
    assert_eq!(undo(&whole(b"x"), &kind("", "compress")), Err(withheld::ENCODING));
    assert_eq!(undo(&whole(b"x"), &kind("", "br, br, br")), Err(withheld::ENCODING));
    assert_eq!(undo(&whole(b"x"), &kind("text/plain; charset=UTF-32", "")), Err(withheld::CHARSET));
}

#[test]
fn an_empty_body_has_nothing_to_decode() {
    let body = Body { size: 100, ..Body::default() };
    assert_eq!(undo(&body, &kind("", "gzip")), Ok(plain(&body, &[])));
}

#[test]
fn utf_16_becomes_utf_8() {
    let text = "{\"ключ\": \"😀\"}";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [b"\xFF\xFE", &little[..]].concat();
    for (bytes, content_type) in [
        (&marked, ""),
        (&little, "application/json"),
        (&big, "application/json"),
        (&little, "text/plain; charset=utf-16"),
        (&big, "text/plain; charset=\"UTF-16BE\""),
    ] {
        let body = whole(bytes);
        let content = undo(&body, &kind(content_type, "")).expect("content");
        assert_eq!(str::from_utf8(&content.head), Ok(text), "{content_type}");
        assert_eq!((content.head_limit, content.decoded.as_str()), (text.len(), "utf-16"));
    }
}

#[test]
fn in_the_tail_of_utf_16_units_begin_where_they_do_in_the_body() {
    let bytes: Vec<u8> = "0123456789".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let body = Body { size: 20, head: bytes[..5].to_vec(), tail: bytes[13..].to_vec(), ..Body::default() };
    let content = undo(&body, &kind("text/plain; charset=utf-16le", "")).expect("content");
    assert_eq!((content.head.as_ref(), content.tail.as_ref()), (&b"01"[..], &b"789"[..]));
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_withheld(
        bytes in proptest::collection::vec(any::<u8>(), 0..300), size in 0_u64..400, encoding in 0_usize..4,
        limits: Option<(u16, u16)>, content_type in proptest::sample::select(&["", "text/plain; charset=utf-16", "application/json"][..]),
    ) {
        let (head, tail) = bytes.split_at(bytes.len() / 2);
        let (head_limit, tail_limit) = limits.map(|(head, tail)| (u32::from(head), u32::from(tail))).unzip();
        let body = Body { size, head: head.to_vec(), tail: tail.to_vec(), head_limit, tail_limit, treated: None };
        let _ = undo(&body, &kind(content_type, ""));
        let _ = undo(&body, &kind(content_type, ENCODINGS[encoding]));
    }

    #[test]
    fn of_any_prefix_what_is_decoded_is_a_prefix(length in 0_usize..20_000, held in 1_usize..5_000, encoding in 0_usize..4) {
        let text = text(length);
        let body = prefix(&encode(ENCODINGS[encoding], &text), held);
        if let Ok(content) = undo(&body, &kind("", ENCODINGS[encoding])) {
            prop_assert!(text.starts_with(&content.head));
        }
    }

    #[test]
    fn ends_are_those_of_the_whole(pieces in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20), head in 0_usize..100, tail in 0_usize..100) {
        let mut ends = Ends::new(head, tail);
        pieces.iter().for_each(|piece| ends.push(piece));
        let all = pieces.concat();
        let first = head.min(all.len());
        let last = first.max(all.len().saturating_sub(tail));
        prop_assert_eq!(ends.into_parts(true), (all[..first].to_vec(), all[last..].to_vec(), all.len()));
    }
}
