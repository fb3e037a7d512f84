//! Secrets in any place of any body, escaped and cut in any way: nothing of them is shown.

use offpath_core::mask::MaskKind;
use proptest::prelude::*;
use serde_json::Value;

use super::support::{Shown, captured, redactor, shown};
use crate::redact::{JsonLimits, Redactor, json::decoded};

/// Parts of a secret that are shorter tell nothing.
const LEAST: usize = 5;

/// Makes bodies of a number.
struct Random(u64);

impl Random {
    /// A number below `end`: splitmix64 (<https://prng.di.unimi.it/splitmix64.c>).
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).expect("it is below")
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn of<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }

    fn text(&mut self, characters: &str, length: usize) -> String {
        let characters: Vec<char> = characters.chars().collect();
        (0..length).map(|_| self.of(&characters)).collect()
    }
}

/// A secret that is one by its form, or one that is one by its key.
#[derive(Debug, Clone)]
enum Secret {
    Found(String),
    Keyed(String),
}

impl Secret {
    fn random(random: &mut Random) -> Self {
        match random.below(4) {
            0 => Self::Found(format!("EMP-{}", random.text("23456789", 6))),
            1 => Self::Found(format!("sk-proj-{}", random.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 48))),
            2 => Self::Keyed(random.text("456789", 12)),
            _ => {
                let length = 8 + random.below(30);
                Self::Keyed(random.text("QXZJK \"\\\n€/:{},[]", length))
            }
        }
    }

    fn text(&self) -> &str {
        let (Self::Found(text) | Self::Keyed(text)) = self;
        text
    }

    /// Whether a part of it is in what is shown, as it stands or in JSON in up to four strings.
    fn is_in(&self, shown: &str) -> bool {
        let characters: Vec<char> = self.text().chars().collect();
        let parts: Vec<String> = characters.windows(LEAST).map(|part| part.iter().collect()).collect();
        let mut shown = without_hashes(shown).into_bytes();
        for _ in 0..4 {
            let text = String::from_utf8_lossy(&shown);
            if parts.iter().any(|part| is_telling(part) && text.contains(part)) {
                return true;
            }
            shown = decoded(&shown).into_owned();
        }
        false
    }
}

/// What is shown, but for the digits of hashes: four in a row may be those of the secret by chance.
fn without_hashes(shown: &str) -> String {
    let mut parts = shown.split("[redacted:");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start_matches(|c: char| c.is_ascii_hexdigit()))
}

/// Whether it could not be there by chance: punctuation of JSON may.
fn is_telling(part: &str) -> bool {
    part.chars().filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit()).count() >= 4
}

/// Writes JSON with a secret in it.
struct Writer<'r> {
    random: &'r mut Random,
    secret: &'r Secret,
    out: String,
}

impl Writer<'_> {
    fn value(&mut self, depth: usize, has_secret: bool) {
        self.blank();
        if has_secret && (depth > 6 || self.random.one_in(4)) {
            return self.secret();
        }
        match self.random.below(if depth > 6 { 3 } else { 6 }) {
            _ if has_secret => self.container(depth, true),
            0 => self.out.push_str(["null", "true", "-1.5e3", "7"][self.random.below(4)]),
            1 | 2 => self.words(),
            _ => self.container(depth, false),
        }
    }

    fn container(&mut self, depth: usize, has_secret: bool) {
        if self.random.one_in(5) {
            return self.json_in_a_string(depth, has_secret);
        }
        let is_object = self.random.one_in(2);
        let items = self.random.below(5) + usize::from(has_secret);
        let place = if has_secret { self.random.below(items) } else { items };
        self.out.push(if is_object { '{' } else { '[' });
        for item in 0..items {
            if item > 0 {
                self.blank();
                self.out.push(',');
            }
            if is_object {
                self.blank();
                let key = self.random.of(&["a", "content", "index", "data", "mime_type", "é", ""]);
                self.string(key);
                self.blank();
                self.out.push(':');
            }
            self.value(depth + 1, item == place);
        }
        self.blank();
        self.out.push(if is_object { '}' } else { ']' });
    }

    fn json_in_a_string(&mut self, depth: usize, has_secret: bool) {
        let mut inner = Writer { random: self.random, secret: self.secret, out: String::new() };
        inner.out.push('[');
        inner.value(depth + 3, has_secret);
        inner.out.push(']');
        let inner = inner.out;
        self.string(&inner);
    }

    /// The secret: in a text, as a number, or under a key for such.
    fn secret(&mut self) {
        match self.secret.clone() {
            Secret::Found(text) => {
                let around = [
                    self.random.of(&["", "it is ", "é\n", "a\t("]),
                    self.random.of(&["", " or so", "\n", "€)"]),
                ];
                self.string(&format!("{}{text}{}", around[0], around[1]));
            }
            Secret::Keyed(text) => {
                self.out.push('{');
                if self.random.one_in(2) {
                    self.out.push_str("\"a\":1,");
                }
                let key = self.random.of(&["password", "API-Key", "client_secret", "Pin", "credentials"]);
                self.string(key);
                self.out.push(':');
                self.blank();
                let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
                match self.random.below(4) {
                    0 => {
                        self.out.push_str("[{\"x\": [");
                        self.string(&text);
                        self.out.push_str(", 1]}, {}]");
                    }
                    1 if is_number => self.out.push_str(&format!("1{text}")),
                    _ => self.string(&text),
                }
                if self.random.one_in(2) {
                    self.out.push_str(",\"b\":\"c\"");
                }
                self.out.push('}');
            }
        }
    }

    fn words(&mut self) {
        let count = self.random.of(&[0, 1, 2, 5, 40]);
        let words: Vec<&str> =
            (0..count).map(|_| self.random.of(&["word", "é", "a\"b", "x\\y", "€", "{\"", "q:"])).collect();
        self.string(&words.join(" "));
    }

    fn string(&mut self, text: &str) {
        let escapes = self.random.of(&[1, 3, 1000, 1000]);
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' | '\n' | '\t' => self.escape(character),
                _ if escapes < 1000 && self.random.one_in(escapes) => self.escape(character),
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn escape(&mut self, character: char) {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '\t' => "\\t",
            _ => "",
        };
        if short.is_empty() || self.random.one_in(3) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                self.out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            self.out.push_str(short);
        }
    }

    fn blank(&mut self) {
        let blank = self.random.of(&["", "", "", " ", "\n  "]);
        self.out.push_str(blank);
    }
}

fn document(random: &mut Random, secret: &Secret) -> String {
    let mut writer = Writer { random, secret, out: String::new() };
    writer.container(0, true);
    writer.out
}

fn any_redactor(random: &mut Random) -> Redactor {
    let mask = random.of(&[MaskKind::Redact, MaskKind::Hash, MaskKind::Drop]);
    let mut limit =
        |most: u32| (!random.one_in(3)).then(|| u32::try_from(random.below(most as usize)).expect("small"));
    let limits = JsonLimits { max_string: limit(60), max_items: limit(6), max_depth: limit(8) };
    Redactor { json: random.one_in(2).then_some(limits), mask_unknown: random.one_in(2), ..redactor(mask) }
}

fn limits(random: &mut Random, length: usize) -> (usize, usize) {
    if random.one_in(4) { (length, 0) } else { (random.below(length + 50), random.of(&[0, 20, 200, 2000])) }
}

fn assert_hidden(secret: &Secret, shown: &Shown, body: &str) {
    assert!(!secret.is_in(&shown.head), "{secret:?} in the head {}\nof {body}", shown.head);
    assert!(!secret.is_in(&shown.tail), "{secret:?} in the tail {}\nof {body}", shown.tail);
}

fn assert_json(shown: &Shown) {
    if shown.treated.json {
        assert_eq!(shown.tail, "");
        serde_json::from_str::<Value>(&shown.head).unwrap_or_else(|error| panic!("{error}: {}", shown.head));
    }
}

const TYPES: [&str; 5] =
    ["application/json", "text/event-stream", "application/x-www-form-urlencoded", "text/plain", ""];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_secret_in_json_is_shown(seed: u64) {
        let random = &mut Random(seed);
        let secret = Secret::random(random);
        let body = document(random, &secret);
        prop_assert!(serde_json::from_str::<Value>(&body).is_ok(), "{}", body);
        let redactor = any_redactor(random);
        let (head, tail) = limits(random, body.len());
        let shown = shown(captured(body.as_bytes(), head, tail), "application/json", &redactor);
        assert_hidden(&secret, &shown, &body);
        assert_json(&shown);
        prop_assert_eq!(shown.treated.json, redactor.json.is_some() && !shown.head.is_empty());
    }

    #[test]
    fn whole_json_with_its_secrets_masked_is_json(seed: u64) {
        let random = &mut Random(seed);
        let secret = Secret::random(random);
        let body = document(random, &secret);
        let redactor = Redactor { json: None, ..any_redactor(random) };
        let shown = shown(captured(body.as_bytes(), body.len(), 0), "application/json", &redactor);
        prop_assert!(serde_json::from_str::<Value>(&shown.head).is_ok(), "{}\nof {}", shown.head, body);
    }

    #[test]
    fn no_secret_in_json_that_ends_anywhere_is_shown(seed: u64) {
        let random = &mut Random(seed);
        let secret = Secret::random(random);
        let mut body = document(random, &secret);
        let mut end = random.below(body.len());
        while !body.is_char_boundary(end) {
            end -= 1;
        }
        body.truncate(end);
        let redactor = any_redactor(random);
        let shown = shown(captured(body.as_bytes(), body.len(), 0), "application/json", &redactor);
        if let Secret::Keyed(_) = secret {
            assert_hidden(&secret, &shown, &body);
        }
        assert_json(&shown);
        prop_assert!(shown.treated.json || redactor.json.is_none() || body.trim().is_empty(), "{}", body);
    }

    #[test]
    fn no_secret_in_parts_of_a_stream_is_shown(seed: u64) {
        let random = &mut Random(seed);
        let secret = Secret::random(random);
        let text = match &secret {
            Secret::Found(text) => format!("word {text} word"),
            Secret::Keyed(_) => document(random, &secret),
        };
        let body = stream(random, &text);
        let (head, tail) = limits(random, body.len());
        let redactor = any_redactor(random);
        let shown = shown(captured(body.as_bytes(), head, tail), "text/event-stream", &redactor);
        let said = Shown { head: said(&shown.head), tail: said(&shown.tail), treated: shown.treated.clone() };
        assert_hidden(&secret, &shown, &body);
        if head >= body.len() || matches!(secret, Secret::Found(_)) {
            assert_hidden(&secret, &said, &body);
        }
    }

    #[test]
    fn no_secret_in_text_is_shown(seed: u64) {
        let random = &mut Random(seed);
        let secret = Secret::Found(format!("EMP-{}", random.text("23456789", 6)));
        let words = |random: &mut Random| "word é ".repeat(random.below(400));
        let body = format!("{}{} {}", words(random), secret.text(), words(random));
        let (head, tail) = limits(random, body.len());
        let shown = shown(captured(body.as_bytes(), head, tail), "text/plain", &any_redactor(random));
        assert_hidden(&secret, &shown, &body);
        let is_split = [&shown.head, &shown.tail].iter().any(|part| part.contains(char::REPLACEMENT_CHARACTER));
        prop_assert!(!is_split, "{:?}", shown);
    }

    #[test]
    fn any_bytes_are_treated(bytes: Vec<u8>, content_type in 0_usize..5, seed: u64) {
        let random = &mut Random(seed);
        let content_type = TYPES[content_type];
        let (head, tail) = (random.below(bytes.len() + 1), random.below(bytes.len() + 1));
        let shown = shown(captured(&bytes, head, tail), content_type, &any_redactor(random));
        assert_json(&shown);
        prop_assert!(shown.treated.kept <= bytes.len() as u64);
    }

    #[test]
    fn any_text_that_resembles_json_is_treated(text in r#"[{}\[\]:,"\\ u0d8a\n1€e-]{0,60}"#, seed: u64) {
        let random = &mut Random(seed);
        let (head, tail) = (random.below(text.len() + 1), random.below(text.len() + 1));
        assert_json(&shown(captured(text.as_bytes(), head, tail), "application/json", &any_redactor(random)));
        assert_json(&shown(captured(text.as_bytes(), text.len(), 0), "application/json", &any_redactor(random)));
    }
}

/// A text in parts, one in each event.
fn stream(random: &mut Random, text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut out = String::new();
    let mut rest = characters.as_slice();
    let most = random.of(&[1, 4, 30]);
    while !rest.is_empty() {
        let (part, after) = rest.split_at((1 + random.below(most)).min(rest.len()));
        rest = after;
        let part: String = part.iter().collect();
        let choice = serde_json::json!({ "delta": { "content": part }, "index": 0 });
        let chunk = serde_json::json!({ "id": "chatcmpl-1", "choices": [choice] });
        out.push_str(&format!("data: {chunk}\n\n"));
    }
    out
}

/// What the parts say together.
fn said(shown: &str) -> String {
    let data = shown.lines().filter_map(|line| line.strip_prefix("data: "));
    let chunks = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    chunks
        .map(|chunk| chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_default().to_owned())
        .collect()
}
