//! Amazon Bedrock's APIs, whose models are named by the path.
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_Operations_Amazon_Bedrock_Runtime.html>.
//!
//! Streams come as frames (<https://smithy.io/2.0/aws/amazon-eventstream.html>), of which whoever decodes them makes lines: an
//! object whose one member has the frame's type for a name, and for a value what the frame says. What went wrong is
//! `{"exception": {"type": …, "message": …}}`.

pub(crate) mod converse;
pub(crate) mod invoke;

use std::borrow::Cow;

use crate::{call::Call, draft::Draft};

/// What the path `/model/<model>/<operation>` tells.
fn path<'t>(call: &'t Call<'t>, draft: &mut Draft<'t>) {
    let rest = call.path.split_once("/model/").map_or("", |(_, rest)| rest);
    let (model, operation) = rest.trim_end_matches('/').rsplit_once('/').unwrap_or_default();
    if !model.is_empty() {
        draft.request_model = decoded(model);
        draft.stream = operation.ends_with("-stream");
    }
}

/// Without percent-encoding (RFC 3986); what only looks like that is left as it is.
fn decoded(text: &str) -> Cow<'_, str> {
    let Some((start, rest)) = text.split_once('%') else { return text.into() };
    let mut bytes = start.as_bytes().to_vec();
    for part in rest.split('%') {
        if let Some((byte, rest)) = encoded(part) {
            bytes.push(byte);
            bytes.extend_from_slice(rest.as_bytes());
        } else {
            bytes.push(b'%');
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// The byte that two digits are, and what follows them.
fn encoded(part: &str) -> Option<(u8, &str)> {
    let (digits, rest) = part.split_at_checked(2)?;
    let are_digits = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    are_digits.then(|| u8::from_str_radix(digits, 16).ok()).flatten().map(|byte| (byte, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_named_by_paths() {
        let told = |path: &'static str| {
            let call = Call { path, ..Call::default() };
            let mut draft = Draft::default();
            super::path(&call, &mut draft);
            (draft.request_model.clone().into_owned(), draft.stream)
        };
        let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0";
        assert_eq!(told("/model/amazon.titan-text-express-v1/invoke").0, "amazon.titan-text-express-v1");
        assert_eq!(told("/proxy/model/a%3A0/converse-stream/"), ("a:0".to_owned(), true));
        assert_eq!(
            told("/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/invoke").0,
            profile
        );
        assert_eq!(
            told("/model/arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-lite-v1:0/invoke").0,
            profile
        );
        assert_eq!(told("/elsewhere"), (String::new(), false));
    }

    #[test]
    fn what_only_looks_encoded_is_left() {
        assert_eq!(decoded("a%2x%+1%%3A%é"), "a%2x%+1%:%é");
        assert_eq!(decoded("%FF"), "\u{fffd}");
        assert_eq!(decoded("%"), "%");
    }
}
