//! The messages of a generation that was read from an exchange: `docs/llm.md`, "Messages", has their form.
//!
//! They are read once for all who tell them in another form. What another exporter or a resend brings may be of any form:
//! what is not this one is no messages, and is told as the text that it is.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// One message.
#[derive(Debug, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    pub(super) role: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "content")]
    pub(super) content: Vec<Part<'a>>,
    #[serde(borrow, default)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) reasoning: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) refusal: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) tool_call_id: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) tool_calls: Vec<ToolCall<'a>>,
}

/// A part of what it says.
#[derive(Debug)]
pub(super) enum Part<'a> {
    Text(Cow<'a, str>),
    /// What kind it is of: `image`, `audio`, `video` or `file`; and what is known of it.
    Media(&'static str, Media),
    /// What there is no name for, as it came.
    Other(Value),
}

/// An image and the like.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Media {
    pub(super) url: String,
    pub(super) media_type: String,
    pub(super) id: String,
    pub(super) name: String,
    pub(super) data: String,
}

/// A call of a tool that the model asks for.
#[derive(Debug, Deserialize)]
pub(super) struct ToolCall<'a> {
    #[serde(borrow, default)]
    pub(super) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) function: Called<'a>,
}

/// Which tool, with what.
#[derive(Debug, Deserialize)]
pub(super) struct Called<'a> {
    #[serde(borrow, default)]
    pub(super) name: Cow<'a, str>,
    /// As the model wrote it: JSON, or half of it.
    #[serde(borrow, default)]
    pub(super) arguments: Cow<'a, str>,
}

/// Reads them; none if it is another form.
pub(super) fn read(text: &str) -> Vec<Message<'_>> {
    if text.is_empty() { Vec::new() } else { serde_json::from_str(text).unwrap_or_default() }
}

impl Media {
    /// Of data that stand in the address itself (RFC 2397): their type and, in base64, what they are.
    pub(super) fn inline(&self) -> Option<(&str, &str)> {
        if !self.data.is_empty() {
            return Some((&self.media_type, &self.data));
        }
        let (head, data) = self.url.strip_prefix("data:")?.split_once(',')?;
        let media_type = head.strip_suffix(";base64")?;
        Some((if self.media_type.is_empty() { media_type } else { &self.media_type }, data))
    }

    /// An address that shows it, which holds the data if there is no other; empty if nothing shows it.
    pub(super) fn address(&self) -> Cow<'_, str> {
        match self.inline() {
            Some((media_type, data)) if self.url.is_empty() => {
                format!("data:{media_type};base64,{data}").into()
            }
            _ => self.url.as_str().into(),
        }
    }
}

/// A text, an array of parts, or `null`.
fn content<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Part<'de>>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Content<'a> {
        Text(#[serde(borrow)] Cow<'a, str>),
        Parts(Vec<Value>),
        Nothing(()),
    }
    Ok(match Content::deserialize(deserializer)? {
        Content::Text(text) => vec![Part::Text(text)],
        Content::Parts(parts) => parts.into_iter().map(part).collect(),
        Content::Nothing(()) => Vec::new(),
    })
}

fn part<'a>(value: Value) -> Part<'a> {
    let kind = match value["type"].as_str() {
        Some("text") => {
            return match value["text"].as_str() {
                Some(text) => Part::Text(text.to_owned().into()),
                None => Part::Other(value),
            };
        }
        Some("image") => "image",
        Some("audio") => "audio",
        Some("video") => "video",
        Some("file") => "file",
        _ => return Part::Other(value),
    };
    Media::deserialize(&value).map_or(Part::Other(value), |media| Part::Media(kind, media))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_with_all_that_it_has() {
        let text = r#"[{"role":"assistant","content":null,"reasoning":"Hm.","tool_calls":[
            {"id":"c1","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Oslo\"}"}}]},
            {"role":"tool","content":"rain","tool_call_id":"c1","name":"weather"}]"#;
        let [asked, told] = &read(text)[..] else { panic!("two messages") };
        assert!(asked.content.is_empty() && asked.reasoning == "Hm.");
        assert_eq!(asked.tool_calls[0].function.arguments, r#"{"city":"Oslo"}"#);
        assert!(matches!(&told.content[..], [Part::Text(text)] if text == "rain"));
        assert_eq!((told.tool_call_id.as_ref(), told.name.as_ref()), ("c1", "weather"));
    }

    #[test]
    fn what_is_of_another_form_is_no_message_and_a_part_without_a_name_stays_as_it_came() {
        for text in ["", "hello", "{}", "[1]", r#"[{"role":1}]"#, r#"[{"role":"user","content":1}]"#] {
            assert!(read(text).is_empty(), "{text}");
        }
        let parts = r#"[{"role":"user","content":[{"type":"text"},{"type":"new","a":1},7,{"type":"image","url":1}]}]"#;
        let [message] = &read(parts)[..] else { panic!("one message") };
        assert!(message.content.iter().all(|part| matches!(part, Part::Other(_))), "{message:?}");
    }

    #[test]
    fn data_are_found_where_they_are() {
        let media = |url: &str, media_type: &str, data: &str| Media {
            url: url.to_owned(),
            media_type: media_type.to_owned(),
            data: data.to_owned(),
            ..Media::default()
        };
        assert_eq!(media("data:image/png;base64,AA==", "", "").inline(), Some(("image/png", "AA==")));
        assert_eq!(media("https://x/y.png", "", "").inline(), None);
        let inline = media("", "audio/wav", "AA==");
        assert_eq!(
            (inline.inline(), inline.address().as_ref()),
            (Some(("audio/wav", "AA==")), "data:audio/wav;base64,AA==")
        );
        assert_eq!(media("https://x/y.png", "", "").address(), "https://x/y.png");
    }
}
