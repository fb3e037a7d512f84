//! Bodies as the core hands them over, and as they are shown.

use offpath_core::{
    event::{Body, Treated},
    mask::{Mask, MaskKind},
    query::SecretParameters,
    treatment::{DEFAULT_PATTERNS, Expression},
};

use crate::redact::{
    JsonLimits, Redactor,
    body::{Described, treat},
    finder::Finder,
    treatments::Keys,
};

/// How far beyond a limit the core hands a body over.
pub(super) const MARGIN: usize = 1024;
/// What [`redactor`] looks for beside the patterns that are always looked for.
pub(super) const EXPRESSION: &str = "EMP-[0-9]{6}";

pub(super) fn redactor(kind: MaskKind) -> Redactor {
    let patterns: Vec<String> =
        DEFAULT_PATTERNS.iter().map(|&name| name.into()).chain(["card".into()]).collect();
    let expressions = [Expression { name: "employee".into(), expression: EXPRESSION.into() }];
    let mask = Mask::new(kind, b"a key of sixteen");
    Redactor {
        finder: Finder::new(&patterns, &expressions).expect("a finder"),
        mask: mask.clone(),
        keys: Keys::new(&["pin".to_owned()]),
        parameters: SecretParameters::new(&["ticket".to_owned()], mask),
        mask_unknown: false,
        json: None,
        keep_media: false,
        identity: Vec::new(),
        llm: String::new(),
    }
}

pub(super) fn with_json(kind: MaskKind) -> Redactor {
    Redactor { json: Some(JsonLimits::default()), ..redactor(kind) }
}

pub(super) fn described(content_type: &str) -> Described<'_> {
    Described { content_type, content_encoding: "", is_request: false, websocket: false, arrived: &[] }
}

/// A body as the core hands it over under these limits.
pub(super) fn captured(bytes: &[u8], head: usize, tail: usize) -> Body {
    let size = bytes.len() as u64;
    if bytes.len() <= head + tail {
        return Body { size, head: bytes.to_vec(), ..Body::default() };
    }
    let end = (head + MARGIN).min(bytes.len());
    let start = bytes.len().saturating_sub(tail + MARGIN).max(end);
    Body {
        size,
        head: bytes[..end].to_vec(),
        tail: bytes[start..].to_vec(),
        head_limit: Some(u32::try_from(head).expect("small")),
        tail_limit: Some(u32::try_from(tail).expect("small")),
        treated: None,
    }
}

/// What is shown of a body.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) head: String,
    pub(super) tail: String,
    pub(super) treated: Treated,
}

pub(super) fn shown(mut body: Body, content_type: &str, redactor: &Redactor) -> Shown {
    treat(&mut body, &described(content_type), redactor);
    assert_eq!((body.head_limit, body.tail_limit), (None, None));
    Shown {
        head: String::from_utf8_lossy(&body.head).into_owned(),
        tail: String::from_utf8_lossy(&body.tail).into_owned(),
        treated: body.treated.expect("treated"),
    }
}

/// What is shown of a whole body of JSON.
pub(super) fn json(text: &str, redactor: &Redactor) -> String {
    let shown = shown(captured(text.as_bytes(), text.len(), 0), "application/json", redactor);
    assert_eq!(shown.tail, "");
    shown.head
}
