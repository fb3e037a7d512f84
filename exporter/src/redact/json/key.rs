//! What the key of a member says of its value.

use std::ops::Range;

use super::string::decoded;
use crate::redact::treatments::Keys;

/// What is to be known of a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Key {
    /// Whether its value is secret.
    pub(super) is_secret: bool,
    /// What its value is for.
    pub(super) role: Role,
    /// Tells it from others.
    pub(super) hash: u64,
}

/// What a value is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Role {
    /// Anything.
    #[default]
    Other,
    /// It tells parts of a stream from each other, such as the `index` of a choice.
    Index,
    /// It says of what type its siblings are.
    MediaType,
    /// It may be media in base64.
    Media,
    /// It names something: it is not the part of a longer text, although others like it come in the same stream.
    Name,
}

impl Role {
    /// By the keys of OpenAI, Anthropic, Gemini, Mistral and Ollama.
    fn of(key: &[u8]) -> Self {
        match key {
            b"index" | b"output_index" | b"content_index" | b"item_id" => Self::Index,
            b"media_type" | b"mediaType" | b"mime_type" | b"mimeType" | b"format" => Self::MediaType,
            b"data" | b"b64_json" | b"file_data" | b"image_url" | b"url" | b"image" | b"images"
            | b"audio" | b"video" | b"bytes" | b"base64" | b"delta" => Self::Media,
            b"id"
            | b"type"
            | b"object"
            | b"model"
            | b"role"
            | b"name"
            | b"status"
            | b"finish_reason"
            | b"finishReason"
            | b"stop_reason"
            | b"service_tier"
            | b"system_fingerprint"
            | b"created_at" => Self::Name,
            _ => Self::Other,
        }
    }
}

/// Keys that were seen: a document has few that differ, and many in all.
#[derive(Debug)]
pub(super) struct Seen {
    slots: Vec<(Range<usize>, Key)>,
}

impl Seen {
    const SLOTS: usize = 64;

    pub(super) fn new() -> Self {
        Self { slots: vec![(0..0, Key::default()); Self::SLOTS] }
    }

    /// What there is to know of the key that stands between quotes at `at`.
    pub(super) fn key(&mut self, bytes: &[u8], at: Range<usize>, keys: &Keys) -> Key {
        let content = &bytes[at.clone()];
        let slot = &mut self.slots[usize::try_from(hash(content) >> 32).unwrap_or(0) % Self::SLOTS];
        if slot.0.is_empty() || bytes[slot.0.clone()] != *content {
            let text = decoded(content);
            let is_secret = keys.has(&String::from_utf8_lossy(&text));
            *slot = (at, Key { is_secret, role: Role::of(&text), hash: hash(&text) });
        }
        slot.1
    }
}

/// FNV-1a: short, and none of it is for anyone to rely on.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// One hash of two.
pub(super) fn mix(a: u64, b: u64) -> u64 {
    (a.rotate_left(5) ^ b).wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
